"""A bug in a live router: it lets go of its addresses, with a farewell, instead of going on half dead."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_bench import config

from vrrplab.live.guard import Guard
from vrrplab.live.loopback import LoopbackLan
from vrrplab.live.session import RouterOptions, run_router
from vrrplab.live.signals import RouterSignals
from vrrplab.trace import read_trace


def test_a_bug_ends_a_router_tidily(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Input: a MASTER whose housekeeping fails. Output: priority 0, no address left, and the error is
    raised.
    """
    path, out = tmp_path / "r.conf", tmp_path / "r.jsonl"
    path.write_text(config(priority=150, version=3, interval="0.1"), encoding="utf-8")
    calls = []

    def fails(self: Guard, now: int) -> str:
        calls.append(now)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Guard, "summary", fails)
    with LoopbackLan() as lan:
        options = RouterOptions(
            str(path), udp=True, port=lan.port, addresses=("eth0=192.168.2.1/24",), out=str(out), until_s=20
        )
        with RouterSignals() as signals, pytest.raises(RuntimeError, match=r"OSError: .*Too many open files"):
            run_router(options, signals)
    assert len(calls) == 1
    trace = read_trace(out)
    assert [e.fields["to"] for e in trace.of("state")][:2] == ["BACKUP", "MASTER"]
    assert trace.of("advert_sent")[-1].fields["priority"] == 0
    assert len(trace.of("address_removed")) == len(trace.of("address_added")) == 1
    assert "a bug in vrrplab: OSError" in trace.of("warning")[-1].fields["text"]
    assert "Traceback" not in capfd.readouterr().err
