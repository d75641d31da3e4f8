"""The machine on real time: sockets, netlink, scripts and signals in, effects out; one asyncio loop.

The loop handles what can be read before timers that are due at the same moment, as the simulator does and
keepalived too. Time is the monotonic clock: setting the wall clock changes nothing. A process that was
stopped (SIGSTOP, a paused virtual machine) finds out by its overdue timer, says so, and first reads what has
come in.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import NodeConfig
from vrrplab.drive.journal import Journal
from vrrplab.drive.messages import Packet, Unusable
from vrrplab.errors import VrrplabError
from vrrplab.live.effects import Effects
from vrrplab.live.guard import Guard
from vrrplab.live.kernel_addresses import AddressBook
from vrrplab.live.scripts import ScriptRunner, missing_scripts, refused_scripts
from vrrplab.live.self_report import Lateness, usage
from vrrplab.live.signals import RouterSignals
from vrrplab.live.tracked import Tracked
from vrrplab.live.transport import Transport
from vrrplab.machine.actions import EndProcess, StateChanged
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AdvertisementReceived,
    Event,
    InterfaceWentDown,
    InterfaceWentUp,
    ReloadFinished,
    ReloadRequested,
    ScriptExited,
    Started,
    StopRequested,
    Thawed,
    TimePassed,
)
from vrrplab.machine.profiles import Profile
from vrrplab.output.trace_writer import Output
from vrrplab.scenario.cast import node_fields
from vrrplab.system.descriptors import Spare
from vrrplab.system.failure import end_on_failure
from vrrplab.system.host import Host
from vrrplab.system.interfaces import Change
from vrrplab.trace.events import StatisticsEvent
from vrrplab.units import SECOND_US, Micros

BATCH = 128  # packets read before timers get their turn
FROZEN_US = SECOND_US  # keepalived complains about timers later than this (2.2.7)
HOUSEKEEPING_S = 1.0
TIDYING = 12  # descriptors for a tool that takes back what we did: three pipes, and its start


def live_profile(profile: Profile) -> Profile:
    """A profile as real sockets need it: a rejected advert does not put off our own, work takes its own time.

    keepalived restarts a MASTER's advert timer on every packet for its VRID, rejected ones included
    (measured), so that anybody who sends one bad packet a second silences it. Here that would be a way in for
    strangers.
    """
    return replace(profile, rejected_advert_rearms=False, line_us=0)


class Driver:
    """One router. ``read_config`` gives the configuration anew for a reload."""

    def __init__(
        self,
        node: NodeConfig,
        profile: Profile,
        host: Host,
        transport: Transport,
        addresses: AddressBook,
        output: Output,
        server: str,
        read_config: Callable[[], NodeConfig],
        dry: bool = False,
    ) -> None:
        self._node = node
        self._host = host
        self._transport = transport
        self._output = output
        self._read_config = read_config
        self.lateness = Lateness()
        self.began_us = time.monotonic_ns() // 1000  # what the trace counts from, on the monotonic clock
        self._journal = Journal(server, output.write)
        self._daemon = Daemon(node, profile)
        self._guard = Guard(self._daemon)
        self._scripts = ScriptRunner(self._script_exited, self._script_refused)
        self._scripts.global_defs = node.global_defs
        self._effects = Effects(profile, transport, addresses, self._scripts, self._journal, self._host, dry)
        self._tracked = Tracked(self._feed, lambda text: self._journal.warn(self.now, text), dry)
        self._timer: asyncio.TimerHandle | None = None
        self._armed_us: Micros | None = None
        self._told_late_us: Micros | None = None  # the deadline whose lateness was told last
        self._reading: dict[int, Callable[[], Packet | Unusable | None]] = {}
        self._warned: set[tuple[str, str]] = set()
        self._changes: deque[Change] = deque()  # of the host, not dealt with yet
        self._dealing = False
        self._spare = Spare(TIDYING)
        self._ended: asyncio.Future[None] | None = None
        self._stopping = False

    @property
    def now(self) -> Micros:
        """Microseconds since the start."""
        return time.monotonic_ns() // 1000 - self.began_us

    # -- life ------------------------------------------------------------------------------------

    async def run(self, signals: RouterSignals, until_s: float | None = None) -> None:
        """Be a router until told to stop (by a signal, or because ``until_s`` seconds have passed)."""
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        end_on_failure(loop, self._ended, self._failed)
        try:
            signals.obey(loop, self.stop, self.reload)
            self._journal.warn(self.now, self._host.notice) if self._host.notice else None
            self._journal.warn_of_config(self.now, self._node)
            self._effects.prepare()
            self._listen()
            for descriptor in self._host.descriptors():
                loop.add_reader(descriptor, self._host_changed)
            node = self._node
            refused = self._refused_scripts(node)
            tracked = self._tracked.configured(node, reload=False)
            self._watch_files()
            self._feed(Started(self._status(node), missing_scripts(node), refused, tracked=tracked))
            if until_s is not None:
                loop.call_later(until_s, self.stop)
            loop.call_later(HOUSEKEEPING_S, self._housekeeping)
            await self._ended
        finally:
            signals.ignore(loop)
            self._close(loop)

    def _close(self, loop: asyncio.AbstractEventLoop) -> None:
        self._spare.give_back()
        for descriptor in (*self._reading, *self._host.descriptors()):
            loop.remove_reader(descriptor)
        if self._timer is not None:
            self._timer.cancel()
        self._effects.release()
        if self._tracked.watch is not None:
            loop.remove_reader(self._tracked.watch.fileno())
        self._tracked.close()
        for text in self._transport.news(last=True):
            self._journal.warn(self.now, text)
        self._transport.close()
        self._host.close()
        counts = {"packets": self._guard.received, "passed_on": self._guard.passed}
        figures = {**self.lateness.fields(), **counts, **usage()}
        self._output.write(StatisticsEvent(self.now, self._journal.server, **figures))

    def stop(self) -> None:
        """SIGTERM; a second one does not wait for the farewell to get out."""
        if self._stopping:
            self._end()
            return
        self._stopping = True
        self._spare.give_back()
        self._feed(StopRequested())

    def _failed(self, text: str) -> None:
        """A router that does not know what it does must not keep an address: leave as after SIGTERM."""
        self._journal.warn(self.now, f"{text}; the router leaves")
        with contextlib.suppress(Exception):  # the farewell may meet the same bug; addresses go in any case
            self._feed(StopRequested())

    def _end(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def reload(self) -> None:
        """SIGHUP: go on with the file as it is now; a file that cannot be used changes nothing."""
        try:
            node = self._read_config()
            self._host.require(node)
            refused = self._refused_scripts(node)
            finished = ReloadFinished(node, self._status(node), missing_scripts(node), refused)
            self._transport.follow(node)
        except (VrrplabError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            self._journal.warn(self.now, f"not reloaded, the old configuration stays: {why}")
            return
        finished.tracked = self._tracked.configured(node, reload=True)
        self._watch_files()
        self._journal.configuration(self.now, node_fields(node))
        # from here on nothing may fail: between these two events a MASTER is silent
        self._feed(ReloadRequested())
        self._node = node
        self._scripts.global_defs = node.global_defs
        self._feed(finished)
        self._guard.follow()
        self._journal.warn_of_config(self.now, self._node)
        self._listen()

    def _status(self, node: NodeConfig) -> dict[str, Any]:
        """All interfaces, and those the configuration names that are not there. Virtual addresses on them are
        ours, or left over from a process that was killed: no addresses of the host.
        """
        instances = self._node.instances + node.instances
        ours = {a.address for i in instances for a in i.all_addresses}
        vmacs = {i.use_vmac for i in node.instances if i.use_vmac}
        found = self._host.status(interfaces_of(node) - vmacs | self._host.present(vmacs))
        return {
            name: replace(status, addresses=tuple(a for a in status.addresses if a not in ours))
            for name, status in found.items()
        }

    def _refused_scripts(self, node: NodeConfig) -> frozenset[str]:
        """Checks that a careful root does not start; each with a warning."""
        refused = refused_scripts(node)
        for name, why in refused.items():
            text = f"check {name} is refused for security, its instances run without it: {why}"
            self._journal.warn(self.now, text)
        return frozenset(refused)

    # -- events in -------------------------------------------------------------------------------

    def _feed(self, event: Event) -> None:
        now = self.now
        changed = False
        for action in self._daemon.handle(event, now):
            if isinstance(action, EndProcess):
                self._end()
                continue
            self._effects.carry_out(action, now)
            if isinstance(action, StateChanged):
                changed = True
                if isinstance(event, AdvertisementReceived) and action.old == "MASTER":
                    self._warn_of_takeover(action.instance, event)
        if changed:
            self._host_changed()  # VMACs made and addresses moved by ourselves: take note at once
        self._arm()

    def _arm(self) -> None:
        due = self._daemon.next_deadline()
        if due == self._armed_us and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._armed_us = due
        if due is not None:
            when_s = (self.began_us + due) / SECOND_US
            self._timer = asyncio.get_running_loop().call_at(when_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._notice_freeze()
        self._read_everything()
        due = self._daemon.next_deadline()
        if due is not None and due <= self.now:
            self.lateness.add(self.now - due)
            self._feed(TimePassed())
        else:
            self._arm()

    def _notice_freeze(self) -> None:
        due = self._armed_us
        late_us = self.now - due if due is not None else 0
        if late_us > FROZEN_US and due != self._told_late_us:
            self._told_late_us = due
            self._feed(Thawed(late_us))

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for descriptor in self._reading:  # all: a new socket may have the number of a closed one
            loop.remove_reader(descriptor)
        self._reading = dict(self._transport.readers())
        for descriptor, read in self._reading.items():
            loop.add_reader(descriptor, self._readable, read)

    def _read_everything(self) -> None:
        """What came in before a timer counts before the timer. The loop itself does not see to that: after a
        pause (SIGSTOP) the time to wait is over, and it runs timers without having asked the sockets again.
        """
        for read in list(self._reading.values()):
            self._readable(read)

    def _readable(self, read: Callable[[], Packet | Unusable | None]) -> None:
        self._notice_freeze()
        for _ in range(BATCH):
            packet = read()
            if packet is None:
                return
            now = self.now
            found = self._guard.judge(packet, now)
            if found is None:
                continue
            if isinstance(found, Unusable):
                self._journal.dropped(now, "", found.source, found.vrid, found.reason.name)
                continue
            advert = found.advertisement
            self._journal.received(now, found.interface, found.source, found.destination, advert, b"")
            self._feed(found)

    def _host_changed(self) -> None:
        """What happened to interfaces and addresses, in order: what is done about one may cause another."""
        self._notice_freeze()
        self._changes += self._host.changes()
        for interface in self._host.take_renewed():
            self._reopen(interface)
        if self._dealing:
            return
        self._dealing = True
        try:
            while self._changes:
                change = self._changes.popleft()
                self._journal_interface(change)
                self._feed(change)
        finally:
            self._dealing = False
        # always: the loss of one that was down already changes nothing
        self._effects.remake_vmacs(self.now)

    def _journal_interface(self, change: Event) -> None:
        if isinstance(change, InterfaceWentDown | InterfaceWentUp):
            up = isinstance(change, InterfaceWentUp)
            self._journal.interface(self.now, change.interface, up)

    def _reopen(self, interface: str) -> None:
        """An interface is new, or came back under another number: its sockets must be made anew."""
        try:
            self._transport.open(interface)
        except VrrplabError as error:
            self._journal.warn(self.now, str(error))
        self._listen()

    def _warn_of_takeover(self, instance: str, event: AdvertisementReceived) -> None:
        if (instance, event.source) in self._warned or len(self._warned) > 64:
            return
        self._warned.add((instance, event.source))
        advert = event.advertisement
        text = (
            f"{event.source} took VRID {advert.vrid} from us with priority {advert.priority}, as the protocol"
            " demands; VRRP has no security to speak of: whoever can send on this network can do that"
        )
        self._journal.warn(self.now, text, instance)

    def _watch_files(self) -> None:
        if self._tracked.watch is not None:
            asyncio.get_running_loop().add_reader(self._tracked.watch.fileno(), self._tracked.files_changed)

    # -- scripts ---------------------------------------------------------------------------------

    def _script_exited(self, script: str, run: int, status: int | None, number: int) -> None:
        self._notice_freeze()
        self._feed(ScriptExited(script, run, status, number))

    def _script_refused(self, text: str) -> None:
        self._journal.warn(self.now, text)

    # -- once a second -----------------------------------------------------------------------------

    def _housekeeping(self) -> None:
        now = self.now
        held = self._guard.summary(now)
        news = self._transport.news()
        for text in (*([held] if held else []), *news, *self._output.housekeeping(now)):
            self._journal.warn(now, text)
        self._tracked.count()
        asyncio.get_running_loop().call_later(HOUSEKEEPING_S, self._housekeeping)
