"""Frames in tunnels and mirrors, built from the formats' own documents: what to put around an advert, and
what must be said of it. For the tests of wire, columns, witness and commands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vrrplab.wire import links
from vrrplab.wire.checksum import field_value, total
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.ip import IPv4Header, IPv6Header
from vrrplab.wire.vrrp import Advertisement

OUTER, INNER, VIP = ("203.0.113.1", "203.0.113.2"), "198.51.100.1", "198.51.100.254"
VIRTUAL = "00:00:5e:00:01:07"
ADVERT = advert_frame(VIRTUAL, INNER, "224.0.0.18", Advertisement(2, 7, 200, 1_000_000, (VIP,)))
ADVERT6 = advert_frame(
    "00:00:5e:00:02:07", "fe80::1", "ff02::12", Advertisement(3, 7, 200, 1_000_000, ("fe80::77",))
)
_ETHERNET = bytes.fromhex("020000000002020000000001")


def ethernet(ethertype: int, payload: bytes) -> bytes:
    return _ETHERNET + ethertype.to_bytes(2, "big") + payload


def ipv4(protocol: int, payload: bytes, flags: int = 0, offset: int = 0) -> bytes:
    header = IPv4Header(*OUTER, protocol, 64, 0, flags=flags, fragment_offset=offset)
    return ethernet(0x0800, header.emit(payload))


def ipv6(protocol: int, payload: bytes) -> bytes:
    return ethernet(0x86DD, IPv6Header("2001:db8::1", "2001:db8::2", protocol, 64, 0).emit(payload))


def udp(port: int, payload: bytes) -> bytes:
    return ipv4(17, (50000).to_bytes(2, "big") + port.to_bytes(2, "big") + _length(payload) + payload)


def _length(payload: bytes) -> bytes:
    return (8 + len(payload)).to_bytes(2, "big") + b"\0\0"


def gre(protocol: int, payload: bytes, flags: int = 0, fields: bytes = b"") -> bytes:
    return ipv4(47, flags.to_bytes(2, "big") + protocol.to_bytes(2, "big") + fields + payload)


def snap(frame: bytes) -> bytes:
    inner = b"\xaa\xaa\x03\0\0\0" + frame[12:]
    return frame[:12] + len(inner).to_bytes(2, "big") + inner


def erspan_3(frame: bytes, has_subheader: bool) -> bytes:
    last = 0x0001 if has_subheader else 0
    head = bytes.fromhex("20000007") + bytes(4) + bytes(2) + last.to_bytes(2, "big")
    return gre(0x22EB, head + bytes(8 * has_subheader) + frame, 0x1000, bytes((0, 0, 0, 1)))


def aggregated(frame: bytes) -> bytes:
    """The only one of an A-MSDU, from an access point."""
    inner = b"\xaa\xaa\x03\0\0\0" + frame[12:]
    head = bytes.fromhex("88020000") + frame[:6] + b"\2\0\0\0\0\x0a" + frame[6:12] + b"\0\0\x80\0"
    return head + frame[:12] + len(inner).to_bytes(2, "big") + inner


def wireless(frame: bytes) -> bytes:
    """From a station to its access point: receiver, transmitter, destination."""
    head = bytes.fromhex("08010000") + b"\2\0\0\0\0\x0a" + frame[6:12] + frame[:6] + b"\0\0"
    return head + b"\xaa\xaa\x03\0\0\0" + frame[12:]


class Form(NamedTuple):
    """``wrap`` puts it around a frame; ``path`` is what must be said; ``takes``: ``frame`` it is put around.

    ``tshark``: does Wireshark open it without being told to?
    """

    wrap: Callable[[bytes], bytes]
    path: str
    link_type: int = links.ETHERNET
    frame: bytes = ADVERT
    tshark: bool = True


V4, V6 = b"\x08\0", b"\x86\xdd"
FORMS: dict[str, Form] = {
    "vxlan": Form(lambda f: udp(4789, bytes.fromhex("0800000000002a00") + f), "VXLAN 42"),
    "vxlan-linux": Form(lambda f: udp(8472, bytes.fromhex("0800000000002a00") + f), "VXLAN 42", tshark=False),
    "vxlan-gpe": Form(lambda f: udp(4790, bytes.fromhex("0c00000300002a00") + f), "VXLAN-GPE 42"),
    "vxlan-gpe-ip": Form(lambda f: udp(4790, bytes.fromhex("0c00000100002a00") + f[14:]), "VXLAN-GPE 42"),
    "geneve": Form(lambda f: udp(6081, bytes.fromhex("0000655800002a00") + f), "GENEVE 42"),
    "geneve-options": Form(
        lambda f: udp(6081, bytes.fromhex("0200655800002a000102030100000000") + f), "GENEVE 42"
    ),
    "geneve-ip": Form(lambda f: udp(6081, bytes.fromhex("0000080000002a00") + f[14:]), "GENEVE 42"),
    "gre-ip": Form(lambda f: gre(0x0800, f[14:]), "GRE"),
    "gre-ipv6": Form(lambda f: gre(0x86DD, f[14:]), "GRE", frame=ADVERT6),
    "gre-ethernet-key": Form(lambda f: gre(0x6558, f, 0x2000, bytes((0, 0, 0, 9))), "GRE 9"),
    "gre-checksum": Form(
        lambda f: gre(
            0x0800,
            f[14:],
            0x8000,
            field_value(total(bytes.fromhex("8000080000000000") + f[14:])).to_bytes(2, "big") + b"\0\0",
        ),
        "GRE",
    ),
    "gre-pptp": Form(
        lambda f: gre(0x880B, b"\xff\x03\0\x21" + f[14:], 0x3001, bytes.fromhex("003200010000000a")), "GRE"
    ),
    "erspan-1": Form(lambda f: gre(0x88BE, f), "ERSPAN I"),
    "erspan-2": Form(
        lambda f: gre(0x88BE, bytes.fromhex("1000000700000000") + f, 0x1000, bytes((0, 0, 0, 1))),
        "ERSPAN II 7",
    ),
    "erspan-3": Form(lambda f: erspan_3(f, False), "ERSPAN III 7"),
    "erspan-3-subheader": Form(lambda f: erspan_3(f, True), "ERSPAN III 7"),
    "tzsp": Form(lambda f: udp(37008, bytes.fromhex("0100000101") + f), "TZSP"),
    "tzsp-tags": Form(lambda f: udp(37008, bytes.fromhex("01000001000a01050001") + f), "TZSP"),
    "ipip": Form(lambda f: ipv4(4, f[14:]), "IP-in-IP"),
    "6in4": Form(lambda f: ipv4(41, f[14:]), "6in4", frame=ADVERT6),
    "4in6": Form(lambda f: ipv6(4, f[14:]), "4in6"),
    "6in6": Form(lambda f: ipv6(41, f[14:]), "IPv6-in-IPv6", frame=ADVERT6),
    "etherip": Form(lambda f: ipv4(97, b"\x30\0" + f), "EtherIP"),
    "mpls": Form(lambda f: ethernet(0x8847, bytes.fromhex("000640ff000641ff") + f[14:]), "MPLS 100"),
    "mpls-ethernet": Form(lambda f: ethernet(0x8847, bytes.fromhex("000641ff00000000") + f), "MPLS 100"),
    "mpls-llc-snap": Form(
        lambda f: ethernet(0x8847, bytes.fromhex("000641ff") + snap(f)), "MPLS 100 > LLC/SNAP", tshark=False
    ),
    "mpls-in-udp": Form(lambda f: udp(6635, bytes.fromhex("000641ff") + f[14:]), "MPLS 100"),
    "pppoe": Form(
        lambda f: ethernet(
            0x8864, bytes.fromhex("11000001") + (len(f) - 12).to_bytes(2, "big") + b"\0\x21" + f[14:]
        ),
        "PPPoE 1",
    ),
    "802.1ah": Form(lambda f: ethernet(0x88E7, bytes.fromhex("0000002a") + f), "802.1ah 42"),
    "802.1ah-in-802.1ad": Form(
        lambda f: ethernet(0x88A8, bytes.fromhex("000588e70000002a") + f), "802.1ah 42"
    ),
    "macsec-not-enciphered": Form(
        lambda f: ethernet(0x88E5, b"\0\0" + bytes(4) + f[12:] + bytes(16)), "MACsec"
    ),
    "nsh": Form(lambda f: ethernet(0x894F, bytes.fromhex("0fc2020300002aff") + f), "NSH 42"),
    "cmd": Form(lambda f: f[:12] + bytes.fromhex("8909010100010007") + f[12:], "CMD"),
    "llc-snap": Form(snap, "LLC/SNAP"),
    "llc-snap-vlan": Form(lambda f: f[:12] + bytes.fromhex("8100000a") + snap(f)[12:], "LLC/SNAP"),
    "ppp": Form(lambda f: b"\xff\x03\0\x21" + f[14:], "PPP", links.PPP),
    "ppp-compressed": Form(lambda f: b"\x21" + f[14:], "PPP", links.PPP),
    "ppp-pppoe": Form(
        lambda f: bytes.fromhex("11000001") + (len(f) - 12).to_bytes(2, "big") + b"\0\x21" + f[14:],
        "PPPoE 1",
        links.PPP_ETHER,
    ),
    "mpls-link": Form(lambda f: bytes.fromhex("000641ff") + f[14:], "MPLS 100", links.MPLS, tshark=False),
    "cisco-hdlc": Form(lambda f: b"\x0f\0\x08\0" + f[14:], "", links.C_HDLC),
    "frame-relay": Form(lambda f: b"\x18\x41\x03\xcc" + f[14:], "", links.FRELAY),
    "frame-relay-cisco": Form(lambda f: b"\x18\x41\x08\0" + f[14:], "", links.FRELAY),
    "frame-relay-snap": Form(
        lambda f: bytes.fromhex("184103008000000008")[:8] + b"\x08\0" + f[14:], "", links.FRELAY
    ),
    "frame-relay-ppp": Form(lambda f: b"\x18\x41\x03\xcf\0\x21" + f[14:], "PPP", links.FRELAY),
    "802.11-aggregated": Form(aggregated, "LLC/SNAP", links.IEEE802_11),
    "802.11": Form(wireless, "LLC/SNAP", links.IEEE802_11),
    "radiotap": Form(lambda f: bytes.fromhex("0000080000000000") + wireless(f), "LLC/SNAP", links.RADIOTAP),
    "fddi": Form(lambda f: b"\x57" + f[:12] + b"\xaa\xaa\x03\0\0\0" + f[12:], "LLC/SNAP", links.FDDI),
    "nflog": Form(
        lambda f: b"\2\0\0\0" + (len(f) - 10).to_bytes(2, "little") + b"\x09\0" + f[14:], "", links.NFLOG
    ),
    "two-tunnels": Form(
        lambda f: udp(4789, bytes.fromhex("0800000000002a00") + gre(0x0800, f[14:])), "VXLAN 42 > GRE"
    ),
}

SEALED: dict[str, tuple[bytes, str]] = {
    "esp": (ipv4(50, bytes(40)), "ESP"),
    "esp-ipv6": (ipv6(50, bytes(40)), "ESP"),
    "esp-in-udp": (udp(4500, bytes((1, 2, 3, 4)) + bytes(40)), "ESP in UDP"),
    "macsec": (ethernet(0x88E5, b"\x0c\0" + bytes(40)), "MACsec"),
    "first-piece": (ipv4(4, ADVERT[14:], flags=1), "pieces of a tunnel"),
    "later-piece": (ipv4(47, bytes(40), offset=8), "pieces of a tunnel"),
    "gre-wccp": (gre(0x883E, bytes(40)), "GRE of another protocol"),
    "gre-routing": (gre(0x0800, bytes(40), 0x4000), "GRE with routing"),
    "vxlan-without-number": (udp(4789, bytes(8) + ADVERT), "VXLAN of another form"),
    "l2tp": (udp(1701, bytes(40)), "L2TP"),
    "ppp-compressed": (
        ethernet(0x8864, bytes.fromhex("110000010020") + b"\0\xfd" + bytes(30)),
        "PPP, compressed or in pieces",
    ),
    "mpls": (ethernet(0x8847, bytes.fromhex("000641ff") + b"\xff" * 40), "MPLS of another payload"),
    "cut-vxlan": (udp(4789, b"\x08\0\0")[:45], "cut off"),
}


def deep(times: int) -> bytes:
    """So many IP-in-IP around an advert."""
    packet = ADVERT[14:]
    for _ in range(times):
        packet = IPv4Header(*OUTER, 4, 64, 0).emit(packet)
    return ethernet(0x0800, packet)
