"""The same failures in the simulator, at several phases of adverts and checks, beside the closed form.

What a check looks at is made a service that dies, so that the simulator's clients are without it as long as
the address stays with the node where it is dead. Outages are what the trace says of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vrrplab.forecast.closed_form import ClosedForm, Phases
from vrrplab.forecast.failures import PROCESS, RETURN, SCRIPT, Failure, tracked_names
from vrrplab.forecast.outcomes import Fate
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Probe, Server, Service
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertSentEvent, ScriptEvent
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US, Micros, seconds

EVERY_US: Micros = 10_000  # how often clients ask
_FIRST_PORT = 60_001


class Simulated:
    """The simulator's side of a closed form. ``phases``: how many moments of failure are tried."""

    def __init__(self, closed: ClosedForm, phases: int = 5) -> None:
        self._closed = closed
        self._ports = _ports(closed.scenario)
        self._scenario = with_services(closed.scenario, self._ports)
        self._phases = phases

    @property
    def addresses(self) -> list[str]:
        """The virtual addresses that somebody asks."""
        probes = (probe for client in self._scenario.clients.values() for probe in client.probes)
        return list(dict.fromkeys(probe.target for probe in probes))

    def runs(
        self, failures: tuple[Failure, ...], lasts_us: Micros, phases: int = 0
    ) -> Iterator[tuple[Trace, Micros, Phases]]:
        """A run for each phase: its trace, when it failed, and the phases that it had then.

        ``lasts_us``: how long something may go on after the failure; ``phases``: another number of them.
        """
        for at_us, back_us in self._moments(failures, lasts_us, phases or self._phases):
            scenario = self._asking(failures)
            fails_us = back_us or at_us
            actions = [
                action
                for failure in failures
                for action in (
                    [*failure.before.actions(seconds(at_us)), *failure.actions(seconds(fails_us))]
                    if failure.kind == RETURN
                    else [*failure.actions(seconds(fails_us)), *_death(failure, seconds(fails_us))]
                )
            ]
            ends_us = fails_us + lasts_us + 2 * SECOND_US
            trace = run(scenario.changed(duration_us=ends_us, actions=()).with_actions(actions))
            yield trace, fails_us, self._phases_of(trace, at_us)

    def fate(self, trace: Trace, address: str, failures: tuple[Failure, ...], at_us: Micros) -> Fate:
        """What became of an address in a run."""
        kind = "http" if any(self._closed.carries(f, address) for f in failures) else "icmp"
        out_us: Micros | None = 0
        for outage in trace.disturbances(address):
            if outage.kind != kind or (outage.to_us is not None and outage.to_us <= at_us):
                continue
            if outage.to_us is None:
                out_us = None
            elif out_us is not None:
                out_us = max(out_us, outage.to_us - max(outage.from_us, at_us))
        holders = trace.owners(address, seconds(trace.end_us))
        spans = trace.holders(address)
        moved_us = spans[-1].from_us - at_us if spans[-1].from_us > at_us else None
        split_us = next((s.from_us - at_us for s in spans if s.from_us > at_us and len(s.servers) > 1), None)
        return Fate(holders, out_us, split_us if len(holders) > 1 else None, moved_us)

    def _moments(
        self, failures: tuple[Failure, ...], lasts_us: Micros, phases: int
    ) -> Iterator[tuple[Micros, Micros]]:
        """When it fails; and when it returns, 0 if it does not."""
        interval_us = max(
            (s.config.advert_interval_us for s in self._closed.before.seats if s.state == "MASTER"),
            default=SECOND_US,
        )
        for failure in failures:
            if failure.kind == SCRIPT:
                node = self._scenario.servers[failure.node].node
                interval_us = max(interval_us, node.script(failure.thing).interval_us)
        begin_us = self._closed.settled_us + SECOND_US + interval_us
        for number in range(phases):
            at_us = begin_us + interval_us * (2 * number + 1) // (2 * phases) + 37_000
            returns = any(f.kind == RETURN for f in failures)
            yield at_us, at_us + lasts_us if returns else 0

    def _asking(self, failures: tuple[Failure, ...]) -> Scenario:
        """Clients that ask what matters: the service that fails, or just for an answer."""
        things = [f.thing for f in failures if f.kind in (SCRIPT, PROCESS)]
        return asking(self._scenario, [self._ports[thing] for thing in things], EVERY_US)

    def _phases_of(self, trace: Trace, at_us: Micros) -> Phases:
        """How long ago each MASTER spoke, and each script was run, at a moment of a run."""
        found: dict[tuple[str, str], Micros] = {}
        for event in trace:
            if event.t_us > at_us:
                break
            if isinstance(event, AdvertSentEvent):
                found[event.server, event.instance] = at_us - event.t_us
            elif isinstance(event, ScriptEvent):
                server = self._scenario.servers[event.server]
                interval_us = server.node.script(event.script).interval_us
                ago_us = at_us - event.t_us + server.script_run_us
                found[event.server, f"script {event.script}"] = ago_us % interval_us
        return found


def _death(failure: Failure, at_s: float) -> list[dict[str, Any]]:
    """A process that ends serves nobody either."""
    if failure.kind != PROCESS:
        return []
    kill = {"action": Act.SERVICE_KILL.value, "server": failure.node, "service": failure.thing}
    return [{"at_s": at_s, **kill}]


def _ports(scenario: Scenario) -> dict[str, int]:
    """A port for each thing that some node checks, whatever node it is on."""
    names = dict.fromkeys(
        name
        for server in scenario.servers.values()
        for kind in ("track_scripts", "track_processes")
        for name in tracked_names(server.node, kind)
    )
    return {name: _FIRST_PORT + number for number, name in enumerate(names)}


def asking(scenario: Scenario, ports: Sequence[int], every_us: Micros) -> Scenario:
    """Its clients ask so often, and at these ports of the addresses besides."""
    clients: dict[str, Client] = {}
    for client in scenario.clients.values():
        probes: list[Probe] = []
        for probe in client.probes:
            probes.append(replace(probe, every_us=every_us))
            probes += [Probe("http", probe.target, every_us, port, 500_000) for port in ports]
        clients[client.name] = replace(client, probes=tuple(probes))
    return scenario.changed(clients=clients)


def with_services(scenario: Scenario, ports: dict[str, int]) -> Scenario:
    """Everything that somebody checks, each with a port, runs on every node: where nobody checks it, too."""
    services = {name: Service(name, port) for name, port in ports.items()}

    def serving(server: Server) -> Server:
        checks = {s.name: s.name for s in server.node.scripts if s.name in ports}
        return replace(server, services=services, checks=checks)

    return scenario.changed(servers={name: serving(s) for name, s in scenario.servers.items()})
