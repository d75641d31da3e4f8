"""One frame as the RFCs draw it, four bytes a row, with its own bytes in the boxes and a sentence a field.

    VRRPv2   +---------------+-------+----------+-------+
       34    | version, type | VRID  | priority | count |   priority  150: the highest wins
             |     2, 1      |  51   |   150    |   1   |   …
             |      21       |  33   |    96    |  01   |
             +---------------+-------+----------+-------+

Names, values and sentences are the codec's (``wire.explain``); here they only get their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.decoding.describe import describe, path_text
from vrrplab.decoding.explain import fields
from vrrplab.errors import VrrplabError
from vrrplab.trace import TraceEvent
from vrrplab.views import figure_arguments, style
from vrrplab.views.plain import PlainRow, PlainTable
from vrrplab.views.style import SMALL, TEXT, Theme
from vrrplab.wire.frames import Frame, decode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_BYTES = 4
WIDTH_IN, HEAD_IN = 9.6, 0.42
LEFT_IN, CELL_IN, ROW_IN, MORE_IN, LAYER_IN, LINE_IN = 0.65, 1.02, 0.46, 0.2, 0.24, 0.145
_HUES = {"VRRP": 0, "AH": 1, "ICMP": 1, "CARP": 3, "IP": 2, "ARP": 3, "Ethernet": 5}
LIST_IN = LEFT_IN + ROW_BYTES * CELL_IN + 0.3


class Cell(NamedTuple):
    """The part of a field in one row: bytes ``offset`` to ``offset + size`` of the frame, hexadecimal.

    ``value`` is "" in the rows that only continue a field. ``problem``: this field is why it is dropped.
    """

    row: int
    column: int
    size: int
    offset: int
    name: str
    value: str
    octets: str
    problem: bool
    field: int  # cells of one field share a number


class Layer(NamedTuple):
    """One header: its boxes, and (name, sentence) for each field."""

    name: str
    offset: int
    cells: tuple[Cell, ...]
    sentences: tuple[tuple[str, str], ...]

    @property
    def heights_in(self) -> list[float]:
        """A row that only continues a field needs room for its bytes only."""
        named = {cell.row for cell in self.cells if cell.name or cell.value}
        count = max((cell.row for cell in self.cells), default=-1) + 1
        return [ROW_IN if row in named else MORE_IN for row in range(count)]


class PacketRows(NamedTuple):
    """A frame laid out. ``problems``: why a receiver drops it, in words."""

    title: str
    size: int
    layers: tuple[Layer, ...]
    problems: tuple[str, ...]

    def summary(self) -> str:
        """The figure in one sentence."""
        names = ", ".join(layer.name for layer in self.layers)
        return f"A frame of {self.size} bytes, field by field: {self.title} ({names})."

    def plain(self) -> PlainTable:
        """The figure as a table: a row a field, with its bytes."""
        found = []
        for layer in self.layers:
            said = iter(layer.sentences)
            for number in dict.fromkeys(cell.field for cell in layer.cells):
                cells = [cell for cell in layer.cells if cell.field == number]
                name, value = next(((cell.name, cell.value) for cell in cells if cell.name), ("", ""))
                octets = " ".join(cell.octets for cell in cells)
                sentence = next(said)[1] if name else ""
                found.append(PlainRow((layer.name, str(cells[0].offset), octets, name, value, sentence)))
        more = "; ".join(f"dropped: {problem}" for problem in self.problems)
        head = "", "byte", "bytes", "field", "value", ""
        return PlainTable(self.title, f"{self.size} bytes", more, self.summary(), head, tuple(found))


def rows(frame: bytes | str | Frame | TraceEvent) -> PacketRows:
    """The boxes of a frame: bytes, hexadecimal text, a decoded Frame, or an event with its ``frame``.

    VrrplabError: not hexadecimal, or an event without its bytes.
    """
    decoded = _decoded(frame)
    raw = decoded.raw
    broken = [problem.offset for problem in decoded.problems]
    layers: dict[str, list[tuple[int, int, str, str, str]]] = {}
    at, last = 0, "bytes"
    for field in fields(decoded):
        if field.offset > at:  # bytes without a name: options of IP, else the beginning of what follows
            owner = last if last.startswith("IP") else field.layer
            layers.setdefault(owner, []).append((at, field.offset - at, "", "", ""))
        last = field.layer
        named = (field.offset, field.size, field.name, field.value, field.sentence)
        layers.setdefault(field.layer, []).append(named)
        at = field.offset + field.size
    if at < len(raw):
        kind = "padding" if decoded.padding and len(decoded.padding) >= len(raw) - at else "more bytes"
        layers.setdefault(kind, []).append((at, len(raw) - at, kind, "", ""))
    built = tuple(_layer(name, raw, parts, broken) for name, parts in layers.items())
    problems = tuple(f"{problem.message} (byte {problem.offset})" for problem in decoded.problems)
    title = describe(decoded)
    if not decoded.is_plain and decoded.path:
        title += f", in {path_text(decoded.path)}"
    return PacketRows(title, len(raw), built, problems)


def _decoded(frame: bytes | str | Frame | TraceEvent) -> Frame:
    if isinstance(frame, Frame):
        return frame
    if isinstance(frame, TraceEvent):
        if not frame.fields.get("frame"):
            raise VrrplabError(f"this {frame.event} has no frame: simulate or read with frames=True")
        frame = str(frame.fields["frame"])
    if isinstance(frame, bytes | bytearray):
        return decode(bytes(frame))
    try:
        return decode(bytes.fromhex("".join(frame.replace(":", " ").split())))
    except (ValueError, AttributeError):  # AttributeError: no text
        raise VrrplabError("a frame is bytes or hexadecimal text, like '01 00 5e 00 00 12 …'") from None


def _layer(
    name: str, raw: bytes, parts: Sequence[tuple[int, int, str, str, str]], broken: Sequence[int]
) -> Layer:
    start = parts[0][0]
    cells = []
    for order, (offset, size, field, value, _) in enumerate(parts):
        bad = any(offset <= b < offset + size for b in broken)
        pieces = list(_pieces(offset - start, size))
        widest = max(range(len(pieces)), key=lambda n: pieces[n][2])  # the value stands in the widest piece
        for number, (row, column, width) in enumerate(pieces):
            begin = start + row * ROW_BYTES + column
            shown = value if number == widest else ""
            octets = raw[begin : begin + width].hex(" ")
            cells.append(
                Cell(row, column, width, begin, field if number == widest else "", shown, octets, bad, order)
            )
    sentences = tuple((f"{field}  {value}", text) for _, _, field, value, text in parts if field)
    return Layer(name, start, tuple(cells), sentences)


def _pieces(begin: int, size: int) -> list[tuple[int, int, int]]:
    """(row, column, bytes) of a field that starts ``begin`` bytes into its layer."""
    found = []
    while size > 0:
        row, column = divmod(begin, ROW_BYTES)
        width = min(size, ROW_BYTES - column)
        found.append((row, column, width))
        begin += width
        size -= width
    return found


def figure(
    frame: bytes | str | Frame | TraceEvent, *, theme: str = "light", width_in: float = WIDTH_IN
) -> Figure:
    """The packet diagram of one frame, field by field, as the RFCs draw it.

    ``frame``: bytes, hexadecimal text, a decoded ``Frame``, or an event with its ``frame``. ``theme``:
    "light" or "dark". ``width_in``: in inches. VrrplabError: not hexadecimal, or an
    event without its bytes.
    """
    return draw(rows(frame), theme=theme, width_in=figure_arguments.width(width_in))


@style.follows_page
def draw(table: PacketRows, *, theme: str = "light", width_in: float = WIDTH_IN) -> Figure:
    """The figure of rows made before."""
    colours = style.theme_of(theme)
    with style.look(colours):
        lists = [_wrapped(layer, width_in - LIST_IN - 0.2) for layer in table.layers]
        heights_in = [
            LAYER_IN + max(sum(layer.heights_in), len(lines) * LINE_IN) + 0.1
            for layer, lines in zip(table.layers, lists, strict=True)
        ]
        problems_in = LINE_IN * len(table.problems) + (0.1 if table.problems else 0.0)
        height_in = HEAD_IN + problems_in + max(sum(heights_in), 0.8) + 0.15
        page = style.new_figure(width_in, height_in, colours, table.summary())
        style.head(page, colours, table.title, f"{table.size} bytes")
        axes = style.bare_axes(page, (0, 0, width_in, height_in))
        if not table.layers:
            style.nothing_to_draw(axes, colours, "Nothing to draw: this frame has no bytes.")
        y_in = HEAD_IN
        for problem in table.problems:
            text = style.elide(f"dropped: {problem}", width_in - 0.4, SMALL)
            style.write(axes, 0.2, y_in + LINE_IN / 2, text, colours.vermillion)
            y_in += LINE_IN
        y_in = HEAD_IN + problems_in
        for number, (layer, lines) in enumerate(zip(table.layers, lists, strict=True)):
            _draw_layer(axes, colours, layer, lines, y_in)
            y_in += heights_in[number]
    return page


def _wrapped(layer: Layer, room_in: float) -> list[tuple[str, str]]:
    """(bold part, rest) a line: sentences broken to the room they have."""
    lines: list[tuple[str, str]] = []
    for name, sentence in layer.sentences:
        name = style.elide(name, room_in, SMALL, bold=True)
        left_in = room_in - style.text_width_in(name, SMALL, bold=True) - 0.1
        first, *more = style.wrap(sentence, room_in - 0.12, first_in=left_in)
        lines += [(name, first), *(("", text) for text in more)]
    return lines


def _draw_layer(
    axes: Axes, theme: Theme, layer: Layer, lines: Sequence[tuple[str, str]], top_in: float
) -> None:
    style.write(axes, 0.2, top_in + LAYER_IN / 2, layer.name, theme.mute, size=TEXT, bold=True)
    top_in += LAYER_IN
    hue = next((n for name, n in _HUES.items() if layer.name.startswith(name)), 4)
    pale, strong = theme.pale[hue], theme.strong[hue]
    tops_in = [top_in]
    for row, tall_in in enumerate(layer.heights_in):
        y_in = tops_in[-1] + tall_in / 2
        offset = str(layer.offset + row * ROW_BYTES)
        style.write(axes, LEFT_IN - 0.08, y_in, offset, theme.mute, align="right")
        tops_in.append(tops_in[-1] + tall_in)
    owner = {(cell.row, cell.column + n): cell.field for cell in layer.cells for n in range(cell.size)}
    for cell in layer.cells:
        box = _Box(cell, tops_in[cell.row], tops_in[cell.row + 1] - tops_in[cell.row])
        _draw_cell(axes, theme, box, pale)
        _draw_edges(axes, theme, box, owner, strong)
    for place, (name, text) in enumerate(lines):
        y_in = top_in + LINE_IN * (place + 0.5) + 0.02
        style.write(axes, LIST_IN, y_in, name, theme.text, bold=True)
        x_in = LIST_IN + (style.text_width_in(name, SMALL, bold=True) + 0.1 if name else 0.12)
        style.write(axes, x_in, y_in, text, theme.mute)


class _Box(NamedTuple):
    cell: Cell
    y_in: float
    tall_in: float


def _draw_edges(
    axes: Axes, theme: Theme, box: _Box, owner: Mapping[tuple[int, int], int], colour: str
) -> None:
    """A border around the field, not between the rows it continues in."""
    cell = box.cell
    top_in, bottom_in = box.y_in, box.y_in + box.tall_in
    colour, wide, zorder = (theme.vermillion, 1.8, 3.5) if cell.problem else (colour, 0.8, 3)
    line = partial(axes.plot, color=colour, linewidth=wide, zorder=zorder, solid_capstyle="butt")
    left_in = LEFT_IN + cell.column * CELL_IN
    right_in = left_in + cell.size * CELL_IN
    for x_in in (left_in, right_in):
        line([x_in, x_in], [top_in, bottom_in])
    for column in range(cell.column, cell.column + cell.size):
        edge = [LEFT_IN + column * CELL_IN, LEFT_IN + (column + 1) * CELL_IN]
        for row, y_in in ((cell.row - 1, top_in), (cell.row + 1, bottom_in)):
            if owner.get((row, column)) != cell.field:
                line(edge, [y_in, y_in])


def _draw_cell(axes: Axes, theme: Theme, box: _Box, pale: str) -> None:
    from matplotlib.patches import Rectangle

    cell, y_in = box.cell, box.y_in
    x_in, wide_in = LEFT_IN + cell.column * CELL_IN, cell.size * CELL_IN
    hatch = "////" if cell.problem else None
    place = (x_in, y_in), wide_in, box.tall_in
    axes.add_patch(
        Rectangle(*place, facecolor=pale, edgecolor=theme.vermillion, hatch=hatch, linewidth=0.0, zorder=2)
    )
    small = SMALL - 0.5
    behind = pale if cell.problem else None
    label = partial(style.write, axes, align="center", behind=behind, zorder=5)
    if cell.name or cell.value:
        middle_in = x_in + wide_in / 2
        name = style.elide(cell.name, wide_in - 0.1, small)
        value = cell.value
        if style.text_width_in(value, TEXT - 0.5, bold=True) > wide_in - 0.1:
            value = value.partition(" (")[0]  # what stands in brackets is in the list beside it, too
        value = style.elide(value, wide_in - 0.1, TEXT - 0.5, bold=True)
        label(middle_in, y_in + 0.09, name, theme.text, size=small)
        label(middle_in, y_in + 0.225, value, theme.text, size=TEXT - 0.5, bold=True)
    octets_in = y_in + box.tall_in - 0.095
    for number, octet in enumerate(cell.octets.split()):
        x = x_in + CELL_IN * (number + 0.5)
        label(x, octets_in, octet, theme.text, size=small, mono=True)
