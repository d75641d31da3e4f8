"""A forecast as text: a table of 80 columns for each virtual router, and what was not looked at."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from vrrplab.forecast.failures import (
    CABLE,
    CUT,
    DEAF,
    FREEZE,
    KILL,
    MUTE,
    POWER,
    RETURN,
    STOP,
    Failure,
    idle_of,
)
from vrrplab.forecast.outcomes import Outcome, Range
from vrrplab.forecast.predict import Forecast, Row, Section
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import padded, width, wrap
from vrrplab.units import SECOND_US, Micros, seconds

COLUMNS = 80
_MAY_WRAP = (1, 3, 4)  # columns that give way, the last first, where the first would be a narrow strip
_NARROW_FIRST, _NARROW = 20, 12
_HEADS = ("when this fails", "goes to", "out: best typ. worst", "simulated", "see")
NOT_LOOKED_AT = (
    "Not looked at: what a check's command really does (it is taken to fail, not"
    " to hang, when what it checks fails, and a tracked thing to be well before); how long an"
    " application takes to start; ARP caches beyond this network; names of hosts."
)
# Words of one node's failures that stand in one row, in this order: "a power, cable or freeze".
_SHORT = {
    POWER: "power",
    STOP: "keepalived stopped",
    KILL: "keepalived killed",
    FREEZE: "keepalived frozen",
    MUTE: "firewall out",
    DEAF: "firewall in",
    CUT: "firewall both",
    RETURN: "returns",
}


def text_of(forecast: Forecast) -> str:
    """The whole forecast, lines of at most 80 columns."""
    if not forecast.sections:
        return "No file has a virtual address, so none can move.\n"
    lines: list[str] = []
    for section in forecast.sections:
        lines += [*head(section), *_table(section, forecast.simulated), ""]
        lines += [*_reasons(section), ""] if any(_reasons(section)) else []
    lines += [line for note in notes(forecast) for line in wrap(note, COLUMNS)]
    return "\n".join(lines) + "\n"


def notes(forecast: Forecast) -> list[str]:
    """Whether closed form and simulator agree, where it was asked; which checks have no row, as they change
    nothing; and what was not looked at.
    """
    agreed = [_agreement(forecast)] if forecast.simulated else []
    return [*agreed, *filter(None, [without_effect(forecast)]), NOT_LOOKED_AT]


def without_effect(forecast: Forecast) -> str:
    """The checks whose failure changes nothing, and why; "": there are none."""
    nodes: dict[tuple[str, str], list[str]] = {}
    for name, server in forecast.scenario.servers.items():
        for idle in idle_of(name, server.node):
            why = f"{idle.rule} {idle.why}".strip()
            nodes.setdefault((idle.thing, why), []).append(name)
    told = [f"{thing} of {', '.join(of)} ({why})" for (thing, why), of in nodes.items()]
    return f"Changes nothing when it fails, so it has no row: {'; '.join(told)}." if told else ""


def head(section: Section) -> list[str]:
    """``title_of`` in lines."""
    whole = title_of(section)
    return [whole] if width(whole) <= COLUMNS else wrap(whole, COLUMNS, more="    ")


def title_of(section: Section) -> str:
    """``10.0.4.100  VRID 51 enp1s0 unicast v2 1 s    a 112*   b 107``: * has the address."""
    way = "unicast " if section.unicast else ""
    about = f"VRID {section.vrid} {section.network} {way}v{section.version} {_plain(section.interval_us)} s"
    nodes = "  ".join(
        f"{p.node} {'FAULT' if p.state == 'FAULT' else p.priority}{'*' * p.is_master}"
        for p in section.candidates
    )
    shifts = {p.priority - p.base for p in section.candidates}
    shift = shifts.pop() if len(shifts) == 1 else 0
    nodes += f"  ({shift:+d} each)" if shift else ""
    tossed = "  * or whoever starts first" if section.tossed else ""
    return printable(f"{', '.join(section.addresses)}  {about}    {nodes}{tossed}", sys.maxsize)


def _table(section: Section, simulated: bool) -> Iterator[str]:
    cells = [row_in_cells(row, simulated) for row in section.rows]
    used = [place for place in range(5) if any(row[place] for row in cells) or place < 3]
    heads = [_HEADS[place] for place in used]
    table = [[row[place] for place in used] for row in cells]
    sizes = [max(width(heads[n]), *(width(row[n]) for row in table)) if n else 0 for n in range(len(used))]
    sizes[1] = min(sizes[1], max(24, COLUMNS - 28 - sum(sizes[2:]) - 2 * (len(used) - 1)))
    sizes[0] = COLUMNS - sum(sizes[1:]) - 2 * (len(used) - 1)
    for n in reversed([n for n, place in enumerate(used) if place in _MAY_WRAP]):
        words = (width(word) for row in [heads, *table] for word in row[n].split())
        least = max(min(_NARROW, max(words)), sizes[n] - max(0, _NARROW_FIRST - sizes[0]))
        sizes[0], sizes[n] = sizes[0] + sizes[n] - least, least
    for row in [heads, *table]:
        yield from _laid_out(row, sizes)


def _laid_out(cells: Sequence[str], sizes: Sequence[int]) -> Iterator[str]:
    columns = [
        [cell] if width(cell) <= size else wrap(cell, size, more="  ")
        for cell, size in zip(cells, sizes, strict=True)
    ]
    for number in range(max(len(lines) for lines in columns)):
        line = "  ".join(
            padded(lines[number] if number < len(lines) else "", size)
            for lines, size in zip(columns, sizes, strict=True)
        )
        yield line.rstrip()


def row_in_cells(row: Row, simulated: bool) -> tuple[str, ...]:
    """When this fails, goes to, how long clients are out, what the simulator says, rules that explain it."""
    found = row.best
    if found is None:
        return failures_in_words(row.failures), "not judged", "", "", ""
    told = _simulated(row) if simulated else ""
    failing = calm_in_words(row.failures) if row.is_calm else failures_in_words(row.failures)
    return failing, goes_to(row), out_in_words(row, found), told, " ".join(row.see)


def goes_to(row: Row) -> str:
    """``b``, ``STAYS ON a``, ``a AND b``, ``b or c, by chance``, ``NOBODY``."""
    found = row.best
    if found is None:
        return "not judged"
    if row.failures[0][0].kind == RETURN and found.moved is not None:
        return " or ".join(f"{holders_in_words(end)}{' preempts' * (len(end) == 1)}" for end in found.ends)
    if row.failures[0][0].kind == RETURN and len(found.ends) == 1:
        return f"stays on {holders_in_words(found.ends[0])}"
    if row.stays:
        held = holders_in_words(row.keeps)
        return f"STAYS ON {held}" if row.is_in_vain else f"stays on {held}" if row.keeps else held
    ends = [holders_in_words(end) for end in found.ends]
    return ends[0] if len(ends) == 1 else f"{' or '.join(ends)}, by chance"


def holders_in_words(holders: Sequence[str]) -> str:
    return " AND ".join(holders) if holders else "NOBODY"


def out_in_words(row: Row, found: Outcome) -> str:
    """How long clients are out; of two MASTERs, after how long there are two."""
    if row.is_in_vain and found.out.worst_us == 0:
        return "none, without it"
    if found.by_cache:
        return "up to ARP caches"
    if found.out.best_us is None:
        return "for ever"
    if found.split is not None and found.out.worst_us == 0:
        return f"two masters after {span(found.split)} s"
    if found.out.worst_us == 0:
        moved = found.moved
        return f"none, after {span(moved)} s" if moved is not None else "none"
    best, typical, worst = (_short(t) for t in (found.out.best_us, found.out.typical_us, found.out.worst_us))
    return f"{best:>8} {typical:>5} {worst:>5}"


def longest_in_words(row: Row) -> str:
    """``3.6 s``, ``for ever``; why it is not known."""
    if row.best is None:
        return f"not judged: {row.unjudged}"
    if row.best.by_cache and not row.is_in_vain:
        return out_in_words(row, row.best)
    return "for ever" if row.out_s is None else f"{row.out_s:.1f} s"


def _simulated(row: Row) -> str:
    """What the simulator says, and whether that is the same."""
    found = row.simulated
    if found is None:
        return ""
    if row.unjudged:
        return "alone"
    if row.differs:
        return f"differs: {_differing(found)}"
    if found.out.best_us is None:
        return "for ever"
    if found.out.worst_us == 0:
        return "same"
    return f"{span(found.out)} s" if found.out.worst_us is not None else f"from {_short(found.out.best_us)} s"


def _differing(found: Outcome) -> str:
    ends = " or ".join(holders_in_words(end) for end in found.ends)
    return f"{ends}, out {span(found.out)} s" if found.out.worst_us is not None else f"{ends}, for ever"


def span(times: Range) -> str:
    """``2.6-3.6``, or one time where they are about the same."""
    first, last = _short(times.best_us), _short(times.worst_us)
    return first if first == last else f"{first}-{last}"


def _short(time_us: Micros | None) -> str:
    """With one decimal from a second on, two below."""
    if time_us is None:
        return "for ever"
    return f"{seconds(time_us):.1f}" if time_us >= SECOND_US else f"{seconds(time_us):.2f}"


def _plain(time_us: Micros) -> str:
    return f"{seconds(time_us):g}"


def failures_in_words(failures: Iterable[tuple[Failure, ...]]) -> str:
    """``a power or cable of eth0; b anything`` of one row."""
    together = list(failures)
    pairs = [pair for pair in together if len(pair) > 1]
    singles = [pair[0] for pair in together if len(pair) == 1]
    parts = []
    for node, group in groupby(singles, key=lambda f: f.node):
        words = [_word(failure) for failure in group]
        parts.append(f"{node} {_listed(words)}")
    parts += [" with ".join(f"{f.node} {_word(f)}" for f in pair) for pair in pairs]
    return "; ".join(parts)


def calm_in_words(failures: Iterable[tuple[Failure, ...]]) -> str:
    """Of failures that nobody notices: every one that is in no other row."""
    pairs = any(len(failing) > 1 for failing in failures)
    nodes = dict.fromkeys(f.node for failing in failures for f in failing)
    return f"anything else of {_listed(list(nodes))}" + (", two at once too" if pairs else "")


def _word(failure: Failure) -> str:
    return f"{failure.thing} cable" if failure.kind == CABLE else _SHORT.get(failure.kind, failure.words)


def _listed(words: Sequence[str]) -> str:
    """``keepalived killed or frozen``: what begins alike is said once."""
    told: list[str] = []
    before = ""
    for word in words:
        first, _, rest = word.partition(" ")
        told.append(rest if rest and first == before and first in ("keepalived", "firewall") else word)
        before = first
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"


def _reasons(section: Section) -> list[str]:
    """What no timer decides; why nobody takes over, and the least change after which somebody does."""
    found = dict.fromkeys(
        (row.failures[0], row.see, row.blocked, row.cure) for row in section.rows if row.blocked
    )
    lines: list[str] = []
    unjudged: dict[str, list[Row]] = {}
    for row in section.rows:
        if row.unjudged:
            unjudged.setdefault(row.unjudged, []).append(row)
    for why, rows in unjudged.items():
        failing = failures_in_words(failing for row in rows for failing in row.failures)
        failing = failing if len(rows) < len(section.rows) else "All of these"
        how = "from the simulator alone" if any(row.simulated for row in rows) else "not judged"
        lines += wrap(f"{failing}: {how}, as no timer decides: {why}.", COLUMNS, more="     ")
    for failures, see, blocked, cure in found:
        lead = f"{' '.join(see)} " if see else ""
        lines += wrap(f"{lead}{failures_in_words([failures])}: {blocked}.", COLUMNS, more="     ")
        lines += wrap(cure, COLUMNS, first="     ", more="     ") if cure else []
    return lines


def _agreement(forecast: Forecast) -> str:
    rows = [row for section in forecast.sections for row in section.rows]
    wrong = sum(bool(row.differs) for row in rows)
    unknown = sum(bool(row.unjudged) for row in rows)
    count = len({failing for row in rows for failing in row.failures})  # one may be in several sections
    phases = "at one or two phases" if forecast.at_fewer else "at several phases"
    said = f"{count} failures, each in closed form and {phases} in the simulator: "
    said += "both say the same, within 20 ms" if not wrong else f"{wrong} of {len(rows)} rows differ"
    return said + (f"; {unknown} rows from the simulator alone" if unknown else "") + "."
