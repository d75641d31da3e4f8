"""A scenario: the network, its servers and clients, and what happens, as one immutable value.

``reader`` makes these from files, ``sim`` brings them to life; here one is changed and written down again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from os.path import dirname, join
from typing import Any

from vrrplab import arguments
from vrrplab.config.model import NodeConfig
from vrrplab.scenario import writer
from vrrplab.scenario.actions import read_action
from vrrplab.scenario.cast import scenario_fields, server_fields, virtual_addresses
from vrrplab.scenario.configs import EDITED, GIVEN, label_without_file, read_config
from vrrplab.scenario.parts import Client, Expectation, Segment, Server, TimedAction
from vrrplab.scenario.yaml_nodes import Node, node_of
from vrrplab.units import Micros, plain_seconds


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    duration_us: Micros
    segments: dict[str, Segment]
    servers: dict[str, Server]
    clients: dict[str, Client] = field(default_factory=dict)
    dns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    actions: tuple[TimedAction, ...] = ()
    expect: tuple[Expectation, ...] = ()
    description: str = ""
    profile: str = "keepalived-2.2.7"
    seed: int = 0
    file: str = ""  # where it was read from; reload files are relative to it

    def virtual_addresses(self) -> list[str]:
        """All virtual addresses of all servers, in order of appearance, no prefix."""
        return virtual_addresses(server.node for server in self.servers.values())

    def changed(self, **changes: Any) -> Scenario:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def with_actions(self, actions: Iterable[dict[str, Any]]) -> Scenario:
        """The same with more actions, each a mapping as in a scenario file (``at_s``, ``action``, …).

        Later ones of the same moment come after those already there. ScenarioError for a wrong one.
        """
        actions = arguments.several(
            actions, "actions", '[{"at_s": 5, "action": "power_off", "server": "r1"}]'
        )
        more = [
            read_action(
                node_of(action, f"actions[{n}]"), self.servers, self.segments, self.clients, self._read_config
            )
            for n, action in enumerate(actions)
        ]
        together = sorted([*self.actions, *more], key=lambda a: a.at_us)
        return replace(self, actions=tuple(together))

    def _read_config(self, place: Node, server: str) -> NodeConfig:
        """The file of a ``reload``; one that is in no file means the very same text again."""
        in_no_file = [label_without_file(server), *(label_without_file(server, w) for w in (EDITED, GIVEN))]
        own = self.servers.get(server)
        if own is not None and own.config == place.text() and own.config in in_no_file:
            return own.node
        return read_config(join(dirname(self.file), place.text()), place, self.profile, False, server)

    def to_yaml(self, *, beside: bool = False) -> str:
        """The scenario as a scenario file.

        It runs from any folder, with the configurations in it; ``beside``: they are to lie beside it, under
        their own names.
        """
        named: writer.Naming = partial(
            writer.config_from_anywhere, folder=dirname(self.file), profile=self.profile
        )
        if beside:
            named = _by_name
        plain: dict[str, Any] = {"name": self.name}
        if self.description:
            plain["description"] = self.description
        plain |= {
            "profile": self.profile,
            "seed": self.seed,
            "duration_s": plain_seconds(self.duration_us),
            "segments": {s.name: writer.plain_segment(s) for s in self.segments.values()},
            "servers": {s.name: writer.plain_server(s, named) for s in self.servers.values()},
        }
        if self.clients:
            plain["clients"] = {c.name: writer.plain_client(c) for c in self.clients.values()}
        if self.dns:
            plain["dns"] = {name: list(addresses) for name, addresses in self.dns.items()}
        plain["actions"] = [writer.plain_action(a, named) for a in self.actions]
        if self.expect:
            plain["expect"] = [writer.plain_expectation(e) for e in self.expect]
        return writer.yaml_text(plain)

    def as_cast(self) -> dict[str, Any]:
        """The fields of a trace's ``scenario`` event (see trace.py)."""
        return scenario_fields(
            self.name,
            self.description,
            "simulation",
            self.profile,
            [server.node for server in self.servers.values()],
            seed=self.seed,
            duration_s=plain_seconds(self.duration_us),
            segments={s.name: {"subnet": s.subnet} for s in self.segments.values()},
            servers={s.name: _server_fields(s) for s in self.servers.values()},
            clients={c.name: _client_fields(c) for c in self.clients.values()},
            dns={name: list(addresses) for name, addresses in self.dns.items()},
        )


def _by_name(path: str, _node: NodeConfig, _server: str) -> str:
    return path


def _server_fields(server: Server) -> dict[str, Any]:
    interfaces = {
        i.name: {"segment": i.segment, "mac": i.mac, "addresses": list(i.addresses)}
        for i in server.interfaces.values()
    }
    services = {s.name: {"port": s.port} for s in server.services.values()}
    return server_fields(server.config, server.node, interfaces, services)


def _client_fields(client: Client) -> dict[str, Any]:
    probes = []
    for p in client.probes:
        shown: dict[str, Any] = {"kind": p.kind, "target": p.target}
        if p.port:
            shown["port"] = p.port
        probes.append({**shown, "every_s": plain_seconds(p.every_us)})
    return {
        "segment": client.segment,
        "mac": client.mac,
        "addresses": list(client.addresses),
        "probes": probes,
    }
