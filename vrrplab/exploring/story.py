"""A story that breaks a promise, told: as a scenario that runs from its start, with clients that ask.

What the search found holds in the simulator as everybody runs it, or it is not told: each story is run again,
its moments moved to where there is most room around them, on round figures where it goes, so that a person
can read it and real daemons, which are never on time to the microsecond, do the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from time import monotonic

from vrrplab.exploring.ground import Ground
from vrrplab.exploring.promises import BUILT_IN, RAISED, REACHED, PropertyRaised, UserProperty, Vigil
from vrrplab.exploring.steps import Found, Steps
from vrrplab.machine.profiles import Profile
from vrrplab.scenario.model import Scenario
from vrrplab.sim.neighbors import ASK_EVERY_US, DELAY_US, QUESTIONS, TRUST_US
from vrrplab.sim.play import play
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.units import SECOND_US, Micros

# The longest that a client believes what is wrong: until its cache has asked for the last time.
CACHE_US: Micros = TRUST_US + DELAY_US + QUESTIONS * ASK_EVERY_US
GRIDS_US: tuple[Micros, ...] = (1_000_000, 500_000, 100_000, 50_000, 10_000, 5_000, 1_000)
STRIDE_US: Micros = 50_000  # moments that are tried, to find how far an action could be moved
FARTHEST_US: Micros = SECOND_US // 2
MOST_TRIED = 24  # stories of a sort that are run, for the one that does most harm
MOST_SEEDS = 64  # until one draws as the story has it
MOST_CYCLES_ON = 12  # that a story is put off, for clients that are at another place of their cycle


_Run = tuple[Micros, Found, Steps, int]  # the harm that it does, of which story, moved, and with which seed


@dataclass(frozen=True, slots=True)
class Story:
    """One way to break a promise. ``scenario`` plays it; ``sentence``: what is broken, ``why``: how.

    ``faults``: what fails in it, in words. ``also``: how many other stories of these faults break it, too.
    ``out_us``: for how long a client has no answer. ``confirmed`` False: it was not run again.
    ``raised``: a property of the user's raises an error of its own here.
    """

    promise: str
    sentence: str
    why: str
    faults: tuple[str, ...]
    scenario: Scenario
    at_us: Micros
    also: int = 0
    out_us: Micros = 0
    confirmed: bool = True
    raised: bool = False
    profile: Profile | None = field(default=None, repr=False)

    def play(self) -> Trace:
        """Its run, from the start."""
        return play(World(self.scenario, profile=self.profile))


@dataclass(slots=True)
class Teller:
    """Makes stories of what was found on one ground."""

    ground: Ground
    users: Sequence[UserProperty] = ()

    def tell(self, kept: Sequence[Found], count: int, sentence: str, until_s: float = inf) -> Story:
        """The story to show of those of one sort, and its scenario.

        ``until_s``, of ``monotonic``: from then on it stays as it is, perhaps not the worst, nor on round
        figures. One is run in any case.
        """
        ordered = sorted(kept, key=lambda found: (found.length, found.steps))
        told: list[_Run] = []
        for on in range(MOST_CYCLES_ON):
            told = self._runs(ordered, on, until_s)
            if told or monotonic() > until_s:
                break
        if not told:
            steps = self.moved(ordered[0].steps, 0)
            return self._story(ordered[0], steps, 0, count, sentence, 0, confirmed=False)
        most_us = max(harm_us for harm_us, *_ in told)
        worst = [one for one in told if one[0] > most_us - SECOND_US]
        harm_us, found, steps, seed = worst[0]
        steps, harm_us = self._rounded(found, steps, seed, harm_us, until_s)
        return self._story(found, steps, seed, count, sentence, harm_us, confirmed=True)

    def _runs(self, ordered: Sequence[Found], on: int, until_s: float) -> list[_Run]:
        """Those that break their promise when they are run, put off by so many cycles."""
        told: list[_Run] = []
        for found in _spread(ordered, MOST_TRIED):
            steps = self.moved(found.steps, on)
            for seed in range(MOST_SEEDS if found.draws else 1):
                harm_us = self._harm(found, steps, seed)
                if harm_us is not None:
                    told.append((harm_us, found, steps, seed))
                if harm_us is not None or monotonic() > until_s:
                    break
            if (told and found.promise != REACHED.name) or monotonic() > until_s:
                break
        return told

    def scenario(self, found: Found, steps: Steps, seed: int = 0, sentence: str = "") -> Scenario:
        """The story as a scenario file has it."""
        ground = self.ground
        last_us = steps[-1].at_us if steps else ground.settled_us
        tail_us = ground.patience.settle_us + ground.patience.cycle_us
        if found.promise == REACHED.name:
            tail_us = max(tail_us, CACHE_US)
        broken_us = last_us + (found.at_us - found.steps[-1].at_us if found.steps else 0)
        whole_s = -(-(max(last_us, broken_us) + tail_us) // SECOND_US)
        faults = ground.faults
        told = tuple(step.deed(faults).at(step.at_us) for step in steps)
        base = ground.scenario
        return base.changed(
            name=f"{base.name}-{found.promise.replace(' ', '-')}",
            description=sentence or found.why,
            actions=(*base.actions, *told),
            duration_us=whole_s * SECOND_US,
            seed=seed,
        )

    def _story(
        self,
        found: Found,
        steps: Steps,
        seed: int,
        count: int,
        sentence: str,
        harm_us: Micros,
        confirmed: bool,
    ) -> Story:
        names = dict.fromkeys(self.ground.faults[step.fault].name for step in steps)
        at_us = steps[-1].at_us + found.at_us - found.steps[-1].at_us if steps else found.at_us
        return Story(
            found.promise,
            sentence,
            found.why,
            tuple(names),
            self.scenario(found, steps, seed, f"{sentence} Broken: {found.why}"),
            at_us,
            count - 1,
            harm_us if found.promise == REACHED.name else 0,
            confirmed,
            found.who == RAISED,
            self.ground.profile,
        )

    def moved(self, steps: Steps, on: int) -> Steps:
        """Earlier, by whole cycles: as soon as the cluster has settled, and so many cycles on."""
        if not steps:
            return steps
        cycle_us = self.ground.patience.cycle_us
        back = (steps[0].at_us - self.ground.settled_us) // cycle_us - on
        return tuple(step._replace(at_us=step.at_us - back * cycle_us) for step in steps)

    # -- is it so? -----------------------------------------------------------------------------------

    def _harm(self, found: Found, steps: Steps, seed: int) -> Micros | None:
        """Run it: how long what is broken is so, 0 where that is not asked; None: nothing is broken."""
        scenario = self.scenario(found, steps, seed)
        if found.promise == REACHED.name:
            return self._stranded_us(scenario, found, steps)
        user = next((u for u in self.users if u.promise.name == found.promise), None)
        if user is not None:
            try:
                return 0 if user.broken(play(World(scenario, profile=self.ground.profile))) else None
            except PropertyRaised:
                return 0 if found.who == RAISED else None
        world = World(scenario, profile=self.ground.profile)
        world.begin()
        first_us = steps[0].at_us if steps else self.ground.settled_us
        world.advance(first_us - 1)
        vigil = Vigil(self.ground.cluster, world.scheduler.now)
        acted = {step.at_us for step in steps}
        while world.scheduler.now < scenario.duration_us:
            now = world.scheduler.now
            self.ground.step(world, min([scenario.duration_us, *(a for a in acted if a > now)]))
            if world.scheduler.now in acted:
                vigil.acted(world)
            for breach in vigil.look(world):
                if (breach.promise.name, breach.who) == (found.promise, found.who):
                    return 0
        return None if found.promise != BUILT_IN[3].name else 0

    def _stranded_us(self, scenario: Scenario, found: Found, steps: Steps) -> Micros | None:
        """How long a client is without answers at a time at which it should have them."""
        client, _, address = found.who.partition(" ")
        trace = play(World(scenario, profile=self.ground.profile))
        due_us = steps[-1].at_us + self.ground.patience.settle_us
        spans = [
            (trace.end_us if gap.to_us is None else gap.to_us) - gap.from_us
            for gap in trace.outages(address)
            if gap.client == client and gap.from_us <= due_us and (gap.to_us is None or gap.to_us > due_us)
        ]
        return max(spans, default=None)

    # -- round figures -------------------------------------------------------------------------------

    def _rounded(
        self, found: Found, steps: Steps, seed: int, harm_us: Micros, until_s: float
    ) -> tuple[Steps, Micros]:
        """Each action, the last one first, on the roundest moment near the middle of the time in which it
        breaks as much.
        """
        for number in reversed(range(len(steps))):
            if monotonic() > until_s:
                break
            low_us, high_us = (self._reach(found, steps, number, seed, harm_us, way) for way in (-1, 1))
            for at_us in _round_moments(low_us, high_us):
                tried = _with(steps, number, at_us)
                harm = self._harm(found, tried, seed)
                if harm is not None and harm >= harm_us - SECOND_US // 2:
                    steps, harm_us = tried, harm
                    break
        return steps, harm_us

    def _reach(self, found: Found, steps: Steps, number: int, seed: int, harm_us: Micros, way: int) -> Micros:
        """How far an action could come sooner (``way`` -1) or later, and break as much."""
        reached_us = steps[number].at_us
        for n in range(1, FARTHEST_US // STRIDE_US + 1):
            at_us = steps[number].at_us + way * n * STRIDE_US
            tried = _with(steps, number, at_us)
            if [s.at_us for s in tried] != sorted(s.at_us for s in tried):
                break
            harm = self._harm(found, tried, seed)
            if harm is None or harm < harm_us - SECOND_US // 2:
                break
            reached_us = at_us
        return reached_us


def _round_moments(low_us: Micros, high_us: Micros) -> Iterable[Micros]:
    """Moments near the middle of a time: seconds first, then finer ones; without much room its beginning."""
    middle_us, margin_us = (low_us + high_us) // 2, 2 * (high_us - low_us) // 5
    for grid_us in GRIDS_US:
        near_us = (middle_us + grid_us // 2) // grid_us * grid_us
        if low_us + margin_us <= near_us <= high_us - margin_us:
            yield near_us
    for grid_us in GRIDS_US[-3:]:
        yield -(-low_us // grid_us) * grid_us


def _with(steps: Steps, number: int, at_us: Micros) -> Steps:
    return (*steps[:number], steps[number]._replace(at_us=at_us), *steps[number + 1 :])


def _spread(found: Sequence[Found], most: int) -> list[Found]:
    """So many of them at most, from the first to the last."""
    if len(found) <= most:
        return list(found)
    return [found[n * (len(found) - 1) // max(1, most - 1)] for n in range(most)]
