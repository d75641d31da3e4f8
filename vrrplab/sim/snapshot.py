"""A running world, set aside: as many worlds as wanted go on from it, each by itself.

The whole graph of objects is copied, but for values, which nobody changes once they are made (configuration,
events, frames): those are shared. A world has no closure and no built-in method bound to its state, which no
copy would notice (tests/sim/test_forked_worlds.py looks), so that nothing of one run reaches into another.

It is a pickle, in which values and classes stand by their numbers. A class says by ``__slots__`` what its
objects keep, so their fields are taken and put back all at once, by two functions made for that class: half
of the time went into names of fields before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from operator import attrgetter, methodcaller
from pickle import Pickler, Unpickler
from threading import Lock
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")

# Whose classes are values: a room, or a file of one; and tables that are read only, in which values are.
VALUES = (
    "builtins.mappingproxy",
    "ipaddress",
    "vrrplab.config",
    "vrrplab.machine.acceptance",
    "vrrplab.machine.actions",
    "vrrplab.machine.events",
    "vrrplab.machine.profiles",
    "vrrplab.scenario",
    "vrrplab.sim.addresses.Shared",
    "vrrplab.sim.packet",
    "vrrplab.sim.tape.Past",
    "vrrplab.trace",
    "vrrplab.wire",
)


def is_value(kind: type) -> bool:
    """Is nothing of that class changed once it is made?"""
    name = f"{kind.__module__}.{kind.__qualname__}"
    return any(name == room or name.startswith(f"{room}.") for room in VALUES)


def slots_of(kind: type) -> list[str]:
    """The fields of its objects that have a slot."""
    found: list[str] = []
    for cls in kind.__mro__:
        slots = vars(cls).get("__slots__", ())
        found += [slots] if isinstance(slots, str) else slots
    return found


# -- what stands by a number -------------------------------------------------------------------------------

_taking = Lock()
_kept: list[Any] = []  # the values of the snapshot that is being taken


def _by_reference(value: Any) -> tuple[Callable[[int], Any], tuple[int]]:
    _kept.append(value)
    return kept, (len(_kept) - 1,)


def kept(number: int) -> Any:
    """Stands in a snapshot for the table of its values, which ``_Thawing`` puts there."""
    raise RuntimeError("a snapshot is thawed by its own table")


class _Part(partial[Any]):
    """A function that all snapshots use: they have its number."""

    written: tuple[Callable[[int], Any], tuple[int]]


_parts: list[_Part] = []


def part(number: int) -> _Part:
    """The function of that number."""
    return _parts[number]


def _part(function: Callable[..., Any], *args: Any) -> _Part:
    made = _Part(function, *args)
    made.written = part, (len(_parts),)
    _parts.append(made)
    return made


# -- how objects are written -------------------------------------------------------------------------------

_asked = methodcaller("__reduce_ex__", 4)

# All its fields at once, to be made with nothing in it and given them later, for it may hold what holds it.
_OF_A_CLASS = """
def taken(thing):
    try:
        return empty, (), ({fields}), None, None, fill
    except AttributeError:  # a field that is not set
        return asked(thing)

def given(thing, fields):
    [{fields}] = fields
"""


def _by_slots(kind: type) -> Callable[[Any], Any]:
    """What ``_asked`` would answer, of an object that has all it has in slots, in less time."""
    fields = "".join(f"thing.{name}, " for name in slots_of(kind))
    made: dict[str, Any] = {"asked": _asked, "empty": _part(object.__new__, kind)}
    exec(_OF_A_CLASS.format(fields=fields), made)
    made["fill"] = _part(made["given"])
    way: Callable[[Any], Any] = made["taken"]
    return way


def _partial(call: partial[Any]) -> tuple[Any, ...]:
    assert not call.keywords, call
    return partial, (call.func, *call.args)


class _Ways(dict[type, Callable[[Any], Any]]):
    """How the objects of each class are written, found out at the first of them."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        way: Callable[[Any], Any] = _asked
        if is_value(kind):
            way = _by_reference
        elif kind is _Part:
            way = attrgetter("written")
        elif kind is partial:
            way = _partial
        elif _of(kind, "__reduce_ex__") is object.__reduce_ex__:
            answers = _of(kind, "__reduce__")
            if answers is not object.__reduce__:
                way = answers  # a method
            elif has_only_slots(kind):
                way = _by_slots(kind)
        self[kind] = way
        return way


_ELSEWHERE = {"__dict__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"}
_IN_PYTHON = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class that is not built in


def _of(kind: type, name: str) -> Any:
    return getattr(kind, name)


def has_only_slots(kind: type) -> bool:
    """Is nothing of its objects kept elsewhere than in its slots?"""
    return all(_adds_only_slots(one) for one in kind.__mro__[:-1])


def _adds_only_slots(kind: type) -> bool:
    own = vars(kind).keys()
    return bool(kind.__flags__ & _IN_PYTHON) and "__slots__" in own and not _ELSEWHERE & own


class _Freezing(Pickler):
    dispatch_table = _Ways()


_found: dict[tuple[str, str], Any] = {}


class _Thawing(Unpickler):
    def __init__(self, data: bytes, values: list[Any]) -> None:
        super().__init__(BytesIO(data))
        self._values = values

    def find_class(self, module: str, name: str) -> Any:
        if name == "kept":
            return self._values.__getitem__
        if name == "part":
            return _parts.__getitem__
        found = _found.get((module, name))
        if found is None:
            found = _found[module, name] = super().find_class(module, name)
        return found


class Snapshot(Generic[Thing]):
    """``thaw`` as often as wanted. ``size``: bytes it takes beside what is shared."""

    __slots__ = ("_data", "_values")

    def __init__(self, thing: Thing) -> None:
        file = BytesIO()
        with _taking:
            _kept.clear()
            _Freezing(file, 5).dump(thing)
            self._values = _kept.copy()
            _kept.clear()
        self._data = file.getvalue()

    @property
    def size(self) -> int:
        """In bytes; a reference to what is shared counts as 8."""
        return len(self._data) + 8 * len(self._values)

    def thaw(self) -> Thing:
        """Another one, in the state of then."""
        thawed: Thing = _Thawing(self._data, self._values).load()
        return thawed
