"""A scenario brought to life: servers, switches and their routers wired up, and what happens written down."""

from __future__ import annotations

import re
from collections.abc import Callable

from vrrplab.drive.journal import Journal
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Probe, Server
from vrrplab.sim.host import Host
from vrrplab.sim.rng import Chance
from vrrplab.sim.router import Router
from vrrplab.sim.scheduler import ACTION, TIMER, Scheduler
from vrrplab.sim.services import RunningService
from vrrplab.sim.split_brain_warning import SplitBrainWarning
from vrrplab.sim.switch import Port, Switch
from vrrplab.trace.events import MacLearnedEvent, ServiceEvent, TraceEvent
from vrrplab.units import Micros

Frame = tuple[Micros, str, bytes]  # when, on which segment, the bytes


class Box:
    """A server: its host, its keepalived, its services, and checks whose outcome is forced."""

    def __init__(self, server: Server, host: Host, services: dict[str, RunningService]) -> None:
        self.server = server
        self.host = host
        self.services = services
        self.router: Router
        self.forced: dict[str, int | None] = {}  # script -> exit code, None: never ends

    def run_check(self, script: str) -> int | None:
        """The exit code of a check now: forced, or 0 if the service it follows is well.

        Well is a service that has a process, and, if the check asks at its port, one that takes clients.
        """
        if script in self.forced:
            return self.forced[script]
        words = " ".join(next((s.command for s in self.router.node.scripts if s.name == script), ()))
        name = self.server.checks.get(script) or self._followed(words)
        if name is None:
            return 0
        running = self.services[name]
        well = running.accepting if self._asks(words, name) else running.up
        return 0 if well else 1

    def _followed(self, words: str) -> str | None:
        """Contract: by default a script whose command names a service, or its port, follows it."""
        named = (name for name in self.services if name in words)
        return next(named, next((name for name in self.services if self._asks(words, name)), None))

    def _asks(self, words: str, service: str) -> bool:
        """Does the command name the service's port, as a request for a page does?"""
        port = self.services[service].service.port
        return port > 0 and re.search(rf"(?<![\d.]){port}(?![\d.])", words) is not None


class World:
    """The network of one run, before anything has happened in it; ``play`` runs it."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        frames: bool = False,
        profile: Profile | None = None,
        capture: bool = False,
    ) -> None:
        self.scenario = scenario
        self.scheduler = Scheduler()
        self.version = 0
        self.sleepers: list[Callable[[], None]] = []
        self.captured: list[Frame] = []
        self.events: list[TraceEvent] = []
        self._refusals: set[tuple[str, str]] = set()  # told already: server, address
        self._chance = Chance(scenario.seed)
        self._profile = profile or profile_named(scenario.profile)
        self._frames = frames
        self._split_brain = SplitBrainWarning(self.scheduler, self.events.append)
        self.hosts: dict[Port, Host] = {}  # servers and clients, by each of their interfaces
        self.switches = {s.name: self._switch(s.name, capture) for s in scenario.segments.values()}
        self.boxes = {s.name: self._box(s) for s in scenario.servers.values()}

    # -- building ------------------------------------------------------------------------------------

    def _switch(self, name: str, capture: bool) -> Switch:
        def learned(segment: str, mac: str, port: str | None) -> None:
            self.write(MacLearnedEvent(self.scheduler.now, segment=segment, mac=mac, port=port))

        switch = Switch(self.scenario.segments[name], self.scheduler, self._chance, self.changed, learned)
        if capture:
            switch.capture = lambda t_us, segment, data: self.captured.append((t_us, segment, data))
        return switch

    def _box(self, server: Server) -> Box:
        host = Host(server.name, self.scheduler, self.changed, server.promote_secondaries)
        for interface in server.interfaces.values():
            nic = host.add_nic(
                interface.name, interface.mac, self.switches[interface.segment], interface.addresses
            )
            if any(i.family == 6 and i.interface == interface.name for i in server.node.instances):
                nic.wants_link_local = True
                host.configure(nic)
        for interface in server.interfaces.values():
            host.nics[interface.name].parents = [host.nics[parent] for parent in interface.parents]
        self.hosts |= dict.fromkeys(host.nics.values(), host)
        services = {s.name: RunningService(s, host) for s in server.services.values()}
        box = Box(server, host, services)
        journal = Journal(server.name, self.write, self._frames)
        box.router = Router(
            server, host, self._profile, self.scheduler, journal, box.run_check, self._notify_of(box)
        )
        for instance in server.node.instances:
            found = server.interfaces.get(instance.interface)
            segment = found.segment if found else ""
            key = (segment, instance.vrid, instance.family)
            self._split_brain.introduce(server.name, instance.name, key, instance.advert_interval_us)
        self.scheduler.at(server.start_at_us, ACTION, box.router.start)
        return box

    def _notify_of(self, box: Box) -> Callable[[tuple[str, ...]], None]:
        def run(command: tuple[str, ...]) -> None:
            # a notify script that names a service and says what to do with it does that (article: A16)
            words = " ".join(command).replace("/", " ").replace("-", " ").split()
            for name in box.services:
                for verb in ("restart", "reload", "reconfigure", "start", "stop"):
                    if name in words and verb in words:
                        self.change_service(box, name, verb)
                        return

        return run

    # -- while it runs -------------------------------------------------------------------------------

    def change_service(self, box: Box, name: str, what: str) -> None:
        """start, stop, kill, restart or reload a service."""
        service = box.services[name]
        match what:
            case "start" | "restart" | "reload" | "reconfigure":
                service.start()
            case "stop":
                if service.up:
                    turn = service.stop()
                    delay_us = service.service.shutdown_us
                    if delay_us:
                        self.scheduler.after(delay_us, TIMER, self._end_service, box, name, turn)
                    else:
                        service.end(turn)
            case "kill":
                service.kill()
        self.note_service(box, name)

    def _end_service(self, box: Box, name: str, turn: int) -> None:
        if box.services[name].end(turn):
            self.note_service(box, name)

    def note_service(self, box: Box, name: str) -> None:
        """Write down how a service is now."""
        service, now = box.services[name], self.scheduler.now
        state = ServiceEvent(now, box.host.name, service=name, up=service.up, accepting=service.accepting)
        self.write(state)

    def changed(self) -> None:
        """Something that client traffic depends on may be different now."""
        self.version += 1
        if self.sleepers:
            woken, self.sleepers = self.sleepers, []
            for wake in woken:
                wake()

    def write(self, event: TraceEvent) -> None:
        self._split_brain.see(event)
        self.events.append(event)

    def answers(self, asked: Port, target: str, probe: Probe) -> bool:
        """Would the host with that interface answer a probe to that address?"""
        host = self.hosts[asked]
        if not host.powered or not host.has(target):
            return False
        if target in host.refused:
            self._tell_refusal(host.name, target)
            return False
        if probe.kind == "icmp":
            return True
        box = self.boxes.get(host.name)
        return box is not None and any(s.takes(target, probe.port) for s in box.services.values())

    def _tell_refusal(self, server: str, target: str) -> None:
        """A client meets a virtual address whose packets are dropped: say once which option does that."""
        router = self.boxes[server].router
        config = next(
            (i for i in router.node.instances if any(a.address == target for a in i.virtual_addresses)), None
        )
        if config is None or config.accept or (server, target) in self._refusals:
            return
        self._refusals.add((server, target))
        option = "vrrp_strict" if config.strict else "no_accept"
        text = f"{option} on {server}: what clients send to {target} is dropped there, so none gets an answer"
        router.journal.warn(self.scheduler.now, text, config.name)
