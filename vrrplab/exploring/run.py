"""One exploration: all stories with one fault, then with two; of each way to break a promise the shortest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import Any

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.exploring.ground import Ground
from vrrplab.exploring.promises import (
    BUILT_IN,
    RAISED,
    Breach,
    Promise,
    PropertyRaised,
    UserProperty,
    Vigil,
    told,
)
from vrrplab.exploring.result import Coverage, Exploration
from vrrplab.exploring.steps import Found, Harvest, Sort, Steps
from vrrplab.exploring.story import Story, Teller
from vrrplab.exploring.workers import Worker, in_turn
from vrrplab.output.progress import Progress
from vrrplab.units import seconds

MOST_FAULTS = 3
FOR_SEARCH = 0.8  # of the time that is allowed; what is left is for telling what was found


def user_property(function: Callable[[Any], Any]) -> UserProperty:
    """A function of somebody's as a promise, called as it is called."""
    if not callable(function):
        raise VrrplabError(f"a property is a function of the trace, not {arguments.short_repr(function)}")
    name = str(getattr(function, "__name__", "property"))
    words = " ".join((function.__doc__ or "").split()).partition(". ")[0].rstrip(".")
    return UserProperty(Promise(name, f"{words or name}."), function)


class Run:
    """One exploration: its searches, one after the other or side by side, and what is made of them."""

    def __init__(
        self,
        ground: Ground,
        depth: int,
        within_us: int,
        users: Sequence[UserProperty] = (),
        jobs: int = 1,
        at_most_s: float | None = None,
    ) -> None:
        self.ground, self.depth, self.within_us, self.users = ground, depth, within_us, tuple(users)
        self._jobs = jobs
        self._at_most_s = at_most_s
        began_s = monotonic()
        self._ends_s = inf if at_most_s is None else began_s + at_most_s
        self._search_ends_s = inf if at_most_s is None else began_s + FOR_SEARCH * at_most_s
        self._teller = Teller(ground, users)
        self._raised: list[UserProperty] = []
        self.interrupted = False

    def result(self) -> Exploration:
        """Search, and tell. An interrupt, or the end of the time, ends the search, not the telling."""
        harvests: dict[tuple[int, int], Harvest] = {}
        why_partial = ""
        began_s = monotonic()
        try:
            for depth in range(1, self.depth + 1):
                if not self._search(depth, harvests):
                    why_partial = f"{self._at_most_s:g} s were over"
                    break
        except KeyboardInterrupt:
            self.interrupted = True
            why_partial = "interrupted"
        steady = self._without_faults()
        return self._made(harvests, steady, why_partial, monotonic() - began_s)

    def _search(self, depth: int, harvests: dict[tuple[int, int], Harvest]) -> bool:
        """All stories with so many faults, into ``harvests``; False: the time was over."""
        numbers = range(len(self.ground.faults))
        worker = Worker(self.ground, depth, self.within_us, self._ending_of())
        with Progress("explore") as progress:

            def watch(done: int, part: dict[int, Harvest]) -> bool:
                states = sum(h.states for h in [*harvests.values(), *part.values()])
                words = f"{depth} fault{'s' * (depth > 1)}, {states:,} states"
                progress.at(done / len(numbers), words)
                return monotonic() < self._search_ends_s

            def take(harvest: Harvest) -> None:
                harvests[depth, harvest.fault] = harvest

            apart = bool(self.users) and self._at_most_s is not None
            return in_turn(worker, numbers, self._jobs, take, watch, apart=apart)

    def _ending_of(self) -> Callable[[Steps, tuple[float, ...], int], list[Breach]] | None:
        if not self.users:
            return None
        return self._judge

    def _judge(self, steps: Steps, draws: tuple[float, ...], at_us: int) -> list[Breach]:
        """What the user's own functions say of a whole story."""
        from vrrplab.sim.play import play
        from vrrplab.sim.world import World

        found = []
        probe = Found("", "", "", steps, at_us, draws)
        moved = self._teller.moved(steps, 0)
        trace = play(World(self._teller.scenario(probe, moved), profile=self.ground.profile))
        for user in self.users:
            if user not in self._raised:
                try:
                    why, who = user.broken(trace), ""
                except PropertyRaised as error:
                    why, who = str(error), RAISED
                    self._raised.append(user)  # it is asked no more: one such story is enough
                if why:
                    found.append(Breach(user.promise, who, why))
        return found

    def _without_faults(self) -> list[Found]:
        """What is broken though nothing fails."""
        ground = self.ground
        found = []
        world = ground.moments[0].snapshot.thaw()
        vigil = Vigil(ground.cluster, world.scheduler.now)
        vigil.acted(world)
        end_us = world.scheduler.now + ground.patience.settle_us + ground.patience.cycle_us
        while world.scheduler.now < end_us:
            ground.step(world, end_us)
            found += [
                Found(b.promise.name, b.who, b.why, (), world.scheduler.now, ()) for b in vigil.look(world)
            ]
        return found

    # -- what is made of it ----------------------------------------------------------------------------

    def _made(
        self,
        harvests: dict[tuple[int, int], Harvest],
        steady: list[Found],
        why_partial: str,
        took_s: float,
    ) -> Exploration:
        sorts: dict[Sort, list[Found]] = {}
        counts: dict[Sort, int] = {}
        for found in steady:
            sorts[found.sort], counts[found.sort] = [found], 1
        for key in sorted(harvests):
            for sort, kept in harvests[key].found.items():
                if sort not in sorts:  # with two faults everything with one is found again
                    sorts[sort], counts[sort] = kept, harvests[key].counts[sort]
        stories = self._told(sorts, counts)
        coverage = []
        for number, fault in enumerate(self.ground.faults):
            mine = [h for (_, n), h in sorted(harvests.items()) if n == number]
            deepest = mine[-1] if mine else Harvest(number)
            coverage.append(
                Coverage(
                    fault.name,
                    deepest.moments,
                    deepest.endings - deepest.broken,
                    deepest.broken,
                    bool(mine) and all(h.whole for h in mine),
                )
            )
        return Exploration(
            self.ground.scenario,
            self.depth,
            seconds(self.within_us),
            tuple(stories),
            tuple(coverage),
            sum(h.states for h in harvests.values()),
            sum(h.forks for h in harvests.values()),
            len(self.ground.moments),
            tuple(
                (p.name, told(p, self.ground.patience)) for p in (*BUILT_IN, *(u.promise for u in self.users))
            ),
            self.ground.patience.why,
            took_s,
            why_partial,
        )

    def _told(self, sorts: dict[Sort, list[Found]], counts: dict[Sort, int]) -> list[Story]:
        """The shortest story of each way to break a promise: by the same kinds of faults is the same way."""
        groups: dict[tuple[str, tuple[str, ...]], list[Sort]] = {}
        faults = self.ground.faults
        for sort in sorts:
            its = tuple(sorted(faults[n].kind for n, mends in sort[1] if not mends))
            groups.setdefault((sort[0], its), []).append(sort)
        order = [p.name for p in (*BUILT_IN, *(u.promise for u in self.users))]
        found = []
        for number, ((promise, kinds), members) in enumerate(groups.items()):
            if any(name == promise and _is_part(other, kinds) for name, other in groups):
                continue
            shortest = min(min(f.length for f in sorts[m])[:2] for m in members)
            first = min(
                (m for m in members if min(f.length for f in sorts[m])[:2] == shortest),
                key=lambda m: (m[1], m[2]),
            )
            about = next(p for p in (*BUILT_IN, *(u.promise for u in self.users)) if p.name == promise)
            sentence = told(about, self.ground.patience)
            total = sum(counts[m] for m in members)
            now_s, left = monotonic(), len(groups) - number
            until_s = now_s if self.interrupted else now_s + (self._ends_s - now_s) / left
            found.append(self._teller.tell(sorts[first], total, sentence, until_s))
        found.sort(key=lambda s: (len(s.faults), order.index(s.promise), len(s.scenario.actions)))
        return found


def _is_part(some: tuple[str, ...], kinds: tuple[str, ...]) -> bool:
    """Are these fewer of the same? Then the others add nothing."""
    left = list(kinds)
    for kind in some:
        if kind not in left:
            return False
        left.remove(kind)
    return bool(left)
