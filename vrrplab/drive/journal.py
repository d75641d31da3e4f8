"""Turns what a VRRP process did into trace events. Both drivers write through this, so their traces agree.

One journal a server. Actions that only a driver can judge (did the advert leave? was the address really
there?) are reported through methods of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vrrplab.machine.actions import (
    Action,
    AdvertisementDropped,
    PriorityChanged,
    RunNotify,
    ScriptJudged,
    SendAdvertisement,
    SendGratuitousArp,
    StateChanged,
    Warn,
    WriteLog,
)
from vrrplab.trace import TraceEvent, make_event
from vrrplab.units import Micros, seconds
from vrrplab.wire.vrrp import Advertisement


class Journal:
    """``write`` takes the events; ``frames`` adds the bytes of adverts as hex."""

    def __init__(self, server: str, write: Callable[[TraceEvent], None], frames: bool = False) -> None:
        self.server = server
        self._write = write
        self._frames = frames

    def note(self, t_us: Micros, event: str, **fields: Any) -> None:
        """Any event of this server."""
        self._write(make_event(t_us, event, {"server": self.server, **fields}))

    def record(self, t_us: Micros, action: Action) -> bool:
        """Write an action that needs nothing but writing; False: it is one for the driver."""
        match action:
            case WriteLog(line=line):
                self.note(t_us, "log", line=line)
            case StateChanged(instance, old, new, reason):
                self.note(t_us, "state", instance=instance, **{"from": old, "to": new, "reason": reason})
            case PriorityChanged(instance, old_priority, new_priority, reason):
                change = {"from": old_priority, "to": new_priority, "reason": reason}
                self.note(t_us, "priority", instance=instance, **change)
            case AdvertisementDropped(instance, source, vrid, reason):
                self.dropped(t_us, instance, source, vrid, reason)
            case ScriptJudged(script, exit_code, passed, changed):
                result = "pass" if passed else "fail"
                fields = {"script": script, "exit": exit_code, "result": result}
                self.note(t_us, "script", **fields, **({"changed": True} if changed else {}))
            case Warn(instance, text):
                self.note(t_us, "warning", **({"instance": instance} if instance else {}), text=text)
            case RunNotify(instance, group, command):
                who = {"instance": instance} if instance else {"group": group}
                self.note(t_us, "notify", **who, script=command[0], arguments=list(command[1:]))
            case _:
                return False
        return True

    def dropped(self, t_us: Micros, instance: str, source: str, vrid: int, reason: str) -> None:
        who = {"instance": instance} if instance else {}
        self.note(t_us, "advert_dropped", **who, source=source, vrid=vrid, reason=reason)

    def sent(self, t_us: Micros, action: SendAdvertisement, destination: str, frame: bytes) -> None:
        """An advert has left the host."""
        fields = {
            "instance": action.instance,
            "interface": action.interface,
            "source": action.source,
            "destination": destination,
            "version": action.version,
            "vrid": action.vrid,
            "priority": action.priority,
            "interval_s": seconds(action.interval_us),
            "addresses": list(action.addresses),
        }
        if self._frames:
            fields["frame"] = frame.hex()
        self.note(t_us, "advert_sent", **fields)

    def not_sent(self, t_us: Micros, action: SendAdvertisement, destination: str, reason: str) -> None:
        """An advert could not leave the host."""
        self.note(
            t_us,
            "advert_failed",
            instance=action.instance,
            interface=action.interface,
            destination=destination,
            vrid=action.vrid,
            priority=action.priority,
            reason=reason,
        )

    def received(
        self,
        t_us: Micros,
        interface: str,
        source: str,
        destination: str,
        advert: Advertisement,
        frame: bytes,
        instance: str = "",
    ) -> None:
        """An advert was handed to the process; ``instance`` "": it has none for that VRID."""
        fields = {
            **({"instance": instance} if instance else {}),
            "interface": interface,
            "source": source,
            "destination": destination,
            "version": advert.version,
            "vrid": advert.vrid,
            "priority": advert.priority,
            "interval_s": seconds(advert.interval_us),
            "addresses": list(advert.addresses),
        }
        if self._frames:
            fields["frame"] = frame.hex()
        self.note(t_us, "advert_received", **fields)

    def not_announced(self, t_us: Micros, action: SendGratuitousArp, reason: str) -> None:
        """A gratuitous ARP or neighbour advertisement could not leave the host."""
        fields = {"instance": action.instance, "interface": action.interface, "address": action.address}
        self.note(t_us, "advert_failed", **fields, reason=reason)

    def announced(
        self, t_us: Micros, instance: str, interface: str, address: str, mac: str, frame: bytes = b""
    ) -> None:
        """A gratuitous ARP or an unsolicited neighbour advertisement has left the host."""
        kind = "na_sent" if ":" in address else "garp_sent"
        fields = {"instance": instance, "interface": interface, "address": address, "mac": mac}
        if self._frames and frame:
            fields["frame"] = frame.hex()
        self.note(t_us, kind, **fields)
