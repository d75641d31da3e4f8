"""A frame under way: its bytes, and what they say, decoded at most once however many hosts receive it."""

from __future__ import annotations

from vrrplab.wire.addresses import unpack_address
from vrrplab.wire.frames import Frame, decode


class Packet:
    __slots__ = ("_decoded", "data", "destination", "source")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.destination = data[:6]
        self.source = data[6:12]
        self._decoded: Frame | None = None

    @property
    def ends(self) -> tuple[str, str, int]:
        """IP source, destination and TTL or hop limit, without taking the whole frame apart."""
        data = self.data
        if data[12] == 0x86:
            return unpack_address(data[22:38]), unpack_address(data[38:54]), data[21]
        return unpack_address(data[26:30]), unpack_address(data[30:34]), data[22]

    @property
    def frame(self) -> Frame:
        """The decoded frame."""
        if self._decoded is None:
            self._decoded = decode(self.data)
        return self._decoded


def mac_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def mac_text(mac: bytes) -> str:
    return mac.hex(":")
