"""Closed form and simulator say the same of random clusters; a thousand of them: benchmarks/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from forecast_agreement import agreement


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_few(seed: int) -> None:
    found = agreement(seed, 2)
    assert found.differences == []
    assert found.compared


def test_a_failure_comes_when_clients_believe_the_right_one_again() -> None:
    """Two owners with AH: who gives way had spoken last, and 5 s later the other one announces itself."""
    assert agreement(7270, 3).differences == []


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("seed", range(7, 41))
def test_more(seed: int) -> None:
    found = agreement(seed, 5)
    assert found.differences == []
    assert found.compared or found.unjudged
