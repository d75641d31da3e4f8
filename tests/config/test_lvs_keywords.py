"""The load balancer's blocks: read over, and only what keepalived does not know is told, as it tells it."""

from __future__ import annotations

from vrrplab import simulate
from vrrplab.config.reader import parse_text
from vrrplab.scenario.from_configs import scenario_from_configs

VRRP = """vrrp_instance V {
    interface eth0
    virtual_router_id 5
    virtual_ipaddress {
        10.0.0.9/24
    }
}
"""
LVS = """virtual_server 10.0.0.9 80 {
    delay_loop 6
    lb_algo rr
    lb_kind NAT
    nat_mask 255.255.255.0
    protocol TCP
    real_server 10.0.0.2 80 {
        weight 1
        connetc_port 80
        TCP_CHECK {
            connect_timeout 3
            nb_get_retry 3
        }
        HTTP_GET {
            url {
                path /
                code 200
            }
            nb_get_retry 3
        }
    }
}
virtual_server_group web {
    10.0.0.9 80
}
"""


def test_only_unknown_words_are_told_as_the_daemon_tells_them() -> None:
    """Measured with keepalived 2.2.7 -t on this text."""
    node = parse_text(LVS + VRRP, "a.conf", log_file="a.conf")
    assert [warning.log for warning in node.warnings if warning.log] == [
        "(a.conf: Line 5) Unknown keyword 'nat_mask'",
        "(a.conf: Line 9) Unknown keyword 'connetc_port'",
        "(a.conf: Line 12) Unknown keyword 'nb_get_retry'",
        "(a.conf: Line 17) Unknown keyword 'code'",
        "(a.conf: Line 19) nb_get_retry is deprecated - please use 'retry'",
    ]
    assert all(warning.checker for warning in node.warnings if warning.log)
    assert [warning.hint for warning in node.warnings if warning.source.line == 9] == [
        # connect_port belongs to the checks; no word of a real_server is like it
        "take it out: keepalived ignores it"
    ]


def test_words_outside_are_told_once_a_process_as_before() -> None:
    node = parse_text(f"colour red\n{LVS}{VRRP}", "a.conf")
    told = [warning.log for warning in node.warnings if "colour" in warning.log]
    assert told == [
        "(Line 1) Unknown keyword 'colour'",
        "(/etc/keepalived/keepalived.conf: Line 1) Unknown keyword 'colour'",
    ]


def test_the_vrrp_process_says_nothing_of_them(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.conf").write_text(LVS + VRRP)
    trace = simulate(scenario_from_configs([tmp_path / "a.conf"]), until_s=6)
    lines = [event.fields["line"] for event in trace.events if event.event == "log"]
    assert lines
    assert not any("Unknown keyword" in line for line in lines)
