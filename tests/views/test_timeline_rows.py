"""What the state timeline shows."""

from __future__ import annotations

import pytest
from drawn import cast, crowd, event, recording, state, trace

from vrrplab import at, simulate, variant
from vrrplab.trace import Trace
from vrrplab.views.timeline_rows import Lane, TimelineRows, rows


def lane(table: TimelineRows, label: str, group: str = "") -> Lane:
    names = [one for one in table.lanes if f"{one.label} {one.detail}".strip() == label]
    return next(one for one in names if group in one.group)


def spans(one: Lane) -> list[tuple[float, float, str, str]]:
    return [(round(s.from_us / 1e6, 2), round(s.to_us / 1e6, 2), s.what, s.text) for s in one.spans]


def test_lanes_of_the_first_drill() -> None:
    table = rows(recording("article_drill1_eth0_down_up"))
    assert [(one.group, f"{one.label} {one.detail}".strip()) for one in table.lanes] == [
        ("proxy_ip1 · VRID 1", "serv01"),
        ("proxy_ip1 · VRID 1", "serv02"),
        ("proxy_ip1 · VRID 1", "VIP .101"),
        ("proxy_ip2 · VRID 2", "serv01"),
        ("proxy_ip2 · VRID 2", "serv02"),
        ("proxy_ip2 · VRID 2", "VIP .102"),
        ("clients", "client ping .101"),
        ("clients", "client http .101"),
        ("clients", "client ping+http .102"),
    ]
    assert spans(lane(table, "serv01", "proxy_ip1")) == [
        (0.15, 12.01, "MASTER", ""),
        (12.01, 22.01, "FAULT", ""),
        (22.01, 25.01, "BACKUP", ""),
        (25.01, 32.18, "MASTER", ""),
    ]
    owners = [(a, b, who) for a, b, _, who in spans(lane(table, "VIP .101")) if b - a > 0.1]
    assert owners == [(0.16, 12.01, "serv01"), (14.86, 25.01, "serv02"), (25.01, 32.18, "serv01")]
    assert spans(lane(table, "client ping .101")) == [(11.99, 14.87, "outage", "2.88 s")]
    assert [(round(a.t_us / 1e6), a.text) for a in table.actions] == [
        (12, "serv01 eth0 down"),
        (22, "serv01 eth0 up"),
    ]
    assert table.note == "keepalived 2.2.7 · recording of real daemons"


def test_a_clients_line_begins_when_somebody_has_what_it_asks_for() -> None:
    """Two routers that listen first: for 3.4 s nobody can have answered, and no outage says so."""
    listening = variant("article-steady", edit={"priority 255": "priority 150"}, duration_s=6)
    table = rows(simulate(listening))
    assert [(one.detail, one.from_us) for one in table.lanes if one.kind == "client"] == [
        ("ping+http 3 addresses", pytest.approx(3_422_000, abs=500))
    ]
    assert lane(rows(recording("article_drill1_eth0_down_up")), "client ping .101").from_us < 200_000
    servers = ("proxy-serv01", "proxy-serv02")
    down = [at(0, "link_down", server=server, interface="eth0") for server in servers]
    nobody = simulate(variant("article-steady", *down, duration_s=6))
    assert {one.from_us for one in rows(nobody).lanes if one.kind == "client"} == {nobody.end_us}


def test_adverts_are_ticks_and_priority_0_is_marked() -> None:
    table = rows(recording("article_drill2_eth1_down_up"))
    master = lane(table, "serv01", "proxy_ip1")
    assert len(master.zeros) == 2, "keepalived says goodbye twice"
    assert all(12_000_000 < t < 12_100_000 for t in master.zeros)
    assert len(lane(table, "serv02", "proxy_ip2").ticks) > 30


def test_a_burst_of_announcements_is_one_diamond() -> None:
    table = rows(recording("article_drill1_eth0_down_up"))
    assert [round(t / 1e6) for t in lane(table, "VIP .101").diamonds] == [0, 5, 15, 20, 25, 30]


def test_split_brain_shows_both_owners() -> None:
    table = rows(recording("article_split_brain_garp_refresh"))
    both = [s for s in lane(table, "VIP .101").spans if s.what == "several"]
    assert both[0].text == "serv01 + serv02"


def test_a_server_without_power_has_no_state() -> None:
    table = rows(recording("three_nodes_poweroff"))
    assert [s.what for s in lane(table, "r1").spans] == ["BACKUP", "MASTER", "off"]
    assert lane(table, "r1").spans[-1].text == "no power"
    assert [s.text for s in rows(recording("sigkill")).lanes[0].spans if s.what == "off"] == ["killed"]


def test_a_stopped_daemon_is_stopped() -> None:
    table = rows(recording("graceful_stop"))
    assert [s.what for s in table.lanes[0].spans] == ["MASTER", "STOP", "MASTER"]


def test_addresses_that_move_together_share_a_lane() -> None:
    table = rows(recording("many_vips_20"))
    assert [one.detail for one in table.lanes if one.kind == "address"] == ["20 addresses .150 … .169"]
    apart = trace(
        event(0, "scenario", **cast(vips=3)),
        state(1, "r1", "MASTER"),
        *(event(1, "address_added", server="r1", instance="V1", address=f"10.0.1.{v}/24") for v in (1, 2, 3)),
        event(5, "address_removed", server="r1", instance="V1", address="10.0.1.2/24"),
    )
    lanes = [one.detail for one in rows(apart).lanes if one.kind == "address"]
    assert lanes == [".1, .3", ".2"]


def test_probes_that_fail_together_share_a_lane() -> None:
    table = rows(crowd())
    assert [one.detail for one in table.lanes if one.kind == "client"] == ["ping 20 addresses"]


def test_an_outage_that_never_ends() -> None:
    lost = {"client": "pc", "kind": "icmp", "target": "10.0.1.1", "lost": 40}
    table = rows(trace(event(10, "outage", **lost, from_s=6.0, to_s=None)))
    assert spans(table.lanes[-1]) == [(6, 10, "outage", "4.00 s and still out")]


def test_a_window_keeps_the_lanes_whole() -> None:
    table = rows(recording("article_drill1_eth0_down_up"), 11, 16)
    assert (table.from_us, table.to_us) == (11_000_000, 16_000_000)
    assert lane(table, "serv01", "proxy_ip1").spans[0].from_us < 1_000_000


def test_an_empty_trace_and_one_without_its_scenario() -> None:
    nothing = rows(Trace([]))
    assert nothing.lanes == ()
    assert nothing.note == "a trace without its scenario"
    bare = rows(trace(state(1, "r1", "BACKUP"), state(2, "r2", "MASTER"), state(3, "r1", "MASTER")))
    assert [(one.group, one.label) for one in bare.lanes] == [("V1", "r1"), ("V1", "r2")]


def test_instances_of_one_virtual_router_may_have_two_names() -> None:
    fields = cast()
    fields["servers"]["r2"]["instances"] = {"VI_1": fields["servers"]["r2"]["instances"]["V1"]}
    table = rows(
        trace(event(0, "scenario", **fields), state(1, "r1", "MASTER"), state(1, "r2", "BACKUP", "VI_1"))
    )
    assert [(one.group, one.label) for one in table.lanes if one.kind == "state"] == [
        ("V1 / VI_1 · VRID 1", "r1"),
        ("V1 / VI_1 · VRID 1", "r2 VI_1"),
    ]


def test_the_figure_in_a_sentence() -> None:
    assert rows(recording("article_drill1_eth0_down_up")).summary() == (
        "State timeline of article_drill1_eth0_down_up: 4 instances, 7 state changes, 2 actions, "
        "3 client outages."
    )


def test_stable_lanes_do_not_depend_on_what_happened() -> None:
    names = ("article_drill1_eth0_down_up", "article_drill1_cable", "poweroff")
    tables = [rows(recording(name), stable=True) for name in names]
    lanes = [[(one.group, one.label, one.detail) for one in table.lanes] for table in tables]
    assert lanes[0] == lanes[1] == lanes[2]
    assert lanes[0][-2:] == [
        ("clients", "client", "ping or http .101"),
        ("clients", "client", "ping or http .102"),
    ]
    assert [len(one.spans) for one in tables[0].lanes[-2:]] == [2, 0], (
        "http also missed one when it came back"
    )


def test_stable_lanes_of_many_addresses() -> None:
    lanes = rows(crowd(), stable=True).lanes
    assert [one.detail for one in lanes if one.kind != "state"] == [
        "20 addresses 10.0.1.1 … .20",
        "20 addresses 10.0.2.1 … .20",
        "ping 20 addresses",
    ]
