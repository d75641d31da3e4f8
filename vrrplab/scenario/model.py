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
from vrrplab.machine.profiles import profile_named
from vrrplab.scenario import writer
from vrrplab.scenario.actions import read_action
from vrrplab.scenario.address_checks import gateway_mac
from vrrplab.scenario.cast import scenario_fields, server_fields, virtual_addresses
from vrrplab.scenario.configs import EDITED, GIVEN, label_without_file, read_config
from vrrplab.scenario.own_rules import Rule, in_words
from vrrplab.scenario.parts import STACKED, Client, Expectation, Gateway, Segment, Server, TimedAction
from vrrplab.scenario.yaml_nodes import Node, node_of
from vrrplab.trace.vocabulary import FINDABLE, Act
from vrrplab.units import Micros, plain_seconds


@dataclass(frozen=True, slots=True)
class Scenario:
    """A network, its servers and clients, and what happens to them; it cannot be changed, only copied with
    changes.

    ``load_scenario`` reads one, ``variant``, ``tune`` and ``changed`` give another, ``simulate`` runs it.
    Times are microseconds; ``file`` is where it was read from, which its reloads are relative to.

    >>> scenario = vrrplab.load_scenario("lesson-two-routers")
    >>> list(scenario.servers), scenario.duration_us
    (['r1', 'r2'], 60000000)
    """

    name: str
    duration_us: Micros
    segments: dict[str, Segment]
    servers: dict[str, Server]
    clients: dict[str, Client] = field(default_factory=dict)
    routers: dict[str, Gateway] = field(default_factory=dict)
    dns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    actions: tuple[TimedAction, ...] = ()
    expect: tuple[Expectation, ...] = ()
    description: str = ""
    profile: str = "keepalived-2.2.7"
    seed: int = 0
    file: str = ""  # where it was read from; reload files are relative to it
    # Functions in place of the profiles' own rules, by the field of Profile: of all its servers.
    rules: dict[str, Rule] = field(default_factory=dict)

    def virtual_addresses(self) -> list[str]:
        """All virtual addresses of all servers, in order of appearance, no prefix."""
        return virtual_addresses(server.node for server in self.servers.values())

    def profile_of(self, server: str) -> str:
        """Whose behaviour the daemon of that server has: its own profile, else the scenario's."""
        own = self.servers.get(server)
        return (own.profile if own else "") or self.profile

    def is_found(self, action: TimedAction) -> bool:
        """Does it happen as the daemon of its server starts, and is what that finds: a file, processes?"""
        server = self.servers.get(action.keys.get("server", ""))
        return server is not None and action.kind in FINDABLE and action.at_us == server.start_at_us

    def added_later(self, server: str) -> list[str]:
        """Its interfaces that are not there from the start: they are added before they are ever deleted."""
        cards = self.servers[server].interfaces
        first: dict[str, bool] = {}
        for action in self.actions:
            if action.kind in (Act.INTERFACE_ADD, Act.INTERFACE_DELETE) and action.keys["server"] == server:
                concerned = {action.keys["interface"]}
                for _ in cards:  # a VLAN and a macvlan come and go with their card
                    concerned |= {
                        c.name for c in cards.values() if c.kind in STACKED and c.parents[0] in concerned
                    }
                for name in concerned:
                    first.setdefault(name, action.kind == Act.INTERFACE_ADD)
        return [name for name in cards if first.get(name)]

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
                node_of(action, f"actions[{n}]"),
                self.servers,
                self.segments,
                [*self.clients, *self.routers],
                self._read_config,
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
        return read_config(
            join(dirname(self.file), place.text()), place, self.profile_of(server), False, server
        )

    def to_yaml(self, *, beside: bool = False) -> str:
        """The scenario as a scenario file.

        It runs from any folder, with the configurations in it; ``beside``: they are to lie beside it, under
        their own names.
        """
        if beside:
            return written(self, _by_name)
        return written(
            self, partial(writer.config_from_anywhere, folder=dirname(self.file), profile_of=self.profile_of)
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a notebook: its file, with the configurations named."""
        printer.text(self.to_yaml(beside=True).rstrip("\n"))

    def as_cast(self) -> dict[str, Any]:
        """The fields of a trace's ``scenario`` event (see trace.py)."""
        routers: dict[str, Any] = {}
        if self.routers:
            routers["routers"] = {r.name: _router_fields(r, n) for n, r in enumerate(self.routers.values())}
        cast = scenario_fields(
            self.name,
            self.description,
            "simulation",
            self.profile,
            [server.node for server in self.servers.values()],
            seed=self.seed,
            duration_s=plain_seconds(self.duration_us),
            segments={s.name: {"subnet": s.subnet} for s in self.segments.values()},
            servers={s.name: _server_fields(s, self.profile_of(s.name)) for s in self.servers.values()},
            clients={c.name: _client_fields(c) for c in self.clients.values()},
            dns={name: list(addresses) for name, addresses in self.dns.items()},
            **routers,
        )
        if self.rules:
            cast["profiles"] = f"{cast.get('profiles', self.profile)} with {in_words(self.rules)}"
        return cast


def written(scenario: Scenario, named: writer.Naming) -> str:
    """A scenario as a file. ``named``: what it says of each configuration."""
    plain: dict[str, Any] = {"name": scenario.name}
    if scenario.description:
        plain["description"] = scenario.description
    plain |= {
        "profile": scenario.profile,
        "seed": scenario.seed,
        "duration_s": plain_seconds(scenario.duration_us),
        "segments": {s.name: writer.plain_segment(s) for s in scenario.segments.values()},
        "servers": {s.name: writer.plain_server(s, named) for s in scenario.servers.values()},
    }
    if scenario.routers:
        plain["routers"] = {r.name: writer.plain_router(r) for r in scenario.routers.values()}
    if scenario.clients:
        plain["clients"] = {c.name: writer.plain_client(c) for c in scenario.clients.values()}
    if scenario.dns:
        plain["dns"] = {name: list(addresses) for name, addresses in scenario.dns.items()}
    plain["actions"] = [writer.plain_action(a, named) for a in scenario.actions]
    if scenario.expect:
        plain["expect"] = [writer.plain_expectation(e) for e in scenario.expect]
    said = f"# {in_words(scenario.rules)}: a function is in no file, so this runs by the profile's own rule\n"
    return (said if scenario.rules else "") + writer.yaml_text(plain)


def _by_name(path: str, _node: NodeConfig, _server: str) -> str:
    return path


def _server_fields(server: Server, profile: str) -> dict[str, Any]:
    interfaces = {
        i.name: {"segment": i.segment, "mac": i.mac, "addresses": list(i.addresses)}
        for i in server.interfaces.values()
    }
    services = {s.name: {"port": s.port, "listen": list(s.listen)} for s in server.services.values()}
    fields = server_fields(server.config, server.node, interfaces, services, server.profile)
    if not profile_named(profile).accept_mode:
        for instance in server.node.instances:
            if not instance.address_owner:
                fields["instances"][instance.name].setdefault("refuses_by", "Accept_Mode False")
    return fields


def _router_fields(router: Gateway, index: int) -> dict[str, Any]:
    interfaces = {
        segment: {"segment": segment, "mac": gateway_mac(number, index), "addresses": list(addresses)}
        for number, (segment, addresses) in enumerate(router.interfaces.items())
    }
    return {"interfaces": interfaces, "latency_s": plain_seconds(router.latency_us)}


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
