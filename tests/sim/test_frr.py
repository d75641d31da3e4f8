"""FRR's vrrpd in a scenario. The rules were measured with 8.4.4, the checksum option with 10.3."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.errors import VrrplabError
from vrrplab.notebook.simulate import simulate
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.sim.play import play, run
from vrrplab.sim.world import World
from vrrplab.tell.words import start_in_words
from vrrplab.trace.events import AdvertFailedEvent, LogEvent, NeighbourEvent, OutageEvent, StateEvent
from vrrplab.views.svg import still_text
from vrrplab.wire.frames import Frame, decode

V4 = " vrrp 5 ip 10.0.0.100\n"
V6 = " vrrp 5 ipv6 fe80::100\n vrrp 5 ipv6 fd00::100\n"


def frr(priority: int, more: str = V4, profile: str = "frr-8.4.4") -> str:
    lines = "".join(f"  {line}\n" for line in more.splitlines())
    text = f"profile: {profile}\nfrr: |\n  interface eth0\n   vrrp 5 version 3\n"
    return f"{text}   vrrp 5 priority {priority}\n{lines}"


def keepalived(priority: int, start_at_s: float = 0) -> str:
    return (
        f"start_at_s: {start_at_s}\nconfig: |\n  vrrp_instance V1 {{\n   interface eth0\n"
        "   virtual_router_id 5\n   version 3\n"
        f"   priority {priority}\n   virtual_ipaddress {{\n    10.0.0.100\n   }}\n  }}\n"
    )


def cluster(*daemons: str, actions: str = "[]", duration_s: float = 12, target: str = "") -> Scenario:
    """r1, r2 …; ``daemons``: what runs there, as ``frr`` and ``keepalived`` have it; ``target``: pinged."""
    text = f"name: frr\nduration_s: {duration_s}\nsegments: {{lan: {{}}}}\nservers:\n"
    for number, daemon in enumerate(daemons, 1):
        addresses = f"[10.0.0.{number}/24, 'fe80::{number}/64']"
        text += f"  r{number}:\n    interfaces: {{eth0: {{segment: lan, addresses: {addresses}}}}}\n"
        text += "".join(f"    {line}\n" for line in daemon.splitlines())
    if target:
        text += "clients:\n  pc: {segment: lan, addresses: [10.0.0.9/24, 'fd00::9/64'],"
        text += f" probes: [{{kind: icmp, target: '{target}', every_s: 0.1}}]}}\n"
    return scenario_from_text(f"{text}actions: {actions}\n")


def states(scenario: Scenario, server: str) -> list[tuple[float, str]]:
    return [(e.t_us / 1e6, e.to) for e in run(scenario).of(StateEvent, server=server)]


def frames_of(scenario: Scenario) -> list[tuple[float, Frame]]:
    world = World(scenario, capture=True)
    play(world)
    return [(t_us / 1e6, decode(data)) for t_us, _, data in world.captured]


@pytest.mark.parametrize(
    ("priority", "more", "waits_s"),
    [
        (200, V4, 3.21),  # RFC 9568: 3.219
        (100, V4, 3.60),  # 3.609
        (100, " vrrp 5 advertisement-interval 250\n" + V4, 0.90),  # 0.902
        (100, " vrrp 5 version 2\n vrrp 5 advertisement-interval 3000\n" + V4, 9.60),
    ],
)
def test_the_skew_time_is_cut_to_centiseconds(priority: int, more: str, waits_s: float) -> None:
    assert states(cluster(frr(priority, more)), "r1") == [(0, "BACKUP"), (waits_s, "MASTER")]


def test_what_it_sends_as_master() -> None:
    """One ARP request an address to everybody, all from the virtual MAC; in version 2 eight zero bytes of
    authentication.
    """
    sent = frames_of(cluster(frr(200, " vrrp 5 version 2\n" + V4 + " vrrp 5 ip 10.0.0.101\n"), duration_s=4))
    assert {f.eth.source for _, f in sent if f.eth} == {"00:00:5e:00:01:05"}
    announced = [f.arp for _, f in sent if f.arp]
    assert [(a.op, a.sender_ip, a.target_ip, a.target_mac) for a in announced] == [
        (1, address, address, "ff:ff:ff:ff:ff:ff") for address in ("10.0.0.100", "10.0.0.101")
    ]
    advert = next(f for _, f in sent if f.vrrp)
    assert advert.payload[-8:] == bytes(8)
    assert (advert.ip.ttl, len(advert.payload)) == (255, 8 + 2 * 4 + 8) if advert.ip else False


def test_over_ipv6_the_first_advert_is_lost() -> None:
    """The neighbour advertisements leave at once, R=1, each from its own address; the advert one interval
    later, from the link-local virtual address.
    """
    scenario = cluster(frr(200, V6), duration_s=6)
    sent = frames_of(scenario)
    begins_s = 3.21
    assert [(t, f.na.target, f.na.router, f.ip.source) for t, f in sent if f.na and f.ip] == [
        (begins_s, address, True, address) for address in ("fe80::100", "fd00::100")
    ]
    first_s, first = next((t, f) for t, f in sent if f.vrrp)
    assert (first_s, first.ip.source if first.ip else "") == (begins_s + 1, "fe80::100")
    trace = run(scenario)
    assert [e.reason for e in trace.of(AdvertFailedEvent)] == ["the macvlan has no address to send from yet"]
    assert "[CORE] [VRID 5] [IPv6] Failed to find address to bind on vrrp6-5" in [
        e.line for e in trace.of(LogEvent)
    ]


def test_without_a_link_local_virtual_address_both_speak_from_the_same_one() -> None:
    """What Linux makes of the virtual MAC address; only the priority tells the routers apart."""
    only = " vrrp 5 ipv6 fd00::100\n"
    scenario = cluster(frr(200, only), frr(100, only))
    assert {f.ip.source for _, f in frames_of(scenario) if f.vrrp and f.ip} == {"fe80::200:5eff:fe00:205"}
    assert states(scenario, "r2")[-1][1] == "BACKUP"


def test_a_farewell_on_sigterm_by_a_master_only() -> None:
    actions = "[{at_s: 6, action: daemon_stop, server: r2}, {at_s: 8, action: daemon_stop, server: r1}]"
    scenario = cluster(frr(200), frr(100), actions=actions)
    farewells = [(t, f.ip.source) for t, f in frames_of(scenario) if f.vrrp and not f.vrrp.priority and f.ip]
    assert farewells == [(8, "10.0.0.1")]


def test_restarted_it_waits_for_the_master_to_be_down() -> None:
    actions = "[{at_s: 6, action: daemon_stop, server: r1}, {at_s: 7, action: daemon_start, server: r1}]"
    assert states(cluster(frr(200), actions=actions), "r1")[2:] == [
        (6, "STOP"),
        (7, "BACKUP"),
        (10.21, "MASTER"),
    ]


@pytest.mark.parametrize(
    ("down", "up"),
    [
        ("link_down, server: r1, interface: eth0", "link_up, server: r1, interface: eth0"),
        ("carrier_down, server: r1, interface: eth0", "carrier_up, server: r1, interface: eth0"),
        (
            "address_remove, server: r1, interface: eth0, address: 10.0.0.1/24",
            "address_add, server: r1, interface: eth0, address: 10.0.0.1/24",
        ),
    ],
)
def test_it_stays_master_whatever_happens_to_its_interface(down: str, up: str) -> None:
    """No state changes; its adverts are missing for so long and go on in their rhythm, with no new ARP."""
    scenario = cluster(
        frr(200), actions=f"[{{at_s: 5, action: {down}}}, {{at_s: 8, action: {up}}}]", duration_s=10
    )
    assert states(scenario, "r1") == [(0, "BACKUP"), (3.21, "MASTER")]
    sent = frames_of(scenario)
    assert [t for t, f in sent if f.vrrp] == pytest.approx([3.21, 4.21, 8.21, 9.21])
    assert len([f for _, f in sent if f.arp]) == 1
    said = [e.line for e in run(scenario).of(LogEvent)]
    refused = "[CORE] [VRID 5] [IPv4] Failed to send VRRP Advertisement: Network is unreachable"
    assert said.count(refused) == (3 if "address" in down else 0)


def test_over_ipv4_a_backup_answers_for_the_address() -> None:
    """Its macvlan has the address all the time, and Linux answers ARP for it on the card, with the card's MAC
    address: a client is served before there is a MASTER; and of two answers it takes the first.
    """
    trace = run(cluster(frr(200), duration_s=3, target="10.0.0.100"))
    assert not trace.of(OutageEvent)
    assert [e.mac for e in trace.of(NeighbourEvent)] == ["02:00:00:00:00:01"]
    replies = [f.arp for _, f in frames_of(cluster(keepalived(200), frr(100), target="10.0.0.100")) if f.arp]
    answers = {a.sender_mac for a in replies if a.op == 2 and a.sender_ip == "10.0.0.100"}
    assert "02:00:00:00:00:02" in answers


def test_over_ipv6_only_a_master_answers_for_the_address() -> None:
    trace = run(cluster(frr(200, V6), duration_s=8, target="fd00::100"))
    first = trace.of(NeighbourEvent)[0]
    assert (first.mac, first.t_us >= 3_210_000) == ("00:00:5e:00:02:05", True)


def test_its_log_is_word_for_word() -> None:
    actions = "[{at_s: 16, action: daemon_stop, server: r1}]"
    scenario = cluster(frr(100), keepalived(200, start_at_s=9), actions=actions, duration_s=18)
    assert [e.line for e in run(scenario).of(LogEvent, server="r1")] == [
        "[CORE] [VRID 5] [IPv4] Initialize -> Backup",
        "[CORE] [VRID 5] [IPv4] Master_Down_Timer expired",
        "[CORE] [VRID 5] [IPv4] Backup -> Master",
        "[CORE] [VRID 5] [IPv4] Received advertisement from 10.0.0.2 w/ priority 200; switching to Backup",
        "[CORE] [VRID 5] [IPv4] Master -> Backup",
        "Terminating on signal",
    ]


def test_without_the_pseudo_header_frr_and_keepalived_reject_each_other() -> None:
    """10.3's option; off, such sums are sent and no others taken. keepalived says so, FRR does not."""
    off = " no vrrp 5 checksum-with-ipv4-pseudoheader\n" + V4
    scenario = cluster(frr(200, off, "frr-10.3"), keepalived(100))
    assert {name: states(scenario, name)[-1][1] for name in scenario.servers} == {
        "r1": "MASTER",
        "r2": "MASTER",
    }
    both_off = cluster(frr(200, off, "frr-10.3"), frr(100, off, "frr-10.3"))
    assert states(both_off, "r2")[-1][1] == "BACKUP"
    assert states(cluster(frr(200, V4, "frr-10.3"), keepalived(100)), "r2")[-1][1] == "BACKUP"


def test_an_owner_of_the_address_is_not_heard() -> None:
    """r1 has the virtual address itself; r2's macvlan has it too, so its kernel drops what comes from there:
    two MASTERs. And r1 sends its configured priority, not 255.
    """
    owned = frr(200, " vrrp 5 ip 10.0.0.1\n"), frr(100, " vrrp 5 ip 10.0.0.1\n")
    scenario = cluster(*owned)
    assert {name: states(scenario, name)[-1][1] for name in scenario.servers} == {
        "r1": "MASTER",
        "r2": "MASTER",
    }
    assert {f.vrrp.priority for _, f in frames_of(scenario) if f.vrrp} == {200, 100}


def test_equal_priorities_leave_the_late_one_backup() -> None:
    assert states(cluster(frr(100), keepalived(100, start_at_s=6)), "r2") == [(6, "BACKUP")]


def test_without_preemption_the_higher_one_waits() -> None:
    actions = "[{at_s: 1, action: daemon_stop, server: r1}, {at_s: 6, action: daemon_start, server: r1}]"
    polite = frr(200, " no vrrp 5 preempt\n" + V4)
    assert states(cluster(polite, frr(100), actions=actions), "r1")[-1] == (6, "BACKUP")


def test_a_thawed_master_advertises_at_once() -> None:
    actions = "[{at_s: 5, action: daemon_freeze, server: r1}, {at_s: 9, action: daemon_thaw, server: r1}]"
    sent = frames_of(cluster(frr(200), actions=actions, duration_s=10))
    assert [t for t, f in sent if f.vrrp] == pytest.approx([3.21, 4.21, 9, 10])


# -- how it is written down ------------------------------------------------------------------------------


def test_keys_and_text_mean_the_same() -> None:
    keys = (
        "frr: {interface: eth0, vrid: 5, version: 3, priority: 200, interval_ms: 1000, preempt: true,"
        " addresses: [10.0.0.100]}\n"
    )
    by_keys, by_text = (cluster(daemon).servers["r1"].node for daemon in (keys, frr(200)))
    assert by_keys.instances == by_text.instances
    two = cluster("frr: [{interface: eth0, vrid: 5, addresses: [10.0.0.100]},"
                  " {interface: eth0, vrid: 6, addresses: [10.0.0.101], preempt: false}]\n")  # fmt: skip
    assert [(i.name, i.preempt) for i in two.servers["r1"].node.instances] == [
        ("eth0-vrrp5", True),
        ("eth0-vrrp6", False),
    ]


def test_a_whole_running_configuration() -> None:
    """Other protocols' lines do not matter, defaults count for routers named after them, what is shut down
    does not run, and an address of each family makes two routers.
    """
    text = """frr: |
  frr version 8.4.4
  hostname r1
  !
  vrrp default priority 120
  interface eth0
   ip ospf cost 10
   vrrp 5
   vrrp 5 ip 10.0.0.100
   vrrp 5 ipv6 fe80::100
  exit
  interface eth0
   vrrp 6 ip 10.0.0.101
   vrrp 6 shutdown
  exit
  router bgp 65000
   neighbor 10.0.0.9 remote-as 65001
"""
    instances = cluster(text).servers["r1"].node.instances
    assert [(i.name, i.base_priority, i.family) for i in instances] == [
        ("eth0-vrrp5", 120, 4),
        ("eth0-vrrp5-ipv6", 120, 6),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (" vrrp 5 priority 255", "a number from 1 to 254 is needed"),
        (" vrrp 5 advertisement-interval 50000", "a number from 10 to 40950 is needed"),
        (" vrrp 5 preemt", "did you mean 'preempt'?"),
        (" vrrp 5 checksum-with-ipv4-pseudoheader", "FRR 8.4.4 has no such option, 10.3 has it"),
        (" vrrp 5 ip 10.0.0", "10.0.0 is no such address"),
    ],
)
def test_a_line_that_frr_leaves_out_is_told(line: str, why: str) -> None:
    """FRR says "No such command", and runs the rest."""
    node = cluster(frr(200, f"{line}\n{V4}")).servers["r1"].node
    assert [i.base_priority for i in node.instances] == [200]
    assert [w.message for w in node.warnings] == [f"FRR leaves this line out: {line.strip()} ({why})"]
    assert node.warnings[0].log == f"No such command on config line 4: {line}"


def test_it_is_written_again() -> None:
    scenario = cluster(frr(200, V4, "frr-10.3"), keepalived(100))
    again = scenario_from_text(scenario.to_yaml())
    assert again.servers["r1"].profile == "frr-10.3"
    assert run(again).events[0].fields == run(scenario).events[0].fields
    assert [e.fields for e in run(again)] == [e.fields for e in run(scenario)]


WRONG = [
    ("profile: keepalived-2.4.3\nfrr: |\n  interface eth0\n   vrrp 5 ip 10.0.0.100\n", "frr-8.4.4, frr-10.3"),
    (keepalived(100) + "profile: frr-10.3\n", "give frr: instead of config:"),
    (frr(100) + "config: r1.conf\n", "config is keepalived's"),
    (frr(100) + "checks: {}\n", "checks is keepalived's"),
    ("frr: {interface: eth0, vrid: 5, priorty: 1, addresses: [10.0.0.100]}\n", "did you mean 'priority'?"),
    ("frr: {interface: eth0, vrid: 5, priority: 255, addresses: [10.0.0.100]}\n", "it must be 1 to 254"),
    ("frr: {interface: eth0, vrid: 5, addresses: []}\n", "a router needs an address"),
    ("frr: {interface: eth1, vrid: 5, addresses: [10.0.0.100]}\n", "eth1"),
    ("frr: |\n  interface eth0\n   vrrp 5 version 3\n", "no VRRP router in it would run"),
    ("frr: |\n  vrrp autoconfigure\n  interface eth0\n", "line 1 of r1's FRR configuration"),
    (
        frr(9, " vrrp 5 version 2\n vrrp 5 advertisement-interval 250\n" + V4),
        "version 2 tells whole seconds",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("daemon", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_cannot_run_is_refused_in_one_line(daemon: str, says: str) -> None:
    with pytest.raises(VrrplabError) as caught:
        cluster(daemon)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("check_fail, server: r1", "r1 runs FRR, which has no vrrp_script"),
        ("reload, server: r1, config: r1.conf", "r1 runs FRR, which has no keepalived.conf"),
        ("daemon_kill, server: r1, process: child", "vrrpd is one process"),
    ],
)
def test_actions_that_only_keepalived_has_are_refused(action: str, says: str) -> None:
    with pytest.raises(VrrplabError, match=says):
        cluster(frr(200), actions=f"[{{at_s: 1, action: {action}}}]")


def test_the_whole_process_can_be_killed() -> None:
    """SIGKILL: no farewell, the address stays."""
    scenario = cluster(frr(200), frr(100), actions="[{at_s: 6, action: daemon_kill, server: r1}]")
    assert states(scenario, "r2")[-1][1] == "MASTER"
    assert states(scenario, "r1")[-1] == (6, "STOP")
    assert not [f for _, f in frames_of(scenario) if f.vrrp and not f.vrrp.priority]


def test_an_interface_that_is_not_there_is_refused_in_every_way_in(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "name: r\nduration_s: 1\nsegments: {lan: {}}\nservers:\n"
        "  r1: {interfaces: {eth0: {segment: lan}}, frr: {interface: eth1, vrid: 5, addresses: [10.0.0.9]}}\n"
    )
    with pytest.raises(VrrplabError, match="eth1"):
        load_scenario(path, run_refused=True)


def test_a_profile_of_frr_does_not_run_keepalived_configurations(tmp_path: Path) -> None:
    path = tmp_path / "r1.conf"
    path.write_text(keepalived(100).partition("config: |")[2])
    for ask in (
        lambda: load_scenario("article-steady", profile="frr-8.4.4"),
        lambda: simulate("article-steady", profile="frr-8.4.4"),
        lambda: simulate(load_scenario("article-steady"), profile="frr-8.4.4"),
        lambda: simulate(path, profile="frr-10.3"),
    ):
        with pytest.raises(VrrplabError, match=r"profile frr-\S+ is FRR's"):
            ask()


def test_the_cast_names_the_program_and_the_tellings_ask_it() -> None:
    trace = run(cluster(frr(200), keepalived(100), actions="[{at_s: 5, action: daemon_stop, server: r1}]"))
    told = trace.scenario["servers"]
    assert (told["r1"]["daemon"], told["r2"].get("daemon")) == ("FRR", None)
    assert start_in_words(trace) == "the daemons start"
    assert "FRR stopped" in still_text(trace, 6)
    assert start_in_words(run(cluster(keepalived(100)))) == "keepalived starts"
