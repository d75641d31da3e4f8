"""What came of one run, as a row: asked of its trace, like everything else that is told of a run."""

from __future__ import annotations

from collections.abc import Iterator

from vrrplab.scenario.model import Scenario
from vrrplab.sim.play import run as simulated
from vrrplab.sweeping.columns import Row, targets_of
from vrrplab.sweeping.plan import Plan
from vrrplab.sweeping.values import Cell
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, PriorityEvent, StateEvent
from vrrplab.units import Micros


def row_of(plan: Plan, run: int) -> Row:
    """The row of a run, which is simulated."""
    scenario = plan.made(run)
    return (run, scenario.seed, *plan.values(run), *outcome(plan.scenario, scenario, simulated(scenario)))


def outcome(base: Scenario, scenario: Scenario, trace: Trace) -> Iterator[Cell | None]:
    """The cells behind the values. ``base``: the scenario of the sweep, which says what is asked and had;
    ``scenario``: that of the run.
    """
    yield from _outages(base, trace)
    first_us = scenario.actions[0].at_us if scenario.actions else None
    last_us = scenario.actions[-1].at_us if scenario.actions else None
    for address in base.virtual_addresses():
        yield from _holders(trace, address, first_us, last_us)
    calm_us = min(trace.end_us, trace.end_us if first_us is None else first_us)
    yield calm_us
    yield false_failovers(scenario, trace, calm_us)


def _outages(base: Scenario, trace: Trace) -> Iterator[Cell | None]:
    found, gaps = trace.disturbances(), trace.outages()
    for target in targets_of(base):
        here = [outage for outage in found if outage.target == target]
        if not here:
            yield from (0, 0, 0, None, None, 0, 0)
            continue
        by_probe: dict[tuple[str, str], Micros] = {}
        for outage in here:
            probe = outage.client, outage.kind
            by_probe[probe] = by_probe.get(probe, 0) + outage.duration_us(trace.end_us)
        worst = max(by_probe, key=lambda probe: by_probe[probe])
        longest = max(here, key=lambda outage: outage.duration_us(trace.end_us))
        yield sum((outage.client, outage.kind) == worst for outage in here)
        yield by_probe[worst]
        yield longest.duration_us(trace.end_us)
        yield longest.from_us
        yield longest.to_us
        yield max(gap.duration_us(trace.end_us) for gap in gaps if gap.target == target)
        yield sum(outage.lost for outage in here)


def _holders(
    trace: Trace, address: str, first_us: Micros | None, last_us: Micros | None
) -> Iterator[Cell | None]:
    spans = trace.holders(address)
    takeover_us = return_us = None
    if first_us is not None and last_us is not None:
        before = next((s.servers for s in spans if s.from_us < first_us <= s.to_us), ())
        for span in spans:
            if span.from_us < first_us:
                continue
            if takeover_us is None:
                if before and any(server not in before for server in span.servers):
                    takeover_us = span.from_us - first_us
            elif span.from_us >= last_us and any(server in before for server in span.servers):
                return_us = span.from_us - last_us
                break
    yield takeover_us
    yield return_us
    begun = next((place for place, span in enumerate(spans) if span.servers), len(spans))
    yield sum(span.to_us - span.from_us for span in spans[begun:] if not span.servers)
    yield sum(span.to_us - span.from_us for span in spans if len(span.servers) > 1)
    yield "+".join(spans[-1].servers)


def false_failovers(scenario: Scenario, trace: Trace, until_us: Micros) -> int:
    """How many servers became MASTER, before ``until_us``, beside one that had been MASTER for longer than an
    interval and that they had no right to replace: by priority, or because of ``nopreempt``.
    """
    members = {
        (name, one.name): one for name, server in scenario.servers.items() for one in server.node.instances
    }
    priorities = {key: one.base_priority for key, one in members.items()}
    masters: dict[tuple[str, str], Micros] = {}
    count = 0
    for event in trace.of(StateEvent, PriorityEvent, ActionEvent):
        if event.t_us >= until_us or isinstance(event, ActionEvent):
            break
        key = event.server, event.instance
        if isinstance(event, PriorityEvent):
            priorities[key] = event.to
        elif isinstance(event, StateEvent):
            if event.to != "MASTER":
                masters.pop(key, None)
                continue
            own = members.get(key)
            if own is not None:
                count += any(
                    (other := members[rival]).vrid == own.vrid
                    and other.family == own.family
                    and rival[0] != key[0]
                    and event.t_us - since_us > own.advert_interval_us
                    and not (own.preempt and priorities[key] > priorities[rival])
                    for rival, since_us in masters.items()
                    if rival in members
                )
            masters[key] = event.t_us
    return count
