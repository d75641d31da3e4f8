"""Findings about hundreds of MASTERs take time in proportion to their number, and none is left out."""

from __future__ import annotations

import random

import pytest

from tests.lines_run import lines_run
from vrrplab.limits import Limit
from vrrplab.witness import findings as findings_module
from vrrplab.witness.claims import claims
from vrrplab.witness.findings import Finding, capped, findings
from vrrplab.witness.masters import CROWD, Masters, MasterSpan
from vrrplab.witness.sightings import Announcement, Heard, Sighting
from vrrplab.witness.timeline import master_spans

SECOND_US = 1_000_000


def advert(t_us: int, number: int, sender: int, priority: int = 100) -> Sighting:
    name, mac = f"10.0.{sender // 256}.{sender % 256}", f"02:00:00:00:{sender // 256:02x}:{sender % 256:02x}"
    group = "224.0.0.18"
    return Sighting(t_us, number, name, mac, priority, SECOND_US, 2, ("10.9.9.9",), 0, None, group)


def heard(adverts: list[Sighting]) -> Heard:
    router = Heard(51, 4, "")
    router.sightings = sorted(adverts)
    router.announcements = [Announcement(s.t_us + 5, s.number, s.mac, "10.9.9.9") for s in router.sightings]
    return router


def every_finding(router: Heard, spans: list[MasterSpan], end_us: int) -> list[Finding]:
    return findings(router, spans, claims(router, spans, end_us), end_us)


def one_after_the_other(n: int) -> Heard:
    """Four servers take turns, each with a farewell."""
    turns = [advert(i * SECOND_US, 2 * i, i % 4) for i in range(n)]
    return heard(turns + [advert(i * SECOND_US + 300_000, 2 * i + 1, i % 4, 0) for i in range(n)])


def all_at_once(n: int) -> Heard:
    return heard([advert(i * 10 + k * SECOND_US, 3 * i + k, i) for i in range(n) for k in range(3)])


@pytest.mark.parametrize("made", [one_after_the_other, all_at_once])
def test_twice_as_many_take_twice_as_long(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_module, "FINDINGS_WRITTEN", Limit(50, "findings", "", ""))
    work: list[tuple[Heard, list[MasterSpan], int]] = []
    for n in (30, 60, 120):
        router = made(n)
        end_us = router.sightings[-1].t_us + SECOND_US
        work.append((router, master_spans(router, end_us), end_us))
    few, some, many = (lines_run(lambda one=one: every_finding(*one)) for one in work)
    assert (many - some) < 2.5 * (some - few)


def test_pairs_of_masters_that_nobody_wants_are_counted_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    router = all_at_once(20)
    end_us = router.sightings[-1].t_us + SECOND_US
    spans = master_spans(router, end_us)
    every = [f for f in every_finding(router, spans, end_us) if f.kind == "two-masters"]
    assert len(every) > 100
    assert len({f.text for f in every}) == len(every)
    most = 30
    monkeypatch.setattr(findings_module, "FINDINGS_WRITTEN", Limit(most, "findings", "", ""))
    some = [f for f in every_finding(router, spans, end_us) if f.kind == "two-masters"]
    assert len(some) < 2 * most
    assert some[:-1] == every[: len(some) - 1]
    assert sum(f.times for f in some) == len(every)
    (told,) = (f for f in capped(some, most) if f.kind == "more")
    (as_before,) = (f for f in capped(every, most) if f.kind == "more")
    assert (told.text, told.t_us, told.until_us) == (as_before.text, as_before.t_us, as_before.until_us)


def test_of_a_crowd_only_the_latest_are_looked_at_and_a_steady_master_stays_one() -> None:
    masters = Masters(7, 4)
    number = 0
    for second in range(20):
        number += 1
        masters.take(_said(second * 1_000_000, number, "10.0.0.1", 200))
        for forged in range(100):
            number += 1
            source = f"10.1.{second}.{forged}"
            masters.take(_said(second * 1_000_000 + (forged + 1) * 9_000, number, source, 100))
        assert masters._crowd is not None
        assert len(masters._crowd.speakers) <= CROWD
        assert second == 0 or "10.0.0.1" in masters._crowd.speakers  # it spoke more than once
    spans = masters.finish(20_000_000)
    steady = sum(span.speaker == "10.0.0.1" for span in spans)
    assert (steady, len(spans)) == (1, 2001)


def _said(t_us: int, number: int, source: str, priority: int) -> Sighting:
    mac = "00:00:5e:00:01:07"
    return Sighting(
        t_us, number, source, mac, priority, 1_000_000, 2, ("10.0.0.9",), 0, "message", "224.0.0.18"
    )  # fmt: skip


@pytest.mark.parametrize("senders", [3, 12, 40])
def test_what_is_heard_late_means_the_same_as_what_is_heard_at_once(senders: int) -> None:
    """Input: senders of which some reject each other. Output: the spans of one who follows them closely, as a
    watcher does, and of one who is asked in the end.
    """
    chance = random.Random(senders)
    later, at_once = Masters(7, 4), Masters(7, 4, remembers=1_000_000)
    t_us = 0
    for number in range(1, 600):
        t_us += chance.choice((10_000, 200_000, 400_000, 1_000_000))
        host = chance.randrange(senders)
        said = _said(t_us, number, f"10.0.0.{host}", chance.choice((0, 100, 100 + host, 100 + host)))
        said = said._replace(version=2 + host % 2, addresses=(f"10.0.1.{host % 3}",))
        later.take(said)
        at_once.take(said)
    assert later.finish(t_us) == at_once.finish(t_us)


@pytest.mark.parametrize("made", [one_after_the_other, all_at_once])
def test_who_was_master_is_found_in_time_that_grows_with_the_adverts(made) -> None:
    work = [made(n) for n in (100, 200, 400)]
    few, some, many = (
        lines_run(lambda router=router: master_spans(router, router.sightings[-1].t_us + SECOND_US))
        for router in work
    )
    assert (many - some) < 2.5 * (some - few)
