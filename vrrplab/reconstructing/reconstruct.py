"""From evidence to an answer: search, sort what was found into groups that look alike, date them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from vrrplab.exploring.faults import Fault
from vrrplab.output.progress import Progress
from vrrplab.reconstructing.evidence import Evidence
from vrrplab.reconstructing.order import in_order
from vrrplab.reconstructing.replay import Replay, scenario_for
from vrrplab.reconstructing.search import NEARLY, Guess, Search, Stop
from vrrplab.reconstructing.suspects import suspects_of
from vrrplab.scenario.nodes import Node

TOLD = 5  # groups
DATED = 3  # of them whose moments are narrowed down
MOST_LIKE = 24  # members of a group that are kept


@dataclass(frozen=True, slots=True)
class Group:
    """Explanations that give the same picture, in the order of ``order``."""

    members: tuple[Guess, ...]

    @property
    def first(self) -> Guess:
        return self.members[0]


@dataclass(frozen=True)
class Reconstruction:
    """``groups``: the best explanations, those that cannot be told apart together; ``suspects``: all that was
    tried; ``why_partial``: why not all was, "" when it was.
    """

    evidence: Evidence
    replay: Replay
    suspects: tuple[Fault, ...]
    groups: tuple[Group, ...]
    runs: int
    took_s: float
    why_partial: str = ""
    interrupted: bool = False

    def fit(self, guess: Guess) -> float:
        """Share of what is seen, or would be, that is both: 0 to 1."""
        seen, shown = self.evidence.picture.weight, guess.picture.weight
        all_ = (seen + shown + guess.cost) / 2
        return max(0.0, 1 - guess.cost / all_) if all_ else 1.0


def reconstruct(
    evidence: Evidence,
    cluster: Sequence[Node],
    *,
    profile: str = "keepalived-2.2.7",
    most_faults: int = 2,
    at_most_s: float | None = None,
    shows_progress: bool = False,
) -> Reconstruction:
    """What may have happened to these servers so that this was seen. An interrupt, or the end of the time,
    ends the search; what was found until then is the answer.
    """
    began_s = monotonic()
    replay = Replay(scenario_for(cluster, evidence, profile), evidence)
    suspects = suspects_of(replay.full, evidence)
    why, interrupted = "", False
    with Progress("reconstruct") as progress:

        def tick(words: str) -> None:
            took_s = monotonic() - began_s
            if at_most_s is not None and took_s > at_most_s:
                raise Stop
            if shows_progress:
                progress.at(search.explained, f"{replay.runs:,} runs, {words}")

        search = Search(replay, suspects, most_faults, tick)
        groups: list[Group] = []
        try:
            search.run()
            groups = _groups(search.found)
            groups = _dated(search, groups)
        except Stop:
            why = f"{at_most_s:g} s were over"
        except KeyboardInterrupt:
            why, interrupted = "interrupted", True
    groups = groups or _groups(search.found)
    return Reconstruction(
        evidence, replay, suspects, tuple(groups), replay.runs, monotonic() - began_s, why, interrupted
    )


def _groups(found: Sequence[Guess]) -> list[Group]:
    """Those that look alike together; the cheapest first."""
    groups: list[list[Guess]] = []
    for guess in sorted(found, key=lambda g: g.price):
        if any(_is_beginning_of(guess, member) for group in groups for member in group):
            continue  # it explains less
        like = next(
            (
                group
                for group in groups
                if guess.price - group[0].price <= NEARLY and group[0].picture.is_like(guess.picture)
            ),
            None,
        )
        if like is None:
            groups.append([guess])
        elif len(like) < MOST_LIKE:
            like.append(guess)
    return [Group(tuple(group)) for group in groups[:TOLD]]


def _is_beginning_of(guess: Guess, longer: Guess) -> bool:
    """Is the other one that guess, gone on from?"""
    count = len(guess.steps)
    return 0 < count < len(longer.steps) and all(
        mine.deed == its.deed and mine.fault == its.fault
        for mine, its in zip(guess.steps, longer.steps, strict=False)
    )


def _dated(search: Search, groups: list[Group]) -> list[Group]:
    """Moments narrowed down: of the first group all members, of the next ones the first."""
    found = []
    for place, group in enumerate(groups):
        members = list(group.members)
        if place < DATED:
            number = len(members) if not place else 1
            members[:number] = [search.dated(guess) for guess in members[:number]]
        found.append(Group(tuple(in_order(members))))
    return found
