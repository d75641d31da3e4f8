"""The watcher's figures as Prometheus' own reader takes them; what is said where there are none."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import urllib.request
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from vrrplab.errors import LiveError
from vrrplab.installing import how_to_install
from vrrplab.limits import WATCHED_DROPS
from vrrplab.units import SECOND_US
from vrrplab.watch.figures import FIGURES, Figures, Place, Source, place_of
from vrrplab.watch.reactions import Reactions
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness.observer import Observer

Samples = dict[str, dict[tuple[str, ...], float]]


def free() -> Place:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return Place("127.0.0.1", one.getsockname()[1])


def advert(vrid: int, priority: int, source: str, address: str = "192.168.2.100") -> object:
    mac = f"02:00:00:00:00:{int(source.rpartition('.')[2]):02x}"
    said = Advertisement(3, vrid, priority, SECOND_US, (address,))
    return decode(advert_frame(mac, source, "224.0.0.18", said))


def asked(play: Callable[[Observer], None]) -> tuple[Samples, str]:
    """What a watcher answers over HTTP after ``play``: figures by name and values of labels; the text."""

    async def serve() -> str:
        place = free()
        figures = Figures(place)
        reactions = Reactions(frozenset(), None, lambda text: None, lambda: None)
        observer = Observer(lambda event: None, {}, False, reactions.found, reactions.changed)
        play(observer)
        figures.serve(
            Source(observer, reactions, {"192.168.2.1": 'r "1"'}, ["eth0"]), asyncio.get_running_loop()
        )

        def ask() -> str:
            with urllib.request.urlopen(f"http://{place}/metrics", timeout=10) as answer:
                return str(answer.read().decode())

        try:
            return await asyncio.get_running_loop().run_in_executor(None, ask)
        finally:
            figures.close()

    text = asyncio.run(serve())
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            names = FIGURES[sample.name].labels
            assert tuple(sorted(sample.labels)) == tuple(sorted(names))
            found.setdefault(sample.name, {})[tuple(sample.labels[n] for n in names)] = sample.value
    return found, text


def split_brain(observer: Observer) -> None:
    """Two MASTERs for ten seconds, one of which misses an advert; then nobody."""
    for second in range(10):
        if second != 5:
            observer.frame(second * SECOND_US, "eth0", advert(51, 150, "192.168.2.1"))  # type: ignore[arg-type]
        observer.frame(second * SECOND_US + 400_000, "eth0", advert(51, 100, "192.168.2.2"))  # type: ignore[arg-type]
        observer.tick(second * SECOND_US + 900_000)
    observer.tick(20 * SECOND_US)


def test_they_are_what_the_watcher_knows() -> None:
    found, text = asked(split_brain)
    where, one, two = ("eth0", "51", "IPv4"), ("192.168.2.1", 'r "1"'), ("192.168.2.2", "192.168.2.2")
    assert found["vrrplab_masters"] == {where: 0}
    assert found["vrrplab_adverts_total"] == {(*where, *one): 9, (*where, *two): 10}
    assert found["vrrplab_adverts_missed_total"] == {(*where, *one): 1, (*where, *two): 0}
    assert found["vrrplab_master"] == {(*where, *one): 0, (*where, *two): 0}
    assert found["vrrplab_priority"] == {(*where, *one): 150, (*where, *two): 100}
    assert found["vrrplab_findings_total"][(*where, "two-masters", "error")] == 1
    assert found["vrrplab_findings_total"][(*where, "nobody", "error")] == 1
    assert found["vrrplab_interface_heard"] == {("eth0",): 1}
    assert set(found) <= set(FIGURES)
    for name, figure in FIGURES.items():
        assert f"# TYPE {name} {figure.kind}\n" in text


def test_of_a_flood_of_vrids_and_senders_the_series_are_bounded() -> None:
    """Input: 4,000 senders of 250 VRIDs on three interfaces, half of the adverts damaged. Output: some
    thousand series, and what is not followed is counted.
    """

    def flood(observer: Observer) -> None:
        for number in range(8000):
            source = f"10.{number // 250 % 250}.1.{1 + number % 250}"
            frame = bytearray(advert(1 + number % 250, 100, source).raw)  # type: ignore[attr-defined]
            if number % 2:
                frame[-1] ^= number % 251 or 1
            observer.frame(number * 100, f"eth{number % 3}", decode(bytes(frame)))
        observer.tick(SECOND_US)

    found, _ = asked(flood)
    assert sum(map(len, found.values())) < 5000 + WATCHED_DROPS.most
    assert found["vrrplab_not_followed_total"][()] > 0
    assert sum(found["vrrplab_adverts_dropped_total"].values()) == 4000


def test_no_series_comes_twice_whoever_sends_vrid_0() -> None:
    def play(observer: Observer) -> None:
        for second in range(3):
            for source, group in (("192.168.2.1", "224.0.0.18"), ("fe80::1", "ff02::12")):
                address = "192.168.2.100" if "." in source else "fe80::64"
                said = Advertisement(3, 0, 100, SECOND_US, (address,))
                frame = decode(advert_frame("02:00:00:00:00:01", source, group, said))
                observer.frame(second * SECOND_US, "eth0", frame)
        observer.tick(20 * SECOND_US)

    found, text = asked(play)
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series))
    assert found["vrrplab_masters"] == {("eth0", "0", "IPv4"): 0, ("eth0", "0", "IPv6"): 0}
    assert found["vrrplab_findings_total"]["eth0", "", "", "nobody", "error"] == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (":9112", ("127.0.0.1", 9112)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:9112", ("::1", 9112)),
        ("monitor.example:9112", ("monitor.example", 9112)),
    ],
)
def test_a_place(text: str, place: tuple[str, int]) -> None:
    assert place_of(text) == place
    assert str(place_of(text)).endswith(text)


@pytest.mark.parametrize(
    "text", ["", "9112", ":", ":0", ":65536", "::1:9112", "host:", "host:x", ":９", ":" + "1" * 5000]
)
def test_what_is_no_place_is_one_line(text: str) -> None:
    with pytest.raises(LiveError, match="write HOST:PORT"):
        place_of(text)


def test_a_place_that_somebody_has_is_one_line() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        place = Place("127.0.0.1", one.getsockname()[1])
        with pytest.raises(LiveError, match=f"--metrics {place}: address already in use"):
            Figures(place)
    with pytest.raises(LiveError, match="no-such-host"):
        Figures(Place("no-such-host.invalid", 9112))


def test_without_the_package_the_line_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setattr("vrrplab.installing.checkout", lambda: "")
    with pytest.raises(LiveError) as caught:
        Figures(free())
    assert str(caught.value).endswith(how_to_install("prometheus_client"))
    assert "[metrics]" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_who_asks_and_does_not_read_holds_up_nobody() -> None:
    """Input: many that connect and say nothing. Output: some wait, the others are turned away."""

    async def play() -> int:
        place = free()
        figures = Figures(place)
        reactions = Reactions(frozenset(), None, lambda text: None, lambda: None)
        source = Source(Observer(lambda event: None), reactions, {}, [])
        figures.serve(source, asyncio.get_running_loop())
        idle = [socket.create_connection(place, 5) for _ in range(30)]
        await asyncio.sleep(0.5)
        turned_away = 0
        for one in idle:
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                turned_away += not one.recv(1)
            one.close()
        figures.close()
        return turned_away

    assert 15 <= asyncio.run(play()) <= 29
