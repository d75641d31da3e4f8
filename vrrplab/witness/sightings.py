"""What a capture says about virtual routers, sorted out: who sent which advert, who announced an address.

One ``Heard`` for each LAN (capture interface and VLANs; interfaces that see copies of one packet are
on one LAN), IP version and VRID. Its speakers are told apart by source address; where routers share even
that (FRR over IPv6: a link-local address made of the virtual MAC) by priority. Packets that were captured
several times are counted once. No conclusions here: those are drawn in ``masters``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby, islice
from operator import itemgetter, sub
from typing import Any, NamedTuple

from vrrplab.capture.reader import CapturedFrame, Packet, Passed
from vrrplab.capture.records import Record
from vrrplab.decoding.describe import path_text
from vrrplab.decoding.verdict import ah_is_right
from vrrplab.errors import DropReason
from vrrplab.units import CENTISECOND_US, SECOND_US, Micros
from vrrplab.wire import fhrp, links
from vrrplab.wire.addresses import ZERO_MAC, link_local, virtual_mac
from vrrplab.wire.dissect import Endpoints, Frame, decode
from vrrplab.wire.ip import PROTOCOL_VRRP, IPv4Header
from vrrplab.wire.likeness import is_opaque, likeness
from vrrplab.wire.tunnels import Wrapping
from vrrplab.wire.vrrp import AUTH_AH, AUTH_PASS, Advertisement

# How late keepalived and FRR were seen to act on a loaded machine (recordings of real daemons)
LATE_US = 60_000
# of frames that matter here; others only count
KINDS = ("vrrp", "arp", "na", "carp", *fhrp.KINDS)
# of which everything that matters was read, also where something could not be opened
_OPEN = frozenset(("vrrp", "arp", "na", "carp", "igmp", *fhrp.KINDS))
# How far apart the copies of a packet are that a capture of several interfaces, or a mirror port, holds
COPY_US = 10_000
# Frames of several interfaces may come disordered by as long as a buffer waits to be handed over, in dumpcap
# 0.25 s. What goes back further did not happen in this order.
BACKWARDS_US = 500_000
# two may be chance; and of a capture that lost some of the copies, two thirds are still in it
_PAIRS, _OF_GROUPS = 2, 2 / 3
_VRRP = bytes((PROTOCOL_VRRP,))
_REMEMBERED = 4096  # packets that are known again, at least
# the link header of a frame of ``-i any``: what tells one interface's copy from another's stands in it
_LINK_SIZE = {links.ETHERNET: 0, links.LINUX_SLL: 16, links.LINUX_SLL2: 20}


class Sighting(NamedTuple):
    """One advert: when (microseconds from the first frame of the capture), frame number, and what it said.

    ``is_whole`` is False if the capture's snap length cut it: addresses may be missing then. ``ah_sequence``
    is None without AH, or if the check value is not of the key that is known; ``password`` is that of
    authentication type 1, in clear.
    """

    t_us: Micros
    number: int
    speaker: str
    mac: str
    priority: int
    interval_us: Micros
    version: int
    addresses: tuple[str, ...]
    auth_type: int
    checksum_form: str | None
    destination: str
    is_whole: bool = True
    ah_sequence: int | None = None
    password: bytes | None = None

    @property
    def source(self) -> str:
        """Its IP address, also of a speaker that is told apart by more."""
        return self.speaker.partition(" ")[0]


class Announcement(NamedTuple):
    """One gratuitous ARP or unsolicited neighbour advertisement: ``address`` is at ``mac``. ``frame_mac``:
    who sent the frame, "" where the capture did not keep it.
    """

    t_us: Micros
    number: int
    mac: str
    address: str
    frame_mac: str = ""


class Rejected(NamedTuple):
    """A frame of protocol 112 that says nothing about MASTERs: damaged, CARP, of an unknown version."""

    t_us: Micros
    number: int
    sender: str
    text: str


class Other(NamedTuple):
    """A group of another first-hop redundancy protocol: the latest that a router said of it."""

    t_us: Micros
    number: int
    sender: str
    text: str


_WORDS = itemgetter(slice(2, None))  # of a sighting: what it says, without time and number


class VirtualRouter:
    """What makes a virtual router: a VRID, of IPv4 or IPv6, on one LAN ("" if there is only one)."""

    def __init__(self, vrid: int, ip_version: int, lan: str) -> None:
        self.vrid = vrid
        self.ip_version = ip_version
        self.lan = lan
        self.virtual_mac = virtual_mac(vrid, ip_version)

    @property
    def name(self) -> str:
        """``VRID 51``, with IPv6 and the LAN where they matter."""
        family = " IPv6" if self.ip_version == 6 else ""
        return f"VRID {self.vrid}{family}" + (f" on {self.lan}" if self.lan else "")


class Heard(VirtualRouter):
    """All that was seen of one virtual router, in order of time."""

    def __init__(self, vrid: int, ip_version: int, lan: str) -> None:
        super().__init__(vrid, ip_version, lan)
        self.sightings: list[Sighting] = []
        self.announcements: list[Announcement] = []
        self.carp_us: list[Micros] = []  # when CARP with this number was sent
        self._runs: list[tuple[int, int]] = []
        self._runs_of: list[Sighting] | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every virtual address any advert named, in order of appearance."""
        return tuple(dict.fromkeys(a for begin, _ in self.runs() for a in self.sightings[begin].addresses))

    def listings(self) -> Iterator[Sighting]:
        """The first advert of each run (``runs``)."""
        return (self.sightings[begin] for begin, _ in self.runs())

    def runs(self) -> list[tuple[int, int]]:
        """Sightings that follow each other and say the same, but for number and time: from, to (not
        included). Of a day of adverts there are a few.
        """
        if self._runs_of is not self.sightings or (self._runs[-1][1] if self._runs else 0) != len(
            self.sightings
        ):
            self._runs_of, self._runs = self.sightings, []
            begin = 0
            for _, same in groupby(self.sightings, key=_WORDS):
                end = begin + len([*same])
                self._runs.append((begin, end))
                begin = end
        return self._runs


class Backwards:
    """How often the times of a capture go back, and how far, in the order of its frames."""

    def __init__(self) -> None:
        self.times = 0
        self.in_all_us: Micros = 0
        self.most_us: Micros = 0
        self.first: tuple[Micros, int] = (0, 0)  # time and number of the first frame that is too early
        self.worst = 0  # number of the one that goes back furthest
        self._latest_us: Micros | None = None

    def see(self, t_us: Micros, number: int) -> None:
        """The next frame."""
        if self._latest_us is not None and self._latest_us < t_us:
            self._latest_us = t_us
            return
        behind_us = 0 if self._latest_us is None else self._latest_us - t_us
        if behind_us <= BACKWARDS_US:
            self._latest_us = t_us if self._latest_us is None else max(self._latest_us, t_us)
            return
        if not self.times:
            self.first = t_us, number
        if behind_us > self.most_us:
            self.most_us, self.worst = behind_us, number
        self.times += 1
        self.in_all_us += behind_us
        self._latest_us = t_us  # the clock was set: what comes now is measured by this


class _Said:
    """What a packet said, to be taken down again: an advert, or an announcement, which has a ``lan``.

    ``is_numbered``: its sender gives IPv4's number to each packet, so that a copy is none of a second packet.
    """

    __slots__ = ("_into", "_is_numbered", "_lan", "_latest_us", "_recent", "_words")

    def __init__(
        self, into: list[Any], words: tuple[Any, ...], lan: str | None = None, is_numbered: bool = False
    ) -> None:
        self._into, self._lan, self._words = into, lan, words
        self._is_numbered = is_numbered
        self._recent: dict[bytes, Micros] = {}
        self._latest_us: Micros = -COPY_US - 1

    def is_copy(self, identification: bytes, t_us: Micros) -> bool:
        """Was the packet with this number seen a moment ago?"""
        if not self._is_numbered or identification == b"\0\0":
            return False
        if t_us - self._latest_us > COPY_US:  # almost every advert
            self._recent, self._latest_us = {identification: t_us}, t_us
            return False
        before_us = self._recent.get(identification)
        if before_us is not None and abs(t_us - before_us) <= COPY_US:
            return True
        self._recent[identification] = t_us
        self._latest_us = max(self._latest_us, t_us)
        return False

    def again(self, t_us: Micros, number: int) -> bool:
        """Take it down. True for an announcement."""
        if self._lan is None:
            self._into.append(_new_sighting((t_us, number, *self._words)))
            return False
        self._into.append((self._lan, Announcement(t_us, number, *self._words)))
        return True


_new_sighting = partial(tuple.__new__, Sighting)  # a tenth of the calls that ``Sighting(…)`` makes


class Sightings:
    """Everything ``collect`` found. Times are microseconds since the capture's earliest frame, the first one
    in most captures, whose own is ``start_ns``.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key  # of AH
        self.routers: dict[tuple[str, int, int], Heard] = {}
        self.rejected: list[Rejected] = []
        self.cut_early: list[Rejected] = []  # the snap length left too little to say anything
        self.copies = 0  # frames that are an earlier one again, seen on another interface
        self.carp: dict[int, list[tuple[Micros, int, str]]] = {}
        self.others: dict[tuple[str, int | None, str], list[Other]] = {}  # by protocol, group and sender
        self.sealed: Counter[str] = Counter()  # frames that could not be opened, by why
        self.paths: Counter[str] = Counter()  # adverts that came in tunnels, by the tunnels
        self.mirrored = 0  # adverts that a mirror showed
        self.start_ns = 0
        self.end_us: Micros = 0
        self.earliest_us: Micros = 0  # below 0 until ``finish`` counts from there
        self.backwards = Backwards()
        self.frames = 0
        self.neighbour_frames = 0  # ARP or NA of any kind: without one, the capture was filtered
        # until they are given to their routers: with the name of the LAN
        self.announcements: list[tuple[str, Announcement]] = []
        # by likeness and interface what a packet said; those who did not speak for long are forgotten
        self._said: dict[object, _Said] = {}
        self._said_before: dict[object, _Said] = {}
        self._lists: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._recent: dict[bytes, tuple[Micros, str]] = {}
        self._places: dict[str, tuple[str, str]] = {}  # LAN as named -> interface, tunnels and VLANs
        self._joined: dict[str, str] = {}  # interface -> an earlier one that is on the same LAN

    def add_packet(self, number: int, record: Record) -> None:
        """Sort a packet in. One that says what an earlier one said is not taken apart again."""
        t_ns, link_type, raw, original_length, interface, _ = record
        if not self.frames:
            self.start_ns = t_ns
        t_us = (t_ns - self.start_ns) // 1000
        if link_type == links.ETHERNET and len(raw) == original_length:
            if raw[23:24] != _VRRP and is_opaque(raw):
                self.frames += 1
                if t_us > self.end_us:
                    self.end_us = t_us
                elif t_us < self.earliest_us:
                    self.earliest_us = t_us
                return
            alike = likeness(raw, link_type)
            key = (alike, interface) if interface else alike
            said = self._said.get(key) or self._said_long_ago(key)
            if said is not None:
                self.frames += 1
                if t_us > self.end_us:
                    self.end_us = t_us
                elif t_us < self.earliest_us:
                    self.earliest_us = t_us
                self.backwards.see(t_us, number)
                if said.is_copy(raw[18:20], t_us):
                    self.copies += 1
                elif said.again(t_us, number):
                    self.neighbour_frames += 1
                return
        else:
            key = None
        frame = decode(raw, link_type)
        said = self.add(CapturedFrame(number, t_ns, frame, interface, original_length))
        if said is not None and key is not None:
            said.is_copy(raw[18:20], t_us)  # it is none, but the next with its number may be
            self._said[key] = said

    def _said_long_ago(self, key: object) -> _Said | None:
        """Of the many who speak once nothing is kept for long."""
        if len(self._said) >= _REMEMBERED:
            self._said_before, self._said = self._said, {}
        said = self._said_before.get(key)
        if said is not None:
            self._said[key] = said
        return said

    def add(self, captured: CapturedFrame | Passed) -> _Said | None:
        """Sort one frame in, or pass some over. What comes back may be said again, in the same words."""
        if not self.frames:
            self.start_ns = captured.t_ns
        if isinstance(captured, Passed):
            self.frames += captured.frames
            self.sealed.update(dict(captured.sealed))
            self.end_us = max(self.end_us, (captured.latest_ns - self.start_ns) // 1000)
            self.earliest_us = min(self.earliest_us, (captured.earliest_ns - self.start_ns) // 1000)
            return None
        self.frames += 1
        t_us = (captured.t_ns - self.start_ns) // 1000
        self.end_us = max(self.end_us, t_us)
        self.earliest_us = min(self.earliest_us, t_us)
        frame = captured.frame
        if frame.kind not in _OPEN and frame.sealed:
            self.sealed[frame.sealed] += 1
        if frame.kind in KINDS:  # of a large capture the others never come here
            self.backwards.see(t_us, captured.number)
        if frame.kind in KINDS and self._is_copy(captured, t_us):
            self.copies += 1
        elif frame.kind == "vrrp":
            return self._add_advert(captured, frame, t_us)
        elif frame.kind in ("arp", "na"):
            return self._add_announcement(captured, frame, t_us)
        elif frame.fhrp is not None and frame.ip is not None:
            key = frame.fhrp.protocol, frame.fhrp.group, frame.ip.source
            said = Other(t_us, captured.number, frame.ip.source, frame.fhrp.text)
            known = self.others.setdefault(key, [said, said])
            known[1] = said
        elif frame.kind == "carp" and frame.ip is not None:
            vhid = frame.payload[1]  # there also in a packet that the capture cut
            self.carp.setdefault(vhid, []).append((t_us, captured.number, frame.ip.source))
        return None

    def _is_copy(self, captured: CapturedFrame, t_us: Micros) -> bool:
        """The same packet again? ``tcpdump -i any`` sees one on every interface it passes (a bridge and its
        ports), a mirror port may show it coming and going.

        On "cooked v2" another interface tells. Elsewhere only adverts are compared, by the number that IPv4
        gives its packets; those without one are compared in the end (``copies``). Announcements come in such
        bursts themselves.
        """
        frame = captured.frame
        if not frame.is_plain and frame.path:
            return self._is_copy_inside(captured, frame, t_us)
        size = _LINK_SIZE.get(frame.link_type)
        if size is None or (size < 20 and frame.kind in ("arp", "na")):
            return False
        raw = frame.raw
        if size < 20 and not _is_numbered(raw, size or 14):
            return False
        packet, place = captured.interface.encode() + raw[size:], interface_of(captured)
        before = self._recent.get(packet)
        if before is not None and abs(t_us - before[0]) <= COPY_US and (size < 20 or before[1] != place):
            if self._root(before[1]) != self._root(place):
                self._joined[self._root(place)] = self._root(before[1])
            return True
        if len(self._recent) > 1000:
            self._recent = {p: seen for p, seen in self._recent.items() if t_us - seen[0] <= COPY_US}
        self._recent[packet] = (t_us, place)
        return False

    def _is_copy_inside(self, captured: CapturedFrame, frame: Frame, t_us: Micros) -> bool:
        """The same in a tunnel, or mirror, that shows it coming and going: by what is inside."""
        if frame.kind != "vrrp" or not isinstance(frame.ip, IPv4Header) or not frame.ip.identification:
            return False
        place = self._lan(captured, (), frame.path)
        packet = place.encode() + b"\0" + frame.raw[frame.start : frame.end]
        before = self._recent.get(packet)
        self._recent[packet] = (t_us, "")
        return before is not None and abs(t_us - before[0]) <= COPY_US

    def _root(self, interface: str) -> str:
        while interface in self._joined:
            interface = self._joined[interface]
        return interface

    def _lan(self, captured: CapturedFrame, vlans: tuple[int, ...], path: tuple[Wrapping, ...]) -> str:
        """The LAN's name so far: interfaces that turn out to be on one LAN are joined in ``finish``."""
        interface, rest = interface_of(captured), place_of(path, vlans)
        lan = f"{interface} {rest}".strip() if rest else interface
        self._places[lan] = interface, rest
        return lan

    def name_lan(self, lan: str, named: str, other: Sightings) -> None:
        """Know a LAN that another collection calls ``named``, if it is not known."""
        self._places.setdefault(lan, other._places[named])

    def _final_lan(self, lan: str) -> str:
        interface, rest = self._places[lan]
        return f"{self._root(interface)} {rest}".strip()

    def _add_advert(self, captured: CapturedFrame, frame: Frame, t_us: Micros) -> _Said | None:
        advert, ends = frame.vrrp, frame.endpoints()
        is_cut = captured.original_length > len(frame.raw)
        usable = advert is not None and bool(advert.checksum_ok or (is_cut and _says_enough(frame, advert)))
        if advert is None or ends is None or not usable or advert.type != 1 or not advert.vrid:
            source = ends.source if ends is not None else "?"
            text = str(frame.problems[0]) if frame.problems else "not an advert"
            too_early = is_cut and bool(frame.problems) and _is_only_cut(frame)
            (self.cut_early if too_early else self.rejected).append(
                Rejected(t_us, captured.number, source, text)
            )
            return None
        if ends.path:
            self.paths[path_text(ends.path)] += 1
            self.mirrored += any(wrapping.is_mirror for wrapping in ends.path)
        key = (self._lan(captured, ends.vlans, ends.path), ends.ip_version, advert.vrid)
        router = self.routers.get(key)
        if router is None:
            router = self.routers[key] = Heard(advert.vrid, ends.ip_version, key[0])
        listed = advert.addresses or ()
        addresses = self._lists.setdefault(listed, listed)  # one tuple for a million
        sequence = ah_sequence(frame, self._key)
        sighting = sighting_of(t_us, captured.number, advert, ends, addresses, sequence)
        router.sightings.append(sighting)
        if is_cut or ends.path or advert.auth_type == AUTH_AH:
            return None
        return _Said(router.sightings, sighting[2:], is_numbered=frame.raw[12:14] == b"\x08\0")

    def _add_announcement(self, captured: CapturedFrame, frame: Frame, t_us: Micros) -> _Said | None:
        found = announcement_of(t_us, captured.number, frame)
        if found is not None and found.mac in ("", ZERO_MAC):
            return None  # a line of tcpdump without -e: nobody can say whose it is
        self.neighbour_frames += 1
        if found is None:
            return None
        eth = frame.eth
        vlans = tuple(tag.vlan_id for tag in eth.vlans) if eth is not None else ()
        lan = self._lan(captured, vlans, frame.path)
        self.announcements.append((lan, found))
        return None if frame.path else _Said(self.announcements, found[2:], lan)

    def finish(self) -> None:
        """Put things in order of time and give each announcement to the virtual router whose address it
        names.
        """
        self._count_from_earliest()
        merged: dict[tuple[str, int, int], Heard] = {}
        for (lan, ip_version, vrid), router in self.routers.items():
            router.lan = self._final_lan(lan)
            known = merged.setdefault((router.lan, ip_version, vrid), router)
            if known is not router:
                known.sightings += router.sightings
        self.routers = merged
        owner: dict[tuple[str, str], list[Heard]] = {}
        for (lan, _, _), router in self.routers.items():
            router.sightings.sort()
            once = _without_copies(router.sightings)
            self.copies += len(router.sightings) - len(once)
            router.sightings = once
            for address in router.addresses:
                owner.setdefault((lan, address), []).append(router)
        for lan, announcement in self.announcements:
            for router in owner.get((self._final_lan(lan), announcement.address), ()):
                router.announcements.append(announcement)
        for router in self.routers.values():
            router.announcements.sort()
            if router.ip_version == 4:
                router.carp_us = sorted(t_us for t_us, _, _ in self.carp.get(router.vrid, ()))
            _split_shared_addresses(router)
        if len({lan for lan, _, _ in self.routers}) == 1 and not self.paths:
            for router in self.routers.values():
                router.lan = ""
        self.announcements.clear()
        self._recent.clear()

    def _count_from_earliest(self) -> None:
        """Not every capture begins with its earliest frame; a trace has no time before 0."""
        late_us = -self.earliest_us
        if not late_us:
            return
        self.earliest_us = 0
        self.start_ns -= late_us * 1000
        self.end_us += late_us
        self.backwards.first = self.backwards.first[0] + late_us, self.backwards.first[1]
        for router in self.routers.values():
            router.sightings = [s._replace(t_us=s.t_us + late_us) for s in router.sightings]
        self.others = {
            key: [said._replace(t_us=said.t_us + late_us) for said in both]
            for key, both in self.others.items()
        }
        self.rejected = [r._replace(t_us=r.t_us + late_us) for r in self.rejected]
        self.cut_early = [r._replace(t_us=r.t_us + late_us) for r in self.cut_early]
        for vhid, seen in self.carp.items():
            self.carp[vhid] = [(t_us + late_us, number, sender) for t_us, number, sender in seen]
        self.announcements = [(lan, a._replace(t_us=a.t_us + late_us)) for lan, a in self.announcements]


def collect(frames: Iterable[CapturedFrame | Passed | Packet], key: bytes | None = None) -> Sightings:
    """Go through a capture once. Memory grows with the adverts and announcements in it, not with other
    traffic. Packets that are not taken apart yet cost least.
    """
    found = gather(frames, key)
    found.finish()
    return found


def gather(frames: Iterable[CapturedFrame | Passed | Packet], key: bytes | None = None) -> Sightings:
    """As ``collect``, but not finished: what others saw of the same may be joined to it before."""
    found = Sightings(key)
    add, add_packet = found.add, found.add_packet
    for captured in frames:
        if type(captured) is tuple:
            add_packet(*captured)
        else:
            add(captured)  # type: ignore[arg-type]
    return found


def sighting_of(
    t_us: Micros,
    number: int,
    advert: Advertisement,
    ends: Endpoints,
    addresses: tuple[str, ...],
    sequence: int | None,
) -> Sighting:
    """What an advert says, taken down."""
    # 0 is not allowed, and a timer of nothing would make no sense of a gap
    interval_us = advert.interval_us or (SECOND_US if advert.version == 2 else CENTISECOND_US)
    auth_type = advert.auth_type or 0
    return Sighting(
        t_us, number, ends.source, ends.mac, advert.priority, interval_us, advert.version, addresses,
        auth_type, advert.checksum_form, ends.destination, bool(advert.checksum_ok), sequence,
        advert.auth_data if auth_type == AUTH_PASS else None,
    )  # fmt: skip


def announcement_of(t_us: Micros, number: int, frame: Frame) -> Announcement | None:
    """The gratuitous ARP or unsolicited neighbour advertisement that a frame is, if it is one."""
    arp, na = frame.arp, frame.na
    if arp is not None and arp.gratuitous:
        return Announcement(t_us, number, arp.sender_mac, arp.sender_ip, _source_mac(frame))
    if na is not None and not na.solicited and na.checksum_ok:
        source = _source_mac(frame)
        return Announcement(t_us, number, na.mac or source, na.target, source)
    return None


def _is_numbered(raw: bytes, at: int) -> bool:
    """An IPv4 packet begins at this byte, and its sender gave it a number."""
    return raw[at - 2 : at] == b"\x08\0" and raw[at + 4 : at + 6] != b"\0\0" and len(raw) >= at + 20


def ah_sequence(frame: Frame, key: bytes | None) -> int | None:
    """The number in an advert's AH header; None without one, or if ``key`` is given and did not make it."""
    if frame.vrrp is None or frame.vrrp.auth_type != AUTH_AH or frame.ah is None:
        return None
    return frame.ah.sequence if key is None or ah_is_right(frame, key) else None


def interface_of(captured: CapturedFrame) -> str:
    """What the file calls the interface; in one of ``-i any``, the number that "cooked v2" keeps."""
    frame = captured.frame
    if frame.link_type != links.LINUX_SLL2 or len(frame.raw) < 8:
        return captured.interface
    return f"{captured.interface} interface {int.from_bytes(frame.raw[4:8], 'big')}".strip()


def place_of(path: tuple[Wrapping, ...], vlans: tuple[int, ...]) -> str:
    """The part of a LAN's name that tunnels and VLANs make; VLAN 0 is a priority and no VLAN."""
    places = [wrapping.place for wrapping in path]
    return " ".join([*filter(None, places), *(f"VLAN {vlan}" for vlan in vlans if vlan)])


def _is_only_cut(frame: Frame) -> bool:
    return all(problem.reason is DropReason.TOO_SHORT for problem in frame.problems)


def _says_enough(frame: Frame, advert: Advertisement) -> bool:
    """Cut by the capture, but VRID, priority and interval are there and nothing else is wrong."""
    return advert.interval_us is not None and advert.version in (2, 3) and _is_only_cut(frame)


def _source_mac(frame: Frame) -> str:
    return (frame.eth.source if frame.eth is not None else None) or ""


def _split_shared_addresses(router: Heard) -> None:
    """Routers that share source address and virtual MAC become one speaker a priority (FRR over IPv6,
    measured).

    Only a link-local address that is made of the virtual MAC can be two routers'. One router whose adverts
    have an address of its own may be back as MASTER with another priority: it is the same all the time.
    """
    if router.ip_version == 4:
        return
    shared = link_local(router.virtual_mac)
    by_source: dict[str, list[Sighting]] = {}
    for sighting in router.sightings:
        if sighting.mac == router.virtual_mac and sighting.speaker == shared:
            by_source.setdefault(sighting.speaker, []).append(sighting)
    announced = [a.t_us for a in router.announcements]
    names: dict[int, str] = {}
    for source, own in by_source.items():
        trains = _trains(own, announced)
        for train in trains if len(trains) > 1 else ():
            first = next((s.priority for s in train if s.priority), 0)
            names.update((sighting.number, f"{source} ({first})") for sighting in train)
    if names:
        router.sightings = [
            s._replace(speaker=names[s.number]) if s.number in names else s for s in router.sightings
        ]


def _trains(own: list[Sighting], announced: list[Micros]) -> list[list[Sighting]]:
    """One list a router. Priority 0 belongs to whoever spoke last.

    A new priority that comes just when the last speaker's next advert is due, and with no announcement of the
    addresses, is that speaker's own: it changed its mind. Any other new priority is another router.
    """
    trains: list[list[Sighting]] = []
    priorities: list[int] = []
    latest = 0
    for sighting in own:
        if not trains:
            trains.append([sighting])
            priorities.append(sighting.priority)
            continue
        if sighting.priority == 0:
            trains[latest].append(sighting)
            continue
        if sighting.priority in priorities:
            latest = priorities.index(sighting.priority)
        else:
            before = trains[latest][-1]
            gap_us = sighting.t_us - before.t_us
            due = before.interval_us // 2 < gap_us <= before.interval_us * 11 // 10
            begin = bisect_left(
                announced, sighting.t_us - before.interval_us - max(before.interval_us // 10, LATE_US)
            )
            is_new = begin < len(announced) and announced[begin] <= sighting.t_us + 300_000
            if not due or is_new or before.priority == 0:
                trains.append([])
                priorities.append(0)
                latest = len(trains) - 1
            priorities[latest] = sighting.priority
        trains[latest].append(sighting)
    return trains


def _without_copies(sightings: list[Sighting]) -> list[Sighting]:
    """The adverts of one virtual router, in order of time, each once.

    A mirror port shows packets twice, and over IPv6 no number tells a copy from a second packet. One pair of
    equal adverts says nothing: keepalived sends priority 0 twice, up to 5 ms apart, and a MASTER that was
    held up answers several adverts at one moment (measured). But no router sends *each* of its adverts twice.
    So a router's copies are left out only if most of its adverts come several times, within a fraction of its
    interval; and of two priority 0, both shown twice, two stay.
    """
    by_speaker: dict[tuple[str, str], list[Sighting]] = {}
    for sighting in sightings:
        by_speaker.setdefault((sighting.speaker, sighting.mac), []).append(sighting)
    left_out: set[int] = set()
    for own in by_speaker.values():
        if _may_have_copies(own):
            left_out.update(_copies(_groups(own)))
    return [s for s in sightings if s.number not in left_out] if left_out else sightings


def _may_have_copies(own: list[Sighting]) -> bool:
    """Do enough adverts follow another one so closely? Told apart they need not be for that."""
    times = [sighting.t_us for sighting in own]
    close = sum(map(COPY_US.__ge__, map(sub, islice(times, 1, None), times)))
    # so many groups of several at most; and of one at least
    steady = sum(sighting.priority > 0 for sighting in own) - close
    return close >= _PAIRS and close >= steady * _OF_GROUPS


def _groups(own: Iterable[Sighting]) -> list[list[Sighting]]:
    """Equal adverts that follow each other closely, together."""
    groups: list[list[Sighting]] = []
    open_groups: dict[tuple[object, ...], list[Sighting]] = {}
    for sighting in own:
        words = sighting[2:]
        group = open_groups.get(words)
        if group is not None and sighting.t_us - group[-1].t_us <= _closely_us(sighting):
            group.append(sighting)
        else:
            open_groups[words] = group = [sighting]
            groups.append(group)
    return groups


def _closely_us(sighting: Sighting) -> Micros:
    return min(COPY_US, sighting.interval_us // 4)


def _copies(groups: list[list[Sighting]]) -> Iterable[int]:
    steady = [len(group) for group in groups if group[0].priority]
    several = [size for size in steady if size > 1]
    if len(several) < _PAIRS or len(several) < len(steady) * _OF_GROUPS:
        return
    times = Counter(several).most_common(1)[0][0]
    for group in groups:
        packets = max(round(len(group) / times), 1)
        kept = {group[index * len(group) // packets].number for index in range(packets)}
        yield from (s.number for s in group if s.number not in kept)
