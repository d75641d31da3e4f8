"""A keepalived box: the pure daemon on a host, its actions carried out on the virtual LAN.

Everything the process asks for happens here: frames leave (or cannot), addresses come and go, scripts run
and end. Starting, killing, freezing and reloading the process are here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os.path import basename
from types import MappingProxyType
from typing import Any

from vrrplab.config.model import InstanceConfig, NodeConfig, VirtualAddress
from vrrplab.drive.journal import Journal
from vrrplab.drive.messages import ah_fits, key_of
from vrrplab.errors import DropReason, RuleError
from vrrplab.machine.actions import (
    Action,
    AddAddresses,
    AddRoutes,
    CreateVmac,
    EndProcess,
    KillScript,
    RemoveAddresses,
    RemoveRoutes,
    RemoveVmac,
    RunNotify,
    RunScript,
    SendAdvertisement,
    SendGratuitousArp,
    SetAccept,
)
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    AdvertisementReceived,
    Event,
    FileRead,
    InterfaceDeleted,
    InterfaceStatus,
    ReloadFinished,
    ReloadRequested,
    ScriptExited,
    Started,
    StopRequested,
    Thawed,
    TimePassed,
)
from vrrplab.machine.instance import Instance
from vrrplab.machine.log_lines import say
from vrrplab.machine.profiles import Profile
from vrrplab.machine.states import Backup, Master, Stopped
from vrrplab.scenario.cast import node_fields
from vrrplab.scenario.parts import Server
from vrrplab.sim.addresses import Address
from vrrplab.sim.followers import Follower, Followers, Sleepers, Slept
from vrrplab.sim.host import Host
from vrrplab.sim.nic import Nic, Vmac
from vrrplab.sim.packet import Packet, Saying
from vrrplab.sim.route_keeper import RouteKeeper
from vrrplab.sim.scheduler import TIMER, Scheduler
from vrrplab.sim.sender import Sender
from vrrplab.sim.toss import Toss
from vrrplab.sim.tracked import Tracked
from vrrplab.trace.events import (
    AddressAddedEvent,
    AddressEvent,
    AddressRemovedEvent,
    AdvertReceivedEvent,
)
from vrrplab.trace.rows import Place
from vrrplab.units import SECOND_US, Micros, seconds
from vrrplab.wire.addresses import virtual_mac

RELOAD_US = 10_000  # contract: a reload takes 0.01 s
RESPAWN_US = 15_000  # contract: a killed child is back after 0.015 s …
RESPAWN_LIMIT_US = 60 * SECOND_US  # … and later each time, up to this, if it lived no longer than this


_TIME_PASSED = TimePassed()


class Router:
    """``run_check(script)`` answers with an exit code, or None for a check that never ends."""

    __slots__ = (
        "_armed",
        "_configs",
        "_daemon",
        "_filtered",
        "_follows",
        "_frozen",
        "_inbox",
        "_life",
        "_places",
        "_reload_ends_us",
        "_respawn_delay_us",
        "_respawns",
        "_run_check",
        "_run_notify",
        "_scheduler",
        "_sender",
        "_sleepers",
        "_slept",
        "_started_us",
        "_starts_again",
        "_stopping",
        "_toss",
        "host",
        "journal",
        "node",
        "profile",
        "server",
        "tables",
        "tracked",
    )

    def __init__(
        self,
        server: Server,
        host: Host,
        profile: Profile,
        scheduler: Scheduler,
        journal: Journal,
        run_check: Callable[[str], int | None],
        run_notify: Callable[[tuple[str, ...]], None],
        toss: Toss,
    ) -> None:
        self.server = server
        self.host = host
        self.profile = profile
        self.node = server.node
        self.journal = journal
        self._scheduler = scheduler
        self._run_check = run_check
        self._run_notify = run_notify
        self._toss = toss
        toss.introduce(self)
        self._daemon: Daemon | None = None
        self._follows: tuple[Followers, Micros] | None = None  # and how long it waits after an advert
        self._slept: Slept | None = None  # as a follower it was woken for nothing
        self._sleepers: Sleepers | None = None  # with whom it sleeps: they know, and ``_armed`` is None
        self._frozen = False
        self._stopping = False
        self._starts_again = False
        self._respawns = False  # its child is dead, the parent will start another one
        self._started_us: Micros = 0
        self._respawn_delay_us: Micros = 0  # of the next child
        self.tracked = Tracked()
        self._inbox: list[Event] = []
        self._armed: Micros | None = None
        self._reload_ends_us: Micros = 0
        self._filtered: set[tuple[str, str]] = set()  # told already: whose adverts, at which interface
        # a cache: of which file, and its instances by name
        self._configs: tuple[NodeConfig | None, Mapping[str, InstanceConfig]] = None, MappingProxyType({})
        self._places: dict[tuple[str, str], Place] = {}  # a cache, by interface and instance
        self._life = 0  # counts processes: what belonged to a dead one is void
        self._sender = Sender(host, profile, scheduler, journal, self._config_of)
        host.listener = self
        self.tables = RouteKeeper(host, scheduler, journal)

    # -- the process -------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon, if the host has power; one that is stopping ends first, as systemctl has it."""
        if not self.host.powered:
            return
        if self.daemon is not None or self._respawns:
            self._starts_again = self._stopping
            if not self._stopping:
                text = f"{self.profile.daemon} is running already: nothing is started"
                self.journal.warn(self._scheduler.now, text)
            return
        if self.server.refusal:
            text = f"keepalived does not start: {self.server.refusal}"
            self.journal.warn(self._scheduler.now, text)
            return
        self._respawn_delay_us = 0
        self._spawn()

    def _spawn(self) -> None:
        """Start the VRRP child."""
        lacking = self._lacks()
        if lacking:
            self._respawns = False
            text = f"keepalived does not start: there is no {lacking} now, and no dynamic_interfaces"
            self.journal.warn(self._scheduler.now, text)
            self.journal.log(self._scheduler.now, say(self.profile.wording, "interface_missing"))
            return
        self._life += 1
        self._started_us = self._scheduler.now
        self._frozen = self._stopping = self._starts_again = self._respawns = False
        self._inbox.clear()
        self.daemon = Daemon(self.node, self.profile)
        self.journal.warn_of_config(self._scheduler.now, self.node, basename)
        self._set_up_host()
        tracked = self.tracked.configured(self.node, reload=False)
        rp_filter = self.host.rp_filter
        self.deliver(
            Started(self._interfaces(), self._missing_scripts(), rp_filter=rp_filter, tracked=tracked)
        )
        self._toss.tell_sources(self)

    def stop(self) -> None:
        """SIGTERM. A start that waits for the end of an earlier one is called off."""
        self._stopping, self._starts_again = self.daemon is not None, False
        self._forget_child()
        self.deliver(StopRequested())

    def kill(self, process: str) -> None:
        """SIGKILL: to all of it, to the parent (whose child then stops by itself), or to the child."""
        if self.daemon is None and process != "child":
            self._forget_child()
        if self.daemon is None:
            return
        if process == "parent":
            self.stop()
            return
        self._die(f"{self.profile.daemon} was killed (SIGKILL): nobody says goodbye, its addresses stay")
        if self._stopping:  # its parent was told to stop too, and starts nobody any more
            if self._starts_again:
                self.start()
        elif process == "child":
            self._respawn()

    def _respawn(self) -> None:
        """The parent starts another child, later each time that it has to (recording child_killed_twice)."""
        if self._scheduler.now - self._started_us > RESPAWN_LIMIT_US:
            self._respawn_delay_us = 0
        delay_us = self._respawn_delay_us
        self._respawn_delay_us = min(2 * delay_us or SECOND_US, RESPAWN_LIMIT_US)
        self._respawns = True
        self._later(RESPAWN_US + delay_us, self._spawn)

    def _forget_child(self) -> None:
        """The parent ends while it waits to start another child."""
        if self._respawns:
            self._respawns = False
            self._life += 1

    def lose_power(self) -> None:
        """The process ends without a word on the wire, and the VMACs that it made are gone."""
        self._forget_child()
        self._die("the server lost power")
        for nic in self.host.nics.values():
            nic.vmacs.clear()

    def _die(self, why: str) -> None:
        if self.daemon is None:
            return
        for instance in self.daemon.instances:
            if not isinstance(instance.state, Stopped):
                name, old = instance.config.name, instance.state.name
                self.journal.state(self._scheduler.now, name, old, "STOP", why)
        self.daemon = None
        self._life += 1

    @property
    def is_frozen(self) -> bool:
        """Was its process stopped (SIGSTOP)? Then nothing is read and no timer fires."""
        return self._frozen

    def freeze(self) -> None:
        """SIGSTOP: nothing is read, no timer fires; the kernel goes on answering for the addresses."""
        self._frozen = self.daemon is not None

    def thaw(self) -> None:
        """SIGCONT: what waited is read now, after the news how many microseconds its first timer is late."""
        if not self._frozen or self.daemon is None:
            return
        self._frozen = False
        due = self.daemon.first_deadline()
        if due is not None and due < self._scheduler.now:
            self.deliver(Thawed(self._scheduler.now - due))
        waiting, self._inbox = self._inbox, []
        for event in waiting:
            self.deliver(event)
        self.deliver(TimePassed())

    def reload(self, node: NodeConfig) -> None:
        """SIGHUP, with a new file."""
        if self.daemon is None and not self._respawns:
            return
        self.node = node  # a child that is still to come reads it at its start
        self.deliver(ReloadRequested())
        now = self._scheduler.now
        self._reload_ends_us = (
            max(now, self._reload_ends_us) + RELOAD_US
        )  # a second one begins when the first ends
        self._later(self._reload_ends_us - now, self._reloaded, node)

    def _reloaded(self, node: NodeConfig) -> None:
        self.node = node
        self.journal.configuration(self._scheduler.now, node_fields(node))
        self._set_up_host()
        tracked = self.tracked.configured(node, reload=True)
        self.deliver(ReloadFinished(node, self._interfaces(), self._missing_scripts(), tracked=tracked))
        self._toss.tell_sources(self)

    def _set_up_host(self) -> None:
        """What the process sets in the kernel; it takes that back when it ends, not when it is killed.

        Its sockets are opened anew with that.
        """
        self._sender.stale_cards.clear()
        self.host.promote({i.interface for i in self.node.instances if i.promote_secondaries})
        self.tables.name(self.node)

    def _later(self, delay_us: Micros, call: Callable[..., None], *args: Any) -> None:
        """Call later, unless the process has ended by then."""
        self._scheduler.after(delay_us, TIMER, self._if_alive, self._life, call, *args)

    def _if_alive(self, life: int, call: Callable[..., None], *args: Any) -> None:
        if self._life == life:
            call(*args)

    def _interfaces(self) -> dict[str, InterfaceStatus]:
        ours = {a.address for i in self.node.instances for a in i.all_addresses}
        found = {}
        for name in self.node.interfaces.keys() - {"lo", *(i.use_vmac for i in self.node.instances)}:
            found[name] = InterfaceStatus(up=False, exists=False)
        for nic in self.host.nics.values():
            if not nic.exists:
                found[nic.name] = InterfaceStatus(up=False, exists=False)
                continue
            addresses = tuple(a.address for a in nic.addresses if a.address not in ours or self._keeps(a))
            base = nic.parents[0].name if nic.kind == "macvlan" else ""
            tentative = self.host.tentative(nic)
            found[nic.name] = InterfaceStatus(nic.up, addresses, tentative=tentative, base=base)
            found |= {vmac: InterfaceStatus(nic.up) for vmac in nic.vmacs}
        return found

    def _lacks(self) -> str:
        """An interface that the configuration names and the host has not, so that the daemon ends at once."""
        if self.node.global_defs.dynamic_interfaces:
            return ""
        status = self._interfaces()
        return next((n for n in self.node.interfaces if n in status and not status[n].exists), "")

    def card_deleted(self, nic: Nic) -> None:
        """A card is gone, with all that was on it."""
        if self.daemon is not None:
            self._sender.stale_cards.add(nic.name)
        self.deliver(InterfaceDeleted(nic.name))
        nic.vmacs.clear()

    def _missing_scripts(self) -> frozenset[str]:
        missing = self.server.missing_files
        scripts = [s for s in self.node.scripts if s.command]
        return frozenset(s.name for s in scripts if s.command[0] in missing or not s.is_program)

    # -- events in, actions out ----------------------------------------------------------------------

    def deliver(self, event: Event, at_us: Micros | None = None) -> None:
        """Hand an event to the process, if there is one, and carry out what it asks for.

        ``at_us``: what time it is for the process, if not now.
        """
        daemon = self.daemon
        if daemon is None:
            return
        if self._frozen:
            if isinstance(event, FileRead):  # it will read what is there then, not what was there in between
                self._inbox = [e for e in self._inbox if getattr(e, "file", "") != event.file]
            if not isinstance(event, TimePassed):
                self._inbox.append(event)
            return
        for action in self._asked(daemon, event, self._scheduler.now if at_us is None else at_us):
            if isinstance(action, SendAdvertisement):
                for destination in action.destinations:
                    self._sender.advertise(action, destination)
            elif not self.journal.record(self._scheduler.now, action) or isinstance(action, RunNotify):
                self._carry_out(action)
        self.tables.tell_missing(self._daemon)
        self._arm()

    def _asked(self, daemon: Daemon, event: Event, now: Micros) -> list[Action]:
        try:
            return daemon.handle(event, now)
        except RuleError as error:  # of a rule that somebody wrote: it does not know when it was asked
            raise error.asked(seconds(now), self.server.name) from None

    # -- one of many followers (``followers``) -------------------------------------------------------

    @property
    def daemon(self) -> Daemon | None:
        """The process; None: there is none. Who asks sees it as it is now."""
        if self._follows is not None:
            self._follows[0].dissolve()
        return self._daemon

    @daemon.setter
    def daemon(self, daemon: Daemon | None) -> None:
        if self._follows is not None:
            self._follows[0].dissolve()
        self._daemon = daemon

    def joins(self, nic: Nic, said: Saying) -> Sequence[Follower] | None:
        """Itself, if all that comes of such an advert at that interface is a timer set anew, as just now.

        What is asked here holds until something is delivered or an action is performed: see ``receive``.
        """
        if not nic.up:
            return ()
        event = said.event(nic.name)
        if self._daemon is None:
            return (Follower(self, None, event, 0),)
        host, source = self.host, said.source
        if not said.is_multicast or said.has_ah or self._frozen or self._follows is not None:
            return None
        if nic.port_of is not None or host.blocked or host.rp_filter or host.has(source):
            return None
        concerned = self._daemon.instance_of(nic.name, said.advert.vrid, source)
        if concerned is None or nic.vmacs or not self._daemon.only_follows(event, self._scheduler.now):
            return None
        place = self._place(nic.name, concerned.config.name)
        return (Follower(self, place, event, concerned.intervals.down_us),)

    def follow(self, group: Followers, down_us: Micros) -> None:
        """From now on the group hears for it, until it is dissolved."""
        self._follows = group, down_us
        self._slept = None

    def leave(self, event: AdvertisementReceived, times: int, last_us: Micros) -> None:
        """Catch up: so many adverts were heard, the last one then."""
        self._follows = None
        if self._daemon is None:
            return
        if self._slept is not None:
            woken_us, before, before_us = self._slept
            if before:
                self._daemon.heard_again(event, before, before_us)
            self._daemon.handle(TimePassed(), woken_us)
            times -= before
        if times:
            self._daemon.heard_again(event, times, last_us)

    def note_heard(self, said: Saying, places: tuple[Place, ...], frame: bytes) -> None:
        """Write down for all of a group that they heard an advert."""
        self.journal.adverts(AdvertReceivedEvent, self._scheduler.now, said.told, places, frame)

    def _sleeps_on(self, now: Micros) -> bool:
        """Woken as a follower that has heard something meanwhile: there is nothing to do yet."""
        assert self._follows is not None
        if self._toss.holds(self, now):
            return False
        group, down_us = self._follows
        if self._daemon is None or group.last_us + down_us <= now:
            return False
        noted_us = self._daemon.next_deadline() if self._slept is None else None
        if noted_us is not None and noted_us > now:
            self._armed = noted_us  # woken for something of before: what it has noted for itself is to come
            self._scheduler.together(noted_us, TIMER, self.wake)
        else:
            group.sleep(self, down_us, self._scheduler)
        return True

    def sleep(self, sleepers: Sleepers) -> None:
        """From now on it is woken with these."""
        self._sleepers, self._armed = sleepers, None

    def sleep_alone(self, slept: Slept, until_us: Micros) -> None:
        """It is woken by itself, as from the beginning."""
        self._sleepers, self._slept, self._armed = None, slept, until_us

    def _place(self, interface: str, instance: str) -> Place:
        place = self._places.get((interface, instance))
        if place is None:
            place = self._places[interface, instance] = self.journal.place(instance, interface)
        return place

    def _arm(self) -> None:
        if self._frozen:
            return  # its deadlines pass unseen; the thaw looks at them
        due = self._daemon.next_deadline() if self._daemon else None
        if due is not None and (self._armed is None or due < self._armed):
            self._armed = due
            self._scheduler.at(due, TIMER, self.wake)

    def wake(self) -> None:
        """A timer may have ended."""
        now = self._scheduler.now
        if self._sleepers is not None and self._sleepers.until_us <= now:
            self._sleepers.part()  # by a call of before, and their turn is at this moment as well
        if self._armed is not None and self._armed <= now:
            if self._follows is not None and self._sleeps_on(now):
                return
            self._armed = None
            turn_us = self._toss.turn_to_wake(self, now)
            if turn_us > now:
                self._armed = turn_us
                self._scheduler.at(turn_us, TIMER, self.wake)
                return
            self.deliver(_TIME_PASSED)  # too early is harmless: the process looks what is due

    def receive(self, nic: Nic, packet: Packet) -> None:
        """A VRRP frame reached the host."""
        said, daemon = packet.saying or packet.read(), self.daemon
        if daemon is None or said is None:
            return
        now, advert = self._scheduler.now, said.advert
        source = said.source
        if not said.is_multicast and not self.host.has(said.destination):
            return
        concerned = daemon.instance_of(nic.name, advert.vrid, source)
        if concerned is not None and concerned.unbound:
            return
        config = concerned.config if concerned else None
        instance = config.name if config else ""
        if said.is_multicast and ":" not in source and self.host.has(source):
            # Linux: a martian source, whatever rp_filter says (measured: no word of it in any log)
            if config:
                self.journal.dropped(now, instance, source, advert.vrid, DropReason.OWN_SOURCE.name)
            return
        if config and not nic.hears(config.advert_interface, packet):
            self.journal.dropped(now, instance, source, advert.vrid, DropReason.MACVLAN.name)
            return
        if self.host.rp_filter:
            card = (self.host.holder(config.advert_interface) if config else None) or nic
            if why := self.host.filtered(source, card):
                self.journal.dropped(now, instance, source, advert.vrid, DropReason.RP_FILTER.name)
                self._tell_filtered(source, card.name, why)
                return
        if self.host.blocked and ("in", "vrrp") in self.host.blocked:
            self.journal.dropped(now, instance, source, advert.vrid, DropReason.FIREWALL.name)
            return
        place = self._place(nic.name, instance)
        self.journal.advert(AdvertReceivedEvent, now, said.told, place, packet.data)
        event = said.event(nic.name)
        if said.has_ah and packet.frame.ah is not None:
            ah, key = packet.frame.ah, key_of(config.authentication if config else None)
            valid = ah_fits(key, packet.data[14:34], ah, packet.frame.payload)
            event = replace(event, sequence=ah.sequence, ah_valid=valid)
        if concerned is None:
            self.deliver(event)
            return
        state = concerned.role.state
        if isinstance(state, Master):
            rejected = daemon.judge(event)[1] is not None
            self.deliver(event)
            if rejected:
                self._toss.rejects(concerned)
        elif isinstance(state, Backup) and state.preempt_from_us is None:
            self.deliver(event)
        else:
            turn_us = self._toss.turn_to_read(self, concerned, source, advert.priority)
            if turn_us > now:
                self._later(turn_us - now, self.deliver, event)
            else:
                self.deliver(event, turn_us)

    def twin(self, config: InstanceConfig, place: str) -> Instance | None:
        """Its instance of the same virtual router at that meeting place, if it runs one and is awake."""
        if self.daemon is None or self._frozen:
            return None
        for instance in self.daemon.instances:
            ours = instance.config
            if (ours.vrid, ours.family) == (config.vrid, config.family) and self.meeting_place(ours) == place:
                return instance
        return None

    def meeting_place(self, config: InstanceConfig) -> str:
        """The networks in which the routers of an instance's VRID are; "": its interface is in none."""
        return self._toss.meeting_place(self.server, config)

    def _tell_filtered(self, source: str, card: str, why: str) -> None:
        """Adverts never reach the process: say so once, for nothing else does."""
        if (source, card) in self._filtered:
            return
        self._filtered.add((source, card))
        text = (
            f"rp_filter {self.host.rp_filter} on {self.server.name}: adverts from {source} are dropped at"
            f" {card} before keepalived hears them ({why})"
        )
        self.journal.warn(self._scheduler.now, text)

    # -- what the process asks for --------------------------------------------------------------------

    def _carry_out(self, action: Action) -> None:
        match action:
            case AddAddresses():
                self._add(action)
            case RemoveAddresses():
                self._remove(action)
            case AddRoutes() | RemoveRoutes():
                self.tables.carry_out(action)
            case SendGratuitousArp():
                self._sender.announce(action)
            case CreateVmac():
                self._create_vmac(action)
            case RemoveVmac(name=name):
                nic = self.host.nic_of(name)
                if nic:
                    del nic.vmacs[name]
                    self.host.neighbors.forget(name)
            case SetAccept(addresses=addresses, accept=accept):
                names = {a.address for a in addresses}
                self.host.refused = self.host.refused - names if accept else self.host.refused | names
                self.host.changed()
            case RunScript(script=script, run=run):
                status = self._run_check(script)
                if status is not None:
                    self._later(self.server.script_run_us, self.deliver, ScriptExited(script, run, status))
            case KillScript(script=script, run=run, signal=signal):
                self._later(0, self.deliver, ScriptExited(script, run, None, signal))
            case RunNotify(command=command):
                self._run_notify(command)
            case EndProcess():
                self.host.promote(set())
                self.daemon = None
                self._life += 1
                if self._starts_again:
                    self.start()

    def _add(self, action: AddAddresses) -> None:
        mac = self._sender.virtual_mac_of(action.instance)
        for a in action.addresses:
            if self.host.add_address(a.interface, a.address, a.prefix, a.label, mac):
                self._note(AddressAddedEvent, a.interface, a, action.instance)

    def _remove(self, action: RemoveAddresses) -> None:
        for a in action.addresses:
            holder = self.host.holder(a.interface)
            own = holder.addresses.get(a.address) if holder else None
            if own is not None and self._keeps(own):
                continue
            for gone in self.host.remove_address(a.interface, a.address):
                self._note(AddressRemovedEvent, a.interface, gone, action.instance)
                self.tables.address_gone(a.interface, gone.address)

    def _keeps(self, address: Address) -> bool:
        """The host's own address, though the daemon may call it a virtual one: those are on a macvlan."""
        return self.profile.over_macvlan and not address.mac

    def address_changed(
        self, event: AddressAdded | AddressRemoved, address: Address, kind: type[AddressEvent]
    ) -> None:
        """An address came or went by hand, or with its link: write it down, and tell the process."""
        self._note(kind, event.interface, address)
        if isinstance(event, AddressRemoved):
            self.tables.address_gone(event.interface, address.address)
        self.deliver(event)

    def _note(
        self, kind: type[AddressEvent], interface: str, address: Address | VirtualAddress, instance: str = ""
    ) -> None:
        text, label = address.with_prefix, address.label
        self.journal.address(self._scheduler.now, kind, interface, text, label, instance)

    def _config_of(self, instance: str) -> InstanceConfig | None:
        running = self._daemon.config if self._daemon else self.node
        if self._configs[0] is not running:
            self._configs = running, MappingProxyType({i.name: i for i in reversed(running.instances)})
        return self._configs[1].get(instance)

    def _create_vmac(self, action: CreateVmac) -> None:
        nic = self.host.nics.get(action.base)
        if nic is not None and action.name not in nic.vmacs:
            nic.vmacs[action.name] = Vmac(action.name, virtual_mac(action.vrid, action.family))
