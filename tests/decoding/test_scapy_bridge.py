"""Scapy as a second opinion on real frames, and as a workshop for malformed ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scapy.layers.vrrp")

from vrrplab.decoding.scapy_bridge import from_scapy, to_scapy
from vrrplab.decoding.verdict import judge
from vrrplab.wire import links
from vrrplab.wire.frames import decode

FILE = Path(__file__).parents[2] / "data" / "frames" / "frames.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['kind']}-{vector['id']}")
def test_scapy_reads_the_same_values(vector: dict[str, Any]) -> None:
    frame = decode(bytes.fromhex(vector["hex"]))
    packet = to_scapy(frame)
    assert bytes(packet) == frame.raw
    assert frame.eth is not None
    assert (packet.src, packet.dst) == (frame.eth.source, frame.eth.destination)
    assert from_scapy(packet).raw == frame.raw
    if frame.arp is not None:
        arp = packet["ARP"]
        theirs = (arp.op, arp.hwsrc, arp.psrc, arp.hwdst, arp.pdst)
        assert theirs == (frame.arp.op, frame.arp.sender_mac, frame.arp.sender_ip, frame.arp.target_mac,
                          frame.arp.target_ip)  # fmt: skip
    elif frame.na is not None:
        na = packet["ICMPv6 Neighbor Discovery - Neighbor Advertisement"]
        assert (na.tgt, na.R, na.S, na.O) == (
            frame.na.target,
            frame.na.router,
            frame.na.solicited,
            frame.na.override,
        )
        assert na.payload.lladdr == frame.na.mac
    elif frame.ah is not None:
        # Scapy stops at AH: VRRP behind it is a Raw layer
        assert (packet["AH"].spi, packet["AH"].seq, packet["AH"].icv) == (
            frame.ah.spi,
            frame.ah.sequence,
            frame.ah.icv,
        )
    else:
        advert = frame.vrrp
        assert advert is not None
        theirs = packet["VRRP" if advert.version == 2 else "VRRPv3"]
        unit_us = 1_000_000 if advert.version == 2 else 10_000
        assert (theirs.version, theirs.type, theirs.vrid, theirs.priority) == (
            advert.version, advert.type, advert.vrid, advert.priority,
        )  # fmt: skip
        assert (theirs.ipcount, theirs.adv * unit_us, theirs.chksum) == (
            advert.count, advert.interval_us, advert.checksum,
        )  # fmt: skip
        assert tuple(theirs.addrlist) == advert.addresses
        if advert.version == 2:
            data = theirs.auth1.to_bytes(4, "big") + theirs.auth2.to_bytes(4, "big")
            assert (theirs.authtype, data) == (advert.auth_type, advert.auth_data)


def test_a_learner_builds_a_bad_packet_and_sees_our_verdict() -> None:
    from scapy.layers.inet import IP
    from scapy.layers.l2 import Ether
    from scapy.layers.vrrp import VRRPv3

    good = Ether(src="00:00:5e:00:01:07") / IP(src="10.0.0.1", dst="224.0.0.18", ttl=255) / VRRPv3(
        vrid=7, ipcount=1, addrlist=["10.0.0.9"]
    )  # fmt: skip
    assert judge(from_scapy(good)).accepted
    far = good.copy()
    far["IP"].ttl = 64
    assert [r.name for r in judge(from_scapy(far)).reasons] == ["BAD_TTL"]
    wrong = good.copy()
    wrong["VRRPv3"].chksum = 1
    assert [r.name for r in judge(from_scapy(wrong)).reasons] == ["BAD_CHECKSUM"]
    liar = good.copy()
    liar["VRRPv3"].ipcount = 3
    assert judge(from_scapy(liar)).reasons[0].name == "BAD_LENGTH"


def test_packets_without_ethernet() -> None:
    from scapy.layers.inet import IP
    from scapy.layers.l2 import CookedLinux
    from scapy.layers.vrrp import VRRP

    packet = IP(src="10.0.0.1", dst="224.0.0.18", ttl=255) / VRRP(vrid=7, addrlist=["10.0.0.9"])
    bare = from_scapy(packet)
    assert (bare.link_type, bare.kind) == (links.RAW, "vrrp")
    cooked = from_scapy(CookedLinux(proto=0x0800) / packet)
    assert (cooked.link_type, cooked.kind) == (links.LINUX_SLL, "vrrp")
    assert bytes(to_scapy(bare)) == bare.raw
    assert bytes(to_scapy(cooked)) == cooked.raw
    with pytest.raises(ValueError, match="no layer"):
        to_scapy(decode(b"", 105))


def test_a_message_that_scapy_built_alone() -> None:
    """Without IP below it Scapy's layer is a message alone, not an odd Ethernet frame. (Scapy itself cannot
    write VRRPv3's addresses then: it asks the IP layer for their size.)
    """
    from scapy.layers.vrrp import VRRP, VRRPv3

    frame = from_scapy(VRRP(vrid=51, priority=150, addrlist=["192.168.2.100"]))
    assert frame.vrrp is not None
    assert frame.vrrp.addresses == ("192.168.2.100",)
    assert frame.vrrp.checksum_ok
    assert to_scapy(frame).haslayer(VRRP)
    newer = from_scapy(VRRPv3(vrid=51, chksum=0xD159))
    assert newer.vrrp is not None
    assert newer.vrrp.checksum_ok is None
    assert to_scapy(newer).haslayer(VRRPv3)
