"""How long failovers take when they are repeated: every run a dot, stacked where runs are alike.

    eth0 down  |        ..:::::..           |  median 3.11 s   95 % under 3.55 s   n 200
    squid stop |   .:.                      |

Takes numbers, not traces: seconds, or outages, as one list or as named lists.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.trace import Outage, Trace
from vrrplab.units import Micros, micros, seconds
from vrrplab.views import figure_arguments, figure_layout, glyphs, style
from vrrplab.views.plain import PlainRow, PlainTable
from vrrplab.views.style import SMALL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Samples = Sequence[float | Outage]
BINS = 90
LANE_IN, DOT_IN = 0.62, 0.055
MOST_DOTS = 60  # above each other: of more runs, a dot is several
_WORDS = {
    "dot": "one run, or several alike",
    "median": "median",
    "tail": "95 % are shorter",
    "bound": "expected at most",
}


class Group(NamedTuple):
    """One row. ``columns``: (seconds, how many) of each bin in use; ``never``: still out at the end."""

    name: str
    runs: int
    columns: tuple[tuple[float, int], ...]
    shortest_s: float
    median_s: float
    p95_s: float
    longest_s: float
    never: int
    bound_s: float | None


class DistributionRows(NamedTuple):
    title: str
    note: str
    from_s: float
    to_s: float
    groups: tuple[Group, ...]

    def summary(self) -> str:
        """The figure in one sentence."""
        told = [f"{g.name or 'all'}: median {g.median_s:.2f} s of {g.runs}" for g in self.groups if g.runs]
        return f"{self.title}. " + "; ".join(told) + "."

    def plain(self) -> PlainTable:
        """The figure as a table: a row a list, how often each length came as blocks of a height."""
        found = []
        for group in self.groups:
            figures = [f"{s:.3f} s" for s in (group.shortest_s, group.median_s, group.p95_s, group.longest_s)]
            bound = "" if group.bound_s is None else f"{group.bound_s:.3f} s"
            cells = group.name, str(group.runs), *(figures if group.runs else [""] * 4), bound
            found.append(PlainRow((*cells, str(group.never or ""), _blocks(group, self.to_s))))
        head = "", "runs", "shortest", "median", "95 % under", "longest", "expected", "never ended"
        spread = f"0 to {self.to_s:.2f} s"
        return PlainTable(self.title, self.note, "", self.summary(), (*head, spread), tuple(found))


def _blocks(group: Group, to_s: float, wide: int = 30) -> str:
    """▁ to █: how many runs took about so long."""
    counts = [0] * wide
    for at_s, count in group.columns:
        counts[min(int(at_s / to_s * wide), wide - 1)] += count
    tallest = max(counts)
    return "".join("▁▂▃▄▅▆▇█"[(count * 8 - 1) // tallest] if count else "·" for count in counts)


def rows(
    samples: Samples | Mapping[str, Samples],
    *,
    title: str = "How long failovers take",
    bounds_s: Mapping[str, float] | float | None = None,
) -> DistributionRows:
    """Bins and figures. ``bounds_s``: what each named list (or the only one) is expected to stay under.

    An outage that never ended counts in ``never`` and in nothing else. VrrplabError: not a number of seconds.
    """
    named = samples if isinstance(samples, Mapping) else {"": samples}
    ended = {name: _seconds(values) for name, values in named.items()}
    every = [value for values, _ in ended.values() for value in values]
    bounds = [
        b for b in (bounds_s.values() if isinstance(bounds_s, Mapping) else [bounds_s]) if b is not None
    ]
    longest_s = max([*every, *bounds], default=1.0)
    width_s = max(longest_s * 1.04, 0.001)
    groups = []
    for name, (values, never) in ended.items():
        bound = bounds_s.get(name) if isinstance(bounds_s, Mapping) else bounds_s
        groups.append(_group(name, sorted(values), never, width_s / BINS, bound))
    note = f"{len(every)} runs" if len(named) == 1 else f"{len(named)} cases, {len(every)} runs"
    return DistributionRows(title, note, 0.0, width_s, tuple(groups))


def counted_rows(
    counted: Mapping[str, tuple[Sequence[tuple[float, int]], int]],
    *,
    title: str = "How long failovers take",
) -> DistributionRows:
    """The same of lengths that are counted: (seconds, how often) in order, and how many never ended."""
    longest_s = max((lengths[-1][0] for lengths, _ in counted.values() if lengths), default=1.0)
    width_s = max(longest_s * 1.04, 0.001)
    every_us = [micros(length_s) for lengths, _ in counted.values() for length_s, _ in lengths]
    bin_us = _even_bin_us(every_us, micros(width_s / BINS))
    groups = [_counted_group(name, lengths, never, bin_us) for name, (lengths, never) in counted.items()]
    total = sum(group.runs for group in groups)
    note = f"{total:,} runs" if len(groups) == 1 else f"{len(groups)} cases, {total:,} runs"
    return DistributionRows(title, note, 0.0, width_s, tuple(groups))


def _even_bin_us(lengths_us: Sequence[Micros], least_us: Micros) -> Micros:
    """The width of a bin, so that as many possible lengths fall into each: lengths are counted in steps (of a
    probe's interval, of a millisecond), and where a bin is no multiple of them some bins have one more.
    """
    step_us = math.gcd(*lengths_us) or 1
    return step_us * max(1, -(-least_us // step_us))


def _counted_group(name: str, lengths: Sequence[tuple[float, int]], never: int, bin_us: Micros) -> Group:
    counts: Counter[int] = Counter()
    for length_s, count in lengths:
        counts[micros(length_s) // bin_us] += count
    runs = counts.total()
    if not runs:
        return Group(name, 0, (), 0.0, 0.0, 0.0, 0.0, never, None)
    columns = tuple((seconds(bin_us * number + bin_us // 2), n) for number, n in sorted(counts.items()))
    median, p95 = (_counted_quantile(lengths, share * (runs - 1)) for share in (0.5, 0.95))
    return Group(name, runs, columns, lengths[0][0], median, p95, lengths[-1][0], never, None)


def _counted_quantile(lengths: Sequence[tuple[float, int]], place: float) -> float:
    seen = 0
    for length_s, count in lengths:
        seen += count
        if seen > place:
            return length_s
    return lengths[-1][0]


def _seconds(samples: Samples) -> tuple[list[float], int]:
    values, never = [], 0
    for sample in arguments.several(samples, "samples", "[2.6, 3.1]"):
        if isinstance(sample, Outage):
            if sample.to_us is None:
                never += 1
            else:
                values.append(seconds(sample.to_us - sample.from_us))
        elif isinstance(sample, (int, float)) and not isinstance(sample, bool) and 0 <= sample < 1e9:
            values.append(float(sample))
        else:
            told = arguments.short_repr(sample)
            raise VrrplabError(f"{told} is not a failover time: seconds or an outage is expected")
    return values, never


def _group(name: str, values: list[float], never: int, bin_s: float, bound_s: float | None) -> Group:
    counts = Counter(int(value / bin_s) for value in values)
    columns = tuple((bin_s * (number + 0.5), count) for number, count in sorted(counts.items()))
    if not values:
        return Group(name, 0, (), 0.0, 0.0, 0.0, 0.0, never, bound_s)
    median, p95 = _quantile(values, 0.5), _quantile(values, 0.95)
    return Group(name, len(values), columns, values[0], median, p95, values[-1], never, bound_s)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed, between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def figure(
    samples: Samples | Mapping[str, Samples],
    *,
    title: str = "How long failovers take",
    bounds_s: Mapping[str, float] | float | None = None,
    theme: str = "light",
    width_in: float = figure_layout.WIDTH_IN,
) -> Figure:
    """How long failovers take when they are repeated: a histogram, with median and worst.

    ``samples``: seconds or ``Outage`` values, or lists of them by name. ``bounds_s``: what each of the
    lists is expected to stay under, in seconds. ``theme``: "light" or "dark". ``width_in``: in inches.
    VrrplabError: not a number of seconds.
    """
    for name, bound_s in (bounds_s if isinstance(bounds_s, Mapping) else {"": bounds_s}).items():
        if bound_s is not None:
            arguments.number(bound_s, f"bounds_s of {name}" if name else "bounds_s", 0)
    arguments.text(title, "title")
    return draw(
        rows(samples, title=title, bounds_s=bounds_s), theme=theme, width_in=figure_arguments.width(width_in)
    )


@style.follows_page
def draw(
    table: DistributionRows, *, theme: str = "light", width_in: float = figure_layout.WIDTH_IN
) -> Figure:
    """The figure of rows made before."""
    filled = [group for group in table.groups if group.runs]
    signs = {"dot", "median", "tail"} if filled else set()
    signs |= {"bound"} if any(group.bound_s is not None for group in filled) else set()
    blocks = [_block(group) for group in table.groups] if filled else []
    empty = "Nothing to draw: no failover time was given."
    panel = figure_layout.Panel(table.title, table.note, "", (), blocks, table.summary(), empty)
    window = (table.from_s, table.to_s)
    return figure_layout.draw(
        [panel], window, glyphs.legend(signs, width_in, _WORDS), style.theme_of(theme), width_in
    ).figure


def _block(group: Group) -> figure_layout.Block:
    right_in = max(style.text_width_in(line, SMALL, bold=True) for line in _figures(group)) + 0.15
    draw_it = partial(_draw_group, group=group)
    return figure_layout.Block("", group.name, "", LANE_IN, LANE_IN - 0.16, draw_it, right_in)


def _figures(group: Group) -> list[str]:
    if not group.runs:
        return ["no run ended" if group.never else "no runs"]
    lines = [
        f"median {group.median_s:.2f} s",
        f"95 % under {group.p95_s:.2f} s",
        f"longest {group.longest_s:.2f} s",
    ]
    return [*lines, f"{group.never} never ended"] if group.never else lines


def _draw_group(paper: figure_layout.Paper, top_in: float, group: Group) -> None:
    theme, base_in = paper.theme, top_in + LANE_IN - 0.1
    room_in = LANE_IN - 0.16
    paper.axes.plot(paper.window, [base_in] * 2, color=theme.line, linewidth=0.8, zorder=1)
    tallest = max((count for _, count in group.columns), default=1)
    each = -(-tallest // MOST_DOTS)  # runs of a dot
    step_in = min(DOT_IN, room_in / min(tallest, MOST_DOTS))
    xs: list[float] = []
    ys: list[float] = []
    for at_s, count in group.columns:
        dots = -(-count // each)
        xs += [at_s] * dots
        ys += [base_in - step_in * (number + 0.5) for number in range(dots)]
    size = max(1.2, min(step_in * 72 * 0.9, 3.6))
    paper.axes.plot(xs, ys, linestyle="none", marker="o", markersize=size, color=theme.mute, zorder=3)
    if group.runs:
        glyphs.quantile(paper.axes, theme, group.median_s, base_in, room_in, "median")
        glyphs.quantile(paper.axes, theme, group.p95_s, base_in, room_in, "tail")
    if group.bound_s is not None:
        glyphs.quantile(paper.axes, theme, group.bound_s, base_in, room_in, "bound")
    x_s = paper.window[1] + 0.1 / paper.in_per_s
    for number, line in enumerate(_figures(group)):
        y_in = top_in + 0.1 + 0.145 * number
        style.write(paper.axes, x_s, y_in, line, theme.text if number == 0 else theme.mute, bold=number == 0)


def outages_of(traces: Sequence[Trace], target: str = "", at_least_s: float = 0.1) -> list[Outage]:
    """The longest outage of each trace (to one target, or to any); traces without one are left out."""
    found = []
    for trace in traces:
        long = [
            (outage.duration_us(trace.end_us), number, outage)
            for number, outage in enumerate(trace.disturbances(target))
            if outage.duration_us(trace.end_us) >= micros(at_least_s)
        ]
        if long:
            found.append(max(long)[2])
    return found
