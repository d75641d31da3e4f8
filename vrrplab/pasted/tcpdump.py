"""tcpdump's own lines, with and without -v, -e, -tttt and -x: each packet as a frame.

Where bytes are printed below a line they are the frame. Else adverts, ARP and neighbour advertisements are
put together from what the line says; what it does not say (addresses without -v) is missing at their end, as
in a packet that a capture cut. Lines of other packets only count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from vrrplab.errors import AddressError, CaptureError
from vrrplab.pasted.dumps import is_dump_line, read_dump_lines
from vrrplab.pasted.frames import Pasted, PastedFrame
from vrrplab.wire import links
from vrrplab.wire.addresses import (
    BROADCAST_MAC,
    ZERO_MAC,
    is_multicast,
    multicast_mac,
    pack_address,
    pack_mac,
)
from vrrplab.wire.checksum import total, vrrp_pseudo_header
from vrrplab.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_ICMPV6, PROTOCOL_VRRP, IPv6Header
from vrrplab.wire.neighbor import NeighborMessage

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
_LONGEST, _MOST_LINES = 8_000, 40  # characters and lines of a packet that are looked at: an advert has 5,000
_MOST_PAYLOAD = 65_535  # bytes behind an IPv6 header, whose length has two
_MODULUS = 0xFFFF
_MAC = r"[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}"
_TIME = re.compile(
    r"^(?: {0,4}\d{1,9}  )?"  # with -#
    r"(?P<space> )?(?:(?:(?P<date>\d{4}-\d\d-\d\d) )?(?P<clock>\d\d:\d\d:\d\d)\.(?P<part>\d{6,9})"
    r"|(?P<epoch>\d{6,11})\.(?P<fraction>\d{6,9})) "
)
_INTERFACE = re.compile(r"^(?P<name>[^\s,:]{1,15}) +(?:In|Out|[BMP]) +")
_LINK = re.compile(
    rf"^(?:(?:In|Out|[BMP]) +)?(?:ifindex \d+ )?(?P<source>{_MAC})(?: \(oui [^)]*\))?"
    rf"(?: > (?P<destination>{_MAC}|Broadcast)(?: \(oui [^)]*\))?)?,? ethertype "
)
_ETHERTYPE = re.compile(r"(?:ethertype )?(?P<what>[\w.+-]+)(?: \(0x[0-9a-f]{4}\))?, length \d+: ")
_VLAN = re.compile(
    r"^vlan (?P<vlan>\d{1,4}), p \d+(?:, DEI)?, (?:ethertype )?(?P<what>[\w.]+)(?: \(0x[0-9a-f]{4}\))?,? "
)
_KIND = re.compile(r"^(?P<what>IP6?|ARP)(?:, | )")
_IPV4 = re.compile(
    r"^\(tos (?P<tos>0x[0-9a-f]+)[^)]{0,20}?, ttl (?P<ttl>\d+), id (?P<id>\d+),"
    r" [^\n]{0,80}?proto [^)]{0,40}\)[^)]*\)\s*"
)
_IPV6 = re.compile(
    r"^\((?:class 0x(?P<class>[0-9a-f]+), )?(?:flowlabel 0x(?P<flow>[0-9a-f]+), )?hlim (?P<ttl>\d+),"
    r" .*?payload length: \d+\)\s*"
)
_ENDS = re.compile(r"^(?P<source>\S+) > (?P<destination>\S+): ")
_AH = re.compile(
    r"^AH\((?:length=\d+\(\d+-bytes\),)?spi=0x(?P<spi>[0-9a-f]{1,8}),(?:sumlen=\d+,)?"
    r"seq=0x(?P<seq>[0-9a-f]{1,8}),icv=0x(?P<icv>[0-9a-f]{24})\): "
)
_ADVERT = re.compile(
    r"^VRRPv(?P<version>[23]), Advertisement,(?: \(ttl (?P<ttl>\d+)\),)?"
    r" vrid (?P<vrid>\d+), prio (?P<prio>\d+),"
    r"(?: authtype (?P<auth>[^,]+),)? intvl (?P<interval>\d+)(?:s|cs), length (?P<length>\d+)"
    r"(?:, \(bad vrrp cksum (?P<bad>[0-9a-f]+)\))?(?:, addrs(?:\(\d+\))?: ?(?P<addresses>[0-9a-fA-F.:,]+))?"
    r'(?: auth "(?P<password>[^"]*)")?'
)  # fmt: skip
_AUTH = {"none": 0, "simple": 1, "ah": 2}
_ASKS = re.compile(
    rf"Request who-has (?P<target>[\d.]+)(?: \((?P<mac>{_MAC}|Broadcast)[^)]*\))? tell (?P<sender>[\d.]+)"
)
_ANSWERS = re.compile(rf"Reply (?P<sender>[\d.]+) is-at (?P<mac>{_MAC})")
_NEIGHBOR = re.compile(
    r"ICMP6, neighbor advertisement.*?tgt is (?P<target>[0-9a-f:.]+)(?:, Flags \[(?P<flags>[^\]]*)\])?"
)
_OPTION = re.compile(rf"destination link-address option \(2\), length 8 \(1\): (?P<mac>{_MAC})")
_NAMES = {"vrrp.mcast.net": "224.0.0.18"}
_ANSWERED_NS = SECOND_NS  # after a question an answer is no announcement
_SAYS_PACKET = re.compile(r"VRRPv[23], |ARP, |ICMP6, neighbor |^(?:IP6?|ARP)[ ,]|, ethertype ")


class Clock(NamedTuple):
    """A time as a line has it. ``ns`` counts from 1970 where there is a date, else from midnight;
    ``has_zone``: in UTC.
    """

    ns: int
    is_dated: bool
    is_relative: bool
    has_zone: bool = False


@dataclass(slots=True)
class _Packet:
    number: int
    line: int
    clock: Clock | None
    head: str
    more: list[str] = field(default_factory=list)
    dump: list[tuple[int, str]] = field(default_factory=list)


def read_tcpdump(text: str, name: str) -> Pasted | None:
    """The frames of tcpdump's lines; None if the text has none of them.

    Times without a zone are taken for UTC: what they mean is told by ``Pasted.is_dated``.
    """
    packets = list(_packets(text))
    if not packets:
        return None
    times = _times(packets)
    frames: list[PastedFrame] = []
    shapes: dict[str, None] = {}
    asked: dict[str, int] = {}
    error: CaptureError | None = None
    for packet, t_ns in zip(packets, times, strict=True):
        if packet.dump:
            found = read_dump_lines(packet.dump, name)
            if found is not None:
                shapes[found.shape] = None
                frames += [
                    frame._replace(line=packet.line, t_ns=t_ns, number=packet.number)
                    for frame in found.frames[:1]
                ]
                if found.error is not None:
                    error = found.error
                    break
                continue
        made = _frame(packet, t_ns, asked)
        frames.append(made or PastedFrame(b"", packet.line, t_ns, number=packet.number))
    if not any(frame.data for frame in frames) and not any(
        "VRRP" in packet.head or "IP" in packet.head or "ARP" in packet.head for packet in packets
    ):
        return None
    shape = " and ".join(shapes) if shapes else "tcpdump's lines"
    is_dated = any(packet.clock is not None and packet.clock.is_dated for packet in packets)
    has_zone = is_dated and any(packet.clock is not None and packet.clock.has_zone for packet in packets)
    return Pasted(shape, frames, error, is_dated, has_zone)


def _packets(text: str) -> Iterator[_Packet]:
    """A line that begins with a time, or with what it is of, begins a packet; indented ones belong to it."""
    packet: _Packet | None = None
    number = 0
    for line_number, line in enumerate(text.split("\n"), 1):
        if is_dump_line(line):
            if packet is not None and packet.more and "option (" in packet.more[-1]:
                continue  # of an option of neighbour discovery, not of the packet
            if packet is not None:
                packet.dump.append((line_number, line))
            continue
        clock, rest = clock_of(line)
        begins = _SAYS_PACKET.search(rest) if clock is not None else _KIND.match(line) or _LINK.match(line)
        if begins is not None:
            if packet is not None:
                yield packet
            number += 1
            packet = _Packet(number, line_number, clock, rest)
        elif packet is not None and line[:1].isspace() and line.strip():
            packet.more.append(line.strip())
    if packet is not None:
        yield packet


def clock_of(line: str) -> tuple[Clock | None, str]:
    """The time that a line begins with, and the rest of it."""
    found = _TIME.match(line)
    if found is None:
        return None, line
    rest = line[found.end() :]
    if found["epoch"] is not None:
        ns = int(found["epoch"]) * SECOND_NS + int(found["fraction"].ljust(9, "0"))
        return Clock(ns, True, False, True), rest
    hours, minutes, seconds = map(int, found["clock"].split(":"))
    ns = ((hours * 60 + minutes) * 60 + seconds) * SECOND_NS + int(found["part"].ljust(9, "0"))
    if found["date"] is None:
        return Clock(ns, False, found["space"] is not None), rest
    try:
        day = datetime.fromisoformat(found["date"]).toordinal() - datetime(1970, 1, 1).toordinal()
    except ValueError:
        return None, line
    return Clock(day * DAY_NS + ns, True, False), rest


def _times(packets: list[_Packet]) -> list[int]:
    """Nanoseconds of each. Without a date midnight is passed where the clock goes back by half a day; with
    -ttt each is the time since the one before it.
    """
    clocks = [packet.clock for packet in packets]
    told = [clock.ns for clock in clocks if clock is not None]
    deltas = all(clock is not None and clock.is_relative for clock in clocks) and told != sorted(told)
    times: list[int] = []
    day_ns = now_ns = last_ns = 0
    for clock in clocks:
        if clock is None:
            times.append(now_ns)
        elif deltas:
            now_ns += clock.ns
            times.append(now_ns)
        else:
            if not clock.is_dated and clock.ns < last_ns - DAY_NS // 2:
                day_ns += DAY_NS
            last_ns = clock.ns
            now_ns = clock.ns if clock.is_dated else day_ns + clock.ns
            times.append(now_ns)
    return times


# -- a line as a frame --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Link:
    """``what``: IPv4, IPv6 or ARP; the MAC addresses are "" without -e."""

    what: str
    source: str = ""
    destination: str = ""
    vlans: tuple[int, ...] = ()
    interface: str = ""


def _frame(packet: _Packet, t_ns: int, asked: dict[str, int]) -> PastedFrame | None:
    """None: something else, or nothing that a frame could be made of."""
    text = " ".join([packet.head, *packet.more[:_MOST_LINES]])[:_LONGEST]
    link, rest = _link_of(text)
    if link is None:
        return None
    try:
        if link.what == "ARP":
            payload: bytes | None = _arp(link, rest, t_ns, asked)
            size = 28
        else:
            payload, size = _ip(link, rest)
    except (AddressError, ValueError, OverflowError):
        return None
    if payload is None:
        return None
    head = _link_header(link, payload)
    kind = links.ETHERNET if link.source and link.destination else links.LINUX_SLL
    there = head + payload
    return PastedFrame(
        there, packet.line, t_ns, kind, len(head) + max(size, len(payload)), packet.number, link.interface
    )


def _link_of(text: str) -> tuple[_Link | None, str]:
    interface = _INTERFACE.match(text)
    name = ""
    if interface is not None:
        name, text = interface["name"], text[interface.end() :]
    kind = _KIND.match(text)
    if kind is not None:
        what = {"IP": "IPv4", "IP6": "IPv6", "ARP": "ARP"}[kind["what"]]
        return _Link(what, interface=name), text[kind.end() :]
    found = _LINK.match(text)
    if found is None:
        return None, text
    ethertype = _ETHERTYPE.match(text, found.end())
    if ethertype is None:
        return None, text
    destination = (found["destination"] or "").replace("Broadcast", BROADCAST_MAC)
    link = _Link(ethertype["what"], _mac(found["source"]), _mac(destination), (), name)
    rest = text[ethertype.end() :]
    while (tag := _VLAN.match(rest)) is not None:
        link.vlans += (int(tag["vlan"]) & 0xFFF,)
        link.what, rest = tag["what"], rest[tag.end() :]
        rest = re.sub(r"^length \d+: ", "", rest)
    return (link if link.what in ("IPv4", "IPv6", "ARP") else None), rest


def _mac(text: str) -> str:
    return ":".join(part.rjust(2, "0") for part in text.split(":")) if text else ""


def _link_header(link: _Link, payload: bytes) -> bytes:
    ethertype = {"ARP": ETHERTYPE_ARP, "IPv4": ETHERTYPE_IPV4, "IPv6": ETHERTYPE_IPV6}[link.what]
    tags = b"".join(b"\x81\0" + vlan.to_bytes(2, "big") for vlan in link.vlans)
    if not (link.source and link.destination):
        size = 6 if link.source else 0
        address = pack_mac(link.source) if link.source else bytes(6)
        head = b"\0\0\0\1" + size.to_bytes(2, "big") + address + b"\0\0"
        return head + (tags[:2] + tags[2:] if tags else b"") + ethertype.to_bytes(2, "big")
    return pack_mac(link.destination) + pack_mac(link.source) + tags + ethertype.to_bytes(2, "big")


def _arp(link: _Link, text: str, t_ns: int, asked: dict[str, int]) -> bytes:
    mac = link.source or ZERO_MAC
    if (asks := _ASKS.search(text)) is not None:
        target_mac = _mac((asks["mac"] or ZERO_MAC).replace("Broadcast", BROADCAST_MAC))
        if asks["target"] != asks["sender"]:
            asked[asks["target"]] = t_ns
        words = (mac, asks["sender"], target_mac, asks["target"])
        return _arp_bytes(1, *words)
    answers = _ANSWERS.search(text)
    if answers is None:
        raise ValueError("neither asks nor answers")
    mac, sender = _mac(answers["mac"]), answers["sender"]
    is_broadcast = link.destination == BROADCAST_MAC
    is_asked = sender in asked and t_ns - asked.pop(sender) <= _ANSWERED_NS
    if is_broadcast or not (is_asked or link.destination):  # the line does not say to whom
        return _arp_bytes(2, mac, sender, BROADCAST_MAC, sender)
    return _arp_bytes(2, mac, sender, link.destination or ZERO_MAC, "0.0.0.0")


def _arp_bytes(op: int, mac: str, sender: str, target_mac: str, target: str) -> bytes:
    words = (pack_mac(mac), pack_address(sender), pack_mac(target_mac), pack_address(target))
    if any(len(word) not in (4, 6) for word in words):
        raise ValueError("no IPv4 address")
    return bytes.fromhex("000108000604") + op.to_bytes(2, "big") + b"".join(words)


def _ip(link: _Link, text: str) -> tuple[bytes | None, int]:
    """The IP packet as far as the line tells it, and how long it is on the wire."""
    is_ipv4 = link.what == "IPv4"
    verbose = (_IPV4 if is_ipv4 else _IPV6).match(text)
    rest = text[verbose.end() :] if verbose is not None else text
    ends = _ENDS.match(rest)
    if ends is None:
        return None, 0
    source, destination = (_NAMES.get(ends[side], ends[side]) for side in ("source", "destination"))
    rest = rest[ends.end() :]
    ah = _AH.match(rest)
    rest = rest[ah.end() :] if ah is not None else rest
    advert = _ADVERT.match(rest)
    if advert is not None:
        ttl = int(verbose["ttl"]) if verbose is not None else int(advert["ttl"] or 255)
        message, size = _message(advert, source, destination, 4 if is_ipv4 else 16)
        protocol = PROTOCOL_VRRP
        if ah is not None:
            spi, sequence = int(ah["spi"], 16).to_bytes(4, "big"), int(ah["seq"], 16).to_bytes(4, "big")
            header = bytes((PROTOCOL_VRRP, 4, 0, 0)) + spi + sequence + bytes.fromhex(ah["icv"])
            message, size, protocol = header + message, size + len(header), PROTOCOL_AH
    elif not is_ipv4 and (neighbor := _NEIGHBOR.search(rest)) is not None:
        option = _OPTION.search(rest)
        ttl = int(verbose["ttl"]) if verbose is not None else 255
        message = _neighbor(
            neighbor, option["mac"] if option is not None else link.source, source, destination
        )
        size, protocol = len(message), PROTOCOL_ICMPV6
    else:
        return None, 0
    if is_ipv4:
        tos, number = (int(verbose["tos"], 16), int(verbose["id"])) if verbose is not None else (0, 0)
        return _ipv4(source, destination, protocol, ttl, tos, number, size) + message, 20 + size
    traffic_class = int(verbose["class"] or "0", 16) if verbose is not None else 0
    head = IPv6Header(source, destination, protocol, ttl & 0xFF, traffic_class & 0xFF)
    if size > _MOST_PAYLOAD:
        raise ValueError("more than an IPv6 packet holds")
    return head.emit(bytes(size))[:40] + message, 40 + size


def _ipv4(source: str, destination: str, protocol: int, ttl: int, tos: int, number: int, size: int) -> bytes:
    addresses = pack_address(source) + pack_address(destination)
    if len(addresses) != 8:
        raise ValueError("no IPv4 addresses")
    head = bytes((0x45, tos & 0xFF)) + (20 + size).to_bytes(2, "big") + (number & 0xFFFF).to_bytes(2, "big")
    head += bytes((0, 0, ttl & 0xFF, protocol))
    check = -total(head + b"\0\0" + addresses) % _MODULUS
    return head + check.to_bytes(2, "big") + addresses


def _message(advert: re.Match[str], source: str, destination: str, width: int) -> tuple[bytes, int]:
    """The advert: whole where the line has its addresses (-v), else up to its interval."""
    version, interval, size = int(advert["version"]), int(advert["interval"]), int(advert["length"])
    password = advert["password"]
    auth = _AUTH.get(advert["auth"] or "none", 255)
    trailing = 8 if version == 2 else 0
    count = max(0, (size - 8 - trailing) // width)
    head = bytes((version << 4 | 1, int(advert["vrid"]) & 0xFF, int(advert["prio"]) & 0xFF, count & 0xFF))
    head += bytes((auth, interval & 0xFF)) if version == 2 else (interval & 0xFFF).to_bytes(2, "big")
    if advert["addresses"] is None or (auth == 1 and password is None) or auth > 2:
        return head, size
    addresses = b"".join(map(pack_address, advert["addresses"].split(",")))
    if version == 2:
        addresses += (password or "").encode("utf-8", "surrogateescape")[:8].ljust(8, b"\0")
    if len(addresses) + 8 != size:
        return head, size
    if advert["bad"] is not None:
        check = int(advert["bad"], 16) & 0xFFFF
    else:
        pseudo = 0
        if version == 3 or width == 16:
            _, pseudo = vrrp_pseudo_header(source, destination)
            pseudo += size
        check = -(total(head + b"\0\0" + addresses) + pseudo) % _MODULUS
    return head + check.to_bytes(2, "big") + addresses, size


def _neighbor(found: re.Match[str], mac: str, source: str, destination: str) -> bytes:
    """Without -v no flags are told: to a group it is unsolicited."""
    flags = found["flags"]
    names = {name.strip() for name in flags.split(",")} if flags is not None else set()
    solicited = "solicited" in names if flags is not None else not is_multicast(destination)
    override = "override" in names if flags is not None else True
    message = NeighborMessage(
        found["target"], _mac(mac) or None, router="router" in names, solicited=solicited, override=override
    )
    return message.emit(source, destination)


__all__ = ["Clock", "clock_of", "multicast_mac", "read_tcpdump"]
