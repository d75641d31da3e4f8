"""Writes docs/limits.md: every limit, from vrrplab/limits.py, and what costs what, from vrrplab/work.py.

python tools/limits_page.py            writes it
python tools/limits_page.py --check    exit code 1 if it is stale
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import keep  # noqa: E402
from vrrplab import limits, work  # noqa: E402

PAGE = ROOT / "docs" / "limits.md"
MADE = "Made by tools/limits_page.py from vrrplab/limits.py and vrrplab/work.py. Do not edit."

INTRODUCTION = f"""# How much is too much

<!-- {MADE} -->

vrrplab reads what strangers wrote and runs what somebody tries out, so everything that could go on for ever
has a limit. What goes beyond one is told in one line, with the limit and a cure, and the exit code is 2; what
is only counted (`live`) goes on. A limit that is in your way is a figure in `vrrplab/limits.py`: tell us.

## Limits
"""

COSTS = """
## What takes how long, and how much memory

Before `simulate`, `decode` and `verify` do anything they reckon what it will take. Beyond {time} or
{memory} they say so in a line and end with exit code 2, on a terminal or not; with `--yes` they begin. In a
notebook nobody can say yes: there the line comes first, the work begins, and ■ stops it. Work that goes on
shows how far it is: on a terminal a bar, elsewhere a line every ten seconds, always on standard error.

An estimate counts and multiplies, it does not measure: the same scenario is let in, or not, every time and
on every machine. The figures are those of one ordinary machine; `python benchmarks/costs.py` measures yours
beside them. On a slow laptop all takes perhaps twice as long, and the bar says so from the second second
on. The estimates err on the high side: where a seed decides, the worst draw is reckoned with.

| one of | time | memory | because |
|---|---|---|---|
"""

WHY = """
**What makes a simulation large.** Every advert is heard by every card in its network: receptions grow with
the servers and the time, and inversely with `advert_int`. A trace is kept whole, some 400 bytes an event; a
page (`--html`) and `--format json` are built whole besides, JSON lines are not. Clients cost little: where
nothing is left to chance they sleep until something changes. Where a network loses packets, or jitters,
each question is asked by itself.

**A start storm.** 100 routers of equal priority that cannot hear each other in time, as in a network with a
latency of more than 1.3 ms, are all MASTER at once. Each advert is answered by everybody who beats its
sender (RFC 9568 section 6.4.3), each answer once more, and all are heard by all: 10,000 adverts, 980,595
receptions in the worst draw, in an instant. It grows with the cube of the routers. Real daemons would do
the same; it is why priorities should differ. `vrrplab/sim/estimate.py` has the formula,
`tests/sim/test_estimate.py` holds it against counted runs.

**Cut networks.** A MASTER answers the advert of a lower one. Where routers hear only those below them
(`segment_fault` with `between`, one way) each answer is answered by whoever is higher still: 2^N adverts an
interval, of N routers. Counted is who will be MASTER, and who hears whom; what a reload brings too.

**The second line.** A run that makes {events:,} events, or takes {steps:,} steps (calls, and frames handed
to a host), although far fewer were reckoned with is ended, exit code 2, unless `--yes` was said.

**Not reckoned.** `live` and `lab` last as long as they were asked to, in real time; `lab drill` and `lab
compare` show how far they are. Of what comes through a pipe nobody knows the size. A capture's number of
frames is reckoned from its size and its first frames.

## Ctrl-C

ends every command within a second, with one line and exit code 130; pressed twice it is the same. SIGTERM
ends with 143, SIGHUP with 129, unless they are ignored (`nohup`). What was begun is taken back: temporary
files go, a lab's own first process takes its network down, also when the command itself is killed. What is
being done in one long call of C ends when the call returns. Before vrrplab's first line Python starts, some
15 ms, and has its own way of being interrupted. `python benchmarks/interrupts.py` tries random moments of
every command.
"""


def page() -> str:
    rows = ["| what | at most | why |", "|---|---|---|"]
    rows += [f"| {_cell(one.what)} | {one} | {_cell(one.why)} |" for one in limits.table().values()]
    head = COSTS.format(time=limits.WORK_S, memory=limits.WORK_BYTES)
    costs = "".join(
        f"| {_cell(one.what)} | {_time(one.us)} | {_bytes(one.bytes)} | {_cell(one.why)} |\n"
        for one in work.costs()
    )
    events = round(work.BEYOND * limits.WORK_S.most * 1e6 / work.RECEPTION.us)
    return (
        INTRODUCTION
        + "\n"
        + "\n".join(rows)
        + "\n"
        + head
        + costs
        + WHY.format(events=events, steps=work.STEPS * events)
    )


def _cell(text: str) -> str:
    return text.strip().rstrip(",").replace("|", "\\|")


def _bytes(number: int) -> str:
    return f"{number:,} bytes" if number else "-"


def _time(us: float) -> str:
    return f"{us:,.0f} µs" if us else "-"


def main(arguments: list[str]) -> int:
    return keep("limits_page.py", {PAGE: page()}, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
