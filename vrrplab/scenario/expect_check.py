"""``expect`` of a scenario: does the trace keep it? What failed is told with the reason the trace gives."""

from __future__ import annotations

from vrrplab.scenario.model import Expectation, Scenario
from vrrplab.trace import Trace
from vrrplab.units import format_s, seconds


def broken_expectations(scenario: Scenario, trace: Trace) -> list[str]:
    """One line for each expectation that failed, with place, what was expected, what was, and why."""
    found: list[str] = []
    for expected in scenario.expect:
        place = f"{scenario.file}:{expected.line}" if scenario.file else f"expect, line {expected.line}"
        found += [f"{place}: {problem}" for problem in _problems(expected, trace)]
    return found


def _problems(expected: Expectation, trace: Trace) -> list[str]:
    problems: list[str] = []
    if expected.outage_at_most_us is not None:
        target, limit_us = expected.outage_target, expected.outage_at_most_us
        for outage in trace.outages(target):
            length_us = outage.duration_us(trace.end_us)
            if length_us > limit_us:
                problems.append(
                    f"{target} was out for {format_s(length_us)} s ({outage.kind}, from"
                    f" {format_s(outage.from_us)} s), expected at most {format_s(limit_us)} s"
                )
    if expected.at_us is None:
        return problems
    at_s = seconds(expected.at_us)
    if at_s > seconds(trace.end_us):
        return [f"expects something at {at_s:.3f} s, but the run ends at {seconds(trace.end_us):.3f} s"]
    for address, server in expected.owner.items():
        owners = trace.owners(address, at_s)
        if owners != ((server,) if server else ()):
            have = " and ".join(owners) or "nobody"
            problems.append(f"{address} at {at_s:.3f} s: expected {server or 'nobody'}, {have} had it")
    for instance, servers in expected.state.items():
        for server, state in servers.items():
            is_now = trace.state_at(at_s, server, instance)
            if is_now != state:
                why = trace.why(at_s, server, instance)
                problems.append(f"{instance} on {server} at {at_s:.3f} s: expected {state}; {why}")
    return problems
