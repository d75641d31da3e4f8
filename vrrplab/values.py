"""Plain values, declared like dataclasses, without their price at start-up.

    class Segment(Value):
        name: str
        loss: float = 0.0

``dataclasses`` writes and compiles source text for every class: about 1 ms each for a frozen one with slots,
and this package has some eighty on the way to its first line of output. A ``Value`` is made from a table
instead. To everybody else it is a dataclass: ``dataclasses.replace``, ``fields`` and ``asdict`` work on it,
type checkers know its constructor, patterns match by position or name.

Values cannot be changed; a ``Record`` can. A mutable default is shared, so defaults are immutable or come
from ``fresh(dict)``, which makes a new one for each instance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, dataclass_transform

T = TypeVar("T")


class _Fresh:
    """A default that is made anew for each instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def fresh(make: Callable[[], T]) -> T:
    """As a default: ``make()`` for each instance."""
    return _Fresh(make)  # type: ignore[return-value]


class _Required:
    def __repr__(self) -> str:
        return "(required)"


REQUIRED: Any = _Required()


class _Fields:
    """``__dataclass_fields__``, made the first time somebody asks."""

    def __init__(self) -> None:
        self._made: dict[type[Any], dict[str, Any]] = {}

    def __get__(self, instance: object, owner: type[Any]) -> dict[str, Any]:
        if owner not in self._made:
            self._made[owner] = self._make(owner)
        return self._made[owner]

    def _make(self, owner: type[Any]) -> dict[str, Any]:
        from dataclasses import MISSING, dataclass, field, fields

        def declared(default: Any) -> Any:
            if default is REQUIRED:
                return field()
            made = default.make if isinstance(default, _Fresh) else (lambda: default)
            return field(default_factory=made)

        names = owner.__value_defaults__
        body = {name: declared(default) for name, default in names.items() if default is not REQUIRED}
        body["__annotations__"] = dict.fromkeys(names, Any)
        twin: Any = dataclass(kw_only=True)(type(owner.__name__, (), body))
        found = {f.name: f for f in fields(twin)}
        for name, default in names.items():
            if default is not REQUIRED and not isinstance(default, _Fresh):
                found[name].default, found[name].default_factory = default, MISSING
        return found


class _Maker(type):
    """Turns annotations into slots, and their values into a table of defaults."""

    __value_defaults__: dict[str, Any]
    __value_setters__: tuple[Callable[[Any, Any], None], ...]

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _Maker:
        defaults: dict[str, Any] = {}
        for base in bases:
            defaults |= getattr(base, "__value_defaults__", {})
        own = [
            field
            for field, kind in namespace.get("__annotations__", {}).items()
            if not str(kind).startswith("ClassVar")
        ]
        for field in own:
            defaults[field] = namespace.pop(field, REQUIRED)
        namespace["__slots__"] = tuple(own)
        namespace["__match_args__"] = tuple(defaults)
        namespace["__value_defaults__"] = defaults
        made = super().__new__(cls, name, bases, namespace)
        # the slots' own setters: they work on values too, which refuse assignment
        made.__value_setters__ = tuple(getattr(made, field).__set__ for field in defaults)
        return made


@dataclass_transform()
class _RecordMaker(_Maker):
    pass


@dataclass_transform(frozen_default=True)
class _ValueMaker(_Maker):
    pass


class _Common:
    """What records and values share."""

    __slots__ = ()
    __not_compared__: ClassVar[tuple[str, ...]] = ()  # fields that do not make two values different
    __value_defaults__: ClassVar[dict[str, Any]] = {}
    __value_setters__: ClassVar[tuple[Callable[[Any, Any], None], ...]] = ()
    __dataclass_fields__ = _Fields()

    def __init__(self, *args: Any, **named: Any) -> None:
        if len(args) == len(self.__value_setters__) and not named:
            for set_field, value in zip(self.__value_setters__, args, strict=True):
                set_field(self, value)
            return
        put = object.__setattr__
        defaults = self.__value_defaults__
        if len(args) > len(defaults):
            raise TypeError(f"{type(self).__name__} takes {len(defaults)} values, not {len(args)}")
        names = iter(defaults.items())
        for value in args:
            name, _ = next(names)
            put(self, name, value)
            if named and name in named:
                raise TypeError(f"{type(self).__name__} got {name!r} twice")
        for name, default in names:
            if name in named:
                put(self, name, named.pop(name))
            elif default is REQUIRED:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
            else:
                put(self, name, default.make() if isinstance(default, _Fresh) else default)
        if named:
            raise TypeError(f"{type(self).__name__} has no {next(iter(named))!r}")

    def _as_tuple(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.__value_defaults__])

    def _compared(self) -> tuple[Any, ...]:
        names = self.__value_defaults__
        return tuple([getattr(self, name) for name in names if name not in self.__not_compared__])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        if not self.__not_compared__:
            return self._as_tuple() == other._as_tuple()
        return self._compared() == other._compared()

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__value_defaults__)
        return f"{type(self).__name__}({parts})"

    def __getstate__(self) -> tuple[Any, ...]:
        return self._as_tuple()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, value in zip(self.__value_defaults__, state, strict=True):
            object.__setattr__(self, name, value)


class Record(_Common, metaclass=_RecordMaker):
    """A value whose fields may be assigned."""

    __hash__ = None  # type: ignore[assignment]


class Value(_Common, metaclass=_ValueMaker):
    """A value that never changes."""

    def __hash__(self) -> int:
        return hash(self._compared())

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; use dataclasses.replace")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")


V = TypeVar("V", bound=Value | Record)


def replace(value: V, **changes: Any) -> V:
    """A copy with some fields changed (``dataclasses.replace`` does the same, more slowly)."""
    kept = {name: getattr(value, name) for name in value.__value_defaults__}
    return type(value)(**{**kept, **changes})
