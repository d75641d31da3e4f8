"""A LAN of live routers for notebooks: started, broken, looked at, and gone."""

from __future__ import annotations

import os
import time

import pytest
from live_bench import config

from vrrplab.capture.reader import read_frames
from vrrplab.errors import LiveError, VrrplabError
from vrrplab.live.loopback import LoopbackLan
from vrrplab.live.merge_traces import merge
from vrrplab.trace import Trace, make_event

FAST = {"version": 3, "interval": "0.2"}


@pytest.mark.alone
def test_two_routers_on_one_clock() -> None:
    """Input: two routers; the higher one is frozen, thawed and stopped. Output: one trace that tells it in
    order.
    """
    with LoopbackLan() as lan:
        lan.watcher(r1="192.168.2.1", r2="192.168.2.2")
        one = lan.router("r1", config(priority=150, **FAST), "eth0=192.168.2.1/24")  # type: ignore[arg-type]
        two = lan.router("r2", config(priority=100, **FAST), "eth0=192.168.2.2/24")  # type: ignore[arg-type]
        one.wait_for("MASTER")
        one.freeze()
        two.wait_for("MASTER")
        one.thaw()
        two.wait_for("BACKUP")
        one.stop()
        two.wait_for("MASTER")
        time.sleep(0.2)
        trace = lan.trace()
        assert trace.servers == ["r1", "r2"]
        told = [(e.server, e.fields["to"]) for e in trace.of("state")]
        assert told[-4:] == [("r2", "MASTER"), ("r2", "BACKUP"), ("r1", "STOP"), ("r2", "MASTER")]
        assert trace.owner("192.168.2.100", trace.end_us / 1e6) == "r2"
        assert len([c for c in read_frames(lan.pcap) if c.frame.kind == "vrrp"]) > 5
        folder = os.path.dirname(lan.pcap)
    assert not one.running
    assert not two.running
    assert not os.path.exists(folder)


def test_what_goes_wrong_is_told() -> None:
    with LoopbackLan() as lan:
        with pytest.raises(LiveError, match="no router has been started"):
            lan.trace()
        with pytest.raises(LiveError, match=r"r1 has ended: .*make-believe host has no eth0"):
            lan.router("r1", config(priority=150))
        again = lan.router("r1", config(priority=150), "eth0=192.168.2.1/24")
        again.kill()
        with pytest.raises(LiveError, match="r1 has ended"):
            again.wait_for("MASTER")


def test_a_router_that_has_ended_is_told() -> None:
    with LoopbackLan() as lan:
        router = lan.router("r1", config(priority=150), "eth0=192.168.2.1/24")
        with pytest.raises(VrrplabError, match="no state 'MSTER' here: did you mean 'MASTER'"):
            router.wait_for("MSTER")
        router.kill()
        for use in (lambda: router.link_down("eth0"), router.freeze, router.thaw):
            with pytest.raises(LiveError, match="r1 has ended"):
                use()


def test_a_closed_lan_says_so() -> None:
    lan = LoopbackLan()
    watcher = lan.watcher(r1="192.168.2.1")
    router = lan.router("r1", config(priority=150), "eth0=192.168.2.1/24")
    lan.close()
    lan.close()
    for use in (
        lambda: router.link_down("eth0"),
        lambda: router.wait_for("MASTER"),
        lambda: lan.router("r1", config(priority=150)),
        router.freeze,
        router.log,
        router.state,
        watcher.log,
        lan.watcher,
        lan.trace,
    ):
        with pytest.raises(
            LiveError, match=r"has been closed: run the cell (with LoopbackLan\(\)|that starts it) again"
        ):
            use()


def test_only_live_traces_have_a_clock() -> None:
    with pytest.raises(ValueError, match="is not live"):
        merge([Trace([make_event(0, "scenario", {"name": "x"})])])
