"""Pixels quickly: short texts drawn once and stamped, and a PNG that costs a few milliseconds.

matplotlib lays a text out anew each time it is drawn, some three milliseconds; a stamp is copied in a
fiftieth of that. A PNG library looks for the best filter of every row; figures are flat areas, where the
difference to the row above is mostly nothing and packs at once.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.output.printable import printable
from vrrplab.views import fonts
from vrrplab.views.style import SMALL, text_width_in

if TYPE_CHECKING:
    import numpy

KEPT = 512  # stamps; the lengths of outages are new each time, the rest comes again and again


class Stamp(NamedTuple):
    """A text as pixels, the lowest row first, as the renderer wants it; ``middle`` is its centre."""

    pixels: numpy.ndarray[Any, Any]
    middle: tuple[float, float]


class Stamps:
    """Texts of one size at one resolution."""

    def __init__(self, dpi: float, size: float = SMALL) -> None:
        self.dpi = dpi
        self.size = size
        self._made: dict[tuple[str, str, bool, str | None], Stamp] = {}

    def get(self, text: str, colour: str, bold: bool = False, behind: str | None = None) -> Stamp:
        """The stamp of a text; ``behind``: the colour of the box around it."""
        key = text, colour, bold, behind
        if key not in self._made:
            if len(self._made) >= KEPT:
                self._made.clear()
            self._made[key] = self._draw(text, colour, bold, behind)
        return self._made[key]

    def _draw(self, text: str, colour: str, bold: bool, behind: str | None) -> Stamp:
        import numpy
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        text = printable(text)
        wide_in = text_width_in(text, self.size, bold=bold) + 0.06
        tall_in = self.size / 72 * 1.5
        figure = Figure(figsize=(wide_in, tall_in), dpi=self.dpi)
        canvas: Any = FigureCanvasAgg(figure)
        figure.patch.set_alpha(0.0)
        box = {"facecolor": behind, "edgecolor": "none", "pad": 0.7} if behind else None
        figure.text(
            0.5, 0.5, text, family=fonts.families(text), size=self.size, color=colour, ha="center",
            va="center_baseline", weight="bold" if bold else "normal", parse_math=False, bbox=box,
        )  # fmt: skip
        canvas.draw()
        pixels = numpy.ascontiguousarray(numpy.asarray(canvas.buffer_rgba())[::-1])
        return Stamp(pixels, (pixels.shape[1] / 2, pixels.shape[0] / 2))


def png(rgba: numpy.ndarray[Any, Any]) -> bytes:
    """The bytes of a PNG file, 8 bits a channel. ``rgba``: rows, columns, 4."""
    import numpy

    height, width = rgba.shape[:2]
    colours = rgba.reshape(height, width * 4)
    rows = numpy.empty((height, width * 4 + 1), dtype=numpy.uint8)
    rows[:, 0] = 2  # PNG filter "up": the difference to the row above
    rows[0, 1:] = colours[0]
    numpy.subtract(colours[1:], colours[:-1], out=rows[1:, 1:])
    header = struct.pack("!IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(rows.tobytes(), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
