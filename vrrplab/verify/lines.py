"""Does the simulator say what the daemon says? Log lines word for word, in the same order, by server.

Counted are lines about instances, sync groups, what is tracked, interfaces, addresses; not the process's own
(versions, sockets, memory, CPU), which no protocol decides.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, LogEvent, TraceEvent
from vrrplab.trace.vocabulary import Act

COUNTED = (
    "(",
    "VRRP_Group(",
    "VRRP_Script(",
    "Script `",
    "Track script",
    "Disabling track script",
    "Warning - script",
    "Quorum ",
    "Invalid number",
    "VRRP_Instance(",
    "Assigned address",
    "Deassigned address",
    "Netlink re",
    "Sending gratuitous ARP",
    "Sending unsolicited Neighbour",
    "Error 100",
    "Delaying startup",
    "Delayed start",
)


class Lines(NamedTuple):
    """``said`` of ``counted`` real lines were said by the simulation too, in order; ``missing`` were not."""

    counted: int
    said: int
    missing: list[str]
    invented: list[str]

    @property
    def share(self) -> float:
        return self.said / self.counted if self.counted else 1.0


def compare_lines(real: Trace, simulated: Trace) -> Lines:
    counted = said = 0
    missing: list[str] = []
    invented: list[str] = []
    for server in real.servers:
        theirs, ours = _lines(real, server), _lines(simulated, server)
        kept_theirs, kept_ours = _common(theirs, ours)
        counted += len(theirs)
        said += len(kept_theirs)
        missing += [f"{server}: {line}" for i, line in enumerate(theirs) if i not in kept_theirs]
        invented += [f"{server}: {line}" for i, line in enumerate(ours) if i not in kept_ours]
    return Lines(counted, said, missing, invented)


def _lines(trace: Trace, server: str) -> list[str]:
    """What a server without power says is not counted: on a bench its daemon still sees its cables go."""
    found: list[str] = []
    powered = True
    heard: list[LogEvent | ActionEvent] = trace.of(LogEvent, ActionEvent, server=server)
    for event in heard:
        if event.t_us > trace.end_us:
            break
        if isinstance(event, LogEvent):
            found += [event.line] if powered and _counts(event.line) else []
        elif event.act in (Act.POWER_OFF, Act.POWER_ON):
            powered = event.act is Act.POWER_ON
    return found


def _counts(line: str) -> bool:
    if line.startswith("(/"):
        return False  # about a line of the configuration file
    return line.startswith(COUNTED) or ": sending gratuitous " in line


def told(event: TraceEvent) -> bool:
    """Is this an event that the comparison looks at? Of log lines only those that are counted."""
    return not isinstance(event, LogEvent) or _counts(str(event.line))


def _common(a: list[str], b: list[str]) -> tuple[set[int], set[int]]:
    """Places of a longest common subsequence in both, exact.

    Bit-parallel (Hyyrö 2004): the last i of ``a`` and the last k of ``b`` have k in common, less the bits set
    among the first k of row i. So 5,000 lines beside 5,000 take 3 MB and some hundredths of a second (bits:
    the product of the two lengths).
    """
    places: dict[str, int] = {}
    for k, line in enumerate(reversed(b)):
        places[line] = places.get(line, 0) | 1 << k
    full = (1 << len(b)) - 1
    rows = [full]
    for line in reversed(a):
        row = rows[-1]
        here = row & places.get(line, 0)
        rows.append((row + here | row - here) & full)

    def in_common(i: int, k: int) -> int:
        return k - (rows[i] & (1 << k) - 1).bit_count()

    i, k = len(a), len(b)
    places_a, places_b = set(), set()
    while i and k:
        if a[-i] == b[-k]:
            places_a.add(len(a) - i)
            places_b.add(len(b) - k)
            i, k = i - 1, k - 1
        elif in_common(i - 1, k) >= in_common(i, k - 1):
            i -= 1
        else:
            k -= 1
    return places_a, places_b
