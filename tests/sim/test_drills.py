"""The measured surprises come out of the model (figures: keepalived 2.2.7, see the recordings)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_builders import conf, two_routers

from vrrplab.notebook.simulate import simulate
from vrrplab.scenario.expect import broken_expectations
from vrrplab.scenario.reader import builtin_scenarios, load_scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace

SERV1, SERV2 = "proxy-serv01", "proxy-serv02"


def first(trace: Trace, server: str, state: str, after_s: float) -> float:
    """When proxy_ip1 on that server next enters that state."""
    spans = [s for s in trace.states("proxy_ip1", server) if s.state == state and s.from_s >= after_s]
    return spans[0].from_s


@pytest.mark.parametrize("name", builtin_scenarios())
def test_every_built_in_scenario_keeps_what_it_expects(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.expect
    assert broken_expectations(scenario, run(scenario)) == []


def test_the_owner_returns_3_004_s_after_its_fault_and_not_at_once() -> None:
    trace = simulate("article-drill-2-wan-nic")
    back = first(trace, SERV1, "BACKUP", 20)
    assert first(trace, SERV1, "MASTER", 20) - back == pytest.approx(3 + 1 / 256, abs=1e-5)


def test_priority_zero_leaves_twice_on_a_tracked_fault_and_never_when_the_lan_is_dead() -> None:
    def farewells(name: str) -> int:
        return sum(e.fields["priority"] == 0 for e in simulate(name).of("advert_sent", server=SERV1))

    assert farewells("article-drill-2-wan-nic") == 2
    assert farewells("article-drill-1-lan-nic") == 0
    assert farewells("graceful-stop") == 1


def test_the_three_drills_are_three_clocks() -> None:
    lan, wan, squid = (
        simulate(name)
        for name in ("article-drill-1-lan-nic", "article-drill-2-wan-nic", "article-drill-3-squid")
    )
    assert 2.6 < first(lan, SERV2, "MASTER", 12) - 12 < 3.61
    assert first(wan, SERV2, "MASTER", 12) - 12 == pytest.approx(156 / 256, abs=0.001)
    assert 30 < first(squid, SERV2, "MASTER", 12) - 12.2 < 34
    outage = max(squid.outages("192.168.2.101"), key=lambda o: o.duration_us(squid.end_us))
    assert outage.kind == "http"
    assert 33 < outage.duration_us(squid.end_us) / 1e6 < 34


def test_a_killed_daemon_leaves_its_address_and_nobody_notices() -> None:
    trace = simulate("kill-9")
    assert trace.owners("192.168.2.101", 20) == (SERV1, SERV2)
    assert max((o.duration_us(trace.end_us) for o in trace.outages()), default=0) < 100_000


def test_half_of_the_requests_to_the_round_robin_name_fail() -> None:
    trace = simulate("article-drill-1-lan-nic")
    gaps = trace.outages("proxy-serv")
    assert {o.lost for o in gaps} == {1}
    assert len(gaps) == pytest.approx(2.6 / 0.1 / 2, abs=2)


def test_a_weight_that_is_too_small_never_moves_the_address(tmp_path: Path) -> None:
    script = 'vrrp_script chk {\n script "/bin/check"\n interval 1\n weight -20\n}\n'
    r1 = script + conf(150, extra="track_script { chk }")
    actions = "[{at_s: 8, action: check_fail, server: r1}]"
    trace = run(two_routers(tmp_path, r1, conf(100), actions=actions))
    assert [e.fields["to"] for e in trace.of("priority")] == [130]
    assert trace.owner("192.168.2.100", 20) == "r1"


def test_a_healed_split_brain_can_leave_the_client_on_the_wrong_server(tmp_path: Path) -> None:
    """keepalived 2.2.7, measured: 30 to 50 s, until the client's own ARP entry is checked again."""

    def outage(heal_s: float) -> float:
        blocked = "action: firewall_drop, server: {r}, direction: in, protocol: vrrp"
        opened = "action: firewall_clear, server: {r}"
        lines = [f"{{at_s: 10, {blocked.format(r=r)}}}" for r in ("r1", "r2")]
        lines += [f"{{at_s: {heal_s}, {opened.format(r=r)}}}" for r in ("r1", "r2")]
        actions = "[" + ", ".join(lines) + "]"
        trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions, duration_s=90))
        assert any("split brain" in e.fields["text"] for e in trace.of("warning"))
        return max((o.duration_us(trace.end_us) for o in trace.outages()), default=0) / 1e6

    outages = [outage(20 + phase / 10) for phase in range(10)]
    assert min(outages) < 1  # the better MASTER heard the other one first, and announced its address again
    assert 25 < max(outages) < 60


def test_a_lost_announcement_is_repaired_by_garp_refresh(tmp_path: Path) -> None:
    actions = (
        "[{at_s: 10, action: firewall_drop, server: r1, direction: in, protocol: vrrp},"
        " {at_s: 10, action: firewall_drop, server: r2, direction: in, protocol: vrrp},"
        " {at_s: 20.5, action: firewall_clear, server: r1}, {at_s: 20.5, action: firewall_clear, server: r2}]"
    )
    refresh = "garp_master_refresh 5"
    trace = run(
        two_routers(
            tmp_path, conf(150, extra=refresh), conf(100, extra=refresh), actions=actions, duration_s=60
        )
    )
    assert max((o.duration_us(trace.end_us) for o in trace.outages()), default=0) < 6_000_000
