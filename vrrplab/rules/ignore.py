"""``# vrrplab: ignore V020 why``: a finding that somebody has looked at and wants to hear no more of.

The comment stands on a line that the finding names, or alone on the line above; where the finding is about a
whole file, anywhere in it. One of the files is enough. The reason is a must, and a comment that silences
nothing, or is misspelt, is a finding itself (V089), so that none outlives what it was for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vrrplab.config.model import Source
from vrrplab.errors import did_you_mean
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import two
from vrrplab.rules.model import Finding, Place, Rule, Severity
from vrrplab.rules.texts import files_of, text_of, tree_of

if TYPE_CHECKING:
    from vrrplab.config.tree import Tree

_COMMENT = re.compile(r"[#!]+[ \t]*vrrplab:[ \t]*ignore\b[ \t:]*(?P<rest>.*)", re.DOTALL)
_RULES = re.compile(r"(?P<ids>V\d+(?:[ \t]*,[ \t]*V\d+)*)[ \t:,;-]*(?P<reason>.*)", re.DOTALL)
_LIKE = re.compile(
    r"[#!]+[ \t]*(?P<said>(?P<mark>[vV][\w-]{4,9})[ \t]*(?P<colon>:?)[ \t]*(?P<word>[A-Za-z]\w*))"
    r"(?P<rest>[^\n]*)"
)
MARK = "vrrplab:"


def comment(rule: str, reason: str) -> str:
    """The comment that silences a rule."""
    return f"# {MARK} ignore {rule} {reason}"


@dataclass(slots=True)
class Ignore:
    """A comment: ``covers`` are the lines of its file that it speaks of.

    ``misspelt``: what stands there instead of ``vrrplab: ignore``.
    """

    source: Source
    rules: tuple[str, ...]
    reason: str
    covers: range
    silenced: set[str] = field(default_factory=set)
    misspelt: str = ""

    def fits(self, finding: Finding) -> bool:
        if finding.rule not in self.rules or not self.reason:
            return False
        return any(
            place.source.file == self.source.file
            and (place.source.line in self.covers or not place.source.line)
            for place in finding.places
        )


def ignores_of(cluster: Cluster) -> list[Ignore]:
    """The comments of all files, in their order."""
    files = [file for file in files_of(cluster) if _is_named_in(text_of(cluster, file))]
    return [one for file in files for one in _in_file(file, tree_of(cluster, file))]


def _is_named_in(text: str) -> bool:
    """Only then its comments are worth a look."""
    return MARK in text or any(_misspelt(found) for found in _LIKE.finditer(text))


def _misspelt(found: re.Match[str]) -> bool:
    """Is a comment that is no ``vrrplab: ignore`` meant to be one?"""
    if not _is_like(found["mark"], MARK.rstrip(":")):
        return False
    numbered = re.search(r"\bV\d{2,}", found["word"] + found["rest"])
    return _is_like(found["word"], "ignore") or bool(found["colon"] and numbered)


def _is_like(word: str, meant: str) -> bool:
    """The same first letter, at most one of the others missing, about as long: "vrplab", "ingore", "ignored".

    Cheaper than comparing: a file may have a hundred thousand comments.
    """
    said = word.lower()
    missing = sum(letter not in said for letter in meant)
    return said[0] == meant[0] and missing <= 1 and abs(len(said) - len(meant)) <= 2


def _in_file(file: str, tree: Tree) -> Iterator[Ignore]:
    from vrrplab.config.tree import Kind

    with_words = {
        token.line for token in tree.tokens if token.kind not in (Kind.BLANK, Kind.COMMENT, Kind.END)
    }
    for token in tree.tokens:
        if token.kind is not Kind.COMMENT:
            continue
        found = _COMMENT.match(token.text)
        if not found:
            like = _LIKE.match(token.text)
            if like and _misspelt(like):
                here = range(token.line, token.line + 1)
                yield Ignore(Source(file, token.line), (), "", here, misspelt=like["said"])
            continue
        named = _RULES.match(found["rest"].strip())
        ids = tuple(re.findall(r"V\d+", named["ids"])) if named else ()
        last = token.line if token.line in with_words else _next_line(token.line, with_words)
        covers = range(token.line, last + 1)
        yield Ignore(Source(file, token.line), ids, named["reason"].strip() if named else "", covers)


def _next_line(line: int, with_words: set[int]) -> int:
    """The first line with something on it below; comments may stand between."""
    return min((one for one in with_words if one > line), default=line)


def without_ignored(cluster: Cluster, findings: list[Finding], known: dict[str, Rule]) -> list[Finding]:
    """The findings that no comment silences, and one for each comment that is not what it should be."""
    ignores = ignores_of(cluster)
    kept = []
    for finding in findings:
        fitting = [one for one in ignores if one.fits(finding)]
        for one in fitting:
            one.silenced.add(finding.rule)
        if not fitting:
            kept.append(finding)
    return [*kept, *(finding for one in ignores for finding in _complaints(cluster, one, known))]


def _complaints(cluster: Cluster, one: Ignore, known: dict[str, Rule]) -> Iterator[Finding]:
    node = next((n.name for n in cluster if n.config.file == one.source.file), cluster.nodes[0].name)

    def finding(message: str, cure: str) -> Finding:
        return Finding("V089", Severity.WARNING, message, (Place(node, one.source),), cure, about=message)

    if one.misspelt:
        yield finding(
            f"'{one.misspelt}' silences nothing: vrrplab does not know it",
            "did you mean '# vrrplab: ignore V020 why it is right here'?",
        )
    elif not one.rules:
        yield finding("an ignore names no rule", "write # vrrplab: ignore V020 why it is right here")
    elif not one.reason:
        named = ", ".join(one.rules)
        yield finding(
            f"the ignore of {named} has no reason, so it counts for nothing",
            f"write # vrrplab: ignore {named} why it is right here",
        )
    else:
        for rule in one.rules:
            if rule not in known:
                yield finding(
                    f"an ignore of {rule}, which is no rule", did_you_mean(rule, known) or "correct it"
                )
            elif rule not in one.silenced:
                yield finding(
                    f"the ignore of {rule} silences nothing",
                    "remove it, or put it on the line that the finding names, or above that",
                )


RULES = (
    Rule(
        "V089",
        "ignore without effect",
        Severity.WARNING,
        "A comment `# vrrplab: ignore …` that silences nothing, is misspelt, or has no reason.",
        "What it was for is gone, or it stands at another line than the finding: it would silence the next "
        "one that comes there, unseen. A misspelt one does nothing, and nobody hears of it.",
        "Remove it, put it on the line that the finding names or above it, correct it, or add the reason.",
        "vrrplab's own",
        two("# vrrplab: ignore V025 the address may come back at night\nadvert_int 1"),
        two("track_interface {\n    eth0  # vrrplab: ignore V064 named for its readers\n}"),
        lambda cluster: (),
    ),
)
