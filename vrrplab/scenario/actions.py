"""The actions of a scenario: their keys, read and checked. What they do is in ``sim.actions``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.scenario.cards import ancestors, made_on
from vrrplab.scenario.keys import action_key
from vrrplab.scenario.parts import Segment, Server, TimedAction
from vrrplab.scenario.yaml_nodes import Node
from vrrplab.trace.vocabulary import ACTIONS, Act


def read_action(
    node: Node,
    servers: dict[str, Server],
    segments: dict[str, Segment],
    others: Iterable[str],
    read_config: Callable[[Node, str], NodeConfig],
) -> TimedAction:
    """One entry of ``actions``; ScenarioError with the line and the nearest valid word.

    ``others``: the hosts that are no servers.
    """
    act = ACTIONS[node.need("action").one_of(ACTIONS)]
    kind, needed, optional = act.value, act.needs, act.may
    found = node.only(("at_s", "action", *needed, *optional))
    at_us = node.need("at_s").time_us()
    keys: dict[str, Any] = {}
    server: Server | None = None
    for key in needed:
        node.need(key)
    if "server" in found:
        keys["server"] = found["server"].one_of(servers)
        server = servers[keys["server"]]
        if server.is_frr:
            _refuse_for_frr(node, kind, found)
    for key, value in found.items():
        if key not in ("at_s", "action", "server", "parent", "kind"):
            keys[key] = _value(act, key, value, server, segments, [*servers, *others])
    if kind == Act.SEGMENT_FAULT and len(keys) == 1:
        raise node.error(
            "segment_fault changes nothing", "give loss, latency_s, jitter_s, multicast or between"
        )
    if kind == Act.INTERFACE_ADD and server is not None and {"parent", "kind"} & set(found):
        keys["parent"], keys["kind"] = _made_on(node, server, keys["interface"])
    reloaded = read_config(found["config"], keys["server"]) if kind == Act.RELOAD else None
    if reloaded is not None and "\n" in keys["config"]:
        keys["config"] = reloaded.file  # the text itself would be told in every log
    return TimedAction(at_us, kind, keys, node.line, reloaded)


def _refuse_for_frr(node: Node, kind: str, found: dict[str, Node]) -> None:
    """What only keepalived has is no action for a router that runs FRR."""
    lacks: dict[str, str] = {
        Act.CHECK_FAIL: "vrrp_script",
        Act.CHECK_PASS: "vrrp_script",
        Act.CHECK_HANG: "vrrp_script",
        Act.RELOAD: "keepalived.conf",
        Act.FILE_WRITE: "track_file",
        Act.PROCESS_COUNT: "vrrp_track_process",
        Act.BFD_DOWN: "track_bfd",
        Act.BFD_UP: "track_bfd",
    }
    server = found["server"].text()
    if kind in lacks:
        raise node.error(f"{kind}: {server} runs FRR, which has no {lacks[kind]}", "leave it out")
    if "process" in found and found["process"].text() != "both":
        raise found["process"].error(f"{server} runs FRR: vrrpd is one process", "leave process out")


def _made_on(node: Node, server: Server, card: str) -> tuple[str | list[str], str]:
    """What a new card is made on, as the file has it, and its kind."""
    parents, kind = made_on(card, node, server.interfaces)
    if card in ancestors(parents, server.interfaces):
        raise node.error(f"{card} is made on itself", "a parent is made before its children")
    return list(parents) if parents[1:] else parents[0], kind


def _value(
    act: Act,
    key: str,
    value: Node,
    server: Server | None,
    segments: dict[str, Segment],
    hosts: list[str],
) -> Any:
    if key == "between":
        pairs = [_pair(p, hosts) for p in value.items()]
        if not pairs:
            raise value.error("between names no pair of hosts", "e.g. [[r1, r2]], from r1 to r2")
        return pairs
    kind = action_key(act, key).kind
    if kind.names == "segment":
        return value.one_of(segments)
    if kind.names and server is not None and not (kind.names == "track_file" and "/" in value.text()):
        return value.one_of(names_on(kind.names, server))
    return kind.read(value)


def names_on(thing: str, server: Server) -> Iterable[str]:
    """What these things of a server are called; ``thing`` as the keys of actions have it (``Kind.names``)."""
    node = server.node
    match thing:
        case "interface":
            return server.interfaces
        case "service":
            return server.services
        case "vrrp_script":
            return [script.name for script in node.scripts]
        case "track_file":
            return [file.name for file in node.files]
        case "bfd_instance":
            return [bfd.name for bfd in node.bfds]
    return dict.fromkeys(name for p in node.processes for name in (p.name, p.command[0]))


def _pair(value: Node, hosts: list[str]) -> list[str]:
    ends = value.items()
    if len(ends) != 2:
        raise value.error(f"{value.name} must be a pair [from, to]", "one-way: from the first to the second")
    return [end.one_of(hosts) for end in ends]
