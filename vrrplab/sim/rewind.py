"""A running world put back to how it was, in place: for who tries one thing after the other in it.

A fork makes every object of a world anew, and somebody clears it away; here they stay, and what each of them
holds is kept and put back.

Every object that can change is found by asking Python what each refers to, from the world on, but for values
(``snapshot.is_value``). What came since the last look is held by something that was known then, so another
look at the same world goes on from there.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from functools import partial
from gc import get_referents
from itertools import chain
from operator import attrgetter, call
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from vrrplab.sim.snapshot import has_only_slots, is_value, slots_of

if TYPE_CHECKING:
    from vrrplab.sim.world import World

PLAIN = (str, bytes, int, float, bool, type(None), type, FunctionType)
FIXED = (tuple, frozenset, MethodType, partial)  # these stay, but what they hold may change
# Of those that are filled: how they are copied, emptied, and filled again.
FILLED: dict[type, tuple[Callable[[Any], Any], Callable[[Any], None], Callable[[Any, Any], None]]] = {
    list: (list.copy, list.clear, list.extend),
    dict: (dict.copy, dict.clear, dict.update),
    OrderedDict: (OrderedDict.copy, OrderedDict.clear, OrderedDict.update),
    set: (set.copy, set.clear, set.update),
    deque: (deque.copy, deque.clear, deque.extend),
}
_PUT_BACK = """
def put_back(thing, held):
    [{fields}] = held
"""
_Reading = Callable[[Any], Any]
_PuttingBack = Callable[[Any, Any], None]


class _Fields(dict[type, tuple[_Reading, _PuttingBack]]):
    """How all fields of an object of a class are read at once, and put back at once."""

    def __missing__(self, kind: type) -> tuple[_Reading, _PuttingBack]:
        fields = slots_of(kind)
        made: dict[str, Any] = {}
        exec(_PUT_BACK.format(fields="".join(f"thing.{name}, " for name in fields)), made)
        read: _Reading = attrgetter(*fields) if len(fields) > 1 else partial(_read, fields)
        self[kind] = read, made["put_back"]
        return self[kind]


def _read(fields: list[str], thing: Any) -> list[Any]:
    return [getattr(thing, name) for name in fields]


class _Changes(dict[type, bool]):
    """Can an object of that class change, or what it holds? It has slots and nothing else, or is built in."""

    def __missing__(self, kind: type) -> bool:
        changes = not is_value(kind)
        if changes and not (kind in FILLED or issubclass(kind, FIXED) or has_only_slots(kind)):
            raise TypeError(f"what a {kind.__qualname__} holds cannot be put back")
        self[kind] = changes
        return changes


_fields = _Fields()
_changes = _Changes(dict.fromkeys(PLAIN, False))


def _drain(calls: Iterable[None]) -> None:
    """Have them all made."""
    deque(calls, maxlen=0)


class Rewinder:
    """``keep`` how a world is now, and go ``back`` there, as often as wanted.

    Nobody else may keep anything of the world that was made in between.
    """

    __slots__ = ("_filled", "_held", "_known", "_puts", "_reads", "_things", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[int, Any] = {}  # all that was seen, by ``id``
        self._filled: dict[type, list[Any]] = {kind: [] for kind in FILLED}
        self._things: list[Any] = []  # those with fields, and by their side how they are read and put back
        self._reads: list[_Reading] = []
        self._puts: list[_PuttingBack] = []
        self._held: tuple[list[Any], dict[type, list[Any]]] = [], {}

    def keep(self) -> None:
        """How it is now is where ``back`` leads from now on."""
        self._world.share_past()
        if self._known:
            self._learn(get_referents(*self._things, *chain.from_iterable(self._filled.values())))
        else:
            self._learn([self._world])
        filled = {kind: list(map(FILLED[kind][0], things)) for kind, things in self._filled.items()}
        self._held = list(map(call, self._reads, self._things)), filled

    def back(self) -> None:
        """All in it is as it was at the last ``keep``."""
        fields, filled = self._held
        _drain(map(call, self._puts, self._things, fields))
        for kind, held in filled.items():
            _, empty, fill = FILLED[kind]
            _drain(map(empty, self._filled[kind]))
            _drain(map(fill, self._filled[kind], held))

    def _learn(self, things: list[Any]) -> None:
        """Of these and of what they lead to whatever was not known."""
        known = self._known
        while things:
            fresh = {id(one): one for one in [one for one in things if id(one) not in known]}
            known |= fresh
            things = []
            for one in fresh.values():
                kind = type(one)
                if not _changes[kind]:
                    continue
                things.append(one)
                if kind in FILLED:
                    self._filled[kind].append(one)
                elif not issubclass(kind, FIXED):
                    read, put = _fields[kind]
                    self._things.append(one)
                    self._reads.append(read)
                    self._puts.append(put)
            things = get_referents(*things)
