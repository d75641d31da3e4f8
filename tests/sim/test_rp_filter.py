"""``rp_filter`` of a host: adverts and clients that the kernel drops before anybody sees them."""

from __future__ import annotations

import pytest

from vrrplab.errors import DropReason, ScenarioError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run
from vrrplab.tell import table
from vrrplab.trace import Trace
from vrrplab.trace.events import WarningEvent


def cluster(
    rp_filter: int,
    *,
    own: str = "/24",
    vip: str = "/24",
    card: str = "eth0",
    options: str = "",
    eth1: bool = False,
) -> Scenario:
    """a (priority 150) and b (100), one client; with ``eth1`` a second card each, in the same subnet."""

    def server(name: str, number: int, priority: int) -> str:
        second = f", eth1: {{segment: lan, addresses: [192.168.2.1{number}/24]}}" if eth1 else ""
        return f"""
  {name}:
    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.{number}{own}]}}{second}}}
    host: {{rp_filter: {rp_filter}}}
    config: |
      vrrp_instance V1 {{
        interface {card}
        virtual_router_id 51
        priority {priority}
        {options}
        virtual_ipaddress {{
          192.168.2.100{vip}
        }}
      }}"""

    return scenario_from_text(f"""
duration_s: 16
segments: {{lan: {{subnet: 192.168.2.0/24}}}}
servers:{server("a", 1, 150)}{server("b", 2, 100)}
clients:
  pc:
    segment: lan
    addresses: [192.168.2.3/24]
    probes: [{{kind: icmp, target: 192.168.2.100, every_s: 0.02}}]
""")


def states(trace: Trace, server: str) -> list[str]:
    return [str(e.fields["to"]) for e in trace.of("state", server=server)]


def told(trace: Trace) -> list[str]:
    return [str(e.fields["text"]) for e in trace.of("warning") if e.fields["text"].startswith("rp_filter")]


@pytest.mark.parametrize("rp_filter", [1, 2])
def test_on_32_addresses_the_standby_flaps_with_the_route_that_the_virtual_address_brings(
    rp_filter: int,
) -> None:
    """Measured with 2.2.7, both modes: MASTER, hears the other at once, BACKUP, every 3.6 s.

    (Or an advert interval later: it is a race between the other's answer and the address.)
    """
    trace = run(cluster(rp_filter, own="/32"))
    assert states(trace, "a") == ["BACKUP", "MASTER"]
    assert states(trace, "b") == ["BACKUP", *["MASTER", "BACKUP"] * 4]
    dropped = trace.of("advert_dropped", server="b")
    assert {e.fields["reason"] for e in dropped} == {DropReason.RP_FILTER.name}
    assert told(trace) == [
        f"rp_filter {rp_filter} on b: adverts from 192.168.2.1 are dropped at eth0 before keepalived hears"
        " them (no route leads to 192.168.2.1)"
    ]


@pytest.mark.parametrize(
    ("rp_filter", "end"), [(0, ["BACKUP"]), (1, ["BACKUP", "MASTER"]), (2, ["BACKUP", "MASTER"])]
)
def test_without_any_route_to_the_other_both_are_master(rp_filter: int, end: list[str]) -> None:
    """Measured with 2.2.7: /32 on the hosts, /32 for the virtual address."""
    trace = run(cluster(rp_filter, own="/32", vip="/32"))
    assert states(trace, "b") == end
    assert bool(trace.outages()) == bool(rp_filter)


@pytest.mark.parametrize(("rp_filter", "end"), [(0, ["BACKUP"]), (1, ["BACKUP", "MASTER"]), (2, ["BACKUP"])])
def test_the_second_card_in_a_subnet_hears_nobody_in_strict_mode(rp_filter: int, end: list[str]) -> None:
    """Measured with 2.2.7 on eth1 (recording rp_filter_second_card): the route through eth0 is older."""
    trace = run(cluster(rp_filter, card="eth1", eth1=True))
    assert states(trace, "b") == end
    adverts = [text for text in told(trace) if "adverts" in text]
    assert adverts == [
        f"rp_filter 1 on {me}: adverts from 192.168.2.1{other} are dropped at eth1 before keepalived hears"
        f" them (the route to 192.168.2.1{other} leads through eth0)"
        for me, other in (("b", 1), ("a", 2))
        if rp_filter == 1
    ]


@pytest.mark.parametrize("options", ["", "use_vmac", "use_vmac\n        vmac_xmit_base"])
def test_in_one_subnet_with_one_card_nothing_is_dropped(options: str) -> None:
    """Measured with 2.2.7: a VMAC is taken out of it, clients are answered."""
    trace = run(cluster(1, options=options))
    assert states(trace, "b") == ["BACKUP"]
    assert not told(trace)
    assert not trace.outages()


def test_the_daemon_says_that_it_takes_its_vmac_out_of_it() -> None:
    """The lines are those of 2.2.7, measured; a host that has it off is left alone."""
    stop = "actions: [{at_s: 10, action: daemon_stop, server: a}]"
    made = cluster(1, options="use_vmac").to_yaml().replace("actions: []", "") + stop
    trace = run(scenario_from_text(made))
    lines = [str(e.fields["line"]) for e in trace.of("log", server="a")]
    assert [line for line in lines if "VMAC" in line or "sysctl" in line] == [
        "(V1): Success creating VMAC interface vrrp.51",
        "NOTICE: setting sysctl net.ipv4.conf.default.rp_filter from 0 to 1",
        "NOTICE: setting sysctl net.ipv4.conf.all.rp_filter from 1 to 0",
        "NOTICE: resetting sysctl net.ipv4.conf.all.rp_filter to 1",
        "NOTICE: resetting sysctl net.ipv4.conf.default.rp_filter to 0",
        "(V1) Success removing VMAC interface vrrp.51",
    ]
    assert not [e for e in run(cluster(0, options="use_vmac")).of("log") if "sysctl" in e.fields["line"]]


def test_a_client_that_is_dropped_is_told_of_once() -> None:
    """It knows the second card's MAC address by the announcement; what it sends there is dropped."""
    trace = run(cluster(1, card="eth1", eth1=True))
    clients = [text for text in told(trace) if "192.168.2.3" in text]
    assert clients == [
        f"rp_filter 1 on {me}: what 192.168.2.3 sends to 192.168.2.100 is dropped at eth1 (the route to"
        " 192.168.2.3 leads through eth0), so it gets no answer"
        for me in ("a", "b")
    ]
    assert clients[1] in trace.why_out("192.168.2.100", 8)
    shown = " ".join(table.render(trace).split())
    assert [shown.count(f"! 3.414 s: {clients[0]}"), shown.count(f"s: {clients[1]}")] == [1, 0]  # a cause


def test_the_answers_read_fields_and_another_sentence_is_told_as_it_stands() -> None:
    trace = run(cluster(1, card="eth1", eth1=True))
    for event in trace.of(WarningEvent):
        event.text = f"in other words {event.t_us}"
    last = [e for e in trace.of(WarningEvent) if e.drops_by == "rp_filter" and e.server == "b"][-1]
    assert (last.address, last.source) == ("192.168.2.100", "192.168.2.3")
    assert last.text in trace.why_out("192.168.2.100", 8)


def test_what_is_dropped_of_one_client_is_no_cause_for_another() -> None:
    trace = run(cluster(1, card="eth1", eth1=True))
    for event in trace.of(WarningEvent):
        event.source = event.source and "192.168.2.4"
    assert "rp_filter" not in trace.why_out("192.168.2.100", 8)


def test_a_filter_that_drops_no_longer_is_no_cause_any_more() -> None:
    """An address with a prefix brings a route back to the client; what comes later has another cause."""
    actions = """actions:
- {at_s: 8, action: address_add, server: a, interface: eth0, address: 192.168.2.5/24}
- {at_s: 12, action: segment_fault, segment: lan, loss: 1.0}
"""
    made = cluster(1, own="/32", vip="/32").to_yaml().replace("actions: []\n", actions)
    trace = run(scenario_from_text(made))
    met = [(e.server, e.over) for e in trace.of(WarningEvent) if e.drops_by and e.server == "a"]
    assert met == [("a", None), ("a", True)]
    assert "let in again" not in table.render(trace)
    told = trace.why_out("192.168.2.100", 14)
    assert "the network lan" in told
    assert "rp_filter" not in told


def test_why_names_the_filter_and_its_cure() -> None:
    told = run(cluster(1, card="eth1", eth1=True)).why(8, "b", "V1")
    assert "5 adverts of a (192.168.2.11) came since 3.414 s and none was accepted: the reverse path" in told
    assert "set rp_filter to 0 there, or give the host a route back through that card" in told


def test_the_setting_is_read_written_and_checked() -> None:
    written = cluster(2).to_yaml()
    assert scenario_from_text(written).servers["a"].rp_filter == 2
    with pytest.raises(ScenarioError, match="rp_filter is 3 - it must be 0 to 2"):
        cluster(3)
