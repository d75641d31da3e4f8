"""What follows from another mistake is not told beside it."""

from __future__ import annotations

from vrrplab.config.reader import parse_text
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import CHECK, conf
from vrrplab.rules.table import check
from vrrplab.scenario.nodes import Node


def told(text: str, *rules: str) -> list[tuple[str, str, int]]:
    """Rule, message and line of the findings of one file; ``rules``: only of these."""
    nodes = [Node("a", "a.conf", parse_text(text, "a.conf", host_id="a"))]
    return [
        (finding.rule, finding.message, finding.places[0].source.line)
        for finding in check(Cluster(nodes))
        if finding.rule in (rules or ("V023", "V040", "V060", "V070", "V071", "V074", "V078"))
    ]


def test_a_misspelt_block_outside_all_others_is_one_finding() -> None:
    assert told(conf(150, check=CHECK.replace("vrrp_script", "vrrp_scripts"), track="")) == [
        ("V040", "unknown keyword 'vrrp_scripts'", 5)
    ]


def test_a_misspelt_block_in_an_instance_is_one_finding_though_all_behind_it_is_strange() -> None:
    text = conf(150, "unicast_peers {\n    192.168.2.252\n}\nadvert_int 2")
    assert told(text, "V040", "V060", "V070") == [("V040", "unknown keyword 'unicast_peers'", 14)]


def test_a_missing_brace_is_told_with_what_it_swallows() -> None:
    text = conf(150, check=CHECK.rstrip("}\n") + "\n")
    assert told(text) == [
        ("V070", "a { is never closed: what begins at line 8 is read as a part of its block", 5)
    ]


def test_a_number_is_told_once_and_with_what_becomes_of_it() -> None:
    assert told(conf(300)) == [("V040", "VI_1: priority '300' is not valid; keepalived uses 100", 13)]


def test_a_template_gets_no_list_of_the_words_that_are_strange_in_it() -> None:
    text = conf(150, "advert_int 1").replace("pidof squid", 'pidof squid"\n    {% if x %}\n    fall "2')
    assert {rule for rule, _, _ in told(text, "V040", "V060", "V070", "V073")} == {"V073"}


def test_a_script_that_keepalived_dropped_is_not_one_that_comes_too_late() -> None:
    """No script_user: the script is dropped, and then its name is not found."""
    top = "global_defs {\n    enable_script_security\n}\n"
    assert told(conf(150, top=top), "V035", "V051", "V078") == [
        ("V035", "vrrp_script chk_squid is dropped: keepalived finds no user to run it as", 7)
    ]


def test_a_weight_that_is_taken_off_leaves_no_unused_script_besides() -> None:
    text = conf(255, track="chk_squid weight -10")
    assert [rule for rule, _, _ in told(text, "V023", "V029")] == ["V029"]


def test_the_same_of_several_nodes_is_one_finding_by_whatever_name() -> None:
    nodes = [
        Node(n, f"{n}.conf", parse_text(conf(p, "nopremt\nadvert_int 0.4", name=f"VI_{n}"), f"{n}.conf"))
        for n, p in (("a", 150), ("b", 100))
    ]
    found = [f for f in check(Cluster(nodes)) if f.rule in ("V040", "V011")]
    assert [(f.rule, [place.node for place in f.places]) for f in found] == [
        ("V011", ["a", "b"]),
        ("V040", ["a", "b"]),
    ]
