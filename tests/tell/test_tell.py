"""Traces in words: they fit, they align, and nothing in them steers a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from vrrplab.data_files import data_path
from vrrplab.notebook.simulate import simulate
from vrrplab.recording import read_recording
from vrrplab.tell import lines, story, table
from vrrplab.tell.words import wrap
from vrrplab.trace import Trace, make_event

TELLINGS = [table.render, story.render, lines.render]


def test_wrapping_keeps_words_and_the_width() -> None:
    text = "one two three " + "x" * 50
    for width in (12, 20, 40):
        wrapped = wrap(text, width, "  ")
        assert all(len(line) <= width for line in wrapped)
        assert "".join("".join(wrapped).split()) == "".join(text.split())
    assert wrap("", 10) == [""]


@pytest.mark.parametrize("tell", TELLINGS)
def test_every_telling_takes_an_empty_trace_and_one_without_a_cast(tell: object) -> None:
    assert callable(tell)
    assert isinstance(tell(Trace([])), str)
    fields = {"server": "a", "instance": "V", "from": "INIT", "to": "MASTER"}
    assert isinstance(tell(Trace([make_event(5, "state", fields)])), str)


def test_a_table_without_clients_has_one_blank_line_between_its_parts() -> None:
    text = table.render(simulate("lesson-three-routers"))
    assert "clients saw" not in text
    assert "No client" not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("tell", TELLINGS)
@pytest.mark.parametrize(
    "name", ["article_drill1_eth0_down_up", "many_vips_20", "three_nodes_poweroff", "v3_ipv6"]
)
def test_recordings_are_told_like_simulations(name: str, tell: object) -> None:
    assert callable(tell)
    text = tell(read_recording(data_path("recordings", name)))
    assert name in text or tell is lines.render
    if tell is table.render:
        assert all(len(line) <= 80 for line in text.splitlines())


def test_a_table_says_what_a_reader_needs() -> None:
    text = table.render(simulate("article-drill-1-lan-nic"))
    rows = text.splitlines()
    assert "   12.000 s  link_down proxy-serv01 eth0" in rows
    assert any(r.split()[:4] == ["14.626", "s", "+2.626", "takeover"] for r in rows)
    assert any(r.split()[:4] == ["25.004", "s", "+3.004", "return"] for r in rows)
    assert any(r.startswith("192.168.2.101  proxy-serv01   proxy-serv02   proxy-serv01") for r in rows)


def test_ip_a_follows_links_and_addresses() -> None:
    trace = simulate("power-off")
    show = story.ip_address_show
    assert "    inet 192.168.2.101/24 scope global secondary eth0:1" in show(
        trace, "proxy-serv01", "eth0", 5_000_000
    )
    assert show(trace, "proxy-serv01", "eth0", 15_000_000) == ["  (the server has no power)"]
    assert "192.168.2.101" in "".join(show(trace, "proxy-serv02", "eth0", 20_000_000))


def test_link_local_is_all_of_fe80_10() -> None:
    for address, scope in (("fe80::1/64", "link"), ("febf::1/64", "link"), ("fec0::1/64", "global")):
        nic = {"segment": "lan", "addresses": [address]}
        trace = Trace([make_event(0, "scenario", {"servers": {"r1": {"interfaces": {"eth0": nic}}}})])
        assert story.ip_address_show(trace, "r1", "eth0", 0)[-1] == f"    inet6 {address} scope {scope}"


def test_a_pulled_cable_looks_otherwise_than_a_link_that_was_set_down() -> None:
    for action, flags in (
        ("link_down", "<BROADCAST,MULTICAST> mtu 1500 state DOWN"),
        ("carrier_down", "<NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 state DOWN"),
    ):
        fault = {"at_s": 6, "action": action, "server": "r1", "interface": "eth0"}
        trace = simulate("lesson-two-routers", actions=[fault], until_s=8)
        assert flags in story.ip_address_show(trace, "r1", "eth0", 7_000_000)[0]


def test_actions_of_one_moment_are_one_step_and_read_like_the_scenario_file() -> None:
    split = {"at_s": 10, "action": "segment_fault", "segment": "lan", "between": [["r1", "r2"]]}
    mute = {"at_s": 10, "action": "segment_fault", "segment": "lan", "multicast": False}
    rows = table.render(simulate("lesson-two-routers", actions=[split, mute], until_s=20)).splitlines()
    place = rows.index("   10.000 s  segment_fault lan between=r1->r2")
    assert rows[place + 1] == "   10.000 s  segment_fault lan multicast=false"
    assert "takeover" in rows[place + 2]


def test_a_healing_in_part_is_told_with_what_it_leaves() -> None:
    fault = {"at_s": 10, "action": "segment_fault", "segment": "lan", "loss": 1.0, "latency_s": 0.05}
    heal = {"at_s": 15, "action": "segment_heal", "segment": "lan", "latency_s": 0}
    trace = simulate("lesson-two-routers", actions=[fault, heal], until_s=20)
    for told in (table.render(trace), story.render(trace)):
        assert "segment_heal lan latency_s=0.0 (still loses 100%)" in told


def test_a_table_names_start_takeover_and_return() -> None:
    faults = [
        {"at_s": 10, "action": "power_off", "server": "r1"},
        {"at_s": 20, "action": "power_on", "server": "r1"},
        {"at_s": 30, "action": "power_off", "server": "r1"},
    ]
    trace = simulate("lesson-two-routers", actions=faults, until_s=40)
    labels = table.mastery_labels(trace)
    masters = [e for e in trace.of("state") if id(e) in labels]
    assert [(e.server, labels[id(e)]) for e in masters] == [
        ("r1", "start"),
        ("r2", "takeover"),
        ("r1", "return"),
        ("r2", "takeover"),
    ]


def test_where_nothing_is_done_the_table_tells_how_the_cluster_starts() -> None:
    rows = table.render(simulate("article-steady")).splitlines()
    assert "    0.000 s  keepalived starts" in rows
    assert sum(" start " in row for row in rows) == 2


def test_addresses_stay_readable_beside_many_moments() -> None:
    faults = [{"at_s": 10 + n, "action": "check_pass", "server": "proxy-serv01"} for n in range(4)]
    rows = table.render(simulate("article-steady", actions=faults)).splitlines()
    assert all(len(row) <= 80 for row in rows)
    assert any(row.startswith("192.168.2.101  proxy-ser") for row in rows)


def test_a_table_of_a_recording_says_why_too() -> None:
    """Input: what was seen of real daemons, no reason in it. Output: what follows from it."""
    text = " ".join(table.render(read_recording(data_path("recordings", "nopreempt"))).split())
    assert (
        "Why serv02 at 8.620 s? serv01 (192.168.2.251) said goodbye with priority 0 0.614 s before." in text
    )


def test_a_fault_that_stays_is_in_the_table_with_its_reason() -> None:
    """keepalived 2.2.7: a unicast source that is not there at the start means FAULT, and no row tells it."""
    trace = read_recording(data_path("recordings", "unicast_start_no_address"))
    simulated = simulate(str(data_path("recordings", "unicast_start_no_address", "scenario.yaml")))
    told = " ".join(table.render(simulated).split())
    instance, server = next(i for i in simulated.instances if simulated.state_at(99, i[1], i[0]) == "FAULT")
    assert trace.state_at(99, server, instance) in ("FAULT", "INIT")  # no log line of the daemon tells it
    assert f"At the end {instance} on {server}: FAULT since" in told
    assert "source address" in told


def test_the_story_shows_the_interface_that_has_the_address() -> None:
    text = story.render(simulate(str(data_path("recordings", "use_vmac", "scenario.yaml"))))
    assert "ip a show vrrp.51\n" in text
    assert "inet 192.168.2.100/24 scope global vrrp.51" in text


def test_whatever_the_cast_of_a_trace_lacks_it_can_be_told() -> None:
    """Files of others may leave out a priority, an interface or a client's probes."""
    whole = simulate("article-drill-2-wan-nic")

    def without(told: Any, lacking: str) -> Any:
        if isinstance(told, dict):
            return {key: without(value, lacking) for key, value in told.items() if key != lacking}
        return [without(value, lacking) for value in told] if isinstance(told, list) else told

    def keys(told: Any) -> set[str]:
        within = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
        return set(told if isinstance(told, dict) else ()).union(*map(keys, within))

    assert {"priority", "interface", "every_s", "instances"} < keys(whole.scenario)
    for key in keys(whole.scenario):
        cast = make_event(0, "scenario", without(whole.scenario, key))
        trace = Trace([cast, *whole.events[1:]])
        assert "proxy_ip1" in table.render(trace)
        assert "proxy_ip1" in story.render(trace)
