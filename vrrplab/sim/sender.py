"""How the frames of one keepalived process leave its host, or why they cannot.

What cannot leave is written down and logged as keepalived does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from vrrplab.config.model import InstanceConfig
from vrrplab.drive.journal import Journal, told_of
from vrrplab.drive.messages import (
    AdvertFrames,
    advert_failure_line,
    announcement_failure_line,
    announcement_of,
)
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.machine.log_lines import say
from vrrplab.machine.profiles import Profile
from vrrplab.sim.host import Host
from vrrplab.sim.nic import Nic, Vmac
from vrrplab.sim.packet import Packet, Saying
from vrrplab.sim.scheduler import PACKET, Scheduler
from vrrplab.trace.events import AdvertSentEvent
from vrrplab.trace.rows import AdvertTold, Place
from vrrplab.wire.addresses import is_multicast, virtual_mac
from vrrplab.wire.frames import RepeatedFrame

UNREACHABLE = (101, "Network is unreachable")
INVALID = (22, "Invalid argument")
FORBIDDEN = (1, "Operation not permitted")
DOWN = (100, "Network is down")
UNBOUND = "the macvlan has no address to send from yet"
NO_DEVICE = (19, "No such device")
NO_CARRIER = "no carrier"  # no error for the daemon: Linux takes the frame, and drops it


class _Again(NamedTuple):
    """An advert to a group that has left, and what can be used again as long as it stays the same."""

    action: SendAdvertisement
    nic: Nic
    card: Nic | Vmac  # the interface it leaves through, or the macvlan
    told: AdvertTold
    place: Place
    frame: RepeatedFrame | bytes
    saying: Saying


class Sender:
    """``config_of(instance)``: the configuration it runs with now, or None."""

    __slots__ = (
        "_again",
        "_config_of",
        "_frames",
        "_host",
        "_journal",
        "_profile",
        "_scheduler",
        "stale_cards",
    )

    def __init__(
        self,
        host: Host,
        profile: Profile,
        scheduler: Scheduler,
        journal: Journal,
        config_of: Callable[[str], InstanceConfig | None],
    ) -> None:
        self._host = host
        self._profile = profile
        self._scheduler = scheduler
        self._journal = journal
        self._config_of = config_of
        self._frames = AdvertFrames()
        self._again: dict[tuple[str, str], _Again] = {}  # a cache, by instance and destination
        # made anew since the process opened its sockets: what it sends over IPv6 is for the card of before
        # (2.2.7, measured; a reload mends it)
        self.stale_cards: set[str] = set()

    def advertise(self, action: SendAdvertisement, destination: str) -> None:
        """An advert to its group or to one unicast peer."""
        again = self._again.get((action.instance, destination))
        if again is not None and again.action is action and self._leaves_as_before(again):
            self._put_again(again)
            return
        nic = self._host.nic_of(action.interface)
        now = self._scheduler.now
        if nic is None:
            return
        error = None
        is_vmac = action.interface != nic.name
        if nic.loses_frames or (self._profile.over_macvlan and not nic.up) or (is_vmac and not nic.exists):
            self._journal.not_sent(now, action, destination, NO_CARRIER)
            return
        if not nic.exists:
            error = NO_DEVICE
        elif not nic.up:
            error = INVALID if ":" in action.source else UNREACHABLE
        elif ("out", "vrrp") in self._host.blocked:
            error = FORBIDDEN
        elif self._profile.over_macvlan and ":" not in action.source and not self._host.has(action.source):
            error = UNREACHABLE
        elif ":" in destination and is_multicast(destination) and nic.name in self.stale_cards:
            error = INVALID
        elif ":" in destination and not is_multicast(destination) and not self._host.has(action.source):
            error = (
                INVALID  # IPv6 names the source in each packet, and it must be the host's (measured, 2.2.7)
            )
        if error is not None:
            self._journal.not_sent(now, action, destination, error[1])
            if not (action.quiet_when_down and error is UNREACHABLE and not nic.up):
                line = advert_failure_line(self._profile.wording, action, destination, *error)
                self._journal.log(now, line)
            return
        if self._unbound(action):
            self._journal.not_sent(now, action, destination, UNBOUND)
            line = say(self._profile.wording, "unbound_macvlan", vrid=action.vrid, family=6)
            self._journal.log(now, line)
            return
        if is_multicast(destination):
            self._put(nic, action, destination, None)
            return
        if self._host.has(
            destination
        ):  # the kernel hands it back: nothing leaves, and the daemon hears itself
            frame = self._frame(nic, action, destination, nic.mac_text)
            self._scheduler.after(0, PACKET, self._host.receive, nic, Packet(frame))
            return

        asked = self._host.next_hop(nic, destination)
        self._host.neighbors.find(asked, nic, partial(self._put_if_answered, nic, action, destination, asked))

    def _put_if_answered(
        self, nic: Nic, action: SendAdvertisement, destination: str, asked: str, mac: str | None
    ) -> None:
        if mac is None:
            reason = f"nobody answers for {asked} (ARP)"
            self._journal.not_sent(self._scheduler.now, action, destination, reason)
        else:
            self._put(nic, action, destination, mac)

    def _unbound(self, action: SendAdvertisement) -> bool:
        """FRR over IPv6 (measured): an advert leaves from an address of the macvlan, and who became MASTER
        this very moment has none there yet.
        """
        if not self._profile.over_macvlan or ":" not in action.source:
            return False
        return not any(self._host.has(address) for address in action.addresses)

    def _put(self, nic: Nic, action: SendAdvertisement, destination: str, to_mac: str | None) -> None:
        frame = self._frame(nic, action, destination, to_mac)
        told, place = (
            told_of(action, action.source, destination),
            self._journal.place(action.instance, action.interface),
        )
        self._journal.advert(AdvertSentEvent, self._scheduler.now, told, place, frame)
        packet = Packet(frame)
        card = self._host.holder(action.interface)
        if to_mac is None and not action.sequence and not self._profile.over_macvlan:
            saying = packet.read()
            if saying is not None and card is not None:
                same = frame if ":" in destination else RepeatedFrame(frame)
                again = _Again(action, nic, card, told, place, same, saying)
                self._again[action.instance, destination] = again
        self._host.put(nic, packet)

    def _leaves_as_before(self, again: _Again) -> bool:
        """Is everything as it was when this advert left last?"""
        nic, host = again.nic, self._host
        return (
            nic.up
            and nic.exists
            and not host.blocked
            and not self.stale_cards
            and host.holder(again.action.interface) is again.card
        )

    def _put_again(self, again: _Again) -> None:
        frame = again.frame
        if isinstance(frame, RepeatedFrame):
            frame = self._frames.again(again.action.instance, frame)
        self._journal.advert(AdvertSentEvent, self._scheduler.now, again.told, again.place, frame)
        again.nic.switch.accept(again.nic, Packet(frame, again.saying))

    def _frame(self, nic: Nic, action: SendAdvertisement, destination: str, to_mac: str | None) -> bytes:
        if self._profile.virtual_mac:
            mac = virtual_mac(action.vrid, 6 if ":" in action.source else 4)
        else:
            mac = (self._host.holder(action.interface) or nic).mac_text
        return self._frames.make(action, destination, mac, to_mac)

    def announce(self, action: SendGratuitousArp) -> None:
        """A gratuitous ARP or an unsolicited neighbour advertisement."""
        now = self._scheduler.now
        nic, holder = self._host.nic_of(action.interface), self._host.holder(action.interface)
        if nic is None or holder is None:
            return
        if nic.loses_frames or (self._profile.over_macvlan and not nic.up):
            self._journal.not_announced(now, action, NO_CARRIER)
            return
        if not nic.up:
            self._journal.not_announced(now, action, DOWN[1])
            line = announcement_failure_line(self._profile.wording, action, *DOWN)
            if line:
                self._journal.log(now, line)
            return
        mac = self.virtual_mac_of(action.instance) or holder.mac_text
        frame = announcement_of(action, mac)
        self._journal.announced(now, action, mac, frame)
        nic.switch.accept(nic, Packet(frame, announces=action.address))

    def virtual_mac_of(self, instance: str) -> str:
        """The virtual router MAC address by which others reach the addresses; "": the interface's own."""
        config = self._config_of(instance)
        if self._profile.virtual_mac and config is not None:
            return virtual_mac(config.vrid, config.family)
        return ""
