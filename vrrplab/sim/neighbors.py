"""A host's ARP and neighbour cache: who has this address, how long that is believed, and how it is checked.

As Linux does it, with the contract's figures: an entry is trusted for 30 s after the last answer; then its
next use starts a check: 5 s of further trust, three unicast questions a second apart, and if nobody
answers the entry is dropped and everybody is asked. While nothing is known, what is to be sent waits, and is
lost when three questions stay without an answer. Gratuitous ARP changes an entry that exists, at once, and
so does a question that an address of ours is asked; neither is an answer, so the next use checks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from vrrplab.sim.nic import Nic, Vmac
from vrrplab.sim.scheduler import TIMER, Scheduler
from vrrplab.units import SECOND_US, Micros
from vrrplab.wire.frames import arp_request_frame, ns_frame

TRUST_US = 30 * SECOND_US
DELAY_US = 5 * SECOND_US
# A second of Linux' timer wheel at 250 Hz, whose steps are 32 ms there: three give the measured 3.07 s.
ASK_EVERY_US = 1_024_000
QUESTIONS = 3
LOCK_US = SECOND_US  # a second answer from elsewhere within this time is ignored (Linux: locktime)

Answered = Callable[[str | None], None]  # the MAC address, or None: nobody answered


@dataclass(slots=True, eq=False)
class Entry:
    """What one interface knows of one neighbour; ``state``: one of Linux' (``ip neigh`` shows them)."""

    address: str
    nic: Nic
    card: Nic | Vmac  # whose entry it is: the NIC or a macvlan on it
    source: str = ""  # the address that what waits is sent from, if the sender said so
    mac: str | None = None
    state: str = "incomplete"  # incomplete | reachable | stale | delay | probe
    updated_us: Micros = 0
    questions: int = 0
    stamp: int = 0  # counts changes of state, so that an outdated timer knows it is one
    waiting: list[Answered] = field(default_factory=list)


class Asker(Protocol):
    """What is known of a host here."""

    def send(self, nic: Nic, data: bytes) -> None:
        """Put a question on the wire, if the interface is up."""


class NeighborCache:
    """``host`` puts its questions on the wire, ``changed()`` says that answers may differ now.

    ``on_change(address, mac)`` tells about every new, changed or dropped entry.
    """

    __slots__ = ("_changed", "_entries", "_host", "_scheduler", "on_change")

    def __init__(self, scheduler: Scheduler, host: Asker, changed: Callable[[], None]) -> None:
        self._scheduler = scheduler
        self._host = host
        self._changed = changed
        self._entries: dict[tuple[str, str], Entry] = {}  # by interface and address
        self.on_change: Callable[[str, str | None], None] | None = None

    def find(
        self, address: str, nic: Nic, then: Answered, *, card: Nic | Vmac | None = None, source: str = ""
    ) -> None:
        """The MAC address for an address, now if it is known, else when somebody has answered.

        ``card``: the macvlan on the NIC that asks, if it is not the NIC. ``source``: the address of what is
        to be sent; Linux asks from it, whichever interface has it (arp_announce 0).
        """
        card = card or nic
        entry = self._entries.get((card.name, address))
        if entry is None:
            entry = self._entries[card.name, address] = Entry(address, nic, card, source)
            nic.switch.cares(address, nic)
            self._ask(entry)
        if entry.mac is None:
            entry.waiting.append(then)
            entry.source = source
        else:
            self._use(entry)
            then(entry.mac)

    def believed(self, card: str, address: str) -> str | None:
        """The MAC address that an interface would send to, without asking anybody; None: it would ask."""
        entry = self._entries.get((card, address))
        return entry.mac if entry is not None else None

    def clear(self) -> None:
        """Forget everybody; questions under way are void."""
        for entry in self._entries.values():
            entry.stamp += 1
            entry.nic.switch.cares_no_more(entry.address, entry.nic)
        self._entries.clear()

    def forget(self, card: str) -> None:
        """An interface was set down, or is gone: so are its entries, and what waits for them."""
        for entry in [e for (name, _), e in self._entries.items() if name == card]:
            entry.stamp += 1
            self._drop(entry)

    def asked(self, address: str, mac: str, nic: Nic, card: Nic | Vmac) -> None:
        """Somebody asked for one of our addresses: Linux notes who, and checks it at its first use.

        What was known of him gives way at once, however fresh it is (measured, Linux 6.18).
        """
        if not address:
            return
        key = card.name, address
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(address, nic, card)
            nic.switch.cares(address, nic)
        self._update(entry, mac, answer=False)

    def heard(self, address: str, mac: str, cards: Iterable[str], *, answer: bool, gratuitous: bool) -> None:
        """Somebody said where an address is, to these interfaces. Only what was asked for is learned so.

        ``answer``: to a question of this host; all else does not prove that he can be reached.
        """
        for card in cards:
            entry = self._entries.get((card, address))
            if entry is None:
                continue
            moved = entry.mac is not None and entry.mac != mac
            if moved and not gratuitous and self._scheduler.now - entry.updated_us < LOCK_US:
                continue
            self._update(entry, mac, answer)

    def _update(self, entry: Entry, mac: str, answer: bool) -> None:
        moved = entry.mac != mac
        if not moved and not answer:
            return
        entry.mac = mac
        self._enter(entry, "reachable" if answer else "stale", TRUST_US if answer else None)
        if moved:
            self._tell(entry)
        waiting, entry.waiting = entry.waiting, []
        if waiting:
            self._use(entry)
        for then in waiting:
            then(mac)

    def _use(self, entry: Entry) -> None:
        if entry.state == "stale":
            self._enter(entry, "delay", DELAY_US)

    def _enter(self, entry: Entry, state: str, lasts_us: Micros | None) -> None:
        entry.state = state
        entry.updated_us = self._scheduler.now
        entry.stamp += 1
        entry.questions = 0
        if lasts_us is not None:
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
        nic, card, target = entry.nic, entry.card, entry.address
        # only what waits brings its own address; ND takes it if the interface has it
        given = entry.source if entry.mac is None else ""
        if ":" in given and card.addresses.get(given) is None:
            given = ""
        source = given or source_for(card, target) or source_for(nic, target)
        if source:
            mac = nic.virtual_mac(source) or card.mac_text
            if ":" in target:
                frame = ns_frame(mac, source, target, target if entry.mac else None, entry.mac)
            elif entry.mac:
                frame = arp_request_frame(mac, source, target, entry.mac)
            else:
                frame = arp_request_frame(mac, source, target)
            self._host.send(nic, frame)
        self._scheduler.after(ASK_EVERY_US, TIMER, self._expired, entry, entry.stamp)

    def _drop(self, entry: Entry) -> None:
        del self._entries[entry.card.name, entry.address]
        entry.nic.switch.cares_no_more(entry.address, entry.nic)
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


def source_for(card: Nic | Vmac, target: str) -> str:
    """An address of the interface's to ask from, of the same family."""
    return card.addresses.first_of(6 if ":" in target else 4)
