"""What a cluster promises, whatever fails, in what order: each a sentence, and how it is seen to be broken.

The first two hold while a fault lasts, too; the third when all is repaired. ``Vigil`` looks at a world after
each moment and tells which is broken; whose age counts, and from when, is in its hands alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.exploring.condition import (
    Arrival,
    Question,
    VirtualRouter,
    arrival,
    asked_services,
    masters,
    questions,
    refuses,
    rivals,
    trouble,
    virtual_routers,
)
from vrrplab.exploring.patience import Patience
from vrrplab.sim.world import World
from vrrplab.trace.events import ServiceEvent, StateEvent
from vrrplab.units import Micros, seconds


@dataclass(frozen=True, slots=True)
class Promise:
    """``name`` is a word for tables, ``sentence`` what holds; ``{s}`` in it is how long it may take."""

    name: str
    sentence: str


ONE_MASTER = Promise(
    "one MASTER", "Of servers that hear each other at most one is MASTER for longer than {s} s."
)
SOMEBODY = Promise(
    "somebody serves", "While a server is well, one that is well is MASTER, after {s} s at the latest."
)
REACHED = Promise("clients reach it", "{s} s after the last repair every client reaches a live owner.")
REST = Promise("it comes to rest", "Roles do not change for ever.")
RAISED = "raises an error"  # of whom a user's property is broken that cannot be asked
JUDGED = (StateEvent, ServiceEvent)  # what they tell changes who is MASTER, and who is well
BUILT_IN = (ONE_MASTER, SOMEBODY, REACHED, REST)


class Breach(NamedTuple):
    """A promise that is broken. ``who``: of what, for telling stories of one sort apart."""

    promise: Promise
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class UserProperty:
    """A function of the trace: True or None, it holds; False or a text, it is broken (the text says how)."""

    promise: Promise
    holds: Callable[[Any], Any]

    def broken(self, trace: Any) -> str:
        """How a run breaks it; "": it does not. PropertyRaised: the function is wrong."""
        try:
            with redirect_stdout(sys.stderr):  # what it prints is no part of the answer
                said = self.holds(trace)
        except (Exception, SystemExit) as error:
            raise PropertyRaised(self.promise.name, _place_of(error, self.holds), error) from None
        if said is None or said is True:
            return ""
        return " ".join(said.split()) if isinstance(said, str) and said else "it does not hold"


class PropertyRaised(VrrplabError):
    """A user's property has an error of its own. ``story``: the one that made it raise."""

    def __init__(self, name: str, place: str, error: BaseException) -> None:
        super().__init__(f"{place}: property {name} raises {type(error).__name__}: {error}")


def _place_of(error: BaseException, holds: Callable[[Any], Any]) -> str:
    """FILE:LINE of where it was raised, in the innermost frame that is not Python's own or ours; of what
    could not even be called, where it is defined.
    """
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    if len(frames) == 1 and (code := getattr(holds, "__code__", None)):
        return f"{code.co_filename}:{code.co_firstlineno}"
    ours = [f for f in frames if "vrrplab" not in f.filename.replace("\\", "/").split("/")[-3:]]
    last = (ours or list(frames))[-1]
    return f"{last.filename}:{last.lineno}"


class Cluster:
    """What the promises are about in one scenario; the same for every world of it."""

    def __init__(self, world: World, patience: Patience) -> None:
        self.patience = patience
        self.routers = virtual_routers(world)
        self.questions = questions(world)
        self.asked = {r: asked_services(world, r.addresses, self.questions) for r in self.routers}
        # of the same kind and client, several probes of one address are answered alike
        alike = {(q.client, q.probe.kind == "icmp", q.probe.port, q.address): q for q in self.questions}
        self.distinct = tuple(alike.values())

    def lost_questions(self, world: World) -> Iterator[tuple[Question, str]]:
        """Those that clients would ask now without an answer, and why."""
        ways: dict[tuple[str, str], Arrival | str] = {}
        for question in self.distinct:
            way = ways.get((question.client, question.address))
            if way is None:
                way = arrival(world, question.client, question.address)
                ways[question.client, question.address] = way
            why = way if isinstance(way, str) else refuses(world, way, question)
            if why:
                yield question, why


Ages = tuple[Micros, ...]


class Vigil:
    """Since when what is not well; counted from the last action on, as every action is a new reason to wait.

    ``twin`` is another one in the same state, for a fork.
    """

    __slots__ = ("_cluster", "_last_us", "_since", "_told", "_version")

    def __init__(self, cluster: Cluster, now: Micros) -> None:
        self._cluster = cluster
        self._last_us = now
        self._since: dict[tuple[Promise, VirtualRouter], tuple[Micros, str, str]] = {}
        self._version = -1  # of the world that was judged
        self._told: set[tuple[str, str]] = set()

    def twin(self) -> Vigil:
        copied = Vigil(self._cluster, self._last_us)
        copied._since = dict(self._since)
        return copied

    def acted(self, world: World) -> None:
        """An action: whatever is wrong now has its time anew."""
        self._last_us = world.scheduler.now
        self._told.clear()
        self.look(world)

    @property
    def next_us(self) -> Micros:
        """When the next promise will be broken, if nothing changes; 0: all is well, or told."""
        return min(
            (
                max(since_us, self._last_us) + self._most_us(promise)
                for (promise, _), (since_us, who, _) in self._since.items()
                if (promise.name, who) not in self._told
            ),
            default=0,
        )

    def _most_us(self, promise: Promise) -> Micros:
        patience = self._cluster.patience
        return patience.agree_us if promise is ONE_MASTER else patience.settle_us

    def look(self, world: World, events: Sequence[object] | None = None) -> list[Breach]:
        """What is broken now, each once. ``events``: all that were written since the last look, if that is
        known: where none of them, and nothing that traffic depends on, has changed a thing, none is judged.
        """
        now = world.scheduler.now
        if events is None or self._version != world.version or any(type(e) in JUDGED for e in events):
            self._version = world.version
            for router in self._cluster.routers:
                self._judge(world, router, masters(world, router), now)
        found = []
        for (promise, _), (since_us, who, why) in self._since.items():
            late = now - max(since_us, self._last_us) >= self._most_us(promise)
            if late and (promise.name, who) not in self._told:
                self._told.add((promise.name, who))
                found.append(Breach(promise, who, why))
        return found

    def _judge(self, world: World, router: VirtualRouter, holding: list[str], now: Micros) -> None:
        pair = rivals(world, router, holding) if len(holding) > 1 else None
        vrid = f"VRID {router.vrid}"
        if pair is None:
            self._since.pop((ONE_MASTER, router), None)
        else:
            why = f"{pair[0]} and {pair[1]} hear each other, and both are MASTER of {vrid}"
            self._put(ONE_MASTER, router, now, f"{vrid}: {pair[0]}, {pair[1]}", why)
        asked = self._cluster.asked[router]
        ills = {server: trouble(world, server, name, asked) for server, name in router.members}
        well = [server for server, ill in ills.items() if not ill]
        if not well or any(server in well for server in holding):
            self._since.pop((SOMEBODY, router), None)
        else:
            if holding:
                why = f"{holding[0]} is MASTER of {vrid} and {ills[holding[0]]}, while {well[0]} is well"
            else:
                why = f"nobody is MASTER of {vrid}, while {well[0]} is well"
            self._put(SOMEBODY, router, now, vrid, why)

    def _put(self, promise: Promise, router: VirtualRouter, now: Micros, who: str, why: str) -> None:
        old = self._since.get((promise, router))
        self._since[promise, router] = (old[0] if old is not None and old[1] == who else now, who, why)

    def ages(self, now: Micros) -> Ages:
        """How long each thing has not been well; 0: it is."""
        found = []
        for router in self._cluster.routers:
            for promise in (ONE_MASTER, SOMEBODY):
                old = self._since.get((promise, router))
                found.append(0 if old is None else now - max(old[0], self._last_us) + 1)
        return tuple(found)


def told(promise: Promise, patience: Patience) -> str:
    """Its sentence, with the time of this cluster."""
    most_us = patience.agree_us if promise is ONE_MASTER else patience.settle_us
    return promise.sentence.replace("{s}", f"{seconds(most_us):.1f}")
