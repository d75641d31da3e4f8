"""The watcher's table fits its window, whatever the network is like, and says what it leaves out."""

from __future__ import annotations

import pytest

from vrrplab.output.text_columns import width
from vrrplab.trace.events import WarningEvent
from vrrplab.watch.screen import BOTTOM, DOWN, PAGE_DOWN, PAGE_UP, TOP, UP
from vrrplab.watch.table import Table, _count, _duration
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness.observer import Observer

SECOND_US = 1_000_000


def advert(vrid: int, priority: int, source: str, addresses: tuple[str, ...] = ("10.0.0.1",)) -> bytes:
    message = Advertisement(3, vrid, priority, SECOND_US, addresses)
    return advert_frame("02:00:00:00:00:01", source, "224.0.0.18", message)


def a_table(routers: int, events: int = 0, names: dict[str, str] | None = None) -> Table:
    """Two senders a router, of which the second has taken over; on cards of 255 VRIDs each."""
    observer = Observer(lambda event: None, names)
    for second, (source, priority) in enumerate((("192.168.2.1", 100), ("192.168.2.2", 150))):
        for number in range(routers):
            frame = decode(advert(1 + number % 255, priority, source))
            observer.frame(second * SECOND_US, f"eth{number // 255}", frame)
    observer.tick(2 * SECOND_US + 200_000)
    table = Table(observer, "eth0", names or {})
    for number in range(events):
        table.note(WarningEvent(number, text=f"event {number} " + "long " * 40))
    return table


NOW_US = 2 * SECOND_US + 200_000


@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("events", [0, 3, 12])
@pytest.mark.parametrize("routers", [0, 1, 3, 300])
@pytest.mark.parametrize("window", [(80, 24), (40, 10), (200, 50), (132, 15), (20, 5), (10, 3), (1, 1)])
def test_it_fits(window: tuple[int, int], routers: int, events: int, keys: bool) -> None:
    columns, rows = window
    lines = a_table(routers, events).lines(NOW_US, columns, rows, keys)
    assert 0 < len(lines) <= rows
    assert max(map(len, lines)) <= columns
    if rows >= 10:
        assert any("VRID" in line for line in lines) == bool(routers)
        assert lines[-1].endswith(("ends.", "ends"))
        assert bool(events) == any("event" in line or "warning" in line for line in lines)


@pytest.mark.parametrize("window", [(80, 24), (40, 10), (200, 50)])
def test_what_is_shown_and_what_is_not_make_all(window: tuple[int, int]) -> None:
    """Input: 300 virtual routers. Output: those that begin in the window, and the number of the others."""
    lines = a_table(300, 12).lines(NOW_US, *window)
    shown = [line for line in lines if line[:1].isdigit()]
    more = next(line for line in lines if line.startswith("and "))
    assert len(shown) + int(more.split()[1]) == 300


def test_those_in_trouble_come_first_where_not_all_fit() -> None:
    """Input: 100 virtual routers, of which number 77 has no MASTER and 42 an overdue one.
    Output: these two on top in a small window, all in order of their numbers in one without end.
    """
    table = a_table(100)
    observer = table._observer
    observer.frame(NOW_US, "eth0", decode(advert(77, 0, "192.168.2.2")))
    for number in range(1, 101):
        if number not in (77, 42):
            observer.frame(NOW_US + SECOND_US, "eth0", decode(advert(number, 150, "192.168.2.2")))
    at_us = NOW_US + SECOND_US + 200_000

    def numbers(rows: int | None) -> list[int]:
        lines = table.lines(at_us, 80, rows)
        return [int(line.split()[0]) for line in lines if line[:1].isdigit()]

    assert numbers(24)[:3] == [77, 42, 1]
    assert numbers(None) == list(range(1, 101))


def test_keys_scroll_to_every_line_and_not_beyond() -> None:
    table = a_table(50)
    seen: list[str] = []

    def window() -> list[str]:
        return [line for line in table.lines(NOW_US, 80, 20, keys=True) if line[:1].isdigit()]

    first = window()
    for _ in range(60):
        seen += [line.split()[0] for line in window() if line.split()[0] not in seen]
        table.scroll(PAGE_DOWN)
    assert [int(number) for number in seen] == list(range(1, 51))
    last = window()
    assert "50" in last[-1].split()[0]
    assert [line for line in table.lines(NOW_US, 80, 20) if line.startswith("and ")] == [
        f"and {50 - len(last)} more virtual routers above"
    ]
    for key, shown in (
        (DOWN, last),
        (TOP, first),
        (UP, first),
        (BOTTOM, last),
        (PAGE_UP, None),
        (TOP, first),
    ):
        table.scroll(key)
        assert shown in (None, window())


@pytest.mark.parametrize("columns", [20, 41, 80])
def test_wide_names_take_the_columns_they_have(columns: int) -> None:
    """Input: names of Chinese letters and of emoji. Output: no line wraps, and columns stay in line."""
    lines = a_table(3, names={"192.168.2.1": "\u5317\u4eac" * 12, "192.168.2.2": "\U0001f600" * 12}).lines(
        NOW_US, columns, 24
    )
    assert max(map(width, lines)) <= columns
    rows = [line for line in lines if "\u5317" in line or "\U0001f600" in line]
    assert len({width(line) for line in rows}) == 1


def test_many_senders_of_one_router_are_counted() -> None:
    observer = Observer(lambda event: None)
    for number in range(30):
        observer.frame(number * 1000, "eth0", decode(advert(51, 100, f"192.168.2.{number + 1}")))
    lines = Table(observer, "eth0", {}).lines(SECOND_US, 80, None)
    assert sum("MASTER" in line for line in lines) == 8
    assert "       and 22 more senders" in lines


def test_names_and_cards_cannot_steer_the_terminal() -> None:
    names = {"192.168.2.1": "evil\x1b[2Jname", "192.168.2.2": "\u202eright"}
    observer = Observer(lambda event: None, names)
    for card in ("eth0", "e\x1b]0;x\x07"):
        for source in names:
            observer.frame(0, card, decode(advert(51, 100, source)))
    text = Table(observer, "eth0, e\x1b]0;x\x07", names).text(1000)
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"), (999.94, "999.9s"), (999.99, "16m39s"), (3600, "1h00m"), (86_399, "23h59m"),
        (90_000, "1d01h"), (99 * 86_400 + 3600, "99d01h"), (1000 * 86_400, "1000d0"),
    ],
)  # fmt: skip
def test_durations_have_six_characters_at_most(seconds: float, text: str) -> None:
    assert _duration(round(seconds * SECOND_US)) == text
    assert len(text) <= 6


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (9999, "9999"), (10_000, "10k"), (5_000_000, "5M"), (10**12, ">1G")]
)
def test_counts_have_four_characters_at_most(number: int, text: str) -> None:
    assert _count(number) == text
