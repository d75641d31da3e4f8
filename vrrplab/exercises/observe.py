"""What judges look at in a trace, and say of it. Times in seconds."""

from __future__ import annotations

from collections.abc import Iterable

from vrrplab import arguments
from vrrplab.config.diagnostics import STRUCTURE_KINDS
from vrrplab.errors import VrrplabError
from vrrplab.exercises.registry import Miss, NotUnderstood
from vrrplab.notebook.replacements import Edit
from vrrplab.notebook.simulate import simulate
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace import Outage, Trace
from vrrplab.trace.events import AddressAddedEvent, StateEvent
from vrrplab.units import micros, seconds

S1, S2 = "proxy-serv01", "proxy-serv02"
IP1, IP2 = "192.168.2.101", "192.168.2.102"
OFFICE = "eth0"  # the card of both servers that the clients are behind
VISIBLE_S = 0.1  # shorter gaps are one lost probe

# Warnings that mean: this line is not what was written, keepalived leaves it out or takes another value.
NOT_TAKEN = STRUCTURE_KINDS | {
    *("address", "advert-int", "number", "parameter", "priority-range", "range", "track-option", "vip-option")
}


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
    found = [o for o in trace.disturbances(target) if not kind or o.kind == kind]
    found = [o for o in found if length_s(trace, o) >= VISIBLE_S]
    return max(found, key=lambda o: length_s(trace, o), default=None)


def length_s(trace: Trace, outage: Outage) -> float:
    """Length of a gap, to the end of the run if it never ended."""
    return seconds(outage.duration_us(trace.end_us))


def outage_s(trace: Trace, target: str = "", kind: str = "") -> float:
    """Seconds of the longest outage that a client saw: 0.0 if there was none.

    - ``target``: an address or name that clients ask for, "": any of them.
    - ``kind``: "http" or "icmp", "": any.

    An outage that never ended counts to the end of the run. VrrplabError: not a trace, nobody asks for
    such a target, or there is no such kind.

    >>> vrrplab.outage_s(vrrplab.simulate("article-drill-1-lan-nic"), "192.168.2.101")
    2.66
    """
    arguments.instance(trace, Trace, "outage_s", "a trace, as simulate(...) returns it")
    if kind:
        arguments.known(kind, "kind of outage", ("http", "icmp"))
    found = [o for o in trace.disturbances(target) if not kind or o.kind == kind]
    return max((length_s(trace, o) for o in found), default=0.0)


def page_outages(
    moments: Iterable[float],
    edit: Edit | None = None,
    duration_s: float = 40,
    action: str = "service_kill",
) -> dict[float, float]:
    """Squid on the first server ends at one of these moments: how long .101 serves no page, for each."""
    found = {}
    for moment in moments:
        end = at(moment, action, server=S1, service="squid")
        trace = run(variant("article-steady", end, edit=edit, duration_s=duration_s))
        demand_normal(trace, 11)
        found[moment] = outage_s(trace, IP1, "http")
    return found


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


def demand_normal(trace: Trace, at_s: float) -> None:
    """Miss unless, before anything is broken, each server has the address that it normally carries.

    Judges of edited files ask this first: files that are broken already pass no drill.
    """
    for address, server in ((IP1, S1), (IP2, S2)):
        if trace.owners(address, at_s) != (server,):
            raise Miss(
                f"With nothing broken, {holders_in_words(trace, address, at_s)}; it should be {server}."
            )
        card = _card(trace, server, address, at_s)
        if card != OFFICE and card in trace.scenario["servers"][server]["interfaces"]:
            raise Miss(
                f"With nothing broken, {server} has {address} on {card}; the office is behind {OFFICE}."
            )


def demand_taken(scenario: Scenario) -> None:
    """Miss if keepalived does not take a line as it is written: what works then works by accident.

    Judges of edited files ask this last, when everything else is well: ``interval one`` is an interval of one
    second, because keepalived falls back on that.
    """
    for name, server in scenario.servers.items():
        for warning in server.node.warnings:
            if warning.kind in NOT_TAKEN:
                raise Miss(
                    f"It works, but by accident: {name}, line {warning.source.line}: {warning.message}."
                    " Say in the file what you mean."
                )


def _card(trace: Trace, server: str, address: str, at_s: float) -> str:
    """The interface on which a server last took an address; with use_vmac it is none of its cards."""
    added = [
        str(e.interface)
        for e in trace.of(AddressAddedEvent, server=server)
        if e.bare == address and e.t <= at_s
    ]
    return added[-1] if added else ""


def taken_s(trace: Trace, address: str, server: str, after_s: float) -> float | None:
    """When a server took an address, first after ``after_s``, by whatever instance; None if never."""
    for span in trace.holders(address):
        if server in span.servers and span.from_us > micros(after_s):
            return seconds(span.from_us)
    return None


def became(trace: Trace, state: str, server: str, instance: str) -> float | None:
    """When an instance first entered a state; None if never."""
    events = trace.of(StateEvent, server=server, instance=instance)
    return next((event.t for event in events if event.to == state), None)
