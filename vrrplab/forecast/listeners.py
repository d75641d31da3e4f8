"""Who hears whom in a cluster, and where that leaves it to chance what becomes of a virtual router.

Two MASTERs that reject each other's adverts put off each other's next one; with AH the numbers of adverts
count. Who waits for such a MASTER, who hears it, is heard by it or is in its sync group: of these no timer
tells, and the forecast says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vrrplab.forecast.seat import Seat, is_signed
from vrrplab.machine.hearing import objection

# Why timers alone do not tell what becomes of a virtual router.
AH_COUNTS = "with AH it is a matter of their numbers which adverts count"
STARVED = "two MASTERs reject each other's adverts: which one goes on sending is a toss"
TWO_OWNERS = "two address owners, of which each waits to see whether the other goes on"
OWNER_RETURNS = "an address owner returns to another one: an advert to it may have waited for its MAC address"
OWNER_DELAYED = "an address owner hears a MASTER while its start is delayed"
CLASHES = "sync groups begin at one moment and make each other give way, as often as chance has it"
RESTLESS = "its routers do not come to rest"


class Listeners:
    """The seats of a cluster. ``own``: the addresses of each one's card, by its place."""

    def __init__(self, seats: Sequence[Seat], own: Mapping[int, frozenset[str]]) -> None:
        self.hears: set[tuple[int, int]] = set()  # places (sender, receiver) of all that heed each other
        self.rejects: set[tuple[int, int]] = set()  # the same where the receiver rejects what it hears
        self._take(seats)
        for sender in seats:
            for seat in self.near[sender.place]:
                wrong = objection(sender.config, sender.source, seat.config, own[seat.place], seat.profile)
                if wrong is None:
                    self.hears.add((sender.place, seat.place))
                elif wrong:
                    self.rejects.add((sender.place, seat.place))

    def _take(self, seats: Sequence[Seat]) -> None:
        self._seats = seats
        self.near = {  # by place: those of the same virtual router on other nodes
            s.place: [o for o in seats if o.router == s.router and o.node != s.node] for s in seats
        }
        self._nodes: dict[str, list[Seat]] = {}
        for seat in seats:
            self._nodes.setdefault(seat.node, []).append(seat)

    def copied(self, seats: Sequence[Seat]) -> Listeners:
        """The same of copies of the seats."""
        other = object.__new__(Listeners)
        other.hears, other.rejects = self.hears, self.rejects
        other._seats = seats
        other.near = {place: [seats[o.place] for o in near] for place, near in self.near.items()}
        other._nodes = {name: [seats[s.place] for s in on] for name, on in self._nodes.items()}
        return other

    def on(self, node: str) -> list[Seat]:
        """Those of a node."""
        return self._nodes.get(node, [])

    def mates(self, seat: Seat) -> list[Seat]:
        """The others of its sync group."""
        if seat.group is None:
            return []
        return [s for s in self.on(seat.node) if s.group is seat.group and s is not seat]

    def reaches(self, master: Seat, other: Seat) -> bool:
        """Would ``other`` heed an advert now?"""
        return master.speaks and other.hears and (master.place, other.place) in self.hears

    def hearers(self, seat: Seat) -> list[Seat]:
        """Who heeds what it sends, if it reaches the network."""
        return [o for o in self.near[seat.place] if (seat.place, o.place) in self.hears and o.hears]

    def are_heard_by_a_third(self, one: Seat, other: Seat) -> bool:
        """Is there a third one that hears both?"""
        return any(
            third.state in ("BACKUP", "MASTER") and self.reaches(one, third) and self.reaches(other, third)
            for third in self.near[one.place]
            if third is not other
        )

    def left_to_chance(self) -> dict[int, str]:
        """Of a cluster at rest: the places where packets decide from now on, and no timer, and why."""
        found: dict[int, str] = {}
        for one in self._seats:
            for other in self.near[one.place]:
                if not (one.state == other.state == "MASTER" and one.hears):
                    continue
                pair = (other.place, one.place)
                if pair in self.rejects:
                    found |= dict.fromkeys(self._starved_by(one, other), STARVED)
                elif is_signed(one.config) and pair in self.hears and self.are_heard_by_a_third(one, other):
                    found[one.place] = AH_COUNTS
        return found

    def _starved_by(self, one: Seat, other: Seat) -> Iterator[int]:
        """Who waits for adverts of two MASTERs that reject each other's, and put off their own by that."""
        for third in self.near[one.place]:
            heard = {(one.place, third.place), (other.place, third.place)} & self.hears
            if heard and third is not other and third.state in ("BACKUP", "MASTER"):
                yield third.place

    def spread(self, doubts: Mapping[int, str]) -> dict[int, str]:
        """Doubts, and whom they concern too: who hears a doubtful one, is heard by it, or is its mate."""
        reasons = dict(doubts)
        pending = list(reasons)
        while pending:
            seat = self._seats[pending.pop()]
            linked = [
                other
                for other in self.near[seat.place]
                if {(seat.place, other.place), (other.place, seat.place)} & self.hears
            ]
            for other in (*self.mates(seat), *linked):
                if other.place not in reasons:
                    reasons[other.place] = reasons[seat.place]
                    pending.append(other.place)
        return reasons
