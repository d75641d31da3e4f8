"""What the rows of a sweep come to: counted as they come, in memory that does not grow with the runs.

Lengths are counted in steps of a millisecond, for each combination of the grid's values by itself; where
there are too many combinations to be read, all together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from vrrplab.sweeping.columns import Row, columns_of, targets_of
from vrrplab.sweeping.plan import Plan
from vrrplab.units import SECOND_US, Micros

STEP_US = 1000
MOST_GROUPS = 60
DAY_US = 86_400 * SECOND_US
NONE_SEEN = 3.0  # of what never happened: with 95 % certainty it happens less often than 3 times in that time


@dataclass(slots=True)
class Lengths:
    """How long something took. ``without``: runs in which it did not happen; ``never``: it did not end."""

    counts: Counter[int] = field(default_factory=Counter)
    without: int = 0
    never: int = 0
    total_us: Micros = 0  # of all, those that did not end up to the end of their run

    def add(self, length_us: Micros, ended: bool = True) -> None:
        self.total_us += length_us
        if ended:
            self.counts[(length_us + STEP_US // 2) // STEP_US] += 1
        else:
            self.never += 1

    @property
    def runs(self) -> int:
        """In how many it happened and ended."""
        return self.counts.total()

    def at(self, share: float) -> float:
        """The length, in seconds, that this share of them did not exceed; of those that ended."""
        wanted, seen = share * (self.runs - 1), 0
        for length in sorted(self.counts):
            seen += self.counts[length]
            if seen > wanted:
                return length * STEP_US / SECOND_US
        return 0.0

    def lengths_s(self) -> list[tuple[float, int]]:
        """Each length, in seconds, and how often it came, the shortest first."""
        return [(length * STEP_US / SECOND_US, self.counts[length]) for length in sorted(self.counts)]


@dataclass(slots=True)
class Group:
    """One combination: its values, and what came of its runs.

    ``outages``: target to how long it was out in a run; ``takeovers``: address to how long it took
    until another server had it. ``calm_us``: in how long the ``false_failovers`` were seen.
    """

    values: tuple[str, ...]
    outages: dict[str, Lengths]
    takeovers: dict[str, Lengths]
    runs: int = 0
    calm_us: Micros = 0
    false_failovers: int = 0

    @property
    def name(self) -> str:
        return ", ".join(self.values)

    def add(
        self,
        row: Row,
        outages: list[tuple[str, int, int]],
        takeovers: list[tuple[str, int]],
        calm: int,
        false: int,
    ) -> None:
        self.runs += 1
        for target, out, to in outages:
            out_us = row[out]
            assert isinstance(out_us, int)
            if out_us:
                self.outages[target].add(out_us, row[to] is not None)
            else:
                self.outages[target].without += 1
        for address, place in takeovers:
            took_us = row[place]
            if isinstance(took_us, int):
                self.takeovers[address].add(took_us)
            else:
                self.takeovers[address].without += 1
        calm_us, false_failovers = row[calm], row[false]
        assert isinstance(calm_us, int)
        assert isinstance(false_failovers, int)
        self.calm_us += calm_us
        self.false_failovers += false_failovers

    @property
    def false_a_day(self) -> float | None:
        """False failovers a day; None: none was seen, see ``false_a_day_at_most``."""
        return self.false_failovers * DAY_US / self.calm_us if self.false_failovers and self.calm_us else None

    @property
    def false_a_day_at_most(self) -> float:
        """Where none was seen: what there is at most, with 95 % certainty (the rule of three)."""
        return NONE_SEEN * DAY_US / self.calm_us if self.calm_us else float("inf")

    def detection_s(self) -> float | None:
        """The median time until another server had an address; None: none ever took one over."""
        together = Lengths()
        for lengths in self.takeovers.values():
            together.counts.update(lengths.counts)
        return together.at(0.5) if together.runs else None


def _is_lossy(plan: Plan) -> bool:
    """Are frames lost by chance? Then single questions are, and outages are where none is answered."""
    made = [plan.scenario, *(scenario for _, _, scenario in plan.ends())]
    return any(0 < segment.loss < 1 for scenario in made for segment in scenario.segments.values())


class Summary:
    """What a sweep came to, so far. ``runs``: how many rows were added.

    ``lossy``: frames are lost by chance, and of outages the longest time without any answer is counted.
    ``heads``: the columns of what the combinations differ in; ``words``: the same in short.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.runs = 0
        self.targets = targets_of(plan.scenario)
        self.addresses = plan.scenario.virtual_addresses()
        self.apart = plan.combinations <= MOST_GROUPS
        self.heads = tuple(one.column for one in plan.grid) if self.apart else ()
        self.words = short_names(self.heads)
        names = [column.name for column in columns_of(plan)]
        place = {name: number for number, name in enumerate(names)}
        self.lossy = _is_lossy(plan)
        length = "gap_s" if self.lossy else "out_s"
        self._outages = [(t, place[f"{t}.{length}"], place[f"{t}.outage_to_s"]) for t in self.targets]
        self._takeovers = [(a, place[f"{a}.takeover_s"]) for a in self.addresses]
        self._calm, self._false = place["calm_s"], place["false_failovers"]
        self._groups: list[Group] = [self._begun(n) for n in range(plan.combinations if self.apart else 1)]

    def _begun(self, place: int) -> Group:
        texts = self.plan.texts(place)
        values = [t for t, one in zip(texts, self.plan.dimensions, strict=True) if one.values.count > 1]
        outages, takeovers = {t: Lengths() for t in self.targets}, {a: Lengths() for a in self.addresses}
        return Group(tuple(values) if self.apart else (), outages, takeovers)

    def add(self, rows: Iterable[Row]) -> None:
        """Count these rows, too."""
        groups, several = self._groups, len(self._groups)
        for row in rows:
            run = row[0]
            assert isinstance(run, int)
            group = groups[run % several]
            group.add(row, self._outages, self._takeovers, self._calm, self._false)
            self.runs += 1

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups)

    def called(self, group: Group, names: Sequence[int] | None = None) -> str:
        """Its values, each behind its name: ``advert_int 2, loss 0.1``. ``names``: places of some alone."""
        places = range(len(self.words)) if names is None else names
        return ", ".join(f"{self.words[n]} {group.values[n]}" for n in places)


def short_names(columns: Sequence[str]) -> tuple[str, ...]:
    """The last word of each name, which says most: ``advert_int``. Where several end in it, what they differ
    in stands before it: ``lan.loss``, ``wan.loss``.
    """
    parts = [column.split(".") for column in columns]
    found = []
    for own in parts:
        alike = [other for other in parts if other[-1] == own[-1]]
        if len({len(other) for other in alike}) > 1:
            found.append(".".join(own))
            continue
        differ = [part for n, part in enumerate(own[:-1]) if any(other[n] != part for other in alike)]
        found.append(".".join([*differ, own[-1]]))
    return tuple(found)
