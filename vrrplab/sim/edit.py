"""A scenario with something changed, and a scenario as YAML again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from os.path import dirname
from typing import Any

from vrrplab.sim.action_kinds import read_action
from vrrplab.sim.cast import Expectation, Scenario, Segment, Server
from vrrplab.sim.yaml_nodes import Node
from vrrplab.units import seconds


def with_actions(scenario: Scenario, actions: Iterable[dict[str, Any]]) -> Scenario:
    """The same scenario with more actions, each a mapping as in a scenario file (``at_s``, ``action``, …).

    Later ones of the same moment come after those already there. ScenarioError for a wrong one.
    """
    from vrrplab import given
    from vrrplab.sim.scenario import ReloadReader

    actions = given.several(actions, "actions", '[{"at_s": 5, "action": "power_off", "server": "r1"}]')
    read_config = ReloadReader(dirname(scenario.file), scenario.profile, strict=False)
    more = [
        read_action(
            _node(action, f"actions[{n}]"), scenario.servers, scenario.segments, scenario.clients, read_config
        )
        for n, action in enumerate(actions)
    ]
    together = sorted([*scenario.actions, *more], key=lambda a: a.at_us)
    return replace(scenario, actions=tuple(together))


def _node(value: Any, name: str) -> Node:
    """A plain value as if it had been read from a file."""
    if isinstance(value, dict):
        return Node("action", 0, name, {str(k): _node(v, f"{name}.{k}") for k, v in value.items()})
    if isinstance(value, (list, tuple)):
        return Node("action", 0, name, [_node(v, f"{name}[{i}]") for i, v in enumerate(value)])
    return Node("action", 0, name, value)


def to_yaml(scenario: Scenario) -> str:
    """The scenario as a scenario file; configurations keep the paths they were written with."""
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = None
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = StringIO()
    writer.dump(as_plain(scenario), stream)
    return stream.getvalue()


def as_plain(scenario: Scenario) -> dict[str, Any]:
    """What a scenario file would hold, as plain values."""
    plain: dict[str, Any] = {"name": scenario.name}
    if scenario.description:
        plain["description"] = scenario.description
    plain |= {
        "profile": scenario.profile,
        "seed": scenario.seed,
        "duration_s": _time(scenario.duration_us),
        "segments": {s.name: _segment(s) for s in scenario.segments.values()},
        "servers": {s.name: _server(s) for s in scenario.servers.values()},
    }
    if scenario.clients:
        plain["clients"] = {
            c.name: {
                "segment": c.segment,
                "addresses": list(c.addresses),
                "mac": c.mac,
                "probes": [_probe(p) for p in c.probes],
            }
            for c in scenario.clients.values()
        }
    if scenario.dns:
        plain["dns"] = {name: list(addresses) for name, addresses in scenario.dns.items()}
    plain["actions"] = [a.as_dict() for a in scenario.actions]
    if scenario.expect:
        plain["expect"] = [_expectation(e) for e in scenario.expect]
    return plain


def _time(t_us: int) -> float | int:
    value = seconds(t_us)
    return int(value) if value == int(value) else value


def _segment(segment: Segment) -> dict[str, Any]:
    usual = Segment(segment.name)
    plain: dict[str, Any] = {"subnet": segment.subnet} if segment.subnet else {}
    for key in ("latency", "jitter", "mac_ageing"):
        value = getattr(segment, f"{key}_us")
        if value != getattr(usual, f"{key}_us"):
            plain[f"{key}_s"] = _time(value)
    for key in ("loss", "multicast", "port_security"):
        if getattr(segment, key) != getattr(usual, key):
            plain[key] = getattr(segment, key)
    return plain


def _server(server: Server) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "config": server.config,
        "start_at_s": _time(server.start_at_us),
        "interfaces": {
            i.name: {"segment": i.segment, "addresses": list(i.addresses), "mac": i.mac}
            for i in server.interfaces.values()
        },
    }
    if server.services:
        plain["services"] = {
            s.name: {
                **({"port": s.port} if s.port else {}),
                "listen": list(s.listen),
                "shutdown_s": _time(s.shutdown_us),
            }
            for s in server.services.values()
        }
    if server.checks:
        plain["checks"] = dict(server.checks)
    plain["script_run_s"] = _time(server.script_run_us)
    if server.missing_files:
        plain["missing_files"] = list(server.missing_files)
    return plain


def _probe(probe: Any) -> dict[str, Any]:
    port = {"port": probe.port} if probe.port else {}
    return {
        "kind": probe.kind,
        "target": probe.target,
        **port,
        "every_s": _time(probe.every_us),
        "timeout_s": _time(probe.timeout_us),
    }


def _expectation(expected: Expectation) -> dict[str, Any]:
    if expected.outage_at_most_us is not None:
        return {"outage": {"target": expected.outage_target, "at_most_s": _time(expected.outage_at_most_us)}}
    plain: dict[str, Any] = {"at_s": _time(expected.at_us or 0)}
    if expected.owner:
        plain["owner"] = {a: s or "nobody" for a, s in expected.owner.items()}
    if expected.state:
        plain["state"] = {i: dict(s) for i, s in expected.state.items()}
    return plain
