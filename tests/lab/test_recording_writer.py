"""A drill written down: what its recording claims of the daemon that ran, and that everybody can read it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from vrrplab.config.reader import parse_text
from vrrplab.lab.drill import DRILLS, Outcome
from vrrplab.lab.measure import Measurement
from vrrplab.lab.recording_writer import profile_of, write_recording
from vrrplab.lab.topology import KEEPALIVED, VRRPLAB, parse_routers, server_plans
from vrrplab.machine.profiles import nearest_profile
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import load_scenario
from vrrplab.units import SECOND_US


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("2.2.7", "keepalived-2.2.7"),
        ("2.4.3", "keepalived-2.4.3"),
        ("2.2.8", "keepalived-2.2.7"),
        ("2.0.20", "keepalived-2.2.7"),
        ("2.4.0", "keepalived-2.4.3"),
        ("3.0.1", "keepalived-2.4.3"),
        ("", "keepalived-2.2.7"),
    ],
)
def test_every_version_has_a_nearest_profile(version: str, name: str) -> None:
    assert nearest_profile(version).name == name


@pytest.mark.parametrize(
    ("routers", "version", "profile", "caution"),
    [
        ([KEEPALIVED], "2.2.7", "keepalived-2.2.7", ""),
        ([KEEPALIVED], "2.4.3", "keepalived-2.4.3", ""),
        ([VRRPLAB], "", "keepalived-2.2.7", ""),
        (
            [KEEPALIVED],
            "2.3.1",
            "keepalived-2.2.7",
            "there is no profile of keepalived 2.3.1: the nearest known one is keepalived-2.2.7",
        ),
        ([KEEPALIVED, VRRPLAB], "2.4.3", "keepalived-2.4.3", "vrrplab behaved like keepalived-2.2.7"),
        (
            [KEEPALIVED],
            "",
            "keepalived-2.2.7",
            "keepalived did not tell its version: its profile is a guess, keepalived-2.2.7",
        ),
    ],
)
def test_a_recording_names_the_profile_of_the_daemon_that_ran(
    routers: list[str], version: str, profile: str, caution: str
) -> None:
    assert profile_of(routers, version) == (profile, caution)


def test_what_is_written_is_read_by_simulator_and_recording(tmp_path: Path) -> None:
    """Input: a drill in which nothing was seen. Output: scenario and trace, with the daemon's profile."""
    plans = server_plans(parse_routers(KEEPALIVED))
    nodes = {plan.name: parse_text(plan.config, f"{plan.name}.conf") for plan in plans}
    nothing: Any = {"frames": [], "lines": [], "addresses": [], "neighbours": [], "gaps": []}
    measured = cast("Measurement", SimpleNamespace(began_unix_ns=0, **nothing))
    actions = [{"at_us": 7_250_000, **DRILLS["lan-nic"].fault, "server": plans[0].name}]
    outcome = Outcome(DRILLS["lan-nic"], measured, actions, [], 20 * SECOND_US, None)
    facts = {
        "keepalived": "2.4.3",
        "profile": "keepalived-2.4.3",
        "note": "two servers",
        "script_run_s": 0.02,
    }
    write_recording(str(tmp_path), outcome, plans, nodes, {**facts, "script_run_s": 0.02})
    scenario = load_scenario(tmp_path / "scenario.yaml")
    assert scenario.profile == "keepalived-2.4.3"
    assert [a.as_dict() for a in scenario.actions] == [
        {"at_s": 7.25, "action": "link_down", "interface": "eth0", "server": "proxy-serv01"}
    ]
    server = scenario.servers["proxy-serv02"]
    assert server.config == "proxy-serv02.conf", "it lies beside the scenario"
    assert (server.script_run_us, server.checks) == (20_000, {"chk_squid_service": "squid"})
    assert [p.target for p in scenario.clients["office-pc"].probes[::2]] == scenario.virtual_addresses()
    trace = read_recording(tmp_path)
    assert trace.scenario["profile"] == "keepalived-2.4.3"
    assert trace.of("warning")[0].fields["text"] == "two servers"
    assert trace.end_us == 20 * SECOND_US
