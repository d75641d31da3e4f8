"""Definitions, loops, conditions and includes: what a text comes to before any keyword is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.config.diagnostics import Diagnostics
from vrrplab.config.lines import LineReader
from vrrplab.errors import ConfigError


def lines_of(text: str, *, host_id: str = "", daemon: str = "2.2.7", directory: str = "") -> list[str]:
    diagnostics = Diagnostics("test.conf", daemon=daemon, strict=False, log_file="test.conf")
    reader = LineReader(text, "test.conf", directory, diagnostics, host_id)
    lines = []
    while (line := reader.next_line()) is not None:
        lines.append(line)
    return lines


def test_a_one_line_block_reads_like_a_long_one() -> None:
    long = lines_of("group {\n  VI_1\n  VI_2\n}\n")
    assert lines_of("group { VI_1\nVI_2 }") == long == ["group", "{", "VI_1", "VI_2", "}"]


def test_braces_in_quotes_are_text() -> None:
    assert lines_of('a "{" b') == ['a "{" b']


def test_definitions_are_replaced_where_they_are_used() -> None:
    text = "$IF=eth0\ninterface $IF\ninterface ${IF}.2\n$IF=eth1\ninterface $IF\n$UNKNOWN stays, $IFx too"
    assert lines_of(text) == [
        *("interface eth0", "interface eth0.2", "interface eth1"),
        "$UNKNOWN stays, $IFx too",
    ]


def test_a_blank_before_the_equal_sign_makes_it_no_definition() -> None:
    assert lines_of("$A = 1\n$A") == ["$A = 1", "$A"]


def test_a_definition_of_several_lines_gives_several_lines() -> None:
    text = "$VIPS= \\\n  10.0.0.1 \\\n  10.0.0.$N\n$N=7\n$VIPS\n$VIPS and more"
    assert lines_of(text) == ["10.0.0.1", "10.0.0.7", "$VIPS and more"]


def test_definitions_within_definitions() -> None:
    text = "$INNER=a \\\nb\n$OUTER=first \\\n$INNER \\\nlast\n$OUTER"
    assert lines_of(text) == ["first", "a", "b", "last"]


def test_a_comment_line_ends_a_definition_as_in_the_copy_the_vrrp_process_reads() -> None:
    # 2.2.7 keeps the backslash behind the comment, 2.4.3 does not.
    text = "$A= \\\n one \\\n # note \\\n two\n$A"
    assert lines_of(text) == ["one", "two"]
    assert lines_of(text, daemon="2.4.3") == ["two", "one"]


def test_standard_definitions() -> None:
    text = "${_INSTANCE}\n${_HASH}x\n${_PWD}/x\n${_RANDOM 3 3}"
    assert lines_of(text, host_id="low", directory="/etc/keepalived") == ["low", "/etc/keepalived/x", "3"]


def test_a_definition_of_itself_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"^test.conf:2: the definition used in '\$A' refers to itself"):
        lines_of("$A=$A\n$A")


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("~SEQ(I, 1, 3) v $I", ["v 1", "v 2", "v 3"]),
        ("~SEQ(I, 3) v $I", ["v 1", "v 2", "v 3"]),
        ("~SEQ(I, 6, -2, 1) v $I", ["v 6", "v 4", "v 2"]),
        ("~SEQx(I, 9, 11) v${I}", ["v9", "va", "vb"]),
        ("~LST({A, B}, {1, x}, {2}) $A-${B}!", ["$A-x", "$A-"]),
        ("~LST(A, 1, 2) v $A", ["v 1", "v 2"]),
        ("~SEQ(I, 1, 2) ~SEQ(J, 1, 2) $I ${J}", ["1 1", "1 2", "2 1", "2 2"]),
        ("~SEQ(I, 3, 1, 2) x", []),
        ("~SEQ(I) x", []),
        ("~LST({A}, {1, 2}) x", []),
    ],
)
def test_loops(loop: str, expected: list[str]) -> None:
    assert lines_of(loop) == expected


def test_conditions_ask_for_the_host() -> None:
    text = "@low priority 100\n@^low priority 150\n@low\n"
    assert lines_of(text, host_id="low") == ["priority 100"]
    assert lines_of(text, host_id="high") == lines_of(text) == ["priority 150"]


def test_includes_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "b.conf").write_text("b\n")
    (tmp_path / "conf.d" / "a.conf").write_text("a\ninclude more/*.conf\nafter\n")
    (tmp_path / "conf.d" / "more").mkdir()
    (tmp_path / "conf.d" / "more" / "c.conf").write_text("c")
    text = "before\ninclude conf.d/*.conf\nend"
    assert lines_of(text, directory=str(tmp_path)) == ["before", "a", "c", "after", "b", "end"]
    assert lines_of("include conf.d/{b,a}.conf", directory=str(tmp_path)) == ["b", "a", "c", "after"]


def test_an_include_that_matches_nothing_is_passed_over(tmp_path: Path) -> None:
    assert lines_of("a\ninclude nothing/*.conf\ninclude nowhere.conf\nb", directory=str(tmp_path)) == [
        "a",
        "b",
    ]


def test_a_circle_of_includes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("include b.conf\n")
    (tmp_path / "b.conf").write_text("x\ninclude a.conf\n")
    with pytest.raises(ConfigError, match=r"b.conf:2: '.*a.conf' includes itself"):
        lines_of("include a.conf", directory=str(tmp_path))


def test_directories_and_programs_are_not_included(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    program = tmp_path / "run.conf"
    program.write_text("x\n")
    program.chmod(0o755)
    assert lines_of("include folder\ninclude run.conf\nb", directory=str(tmp_path)) == ["b"]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("no.conf", "name a file that is there, seen from the current directory"),
        ("/nowhere/no.conf", "name a file that is there"),
    ],
)
def test_an_include_of_nothing_is_answered_with_where_it_was_looked_for(pattern: str, hint: str) -> None:
    diagnostics = Diagnostics("test.conf", daemon="2.2.7", strict=False, log_file="test.conf")
    assert LineReader(f"include {pattern}\n", "test.conf", "", diagnostics, "").next_line() is None
    (warning,) = diagnostics.warnings
    assert (warning.kind, warning.hint) == ("include-missing", hint)
