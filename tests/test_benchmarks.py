"""Every benchmark can be tried in a moment: ``--quick``."""

from __future__ import annotations

import pytest

from tests.programs import ROOT

PROGRAMS = sorted(
    path.name
    for path in (ROOT / "benchmarks").glob("*.py")
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)


def test_there_are_benchmarks() -> None:
    assert {"yardsticks.py", "simulation.py", "codec.py"} <= set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_benchmark_knows_quick(name: str) -> None:
    text = (ROOT / "benchmarks" / name).read_text(encoding="utf-8")
    assert '"--quick"' in text or "arguments(parser, " in text
