"""What frames have in common that say the same, without taking them apart.

Routers say the same again and again; only a packet's number and its time differ. Whoever tells many frames,
or takes down who was MASTER, keeps what was read of one under its likeness and looks there for the next.
"""

from __future__ import annotations

from vrrplab.wire import fhrp, links, tunnels
from vrrplab.wire.ip import PROTOCOL_UDP, PROTOCOL_VRRP

LONGEST = 600  # bytes of a frame that has a likeness, or memory would go to what hardly comes again
_MODULUS = 0xFFFF
# what nothing is looked for in: ICMP and TCP, and UDP but for some ports
_OPAQUE = frozenset((1, 6, PROTOCOL_UDP))
_LOOKED_INTO = tunnels.PORTS | fhrp.PORTS.keys()


def likeness(raw: bytes, link_type: int) -> bytes | tuple[bytes, int] | None:
    """Equal for frames of which the same is said; None: such a frame has none.

    Left out are IPv4's number and checksum, where the checksum is right, and what TCP, UDP and
    ICMP carry.
    """
    if link_type != links.ETHERNET:
        return (raw, link_type) if len(raw) <= LONGEST else None
    if raw[12:15] == b"\x08\0\x45" and len(raw) >= 34 and int.from_bytes(raw[14:34], "big") % _MODULUS == 0:
        if raw[23] == PROTOCOL_VRRP:
            return raw[:18] + raw[20:24] + raw[26:] if len(raw) <= LONGEST else None
        if is_opaque(raw):
            return raw[:18] + raw[20:24] + raw[26:34], len(raw)
    return raw if len(raw) <= LONGEST else None


def is_opaque(raw: bytes) -> bool:
    """An Ethernet frame that carries a whole IPv4 packet into which nobody looks here: TCP, ICMP, most of
    UDP.
    """
    if raw[12:15] != b"\x08\0\x45" or len(raw) < 34:
        return False
    protocol = raw[23]
    if protocol not in _OPAQUE or raw[20] & 0x3F or raw[21]:
        return False
    # a datagram that is looked into, or too short to say where it goes
    may_wrap = protocol == PROTOCOL_UDP and (len(raw) < 38 or (raw[36] << 8 | raw[37]) in _LOOKED_INTO)
    return not may_wrap
