"""A forecast for programs and for pull requests: as plain values for JSON, and as a Mermaid diagram."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.forecast.failures import POWER, Failure, idle_of
from vrrplab.forecast.outcomes import Outcome, Range
from vrrplab.forecast.predict import Forecast, Row, Section
from vrrplab.forecast.table import NOT_LOOKED_AT, goes_to, span
from vrrplab.output.printable import printable
from vrrplab.units import Micros, plain_seconds


def plain(forecast: Forecast) -> dict[str, Any]:
    """Values for JSON: times in seconds, null for "for ever"."""
    return {
        "profile": forecast.scenario.profile,
        "simulated": forecast.simulated,
        "routers": [_section(section) for section in forecast.sections],
        "without_effect": [
            {"node": idle.node, "check": idle.thing, "why": idle.why, "rule": idle.rule}
            for name, server in forecast.scenario.servers.items()
            for idle in idle_of(name, server.node)
        ],
        "not_looked_at": NOT_LOOKED_AT,
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "addresses": list(section.addresses),
        "vrid": section.vrid,
        "network": section.network,
        "family": section.family,
        "version": section.version,
        "unicast": section.unicast,
        "interval_s": plain_seconds(section.interval_us),
        "has_it_by_chance": section.tossed,
        "nodes": [
            {"node": p.node, "instance": p.instance, "priority": p.priority, "has_it": p.is_master}
            for p in section.candidates
        ],
        "rows": [_row(row) for row in section.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "failures": [
            [{"node": f.node, "kind": f.kind, "thing": f.thing, "line": f.line} for f in failing]
            for failing in row.failures
        ],
        "goes_to": goes_to(row),
        "stays_in_vain": row.is_in_vain,
        "closed_form": _outcome(row.outcome),
        "simulated": _outcome(row.simulated),
        "agree": None if row.simulated is None or row.outcome is None else not row.differs,
        "not_judged": row.unjudged,
        "blocked_by": row.blocked,
        "cure": row.cure,
        "see": list(row.see),
    }


def _outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "ends": [list(end) for end in outcome.ends],
        "out_s": _range(outcome.out),
        "two_after_s": _range(outcome.split),
        "moved_after_s": _range(outcome.moved),
        "up_to_caches": outcome.by_cache,
    }


def _range(times: Range | None) -> dict[str, Any] | None:
    if times is None:
        return None
    return {
        "best": _seconds(times.best_us),
        "typical": _seconds(times.typical_us),
        "worst": _seconds(times.worst_us),
    }


def _seconds(time_us: Micros | None) -> float | None:
    return None if time_us is None else plain_seconds(time_us)


# -- Mermaid ------------------------------------------------------------------------------------------------


def mermaid(forecast: Forecast) -> str:
    """The cluster, and in which order its nodes take over as one after the other loses power."""
    lines = ["flowchart LR"]
    closed = ClosedForm(forecast.scenario)
    for number, section in enumerate(forecast.sections):
        title = f"{', '.join(section.addresses)} VRID {section.vrid}"
        lines.append(f'  subgraph s{number}["{_label(title)}"]')
        ids = {p.node: f"s{number}n{place}" for place, p in enumerate(section.candidates)}
        for p in section.candidates:
            state = "FAULT" if p.state == "FAULT" else str(p.priority)
            shape = ("([", "])") if p.is_master else ("[", "]")
            lines.append(f'    {ids[p.node]}{shape[0]}"{_label(f"{p.node} {state}")}"{shape[1]}')
        lines.append("  end")
        for before, after, label in takeovers(closed, section):
            lines += [
                f'  {ids[one]} -->|"{_label(label)}"| {ids[other]}' for one in before for other in after
            ]
    return "\n".join(lines) + "\n"


def takeovers(closed: ClosedForm, section: Section) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Who had it, who may have it next, and after how long, as the holders lose power one after the other."""
    holders = section.holders
    failing: tuple[Failure, ...] = ()
    while len(holders) == 1:
        failing += tuple(Failure(name, POWER) for name in holders)
        outcome = closed.outcomes(failing).get(section.addresses[0])
        if outcome is None:
            return
        after = tuple(dict.fromkeys(name for end in outcome.ends for name in end))
        if not after:
            return
        yield holders, after, f"{span(outcome.out)} s" if len(failing) == 1 else "then"
        holders = after


def _label(text: str) -> str:
    """Text in quotes, as Mermaid takes it: what would end it, or be read as markup, as a number."""
    return re.sub(r'["<>&#`]', lambda found: f"#{ord(found[0])};", printable(text))
