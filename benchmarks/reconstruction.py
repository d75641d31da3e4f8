"""How often ``reconstruct`` finds what happened: recordings of the real daemon in which one thing fails.

Configurations and capture are given, the scenario is hidden. An answer is right if the action, the server,
and the card or check are, and its moment is off by no more than an interval: of the adverts, or of the check
that fails. Where a capture cannot tell actions apart they are one answer, a group; how large it is, is told,
and how often the right one is the first of it; also by kind: that a link goes is one,
whatever takes it.

    python benchmarks/reconstruction.py [--quick] [--logs] [--half 1|2] [RECORDING ...]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

from vrrplab.capture.reader import read_frames
from vrrplab.pasted.logs import Log, LogLine
from vrrplab.reconstructing.evidence import gather
from vrrplab.reconstructing.reconstruct import Reconstruction, reconstruct
from vrrplab.reconstructing.search import Guess, Step
from vrrplab.recording.reader import Recording, read_whole
from vrrplab.scenario.node_files import NodeFile
from vrrplab.scenario.nodes import nodes_from
from vrrplab.scenario.parts import Server, TimedAction
from vrrplab.trace.events import AdvertSentEvent, LogEvent
from vrrplab.trace.vocabulary import ACTIONS, LINK_LOST, Act
from vrrplab.units import Micros, seconds

RECORDINGS = Path(__file__).resolve().parent.parent / "data" / "recordings"
QUICK = (
    "takeover_v2_a1_p100", "prio0_v2_a1_p100", "one_way_drop_out", "track_script_weight_cross",
    "reload_priority", "garp_lower_prio", "vip_removed_by_hand", "v3_ipv4",
)  # fmt: skip
_CHECKS = (Act.CHECK_FAIL, Act.CHECK_HANG)
_SERVICES = (Act.SERVICE_STOP, Act.SERVICE_KILL)


@dataclass(frozen=True)
class Row:
    """``rank``: which group has the right answer, 0: none; ``size``: how many the capture cannot tell apart;
    ``place``: which of the group it is; ``is_kind``: the first of it is of the right kind; ``off_us``: how
    far its moment is off; ``silent``: nothing is seen; ``said``: what is named first.
    """

    name: str
    truth: str
    rank: int
    size: int
    place: int
    is_kind: bool
    off_us: Micros
    silent: bool
    runs: int
    took_s: float
    answer: str
    said: str = ""


def one_fault(recording: Recording) -> bool:
    """One thing fails, and perhaps is mended."""
    actions = recording.scenario.actions
    if not actions or len(actions) > 2 or actions[0].at_us == 0 or recording.observed.get("noisy"):
        return False
    if not recording.trace.of(AdvertSentEvent):
        return False
    first, *rest = actions
    server = recording.scenario.servers.get(first.keys.get("server", ""))
    if server is None or first.at_us < server.start_at_us:  # it was so from the start
        return False
    act = ACTIONS[first.kind]
    if not (act.breaks or act is Act.RELOAD):
        return False
    return not rest or (rest[0].kind in (act.mended_by if act.breaks else act,) and _same(rest[0], first))


def _same(one: TimedAction, other: TimedAction) -> bool:
    return all(
        one.keys.get(key) == other.keys.get(key) for key in ("server", "interface", "script", "address")
    )


def names() -> Iterator[str]:
    for folder in sorted(RECORDINGS.iterdir()):
        if (folder / "scenario.yaml").exists():
            yield folder.name


def half(wanted: Iterable[str], which: int) -> list[str]:
    """Every second one of those with one fault, from the first (1) or the second (2)."""
    return [name for name in wanted if one_fault(read_whole(RECORDINGS / name))][which - 1 :: 2]


def answer_of(name: str, recording: Recording, logs: bool = False) -> tuple[Reconstruction, Micros]:
    """What is said of a recording, and how much later the capture's clock is than the recording's."""
    folder = RECORDINGS / name
    scenario = recording.scenario
    files = [NodeFile(s.name, str(folder / s.config)) for s in scenario.servers.values()]
    cluster = nodes_from(files, profile=scenario.profile)
    frames = list(read_frames(folder / "capture.pcap"))
    first_ns = min(f.t_ns for f in frames)
    real = recording.trace.of(AdvertSentEvent)[0].t_us
    adverts = (f for f in frames if f.frame.kind == "vrrp")
    later_us = (next(adverts).t_ns - first_ns) // 1000 - real
    given = _logs(recording, first_ns + later_us * 1000) if logs else ()
    evidence = gather(frames, cluster, given, name=f"{name}.pcap", until_us=recording.trace.end_us + later_us)
    return reconstruct(evidence, cluster, profile=scenario.profile), later_us


def _logs(recording: Recording, zero_ns: int) -> list[Log]:
    """The daemons' own lines, as a journal would have them. ``zero_ns``: when the recording's clock was 0.

    On a bench the daemon of a server without power still sees its cables go, for a moment: that is left out.
    """
    logs: dict[str, Log] = {}
    off_us = {a.keys["server"]: a.at_us for a in recording.scenario.actions if a.kind == Act.POWER_OFF}
    for event in recording.trace.of(LogEvent):
        if event.t_us >= off_us.get(event.server, event.t_us + 1):
            continue
        log = logs.setdefault(event.server, Log(f"{event.server}.log", whole_seconds=False))
        log.lines.append(LogLine(zero_ns + event.t_us * 1000, event.server, event.line, len(log.lines) + 1))
    return list(logs.values())


def judged(name: str, logs: bool = False) -> Row | None:
    """A recording's row; None if other things than one fault happen in it."""
    recording = read_whole(RECORDINGS / name)
    if not one_fault(recording) or not (RECORDINGS / name / "capture.pcap").stat().st_size > 24:
        return None
    began_s = process_time()
    found, later_us = answer_of(name, recording, logs)
    took_s = process_time() - began_s
    truth = recording.scenario.actions[0]
    server = recording.scenario.servers[truth.keys["server"]]
    rank = size = place = off_us = 0
    for number, group in enumerate(found.groups, 1):
        for at, member in enumerate(group.members, 1):
            off = _off(member, truth, server, later_us)
            if off is not None:
                rank, size, place, off_us = number, len(group.members), at, off
                break
        if rank:
            break
    silent = not found.groups[0].first.steps and found.groups[0].first.unexplained is None
    first = found.groups[0].first
    words = ", ".join(f"{step.deed.words} at {seconds(step.at_us - later_us):.2f}" for step in first.steps)
    told = (
        f"{truth.kind} {truth.keys['server']} {truth.keys.get('interface', '')} at {seconds(truth.at_us):.2f}"
    )
    kind = rank == 1 and _is_kind(first, truth, server, later_us)
    said = " and ".join(step.deed.act.value for step in first.steps if not step.mends) or "nothing"
    return Row(
        name, told, rank, size, place, kind, off_us, silent, found.runs, took_s, words or "nothing", said
    )


def _is_kind(guess: Guess, truth: TimedAction, server: Server, later_us: Micros) -> bool:
    """Is it right, or does the same card lose its link in another way?"""
    if _off(guess, truth, server, later_us) is not None:
        return True
    breaks = [step for step in guess.steps if not step.mends]
    return (
        len(breaks) == 1
        and {breaks[0].deed.act, ACTIONS[truth.kind]} <= LINK_LOST
        and all(breaks[0].deed.keys[key] == truth.keys[key] for key in ("server", "interface"))
        and abs(breaks[0].at_us - later_us - truth.at_us) <= _interval_us(breaks[0], server)
    )


def _off(guess: Guess, truth: TimedAction, server: Server, later_us: Micros) -> Micros | None:
    """How far the guess's fault is off; None: it is another one, or too far."""
    breaks = [step for step in guess.steps if not step.mends]
    if len(breaks) != 1 or not _is_right(breaks[0], truth, server):
        return None
    off_us = abs(breaks[0].at_us - later_us - truth.at_us)
    return off_us if off_us <= _interval_us(breaks[0], server) else None


def _is_right(step: Step, truth: TimedAction, server: Server) -> bool:
    keys = step.deed.keys
    if keys.get("server") != server.name:
        return False
    if truth.kind in _SERVICES:  # no configuration knows of a service: it is the check that fails
        script = server.node.script(str(keys.get("script"))) if step.deed.act in _CHECKS else None
        return (
            script is not None
            and server.followed(script.name, " ".join(script.command)) == truth.keys["service"]
        )
    if step.deed.act.value != truth.kind:
        return False
    wanted: dict[str, object] = {
        key: truth.keys[key]
        for key in ("interface", "script", "direction", "address", "file")
        if key in truth.keys
    }
    if truth.kind == Act.DAEMON_KILL:
        wanted["process"] = truth.keys.get("process", "both")
        keys = {"process": "both", **keys}
    return all(keys.get(key) == value for key, value in wanted.items())


def _interval_us(step: Step, server: Server) -> Micros:
    adverts = max(i.advert_interval_us for i in server.node.instances)
    if step.deed.act in _CHECKS:
        return max(adverts, server.node.script(step.deed.keys["script"]).interval_us)
    return adverts


def summary(rows: Sequence[Row]) -> str:
    seen = [row for row in rows if not row.silent]
    first = [row for row in seen if row.rank == 1]
    three = [row for row in seen if 1 <= row.rank <= 3]
    alone = [row for row in first if row.size == 1]
    named = [row for row in first if row.place == 1]
    sizes = sorted(row.size for row in first)
    shared = len(first) - len(alone)
    times = [row.took_s for row in rows]
    lines = [
        f"{len(rows)} recordings with one fault; of {len(rows) - len(seen)} nothing is seen in the capture",
        f"right answer first:                 {len(first)} of {len(seen)}",
        f"right answer among the first three: {len(three)} of {len(seen)}",
        f"of those first, {len(alone)} are the only answer, {shared} share the picture with others",
        f"  so many look the same: median {median(sizes) if sizes else 0:g}, at most {max(sizes, default=0)}",
        f"  named first of them: {len(named)}, among the first three: {sum(r.place <= 3 for r in first)}",
        f"  of the right kind is what is named first: {sum(row.is_kind for row in first)}",
        f"processor time: median {median(times):.1f} s, most {max(times):.1f} s",
    ]
    return "\n".join(lines)


def confusions(rows: Sequence[Row]) -> str:
    """What happened and what was named first instead, the most frequent first."""
    counted = Counter(
        f"{row.truth.split()[0]} -> {row.said}"
        for row in rows
        if not row.silent and (row.rank, row.place) != (1, 1)
    )
    return "\n".join(f"  {times} x {pair}" for pair, times in counted.most_common())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", nargs="*", help="only these")
    parser.add_argument("--quick", action="store_true", help=f"only {len(QUICK)} of them")
    parser.add_argument("--half", type=int, choices=(1, 2), help="every second one, from the first or second")
    parser.add_argument("--logs", action="store_true", help="the daemons' logs are given, too")
    args = parser.parse_args()
    wanted: Iterable[str] = args.recording or (QUICK if args.quick else names())
    if args.half is not None:
        wanted = half(wanted, args.half)
    rows = []
    for name in wanted:
        row = judged(name, args.logs)
        if row is None:
            continue
        rows.append(row)
        what = "silent" if row.silent else f"{row.rank or '-'} {row.place}/{row.size}"
        print(f"{row.name:38} {what:9} {row.took_s:5.1f} s  {row.truth:44} {row.answer}", flush=True)
    print(summary(rows))
    print("named first instead of what happened:", confusions(rows) or "  none", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
