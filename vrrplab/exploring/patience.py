"""How long a cluster may need, from its own configuration: what takes longer is not late, it is broken."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

from vrrplab.machine.intervals import RACE_US, down_interval_us
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.scenario.model import Scenario
from vrrplab.units import Micros, seconds

LEAST_PRIORITY = 1  # of it the skew time is the longest
LONGEST_CYCLE_US: Micros = 60_000_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a cluster may need.

    ``agree_us``: MASTERs that hear each other settle it, with the next advert. ``settle_us``: a failure, or a
    repair, is noticed by the slowest check, waited for, and somebody is MASTER. ``cycle_us``: after so long
    adverts and checks come in the same order again. ``way_us``: a frame and its answer, and what races.
    """

    agree_us: Micros
    settle_us: Micros
    cycle_us: Micros
    way_us: Micros
    why: str

    @property
    def within_us(self) -> Micros:
        """From a fault to the last repair, unless somebody says otherwise: it has settled, and one cycle."""
        return self.settle_us + self.cycle_us


def patience_of(scenario: Scenario, profile: Profile | None = None) -> Patience:
    """The sums that hold for every server of it; the longest of each."""
    adverts, downs, checks, delays, cycles = [1], [0], [0], [0], [1]
    for server in scenario.servers.values():
        node = server.node
        own = profile_named(server.profile) if server.profile else profile or profile_named(scenario.profile)
        slowest = max((i.advert_interval_us for i in node.instances), default=0)
        for instance in node.instances:
            adverts.append(instance.advert_interval_us)
            cycles.append(instance.advert_interval_us)
            downs.append(down_interval_us(own, instance, LEAST_PRIORITY, slowest))
            delays.append(instance.preempt_delay_us + node.global_defs.startup_delay_us)
        for script in node.scripts:
            cycles.append(script.interval_us)
            # the check that ran just before counts for nothing
            checks.append(max(script.fall, script.rise) * script.interval_us + server.script_run_us)
        for process in node.processes:
            checks.append(process.terminate_delay_us)
    way = 2 * max((s.latency_us + s.jitter_us for s in scenario.segments.values()), default=0) + RACE_US
    agree = max(adverts) + way
    settle = max(checks) + max(delays) + max(downs) + agree
    why = (
        f"{seconds(max(checks)):.3f} s until a check has seen it, {seconds(max(downs)):.3f} s of silence,"
        f" {seconds(agree):.3f} s for an advert and its way"
    )
    if max(delays):
        why += f", {seconds(max(delays)):.3f} s of delays that are configured"
    return Patience(agree, settle, min(lcm(*cycles), LONGEST_CYCLE_US), way, why)
