"""Everything random in a run comes from here. A draw has an address: the seed, a place, and a number there.

What is drawn at one place has no bearing on any other: a probe more, or a gratuitous ARP, leaves every
later advert's luck as it was. So runs that differ in one thing can be compared, forks draw what the whole run
draws, and who computes many runs at once may take the draws in any order.

The generator is counter-based: a place is hashed once (BLAKE2b), and the finalizer of MurmurHash3 in
Stafford's variant 13, the one of SplitMix64, mixes in the number (Steele, Lea, Flood: Fast Splittable
Pseudorandom Number Generators, OOPSLA 2014).
"""

from __future__ import annotations

Place = tuple[str | int, ...]

WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio, odd
MIX = (30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)  # shifts and factors of the finalizer
LAST = 31  # its last shift
TO_UNIT = 2.0**-53
(_SHIFT, _FACTOR), (_SHIFT_2, _FACTOR_2) = MIX  # a loop would take twice as long


def word(stream: int, number: int) -> int:
    """The draw of that number in a stream, as 64 bits."""
    z = (stream + number * GOLDEN) & WORD
    z = ((z ^ (z >> _SHIFT)) * _FACTOR) & WORD
    z = ((z ^ (z >> _SHIFT_2)) * _FACTOR_2) & WORD
    return z ^ (z >> LAST)


def unit(stream: int, number: int) -> float:
    """The draw of that number in a stream: 0 <= x < 1, in steps of 2**-53."""
    return (word(stream, number) >> 11) * TO_UNIT


def stream_of(seed: int, place: Place) -> int:
    """Where the draws of a place begin, 64 bits; the same in every process and on every machine."""
    from hashlib import blake2b

    text = "\0".join([str(seed), *map(str, place)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


# Beside 0: with these each of three candidates comes up, and each answer to yes or no.
OTHER_DRAWS = (0.5, 0.999)


class Spot:
    """A place of one run: where its draws begin, and how many there were."""

    __slots__ = ("count", "stream")

    def __init__(self, stream: int) -> None:
        self.stream = stream
        self.count = 0


class Chance:
    """The draws of one run."""

    __slots__ = ("_given", "_known", "_seed", "drawn", "spots")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.spots: dict[Place, Spot] = {}
        self._given: tuple[float, ...] | None = None  # in place of what the seed gives
        self._known = 0  # so many were known to be drawn
        self.drawn: tuple[float, ...] = ()  # with ``follow``: all so far

    def follow(self, draws: tuple[float, ...]) -> None:
        """From now on draw these, one after the other, and then always 0: for who goes through all."""
        self._given, self._known, self.drawn = draws, len(draws), ()

    def untried(self) -> list[tuple[float, ...]]:
        """What could have been drawn instead of what was, since it was asked last: each to be followed."""
        if len(self.drawn) <= self._known:
            return []
        places = range(self._known, len(self.drawn))
        self._known = len(self.drawn)
        return [(*self.drawn[:place], other) for place in places for other in OTHER_DRAWS]

    def draw(self, *place: str | int) -> float:
        """The next number at that place, 0 <= x < 1."""
        spot = self.spot(place)
        number = spot.count
        spot.count = number + 1
        return self.at(spot, number)

    def spot(self, place: Place) -> Spot:
        """That place, whose ``count`` is the next number there."""
        spot = self.spots.get(place)
        if spot is None:
            spot = self.spots[place] = Spot(stream_of(self._seed, place))
        return spot

    def at(self, spot: Spot, number: int) -> float:
        """The draw of that number there, however many there were."""
        if self._given is not None:
            place_in_turn = len(self.drawn)
            given = self._given[place_in_turn] if place_in_turn < len(self._given) else 0.0
            self.drawn += (given,)
            return given
        return unit(spot.stream, number)
