"""Nines: how long clients are without a target in a year, for given failure rates of the parts.

Each part of each server fails once a run, at a moment that is drawn, and is repaired in the same run, once
all that follows from the failure is over: what clients lose to that is measured. Where they get no answer
until the repair, its mean time counts. Beside it counts the time in which every server is out at once:

    a year's downtime = sum over parts of (year / (MTBF + MTTR)) x mean outage of a run
                        + year x product over servers of (1 - product over its parts of MTBF / (MTBF + MTTR))

Parts fail independently of each other, and a failed part takes its server out until it is repaired.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.output.text_columns import cut, padded
from vrrplab.scenario.fail_line import actions_of, settles_us, with_failures
from vrrplab.scenario.model import Scenario
from vrrplab.sweeping.plan import Plan, plan_of
from vrrplab.sweeping.summary import Group, Summary
from vrrplab.sweeping.summary_text import names_of, table_lines
from vrrplab.units import SECOND_US
from vrrplab.work import duration

YEAR_S = 365 * 86_400.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0, "y": YEAR_S}
_FORM = "write PART=TIME,PART=TIME, such as nic=5y,power=2y,squid=30d"
NIC = "nic"  # every interface


class Rates(NamedTuple):
    """Seconds between failures of a part, and until it is repaired."""

    mtbf_s: float
    mttr_s: float

    @property
    def a_year(self) -> float:
        return YEAR_S / (self.mtbf_s + self.mttr_s)

    @property
    def up(self) -> float:
        """The share of time in which it works."""
        return self.mtbf_s / (self.mtbf_s + self.mttr_s)


class Part(NamedTuple):
    """Something of a server that fails, and the sweep in which it does."""

    server: str
    thing: str
    rates: Rates
    lasts_s: int  # in a run
    plan: Plan

    @property
    def name(self) -> str:
        return f"{self.server} {self.thing}"


def times_of(option: str, text: str) -> dict[str, float]:
    """``nic=5y,squid=30d`` in seconds. VrrplabError: it is something else."""
    found: dict[str, float] = {}
    for one in text.split(","):
        name, _, time = (part.strip() for part in one.partition("="))
        try:
            value = float(time[:-1]) * _UNITS[time[-1:]]
        except (ValueError, KeyError):
            value = math.nan
        if not name or not 0 < value < math.inf or name in found:
            raise VrrplabError(
                f"{option} {text}: {one.strip()!r} is no failure rate - {_FORM}; units s m h d w y"
            )
        found[name] = value
    return found


def rates_of(mtbf: str, mttr: str) -> dict[str, Rates]:
    """What ``--mtbf`` and ``--mttr`` say. VrrplabError: one of them names what the other does not."""
    between, repair = times_of("--mtbf", mtbf), times_of("--mttr", mttr)
    if set(between) != set(repair):
        odd = sorted(set(between) ^ set(repair))[0]
        other = "--mttr" if odd in between else "--mtbf"
        raise VrrplabError(f"{other} has no {odd!r}: name the same parts in --mtbf and --mttr")
    return {name: Rates(between[name], repair[name]) for name in between}


def parts_of(
    scenario: Scenario, rates: dict[str, Rates], vary: Sequence[str], runs: int, seed: int
) -> list[Part]:
    """Each part of each server that has it. VrrplabError: a part that no server has."""
    bare = scenario.changed(actions=(), expect=())
    slowest_us = max(
        (service.shutdown_us for server in bare.servers.values() for service in server.services.values()),
        default=0,
    )
    lasts_s = -(-(settles_us(bare) + slowest_us) // SECOND_US)
    found: list[Part] = []
    for name, rate in rates.items():
        wrong: VrrplabError | None = None
        before = len(found)
        for server, one in bare.servers.items():
            for thing in one.interfaces if name == NIC else [name]:
                line = f"'{server}' '{thing}' for {lasts_s}"
                try:
                    actions_of(line, bare)
                except VrrplabError as error:
                    wrong = wrong or error
                    continue
                failing = with_failures(bare, [line])
                found.append(Part(server, thing, rate, lasts_s, plan_of(failing, vary, runs, seed)))
        if len(found) == before:
            assert wrong is not None
            raise VrrplabError(f"--mtbf {name}: {wrong}")
    return found


def lines_of(parts: Sequence[Part], summaries: Sequence[Summary]) -> Iterator[str]:
    """What a year costs, a table for each target: a row a part or, where values vary, a row a combination."""
    servers = list(dict.fromkeys(part.server for part in parts))
    everybody = math.prod(
        1 - math.prod(part.rates.up for part in parts if part.server == server) for server in servers
    )
    both_s = YEAR_S * everybody if set(servers) == set(parts[0].plan.scenario.servers) else 0.0
    groups = list(zip(*summaries, strict=True))  # of each combination what came of each part
    for target in summaries[0].targets:
        yield ""
        yield cut(f"{target}: without answers in a year", 80)
        costs = [[_mean_s(part, one, target) for part, one in zip(parts, own, strict=True)] for own in groups]
        if len(groups) == 1:
            yield from _of_parts(parts, costs[0], both_s)
        else:
            yield from _of_combinations(parts, summaries[0], costs, both_s)


def _of_parts(parts: Sequence[Part], each_s: Sequence[float], both_s: float) -> Iterator[str]:
    yield f"{'part':<36}{'failures':>12}{'s, each':>12}{'a year':>14}"
    for part, one_s in zip(parts, each_s, strict=True):
        name = padded(cut(part.name, 35), 36)
        yield f"{name}{part.rates.a_year:>12.3g}{one_s:>12.3f}{duration(part.rates.a_year * one_s):>14}"
    yield f"{'all servers out at once':<60}{duration(both_s):>14}"
    total_s = _together_s(parts, each_s, both_s)
    yield f"{'together':<60}{duration(total_s):>14}"
    nines = _nines(total_s)
    yield f"{_up(total_s)} of the time with answers: {nines + ' nines' if nines else 'no outage at all'}"


def _of_combinations(
    parts: Sequence[Part], summary: Summary, costs: Sequence[Sequence[float]], both_s: float
) -> Iterator[str]:
    table = [["a year", "with answers", "nines", "most of it by"]]
    for each_s in costs:
        total_s = _together_s(parts, each_s, both_s)
        worst = max(range(len(parts)), key=lambda n: parts[n].rates.a_year * each_s[n])
        most = parts[worst].name if parts[worst].rates.a_year * each_s[worst] > both_s else "all out at once"
        table.append([duration(total_s), _up(total_s), _nines(total_s), most if total_s else ""])
    yield from table_lines(names_of(summary), table, least=8, drop=("with answers", "most of it by"))


def _together_s(parts: Sequence[Part], each_s: Sequence[float], both_s: float) -> float:
    return both_s + sum(part.rates.a_year * one_s for part, one_s in zip(parts, each_s, strict=True))


def _up(total_s: float) -> str:
    return f"{100 * (1 - min(1.0, total_s / YEAR_S)):.5f} %"


def _nines(total_s: float) -> str:
    """ "" for no outage at all."""
    return f"{abs(math.log10(min(1.0, total_s / YEAR_S))):.2f}" if total_s else ""


def _mean_s(part: Part, group: Group, target: str) -> float:
    """What a failure takes from clients, on average; of one that only repair ends, the real repair time."""
    more_s, total_s = part.rates.mttr_s - part.lasts_s, 0.0
    lengths = group.outages[target]
    for length_s, count in lengths.lengths_s():
        total_s += count * (length_s + (more_s if length_s >= part.lasts_s else 0))
    total_s += lengths.never * part.rates.mttr_s
    return total_s / max(1, group.runs)
