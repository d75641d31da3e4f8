"""Turns what a VRRP process did into trace events. Both drivers write through this, so their traces agree.

One journal a server. Actions that only a driver can judge (did the advert leave? was the address really
there?) are reported through methods of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.machine.actions import (
    Action,
    AdvertisementDropped,
    FaultsChanged,
    PriorityChanged,
    RunNotify,
    ScriptJudged,
    SendAdvertisement,
    SendGratuitousArp,
    StateChanged,
    Warn,
    WriteLog,
)
from vrrplab.trace.events import (
    ABSENT,
    AddressEvent,
    AdvertDroppedEvent,
    AdvertEvent,
    AdvertFailedEvent,
    AdvertReceivedEvent,
    AdvertSentEvent,
    ConfigurationEvent,
    FaultsEvent,
    GarpSentEvent,
    InterfaceEvent,
    LogEvent,
    NaSentEvent,
    NotifyEvent,
    PriorityEvent,
    RouteEvent,
    ScriptEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
)
from vrrplab.trace.rows import AdvertRow, AdvertTold, Place
from vrrplab.units import Micros, seconds
from vrrplab.wire.vrrp import Advertisement

_NEEDS_WRITING = frozenset(
    {
        WriteLog,
        StateChanged,
        FaultsChanged,
        PriorityChanged,
        AdvertisementDropped,
        ScriptJudged,
        Warn,
        RunNotify,
    }
)


def told_of(advert: SendAdvertisement | Advertisement, source: str, destination: str) -> AdvertTold:
    """What a trace tells of an advert."""
    return AdvertTold(
        source,
        destination,
        advert.version,
        advert.vrid,
        advert.priority,
        seconds(advert.interval_us),
        tuple(advert.addresses),
    )


class Journal:
    """``write`` takes the events; ``frames`` adds the bytes of adverts as hex."""

    __slots__ = ("_frames", "_write", "_write_advert", "_write_row", "server")

    def __init__(
        self,
        server: str,
        write: Callable[[TraceEvent], None],
        frames: bool = False,
        write_advert: Callable[[type[AdvertEvent], Micros, AdvertTold, str, Place], None] | None = None,
        write_row: Callable[[AdvertRow], None] | None = None,
    ) -> None:
        self.server = server
        self._write = write
        self._write_advert = write_advert or self._write_at_once
        self._write_row = write_row or self._write_events
        self._frames = frames

    def _write_at_once(
        self, kind: type[AdvertEvent], t_us: Micros, told: AdvertTold, frame: str, place: Place
    ) -> None:
        self._write_row(AdvertRow(kind, t_us, told, frame, place))

    def _write_events(self, row: AdvertRow) -> None:
        for event in row.events():
            self._write(event)

    def log(self, t_us: Micros, line: str) -> None:
        """A line of the daemon's log."""
        self._write(LogEvent(t_us, self.server, line=line))

    def warn(self, t_us: Micros, text: str, instance: str = ABSENT) -> None:
        """Something the user should know."""
        self._write(WarningEvent(t_us, self.server, instance=instance or ABSENT, text=text))

    def warn_of_drops(
        self,
        t_us: Micros,
        text: str,
        option: str,
        address: str,
        *,
        source: str = ABSENT,
        instance: str = ABSENT,
        over: bool = False,
    ) -> None:
        """An option drops what clients send to an address, or no longer; ``source``: of this one only."""
        told = WarningEvent(t_us, self.server, instance=instance, text=text, drops_by=option)
        told.address, told.source, told.over = address, source, over or None
        self._write(told)

    def warn_of_config(self, t_us: Micros, node: NodeConfig, file: Callable[[str], str] = str) -> None:
        """What the reader of a configuration warned of, once; ``file`` makes the name told of a path."""
        for warning in {(w.source, w.kind, w.message): w for w in node.warnings}.values():
            text = f"{warning.message}" + (f" - {warning.hint}" if warning.hint else "")
            place, line = file(warning.source.file), warning.source.line
            self._write(WarningEvent(t_us, self.server, text=text, kind=warning.kind, file=place, line=line))

    def configuration(self, t_us: Micros, fields: dict[str, Any]) -> None:
        """A reload: what runs now."""
        self._write(ConfigurationEvent(t_us, self.server, **fields))

    def interface(self, t_us: Micros, interface: str, up: bool) -> None:
        """An interface came up or went down."""
        self._write(InterfaceEvent(t_us, self.server, interface=interface, up=up))

    def state(self, t_us: Micros, instance: str, old: str, new: str, reason: str) -> None:
        """An instance entered a state."""
        self._write(StateEvent(t_us, self.server, instance=instance, from_=old, to=new, reason=reason))

    def record(self, t_us: Micros, action: Action) -> bool:
        """Write an action that needs nothing but writing; False: it is one for the driver."""
        if type(action) not in _NEEDS_WRITING:
            return False
        match action:
            case WriteLog(line=line):
                self.log(t_us, line)
            case StateChanged(instance, old, new, reason):
                self.state(t_us, instance, old, new, reason)
            case FaultsChanged(instance, faults):
                self._write(FaultsEvent(t_us, self.server, instance=instance, faults=list(faults)))
            case PriorityChanged(name, before, now, why):
                self._write(PriorityEvent(t_us, self.server, instance=name, from_=before, to=now, reason=why))
            case AdvertisementDropped(instance, source, vrid, reason):
                self.dropped(t_us, instance, source, vrid, reason)
            case ScriptJudged(script, code, passed, changed):
                result = "pass" if passed else "fail"
                self._write(
                    ScriptEvent(
                        t_us, self.server, script=script, exit=code, result=result, changed=changed or None
                    )
                )
            case Warn(instance, text):
                self.warn(t_us, text, instance)
            case RunNotify(instance, group, command):
                self._write(
                    NotifyEvent(
                        t_us,
                        self.server,
                        instance=instance or ABSENT,
                        group=ABSENT if instance else group,
                        script=command[0],
                        arguments=list(command[1:]),
                    )
                )
        return True

    def dropped(self, t_us: Micros, instance: str, source: str, vrid: int, reason: str) -> None:
        """An advert is not used; ``reason`` is the name of a DropReason."""
        self._write(
            AdvertDroppedEvent(
                t_us, self.server, instance=instance or ABSENT, source=source, vrid=vrid, reason=reason
            )
        )

    def sent(self, t_us: Micros, action: SendAdvertisement, destination: str, frame: bytes) -> None:
        """An advert has left the host."""
        told = told_of(action, action.source, destination)
        self.advert(AdvertSentEvent, t_us, told, self.place(action.instance, action.interface), frame)

    def not_sent(self, t_us: Micros, action: SendAdvertisement, destination: str, reason: str) -> None:
        """An advert could not leave the host."""
        self._write(
            AdvertFailedEvent(
                t_us,
                self.server,
                instance=action.instance,
                interface=action.interface,
                destination=destination,
                vrid=action.vrid,
                priority=action.priority,
                reason=reason,
            )
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
        told = told_of(advert, source, destination)
        self.advert(AdvertReceivedEvent, t_us, told, self.place(instance, interface), frame)

    def place(self, instance: str, interface: str) -> Place:
        """Where an advert leaves or comes in; ``instance`` "": nobody's."""
        return Place(self.server, instance or ABSENT, interface)

    def advert(
        self, kind: type[AdvertEvent], t_us: Micros, told: AdvertTold, place: Place, frame: bytes
    ) -> None:
        """An advert that was sent or received, for who keeps ``told`` and ``place`` while it repeats."""
        self._write_advert(kind, t_us, told, frame.hex() if self._frames else ABSENT, place)

    def adverts(
        self, kind: type[AdvertEvent], t_us: Micros, told: AdvertTold, places: tuple[Place, ...], frame: bytes
    ) -> None:
        """The same at several places, one after the other, in a driver that keeps rows."""
        row = AdvertRow(kind, t_us, told, frame.hex() if self._frames else ABSENT, places[0])
        row.places = places
        self._write_row(row)

    def address(
        self,
        t_us: Micros,
        kind: type[AddressEvent],
        interface: str,
        address: str,
        label: str,
        instance: str = "",
        pretended: bool = False,
    ) -> None:
        """An address (with its prefix) was put on an interface or taken off, as ``kind`` says.

        ``instance`` "": by hand.
        """
        self._write(
            kind(
                t_us,
                self.server,
                instance=instance or ABSENT,
                interface=interface,
                address=address,
                label=label or ABSENT,
                pretended=pretended or None,
            )
        )

    def route(
        self, t_us: Micros, kind: type[RouteEvent], text: str, where: tuple[str, str], instance: str = ""
    ) -> None:
        """A route or rule came or went, as ``kind`` says; ``where``: interface and table.

        Instance "": a static one, or the kernel's doing.
        """
        interface, table = where
        self._write(
            kind(
                t_us,
                self.server,
                instance=instance or ABSENT,
                interface=interface or ABSENT,
                table=table or ABSENT,
                text=text,
            )
        )

    def not_announced(self, t_us: Micros, action: SendGratuitousArp, reason: str) -> None:
        """A gratuitous ARP or neighbour advertisement could not leave the host."""
        self._write(
            AdvertFailedEvent(
                t_us,
                self.server,
                instance=action.instance,
                interface=action.interface,
                address=action.address,
                reason=reason,
            )
        )

    def announced(self, t_us: Micros, action: SendGratuitousArp, mac: str, frame: bytes = b"") -> None:
        """A gratuitous ARP or an unsolicited neighbour advertisement has left the host."""
        kind = NaSentEvent if ":" in action.address else GarpSentEvent
        self._write(
            kind(
                t_us,
                self.server,
                instance=action.instance,
                interface=action.interface,
                address=action.address,
                mac=mac,
                frame=frame.hex() if self._frames and frame else ABSENT,
            )
        )
