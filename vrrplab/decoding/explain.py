"""A frame explained, as text: ``vrrplab decode --explain``.

For the VRRP message a diagram with the packet's own bytes in it, then a line a field (``fields``), then the
verdict.
"""

from __future__ import annotations

from collections.abc import Iterator

from vrrplab.decoding.fields import Field, fields, payload_start
from vrrplab.decoding.verdict import Verdict
from vrrplab.output.text_columns import cut, fitted, padded, wrap
from vrrplab.wire.dissect import Frame
from vrrplab.wire.vrrp import HEADER_SIZE, Advertisement

__all__ = ["Field", "explain", "fields"]

_WIDTH = 80


def explain(frame: Frame, verdict: Verdict, profile: str) -> str:
    """The whole explanation as text, at most 80 columns wide."""
    parts = []
    if frame.vrrp is not None and frame.payload:
        parts.append(_diagram(frame, frame.vrrp))
    found = fields(frame)
    if found:
        parts.append("\n".join(_field_lines(found)))
    else:
        parts.append("\n".join(wrap(f"{len(frame.raw)} bytes: {frame.raw[:64].hex(' ')}", _WIDTH)))
    parts.append("\n".join(_verdict_lines(verdict, profile)))
    return "\n\n".join(parts)


def _diagram(frame: Frame, advert: Advertisement) -> str:
    """The message in rows of 32 bits, as the RFCs draw it, with its bytes and what they mean."""
    start = payload_start(frame)
    cells = [f for f in fields(frame) if f.layer.startswith("VRRP")]
    border = "    +" + "---------------+" * 4
    lines = ["     0               1               2               3", border]
    for field in cells:
        if field.offset - start < HEADER_SIZE:
            continue
        lines += _wide_row(frame, field, start)
        lines.append(border)
    head = [f for f in cells if f.offset - start < HEADER_SIZE]
    rows = []
    for row in (0, 4):
        here = [f for f in head if row <= f.offset - start < row + 4]
        if here:
            rows += _narrow_row(frame, here, start, row)
            rows.append(border)
    return "\n".join(lines[:2] + rows + lines[2:])


def _narrow_row(frame: Frame, here: list[Field], start: int, row: int) -> list[str]:
    top, bottom = f"{row:3} |", "    |"
    for field in here:
        width = 16 * field.size - 1
        data = frame.raw[field.offset : field.offset + field.size].hex(" ")
        top += padded(f" {data}", width) + "|"
        bottom += fitted(f" {_short(field)}", width) + "|"
    return [top, bottom]


def _short(field: Field) -> str:
    if field.name == "version, type":
        version, _, kind = field.value.partition(", ")
        return f"ver {version} type {kind}"
    if field.name == "auth type":
        return f"auth type {field.value.partition(',')[0]}"
    if field.name == "checksum":
        return f"checksum {field.value.partition(' (')[0]}"
    return f"{field.name} {field.value}"


def _wide_row(frame: Frame, field: Field, start: int) -> list[str]:
    data = frame.raw[field.offset : field.offset + field.size]
    lines = []
    for at in range(0, len(data), 16):
        offset = f"{field.offset - start:3}" if at == 0 else "   "
        lines.append(f"{offset} | {data[at : at + 16].hex(' '):62}|")
    lines.append(f"    | {fitted(f'{field.name}: {field.value}', 62)}|")
    return lines


def _field_lines(found: list[Field]) -> Iterator[str]:
    layer = ""
    for field in found:
        if field.layer != layer:
            layer = field.layer
            yield layer
        place = f"{field.offset}" if field.size == 1 else f"{field.offset}-{field.offset + field.size - 1}"
        yield f"  {place:>7}  {field.name:<20} {cut(field.value, 44)}"
        for line in wrap(field.sentence, _WIDTH - 32):
            yield " " * 32 + line


def _verdict_lines(verdict: Verdict, profile: str) -> Iterator[str]:
    yield f"Verdict of {profile}: {verdict.word}"
    for mark, reasons in (("-", verdict.reasons), ("note:", verdict.notes)):
        for reason in reasons:
            rule = f" ({reason.rule})" if reason.rule else ""
            lines = wrap(f"{mark} {reason.name}{rule}: {reason.text}", _WIDTH - 4, more="  ")
            yield from ("  " + line for line in lines)
