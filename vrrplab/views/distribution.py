"""How long failovers take when they are repeated: every run a dot, stacked where runs are alike.

    eth0 down  |        ..:::::..           |  median 3.11 s   95 % under 3.55 s   n 200
    squid stop |   .:.                      |

Takes numbers, not traces: seconds, or outages, as one list or as named lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.trace import Outage, Trace
from vrrplab.units import micros, seconds
from vrrplab.views import figure_arguments, figure_layout, glyphs, style
from vrrplab.views.style import SMALL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Samples = Sequence[float | Outage]
BINS = 90
LANE_IN, DOT_IN = 0.62, 0.055
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
    Needs matplotlib. VrrplabError: not a number of seconds.
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
    step_in = min(DOT_IN, room_in / tallest)
    xs: list[float] = []
    ys: list[float] = []
    for at_s, count in group.columns:
        xs += [at_s] * count
        ys += [base_in - step_in * (number + 0.5) for number in range(count)]
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
