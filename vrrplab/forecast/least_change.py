"""The least change after which a failure moves the address: reckoned in closed form, tried in the simulator.

What is searched are the parameters that keep the address where it is: the weight of what failed, on all nodes
alike, and ``nopreempt`` of those that would win. A change is told only if the failure then moves the address
in both; and what is just not enough is told with its reason. ``cures`` does the same for a run that there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vrrplab.config.model import InstanceConfig, TrackedObject
from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.forecast.failures import INTERFACE, POWER, PROCESS, SCRIPT, Failure
from vrrplab.forecast.outcomes import Outcome
from vrrplab.forecast.seat import Seat
from vrrplab.machine.weights import LISTS, least_weight, with_weight
from vrrplab.scenario.model import Scenario
from vrrplab.units import seconds

_SEARCHED = (SCRIPT, PROCESS, INTERFACE)  # whose weight is looked for
_MOST = 253  # a weight, as keepalived takes it


def least_change(scenario: Scenario, failure: Failure, address: str, *, simulate: bool) -> str:
    """A sentence with the least change, "" where none of those that are searched helps."""
    after = ClosedForm(scenario).before.copied()
    after.fail(failure)
    after.run(after.now + 3_600_000_000)
    if address in after.doubtful_addresses:
        return ""
    seats = [s for s in after.seats if any(a.address == address for a in s.config.virtual_addresses)]
    mine = next(s for s in seats if s.node == failure.node)
    others = [s for s in seats if s.node != failure.node and s.state == "BACKUP"]
    blocking = [s for s in others if s.priority > mine.priority and not s.config.preempt]
    if blocking:
        return _without_nopreempt(scenario, failure, address, blocking, simulate)
    return _weights(scenario, failure, address, mine, others, simulate)


def _without_nopreempt(
    scenario: Scenario, failure: Failure, address: str, blocking: list[Seat], simulate: bool
) -> str:
    names = {s.node for s in blocking}

    def changed(node: str, config: InstanceConfig) -> InstanceConfig:
        has_it = any(a.address == address for a in config.virtual_addresses)
        return replace(config, preempt=True) if node in names and has_it else config

    found = _moved(_changed(scenario, changed), (failure,), address, simulate)
    return f"Least change: no nopreempt on {' and '.join(sorted(names))} ({found})." if found else ""


def _weights(
    scenario: Scenario, failure: Failure, address: str, mine: Seat, others: list[Seat], simulate: bool
) -> str:
    weight = _weight_of(mine, failure)
    if not weight:
        return ""
    said: list[str] = []
    off: list[Seat] = []
    for other in sorted(others, key=lambda s: -s.priority):
        new = least_weight(weight, mine.priority, other.priority)
        if not abs(weight) < abs(new) <= _MOST:
            continue
        failing = (failure, *(Failure(s.node, POWER) for s in off))
        found = _moved(_with_weight(scenario, failure, new), failing, address, simulate)
        if not found:
            break
        if not said:
            said.append(f"Least change: weight {new} ({found})")
        else:
            away = " and ".join(s.node for s in off)
            said.append(f"{new} if {away} may be off too (then {other.node})")
        off.append(other)
    if not said:
        return ""
    return f"{'; '.join(said)}. {_just_not(scenario, failure, address, mine, others, weight)}".strip()


def _just_not(
    scenario: Scenario, failure: Failure, address: str, mine: Seat, others: list[Seat], weight: int
) -> str:
    """One less than enough, if that is not what there is already: why it is not."""
    best = max(others, key=lambda s: s.priority)
    enough = least_weight(weight, mine.priority, best.priority)
    new = enough - 1 if weight > 0 else enough + 1
    if new == weight:
        return ""
    if _moved(_with_weight(scenario, failure, new), (failure,), address, False):
        return ""
    level = best.priority + (new - weight if weight > 0 else 0)
    return f"Weight {new} is not enough: {level} = {level} does not preempt."


def _weight_of(seat: Seat, failure: Failure) -> int:
    if failure.kind not in _SEARCHED:
        return 0
    own: tuple[TrackedObject, ...] = getattr(seat.config, LISTS[failure.kind])
    return next((t.weight for t in own if t.name == failure.thing), 0)


def _with_weight(scenario: Scenario, failure: Failure, weight: int) -> Scenario:
    """Another weight wherever an instance tracks what fails with one."""

    def changed(_node: str, config: InstanceConfig) -> InstanceConfig:
        has_one = any(t.weight for t in getattr(config, LISTS[failure.kind]) if t.name == failure.thing)
        return with_weight(config, failure.kind, failure.thing, weight) if has_one else config

    return _changed(scenario, changed)


def _changed(scenario: Scenario, change: Callable[[str, InstanceConfig], InstanceConfig]) -> Scenario:
    """A scenario whose instances are changed; their texts no longer say what they are."""
    servers = {
        name: replace(
            server,
            node=replace(
                server.node, instances=tuple(change(name, i) for i in server.node.instances), text=None
            ),
        )
        for name, server in scenario.servers.items()
    }
    return scenario.changed(servers=servers)


def _moved(scenario: Scenario, failures: tuple[Failure, ...], address: str, simulate: bool) -> str:
    """``b after 4.8-7.6 s``, if these failures move the address; "" if not, or if the simulator objects."""
    closed = ClosedForm(scenario)
    outcome = closed.outcomes(failures).get(address)
    if outcome is None:
        return ""
    bad = failures[0].node
    if any(bad in end or not end for end in outcome.ends):
        return ""
    if simulate and not _moves_in_a_run(closed, failures, address, outcome):
        return ""
    names = " or ".join(" AND ".join(end) for end in outcome.ends)
    moved = outcome.moved
    if moved is None or moved.best_us is None or moved.worst_us is None:
        return names
    return f"{names} after {seconds(moved.best_us):.1f}-{seconds(moved.worst_us):.1f} s"


def _moves_in_a_run(
    closed: ClosedForm, failures: tuple[Failure, ...], address: str, outcome: Outcome
) -> bool:
    from vrrplab.forecast.simulated import Simulated

    simulated = Simulated(closed, 1)
    lasts_us = closed.lasts_us(failures, [outcome])
    return all(
        simulated.fate(trace, address, failures, at_us).holders in outcome.ends
        for trace, at_us, _ in simulated.runs(failures, lasts_us)
    )
