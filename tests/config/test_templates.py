"""Templates are named as such, with the line; what only looks like one is not."""

from __future__ import annotations

import pytest

from vrrplab.config.reader import parse_text
from vrrplab.config.templates import template_of
from vrrplab.errors import ConfigError

PLAIN = """$VRID=51
vrrp_script chk {
    script "docker inspect -f '{{.State.Running}}' web <x> $HOME"
}
vrrp_instance V {
    interface eth0
    virtual_router_id $VRID
    priority 100
    authentication {
        auth_type PASS
        auth_pass $ecret
    }
    virtual_ipaddress {
        10.0.0.1/24
    }
    notify_master "/bin/x $(date) ${HOST}"   # {{ note }} <NAME>
    # priority {{ prio }} $PRIO
}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "mark"),
    [
        ("priority 100", "priority {{ prio }}", 8, "filled in for '{{ prio }}'"),
        ("priority 100", "priority {{.Env.PRIO}}", 8, "filled in for '{{.Env.PRIO}}'"),
        ("priority 100", "{% if x %}priority 9{% endif %}", 8, "filled in for '{% if x %}'"),
        ("priority 100", "priority <%= @prio %>", 8, "filled in for '<%= @prio %>'"),
        ("priority 100", "priority $PRIO", 8, "nothing defines $PRIO"),
        ("priority 100", "priority ${PRIO:-100}", 8, "nothing defines ${PRIO:-100}"),
        ("10.0.0.1/24", "$VIP/24 dev eth0", 14, "nothing defines $VIP"),
        ("interface eth0", "interface <interface>", 6, "filled in for '<interface>'"),
        ("priority 100", "priority @PRIORITY@", 8, "filled in for '@PRIORITY@'"),
        ("$VRID=51\n", "\n", 7, "nothing defines $VRID"),
    ],
)
def test_a_gap_is_told_with_its_line(old: str, new: str, line: int, mark: str) -> None:
    found = template_of(PLAIN.replace(old, new, 1))
    assert found is not None
    assert found[0] == line
    assert mark in found[2]


def test_what_is_in_quotes_comments_commands_and_passwords_is_no_gap() -> None:
    assert template_of(PLAIN) is None


@pytest.mark.parametrize(
    "text",
    [
        "~SEQ(N, 1, 3) $N\n",
        "~LST({A, B}, {1, 2}) $A $B\n",
        "@lb1 $X=3\npriority $X\n",
        "dir ${_PWD}/x\n",
        "include more.conf\npriority $X\n",
    ],
)
def test_names_that_something_defines_or_may_define(text: str) -> None:
    assert template_of(text) is None


def test_what_stops_the_daemon_is_an_error_and_names_the_template() -> None:
    with pytest.raises(ConfigError) as error:
        parse_text(PLAIN.replace("$VRID=51\n", "\n"), "a.conf")
    assert str(error.value).startswith(
        "a.conf:7: is a template: nothing defines $VRID - give the file that is made"
    )
