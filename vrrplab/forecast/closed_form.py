"""What every failure does, in closed form: each failure reckoned at the ends and the middle of its phases.

A failure comes at some moment between two adverts of the MASTER, and between two runs of a check; what is
out, and for how long, moves with these phases evenly, so that their ends give the best and the worst. Where
timers end at one moment all who may be first are gone through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vrrplab.forecast.course import Course
from vrrplab.forecast.failures import BFD, FILE, INTERFACE, PROCESS, RETURN, SCRIPT, Failure
from vrrplab.forecast.outcomes import SAME_US, Fate, Outcome, moved_us
from vrrplab.machine.weights import BFDS, FILES, both, interfaces_of
from vrrplab.scenario.model import Scenario
from vrrplab.units import SECOND_US, Micros

MIDDLE = 0.5
SHARES = (0.0, MIDDLE, 1.0)  # of an interval that has gone by when the failure comes
_MOST_TOSSES = 24  # ways in which the tosses of one failure may fall, gone through
CALM_US: Micros = 5 * SECOND_US
"""How much longer than all that is known to happen a run goes on."""
_ASKED_AGAIN_US = 40 * SECOND_US
"""So long a client trusts an ARP entry that nothing corrects, with what it does before it asks everybody."""
_LONG_US = 3_600 * SECOND_US  # by then whatever comes to rest has done so
Key = tuple[str, str]  # a node, and an instance or "script NAME" of it


@dataclass(frozen=True, slots=True)
class Phases:
    """The moment of a failure. ``masters``: who is MASTER then, and how long ago each spoke; ``runs``: how
    long ago scripts were run; ``waits``: how long those that their sync groups keep waiting have left.
    ``away_us``: how long a node that returns was without power; None: long enough, ``share`` of an interval
    after the last adverts.
    """

    masters: Mapping[Key, Micros]
    runs: Mapping[Key, Micros]
    waits: Mapping[Key, Micros]
    share: float = MIDDLE
    away_us: Micros | None = None


class ClosedForm:
    """The forecast of a scenario that was laid out from a cluster's files."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.beginnings = list(_every_way(self._begun))
        self.before = self.beginnings[0]
        self.tossed = len(self.beginnings) > 1
        for course in self.beginnings:
            course.open_choices = []
        settled = [c.rested_us for c in self.beginnings]
        settled += [s.delayed_until_us + s.config.advert_interval_us for s in self.before.seats]
        settled += [heals_us for c in self.beginnings for heals_us in _believed_again(c)]
        self.settled_us = max(settled, default=0)
        self._told: dict[tuple[Failure, ...], tuple[dict[str, Outcome], dict[str, str]]] = {}

    def _begun(self, choices: tuple[int, ...]) -> Course:
        """The cluster when all is well, an hour after its start."""
        course = Course(self.scenario)
        course.choices = choices
        course.start()
        course.run(_LONG_US)
        course.look_for_chance()
        return course

    def holders(self, address: str) -> tuple[str, ...]:
        """Who has an address before anything fails."""
        return self._ordered(self.before.spans[address][-1].holders)

    def outcomes(self, failures: tuple[Failure, ...]) -> dict[str, Outcome]:
        """Of each address that timers decide about. Several failures happen at once."""
        return self._judged(failures)[0]

    def unjudged(self, failures: tuple[Failure, ...]) -> dict[str, str]:
        """Of each address that they do not: why."""
        return self._judged(failures)[1]

    def _judged(self, failures: tuple[Failure, ...]) -> tuple[dict[str, Outcome], dict[str, str]]:
        if failures not in self._told:
            fates: dict[str, list[Fate]] = {}
            middle: dict[str, list[Fate]] = {}
            doubts: dict[str, str] = {}
            for phases, is_middle in self._phases(failures):
                for address, fate in self.fates(failures, phases):
                    if isinstance(fate, str):
                        doubts[address] = fate
                        continue
                    fates.setdefault(address, []).append(fate)
                    if is_middle:
                        middle.setdefault(address, []).append(fate)
            judged = {a: Outcome.of(found, middle[a]) for a, found in fates.items() if a not in doubts}
            self._told[failures] = judged, doubts
        return self._told[failures]

    def lasts_us(self, failures: tuple[Failure, ...], outcomes: Iterable[Outcome]) -> Micros:
        """So long after these failures, whose outcomes these are, everything has happened.

        Of a node that returns also so long after it lost its power.
        """
        known = list(outcomes)
        for failure in failures:
            if failure.kind == RETURN:
                known += self.outcomes((failure.before,)).values()
        return max((o.moved.worst_us or 0 for o in known if o.moved), default=0) + CALM_US

    def fates(self, failures: tuple[Failure, ...], phases: Phases) -> Iterator[tuple[str, Fate | str]]:
        """At these phases, each address and what may come of it; a text: why timers do not tell."""
        before = next((course for course in self.beginnings if began_so(course, phases)), None)
        if before is None:
            return
        for after in _every_way(lambda choices: self._went(before, failures, phases, choices)):
            doubts = after.doubtful_addresses
            for address in after.spans:
                yield address, doubts.get(address) or self._fate(before, after, address, failures)

    def _went(
        self, before: Course, failures: tuple[Failure, ...], phases: Phases, choices: tuple[int, ...]
    ) -> Course:
        course = before.copied()
        course.choices = choices
        for seat in course.seats:
            key = (seat.node, seat.config.name)
            if seat.state == "MASTER":
                course.spoke(seat, phases.masters.get(key, 0))  # none: of a doubtful one, as it happened
            elif key in phases.waits:
                seat.expires_us = course.now + phases.waits[key]
        looked_us = course.now
        for failure in failures:
            if failure.kind == RETURN:  # what lost its power and comes back when all has settled
                course.fail(failure.before)
                away_us = phases.away_us
                course.run(course.now + (_LONG_US if away_us is None else away_us))
                course.look_for_chance()
                for seat in course.seats:
                    if seat.state == "MASTER" and away_us is None:
                        course.spoke(seat, _part(seat.config.advert_interval_us, phases.share))
        course.failed_us = course.now
        course.looked_us = course.now if phases.away_us is None else looked_us
        for failure in failures:
            course.fail(failure, phases.runs.get((failure.node, f"script {failure.thing}"), 0))
        course.run(course.now + _LONG_US)
        course.look_for_chance()
        return course

    def _phases(self, failures: tuple[Failure, ...]) -> Iterator[tuple[Phases, bool]]:
        """The ends and the middle of every phase that matters, and whether all are in the middle.

        Of a MASTER's adverts it also matters where they are when the failure is noticed: just before one, and
        just behind.
        """
        speakers = [s for s in self.before.seats if s.state == "MASTER"]
        waiting = {
            (s.node, s.config.name): s.down_us for s in self.before.seats if self.before.waits_in_vain(s)
        }
        checks = [f for f in failures if f.kind == SCRIPT]
        for check in SHARES if checks else (0.0,):
            runs = {
                (f.node, f"script {f.thing}"): _part(
                    self.scenario.servers[f.node].node.script(f.thing).interval_us, check
                )
                for f in checks
            }
            noticed = {
                self.before.noticed_us(f, runs.get((f.node, f"script {f.thing}"), 0)) for f in failures
            }
            for left in SHARES if waiting else (MIDDLE,):
                waits = {key: _part(down_us, left) for key, down_us in waiting.items()}
                for share in SHARES:
                    spoke = {
                        (s.node, s.config.name): _part(s.config.advert_interval_us, share) for s in speakers
                    }
                    is_middle = share == left == MIDDLE and (not checks or check == MIDDLE)
                    yield Phases(spoke, runs, waits, share), is_middle
                for late_us in noticed - {0}:
                    for edge_us in (-1, 1):
                        spoke = {
                            (s.node, s.config.name): (edge_us - late_us) % s.config.advert_interval_us
                            for s in speakers
                        }
                        yield Phases(spoke, runs, waits), False

    def _fate(self, start: Course, course: Course, address: str, failures: tuple[Failure, ...]) -> Fate:
        at_us = course.failed_us
        bad = {f.node for f in failures if self.carries(f, address)}
        spans = course.spans[address]
        out_us, since_us, split_us, by_cache = 0, None, None, False
        before: list[str] = []  # who had it and could be reached; the one whom clients believe is the last
        was_served = False  # who never got an answer misses none
        asked_in_time = False  # somebody may have got one, from who had it for a moment
        for place, span in enumerate(spans):
            end_us = spans[place + 1].from_us if place + 1 < len(spans) else None
            reached = [name for name in span.holders if course.serves(name, address) is not None]
            if span.from_us < at_us:
                lasted_us = (at_us if end_us is None else min(end_us, at_us)) - span.from_us
                if any(start.serves(name, address) for name in span.holders):
                    was_served = was_served or lasted_us > SAME_US
                    asked_in_time = asked_in_time or lasted_us > 0
                having = [name for name in span.holders if start.serves(name, address) is not None]
                gone = set(before) - set(having)  # clients that believed in who lost its power still may
                by_cache = by_cache or bool(gone and having and span.from_us >= course.looked_us)
                before = having
            if end_us is not None and end_us <= at_us:
                continue
            by_cache = by_cache or (asked_in_time and not was_served)
            from_us = max(span.from_us, at_us)
            lost = set(before) - set(reached)
            if lost and reached and set(reached) <= set(before):
                by_cache = by_cache or before[-1] in lost or from_us == at_us
            before = reached
            answers = [name not in bad and bool(course.serves(name, address)) for name in reached]
            if len(span.holders) > 1 and from_us > at_us and split_us is None:
                split_us = from_us - at_us
            if end_us == from_us:  # who hears a better advert gives way at once: nobody is served meanwhile
                by_cache = by_cache or (len(reached) > 1 and _may_take_back(course, address, reached))
                continue
            by_cache = by_cache or len(set(answers)) > 1
            if len(reached) > 1:  # their gratuitous ARPs come in turns
                by_cache = by_cache or any(_refreshes(course, address, name) for name in reached)
            is_served = bool(answers) and answers[-1]
            if is_served and since_us is not None:
                out_us, since_us = max(out_us, from_us - since_us), None
            elif not is_served and since_us is None and (was_served or end_us is None):
                since_us = from_us
            was_served = was_served or is_served
        by_cache = by_cache or _share_a_mac(course, address) or _share_a_mac(start, address)
        holders = self._ordered(spans[-1].holders)
        return Fate(
            holders,
            out_us if since_us is None else None,
            split_us if len(holders) > 1 else None,
            moved_us([(span.from_us, span.holders) for span in spans], at_us),
            by_cache,
        )

    def carries(self, failure: Failure, address: str) -> bool:
        """Is it a service behind the address that fails? A check that an instance with the address tracks."""
        kinds = {SCRIPT: "track_scripts", PROCESS: "track_processes"}
        if failure.kind not in kinds:
            return False
        return any(
            failure.thing in (t.name for part in both(s.config, s.group, kinds[failure.kind]) for t in part)
            for s in self.before.seats
            if s.node == failure.node and any(a.address == address for a in s.config.all_addresses)
        )

    def counts(self, failure: Failure, address: str) -> bool:
        """Is what fails tracked where the address is, so that it is meant to move it?"""
        seats = [
            s
            for s in self.before.seats
            if s.node == failure.node and any(a.address == address for a in s.config.virtual_addresses)
        ]
        if failure.kind == INTERFACE:
            return any(failure.thing in interfaces_of(s.config, s.group) for s in seats)
        if failure.kind in (FILE, BFD):
            tracked = FILES if failure.kind == FILE else BFDS
            return any(
                failure.thing in (t.name for part in both(s.config, s.group, tracked) for t in part)
                for s in seats
            )
        return self.carries(failure, address)

    def _ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        having = set(names)
        return tuple(name for name in self.scenario.servers if name in having)


def _every_way(went: Callable[[tuple[int, ...]], Course]) -> Iterator[Course]:
    """The courses that things may take, one for each way in which tosses fall."""
    pending: list[tuple[int, ...]] = [()]
    for _ in range(_MOST_TOSSES):
        if not pending:
            return
        choices = pending.pop()
        course = went(choices)
        yield course
        made = [*choices, *[0] * (len(course.open_choices) - len(choices))]
        for place in range(len(choices), len(course.open_choices)):
            pending += [(*made[:place], other) for other in range(1, course.open_choices[place])]


def _believed_again(course: Course) -> Iterator[Micros]:
    """When clients believe the right one again, for each time that one gave way who had spoken last.

    Who stays MASTER says again that it has the addresses after its ``garp_master_delay``, or it never does
    and clients ask of themselves.
    """
    for address, spans in course.spans.items():
        for span, then in pairwise(spans):
            if len(span.holders) > 1 and then.holders and span.holders[-1] not in then.holders:
                delays_us = [
                    s.config.garp.delay_us
                    for s in course.seats
                    if s.node in then.holders and any(a.address == address for a in s.config.all_addresses)
                ]
                yield then.from_us + (max(delays_us, default=0) or _ASKED_AGAIN_US)


def masters(course: Course) -> set[Key]:
    return {(s.node, s.config.name) for s in course.seats if s.state == "MASTER"}


def began_so(course: Course, phases: Phases) -> bool:
    """Are these its MASTERs, as far as timers tell?"""
    doubtful = {(course.seats[place].node, course.seats[place].config.name) for place in course.doubtful}
    return masters(course) - doubtful == phases.masters.keys() - doubtful


def _share_a_mac(course: Course, address: str) -> bool:
    """Two MASTERs with one virtual MAC address: a switch sends frames to whoever spoke last.

    Frames to the address and, where its holder answers from one of its virtual MAC addresses, those by which
    it asks for its clients' own.
    """
    speaking = [s for s in course.seats if s.config.use_vmac and course.has_addresses(s)]
    count = Counter(s.router for s in speaking)
    shared = [s for s in speaking if count[s.router] > 1]
    return any(
        any(a.address == address for a in s.config.all_addresses) or course.may_answer_from(s, address)
        for s in shared
    )


def _refreshes(course: Course, address: str, node: str) -> bool:
    """Does a node say again and again, while it has the address, that it has it? (``garp_master_refresh``)"""
    return any(
        s.config.garp.refresh_us
        for s in course.seats
        if s.node == node and any(a.address == address for a in s.config.all_addresses)
    )


def _may_take_back(course: Course, address: str, holders: Sequence[str]) -> bool:
    """Of two that have an address for an instant: may the one that gives way speak last from its MAC address?

    With ``vmac_xmit_base`` no advert comes from the virtual MAC address, by which a switch would soon know
    better than by an answer that a client got in that instant.
    """
    return any(
        s.config.use_vmac and s.config.vmac_xmit_base and s.node in holders
        for s in course.seats
        if any(a.address == address for a in s.config.all_addresses)
    )


def _part(interval_us: Micros, share: float) -> Micros:
    """That much of an interval, its ends not quite."""
    return min(max(1, round(interval_us * share)), interval_us - 1)
