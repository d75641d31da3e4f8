"""What ``tshark -T json -x``, ``-T jsonraw`` and ``-T ek -x`` print: each frame's bytes in hexadecimal, and
its time.
"""

from __future__ import annotations

from typing import Any

from vrrplab.errors import CaptureError
from vrrplab.json_text import JsonError, json_of
from vrrplab.pasted.frames import Pasted, PastedFrame
from vrrplab.wire import links

_NO_BYTES = "has no bytes of the frames"
_CURE = "tshark -T json -x prints them"
# Wireshark's own numbers of what a frame begins with
_LINKS = {
    "1": links.ETHERNET,
    "7": links.RAW,
    "15": links.NULL,
    "25": links.LINUX_SLL,
    "210": links.LINUX_SLL2,
}


def read_tshark_json(text: str, name: str) -> Pasted | None:
    """The frames; None if the text is no such JSON. CaptureError for JSON of tshark without bytes."""
    if '"layers"' not in text or (text := _without_prose(text)) == "":
        return None
    packets: list[Any] | None
    try:
        content = json_of(text)
        packets = content if isinstance(content, list) else [content]
        shape = "tshark -T json"
    except JsonError as error:
        packets, shape = _by_line(text), "tshark -T ek"
        if packets is None:
            raise CaptureError(name, error.line, str(error), "is it cut off?") from None
    frames = []
    for number, packet in enumerate(packets, 1):
        layers = _layers(packet)
        if layers is None:
            continue
        raw = _raw(layers)
        if raw is None:
            raise CaptureError(name, 0, f"is JSON of tshark and {_NO_BYTES}", _CURE)
        try:
            data = bytes.fromhex(raw)
        except ValueError:
            raise CaptureError(name, 0, f"frame {number} in it is no hexadecimal", _CURE) from None
        told = layers.get("frame")
        frames.append(PastedFrame(data, number, *_time_and_link(told if isinstance(told, dict) else {})))
    return Pasted(shape, frames) if frames else None


def _without_prose(text: str) -> str:
    """From the first line that begins JSON to the last that ends it; "" if there are none. Lines before them
    stay, empty: errors tell lines.
    """
    lines = text.split("\n")
    begins = next((at for at, line in enumerate(lines) if line.lstrip()[:1] in ("{", "[")), None)
    if begins is None:
        return ""
    ends = next(
        (at for at in range(len(lines) - 1, begins, -1) if lines[at].strip()[-1:] in ("}", "]")),
        len(lines) - 1,
    )
    return "\n" * begins + "\n".join(lines[begins : ends + 1])


def _by_line(text: str) -> list[Any] | None:
    packets = []
    for line in text.split("\n"):
        if line.strip():
            try:
                packets.append(json_of(line))
            except JsonError:
                return None
    return packets


def _layers(packet: Any) -> dict[str, Any] | None:
    if not isinstance(packet, dict):
        return None
    source = packet.get("_source", packet)
    layers = source.get("layers") if isinstance(source, dict) else None
    return layers if isinstance(layers, dict) else None


def _raw(layers: dict[str, Any]) -> str | None:
    """-T json and jsonraw have a list that begins with the digits, -T ek has the digits."""
    found = layers.get("frame_raw")
    if isinstance(found, list) and found:
        found = found[0]
    return found if isinstance(found, str) else None


def _time_and_link(told: dict[str, Any]) -> tuple[int | None, int | None]:
    link = _LINKS.get(str(told.get("frame.encap_type", told.get("frame_frame_encap_type", ""))))
    epoch = told.get("frame.time_epoch", told.get("frame_frame_time_epoch"))
    whole, _, fraction = epoch.partition(".") if isinstance(epoch, str) else ("", "", "")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 12):
        return None, link
    digits = fraction[:9].ljust(9, "0")
    if not (digits.isascii() and digits.isdigit()):
        return None, link
    return int(whole) * 1_000_000_000 + int(digits), link
