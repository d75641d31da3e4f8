"""Signs that an editor shows as quotes, dashes and spaces, and that keepalived takes for letters.

What the daemon does with them was measured (2.2.7): unknown keywords, a number that is none, a script that
is not found and goes without.
"""

from __future__ import annotations

import pytest

from vrrplab.config.look_alikes import look_alikes, told_of
from vrrplab.config.reader import parse_text
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import conf
from vrrplab.rules.model import Finding
from vrrplab.rules.table import check
from vrrplab.scenario.nodes import Node


def findings(text: str) -> list[Finding]:
    return check(Cluster([Node("a", "a.conf", parse_text(text, "a.conf", host_id="a"))]))


def told(text: str) -> set[tuple[str, int]]:
    return {
        (f.rule, p.source.line)
        for f in findings(text)
        for p in f.places
        if f.rule in ("V073", "V040", "V081")
    }


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "sign"),
    [
        ("    interval", "\u00a0   interval", "a no-break space (U+00A0)"),
        ("priority 150", "priority\u00a0150", "a no-break space (U+00A0)"),
        ("priority 150", "prio\u200brity 150", "a zero width space (U+200B)"),
        ("state BACKUP", "state “BACKUP”", "“ (U+201C)"),
        ("priority 150", "priority –150", "– (U+2013)"),
    ],
)
def test_a_sign_that_looks_like_another_one_is_the_finding(old: str, new: str, sign: str) -> None:
    text = conf(150, "state BACKUP").replace(old, new, 1)
    assert new in text
    line = line_of(text, new)
    assert [sign in f.message for f in findings(text) if f.rule == "V073"] == [True]
    assert ("V073", line) in told(text)
    if new not in ("state “BACKUP”", "priority –150"):  # of a value it is told, too, what is used instead
        assert ("V040", line) not in told(text)


def test_a_script_in_typographic_quotes_is_not_found_and_goes_without() -> None:
    text = conf(150).replace('script "/usr/bin/pidof squid"', "script “/usr/local/bin/check.sh”")
    assert told(text) == {("V073", 6), ("V081", 6)}
    node = parse_text(text, "a.conf")
    assert not node.script("chk_squid").is_program


def test_comments_names_and_text_may_have_any_sign() -> None:
    text = conf(150).replace("priority 150", "priority 150   # “quoted” – and\u00a0spaced")
    text = text.replace("global_defs {", "global_defs {\n    router_id Büro_Süd’s–Haus")
    assert told(text) == set()


def test_a_page_that_was_copied_is_told_by_its_first_lines() -> None:
    text = "".join(f"\u00a0# {number}\n\u00a0priority {number}\n" for number in range(100))
    places = [len(f.places) for f in findings(text) if f.rule == "V073"]
    assert places == [3]


def test_signs_are_named_where_they_cannot_be_seen() -> None:
    assert look_alikes("priority 150") == []
    assert told_of("\u00a0") == "a no-break space (U+00A0)"
    assert told_of("”") == "” (U+201D)"


@pytest.mark.parametrize(
    ("command", "line", "is_program"),
    [
        ("~/check.sh", "keepalived has no shell, which would know ~", False),
        ("./check.sh", "'./check.sh' does not begin with /", True),
        ("scripts/check.sh -v", "'scripts/check.sh' does not begin with /", True),
        ("/etc/keepalived/check.sh", "", True),
        ("pidof squid", "", True),
    ],
)
def test_the_path_of_a_script_begins_with_a_slash(command: str, line: str, is_program: bool) -> None:
    text = conf(150).replace("/usr/bin/pidof squid", command)
    said = [f.message for f in findings(text) if f.rule == "V081"]
    assert [line in message for message in said] == ([True] if line else [])
    assert parse_text(text, "a.conf").script("chk_squid").is_program is is_program
