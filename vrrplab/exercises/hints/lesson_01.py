"""Hints for ``01_one_advert``."""

from __future__ import annotations

from vrrplab.decoding.explain import fields
from vrrplab.decoding.verdict import judge
from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_01 import SMALL, first_advert
from vrrplab.notebook.own_cluster import complaints
from vrrplab.notebook.variants import variant
from vrrplab.wire.addresses import multicast_mac
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement


def _ttl() -> str:
    frame = first_advert()
    ttl = next(field for field in fields(decode(frame)) if field.name == "TTL")
    return (
        f"The TTL is byte {ttl.offset}: 14 bytes of Ethernet, then the ninth byte of IP, 14 + 8. There the"
        f" frame has {frame[ttl.offset]:#04x}, which is {frame[ttl.offset]}."
    )


def _other_advert() -> str:
    advert = Advertisement(2, 2, 50, 1_000_000, ("192.168.2.102",))
    frame = bytearray(advert_frame("02:00:00:00:00:fb", "192.168.2.251", "224.0.0.18", advert))
    whole = judge(decode(bytes(frame))).word
    frame[36] -= 1
    changed = judge(decode(bytes(frame))).reasons[0].text
    return (
        "An advert with priority 50 for the other address is"
        ' envelope / VRRP(vrid=2, priority=50, addrlist=["192.168.2.102"]), and a receiver says:'
        f" {whole}. With 49 written over the 50 afterwards it says: {changed}."
    )


def _other_group() -> str:
    return (
        f"The group 224.0.0.251, where printers look for each other, is {multicast_mac('224.0.0.251')}: its"
        f" last byte is 251, and 251 is fb. And 224.1.2.3 is {multicast_mac('224.1.2.3')}."
    )


def _intervals() -> str:
    def said(hundredths: int) -> int:
        edit = {"advert_int 1": f"advert_int {hundredths / 100:g}"}
        return len(complaints(variant(SMALL, edit=edit)))

    least = next(count for count in range(4) if not said(count))
    most = next(count for count in (4095, 4096, 4097) if said(count + 1))
    return (
        "The interval of version 3 has twelve bits: 4096 numbers, counted in hundredths of a second."
        f" keepalived takes those from {least} to {most} without a complaint, so that {most - least + 1} can"
        " be used."
    )


HINTS = {
    "01-where": Hint(
        "In the diagram under “Byte by byte”: which of the three envelopes has the priority in it, and what"
        " stands before it there?",
        "A byte's place is the size of the envelopes before it, and then its place inside its own. Ethernet"
        " has 14 bytes, IP has 20; in VRRP come version and type, VRID, priority.",
        _ttl,
    ),
    "01-group-mac": Hint(
        "A frame begins with the MAC address it goes to: the first six bytes of what is printed at the top.",
        "The group's MAC address is 01:00:5e and then the last 23 bits of its IP address, each byte written"
        " in hexadecimal.",
        _other_group,
    ),
    "01-vrids": Hint(
        "“Two special numbers”: what did keepalived say to a VRID of 0?",
        "The VRID is one byte of the message, and a byte has 256 values. Count those that keepalived starts"
        " with.",
        _intervals,
    ),
    "01-farewell": Hint(
        "“Build it with Scapy” has the whole frame; “Two special numbers” says which number means: I am"
        " leaving.",
        "Only the priority is another one. But the checksum is a sum over the whole message: whoever builds"
        " the packet anew gets it right, whoever changes one byte of the old frame does not.",
        _other_advert,
    ),
}
