"""What a check looks at, where no file says it: a service that is called as the check, and asked by clients.

A check fails because something is dead, and that is what clients miss. Forecasts, ``--fail`` and the runs
that show a rule's damage all let that die, so that all tell the same outage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Probe, Server, Service
from vrrplab.units import Micros

_FIRST_PORT = 60_001  # of what the first check looks at; the next one has the next


def ports_of(names: Iterable[str]) -> dict[str, int]:
    """A port for each thing that is checked."""
    return {name: _FIRST_PORT + number for number, name in enumerate(dict.fromkeys(names))}


def asking(scenario: Scenario, ports: Sequence[int], every_us: Micros | None = None) -> Scenario:
    """Its clients ask so often (None: as often as they do), and at these ports of the addresses besides."""
    clients: dict[str, Client] = {}
    for client in scenario.clients.values():
        probes: list[Probe] = []
        for probe in client.probes:
            often_us = every_us or probe.every_us
            probes.append(replace(probe, every_us=often_us))
            probes += [Probe("http", probe.target, often_us, port, 500_000) for port in ports]
        clients[client.name] = replace(client, probes=tuple(probes))
    return scenario.changed(clients=clients)


def with_services(scenario: Scenario, ports: Mapping[str, int]) -> Scenario:
    """Everything that somebody checks, each with a port, runs on every node: where nobody checks it, too."""
    services = {name: Service(name, port) for name, port in ports.items()}

    def serving(server: Server) -> Server:
        checks = {s.name: s.name for s in server.node.scripts if s.name in ports}
        return replace(server, services=services, checks=checks)

    return scenario.changed(servers={name: serving(s) for name, s in scenario.servers.items()})
