"""What of a cast from a file can be used: parts that are not what ``ScenarioEvent.keys`` says are left out.

A file may have been written by hand, or damaged. As with other events, what has another type than is declared
counts as not there; so whoever reads a cast meets what vrrplab itself writes, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import Any

from vrrplab.trace.events import ABSENT

# A shape says of a value from JSON what of it can be used: itself, a part of it, or ABSENT.
Shape = Callable[[Any], Any]
MOST = 1e12  # as large as a number may be, seconds or anything else


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else ABSENT


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool) else ABSENT


def _number(value: Any) -> Any:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return value if fits and isfinite(value) and abs(value) < MOST else ABSENT


def _whole(value: Any) -> Any:
    return _number(value) if isinstance(value, int) else ABSENT


def _address(value: Any) -> Any:
    """With a prefix length, or without."""
    from vrrplab.trace.names import is_address

    if not isinstance(value, str) or not is_address(value):
        return ABSENT
    _, slash, prefix = value.partition("/")
    most = 128 if ":" in value else 32
    fits = not slash or (prefix.isascii() and prefix.isdecimal() and int(prefix[:4]) <= most)
    return value if fits else ABSENT


def _list(shape: Shape, value: Any) -> Any:
    if not isinstance(value, list):
        return ABSENT
    return [one for one in map(shape, value) if one is not ABSENT]


def _by_name(shape: Shape, value: Any) -> Any:
    if not isinstance(value, dict):
        return ABSENT
    return {name: one for name, told in value.items() if (one := shape(told)) is not ABSENT}


def _keys(needed: tuple[str, ...], shapes: dict[str, Shape], value: Any) -> Any:
    """Keys that are not known are kept: a later version may have them."""
    if not isinstance(value, dict):
        return ABSENT
    found = {key: shapes[key](told) if key in shapes else told for key, told in value.items()}
    found = {key: one for key, one in found.items() if one is not ABSENT}
    return found if all(key in found for key in needed) else ABSENT


def _table(*needed: str, **shapes: Shape) -> Shape:
    return partial(_keys, needed, shapes)


_TEXTS: Shape = partial(_list, _text)
_ADDRESSES: Shape = partial(_list, _address)
_TRACKS: Shape = partial(_list, _table("kind", "name", "weight", kind=_text, name=_text, weight=_whole))
_IGNORED: Shape = partial(_list, _table("kind", "name", "text", kind=_text, name=_text, text=_text))
_CARDS: Shape = partial(_by_name, _table(segment=_text, mac=_text, addresses=_ADDRESSES))
_INSTANCES: Shape = partial(
    _by_name,
    _table(
        vrid=_whole,
        interface=_text,
        priority=_whole,
        state=_text,
        version=_whole,
        advert_int_s=_number,
        preempt=_flag,
        virtual_addresses=_ADDRESSES,
        excluded_addresses=_ADDRESSES,
        unicast_peers=_ADDRESSES,
        refuses_by=_text,
        tracks=_TRACKS,
        ignores=_IGNORED,
    ),
)
_SYNC_GROUPS: Shape = partial(_by_name, _table(members=_TEXTS, tracks=_TRACKS))
_SERVER = _table(
    config=_text,
    profile=_text,
    daemon=_text,
    interfaces=_CARDS,
    services=partial(_by_name, _table(port=_whole, listen=_ADDRESSES)),
    instances=_INSTANCES,
    sync_groups=_SYNC_GROUPS,
    ignored=_TEXTS,
    tracked=_table(
        files=partial(_by_name, _whole),
        processes=partial(_by_name, _whole),
        bfds=_TEXTS,
    ),
)
_PROBE = _table("kind", "target", kind=_text, target=_text, port=_whole, every_s=_number)
_SHAPES: dict[str, Shape] = {
    "scenario": _table(
        name=_text,
        description=_text,
        profile=_text,
        profiles=_text,
        duration_s=_number,
        origin=_text,
        segments=partial(_by_name, _table(subnet=_text)),
        servers=partial(_by_name, _SERVER),
        routers=partial(_by_name, _table(interfaces=_CARDS, latency_s=_number)),
        clients=partial(
            _by_name, _table(segment=_text, mac=_text, addresses=_ADDRESSES, probes=partial(_list, _PROBE))
        ),
        dns=partial(_by_name, _ADDRESSES),
        virtual_addresses=_ADDRESSES,
        mode=_text,
        clock=_table(monotonic_s=_number, unix_s=_number),
        epoch_s=_number,
    ),
    "configuration": _table(instances=_INSTANCES, sync_groups=_SYNC_GROUPS, ignored=_TEXTS),
}


def fitting(word: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event of that kind, without what cannot be used; all of them where it has no cast."""
    shape = _SHAPES.get(word)
    return shape(fields) if shape else fields
