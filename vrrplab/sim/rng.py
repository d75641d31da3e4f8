"""Everything random in a run comes from here: one seed, one sequence of draws."""

from __future__ import annotations

from collections.abc import Callable


class Chance:
    """Numbers from 0 to 1. The generator is made at the first draw: most runs need none."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._next: Callable[[], float] | None = None

    def draw(self) -> float:
        """The next number, 0 <= x < 1."""
        if self._next is None:
            from random import Random

            self._next = Random(self._seed).random
        return self._next()
