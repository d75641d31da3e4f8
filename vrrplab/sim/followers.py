"""All who hear one MASTER's adverts, and do nothing else: one note of the time for all of them.

On a clean segment every BACKUP hears every advert, and for nearly all of them the same follows each time: the
timer starts anew. So the servers that have just done only that are gathered, and from then on an advert of
the same kind is noted once. Each of them catches up, with the machine's own ``handle``, as soon as anything
else concerns one of them: an event of its own, a timer that really ends, an action of the scenario, or
somebody who asks (``Router.daemon``, ``Network.settle``). Until then what is kept here is part of the state
of its members: an outdated one is a world's only together with its group.

What comes out is the same, event for event: tests/sim/test_followers.py runs everything with and without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from vrrplab.machine.events import AdvertisementReceived
from vrrplab.sim.packet import Packet, Saying
from vrrplab.sim.scheduler import TIMER, Bundle, Scheduler
from vrrplab.trace.rows import Place
from vrrplab.units import Micros

FEWEST = 6  # receivers from which on it pays; tests set it


class Follower(NamedTuple):
    """A server that only follows, or (``place`` None) one that hears nothing at all and stays so."""

    router: Member
    place: Place | None
    event: AdvertisementReceived
    down_us: Micros  # how long it waits after an advert


class Receiver(Protocol):
    """A port: who follows behind it; nobody at all, or None for somebody who does more than that."""

    def joins(self, said: Saying) -> Sequence[Follower] | None:
        """What each server behind it would bring into a group that hears just this."""


class Member(Protocol):
    """What is known of a router here."""

    def follow(self, group: Followers, down_us: Micros) -> None:
        """The group hears for it now; an advert lets it wait for ``down_us``."""

    def sleep(self, sleepers: Sleepers) -> None:
        """It is woken together with these."""

    def sleep_alone(self, slept: Slept, until_us: Micros) -> None:
        """It is woken then by a turn of its own, and was last woken for nothing as ``slept`` says."""

    def wake(self) -> None:
        """A timer of its own may have ended."""

    def leave(self, event: AdvertisementReceived, times: int, last_us: Micros) -> None:
        """Catch up: the advert was heard so many times, the last time at ``last_us``."""

    def note_heard(self, saying: Saying, places: tuple[Place, ...], frame: bytes) -> None:
        """Write down that an advert was heard at all these places now; ``frame``: its bytes."""


class Slept(NamedTuple):
    """Woken for nothing: when last, how many adverts the group had heard by then, and when the last one."""

    woken_us: Micros
    times: int
    last_us: Micros


class Sleepers(Bundle):
    """Members of a group who were woken for nothing one after the other, and wait until the same moment.

    One call wakes all of them, and sends them back to sleep if there is nothing to do again.
    """

    __slots__ = ("_scheduler", "group", "members", "slept", "until_us")

    def __init__(self, members: list[Member]) -> None:
        self.members = members
        self.number = 0  # of the first one's turn
        self.until_us: Micros = 0
        self.slept = Slept(0, 0, 0)
        self.group: Followers | None = None  # None: each of them has his own turn
        self._scheduler: Scheduler

    def lie_down(self, group: Followers, scheduler: Scheduler, slept: Slept, until_us: Micros) -> None:
        """Wait until then, each with a turn of his own."""
        self.group, self._scheduler, self.slept, self.until_us = group, scheduler, slept, until_us
        self.number = scheduler.numbers(len(self.members))
        scheduler.bundled(until_us, TIMER, self)

    def take_in(self, members: list[Member]) -> None:
        """They wait for the same, and have come right after the last one here."""
        self._scheduler.numbers(len(members))
        self.members.extend(members)
        for member in members:
            member.sleep(self)

    def call_all(self) -> None:
        """Wake them."""
        if self.group is None or not self.group.lets_sleep(self, self._scheduler):
            self.part()
            self._scheduler.one_by_one(self.until_us, TIMER, self)

    def calls(self) -> list[Callable[[], None]]:
        """The turn of each member, in their order."""
        return [member.wake for member in self.members]

    def part(self) -> None:
        """Each of them has his own turn from now on."""
        if self.group is not None:
            self.group = None
            for member in self.members:
                member.sleep_alone(self.slept, self.until_us)


class Followers:
    """``receivers``: the very list that a frame must be for, so that nobody was plugged in or cut off."""

    __slots__ = (
        "_lay_down_last",
        "_members",
        "_places",
        "_sleepers",
        "_speaker",
        "is_over",
        "last_us",
        "receivers",
        "saying",
        "times",
    )

    def __init__(
        self, saying: Saying, receivers: Sequence[Receiver], members: list[Follower], now: Micros
    ) -> None:
        self.saying = saying
        self.receivers = receivers
        self._members = members
        self._speaker = members[0].router  # in whose journal it is written
        self._places = tuple(m.place for m in members if m.place is not None)
        self.times = 0  # heard and not yet caught up with
        self.last_us = now
        self.is_over = False
        self._sleepers: dict[int, Sleepers] = {}  # by the number of their turn
        self._lay_down_last: Sleepers | None = None
        for member in members:
            member.router.follow(self, member.down_us)

    def hear(self, packet: Packet, now: Micros) -> None:
        """One more of these adverts reached all of them."""
        self.times += 1
        self.last_us = now
        self._speaker.note_heard(self.saying, self._places, packet.data)

    def sleep(self, member: Member, down_us: Micros, scheduler: Scheduler) -> None:
        """A member was woken for nothing now: the last advert came less than ``down_us`` ago."""
        alone = Sleepers([member])
        member.sleep(alone)
        self._lie_down(alone, down_us, scheduler)

    def lets_sleep(self, sleepers: Sleepers, scheduler: Scheduler) -> bool:
        """They are woken. If it was for nothing, they sleep again."""
        del self._sleepers[sleepers.number]
        down_us = sleepers.until_us - sleepers.slept.last_us
        if self.last_us + down_us <= scheduler.now:
            return False
        self._lie_down(sleepers, down_us, scheduler)
        return True

    def _lie_down(self, sleepers: Sleepers, down_us: Micros, scheduler: Scheduler) -> None:
        slept, until_us = Slept(scheduler.now, self.times, self.last_us), self.last_us + down_us
        last = self._lay_down_last
        if (
            last is not None
            and last.until_us == until_us
            and last.slept == slept
            and last.group is self
            and scheduler.is_next(last.number + len(last.members))
        ):
            last.take_in(sleepers.members)
            return
        sleepers.lie_down(self, scheduler, slept, until_us)
        self._sleepers[sleepers.number] = self._lay_down_last = sleepers

    def dissolve(self) -> None:
        """Everybody catches up, and is on his own again."""
        if self.is_over:
            return
        self.is_over = True
        for sleepers in self._sleepers.values():
            sleepers.part()
        for router, place, event, _ in self._members:
            router.leave(event, self.times if place is not None else 0, self.last_us)


class Gathering:
    """A switch's groups of followers, by what they hear. All of it follows from what else is stored."""

    __slots__ = ("_groups", "_last")

    def __init__(self) -> None:
        self._groups: dict[Saying, Followers] = {}
        self._last: dict[tuple[int, bool], Saying] = {}  # of each virtual router: what was heard last

    def hear(self, packet: Packet, receivers: Sequence[Receiver], now: Micros) -> bool:
        """Did a group take it in? If not, each receiver has to be shown it."""
        said = packet.saying
        group = self._groups.get(said) if said is not None else None
        if group is None:
            return False
        if not group.is_over and group.receivers is receivers:
            group.hear(packet, now)
            return True
        group.dissolve()
        del self._groups[group.saying]
        return False

    def gather(self, said: Saying, receivers: Sequence[Receiver], now: Micros) -> None:
        """All have just been shown it, one by one: do they only follow, and did they so before?"""
        router_id = said.told.vrid, ":" in said.source
        again = self._last.get(router_id) is said
        self._last[router_id] = said
        if not again:
            return
        members: list[Follower] = []
        for port in receivers:
            found = port.joins(said)
            if found is None:
                return
            members.extend(found)
        routers = {id(member.router) for member in members}
        if len(routers) == len(members) and any(member.place is not None for member in members):
            self._groups[said] = Followers(said, receivers, members, now)

    def dissolve(self) -> None:
        """An action of the scenario, or somebody who wants to see everybody's state."""
        for group in self._groups.values():
            group.dissolve()
        self._groups.clear()
