"""States as numbers: a part of a world's key (``sim.state_key``) that many states have is kept once.

So a state takes some hundred bytes however large the world, and is still compared exactly, not by a hash.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.sim.state_key import Key, state_key
from vrrplab.sim.world import World
from vrrplab.units import Micros

Span = tuple[Micros, Micros]  # from then to then, from now
Ends = tuple[tuple[str, str, Micros, int], ...]


class Stand(NamedTuple):
    """How a world stands. ``key``: the numbers of its parts; ``batches`` and ``ends``: as in StateKey."""

    key: tuple[int, ...]
    batches: tuple[tuple[tuple[Micros, int], ...], ...]
    ends: Ends

    @property
    def resting(self) -> tuple[tuple[int, ...], Ends]:
        """But for what will be announced once more: where roles stay, it tells clients nothing new."""
        return self.key, self.ends

    def due(self, span: Span) -> Key:
        """The batches of that time; one that is overdue comes at its beginning."""
        low_us, high_us = span
        return tuple(
            [tuple([b for b in its if b[0] <= high_us and max(b[0], 0) >= low_us]) for its in self.batches]
        )

    def ends_but_of(self, server: str, service: str) -> Ends:
        """The services that will end, but for one that is started again now."""
        return tuple([one for one in self.ends if one[:2] != (server, service)])


class Stands:
    """Numbers the parts of the worlds that it sees. ``before``: goes on with the numbers of another one."""

    def __init__(self, before: Stands | None = None) -> None:
        self._numbers: dict[Key, int] = {} if before is None else dict(before._numbers)

    def of(self, world: World) -> Stand:
        """How it stands; equal to that of another world if both go on alike."""
        parts, batches, ends = state_key(world)
        numbers = self._numbers
        return Stand(tuple([numbers.setdefault(part, len(numbers)) for part in parts]), batches, ends)

    def __len__(self) -> int:
        return len(self._numbers)
