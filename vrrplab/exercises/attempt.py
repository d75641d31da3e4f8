"""One try at a puzzle: the run that came of a learner's changes, and what can be seen in it. In seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from vrrplab.exercises.observe import VISIBLE_S, length_s
from vrrplab.exercises.registry import Miss
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import TimedAction
from vrrplab.trace import Trace
from vrrplab.trace.events import NeighbourEvent, StateEvent
from vrrplab.units import Micros, seconds

Gap = tuple[Micros, Micros]


@dataclass(frozen=True)
class Attempt:
    """``scenario`` is the puzzle's ``base`` with ``changes`` of the learner, ``trace`` its run."""

    base: Scenario
    scenario: Scenario
    trace: Trace
    changes: int

    @property
    def added(self) -> list[TimedAction]:
        """The learner's actions, in order of time."""
        given = Counter(map(_identity, self.base.actions))
        more = []
        for action in self.scenario.actions:
            if given[_identity(action)]:
                given[_identity(action)] -= 1
            else:
                more.append(action)
        return more

    @property
    def first_s(self) -> float:
        """The moment of the learner's first action; the end of the run if there is none."""
        return min((seconds(action.at_us) for action in self.added), default=seconds(self.trace.end_us))

    def touched(self, server: str) -> bool:
        """Is one of the learner's actions on this server?"""
        return any(action.keys.get("server") == server for action in self.added)

    def demand_one_change(self) -> None:
        """Miss if it took more than one."""
        if self.changes > 1:
            raise Miss(
                f"These are {self.changes} changes, and one is enough. Go back with undo, and look for it."
            )

    # -- what the clients saw --------------------------------------------------------------------

    def longest_s(self, target: str, *kinds: str) -> float:
        """The longest time without an answer to any of these kinds of question (ping "icmp", page "http")."""
        return max((seconds(b - a) for a, b in self._dark(target, kinds)), default=0.0)

    def _dark(self, target: str, kinds: tuple[str, ...]) -> list[Gap]:
        both: list[Gap] | None = None
        for kind in kinds:
            gaps = [
                (o.from_us, self.trace.end_us if o.to_us is None else o.to_us)
                for o in self.trace.outages(target)
                if o.kind == kind and length_s(self.trace, o) >= VISIBLE_S
            ]
            both = gaps if both is None else _overlaps(both, gaps)
        return both or []

    def shared_out(self, target: str) -> str:
        """Who answers for an address at the end, for sentences: "nobody", or names with "and"."""
        return " and ".join(self.trace.owners(target, seconds(self.trace.end_us))) or "nobody"

    def asked_at(self, target: str, server: str) -> float | None:
        """When the clients' questions for an address first went to this server, after the first change."""
        cards = self.trace.scenario["servers"][server]["interfaces"].values()
        macs = {str(card.get("mac")) for card in cards}
        for event in self.trace.of(NeighbourEvent):
            if event.ip == target and event.mac in macs and event.t > self.first_s:
                return event.t
        return None

    # -- what the servers were -------------------------------------------------------------------

    def became_master_s(self, server: str, instance: str) -> float | None:
        """When an instance became MASTER, first after the first change; None: it did not."""
        for event in self.trace.of(StateEvent, server=server, instance=instance):
            if event.to == "MASTER" and event.t > self.first_s:
                return event.t
        return None

    def left_master(self, server: str, instance: str) -> StateEvent | None:
        """The change that made an instance something else than MASTER, first after the first change."""
        for event in self.trace.of(StateEvent, server=server, instance=instance):
            if event.to != "MASTER" and event.t >= self.first_s:
                return event
        return None


def _identity(action: TimedAction) -> tuple[Micros, str, str]:
    return action.at_us, action.kind, repr(sorted(action.keys.items()))


def _overlaps(ones: list[Gap], others: list[Gap]) -> list[Gap]:
    pairs = ((max(a, c), min(b, d)) for a, b in ones for c, d in others)
    return [(start, end) for start, end in pairs if start < end]
