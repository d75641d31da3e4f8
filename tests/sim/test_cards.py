"""Cards as Linux has them: macvlans on them, their carrier, what an ``ifdown`` and a removal take along."""

from __future__ import annotations

import pytest

from vrrplab.errors import ScenarioError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.trace import Trace

IPV6 = ("fe80::51", "2001:db8:2::100/64")


def instance(priority: int, *options: str, addresses: tuple[str, ...] = ("192.168.2.100/24",)) -> str:
    return "\n      ".join(
        [
            "vrrp_instance V1 {",
            "interface eth0",
            "virtual_router_id 51",
            f"priority {priority}",
            *options,
            "virtual_ipaddress {",
            *addresses,
            "}",
            "}",
        ]
    )


def scenario(a: str, b: str, *actions: str, host: str = "{}") -> Scenario:
    return scenario_from_text(f"""
duration_s: 20
segments: {{lan: {{subnet: 192.168.2.0/24}}}}
servers:
  a:
    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.1/24, "2001:db8:2::1/64"]}}}}
    host: {host}
    config: |
      {a}
  b:
    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.2/24, "2001:db8:2::2/64"]}}}}
    config: |
      {b}
actions: [{", ".join(actions)}]
""")


def addresses(trace: Trace, event: str, at_s: float) -> list[str]:
    return [e.fields["address"] for e in trace.of(event, server="a") if e.t == at_s]


def states(trace: Trace, server: str, since_s: float = 0) -> list[str]:
    return [e.fields["to"] for e in trace.of("state", server=server) if e.t >= since_s]


def last_words(trace: Trace) -> int:
    return sum(e.fields["priority"] == 0 for e in trace.of("advert_sent", server="a"))


@pytest.mark.parametrize("over", [("192.168.2.100/24",), IPV6], ids=["IPv4", "IPv6"])
def test_a_frame_that_bears_a_macvlans_own_address_reaches_that_macvlan_alone(over: tuple[str, ...]) -> None:
    """Linux, measured with 2.2.7: two MASTERs one way round, none too many the other way."""
    version = ("version 3",) if over is IPV6 else ()
    vmac = ("use_vmac", *version)
    base = ("use_vmac", "vmac_xmit_base", *version)
    deaf = run(scenario(instance(150, *vmac, addresses=over), instance(100, *base, addresses=over)))
    assert states(deaf, "b") == ["BACKUP", "MASTER"]
    heard = run(scenario(instance(150, *base, addresses=over), instance(100, *vmac, addresses=over)))
    assert states(heard, "b") == ["BACKUP"]


def test_ifdown_flushes_scope_global_and_the_link_local_address_goes_with_the_link() -> None:
    """Recording ifdown_v6: the one farewell still leaves from the link-local source."""
    v6 = [instance(p, "version 3", addresses=IPV6) for p in (150, 100)]
    trace = run(scenario(*v6, "{at_s: 10, action: ifdown, server: a, interface: eth0}"))
    assert states(trace, "a", 10) == ["BACKUP", "FAULT"]
    assert last_words(trace) == 1
    gone = addresses(trace, "address_removed", 10)
    own = next(g for g in gone if g.startswith("fe80::") and g != "fe80::51/128")
    assert set(gone[: gone.index(own)]) >= {"192.168.2.1/24", "2001:db8:2::1/64", "2001:db8:2::100/64"}


def test_a_lost_carrier_takes_no_ipv6_address_and_is_no_error_for_the_sender() -> None:
    """Measured with 2.2.7 (a veth whose other end is set down): both farewells are lost in silence."""
    v6 = [instance(p, "version 3", addresses=IPV6) for p in (150, 100)]
    down, up = (
        f"{{at_s: {t}, action: carrier_{w}, server: a, interface: eth0}}"
        for t, w in ((10, "down"), (14, "up"))
    )
    trace = run(scenario(*v6, down, up))
    assert addresses(trace, "address_removed", 10) == ["fe80::51/128", "2001:db8:2::100/64"]
    assert not addresses(trace, "address_added", 14)
    assert [e.fields["reason"] for e in trace.of("advert_failed", server="a")] == ["no carrier"] * 2
    assert not any("error" in e.fields["line"] for e in trace.of("log", server="a"))
    assert states(trace, "a", 10) == ["FAULT", "BACKUP", "MASTER"]


def test_set_down_while_the_cable_is_out_flushes_ipv6_and_the_link_brings_its_own_back() -> None:
    """Linux: the link-local address is made anew, the others stay gone (recording ipv6_source_lost_*)."""
    v6 = [instance(p, "version 3", addresses=IPV6) for p in (150, 100)]
    steps = ((8, "carrier_down"), (9, "link_down"), (10, "link_up"), (11, "carrier_up"))
    trace = run(scenario(*v6, *(f"{{at_s: {t}, action: {w}, server: a, interface: eth0}}" for t, w in steps)))
    gone = addresses(trace, "address_removed", 9)
    assert len(gone) == 2
    assert "2001:db8:2::1/64" in gone
    assert not addresses(trace, "address_added", 10)
    assert [a for a in gone if a.startswith("fe80:")] == addresses(trace, "address_added", 11)


def test_an_ipv6_unicast_advert_cannot_leave_without_its_source() -> None:
    """Recording ipv6_source_lost_with_link: MASTER for the rest, and a line at every advert."""

    def one(priority: int, own: int) -> str:
        mine, other = f"2001:db8:2::{own}", f"2001:db8:2::{3 - own}"
        peer = (f"unicast_src_ip {mine}", "unicast_peer {", other, "}")
        return instance(priority, "version 3", *peer, addresses=IPV6)

    steps = ((8, "link_down"), (9, "link_up"))
    moves = [f"{{at_s: {t}, action: {act}, server: a, interface: eth0}}" for t, act in steps]
    trace = run(scenario(one(100, 1), one(150, 2), *moves))
    assert states(trace, "a", 8) == ["FAULT", "BACKUP", "MASTER"]
    assert states(trace, "b", 8) == []
    failed = [e for e in trace.of("log", server="a") if "(Invalid argument)" in e.fields["line"]]
    assert len(failed) > 5
    assert {e.fields["line"] for e in failed} == {"(V1) Cant send advert to 2001:db8:2::2 (Invalid argument)"}
    assert not [e for e in trace.of("advert_sent", server="a") if e.t > 9]


@pytest.mark.parametrize(
    ("options", "host"),
    [(("promote_secondaries",), "{}"), ((), "{promote_secondaries: true}")],
    ids=["by the daemon", "by the host"],
)
def test_promoted_secondaries_stay_when_the_first_address_goes(options: tuple[str, ...], host: str) -> None:
    """Recording promote_secondaries: FAULT with two farewells; without it BACKUP with one."""
    action = "{at_s: 10, action: address_remove, server: a, interface: eth0, address: 192.168.2.1/24}"
    trace = run(scenario(instance(150, *options), instance(100), action, host=host))
    assert states(trace, "a", 10) == ["FAULT"]
    assert last_words(trace) == 2
    usual = run(scenario(instance(150), instance(100), action))
    assert states(usual, "a", 10)[0] == "BACKUP"
    assert last_words(usual) == 1


def test_the_daemon_takes_back_what_it_set_for_the_card() -> None:
    """Measured with 2.2.7: net.ipv4.conf.eth0.promote_secondaries is 0, 1 while it runs, then 0."""
    stop = "{at_s: 8, action: daemon_stop, server: a}"
    add = "{at_s: 12, action: address_add, server: a, interface: eth0, address: 192.168.2.9/24}"
    gone = "{at_s: 13, action: address_remove, server: a, interface: eth0, address: 192.168.2.1/24}"
    mine = instance(150, "promote_secondaries")
    trace = run(scenario(mine, instance(100), stop, add, gone))
    assert addresses(trace, "address_removed", 13) == ["192.168.2.9/24", "192.168.2.1/24"]
    alive = run(scenario(mine, instance(100), add, gone))
    assert addresses(alive, "address_removed", 13)[0] == "192.168.2.1/24"


def test_a_host_has_no_unknown_settings_and_the_known_are_written_down() -> None:
    with pytest.raises(ScenarioError, match="promote_secondaries"):
        scenario(instance(150), instance(100), host="{promote_secondary: true}")
    made = scenario(instance(150), instance(100), host="{promote_secondaries: true}")
    assert scenario_from_text(made.to_yaml()).servers["a"].promote_secondaries


def on_cards(cards: str, *actions: str) -> Scenario:
    """One server with the virtual router on the last of these cards."""
    return scenario_from_text(f"""
duration_s: 20
segments: {{lan: {{subnet: 192.168.2.0/24}}, trunk: {{subnet: 10.0.0.0/24}}}}
servers:
  a:
    interfaces: {{{cards}}}
    config: |
      {instance(150).replace("eth0", "top")}
actions: [{", ".join(actions)}]
""")


VLAN = "eth0: {segment: trunk}, top: {segment: lan, addresses: [192.168.2.1/24], parent: eth0, kind: vlan}"
BOND = (
    "eth0: {segment: trunk}, eth1: {segment: trunk},"
    " top: {segment: lan, addresses: [192.168.2.1/24], parent: [eth0, eth1], kind: bond}"
)


@pytest.mark.parametrize("action", ["carrier_down", "link_down"])
def test_a_card_has_the_carrier_of_its_parent(action: str) -> None:
    """Measured with 2.2.7, instance on a macvlan: FAULT at once, as if its own cable was pulled."""
    trace = run(on_cards(VLAN, f"{{at_s: 10, action: {action}, server: a, interface: eth0}}"))
    assert states(trace, "a", 10) == ["FAULT"]
    assert [e.fields["interface"] for e in trace.of("interface") if e.t == 10] == ["eth0", "top"]
    back = action.replace("down", "up")
    again = "{at_s: 14, action: " + back + ", server: a, interface: eth0}"
    trace = run(on_cards(VLAN, f"{{at_s: 10, action: {action}, server: a, interface: eth0}}", again))
    assert states(trace, "a", 14) == ["BACKUP", "MASTER"]


def test_one_port_is_carrier_enough_for_a_bond() -> None:
    first, second = (
        f"{{at_s: {t}, action: carrier_down, server: a, interface: {i}}}"
        for t, i in ((8, "eth0"), (12, "eth1"))
    )
    assert not states(run(on_cards(BOND, first)), "a", 8)
    assert states(run(on_cards(BOND, first, second)), "a", 8) == ["FAULT"]


def test_a_host_hears_nothing_on_the_ports_of_a_bond() -> None:
    """Linux: what comes in at a port is the bond's; no socket hears it twice."""
    cards = BOND.replace("trunk", "lan")
    made = on_cards(cards).to_yaml()
    peer = """
  b:
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.2/24]}}
    config: |
      vrrp_instance V1 {
          interface eth0
          virtual_router_id 51
          priority 200
          virtual_ipaddress {
              192.168.2.100/24
          }
      }
"""
    trace = run(scenario_from_text(made.replace("servers:\n", f"servers:{peer}")))
    assert trace.of("advert_received", server="a")
    assert {e.fields["interface"] for e in trace.of("advert_received", server="a")} == {"top"}
    assert not trace.of("advert_dropped")


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("top: {segment: lan, parent: eth9, kind: vlan}", "'eth9', which does not exist"),
        ("top: {segment: lan, parent: eth0, kind: tunnel}", "'tunnel', which does not exist"),
        ("top: {segment: lan, parent: eth0}", "has no 'kind'"),
        ("top: {segment: lan, parent: [eth0, eth1], kind: vlan}", "vlan top has 2 parents"),
        ("top: {segment: lan, parent: [eth0, eth0], kind: bond}", "bond top has eth0 twice"),
        (
            "eth2: {segment: lan, parent: top, kind: vlan}, top: {segment: lan, parent: eth2, kind: vlan}",
            "eth2 is made on itself",
        ),
    ],
)
def test_a_parent_that_cannot_be_is_told(card: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        on_cards(f"eth0: {{segment: trunk}}, eth1: {{segment: trunk}}, {card}")


@pytest.mark.parametrize("cards", [VLAN, BOND])
def test_parents_are_written_down(cards: str) -> None:
    made = on_cards(cards)
    assert scenario_from_text(made.to_yaml()).servers["a"].interfaces == made.servers["a"].interfaces
