"""The icon of the site: two servers on a cable, one of which holds the address. Drawn, never committed."""

from __future__ import annotations

import io

from vrrplab.views.style import LIGHT

SIZE = 64  # of the drawing; what matters lies in its middle four fifths, as a round icon cuts the rest off
GROUND, MASTER, BACKUP, CABLE = LIGHT.page, LIGHT.blue, LIGHT.mute, LIGHT.text
# Servers as (left, top, width, height), the cable as points, ports on it as (x, y, radius).
HOLDER, OTHER = (13, 14, 17, 22), (34, 14, 17, 22)
WIRE = ((21.5, 36), (21.5, 48), (42.5, 48), (42.5, 36))
ADDRESS = (21.5, 25, 4.5)
STROKE = 3.4
FINER = 4  # the pictures are drawn so many times as large, and made smaller: their edges are smooth then


def svg() -> str:
    """The icon as SVG."""
    (x, y, wide, high), (u, v, _, _) = HOLDER, OTHER
    wire = " ".join(f"{x},{y}" for x, y in WIRE)
    cx, cy, radius = ADDRESS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" rx="12" fill="{GROUND}"/>'
        f'<polyline points="{wire}" fill="none" stroke="{CABLE}" stroke-width="{STROKE}"/>'
        f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="3" fill="{MASTER}"/>'
        f'<rect x="{u}" y="{v}" width="{wide}" height="{high}" rx="3" fill="{GROUND}" stroke="{BACKUP}"'
        f' stroke-width="{STROKE}"/>'
        f'<circle cx="{cx}" cy="{cy}" r="{radius}" fill="{GROUND}"/></svg>\n'
    )


def png(pixels: int) -> bytes:
    """The icon as a picture of that many pixels a side."""
    from PIL import Image, ImageDraw

    scale = pixels * FINER / SIZE
    image = Image.new("RGB", (pixels * FINER, pixels * FINER), GROUND)
    draw = ImageDraw.Draw(image)

    def box(left: float, top: float, wide: float, high: float) -> list[float]:
        return [left * scale, top * scale, (left + wide) * scale, (top + high) * scale]

    draw.line([(x * scale, y * scale) for x, y in WIRE], CABLE, round(STROKE * scale), joint="curve")
    draw.rounded_rectangle(box(*HOLDER), 3 * scale, MASTER)
    draw.rounded_rectangle(box(*OTHER), 3 * scale, GROUND, BACKUP, round(STROKE * scale))
    x, y, radius = ADDRESS
    draw.ellipse(box(x - radius, y - radius, 2 * radius, 2 * radius), GROUND)
    out = io.BytesIO()
    image.resize((pixels, pixels), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
