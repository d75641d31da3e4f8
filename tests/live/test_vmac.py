"""A live router with a virtual MAC (``use_vmac``) in namespaces, and what befalls its interface."""

from __future__ import annotations

import time

import pytest
from live_bench import VIP, Bench, fast, master, until

pytestmark = pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")
VMAC = "use_vmac vrrp.51"


def test_a_virtual_mac_comes_and_goes() -> None:
    """Input: use_vmac. Output: adverts and ARP from 00:00:5e:00:01:33; afterwards interface and settings as
    before.
    """
    with Bench(["r1"]) as bench:
        before = bench.inside.run("r1", "cat", "/proc/sys/net/ipv4/conf/eth0/arp_ignore")
        router = master(bench.vrrplab("r1", fast(150, more=VMAC)))
        assert f"{VIP}/24" in bench.ip("r1", "-o", "address", "show", "dev", "vrrp.51")
        time.sleep(0.5)
        sources = {f.eth.source for _, f in bench.frames() if f.vrrp is not None and f.eth is not None}
        assert sources == {"00:00:5e:00:01:33"}
        router.stop()
        assert "vrrp.51" not in bench.ip("r1", "link")
        assert bench.inside.run("r1", "cat", "/proc/sys/net/ipv4/conf/eth0/arp_ignore") == before


def test_an_ipv6_master_gets_the_address_back_that_it_speaks_from() -> None:
    """Input: use_vmac over IPv6; all addresses flushed from the VMAC; its link down and up; its base's
    address, then another one. Output: adverts go on each time, from the base's address, which is on the VMAC
    again, deprecated.
    """
    with Bench(["r1"]) as bench:
        router = master(
            bench.vrrplab("r1", fast(150, addresses=("fe80::100/64", "fd00:2::100/64"), more=VMAC))
        )

        def speaks(source: str) -> None:
            since_s = time.time()

            def heard() -> bool:
                adverts = bench.adverts()
                return sum(a.t_s > since_s and a.frame.ip.source == source for a in adverts) >= 3  # type: ignore[union-attr]

            until(heard, f"adverts from {source}; it said: {router.text()[-1000:]}")
            shown = bench.ip("r1", "-6", "-o", "address", "show", "dev", "vrrp.51").splitlines()
            assert [f" {source}/64 " in line for line in shown if "deprecated" in line] == [True]
            assert router.state() == "MASTER"

        own = bench.link_local("r1")
        speaks(own)
        bench.ip("r1", "-6", "address", "flush", "dev", "vrrp.51")
        speaks(own)
        bench.ip("r1", "link", "set", "vrrp.51", "down")
        until(lambda: router.state() == "FAULT", "FAULT")
        bench.ip("r1", "link", "set", "vrrp.51", "up")
        speaks(own)
        # the base has another one, and the old one is not on the VMAC to be taken off
        bench.ip("r1", "-6", "address", "delete", f"{own}/64", "dev", "vrrp.51")
        bench.ip("r1", "-6", "address", "delete", f"{own}/64", "dev", "eth0")
        bench.ip("r1", "-6", "address", "add", "fe80::77/64", "dev", "eth0", "nodad")
        speaks("fe80::77")


def test_a_vmac_that_somebody_deletes_is_made_again() -> None:
    """Input: ``ip link delete vrrp.51`` of a MASTER, of one in BACKUP four times, of one that was down.
    Output: the interface anew each time, at last MASTER again with the virtual address on it; nothing is left
    when it ends. keepalived 2.2.7 does the same.
    """
    with Bench(["r1"]) as bench:
        router = master(bench.vrrplab("r1", fast(150, more=VMAC)))

        def made_again() -> None:
            # Up, too: who deletes it while it is being made is told so.
            until(
                lambda: "vrrp.51" in bench.ip("r1", "link", "show", "up"),
                f"the VMAC again: {router.text()[-500:]}",
            )

        bench.ip("r1", "link", "delete", "vrrp.51")
        made_again()
        until(lambda: router.state() == "BACKUP", "BACKUP")
        for _ in range(4):
            bench.ip("r1", "link", "delete", "vrrp.51")
            made_again()
        bench.ip("r1", "link", "set", "vrrp.51", "down")
        until(lambda: router.state() == "FAULT", "FAULT")
        bench.ip("r1", "link", "delete", "vrrp.51")
        made_again()
        master(router)
        assert f"{VIP}/24" in bench.ip("r1", "-o", "address", "show", "dev", "vrrp.51")
        sources = {a.frame.eth.source for a in bench.adverts() if a.frame.eth is not None}
        assert sources == {"00:00:5e:00:01:33"}
        assert "could not be" not in router.text()
        router.stop()
        assert "vrrp.51" not in bench.ip("r1", "link")


def test_a_vmac_on_another_base_is_nobodys_leftover() -> None:
    """Input: a macvlan of the VMAC's name on eth1. Output: it stays as it is, and a warning says why."""
    with Bench(["r1"], ["eth0", "eth1"]) as bench:
        bench.ip("r1", "link", "add", "link", "eth1", "name", "vrrp.51", "type", "macvlan", "mode", "bridge")
        before = bench.ip("r1", "address", "show", "dev", "vrrp.51")
        router = bench.vrrplab("r1", fast(150, more=VMAC))
        until(lambda: "could not be made" in router.text(), "a warning")
        router.stop()
        assert "exists" in router.text()
        assert bench.ip("r1", "address", "show", "dev", "vrrp.51") == before


def test_what_a_killed_router_left_behind_is_taken_over() -> None:
    """Input: a macvlan of the VMAC's name, with another MAC and the virtual address, and a higher MASTER.
    Output: the right MAC; the address is taken off.
    """
    with Bench(["r1", "r2"]) as bench:
        master(bench.vrrplab("r1", fast(150, more=VMAC)))
        bench.ip("r2", "link", "add", "link", "eth0", "name", "vrrp.51", "type", "macvlan", "mode", "private")
        bench.ip("r2", "address", "add", f"{VIP}/24", "dev", "vrrp.51")
        router = bench.vrrplab("r2", fast(100, more=VMAC))
        until(lambda: router.state() == "BACKUP", "BACKUP")
        shown = bench.ip("r2", "address", "show", "dev", "vrrp.51")
        assert "00:00:5e:00:01:33" in shown
        assert VIP not in shown
