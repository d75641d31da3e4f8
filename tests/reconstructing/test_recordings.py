"""What happened to real daemons is found from configurations and capture alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import reconstruction  # noqa: E402


@pytest.mark.parametrize("name", reconstruction.QUICK)
def test_the_fault_is_the_first_answer(name: str) -> None:
    """Action, server, card and moment; with others only where the capture cannot tell them apart."""
    row = reconstruction.judged(name)
    assert row is not None
    assert row.rank == 1, row


@pytest.mark.long
@pytest.mark.computes
def test_of_recordings_with_one_fault_few_are_missed() -> None:
    """What is named first counts, also of those that look the same. The half that nobody looked at while the
    rules were made; benchmarks/reconstruction.py judges all of them.
    """
    held_out = reconstruction.half(reconstruction.names(), 2)
    rows = [row for name in held_out if (row := reconstruction.judged(name)) is not None]
    seen = [row for row in rows if not row.silent]
    assert len(seen) >= 45
    first = sum(row.rank == row.place == 1 for row in seen)
    three = sum(row.rank == 1 and row.place <= 3 for row in seen)
    assert first >= len(seen) * 50 / 60, reconstruction.summary(rows)
    assert three >= len(seen) * 57 / 60, reconstruction.summary(rows)
