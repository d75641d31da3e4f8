"""The lossless tree: every text comes back byte for byte, and a change changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrplab.config.lines import decode
from vrrplab.config.reader import config_bytes
from vrrplab.config.tree import Kind, Statement, Tree, comments
from vrrplab.data_files import data_root

TEXT = """! two hosts
vrrp_instance V {
    @lb1 state MASTER   # only there
\tinterface "eth0"
    priority 100 ! ours
    authentication { auth_type PASS auth_pass k@l!ve1 }
    virtual_ipaddress
    {
        10.0.0.1/24 dev "eth 0"  \\# no comment
    }
}
"""

PLAIN = TEXT.replace("!ve1", "")


def one(tree: Tree, keyword: str) -> Statement:
    (found,) = [statement for statement in tree.walk() if statement.keyword == keyword]
    return found


def joined(tree: Tree) -> str:
    return "".join(token.text for token in tree.tokens)


def test_every_file_that_comes_with_vrrplab_survives() -> None:
    for data in {config_bytes(path) for path in Path(data_root()).rglob("*.conf")}:
        assert joined(Tree(decode(data))).encode("utf-8", "surrogateescape") == data


@given(st.text(alphabet=' \t\r\n\f\v#!"{}\\$a1@ü\xa0\udc80', max_size=60))
def test_every_text_survives(text: str) -> None:
    tree = Tree(text)
    assert joined(tree) == text
    assert all(token.line == text.count("\n", 0, token.start) + 1 for token in tree.tokens)
    assert tree.edited([]) == text
    for statement in tree.walk():  # whatever is removed, the rest is what was there
        edit = tree.remove(statement)
        assert tree.edited([edit]) == text[: edit.start] + text[edit.end :]


def test_blocks_hold_their_statements() -> None:
    tree = Tree(PLAIN)
    (instance,) = tree.statements
    assert instance.block is not None
    assert [s.keyword for s in instance.block.statements] == [
        "state",
        "interface",
        "priority",
        "authentication",
        "virtual_ipaddress",
    ]
    state = one(tree, "state")
    assert (state.host, state.values, state.line, state.inside) == ("@lb1", ["state", "MASTER"], 3, instance)
    assert one(tree, "interface").values == ["interface", "eth0"]
    assert one(tree, "auth_type").values == ["auth_type", "PASS", "auth_pass", "k@l"]
    address = one(tree, "10.0.0.1/24")
    assert address.values[:3] == ["10.0.0.1/24", "dev", "eth 0"]
    assert address.inside is one(tree, "virtual_ipaddress")
    assert tree.at_line(5) == [one(tree, "priority")]


def test_comments_are_found_by_line() -> None:
    assert comments(TEXT) == {
        1: "two hosts",
        3: "only there",
        5: "ours",
        6: "ve1 }",
    }
    assert comments("a\nb\n") == {}
    assert comments("x # vrrplab: ignore V020 we know\r\n") == {1: "vrrplab: ignore V020 we know"}


def test_a_comment_eats_the_brace_as_with_keepalived() -> None:
    """``auth_pass k@l!ve1 }``: the comment begins in the word, so that the block goes on."""
    tree = Tree(TEXT)
    assert one(tree, "virtual_ipaddress").inside is one(tree, "authentication")


def test_a_definition_s_lines_and_braces_in_words_are_no_blocks() -> None:
    tree = Tree('$AUTH=\\\n  authentication {\\\n  auth_type PASS\\\n  }\npriority ${PRIO}\nnotify "a {b}"\n')
    assert [s.keyword for s in tree.statements] == ["$AUTH=", "authentication", "priority", "notify"]
    assert [t.line for t in tree.tokens if t.kind is Kind.CONTINUED] == [1, 2, 3]


def test_a_word_is_replaced_and_everything_else_stays() -> None:
    tree = Tree(PLAIN)
    changed = tree.edited([tree.replace(one(tree, "priority").words[1], "150")])
    assert changed == PLAIN.replace("priority 100 ! ours", "priority 150 ! ours")


@pytest.mark.parametrize(
    ("keyword", "before", "after"),
    [
        ("priority", "    priority 100 ! ours\n", ""),
        ("auth_type", "{ auth_type PASS auth_pass k@l }", "{  }"),
        ("authentication", "    authentication { auth_type PASS auth_pass k@l }\n", ""),
    ],
)
def test_a_statement_is_removed_with_its_line_or_without(keyword: str, before: str, after: str) -> None:
    tree = Tree(PLAIN)
    assert tree.edited([tree.remove(one(tree, keyword))]) == PLAIN.replace(before, after)


def test_a_line_is_added_as_far_in_as_the_others() -> None:
    tree = Tree(PLAIN)
    edits = [
        tree.add(one(tree, "vrrp_instance"), "nopreempt"),
        tree.add(one(tree, "virtual_ipaddress"), "10.0.0.2/24"),
        tree.add(one(tree, "authentication"), "x"),
    ]
    changed = tree.edited(edits)
    assert changed == (
        PLAIN.replace("    }\n}\n", "        10.0.0.2/24\n    }\n    nopreempt\n}\n").replace(
            "k@l }", "k@l x }"
        )
    )


def test_a_line_is_added_to_blocks_of_every_shape() -> None:
    for text, expected in (
        ("a {\n}\n", "a {\n    x\n}\n"),
        ("a {}\n", "a {x }\n"),
        ("a {\r\n\tb\r\n}\r\n", "a {\r\n\tb\r\n\tx\r\n}\r\n"),
        ("a {\n  b }\n", "a {\n  b \n  x\n}\n"),
    ):
        tree = Tree(text)
        assert tree.edited([tree.add(tree.statements[0], "x")]) == expected


def test_a_block_that_is_never_closed_or_opened_is_no_error() -> None:
    tree = Tree("a {\n b {\n c\n")
    assert one(tree, "c").inside is one(tree, "b")
    assert tree.edited([tree.remove(tree.statements[0])]) == ""
    assert [s.keyword for s in Tree("}}\na\n}").statements] == ["a"]
    assert [s.words for s in Tree("{ }").statements] == [[]]


def test_deep_braces_are_read_at_once() -> None:
    tree = Tree("a {" * 20_000)
    assert sum(1 for _ in tree.walk()) == 20_000
