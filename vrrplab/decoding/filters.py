"""Which frames are told: by kind, VRID, time, verdict, and by a handful of fields.

A condition is ``FIELD OPERATOR VALUE``, as ``priority<100``; several must all hold. A frame that has no such
field is none of those that are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from vrrplab.decoding.table import NOT_VRRP
from vrrplab.decoding.verdict import Verdict
from vrrplab.decoding.wall_clock import SECOND_NS, WallClock
from vrrplab.errors import AddressError, DropReason, VrrplabError, did_you_mean
from vrrplab.units import SECOND_US
from vrrplab.wire.addresses import pack_address, pack_mac, unpack_address, unpack_mac
from vrrplab.wire.dissect import Frame

Value = float | str
_OPERATORS: dict[str, Callable[[Value, Value], bool]] = {
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
    "!=": lambda a, b: a != b,
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
}
_NAMED = 3  # instances; of more it is said how many
_CONDITION = re.compile(r"^\s*(?P<field>[A-Za-z_]+)\s*(?P<operator><=|>=|!=|==?|<|>)\s*(?P<value>.+?)\s*$")


class Field(NamedTuple):
    """``values``: what a frame has of it, none or several. ``read``: a value as it is typed, made comparable;
    ValueError. ``is_number``: < and > mean something.
    """

    meaning: str
    values: Callable[[Frame, Verdict], list[Value]]
    read: Callable[[str], Value]
    is_number: bool = True


def _advert(attribute: str, scale: float = 1) -> Callable[[Frame, Verdict], list[Value]]:
    def values(frame: Frame, verdict: Verdict) -> list[Value]:
        found = getattr(frame.vrrp, attribute, None)
        return [] if found is None else [found / scale if scale != 1 else found]

    return values


def _ends(side: str) -> Callable[[Frame, Verdict], list[Value]]:
    def values(frame: Frame, verdict: Verdict) -> list[Value]:
        if frame.arp is not None:
            return [frame.arp.sender_ip if side == "source" else frame.arp.target_ip]
        return [] if frame.ip is None else [getattr(frame.ip, side)]

    return values


def _macs(frame: Frame, verdict: Verdict) -> list[Value]:
    eth = frame.eth
    found = [eth.source, eth.destination] if eth is not None else []
    if frame.arp is not None:
        found.append(frame.arp.sender_mac)
    return [mac for mac in found if mac]


def _addresses(frame: Frame, verdict: Verdict) -> list[Value]:
    if frame.vrrp is not None:
        return list(frame.vrrp.addresses or ())
    if frame.arp is not None:
        return [frame.arp.sender_ip, frame.arp.target_ip]
    return [frame.na.target] if frame.na is not None else []


def _reasons(frame: Frame, verdict: Verdict) -> list[Value]:
    return [reason.name for reason in verdict.reasons]


def _number(text: str) -> float:
    return int(text, 0) if re.fullmatch(r"0[xX][0-9a-fA-F]{1,12}|[0-9]{1,12}", text) else _fraction(text)


def _fraction(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text):
        raise ValueError("a number is wanted")
    return float(text)


def _address(text: str) -> str:
    return unpack_address(pack_address(text))


def _mac(text: str) -> str:
    return unpack_mac(pack_mac(text))


def _reason(text: str) -> str:
    word = text.upper().replace("-", "_")
    known = [reason.name for reason in DropReason]
    if word not in known:
        raise ValueError(did_you_mean(word, known) or f"such as {', '.join(known[:3])}")
    return word


FIELDS: dict[str, Field] = {
    "vrid": Field("virtual router ID", _advert("vrid"), _number),
    "priority": Field("priority of an advert; 0 is a farewell", _advert("priority"), _number),
    "version": Field("VRRP version", _advert("version"), _number),
    "interval": Field("advertisement interval, in seconds", _advert("interval_us", SECOND_US), _number),
    "count": Field("how many addresses an advert says it has", _advert("count"), _number),
    "auth": Field("authentication type of version 2", _advert("auth_type"), _number),
    "ttl": Field("TTL or hop limit", lambda frame, _: [] if frame.ip is None else [frame.ip.ttl], _number),
    "vlan": Field(
        "a VLAN that the frame is tagged with",
        lambda frame, _: [] if frame.eth is None else [tag.vlan_id for tag in frame.eth.vlans],
        _number,
    ),
    "source": Field("who sent it, an IP address", _ends("source"), _address, False),
    "destination": Field("to whom, an IP address", _ends("destination"), _address, False),
    "mac": Field("a MAC address that it comes from or goes to", _macs, _mac, False),
    "address": Field("a virtual or announced address in it", _addresses, _address, False),
    "reason": Field("a reason why it would be dropped, as BAD_TTL", _reasons, _reason, False),
}


class Condition(NamedTuple):
    field: Field
    operator: Callable[[Value, Value], bool]
    value: Value
    is_not: bool

    def holds(self, frame: Frame, verdict: Verdict) -> bool:
        values = self.field.values(frame, verdict)
        found = (self.operator(value, self.value) for value in values)
        return bool(values) and (all(found) if self.is_not else any(found))


def condition(text: str) -> Condition:
    """From ``priority<100``. VrrplabError says what is wrong with it."""
    found = _CONDITION.match(text)
    if found is None:
        raise VrrplabError(f"--where {text!r}: FIELD=VALUE is wanted, as vrid=51 or 'priority<100'")
    name = found["field"].lower()
    known = FIELDS.get(name)
    if known is None:
        hint = did_you_mean(name, FIELDS) or f"there are {', '.join(FIELDS)}"
        raise VrrplabError(f"--where {text!r}: there is no field {name!r} - {hint}")
    operator = "=" if found["operator"] == "==" else found["operator"]
    if not known.is_number and operator not in ("=", "!="):
        raise VrrplabError(f"--where {text!r}: {name} is no number, so only = and != mean something")
    try:
        value = known.read(found["value"])
    except (ValueError, AddressError) as error:
        raise VrrplabError(f"--where {text!r}: {found['value']!r} is no {name} - {error}") from None
    return Condition(known, _OPERATORS[operator], value, operator == "!=")


# -- moments ------------------------------------------------------------------------------------------------

_SECONDS = re.compile(r"^\d{1,10}(\.\d{1,9})?$")
_CLOCK = re.compile(r"^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$")


def _part_ns(digits: str) -> int:
    """Of the digits behind a second's point."""
    return int(digits + "0" * (9 - len(digits)))


class Moment(NamedTuple):
    """``--from`` and ``--to``: seconds from the first frame, a time of day, or a date and time."""

    text: str
    after_ns: int | None = None
    of_day_ns: int | None = None
    dated: datetime | None = None

    def ns(self, start_ns: int, clock: WallClock) -> int:
        """Since 1970, in a capture that begins at ``start_ns``; before it a day's time is of the next."""
        if self.after_ns is not None:
            return start_ns + self.after_ns
        if self.dated is not None:
            return clock.ns_of(self.dated)
        assert self.of_day_ns is not None
        try:
            day = clock.day_of(start_ns)
        except ValueError:
            raise VrrplabError(f"{self.text}: this capture has no times of day") from None
        for days in (0, 1):
            when = clock.ns_of(day + timedelta(days=days)) + self.of_day_ns
            if when >= start_ns // SECOND_NS * SECOND_NS:
                break
        return when


def moment(text: str) -> Moment:
    """VrrplabError for what is none."""
    bare = text.strip()
    if _SECONDS.match(bare):
        whole, _, part = bare.partition(".")
        return Moment(text, after_ns=int(whole) * SECOND_NS + _part_ns(part))
    found = _CLOCK.match(bare)
    if found is not None:
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
        if hours < 24 and minutes < 60 and seconds < 60:
            part_ns = _part_ns(found[4] or "")
            return Moment(text, of_day_ns=((hours * 60 + minutes) * 60 + seconds) * SECOND_NS + part_ns)
    elif len(bare) > 9:
        try:
            return Moment(text, dated=datetime.fromisoformat(bare))
        except (ValueError, OverflowError):
            pass
    raise VrrplabError(
        f"{text!r} is no time: seconds from the first frame (12.5), a time of day (08:53:20), or a date and"
        " time (2025-10-09T08:53:20)"
    )


# -- all together -------------------------------------------------------------------------------------------


class FrameFilter:
    """``kinds`` None: all. Times are asked of each frame, the rest of one of those that say the same."""

    def __init__(
        self,
        kinds: frozenset[str] | None = None,
        vrid: int | None = None,
        dropped: bool = False,
        conditions: tuple[Condition, ...] = (),
        since: Moment | None = None,
        until: Moment | None = None,
        clock: WallClock | None = None,
    ) -> None:
        self.kinds, self.vrid, self.dropped, self.conditions = kinds, vrid, dropped, conditions
        self._since, self._until, self._clock = since, until, clock or WallClock()
        self._bounds: tuple[int, int] | None = None
        self.has_times = since is not None or until is not None

    @property
    def is_open(self) -> bool:
        """Everything is told."""
        return self.kinds is None and self.vrid is None and not (
            self.dropped or self.conditions or self.has_times
        )  # fmt: skip

    def told(self) -> str:
        """What a timeline of only some frames cannot know."""
        text = "Only the frames that were chosen count here, and times are from the first of them."
        if self.kinds is not None or self.dropped or self.conditions:
            text += " Whoever sent the others may seem to be silent, or not to be there."
        return text

    def told_of_logs(self, unknown: list[str]) -> str:
        """What of it does not choose among lines of logs, or "": all does. ``unknown``: whose virtual router
        nothing tells.
        """
        given = (self.kinds is not None, "--only"), (self.dropped, "--dropped"), (self.conditions, "--where")
        options = [option for is_given, option in given if is_given]
        parts = [f"{' and '.join(options)} chose no lines of logs, which are no frames"] * bool(options)
        if unknown:
            who = ", ".join(unknown[:_NAMED]) + (
                f" and {len(unknown) - _NAMED} more" * (len(unknown) > _NAMED)
            )
            parts.append(f"nothing tells of which virtual router {who} is, so its states are told, too")
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def at_any_time(self) -> FrameFilter:
        """The same without its times."""
        return FrameFilter(self.kinds, self.vrid, self.dropped, self.conditions)

    def wants(self, frame: Frame, verdict: Verdict) -> bool:
        if self.kinds is not None and frame.kind not in self.kinds:
            return False
        if self.vrid is not None and (frame.vrrp is None or frame.vrrp.vrid != self.vrid):
            return False
        if self.dropped and (verdict.accepted or frame.kind in NOT_VRRP):
            return False
        return all(one.holds(frame, verdict) for one in self.conditions)

    def is_in_time(self, t_ns: int) -> bool:
        """The first frame that is asked for is the capture's first. Only where ``has_times``."""
        since_ns, until_ns = self._bounds or self.bounds_ns(t_ns)
        return since_ns <= t_ns <= until_ns

    def bounds_ns(self, start_ns: int) -> tuple[int, int]:
        """From when to when, since 1970, in a capture that begins then, if no frame was asked for before."""
        if self._bounds is None:
            since = self._since.ns(start_ns, self._clock) if self._since is not None else -(1 << 80)
            until = self._until.ns(start_ns, self._clock) if self._until is not None else 1 << 80
            if since > until:
                assert self._since is not None
                assert self._until is not None
                raise VrrplabError(f"--from {self._since.text} is later than --to {self._until.text}")
            self._bounds = since, until
        return self._bounds
