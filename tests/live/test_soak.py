"""The soak of ``benchmarks/soak.py``, shortened: adverts every 0.1 s, real VRRP in namespaces.

How late the timers are depends on the machine and is the benchmark's business; that all else stays as it is
holds on a slow one too.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from vrrplab.trace import read_trace
from vrrplab.units import SECOND_US

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"
SHORT_S, LONG_S = 5, 15
SETTLED_US, LEAVING_US = 3 * SECOND_US, (LONG_S - 3) * SECOND_US  # it takes a while to start a process
GROWTH_KB = 2048  # a leak of one small object an advert would be less in 10 s, one of a packet would not


@pytest.fixture(scope="module")
def soak() -> Any:
    spec = importlib.util.spec_from_file_location("soak_benchmark", BENCHMARK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.alone
@pytest.mark.long
@pytest.mark.needs("namespaces", "ip", "nsenter")
def test_a_short_soak(soak: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: MASTER and BACKUP for 5 s, then for 15 s. Output: each keeps its state, every deadline is
    counted, and three times the time costs no more memory.
    """
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARK.parents[1]))
    found = {}
    for seconds in (SHORT_S, LONG_S):
        folder = tmp_path / str(seconds)
        folder.mkdir()
        found[seconds] = soak.in_namespaces(seconds, False, folder)
    for host, state in (("r1", "MASTER"), ("r2", "BACKUP")):
        states = read_trace(tmp_path / str(LONG_S) / f"{host}.jsonl").of("state")
        assert [e.fields["to"] for e in states if e.t_us < SETTLED_US][-1] == state
        assert [e for e in states if SETTLED_US <= e.t_us < LEAVING_US] == []
    master, backup = found[LONG_S]
    assert master["timers"] >= 0.8 * LONG_S * 10, "an advert every 0.1 s, each at a deadline"
    assert backup["packets"] >= 0.8 * LONG_S * 10
    for router in (master, backup):
        assert 0 <= router["over_50_ms"] <= router["timers"]
        assert (router["worst_late_s"] > soak.MISSED_S) == (router["over_50_ms"] > 0)
    for before, after in zip(found[SHORT_S], found[LONG_S], strict=True):
        assert after["memory_kb"] < before["memory_kb"] + GROWTH_KB
