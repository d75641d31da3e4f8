"""Every rule of the table: its bad example fires it, its good twin is silent, and nothing is left out."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from vrrplab import rules
from vrrplab.config.model import ConfigWarning, Source
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import example_nodes
from vrrplab.rules.model import Rule
from vrrplab.rules.table import MODULES, RULES, check
from vrrplab.rules.told import ROWS, SILENT, row_of

ROOM = Path(rules.__file__).parent
READER = ROOM.parent / "config"

ALSO = {"V040": set(), "V081": {"V037"}, "V078": {"V023"}, "V082": {"V043"}}
"""What else the bad example of a rule deserves, beside the infos that a small file without more gets."""


def example(rule: Rule, texts: dict[str, str]) -> Cluster:
    return Cluster(example_nodes(texts, rule), f"keepalived-{rule.daemon}")


def fired(rule: Rule, texts: dict[str, str]) -> set[str]:
    return {finding.rule for finding in check(example(rule, texts))}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_bad_example_fires_it_and_the_good_one_does_not(rule: Rule) -> None:
    assert rule.id in fired(rule, rule.bad)
    assert rule.id not in fired(rule, rule.good)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_finding_can_be_acted_on(rule: Rule) -> None:
    found = [f for f in check(example(rule, rule.bad)) if f.rule == rule.id]
    for finding in found:
        assert finding.message
        assert finding.cure
        assert finding.cure[0] == finding.cure[0].lower()  # it stands behind a colon or a dash
        assert not finding.cure.endswith(".")
        assert finding.places
        assert all(place.node in rule.bad for place in finding.places)
        assert all(place.source.file for place in finding.places)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_words_of_a_rule(rule: Rule) -> None:
    assert len(rule.name) <= 40
    for text in (rule.what, rule.why, rule.cure):
        assert text.endswith((".", "}", "]"))
        assert text == " ".join(text.split())
    assert rule.source
    assert rule.bad
    assert rule.good
    assert rule.bad != rule.good


def test_no_module_is_left_out_and_no_number_used_twice() -> None:
    have = {path.stem for path in ROOM.glob("*.py") if "RULES: tuple" in path.read_text("utf-8")}
    have |= {path.stem for path in ROOM.glob("*.py") if "\nRULES = (" in path.read_text("utf-8")}
    assert have == set(MODULES)
    ids = [rule.id for name in MODULES for rule in import_module(f"vrrplab.rules.{name}").RULES]
    assert sorted(ids) == sorted(set(ids))


def kinds_of_the_reader() -> set[str]:
    """Every kind of warning that a file of the reader names where it makes one."""
    kinds = {"include-missing", "include-skipped", "vrid", "range"}
    for path in READER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                place = {"say": 2}.get(node.func.attr, 0)
                if node.func.attr in (
                    "report",
                    "report_of_parent",
                    "log",
                    "note",
                    "note_once",
                    "say",
                    "_say",
                ):
                    kind = node.args[place] if len(node.args) > place else None
                    if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                        kinds.add(kind.value)
    kinds |= {"byte-order-mark", "line-ends", "template", "placeholder"}  # of reader._oddity, a tuple each
    return kinds - {"frr-line"}  # FRR's files are no keepalived.conf


def test_every_warning_of_the_reader_has_a_rule_or_a_reason_to_be_silent() -> None:
    told = {row.kind for row in ROWS}
    assert kinds_of_the_reader() - told == set(SILENT)
    assert all(SILENT.values())
    assert not told & set(SILENT)


@pytest.mark.parametrize("kind", sorted({row.kind for row in ROWS}))
def test_whatever_a_warning_of_this_kind_says_it_has_one_rule(kind: str) -> None:
    row = row_of(ConfigWarning(Source("a.conf", 3), kind, "words that nobody wrote"), old=True)
    kinds_with_parts_only = {"nopreempt": "V025", "weight-ignored": "V029"}
    if row is None:  # all its rows ask for a part
        assert kind in {"article-a6", *kinds_with_parts_only}
    else:
        assert row.rule in RULES or row.rule == "V040"
