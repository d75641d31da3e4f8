"""What a run does not have is refused where it is asked for, with the nearest name; what it has is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vrrplab import VrrplabError, decode, encode, ip_a, outage_s, simulate, variant, views
from vrrplab.data_files import data_path
from vrrplab.notebook.captures import read_pcap
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import builtin_scenarios, load_scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace, make_event, read_trace

DRILL = run(load_scenario("article-drill-1-lan-nic"))
S1 = "proxy-serv01"


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda t: t.owner("192.168.2.111", 5), "no address '192.168.2.111' in this trace: did you mean"),
        (
            lambda t: t.owners("192.168.2.1O1", 5),
            "no address '192.168.2.1O1' .* did you mean '192.168.2.101'",
        ),
        (lambda t: t.holders("10.9.9.9/24"), "no address '10.9.9.9/24' in this trace"),
        (lambda t: t.outages("proxyserv"), "no target 'proxyserv' of any client: did you mean 'proxy-serv'"),
        (lambda t: t.disturbances("x"), "no target 'x' of any client: there are proxy-serv, 192.168.2.101"),
        (lambda t: t.states("proxy_ip3"), "no instance 'proxy_ip3' in this trace: did you mean 'proxy_ip"),
        (lambda t: t.states("", "proxyserv01"), "no server 'proxyserv01' in this trace: did you mean"),
        (lambda t: t.state_at(5, "serv01", "proxy_ip1"), "no server 'serv01' in this trace: did you mean"),
        (lambda t: t.state_at(5, S1, "proxyip1"), "no instance 'proxyip1' on proxy-serv01: did you mean"),
        (lambda t: t.state_at(5, "proxy_ip1", S1), "no server 'proxy_ip1' in this trace"),
        (lambda t: t.why(5, S1, "proxy_ip9"), "no instance 'proxy_ip9' on proxy-serv01: did you mean"),
        (lambda t: t.why(5, None, "proxy_ip1"), "no server None"),
        (lambda t: t.why_out("proxy", 13), "no target 'proxy' of any client: did you mean 'proxy-serv'"),
        (lambda t: t.of("stat"), "no kind of event 'stat' here: did you mean 'state'"),
        (lambda t: t.of("state", server="serv"), "no server 'serv'"),
        (lambda t: t.of(instance="V1"), "no instance 'V1'"),
        (lambda t: outage_s(t, "192.168.2.111"), "no target '192.168.2.111' of any client: did you mean"),
        (lambda t: views.anatomy.figure(t, target="proxyserv"), "no target 'proxyserv'"),
        (lambda t: views.ladder.figure(t, instance="proxy_ip3"), "no instance 'proxy_ip3'"),
        (lambda t: views.distribution.outages_of([t], "192.168.2.111"), "no target '192.168.2.111'"),
    ],
)
def test_a_typing_mistake_is_no_answer(ask: Callable[[Trace], Any], words: str) -> None:
    for trace in (DRILL, DRILL.between(2, 20)):
        with pytest.raises(VrrplabError, match=words) as told:
            ask(trace)
        assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", builtin_scenarios())
def test_every_name_of_the_cast_can_be_asked_for(name: str) -> None:
    scenario = load_scenario(name)
    trace = run(scenario)
    for address in scenario.virtual_addresses():
        for spelling in (address, f"{address}/24", address.upper()):
            assert trace.owners(spelling, 5) == trace.owners(address, 5)
            assert trace.outages(spelling) == trace.outages(address)
    for client in scenario.clients.values():
        for probe in client.probes:
            trace.outages(probe.target), trace.why_out(probe.target, 5)
    for server, cast in scenario.servers.items():
        for instance in cast.node.instances:
            assert trace.state_at(5, server, instance.name) in ("MASTER", "BACKUP", "FAULT")
            trace.why(5, server, instance.name)
        for card in cast.interfaces.values():
            for own in card.addresses:
                assert trace.owner(own, 5) == server


def test_a_servers_own_address_goes_and_comes_with_its_power() -> None:
    trace = run(load_scenario("power-off"))
    (off, on) = (e.t for e in trace.of("action"))
    own = "192.168.2.251"
    assert [trace.owner(own, at_s) for at_s in (off - 1, off + 1, on + 1)] == [S1, None, S1]


def test_an_address_that_is_configured_and_never_taken_is_a_name_of_the_run() -> None:
    edit = {"interface eth0": "interface eth9"}
    silent = simulate(variant("article-steady", edit={"proxy-serv01": edit, "proxy-serv02": edit}))
    assert silent.owner("192.168.2.101", 10) is None


def test_one_address_however_it_is_spelled() -> None:
    trace = run(load_scenario("lesson-ipv6"))
    (address, *_) = (a for a in trace.addresses if ":" in a and not a.startswith("fe80"))
    from ipaddress import ip_address

    long = ip_address(address).exploded
    for spelling in (long, long.upper(), f"{long}/64", f"{address}/128"):
        assert trace.owner(spelling, 12) == trace.owner(address, 12) is not None
        assert trace.outages(spelling) == trace.outages(address)
        assert outage_s(trace, spelling) == outage_s(trace, address)


def test_a_reload_brings_names() -> None:
    told = {"instances": {"new": {"virtual_addresses": ["10.7.7.7/24"]}}}
    trace = Trace([*DRILL.events, make_event(20_000_000, "configuration", {"server": S1, **told})])
    assert trace.owner("10.7.7.7", 25) is None
    assert trace.state_at(25, S1, "new") == "INIT"
    assert "has not started" in trace.why(25, S1, "new")


def test_a_trace_from_a_file_knows_the_same_names(tmp_path: Path) -> None:
    DRILL.save(tmp_path / "drill.jsonl")
    again = read_trace(tmp_path / "drill.jsonl")
    assert again.owner("192.168.2.101/24", 5) == S1
    with pytest.raises(VrrplabError, match=r"did you mean '192\.168\.2\.101'"):
        again.owner("192.168.2.111", 5)


def test_without_a_cast_the_names_are_those_that_events_bear() -> None:
    bare = Trace([e for e in DRILL if e.event not in ("scenario", "outage")])
    assert bare.owner("192.168.2.101", 5) == S1
    assert bare.state_at(5, S1, "proxy_ip1") == "MASTER"
    with pytest.raises(VrrplabError, match="no server 'proxy-serv03' in this trace: did you mean"):
        bare.states(server="proxy-serv03")
    nothing = Trace([])
    assert (nothing.owner("10.0.0.1", 0), nothing.outages("10.0.0.1"), nothing.states("x")) == (None, [], [])


def test_of_a_recording_and_of_a_capture(tmp_path: Path) -> None:
    folder = data_path("recordings") / "article_drill1_eth0_down_up"
    recorded, captured = read_recording(folder), read_pcap(folder / "capture.pcap").to_trace()
    for trace, address in ((recorded, "192.168.2.101"), (captured, "192.168.2.101")):
        assert trace.owner(address, 5) is not None
        for instance, server in trace.instances:
            trace.why(5, server, instance)
        with pytest.raises(VrrplabError, match="did you mean"):
            trace.owner("192.168.2.111", 5)


def test_many_names_are_not_all_listed() -> None:
    cast = {"servers": {f"s{n}": {} for n in range(500)}}
    with pytest.raises(VrrplabError) as told:
        Trace([make_event(0, "scenario", cast)]).states(server="t1")
    assert str(told.value).endswith("s18, s19 and 480 more")


@pytest.mark.parametrize("wrong", ["ff", 5, None, [255], DRILL])
def test_decode_says_what_it_wants(wrong: Any) -> None:
    with pytest.raises(VrrplabError, match=r"^decode\(\) takes bytes, not ") as told:
        decode(wrong)
    assert ("bytes.fromhex" in str(told.value)) == isinstance(wrong, str)
    with pytest.raises(VrrplabError, match=r"^encode\(\) takes a Frame, as decode"):
        encode(wrong)


def test_decode_takes_whatever_holds_bytes() -> None:
    frame = bytes.fromhex("01005e000012")
    assert decode(bytearray(frame)).raw == decode(memoryview(frame)).raw == decode(frame).raw == frame


def test_an_interface_of_a_server() -> None:
    assert str(ip_a(DRILL, S1, 5, "eth1")).startswith("proxy-serv01 at 5 s$ ip a show eth1")
    with pytest.raises(VrrplabError, match="no interface 'eth7' on proxy-serv01: did you mean 'eth"):
        ip_a(DRILL, S1, 5, "eth7")
