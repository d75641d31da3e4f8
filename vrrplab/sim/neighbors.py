"""A host's ARP and neighbour cache: who has this address, how long that is believed, and how it is checked.

As Linux does it, with the contract's figures: an entry is trusted for 30 s after the last answer; then its
next use starts a check: 5 s of further trust, three unicast questions a second apart, and if nobody
answers the entry is dropped and everybody is asked. Gratuitous ARP changes an entry that exists, at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vrrplab.sim.nic import Nic
from vrrplab.sim.scheduler import TIMER, Scheduler
from vrrplab.units import SECOND_US, Micros
from vrrplab.wire.frames import arp_request_frame, ns_frame

TRUST_US = 30 * SECOND_US
DELAY_US = 5 * SECOND_US
ASK_EVERY_US = SECOND_US
QUESTIONS = 3
LOCK_US = SECOND_US  # a second answer from elsewhere within this time is ignored (Linux: locktime)

Answered = Callable[[str | None], None]  # the MAC address, or None: nobody answered


@dataclass(slots=True, eq=False)
class Entry:
    address: str
    nic: Nic
    mac: str | None = None
    state: str = "incomplete"  # incomplete | reachable | stale | delay | probe
    answered_us: Micros = 0
    questions: int = 0
    stamp: int = 0  # counts changes of state, so that an outdated timer knows it is one
    waiting: list[Answered] = field(default_factory=list)


class NeighborCache:
    """``send`` puts a question on the wire, ``changed()`` says that answers may differ now.

    ``on_change(address, mac)`` tells about every new, changed or dropped entry.
    """

    def __init__(
        self, scheduler: Scheduler, send: Callable[[Nic, bytes], None], changed: Callable[[], None]
    ) -> None:
        self._scheduler = scheduler
        self._send = send
        self._changed = changed
        self._entries: dict[str, Entry] = {}
        self.on_change: Callable[[str, str | None], None] | None = None

    def find(self, address: str, nic: Nic, then: Answered) -> None:
        """The MAC address for an address, now if it is known, else when somebody has answered."""
        entry = self._entries.get(address)
        if entry is None:
            entry = self._entries[address] = Entry(address, nic)
            self._ask(entry)
        if entry.state == "stale":
            self._enter(entry, "delay", DELAY_US)
        if entry.mac is None:
            entry.waiting.append(then)
        else:
            then(entry.mac)

    def clear(self) -> None:
        """Forget everybody; questions under way are void."""
        for entry in self._entries.values():
            entry.stamp += 1
        self._entries.clear()

    def asked(self, address: str, mac: str, nic: Nic) -> None:
        """Somebody asked for one of our addresses: Linux notes who, and checks it at its first use."""
        if address and address not in self._entries:
            entry = self._entries[address] = Entry(address, nic)
            entry.mac, entry.state = mac, "stale"
            self._tell(entry)

    def heard(self, address: str, mac: str, *, answer: bool, gratuitous: bool) -> None:
        """Somebody said where an address is."""
        entry = self._entries.get(address)
        if entry is None:
            return  # Linux learns from strangers only what it had asked for
        now = self._scheduler.now
        moved = entry.mac is not None and entry.mac != mac
        if moved and not gratuitous and now - entry.answered_us < LOCK_US:
            return
        if not (answer or gratuitous or entry.mac is None or moved):
            return
        if entry.mac != mac:
            entry.mac = mac
            self._tell(entry)
        entry.answered_us = now
        self._enter(entry, "reachable", TRUST_US)
        waiting, entry.waiting = entry.waiting, []
        for then in waiting:
            then(mac)

    def _enter(self, entry: Entry, state: str, lasts_us: Micros) -> None:
        entry.state = state
        entry.stamp += 1
        entry.questions = 0
        self._scheduler.after(lasts_us, TIMER, self._expired, entry, entry.stamp)

    def _expired(self, entry: Entry, stamp: int) -> None:
        if entry.stamp != stamp:
            return
        match entry.state:
            case "reachable":
                entry.state = "stale"  # checked at its next use
                self._changed()
            case "delay":
                entry.state = "probe"
                self._ask(entry)
            case "probe" | "incomplete" if entry.questions < QUESTIONS:
                self._ask(entry)
            case _:
                self._drop(entry)

    def _ask(self, entry: Entry) -> None:
        entry.questions += 1
        entry.stamp += 1
        nic = entry.nic
        source = _source_for(nic, entry.address)
        if source:
            if ":" in entry.address:
                frame = ns_frame(nic.mac_text, source, entry.address)
            elif entry.mac:
                frame = arp_request_frame(nic.mac_text, source, entry.address, entry.mac)
            else:
                frame = arp_request_frame(nic.mac_text, source, entry.address)
            self._send(nic, frame)
        self._scheduler.after(ASK_EVERY_US, TIMER, self._expired, entry, entry.stamp)

    def _drop(self, entry: Entry) -> None:
        del self._entries[entry.address]
        if entry.mac is not None:
            entry.mac = None
            self._tell(entry)
        for then in entry.waiting:
            then(None)
        self._changed()

    def _tell(self, entry: Entry) -> None:
        if self.on_change:
            self.on_change(entry.address, entry.mac)
        self._changed()


def _source_for(nic: Nic, target: str) -> str:
    """An address of the NIC's to ask from, of the same family."""
    for address in nic.addresses:
        if (":" in address.address) == (":" in target):
            return address.address
    return ""
