"""Hellos of HSRP and GLBP, and a packet of VRRP-E, field by field."""

from __future__ import annotations

from vrrplab.wire.ip import IPv4Header, IPv6Header

ROUTER, VIP = "198.51.100.1", bytes((198, 51, 100, 254))


def udp(port: int, payload: bytes, destination: str, source: str = ROUTER) -> bytes:
    datagram = port.to_bytes(2, "big") * 2 + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload
    if ":" in destination:
        packet = IPv6Header(source, destination, 17, 255).emit(datagram)
        return bytes.fromhex("33330000006600005e000566 86dd") + packet
    packet = IPv4Header(source, destination, 17, 1).emit(datagram)
    return bytes.fromhex("01005e00000200000c07ac0a 0800") + packet


def hsrp_1(opcode: int = 0, state: int = 16) -> bytes:
    return udp(1985, bytes((0, opcode, state, 3, 10, 110, 10, 0)) + b"cisco\0\0\0" + VIP, "224.0.0.2")


def hsrp_2_value(family: int = 4) -> bytes:
    vip = VIP.ljust(16, b"\0") if family == 4 else bytes.fromhex("fe80" + "00" * 13 + "fe")
    numbers = b"".join(number.to_bytes(4, "big") for number in (120, 3000, 10000))
    return bytes((1, 40, 2, 0, 6, family)) + (300).to_bytes(2, "big") + bytes(6) + numbers + vip


HSRP_1 = hsrp_1()
HSRP_2 = udp(1985, hsrp_2_value() + bytes((3, 8)) + b"cisco\0\0\0", "224.0.0.102")
HSRP_6 = udp(2029, hsrp_2_value(6), "ff02::66", "fe80::1")
GLBP = udp(
    3222,
    bytes((1, 0)) + (7).to_bytes(2, "big") + b"\0\0" + bytes.fromhex("020000000001")
    + bytes((1, 28, 0, 32, 0, 130, 0, 0)) + (3000).to_bytes(4, "big") + (10000).to_bytes(4, "big")
    + (600).to_bytes(2, "big") + (14400).to_bytes(2, "big") + bytes((0, 0, 1, 4)) + VIP,
    "224.0.0.102",
)  # fmt: skip
VRRP_E = udp(8888, bytes(28), "224.0.0.2")
