"""Addresses that somebody takes away or adds behind keepalived's back."""

from __future__ import annotations

from pathlib import Path

from sim_builders import conf, two_routers

from vrrplab.sim.play import run


def test_a_virtual_address_taken_off_a_vmac_is_gone_from_the_vmac(tmp_path: Path) -> None:
    """The real 2.2.7 names the VMAC interface, not the card below it."""
    actions = "[{at_s: 10, action: address_remove, server: r1, interface: eth0, address: 192.168.2.100}]"
    mine, other = conf(150, "MASTER", "use_vmac vrrp.51"), conf(100, extra="use_vmac vrrp.51")
    trace = run(two_routers(tmp_path, mine, other, actions=actions))
    gone = [e.fields["interface"] for e in trace.of("address_removed", server="r1") if e.t == 10]
    assert gone == ["vrrp.51"]
    lines = [e.fields["line"] for e in trace.of("log", server="r1") if e.t == 10]
    assert lines[0] == "Netlink reflector reports IP 192.168.2.100 removed from vrrp.51"
