"""The actions of a scenario: their keys, read and checked. What they do is in ``sim.actions``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.scenario.address_checks import check_address, check_interface_address
from vrrplab.scenario.parts import Client, Segment, Server, TimedAction
from vrrplab.scenario.yaml_nodes import Node
from vrrplab.trace.vocabulary import ACTIONS, Act


def read_action(
    node: Node,
    servers: dict[str, Server],
    segments: dict[str, Segment],
    clients: dict[str, Client],
    read_config: Callable[[Node, str], NodeConfig],
) -> TimedAction:
    """One entry of ``actions``; ScenarioError with the line and the nearest valid word."""
    kind = node.need("action").one_of(ACTIONS)
    needed, optional = ACTIONS[kind].needs, ACTIONS[kind].may
    found = node.only(("at_s", "action", *needed, *optional))
    at_us = node.need("at_s").time_us()
    keys: dict[str, Any] = {}
    server: Server | None = None
    for key in needed:
        node.need(key)
    if "server" in found:
        keys["server"] = found["server"].one_of(servers)
        server = servers[keys["server"]]
    for key, value in found.items():
        if key not in ("at_s", "action", "server"):
            keys[key] = _value(key, value, server, segments, servers, clients)
    if kind == Act.SEGMENT_FAULT and len(keys) == 1:
        raise node.error(
            "segment_fault changes nothing", "give loss, latency_s, jitter_s, multicast or between"
        )
    reloaded = read_config(found["config"], keys["server"]) if kind == Act.RELOAD else None
    if reloaded is not None and "\n" in keys["config"]:
        keys["config"] = reloaded.file  # the text itself would be told in every log
    return TimedAction(at_us, kind, keys, node.line, reloaded)


def _value(
    key: str,
    value: Node,
    server: Server | None,
    segments: dict[str, Segment],
    servers: dict[str, Server],
    clients: dict[str, Client],
) -> Any:
    words = _words(key, server, segments)
    if words is not None:
        return value.one_of(words)
    match key:
        case "address":
            return check_interface_address(value) if "/" in value.text() else check_address(value)
        case "multicast":
            return value.flag()
        case "loss":
            return value.share()
        case "latency_s" | "jitter_s":
            value.time_us()
            return value.number()
        case "between":
            return [_pair(p, [*servers, *clients]) for p in value.items()]
    return value.text()


def _words(key: str, server: Server | None, segments: dict[str, Segment]) -> Iterable[str] | None:
    """What a key may say, where it is one of a few words."""
    words: dict[str, Iterable[str]] = {
        "segment": segments,
        "process": ("both", "parent", "child"),
        "direction": ("in", "out"),
        "protocol": ("vrrp",),
    }
    if server is not None:
        scripts = [s.name for s in server.node.scripts]
        words |= {"interface": server.interfaces, "service": server.services, "script": scripts}
    return words.get(key)


def _pair(value: Node, hosts: list[str]) -> list[str]:
    ends = value.items()
    if len(ends) != 2:
        raise value.error(f"{value.name} must be a pair [from, to]", "one-way: from the first to the second")
    return [end.one_of(hosts) for end in ends]
