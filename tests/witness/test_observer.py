"""What the watcher says at once, frame by frame; that it names the right MASTERs, ``test_masters`` shows."""

from __future__ import annotations

import random

import pytest

from vrrplab.limits import (
    WATCHED_ADDRESSES,
    WATCHED_FRAMES_EACH,
    WATCHED_ROUTERS,
    WATCHED_SENDERS,
    WATCHED_SENDERS_EACH,
    Limit,
)
from vrrplab.trace import TraceEvent
from vrrplab.units import SECOND_US
from vrrplab.watch.table import Table
from vrrplab.wire.frames import advert_frame, decode, garp_frame
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness import recent
from vrrplab.witness.masters import Speaker
from vrrplab.witness.observer import MOST_SPANS, Observer


def frame_of(
    priority: int, source: str, t: int = 0, ttl: int = 255, version: int = 2, **fields: object
) -> object:
    advert = Advertisement(version, 51, priority, SECOND_US, ("192.168.2.100",), **fields)  # type: ignore[arg-type]
    mac = f"02:00:00:00:00:{int(source.rpartition('.')[2]):02x}"
    return decode(advert_frame(mac, source, "224.0.0.18", advert, ttl=ttl))


class Ear:
    """An observer and everything it said."""

    def __init__(self) -> None:
        self.events: list[TraceEvent] = []
        self.observer = Observer(self.events.append)

    def hear(self, t_s: float, frame: object, interface: str = "lan") -> None:
        self.observer.tick(round(t_s * SECOND_US))
        self.observer.frame(round(t_s * SECOND_US), interface, frame)  # type: ignore[arg-type]

    def speakers(self) -> list[Speaker]:
        return [s for router in self.observer.routers.values() for s in router.speakers.values()]

    def said(self, kind: str) -> list[TraceEvent]:
        return [e for e in self.events if e.event == kind]

    def warnings(self) -> list[str]:
        return [e.fields["text"] for e in self.said("warning")]


def test_two_masters_are_told_once() -> None:
    """Input: a lower router that goes on advertising. Output: one warning with both names."""
    ear = Ear()
    for second in range(6):
        ear.hear(second, frame_of(150, "192.168.2.1"))
        ear.hear(second + 0.4, frame_of(100, "192.168.2.2"))
    assert len([w for w in ear.warnings() if "two MASTERs" in w]) == 1
    lower = [e.fields["to"] for e in ear.said("state") if e.server == "192.168.2.2"]
    assert lower == ["MASTER"], "it never gave way"
    assert {s.state for s in next(iter(ear.observer.routers.values())).speakers.values()} == {"MASTER"}


def test_every_split_brain_is_told() -> None:
    """Input: two MASTERs on each of two interfaces; on one they agree for a while, and fall out again.
    Output: a warning for each time and interface, and the end of the first in words.
    """
    ear = Ear()
    for second in range(40):
        for interface in ("eth0", "eth1"):
            ear.hear(second, frame_of(150, "192.168.2.1"), interface)
            if interface == "eth1" or not 10 <= second < 30:
                ear.hear(second + 0.4, frame_of(100, "192.168.2.2"), interface)
    told = [e for e in ear.said("warning") if "two MASTERs" in e.fields["text"]]
    assert [
        (int(e.t), e.fields["text"].split()[3].strip(":")) for e in sorted(told, key=lambda e: e.text)
    ] == [
        (1, "eth0"),
        (31, "eth0"),
        (1, "eth1"),
    ]
    ended = [e for e in ear.said("state") if "while 192.168.2.1 goes on" in e.fields["reason"]]
    assert [(int(e.t), e.server, e.fields["to"]) for e in ended] == [(11, "192.168.2.2", "BACKUP")]


def test_missed_adverts_are_counted_and_told_once() -> None:
    """Input: one gap of 3 s; later every other advert is lost for a while. Output: each is counted, and a
    word says that it was MASTER all the time.
    """
    ear = Ear()
    for second in (0, 1, 4, 5, 6, 8, 10, 12, 13, 14):
        ear.hear(second, frame_of(150, "192.168.2.1"))
    assert ear.warnings() == [
        f"VRID 51 on lan: 192.168.2.1 said nothing for {what} missing, but a BACKUP could not have come back"
        " so soon"
        for what in ("3.000 s: adverts are", "2.000 s: an advert is")
    ]
    assert [speaker.missed for speaker in ear.speakers()] == [2 + 3]


def test_too_many_findings_do_not_silence_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: hundreds of MACs that announce the address, for seconds. Output: what is remembered is bounded,
    and what happens to the router itself is still told.
    """
    most = 100
    monkeypatch.setattr(recent, "WATCHER_REMEMBERS", Limit(most, "findings", "a test", "quick"))
    ear = Ear()
    for number in range(3 * most):
        if not number % 20:
            ear.hear(number / 20, frame_of(150, "192.168.2.1"))
        ear.hear(
            number / 20,
            decode(garp_frame(f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}", "192.168.2.100")),
        )
    assert len([w for w in ear.warnings() if "sent no advert" in w]) > most
    kept = ear.observer._recent
    assert len(kept._told) <= most
    assert all(len(window.frames) <= WATCHED_FRAMES_EACH.most for window in kept._windows.values())
    ear.observer.tick(100 * SECOND_US)
    assert [w for w in ear.warnings() if "nobody is MASTER" in w]


def test_a_preemption_is_no_split_brain() -> None:
    ear = Ear()
    for second in range(3):
        ear.hear(second, frame_of(100, "192.168.2.2"))
    for second in range(3, 6):
        ear.hear(second - 0.3, frame_of(150, "192.168.2.1"))
        ear.hear(second - 0.29, decode(garp_frame("02:00:00:00:00:01", "192.168.2.100")))
    assert ear.warnings() == []
    assert [(e.server, e.fields["to"]) for e in ear.said("state")] == [
        ("192.168.2.2", "MASTER"),
        ("192.168.2.1", "MASTER"),
        ("192.168.2.2", "BACKUP"),
    ]


def test_a_yield_is_known_when_the_next_advert_is_overdue() -> None:
    ear = Ear()
    ear.hear(0, frame_of(100, "192.168.2.2"))
    ear.hear(0.3, frame_of(150, "192.168.2.1"))
    ear.observer.tick(1_090_000)
    assert [s.state for s in ear.speakers()] == ["MASTER", "MASTER"]
    assert ear.observer.next_us() == 1_100_000
    ear.observer.tick(1_110_000)
    assert [s.state for s in ear.speakers()] == ["BACKUP", "MASTER"]
    assert ear.said("state")[-1].fields["reason"] == "192.168.2.1 advertises priority 150, its own is 100"
    assert ear.warnings() == []


def test_a_master_that_rejects_the_other_stays_one_without_a_word() -> None:
    """Input: version 2 and version 3, measured: each advert of the one re-arms the other's timer. Output: two
    MASTERs, told at once; the mute one is not missed while the other goes on, and is gone with it.
    """
    ear = Ear()
    ear.hear(0, frame_of(150, "192.168.2.1"))
    for second in range(10):
        ear.hear(second + 0.2, frame_of(100, "192.168.2.2", version=3))
        ear.observer.tick(second * SECOND_US + 1_150_000)
    assert [s.state for s in ear.speakers()] == ["MASTER", "MASTER"]
    assert [e.fields["finding"] for e in ear.said("warning")] == ["two-masters", "mismatch", "mute"]
    ear.observer.tick(14 * SECOND_US)
    assert [s.state for s in ear.speakers()] == ["FAULT", "FAULT"]
    assert "nobody is MASTER" in ear.warnings()[-1]


def test_a_master_whose_adverts_are_lost_is_known_by_its_announcements() -> None:
    """Input: a firewall drops the adverts of the MASTER, measured: another takes over, and it goes on
    announcing its addresses. Output: it is MASTER again, and two MASTERs are told.
    """
    ear = Ear()
    ear.hear(0, frame_of(150, "192.168.2.1"))
    ear.hear(3.61, frame_of(100, "192.168.2.2"))
    assert [s.state for s in ear.speakers()] == ["FAULT", "MASTER"]
    ear.hear(3.63, decode(garp_frame("02:00:00:00:00:01", "192.168.2.100")))
    assert [s.state for s in ear.speakers()] == ["MASTER", "MASTER"]
    assert ["two MASTERs" in w for w in ear.warnings()] == [True]
    ear.observer.tick(8 * SECOND_US)
    assert [s.state for s in ear.speakers()] == ["FAULT", "FAULT"]


def test_what_is_kept_of_a_long_split_brain_is_bounded() -> None:
    ear = Ear()
    for second in range(100):
        ear.hear(second, frame_of(150 + second % 2, "192.168.2.1"))
        ear.hear(second + 0.4, frame_of(100 + second % 2, "192.168.2.2"))
    for speaker in ear.speakers():
        kept = (speaker.spans, speaker.spans[-1].mute, speaker.spans[-1].priorities)
        assert max(map(len, kept)) <= MOST_SPANS


def test_silence_is_noticed_while_it_lasts() -> None:
    ear = Ear()
    ear.hear(0, frame_of(150, "192.168.2.1"))
    ear.observer.tick(3_900_000)
    assert not ear.said("warning")
    ear.observer.tick(4_100_000)
    assert "nobody is MASTER" in ear.warnings()[0]
    assert ear.said("state")[-1].fields["to"] == "FAULT"


def test_a_stranger_that_claims_the_address_is_told() -> None:
    """Six seconds after the first frame: before, it may have been MASTER as the watcher began."""
    ear = Ear()
    for second in range(10):
        ear.hear(second, frame_of(150, "192.168.2.1"))
        ear.hear(second + 0.1, decode(garp_frame("02:00:00:00:00:01", "192.168.2.100")))
        ear.hear(second + 0.2, decode(garp_frame("02:00:00:00:00:66", "192.168.2.100")))
    assert ["02:00:00:00:00:66" in w for w in ear.warnings()] == [True]


def test_a_virtual_router_with_the_address_of_another_is_told() -> None:
    ear = Ear()
    other = Advertisement(2, 52, 100, SECOND_US, ("192.168.2.100",))
    for second in range(6):
        ear.hear(second, frame_of(150, "192.168.2.1"))
        ear.hear(second + 0.1, decode(advert_frame("02:00:00:00:00:02", "192.168.2.2", "224.0.0.18", other)))
    assert ["VRID 51 and VRID 52 both have 192.168.2.100" in w for w in ear.warnings()] == [True]


def test_nobody_is_told_also_after_a_farewell() -> None:
    """Input: the MASTER says priority 0, and nobody takes over. Output: one word, in time."""
    ear = Ear()
    ear.hear(0, frame_of(150, "192.168.2.1"))
    ear.hear(1, frame_of(0, "192.168.2.1"))
    ear.observer.tick(4_900_000)
    assert ear.warnings() == []
    for tenth in range(51, 120):
        ear.observer.tick(tenth * 100_000)
    assert ear.warnings() == ["VRID 51 on lan: nobody is MASTER: its addresses answer nobody"]


def test_an_advert_from_afar_is_rejected() -> None:
    ear = Ear()
    ear.hear(0, frame_of(150, "192.168.2.1", ttl=64))
    assert ear.said("advert_dropped")[0].fields["reason"] == "BAD_TTL"
    assert not ear.said("state")


def test_routers_that_do_not_agree_are_told() -> None:
    ear = Ear()
    ear.hear(0, frame_of(150, "192.168.2.1"))
    ear.hear(0.2, frame_of(100, "192.168.2.2", auth_type=1, auth_data=b"secret\0\0"))
    ear.observer.tick(SECOND_US // 2)
    assert [w for w in ear.warnings() if "authentication type 0 against 1" in w]
    assert [w for w in ear.warnings() if "two MASTERs" in w], "they reject each other, so both stay"


def test_memory_is_bounded_whoever_shouts() -> None:
    ear = Ear()
    for i in range(500):
        ear.hear(i / 1000, frame_of(1 + i % 254, f"192.168.{i // 250}.{1 + i % 250}"))
    router = next(iter(ear.observer.routers.values()))
    assert len(router.speakers) <= WATCHED_SENDERS_EACH.most


def test_what_is_kept_of_a_flood_is_counted_rightly() -> None:
    """Input: adverts of 3,000 senders for all VRIDs on three interfaces, lists of 1 to 200 addresses; one of
    the interfaces is lost. Output: what is counted is what is there, and it is within its limits.
    """
    chance, ear = random.Random(1), Ear()
    for number in range(3000):
        sender, vrid = chance.randrange(3000), chance.randrange(1, 256)
        listed = chance.choice([1, 1, 2, 40, 200])
        addresses = tuple(f"10.{chance.randrange(250)}.{sender % 250}.{n + 1}" for n in range(listed))
        advert = Advertisement(2, vrid, chance.randrange(256), SECOND_US, addresses)
        mac, source = (
            f"02:00:00:00:{sender >> 8:02x}:{sender & 255:02x}",
            f"10.1.{sender >> 8}.{sender & 255}",
        )
        frame = decode(advert_frame(mac, source, "224.0.0.18", advert))
        ear.observer.frame(number * 2000, f"lan{number % 3}", frame)
        if number == 1500:
            ear.observer.interface_lost(number * 2000, "lan1", "gone")
        if not number % 20:
            ear.observer.tick(number * 2000)
    observer = ear.observer
    routers = observer.routers.values()
    assert observer._senders == len(ear.speakers()) <= WATCHED_SENDERS.most + WATCHED_ROUTERS.most
    assert observer._listed == sum(len(s.last.addresses) for s in ear.speakers()) <= WATCHED_ADDRESSES.most
    assert len(routers) <= WATCHED_ROUTERS.most
    assert observer.strangers > 0
    assert any(f"more than {WATCHED_ADDRESSES}: further" in text for text in ear.warnings())


def test_a_router_without_master_gives_its_place_to_a_new_one() -> None:
    """Input: as many virtual routers as are followed, one of which says goodbye; a new one, twice.
    Output: the new one is followed, the other has been forgotten, and all the others stay.
    """
    ear = Ear()
    for number in range(WATCHED_ROUTERS.most):
        ear.hear(0, frame_of(150, "192.168.2.1"), f"lan.{number}")
    ear.hear(1, frame_of(0, "192.168.2.1"), "lan.7")
    ear.hear(2, frame_of(150, "192.168.2.1"), "new")
    places = {place for place, _, _ in ear.observer.routers}
    assert len(places) == WATCHED_ROUTERS.most
    assert "new" in places
    assert "lan.7" not in places
    assert ear.observer._senders == WATCHED_ROUTERS.most
    assert ear.observer.strangers == 0


def test_more_virtual_routers_than_are_followed_are_counted_and_told_once() -> None:
    ear = Ear()
    frame = frame_of(150, "192.168.2.1")
    for number in range(WATCHED_ROUTERS.most + 3):
        ear.observer.frame(0, f"lan.{number}", frame)  # type: ignore[arg-type]
    assert (len(ear.observer.routers), ear.observer.strangers) == (WATCHED_ROUTERS.most, 3)
    assert [w for w in ear.warnings() if "counted, not followed" in w] == [
        f"more than {WATCHED_ROUTERS}: further ones are counted, not followed"
    ]
    head = Table(ear.observer, "eth0", {}).text(0, 100).splitlines()[0]
    assert head.endswith("515 adverts, 0 announcements, 3 of too many senders")


def test_the_table_fits_a_terminal() -> None:
    ear = Ear()
    ear.hear(0, frame_of(150, "192.168.2.1"))
    ear.hear(0.4, frame_of(100, "192.168.2.2"))
    table = Table(ear.observer, "eth0", {"192.168.2.1": "proxy-serv01"})
    text = table.text(500_000)
    assert all(len(line) <= 80 for line in text.splitlines())
    row = next(line for line in text.splitlines() if "proxy-serv01" in line)
    assert row.split()[:5] == ["51", "proxy-serv01", "MASTER", "150", "1s"]
