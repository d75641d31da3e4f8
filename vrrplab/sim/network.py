"""A scenario brought to life: servers, switches and their routers wired up, and what happens written down.

What is kept here is state that ``snapshot`` copies: calls that wait are methods, with ``functools.partial``
where they need more, never closures, which a copy would share with the original.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.drive.journal import Journal
from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.own_rules import with_rules
from vrrplab.scenario.parts import Probe, Server
from vrrplab.sim.host import Host
from vrrplab.sim.rng import Chance
from vrrplab.sim.router import Router
from vrrplab.sim.scheduler import ACTION, TIMER, Scheduler
from vrrplab.sim.services import RunningService
from vrrplab.sim.split_brain_warning import SplitBrainWarning
from vrrplab.sim.switch import Port, Switch
from vrrplab.sim.tape import Tape
from vrrplab.sim.toss import Toss
from vrrplab.trace.events import (
    AdvertEvent,
    AdvertReceivedEvent,
    MacLearnedEvent,
    NeighbourEvent,
    ServiceEvent,
    TraceEvent,
)
from vrrplab.trace.rows import AdvertRow, AdvertTold, Kept, Place, Repeated, unfolded
from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.sim.gateway import GatewayHost

Frame = tuple[Micros, str, bytes]  # when, on which segment, the bytes


class _Check(NamedTuple):
    """What a check does: always the same, or it looks at a service."""

    always_exits: int | None
    service: str = ""
    asks_at_port: bool = False


class Box:
    """A server: its host, its keepalived, its services, and checks whose outcome is forced."""

    __slots__ = ("_checks", "checks_begun", "forced", "host", "router", "server", "services")

    def __init__(self, server: Server, host: Host, services: dict[str, RunningService]) -> None:
        self.server = server
        self.host = host
        self.services = services
        self.router: Router
        self.forced: dict[str, int | None] = {}  # script -> exit code, None: never ends
        self._checks: tuple[NodeConfig | None, dict[str, _Check]] = None, {}  # a cache: of which file
        self.checks_begun = 0

    def begin_check(self, script: str) -> int | None:
        """A check is begun now: how it will end."""
        self.checks_begun += 1
        return self.run_check(script)

    def run_check(self, script: str) -> int | None:
        """The exit code of a check now: forced, or 0 if the service it follows is well.

        For a command that needs a shell and has none it is always the same, whatever a scenario says.
        Well is a service that has a process, and, if the check asks at its port, one that takes clients.
        """
        if script in self.forced:
            return self.forced[script]
        node = self.router.node
        if self._checks[0] is not node:
            self._checks = node, {}
        check = self._checks[1].get(script)
        if check is None:
            check = self._checks[1][script] = self._check(node, script)
        if check.always_exits is not None:
            return check.always_exits
        running = self.services[check.service]
        return 0 if (running.accepting if check.asks_at_port else running.up) else 1

    def _check(self, node: NodeConfig, script: str) -> _Check:
        config = next((s for s in node.scripts if s.name == script), None)
        if config is not None and config.always_exits is not None:
            return _Check(config.always_exits)
        words = " ".join(config.command) if config else ""
        name = self.server.followed(script, words)
        return _Check(None, name, self.server.asks_at_port(words, name)) if name else _Check(0)


class Network:
    """The servers, routers and switches of one run, and what is written down of them."""

    __slots__ = (
        "_captured",
        "_chance",
        "_filtered",
        "_frames",
        "_profile",
        "_refusals",
        "_split_brain",
        "_tape",
        "_toss",
        "boxes",
        "gateways",
        "hosts",
        "leaps",
        "scenario",
        "scheduler",
        "sleepers",
        "switches",
        "version",
    )

    def __init__(
        self,
        scenario: Scenario,
        *,
        frames: bool = False,
        profile: Profile | None = None,
        capture: bool = False,
        leap: bool = True,
    ) -> None:
        """``leap`` False: ``play`` takes every step, also where everything repeats (``leap``)."""
        self.scenario = scenario
        self.leaps = leap
        self.scheduler = Scheduler()
        self.version = 0
        self.sleepers: list[Callable[[], None]] = []
        self._captured: Tape[Frame] = Tape()
        self._tape: Tape[Kept] = Tape()
        self._refusals: set[tuple[str, str]] = set()  # told already: server, address
        self._filtered: set[tuple[str, str, str]] = set()  # by rp_filter now: server, address, client's
        self._chance = Chance(scenario.seed)
        own = profile or profile_named(scenario.profile)
        self._profile = with_rules(own, scenario.rules)  # of servers without one of their own
        others = [s.name for s in scenario.servers.values() if not s.is_frr]
        if profile is None and self._profile.is_frr and others:
            text = f"{others[0]} has a keepalived.conf, and profile {self._profile.name} is FRR's"
            raise VrrplabError(f"{text} - FRR runs what stands under frr: in a scenario")
        self._frames = frames
        self._split_brain = SplitBrainWarning(self.scheduler, self._note)
        self._toss = Toss(self.scheduler, self._chance, self._note, self._meeting_place)
        self.hosts: dict[Port, Host] = {}  # servers and clients, by each of their interfaces
        self.switches = {s.name: self._switch(s.name, capture) for s in scenario.segments.values()}
        self.gateways = self._gateways() if scenario.routers else []
        self.boxes = {s.name: self._box(s) for s in scenario.servers.values()}
        self._split_brain.introduce(
            {
                (s.name, i.name): ((self._meeting_place(s, i), i.vrid, i.family), i.advert_interval_us)
                for s in scenario.servers.values()
                for i in s.node.instances
            }
        )
        for box in self.boxes.values():
            self.scheduler.at(self._toss.turn_to_start(box.router), ACTION, box.router.start)

    # -- building ------------------------------------------------------------------------------------

    def _switch(self, name: str, capture: bool) -> Switch:
        segment = self.scenario.segments[name]
        switch = Switch(segment, self.scheduler, self._chance, self.changed, self._note_learned)
        if capture:
            switch.capture = self._capture
        return switch

    def _note_learned(self, segment: str, mac: str, port: str | None) -> None:
        self.write(MacLearnedEvent(self.scheduler.now, segment=segment, mac=mac, port=port))

    def _capture(self, t_us: Micros, segment: str, data: bytes) -> None:
        self._captured.own.append((t_us, segment, data))

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
        journal = Journal(server.name, self.write, self._frames, self.write_advert, self.write_row)
        profile = self._profile
        if server.profile:
            profile = with_rules(profile_named(server.profile), self.scenario.rules)
        box.router = Router(
            server,
            host,
            profile,
            self.scheduler,
            journal,
            box.begin_check,
            partial(self._run_notify, box),
            self._toss,
        )
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

    def _run_notify(self, box: Box, command: tuple[str, ...]) -> None:
        """A notify script that names a service and says what to do with it does that (article: A16)."""
        words = " ".join(command).replace("/", " ").replace("-", " ").split()
        for name in box.services:
            for verb in ("restart", "reload", "reconfigure", "start", "stop"):
                if name in words and verb in words:
                    self.change_service(box, name, verb)
                    return

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

    def write_advert(
        self, kind: type[AdvertEvent], t_us: Micros, told: AdvertTold, frame: str, place: Place
    ) -> None:
        """An advert that was sent or received; who receives it next after another is in the other's row."""
        rows = self._tape.own
        if kind is AdvertReceivedEvent and rows:
            last = rows[-1]
            if (
                type(last) is AdvertRow
                and last.told is told
                and last.t_us == t_us
                and last.kind is kind
                and last.frame == frame
            ):
                last.also_at(place)
                return
        rows.append(AdvertRow(kind, t_us, told, frame, place))

    def write_row(self, row: AdvertRow) -> None:
        """An advert that several received, who are told of together."""
        self._tape.own.append(row)

    def settle(self) -> None:
        """Let all followers catch up: each machine's state is then what it is at this moment."""
        for switch in self.switches.values():
            switch.gathering.dissolve()

    def write(self, event: TraceEvent) -> None:
        """The next event of the trace; it is watched for a split brain first."""
        self._split_brain.see(event)
        self._tape.own.append(event)

    def _note(self, event: TraceEvent) -> None:
        """Write it down; the referee need not see it."""
        self._tape.own.append(event)

    @property
    def chance(self) -> Chance:
        """Where its random draws come from."""
        return self._chance

    @property
    def written(self) -> int:
        """How many entries were written down since the last snapshot."""
        return len(self._tape.own)

    def since(self, written: int) -> list[TraceEvent | AdvertRow]:
        """Those behind the first so many of them, but for what a leap (``leap``) has repeated."""
        return [one for one in self._tape.own[written:] if not isinstance(one, Repeated)]

    @property
    def kept(self) -> list[Kept]:
        """What was written down so far, with what repeats kept once."""
        return self._tape.all()

    @property
    def events(self) -> list[TraceEvent]:
        """What happened so far, in order of time."""
        return list(unfolded(self._tape.all()))

    def write_again(self, rows: Repeated) -> None:
        """The last rows happened again, so often."""
        self._tape.own.append(rows)

    @property
    def keeps_frames(self) -> bool:
        """Is it written down which bytes were sent?"""
        return self._frames or any(switch.capture for switch in self.switches.values())

    @property
    def captured(self) -> list[Frame]:
        """Every frame on the wire so far, where ``capture`` was asked for."""
        return self._captured.all()

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
