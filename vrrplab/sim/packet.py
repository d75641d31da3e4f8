"""A frame under way: its bytes, and what they say, decoded at most once however many hosts receive it."""

from __future__ import annotations

from vrrplab.drive.journal import told_of
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.trace.rows import AdvertTold
from vrrplab.wire.addresses import is_multicast, unpack_address
from vrrplab.wire.frames import Frame, decode
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_VRRP
from vrrplab.wire.vrrp import Advertisement

IPV4, IPV6 = 0x0800, 0x86DD


class Saying:
    """What a VRRP frame says: one value for all frames that differ only in their IP identification.

    Nothing in it changes; what it is made of are the bytes of the first such frame.
    """

    __slots__ = (
        "_events",
        "advert",
        "destination",
        "has_ah",
        "is_multicast",
        "kind",
        "source",
        "told",
        "ttl",
    )

    source: str
    destination: str
    ttl: int
    advert: Advertisement
    told: AdvertTold
    is_multicast: bool
    has_ah: bool
    kind: str

    def __init__(self, data: bytes, advert: Advertisement) -> None:
        self.source, self.destination, self.ttl = _ends(data)
        self.advert = advert
        self.told = told_of(advert, self.source, self.destination)
        self.is_multicast = is_multicast(self.destination)
        self.has_ah = data[23] == PROTOCOL_AH
        self.kind = f"VRID {advert.vrid}"
        self._events: dict[str, AdvertisementReceived] = {}  # a cache: the machine's event, by interface

    def event(self, interface: str) -> AdvertisementReceived:
        """That it came in at an interface of this name, without AH: the same value each time."""
        known = self._events.get(interface)
        if known is None:
            known = self._events[interface] = AdvertisementReceived(
                interface, self.source, self.destination, self.ttl, self.advert
            )
        return known


class Packet:
    """``saying``: what it is known to say already, as the last one of its kind.

    ``announces``: the address of which it says to everybody where it is, and nothing else.
    """

    __slots__ = ("_decoded", "announces", "data", "destination", "saying", "source")

    def __init__(self, data: bytes, saying: Saying | None = None, announces: str = "") -> None:
        self.data = data
        self.destination = data[:6]
        self.source = data[6:12]
        self.saying = saying
        self.announces = announces
        self._decoded: Frame | None = None

    @property
    def ends(self) -> tuple[str, str, int]:
        """IP source, destination and TTL or hop limit, without taking the whole frame apart."""
        return _ends(self.data)

    def read(self) -> Saying | None:
        """What it says, if it is VRRP that can be read."""
        if self.saying is None and (advert := self.frame.vrrp) is not None:
            self.saying = Saying(self.data, advert)
        return self.saying

    @property
    def kind(self) -> str:
        """Of what kind it is: the adverts of one VRID, VRRP's or ARP's frames, or another protocol's."""
        if self.saying is not None:
            return self.saying.kind
        data = self.data
        kind = data[12] << 8 | data[13]
        if kind == IPV4:
            protocol, behind = data[23], 34
        elif kind == IPV6:
            protocol, behind = data[20], 54
        else:
            return f"{kind:04x}"
        if protocol == PROTOCOL_AH:
            protocol, behind = data[behind], behind + 4 * (data[behind + 1] + 2)
        return f"VRID {data[behind + 1]}" if protocol == PROTOCOL_VRRP else f"protocol {protocol}"

    @property
    def frame(self) -> Frame:
        """The decoded frame."""
        if self._decoded is None:
            self._decoded = decode(self.data)
        return self._decoded


def _ends(data: bytes) -> tuple[str, str, int]:
    if data[12] == 0x86:
        return unpack_address(data[22:38]), unpack_address(data[38:54]), data[21]
    return unpack_address(data[26:30]), unpack_address(data[30:34]), data[22]


def mac_bytes(text: str) -> bytes:
    """Six bytes from 02:00:00:00:00:fb; none from "". Raises ValueError for what is not hexadecimal."""
    return bytes.fromhex(text.replace(":", ""))


def mac_text(mac: bytes) -> str:
    """02:00:00:00:00:fb from six bytes."""
    return mac.hex(":")
