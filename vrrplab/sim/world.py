"""A scenario brought to life: servers, switches and their routers wired up, and what happens written down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from vrrplab.config.model import InstanceConfig
from vrrplab.drive.journal import Journal
from vrrplab.errors import VrrplabError
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
from vrrplab.sim.toss import Toss
from vrrplab.trace.events import MacLearnedEvent, NeighbourEvent, ServiceEvent, TraceEvent
from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.sim.gateway import GatewayHost

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

        For a command that needs a shell and has none it is always the same, whatever a scenario says.
        Well is a service that has a process, and, if the check asks at its port, one that takes clients.
        """
        if script in self.forced:
            return self.forced[script]
        config = next((s for s in self.router.node.scripts if s.name == script), None)
        if config is not None and config.always_exits is not None:
            return config.always_exits
        words = " ".join(config.command) if config else ""
        name = self.server.followed(script, words)
        if not name:
            return 0
        running = self.services[name]
        well = running.accepting if self.server.asks_at_port(words, name) else running.up
        return 0 if well else 1


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
        self._filtered: set[tuple[str, str, str]] = set()  # by rp_filter now: server, address, client's
        self._chance = Chance(scenario.seed)
        self._profile = profile or profile_named(scenario.profile)  # of servers without one of their own
        others = [s.name for s in scenario.servers.values() if not s.is_frr]
        if profile is None and self._profile.is_frr and others:
            text = f"{others[0]} has a keepalived.conf, and profile {self._profile.name} is FRR's"
            raise VrrplabError(f"{text} - FRR runs what stands under frr: in a scenario")
        self._frames = frames
        self._split_brain = SplitBrainWarning(self.scheduler, self.events.append)
        self._toss = Toss(self.scheduler, self._chance, self.events.append, self._meeting_place)
        self.hosts: dict[Port, Host] = {}  # servers and clients, by each of their interfaces
        self.switches = {s.name: self._switch(s.name, capture) for s in scenario.segments.values()}
        self.gateways = self._gateways() if scenario.routers else []
        self.boxes = {s.name: self._box(s) for s in scenario.servers.values()}
        for box in self.boxes.values():
            self.scheduler.at(self._toss.turn_to_start(box.router), ACTION, box.router.start)

    # -- building ------------------------------------------------------------------------------------

    def _switch(self, name: str, capture: bool) -> Switch:
        def learned(segment: str, mac: str, port: str | None) -> None:
            self.write(MacLearnedEvent(self.scheduler.now, segment=segment, mac=mac, port=port))

        switch = Switch(self.scenario.segments[name], self.scheduler, self._chance, self.changed, learned)
        if capture:
            switch.capture = lambda t_us, segment, data: self.captured.append((t_us, segment, data))
        return switch

    def _box(self, server: Server) -> Box:
        host = Host(
            server.name,
            self.scheduler,
            self.changed,
            server.promote_secondaries,
            server.rp_filter,
            self._chance,
        )
        self.lead_out(host)
        for interface in server.interfaces.values():
            nic = host.add_nic(
                interface.name, interface.mac, self.switches[interface.segment], interface.addresses
            )
            if any(i.family == 6 and i.interface == interface.name for i in server.node.instances):
                nic.wants_link_local = True
                host.configure(nic)
        for interface in server.interfaces.values():
            parents = [host.nics[parent] for parent in interface.parents]
            host.nics[interface.name].make_on(parents, interface.kind)
        for name in self.scenario.added_later(server.name):
            nic = host.nics[name]
            nic.exists = nic.from_start = nic.admin_up = False
            host.configure(nic)
        self.hosts |= dict.fromkeys(host.nics.values(), host)
        if server.is_frr:
            ours = (a.address for i in server.node.instances for a in i.virtual_addresses)
            host.idle = frozenset(a for a in ours if ":" not in a)
        services = {s.name: RunningService(s, host) for s in server.services.values()}
        box = Box(server, host, services)
        journal = Journal(server.name, self.write, self._frames)
        profile = profile_named(server.profile) if server.profile else self._profile
        box.router = Router(
            server,
            host,
            profile,
            self.scheduler,
            journal,
            box.run_check,
            self._notify_of(box),
            self._toss,
        )
        for instance in server.node.instances:
            key = (self._meeting_place(server, instance), instance.vrid, instance.family)
            self._split_brain.introduce(server.name, instance.name, key, instance.advert_interval_us)
        return box

    def _gateways(self) -> list[GatewayHost]:
        from vrrplab.sim.gateway import GatewayHost

        made = []
        for place, gateway in enumerate(self.scenario.routers.values()):
            host = GatewayHost(gateway, place, self.scheduler, self.changed, self.switches)
            self.hosts |= dict.fromkeys(host.nics.values(), host)
            host.neighbors.on_change = partial(self.note_neighbour, host.name)
            made.append(host)
        return made

    def lead_out(self, host: Host) -> None:
        """A host learns its routers: the default route of each network is the router that is there."""
        if self.gateways:
            from vrrplab.sim.gateway import next_hop

            host.next_hop = partial(next_hop, self.gateways)

    def note_neighbour(self, who: str, ip: str, mac: str | None) -> None:
        """Write down what a client, or a router, now thinks where an address is."""
        self.write(NeighbourEvent(self.scheduler.now, client=who, ip=ip, mac=mac))

    def _meeting_place(self, server: Server, instance: InstanceConfig) -> str:
        """The segments in which the routers of its VRID are: its own, and those of its unicast peers."""
        if not instance.unicast_peers:
            own = server.interfaces.get(instance.interface)
            return own.segment if own else ""
        peers = {peer.address for peer in instance.unicast_peers}
        segments = {
            card.segment
            for other in self.scenario.servers.values()
            for card in other.interfaces.values()
            if (other is server and card.name == instance.interface)
            or any(address.split("/")[0] in peers for address in card.addresses)
        }
        return " and ".join(sorted(segments))

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

    def answers(self, asked: Port, target: str, probe: Probe, source: str, mac: bytes) -> bool:
        """Would the host with that interface, reached by that MAC address, answer a probe to that address?"""
        host = self.hosts[asked]
        if not host.powered or not host.has(target):
            return False
        card = host.nic_at(asked).reached_by(mac)[0]
        why = host.filtered(source, card)
        if (why != "") != ((host.name, target, source) in self._filtered):
            self._tell_filtered(host, target, source, card.name, why)
        if why:
            return False
        if target in host.refused:
            self._tell_refusal(host.name, target)
            return False
        if probe.kind == "icmp":
            return True
        box = self.boxes.get(host.name)
        return box is not None and any(s.takes(target, probe.port) for s in box.services.values())

    def _tell_filtered(self, host: Host, target: str, source: str, card: str, why: str) -> None:
        """A client meets ``rp_filter``, or (``why`` "") does so no longer."""
        box = self.boxes.get(host.name)
        if box is None:
            return
        self._filtered ^= {(host.name, target, source)}
        now, over = self.scheduler.now, not why
        text = f"rp_filter {host.rp_filter} on {host.name}: what {source} sends to {target} is"
        text += " let in again" if over else f" dropped at {card} ({why}), so it gets no answer"
        box.router.journal.warn_of_drops(now, text, "rp_filter", target, source=source, over=over)

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
        now = self.scheduler.now
        router.journal.warn_of_drops(now, text, option, target, instance=config.name)
