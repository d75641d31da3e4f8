"""Clusters as people hand them over, each with the one thing that matters in it."""

from __future__ import annotations

from pathlib import Path

import pytest

import vrrplab
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.node_files import node_files
from vrrplab.scenario.nodes import nodes_from


def node(priority: int, weight: int, number: int) -> str:
    others = "\n".join(f"        10.0.4.1{n}" for n in (1, 2, 3) if n != number)
    return f"""
vrrp_script web {{
    script "/usr/bin/systemctl is-active haproxy"
    interval 1
    weight {weight}
}}
vrrp_instance V {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    unicast_src_ip 10.0.4.1{number}
    unicast_peer {{
{others}
    }}
    virtual_ipaddress {{
        10.0.4.100/24
    }}
    track_script {{
        web
    }}
}}
"""


@pytest.mark.parametrize(
    ("weight", "off", "owner"),
    [
        (5, (), "a"),  # 110 = 110 does not preempt
        (6, (), "b"),
        (6, ("b",), "a"),
        (11, ("b",), "c"),
    ],
)
def test_a_dead_service_loses_the_address_if_the_weight_is_large_enough(
    weight: int, off: tuple[str, ...], owner: str, tmp_path: Path
) -> None:
    for number, (name, priority) in enumerate((("a", 110), ("b", 105), ("c", 100)), 1):
        (tmp_path / f"{name}.conf").write_text(node(priority, weight, number), encoding="utf-8")
    made = scenario_of_nodes(nodes_from(node_files([tmp_path])))
    actions = [vrrplab.at(8, "power_off", server=name) for name in off]
    actions.append(vrrplab.at(10, "check_fail", server="a", script="web"))
    trace = vrrplab.simulate(made, actions=actions, until_s=30)
    assert trace.owner("10.0.4.100", 9) == "a"
    assert trace.owner("10.0.4.100", 29) == owner


BOTH = """# one file for both: keepalived -i lb1, or the host's name
$EVERY=2
$PASSWORD=\\
    authentication {\\
        auth_type PASS\\
        auth_pass 1234\\
    }
vrrp_instance V {
    @lb1 state MASTER
    @lb2 state BACKUP
    interface eth0
    virtual_router_id 51
    @lb1 priority 150
    @^lb1 priority 90
    @^lb1 nopreempt
    advert_int $EVERY
    $PASSWORD
    virtual_ipaddress {
        10.0.0.100/24
    }
}
"""


def test_one_file_of_two_hosts_is_two_nodes_with_their_own_lines(tmp_path: Path) -> None:
    file = tmp_path / "both.conf"
    file.write_text(BOTH, encoding="utf-8")
    lb1, lb2 = (n.config.instance("V") for n in nodes_from(node_files(named=[f"lb1={file}", f"lb2={file}"])))
    assert (lb1.base_priority, lb1.preempt, lb1.state) == (150, True, "MASTER")
    assert (lb2.base_priority, lb2.preempt, lb2.state) == (90, False, "BACKUP")
    assert lb1.advert_interval_us == lb2.advert_interval_us == 2_000_000
    assert lb1.authentication is not None
    assert lb1.authentication.password == b"1234"


def test_a_file_whose_lines_are_for_other_hosts_says_so_with_the_names(tmp_path: Path) -> None:
    file = tmp_path / "web.conf"
    file.write_text(BOTH.replace("@^lb1", "@lb3"), encoding="utf-8")
    (web,) = nodes_from(node_files([file]))
    (told,) = [str(w) for w in web.config.warnings if w.kind == "host-lines"]
    assert "web.conf:9: the lines for lb1, lb2, lb3 (@lb1 …) are not for web: none of them counts" in told


def test_a_file_s_first_value_counts_where_there_is_no_file(tmp_path: Path) -> None:
    """init_file 60 and weight 1: priority 160 (2.2.7, measured)."""
    text = """track_file load {
    file /run/vrrplab-test-load
    init_file 60
}
vrrp_instance V {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        10.0.0.100/24
    }
    track_file {
        load
    }
}
"""
    (tmp_path / "a.conf").write_text(text, encoding="utf-8")
    (tmp_path / "b.conf").write_text(
        text.replace("    track_file {\n        load\n    }\n", ""), encoding="utf-8"
    )
    trace = vrrplab.simulate(scenario_of_nodes(nodes_from(node_files([tmp_path]))), until_s=12)
    assert [event.fields["to"] for event in trace.events if event.event == "priority"] == [160]
    assert trace.owner("10.0.0.100", 11) == "a"
