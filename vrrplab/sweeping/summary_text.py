"""What a sweep came to, in words and tables of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from vrrplab.output.text_columns import cut, padded, width, wrap
from vrrplab.sweeping.summary import Group, Lengths, Summary
from vrrplab.units import SECOND_US
from vrrplab.work import duration

WIDTH = 80
_BARS, _ROWS = 44, 14
_BLOCKS = "▁▂▃▄▅▆▇█"
_SPREAD = 12
_GAP = 2
_LEAST = 6  # letters of a value that are left of it where there is no room


def text_of(summary: Summary) -> str:
    """All of it."""
    return "\n".join(line.rstrip() for line in lines_of(summary)) + "\n"


def lines_of(summary: Summary) -> Iterator[str]:
    plan = summary.plan
    runs = f"{summary.runs:,} run{'s' * (summary.runs != 1)}"
    told = f"{plan.scenario.name or 'this scenario'}: {runs}, seed {plan.seed}"
    if summary.runs < plan.total:
        told += f", of {plan.total:,}"
    yield from wrap(told, WIDTH, more="  ")
    for one in plan.dimensions:
        yield from wrap(f"varied: {one}", WIDTH, more="        ")
    if not summary.runs:
        return
    calm = []
    for target in summary.targets:
        if any(g.outages[target].runs or g.outages[target].never for g in summary):
            yield ""
            what = (
                "The longest time without any answer from"
                if summary.lossy
                else "How long clients were without"
            )
            yield cut(f"{what} {target} in a run, in seconds", WIDTH)
            yield from _table(summary, lambda g, t=target: g.outages[t], "never", ended=True)  # type: ignore[misc]
        else:
            calm.append(target)
    for address in summary.addresses:
        if any(g.takeovers[address].runs for g in summary):
            yield ""
            yield cut(f"How long after the first action another server had {address}, in seconds", WIDTH)
            yield from _table(summary, lambda g, a=address: g.takeovers[a], "never", ended=False)  # type: ignore[misc]
    if calm:
        yield ""
        yield from wrap(f"Never without answers: {', '.join(calm)}.", WIDTH, more="  ")
    yield ""
    yield from _false(summary)


def _table(
    summary: Summary, lengths_of: Callable[[Group], Lengths], without: str, *, ended: bool
) -> Iterator[str]:
    """A row a combination; of a single one a histogram as well."""
    groups = list(summary)
    never = ended and any(lengths_of(group).never for group in groups)
    heads = ["runs", without, "median", "95 %", "99 %", "longest"] + (["no end"] if never else [])
    table = [heads]
    for group in groups:
        lengths = lengths_of(group)
        figures = [f"{lengths.at(share):.3f}" if lengths.runs else "" for share in (0.5, 0.95, 0.99, 1)]
        table.append([f"{group.runs:,}", f"{lengths.without:,}", *figures, *([f"{lengths.never:,}"] * never)])
    if len(groups) == 1:
        yield from table_lines(names_of(summary), table, least=9)
        yield from _histogram(lengths_of(groups[0]))
        return
    longest_s = max(lengths_of(group).at(1) for group in groups)
    spread = [f"0 to {longest_s:.2f} s", *(_spread(lengths_of(group), longest_s) for group in groups)]
    yield from table_lines(names_of(summary), table, least=7, spread=spread, drop=("99 %", "95 %"))


def names_of(summary: Summary) -> list[list[str]]:
    """What varies, and its values in each combination."""
    return [list(summary.words), *(list(group.values) for group in summary)]


def table_lines(
    names: Sequence[Sequence[str]],
    table: Sequence[Sequence[str]],
    *,
    least: int,
    spread: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> Iterator[str]:
    """Rows of names, figures and a spread in 80 columns, the heads first.

    Where there is no room the first of ``drop`` is left out, then the spread, then the others; then names are
    cut, the longest first. A figure has ``least`` columns, or what it needs.
    """
    wide = [max(width(row[n]) for row in names) for n in range(len(names[0]))]
    each = [max(least, _GAP + max(width(row[n]) for row in table)) for n in range(len(table[0]))]
    shown, spreads, dropped = list(range(len(each))), list(spread), list(drop)

    def room() -> int:
        used = sum(wide) + _GAP * len(wide) + sum(each[n] for n in shown)
        return WIDTH - used - (_GAP + _SPREAD if spreads else 0)

    while room() < 0 and dropped:
        shown.remove(table[0].index(dropped.pop(0)))
        if room() < 0:
            spreads.clear()
    while room() < 0 and max(wide, default=0) > _LEAST:
        wide[wide.index(max(wide))] -= 1
    for number, (name, row) in enumerate(zip(names, table, strict=True)):
        line = "".join(padded(cut(cell, w), w + _GAP) for cell, w in zip(name, wide, strict=True))
        line += "".join(padded(row[n], each[n], right=True) for n in shown)
        yield line + (" " * _GAP + padded(spreads[number], _SPREAD) if spreads else "")


def _spread(lengths: Lengths, longest_s: float) -> str:
    counts = [0] * _SPREAD
    for length_s, count in lengths.lengths_s():
        counts[min(int(length_s / (longest_s or 1) * _SPREAD), _SPREAD - 1)] += count
    tallest = max(counts)
    return "".join(_BLOCKS[(count * 8 - 1) // tallest] if count else "·" for count in counts)


def _histogram(lengths: Lengths) -> Iterator[str]:
    found = lengths.lengths_s()
    if len(found) < 2:
        return
    low_s, high_s = found[0][0], found[-1][0]
    step_s = _round_step((high_s - low_s) / _ROWS, [length_s for length_s, _ in found])
    first = int(low_s / step_s + 1e-9)
    bars: dict[int, int] = {}
    for length_s, count in found:
        place = int(length_s / step_s + 1e-9) - first
        bars[place] = bars.get(place, 0) + count
    tallest, decimals = max(bars.values()), 3 if step_s < 0.01 else 2 if step_s < 0.1 else 1
    for place in range(max(bars) + 1):
        count = bars.get(place, 0)
        begin_s = (first + place) * step_s
        label = f"{begin_s:.{decimals}f} - {begin_s + step_s:.{decimals}f}"
        bar = "#" * max(int(count > 0), round(count / tallest * _BARS))
        yield f"{label:>20} |{bar} {count:,}" if count else f"{label:>20} |"


def _round_step(least_s: float, lengths_s: Sequence[float]) -> float:
    """The next of 1, 2, 5, 10 … thousandths into which all lengths fall alike: those of a probe every 20 ms
    fall so into 0.1 s, and not into 0.05 s. Where there is none near, the next.
    """
    grain_ms = math.gcd(*(round(length_s * 1000) for length_s in lengths_s))
    steps_ms: Iterator[int] = (factor * int(10**power) for power in range(12) for factor in (1, 2, 5))
    fitting = [step for step in steps_ms if least_s * 1000 <= step <= max(1.0, least_s * 1000) * 5]
    return next((step for step in fitting if step % grain_ms == 0), fitting[0]) / 1000


def _false(summary: Summary) -> Iterator[str]:
    """False failovers, beside the time that it takes to notice a failure: what one pays for the other."""
    groups = list(summary)
    seconds = sum(group.calm_us for group in groups) / SECOND_US
    if not any(group.false_failovers for group in groups):
        if len(groups) == 1:
            most = _figure(groups[0].false_a_day_at_most)
            yield f"No false failover in {duration(seconds)} without a fault: below {most} a day, at 95 %."
        else:
            yield f"No false failover in {duration(seconds)} without a fault."
        return
    yield "False failovers a day, and the time until another server has the address"
    table = [["a day", "seen", "median, s"]]
    for group in groups:
        rate, detection_s = group.false_a_day, group.detection_s()
        day = f"< {_figure(group.false_a_day_at_most)}" if rate is None else _figure(rate)
        seen, median = f"{group.false_failovers:,}", "" if detection_s is None else f"{detection_s:.3f}"
        table.append([day, seen, median])
    yield from table_lines(names_of(summary), table, least=12)


def _figure(number: float) -> str:
    """Three figures."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
