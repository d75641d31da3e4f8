"""``config predict``: every single failure of a cluster, what comes of it, and the rows that say so.

A ``Forecast`` has a section for each virtual router, and in it a row for each outcome: failures with the same
outcome stand together, the worst first. The times are those of the closed form; where the simulator was
asked too, its own stand beside them, and a row says so where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

from vrrplab.forecast.alike import alike_addresses
from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.forecast.course import Course
from vrrplab.forecast.failures import (
    RETURN,
    SCRIPT,
    Failure,
    failures_of,
)
from vrrplab.forecast.outcomes import Fate, Outcome, Range
from vrrplab.forecast.seat import Seat
from vrrplab.limits import PREDICT_NODES
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node
from vrrplab.units import SECOND_US, Micros
from vrrplab.wire.addresses import is_unspecified

if TYPE_CHECKING:
    from vrrplab.rules.model import Finding

_AWAY_S = 15  # for so long a node that returns had no power
_LASTS_US = 30 * SECOND_US  # a run goes on for so long where the closed form does not tell


@dataclass(frozen=True, slots=True)
class Row:
    """What failures with the same outcome have in common, for the addresses of one section.

    ``simulated``: the outcome as the simulator has it; None: it was not asked. ``differs``: what of it is
    not as the closed form says, "" for nothing. ``unjudged``: why the closed form does not tell.
    """

    failures: tuple[tuple[Failure, ...], ...]
    outcome: Outcome | None
    simulated: Outcome | None = None
    differs: str = ""
    unjudged: str = ""
    blocked: str = ""
    keeps: tuple[str, ...] = ()  # who had the address before
    counts: bool = False  # what fails is tracked by the instance that has the address
    cure: str = ""
    see: tuple[str, ...] = ()  # rules that fired and speak of this

    @property
    def best(self) -> Outcome | None:
        """What is known: the closed form, else the simulator."""
        return self.outcome or self.simulated

    @property
    def stays(self) -> bool:
        """Nobody takes over, and nobody else has it for sure."""
        return self.best is not None and self.best.ends == (self.keeps,)

    @property
    def is_in_vain(self) -> bool:
        """What is tracked fails where the address is, and the address stays there."""
        return self.counts and self.stays and self.failures[0][0].node in self.keeps

    @property
    def is_calm(self) -> bool:
        """Nobody notices: nothing moves, nobody is out, and nothing that is tracked failed in vain."""
        found = self.best
        return (
            self.stays
            and not self.is_in_vain
            and self.failures[0][0].kind != RETURN
            and found is not None
            and found.out.worst_us == 0
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """The first of its failures, as ``simulate --fail`` takes it; a node that returns was away before."""
        return tuple(f.line + (f" for {_AWAY_S}" if f.kind == RETURN else "") for f in self.failures[0])

    @property
    def why(self) -> str:
        """What no timer decides; why nobody takes over, and the least change after which somebody does.

        "" for a row that says it all.
        """
        doubt = f"no timer decides: {self.unjudged}" if self.unjudged else ""
        return ". ".join(filter(None, (doubt, self.blocked, self.cure)))

    @property
    def badness(self) -> tuple[int, float]:
        """The higher, the worse."""
        found = self.best
        if found is None:
            return 2, 0.0
        worst_us = found.out.worst_us
        if not all(found.ends) or worst_us is None or self.is_in_vain:
            return 5, 0.0
        if any(len(end) > 1 for end in found.ends) and found.split is not None:
            return 4, 0.0
        return (3 if worst_us else 1 if not self.stays else 0), float(worst_us)

    @property
    def out_s(self) -> float | None:
        """The longest time that clients are out, in seconds; None: for ever, or not known."""
        found = self.best
        if found is None or found.by_cache or found.out.worst_us is None or self.is_in_vain:
            return None
        return found.out.worst_us / SECOND_US


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node in a section: its priority when all is well, and what it would be with nothing that counts."""

    node: str
    instance: str
    priority: int
    base: int
    is_master: bool
    state: str


@dataclass(frozen=True, slots=True)
class Section:
    """One virtual router, or several that fare alike: their addresses, the nodes, and what befalls them.

    ``tossed``: who of ``candidates`` has the addresses when all is well is chance, or who started first.
    """

    addresses: tuple[str, ...]
    vrid: int
    network: str
    family: int
    version: int
    unicast: bool
    interval_us: Micros
    candidates: tuple[Candidate, ...]
    holders: tuple[str, ...]
    rows: tuple[Row, ...]
    tossed: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """``scenario``: the cluster as it was laid out. ``simulated``: was the simulator asked too?

    ``at_fewer``: at half as many phases as usual, because there are many nodes.
    """

    scenario: Scenario
    sections: tuple[Section, ...]
    simulated: bool
    at_fewer: bool = False
    lasts_us: dict[tuple[Failure, ...], Micros] = field(default_factory=dict, compare=False)

    def rows(self) -> Iterator[tuple[Section, Row]]:
        """Of all sections, the worst first."""
        found = [(section, row) for section in self.sections for row in section.rows]
        yield from sorted(found, key=lambda pair: pair[1].badness, reverse=True)

    def over(self, limit_s: float) -> list[tuple[Section, Row]]:
        """After what clients are out longer than a limit, or for ever; and what nobody can judge."""
        return [(section, row) for section, row in self.rows() if row.out_s is None or row.out_s > limit_s]


def forecast(
    nodes: Sequence[Node],
    profile: str = "keepalived-2.2.7",
    *,
    simulate: bool = True,
    pairs: bool = False,
    phases: int = 4,
    how_far: Callable[[float], None] | None = None,
) -> Forecast:
    """What every failure of these nodes does. ``pairs``: every two of different nodes at once, too.

    ``how_far`` is told now and then which share is done, 0 to 1.
    """
    scenario = scenario_of_nodes(nodes, profile)
    found = forecast_of(scenario, simulate=simulate, pairs=pairs, phases=phases, how_far=how_far)
    if not any(_rules_about(row) for section in found.sections for row in section.rows):
        return found
    from vrrplab.rules.cluster import Cluster
    from vrrplab.rules.table import check

    findings = check(Cluster(nodes, profile))
    sections = tuple(
        replace(
            section, rows=tuple(replace(row, see=tuple(_explained_by(row, findings))) for row in section.rows)
        )
        for section in found.sections
    )
    return replace(found, sections=sections)


# Which rules speak of a row, by what it is; those are named that fired.
_OF_VAIN = ("V050", "V020", "V021", "V022", "V024", "V029", "V034", "V053", "V064")
_OF_TOSS = ("V028",)
_OF_TWO = ("V005", "V006", "V007", "V010", "V012", "V013", "V015", "V016")


def _rules_about(row: Row) -> tuple[str, ...]:
    if row.is_in_vain:
        return _OF_VAIN
    if len(row.keeps) > 1:
        return _OF_TWO
    return _OF_TOSS if row.best is not None and len(row.best.ends) > 1 else ()


def _explained_by(row: Row, findings: Sequence[Finding]) -> Iterator[str]:
    failure, rules = row.failures[0][0], _rules_about(row)
    told = [
        finding.rule
        for finding in findings
        if finding.rule in rules
        and any(place.node in (failure.node, *row.keeps) for place in finding.places)
        and (not row.is_in_vain or failure.thing in f"{finding.about} {finding.message}")
    ]
    yield from dict.fromkeys(told)


def forecast_of(
    scenario: Scenario,
    *,
    simulate: bool = True,
    pairs: bool = False,
    phases: int = 4,
    how_far: Callable[[float], None] | None = None,
) -> Forecast:
    """The same of a scenario that was laid out from files; its actions are left out."""
    singles = [f for name, server in scenario.servers.items() for f in failures_of(name, server.node)]
    failures: list[tuple[Failure, ...]] = [(failure,) for failure in singles]
    if pairs:
        failures += [pair for pair in combinations(singles, 2) if _may_meet(*pair)]
    teller = _Teller(scenario, simulate, phases)
    told = {}
    for number, failure in enumerate(failures):
        if how_far:
            how_far(number / len(failures))
        told[failure] = teller.tell(failure)
    sections = [section for address in teller.addresses for section in teller.section(address, told)]
    merged = tuple(_merged(sections))
    return Forecast(scenario, merged, simulate, teller.at_fewer, teller.lasts_us)


def _may_meet(one: Failure, other: Failure) -> bool:
    return one.node != other.node and RETURN not in (one.kind, other.kind)


@dataclass(slots=True)
class _Told:
    """Of one failure: the outcome for each address by both ways, and where they differ."""

    closed: dict[str, Outcome] = field(default_factory=dict)
    simulated: dict[str, Outcome] = field(default_factory=dict)
    differs: dict[str, str] = field(default_factory=dict)
    unjudged: dict[str, str] = field(default_factory=dict)


class _Teller:
    def __init__(self, scenario: Scenario, simulate: bool, phases: int) -> None:
        self.scenario = scenario
        self.closed = ClosedForm(scenario)
        self.lasts_us: dict[tuple[Failure, ...], Micros] = {}
        self._phases = phases
        self.at_fewer = len(scenario.servers) > PREDICT_NODES.most
        self._simulated = None
        if simulate:
            from vrrplab.forecast.simulated import Simulated

            self._simulated = Simulated(self.closed, phases)
        self._like = alike_addresses(scenario)
        self._cures: dict[tuple[Failure, str], str] = {}  # of one for all addresses that fare alike
        written = (a.address for s in self.closed.before.seats for a in s.config.virtual_addresses)
        self.addresses = [address for address in dict.fromkeys(written) if not is_unspecified(address)]

    def tell(self, failures: tuple[Failure, ...]) -> _Told:
        told = _Told(self.closed.outcomes(failures), unjudged=dict(self.closed.unjudged(failures)))
        lasts_us = self.closed.lasts_us(failures, told.closed.values())
        if told.unjudged:
            lasts_us = max(lasts_us, _LASTS_US)
        self.lasts_us[failures] = lasts_us
        if self._simulated is not None:
            self._simulate(failures, told, lasts_us)
        return told

    def _simulate(self, failures: tuple[Failure, ...], told: _Told, lasts_us: Micros) -> None:
        assert self._simulated is not None
        fates: dict[str, list[Fate]] = {}
        moves = any(o.moved or o.out.worst_us != 0 for o in told.closed.values()) or told.unjudged
        for trace, at_us, phases in self._simulated.runs(
            failures, lasts_us, self._asked(failures, bool(moves))
        ):
            wanted: dict[str, list[Fate]] = {}
            for address, one in self.closed.fates(failures, phases) if told.closed else ():
                if isinstance(one, str):
                    told.unjudged[address] = one
                else:
                    wanted.setdefault(address, []).append(one)
            for address in self.addresses:
                fate = self._simulated.fate(trace, address, failures, at_us)
                fates.setdefault(address, []).append(fate)
                if address not in told.unjudged and not any(
                    one.is_like(fate) for one in wanted.get(address, ())
                ):
                    told.differs[address] = "the simulator differs"
        told.simulated = {address: Outcome.of(found) for address, found in fates.items()}

    def _asked(self, failures: tuple[Failure, ...], moves: bool) -> int:
        """At how many phases these failures are simulated."""
        if len(failures) > 1:
            return 1
        most = self._phases if moves else min(2, self._phases)
        return max(1, most // 2) if self.at_fewer else most

    def section(self, address: str, told: dict[tuple[Failure, ...], _Told]) -> Iterator[Section]:
        """The section of an address: one for each virtual router that has it."""
        seats = [
            s
            for s in self.closed.before.seats
            if any(a.address == address for a in s.config.virtual_addresses)
        ]
        for router in dict.fromkeys(s.router for s in seats):
            mine = [s for s in seats if s.router == router]
            names = {s.node for s in mine}
            keeps = self.closed.holders(address)
            rows = [
                Row(
                    (failures,),
                    one.closed.get(address) if address not in one.unjudged else None,
                    one.simulated.get(address),
                    one.differs.get(address, ""),
                    one.unjudged.get(address, ""),
                    keeps=keeps,
                    counts=all(self.closed.counts(f, address) for f in failures),
                )
                for failures, one in told.items()
                if all(f.node in names for f in failures)
            ]
            class_of = {row.failures[0][0]: row.badness[0] for row in rows if len(row.failures[0]) == 1}
            rows = [row for row in rows if not _is_no_news(row, class_of)]
            first = mine[0].config
            yield Section(
                (address,),
                first.vrid,
                mine[0].segment,
                first.family,
                first.version,
                first.unicast,
                first.advert_interval_us,
                tuple(
                    Candidate(
                        s.node, s.config.name, s.priority, s.config.base_priority, s.node in keeps, s.state
                    )
                    for s in mine
                ),
                keeps,
                tuple(_grouped(self._explained(row, address) for row in rows)),
                self.closed.tossed or _is_tied(mine, keeps),
            )

    def _explained(self, row: Row, address: str) -> Row:
        if not row.is_in_vain:
            return row
        cure = ""
        if len(row.failures[0]) == 1:
            from vrrplab.forecast.least_change import least_change

            failure = row.failures[0][0]
            alike = failure, self._like.get(address, address)
            if alike not in self._cures:
                simulate = self._simulated is not None
                self._cures[alike] = least_change(self.scenario, failure, address, simulate=simulate)
            cure = self._cures[alike]
        return replace(row, blocked=blocked(self.closed.before, row, address), cure=cure)


def _is_tied(seats: Sequence[Seat], keeps: Sequence[str]) -> bool:
    """Has whoever was first kept the addresses, as nobody preempts an equal?"""
    having = {s.priority for s in seats if s.node in keeps}
    return any(s.state == "BACKUP" and s.node not in keeps and s.priority in having for s in seats)


def _is_no_news(row: Row, class_of: Mapping[Failure, int]) -> bool:
    """Two failures at once that are not worse than one of them alone."""
    pair = row.failures[0]
    return len(pair) > 1 and row.badness[0] <= max(class_of.get(failure, 0) for failure in pair)


def blocked(before: Course, row: Row, address: str) -> str:
    """Why nobody takes over from a node on which what is tracked has failed."""
    failure = row.failures[0][0]
    after = before.copied()
    after.fail(failure)
    after.run(after.now + 3_600 * SECOND_US)
    if address in after.doubtful_addresses:
        return ""
    seats = [s for s in after.seats if any(a.address == address for a in s.config.all_addresses)]
    mine = next(s for s in seats if s.node == failure.node)
    was = before.seats[mine.place].priority
    others = [s for s in seats if s.node != failure.node and s.state != "FAULT"]
    if mine.config.address_owner:
        return f"{mine.node} owns the address (priority 255): no weight counts there"
    moves = "falls" if mine.priority < was else "rises"  # reverse
    fell = f"{mine.node} {moves} from {was} to {mine.priority}" if was != mine.priority else ""
    if not fell:
        return f"{_why_nothing(before, failure)}the priority of {mine.node} stays {was}"
    if not others:
        without = dict.fromkeys(s.node for s in after.seats if s.router == mine.router and s not in seats)
        lacking = "".join(f"; {name} has no {address} in its file" for name in without)
        return f"{fell}{lacking}, and nobody else can take over"
    reasons = []
    for other in others:
        if other.priority == mine.priority:
            reasons.append(
                f"{other.node} has {other.priority}: {other.priority} = {mine.priority} does not preempt"
            )
        elif other.priority < mine.priority:
            reasons.append(f"{other.node} has {other.priority}")
        elif not other.config.preempt:
            reasons.append(f"{other.node} has {other.priority}, and nopreempt")
        elif mine.group or other.group:
            reasons.append(f"{other.node} has {other.priority}, and waits for its sync group")
    return f"{fell}; {', '.join(reasons)}, so nobody takes over" if reasons else fell


def _why_nothing(before: Course, failure: Failure) -> str:
    """Why a failing check changes nothing, if its definition says so."""
    if failure.kind != SCRIPT:
        return ""
    script = before.scenario.servers[failure.node].node.script(failure.thing)
    if not script.is_program:
        return "keepalived finds no such program and runs without the check: "
    if script.always_exits is not None:
        result = "passes" if script.always_exits == 0 else "fails"
        return f"for lack of a shell the check always {result} (exit code {script.always_exits}): "
    return ""


def _grouped(rows: Iterable[Row]) -> list[Row]:
    """Rows with the same outcome as one, the worst first."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        # a node that returns does not fail: it never stands in one row with what does
        returns = row.failures[0][0].kind == RETURN
        known = (row.differs, row.unjudged, returns, row.blocked)
        key = ("calm", known) if row.is_calm else (row.outcome, row.simulated and row.simulated.ends, known)
        groups.setdefault(key, []).append(row)
    made = []
    for group in groups.values():
        simulated = [row.simulated for row in group if row.simulated]
        together = _together(simulated) if simulated else None
        made.append(
            replace(group[0], failures=tuple(f for row in group for f in row.failures), simulated=together)
        )
    return sorted(made, key=lambda row: row.badness, reverse=True)


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """What several simulated outcomes say together."""

    def joined(ranges: list[Range]) -> Range:
        times = [t for r in ranges for t in (r.best_us, r.typical_us, r.worst_us)]
        return Range.of(times)

    split = [o.split for o in outcomes if o.split]
    moved = [o.moved for o in outcomes if o.moved]
    return Outcome(
        tuple(sorted({end for o in outcomes for end in o.ends})),
        joined([o.out for o in outcomes]),
        joined(split) if split else None,
        joined(moved) if moved else None,
    )


def _merged(sections: Iterable[Section]) -> list[Section]:
    """Addresses that fare alike in one section."""
    found: dict[object, Section] = {}
    for section in sections:
        key = (
            section.vrid, section.network, section.family, section.candidates, section.holders,
            tuple((r.failures, r.outcome, r.differs, r.unjudged, r.blocked) for r in section.rows),
        )  # fmt: skip
        one = found.get(key)
        found[key] = replace(one, addresses=one.addresses + section.addresses) if one else section
    return list(found.values())
