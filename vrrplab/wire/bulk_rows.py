"""Single rows of the columns: what the ordinary codec says of frames that vector operations left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vrrplab.errors import DropReason
from vrrplab.wire.addresses import pack_address, pack_mac
from vrrplab.wire.arp import cut_arp
from vrrplab.wire.dissect import Frame
from vrrplab.wire.neighbor import cut_advertisement

if TYPE_CHECKING:
    import numpy as np

    from vrrplab.wire.bulk import Columns

    Array = np.ndarray[Any, Any]

KIND = {"other": 0, "vrrp": 1, "arp": 2, "na": 3, "carp": 4, "igmp": 5}
REASON = {reason: number for number, reason in enumerate(DropReason, 1)}
_FORM = {None: 0, "message": 1, "pseudo-header": 2}


def fill_rows(chunk: Columns, rows: Array, frames: list[Frame]) -> None:
    """What the ordinary codec says of some rows' frames."""
    import numpy as np

    chunk.clear(rows)
    told: dict[str, list[int]] = {}
    packed: dict[str, list[bytes]] = {"source": [], "address": [], "source_mac": [], "header": []}
    for frame in frames:
        for name, value in _scalars(frame).items():
            told.setdefault(name, []).append(value)
        source, address = _addresses(frame)
        mac = frame.eth.source if frame.eth is not None else None
        packed["source"].append(pack_address(source).ljust(16, b"\0") if source else bytes(16))
        packed["address"].append(pack_address(address).ljust(16, b"\0") if address else bytes(16))
        packed["source_mac"].append(pack_mac(mac) if mac else bytes(6))
        packed["header"].append(_header(frame))
    for name, values in told.items():
        getattr(chunk, name)[rows] = values
    for name, texts in packed.items():
        getattr(chunk, name)[rows] = np.frombuffer(b"".join(texts), np.uint8).reshape(len(rows), -1)


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


def _scalars(frame: Frame) -> dict[str, int]:
    ip, advert = frame.ip, frame.vrrp
    message = frame.na or advert
    return {
        "kind": KIND[frame.kind],
        "reason": REASON[frame.problems[0].reason] if frame.problems else 0,
        "ip_version": ip.version if ip is not None else 0,
        "ttl": ip.ttl if ip is not None else 0,
        "ip_checksum_ok": _judged(getattr(ip, "checksum_ok", None)),
        "checksum_ok": _judged(message.checksum_ok if message is not None else None),
        "checksum_form": _FORM[advert.checksum_form if advert is not None else None],
        "announces": int(
            (frame.na is not None and not frame.na.solicited)
            or (frame.arp is not None and frame.arp.gratuitous)
        ),
    }


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
