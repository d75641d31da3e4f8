"""The simulated side of docs/interop.md: its columns in the measured tables, and the sections on FRR.

``with_simulated`` writes them anew, and leaves what was measured alone.
"""

from __future__ import annotations

from functools import cache

from frr_facts import BESIDE_KEEPALIVED, FRR_WITH_FRR, Alone, BesideKeepalived
from interop_cases import CASES, Case, Trio
from interop_play import VRID, Seen, role_of
from interop_simulated import body_of, play, sent, server, simulate, takeover

from vrrplab.config.frr import frr_lines

SECTIONS = {
    "keepalived": "keepalived 2.2.7",
    "frr": "FRR vrrpd 8.4.4",
    "three": "Three routers: the highest (200), the next (150), the lowest (100)",
}
COLUMNS = (
    "what", "accepts", "farewell: formula", "measured", "simulated", "silence: formula", "measured",
    "simulated", "preempts",
)  # fmt: skip
FAREWELL, SILENCE = 4, 7  # places of the simulated columns
FRR_HEAD = "## FRR beside keepalived 2.2.7, and beside FRR"
FRR_TEXT = """
Measured once, with FRR 8.4.4 and 10.3 (`tests/live/frr_facts.py` has the figures), and simulated each time
the tests run. Where two do not understand each other both stay MASTER; *sent* is how many adverts FRR and
keepalived sent then, in each of two runs. FRR keeps its rhythm, and keepalived, which restarts its timer on
every advert it rejects, hardly gets to send one: a split brain that a capture nearly hides.
"""


def with_simulated(page: str) -> str:
    """The page with the simulated columns and sections of now."""
    lines = page.partition(FRR_HEAD)[0].rstrip("\n").split("\n")
    for case in CASES:
        place = row_of(case, lines)
        cells = [cell.strip() for cell in lines[place][1:-1].split("|")]
        seen = simulate(case)
        cells[FAREWELL], cells[SILENCE] = number(seen.farewell_s), number(seen.silent_s)
        lines[place] = f"| {' | '.join(cells)} |"
    return "\n".join([*lines, "", FRR_HEAD, FRR_TEXT, *frr_tables()]) + "\n"


def row_of(case: Case | Trio, lines: list[str]) -> int:
    """Where the page has a case's row."""
    start = lines.index(f"## {SECTIONS[case.section]}")
    return next(n for n, line in enumerate(lines) if n > start and line.startswith(f"| {case.title} |"))


def number(value_s: float | None) -> str:
    return "" if value_s is None else f"{value_s:.3f}"


def frr_tables() -> list[str]:
    """FRR's own sections: both kinds of rows."""
    head = ("what", "MASTERs", "farewell measured", "simulated", "silence measured", "simulated")
    lines = [_row(*head, "sent: measured", "simulated"), "|---|---|---|---|---|---|---|---|"]
    for fact in BESIDE_KEEPALIVED:
        seen, counted = beside_keepalived(fact)
        masters = "one" if seen.accepts else "two"
        cells = [fact.case.name, masters]
        if fact.adverts:
            told = "; ".join(f"{frr} and {other} in {span} s" for frr, other, span in fact.adverts)
            now = "; ".join(f"{frr} and {other}" for frr, other in counted)
            lines.append(_row(*cells, "", "", "", "", told, now))
        else:
            figures = (fact.farewell_s, seen.farewell_s, fact.silent_s, seen.silent_s)
            lines.append(_row(*cells, *map(number, figures), "", ""))
    head = ("two FRR routers", "silence measured", "simulated", "farewell measured", "simulated")
    lines += ["", _row(*head, "begins: measured", "simulated"), "|---|---|---|---|---|---|---|"]
    for alone in FRR_WITH_FRR:
        silent_s, farewell_s, begins_s = frr_with_frr(alone)
        farewells, begins = (", ".join(map(number, v)) for v in (alone.farewells_s, alone.begins_s))
        figures = number(alone.silent_s), number(silent_s), farewells, number(farewell_s), begins
        lines.append(_row(alone.name, *figures, number(begins_s)))
    return [*lines, "", NOTES]


NOTES = """\
*begins*: the higher one, started beside a MASTER, to its first advert; the measured figure has the start of
the process in it, about 0.03 s.

Also measured with 8.4.4, and simulated: FRR takes no notice when its link, its carrier or its own address
goes. It stays MASTER, is silent, and announces nothing when it can speak again, so that whoever learned
another MAC address meanwhile stays with that. Its macvlan has the virtual addresses all the time: over IPv4
the Linux of a BACKUP, or of a host whose vrrpd was stopped, answers ARP for them with its card's MAC address,
and serves whoever asks."""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


@cache
def beside_keepalived(fact: BesideKeepalived) -> tuple[Seen, list[tuple[int, int]]]:
    """What the simulation makes of a run; with two MASTERs what each of them sent, as often as measured."""
    case = fact.case
    seen = simulate(case, fact.frr)
    if not fact.adverts:
        return seen, []
    bodies = {host: body_of(case, role_of(case, host), fact.frr) for host in ("theirs", "ours")}
    trace = play("".join(server(host, body) for host, body in bodies.items()), [], 30)
    times = [sent(trace, host) for host in bodies]
    both_s = max(own[0] for own in times)
    counted = []
    for _, _, span_s in fact.adverts:
        frr, other = (len([t for t in own if both_s < t <= both_s + span_s]) for own in times)
        counted.append((frr, other))
    return seen, counted


@cache
def frr_with_frr(alone: Alone) -> tuple[float, float, float]:
    """Silence, farewell and beginning, simulated."""

    def one(host: str, priority: int, start_at_s: float = 0) -> str:
        text = frr_lines("eth0", VRID, alone.addresses, alone.version, priority, alone.interval_ms)
        return server(host, {"profile": alone.frr, "frr": text + alone.more}, start_at_s)

    unit_s = alone.interval_ms / 1000 * 6
    begin_s, stop_s = unit_s, 2 * unit_s
    servers = one("r1", 200, begin_s) + one("r2", 100)
    ends = {
        "daemon_stop, server: r1": 0.0,
        "carrier_down, server: r1, interface: eth0": 0.0,
    }
    for action in ends:
        ends[action] = takeover(play(servers, [(stop_s, action)], 4 * unit_s), "r1", "r2", stop_s)
    farewell_s, silent_s = ends.values()
    return silent_s, farewell_s, sent(play(servers, [], stop_s), "r1")[0] - begin_s
