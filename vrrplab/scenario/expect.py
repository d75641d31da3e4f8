"""``expect`` of a scenario: read and checked, and held against a trace.

A name that nothing can ever match is a mistake, not a pass. What failed is told with the trace's reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.scenario.address_checks import canonical
from vrrplab.scenario.cast import virtual_addresses
from vrrplab.scenario.keys import EXPECTATION, NOBODY, OUTAGE
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Expectation, Server, TimedAction
from vrrplab.scenario.yaml_nodes import Node, nearest
from vrrplab.trace import STATES, Trace
from vrrplab.units import format_s, seconds


def read_expectation(
    node: Node, servers: dict[str, Server], clients: dict[str, Client], actions: Iterable[TimedAction]
) -> Expectation:
    """One entry of ``expect``; ScenarioError with the line and the nearest valid word."""
    keys = EXPECTATION.read(node)
    actions = tuple(actions)  # gone through twice
    outage = _outage(keys["outage"], clients) if "outage" in keys else {}
    if outage and not {"owner", "state"} & set(keys):
        return Expectation(**outage, line=node.line)
    node.need("at_s")
    reloads = [a for a in actions if a.node is not None]
    owner = {}
    if "owner" in keys:
        known = _addresses(servers, reloads, actions)
        for text, who in keys["owner"].mapping().items():
            name = NOBODY if who.plain is None else who.one_of([*servers, NOBODY])
            owner[_address(text, who, known)] = None if name == NOBODY else name
    state = {}
    if "state" in keys:
        for instance, states in keys["state"].mapping().items():
            state[instance] = _states(instance, states, servers, reloads)
    if not all(state.values()) or not (owner or state or outage):
        raise node.error(
            "expects nothing", "add owner: {ADDRESS: SERVER} or state: {INSTANCE: {SERVER: STATE}}"
        )
    at_us = EXPECTATION.value(keys, "at_s")
    return Expectation(at_us=at_us, owner=owner, state=state, **outage, line=node.line)


def _outage(node: Node, clients: dict[str, Client]) -> dict[str, Any]:
    """The fields of an expectation for ``outage``."""
    keys = OUTAGE.read(node)
    targets = dict.fromkeys(p.target for c in clients.values() for p in c.probes)
    target = keys["target"].text()
    if target not in targets:
        raise keys["target"].error(f"no client probes {target!r}", nearest(target, list(targets)))
    return {"outage_target": target, "outage_at_most_us": OUTAGE.value(keys, "at_most_s")}


def _address(text: str, place: Node, known: list[str]) -> str:
    try:
        address = canonical(text)
    except ValueError:
        address = text
    if known and address not in known:
        raise place.error(f"{text!r} is no virtual address of any server", nearest(text, known))
    return address


def _addresses(
    servers: dict[str, Server], reloads: list[TimedAction], actions: Iterable[TimedAction]
) -> list[str]:
    """Every address that may come or go in a run: of all instances, and those handled by hand.

    None at all when a configuration could not be read (``run_refused``): then anything may be meant.
    """
    if any(server.refusal for server in servers.values()):
        return []
    found = virtual_addresses(_nodes(servers.values(), reloads))
    by_hand = (a.keys["address"].partition("/")[0] for a in actions if "address" in a.keys)
    return [*found, *(address for address in by_hand if address not in found)]


def _states(
    instance: str, states: Node, servers: dict[str, Server], reloads: list[TimedAction]
) -> dict[str, str]:
    found = {}
    for name, state in states.mapping().items():
        if name not in servers:
            raise state.error(f"there is no server {name!r}", nearest(name, list(servers)))
        own = [a for a in reloads if a.keys["server"] == name]
        names = [i.name for node in _nodes([servers[name]], own) for i in node.instances]
        if instance not in names and not servers[name].refusal:
            raise state.error(f"{name} has no instance {instance!r}", nearest(instance, names))
        found[name] = state.one_of(STATES)
    return found


def _nodes(servers: Iterable[Server], reloads: Iterable[TimedAction]) -> list[NodeConfig]:
    return [s.node for s in servers] + [a.node for a in reloads if a.node is not None]


def broken_expectations(scenario: Scenario, trace: Trace) -> list[str]:
    """One line for each expectation that failed, with place, what was expected, what was, and why."""
    found: list[str] = []
    for expected in scenario.expect:
        place = f"{scenario.file}:{expected.line}" if scenario.file else f"expect, line {expected.line}"
        place = f"expected {expected.said!r}" if expected.said else place
        found += [f"{place}: {problem}" for problem in _problems(expected, trace)]
    return found


def _problems(expected: Expectation, trace: Trace) -> list[str]:
    problems: list[str] = []
    if expected.outage_at_most_us is not None:
        target, limit_us = expected.outage_target, expected.outage_at_most_us
        for outage in trace.outages(target):
            length_us = outage.duration_us(trace.end_us)
            if length_us > limit_us:
                problems.append(
                    f"{target} was out for {format_s(length_us)} s ({outage.kind}, from"
                    f" {format_s(outage.from_us)} s), expected at most {format_s(limit_us)} s"
                )
    if expected.at_us is None:
        return problems
    at_s = seconds(expected.at_us)
    if at_s > seconds(trace.end_us):
        return [f"expects something at {at_s:.3f} s, but the run ends at {seconds(trace.end_us):.3f} s"]
    for address, server in expected.owner.items():
        owners = trace.owners(address, at_s)
        if owners != ((server,) if server else ()):
            have = " and ".join(owners) or "nobody"
            problems.append(f"{address} at {at_s:.3f} s: expected {server or 'nobody'}, {have} had it")
    for instance, servers in expected.state.items():
        for server, state in servers.items():
            is_now = trace.state_at(at_s, server, instance)
            if is_now != state:
                why = trace.why(at_s, server, instance)
                problems.append(f"{instance} on {server} at {at_s:.3f} s: expected {state}; {why}")
    return problems
