"""Why clients get no answer: a small network for each cause, asked with ``why_out`` and told by the table."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from sim_builders import conf, two_routers

from vrrplab.data_files import data_path
from vrrplab.errors import VrrplabError
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.tell.table import render
from vrrplab.trace import Outage, Trace, make_event

VIP = "192.168.2.100"
CLOSED = ", ".join(
    f"{{at_s: 6, action: firewall_drop, server: {name}, direction: in, protocol: vrrp}}"
    for name in ("r1", "r2")
)
OPEN = ", ".join(f"{{at_s: %s, action: firewall_clear, server: {name}}}" for name in ("r1", "r2"))


class Cause(NamedTuple):
    name: str
    r1: str
    r2: str
    actions: str
    at_s: float
    parts: tuple[str, ...]
    span: tuple[float, float]  # how long that cause held


CAUSES = [
    Cause(
        "nobody has it: FAULT, and the other one waits",
        conf(150),
        conf(100),
        "{at_s: 10, action: link_down, server: r1, interface: eth0}",
        11,
        ("no server has it: V1 on r1 had it and is FAULT (interface eth0 is down)",),
        (10, 13.032),
    ),
    Cause(
        "nobody has it: no power",
        conf(150),
        conf(100),
        "{at_s: 10, action: power_off, server: r1}",
        11,
        ("no server has it: r1 had it and has no power since 10.000 s",),
        (10, 13.032),
    ),
    Cause(
        "the card of the only one is down, and its daemon does not look at it",
        conf(150, extra="dont_track_primary"),
        conf(100),
        "{at_s: 5, action: daemon_stop, server: r2},"
        " {at_s: 10, action: link_down, server: r1, interface: eth0},"
        " {at_s: 14, action: link_up, server: r1, interface: eth0}",
        12,
        ("it is on r1, whose eth0 is down since 10.000 s",),
        (10, 14),
    ),
    Cause(
        "no_accept",
        conf(150, extra="no_accept"),
        conf(100),
        "",
        8,
        ("no_accept on r1 drops what clients send to it",),
        (3.414, 20),
    ),
    Cause(
        "the network loses everything",
        conf(150),
        conf(100),
        "{at_s: 5, action: daemon_stop, server: r2},"
        " {at_s: 10, action: segment_fault, segment: lan, loss: 1.0},"
        " {at_s: 12, action: segment_heal, segment: lan}",
        11,
        ("the network lan: loses 100%",),
        (10, 12),
    ),
    Cause(
        "one way is cut",
        conf(150),
        conf(100),
        "{at_s: 5, action: daemon_stop, server: r2},"
        " {at_s: 10, action: segment_fault, segment: lan, between: [[r1, pc]]},"
        " {at_s: 12, action: segment_heal, segment: lan}",
        11,
        ("the network lan: r1 → pc cut",),
        (10, 12),
    ),
]


def outage_at(trace: Trace, at_s: float, kind: str = "icmp") -> Outage:
    return next(
        o for o in trace.outages(VIP) if o.kind == kind and o.from_s <= at_s <= (o.to_s or trace.end_us / 1e6)
    )


@pytest.mark.parametrize("case", CAUSES, ids=[case.name for case in CAUSES])
def test_a_cause_is_named_with_how_long_it_held(tmp_path: Path, case: Cause) -> None:
    trace = run(two_routers(tmp_path, case.r1, case.r2, actions=f"[{case.actions}]"))
    told = trace.why_out(VIP, case.at_s)
    assert told.startswith(f"{VIP} did not answer pc (icmp) from ")
    for part in case.parts:
        assert part in told
        assert part.split(":")[0] in " ".join(render(trace).split())
    phases = trace.why_lost(outage_at(trace, case.at_s))
    (now,) = [p for p in phases if p.from_us <= case.at_s * 1e6 < p.to_us]
    assert (now.from_us / 1e6, now.to_us / 1e6) == pytest.approx(case.span, abs=0.002)


def test_after_a_split_brain_the_winner_announces_nothing_and_the_arp_entry_stays(tmp_path: Path) -> None:
    """Measured (the article's plan, 2.2.7): 30.6 s and 51.6 s, until the client's entry was validated anew.

    The loser hears the winner first; the winner never hears a lower advert, so it sends no gratuitous ARP.
    Here an entry is trusted for 30 s after the answer, asked about for 3 s after 5 more.
    """
    actions = f"[{CLOSED}, {OPEN % (20.9, 20.9)}]"
    trace = run(two_routers(tmp_path, conf(255, "MASTER"), conf(100), actions=actions, duration_s=70))
    (outage,) = [o for o in trace.outages(VIP) if o.duration_us(trace.end_us) > 5e6]
    (phase,) = trace.why_lost(outage)
    assert "stale ARP entry: pc still has the MAC address of r2" in phase.text
    assert "the address is on r1, which has announced nothing since" in phase.text
    assert "r2 gave it up: 192.168.2.251 advertises with higher priority 255" in phase.text
    assert 25e6 < phase.to_us - phase.from_us == pytest.approx(outage.duration_us(trace.end_us), abs=3e4)
    assert trace.owner(VIP, 30) == "r1"
    assert "! 192.168.2.100: from 21.009 to" in render(trace)


def test_garp_master_refresh_ends_it(tmp_path: Path) -> None:
    """The cure that recording article_split_brain_garp_refresh shows."""
    actions = f"[{CLOSED}, {OPEN % (20.9, 20.9)}]"
    mine = conf(255, "MASTER", extra="garp_master_refresh 5")
    trace = run(two_routers(tmp_path, mine, conf(100), actions=actions, duration_s=70))
    assert all(o.duration_us(trace.end_us) < 5e6 for o in trace.outages(VIP))


def test_the_switch_has_learned_a_virtual_mac_at_the_wrong_port() -> None:
    """Both use the same virtual MAC address: the farewell of one takes the frames away from the other."""
    vmac = "00:00:5e:00:01:33"
    card = {"segment": "lan", "addresses": []}
    servers = {
        name: {"interfaces": {"eth0": {**card, "mac": f"02:00:00:00:00:0{name[1]}"}}} for name in ("r1", "r2")
    }
    clients = {"pc": {"segment": "lan", "probes": [{"kind": "icmp", "target": VIP, "every_s": 0.02}]}}
    has = {"interface": "vrrp.51", "address": f"{VIP}/24", "instance": "V1"}
    events = [
        make_event(0, "scenario", {"servers": servers, "clients": clients, "duration_s": 20}),
        make_event(3_000_000, "address_added", {"server": "r1", **has}),
        make_event(3_000_200, "neighbour", {"client": "pc", "ip": VIP, "mac": vmac}),
        make_event(12_600_000, "mac_learned", {"segment": "lan", "mac": vmac, "port": "r2:eth0"}),
        make_event(13_400_000, "mac_learned", {"segment": "lan", "mac": vmac, "port": "r1:eth0"}),
        make_event(
            13_420_000,
            "outage",
            {"client": "pc", "kind": "icmp", "target": VIP, "from_s": 12.58, "to_s": 13.42, "lost": 41},
        ),
    ]
    trace = Trace(events)
    (phase,) = trace.why_lost(trace.outages()[0])
    assert phase == (
        12_600_000,
        13_400_000,
        f"the switch has learned {vmac} at r2:eth0, and the address is on r1",
    )


SERVICES = """
name: services
duration_s: 20
segments: {{lan: {{subnet: 192.168.2.0/24}}}}
servers:
  r1:
    config: r1.conf
    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.251/24]}}}}
    services: {{squid: {{port: 3128, listen: [{listen}]}}}}
  r2:
    config: r2.conf
    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.252/24]}}}}
    services: {{squid: {{port: 3128}}}}
clients:
  pc:
    segment: lan
    addresses: [192.168.2.10/24]
    probes:
    - {{kind: icmp, target: 192.168.2.100, every_s: 0.02}}
    - {{kind: http, target: 192.168.2.100, port: {port}, every_s: 0.05}}
actions: [{actions}]
"""


def with_services(
    folder: Path, *, listen: str = "0.0.0.0", port: int = 3128, actions: str = "", second: str = ""
) -> Trace:
    (folder / "r1.conf").write_text(conf(150))
    (folder / "r2.conf").write_text(second or conf(100))
    text = SERVICES.format(listen=listen, port=port, actions=actions)
    return run(scenario_from_text(text, folder))


def test_a_service_that_takes_no_clients(tmp_path: Path) -> None:
    trace = with_services(
        tmp_path,
        actions="{at_s: 8, action: service_stop, server: r1, service: squid},"
        " {at_s: 11, action: service_start, server: r1, service: squid}",
    )
    (phase,) = trace.why_lost(outage_at(trace, 9, "http"))
    assert phase.text == "squid on r1 takes no clients since 8.000 s"
    assert (phase.from_us, phase.to_us) == (8_000_000, 11_000_000)
    assert trace.why_out(VIP, 9).endswith(
        "from 8.000 to 11.000 s squid on r1 takes no clients since 8.000 s."
    )


def test_a_port_that_nobody_listens_at(tmp_path: Path) -> None:
    trace = with_services(tmp_path, port=8080)
    assert "nothing listens at port 8080 of r1" in trace.why_out(VIP, 10)


def test_a_port_of_a_server_without_any_service(tmp_path: Path) -> None:
    more = f"""
clients:
  pc:
    segment: lan
    addresses: [192.168.2.10/24]
    probes: [{{kind: http, target: {VIP}, port: 80, every_s: 0.5}}]
"""
    (tmp_path / "r1.conf").write_text(conf(150))
    text = f"""
name: alone
duration_s: 12
segments: {{lan: {{subnet: 192.168.2.0/24}}}}
servers:
  r1: {{config: r1.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.251/24]}}}}}}
{more}"""
    told = run(scenario_from_text(text, tmp_path)).why_out(VIP, 10)
    assert "nothing listens at port 80 of r1" in told


def test_a_router_of_the_rfcs_that_does_not_own_the_address_drops_what_is_sent_to_it(tmp_path: Path) -> None:
    """RFC 9568 section 6.1: Accept_Mode is False by default."""
    scenario = two_routers(tmp_path, conf(150, extra="version 3"), conf(100, extra="version 3"))
    trace = run(scenario.changed(profile="rfc9568"))
    assert "Accept_Mode False on r1 drops what clients send to it" in trace.why_out(VIP, 10)


def test_an_address_that_moved_into_a_network_behind_a_router(tmp_path: Path) -> None:
    """No ARP entry that grows old would help: nobody asks for it in the other network."""
    for name, priority, own, peer in (
        ("r1", 150, "192.168.2.251", "10.0.0.252"),
        ("r2", 100, "10.0.0.252", "192.168.2.251"),
    ):
        extra = f"unicast_src_ip {own}\n unicast_peer {{ {peer} }}"
        (tmp_path / f"{name}.conf").write_text(conf(priority, extra=extra))
    text = f"""
name: zones
duration_s: 20
segments: {{lan: {{subnet: 192.168.2.0/24}}, far: {{subnet: 10.0.0.0/24}}}}
servers:
  r1: {{config: r1.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.251/24]}}}}}}
  r2: {{config: r2.conf, interfaces: {{eth0: {{segment: far, addresses: [10.0.0.252/24]}}}}}}
routers: {{gate: {{interfaces: {{lan: 192.168.2.1/24, far: 10.0.0.1/24}}}}}}
clients:
  near: {{segment: lan, addresses: [192.168.2.10/24], probes: [{{kind: icmp, target: {VIP}, every_s: 0.1}}]}}
actions: [{{at_s: 10, action: daemon_stop, server: r1}}]
"""
    told = run(scenario_from_text(text, tmp_path)).why_out(VIP, 15)
    assert "near asks r1, which had it; it is on r2 now, in the network far" in told
    assert "stale" not in told


def test_an_address_that_is_of_nobody_is_not_expected_yet(tmp_path: Path) -> None:
    scenario = two_routers(tmp_path, conf(150), conf(100))
    asked = scenario.to_yaml().replace("target: 192.168.2.100", "target: 192.168.2.77")
    told = run(scenario_from_text(asked)).why_out("192.168.2.77", 10)
    assert "no server has it, and it is no virtual address of any" in told


def test_a_service_that_listens_elsewhere(tmp_path: Path) -> None:
    trace = with_services(tmp_path, listen="192.168.2.251")
    assert "squid on r1 listens on 192.168.2.251 only" in trace.why_out(VIP, 10)


def test_a_service_that_was_started_before_its_address_came(tmp_path: Path) -> None:
    trace = with_services(tmp_path, listen=VIP)
    told = trace.why_out(VIP, 10)
    assert "squid on r1 was started before the server had the address, and is not bound to it" in told


def test_an_address_on_two_servers_of_which_the_asked_one_has_no_service(tmp_path: Path) -> None:
    trace = with_services(
        tmp_path, actions=f"{CLOSED}, {{at_s: 12, action: service_kill, server: r2, service: squid}}"
    )
    told = trace.why_out(VIP, 15)
    assert "squid on r2 takes no clients since 12.000 s; the address is on r1 and r2 at once" in told


def test_a_client_in_another_network_than_the_address(tmp_path: Path) -> None:
    (tmp_path / "r1.conf").write_text(conf(150))
    text = """
name: elsewhere
duration_s: 12
segments: {lan: {subnet: 192.168.2.0/24}, vlan7: {subnet: 192.168.2.0/24}}
servers:
  r1: {config: r1.conf, interfaces: {eth0: {segment: vlan7, addresses: [192.168.2.251/24]}}}
clients:
  pc:
    segment: lan
    addresses: [192.168.2.10/24]
    probes: [{kind: icmp, target: 192.168.2.100, every_s: 0.1}]
"""
    told = run(scenario_from_text(text, tmp_path)).why_out(VIP, 10)
    assert "it is on r1 in the network vlan7, and the client is in lan" in told


def test_the_reverse_path_filter_of_the_one_that_has_the_address(tmp_path: Path) -> None:
    """/32 addresses everywhere: no route leads back to the client, and rp_filter drops what it asks."""
    (tmp_path / "r1.conf").write_text(conf(150, vip=f"{VIP}/32"))
    text = """
name: filtered
duration_s: 12
segments: {lan: {subnet: 192.168.2.0/24}}
servers:
  r1:
    config: r1.conf
    host: {rp_filter: 1}
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.251/32]}}
clients:
  pc:
    segment: lan
    addresses: [192.168.2.10/24]
    probes: [{kind: icmp, target: 192.168.2.100, every_s: 0.1}]
"""
    told = run(scenario_from_text(text, tmp_path)).why_out(VIP, 10)
    assert "rp_filter 1 on r1: what 192.168.2.10 sends to 192.168.2.100 is dropped at eth0" in told


def test_a_client_behind_a_router_whose_entry_is_stale(tmp_path: Path) -> None:
    """The router before the servers asks for them, and it is its entry that is wrong after a split brain."""
    for name, text in (("r1", conf(255, "MASTER")), ("r2", conf(100))):
        (tmp_path / f"{name}.conf").write_text(text)
    actions = f"{CLOSED}, {OPEN % (20.9, 20.9)}"
    text = f"""
name: behind
duration_s: 40
segments: {{lan: {{subnet: 192.168.2.0/24}}, far: {{subnet: 10.0.0.0/24}}}}
servers:
  r1: {{config: r1.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.251/24]}}}}}}
  r2: {{config: r2.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.252/24]}}}}}}
routers: {{gate: {{interfaces: {{lan: 192.168.2.1/24, far: 10.0.0.1/24}}}}}}
clients:
  pc:
    segment: far
    addresses: [10.0.0.10/24]
    probes: [{{kind: icmp, target: {VIP}, every_s: 0.02}}]
actions: [{actions}]
"""
    trace = run(scenario_from_text(text, tmp_path))
    told = trace.why_out(VIP, 30)
    assert "stale ARP entry: gate still has the MAC address of r2" in told
    assert "the address is on r1, which has announced nothing since" in told


def test_a_name_is_out_because_of_one_of_its_addresses(tmp_path: Path) -> None:
    more = "dns: {web: [192.168.2.100, 192.168.2.251]}"
    actions = "[{at_s: 10, action: link_down, server: r1, interface: eth0}]"
    scenario = two_routers(tmp_path, conf(150), conf(100), actions=actions, more=more)
    text = scenario.to_yaml().replace("target: 192.168.2.100", "target: web")
    told = run(scenario_from_text(text, tmp_path)).why_out("web", 11)
    assert told.startswith("web did not answer pc (icmp) from ")
    assert "192.168.2.100: no server has it: V1 on r1 had it and is FAULT" in told
    assert "192.168.2.251: it is on r1, whose eth0 is down" in told


def test_questions_without_an_outage(tmp_path: Path) -> None:
    trace = run(two_routers(tmp_path, conf(150), conf(100)))
    assert trace.why_out(VIP, 10) == f"No client missed an answer from {VIP} at 10.000 s."
    assert trace.why_out("192.168.2.251", 10) == "No client asks 192.168.2.251 in this trace."
    with pytest.raises(VrrplabError, match=r"no target '192\.168\.2\.7' of any client: did you mean"):
        trace.why_out("192.168.2.7", 10)


# -- addresses on two servers, which need not cost anybody an answer -----------------------------------------


def test_an_address_left_on_a_card_while_its_instance_comes_as_backup(tmp_path: Path) -> None:
    """A BACKUP that arrives by a reload does not take the IPv6 address off (2.2.7, measured)."""
    both = "virtual_ipaddress_excluded { 2001:db8:9::100/64 }"
    (tmp_path / "new.conf").write_text(conf(100, extra=both))
    actions = (
        '[{at_s: 8, action: address_add, server: r2, interface: eth0, address: "2001:db8:9::100/64"},'
        " {at_s: 10, action: reload, server: r2, config: new.conf}]"
    )
    trace = run(two_routers(tmp_path, conf(150, extra=both), conf(100), actions=actions))
    ((t_us, text),) = trace.on_several()
    assert t_us == 8_000_000
    assert text == (
        "2001:db8:9::100 is on r1 and r2 at once, until the end: r1 is MASTER of V1, on r2 it was added to"
        " eth0 by hand at 8.000 s, and V1, to which it belongs, is BACKUP there and does not take it off"
    )
    assert "! 8.000 s: 2001:db8:9::100 is on r1 and r2 at once" in render(trace)


def test_what_a_killed_daemon_left_behind(tmp_path: Path) -> None:
    actions = "[{at_s: 8, action: daemon_kill, server: r1}]"
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=actions))
    ((_, text),) = trace.on_several()
    assert "r1 has it since 3.414 s from a daemon that was killed at 8.000 s, r2 is MASTER of V1" in text


def test_a_split_brain_that_is_warned_of_is_not_told_twice(tmp_path: Path) -> None:
    trace = run(two_routers(tmp_path, conf(150), conf(100), actions=f"[{CLOSED}]"))
    assert trace.owners(VIP, 15) == ("r1", "r2")
    assert trace.on_several() == []
    assert render(trace).count("! ") == 1


def test_a_handover_is_no_address_on_two_servers(tmp_path: Path) -> None:
    actions = "[{at_s: 6, action: daemon_stop, server: r1}, {at_s: 9, action: daemon_start, server: r1}]"
    assert run(two_routers(tmp_path, conf(150), conf(100), actions=actions)).on_several() == []


def test_a_trace_of_somebody_elses_that_names_no_servers_is_answered_all_the_same() -> None:
    client = {"segment": "lan", "addresses": ["10.0.0.9/24"], "probes": [{"kind": "icmp", "target": VIP}]}
    outage = {"client": "pc", "kind": "icmp", "target": VIP, "from_s": 2.0, "to_s": 4.0, "lost": 20}
    held = {"server": "a", "instance": "V", "interface": "eth0", "address": f"{VIP}/24"}
    trace = Trace(
        [
            make_event(0, "scenario", {"name": "x", "clients": {"pc": client}}),
            make_event(1_000_000, "address_added", held),
            make_event(4_000_000, "outage", outage),
        ]
    )
    assert "the client asks by ARP who has it; it is on a" in trace.why_out(VIP, 3)


# -- recordings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "at_s", "parts"),
    [
        ("article_drill1_eth0_down_up", 13, ["no server has it: proxy_ip1 on serv01 had it and is FAULT"]),
        ("article_drill3_squid_stop_start", 14, ["squid on serv01 takes no clients since 12.0"]),
        ("graceful_stop", 12.3, ["no server has it: proxy_ip1 on serv01 had it and is STOP"]),
        ("poweroff", 14, ["no server has it: serv01 had it and has no power since"]),
        ("article_split_brain__v2.4.3", 25, ["stale ARP entry", "which has announced nothing since"]),
    ],
)
def test_recordings_have_causes_too(name: str, at_s: float, parts: list[str]) -> None:
    trace = read_recording(data_path("recordings", name))
    told = [trace.why_out(target, at_s) for target in trace.addresses]
    for part in parts:
        assert any(part in text for text in told), told


def test_the_real_split_brain_stays_stale_to_its_end() -> None:
    trace = read_recording(data_path("recordings", "article_split_brain__v2.4.3"))
    for outage in [o for o in trace.outages() if o.duration_us(trace.end_us) > 5e6]:
        (phase,) = trace.why_lost(outage)
        assert phase.text.startswith("stale ARP entry")
        assert phase.to_us - phase.from_us == pytest.approx(outage.duration_us(trace.end_us), abs=30_000)
