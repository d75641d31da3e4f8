"""When a simulation agrees with a recording: states, owners at the end, client outages.

The rule is that of the recordings (data/recordings/README.md): the same states in the same order, each
within 0.12 s; states held under 0.1 s do not count, those held under 0.25 s may be missing on one side; the
log line of the first BACKUP after a start may come 0.25 s late; a FAULT from the very start is in no log, nor
is that of a sync group's member which was BACKUP. What the daemons wrote down when they were asked at the end
(SIGUSR1) tells of those too. A state ends with the power, or the kill, that ends the daemon.
Outages over 0.1 s agree within 0.25 s, and none is invented.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.trace import Outage, Trace
from vrrplab.trace.events import ActionEvent, LogEvent, StateEvent
from vrrplab.trace.vocabulary import Act
from vrrplab.units import Micros, format_s, micros

WITHIN_US = micros(0.12)
FIRST_BACKUP_WITHIN_US = micros(0.25)
IGNORED_US = micros(0.1)
OPTIONAL_US = micros(0.25)
OUTAGE_COUNTS_US = micros(0.1)
OUTAGE_WITHIN_US = micros(0.25)


class Step(NamedTuple):
    """An instance enters a state; ``held_us`` until the next, ``after_start`` if the process just began."""

    t_us: Micros
    state: str
    held_us: Micros
    after_start: bool


class Differences(NamedTuple):
    """``problems`` in words; the worst error in time of the steps and outages that do correspond."""

    problems: list[str]
    worst_us: Micros


def compare_states(real: Trace, simulated: Trace) -> Differences:
    """Every instance's states, one beside the other."""
    problems: list[str] = []
    worst_us = 0
    pairs = dict.fromkeys(real.instances + simulated.instances)
    for instance, server in pairs:
        theirs, ours = steps_of(real, server, instance), steps_of(simulated, server, instance)
        matched = _match(theirs, ours)
        if matched is None:
            matched = _match(theirs, told_steps(simulated, server, instance))
        who = f"{instance} on {server}"
        if matched is None:
            problems.append(f"{who}: real {_in_words(theirs)}; simulated {_in_words(ours)}")
            continue
        for step, twin in matched:
            error_us = abs(step.t_us - twin.t_us)
            started = step.after_start or twin.after_start
            late_start = started and step.state == "BACKUP" and step.t_us >= twin.t_us
            if error_us > (FIRST_BACKUP_WITHIN_US if late_start else WITHIN_US):
                times = f"real {format_s(step.t_us)} s, simulated {format_s(twin.t_us)} s"
                problems.append(f"{who} to {step.state}: {times}")
            if not late_start:
                worst_us = max(worst_us, error_us)
    return Differences(problems, worst_us)


def same_course(one: Trace, other: Trace) -> bool:
    """Every instance enters the same states in the same order, whenever that is."""
    return all(
        _match(steps_of(one, server, instance), steps_of(other, server, instance)) is not None
        for instance, server in dict.fromkeys(one.instances + other.instances)
    )


def steps_of(trace: Trace, server: str, instance: str) -> list[Step]:
    """The states that count: no FAULT from the start, none held under 0.1 s, none kept under a new name."""
    return _without_short(_all_steps(trace, server, instance))


def told_steps(simulated: Trace, server: str, instance: str) -> list[Step]:
    """The same without each FAULT that the daemon does not log, and so no recording knows."""
    line = f"({instance}) Entering FAULT STATE"
    told_us = {e.t_us for e in simulated.of(LogEvent, server=server) if str(e.line).startswith(line)}
    kept: list[Step] = []
    for step in _all_steps(simulated, server, instance):
        if step.state == "FAULT" and step.t_us not in told_us:
            continue
        if kept and kept[-1].state == step.state and not step.after_start:
            kept[-1] = kept[-1]._replace(held_us=step.t_us + step.held_us - kept[-1].t_us)
        else:
            kept.append(step)
    return _without_short(kept)


def _all_steps(trace: Trace, server: str, instance: str) -> list[Step]:
    steps: list[Step] = []
    started = True
    renamed = {e.t_us for e in trace.of(StateEvent, server=server, instance=instance) if e.from_ == e.to}
    cuts = _cuts(trace, server)
    spans = trace.states(instance, server)
    for place, span in enumerate(spans):
        last = place + 1 == len(spans)
        cut_us = next((at for at in cuts if span.from_us <= at and (last or at < span.to_us)), None)
        if span.state in ("STOP", "INIT"):
            started = True
            continue
        if span.state == "FAULT" and started:
            continue
        if span.from_us in renamed:
            started = False
            continue  # it was in that state under another name: no log line tells
        until_us = span.to_us if cut_us is None else cut_us
        held_us = micros(1e6) if last and cut_us is None else until_us - span.from_us
        steps.append(Step(span.from_us, span.state, held_us, started))
        started = cut_us is not None
    return steps


def _cuts(trace: Trace, server: str) -> list[Micros]:
    """When a server's daemon was gone at once, without a word."""
    return [
        e.t_us
        for e in trace.of(ActionEvent)
        if e.server == server
        and (
            e.action == Act.POWER_OFF
            or (e.action == Act.DAEMON_KILL and e.content.get("process", "both") == "both")
        )
    ]


def compare_final_states(said: dict[str, dict[str, str]], simulated: Trace) -> list[str]:
    """What the daemons said of themselves at the end: server -> instance -> state. A new one may differ."""
    problems = []
    for server, states in said.items():
        for instance, state in states.items():
            ours = next(reversed(simulated.states(instance, server)), None)
            if ours is None or ours.state == state or simulated.end_us - ours.from_us <= OPTIONAL_US:
                continue
            who = f"{instance} on {server} at the end"
            problems.append(f"{who}: {state} by its own word, simulated {ours.state}")
    return problems


def _without_short(steps: list[Step]) -> list[Step]:
    kept: list[Step] = []
    skipped = False
    for step in steps:
        if step.held_us < IGNORED_US:
            skipped = True
        elif skipped and kept and kept[-1].state == step.state and not step.after_start:
            skipped = False  # it was away for a moment only
            kept[-1] = kept[-1]._replace(held_us=kept[-1].held_us + step.held_us)
        else:
            skipped = False
            kept.append(step)
    return kept


def _match(theirs: list[Step], ours: list[Step]) -> list[tuple[Step, Step]] | None:
    """Pairs of steps in order, each as early as can be; steps held shortly may be left out on either side.
    None: they do not fit.

    Bit k of row i: the last i of theirs fit the last k of ours. A row is made from the one before it by a few
    operations on whole numbers, so two histories of 5,000 steps take 3 MB and some hundredths of a second
    (bits: the product of the two lengths).
    """
    same: dict[str, int] = {}
    optional = 0
    for k, step in enumerate(reversed(ours)):
        same[step.state] = same.get(step.state, 0) | 1 << k
        optional |= (step.held_us < OPTIONAL_US) << k
    rows = [_left_out(1, optional)]
    for step in reversed(theirs):
        row = (rows[-1] & same.get(step.state, 0)) << 1
        if step.held_us < OPTIONAL_US:
            row |= rows[-1]
        rows.append(_left_out(row, optional))
    i, k = len(theirs), len(ours)
    if not rows[i] >> k & 1:
        return None
    pairs = []
    while i and k:
        step, twin = theirs[-i], ours[-k]
        if step.state == twin.state and rows[i - 1] >> (k - 1) & 1:
            pairs.append((step, twin))
            i, k = i - 1, k - 1
        elif step.held_us < OPTIONAL_US and rows[i - 1] >> k & 1:
            i -= 1
        else:
            k -= 1
    return pairs


def _left_out(row: int, optional: int) -> int:
    """The row, and what is reached from it by leaving out optional steps: in each unbroken run of them, a sum
    carries from the first bit set to one past the run's end.
    """
    return row | ((row & optional) + optional ^ optional)


def _in_words(steps: list[Step]) -> str:
    return ", ".join(f"{s.state} {format_s(s.t_us)}" for s in steps) or "nothing"


def compare_owners(real: Trace, simulated: Trace) -> list[str]:
    """The same servers have each address at the end."""
    problems = []
    end_s = min(real.end_us, simulated.end_us) / 1e6
    known = [(trace, set(trace.addresses)) for trace in (real, simulated)]
    for address in dict.fromkeys(real.addresses + simulated.addresses):
        theirs, ours = (
            set(trace.owners(address, end_s)) if address in addresses else set[str]()
            for trace, addresses in known
        )
        if theirs != ours:
            problems.append(f"{address} at the end: real {_names(theirs)}, simulated {_names(ours)}")
    return problems


def _names(servers: set[str]) -> str:
    return " and ".join(sorted(servers)) or "nobody"


def compare_outages(real: Trace, simulated: Trace) -> Differences:
    """Each outage over 0.1 s has a twin of the same probe, overlapping it, of the same length."""
    problems: list[str] = []
    worst_us = 0
    theirs, ours = real.outages(), simulated.outages()
    for outage in theirs:
        if outage.duration_us(real.end_us) <= OUTAGE_COUNTS_US:
            continue
        twin = _twin(outage, ours, simulated.end_us)
        if twin is None:
            if outage.duration_us(real.end_us) > OUTAGE_WITHIN_US:
                problems.append(f"{_outage_in_words(outage, real)} is not in the simulation")
            continue
        open_ends = (outage.to_us is None) != (twin.to_us is None)
        error_us = abs(outage.duration_us(real.end_us) - twin.duration_us(simulated.end_us))
        worst_us = max(worst_us, error_us)
        if error_us > OUTAGE_WITHIN_US or open_ends:
            problems.append(
                f"{_outage_in_words(outage, real)}; simulated {_outage_in_words(twin, simulated)}"
            )
    for outage in ours:
        counts = outage.duration_us(simulated.end_us) > OUTAGE_COUNTS_US
        if counts and _twin(outage, theirs, real.end_us) is None:
            problems.append(f"{_outage_in_words(outage, simulated)} was invented")
    return Differences(problems, worst_us)


def _twin(outage: Outage, others: list[Outage], end_us: Micros) -> Outage | None:
    """The longest outage of the same probe that overlaps this one."""
    until_us = end_us if outage.to_us is None else outage.to_us
    same = [
        o
        for o in others
        if (o.kind, o.target) == (outage.kind, outage.target)
        and o.from_us <= until_us + OUTAGE_WITHIN_US
        and outage.from_us <= (end_us if o.to_us is None else o.to_us) + OUTAGE_WITHIN_US
    ]
    return max(same, key=lambda o: o.duration_us(end_us), default=None)


def _outage_in_words(outage: Outage, trace: Trace) -> str:
    length = format_s(outage.duration_us(trace.end_us))
    return f"{outage.kind} {outage.target} out for {length} s from {format_s(outage.from_us)} s"
