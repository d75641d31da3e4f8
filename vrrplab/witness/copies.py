"""Adverts that a mirror port shows twice, where no IP number tells a copy from a second packet (IPv6).

One pair of equal adverts says nothing: keepalived sends priority 0 twice, up to 5 ms apart, and a MASTER
that was held up answers several adverts at one moment (measured). But no router sends *each* of its adverts
twice. So a router's copies are left out only if most of its adverts come several times, within a fraction of
its interval; and of two priority 0, both shown twice, two stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.witness.sightings import Sighting

# How far apart the copies of a packet are that a capture of several interfaces, or a mirror port, holds
COPY_US = 10_000
# two may be chance; and of a capture that lost some of the copies, two thirds are still in it
_PAIRS, _OF_GROUPS = 2, 2 / 3


def without_copies(sightings: list[Sighting]) -> list[Sighting]:
    """The adverts of one virtual router, in order of time, each once."""
    by_speaker: dict[tuple[str, str], list[Sighting]] = {}
    for sighting in sightings:
        by_speaker.setdefault((sighting.speaker, sighting.mac), []).append(sighting)
    left_out: set[int] = set()
    for own in by_speaker.values():
        left_out.update(_copies(_groups(own)))
    return [s for s in sightings if s.number not in left_out] if left_out else sightings


def _groups(own: Iterable[Sighting]) -> list[list[Sighting]]:
    """Equal adverts that follow each other closely, together."""
    groups: list[list[Sighting]] = []
    open_groups: dict[tuple[object, ...], list[Sighting]] = {}
    for sighting in own:
        words = sighting[2:]
        group = open_groups.get(words)
        if group is not None and sighting.t_us - group[-1].t_us <= _closely_us(sighting):
            group.append(sighting)
        else:
            open_groups[words] = group = [sighting]
            groups.append(group)
    return groups


def _closely_us(sighting: Sighting) -> Micros:
    return min(COPY_US, sighting.interval_us // 4)


def _copies(groups: list[list[Sighting]]) -> Iterable[int]:
    steady = [len(group) for group in groups if group[0].priority]
    several = [size for size in steady if size > 1]
    if len(several) < _PAIRS or len(several) < len(steady) * _OF_GROUPS:
        return
    times = Counter(several).most_common(1)[0][0]
    for group in groups:
        packets = max(round(len(group) / times), 1)
        kept = {group[index * len(group) // packets].number for index in range(packets)}
        yield from (s.number for s in group if s.number not in kept)
