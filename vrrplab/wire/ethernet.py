"""Ethernet II frames, with any number of VLAN tags in front of the type. Bytes and values only.

     0               6               12      14
    +---------------+---------------+-------+-------------------
    |  destination  |    source     | type  |  payload …            type 0x0800 IPv4, 0x0806 ARP, 0x86dd IPv6
    +---------------+---------------+-------+-------------------
                                    |81 00 tci|                      802.1Q: four more bytes a tag (88a8
                                    outside: QinQ)

A frame shorter than 60 bytes is padded on a real cable; what follows the IP packet is therefore not part of
it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrrplab.wire.addresses import ZERO_MAC, pack_mac, unpack_mac

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
ETHERTYPE_IPV6 = 0x86DD
VLAN_TYPES = frozenset((0x8100, 0x88A8, 0x9100, 0x9200))


@dataclass(slots=True)
class VlanTag:
    """One 802.1Q tag: ``tpid`` is the type that announced it, ``tci`` its priority bits and VLAN number."""

    tpid: int
    tci: int

    @property
    def vlan_id(self) -> int:
        return self.tci & 0xFFF

    @property
    def priority(self) -> int:
        return self.tci >> 13


@dataclass(slots=True)
class EthernetHeader:
    """Who sent the frame to whom, and what is in it. Addresses are text; None where a capture did not keep
    them.
    """

    source: str | None = ZERO_MAC
    destination: str | None = ZERO_MAC
    ethertype: int = ETHERTYPE_IPV4
    vlans: tuple[VlanTag, ...] = ()

    @property
    def length(self) -> int:
        """Bytes the header takes, tags included."""
        return 14 + 4 * len(self.vlans)

    @classmethod
    def parse(cls, frame: bytes) -> tuple[EthernetHeader | None, int]:
        """The header and the offset of what follows; (None, offset where the frame ends) if it is cut off."""
        if len(frame) < 14:
            return None, len(frame)
        tags: list[VlanTag] = []
        ethertype = frame[12] << 8 | frame[13]
        offset = 14
        while ethertype in VLAN_TYPES and len(frame) >= offset + 4:
            tags.append(VlanTag(ethertype, frame[offset] << 8 | frame[offset + 1]))
            ethertype = frame[offset + 2] << 8 | frame[offset + 3]
            offset += 4
        return cls(unpack_mac(frame[6:12]), unpack_mac(frame[:6]), ethertype, tuple(tags)), offset

    def emit(self) -> bytes:
        """The header's bytes."""
        addresses = pack_mac(self.destination or ZERO_MAC) + pack_mac(self.source or ZERO_MAC)
        tags = b"".join(tag.tpid.to_bytes(2, "big") + tag.tci.to_bytes(2, "big") for tag in self.vlans)
        return addresses + tags + self.ethertype.to_bytes(2, "big")
