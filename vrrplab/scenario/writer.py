"""A scenario with something changed, and a scenario as YAML again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from os.path import abspath, dirname, join
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.errors import ConfigError, VrrplabError
from vrrplab.scenario.actions import read_action
from vrrplab.scenario.model import Expectation, Scenario, Segment, Server, TimedAction
from vrrplab.scenario.yaml_nodes import Node
from vrrplab.units import seconds

# why a configuration is in no file: Python changed it, or was given its text
EDITED, GIVEN = "edited", "given as text"


def with_actions(scenario: Scenario, actions: Iterable[dict[str, Any]]) -> Scenario:
    """The same scenario with more actions, each a mapping as in a scenario file (``at_s``, ``action``, …).

    Later ones of the same moment come after those already there. ScenarioError for a wrong one.
    """
    from vrrplab import arguments
    from vrrplab.scenario.reader import ReloadReader, label_without_file

    actions = arguments.several(actions, "actions", '[{"at_s": 5, "action": "power_off", "server": "r1"}]')
    read_file = ReloadReader(dirname(scenario.file), scenario.profile, strict=False)

    def read_config(place: Node, server: str) -> NodeConfig:
        own = scenario.servers.get(server)
        in_no_file = {
            label_without_file(server),
            label_without_file(server, EDITED),
            label_without_file(server, GIVEN),
        }
        if own is not None and own.config == place.text() and own.config in in_no_file:
            return own.node
        return read_file(place, server)

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
    """The scenario as a scenario file that runs from any folder: see ``_config``."""
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        """Of our own, because what it learns is kept in its class."""

    tag = "tag:yaml.org,2002:str"
    Representer.add_representer(_Lines, lambda r, text: r.represent_scalar(tag, text, style="|"))
    writer = YAML(typ="safe", pure=True)
    writer.Representer = Representer
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
        "servers": {s.name: _server(s, scenario) for s in scenario.servers.values()},
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
    plain["actions"] = [_action(a, scenario) for a in scenario.actions]
    if scenario.expect:
        plain["expect"] = [_expectation(e) for e in scenario.expect]
    return plain


class _Lines(str):
    """A text that is written line by line; YAML takes only printable ones so."""


def _config(path: str, node: NodeConfig, server: str, scenario: Scenario) -> str:
    """A configuration as a scenario names it: the path of one that comes with vrrplab, else its text.

    One that includes other files is named by its place on this machine. VrrplabError: it was changed in
    Python, and no text says so (``tune``; ``variant`` of one with includes).
    """
    from vrrplab.scenario.reader import shipped

    found = shipped(path)
    if found is not None:
        with open(found, encoding="utf-8") as file:
            if node.text == file.read():
                return path
    if node.text is not None:
        lines = node.text.encode("utf-8", "replace").decode().removesuffix("\n").split("\n")
        text = "".join(f"{_trimmed(line)}\n" for line in lines)
        return _Lines(text) if text.replace("\n", "").replace("\t", "").isprintable() else text
    place = join(dirname(scenario.file), path)
    if not file_matches(place, node, server, scenario.profile):
        raise VrrplabError(
            f"the configuration of {server} was changed, and no keepalived.conf says so: it cannot be"
            " written as a file - change the file itself, or what it includes"
        )
    return abspath(place)


def _trimmed(line: str) -> str:
    """Without blanks at its end, which YAML's block form does not take; behind a \\ they have a meaning."""
    short = line.rstrip(" \t\r")
    return line if short.endswith("\\") else short


def file_matches(path: str, node: NodeConfig, server: str, profile: str) -> bool:
    """Does the file at ``path`` say what ``node`` holds, or was that changed in Python?"""
    from vrrplab.config.reader import parse_config
    from vrrplab.machine.profiles import PROFILES

    try:
        read = parse_config(path, host_id=server, daemon=PROFILES[profile].wording)
    except ConfigError:
        return False
    return (read.scripts, read.instances) == (node.scripts, node.instances)


def _action(action: TimedAction, scenario: Scenario) -> dict[str, Any]:
    plain = action.as_dict()
    if action.node is not None:
        plain["config"] = _config(plain["config"], action.node, plain["server"], scenario)
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


def _server(server: Server, scenario: Scenario) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "config": server.config
        if server.refusal
        else _config(server.config, server.node, server.name, scenario),
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
