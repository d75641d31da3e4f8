"""The drills that formulas know: the article's, and others that differ from them in every number."""

from __future__ import annotations

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.sweeping.plan import Plan, plan_of

DRILLS = {
    "article-drill-1-lan-nic": ("12..15", "22..25"),
    "article-drill-2-wan-nic": ("12..15", "22..25"),
    "article-drill-3-squid": ("12.2..15.2", "58..61"),
}

# v3, other intervals, priorities, latency, checks that count to more than one, another start of the second
OTHER = """
name: other
duration_s: 80
profile: {profile}
segments: {{lan: {{subnet: 10.0.0.0/24, latency_s: 0.0013}}, wan: {{subnet: 10.0.1.0/24}}}}
servers:
  r1:
    config: |
      vrrp_script chk {{
        script "/bin/web-check"
        interval 2
        fall 3
        rise 2
      }}
      vrrp_instance V {{
        version {version}
        interface eth0
        virtual_router_id 7
        priority {priority}
        advert_int {advert_int}
        virtual_ipaddress {{
          10.0.0.100
        }}
        track_interface {{
          eth1
        }}
        track_script {{
          chk
        }}
      }}
    interfaces:
      eth0: {{segment: lan, addresses: [10.0.0.1/24]}}
      eth1: {{segment: wan, addresses: [10.0.1.1/24]}}
    services: {{web: {{shutdown_s: {shutdown_s}}}}}
    checks: {{chk: web}}
    script_run_s: 0.05
  r2:
    start_at_s: 8
    config: |
      vrrp_instance V {{
        version {version}
        interface eth0
        virtual_router_id 7
        priority 77
        advert_int {advert_int}
        virtual_ipaddress {{
          10.0.0.100
        }}
      }}
    interfaces:
      eth0: {{segment: lan, addresses: [10.0.0.2/24]}}
clients:
  pc:
    segment: lan
    addresses: [10.0.0.9/24]
    probes: [{{kind: icmp, target: 10.0.0.100, every_s: 0.05}}]
actions:
- {{at_s: 20, action: {fault}, server: r1, {thing}}}
- {{at_s: 50, action: {repair}, server: r1, {thing}}}
"""
VALUES = {
    "profile": "keepalived-2.2.7",
    "version": 2,
    "priority": 150,
    "advert_int": 1,
    "shutdown_s": 0,
    "fault": "carrier_down",
    "repair": "carrier_up",
    "thing": "interface: eth0",
}
SERVICE = {"fault": "service_stop", "repair": "service_start", "thing": "service: web"}
OTHERS = {
    "v3, 0.3 s": {"version": 3, "advert_int": 0.3},
    "v2, 2 s, owner": {"advert_int": 2, "priority": 255},
    "2.4.3, tracked": {"profile": "keepalived-2.4.3", "thing": "interface: eth1"},
    "service": SERVICE,
    "service, slow to end": {**SERVICE, "shutdown_s": 1.5, "version": 3, "advert_int": 0.5},
}
STARTS = ("proxy-serv01.start_at_s", "proxy-serv02.start_at_s")


def drill(name: str) -> Plan:
    scenario = load_scenario(name)
    later = scenario.changed(duration_us=scenario.duration_us + 10_000_000)
    fault, repair = DRILLS[name]
    vary = {**dict.fromkeys(STARTS, "0..1"), "actions.1.at_s": fault, "actions.2.at_s": repair}
    return plan_of(later, vary, runs=1_000_000, seed=7)


def other(**values: object) -> Scenario:
    return scenario_from_text(OTHER.format(**{**VALUES, **values}))
