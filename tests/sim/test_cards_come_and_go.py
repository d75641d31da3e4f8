"""Cards that appear and disappear while the daemon runs: each rule as 2.2.7 was measured, in namespaces.

A macvlan was deleted and made anew (``ip link``), set up, and given its address, a second apart.
"""

from __future__ import annotations

import pytest

from vrrplab.errors import ScenarioError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.trace import Trace

DELETE = "{at_s: 10, action: interface_delete, server: a, interface: eth1}"
ADD = "{at_s: 14, action: interface_add, server: a, interface: eth1}"
ASSIGNED = "Assigned address 10.7.0.1 for interface eth1"
DYNAMIC = "global_defs { dynamic_interfaces }"
TRUNK = "eth0: {segment: lan, addresses: [192.168.2.1/24]}, "


def conf(
    priority: int, *options: str, card: str = "eth1", vip: str = "10.7.0.100/24", first: str = ""
) -> str:
    lines = [
        *([first] if first else []),
        "vrrp_instance V {",
        f"interface {card}",
        "virtual_router_id 7",
        f"priority {priority}",
        *options,
        f"virtual_ipaddress {{\n      {vip}\n      }}",
        "}",
    ]
    return "\n      ".join(lines)


def scenario(
    a: str, b: str, *actions: str, cards: str = TRUNK, own: str = "", duration_s: int = 30
) -> Scenario:
    """``own``: more of a's eth1."""
    return scenario_from_text(f"""
duration_s: {duration_s}
segments: {{lan: {{subnet: 192.168.2.0/24}}, far: {{subnet: 10.7.0.0/24}}}}
servers:
  a:
    interfaces: {{{cards}eth1: {{segment: far, addresses: [10.7.0.1/24]{own}}}}}
    config: |
      {a}
  b:
    interfaces:
      eth1: {{segment: far, addresses: [10.7.0.2/24]}}
      eth0: {{segment: lan, addresses: [192.168.2.2/24]}}
    config: |
      {b}
actions: [{", ".join(actions)}]
""")


def states(trace: Trace, server: str = "a", since_s: float = 0) -> list[tuple[float, str]]:
    return [(round(e.t, 1), e.fields["to"]) for e in trace.of("state", server=server) if e.t >= since_s]


def log(trace: Trace, since_s: float, until_s: float = 99) -> list[str]:
    return [e.fields["line"] for e in trace.of("log", server="a") if since_s <= e.t < until_s]


def warnings(trace: Trace) -> str:
    return " ".join(e.fields["text"] for e in trace.of("warning"))


def test_a_deleted_card_means_fault_and_its_farewells_find_no_device() -> None:
    trace = run(scenario(conf(150), conf(100), DELETE))
    assert log(trace, 10) == [
        "Netlink reports eth1 down",
        "(V) Entering FAULT STATE",
        "(V): send advert error 19 (No such device)",
        "(V): send advert error 19 (No such device)",
        "(V) sent 0 priority",
        "(V) removing VIPs.",
        "Deassigned address 10.7.0.1 from interface eth1",
        "Interface eth1 deleted",
    ]
    gone = [e.fields["address"] for e in trace.of("address_removed", server="a")]
    assert gone == ["10.7.0.100/24", "10.7.0.1/24"]
    assert states(trace, "b", 10) == [(13.0, "MASTER")]  # without a farewell


def test_a_card_that_comes_back_brings_its_instance_back_with_the_address() -> None:
    """Without ``dynamic_interfaces`` too: that decides only about cards that are missing at the start."""
    trace = run(scenario(conf(150), conf(100), DELETE, ADD))
    lines = [line for line in log(trace, 14, 17) if "discarding" not in line]
    assert lines == [
        "Interface eth1 added",
        "Netlink reports eth1 up",
        "Assigned address 10.7.0.1 for interface eth1",
        "(V) Entering BACKUP STATE",
    ]
    assert states(trace, since_s=14) == [(14.0, "BACKUP"), (17.4, "MASTER")]
    assert [e.fields["up"] for e in trace.of("interface", server="a")] == [False, True]


def test_a_card_that_was_down_is_deleted_without_another_word() -> None:
    down = "{at_s: 8, action: link_down, server: a, interface: eth1}"
    trace = run(scenario(conf(150), conf(100), down, DELETE))
    assert log(trace, 10) == ["Deassigned address 10.7.0.1 from interface eth1", "Interface eth1 deleted"]


@pytest.mark.parametrize(
    ("options", "vip", "comes_back"),
    [
        (("track_interface {\n      eth1\n      }",), "192.168.2.100/24", "BACKUP"),
        ((), "10.7.0.100/24 dev eth1", "BACKUP"),
    ],
    ids=["tracked", "with addresses"],
)
def test_a_tracked_card_is_back_when_it_is_up_whatever_its_address(
    options: tuple[str, ...], vip: str, comes_back: str
) -> None:
    trace = run(
        scenario(conf(150, *options, card="eth0", vip=vip), conf(100, card="eth0", vip=vip), DELETE, ADD)
    )
    assert states(trace, since_s=10)[:2] == [(10.0, "FAULT"), (14.0, comes_back)]
    assert "Deassigned address 10.7.0.1 from interface eth1" in log(trace, 10, 11)
    lines = log(trace, 14)
    assert lines.index("(V) Entering BACKUP STATE") < lines.index(
        "Assigned address 10.7.0.1 for interface eth1"
    )


def test_a_weighted_card_moves_the_priority() -> None:
    weighted = conf(
        150, "track_interface {\n      eth1 weight -60\n      }", card="eth0", vip="192.168.2.100/24"
    )
    trace = run(scenario(weighted, conf(100, card="eth0", vip="192.168.2.100/24"), DELETE, ADD))
    moves = [(e.t, e.fields["to"]) for e in trace.of("priority", server="a")]
    assert moves == [(10, 90), (14, 150)]


def test_a_unicast_socket_cannot_be_bound_on_a_new_card_and_nothing_ever_happens_until_a_reload() -> None:
    def mine(n: int, priority: int, *more: str) -> str:
        return conf(priority, *more, f"unicast_peer {{\n      10.7.0.{3 - n}\n      }}")

    told = "unicast_src_ip 10.7.0.1"
    again = "{at_s: 24, action: reload, server: a, config: '" + mine(1, 150, told).replace("\n", "\\n") + "'}"
    again = again.replace("'", '"')
    trace = run(scenario(mine(1, 150, told), mine(2, 100), DELETE, ADD, again))
    # its address is known, so that the card alone brings it back
    assert states(trace, since_s=10) == [(10.0, "FAULT"), (14.0, "BACKUP"), (27.4, "MASTER")]
    lines = log(trace, 14)
    assert lines[:2] == ["Interface eth1 added", "(V) interface eth1 is down"]
    assert lines.index("(V) Entering BACKUP STATE") < lines.index(
        "Assigned address 10.7.0.1 for interface eth1"
    )
    assert "hears nobody and never takes over until a reload" in warnings(trace)
    assert not [e for e in trace.of("advert_received", server="a") if 14 < e.t < 24]
    silent = run(scenario(mine(1, 150), mine(2, 100), DELETE, ADD))  # without unicast_src_ip: alike
    assert states(silent, since_s=10) == [(10.0, "FAULT"), (14.0, "BACKUP")]


def test_an_ipv6_advert_cannot_leave_a_card_made_anew_until_a_reload() -> None:
    v6 = "fe80::7:100/64"
    text = conf(150, "version 3", vip=v6)
    again = '{at_s: 24, action: reload, server: a, config: "' + text.replace("\n", "\\n") + '"}'
    trace = run(scenario(text, conf(100, "version 3", vip=v6), DELETE, ADD, again))
    assert "bind for multicast failed 19 - No such device" in log(trace, 14)
    assert "(V): send advert error 22 (Invalid argument)" in log(trace, 17, 24)
    sent = [e.t for e in trace.of("advert_sent", server="a") if e.t >= 14]
    assert min(sent) == pytest.approx(24, abs=0.02)
    assert "split brain" in warnings(trace)


def test_a_vmac_goes_with_its_card_and_is_made_anew_with_it() -> None:
    trace = run(scenario(conf(150, "use_vmac vrrp.7"), conf(100), DELETE, ADD))
    lines = log(trace, 10, 14)
    assert lines[-4:] == [
        "Interface eth1 deleted",
        "(V) Success removing VMAC interface vrrp.7",
        "Netlink reports vrrp.7 down",
        "Interface vrrp.7 deleted",
    ]
    assert not any("error" in line for line in lines)  # a macvlan without a card under it: lost in silence
    back = [line for line in log(trace, 14, 17) if "discarding" not in line]
    assert back[:4] == [
        "Interface eth1 added",
        "(V): Success creating VMAC interface vrrp.7",
        "Netlink reports vrrp.7 up",
        "Netlink reports eth1 up",
    ]
    assert states(trace, since_s=14) == [(14.0, "BACKUP"), (17.4, "MASTER")]


def test_an_ipv6_vmac_made_on_a_new_card_stays_in_fault() -> None:
    """As one made while its card is down: there is no IPv6 address at that moment."""
    v6 = "fe80::7:100/64"
    trace = run(
        scenario(
            conf(150, "use_vmac vrrp.7", "version 3", vip=v6), conf(100, "version 3", vip=v6), DELETE, ADD
        )
    )
    assert states(trace, since_s=10) == [(10.0, "FAULT")]


def test_with_dynamic_interfaces_the_daemon_waits_for_a_card() -> None:
    """A card whose first action is ``interface_add`` is not there from the start."""
    trace = run(scenario(conf(150, first=DYNAMIC), conf(100), ADD))
    assert log(trace, 0, 14) == [
        "Configuration specifies interface eth1 which doesn't currently exist - will use if created",
        "(V): entering FAULT state (interface eth1 down)",
        "(V) entering FAULT state (no IPv4 address for interface)",
        "(V) entering FAULT state",
    ]
    assert states(trace) == [(0.0, "FAULT"), (14.0, "BACKUP"), (17.4, "MASTER")]
    assert [(e.t, e.fields["up"]) for e in trace.of("interface", server="a")] == [(0, False), (14, True)]


def test_without_dynamic_interfaces_the_daemon_does_not_start_before_the_card() -> None:
    start = "{at_s: 20, action: daemon_start, server: a}"
    trace = run(scenario(conf(150), conf(100), ADD, start))
    assert log(trace, 0, 14) == ["Non-existent interface specified in configuration"]
    assert "there is no eth1 now, and no dynamic_interfaces" in warnings(trace)
    assert states(trace)[0] == (20.0, "BACKUP")


def test_a_reload_while_the_card_is_away_finds_a_fault_and_refuses_nothing() -> None:
    again = '{at_s: 12, action: reload, server: a, config: "' + conf(150).replace("\n", "\\n") + '"}'
    trace = run(scenario(conf(150), conf(100), DELETE, again, ADD))
    lines = log(trace, 12, 14)
    assert "(V): entering FAULT state (interface eth1 down)" in lines
    assert "(V) entering FAULT state" not in lines
    assert states(trace, since_s=12) == [(14.0, "BACKUP"), (17.4, "MASTER")]


@pytest.mark.parametrize("kind", ["macvlan", "vlan"])
def test_a_deleted_parent_takes_its_vlans_and_macvlans_along(kind: str) -> None:
    gone = DELETE.replace("eth1", "eth0")
    own = f", parent: eth0, kind: {kind}"
    trace = run(scenario(conf(150), conf(100), gone, own=own))
    lines = log(trace, 10)
    first = "eth0" if kind == "macvlan" else "eth1"  # the daemon watches the card that a macvlan is on
    assert lines[:2] == [f"Netlink reports {first} down", "(V) Entering FAULT STATE"]
    assert lines[-2:] == ["Interface eth1 deleted", "Interface eth0 deleted"]
    assert not any("error" in line for line in lines)
    # it cannot be made before its parent
    early = run(scenario(conf(150), conf(100), gone, ADD, own=own))
    assert "eth1 of a cannot be made, as there is no eth0" in warnings(early)
    back = ADD.replace("eth1", "eth0").replace("14", "13")
    whole = run(scenario(conf(150), conf(100), gone, back, ADD, own=own))
    assert states(whole, since_s=13) == [(14.0, "BACKUP"), (17.4, "MASTER")]


def test_the_card_that_a_macvlan_is_on_is_watched_with_it_until_the_macvlan_is_deleted() -> None:
    """Measured with 2.2.7: its lines say so; a macvlan made anew is not known to be one."""
    own = ", parent: eth0, kind: macvlan"
    down = "{at_s: 10, action: link_down, server: a, interface: eth0}"
    up = "{at_s: 14, action: link_up, server: a, interface: eth0}"
    trace = run(scenario(conf(150), conf(100), down, up, own=own))
    assert log(trace, 0, 1)[:2] == [ASSIGNED, "Assigned address 192.168.2.1 for interface eth0"]
    told = [line for line in log(trace, 10, 15) if line.startswith("Netlink")]
    assert told == [f"Netlink reports {c} {w}" for w in ("down", "up") for c in ("eth0", "eth1")]
    gone, back = DELETE.replace("eth1", "eth0"), ADD.replace("eth1", "eth0").replace("14", "13")
    trace = run(scenario(conf(150), conf(100), gone, back, ADD, own=own))
    assert [line for line in log(trace, 13, 15) if line.startswith("Netlink")] == ["Netlink reports eth1 up"]
    assert states(trace, since_s=13) == [(14.0, "BACKUP"), (17.4, "MASTER")]


def test_a_bond_outlives_its_ports_and_has_carrier_while_one_is_there() -> None:
    ports = "eth0: {segment: lan}, eth2: {segment: lan}, "
    own = ", parent: [eth0, eth2], kind: bond"
    first, second = (
        f"{{at_s: {t}, action: interface_delete, server: a, interface: {i}}}"
        for t, i in ((9, "eth0"), (11, "eth2"))
    )
    trace = run(scenario(conf(150), conf(100), first, second, cards=ports, own=own))
    assert states(trace, since_s=9) == [(11.0, "FAULT")]
    assert "Interface eth1 deleted" not in log(trace, 9)


def test_a_vlan_is_set_down_and_up_with_its_card_and_a_macvlan_only_loses_its_carrier() -> None:
    """Linux: 8021q sets VLANs down (their IPv6 addresses go), a macvlan is M-DOWN and keeps what it has."""
    down, up = (
        f"{{at_s: {t}, action: link_{w}, server: a, interface: eth0}}" for t, w in ((10, "down"), (14, "up"))
    )
    v6 = "fe80::7:100/64"
    gone = {}
    for kind in ("vlan", "macvlan"):
        mine = conf(150, "version 3", vip=v6)
        own = f", parent: eth0, kind: {kind}"
        trace = run(scenario(mine, conf(100, "version 3", vip=v6), down, up, own=own))
        assert states(trace, since_s=10) == [(10.0, "FAULT"), (14.0, "BACKUP"), (17.4, "MASTER")]
        gone[kind] = len(trace.of("address_removed", server="a"))
    assert gone["vlan"] == gone["macvlan"] + 1  # the link-local one
    alone = "{at_s: 8, action: link_down, server: a, interface: eth1}"
    trace = run(scenario(conf(150), conf(100), alone, down, up, own=", parent: eth0, kind: vlan"))
    assert states(trace, since_s=8)[:2] == [(8.0, "FAULT"), (14.0, "BACKUP")]
    refused = "{at_s: 12, action: link_up, server: a, interface: eth1}"
    trace = run(scenario(conf(150), conf(100), down, refused, own=", parent: eth0, kind: vlan"))
    assert "eth1 of a cannot be set up while eth0 is down" in warnings(trace)


def test_what_is_done_to_a_card_that_is_not_there_is_told_and_not_done() -> None:
    twice = ADD.replace("14", "16")
    up = "{at_s: 12, action: link_up, server: a, interface: eth1}"
    trace = run(scenario(conf(150), conf(100), DELETE, DELETE, up, ADD, twice))
    assert warnings(trace).count("does not exist now: nothing is done") == 2
    assert "is there already: nothing is done" in warnings(trace)
    assert states(trace, since_s=14) == [(14.0, "BACKUP"), (17.4, "MASTER")]


def test_a_server_that_boots_has_the_cards_of_its_configuration() -> None:
    off, on = (f"{{at_s: {t}, action: power_{w}, server: a}}" for t, w in ((12, "off"), (14, "on")))
    trace = run(scenario(conf(150), conf(100), DELETE, off, on))
    assert states(trace, since_s=14) == [(14.0, "BACKUP"), (17.4, "MASTER")]


def test_a_new_card_may_be_made_on_another_parent_and_that_is_written_down() -> None:
    cards = "eth0: {segment: lan}, eth2: {segment: lan}, "
    moved = ADD.replace("eth1", "eth1, parent: eth2, kind: macvlan")
    out = "{at_s: 20, action: carrier_down, server: a, interface: eth2}"
    made = scenario(
        conf(150), conf(100), DELETE, moved, out, cards=cards, own=", parent: eth0, kind: macvlan"
    )
    assert states(run(made), since_s=14) == [(14.0, "BACKUP"), (17.4, "MASTER"), (20.0, "FAULT")]
    assert [a.as_dict() for a in scenario_from_text(made.to_yaml()).actions] == [
        a.as_dict() for a in made.actions
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", parent: eth0", "has no 'kind'"),
        (", parent: eth9, kind: vlan", "eth9"),
        (", parent: [eth0, eth2], kind: vlan", "2 parents"),
        (", kind: vlan", "has no 'parent'"),
    ],
)
def test_a_new_card_that_cannot_be_is_told(more: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        scenario(
            conf(150),
            conf(100),
            ADD.replace("eth1", "eth1" + more),
            cards="eth0: {segment: lan}, eth2: {segment: lan}, ",
        )
