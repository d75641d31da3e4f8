"""What follows from another mistake is not told beside it."""

from __future__ import annotations

import pytest

from vrrplab.config.reader import parse_text
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import CHECK, conf
from vrrplab.rules.model import Finding, Severity
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


def test_no_pause_between_arp_frames_is_what_its_author_means() -> None:
    """0 stands in keepalived's own samples; the daemon complains, and does what is meant."""
    for value, severity in (("0", Severity.INFO), ("-1", Severity.WARNING)):
        text = conf(150, top=f"global_defs {{\n    vrrp_garp_interval {value}\n}}\n")
        nodes = [Node("a", "a.conf", parse_text(text, "a.conf", host_id="a"))]
        found = [f.severity for f in check(Cluster(nodes)) if f.rule == "V040"]
        assert found == [severity]


def test_authentication_that_strict_mode_forbids_is_not_cured_by_version_2() -> None:
    """It is version 2 already."""
    password = "authentication {\n    auth_type PASS\n    auth_pass secret\n}"
    cures = [
        [f.cure for f in check(Cluster([Node("a", "a.conf", parse_text(text))])) if f.rule == "V009"]
        for text in (
            conf(150, password, top="global_defs {\n    vrrp_strict\n}\n"),
            conf(150, f"version 3\n{password}"),
        )
    ]
    assert cures[0] == ["remove the authentication block, or vrrp_strict"]
    assert "version 2" in cures[1][0]


def test_a_connection_is_opened_by_a_shell_that_may_not_know_how() -> None:
    """keepalived's own sample; on Debian sh is dash, and the check fails for ever (measured)."""
    for line, expected in (("</dev/tcp/127.0.0.1/80", [(Severity.WARNING, False)]), ("</run/up", [])):
        text = conf(150, check=CHECK.replace("/usr/bin/pidof squid", line).replace("pidof squid", line))
        assert line in text
        nodes = [Node("a", "a.conf", parse_text(text))]
        found = [f for f in check(Cluster(nodes)) if f.rule == "V050"]
        assert [(f.severity, f.certain) for f in found] == expected
        assert [f.changes[0].new for f in found] == [f"\"/bin/bash -c '{line}'\""] * len(expected)


def test_authentication_without_a_password_wants_one() -> None:
    """``{ auth_type PASS auth_pass secret }`` on one line is an auth_type alone (measured)."""
    text = conf(150, "authentication { auth_type PASS auth_pass secret }")
    (found,) = [f for f in check(Cluster([Node("a", "a.conf", parse_text(text))])) if f.rule == "V009"]
    assert found.cure == "write auth_pass SECRET in the block, on a line of its own"


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


def of(rule: str, *texts: str) -> list[Finding]:
    """What one rule finds in the files of nodes a, b, …"""
    nodes = [
        Node(name, f"{name}.conf", parse_text(text, f"{name}.conf"))
        for name, text in zip("abc", texts, strict=False)
    ]
    return [finding for finding in check(Cluster(nodes)) if finding.rule == rule]


@pytest.mark.parametrize(
    ("password", "sign"),
    [("v!p12", "!"), ("ab#cd", "#"), ('"v!p12"', ""), ("secret # ours", ""), ("vp12", "")],
)
def test_a_comment_that_begins_inside_a_password(password: str, sign: str) -> None:
    """Measured: of ``v!p12`` the daemon has the password ``v``."""
    found = of("V008", conf(150, f"authentication {{\n    auth_type PASS\n    auth_pass {password}\n}}"))
    assert [finding.message for finding in found] == [
        f"VI_1: the {sign} in auth_pass begins a comment: the password ends before it"
    ] * bool(sign)
    assert not any(password in finding.message for finding in found)


@pytest.mark.parametrize(
    ("command", "told_of"),
    [
        ("/usr/bin/killall -0 keepalived", True),
        ("/usr/bin/systemctl is-active keepalived.service", True),
        ("/usr/bin/pgrep -x keepalived", True),
        ("/usr/bin/killall -0 squid", False),
        ("/usr/bin/pgrep -f squid keepalived", False),
        ("/etc/keepalived/check keepalived", False),
    ],
)
def test_a_check_that_looks_for_keepalived_never_fails(command: str, told_of: bool) -> None:
    found = of("V038", conf(150, check=CHECK.replace("/usr/bin/pidof squid", command)))
    assert ["it looks for keepalived" in finding.message for finding in found] == [True] * told_of


@pytest.mark.parametrize(
    ("line", "told_of"),
    [
        ("notify_master /etc/keepalived/notify.sh master", True),
        ("notify_backup /etc/keepalived/notify.sh BACKUP", True),
        ('notify_master "/etc/keepalived/notify.sh master"', False),
        ("notify_master /etc/keepalived/notify.sh www-data", False),
    ],
)
def test_an_argument_where_the_user_of_a_notify_script_stands(line: str, told_of: bool) -> None:
    """The daemon: Script user 'master' does not exist; Invalid user/group for notify script."""
    found = of("V041", conf(150, line), conf(100, line))
    assert ["is the user to run it as" in finding.message for finding in found] == [True] * told_of
    assert all(len(finding.places) == 2 for finding in found)
