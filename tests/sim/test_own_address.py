"""Adverts from a server's own address: as a unicast peer it hears itself, another host it does not."""

from __future__ import annotations

from pathlib import Path

from sim_builders import conf, two_routers

from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.play import run


def test_a_master_that_is_its_own_peer_says_so_at_every_advert(tmp_path: Path) -> None:
    """Measured with 2.2.7: the line comes with each advert, no ARP, and the peer hears all."""
    peers = "unicast_peer { 192.168.2.251 \n 192.168.2.252 \n }"
    mine, other = conf(150, extra=peers), conf(100, extra=peers)
    trace = run(two_routers(tmp_path, mine, other, duration_s=10))
    said = "(V1) WARNING - equal priority advert received from remote host with our IP address."
    lines = [e.t for e in trace.of("log", server="r1") if e.fields["line"] == said]
    sent = list(trace.of("advert_sent", server="r1"))
    assert len(lines) == len(sent) == 7
    assert {e.fields["destination"] for e in sent} == {"192.168.2.252"}
    assert not trace.of("advert_failed")
    assert [e.fields["to"] for e in trace.of("state", server="r1")] == ["BACKUP", "MASTER"]
    assert [e.fields["to"] for e in trace.of("state", server="r2")] == ["BACKUP"]


def test_two_servers_with_the_same_address_do_not_hear_each_other(tmp_path: Path) -> None:
    """Measured with 2.2.7: both are MASTER, and neither logs a word; Linux drops the packets."""
    text = two_routers(tmp_path, conf(100), conf(100)).to_yaml().replace("192.168.2.252", "192.168.2.251")
    trace = run(scenario_from_text(text, tmp_path))
    assert [trace.state_at(15, name, "V1") for name in ("r1", "r2")] == ["MASTER", "MASTER"]
    assert not [e for e in trace.of("log") if "WARNING" in e.fields["line"]]
    told = trace.why(15, "r2", "V1")
    assert "it bears an address of the receiver's own, so its kernel drops it" in told
    assert "give each server an address of its own" in told
