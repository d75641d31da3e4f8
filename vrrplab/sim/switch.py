"""One learning switch: ports, the MAC table with ageing, and everything that can be wrong with a segment.

A frame to a known unicast address goes to one port; to an unknown one, a group or everybody, to all others
in a single delivery event. Ports forget their addresses when the link goes down, as real switches do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from vrrplab.scenario.parts import Segment
from vrrplab.sim import followers
from vrrplab.sim.packet import Packet, Saying, mac_text
from vrrplab.sim.rng import Chance, Spot
from vrrplab.sim.scheduler import PACKET, Scheduler
from vrrplab.units import Micros

BROADCAST = b"\xff" * 6
# What may be drawn for one frame, each by a draw of its own.
LOSS, ONE_WAY_LOSS, JITTER = range(3)
REASONS = 4
Frame = tuple[Spot, int]
NO_FRAME: Frame = (Spot(0), 0)
IPV4 = b"\x08\x00"


class Port(Protocol):
    """What is plugged in: a network interface of some host."""

    host_name: str
    port_name: str  # as a MAC table shows it
    mac: bytes

    @property
    def up(self) -> bool:
        """Can frames pass?"""

    @property
    def receive(self) -> Callable[[Packet], None]:
        """What takes a frame that comes out of the switch here."""

    def answers_to(self, mac: bytes) -> bool:
        """Is a frame to that MAC address for what is plugged in?"""

    def joins(self, said: Saying) -> Sequence[followers.Follower] | None:
        """Who behind it only follows such adverts; None: somebody does more (``followers``)."""


class OneWay(NamedTuple):
    """What is wrong on the way from one host to another; None: as in the rest of the segment."""

    loss: float
    latency_us: Micros | None
    jitter_us: Micros | None


class Switch:
    """``changed()``: forwarding may differ now. ``learned(segment, mac, port or None)`` is for the trace."""

    __slots__ = (
        "_caring",
        "_chance",
        "_changed",
        "_learned",
        "_others",
        "_ports",
        "_scheduler",
        "capture",
        "gathering",
        "is_certain",
        "jitter_us",
        "latency_us",
        "loss",
        "multicast",
        "one_way",
        "segment",
        "table",
    )

    def __init__(
        self,
        segment: Segment,
        scheduler: Scheduler,
        chance: Chance,
        changed: Callable[[], None],
        learned: Callable[[str, str, str | None], None],
    ) -> None:
        self.segment = segment
        self._scheduler = scheduler
        self._chance = chance
        self._changed = changed
        self._learned = learned
        self._ports: list[Port] = []
        # address -> ports whose hosts have something noted of it, and in how many caches: others make
        # nothing of an announcement (it follows from the hosts' caches)
        self._caring: dict[str, dict[Port, int]] = {}
        self.gathering = followers.Gathering()
        self._others: dict[Port, list[Port]] = {}  # a cache: all but this one
        self.table: dict[bytes, tuple[Port, Micros]] = {}
        self.capture: Callable[[Micros, str, bytes], None] | None = None
        self.heal()

    def attach(self, nic: Port) -> None:
        """Plug an interface in, for good: one whose link is down stays a port."""
        self._ports.append(nic)
        self._others.clear()

    def cares(self, address: str, port: Port) -> None:
        """A host's neighbour cache has a new entry, of an interface with that port."""
        ports = self._caring.setdefault(address, {})
        ports[port] = ports.get(port, 0) + 1

    def cares_no_more(self, address: str, port: Port) -> None:
        """That entry is gone."""
        ports = self._caring[address]
        ports[port] -= 1
        if not ports[port]:
            del ports[port]

    # -- faults --------------------------------------------------------------------------------

    def heal(self, *what: str) -> None:
        """Back to the scenario's values: all of them, or those named."""
        for name in what or ("loss", "latency_s", "jitter_s", "multicast", "between"):
            match name:
                case "loss":
                    self.loss = self.segment.loss
                case "latency_s":
                    self.latency_us = self.segment.latency_us
                case "jitter_s":
                    self.jitter_us = self.segment.jitter_us
                case "multicast":
                    self.multicast = self.segment.multicast
                case "between":
                    self.one_way: dict[tuple[str, str], OneWay] = {}
        self._settle()

    def disturb(
        self,
        loss: float | None = None,
        latency_us: Micros | None = None,
        jitter_us: Micros | None = None,
        multicast: bool | None = None,
        between: list[list[str]] | None = None,
    ) -> None:
        """With ``between``, loss, latency and jitter hold one way between those hosts only.

        Without any of the three nothing gets through there.
        """
        if between is not None:
            nothing_said = loss is None and latency_us is None and jitter_us is None
            fault = OneWay(1.0 if nothing_said else loss or 0.0, latency_us, jitter_us)
            for sender, receiver in between:
                self.one_way[(sender, receiver)] = fault
        else:
            self.loss = self.loss if loss is None else loss
            self.latency_us = self.latency_us if latency_us is None else latency_us
            self.jitter_us = self.jitter_us if jitter_us is None else jitter_us
        if multicast is not None:
            self.multicast = multicast
        self._settle()

    def _settle(self) -> None:
        certain = all(w.loss in (0, 1) and not w.jitter_us for w in self.one_way.values())
        self.is_certain = not self.loss and not self.jitter_us and certain  # nothing random happens here
        self.gathering.dissolve()
        self._changed()

    # -- frames --------------------------------------------------------------------------------

    def accept(self, sender: Port, packet: Packet) -> None:
        """A frame comes in at a port."""
        if self.capture:
            self.capture(self._scheduler.now, self.segment.name, packet.data)
        if not self._learn(packet.source, sender):
            return
        receivers = self.outputs(sender, packet.destination)
        if self.is_certain and not self.one_way:
            if receivers:
                self._scheduler.after(self.latency_us, PACKET, self._deliver, packet, receivers)
            return
        kind = packet.kind
        if not self.one_way and not self.jitter_us:
            self._forward_by_lot(sender, packet, receivers, kind)
            return
        for receiver in receivers:
            frame = self._frame(sender, receiver, kind)
            if not self._lost(sender, receiver, frame):
                delay_us = self._delay_us(sender, receiver, frame)
                self._scheduler.after(delay_us, PACKET, self._deliver, packet, [receiver])

    def _forward_by_lot(self, sender: Port, packet: Packet, receivers: list[Port], kind: str) -> None:
        """What ``accept`` does where frames are lost and nothing else is wrong."""
        chance, loss, ways = self._chance, self.loss, (self.segment.name, sender.port_name)
        for receiver in receivers:
            spot = chance.spot((*ways, receiver.port_name, kind))
            number = spot.count
            spot.count = number + 1
            if chance.at(spot, number * REASONS + LOSS) >= loss:
                self._scheduler.after(self.latency_us, PACKET, self._deliver, packet, [receiver])

    def _deliver(self, packet: Packet, receivers: list[Port]) -> None:
        destination = packet.destination
        is_group = destination[0] & 1
        self._scheduler.steps += len(receivers)
        said = packet.saying
        many = said is not None and len(receivers) >= followers.FEWEST
        if many and self.gathering.hear(packet, receivers, self._scheduler.now):
            return
        if packet.announces:
            caring = self._caring.get(packet.announces, ())
            receivers = [nic for nic in receivers if nic in caring] if caring else []
        for nic in receivers:
            if nic.up and (is_group or nic.answers_to(destination)):
                nic.receive(packet)
        if many and said is not None and is_group:
            self.gathering.gather(said, receivers, self._scheduler.now)

    def walk(
        self, sender: Port, source: bytes, destination: bytes, kind: str = ""
    ) -> tuple[Port, Micros] | None:
        """Client traffic, without an event for each frame: who takes it and how long it travels.

        ``kind``: whose it is, so that each probe has its own luck.
        """
        if not self._learn(source, sender):
            return None
        taken: tuple[Port, Frame] | None = None
        for nic in self.outputs(sender, destination):
            if nic.up and nic.answers_to(destination):
                frame = self._frame(sender, nic, kind)
                if not self._lost(sender, nic, frame):
                    taken = nic, frame
        return (taken[0], self._delay_us(sender, *taken)) if taken else None

    def outputs(self, sender: Port, destination: bytes) -> list[Port]:
        """The ports at which a frame to that address would leave now."""
        if destination[0] & 1:
            if not self.multicast and destination != BROADCAST:
                return []
        else:
            entry = self.table.get(destination)
            if entry and self._scheduler.now - entry[1] <= self.segment.mac_ageing_us:
                return [entry[0]] if entry[0] is not sender else []
        others = self._others.get(sender)
        if others is None:
            others = self._others[sender] = [p for p in self._ports if p is not sender]
        return others

    def _frame(self, sender: Port, receiver: Port, kind: str) -> Frame:
        """The address of its draws: the way, and its number among those of its kind there.

        Where nothing is drawn nothing is counted.
        """
        if self.is_certain:
            return NO_FRAME
        spot = self._chance.spot((self.segment.name, sender.port_name, receiver.port_name, kind))
        spot.count += 1
        return spot, spot.count - 1

    def _draw(self, frame: Frame, reason: int) -> float:
        return self._chance.at(frame[0], frame[1] * REASONS + reason)

    def _lost(self, sender: Port, receiver: Port, frame: Frame) -> bool:
        fault = self.one_way.get((sender.host_name, receiver.host_name)) if self.one_way else None
        if fault and fault.loss >= 1:
            return True
        if self.loss and self._draw(frame, LOSS) < self.loss:
            return True
        return fault is not None and fault.loss > 0 and self._draw(frame, ONE_WAY_LOSS) < fault.loss

    def _delay_us(self, sender: Port, receiver: Port, frame: Frame) -> Micros:
        latency_us, jitter_us = self.latency_us, self.jitter_us
        if not self.one_way and not jitter_us:
            return latency_us
        fault = self.one_way.get((sender.host_name, receiver.host_name))
        if fault:
            latency_us = latency_us if fault.latency_us is None else fault.latency_us
            jitter_us = jitter_us if fault.jitter_us is None else fault.jitter_us
        return latency_us + (round(self._draw(frame, JITTER) * jitter_us) if jitter_us else 0)

    # -- the MAC table -------------------------------------------------------------------------

    def _learn(self, mac: bytes, port: Port) -> bool:
        """Note where an address is; False when port security forbids it there."""
        now = self._scheduler.now
        if self.segment.port_security and mac != port.mac:
            return False
        entry = self.table.get(mac)
        aged = entry is not None and now - entry[1] > self.segment.mac_ageing_us
        self.table[mac] = (port, now)
        if entry is None or entry[0] is not port or aged:
            self._learned(self.segment.name, mac_text(mac), port.port_name)
            self._changed()
        return True

    def refresh(self, mac: bytes, seen_us: Micros) -> None:
        """Traffic that was not simulated frame by frame kept this entry young until then."""
        entry = self.table.get(mac)
        if entry and entry[1] < seen_us:
            self.table[mac] = (entry[0], seen_us)

    def forget(self, port: Port) -> None:
        """The link of a port went down."""
        for mac in [m for m, (p, _) in self.table.items() if p is port]:
            del self.table[mac]
            self._learned(self.segment.name, mac_text(mac), None)
        self._changed()
