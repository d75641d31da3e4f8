"""A frame field by field: where each one lies, what it says, and a sentence on what it is for.

``explain`` prints them, packet views draw them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vrrplab.units import SECOND_US
from vrrplab.wire import links
from vrrplab.wire.addresses import VRRP_GROUP_IPV4, VRRP_GROUP_IPV6, is_multicast
from vrrplab.wire.auth import AH_SIZE
from vrrplab.wire.carp import SIZE as CARP_SIZE
from vrrplab.wire.dissect import Frame, address_width
from vrrplab.wire.ip import IPv4Header
from vrrplab.wire.neighbor import ADVERTISEMENT, NeighborMessage
from vrrplab.wire.tunnels import LONGEST_LENGTH
from vrrplab.wire.vrrp import AUTH_PASS, HEADER_SIZE, PSEUDO_HEADER, Advertisement


class Field(NamedTuple):
    """One field: its layer, first byte in the frame, length in bytes, name, value in words, and what it is
    for.
    """

    layer: str
    offset: int
    size: int
    name: str
    value: str
    sentence: str


def fields(frame: Frame) -> list[Field]:
    """Every field that is there, in the order of the bytes."""
    found = [*_path(frame), *_ethernet(frame), *_ip(frame)]
    start = payload_start(frame)
    if frame.ah is not None:
        found += _ah(frame, start - AH_SIZE)
    if frame.vrrp is not None:
        found += _vrrp(frame, frame.vrrp, start)
    elif frame.arp is not None:
        found += _arp(frame, start)
    elif frame.na is not None or frame.ns is not None:
        found += _neighbor(frame, start)
    elif frame.kind == "carp":
        found += _carp(frame, start)
    if frame.padding:
        sentence = "Behind the packet: Ethernet fills short frames up to 60 bytes."
        at, size = frame.end - len(frame.padding), len(frame.padding)
        found.append(Field("Ethernet", at, size, "padding", frame.padding.hex(" "), sentence))
    if frame.path:
        found.sort(key=lambda field: field.offset)
    return [field for field in found if field.offset + field.size <= len(frame.raw)]


def payload_start(frame: Frame) -> int:
    if frame.arp is not None:
        return frame.end - len(frame.payload)
    return frame.end - len(frame.padding) - len(frame.payload)


def _path(frame: Frame) -> Iterator[Field]:
    for wrapping in frame.path:
        value = wrapping.text
        if wrapping.source:
            value += f", {wrapping.source} to {wrapping.destination}"
        sentence = "Headers of a tunnel: what follows was sent inside it."
        if wrapping.is_mirror:
            sentence = "A switch's copy of the frame that follows; no router need have received that."
        elif not wrapping.source:
            sentence = "Headers between the link and the packet that follows."
        if wrapping.size:
            yield Field("Tunnel", wrapping.offset, wrapping.size, wrapping.name, value, sentence)


def _ethernet(frame: Frame) -> Iterator[Field]:
    eth, at = frame.eth, frame.eth_at
    if eth is None or (frame.link_type != links.ETHERNET and at == 0):
        return
    to = str(eth.destination)
    if to == "ff:ff:ff:ff:ff:ff":
        meaning = "Broadcast: every station on the LAN takes it."
    elif int(to[:2], 16) & 1:
        meaning = "A multicast group: switches flood it, stations that joined take it."
    else:
        meaning = "One station: switches send it only where they have seen this address."
    yield Field("Ethernet", at, 6, "destination", to, meaning)
    source = str(eth.source)
    if source.startswith("00:00:5e:00:0") and source[13] in "12":
        meaning = f"A virtual MAC, that of VRID {int(source[15:], 16)}: switches learn where the MASTER is."
    else:
        meaning = "The interface's own address. Switches learn from it on which port the sender is."
    yield Field("Ethernet", at + 6, 6, "source", source, meaning)
    offset = at + 12
    for tag in eth.vlans:
        sentence = "802.1Q: the frame belongs to this VLAN; the tag is 4 bytes before the type."
        yield Field("Ethernet", offset, 4, "VLAN tag", f"VLAN {tag.vlan_id}", sentence)
        offset += 4
    name = {0x0800: "IPv4", 0x86DD: "IPv6", 0x0806: "ARP"}.get(eth.ethertype, "another protocol")
    if eth.ethertype <= LONGEST_LENGTH:
        sentence = "Below 1536 it is the length of what follows: IEEE 802.2 (LLC), and no type."
        yield Field("Ethernet", offset, 2, "length", str(eth.ethertype), sentence)
        return
    if frame.path and frame.path[-1].offset == offset + 2:
        name = frame.path[-1].name
    yield Field("Ethernet", offset, 2, "type", f"0x{eth.ethertype:04x}", f"What follows: {name}.")


def _ip(frame: Frame) -> Iterator[Field]:
    ip = frame.ip
    if ip is None:
        return
    if isinstance(ip, IPv4Header):
        start = payload_start(frame) - ip.header_length - (AH_SIZE if frame.ah is not None else 0)
        bytes_of_class = ip.tos
        yield Field(
            "IPv4", start, 1, "version, length", f"4, {ip.header_length} bytes", "20 without options."
        )
        yield Field("IPv4", start + 1, 1, "TOS", f"0x{ip.tos:02x}", _tos_sentence(bytes_of_class))
        yield Field(
            "IPv4", start + 2, 2, "total length", str(ip.total_length), "Header and payload, in bytes."
        )
        sentence = "Numbers the sender's packets; keepalived counts from 1 for each instance."
        yield Field("IPv4", start + 4, 2, "identification", str(ip.identification), sentence)
        flags = "don't fragment" if ip.flags & 2 else "fragment allowed"
        if ip.is_fragment:
            flags = f"fragment at byte {ip.fragment_offset}" + (", more follow" if ip.flags & 1 else "")
        yield Field("IPv4", start + 6, 2, "flags, offset", flags, "An advert is far too short to be cut up.")
        yield Field("IPv4", start + 8, 1, "TTL", str(ip.ttl), _ttl_sentence(ip.ttl))
        yield Field("IPv4", start + 9, 1, "protocol", str(ip.protocol), _protocol_sentence(ip.protocol))
        right = {True: "right", False: "WRONG", None: "not checked"}[ip.checksum_ok]
        sentence = "Over the IP header only; kernels drop a wrong one in silence."
        yield Field("IPv4", start + 10, 2, "header checksum", f"0x{ip.checksum or 0:04x}, {right}", sentence)
        yield Field("IPv4", start + 12, 4, "source", ip.source, _source_sentence(4))
        yield Field(
            "IPv4", start + 16, 4, "destination", ip.destination, _destination_sentence(ip.destination)
        )
        if ip.options:
            sentence = "IPv4 options; VRRP sends none."
            yield Field("IPv4", start + 20, len(ip.options), "options", ip.options.hex(" "), sentence)
        return
    extensions = sum(len(part) for _, part in ip.extensions)
    start = payload_start(frame) - 40 - extensions - (AH_SIZE if frame.ah is not None else 0)
    label = f"6, class 0x{ip.traffic_class:02x}, flow 0x{ip.flow_label:05x}"
    yield Field("IPv6", start, 4, "version, class, flow", label, _tos_sentence(ip.traffic_class))
    yield Field("IPv6", start + 4, 2, "payload length", str(ip.payload_length), "All after these 40 bytes.")
    first = ip.extensions[0][0] if ip.extensions else ip.protocol
    yield Field("IPv6", start + 6, 1, "next header", str(first), _protocol_sentence(first))
    yield Field("IPv6", start + 7, 1, "hop limit", str(ip.ttl), _ttl_sentence(ip.ttl))
    yield Field("IPv6", start + 8, 16, "source", ip.source, _source_sentence(6))
    yield Field("IPv6", start + 24, 16, "destination", ip.destination, _destination_sentence(ip.destination))
    offset = start + 40
    for kind, part in ip.extensions:
        yield Field("IPv6", offset, len(part), f"extension {kind}", part.hex(" "), "An extension header.")
        offset += len(part)


def _tos_sentence(value: int) -> str:
    return (
        "Internet control traffic: queued before user data." if value == 0xC0 else "How urgent the packet is."
    )


def _ttl_sentence(ttl: int) -> str:
    if ttl == 255:
        return "255, so no router forwarded it: the sender is on this very link."
    return "Not 255: the packet may have crossed a router, so multicast adverts with it are dropped."


def _protocol_sentence(protocol: int) -> str:
    names = {
        112: "VRRP (CARP uses it too)",
        51: "IPsec AH",
        58: "ICMPv6",
        2: "IGMP",
        1: "ICMP",
        6: "TCP",
        17: "UDP",
    }
    return f"What the packet carries: {names.get(protocol, 'another protocol')}."


def _source_sentence(version: int) -> str:
    if version == 4:
        return "The sender's own address. When two MASTERs have equal priority, the higher one stays."
    return "The sender's link-local address. When two MASTERs have equal priority, the higher stays."


def _destination_sentence(address: str) -> str:
    if address in (VRRP_GROUP_IPV4, VRRP_GROUP_IPV6):
        return "The VRRP group: every router of the LAN hears it."
    return (
        "A multicast group of its own." if is_multicast(address) else "One peer (unicast_peer of keepalived)."
    )


def _ah(frame: Frame, at: int) -> Iterator[Field]:
    ah = frame.ah
    if ah is None:
        return
    yield Field("AH", at, 1, "next header", str(ah.next_header), "What AH protects: 112, VRRP.")
    yield Field("AH", at + 1, 1, "length", str(ah.words), f"{ah.length} bytes, counted in words less two.")
    sentence = "Reserved; senders write zeros."
    yield Field("AH", at + 2, 2, "reserved", f"0x{ah.reserved:04x}", sentence)
    sentence = "Security parameter index; keepalived puts the source address there."
    yield Field("AH", at + 4, 4, "SPI", f"0x{ah.spi:08x}", sentence)
    yield Field(
        "AH", at + 8, 4, "sequence", str(ah.sequence), "Grows by one a packet; an old one is a replay."
    )
    sentence = "12 bytes of an HMAC-MD5 with the shared password: nobody changed the packet."
    yield Field("AH", at + 12, 12, "check value", ah.icv.hex(), sentence)


def _vrrp(frame: Frame, advert: Advertisement, at: int) -> Iterator[Field]:
    size = len(frame.payload)
    layer = f"VRRPv{advert.version}" if advert.version in (2, 3) else "VRRP"
    if size > 0:
        sentence = "Versions do not understand each other. Type 1, the advertisement, is the only one."
        yield Field(layer, at, 1, "version, type", f"{advert.version}, {advert.type}", sentence)
    if size > 1:
        sentence = "Number of the virtual router; routers of one LAN with the same number are one group."
        yield Field(layer, at + 1, 1, "VRID", str(advert.vrid), sentence)
    if size > 2:
        yield Field(layer, at + 2, 1, "priority", str(advert.priority), _priority_sentence(advert.priority))
    if size > 3:
        yield Field(layer, at + 3, 1, "count", str(advert.count), "How many virtual addresses follow.")
    if size > 5:
        yield from _interval(layer, advert, at + 4)
    if advert.checksum is not None:
        yield Field(layer, at + 6, 2, "checksum", _checksum_value(advert), _checksum_sentence(frame, advert))
    width = address_width(frame)
    offset = at + HEADER_SIZE
    for number, address in enumerate(advert.addresses or (), 1):
        sentence = "A virtual address: the MASTER answers for it."
        yield Field(layer, offset, width, f"address {number}", address, sentence)
        offset += width
    if advert.version == 2 and advert.auth_data:
        yield Field(layer, offset, 8, "authentication", *_auth_data(advert))
        offset += 8
    if advert.has_hmac_trailer:
        sentence = "keepalived's auth_hmac: type, key id, time and 16 bytes of HMAC-SHA256."
        yield Field(layer, offset, len(advert.trailer), "HMAC trailer", advert.trailer.hex(), sentence)
    elif advert.has_md5_trailer:
        head, digest = advert.trailer[:-16], advert.trailer[-16:]
        sentence = "Cisco's: 254 and a length, algorithm 1 (MD5), key, source address; no RFC has it."
        yield Field(layer, offset, len(head), "MD5 trailer", head.hex(" "), sentence)
        sentence = "An MD5 of the message with a shared key."
        yield Field(layer, offset + len(head), 16, "MD5 digest", digest.hex(), sentence)
    elif advert.trailer:
        sentence = "Bytes inside the IP packet that the count does not explain."
        yield Field(layer, offset, len(advert.trailer), "trailing", advert.trailer.hex(" "), sentence)


def _interval(layer: str, advert: Advertisement, at: int) -> Iterator[Field]:
    raw_s = (advert.interval_us or 0) / SECOND_US
    down = "three of these and a bit of silence, and a BACKUP takes over."
    if advert.version == 2:
        names = {0: "0, none", 1: "1, password", 2: "2, IPsec AH", 254: "254, Cisco's MD5"}
        value = names.get(advert.auth_type or 0, str(advert.auth_type))
        sentence = "Authentication type: receivers must have the same one (RFC 3768 keeps only 0)."
        yield Field(layer, at, 1, "auth type", value, sentence)
        sentence = f"Seconds between adverts, must be the receiver's own; {down}"
        yield Field(layer, at + 1, 1, "interval", f"{raw_s:g} s", sentence)
    elif advert.version == 3:
        sentence = f"4 reserved bits, then centiseconds between adverts, which receivers learn; {down}"
        value = f"{raw_s:g} s" + (f", reserved {advert.reserved:04b}" if advert.reserved else "")
        yield Field(layer, at, 2, "interval", value, sentence)


def _priority_sentence(priority: int) -> str:
    if priority == 0:
        return "0: the MASTER gives up on purpose; a BACKUP waits only its skew time."
    if priority == 255:
        return "255: the sender owns the addresses; nobody can outbid it."
    return "The highest one becomes MASTER; 100 is the default, 255 the owner's, 0 means goodbye."


def _checksum_value(advert: Advertisement) -> str:
    if advert.checksum_ok is None:
        return f"0x{advert.checksum:04x}, not checked"
    verdict = f"right ({advert.checksum_form})" if advert.checksum_ok else "WRONG"
    return f"0x{advert.checksum:04x}, {verdict}"


def _checksum_sentence(frame: Frame, advert: Advertisement) -> str:
    if advert.checksum_ok is False:
        return "The packet was damaged, or its sender reckons differently; receivers drop it."
    if advert.checksum_ok is None:
        if frame.ip is None and advert.version == 3:
            return "Sums the IP addresses too, which stood in the IP header: right or wrong, nobody can tell."
        return "Not all that it sums is here."
    if address_width(frame) == 4 and advert.version == 3:
        if advert.checksum_form == PSEUDO_HEADER:
            return "With the IP addresses summed in, as keepalived and FRR do; RFC 9568 would not."
        return "Over the message only, as RFC 9568 has it; keepalived by default would reject it."
    if advert.version == 2:
        return "Over the VRRP message."
    return "Over the message and the IPv6 pseudo-header (addresses, length, protocol)."


def _auth_data(advert: Advertisement) -> tuple[str, str]:
    data = advert.auth_data or b""
    if advert.auth_type == AUTH_PASS:
        return repr(advert.password), "The password, readable for anybody on the LAN."
    return data.hex(" "), "Eight bytes for authentication, unused here."


def _arp(frame: Frame, at: int) -> Iterator[Field]:
    arp = frame.arp
    if arp is None:
        return
    what = {1: "request", 2: "reply"}.get(arp.op, "?")
    yield Field("ARP", at, 2, "hardware type", "1, Ethernet", "Whose hardware addresses are asked for.")
    yield Field("ARP", at + 2, 2, "protocol type", "0x0800, IPv4", "IPv6 has neighbour discovery instead.")
    yield Field("ARP", at + 4, 2, "address lengths", "6, 4 bytes", "Of a MAC address, of an IP address.")
    yield Field("ARP", at + 6, 2, "operation", f"{arp.op}, {what}", "1 asks who has an address, 2 answers.")
    if arp.gratuitous:
        sentence = "Gratuitous: the sender speaks of its own address, and all neighbours update their caches."
        yield Field("ARP", at + 8, 6, "sender MAC", arp.sender_mac, sentence)
    else:
        yield Field("ARP", at + 8, 6, "sender MAC", arp.sender_mac, "Who asks or answers.")
    yield Field("ARP", at + 14, 4, "sender IP", arp.sender_ip, "The address that is at the sender's MAC.")
    sentence = (
        "keepalived and FRR put the broadcast address here in announcements; a plain request has zeros."
    )
    yield Field("ARP", at + 18, 6, "target MAC", arp.target_mac, sentence)
    yield Field("ARP", at + 24, 4, "target IP", arp.target_ip, "The address that is spoken of.")


def _neighbor(frame: Frame, at: int) -> Iterator[Field]:
    message = frame.na or frame.ns
    if message is None:
        return
    if message.type == ADVERTISEMENT:
        yield Field("ICMPv6", at, 1, "type", "136, neighbour advertisement", "IPv6's answer to ARP replies.")
        flags = f"R={message.router:d} S={message.solicited:d} O={message.override:d}"
        sentence = "Router, solicited, override: O=1 makes neighbours replace what they had."
        yield from _icmpv6_head(frame, message, at)
        yield Field("ICMPv6", at + 4, 4, "flags", flags, sentence)
    else:
        yield Field("ICMPv6", at, 1, "type", "135, neighbour solicitation", "Who has this address?")
        yield from _icmpv6_head(frame, message, at)
        yield Field("ICMPv6", at + 4, 4, "reserved", f"0x{message.reserved:08x}", "Senders write zeros.")
    yield Field("ICMPv6", at + 8, 16, "target", message.target, "The address that is spoken of.")
    if message.mac is not None:
        sentence = "Link-layer address option: where the address is to be found."
        yield Field("ICMPv6", at + 24, 8, "MAC option", message.mac, sentence)
    if message.other_options:
        size = len(message.other_options)
        options = message.other_options.hex(" ")
        yield Field("ICMPv6", at + len(frame.payload) - size, size, "options", options, "Further options.")


def _icmpv6_head(frame: Frame, message: NeighborMessage, at: int) -> Iterator[Field]:
    yield Field("ICMPv6", at + 1, 1, "code", str(message.code), "Always 0 here.")
    value = f"0x{message.checksum or 0:04x}, {'right' if message.checksum_ok else 'WRONG'}"
    sentence = "Over the message and the IPv6 pseudo-header (addresses, length, protocol)."
    yield Field("ICMPv6", at + 2, 2, "checksum", value, sentence)


def _carp(frame: Frame, at: int) -> Iterator[Field]:
    """Also of a packet that the capture cut: ``fields`` keeps what is there."""
    data = frame.payload.ljust(CARP_SIZE, b"\0")
    sentence = "The same first byte as VRRPv2, which confuses tools."
    yield Field("CARP", at, 1, "version, type", "2, 1", sentence)
    yield Field("CARP", at + 1, 1, "VHID", str(data[1]), "CARP's number of the virtual host.")
    yield Field("CARP", at + 2, 1, "advskew", str(data[2]), "In 1/256 s; the lower, the better.")
    sentence = "Length of the authentication in words: the mark by which CARP is told from VRRP."
    yield Field("CARP", at + 3, 1, "auth length", "7", sentence)
    sentence = "Raised by a host that would rather not be MASTER."
    yield Field("CARP", at + 4, 1, "demotion", str(data[4]), sentence)
    yield Field("CARP", at + 5, 1, "advbase", f"{data[5]} s", "Seconds between adverts.")
    judged = "" if frame.carp is None else ", right" if frame.carp.checksum_ok else ", WRONG"
    yield Field("CARP", at + 6, 2, "checksum", f"0x{data[6:8].hex()}{judged}", "Over the message only.")
    yield Field(
        "CARP", at + 8, 8, "counter", data[8:16].hex(" "), "Grows, so that no old packet counts again."
    )
    sentence = "Made with the password that the hosts share."
    yield Field("CARP", at + 16, 20, "SHA1 HMAC", data[16:36].hex(), sentence)
