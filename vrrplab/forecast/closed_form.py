"""What every failure does, in closed form: each failure reckoned at the ends and the middle of its phases.

A failure comes at some moment between two adverts of the MASTER, and between two runs of a check; what is
out, and for how long, moves with these phases evenly, so that their ends give the best and the worst. Where
timers end at one moment all who may be first are gone through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from vrrplab.forecast.course import AH_COUNTS, Course, Unjudged, is_signed
from vrrplab.forecast.failures import FILE, INTERFACE, PROCESS, RETURN, SCRIPT, Failure
from vrrplab.forecast.outcomes import Fate, Outcome
from vrrplab.machine.weights import FILES, both, interfaces_of
from vrrplab.scenario.model import Scenario
from vrrplab.units import SECOND_US, Micros

Phases = Mapping[tuple[str, str], Micros]  # (node, instance or script) -> how long ago it spoke, or was run
MIDDLE = 0.5
SHARES = (0.0, MIDDLE, 1.0)  # of an interval that has gone by when the failure comes
_MOST_TOSSES = 24  # ways in which the tosses of one failure may fall, gone through
CALM_US: Micros = 5 * SECOND_US
"""How much longer than all that is known to happen a run goes on."""
_LONG_US = 3_600 * SECOND_US  # by then whatever comes to rest has done so


class ClosedForm:
    """The forecast of a scenario that was laid out from a cluster's files. ``Unjudged`` where timers do not
    tell what there is before the failure.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.before = Course(scenario)
        self.before.start()
        self.before.run(_LONG_US)
        self.tossed = bool(self.before.open_choices)
        settled = [spans[-1].from_us for spans in self.before.spans.values()]
        settled += [s.delayed_until_us + s.config.advert_interval_us for s in self.before.seats]
        self.settled_us = max(settled, default=0)
        self.before.open_choices = []

    def holders(self, address: str) -> tuple[str, ...]:
        """Who has an address before anything fails."""
        return self._ordered(self.before.spans[address][-1].holders)

    def outcomes(self, failures: tuple[Failure, ...]) -> dict[str, Outcome]:
        """Of each address. Several failures happen at once."""
        fates: dict[str, list[Fate]] = {}
        middle: dict[str, list[Fate]] = {}
        for phases, is_middle in self._phases(failures):
            for address, fate in self.fates(failures, phases):
                fates.setdefault(address, []).append(fate)
                if is_middle:
                    middle.setdefault(address, []).append(fate)
        return {address: Outcome.of(found, middle[address]) for address, found in fates.items()}

    def lasts_us(self, failures: tuple[Failure, ...], outcomes: Iterable[Outcome]) -> Micros:
        """So long after these failures, whose outcomes these are, everything has happened.

        Of a node that returns also so long after it lost its power.
        """
        known = list(outcomes)
        for failure in failures:
            if failure.kind == RETURN:
                known += self.outcomes((failure.before,)).values()
        return max((o.moved.worst_us or 0 for o in known if o.moved), default=0) + CALM_US

    def fates(self, failures: tuple[Failure, ...], phases: Phases) -> Iterator[tuple[str, Fate]]:
        """At these phases, each address and what may come of it."""
        for after, at_us in self._ways(failures, phases):
            for address in after.spans:
                yield address, self._fate(after, address, failures, at_us)

    def _ways(self, failures: tuple[Failure, ...], phases: Phases) -> Iterator[tuple[Course, Micros]]:
        """The courses that things may take, one for each way in which tosses fall."""
        pending: list[tuple[int, ...]] = [()]
        for _ in range(_MOST_TOSSES):
            if not pending:
                return
            choices = pending.pop()
            course, at_us = self._went(failures, phases, choices)
            yield course, at_us
            made = [*choices, *[0] * (len(course.open_choices) - len(choices))]
            for place in range(len(choices), len(course.open_choices)):
                pending += [(*made[:place], other) for other in range(1, course.open_choices[place])]

    def _went(
        self, failures: tuple[Failure, ...], phases: Phases, choices: tuple[int, ...]
    ) -> tuple[Course, Micros]:
        course = self.before.copied()
        course.choices = choices
        for seat in course.seats:
            ago_us = phases.get((seat.node, seat.config.name))
            if seat.state == "MASTER" and ago_us is not None:
                seat.first_us = course.now - ago_us
                seat.next_us = seat.first_us + seat.config.advert_interval_us
        for failure in failures:
            if failure.kind == RETURN:  # what lost its power and comes back when all has settled
                course.fail(failure.before)
                course.run(course.now + _LONG_US)
                course.settle_phases()
        at_us = course.now
        for failure in failures:
            course.fail(failure, phases.get((failure.node, f"script {failure.thing}"), 0))
        course.run(at_us + _LONG_US)
        _require_no_count(course)
        return course, at_us

    def _phases(self, failures: tuple[Failure, ...]) -> Iterator[tuple[Phases, bool]]:
        """The ends and the middle of every phase that matters, and whether all are in the middle.

        Of a MASTER's adverts it also matters where they are when the failure is noticed: just before one, and
        just behind.
        """
        speakers = [s for s in self.before.seats if s.state == "MASTER"]
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
            for share in SHARES:
                spoke = {(s.node, s.config.name): _part(s.config.advert_interval_us, share) for s in speakers}
                yield runs | spoke, share == MIDDLE and (not checks or check == MIDDLE)
            for late_us in noticed - {0}:
                for edge_us in (-1, 1):
                    spoke = {
                        (s.node, s.config.name): (edge_us - late_us) % s.config.advert_interval_us
                        for s in speakers
                    }
                    yield runs | spoke, False

    def _fate(self, course: Course, address: str, failures: tuple[Failure, ...], at_us: Micros) -> Fate:
        bad = {f.node for f in failures if self.carries(f, address)}
        spans = course.spans[address]
        out_us, since_us, split_us, by_cache = 0, None, None, False
        before: list[str] = []  # who had it and could be reached; the one whom clients believe is the last
        was_served = False  # who never got an answer misses none
        for place, span in enumerate(spans):
            end_us = spans[place + 1].from_us if place + 1 < len(spans) else None
            reached = [name for name in span.holders if course.serves(name, address) is not None]
            if span.from_us < at_us:
                was_served = was_served or any(self.before.serves(name, address) for name in span.holders)
            if end_us is not None and end_us <= at_us:
                before = list(span.holders)
                continue
            from_us = max(span.from_us, at_us)
            lost = set(before) - set(reached)
            if lost and reached and set(reached) <= set(before):
                by_cache = by_cache or before[-1] in lost or from_us == at_us
            before = reached
            answers = [name not in bad and bool(course.serves(name, address)) for name in reached]
            by_cache = by_cache or len(set(answers)) > 1
            is_served = bool(answers) and answers[-1]
            if is_served and since_us is not None:
                out_us, since_us = max(out_us, from_us - since_us), None
            elif not is_served and since_us is None and (was_served or end_us is None):
                since_us = from_us
            was_served = was_served or is_served
            if len(span.holders) > 1 and from_us > at_us and split_us is None:
                split_us = from_us - at_us
        by_cache = by_cache or _share_a_mac(course, address)
        holders = self._ordered(spans[-1].holders)
        moved_us = spans[-1].from_us - at_us if spans[-1].from_us > at_us else None
        return Fate(
            holders,
            out_us if since_us is None else None,
            split_us if len(holders) > 1 else None,
            moved_us,
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
        if failure.kind == FILE:
            return any(
                failure.thing in (t.name for part in both(s.config, s.group, FILES) for t in part)
                for s in seats
            )
        return self.carries(failure, address)

    def _ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        having = set(names)
        return tuple(name for name in self.scenario.servers if name in having)


def _require_no_count(course: Course) -> None:
    """AH counts adverts: where two MASTERs are heard, whose number is higher decides, and no timer."""
    signed = [s.router for s in course.seats if s.state == "MASTER" and is_signed(s.config)]
    if any(signed.count(router) > 1 for router in signed):
        raise Unjudged(AH_COUNTS)
    if course.is_starved:
        raise Unjudged("two MASTERs reject each other's adverts: which one goes on sending is a toss")


def _share_a_mac(course: Course, address: str) -> bool:
    """Two MASTERs with one virtual MAC address: a switch sends frames to whoever spoke last."""
    speaking = [
        s for s in course.seats if s.config.use_vmac and (s.state == "MASTER" or s.node in course.frozen)
    ]
    routers = [s.router for s in speaking if any(a.address == address for a in s.config.all_addresses)]
    return any(sum(s.router == router for s in speaking) > 1 for router in routers)


def _part(interval_us: Micros, share: float) -> Micros:
    """That much of an interval, its ends not quite."""
    return min(max(1, round(interval_us * share)), interval_us - 1)
