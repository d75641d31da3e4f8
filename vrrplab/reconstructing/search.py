"""The search: what happened first, and then next, until all that is seen is explained.

Where the picture of a guess first differs from what is seen, something happened that the guess does not have.
Each suspect is tried there: it is *aimed*, moved in time until its first consequence is seen where the
difference is, whatever lies between (a check that fails three times, a BACKUP that waits). Who explains what
follows stays, and is gone on from: with what mends it, and, where that does not do, with a second fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from vrrplab.exploring.faults import Deed, Fault, mended, possible
from vrrplab.reconstructing.beginnings import cost_of, first_unexplained, roots
from vrrplab.reconstructing.evidence import Evidence
from vrrplab.reconstructing.picture import LATE_US, Difference, Picture
from vrrplab.reconstructing.replay import NEVER_US, Opening, Replay
from vrrplab.trace.vocabulary import LINK_LOST, Act
from vrrplab.units import SECOND_US, Micros

MOST_TRIES = 6  # shots until one is on the mark; a check's grid is met at the second or third
WIDTH = 24  # guesses of one length that are gone on from
ALIKE = 2  # of those that show the same, so many are given a second fault
LEAST_GAIN = 0.5  # of an advert: less explains nothing
PRICE = LEAST_GAIN  # of an action: so much it must explain at least
NEARLY = 0.5  # of an advert: no more apart in cost, two guesses fit as well
LONGEST_WINDOW_US = 120 * SECOND_US
START_US = LATE_US  # a daemon's first advert may be so much early or late after its start
LONGEST_CHECK = 10  # a check takes this part of its interval at most
_CHECKS = (Act.CHECK_FAIL, Act.CHECK_HANG, Act.CHECK_PASS)


@dataclass(frozen=True, slots=True)
class Step:
    """An action at a moment of the capture. ``fault``: the suspect's number; ``from_us``, ``to_us``: any
    moment between them gives the same picture, as far as it was looked at.
    """

    deed: Deed
    at_us: Micros
    fault: int
    mends: bool
    from_us: Micros | None = None
    to_us: Micros | None = None


Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """What may have happened. ``cost``: adverts, announcements and lines that it does not explain, or
    explains and nobody saw; ``unexplained``: the first time that differs.
    """

    opening: Opening
    steps: Steps
    picture: Picture
    cost: float
    unexplained: Difference | None
    worst_us: Micros

    @property
    def price(self) -> float:
        return self.cost + PRICE * len(self.steps)

    @property
    def width_us(self) -> float:
        """In how many ways its moments could be others: the more, the less of a coincidence it is."""
        width = 1.0
        for step in self.steps:
            if step.from_us is not None and step.to_us is not None:
                width *= max(LATE_US, step.to_us - step.from_us)
        return width


class Stop(Exception):
    """The time is over."""


class Search:
    """Finds guesses. ``tick`` is called now and then, and may raise ``Stop`` to end it."""

    def __init__(
        self,
        replay: Replay,
        suspects: Sequence[Fault],
        most_faults: int = 2,
        tick: Callable[[str], None] | None = None,
    ) -> None:
        self._replay = replay
        self._evidence: Evidence = replay.evidence
        self._suspects = suspects
        self._most_faults = most_faults
        self._tick = tick or (lambda _: None)
        self.found: list[Guess] = []

    def run(self) -> list[Guess]:
        """The guesses, the best first. A ``Stop`` or an interrupt ends the search, not the answer."""
        for root in roots(self._replay):
            level = [self._guess(root.opening, (), root.picture)]
            self.found += level
            for number in count(1):
                level = self._next(level)
                if not level:
                    break
                if any(guess.unexplained is None for guess in level):
                    for guess in level:  # a fault that was mended is as plain as one that was not
                        self._extended(guess, self._mends(guess))
                    break
                if number >= 2 * self._most_faults:
                    break
            if any(guess.unexplained is None for guess in self.found):
                break
        return self.found

    @property
    def explained(self) -> float:
        """How much of the capture's time the best guess explains so far: 0 to 1."""
        untils = [guess.unexplained.from_us for guess in self.found if guess.unexplained is not None]
        return max(untils, default=0) / max(1, self._evidence.end_us)

    # -- one more step -------------------------------------------------------------------------------

    def _next(self, level: Sequence[Guess]) -> list[Guess]:
        """All that goes on from these guesses and explains more."""
        found: list[Guess] = []
        for guess in level:
            found += self._extended(guess, self._mends(guess))
        if any(guess.unexplained is None for guess in found):
            return self._best(found)
        for guess in self._different(level):
            found += self._extended(guess, self._breaks(guess))
        return self._best(found)

    def _best(self, found: list[Guess]) -> list[Guess]:
        end_us = self._evidence.end_us

        def order(guess: Guess) -> tuple[float, float]:
            until = end_us if guess.unexplained is None else guess.unexplained.from_us
            return -(until // SECOND_US), guess.cost

        return sorted(found, key=order)[:WIDTH]

    def _different(self, level: Iterable[Guess]) -> Iterator[Guess]:
        """Some of those that show the same: what is broken beside each matters little."""
        shown: list[list[Guess]] = []
        for guess in level:
            like = next((group for group in shown if group[0].picture.is_like(guess.picture)), None)
            if like is None:
                shown.append([guess])
                yield guess
            elif len(like) < ALIKE:
                like.append(guess)
                yield guess

    def _broken(self, guess: Guess) -> tuple[int, ...]:
        broken: tuple[int, ...] = ()
        for step in guess.steps:
            if step.mends:
                broken = tuple(n for n in mended(self._suspects, step.fault, broken) if n != step.fault)
            elif self._suspects[step.fault].mend is not None:
                broken = (*broken, step.fault)
        return broken

    def _mends(self, guess: Guess) -> Iterator[Step]:
        for number in self._broken(guess):
            mend = self._suspects[number].mend
            assert mend is not None
            yield Step(mend, 0, number, True)
        for server, start_us in guess.opening.starts_us.items():
            if start_us >= NEVER_US and not any(
                s.deed.act is Act.DAEMON_START and s.deed.server == server for s in guess.steps
            ):
                yield Step(Deed(Act.DAEMON_START, {"server": server}), 0, -1, False)

    def _breaks(self, guess: Guess) -> Iterator[Step]:
        if sum(not step.mends for step in guess.steps) >= self._most_faults:
            return
        broken = self._broken(guess)
        for number, fault in enumerate(self._suspects):
            if possible(self._suspects, number, broken):
                yield Step(fault.breaks, 0, number, False)

    def _extended(self, guess: Guess, more: Iterable[Step]) -> list[Guess]:
        """The guesses with one of these steps more that explain more; whoever stops the search keeps them."""
        longer_ones: list[Guess] = []
        if guess.unexplained is None:
            return longer_ones
        for step in more:
            self._tick(step.deed.words)
            longer = self._aimed(guess, step, guess.unexplained.from_us)
            if longer is None or not self._explains_more(guess, longer):
                continue
            alive = self._alive(longer)
            if alive is not None and self._explains_more(guess, alive):
                longer_ones.append(alive)
                self.found.append(alive)
        return longer_ones

    def _alive(self, guess: Guess) -> Guess | None:
        """The guess, mended as early as a card that it has dead is heard of again; None: that cannot be."""
        sign = self._sign_of_life(guess)
        if sign is None:
            return guess
        place, mend, sign_us = sign
        if mend is not None:
            moved = self._moved(guess, mend, sign_us)
        else:  # nobody saw that it was mended, but for its card
            fault = guess.steps[place].fault
            back = self._suspects[fault].mend
            assert back is not None
            moved = self._with(guess, Step(back, sign_us, fault, True))
        return moved if self._sign_of_life(moved) is None else None

    def _explains_more(self, before: Guess, after: Guess) -> bool:
        if after.unexplained is None:
            return before.unexplained is not None
        assert before.unexplained is not None
        if after.unexplained.from_us > before.unexplained.from_us + before.unexplained.width_us // 2:
            return True
        return (
            after.cost < before.cost - LEAST_GAIN and after.unexplained.from_us >= before.unexplained.from_us
        )

    def _sign_of_life(self, guess: Guess) -> tuple[int, int | None, Micros] | None:
        """Which step has a card dead that sent, which one mends it, and when it sent; None: all fits.

        As long as a guess does not explain everything, what has died may still be mended.
        """
        for place, step in enumerate(guess.steps):
            act, server = step.deed.act, step.deed.server
            card = str(step.deed.keys.get("interface", ""))
            kills = not step.mends and (act is Act.POWER_OFF or act in LINK_LOST)
            if not kills or not self._sends_from(server, card):
                continue
            mends = [n for n, s in enumerate(guess.steps) if n > place and s.mends and s.fault == step.fault]
            if not mends and guess.unexplained is not None:
                continue
            until_us = guess.steps[mends[0]].at_us if mends else self._evidence.end_us
            sign_us = self._evidence.sent_between(server, step.at_us, until_us)
            if sign_us is not None:
                return place, mends[0] if mends else None, sign_us
        return None

    def _sends_from(self, server: str, card: str) -> bool:
        """Is that the card whose MAC address was seen? "": all of them."""
        instances = self._replay.full.servers[server].node.instances
        return not card or any(
            i.interface == card and (server, i.name) in self._evidence.watched for i in instances
        )

    # -- aim ------------------------------------------------------------------------------------------

    def _aimed(self, guess: Guess, step: Step, mark_us: Micros) -> Guess | None:
        """The guess with that step at the moment at which it is seen where the mark is; None: never."""
        least_us = self._least_us(guess, step)
        at_us = max(least_us, mark_us - 1)
        best: tuple[Micros, Guess] | None = None
        tried: set[Micros] = set()
        for _ in range(MOST_TRIES):
            at_us = min(max(at_us, least_us), self._evidence.end_us)
            if at_us in tried:
                break
            tried.add(at_us)
            shot = self._with(guess, replace(step, at_us=at_us))
            seen = guess.picture.differences(shot.picture)
            if not seen:
                if best is not None:
                    break
                at_us -= max(SECOND_US, mark_us - least_us) // 3
                continue
            off_us = mark_us - seen[0].from_us
            if best is None or (abs(off_us), shot.cost) < (best[0], best[1].cost):
                best = abs(off_us), shot
            if abs(off_us) <= 1_000:
                break
            at_us += off_us
        if best is None:
            return None
        return self._in_time(guess, best[1]) if step.deed.act in _CHECKS else best[1]

    def _in_time(self, before: Guess, guess: Guess) -> Guess:
        """The same with the server's checks at the moments that were seen, if a little does it.

        When a check runs is known from when its daemon was started and from how long it takes, and neither is
        known well: after a thousand runs nobody knows it any more.
        """
        step = guess.steps[-1]
        server = self._replay.full.servers[step.deed.server]
        seen = before.picture.differences(guess.picture)
        assert before.unexplained is not None
        start_us = guess.opening.starts_us[server.name]
        if not seen or start_us >= NEVER_US:
            return guess
        off_us = before.unexplained.from_us - seen[0].from_us
        interval_us: Micros = server.node.script(step.deed.keys["script"]).interval_us
        times = (seen[0].from_us - start_us) // interval_us
        by_start_us = max(-START_US, min(START_US, off_us))
        run_us = guess.opening.check_runs_us.get(server.name, server.script_run_us)
        by_run_us = (off_us - by_start_us) // times if times > 0 else 0
        run_us = max(0, min(interval_us // LONGEST_CHECK, run_us + by_run_us))
        opening = replace(
            guess.opening.with_start(server.name, start_us + by_start_us),
            check_runs_us={**guess.opening.check_runs_us, server.name: run_us},
        )
        return min(guess, self._guess(opening, guess.steps), key=lambda g: g.cost)

    def _least_us(self, guess: Guess, step: Step) -> Micros:
        """Not before what it mends, nor before the server runs."""
        earlier = [s.at_us for s in guess.steps if s.fault == step.fault and step.mends]
        started = min((t for t in guess.opening.starts_us.values() if t < NEVER_US), default=0)
        return max([0, started, *(t + 1_000 for t in earlier)])

    def _with(self, guess: Guess, step: Step) -> Guess:
        return self._guess(guess.opening, (*guess.steps, step))

    def _guess(self, opening: Opening, steps: Steps, picture: Picture | None = None) -> Guess:
        if picture is None:
            picture = self._replay.picture(opening, [step.deed.at(step.at_us) for step in steps])
        differences = self._evidence.picture.differences(picture)
        worst = max((one.length_us for one in differences if not one.matters), default=0)
        return Guess(opening, steps, picture, cost_of(differences), first_unexplained(differences), worst)

    # -- when ------------------------------------------------------------------------------------------

    def dated(self, guess: Guess) -> Guess:
        """The same with each moment in the middle of those that give the same picture."""
        for place in range(len(guess.steps)):
            guess = self._dated(guess, place)
        return guess

    def _dated(self, guess: Guess, place: int) -> Guess:
        step = guess.steps[place]
        self._tick(step.deed.words)
        earlier = [s.at_us for s in guess.steps if s.at_us < step.at_us]
        later = [s.at_us for s in guess.steps if s.at_us > step.at_us]
        lowest = max([*earlier, step.at_us - LONGEST_WINDOW_US, self._least_us(guess, step)])
        highest = min([*later, step.at_us + LONGEST_WINDOW_US, self._evidence.end_us])
        from_us = self._edge(guess, place, -1, max(0, step.at_us - lowest))
        to_us = self._edge(guess, place, 1, max(0, highest - step.at_us))
        middle = self._moved(guess, place, (from_us + to_us) // 2)
        if middle.cost > guess.cost + NEARLY / 2:
            middle = guess
        steps = list(middle.steps)
        steps[place] = replace(steps[place], from_us=from_us, to_us=to_us)
        return replace(middle, steps=tuple(steps))

    def _moved(self, guess: Guess, place: int, at_us: Micros) -> Guess:
        steps = list(guess.steps)
        steps[place] = replace(steps[place], at_us=at_us)
        return self._guess(guess.opening, tuple(steps))

    def _edge(self, guess: Guess, place: int, way: int, room_us: Micros) -> Micros:
        """How far a moment may move that way until something else would be seen."""
        at_us = guess.steps[place].at_us

        def same(by_us: Micros) -> bool:
            moved = self._moved(guess, place, at_us + way * by_us)
            return moved.picture.is_like(guess.picture) and self._sign_of_life(moved) is None

        good, bad = 0, LATE_US
        while bad < room_us and same(bad):
            good, bad = bad, 2 * bad
        bad = min(bad, room_us)
        while bad - good > 20_000:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if same(middle) else (good, middle)
        return at_us + way * good
