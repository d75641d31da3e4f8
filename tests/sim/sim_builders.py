"""Small clusters for tests: two routers on one LAN, their configuration as text."""

from __future__ import annotations

from pathlib import Path

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text


def conf(priority: int, state: str = "BACKUP", extra: str = "", vip: str = "192.168.2.100/24") -> str:
    return f"""
vrrp_instance V1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    {extra}
    virtual_ipaddress {{ {vip} }}
}}
"""


def two_routers(
    folder: Path, r1: str, r2: str, *, actions: str = "[]", duration_s: float = 20, more: str = ""
) -> Scenario:
    """r1 and r2 with those configurations, one client that pings the virtual address."""
    (folder / "r1.conf").write_text(r1)
    (folder / "r2.conf").write_text(r2)
    text = f"""
name: two-routers
duration_s: {duration_s}
segments: {{lan: {{subnet: 192.168.2.0/24}}}}
servers:
  r1: {{config: r1.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.251/24]}}}}}}
  r2: {{config: r2.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.252/24]}}}}}}
clients:
  pc:
    segment: lan
    addresses: [192.168.2.10/24]
    probes: [{{kind: icmp, target: 192.168.2.100, every_s: 0.02}}]
actions: {actions}
{more}
"""
    return scenario_from_text(text, folder)
