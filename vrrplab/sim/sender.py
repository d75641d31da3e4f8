"""How the frames of one keepalived process leave its host, or why they cannot.

Adverts, gratuitous ARP and neighbour advertisements become bytes here; what cannot leave is written down and
logged as keepalived does.
"""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.config.model import InstanceConfig
from vrrplab.drive.journal import Journal
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.machine.log_lines import say
from vrrplab.machine.profiles import Profile
from vrrplab.sim.host import Host, Nic, Vmac
from vrrplab.sim.scheduler import Scheduler
from vrrplab.wire.addresses import is_multicast, virtual_mac
from vrrplab.wire.frames import advert_frame, garp_frame, na_frame
from vrrplab.wire.vrrp import Advertisement

UNREACHABLE = (101, "Network is unreachable")
INVALID = (22, "Invalid argument")
FORBIDDEN = (1, "Operation not permitted")
DOWN = (100, "Network is down")


class Sender:
    """``config_of(instance)``: the configuration it runs with now, or None."""

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
        self._ip_ids: dict[str, int] = {}

    def advertise(self, action: SendAdvertisement, destination: str) -> None:
        """An advert to its group or to one unicast peer."""
        nic = self._host.nic_of(action.interface)
        now = self._scheduler.now
        if nic is None:
            return
        error = None
        if not nic.up:
            error = INVALID if ":" in action.source else UNREACHABLE
        elif ("out", "vrrp") in self._host.blocked:
            error = FORBIDDEN
        if error is not None:
            self._journal.not_sent(now, action, destination, error[1])
            if not (action.quiet_when_down and error is UNREACHABLE and not nic.up):
                key = "send_error" if is_multicast(destination) else "unicast_error"
                values = {"name": action.instance, "peer": destination, "errno": error[0], "text": error[1]}
                self._journal.log(now, say(self._profile.wording, key, **values))
            return
        if is_multicast(destination):
            self._put(nic, action, destination, None)
            return

        def with_mac(mac: str | None) -> None:
            if mac is None:
                reason = f"nobody answers for {destination} (ARP)"
                self._journal.not_sent(self._scheduler.now, action, destination, reason)
            else:
                self._put(nic, action, destination, mac)

        self._host.neighbors.find(destination, nic, with_mac)

    def _put(self, nic: Nic, action: SendAdvertisement, destination: str, to_mac: str | None) -> None:
        holder = self._host.holder(action.interface)
        family = 6 if ":" in action.source else 4
        mac = holder.mac_text if holder else nic.mac_text
        if self._profile.virtual_mac:
            mac = virtual_mac(action.vrid, family)
        password = action.authentication.password if action.authentication else b""
        kind = action.authentication.kind if action.authentication else ""
        advert = Advertisement(
            action.version,
            action.vrid,
            action.priority,
            action.interval_us,
            action.addresses,
            auth_type={"": 0, "PASS": 1, "AH": 2}[kind],
            auth_data=password.ljust(8, b"\0") if kind == "PASS" else None,
        )
        number = self._ip_ids[action.instance] = self._ip_ids.get(action.instance, 0) + 1
        frame = advert_frame(
            mac,
            action.source,
            destination,
            advert,
            ttl=action.ttl,
            ip_id=number & 0xFFFF if family == 4 else 0,
            destination_mac=to_mac,
            ah=(password, action.sequence) if kind == "AH" else None,
            checksum_form=action.checksum_form,
        )
        self._journal.sent(self._scheduler.now, action, destination, frame)
        self._host.send(nic, frame)

    def announce(self, action: SendGratuitousArp) -> None:
        """A gratuitous ARP or an unsolicited neighbour advertisement."""
        now = self._scheduler.now
        nic, holder = self._host.nic_of(action.interface), self._host.holder(action.interface)
        if nic is None or holder is None:
            return
        if not nic.up:
            self._journal.not_announced(now, action, DOWN[1])
            if ":" not in action.address:
                values = {"interface": action.interface, "address": action.address}
                line = say(self._profile.wording, "garp_error", errno=DOWN[0], text=DOWN[1], **values)
                self._journal.log(now, line)
            return
        mac = self._announced_mac(action, holder)
        if ":" in action.address:
            frame = na_frame(mac, action.address, router=action.router)
        else:
            frame = garp_frame(mac, action.address)
            if not action.broadcast_target:  # RFC 9568 §6.4.2: the target hardware address is the virtual MAC
                frame = frame[:32] + frame[22:28] + frame[38:]
        self._journal.announced(now, action.instance, action.interface, action.address, mac, frame)
        self._host.send(nic, frame)

    def _announced_mac(self, action: SendGratuitousArp, holder: Nic | Vmac) -> str:
        return self.virtual_mac_of(action.instance) or holder.mac_text

    def virtual_mac_of(self, instance: str) -> str:
        """The virtual router MAC address by which others reach the addresses; "": the interface's own."""
        config = self._config_of(instance)
        if self._profile.virtual_mac and config is not None:
            return virtual_mac(config.vrid, config.family)
        return ""
