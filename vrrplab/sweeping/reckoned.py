"""The rows of a sweep from the formulas of ``vectorised``: the same rows as those of the simulator, in which
nobody waits for a packet.

A row has more columns than a drill has moments. All of them follow from the moments where clients ask for
nothing but that one address, and where the other virtual addresses stay with whom they are; ``objection``
says what is in the way of that.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

from vrrplab.arguments import known
from vrrplab.errors import VrrplabError
from vrrplab.machine.hearing import objection as unheard
from vrrplab.machine.intervals import down_interval_us
from vrrplab.machine.profiles import profile_named
from vrrplab.scenario.model import Scenario
from vrrplab.sweeping import vectorised
from vrrplab.sweeping.columns import Row, targets_of
from vrrplab.sweeping.executors import WORTH_S, Done
from vrrplab.sweeping.outcome import row_of
from vrrplab.sweeping.plan import Plan
from vrrplab.sweeping.ranges import Range, run_s
from vrrplab.sweeping.values import Cell
from vrrplab.sweeping.vectorised import Drill, NotOne, Window, beat_of, checked, window_of

ROWS = 10_000  # at a time
EACH_S = 1e-4  # that a row takes, its text in a table included


def objection(plan: Plan) -> str:
    """Why the rows of a plan do not follow from formulas; "" if they do, and NumPy is there."""
    why = vectorised.applies(plan)
    if why:
        return why
    try:
        drill = checked(plan)
        _asked_alone(drill)
        _others_stay(drill, window_of(plan, drill))
    except NotOne as reason:
        return str(reason)
    return ""


class Formulas:
    """This process, which simulates nothing."""

    workers = 1
    told = "by formulas"

    def run(self, plan: Plan, ranges: Iterator[Range]) -> Generator[Done, None, None]:
        for start, stop in _joined(ranges):
            yield (start, stop), rows_of(plan, start, stop)


def chosen(plan: Plan, engine: str, scheduler: str = "") -> Formulas | None:
    """The formulas, if ``engine`` (see ``engines``) means them; None: the runs are simulated.

    Left to "auto" they are taken where they hold, and the work is worth the looking. VrrplabError: they are
    asked for, and something is in the way.
    """
    if engine == "events" or (engine == "auto" and (scheduler or run_s(plan) * plan.total < WORTH_S)):
        return None
    if scheduler:
        raise VrrplabError("--engine vectorised runs in this process alone: leave --scheduler out")
    why = objection(plan)
    if why and engine == "vectorised":
        raise VrrplabError(f"--engine vectorised: {why} - simulate these runs, with --engine events")
    return None if why else Formulas()


def asking_only(scenario: Scenario, target: str) -> Scenario:
    """The scenario in which clients ask for ``target`` alone, by ICMP where they do.

    VrrplabError: nobody asks for it.
    """
    known(target, "target of --only", targets_of(scenario), "that clients ask for")
    clients = {}
    for name, client in scenario.clients.items():
        asked = [probe for probe in client.probes if probe.target == target]
        pinged = tuple(probe for probe in asked if probe.kind == "icmp")
        clients[name] = replace(client, probes=pinged or tuple(asked))
    return scenario.changed(clients=clients)


def _joined(ranges: Iterator[Range]) -> Iterator[Range]:
    """Neighbouring ranges as one of ``ROWS`` or a little more: they were cut for runs that are simulated."""
    begun: Range | None = None
    for start, stop in ranges:
        if begun is not None and (begun[1] != start or begun[1] - begun[0] >= ROWS):
            yield begun
            begun = None
        begun = (start if begun is None else begun[0]), stop
    if begun is not None:
        yield begun


def rows_of(plan: Plan, start: int, stop: int) -> list[Row]:
    """The rows of these runs. NotOne: they do not follow from formulas."""
    drill = checked(plan)
    _asked_alone(drill)
    own = {address.address for address in drill.instance.all_addresses}
    addresses = [address in own for address in plan.scenario.virtual_addresses()]
    moments = zip(
        range(start, stop),
        *(column.tolist() for column in vectorised.action_moments(plan, drill, range(start, stop))),
        vectorised.rows(vectorised.outcomes(plan, range(start, stop))),
        strict=True,
    )
    return [
        (run, plan.seed_of(run), *plan.values(run), *cells)
        if (cells := _cells(drill, addresses, fault_us, repair_us, found))
        else row_of(plan, run)
        for run, fault_us, repair_us, found in moments
    ]


def _cells(
    drill: Drill, addresses: list[bool], fault_us: int, repair_us: int, found: tuple[int, ...]
) -> tuple[Cell | None, ...]:
    """What stands behind the values; () where the client's answers are none of its usual ones."""
    failed_us, takeover_us, return_us, step_down_us, last_good_us, first_good_us = found
    trip_us = 2 * drill.latency_us
    later_us = 0 if drill.acquainted else trip_us  # by which the first answer is behind those after it
    asked, rest = divmod(first_good_us - later_us - last_good_us, drill.probe.every_us)
    if rest:
        return ()
    out_us = first_good_us - last_good_us
    had: tuple[Cell | None, ...] = (
        takeover_us - fault_us,
        return_us - repair_us,
        takeover_us - failed_us,
        step_down_us - return_us,
        drill.mine.name,
    )
    kept: tuple[Cell | None, ...] = None, None, 0, 0, drill.other.name
    cells: list[Cell | None] = [1, out_us, out_us, last_good_us, first_good_us, out_us, asked - 1]
    for own in addresses:
        cells += had if own else kept
    return *cells, fault_us, 0


def _asked_alone(drill: Drill) -> None:
    """NotOne, if clients ask for anything else: by name, by HTTP, for other addresses."""
    only = drill.probe.target
    for client in drill.scenario.clients.values():
        for probe in client.probes:
            if (client, probe) != (drill.client, drill.probe):
                what = f"{probe.target} by {probe.kind}"
                raise NotOne(f"{client.name} also asks for {what}, which --only {only} leaves out")


def _others_stay(drill: Drill, window: Window) -> None:
    """NotOne, unless every other virtual address is the other server's from its start to the end."""
    scenario, mine, other = drill.scenario, drill.mine, drill.other
    if {a.address for a in drill.instance.all_addresses} != {a.address for a in drill.twin.all_addresses}:
        raise NotOne(f"{drill.instance.name} and {drill.twin.name} have different addresses")
    profile = profile_named(scenario.profile_of(mine.name))
    seen = {a.address for a in drill.instance.all_addresses}
    rest = [one for one in mine.node.instances if one is not drill.instance]
    theirs = [two for two in other.node.instances if two is not drill.twin]
    if len(rest) != len(theirs):
        raise NotOne(f"{mine.name} and {other.name} have different numbers of instances")
    for two in theirs:
        pairs = [one for one in rest if (one.vrid, one.family) == (two.vrid, two.family)]
        if len(pairs) != 1 or pairs[0].base_priority >= two.base_priority:
            raise NotOne(f"{two.name} on {other.name} is not MASTER of one instance on {mine.name}")
        one = pairs[0]
        cards = mine.interfaces.get(one.interface), other.interfaces.get(two.interface)
        if cards[0] is None or cards[1] is None or cards[0].segment != cards[1].segment:
            raise NotOne(f"{one.name} and {two.name} are on no common network")
        segment = scenario.segments[cards[1].segment]
        if segment.loss or segment.jitter_us or not segment.multicast or segment.port_security:
            raise NotOne(f"{segment.name} loses, delays or stops frames")
        if not (cards[0].addresses and cards[1].addresses):
            raise NotOne("an interface has no address")
        source, own = (card.addresses[0].split("/")[0] for card in (cards[1], cards[0]))
        if one.unicast or two.unicast or one.family == 6 or two.config_fault or two.use_vmac or one.use_vmac:
            raise NotOne(f"{two.name} on {other.name} is IPv6, unicast, on a VMAC, or never leaves FAULT")
        if unheard(two, source, one, frozenset({own}), profile) is not None:
            raise NotOne(f"{one.name} does not use what {two.name} sends")
        if any(t.weight or t.reverse for t in (*two.track_scripts, *two.track_interfaces)):
            raise NotOne(f"{two.name} on {other.name} tracks something with a weight")
        for tracked in two.track_scripts:
            script = other.node.script(tracked.name)
            limit_us = script.timeout_us or script.interval_us
            if script.always_exits is not None or script.init_fail or other.script_run_us >= limit_us:
                raise NotOne(f"{script.name} on {other.name} may fail from the start")
        if one.owner_ignore_adverts:
            raise NotOne(f"{one.name} on {mine.name} ignores adverts")
        addresses = {a.address for a in two.all_addresses}
        if addresses != {a.address for a in one.all_addresses} or addresses & seen:
            raise NotOne(f"{one.name} and {two.name} have different addresses, or those of others")
        seen |= addresses
        waits_us = down_interval_us(profile, one, one.base_priority, one.advert_interval_us)
        speaks_us = window.other[1] + beat_of(scenario, other, two).first_us + segment.latency_us
        if window.mine[0] + waits_us <= speaks_us:
            raise NotOne(f"{mine.name} may be MASTER of {one.name} before {other.name} speaks")
        if window.fault[0] <= speaks_us + two.advert_interval_us:
            raise NotOne("the fault may come before both servers have settled")
