"""The kernel's program lets through what a watcher needs: run here, step by step, on frames."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.fhrp_frames import GLBP, HSRP_1, udp
from tests.wire.wrapped_frames import ADVERT, ADVERT6, FORMS, ipv4
from vrrplab.system.sniffer import FILTER, attach_filter
from vrrplab.wire.frames import garp_frame, na_frame, ns_frame

_SIZES = {0x20: 4, 0x28: 2, 0x30: 1, 0x48: 2, 0x50: 1}
_SUMS = {
    0x04: lambda a, x, k: a + k,
    0x0C: lambda a, x, k: a + x,
    0x54: lambda a, x, k: a & k,
    0x64: lambda a, x, k: a << k,
    0x74: lambda a, x, k: a >> k,
    0x87: lambda a, x, k: x,
}


def accepts(frame: bytes) -> bool:
    """Classic BPF as the kernel runs it; a load beyond the end refuses."""
    at, a, x = 0, 0, 0
    kept: dict[int, int] = {}
    while True:
        code, if_true, if_false, value = FILTER[at]
        at += 1
        if code == 0x06:
            return value > 0
        if code in (0x15, 0x45):
            at += if_true if (a == value if code == 0x15 else a & value) else if_false
        elif code == 0x05:
            at += value
        elif code in _SUMS:
            a = _SUMS[code](a, x, value)
        elif code == 0x02:
            kept[value] = a
        elif code == 0x60:
            a = kept[value]
        elif code == 0x07:
            x = a
        elif code == 0x01:
            x = value
        else:
            place, size = (value + x, _SIZES[code]) if code in (0x48, 0x50) else (value, _SIZES.get(code, 1))
            if place + size > len(frame):
                return False
            found = int.from_bytes(frame[place : place + size], "big")
            if code == 0xB1:
                x = 4 * (found & 15)
            else:
                a = found


MAC = "02:00:00:00:00:01"
WANTED = {
    "advert": ADVERT,
    "advert-ipv6": ADVERT6,
    "ah": ipv4(51, bytes(40)),
    "igmp": ipv4(2, bytes(8)),
    "arp": garp_frame(MAC, "192.0.2.1"),
    "na": na_frame(MAC, "fe80::1"),
    "hsrp": HSRP_1,
    "glbp": GLBP,
}
OTHERS = {
    "tcp": ipv4(6, bytes(40)),
    "udp": udp(53, bytes(40), "192.0.2.1"),
    "mdns": udp(5353, bytes(40), "224.0.0.251"),
    "ns": ns_frame(MAC, "fe80::1", "fe80::2"),
    "short": bytes(10),
}
# What a program without loops does not tell, or what the kernel takes off before it runs
UNTOLD = {
    "gre-pptp": "PPP inside",
    "tzsp-tags": "tags are a list",
    "mpls-in-udp": "rare",
    "vxlan-gpe-ip": "rare",
    "macsec-not-enciphered": "rare",
    "nsh": "rare",
    "cmd": "rare",
    "llc-snap": "a LAN of the nineties",
    "llc-snap-vlan": "the same",
    "mpls-llc-snap": "the same",
    "802.1ah-in-802.1ad": "the outer tag is taken off",
    "two-tunnels": "one is looked into",
}
TUNNELS = [name for name, form in FORMS.items() if form.link_type == 1 and name not in UNTOLD]


@pytest.mark.parametrize("frame", WANTED.values(), ids=WANTED.keys())
def test_what_a_watcher_needs_is_let_through(frame: bytes) -> None:
    assert accepts(frame)


@pytest.mark.parametrize("frame", OTHERS.values(), ids=OTHERS.keys())
def test_other_traffic_is_not(frame: bytes) -> None:
    assert not accepts(frame)


@pytest.mark.parametrize("name", TUNNELS)
def test_what_is_needed_is_let_through_in_a_tunnel(name: str) -> None:
    form = FORMS[name]
    assert accepts(form.wrap(form.frame))
    other = bytearray(form.frame)
    other[23 if form.frame[12:14] == b"\x08\0" else 20] = 6  # TCP
    assert not accepts(form.wrap(bytes(other)))


def test_what_it_does_not_tell_is_known() -> None:
    untold = {
        name for name, form in FORMS.items() if form.link_type == 1 and not accepts(form.wrap(form.frame))
    }
    assert untold == set(UNTOLD)


def test_a_vlan_and_an_announcement_in_a_tunnel_are_let_through() -> None:
    garp, tag = garp_frame(MAC, "192.0.2.1"), bytes.fromhex("8100000a")
    for name in ("vxlan", "gre-ethernet-key", "mpls-ethernet"):
        for inner in (
            garp,
            garp[:12] + tag + garp[12:],
            ADVERT[:12] + tag + ADVERT[12:],
            na_frame(MAC, "fe80::1"),
        ):
            assert accepts(FORMS[name].wrap(inner)), name


@given(st.binary(max_size=120), st.sampled_from((b"\x08\0", b"\x86\xdd", b"\x88\x47")))
def test_it_ends_whatever_comes(rest: bytes, ethertype: bytes) -> None:
    accepts(bytes(12) + ethertype + rest)


def test_the_kernel_takes_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:  # any socket takes a filter
        attach_filter(one)
