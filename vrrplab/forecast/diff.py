"""``config diff``: what a change of the files changes, before it is made.

Four questions: which values keepalived runs with are others, which outcomes of failures, which findings of
the rules come and go, and what its deployment does on the way, node by node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from vrrplab.config.effective import Block, Setting, effective
from vrrplab.config.model import Source
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.forecast.deployment import Deployment, best_order, deployed
from vrrplab.forecast.failures import Failure
from vrrplab.forecast.outcomes import SAME_US, Outcome
from vrrplab.forecast.predict import Forecast, Row, forecast
from vrrplab.forecast.table import goes_to, out_in_words
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Severity
from vrrplab.rules.table import check
from vrrplab.scenario.nodes import Node
from vrrplab.units import Micros

Failing = tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value of a node that is another, appears or goes ("" where there is none).

    ``option`` "": the whole block. ``source``: where the new value stands, else the old one.
    """

    node: str
    block: str
    option: str
    before: str
    after: str
    source: Source


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """Failures that end otherwise, for some addresses; None: there was, or is, no such failure.

    ``is_worse``: an address is then lost, doubled, or out for longer than before.
    """

    failures: tuple[Failing, ...]
    addresses: tuple[str, ...]
    before: Row | None
    after: Row | None

    @property
    def is_worse(self) -> bool:
        if self.after is None:
            return False
        bad = self.after.badness[0] >= 4
        return bad if self.before is None else self.after.badness > self.before.badness


@dataclass(frozen=True, slots=True)
class Diff:
    """``given``: the deployment as it was asked for; ``better``: in an order that clients notice less.

    ``new_addresses`` and ``lost_addresses``: on one side only, so that no outcome is compared.
    """

    old: tuple[Node, ...]
    new: tuple[Node, ...]
    values: tuple[ValueChange, ...] = ()
    outcomes: tuple[OutcomeChange, ...] = ()
    came: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()
    given: Deployment | None = None
    better: Deployment | None = None
    new_addresses: tuple[str, ...] = ()
    lost_addresses: tuple[str, ...] = ()
    forecasts: tuple[Forecast, Forecast] | None = field(default=None, compare=False)

    @property
    def is_worse(self) -> bool:
        """Does the change bring an error, or a failure that ends worse?"""
        return any(f.severity is Severity.ERROR for f in self.came) or any(o.is_worse for o in self.outcomes)

    @property
    def is_empty(self) -> bool:
        return not (self.values or self.outcomes or self.came or self.gone)


def diff(
    old: Sequence[Node],
    new: Sequence[Node],
    profile: str = "keepalived-2.2.7",
    *,
    order: Sequence[str] = (),
    best: bool = True,
    how_far: Callable[[float], None] | None = None,
) -> Diff:
    """What becomes of a cluster when its nodes get new files; nodes are compared by their names.

    ``order``: in which they reload, otherwise as they are given; ``best``: look for a better order.
    ``how_far`` is told now and then which share is done, 0 to 1, of deployments first, then of forecasts.
    VrrplabError: no node has the same name in both, or ``order`` names others than those that change.
    """
    old, new = tuple(old), tuple(new)
    require_common(old, new)
    before, after = {n.name: n for n in old}, {n.name: n for n in new}
    values = tuple(c for name in dict.fromkeys([*before, *after]) for c in _values(name, before, after))
    changing = list(dict.fromkeys(change.node for change in values))
    steps = _ordered(order, changing)
    told = how_far or (lambda share: None)
    told(0.0)
    given = deployed(old, new, steps, profile) if steps else None
    told(0.1)
    better = None
    if given is not None and best and len(steps) > 1 and not given.is_unnoticed:
        found = best_order(old, new, steps, profile, lambda share: told(0.1 + 0.5 * share))
        better = found if found.cost < given.cost else None
    olds, news = (check(Cluster(nodes, profile)) for nodes in (old, new))
    forecasts = (
        forecast(old, profile, simulate=False, how_far=lambda share: told(0.6 + 0.2 * share)),
        forecast(new, profile, simulate=False, how_far=lambda share: told(0.8 + 0.2 * share)),
    )
    had, has = (
        [a for section in one.sections for a in section.addresses if section.holders or section.candidates]
        for one in forecasts
    )
    return Diff(
        old,
        new,
        values,
        tuple(_outcomes(*forecasts, set(before) & set(after))),
        tuple(_only_in(news, olds, set(before) & set(after))),
        tuple(_only_in(olds, news, set(before) & set(after))),
        given,
        better,
        tuple(a for a in dict.fromkeys(has) if a not in had),
        tuple(a for a in dict.fromkeys(had) if a not in has),
        forecasts,
    )


def require_common(old: Sequence[Node], new: Sequence[Node]) -> None:
    """VrrplabError where no node of one side is on the other: then those are two clusters, not a change."""
    names, others = [node.name for node in old], [node.name for node in new]
    if not set(names) & set(others):
        raise VrrplabError(
            f"no node is in both: old {', '.join(names)}; new {', '.join(others)} - a node is called as its"
            " file is, so call the new files as the old ones, in another folder"
        )


def _ordered(order: Sequence[str], changing: Sequence[str]) -> list[str]:
    for name in order:
        if name not in changing:
            hint = did_you_mean(name, changing) or f"those that change are {', '.join(changing) or 'none'}"
            raise VrrplabError(f"--order {','.join(order)}: {name} is no node that changes - {hint}")
    return list(dict.fromkeys([*order, *changing]))


# -- values --------------------------------------------------------------------------------------------------


def _values(name: str, before: dict[str, Node], after: dict[str, Node]) -> Iterator[ValueChange]:
    """What changes on a node; a node that is new or gone is one change."""
    old, new = before.get(name), after.get(name)
    if old is None or new is None:
        node = old or new
        assert node is not None
        words = "keepalived runs"
        yield ValueChange(name, "", "", words if old else "", words if new else "", Source(node.path))
        return
    blocks, others = _blocks(old), _blocks(new)
    for key in dict.fromkeys([*blocks, *others]):
        one, other = blocks.get(key), others.get(key)
        if one is None or other is None:
            block = one or other
            assert block is not None
            first = _summary(block)
            yield ValueChange(name, key, "", first if one else "", first if other else "", block.source)
        else:
            yield from _settings(name, key, one, other)


def _blocks(node: Node) -> dict[str, Block]:
    return {f"{b.kind} {b.name}".strip(): b for b in effective(node.config, node.addresses) if b.settings}


def _summary(block: Block) -> str:
    """The first things that a block says, those that somebody wrote."""
    written = [s for s in block.settings if s.source.line]
    return ", ".join(f"{s.option} {s.text}" for s in written[:3]) or "with nothing in it"


def _settings(name: str, key: str, old: Block, new: Block) -> Iterator[ValueChange]:
    for option in dict.fromkeys(s.option for s in (*old.settings, *new.settings)):
        mine = [s for s in old.settings if s.option == option]
        theirs = [s for s in new.settings if s.option == option]
        gone = [s for s in mine if s.value not in [t.value for t in theirs]]
        came = [s for s in theirs if s.value not in [m.value for m in mine]]
        if len(mine) == len(theirs) == 1 and gone:
            yield _change(name, key, gone[0], came[0])
            continue
        yield from (_change(name, key, one, None) for one in gone)
        yield from (_change(name, key, None, one) for one in came)


def _change(name: str, key: str, old: Setting | None, new: Setting | None) -> ValueChange:
    setting = new or old
    assert setting is not None
    source = new.source if new and new.source.line else old.source if old else setting.source
    before, after = (one.masked.text if one else "" for one in (old, new))
    if before == after:
        after += " (another one)"  # passwords
    return ValueChange(name, key, setting.option, before, after, source)


# -- findings and outcomes -----------------------------------------------------------------------------------


def _only_in(some: Iterable[Finding], others: Iterable[Finding], common: set[str]) -> Iterator[Finding]:
    """Those of which the others have none about the same thing; lines may have moved.

    ``common``: nodes of both; that one reaches a node more, because there is one more, is no news.
    """

    def key(finding: Finding) -> tuple[object, ...]:
        nodes = {place.node for place in finding.places}
        return finding.rule, finding.severity, finding.about, tuple(sorted(nodes & common))

    known = {key(finding) for finding in others}
    return (finding for finding in some if key(finding) not in known)


def _outcomes(old: Forecast, new: Forecast, common: set[str]) -> Iterator[OutcomeChange]:
    """Failures that end otherwise, of nodes of both; those that change alike together, the worst first."""
    before, after = _by_failure(old), _by_failure(new)
    addresses_of = [{address for _, address in rows} for rows in (before, after)]
    shared = set.intersection(*addresses_of)
    groups: dict[object, list[tuple[Failing, str, Row | None, Row | None]]] = {}
    for key in dict.fromkeys([*after, *before]):
        one, other = before.get(key), after.get(key)
        known = key[1] in shared and all(failure.node in common for failure in key[0])
        if known and not _is_same(one, other):
            alike = (one and one.best, other and other.best, one and one.blocked, other and other.blocked)
            groups.setdefault(alike, []).append((*key, one, other))
    found = []
    for group in groups.values():
        addresses: dict[Failing, list[str]] = {}
        for failing, address, _, _ in group:
            addresses.setdefault(failing, []).append(address)
        by_addresses: dict[tuple[str, ...], list[Failing]] = {}
        for failing, named in addresses.items():
            by_addresses.setdefault(tuple(named), []).append(failing)
        for named_, failures in by_addresses.items():
            found.append(OutcomeChange(tuple(failures), named_, group[0][2], group[0][3]))
    return iter(sorted(found, key=lambda one: one.after.badness if one.after else (0, 0.0), reverse=True))


def _by_failure(found: Forecast) -> dict[tuple[Failing, str], Row]:
    return {
        (failing, address): row
        for section in found.sections
        for row in section.rows
        for failing in row.failures
        for address in section.addresses
    }


def _is_same(one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        row = one or other
        return row is not None and row.is_calm  # what nobody notices is not worth a line
    if one.is_calm and other.is_calm and one.keeps == other.keeps:
        return True
    if one.is_in_vain != other.is_in_vain or bool(one.unjudged) != bool(other.unjudged):
        return False
    return _alike(one.best, other.best) or _reads_alike(one, other)


def _reads_alike(one: Row, other: Row) -> bool:
    """Do both say the same, in the digits that are told?"""
    found = [(goes_to(row), row.best and out_in_words(row, row.best)) for row in (one, other)]
    return found[0] == found[1]


def _alike(one: Outcome | None, other: Outcome | None) -> bool:
    """The same ends, and times that nobody can tell apart."""
    if one is None or other is None:
        return one is other
    return one.ends == other.ends and all(
        _near(a, b)
        for mine, theirs in ((one.out, other.out), (one.split, other.split))
        for a, b in zip(_times(mine), _times(theirs), strict=True)
    )


def _times(span: object) -> tuple[Micros | None, ...]:
    return tuple(getattr(span, f"{name}_us", None) for name in ("best", "typical", "worst"))


def _near(one: Micros | None, other: Micros | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_US
