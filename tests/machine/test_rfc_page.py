"""docs/rfc.md is what the tests find, and no row of the checklist is forgotten."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.programs import program

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return program("tools/rfc_page.py")


@pytest.fixture(scope="module")
def text(generator: ModuleType) -> str:
    made: str = generator.page()
    return made


def test_the_page_is_up_to_date(text: str) -> None:
    written = (ROOT / "docs" / "rfc.md").read_text(encoding="utf-8")
    assert written == text, "stale: run python tools/rfc_page.py, and read what has changed"


def test_no_cell_is_empty(text: str) -> None:
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 100
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 7
        assert all(cells), row


def test_every_row_has_a_test_or_a_reason(text: str) -> None:
    from rfc_duties import DUTIES
    from rfc_rows import ROWS

    tested = {duty.row for duty in DUTIES}
    for row in ROWS.values():
        assert (row.id in tested) != bool(row.why_not), row.id


def test_names_of_tests_hold_the_ids(text: str) -> None:
    from rfc_duties import DUTIES

    for duty in DUTIES:
        plain = re.sub(r"[-.]", "_", duty.row.split("@")[0])
        assert duty.check.__name__.startswith(f"test_{plain}_")


def test_an_rfc_obeys_itself(text: str) -> None:
    """A row that names an RFC last in its ID, or is of RFC 9568 alone, is obeyed by that RFC's profile."""
    from rfc_duties import DUTIES

    checked = 0
    for duty in DUTIES:
        _, _, named = duty.row.partition("@")
        own = named or {"R2": "3768", "R3": "9568"}.get(duty.row[:2], "none")
        if duty.profile.name == f"rfc{own}":
            assert duty.outcome() == "", f"RFC {own} departs from {duty.row}"
            checked += 1
    assert checked > 70


def test_a_check_can_find_a_departure(text: str) -> None:
    """A model that is wrong in one point is caught by the rows of that point."""
    from dataclasses import replace

    from rfc_duties import DUTIES, R9568, Departs

    from vrrplab.machine.policy import in_seconds, no_answer, no_skew

    wrong = {
        "R3-6.1-a": replace(R9568, skew_us=in_seconds),
        "R3-6.1-b": replace(R9568, skew_us=no_skew),
        "R3-6.1-c": replace(R9568, learns_interval=False),
        "R3-6.4.1-a": replace(R9568, owner_needs_state_master=True),
        "R3-6.4.3-f": replace(R9568, rejected_advert_rearms=True),
        "R3-6.4.3-i": replace(R9568, answer=no_answer),
        "R3-7.1-j": replace(R9568, list_mismatch="drop"),
        "R3-7.2-b": replace(R9568, virtual_mac=False),
    }
    for row, profile in wrong.items():
        check = next(duty.check for duty in DUTIES if duty.row == row)
        with pytest.raises((Departs, AssertionError)):
            check(profile, 3)
