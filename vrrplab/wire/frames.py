"""Whole frames: what simulator, live driver and notebooks call. Builders here; ``decode`` and ``encode``
from ``dissect``.

Every builder takes text addresses and returns the bytes keepalived would put on the wire: TTL 255, TOS
0xc0, no "don't fragment", no padding (keepalived 2.2.7, measured).
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError

from vrrplab.errors import AddressError, DropReason, PacketError
from vrrplab.wire import arp as _arp
from vrrplab.wire import auth
from vrrplab.wire.addresses import (
    ALL_NODES_IPV6,
    BROADCAST_MAC,
    is_multicast,
    multicast_mac,
    pack_address,
    pack_mac,
    solicited_node_group,
)
from vrrplab.wire.arp import ArpPacket
from vrrplab.wire.checksum import total, vrrp_pseudo_header
from vrrplab.wire.dissect import Frame, decode, encode
from vrrplab.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_ICMPV6, PROTOCOL_VRRP, IPv6Header
from vrrplab.wire.neighbor import ADVERTISEMENT, SOLICITATION, NeighborMessage
from vrrplab.wire.vrrp import Advertisement

__all__ = [
    "Frame",
    "advert_frame",
    "arp_reply_frame",
    "arp_request_frame",
    "decode",
    "encode",
    "garp_frame",
    "na_frame",
    "ns_frame",
]

_IPV4 = Struct("!BBHHHBBH")
_pack_frame = Struct("!14sBBHHHBBH8sBBBBHH").pack
_pack_id = Struct("!H4sH").pack  # of an IPv4 header: identification, what is between, checksum
_MODULUS = 0xFFFF

# The unchanging parts of the frames one router sends: addresses and their sums, looked up instead of rebuilt.
_ROUTES: dict[tuple[str, str, str, str | None], tuple[bytes, bytes, int, int]] = {}
_ROUTES_LIMIT = 4096


def advert_frame(
    source_mac: str,
    source: str,
    destination: str,
    advertisement: Advertisement,
    *,
    ttl: int = 255,
    ip_id: int = 0,
    tos: int = 0xC0,
    destination_mac: str | None = None,
    ah: tuple[str | bytes, int] | None = None,
    checksum_form: str | None = None,
    flow_label: int = 0,
) -> bytes:
    """An advert as a whole frame, IPv4 or IPv6 by its addresses.

    ``destination_mac`` follows from a multicast ``destination`` and must be given for a unicast one. ``ah``
    is (auth_pass, sequence number): an IPsec AH header is put in between. ``checksum_form`` as in
    Advertisement.emit. Raises PacketError or AddressError when something cannot be written.
    """
    route = _ROUTES.get((source_mac, source, destination, destination_mac))
    if route is None:
        route = _find_route(source_mac, source, destination, destination_mac)
    ethernet, addresses, addresses_sum, pseudo = route
    if len(addresses) == 32 or ah is not None:
        message = advertisement.emit(source, destination, checksum_form)
        if ah is not None:
            return ethernet + _with_ah(source, destination, message, ttl, ip_id, tos, ah)
        return ethernet + IPv6Header(source, destination, PROTOCOL_VRRP, ttl, tos, flow_label).emit(message)
    first, vrid, priority, count, word, check, body = advertisement.fields_to_send(4, pseudo, checksum_form)
    length = 28 + len(body)
    # 0x4500, tos, length, id, ttl and protocol: RFC 1071 on the fly, the addresses' share is in the route
    ip_check = -(0x4500 + tos + length + ip_id + (ttl << 8) + PROTOCOL_VRRP + addresses_sum) % _MODULUS
    try:
        return (
            _pack_frame(
                ethernet, 0x45, tos, length, ip_id, 0, ttl, PROTOCOL_VRRP, ip_check, addresses,
                first, vrid, priority, count, word, check,
            )
            + body
        )  # fmt: skip
    except StructError:
        raise _unwritable(advertisement, tos, length, ip_id, ttl) from None


class RepeatedFrame:
    """An IPv4 frame that leaves again and again, unchanged but for its identification.

    Made of the first one; an IP header without options, as ``advert_frame`` builds it.
    """

    __slots__ = ("_head", "_middle", "_sum", "_tail")

    def __init__(self, frame: bytes) -> None:
        self._head, self._middle, self._tail = frame[:18], frame[20:24], frame[26:]
        # RFC 1624: what the header sums up to without identification and checksum
        self._sum = total(frame[14:18] + frame[20:24] + frame[26:34])

    def with_id(self, ip_id: int) -> bytes:
        """The frame with that identification, 0 to 65535, and the header checksum that fits."""
        check = -(self._sum + ip_id) % _MODULUS
        return self._head + _pack_id(ip_id, self._middle, check) + self._tail


def _unwritable(advertisement: Advertisement, tos: int, length: int, ip_id: int, ttl: int) -> PacketError:
    for offset, name, value, limit in ((15, "tos", tos, 255), (16, "total length", length, 65535),
                                       (18, "ip_id", ip_id, 65535), (22, "ttl", ttl, 255)):  # fmt: skip
        if not 0 <= value <= limit:
            text = f"{name} {value} does not fit: 0 to {limit} do"
            return PacketError(DropReason.BAD_IP_HEADER, offset, text)
    return advertisement.unwritable()


def _find_route(
    source_mac: str, source: str, destination: str, destination_mac: str | None
) -> tuple[bytes, bytes, int, int]:
    to_mac = destination_mac
    if to_mac is None:
        if not is_multicast(destination):
            raise AddressError(f"{destination} is no multicast group: its MAC address must be given")
        to_mac = multicast_mac(destination)
    addresses = pack_address(source) + pack_address(destination)
    if len(addresses) not in (8, 32):
        raise AddressError(f"{source} and {destination} are of different IP versions")
    ethertype = ETHERTYPE_IPV4 if len(addresses) == 8 else ETHERTYPE_IPV6
    ethernet = _ethernet(source_mac, to_mac, ethertype)
    if len(_ROUTES) >= _ROUTES_LIMIT:
        _ROUTES.clear()
    _, pseudo = vrrp_pseudo_header(source, destination)
    route = ethernet, addresses, total(addresses), pseudo
    _ROUTES[source_mac, source, destination, destination_mac] = route
    return route


def _ethernet(source_mac: str, destination_mac: str, ethertype: int) -> bytes:
    return pack_mac(destination_mac) + pack_mac(source_mac) + ethertype.to_bytes(2, "big")


def _with_ah(
    source: str, destination: str, message: bytes, ttl: int, ip_id: int, tos: int, ah: tuple[str | bytes, int]
) -> bytes:
    password, sequence = ah
    length = 20 + auth.AH_SIZE + len(message)
    addresses = pack_address(source) + pack_address(destination)
    head = _IPV4.pack(0x45, tos, length, ip_id, 0, ttl, PROTOCOL_AH, 0)
    check = -total(head + addresses) % _MODULUS
    header = head[:10] + check.to_bytes(2, "big") + addresses
    empty = auth.AhHeader(PROTOCOL_VRRP, auth.spi_of(source), sequence, bytes(auth.ICV_SIZE))
    signed = auth.sign(auth.key_bytes(password), header, empty, message, destination)
    return header + signed.emit() + message


def garp_frame(mac: str, address: str, target_mac: str = BROADCAST_MAC) -> bytes:
    """Gratuitous ARP, 42 bytes: a broadcast request for ``address`` from ``address``, which is at ``mac``."""
    return _ethernet(mac, BROADCAST_MAC, ETHERTYPE_ARP) + _arp.gratuitous(mac, address, target_mac).emit()


def arp_request_frame(
    mac: str, sender_ip: str, target_ip: str, destination_mac: str = BROADCAST_MAC
) -> bytes:
    """ "Who has ``target_ip``?"; a unicast ``destination_mac`` re-validates an entry, as Linux does."""
    return _ethernet(mac, destination_mac, ETHERTYPE_ARP) + _arp.request(mac, sender_ip, target_ip).emit()


def arp_reply_frame(mac: str, request: ArpPacket) -> bytes:
    """ "``request.target_ip`` is at ``mac``", to whoever asked."""
    return _ethernet(mac, request.sender_mac, ETHERTYPE_ARP) + _arp.reply(request, mac).emit()


def na_frame(
    mac: str,
    address: str,
    *,
    source: str | None = None,
    destination: str = ALL_NODES_IPV6,
    destination_mac: str | None = None,
    router: bool = False,
    solicited: bool = False,
    override: bool = True,
) -> bytes:
    """A neighbour advertisement "``address`` is at ``mac``".

    The defaults make keepalived's unsolicited one: to ff02::1, R=0 S=0 O=1, sent from the address itself.
    An answer to a solicitation goes to its sender, with ``solicited=True`` and ``destination_mac`` given.
    """
    message = NeighborMessage(address, mac, ADVERTISEMENT, router, solicited, override)
    return _icmpv6(mac, source or address, destination, destination_mac, message)


def ns_frame(
    mac: str, source: str, target: str, destination: str | None = None, destination_mac: str | None = None
) -> bytes:
    """A neighbour solicitation "who has ``target``?", to its solicited-node group unless told otherwise."""
    message = NeighborMessage(target, mac, SOLICITATION, override=False)
    return _icmpv6(mac, source, destination or solicited_node_group(target), destination_mac, message)


def _icmpv6(
    mac: str, source: str, destination: str, destination_mac: str | None, message: NeighborMessage
) -> bytes:
    ethernet = _find_route(mac, source, destination, destination_mac)[0]
    header = IPv6Header(source, destination, PROTOCOL_ICMPV6, 255, traffic_class=0)
    return ethernet + header.emit(message.emit(source, destination))
