"""Other makers' first-hop redundancy protocols are told by name, with what is public of them."""

from __future__ import annotations

import pytest
from fhrp_frames import GLBP, HSRP_1, HSRP_2, HSRP_6, ROUTER, VRRP_E, hsrp_1, udp

from vrrplab.decoding.describe import describe
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import judge
from vrrplab.wire.frames import decode, encode

CASES = {
    "hsrp-1": (HSRP_1, "hsrp", "HSRP group 10 Active prio 110 198.51.100.254"),
    "hsrp-1-coup": (hsrp_1(1, 4), "hsrp", "HSRP group 10 Speak coup prio 110 198.51.100.254"),
    "hsrp-2": (HSRP_2, "hsrp", "HSRP group 300 Active prio 120 198.51.100.254"),
    "hsrp-2-ipv6": (HSRP_6, "hsrp", "HSRP group 300 Active prio 120 fe80::fe"),
    "glbp": (GLBP, "glbp", "GLBP group 7 Active prio 130 198.51.100.254"),
    "vrrp-e": (VRRP_E, "vrrp-e", "VRRP-E"),
}


@pytest.mark.parametrize(("raw", "kind", "words"), CASES.values(), ids=CASES.keys())
def test_it_is_told_by_name(raw: bytes, kind: str, words: str) -> None:
    frame = decode(raw)
    assert (frame.kind, frame.problems, describe(frame)) == (kind, (), words)
    assert encode(frame) == raw
    assert report(frame, judge(frame))["fhrp"]["protocol"] == kind.upper()
    for size in range(len(raw)):
        assert encode(decode(raw[:size])) == raw[:size]


def test_fields_of_hsrp() -> None:
    fields = report(decode(HSRP_2), judge(decode(HSRP_2)))["fhrp"]
    assert fields == {
        "protocol": "HSRP", "version": 2, "opcode": "hello", "group": 300, "state": "Active", "priority": 120,
        "hello_s": 3.0, "address": "198.51.100.254",
    }  # fmt: skip


def test_a_port_alone_is_no_protocol() -> None:
    assert decode(udp(8888, bytes(28), "198.51.100.9")).kind == "other"
    assert decode(udp(1985, bytes(28), ROUTER)).kind == "other"
    assert decode(HSRP_1[:42]).fhrp is not None  # without its payload: a name, and nothing else
