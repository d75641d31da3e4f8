"""Checks that expect a shell, which keepalived does not have: what they exit with for ever, and what is told.

Exit codes are those of keepalived 2.2.7 running the line on Debian 12 (measured), where ``sleep`` runs and
/etc/passwd exists, so that a shell would have made every one of them pass.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab import simulate
from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import parse_text
from vrrplab.scenario.reader import load_scenario

TEXT = """global_defs {{
    enable_script_security
    script_user root
}}
vrrp_script chk {{
    script "{}"
    interval 1
}}
vrrp_instance V {{
    interface eth0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {{
        10.0.0.100/24
    }}
    track_script {{
        chk
    }}
}}
"""

FOR_EVER = [
    ("/usr/bin/pgrep sleep > /dev/null", ">", 2),
    ("/usr/bin/pgrep sleep | grep .", "|", 2),
    ("/usr/bin/pgrep sleep && true", "&&", 2),
    ("/usr/bin/pgrep sleep 2>&1", "2>&1", 2),
    ("/usr/bin/killall -0 sleep > /dev/null", ">", 1),
    ("/usr/bin/killall -0 sleep || exit 1", "||", 1),
    ("/bin/kill -0 `cat /run/x.pid`", "`", 1),
    ("/bin/kill -0 $(cat /run/x.pid)", "$(", 1),
    ("/bin/kill -0 $PID", "$PID", 1),
    ("/usr/bin/test -f /etc/passwd || exit 1", "||", 2),
    ("[ -f /etc/passwd ] && exit 0", "&&", 2),
    ("/usr/bin/curl -s http://127.0.0.1:1/ > /dev/null", ">", 3),
    ("/usr/bin/curl -s http://127.0.0.1:1/ | grep ok", "|", 6),
    ("/usr/bin/curl -s http://127.0.0.1:1/ || exit 1", "||", 7),
    ("/bin/ls /etc/pass*", "/etc/pass*", 2),
    ("/bin/cat /etc/passwd | grep root", "|", 1),
    ("ss -ltn | grep :80", "|", 255),
    ("/bin/true > /dev/null", ">", 0),
    ("/bin/false || true", "||", 1),
]

AS_EVER = [
    "/usr/bin/pgrep sleep",
    "/bin/sh -c 'pgrep sleep > /dev/null'",
    "/bin/sh -c 'test -f /run/down && exit 1 || exit 0'",
    "/usr/bin/curl -s http://10.0.0.1/?a=1&b=2",
    "/usr/bin/pgrep -f 'nginx: master|worker'",
    "/usr/bin/pgrep -f ^nginx$",
    "/usr/bin/pgrep -f /usr/sbin/ng.*",
]


def node_with(command: str) -> NodeConfig:
    return parse_text(TEXT.format(command), "node.conf")


def told(node: NodeConfig) -> list[str]:
    return [str(warning) for warning in node.warnings if warning.kind == "no-shell"]


@pytest.mark.parametrize(("command", "sign", "status"), FOR_EVER)
def test_a_sign_of_the_shell_is_an_argument(command: str, sign: str, status: int) -> None:
    node = node_with(command)
    assert node.script("chk").always_exits == status
    (warning,) = told(node)
    program = command.split()[0].rpartition("/")[2]
    assert f"vrrp_script chk: keepalived has no shell, so '{sign}' is an argument of {program}" in warning
    assert f"exits with {status} every time: it {'fails' if status else 'passes'} for ever" in warning
    assert warning.startswith("node.conf:6: ")
    assert "/bin/sh -c" in warning


@pytest.mark.parametrize("command", AS_EVER)
def test_what_needs_no_shell_is_left_alone(command: str) -> None:
    node = node_with(command)
    assert node.script("chk").always_exits is None
    assert told(node) == []


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("/usr/sbin/foo | grep bar", 1, "most likely exits with 1"),
        ("/etc/keepalived/check.sh > /dev/null 2>&1", None, "most likely does not look at it"),
        ("/usr/bin/pidof sleep > /dev/null", None, "one more name to look for"),
        ("/usr/bin/pidof $NAME", 1, "exits with 1"),
    ],
)
def test_where_it_depends_that_is_said(command: str, status: int | None, words: str) -> None:
    node = node_with(command)
    assert node.script("chk").always_exits == status
    assert words in told(node)[0]


@pytest.mark.parametrize(
    ("command", "told_of"),
    [("</etc/passwd", []), ("</dev/tcp/127.0.0.1/80", ["which only bash knows"])],
)
def test_a_file_to_be_opened_is_the_one_thing_that_a_shell_does(command: str, told_of: list[str]) -> None:
    """Measured: such a line is handed to /bin/sh, which opens the file; Debian's dash knows no /dev/tcp."""
    node = node_with(command)
    script = node.script("chk")
    assert (script.is_program, script.always_exits) == (True, None)
    assert [words for words in told_of if words in told(node)[0]] == told_of
    assert len(told(node)) == len(told_of)


@pytest.mark.parametrize(
    "command", ["exit 1", "[[ -f /etc/passwd ]]", "LANG=C /bin/true", "if true", "$X 3", "< /etc/passwd"]
)
def test_a_word_of_the_shell_is_no_program(command: str, tmp_path: Path) -> None:
    word = command.split()[0]
    trace = run(tmp_path, command)
    assert "finds no program" in told(node_with(command))[0]
    lines = [event.fields["line"] for event in trace if event.event == "log"]
    at = lines.index(f"Cannot find script {word} in path - disabling")
    assert lines[at + 1] == "Disabling track script chk since not found/accessible"
    assert [event for event in trace if event.event == "script"] == []
    assert trace.owner("10.0.0.100", 9) == "a"


def run(folder: Path, command: str, checks: str = ""):  # type: ignore[no-untyped-def]
    (folder / "a.conf").write_text(TEXT.format(command), encoding="utf-8")
    (folder / "s.yaml").write_text(
        "segments: {lan: {}}\nduration_s: 10\nservers:\n  a:\n    config: a.conf\n"
        "    interfaces: {eth0: {segment: lan, addresses: [10.0.0.1/24]}}\n"
        f"    services: {{sleep: {{}}}}\n{checks}"
    )
    return simulate(load_scenario(folder / "s.yaml"))


@pytest.mark.parametrize("checks", ["", "    checks: {chk: sleep}\n"])
def test_such_a_check_fails_whatever_service_it_is_to_follow(checks: str, tmp_path: Path) -> None:
    trace = run(tmp_path, "/usr/bin/pgrep sleep > /dev/null", checks)
    assert {e.fields["exit"] for e in trace if e.event == "script"} == {2}
    assert trace.owner("10.0.0.100", 9) is None
    well = run(tmp_path, "/bin/sh -c 'pgrep sleep > /dev/null'", checks)
    assert well.owner("10.0.0.100", 9) == "a"


def test_notify_scripts_have_no_shell_either() -> None:
    text = TEXT.format("/bin/true").replace("priority 150", 'notify_master "/x.sh up >> /var/log/x"')
    assert (
        "notify_master of V: keepalived has no shell, so '>>' is an argument of x.sh"
        in told(parse_text(text, "node.conf"))[0]
    )
