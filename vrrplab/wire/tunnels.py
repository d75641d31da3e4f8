"""What carries frames inside frames: tunnels, mirrors, and link layers between Ethernet and IP. One header at
a time; ``wire.dissect`` goes from one to the next, ``limits.TUNNELS`` of them at most.

    by EtherType      LLC/SNAP (below 1536), MPLS, PPPoE, 802.1ah, MACsec, NSH, TRILL, FabricPath, VN-tag,
                      CMD, HSR
    by IP protocol    IP in IP (4), IPv6 in IP (41), GRE (47), EtherIP (97), MPLS (137), Ethernet (143)
    by UDP port       VXLAN (4789, 8472), VXLAN-GPE (4790), GENEVE (6081), TZSP (37008), MPLS (6635), GRE
                      (4754)
    inside GRE        IP, Ethernet, MPLS, PPP (of PPTP), ERSPAN I, II, III

A header leads to a ``Step``: what it is called, where its contents lie and what they begin with; or, where
they are enciphered, in pieces or of a kind that is not read here, a word of ``SEALED``. Nothing of that is an
error: whoever tells what is in a capture counts these, because nobody knows what is in them. A header that
the capture cut off raises PacketError (TOO_SHORT).

Sources: RFC 1042, 2516, 2637, 2784, 2890, 3032, 3378, 4385, 7348, 7637, 8926; IEEE 802.1AE, 802.1ah.
Wireshark opens the same frames (``tests/wire/test_tunnels_against_tshark.py``).
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.errors import DropReason, PacketError
from vrrplab.limits import TUNNELS
from vrrplab.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, VLAN_TYPES

FRAME = -1  # what follows is an Ethernet frame

_SEALED_BY_PROTOCOL = {
    50: "ESP",
    55: "minimal encapsulation",
    94: "IPIP of KA9Q",
    98: "ENCAP",
    108: "IPComp",
    115: "L2TPv3",
}
_SEALED_BY_PORT = {
    1701: "L2TP",
    2152: "GTP-U",
    3544: "Teredo",
    4341: "LISP",
    5247: "CAPWAP",
    6080: "GUE",
}
TOO_DEEP = f"tunnels beyond a depth of {TUNNELS.most}"
# What may be in a frame and is not read: each has a name, by which it is counted.
SEALED = (
    "",
    *_SEALED_BY_PROTOCOL.values(),
    *_SEALED_BY_PORT.values(),
    "ESP in UDP",
    "MACsec",
    "pieces of a tunnel",
    TOO_DEEP,
    "GRE of another protocol",
    "GRE with routing",
    "VXLAN of another form",
    "VXLAN-GPE of another protocol",
    "GENEVE of another protocol",
    "TZSP of another protocol",
    "MPLS of another payload",
    "PPP, compressed or in pieces",
    "NSH of another protocol",
    "802.11, enciphered",
    "802.11, several frames in one",
    "Frame Relay, compressed or in pieces",
    "cut off",
    "link type not read here",
    "custom block of pcapng",
)

MPLS_TYPES = frozenset((0x8847, 0x8848))
TYPES = frozenset(
    (
        *MPLS_TYPES,
        0x8864,
        0x88E7,
        0x88E5,
        0x894F,
        0x22F3,
        0x8903,
        0x8926,
        0x8909,
        0x892F,
        0x8870,
        0x880B,
        0x6558,
    )
)
PROTOCOLS = frozenset((4, 41, 47, 97, 137, 143, *_SEALED_BY_PROTOCOL))
PORTS = frozenset((4789, 8472, 4790, 6081, 37008, 6635, 4754, 4500, *_SEALED_BY_PORT))
LONGEST_LENGTH = 1535  # an EtherType up to here is the length of an LLC frame

_READABLE = frozenset((ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_ARP, *VLAN_TYPES, *TYPES))
_PPP = {0x0021: ETHERTYPE_IPV4, 0x0057: ETHERTYPE_IPV6, 0x0281: 0x8847, 0x0283: 0x8848}
_PPP_SEALED = frozenset((0x003D, 0x0053, 0x0055, 0x00FB, 0x00FD, 0x002D, 0x002F, 0x0031))


class Wrapping(NamedTuple):
    """One header around a packet, as a frame's ``path`` lists them, the outermost first.

    ``number``: its VNI, session, label, key or service, None without. ``source`` and ``destination``: ends of
    the IP packet that carries it, "" without one. ``offset``, ``size``: its bytes in the frame, with all that
    came before it since the last one. ``is_mirror``: a switch's copy of a frame, which is how it was on the
    wire but which no router need have received.
    """

    name: str
    number: int | None
    source: str
    destination: str
    offset: int
    size: int
    is_mirror: bool = False

    @property
    def text(self) -> str:
        """``VXLAN 42``."""
        return self.name if self.number is None else f"{self.name} {self.number}"

    @property
    def place(self) -> str:
        """The LAN that it makes: equal for all that hear each other through it, whoever sends; "" for none of
        its own.
        """
        if self.name in _NO_PLACE:
            return ""
        if self.name in _BY_NUMBER:
            return self.text
        if self.source:
            return f"{self.name} {'-'.join(sorted((self.source, self.destination)))}"
        return self.name


_NO_PLACE = frozenset(("LLC/SNAP", "CMD", "HSR"))
# Numbers that both directions share; MPLS labels and GRE keys may differ.
_BY_NUMBER = frozenset(
    ("VXLAN", "VXLAN-GPE", "GENEVE", "ERSPAN I", "ERSPAN II", "ERSPAN III", "TZSP", "802.1ah", "PPPoE")
)


class Step(NamedTuple):
    """Where a header leads. ``inside``: FRAME, or the EtherType of what begins at ``at`` and ends before
    ``end``; with ``sealed`` nothing of it is read. ``keeps_link``: it is still the same Ethernet frame.
    """

    name: str
    at: int
    end: int
    inside: int = 0
    number: int | None = None
    sealed: str = ""
    is_mirror: bool = False
    keeps_link: bool = False


def _need(frame: bytes, at: int, size: int, end: int, what: str) -> None:
    if at + size > end:
        text = f"the frame ends inside the {what} header, after {len(frame)} bytes"
        if end < len(frame):
            text = f"the packet ends inside the {what} header"
        raise PacketError(DropReason.TOO_SHORT, min(end, len(frame)), text)


def _number(frame: bytes, at: int, size: int) -> int:
    return int.from_bytes(frame[at : at + size], "big")


def _of_type(name: str, ethertype: int, at: int, end: int, number: int | None, otherwise: str) -> Step:
    """What follows is named by an EtherType; 0x6558 is Ethernet."""
    if ethertype == 0x6558:
        return Step(name, at, end, FRAME, number)
    if ethertype in _READABLE:
        return Step(name, at, end, ethertype, number)
    return Step(name, at, end, 0, number, otherwise)


# -- by EtherType ------------------------------------------------------------------------------------------


def by_type(frame: bytes, ethertype: int, at: int, end: int) -> Step | None:
    """A link layer's header at ``at``; None if this EtherType is none's."""
    if ethertype <= LONGEST_LENGTH:
        return _llc(frame, at, min(end, at + ethertype) if ethertype > 4 else end)
    if ethertype in MPLS_TYPES:
        return _mpls(frame, at, end)
    if ethertype == 0x8864:
        return _pppoe(frame, at, end)
    if ethertype == 0x88E7:
        _need(frame, at, 4, end, "802.1ah")
        return Step("802.1ah", at + 4, end, FRAME, _number(frame, at + 1, 3))
    if ethertype == 0x88E5:
        return _macsec(frame, at, end)
    if ethertype == 0x894F:
        return _nsh(frame, at, end)
    if ethertype == 0x22F3:
        _need(frame, at, 6, end, "TRILL")
        options = (_number(frame, at, 2) >> 6 & 0x1F) * 4
        return Step("TRILL", at + 6 + options, end, FRAME)
    if ethertype == 0x8903:
        _need(frame, at, 2, end, "FabricPath")
        return Step("FabricPath", at + 2, end, FRAME, _number(frame, at, 2) >> 6)
    if ethertype == 0x8870:
        return _llc(frame, at, end)
    if ethertype == 0x880B:
        return _ppp("PPP", frame, at, end)
    if ethertype == 0x6558:
        return Step("Ethernet", at, end, FRAME)
    tags = {0x8926: ("VN-tag", 4), 0x8909: ("CMD", 6), 0x892F: ("HSR", 4)}
    if ethertype not in tags:
        return None
    name, size = tags[ethertype]
    _need(frame, at, size + 2, end, name)
    inside = _number(frame, at + size, 2)
    return Step(name, at + size + 2, end, inside, keeps_link=True)


def _llc(frame: bytes, at: int, end: int) -> Step | None:
    if frame[at : at + 3] == b"\xaa\xaa\x03":
        _need(frame, at, 8, end, "LLC/SNAP")
        if frame[at + 3 : at + 6] in (b"\0\0\0", b"\0\0\xf8"):  # the second: bridge tunnels (IEEE 802.1H)
            return Step("LLC/SNAP", at + 8, end, _number(frame, at + 6, 2), keeps_link=True)
    elif frame[at : at + 3] == b"\x06\x06\x03":
        return Step("LLC/SNAP", at + 3, end, ETHERTYPE_IPV4, keeps_link=True)
    return None


def _mpls(frame: bytes, at: int, end: int) -> Step:
    _need(frame, at, 4, end, "MPLS")
    label = _number(frame, at, 3) >> 4
    while not frame[at + 2] & 1:
        at += 4
        _need(frame, at, 4, end, "MPLS")
    at += 4
    _need(frame, at, 1, end, "MPLS")
    first = frame[at] >> 4
    if first == 4 and at + 20 <= end and frame[at] & 15 >= 5 and _number(frame, at + 2, 2) <= end - at:
        return Step("MPLS", at, end, ETHERTYPE_IPV4, label)
    if first == 6 and at + 40 <= end and _number(frame, at + 4, 2) + 40 <= end - at:
        return Step("MPLS", at, end, ETHERTYPE_IPV6, label)
    for begin in (at + 4, at) if frame[at] == 0 else (at,):  # a control word begins with zeros (RFC 4385)
        inside = _number(frame, begin + 12, 2)
        is_llc = 8 <= inside <= end - begin - 14 and frame[begin + 14 : begin + 17] == b"\xaa\xaa\x03"
        if inside in _READABLE or (is_llc and inside <= LONGEST_LENGTH):
            return Step("MPLS", begin, end, FRAME, label)
    return Step("MPLS", at, end, 0, label, "MPLS of another payload")


def _pppoe(frame: bytes, at: int, end: int) -> Step | None:
    _need(frame, at, 6, end, "PPPoE")
    kind, session, length = frame[at + 1], _number(frame, at + 2, 2), _number(frame, at + 4, 2)
    if kind:
        return None  # of the discovery stage, which carries no packets
    step = _ppp("PPPoE", frame, at + 6, min(end, at + 6 + length))
    return step._replace(number=session) if step is not None else None


def _ppp(name: str, frame: bytes, at: int, end: int) -> Step | None:
    if frame[at : at + 2] == b"\xff\x03":  # address and control, which PPPoE leaves off
        at += 2
    _need(frame, at, 2, end, name)
    protocol, size = _number(frame, at, 2), 2
    if frame[at] & 1:  # the protocol's first byte, a zero, was left off
        protocol, size = frame[at], 1
    if protocol in _PPP:
        return Step(name, at + size, end, _PPP[protocol])
    if protocol in _PPP_SEALED:
        return Step(name, at + size, end, sealed="PPP, compressed or in pieces")
    return None  # PPP's own: LCP, authentication, negotiations


def _macsec(frame: bytes, at: int, end: int) -> Step:
    _need(frame, at, 6, end, "MACsec")
    flags, short = frame[at], frame[at + 1] & 0x3F
    size = 14 if flags & 0x20 else 6
    if flags & 0x0C:  # enciphered, or changed
        return Step("MACsec", at + size, end, sealed="MACsec")
    _need(frame, at, size + 2, end, "MACsec")
    stop = min(end, at + size + short) if short else end - 16  # behind it the check value
    return Step(
        "MACsec", at + size + 2, max(stop, at + size + 2), _number(frame, at + size, 2), keeps_link=True
    )


def _nsh(frame: bytes, at: int, end: int) -> Step:
    _need(frame, at, 8, end, "NSH")
    size = (frame[at + 1] & 0x3F) * 4
    inside = {1: ETHERTYPE_IPV4, 2: ETHERTYPE_IPV6, 3: FRAME, 5: 0x8847}.get(frame[at + 3], 0)
    number = _number(frame, at + 4, 3)
    if not inside or size < 8:
        return Step("NSH", at + 8, end, 0, number, "NSH of another protocol")
    return Step("NSH", at + size, end, inside, number)


# -- by IP protocol ----------------------------------------------------------------------------------------


def by_protocol(frame: bytes, protocol: int, version: int, at: int, end: int) -> Step | None:
    """What an IP packet carries, if it is a tunnel: its payload lies at ``at``."""
    if protocol == 4:
        return Step("IP-in-IP" if version == 4 else "4in6", at, end, ETHERTYPE_IPV4)
    if protocol == 41:
        return Step("6in4" if version == 4 else "IPv6-in-IPv6", at, end, ETHERTYPE_IPV6)
    if protocol == 47:
        return _gre(frame, at, end)
    if protocol == 97:
        _need(frame, at, 2, end, "EtherIP")
        return Step("EtherIP", at + 2, end, FRAME)
    if protocol == 137:
        return _mpls(frame, at, end)
    if protocol == 143:
        return Step("Ethernet in IP", at, end, FRAME)
    if protocol in _SEALED_BY_PROTOCOL:
        name = _SEALED_BY_PROTOCOL[protocol]
        return Step(name, at, end, sealed=name)
    return None


def _gre(frame: bytes, at: int, end: int) -> Step:
    _need(frame, at, 4, end, "GRE")
    flags, protocol = _number(frame, at, 2), _number(frame, at + 2, 2)
    if flags & 0x4000:
        return Step("GRE", at + 4, end, sealed="GRE with routing")
    is_pptp = flags & 7 == 1
    has_checksum, has_key, has_sequence = flags & 0x8000, flags & 0x2000, flags & 0x1000
    size = 4 + 4 * bool(has_checksum) + 4 * bool(has_key) + 4 * bool(has_sequence)
    size += 4 * (is_pptp and bool(flags & 0x80))
    _need(frame, at, size, end, "GRE")
    key_at = at + 4 + 4 * bool(has_checksum)
    key = _number(frame, key_at, 4) if has_key and not is_pptp else None
    inner = at + size
    if protocol == 0x88BE and not has_sequence:
        return Step("ERSPAN I", inner, end, FRAME, is_mirror=True)
    if protocol in (0x88BE, 0x22EB):
        return _erspan(frame, inner, end)
    if protocol == 0x880B:
        return _ppp("GRE", frame, inner, end) or Step("GRE", inner, end, 0)
    return _of_type("GRE", protocol, inner, end, key, "GRE of another protocol")


def _erspan(frame: bytes, at: int, end: int) -> Step:
    _need(frame, at, 8, end, "ERSPAN")
    version, session = frame[at] >> 4, _number(frame, at + 2, 2) & 0x3FF
    if version == 1:
        return Step("ERSPAN II", at + 8, end, FRAME, session, is_mirror=True)
    if version != 2:
        return Step("GRE", at, end, sealed="GRE of another protocol")
    _need(frame, at, 12, end, "ERSPAN")
    subheader = 8 * (frame[at + 11] & 1)
    carries_ip = _number(frame, at + 10, 2) >> 10 & 0x1F == 2
    inner = at + 12 + subheader
    _need(frame, inner, 1, end, "ERSPAN")
    ip = ETHERTYPE_IPV6 if frame[inner] >> 4 == 6 else ETHERTYPE_IPV4
    return Step("ERSPAN III", inner, end, ip if carries_ip else FRAME, session, is_mirror=True)


# -- by UDP port -------------------------------------------------------------------------------------------


def udp_port(frame: bytes, at: int, end: int) -> int:
    """Where a UDP datagram goes; 0 if that is cut off."""
    return _number(frame, at + 2, 2) if at + 4 <= end else 0


def by_port(frame: bytes, port: int, at: int, end: int) -> Step | None:
    """What a UDP datagram at ``at`` carries, if its destination port is a tunnel's."""
    if port not in PORTS:
        return None
    _need(frame, at, 8, end, "UDP")
    length = _number(frame, at + 4, 2)
    if length >= 8:
        end = min(end, at + length)
    at += 8
    if port in _SEALED_BY_PORT:
        name = _SEALED_BY_PORT[port]
        return Step(name, at, end, sealed=name)
    if port == 4500:  # zeros in front: IKE; one byte: keeps the way open (RFC 3948)
        if end - at < 4 or not _number(frame, at, 4):
            return None
        return Step("ESP", at, end, sealed="ESP in UDP")
    if port == 6635:
        return _mpls(frame, at, end)
    if port == 4754:
        return _gre(frame, at, end)
    if port == 6081:
        return _geneve(frame, at, end)
    if port == 37008:
        return _tzsp(frame, at, end)
    name = "VXLAN-GPE" if port == 4790 else "VXLAN"
    _need(frame, at, 8, end, name)
    flags, vni = frame[at], _number(frame, at + 4, 3)
    if not flags & 8:
        return Step(name, at, end, sealed="VXLAN of another form")
    if port != 4790:
        return Step(name, at + 8, end, FRAME, vni)
    inside = FRAME
    if flags & 4:
        known = {1: ETHERTYPE_IPV4, 2: ETHERTYPE_IPV6, 3: FRAME, 4: 0x894F, 5: 0x8847}
        inside = known.get(frame[at + 3], 0)
    return Step(name, at + 8, end, inside, vni, "" if inside else "VXLAN-GPE of another protocol")


def _geneve(frame: bytes, at: int, end: int) -> Step:
    _need(frame, at, 8, end, "GENEVE")
    size = 8 + (frame[at] & 0x3F) * 4
    number = _number(frame, at + 4, 3)
    _need(frame, at, size, end, "GENEVE")
    if frame[at] >> 6:
        return Step("GENEVE", at, end, 0, number, "GENEVE of another protocol")
    return _of_type("GENEVE", _number(frame, at + 2, 2), at + size, end, number, "GENEVE of another protocol")


def _tzsp(frame: bytes, at: int, end: int) -> Step | None:
    _need(frame, at, 4, end, "TZSP")
    version, kind, protocol = frame[at], frame[at + 1], _number(frame, at + 2, 2)
    if version != 1 or kind > 1:
        return None  # keeps the way open, or sets the sender up
    at += 4
    while True:
        _need(frame, at, 1, end, "TZSP")
        tag = frame[at]
        if tag == 1:
            break
        if tag:
            _need(frame, at, 2, end, "TZSP")
            at += 1 + frame[at + 1]
        at += 1
    if protocol != 1:
        return Step("TZSP", at + 1, end, sealed="TZSP of another protocol", is_mirror=True)
    return Step("TZSP", at + 1, end, FRAME, is_mirror=True)
