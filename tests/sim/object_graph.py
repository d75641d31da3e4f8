"""Everything that a running world is made of, with the way to each object."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

from vrrplab.sim.snapshot import is_value

PLAIN = (str, bytes, int, float, bool, type(None), type, ModuleType)


def state_of(root: object, without: Container[str] = ()) -> dict[int, tuple[object, str]]:
    """Each object that is reached from there and is no value, by its ``id``, with the way to it.

    ``without``: ways that are not gone, as ``Class.field``.
    """
    found: dict[int, tuple[object, str]] = {}
    todo: list[tuple[object, str]] = [(root, "")]
    while todo:
        thing, way = todo.pop()
        if isinstance(thing, PLAIN) or is_value(type(thing)) or id(thing) in found:
            continue
        found[id(thing)] = (thing, way)
        kind = type(thing).__name__
        todo += [(p, f"{way}{step}") for p, step in parts_of(thing) if f"{kind}{step}" not in without]
    return found


def parts_of(thing: Any) -> Iterator[tuple[object, str]]:
    """What an object holds, and how it is called there."""
    match thing:
        case dict():
            for key, value in thing.items():
                yield key, f".key({key!r})"
                yield value, f"[{key!r}]"
        case list() | tuple() | set() | frozenset():
            for place, value in enumerate(thing):
                yield value, f"[{place}]"
        case partial():
            yield thing.func, ".func"
            yield thing.args, ".args"
            yield thing.keywords, ".keywords"
        case MethodType():
            yield thing.__self__, ".__self__"
        case BuiltinMethodType() | FunctionType():
            pass
    for name in names_of(thing):
        if hasattr(thing, name):
            yield getattr(thing, name), f".{name}"


def names_of(thing: object) -> list[str]:
    """The attributes in which an object keeps its state."""
    slots = [
        name
        for cls in type(thing).__mro__
        for name in (
            [cls.__slots__]
            if isinstance(cls.__dict__.get("__slots__"), str)
            else cls.__dict__.get("__slots__", ())
        )
        if name not in ("__dict__", "__weakref__")
    ]
    return [*slots, *getattr(thing, "__dict__", ())]
