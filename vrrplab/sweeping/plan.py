"""A sweep as a value: which scenario, what varies, how many runs.

Run number in, scenario out: that is a pure function. Runs are numbered through: neighbours have different
combinations of the grid, so that whatever part is done has each about as often.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from vrrplab import arguments
from vrrplab.config.effective import effective
from vrrplab.config.model import NodeConfig
from vrrplab.errors import VrrplabError
from vrrplab.scenario.model import Scenario
from vrrplab.sweeping import draws
from vrrplab.sweeping.targets import FAULT, Maker, Target, target_of
from vrrplab.sweeping.values import Cell, Drawn, Listed, Values, cell, read_values
from vrrplab.units import Micros, plain_seconds

RUNS = 1000  # of each combination, unless somebody says otherwise
_SEED_BITS = 53  # of a run's seed: what reads a table keeps such a number whole


class Dimension(NamedTuple):
    """Something that varies, under the ``name`` that a user gave it, and the values that it takes."""

    name: str
    target: Target
    values: Values

    @property
    def column(self) -> str:
        return self.target.column

    def __str__(self) -> str:
        return f"{self.column} = {self.values}"


class Plan:
    """What is to be run. ``runs``: of each combination of the grid's values; ``seed``: of all draws."""

    def __init__(self, scenario: Scenario, dimensions: Iterable[Dimension], runs: int, seed: int) -> None:
        self.scenario = scenario
        self.dimensions = tuple(dimensions)
        self.runs = runs
        self.seed = seed
        self._keys = [draws.key_of(self.seed, one.column) for one in self.dimensions]
        self._seeds = draws.key_of(self.seed, "seed")
        self._maker = Maker(self.scenario)

    def __getstate__(self) -> dict[str, Any]:
        named = [(one.name, one.values) for one in self.dimensions]  # a target is not to be sent anywhere
        return {"scenario": self.scenario, "named": named, "runs": self.runs, "seed": self.seed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        scenario = state["scenario"]
        dimensions = [Dimension(name, target_of(scenario, name), values) for name, values in state["named"]]
        Plan.__init__(self, scenario, dimensions, state["runs"], state["seed"])

    @property
    def combinations(self) -> int:
        return math.prod(one.values.count for one in self.dimensions)

    @property
    def total(self) -> int:
        """How many runs that are, in all."""
        return self.combinations * self.runs

    @property
    def grid(self) -> tuple[Dimension, ...]:
        """What takes several values by turns, and is not drawn."""
        return tuple(one for one in self.dimensions if one.values.count > 1)

    def texts(self, run: int) -> list[str]:
        """The value of each dimension in a run, as a user would write it."""
        place, found = run % self.combinations, []
        for one, key in zip(reversed(self.dimensions), reversed(self._keys), strict=True):
            if isinstance(one.values, Drawn):
                found.append(one.values.drawn(key, run))
            else:
                place, here = divmod(place, one.values.count)
                found.append(one.values.at(here))
        return found[::-1]

    def values(self, run: int) -> list[Cell]:
        """The same as a table has them."""
        return [cell(text) for text in self.texts(run)]

    def seed_of(self, run: int) -> int:
        """The seed of everything else that is random in a run."""
        return draws.bits(self._seeds, run) >> (64 - _SEED_BITS)

    def made(self, run: int) -> Scenario:
        """The scenario of a run."""
        changes = zip((one.target for one in self.dimensions), self.texts(run), strict=True)
        return self._maker.made(changes).changed(seed=self.seed_of(run))

    def ends(self) -> Iterator[tuple[Dimension, str, Scenario]]:
        """The scenario with each value that says whether the others will do, one dimension at a time."""
        for one in self.dimensions:
            for text in one.values.ends():
                yield one, text, self._maker.made([(one.target, text)])

    def remarks(self) -> Iterator[str]:
        """What a reader of the table should know of the values: where keepalived makes something else of one,
        and where they make no difference.
        """
        usual = {warning for one in self.scenario.servers.values() for warning in one.node.warnings}
        usual_texts = {str(warning).partition(": ")[2] for warning in usual}
        seen: set[str] = set()
        made: dict[str, list[Scenario]] = {}
        for one, text, scenario in self.ends():
            made.setdefault(one.column, []).append(scenario)
            for server in scenario.servers.values():
                for warning in server.node.warnings:
                    said = warning.message + (f" - {warning.hint}" if warning.hint else "")
                    if (
                        warning not in usual
                        and str(warning).partition(": ")[2] not in usual_texts
                        and said not in seen
                    ):
                        seen.add(said)
                        yield f"{one.column}={text}: {said}"
        for one in self.dimensions:
            found = made[one.column]
            if len(found) > 1 and all(_same(found[0], other) for other in found[1:]):
                yield f"{one.column} makes no difference: with each value the same is run"


def _same(one: Scenario, other: Scenario) -> bool:
    """Is the same run, whatever the texts of the configurations?"""
    return _bare(one) == _bare(other)


def _bare(scenario: Scenario) -> list[Any]:
    servers = scenario.servers.values()
    blocks = [
        (block.kind, block.name, [(setting.option, setting.value) for setting in block.settings])
        for server in servers
        for block in effective(server.node)
    ]
    none = NodeConfig("")
    bare = {server.name: replace(server, node=none, config="") for server in servers}
    return [scenario.changed(servers=bare), blocks]


def plan_of(
    scenario: Scenario, vary: Mapping[str, Any] | Iterable[str] = (), runs: int | None = None, seed: int = 0
) -> Plan:
    """The plan of a sweep. VrrplabError: a name that means nothing, or what another one means, a value that
    cannot be, an empty range.

    ``vary``: ``NAME=VALUES``, or names to values: a list of them, or their text. Where nothing is named the
    moment of the first action is drawn from a whole period of adverts and checks.
    """
    dimensions: list[Dimension] = []
    for name, values in _named(vary):
        target = target_of(scenario, name)
        if any(one.column == target.column for one in dimensions):
            raise VrrplabError(f"--vary {name} is there twice - give all its values at once")
        for one in dimensions:
            if one.target.sets & target.sets:
                raise VrrplabError(f"--vary {one.name} and --vary {name} mean the same thing - name it once")
        dimensions.append(Dimension(name, target, _values(name, values, target)))
    if not dimensions and scenario.actions:
        dimensions.append(_phase(scenario))
    plan = Plan(scenario, dimensions, arguments.whole(RUNS if runs is None else runs, "runs", 1),
                arguments.whole(seed, "seed", 0))  # fmt: skip
    for _ in plan.ends():
        pass  # each is read as it will be, and refused here if it cannot be
    return plan


def _named(vary: Mapping[str, Any] | Iterable[str]) -> Iterator[tuple[str, Any]]:
    if isinstance(vary, Mapping):
        for name, values in vary.items():
            yield arguments.text(name, "the name of what varies"), values
        return
    for line in [vary] if isinstance(vary, str) else arguments.several(vary, "vary", '["loss=0,0.01"]'):
        name, equals, text = arguments.text(line, "a part of vary").partition("=")
        if not equals or not name.strip():
            raise VrrplabError(f"--vary {line}: write NAME=VALUES, such as loss=0,0.01 or fault=10..13")
        yield name.strip(), text


def _values(name: str, values: Any, target: Target) -> Values:
    if isinstance(values, str):
        return read_values(values, name, continuous=target.continuous)
    if isinstance(values, int | float) and not isinstance(values, bool):
        values = [values]
    texts = tuple(_text(one, name) for one in arguments.several(values, f"the values of {name}", "[1, 2]"))
    if not texts:
        raise VrrplabError(f"the values of {name} are none - give one at least")
    if len(set(texts)) < len(texts):
        raise VrrplabError(f"the values of {name} are {', '.join(texts)}: one is there twice")
    return Listed(texts)


def _text(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    number = arguments.number(value, f"a value of {name}")
    return str(int(number)) if number == int(number) else repr(number)


def _phase(scenario: Scenario) -> Dimension:
    """The first action at any moment of a whole period of adverts and checks."""
    first_us = scenario.actions[0].at_us
    until_us = first_us + longest_period_us(scenario)
    text = f"{plain_seconds(first_us)}..{plain_seconds(until_us)}"
    target = target_of(scenario, FAULT)
    return Dimension(FAULT, target, read_values(text, FAULT, continuous=True))


def longest_period_us(scenario: Scenario) -> Micros:
    """The longest time between adverts of an instance, or runs of a check."""
    nodes = [server.node for server in scenario.servers.values()]
    periods = [i.advert_interval_us for node in nodes for i in node.instances]
    return max([*periods, *(s.interval_us for node in nodes for s in node.scripts)], default=1_000_000)
