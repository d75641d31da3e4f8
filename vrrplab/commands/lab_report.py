"""A drill beside its prediction: the recording of what happened, and the simulation of the same scenario.

The drill is read as any recording is, and the simulator runs the scenario that lies beside it: the same
network, the same configurations, started and broken at the same moments. Both are traces; the table asks both
the same questions.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from vrrplab.lab.topology import SERVERS
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import cut, padded, wrap
from vrrplab.recording import read_observed, read_recording
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run as simulate
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, LogEvent, StateEvent
from vrrplab.trace.vocabulary import Act
from vrrplab.units import Micros, format_s, micros

AGREES_WITHIN_US = micros(0.15)
_WIDTH = 80


class Figure(NamedTuple):
    """One question and both answers, in microseconds; None: it did not happen."""

    name: str
    measured_us: Micros | None
    predicted_us: Micros | None
    judged: bool

    @property
    def agrees(self) -> bool:
        if not self.judged:
            return True
        if self.measured_us is None or self.predicted_us is None:
            return self.measured_us is self.predicted_us
        return abs(self.measured_us - self.predicted_us) <= AGREES_WITHIN_US


class Result(NamedTuple):
    drill: str
    measured: Trace
    predicted: Trace
    shown: list[dict[str, str]]
    figures: list[Figure]
    tries: int = 1

    @property
    def agrees(self) -> bool:
        return all(figure.agrees for figure in self.figures)


def judge(drill: str, folder: str) -> Result:
    """Read the recording, simulate its scenario, and ask both."""
    measured = read_recording(folder)
    predicted = simulate(load_scenario(os.path.join(folder, "scenario.yaml")))
    shown = read_observed(folder)["shown"]
    return Result(drill, measured, predicted, shown, _figures(measured, predicted))


def _figures(measured: Trace, predicted: Trace) -> list[Figure]:
    broken_us, mended_us = (event.t_us for event in measured.of(ActionEvent)[:2])
    victim, other = SERVERS
    instance, address = _subject(measured, victim, broken_us)
    both = (measured, predicted)
    # how long a process takes to start is the machine's affair: only returns of a running router are judged
    restarts = [event.act in (Act.DAEMON_START, Act.POWER_ON) for event in measured.of(ActionEvent)][1]

    def moment(name: str, server: str, state: str, after_us: Micros, judged: bool) -> Figure:
        found = [_entered(trace, server, instance, state, after_us) for trace in both]
        return Figure(name, found[0], found[1], judged)

    def gap(name: str, from_us: Micros, to_us: Micros) -> Figure:
        found = [_longest(trace, "http", address, from_us, to_us) for trace in both]
        return Figure(name, found[0], found[1], False)

    return [
        moment("noticed", victim, "FAULT", broken_us, False),
        moment("takeover", other, "MASTER", broken_us, True),
        gap("outage", broken_us, mended_us),
        moment("back", victim, "MASTER", mended_us, not restarts),
        gap("outage then", mended_us, measured.end_us),
    ]


def _subject(trace: Trace, victim: str, at_us: Micros) -> tuple[str, str]:
    """The instance that the victim was master of, and its address."""
    for instance, server in trace.instances:
        if server == victim and trace.state_at((at_us - 1) / 1e6, victim, instance) == "MASTER":
            cast = trace.scenario["servers"][victim]["instances"][instance]
            return instance, str(cast["virtual_addresses"][0]).partition("/")[0]
    return trace.instances[0][0], ""


def _entered(trace: Trace, server: str, instance: str, state: str, after_us: Micros) -> Micros | None:
    """How long after a moment an instance entered a state; None if it did not before the next action."""
    next_us = min((e.t_us for e in trace.of(ActionEvent) if e.t_us > after_us), default=trace.end_us)
    for event in trace.of(StateEvent, server=server, instance=instance):
        if after_us <= event.t_us <= next_us and event.to == state:
            return event.t_us - after_us
    return None


def _longest(trace: Trace, kind: str, target: str, from_us: Micros, to_us: Micros) -> Micros | None:
    """The longest gap that begins in a span of time (or just before it: at the last good answer)."""
    gaps = [
        o.duration_us(trace.end_us)
        for o in trace.disturbances(target)
        if o.kind == kind and from_us - micros(0.1) <= o.from_us < to_us - micros(0.1)
    ]
    return max(gaps, default=0)


# -- in words ---------------------------------------------------------------------------------------------


def table(results: list[Result], routers: str) -> str:
    """Every drill in a row: measured, and under it what the simulator predicted."""
    names = [figure.name for figure in results[0].figures]
    title = f"Seconds after the fault (takeover) and after the repair (back), with {routers}:"
    lines = ["", *wrap(title, _WIDTH), ""]
    lines.append(f"{'drill':9} {'':10}" + "".join(f"{name:>12}" for name in names))
    for result in results:
        measured = "".join(f"{_text(f.measured_us):>12}" for f in result.figures)
        predicted = "".join(f"{_text(f.predicted_us):>12}" for f in result.figures)
        lines.append(f"{padded(result.drill, 9)} {'measured':10}{measured}")
        lines.append(f"{'':9} {'simulated':10}{predicted}")
    said = "The simulation takes from each drill when things began, and how long checks and Squid's end took."
    lines += ["", *wrap(said, _WIDTH)]
    repeated = [result.drill for result in results if result.tries > 1]
    if repeated:
        lines.append(f"Carried out twice, because the first try differed: {', '.join(repeated)}.")
    wrong = [result for result in results if not result.agrees]
    sentences = [f"{differences(result)}." for result in wrong]
    within = format_s(AGREES_WITHIN_US, 2)
    sentences.append(
        f"{len(wrong)} of {len(results)} drills differ by more than {within} s."
        if wrong
        else f"Every takeover, and every return of a running router, is within {within} s of the simulation."
    )
    return "\n".join([*lines, *(line for text in sentences for line in wrap(text, _WIDTH))])


def differences(result: Result) -> str:
    """Which figures differ, in words."""
    parts = [
        f"{f.name} {_text(f.measured_us)} s measured, {_text(f.predicted_us)} s simulated"
        for f in result.figures
        if not f.agrees
    ]
    return f"{result.drill} differs: {'; '.join(parts)}"


def _text(value_us: Micros | None) -> str:
    return "-" if value_us is None else format_s(value_us)


def story(result: Result) -> str:
    """The logs of both servers side by side, then what ``ip address`` showed at each stage."""
    heading = f"{result.drill}: {result.measured.scenario.get('description', '')}"
    lines = ["", *wrap(heading, _WIDTH), ""]
    lines += _logs(result.measured)
    stages = {"before": "Before", "during": "While it was broken", "after": "After the repair"}
    for stage, title in stages.items():
        lines += ["", f"{title}:"]
        for shown in result.shown:
            if shown["stage"] == stage:
                lines += [f"  {printable(shown['server'])}:", *_interesting(shown["text"])]
    return "\n".join(lines)


def _logs(trace: Trace) -> list[str]:
    column = (_WIDTH - 12) // 2
    lines = [f"{'t':>8}  {SERVERS[0]:<{column}}  {SERVERS[1]}"]
    first_us = min((e.t_us for e in trace.of(ActionEvent)), default=0)
    for event in trace:
        if isinstance(event, ActionEvent):
            what = " ".join(str(v) for k, v in event.fields.items() if k != "server")
            lines.append(printable(f"{format_s(event.t_us):>8}  ---- {what} on {event.server} ----"))
        elif isinstance(event, LogEvent) and event.t_us >= first_us and _matters(str(event.line)):
            margin = "" if event.server == SERVERS[0] else " " * (column + 2)
            time = format_s(event.t_us)
            for part in wrap(str(event.line), column, more="  "):
                lines.append(f"{time:>8}  {margin}{part}")
                time = ""
    return lines


_TELLING = ("STATE", "priority", "timeout", "Netlink", "VRRP_Script", "Stopping", "Starting VRRP", "VIPs")


def _matters(line: str) -> bool:
    return any(word in line for word in _TELLING)


def _interesting(text: str) -> list[str]:
    """Of ``ip address``: the interface's state and its IPv4 addresses; what would not fit is left out."""
    lines = [re.sub(r" mtu .* (state \S+).*", r" … \1", line.strip()) for line in text.splitlines()]
    return [cut(f"    {line}", _WIDTH) for line in lines if line.startswith("inet ") or " state " in line]
