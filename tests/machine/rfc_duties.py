"""Ties a check to a row of rfc_rows, runs it against every profile, and remembers what it found.

A check gets a profile and a VRRP version. It returns when the row is obeyed, and raises ``Departs`` with how
it is not: in words that it computes from what it saw. ``departs`` lists the profiles of which that is known;
the test fails when one of them obeys all of a sudden, or another one no longer does. docs/rfc.md is made from
the same runs (tools/rfc_page.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from rfc_rows import ROWS

from vrrplab.machine.profiles import PROFILES, Profile

K227, K243, R3768, R5798, R9568 = (
    PROFILES[name] for name in ("keepalived-2.2.7", "keepalived-2.4.3", "rfc3768", "rfc5798", "rfc9568")
)
BOTH_KEEPALIVEDS = (K227, K243)
# The profiles that speak a version.
SPEAK = {v: tuple(p for p in (R3768, R5798, R9568, K227, K243) if v in p.versions) for v in (2, 3)}

Check = Callable[[Profile, int], None]


class Departs(AssertionError):
    """The profile does something else; the message says what, as a clause ("sends it twice")."""


def must(obeyed: bool, otherwise: str) -> None:
    """``otherwise``: what it does instead, from what was observed."""
    if not obeyed:
        raise Departs(otherwise)


class Duty(NamedTuple):
    row: str
    version: int
    profile: Profile
    check: Check

    def outcome(self) -> str:
        """ "" if the row is obeyed, else how not."""
        try:
            self.check(self.profile, self.version)
        except Departs as how:
            return str(how)
        return ""


DUTIES: list[Duty] = []


def duty(
    row: str,
    *,
    versions: tuple[int, ...] = (2, 3),
    departs: tuple[Profile, ...] = (),
    departs_in: tuple[tuple[Profile, int], ...] = (),
) -> Callable[[Check], Callable[..., None]]:
    """Make a check the test of a row. ``departs_in``: (profile, version), where only one version departs."""
    assert row in ROWS, row
    known = {(p.name, v) for p in departs for v in versions} | {(p.name, v) for p, v in departs_in}

    def wrap(check: Check) -> Callable[..., None]:
        cases = [(profile, version) for version in versions for profile in SPEAK[version]]
        DUTIES.extend(Duty(row, version, profile, check) for profile, version in cases)

        @pytest.mark.parametrize(("profile", "version"), cases, ids=[f"{p.name}-v{v}" for p, v in cases])
        @functools.wraps(check)
        def test(profile: Profile, version: int, **_: Any) -> None:
            if (profile.name, version) in known:
                with pytest.raises(Departs):
                    check(profile, version)
            else:
                check(profile, version)

        return test

    return wrap
