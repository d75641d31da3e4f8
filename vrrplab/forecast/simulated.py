"""The same failures in the simulator, at several phases of adverts and checks, beside the closed form.

What a check looks at is made a service that dies, so that the simulator's clients are without it as long as
the address stays with the node where it is dead. Outages are what the trace says of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vrrplab.config.model import VirtualAddress
from vrrplab.forecast.alike import alike_addresses
from vrrplab.forecast.closed_form import ClosedForm, Key, Phases, began_so
from vrrplab.forecast.failures import PROCESS, RETURN, SCRIPT, Failure, tracked_names
from vrrplab.forecast.outcomes import Fate, moved_us
from vrrplab.scenario.address_checks import default_mac
from vrrplab.scenario.behind_checks import asking, ports_of, with_services
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Probe, Server
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, AdvertSentEvent, ScriptEvent, StateEvent
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US, Micros, seconds
from vrrplab.wire.addresses import is_link_local, link_local

EVERY_US: Micros = 10_000  # how often clients ask
_MOST_SEEDS = 20  # tried for a run that begins as the closed form has it


class Simulated:
    """The simulator's side of a closed form. ``phases``: how many moments of failure are tried.

    ``whole``: every address is simulated, also where several must fare alike, and the files stay as they
    are: for the real daemon.
    """

    def __init__(self, closed: ClosedForm, phases: int = 5, *, whole: bool = False) -> None:
        self._closed = closed
        self._ports = _ports(closed.scenario)
        fewer, self._like = (closed.scenario, {}) if whole else one_of_each(closed.scenario)
        self._scenario = with_services(fewer if whole else with_link_local_asked(fewer), self._ports)
        self._phases = phases
        self._seed = self._scenario.seed

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
        for scenario, at_us, fails_us in self.scenarios(failures, lasts_us, phases):
            yield self._as_it_began(scenario, at_us, fails_us)

    def scenarios(
        self, failures: tuple[Failure, ...], lasts_us: Micros, phases: int = 0
    ) -> Iterator[tuple[Scenario, Micros, Micros]]:
        """What is run for each phase, when all is still well there, and when it fails."""
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
            yield scenario.changed(duration_us=ends_us, actions=()).with_actions(actions), at_us, fails_us

    def _as_it_began(
        self, scenario: Scenario, at_us: Micros, fails_us: Micros
    ) -> tuple[Trace, Micros, Phases]:
        """A run in which tosses before the failure fell as in the closed form, if a few seeds have one."""
        first = None
        for seed in range(self._seed, self._seed + _MOST_SEEDS):
            trace = run(scenario.changed(seed=seed))
            phases = self._phases_of(trace, at_us, fails_us - at_us)
            first = first or (trace, fails_us, phases)
            if not self._closed.tossed or began_so(self._closed.before, phases):
                self._seed = seed
                return trace, fails_us, phases
        assert first is not None
        return first

    def fate(self, trace: Trace, address: str, failures: tuple[Failure, ...], at_us: Micros) -> Fate:
        """What became of an address in a run."""
        address = self._like.get(address, address)
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
        split_us = next((s.from_us - at_us for s in spans if s.from_us > at_us and len(s.servers) > 1), None)
        moved = moved_us([(span.from_us, span.servers) for span in spans], at_us)
        return Fate(holders, out_us, split_us if len(holders) > 1 else None, moved)

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

    def _phases_of(self, trace: Trace, at_us: Micros, away_us: Micros) -> Phases:
        """How long ago each MASTER spoke, and each script was run, at a moment of a run."""
        spoke: dict[Key, Micros] = {}
        runs: dict[Key, Micros] = {}
        for event in trace:
            if event.t_us > at_us or (event.t_us == at_us and isinstance(event, ActionEvent)):
                break
            if isinstance(event, StateEvent):
                if event.to == "MASTER":
                    spoke[event.server, event.instance] = at_us - event.t_us
                else:
                    spoke.pop((event.server, event.instance), None)
            elif isinstance(event, AdvertSentEvent):
                if (event.server, event.instance) in spoke:
                    spoke[event.server, event.instance] = at_us - event.t_us
            elif isinstance(event, ScriptEvent):
                server = self._scenario.servers[event.server]
                interval_us = server.node.script(event.script).interval_us
                ago_us = at_us - event.t_us + server.script_run_us
                runs[event.server, f"script {event.script}"] = ago_us % interval_us
        return Phases(spoke, runs, self._waits_at(at_us), away_us=away_us)

    def _waits_at(self, at_us: Micros) -> dict[Key, Micros]:
        """What timers have left that end in vain again and again, from when the closed form was at rest."""
        before = self._closed.before
        return {
            (seat.node, seat.config.name): ((seat.expires_us or 0) - at_us) % seat.down_us
            for seat in before.seats
            if before.waits_in_vain(seat)
        }


def one_of_each(scenario: Scenario) -> tuple[Scenario, dict[str, str]]:
    """The scenario with one address for all that must fare alike, and for each that is left out that one.

    A run with 200 of them takes as long for each as for the first, and tells no more.
    """
    like = alike_addresses(scenario)
    if not like:
        return scenario, {}

    def kept(listed: Sequence[VirtualAddress]) -> tuple[VirtualAddress, ...]:
        return tuple(one for one in listed if one.address not in like)

    def thinned(server: Server) -> Server:
        instances = tuple(
            replace(
                instance,
                virtual_addresses=kept(instance.virtual_addresses),
                excluded_addresses=kept(instance.excluded_addresses),
            )
            for instance in server.node.instances
        )
        return replace(server, node=replace(server.node, instances=instances, text=None))

    clients = {
        name: replace(client, probes=tuple(p for p in client.probes if p.target not in like))
        for name, client in scenario.clients.items()
    }
    servers = {name: thinned(server) for name, server in scenario.servers.items()}
    return scenario.changed(servers=servers, clients=clients), like


def with_link_local_asked(scenario: Scenario) -> Scenario:
    """The scenario with somebody who asks for each link-local virtual address too, on its network.

    Scenarios made from files ask for none, as other networks may have the same one; how long it is away is
    to be known all the same, as hosts have just that address as their router.
    """
    asked = {probe.target for client in scenario.clients.values() for probe in client.probes}
    missing: dict[str, dict[str, None]] = {}
    for server in scenario.servers.values():
        for instance in server.node.instances:
            for one in instance.virtual_addresses:
                card = server.interfaces.get(one.interface)
                if card and ":" in one.address and is_link_local(one.address) and one.address not in asked:
                    missing.setdefault(card.segment, {})[one.address] = None
    clients = dict(scenario.clients)
    for number, (segment, targets) in enumerate(missing.items()):
        probes = tuple(Probe("icmp", target, EVERY_US) for target in targets)
        there = next((client for client in clients.values() if client.segment == segment), None)
        if there is None:
            names = (f"asks-{count}" for count in range(len(scenario.servers) + len(clients) + 1))
            name = next(n for n in names if n not in clients and n not in scenario.servers)
            mac = default_mac(0xC1, number)
            there = Client(name, segment, (f"{link_local(mac)}/64",), mac, ())
        clients[there.name] = replace(there, probes=(*there.probes, *probes))
    return scenario.changed(clients=clients)


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
    return ports_of(names)
