"""The lines of a start, instance after instance: corrections, its interface's address, its VMAC, the rest.

Every list below is what keepalived 2.2.7 wrote (measured, two cards; lines about IPv6 addresses left out).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab import simulate
from vrrplab.scenario.reader import load_scenario

SCRIPT = "vrrp_script chk {\nscript /bin/true\nweight 10\n}\n"
GLOBAL = "global_defs {\nenable_script_security\nscript_user root\n}\n"
TRACKED = "track_script {\nchk\n}"
SCENARIO = """
segments: {lan: {}, wan: {}}
duration_s: 1
servers:
  a:
    config: a.conf
    missing_files: [/nonexistent/x]
    interfaces:
      eth0: {segment: lan, addresses: [10.0.0.251/24]}
      eth1: {segment: wan, addresses: [10.0.1.251/24]}
"""
ETH0, ETH1 = (
    "Assigned address 10.0.0.251 for interface eth0",
    "Assigned address 10.0.1.251 for interface eth1",
)
ROUNDED = "VRRPv2 advertisement interval 0.500000s must be an integer. rounding"
CLEARED = "Warning - nopreempt will not work with initial state MASTER - clearing"


def instance(name: str, vrid: int, card: str, more: str = "", vip: str = "10.0.0.100/24") -> str:
    return (
        f"vrrp_instance {name} {{\nstate MASTER\nnopreempt\ninterface {card}\nvirtual_router_id {vrid}\n"
        f"priority 150\nadvert_int 0.5\n{more}\nvirtual_ipaddress {{\n{vip}\n}}\n}}\n"
    )


def corrected(name: str) -> list[str]:
    return [f"({name}) {CLEARED}", f"({name}) {ROUNDED}"]


GROUP = "vrrp_sync_group G {\ngroup {\nV1\nV3\n}\n}\n"
ROWS = {
    "two on a card": (
        instance("V1", 51, "eth0") + instance("V2", 52, "eth0") + instance("V3", 53, "eth1"),
        [*corrected("V1"), ETH0, *corrected("V2"), *corrected("V3"), ETH1],
    ),
    "their own interfaces": (
        instance("V1", 51, "eth0", "track_interface {\neth0\n}")
        + instance("V3", 53, "eth1", "track_interface {\neth1\n}"),
        [
            *corrected("V1"),
            "(V1) Ignoring track_interface eth0 since own interface",
            ETH0,
            *corrected("V3"),
            "(V3) Ignoring track_interface eth1 since own interface",
            ETH1,
        ],
    ),
    "weights in a group": (
        GLOBAL + SCRIPT + GROUP + instance("V1", 51, "eth0", TRACKED) + instance("V3", 53, "eth1", TRACKED),
        [
            *corrected("V1"),
            ETH0,
            "(V1) ignoring tracked script chk with weights due to SYNC group",
            *corrected("V3"),
            ETH1,
            "(V3) ignoring tracked script chk with weights due to SYNC group",
            "Warning - script chk is not used",
        ],
    ),
    "a script that is not there": (
        GLOBAL + SCRIPT.replace("/bin/true", "/nonexistent/x") + instance("V1", 51, "eth0", TRACKED),
        [
            "Script /nonexistent/x cannot be accessed - No such file or directory",
            "Disabling track script chk since not found/accessible",
            *corrected("V1"),
            ETH0,
        ],
    ),
    "VMACs": (
        instance("V1", 51, "eth0", "use_vmac") + instance("V3", 53, "eth1", "use_vmac"),
        [
            f"(V1) {CLEARED}",
            "use_vmac or no_accept/strict specified, but no firewall configured - using nftables",
            f"(V1) {ROUNDED}",
            ETH0,
            "(V1): Success creating VMAC interface vrrp.51",
            *corrected("V3"),
            ETH1,
            "(V3): Success creating VMAC interface vrrp.53",
        ],
    ),
    "no address": (
        instance("V1", 51, "eth0", vip=""),
        [
            "(V1) No VIP specified; at least one is sensible",
            *corrected("V1"),
            ETH0,
            "(V1) No VIP specified; at least one is sensible",
        ],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_lines_of_a_start(name: str, tmp_path: Path) -> None:
    text, expected = ROWS[name]
    (tmp_path / "a.conf").write_text(text, encoding="utf-8")
    (tmp_path / "s.yaml").write_text(SCENARIO, encoding="utf-8")
    trace = simulate(load_scenario(tmp_path / "s.yaml"))
    lines = [event.fields["line"] for event in trace if event.event == "log"]
    assert lines[: len(expected)] == expected
