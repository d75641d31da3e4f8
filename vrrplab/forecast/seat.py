"""One instance on one node, and how it stands: what a course moves on."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from vrrplab.config.model import FileConfig, InstanceConfig, SyncGroupConfig
from vrrplab.machine.intervals import down_interval_us, profile_skew_us
from vrrplab.machine.priority import OWNER, cut
from vrrplab.machine.profiles import Profile
from vrrplab.machine.tracked_values import share_of
from vrrplab.machine.weights import (
    FILES,
    PROCESSES,
    both,
    merged,
    points,
)
from vrrplab.units import Micros

Router = tuple[str, int, int]
"""Network, VRID, family."""


@dataclass(slots=True)
class Seat:
    """One instance on one node, and how it stands."""

    place: int
    node: str
    config: InstanceConfig
    group: SyncGroupConfig | None
    router: Router
    source: str
    segment: str
    profile: Profile
    lines_us: Micros  # the work of becoming MASTER, by which its second advert is later
    state: str = "STOP"  # STOP: no daemon, or a frozen one
    total: int = 0
    owner: bool = False
    shares: dict[str, int] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)  # scripts without a first result
    expires_us: Micros | None = None
    armed: tuple[Micros, int] = (0, 0)  # when its timer was set: at a tie, who was first is first
    held: dict[int, bool] = field(default_factory=dict)  # places of MASTERs that keep it down
    learned_us: Micros = 0
    preempt_from_us: Micros | None = None
    wanted: str = "BACKUP"
    delayed_until_us: Micros = 0
    first_us: Micros = 0  # of a MASTER: when its advert was, and when the next is due
    next_us: Micros = 0
    number: int = 0  # with AH: of its advert at ``first_us``; of who is no MASTER: the last that it heard
    follows: int | None = None  # with AH: the place of the MASTER whose numbers it takes over
    turn: int = 0  # of a MASTER: how many became one before it, whose adverts come first
    stamp: int = 0  # counts what its hearers must look at anew
    speaks: bool = True
    hears: bool = True
    since_us: Micros = 0

    def copied(self) -> Seat:
        other = copy.copy(self)
        other.shares, other.faults = dict(self.shares), set(self.faults)
        other.waits, other.held = set(self.waits), dict(self.held)
        return other

    @property
    def priority(self) -> int:
        """What it advertises."""
        return OWNER if self.owner else cut(self.total)

    @property
    def skew_us(self) -> Micros:
        """How much later than others it acts."""
        return profile_skew_us(self.profile, self.config.version, self.priority, self.learned_us)

    @property
    def down_us(self) -> Micros:
        """Silence after which it is MASTER."""
        return down_interval_us(self.profile, self.config, self.priority, self.learned_us)

    def last_advert(self, now: Micros) -> Micros:
        """Of a MASTER: its last advert not after ``now``."""
        if now < self.next_us:
            return self.first_us
        every_us = self.config.advert_interval_us
        return self.next_us + (now - self.next_us) // every_us * every_us

    def number_at(self, now: Micros) -> int:
        """Of a MASTER, with AH: the number of its last advert not after ``now``."""
        if now < self.next_us:
            return self.number
        return self.number + 1 + (now - self.next_us) // self.config.advert_interval_us

    def numbered(self, number: int, now: Micros) -> None:
        """Of a MASTER, with AH: what it counts on from."""
        self.first_us, self.next_us = self.last_advert(now), self.next_advert(now + 1)
        self.number = number

    def next_advert(self, now: Micros) -> Micros:
        """Of a MASTER: its first advert not before ``now``."""
        if now <= self.first_us:
            return self.first_us
        if now <= self.next_us:
            return self.next_us
        every_us = self.config.advert_interval_us
        return self.next_us + -(-(now - self.next_us) // every_us) * every_us


def is_signed(config: InstanceConfig) -> bool:
    """With AH, which numbers adverts: keepalived counts with one number those that it sends and hears."""
    return config.authentication is not None and config.authentication.kind == "AH"


def lines_of(config: InstanceConfig, profile: Profile) -> int:
    """How many lines the log has of an instance that becomes MASTER."""
    lists = (
        config.virtual_addresses,
        config.excluded_addresses,
        config.virtual_routes,
        config.virtual_rules,
    )
    drops = not (config.accept and (profile.accept_mode or config.address_owner))
    return 1 + drops + sum(map(bool, lists)) + (1 + config.garp.repeat) * len(config.all_addresses)


def worths(seat: Seat, kind: str, name: str, good: bool) -> list[int | None]:
    """What a thing that is good or not is worth to an instance, for each way in which it tracks it."""
    found: list[int | None] = []
    for one in merged(*both(seat.config, seat.group, kind), name):
        reverse = one.reverse
        if kind == PROCESSES:
            own = [t.reverse for t in seat.config.track_processes if t.name == name]
            reverse = own[0] if own else reverse
        if one.weight:
            found.append(points(one.weight, reverse, good))
        else:
            found.append(None if good == reverse else 0)
    return found


def file_worths(seat: Seat, file: FileConfig, value: int) -> list[int | None]:
    """The same of a file with a value."""
    return [share_of(one, value) for one in merged(*both(seat.config, seat.group, FILES), file.name)]
