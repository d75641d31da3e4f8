"""Single rows of the columns: what the ordinary codec says of frames that vector operations left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vrrplab.columns.table import FORMS, KINDS, REASONS
from vrrplab.wire.addresses import pack_address, pack_mac
from vrrplab.wire.arp import cut_arp
from vrrplab.wire.dissect import Frame
from vrrplab.wire.neighbor import cut_advertisement
from vrrplab.wire.tunnels import SEALED

if TYPE_CHECKING:
    import numpy as np

    from vrrplab.columns.table import Columns

    Array = np.ndarray[Any, Any]

KIND = {kind: number for number, kind in enumerate(KINDS)}
REASON = {reason: number for number, reason in enumerate(REASONS)}
SEAL = {what: number for number, what in enumerate(SEALED)}
_FORM = {form: number for number, form in enumerate(FORMS)}
_NUMBERS = (
    "kind",
    "reason",
    "ip_version",
    "ttl",
    "ip_checksum_ok",
    "checksum_ok",
    "checksum_form",
    "announces",
    "tunnels",
    "sealed",
)


def fill_rows(chunk: Columns, rows: Array, frames: list[Frame]) -> None:
    """What the ordinary codec says of some rows' frames, whatever stood there before."""
    import numpy as np

    numbers = np.array([_numbers(frame) for frame in frames], np.int16)
    for name, column in zip(_NUMBERS, numbers.T, strict=True):
        getattr(chunk, name)[rows] = column
    packed = np.frombuffer(b"".join([_packed(frame) for frame in frames]), np.uint8).reshape(len(rows), -1)
    chunk.source[rows] = packed[:, :16]
    chunk.address[rows] = packed[:, 16:32]
    chunk.header[rows] = packed[:, 32:40]
    chunk.mac[rows] = packed[:, 40:]


def _header(frame: Frame) -> bytes:
    """The first eight bytes of the VRRP message; what is cut off, or is half an interval, is zero."""
    if frame.na is not None and frame.na.checksum is not None:
        return bytes(6) + frame.na.checksum.to_bytes(2, "big")
    if frame.vrrp is None:
        return bytes(8)
    there = frame.payload[:8] if len(frame.payload) >= 8 else frame.payload[:6]
    if len(there) == 5 and there[0] >> 4 == 3:
        there = there[:4]
    return there.ljust(8, b"\0")


def _numbers(frame: Frame) -> tuple[int, ...]:
    """As ``_NUMBERS`` names them."""
    ip, advert, problems = frame.ip, frame.vrrp, frame.problems
    message = frame.na or advert
    return (
        KIND[frame.kind],
        REASON[problems[0].reason if problems else None],
        ip.version if ip is not None else 0,
        ip.ttl if ip is not None else 0,
        _judged(getattr(ip, "checksum_ok", None)),
        _judged(message.checksum_ok if message is not None else None),
        _FORM[advert.checksum_form if advert is not None else None],
        (frame.na is not None and not frame.na.solicited) or (frame.arp is not None and frame.arp.gratuitous),
        len(frame.path),
        SEAL[frame.sealed],
    )


def _packed(frame: Frame) -> bytes:
    """Sender, address, the message's first bytes and the MAC address, 16 + 16 + 8 + 8 bytes."""
    source, address = _addresses(frame)
    mac = frame.eth.source if frame.eth is not None else None
    return b"".join(
        (
            pack_address(source).ljust(16, b"\0") if source else bytes(16),
            pack_address(address).ljust(16, b"\0") if address else bytes(16),
            _header(frame),
            pack_mac(mac) + bytes(2) if mac else bytes(8),
        )
    )


def _addresses(frame: Frame) -> tuple[str | None, str | None]:
    """The sender's address, and the virtual or announced one."""
    if frame.arp is not None:
        return frame.arp.sender_ip, frame.arp.target_ip
    if frame.kind == "arp":
        there = cut_arp(frame.payload)
        return there["sender_ip"], there["target_ip"]
    source = frame.ip.source if frame.ip is not None else None
    if frame.na is not None:
        return source, frame.na.target
    if frame.kind == "na":
        return source, cut_advertisement(frame.payload)["target"]
    listed = frame.vrrp.addresses if frame.vrrp is not None else None
    return source, listed[0] if listed else None


def _judged(right: bool | None) -> int:
    return -1 if right is None else int(right)
