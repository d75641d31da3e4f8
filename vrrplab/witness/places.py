"""One LAN seen from several places: what tcpdump printed elsewhere joins a capture, on one clock.

An advert that both saw is one sighting. Clocks are aligned by adverts, and by what happens once: another
router speaks, a priority changes, an address is announced, AH counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from vrrplab.units import Micros
from vrrplab.witness.clocks import Alignment, Mark
from vrrplab.witness.sightings import COPY_US, Announcement, Heard, Sighting, Sightings
from vrrplab.witness.wire_clocks import align_places

_ANNOUNCED = "announced"
_Lan = tuple[str, int, int]


class Seen(NamedTuple):
    """What another place saw: ``is_dated`` and ``has_zone`` of its times, as ``pasted.frames`` has them."""

    name: str
    sightings: Sightings
    is_dated: bool
    has_zone: bool


class Place(NamedTuple):
    """How another place was joined. ``both``: adverts that were known already, of ``adverts`` that it has.

    ``first_number``: the frame that its first packet is here.
    """

    name: str
    alignment: Alignment
    is_dated: bool
    both: int
    adverts: int
    first_number: int


def together(
    first: Seen, others: list[Seen], is_wanted: Callable[[int], bool] | None = None
) -> tuple[list[Place], list[str]]:
    """Join what others saw to what ``first`` saw, which has its clock; none of them is finished yet, and
    ``first`` is in the end. ``is_wanted``: asked of nanoseconds since 1970 on that clock.

    The names in the second list are of places that are left out: nothing in common, and no date either.
    """
    whole = first.sightings
    places: dict[str, Place] = {}
    number = whole.frames
    waiting = list(others)
    left_out: list[str] = []
    while waiting:
        found = [(_aligned(one, first), one) for one in waiting]
        # who shares nothing with those before may share something with the next
        alignment, one = next((each for each in found if each[0].is_known), found[0])
        waiting.remove(one)
        if not alignment.is_known and one.is_dated != first.is_dated and whole.frames:
            left_out.append(one.name)
            continue
        if not whole.frames:
            whole.start_ns = one.sightings.start_ns
        shift_us = (one.sightings.start_ns - whole.start_ns) // 1000 + alignment.offset_us
        frames = one.sightings.frames
        adverts, both = _join(
            whole, one.sightings, shift_us, alignment.within_us + COPY_US, number, is_wanted
        )
        places[one.name] = Place(one.name, alignment, one.is_dated, both, adverts, number + 1)
        number += frames
    whole.finish()
    return [places[one.name] for one in others if one.name in places], left_out


# -- clocks -------------------------------------------------------------------------------------------------


def _aligned(one: Seen, first: Seen) -> Alignment:
    away_us = (one.sightings.start_ns - first.sightings.start_ns) // 1000
    own, known = [*_marks(one.sightings, away_us)], [*_marks(first.sightings, 0)]
    if not (one.sightings.announcements and first.sightings.announcements):  # lines without -e have none
        own, known = _without_announcements(own), _without_announcements(known)
    is_alike = one.is_dated == first.is_dated and one.has_zone == first.has_zone
    return align_places(own, known, is_alike, one.is_dated == first.is_dated)


def _without_announcements(marks: list[Mark]) -> list[Mark]:
    return [mark for mark in marks if mark.key[0] != _ANNOUNCED]


def _marks(found: Sightings, away_us: Micros) -> Iterator[Mark]:
    """Every advert; and what happens once, or not at regular times."""
    for (_, ip_version, vrid), router in found.routers.items():
        router.sightings.sort()
        before: tuple[str, str] | None = None
        virtual = str(ip_version), str(vrid)
        for one in router.sightings:
            t_us, now = one.t_us + away_us, (one.speaker, str(one.priority))
            yield Mark(t_us, ("advert", *virtual, *now))
            if before is not None and now != before:
                yield Mark(t_us, ("turn", *virtual, *before, *now))
            if one.ah_sequence is not None:
                yield Mark(t_us, ("counted", *virtual, *now, str(one.ah_sequence)))
            before = now
    for _, said in found.announcements:
        yield Mark(said.t_us + away_us, (_ANNOUNCED, said.mac, said.address))


# -- one sighting, not two ----------------------------------------------------------------------------------


class _Known:
    """When the same was said, and where in a list it stands."""

    def __init__(self) -> None:
        self._times: dict[tuple[object, ...], list[tuple[Micros, int]]] = defaultdict(list)

    def note(self, words: tuple[object, ...], t_us: Micros, place: int = 0) -> None:
        """In order of time."""
        self._times[words].append((t_us, place))

    def place(self, words: tuple[object, ...], t_us: Micros, near_us: Micros) -> int | None:
        times = self._times.get(words, [])
        at = bisect_left(times, (t_us - near_us, 0))
        return times[at][1] if at < len(times) and times[at][0] <= t_us + near_us else None

    def has(self, words: tuple[object, ...], t_us: Micros, near_us: Micros) -> bool:
        return self.place(words, t_us, near_us) is not None


def _join(
    whole: Sightings,
    other: Sightings,
    shift_us: Micros,
    near_us: Micros,
    number: int,
    is_wanted: Callable[[int], bool] | None,
) -> tuple[int, int]:
    """Take over what only the other saw; how many adverts it has of the time that is wanted, and how many of
    them were known.
    """

    def wanted(t_us: Micros) -> bool:
        return is_wanted is None or is_wanted(whole.start_ns + t_us * 1000)

    known_adverts = _adverts(whole)
    adverts = both = 0
    times: list[Micros] = []
    lans: dict[str, str] = {}
    for key, router in other.routers.items():
        moved = [s._replace(t_us=s.t_us + shift_us, number=s.number + number) for s in router.sightings]
        moved = [s for s in moved if wanted(s.t_us)]
        adverts += len(moved)
        lan, known = _lan_of(key, moved, whole, near_us)
        lans.setdefault(key[0], lan)
        new: list[Sighting] = []
        for one in moved:
            place = known.place(_words(one), one.t_us, _closely_us(one, near_us))
            if place is None:
                new.append(one)
                continue
            both += 1
            sightings = whole.routers[lan, key[1], key[2]].sightings
            mine = sightings[place]
            if one.is_whole and not mine.is_whole:  # a line, or a cut packet, says less
                sightings[place] = one._replace(t_us=mine.t_us, number=mine.number)
        if not new:
            continue
        whole.name_lan(lan, key[0], other)
        into = whole.routers.setdefault((lan, *key[1:]), Heard(key[2], key[1], lan))
        into.sightings += new
        times += [s.t_us for s in new]
    times += _join_announcements(whole, other, shift_us, near_us, number, lans, wanted)
    for kept, its in ((whole.rejected, other.rejected), (whole.cut_early, other.cut_early)):
        seen = _Known()
        for odd in sorted(kept):
            seen.note((odd.sender, odd.text), odd.t_us)
        for odd in its:
            t_us = odd.t_us + shift_us
            if wanted(t_us) and not seen.has((odd.sender, odd.text), t_us, near_us):
                kept.append(odd._replace(t_us=t_us, number=odd.number + number))
                times.append(t_us)
    for vhid, heard in other.carp.items():
        seen = _Known()
        for t_us, _, sender in sorted(whole.carp.get(vhid, ())):
            seen.note((sender,), t_us)
        for its_us, n, sender in heard:
            t_us = its_us + shift_us
            if wanted(t_us) and not seen.has((sender,), t_us, near_us):
                whole.carp.setdefault(vhid, []).append((t_us, n + number, sender))
                times.append(t_us)
    for group, said in other.others.items():
        shifted = [each._replace(t_us=each.t_us + shift_us, number=each.number + number) for each in said]
        whole.others.setdefault(group, shifted)
    # of what only counts nobody can say whether it is the same
    whole.sealed |= other.sealed
    whole.paths |= other.paths
    whole.mirrored = max(whole.mirrored, other.mirrored)
    # a place that saw adverts alone, and no announcement of any, cannot say that one is missing
    if both < adverts and not other.neighbour_frames:
        whole.neighbour_frames = 0
    elif both == known_adverts:
        whole.neighbour_frames = max(whole.neighbour_frames, other.neighbour_frames)
    whole.frames += len(times)
    if is_wanted is None and other.frames:
        times += [other.earliest_us + shift_us, other.end_us + shift_us]
    whole.earliest_us = min([whole.earliest_us, *times])
    whole.end_us = max([whole.end_us, *times])
    return adverts, both


def _adverts(found: Sightings) -> int:
    return sum(len(router.sightings) for router in found.routers.values())


def _words(one: Sighting) -> tuple[object, ...]:
    return one.speaker, one.priority, one.version


def _closely_us(one: Sighting, near_us: Micros) -> Micros:
    """Nearer than the advert that follows."""
    return min(near_us, one.interval_us // 2)


def _lan_of(key: _Lan, moved: list[Sighting], whole: Sightings, near_us: Micros) -> tuple[str, _Known]:
    """On which LAN of those that are known a router of another place is, by the adverts that both saw; and
    what is known of it.
    """
    best: tuple[int, str, _Known] | None = None
    candidates = [lan for lan, *router in whole.routers if router == [*key[1:]]]
    for lan in candidates:
        known = _Known()
        sightings = whole.routers[lan, key[1], key[2]].sightings
        sightings.sort()
        for place, one in enumerate(sightings):
            known.note(_words(one), one.t_us, place)
        fits = 0
        if len(candidates) > 1:
            fits = sum(known.has(_words(one), one.t_us, _closely_us(one, near_us)) for one in moved)
        if best is None or fits > best[0]:
            best = fits, lan, known
    if best is not None:
        return best[1:]
    lans = {lan for lan, _, _ in whole.routers}
    return (lans.pop() if len(lans) == 1 else key[0]), _Known()


def _join_announcements(
    whole: Sightings,
    other: Sightings,
    shift_us: Micros,
    near_us: Micros,
    number: int,
    lans: dict[str, str],
    wanted: Callable[[Micros], bool],
) -> list[Micros]:
    """Times of those that only the other saw."""
    known = _Known()
    counts = Counter(lan for lan, _ in whole.announcements)
    for lan, one in sorted(whole.announcements, key=lambda each: each[1]):
        known.note((lan, one.mac, one.address), one.t_us)
    new: list[tuple[str, Announcement]] = []
    for its_lan, one in other.announcements:
        lan = lans.get(its_lan) or (its_lan if its_lan in counts or len(counts) != 1 else next(iter(counts)))
        t_us = one.t_us + shift_us
        if not one.frame_mac and counts and whole.earliest_us <= t_us <= whole.end_us:
            continue  # a line without -e does not say to whom: it may be an answer, as the first place knows
        if wanted(t_us) and not known.has((lan, one.mac, one.address), t_us, near_us):
            whole.name_lan(lan, its_lan, other)
            new.append((lan, one._replace(t_us=t_us, number=one.number + number)))
    whole.announcements += new
    return [one.t_us for _, one in new]
