"""Drills by the million: what the simulator would say of each, reckoned for all at once with NumPy.

Of two servers the MASTER loses what it needs, and gets it back: its link, an interface that it tracks, or the
service that its check looks at. Nothing is drawn on the way, so every moment follows from a few others: when
the servers start, when the fault comes, when the repair does. That is the simulator's arithmetic, to the
microsecond; how long a BACKUP waits is asked of the machine (``machine.intervals``), who hears whom too
(``machine.hearing``), and the beat of the MASTER's adverts is heard in one run of it alone.

``applies`` says why a plan is none of these. Where two things happen in the same microsecond, and their order
decides, that run is simulated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.config.model import InstanceConfig, ScriptConfig
from vrrplab.machine.hearing import objection
from vrrplab.machine.intervals import down_interval_us, profile_skew_us
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Probe, Server
from vrrplab.sim.neighbors import ASK_EVERY_US, DELAY_US, QUESTIONS, TRUST_US
from vrrplab.sim.play import run as simulated
from vrrplab.sweeping import draws
from vrrplab.sweeping.plan import Dimension, Plan
from vrrplab.sweeping.targets import FAULT, target_of
from vrrplab.sweeping.values import Drawn
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertSentEvent, StateEvent
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US, Micros

if TYPE_CHECKING:
    import numpy as np

    Moments = np.ndarray[Any, np.dtype[np.int64]]

COLUMNS = ("fault_us", "takeover_us", "return_us", "step_down_us", "last_good_us", "first_good_us")
CHUNK = 50_000  # runs at a time: what is made on the way stays in the processor's cache

_LINK = (Act.LINK_DOWN, Act.LINK_UP), (Act.CARRIER_DOWN, Act.CARRIER_UP)
_SERVICE = (Act.SERVICE_STOP, Act.SERVICE_START)
_MOMENT = re.compile(r"actions\.([12])\.at_s")


class NotOne(Exception):
    """It is none of these drills; the text says why."""


class Beat(NamedTuple):
    """Of a MASTER that nobody disturbs, from its server's start: its first advert, and one of those after it,
    which follow each other by its interval.
    """

    first_us: Micros
    later_us: Micros


@dataclass(frozen=True, slots=True)
class Drill:
    """What the formulas need. ``kind``: "link", "tracked" or "service"; ``mine`` is the MASTER's."""

    scenario: Scenario
    kind: str
    mine: Server
    other: Server
    instance: InstanceConfig
    twin: InstanceConfig
    beat: Beat
    latency_us: Micros
    silence_us: Micros  # after which the BACKUP takes over
    skew_us: Micros  # as long as it waits after a goodbye
    comeback_us: Micros  # from the end of FAULT to MASTER
    client: Client
    probe: Probe
    script: ScriptConfig | None
    shutdown_us: Micros  # until the service that was told to stop is gone for the check
    acquainted: bool  # has the client asked the other server for anything before?


def applies(plan: Plan) -> str:
    """Why the formulas do not hold for a plan; "" if they do, and NumPy is there."""
    try:
        import numpy  # noqa: F401

        checked(plan)
    except ImportError:
        return "NumPy is not installed"
    except NotOne as reason:
        return str(reason)
    return ""


def outcomes(plan: Plan, runs: range) -> dict[str, Moments]:
    """The moments of each run, in microseconds, in the order of ``runs``: see ``COLUMNS``.

    The instance's FAULT, its twin MASTER, itself MASTER again, its twin BACKUP; the last good answer that the
    client got before, and the first after. Draws are those of the runs that are simulated. NotOne: the
    formulas do not hold for it, and ``applies`` says why.
    """
    import numpy as np

    drill = checked(plan)
    found = {name: np.empty(len(runs), np.int64) for name in COLUMNS}
    for begin in range(0, len(runs), CHUNK):
        numbers = runs[begin : begin + CHUNK]
        columns, ties = _reckoned(drill, *_moments(plan, drill, numbers))
        for name, values in zip(COLUMNS, columns, strict=True):
            found[name][begin : begin + len(numbers)] = values
        for place in np.flatnonzero(ties):
            row = moments_of(drill, simulated(plan.made(numbers[int(place)])))
            for name, value in zip(COLUMNS, row, strict=True):
                found[name][begin + place] = value
    return found


def moments_of(drill: Drill, trace: Trace) -> tuple[Micros, ...]:
    """The same of a run of that drill which was simulated."""
    states = trace.of(StateEvent)
    one = drill.mine.name, drill.instance.name
    two = drill.other.name, drill.twin.name
    fault_us = next(e.t_us for e in states if (e.server, e.instance) == one and e.to == "FAULT")

    def after(t_us: Micros, who: tuple[str, str], to: str) -> Micros:
        return next(e.t_us for e in states if e.t_us > t_us and (e.server, e.instance) == who and e.to == to)

    takeover_us = after(fault_us, two, "MASTER")
    return_us = after(takeover_us, one, "MASTER")
    outage = next(o for o in trace.outages(drill.probe.target) if o.kind == "icmp" and o.to_us is not None)
    assert outage.to_us is not None
    return (
        fault_us,
        takeover_us,
        return_us,
        after(return_us, two, "BACKUP"),
        outage.from_us,
        outage.to_us,
    )


# -- the formulas ------------------------------------------------------------------------------------------


def _reckoned(
    drill: Drill, mine_us: Moments, fault_us: Moments, repair_us: Moments
) -> tuple[tuple[Moments, ...], np.ndarray[Any, np.dtype[np.bool_]]]:
    """The columns, and where a tie decides. ``mine_us``: when the MASTER's server starts."""
    import numpy as np

    ties = np.zeros(len(mine_us), np.bool_)
    failed_us, well_us = fault_us, repair_us
    if drill.script is not None:
        every_us, run_us = drill.script.interval_us, drill.mine.script_run_us
        gone_us = fault_us + drill.shutdown_us
        first_us = _beat_from(mine_us, every_us, gone_us)
        if drill.shutdown_us:
            ties = first_us == gone_us  # does the service end first, or does the check begin?
        failed_us = first_us + (drill.script.fall - 1) * every_us + run_us
        well_us = _beat_from(mine_us, every_us, repair_us) + (drill.script.rise - 1) * every_us + run_us
    if drill.kind == "link":
        # the last advert before the fault is what the other one hears last; nobody says goodbye
        later_us, every_us = mine_us + drill.beat.later_us, drill.instance.advert_interval_us
        last_us = later_us + (fault_us - 1 - later_us) // every_us * every_us
        takeover_us = last_us + drill.latency_us + drill.silence_us
    else:
        takeover_us = failed_us + drill.latency_us + drill.skew_us
    return_us = well_us + drill.comeback_us
    tick_us, trip_us = drill.probe.every_us, 2 * drill.latency_us
    last_good_us = (failed_us - 1) // tick_us * tick_us + trip_us
    # the gratuitous ARP that tells the client has to reach it; who is to answer may have to ask for it first
    first_trip_us = trip_us if drill.acquainted else 2 * trip_us
    first_good_us = -(-(takeover_us + drill.latency_us) // tick_us) * tick_us + first_trip_us
    step_down_us = return_us + drill.latency_us
    return (failed_us, takeover_us, return_us, step_down_us, last_good_us, first_good_us), ties


def _beat_from(begin_us: Moments, every_us: Micros, at_us: Moments) -> Moments:
    """The first of the moments ``begin_us``, a period later, and so on that is not before ``at_us``."""
    return begin_us - (begin_us - at_us) // every_us * every_us


# -- the moments of each run -------------------------------------------------------------------------------


def _moments(plan: Plan, drill: Drill, runs: range) -> tuple[Moments, Moments, Moments]:
    """Start of the MASTER's server, fault, repair."""
    import numpy as np

    numbers = np.arange(runs.start, runs.stop, runs.step, dtype=np.uint64)
    starts = {name: np.full(len(runs), s.start_at_us, np.int64) for name, s in plan.scenario.servers.items()}
    moments = [np.full(len(runs), action.at_us, np.int64) for action in plan.scenario.actions]
    stride = plan.combinations
    for one in plan.dimensions:
        if not isinstance(one.values, Drawn):
            stride //= one.values.count
        values = _values(plan, one, numbers, stride)
        moment = _MOMENT.fullmatch(one.column)
        if moment:
            moments[int(moment[1]) - 1] = values
        elif _moves_all(plan, one):
            moments[1] = moments[1] + values - moments[0]
            moments[0] = values
        else:
            starts |= dict.fromkeys(_started_by(one), values)
    return starts[drill.mine.name], moments[0], moments[1]


def action_moments(plan: Plan, drill: Drill, runs: range) -> tuple[Moments, Moments]:
    """When the fault comes in each run, and the repair."""
    _, fault_us, repair_us = _moments(plan, drill, runs)
    return fault_us, repair_us


def _values(
    plan: Plan, one: Dimension, numbers: np.ndarray[Any, np.dtype[np.uint64]], stride: int
) -> Moments:
    """What a dimension says in each run, in microseconds; ``Plan.texts`` for all at once."""
    import numpy as np

    if isinstance(one.values, Drawn):
        key = draws.key_of(plan.seed, one.column)
        steps = draws.below_each(key, numbers, one.values.choices).astype(np.int64) + one.values.low
        drawn: Moments = steps * 10 ** (6 - one.values.decimals)
        return drawn
    table = np.array([_micros(one.values.at(place)) for place in range(one.values.count)], np.int64)
    return table[(numbers // np.uint64(stride) % np.uint64(one.values.count)).astype(np.int64)]


def _micros(text: str) -> Micros:
    from decimal import Decimal

    return int((Decimal(text) * SECOND_US).to_integral_value())


def _moves_all(plan: Plan, one: Dimension) -> bool:
    """Is it the moment of the fault, to which the repair keeps its distance?"""
    return bool(plan.scenario.actions) and one.column == target_of(plan.scenario, FAULT).column


def _started_by(one: Dimension) -> tuple[str, ...]:
    """The servers whose start it is; () if it is something else."""
    target = one.target
    if getattr(target, "kind", "") == "servers" and getattr(target, "field", "") == "start_at_us":
        return tuple(getattr(target, "names", ()))
    return ()


def _bounds(one: Dimension) -> tuple[Micros, Micros]:
    """The least and the largest value."""
    ends = [_micros(text) for text in one.values.ends()]
    return min(ends), max(ends)


# -- is it one of these drills? ----------------------------------------------------------------------------


class Window(NamedTuple):
    """Between which moments, over all runs: starts, fault, repair; ``least_gap_us`` between the last two."""

    mine: tuple[Micros, Micros]
    other: tuple[Micros, Micros]
    fault: tuple[Micros, Micros]
    repair: tuple[Micros, Micros]
    least_gap_us: Micros


def checked(plan: Plan) -> Drill:
    """The drill of a plan; NotOne says what is in the way."""
    for one in plan.dimensions:
        if not _moves_all(plan, one) and not _MOMENT.fullmatch(one.column) and not _started_by(one):
            raise NotOne(f"{one.column} varies, and not only the moments of starts, fault and repair")
        if not isinstance(one.values, Drawn) and one.values.count > CHUNK:
            raise NotOne(f"{one.column} takes {one.values.count:,} values by turns")
    drill = drill_of(plan.scenario)
    _in_time(drill, window_of(plan, drill))
    return drill


def drill_of(scenario: Scenario) -> Drill:
    """A scenario as one of these drills. NotOne: it is none."""
    mine, other, kind = _cast(scenario)
    profile = _profile(scenario)
    instance, twin = _pair(scenario, mine, other, profile)
    interface = mine.interfaces[instance.interface]
    segment = scenario.segments[interface.segment]
    if segment.loss or segment.jitter_us or not segment.multicast or segment.port_security:
        raise NotOne(f"{segment.name} loses, delays or stops frames")
    fault = scenario.actions[0]
    script = None
    shutdown_us = 0
    if kind == "service":
        script, shutdown_us = _check_of(mine, instance, fault.keys["service"])
    elif fault.keys["interface"] != interface.name:
        kind = "tracked"
        if fault.keys["interface"] not in [t.name for t in instance.track_interfaces]:
            raise NotOne(f"{instance.name} does not depend on {fault.keys['interface']}")
    learned_us = instance.advert_interval_us if twin.version == 3 and profile.learns_interval else None
    heard_us = twin.advert_interval_us if learned_us is None else learned_us
    at_once = instance.address_owner and profile.owner_returns_at_once
    client, probe = _asker(scenario, instance, segment.name)
    return Drill(
        scenario,
        kind,
        mine,
        other,
        instance,
        twin,
        beat_of(scenario, mine, instance),
        segment.latency_us,
        down_interval_us(profile, twin, twin.base_priority, heard_us),
        profile_skew_us(profile, twin.version, twin.base_priority, heard_us),
        0
        if at_once
        else down_interval_us(profile, instance, instance.base_priority, instance.advert_interval_us),
        client,
        probe,
        script,
        shutdown_us,
        _acquainted(scenario, mine, other, client),
    )


def _cast(scenario: Scenario) -> tuple[Server, Server, str]:
    """Who fails, who takes over, and what fails."""
    if len(scenario.servers) != 2 or scenario.routers:
        raise NotOne("it is not two servers on one network")
    if len(scenario.actions) != 2:
        raise NotOne("it is not one fault and its repair")
    fault, repair = scenario.actions
    kinds = fault.kind, repair.kind
    if fault.keys != repair.keys or kinds not in (*_LINK, _SERVICE):
        raise NotOne(f"{fault.kind} and {repair.kind} are no fault and repair of a link or a service")
    mine = scenario.servers[fault.keys["server"]]
    other = next(server for server in scenario.servers.values() if server is not mine)
    for server in (mine, other):
        if server.refusal or server.missing_files or server.rp_filter:
            raise NotOne(f"{server.name} has a host or files of its own kind")
        if any(interface.parents for interface in server.interfaces.values()):
            raise NotOne(f"{server.name} has cards that are made on others")
        for one in server.node.instances:
            if one.dont_track_primary:
                raise NotOne(f"{one.name} on {server.name} does not depend on its interface")
    return mine, other, "service" if kinds == _SERVICE else "link"


def _profile(scenario: Scenario) -> Profile:
    names = {scenario.profile_of(name) for name in scenario.servers}
    if len(names) > 1:
        raise NotOne("the servers run different daemons")
    profile = profile_named(names.pop())
    if profile.virtual_mac or profile.over_macvlan or not profile.priority_zero_on_fault:
        raise NotOne(f"{profile.name} has virtual MAC addresses, or no goodbye")
    return profile


def _pair(
    scenario: Scenario, mine: Server, other: Server, profile: Profile
) -> tuple[InstanceConfig, InstanceConfig]:
    """The instance of which ``mine`` is MASTER, and its twin."""
    for server in (mine, other):
        node = server.node
        if node.sync_groups or node.global_defs.startup_delay_us or node.files or node.processes or node.bfds:
            raise NotOne(f"{server.name} has sync groups, a start delay, or tracks other things than these")
    pairs = []
    for one in mine.node.instances:
        for two in other.node.instances:
            same = (one.vrid, one.family) == (two.vrid, two.family)
            if same and one.base_priority > two.base_priority:
                pairs.append((one, two))
    if len(pairs) != 1:
        raise NotOne(
            f"{mine.name} has {len(pairs)} instances of higher priority than {other.name}'s, not one"
        )
    one, two = pairs[0]
    for name, config, server in ((mine.name, one, mine), (other.name, two, other)):
        tracked = (*config.track_scripts, *config.track_interfaces)
        if any(t.weight or t.reverse for t in tracked) or any(s.weight for s in server.node.scripts):
            raise NotOne(f"{config.name} on {name} tracks something with a weight")
        if config.family == 6 or config.unicast or config.use_vmac or config.config_fault:
            raise NotOne(f"{config.name} on {name} is IPv6, unicast, on a VMAC, or never leaves FAULT")
        if not config.preempt or config.preempt_delay_us or config.owner_ignore_adverts:
            raise NotOne(f"{config.name} on {name} does not preempt at once")
    cards = mine.interfaces.get(one.interface), other.interfaces.get(two.interface)
    if cards[0] is None or cards[1] is None or cards[0].segment != cards[1].segment:
        raise NotOne(f"{one.name} and {two.name} are on no common network")
    sources = [card.addresses[0].split("/")[0] for card in cards if card is not None and card.addresses]
    if len(sources) != 2:
        raise NotOne("an interface has no address")
    for (sender, source), (receiver, own) in (
        ((one, sources[0]), (two, sources[1])),
        ((two, sources[1]), (one, sources[0])),
    ):
        refused = objection(sender, source, receiver, frozenset({own}), profile)
        if refused is not None:
            raise NotOne(f"{receiver.name} does not use what {sender.name} sends: {refused or 'unheard'}")
    return one, two


def _check_of(server: Server, instance: InstanceConfig, service: str) -> tuple[ScriptConfig, Micros]:
    """The check by which an instance notices that a service is gone, and for how long it still seems well."""
    found = []
    for tracked in instance.track_scripts:
        script = server.node.script(tracked.name)
        if server.followed(script.name, " ".join(script.command)) == service:
            found.append(script)
    if len(found) != 1:
        raise NotOne(f"{len(found)} checks of {instance.name} look at {service}, not one")
    script = found[0]
    limit_us = script.timeout_us or script.interval_us
    if script.always_exits is not None or script.init_fail or server.script_run_us >= limit_us:
        raise NotOne(f"{script.name} does not say how {service} is")
    asks = server.asks_at_port(" ".join(script.command), service)
    return script, 0 if asks else server.services[service].shutdown_us


def _asker(scenario: Scenario, instance: InstanceConfig, segment: str) -> tuple[Client, Probe]:
    addresses = {address.address for address in instance.virtual_addresses}
    asked = [
        (client, probe)
        for client in scenario.clients.values()
        for probe in client.probes
        if client.segment == segment and probe.kind == "icmp" and probe.target in addresses
    ]
    if len(asked) != 1:
        raise NotOne(f"{len(asked)} probes ask by ICMP for an address of {instance.name}, not one")
    return asked[0]


def _acquainted(scenario: Scenario, mine: Server, other: Server, client: Client) -> bool:
    """Does the client ask for an address that the other server has all the time? Then that knows it."""
    asked = {a for probe in client.probes for a in scenario.dns.get(probe.target, (probe.target,))}
    own = {a.split("/")[0] for card in other.interfaces.values() for a in card.addresses}
    for one in other.node.instances:
        rivals = [r for r in mine.node.instances if (r.vrid, r.family) == (one.vrid, one.family)]
        if rivals and all(one.base_priority > r.base_priority for r in rivals):
            own |= {address.address for address in one.virtual_addresses}
    return bool(asked & own)


def beat_of(scenario: Scenario, mine: Server, instance: InstanceConfig) -> Beat:
    """Heard in a run of that server alone: what it does before its first advert, and what delays the next,
    is the machine's to say.
    """
    from vrrplab.errors import VrrplabError

    settled_us = 4 * instance.advert_interval_us + 5 * SECOND_US
    alone = scenario.changed(
        servers={mine.name: replace(mine, start_at_us=0)},
        clients={},
        actions=(),
        expect=(),
        duration_us=settled_us + 4 * instance.advert_interval_us,
    )
    try:
        trace = simulated(alone)
    except VrrplabError as error:
        raise NotOne(f"{mine.name} does not run alone: {error}") from None
    sent = [e.t_us for e in trace.of(AdvertSentEvent) if e.instance == instance.name]
    later = sent[1:]
    steady = all(b - a == instance.advert_interval_us for a, b in pairwise(later))
    if len(later) < 3 or not steady:
        raise NotOne(f"{instance.name} alone sends no steady adverts")
    return Beat(sent[0], later[0])


def window_of(plan: Plan, drill: Drill) -> Window:
    starts = {name: (s.start_at_us, s.start_at_us) for name, s in plan.scenario.servers.items()}
    moments = [(action.at_us, action.at_us) for action in plan.scenario.actions]
    gap_us = moments[1][0] - moments[0][0]
    together = True  # the repair keeps its distance to the fault
    for one in plan.dimensions:
        low, high = _bounds(one)
        moment = _MOMENT.fullmatch(one.column)
        if moment:
            moments[int(moment[1]) - 1] = low, high
            together = False
        elif _moves_all(plan, one):
            if not together:
                raise NotOne("fault moves what was moved alone")
            moments = [(low, high), (low + gap_us, high + gap_us)]
        else:
            starts |= dict.fromkeys(_started_by(one), (low, high))
    least_us = gap_us if together else moments[1][0] - moments[0][1]
    return Window(starts[drill.mine.name], starts[drill.other.name], moments[0], moments[1], least_us)


def _in_time(drill: Drill, window: Window) -> None:
    """NotOne, if one thing may come before another has ended."""
    interval_us = drill.instance.advert_interval_us
    on_the_way_us = drill.latency_us
    if drill.mine.start_at_us and window.mine[0] < 0:
        raise NotOne("a start lies before the run")
    master_us = window.mine[1] + drill.beat.first_us + on_the_way_us
    if window.other[0] + drill.silence_us <= master_us:
        raise NotOne(
            f"{drill.other.name} may be MASTER before {drill.mine.name}: who is first depends on the start"
        )
    settled_us = max(
        window.mine[1] + drill.beat.later_us + interval_us,
        window.other[1] + drill.silence_us + SECOND_US,  # then it is MASTER of what is its own
    )
    if window.fault[0] <= settled_us + on_the_way_us:
        raise NotOne("the fault may come before both servers have settled")
    noticed_us: Micros = 0  # at most, after the fault
    if drill.script is not None:
        noticed_us = (
            drill.shutdown_us + drill.script.fall * drill.script.interval_us + drill.mine.script_run_us
        )
    silent_us = drill.silence_us if drill.kind == "link" else drill.skew_us
    over_us = noticed_us + silent_us + 2 * on_the_way_us
    if window.least_gap_us <= over_us + interval_us:
        raise NotOne("the repair may come before the other server has taken over")
    end_us = window.repair[1] + drill.comeback_us + on_the_way_us
    if drill.script is not None:
        end_us += drill.script.rise * drill.script.interval_us + drill.mine.script_run_us
    # a sweep of ``fault`` moves the end with it
    if end_us >= drill.scenario.duration_us + max(0, window.fault[1] - drill.scenario.actions[0].at_us):
        raise NotOne("the run may end before the server is back")
    outage_us = silent_us + 2 * on_the_way_us
    if outage_us < drill.probe.every_us or 4 * on_the_way_us > drill.probe.timeout_us:
        raise NotOne("the client asks too seldom to see every outage, or gets its answers too late")
    if outage_us >= QUESTIONS * ASK_EVERY_US:
        # its cache may ask in vain meanwhile, and forget whom it asked
        first_us = window.mine[0] + TRUST_US + DELAY_US
        if window.fault[1] + noticed_us + outage_us >= first_us:
            raise NotOne("the client's ARP cache may ask while nobody answers")


def rows(columns: dict[str, Moments]) -> Iterator[tuple[int, ...]]:
    """The columns as rows, in the order of ``COLUMNS``."""
    yield from zip(*(columns[name].tolist() for name in COLUMNS), strict=True)
