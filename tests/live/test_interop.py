"""vrrplab on a wire with keepalived (Debian's) and FRR's vrrpd: who accepts whom, and how long takeovers
take.

``interop_cases`` says who meets whom, ``interop_play`` what they go through; all of them at the same time,
because they mostly wait. ``docs/interop.md`` holds the table of a run; VRRPLAB_WRITE_DOCS=1 writes it anew.
"""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from interop_cases import CASES, Case, Trio
from interop_page import COLUMNS, SECTIONS, number, with_simulated
from interop_play import Seen, play

pytestmark = [
    pytest.mark.alone,
    pytest.mark.long,
    pytest.mark.needs("namespaces", "ip", "nsenter", "keepalived", "tcpdump", "vrrpd"),
]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "interop.md"
WITHIN_S = 0.06
AT_ONCE = 20  # cases at a time
AnyCase = Case | Trio
Found = dict[tuple[str, str], Seen | Exception]


@pytest.fixture(scope="module")
def seen() -> Found:
    """Every case, played side by side."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        first = list(pool.map(attempt, CASES))
    found: Found = {}
    for case, result in zip(CASES, first, strict=True):
        if isinstance(result, Seen) and fits(case, result):
            found[case.section, case.title] = result
        else:  # so many processes get in each other's way: once more, alone
            warnings.warn(f"played twice: {case.section}: {case.title}: {result}", stacklevel=1)
            found[case.section, case.title] = attempt(case)
    if os.environ.get("VRRPLAB_WRITE_DOCS"):
        DOCS.write_text(page(found), encoding="utf-8")
    return found


def attempt(case: AnyCase) -> Seen | Exception:
    """A play that ends early, whatever ends it, must not end all the others."""
    try:
        return play(case)
    except Exception as error:
        return error


def seen_of(case: AnyCase, found: Found) -> Seen:
    """What a case came to, or what ended it."""
    result = found[case.section, case.title]
    if isinstance(result, Exception):
        raise result
    return result


def fits(case: AnyCase, result: Seen) -> bool:
    if not case.works or not result.accepts:
        return result.accepts == case.works
    pairs = (
        (result.farewell_s, result.farewell_expected_s),
        (result.silent_s, result.silent_expected_s),
    )
    near = all(abs((a or 0.0) - (b or 0.0)) <= WITHIN_S for a, b in pairs)
    return near and result.preempts == case.preempts


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section}: {case.title}")
def test_case(case: AnyCase, seen: Found) -> None:
    """Input: routers on a LAN. Output: one master, takeovers within 60 ms of the formula, and the higher one
    back or not, as configured; or, where they do not understand each other, two masters.
    """
    result = seen_of(case, seen)
    assert result.accepts == case.works
    if not case.works:
        return
    assert result.farewell_s == pytest.approx(result.farewell_expected_s, abs=WITHIN_S)
    assert result.silent_s == pytest.approx(result.silent_expected_s, abs=WITHIN_S)
    assert result.preempts == case.preempts


HEAD = """\
# vrrplab with other daemons

Made by `VRRPLAB_WRITE_DOCS=1 pytest tests/live/test_interop.py`, from real packets: every row is a LAN in
namespaces with vrrplab on one host and another daemon on the other, priorities 200 and 100. keepalived is
Debian's 2.2.7, FRR's vrrpd 8.4.4. Times are in seconds, between frames as tcpdump saw them.

- *accepts*: the lower router stays silent while the higher one advertises.
- *farewell*: from the master's priority 0 to the other's first advert; the formula is its skew time.
- *silence*: from the last advert of a master whose cable was pulled to the other's first one; the formula is
  three intervals and the skew time.
- *simulated*: what the simulator makes of the same two hosts, written by
  `VRRPLAB_WRITE_DOCS=1 pytest tests/conformance/test_interop_simulated.py`, which also holds it against the
  measured figures.
- *preempts*: the higher router, started again, takes over from the lower one. With `nopreempt` it stays
  BACKUP; the lower one's cable is pulled then, so that the skew time is the higher one's.
"""
TAIL = """\
Of three, the highest is stopped (*farewell* to the next), the next one's cable is pulled (*silence* to the
lowest), and the highest comes back.

A *sync group* is two instances on two networks; only one cable is pulled. The other router's group moves when
both its members have waited long enough, so both addresses move after the silence on the cut network.

FRR over IPv6 loses its first advert as master, so that one interval is added there (measured between two FRR
daemons too). FRR cuts the skew time to centiseconds.

In one thing vrrplab's live router differs from keepalived on purpose: an advert it rejects does not put off
its own. keepalived restarts a master's advert timer on every packet for its VRID (measured), and is so
silenced by anybody who sends one bad packet a second.
"""


def page(found: Found) -> str:
    """docs/interop.md."""
    lines = [HEAD]
    for section, title in SECTIONS.items():
        lines += [f"## {title}", "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
        lines += [row(case, seen_of(case, found)) for case in CASES if case.section == section]
        lines.append("")
    lines.append(TAIL)
    return with_simulated("\n".join(lines))


def row(case: AnyCase, result: Seen) -> str:
    cells = [
        case.title,
        "yes" if result.accepts else "no: two masters",
        number(result.farewell_expected_s),
        number(result.farewell_s),
        "",
        number(result.silent_expected_s),
        number(result.silent_s),
        "",
        "" if result.preempts is None else "yes" if result.preempts else "no",
    ]
    return f"| {' | '.join(cells)} |"


def test_the_page_tells_what_was_seen(seen: Found) -> None:
    """The verdicts in docs/interop.md are those of this run; figures may differ by the machine's noise."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    for case in CASES:
        start = lines.index(f"## {SECTIONS[case.section]}")
        expected = row(case, seen_of(case, seen)).split(" | ")
        same = [line.split(" | ") for line in lines[start:] if line.startswith(f"{expected[0]} |")]
        assert same, expected
        assert same[0][1] == expected[1], expected
        assert same[0][-1] == expected[-1], expected
