"""What judges look at in a trace, and say of it. Times in seconds."""

from __future__ import annotations

from vrrplab.api import simulate
from vrrplab.errors import VrrplabError
from vrrplab.exercises.registry import NotUnderstood
from vrrplab.sim.cast import Scenario
from vrrplab.trace import Outage, Trace
from vrrplab.units import seconds

S1, S2 = "proxy-serv01", "proxy-serv02"
IP1, IP2 = "192.168.2.101", "192.168.2.102"
VISIBLE_S = 0.1  # shorter gaps are one lost probe


def run(scenario: Scenario) -> Trace:
    """Simulate a learner's scenario; what cannot run is NotUnderstood."""
    if seconds(scenario.duration_us) > 600:
        raise NotUnderstood("That is a long run: 600 seconds at most, please.")
    try:
        return simulate(scenario)
    except VrrplabError as error:
        raise NotUnderstood(f"This cannot be run. {error}") from None


def longest(trace: Trace, target: str, kind: str = "") -> Outage | None:
    """The longest gap of a target's probes that a person would notice."""
    found = [o for o in trace.outages(target) if not kind or o.kind == kind]
    found = [o for o in found if length_s(trace, o) >= VISIBLE_S]
    return max(found, key=lambda o: length_s(trace, o), default=None)


def length_s(trace: Trace, outage: Outage) -> float:
    """Length of a gap, to the end of the run if it never ended."""
    return seconds(outage.duration_us(trace.end_us))


def outage_s(trace: Trace, target: str, kind: str = "") -> float:
    """Length of the longest gap, 0 if there is none."""
    outage = longest(trace, target, kind)
    return length_s(trace, outage) if outage else 0.0


def gaps_in_words(trace: Trace) -> str:
    """e.g. ``192.168.2.101 gave no answer from 11.98 s to 14.62 s``; "" if nobody missed anything."""
    told = []
    for target in trace.addresses:
        outage = longest(trace, target)
        if outage:
            end = "the end" if outage.to_s is None else f"{outage.to_s:.2f} s"
            told.append(f"{target} gave no answer from {outage.from_s:.2f} s to {end}")
    return "; ".join(told)


def holders_in_words(trace: Trace, address: str, at_s: float) -> str:
    """e.g. ``proxy-serv01 and proxy-serv02 both have 192.168.2.101``."""
    names = trace.owners(address, at_s)
    if not names:
        return f"at {at_s:g} s nobody has {address}"
    have = "both have" if len(names) == 2 else "have" if len(names) > 2 else "has"
    return f"at {at_s:g} s {' and '.join(names)} {have} {address}"


def became(trace: Trace, state: str, server: str, instance: str, after_s: float = 0.0) -> float | None:
    """When an instance entered a state, first after ``after_s``; None if never."""
    for event in trace.of("state", server=server, instance=instance):
        if event.fields["to"] == state and event.t >= after_s:
            return event.t
    return None
