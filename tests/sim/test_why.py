"""What ``why`` answers: the change, what keeps an instance where it is, and what came and was not used.

A table of situations with parts of the sentence; the last tests ask recordings, which have no reasons.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from sim_builders import conf, two_routers

from vrrplab.data_files import data_path
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.trace import Trace

CHECK = 'vrrp_script chk {\n script "/bin/chk"\n interval 1\n fall 1\n rise 1\n}\n'
PASS = "authentication {\n auth_type PASS\n auth_pass abc\n }"
AH = "authentication {\n auth_type AH\n auth_pass abc\n }"
FAST_3 = "version 3\n advert_int 2"


class Situation(NamedTuple):
    name: str
    r1: str
    r2: str
    actions: str
    asked: tuple[float, str]
    parts: tuple[str, ...]
    never: tuple[str, ...] = ()


def drop(server: str, direction: str) -> str:
    return f"{{at_s: 6, action: firewall_drop, server: {server}, direction: {direction}, protocol: vrrp}}"


NOT_HEARD = ("heard no advert at all",)
SITUATIONS = [
    Situation(
        "a better one is heard",
        conf(150),
        conf(100),
        "",
        (10, "r2"),
        ("BACKUP since 0.000 s", "r1 (192.168.2.251) with priority 150 >= own 100 each 1.000 s"),
    ),
    Situation(
        "nobody better",
        conf(150),
        conf(100),
        "",
        (10, "r1"),
        ("MASTER since 3.414 s: heard no advert at all", "No better advert came since"),
    ),
    Situation(
        "nopreempt",
        conf(150, extra="nopreempt"),
        conf(100, extra="nopreempt"),
        "{at_s: 5, action: daemon_stop, server: r1}, {at_s: 8, action: daemon_start, server: r1}",
        (18, "r1"),
        ("because of nopreempt", "own priority 150 is higher than 100 of r2"),
    ),
    Situation(
        "preempt_delay",
        conf(150, extra="preempt_delay 30"),
        conf(100),
        "{at_s: 5, action: daemon_stop, server: r1}, {at_s: 10.5, action: daemon_start, server: r1}",
        (15, "r1"),
        ("preempt_delay 30 s, 25.619", " s left", "own priority 150 is higher than 100"),
    ),
    Situation(
        "start delay",
        "global_defs {\n vrrp_startup_delay 5\n}\n" + conf(150),
        conf(100),
        "",
        (2, "r1"),
        ("vrrp_startup_delay 5 s, 3.000 s left",),
    ),
    Situation(
        "another authentication type, seen by who became MASTER first",
        conf(150, extra=PASS),
        conf(100, extra=AH),
        "",
        (15, "r1"),
        (
            "12 adverts of r2 (192.168.2.252) came since 3.610 s and none was accepted",
            "another authentication type; set the same auth_type on both",
        ),
    ),
    Situation(
        "another authentication type, seen by who should have been a BACKUP",
        conf(150, extra=PASS),
        conf(100, extra=AH),
        "",
        (15, "r2"),
        ("adverts of 192.168.2.251 are rejected (another authentication type)", "set the same auth_type"),
        NOT_HEARD,
    ),
    Situation(
        "unicast against multicast",
        conf(150, extra="unicast_peer { 192.168.2.252 }"),
        conf(100),
        "",
        (15, "r2"),
        ("multicast where unicast is expected", "set unicast_peer on both or on none"),
        NOT_HEARD,
    ),
    Situation(
        "a macvlan takes the frames",
        conf(150, extra="use_vmac"),
        conf(100, extra="use_vmac\n vmac_xmit_base"),
        "",
        (15, "r2"),
        ("14 adverts of r1", "a macvlan with the sender's MAC address takes it", "vmac_xmit_base alike"),
    ),
    Situation(
        "firewall in",
        conf(150),
        conf(100),
        drop("r2", "in"),
        (15, "r2"),
        ("no advert from 192.168.2.251", "adverts of r1", "the firewall drops it; let IP protocol 112 in"),
    ),
    Situation(
        "firewall out",
        conf(150),
        conf(100),
        drop("r1", "out"),
        (15, "r2"),
        ("he adverts of r1 cannot leave it: Operation not permitted",),
    ),
    Situation(
        "no multicast",
        conf(150),
        conf(100),
        "{at_s: 6, action: segment_fault, segment: lan, multicast: false}",
        (15, "r2"),
        ("r1 (192.168.2.251) advertises with priority 150", "nothing of it arrives", "without multicast"),
    ),
    Situation(
        "unicast to nobody",
        conf(150, extra="unicast_peer { 192.168.2.253 }"),
        conf(100, extra="unicast_peer { 192.168.2.251 }"),
        "",
        (15, "r2"),
        ("he adverts of r1 cannot leave it: nobody answers for 192.168.2.253",),
    ),
    Situation(
        "unicast to somebody else",
        conf(150, extra="unicast_peer { 192.168.2.10 }"),
        conf(100, extra="unicast_peer { 192.168.2.251 }"),
        "",
        (15, "r2"),
        ("nothing of it arrives here: they are sent to 192.168.2.10 only (unicast_peer)",),
    ),
    Situation(
        "another multicast group",
        conf(150),
        "global_defs {\n vrrp_mcast_group4 224.0.0.77\n}\n" + conf(100),
        "",
        (15, "r2"),
        ("none was accepted: sent to another multicast group; set the same multicast group on both",),
        ("unicast",),
    ),
    Situation(
        "another VRID for the same address",
        conf(150),
        conf(100).replace("router_id 51", "router_id 52"),
        "",
        (15, "r2"),
        ("r1 (192.168.2.251) advertises 192.168.2.100 with VRID 51", "here it has VRID 52"),
    ),
    Situation(
        "the first fault is over, another one still holds",
        CHECK + conf(150, extra="track_script { chk }"),
        conf(100),
        "{at_s: 6, action: check_fail, server: r1},"
        " {at_s: 9, action: link_down, server: r1, interface: eth0},"
        " {at_s: 11.5, action: check_pass, server: r1}",
        (15, "r1"),
        ("FAULT since 6.0", "interface eth0 is down (since 9.000 s)", "At 6.0", "script chk failed once"),
        ("exit code 1) (since",),
    ),
    Situation(
        "two faults at once",
        CHECK + conf(150, extra="track_script { chk }"),
        conf(100),
        "{at_s: 6, action: check_fail, server: r1},"
        " {at_s: 9, action: link_down, server: r1, interface: eth0}",
        (15, "r1"),
        ("interface eth0 is down (since 9.000 s)", "script chk failed once (fall 1; exit code 1) (since 6.0"),
    ),
    Situation(
        "why the better one is not MASTER",
        conf(150),
        conf(100),
        "{at_s: 6, action: link_down, server: r1, interface: eth0}",
        (15, "r2"),
        ("r1 with priority 150 is FAULT: interface eth0 is down (since 6.000 s)",),
    ),
    Situation(
        "a weight that moved the priority",
        CHECK + conf(150, extra="track_script { chk weight -60 }"),
        conf(100),
        "{at_s: 6, action: check_fail, server: r1}",
        (15, "r1"),
        ("192.168.2.252) with priority 100 >= own 90", "Its priority is 90 instead of 150 since 6.0"),
    ),
    Situation(
        "an address owner's weight is taken off",
        CHECK + conf(255, state="MASTER", extra="track_script { chk weight -60 }"),
        conf(100),
        "{at_s: 6, action: check_fail, server: r1, script: chk}",
        (15, "r1"),
        ("MASTER since", "That chk fails changes nothing", "because its priority is 255"),
    ),
    Situation(
        "a frozen daemon",
        conf(150),
        conf(100),
        "{at_s: 6, action: daemon_freeze, server: r1}",
        (15, "r1"),
        ("its daemon is frozen since 6.000 s",),
    ),
    Situation(
        "one that starts this moment has missed nothing",
        conf(150),
        conf(100),
        "{at_s: 6, action: daemon_stop, server: r2}, {at_s: 9, action: daemon_start, server: r2}",
        (9, "r2"),
        ("BACKUP since 9.000 s: starts with priority 100 and listens first",),
        ("nothing of it arrives", "hears adverts"),
    ),
    Situation(
        "what was heard does not count any more",
        conf(150),
        conf(100),
        "{at_s: 8, action: firewall_drop, server: r2, direction: in, protocol: vrrp}",
        (9.5, "r2"),
        ("none was accepted: the firewall drops it", "the last that counted came at 7.42"),
        ("hears adverts",),
    ),
    Situation(
        "the skew of version 3 is scaled with the interval",
        conf(150, extra=FAST_3),
        conf(100, extra=FAST_3),
        "{at_s: 9, action: daemon_stop, server: r1}",
        (15, "r2"),
        ("skew time of 1.219 s ((256 - 100) / 256 x 2.000 s)",),
    ),
    Situation(
        "the skew of version 2 is in seconds",
        conf(150, extra="advert_int 2"),
        conf(100, extra="advert_int 2"),
        "{at_s: 9, action: daemon_stop, server: r1}",
        (15, "r2"),
        ("skew time of 0.609 s ((256 - 100) / 256 s)",),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=[case.name for case in SITUATIONS])
def test_an_answer_names_what_holds(tmp_path: Path, case: Situation) -> None:
    trace = run(two_routers(tmp_path, case.r1, case.r2, actions=f"[{case.actions}]"))
    told = trace.why(*case.asked, "V1")
    for part in case.parts:
        assert part in told
    for part in case.never:
        assert part not in told


def test_only_a_servers_own_name_begins_a_sentence_in_small_letters(tmp_path: Path) -> None:
    """A server that is called a is no reason to begin "at 0.000 s" like its name."""
    clash = two_routers(tmp_path, conf(150), conf(100)).to_yaml().replace("r1:", "a:")
    told = run(scenario_from_text(clash)).why(10, "r2", "V1")
    assert ". At 0.000 s: starts" in told


def group_conf(first: int, second: int, extra: str = "", more: str = "") -> str:
    def one(name: str, interface: str, vrid: int, priority: int, vip: str) -> str:
        return (
            f"vrrp_instance {name} {{\n interface {interface}\n virtual_router_id {vrid}\n"
            f" priority {priority}\n {more if name == 'in' else ''}\n virtual_ipaddress {{ {vip} }}\n}}\n"
        )

    group = f"vrrp_sync_group SG {{\n group {{\n in\n out\n }}\n {extra}\n}}\n"
    lan = one("in", "eth0", 81, first, "192.168.2.100/24")
    return group + lan + one("out", "eth1", 82, second, "10.9.9.100/24")


def two_gateways(folder: Path, r1: str, r2: str, actions: str = "") -> Trace:
    (folder / "r1.conf").write_text(r1)
    (folder / "r2.conf").write_text(r2)
    servers = "".join(
        f"  r{n}:\n    config: r{n}.conf\n    start_at_s: 0.{n}\n    interfaces:\n"
        f"      eth0: {{segment: lan, addresses: [192.168.2.25{n}/24]}}\n"
        f"      eth1: {{segment: wan, addresses: [10.9.9.25{n}/24]}}\n"
        for n in (1, 2)
    )
    segments = "{lan: {subnet: 192.168.2.0/24}, wan: {subnet: 10.9.9.0/24}}"
    text = f"name: g\nduration_s: 40\nsegments: {segments}\nservers:\n{servers}actions: [{actions}]\n"
    return run(scenario_from_text(text, folder))


def test_crossed_priorities_in_a_sync_group_the_group_is_the_reason(tmp_path: Path) -> None:
    """Each node is better in one of the two members: the one whose group became MASTER first stays it."""
    trace = two_gateways(tmp_path, group_conf(150, 100), group_conf(100, 150))
    master, other = ("r1", "r2") if trace.state_at(30, "r1", "in") == "MASTER" else ("r2", "r1")
    held, holder = ("out", "in") if other == "r2" else ("in", "out")
    told = trace.why(30, other, held)
    assert f"its own priority 150 is higher than 100 of {master}" in told
    assert f"its sync group SG is held by instance {holder}, which hears adverts of {master}" in told
    assert f"{other} with priority 150 is BACKUP: its own priority" in trace.why(30, master, held)


def test_a_member_in_fault_because_of_another(tmp_path: Path) -> None:
    down = "{at_s: 8, action: link_down, server: r1, interface: eth1}"
    trace = two_gateways(tmp_path, group_conf(150, 150), group_conf(100, 100), down)
    assert "out is in FAULT (interface eth1 is down (since 8.000 s))" in trace.why(20, "r1", "in")


def test_the_groups_weight_replaces_the_members(tmp_path: Path) -> None:
    """Recordings group_and_instance_*: the daemon counts the group's entry for the same script."""
    mine = CHECK + group_conf(
        150,
        150,
        "sync_group_tracking_weight\n track_script { chk weight -30 }",
        "track_script { chk weight 20 }",
    )
    fail = "{at_s: 8, action: check_fail, server: r1}"
    told = two_gateways(tmp_path, mine, group_conf(100, 100), fail).why(20, "r1", "in")
    assert "does not count with the weight 20 it has here" in told
    assert "sync group SG tracks it too, with weight -30, and that replaces it" in told


def test_a_weight_in_a_sync_group_is_taken_off(tmp_path: Path) -> None:
    mine = CHECK + group_conf(150, 150, more="track_script { chk weight -60 }")
    fail = "{at_s: 8, action: check_fail, server: r1, script: chk}"
    told = two_gateways(tmp_path, mine, group_conf(100, 100), fail).why(20, "r1", "in")
    assert "That chk fails changes nothing" in told
    assert "because it is in a sync group" in told


def test_a_network_that_is_another_one(tmp_path: Path) -> None:
    """The second router's card is plugged into the wrong VLAN."""
    mine = conf(150)
    (tmp_path / "r2.conf").write_text(conf(100))
    (tmp_path / "r1.conf").write_text(mine)
    text = """
name: vlans
duration_s: 20
segments: {lan: {subnet: 192.168.2.0/24}, vlan7: {subnet: 192.168.2.0/24}}
servers:
  r1: {config: r1.conf, interfaces: {eth0: {segment: lan, addresses: [192.168.2.251/24]}}}
  r2: {config: r2.conf, interfaces: {eth0: {segment: vlan7, addresses: [192.168.2.252/24]}}}
"""
    told = run(scenario_from_text(text, tmp_path)).why(15, "r2", "V1")
    assert "they go to the network lan, and this one listens in vlan7" in told


def test_a_reload_changes_what_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "new.conf").write_text(conf(120, extra="nopreempt"))
    actions = (
        "[{at_s: 6, action: reload, server: r2, config: new.conf},"
        " {at_s: 10, action: reload, server: r1, config: low.conf}]"
    )
    (tmp_path / "low.conf").write_text(conf(90))
    told = run(two_routers(tmp_path, conf(150), conf(100), actions=actions)).why(19, "r2", "V1")
    assert "r1 (192.168.2.251) MASTER because of nopreempt" in told
    assert "own priority 120 is higher than 90" in told


@pytest.mark.parametrize(
    ("recording", "at_s", "server", "instance", "parts"),
    [
        ("nopreempt", 19, "serv01", "V1", ["because of nopreempt", "150 is higher than 100"]),
        ("firewall_drop_vrrp", 12, "serv02", "V1", ["no advert of serv01", "the firewall drops it"]),
        ("auth_mismatch_pass", 12, "serv02", "V1", ['its log says "(V1) received an invalid passwd!"']),
        ("vrid_mismatch", 11, "serv01", "V1", ["serv02", "with VRID 52", "here it has VRID 51"]),
        ("article_three_faults", 18, "serv01", "proxy_ip1", ["interface eth1 is down", "chk_squid_service"]),
        ("article_three_faults", 24, "serv01", "proxy_ip2", ["FAULT", "script chk_squid_service fails"]),
        ("sync_group", 13, "serv01", "VLAN", ["sync group SG1: VWAN is in FAULT (interface eth1 is down"]),
        ("takeover_v2_a1_p100", 20, "serv02", "V1", ["MASTER since", "no advert of serv01"]),
        ("three_nodes_poweroff", 13, "r1", "V1", ["the server has no power since"]),
        ("preempt_delay_start", 8, "serv01", "V1", ["preempt_delay", "s left"]),
    ],
)
def test_a_recording_is_asked_too(
    recording: str, at_s: float, server: str, instance: str, parts: list[str]
) -> None:
    """Input: what was seen of real daemons, without a reason anywhere. Output: what follows from it."""
    told = read_recording(data_path("recordings", recording)).why(at_s, server, instance)
    for part in parts:
        assert part in told
