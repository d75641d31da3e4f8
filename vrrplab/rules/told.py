"""What the reader of a keepalived.conf has told already, as findings: each of its warnings has one rule.

The reader knows all that one file gives away (``ConfigWarning``). Nothing of that is looked for again here:
``ROWS`` says which rule a kind of warning belongs to, ``SILENT`` which kinds are none of a rule's business,
and ``found_by`` makes the function of a rule that hands out its own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import NamedTuple

from vrrplab.config.known_words import blocks_that_know, unknown_tracked, unknown_word
from vrrplab.config.look_alikes import look_alikes
from vrrplab.config.model import ConfigWarning, InstanceConfig, NodeConfig, Source
from vrrplab.machine.profiles import profile_named
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Change, Finding, Place, Severity
from vrrplab.scenario.nodes import Node

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


class Row(NamedTuple):
    """Warnings of ``kind`` whose log line or message holds ``part`` belong to ``rule``."""

    kind: str
    rule: str
    severity: Severity = WARNING
    part: str = ""
    certain: bool = True


ROWS = (
    # -- instances
    Row("auth", "V008", INFO, "Truncating"),
    Row("auth", "V025", INFO, "AH authentication - clearing"),
    Row("auth", "V009", WARNING, "does not support authentication"),
    Row("auth", "V009", WARNING, "no password given"),
    Row("auth", "V009", WARNING, "AH authentication with IPv6"),
    Row("auth", "V040", WARNING),
    Row("advert-int", "V011"),
    Row("unicast", "V014", WARNING, "without any unicast peers"),
    Row("unicast", "V014", ERROR, "without any peers"),
    Row("unicast", "V040"),
    Row("nopreempt", "V029", INFO, "255"),
    Row("nopreempt", "V025"),
    Row("weight-ignored", "V034", WARNING, "SYNC"),
    Row("weight-ignored", "V029"),
    Row("owner", "V029"),
    Row("article-a6", "V031", ERROR),
    Row("owner-by-default", "V032"),
    Row("preempt-delay", "V033"),
    Row("strict", "V033", WARNING, "preempt_delay"),
    Row("strict", "V082"),
    Row("vip-count", "V045"),
    Row("link-local", "V045", INFO),
    Row("family", "V045", ERROR, "address family must match"),
    Row("family", "V040"),
    Row("vmac", "V047", INFO),
    Row("no-vip", "V057", INFO),
    Row("own-interface", "V064", INFO),
    Row("sync-group", "V079", INFO, "only 1 virtual router"),
    Row("sync-group", "V079"),
    Row("source-address", "V080", ERROR),
    Row("own-peer", "V080"),
    # -- scripts
    Row("script-unused", "V023"),
    Row("script-user", "V035", WARNING),
    Row("script-security", "V035"),
    Row("script-default-user", "V035"),
    Row("script", "V041", WARNING, "notify"),
    Row("script", "V041", WARNING, "names no script"),
    Row("script", "V081"),
    Row("script-relative", "V041", WARNING, "notify", certain=False),
    Row("script-relative", "V081", WARNING, certain=False),
    Row("no-shell", "V050"),
    Row("track-unknown", "V051"),
    Row("track-file", "V077"),
    Row("track-process", "V077"),
    # -- words and values
    Row("vip-invalid", "V040", ERROR),
    Row("vip-option", "V040", INFO, "IPv6"),  # a label or a scope less
    Row("large", "V040", INFO),
    Row("range", "V040", INFO, "interval '0' is invalid"),  # as the samples have it, and what it says happens
    *(
        Row(kind, "V040")
        for kind in (
            *("unknown-keyword", "number", "range", "priority-range", "state", "switch", "vrid", "version"),
            *("address", "interface", "vip-prefix", "vip-option", "track-option", "parameter", "garp-group"),
        )
    ),
    Row("host-lines", "V061"),
    *(
        Row(kind, "V070")
        for kind in (
            *("unclosed-brace", "extra-brace", "unexpected-brace", "missing-brace", "quote", "block-name"),
            *("extra-words", "long-line", "loop", "definition"),
        )
    ),
    Row("duplicate", "V034", WARNING, "and sync group"),
    Row("duplicate", "V071", INFO, "nftables already"),
    Row("duplicate", "V071"),
    Row("include-missing", "V072", WARNING, certain=False),
    Row("include-skipped", "V072", WARNING, certain=False),
    Row("placeholder", "V073", WARNING, certain=False),
    *(Row(kind, "V073") for kind in ("template", "byte-order-mark", "line-ends", "look-alike")),
    Row("no-instance", "V074"),
    Row("deprecated", "V075", INFO),
    Row("route", "V076", INFO, "its loss is not noticed"),
    Row("route", "V076"),
    Row("rule", "V076", INFO, "has no priority"),
    Row("rule", "V076"),
)
"""The first row that fits a warning is its row."""

SILENT = {
    "not-modelled": "vrrplab's own limit, not the file's: named at the end, as not looked at",
    "lvs": "the same: the load balancer's part of the file",
    "firewall": "what keepalived does by itself, and rightly",
}


class Warned(NamedTuple):
    """A warning of a node, and its instance (None: it is about none)."""

    node: Node
    warning: ConfigWarning
    row: Row
    instance: InstanceConfig | None
    old: bool  # keepalived 2.2, and not 2.4


Says = Callable[[Warned], str]
Changes = Callable[[Cluster, Warned], tuple[Change, ...]]


def found_by(
    rule: str,
    says: Says | None = None,
    cure: Says | None = None,
    changes: Changes | None = None,
    show: Says | None = None,
) -> Callable[[Cluster], list[Finding]]:
    """The function of ``rule``: its warnings, those of several nodes that say the same as one finding.

    ``says`` and ``cure`` word it where the reader's sentence is not enough; the same sentence is one finding.
    ``changes``: what would cure it; ``show``: the failure that shows it.
    """

    def found(cluster: Cluster) -> list[Finding]:
        mine = [one for one in warned(cluster) if one.row.rule == rule]
        findings = [
            replace(
                finding_of(one, says, cure),
                changes=changes(cluster, one) if changes else (),
                show=show(one) if show else "",
            )
            for one in mine
        ]
        return merged((finding, one.instance) for finding, one in zip(findings, mine, strict=True))

    return found


def finding_of(one: Warned, says: Says | None = None, cure: Says | None = None) -> Finding:
    """A warning as a finding of its row's rule."""
    name = f"{one.instance.name}: " if one.instance else ""
    bare = one.warning.message.removeprefix(name)
    if one.instance:  # the daemon's own words begin so
        bare = bare.removeprefix(f"({one.instance.name}) ").removeprefix(f"({one.instance.name}): ")
    message = says(one) if says else f"{name}{bare}"
    return Finding(
        one.row.rule,
        one.row.severity,
        message,
        (Place(one.node.name, one.warning.source),),
        cure(one) if cure else one.warning.hint,
        one.row.certain,
        about_of(one.instance),
    )


def line_away(option: str) -> Changes:
    """The change that takes the line of an option of the instance out, where a warning is about it."""

    def changes(_cluster: Cluster, one: Warned) -> tuple[Change, ...]:
        place = one.instance.lines.get(option) if one.instance else None
        return (Change(Place(one.node.name, place), option),) if place else ()

    return changes


def about_of(instance: InstanceConfig | None) -> str:
    return f"VRID {instance.vrid}" if instance else ""


def merged(findings: Iterable[tuple[Finding, InstanceConfig | None]]) -> list[Finding]:
    """One finding for those that say the same of the same virtual router, whatever it is called there."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding, instance in findings:
        said = finding.message.replace(instance.name, "") if instance else finding.message
        key = finding.rule, finding.severity, finding.about, said
        first = kept.get(key)
        if first is None:
            kept[key] = finding
        else:
            more = tuple(place for place in finding.places if place not in first.places)
            changes = first.changes + finding.changes if first.changes and finding.changes else ()
            kept[key] = replace(first, places=first.places + more, changes=changes)
    return list(kept.values())


def warned(cluster: Cluster) -> list[Warned]:
    """Every warning that a rule tells, of all nodes; worked out once for a cluster."""
    old = profile_named(cluster.profile).wording.startswith("2.2")
    return cluster.remembered("warned", lambda: [one for node in cluster for one in _of_node(node, old)])


_MISPLACED = Row("unknown-keyword", "V060")


def row_of(warning: ConfigWarning, old: bool) -> Row | None:
    """Its row; None: no rule tells it. ``old``: keepalived 2.2."""
    word = unknown_word(warning)
    if word and blocks_that_know(word, old):
        return _MISPLACED
    for row in ROWS:
        if row.kind == warning.kind and (row.part in warning.log or row.part in warning.message):
            return row
    return None


def _of_node(node: Node, old: bool) -> Iterator[Warned]:
    said: set[tuple[Source, str, str]] = set()
    starts, named = _starts(node.config), {one.name: one for one in node.config.instances}
    told = _without_consequences(node.config, node.config.warnings)
    for warning in told:
        row = row_of(warning, old)
        key = warning.source, warning.kind, warning.message
        if row is None or key in said:
            continue
        said.add(key)
        yield Warned(node, warning, row, _instance_of(named, starts, warning), old)


_Starts = dict[str, tuple[list[int], list[InstanceConfig | None]]]
"""Of each file the lines where blocks begin, in order, and which instance begins there (None: none)."""


def _starts(config: NodeConfig) -> _Starts:
    blocks: list[tuple[Source, InstanceConfig | None]] = [(one.source, one) for one in config.instances]
    blocks += [(one.source, None) for one in config.scripts]
    blocks += [(one.source, None) for one in config.sync_groups]
    blocks += [(one.source, None) for one in config.files]
    blocks += [(one.source, None) for one in config.processes]
    found: _Starts = {}
    for source, instance in sorted(blocks, key=lambda block: block[0].line):
        lines, owners = found.setdefault(source.file, ([], []))
        lines.append(source.line)
        owners.append(instance)
    return found


def _instance_of(
    named: Mapping[str, InstanceConfig], starts: _Starts, warning: ConfigWarning
) -> InstanceConfig | None:
    """The instance in whose block it was said, or while it was completed."""
    if warning.instance:
        return named.get(warning.instance)
    lines, owners = starts.get(warning.source.file, ([], []))
    place = bisect_right(lines, warning.source.line)
    instance = owners[place - 1] if place else None
    if instance is None or not (instance.name in warning.log or warning.source in instance.lines.values()):
        return None
    return instance


_NOISE = frozenset(
    {"unknown-keyword", "number", "unexpected-brace", "extra-brace", "unclosed-brace", "quote"}
)


def _without_consequences(config: NodeConfig, warnings: Sequence[ConfigWarning]) -> list[ConfigWarning]:
    """Those that another one explains are left out: it is told, they would follow from it."""
    warnings = _in_an_open_block(warnings)
    kinds = {(w.source, w.kind) for w in warnings}
    template = any(w.kind == "template" for w in warnings)
    odd = any(w.kind == "look-alike" for w in warnings)
    strays = _stray_words(warnings)
    named = {w.source for w in warnings if w.kind != "number"}
    late = {unknown_tracked(w) for w in warnings}
    dropped = {("script", name) for name in config.dropped_scripts}
    taken_off = {w.taken_off.name for w in warnings if w.taken_off and w.taken_off.kind == "script"}
    last = {(w.source, w.kind): w for w in warnings if w.kind in ("route", "rule")}
    kept = []
    for w in warnings:
        follows = (
            (template and w.kind in _NOISE)
            or w.message.startswith("  ")  # the daemon's second line about the same
            or (w.source in strays and w.kind in ("unknown-keyword", "unexpected-brace", "extra-brace"))
            # the daemon says of a number first what it is, then what becomes of the option
            or (w.kind == "number" and w.source in named)
            or (w.kind == "unexpected-brace" and (w.source, "unknown-keyword") in kinds)
            or (w.kind in ("route", "rule") and last[w.source, w.kind] is not w)
            # a sign that only looks like another one is told; a word with it is no word
            or (w.kind in ("unknown-keyword", "number") and odd and _has_look_alike(w))
            # a script that is tracked above its definition is not unused: it comes too late
            or (w.kind == "script-unused" and ("script", _unused(w)) in late)
            or (w.kind == "script-unused" and (_unused(w) in taken_off or not config.instances))
            or (w.kind == "script-user" and (w.source, "script") in kinds)
            # one that was dropped cannot be tracked
            or (w.kind == "track-unknown" and unknown_tracked(w) in dropped)
        )
        if not follows:
            kept.append(w)
    return kept


def _has_look_alike(warning: ConfigWarning) -> bool:
    words = re.findall(r"'([^']*)'", warning.message)
    return any(look_alikes(word) for word in words)


def _unused(warning: ConfigWarning) -> str:
    return warning.log.removeprefix("Warning - script ").removesuffix(" is not used")


def _stray_words(warnings: Sequence[ConfigWarning]) -> set[Source]:
    """Where words stand only because a block before them was not opened.

    Outside all blocks that is up to its }. Within one its } ends the block around it, so that all that
    follows there is strange too, up to the } that is left over.
    """
    strays: set[Source] = set()
    depth, inside = 0, ""
    for file, line, step in sorted({_step(w) for w in warnings if w.kind in _NOISE}):
        if file != inside:
            depth, inside = 0, file
        if step is _Step.OPENS:
            depth += 1
        elif step is not _Step.OTHER and depth:
            strays.add(Source(file, line))
            depth -= step is _Step.CLOSES
    return strays


class _Step(IntEnum):
    """What a warning says of the blocks, in the order of a line."""

    WORD = 1
    OPENS = 2
    CLOSES = 3
    OTHER = 4


def _step(warning: ConfigWarning) -> tuple[str, int, _Step]:
    step = _Step.OTHER
    if warning.kind == "unexpected-brace":
        step = _Step.OPENS
    elif warning.kind == "unknown-keyword":
        step = _Step.CLOSES if unknown_word(warning) == "}" else _Step.WORD
    return warning.source.file, warning.source.line, step


_OF_BLOCKS = frozenset({"unknown-keyword", "unexpected-brace", "extra-brace"})


def _in_an_open_block(warnings: Sequence[ConfigWarning]) -> list[ConfigWarning]:
    """Where a } is missing, what comes of it is said with it: the next block is read as a part of the open
    one, its tracked scripts are not, and perhaps there is no instance left.
    """
    if not any(w.kind == "unclosed-brace" for w in warnings):
        return list(warnings)
    swallowed = [w for w in warnings if blocks_that_know(unknown_word(w), old=True) == ("",)]
    first = min((w.source.line for w in swallowed), default=0)
    kept = []
    for w in warnings:
        if w.kind == "unclosed-brace" and first > w.source.line:
            w = replace(w, message=f"{w.message}: what begins at line {first} is read as a part of its block")
        lost = w.kind in _OF_BLOCKS and first and w.source.line >= first
        if lost or unknown_word(w) == "}" or w.kind in ("no-instance", "script-unused"):
            continue
        kept.append(w)
    return kept
