"""Clients whose packets a MASTER drops (vrrp_strict, no_accept): the option is named, once a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_builders import conf, two_routers

from vrrplab.sim.play import run
from vrrplab.tell import table
from vrrplab.trace.events import WarningEvent


@pytest.mark.parametrize(
    ("head", "extra", "option"),
    [("global_defs {\nvrrp_strict\n}\n", "", "vrrp_strict"), ("", "no_accept", "no_accept")],
)
def test_the_option_that_loses_the_clients_is_named(
    tmp_path: Path, head: str, extra: str, option: str
) -> None:
    """The daemon itself says nothing when it drops: measured with 2.2.7, every probe is lost."""
    mine, other = (head + conf(priority, extra=extra) for priority in (150, 100))
    stop = "[{at_s: 10, action: daemon_stop, server: r1}]"
    trace = run(two_routers(tmp_path, mine, other, actions=stop))
    told = [e.fields["text"] for e in trace.of("warning") if e.fields["text"].startswith(option)]
    assert told == [
        f"{option} on {name}: what clients send to 192.168.2.100 is dropped there, so none gets an answer"
        for name in ("r1", "r2")
    ]
    fields = [(e.drops_by, e.server, e.address, e.source) for e in trace.of(WarningEvent) if e.drops_by]
    assert fields == [(option, name, "192.168.2.100", "") for name in ("r1", "r2")]
    shown = " ".join(table.render(trace).split())
    assert [shown.count(f"{option} on {name}") for name in ("r1", "r2")] == [1, 1]  # its cause says it


def test_nothing_is_told_of_clients_that_are_answered(tmp_path: Path) -> None:
    trace = run(two_routers(tmp_path, conf(150), conf(100)))
    assert not trace.of("warning")
