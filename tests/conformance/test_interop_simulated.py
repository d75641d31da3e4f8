"""Daemons of several makes on one LAN, simulated, beside what the real ones did on a wire.

Two sources: docs/interop.md, measured by tests/live/test_interop.py with keepalived 2.2.7 and FRR 8.4.4, and
``frr_facts``. VRRPLAB_WRITE_DOCS=1 writes the simulated columns of the page anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from frr_facts import BESIDE_KEEPALIVED, FRR_WITH_FRR, Alone, BesideKeepalived
from interop_cases import CASES, Case, Trio
from interop_page import beside_keepalived, frr_with_frr, row_of, with_simulated
from interop_simulated import simulate

DOCS = Path(__file__).resolve().parents[2] / "docs" / "interop.md"
NEAR_S = 0.02  # a loaded machine is late by up to 15 ms
START_S = 0.05  # of the real process


def test_the_page_shows_the_simulation_of_now() -> None:
    page = DOCS.read_text(encoding="utf-8")
    if os.environ.get("VRRPLAB_WRITE_DOCS"):
        DOCS.write_text(with_simulated(page), encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == with_simulated(page)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section}: {case.title}")
def test_a_measured_row_of_the_page(case: Case | Trio) -> None:
    """Input: the routers of a row. Output: one MASTER or two, takeovers and preemption, as measured."""
    lines = DOCS.read_text(encoding="utf-8").split("\n")
    cells = [cell.strip() for cell in lines[row_of(case, lines)][1:-1].split("|")]
    seen = simulate(case)
    assert seen.accepts == (cells[1] == "yes")
    if seen.accepts:
        assert (seen.farewell_s, seen.silent_s) == pytest.approx(
            (float(cells[3]), float(cells[6])), abs=NEAR_S
        )
        assert seen.preempts == (cells[8] == "yes")


@pytest.mark.parametrize("fact", BESIDE_KEEPALIVED, ids=lambda fact: fact.case.name)
def test_frr_beside_keepalived(fact: BesideKeepalived) -> None:
    """Input: FRR and keepalived, one of them higher. Output: who is MASTER in the end; how long takeovers
    take; with two MASTERs how many adverts each sends: FRR all of its own, keepalived hardly any.
    """
    seen, counted = beside_keepalived(fact)
    assert seen.accepts == fact.case.works
    if not fact.adverts:
        assert (seen.farewell_s, seen.silent_s) == pytest.approx((fact.farewell_s, fact.silent_s), abs=NEAR_S)
    for (frr, keepalived), (real_frr, real_keepalived, _) in zip(counted, fact.adverts, strict=True):
        assert abs(frr - real_frr) <= 1
        assert keepalived <= max(2, real_keepalived)


@pytest.mark.parametrize("alone", FRR_WITH_FRR, ids=lambda alone: alone.name)
def test_frr_beside_frr(alone: Alone) -> None:
    silent_s, farewell_s, begins_s = frr_with_frr(alone)
    assert silent_s == pytest.approx(alone.silent_s, abs=NEAR_S)
    assert farewell_s == pytest.approx(alone.farewells_s[0], abs=NEAR_S)
    for real_s in alone.begins_s:
        assert 0 <= real_s - begins_s <= START_S
