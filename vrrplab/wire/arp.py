"""ARP for IPv4 over Ethernet (RFC 826), and gratuitous ARP as keepalived sends it.

     0               2               4   5   6       8           14      18          24      28
    +---------------+---------------+---+---+-------+-----------+-------+-----------+-------+
    | hardware (1)  | protocol 0800 | 6 | 4 |  op   | sender MAC| sender| target MAC| target|
    +---------------+---------------+---+---+-------+-----------+-------+-----------+-------+

Gratuitous ARP of keepalived 2.2.7 and 2.4.3, measured: a request, sender = target = the virtual address,
target MAC ff:ff:ff:ff:ff:ff (RFC 9568 section 6.4.2 with erratum 7949 asks for the virtual MAC), no
padding: 42 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Any

from vrrplab.errors import DropReason, PacketError
from vrrplab.wire.addresses import (
    BROADCAST_MAC,
    ZERO_MAC,
    pack_address,
    pack_mac,
    unpack_address,
    unpack_mac,
)

REQUEST = 1
REPLY = 2

_FIELDS = Struct("!HHBBH6s4s6s4s")
SIZE = _FIELDS.size
_ETHERNET_IPV4 = bytes.fromhex("000108000604")


@dataclass(slots=True)
class ArpPacket:
    """One ARP message; addresses are text. ``op``: 1 request, 2 reply."""

    op: int
    sender_mac: str
    sender_ip: str
    target_mac: str
    target_ip: str

    @property
    def gratuitous(self) -> bool:
        """True if the sender speaks of its own address: everybody's cache should follow (RFC 5944 section
        4.6).
        """
        return self.sender_ip == self.target_ip and self.sender_ip != "0.0.0.0"

    @classmethod
    def parse(cls, data: bytes, base: int = 0) -> ArpPacket:
        """Raises PacketError: TOO_SHORT, or BAD_ETHERTYPE for another hardware or protocol than
        Ethernet/IPv4.
        """
        if len(data) < SIZE:
            raise PacketError(
                DropReason.TOO_SHORT, base + len(data), f"ARP needs {SIZE} bytes, here are {len(data)}"
            )
        hardware, protocol, mac_size, ip_size, op, sender_mac, sender, target_mac, target = (
            _FIELDS.unpack_from(data)
        )
        if (hardware, protocol, mac_size, ip_size) != (1, 0x0800, 6, 4):
            text = f"ARP for hardware {hardware} and protocol 0x{protocol:04x}, not Ethernet and IPv4"
            raise PacketError(DropReason.BAD_ETHERTYPE, base, text)
        return cls(
            op, unpack_mac(sender_mac), unpack_address(sender), unpack_mac(target_mac), unpack_address(target)
        )

    def emit(self) -> bytes:
        """The 28 bytes of the message."""
        return _FIELDS.pack(
            1, 0x0800, 6, 4, self.op,
            pack_mac(self.sender_mac), pack_address(self.sender_ip),
            pack_mac(self.target_mac), pack_address(self.target_ip),
        )  # fmt: skip


def cut_arp(data: bytes) -> dict[str, Any]:
    """What is there of a message for Ethernet and IPv4 that was cut off, a field a key; None for the rest."""
    here = data if data[:6] == _ETHERNET_IPV4 else b""
    op, sender_mac, sender_ip, target_mac, target_ip = (
        here[at : at + size] if len(here) >= at + size else None
        for at, size in ((6, 2), (8, 6), (14, 4), (18, 6), (24, 4))
    )
    return {
        "op": None if op is None else int.from_bytes(op, "big"),
        "sender_mac": None if sender_mac is None else unpack_mac(sender_mac),
        "sender_ip": None if sender_ip is None else unpack_address(sender_ip),
        "target_mac": None if target_mac is None else unpack_mac(target_mac),
        "target_ip": None if target_ip is None else unpack_address(target_ip),
        "gratuitous": None,
    }


def gratuitous(mac: str, address: str, target_mac: str = BROADCAST_MAC) -> ArpPacket:
    """The announcement "``address`` is at ``mac``", in keepalived's form."""
    return ArpPacket(REQUEST, mac, address, target_mac, address)


def request(mac: str, sender_ip: str, target_ip: str) -> ArpPacket:
    """The question "who has ``target_ip``?"."""
    return ArpPacket(REQUEST, mac, sender_ip, ZERO_MAC, target_ip)


def reply(to: ArpPacket, mac: str) -> ArpPacket:
    """The answer to a request: its target is at ``mac``."""
    return ArpPacket(REPLY, mac, to.target_ip, to.sender_mac, to.sender_ip)
