"""Writes what is made of vrrplab/scenario/keys.py: docs/scenario.md and docs/scenario.schema.json.

python tools/scenario_page.py            writes both
python tools/scenario_page.py --check    exit code 1 if one of them is stale
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import cell, keep, table  # noqa: E402
from vrrplab.scenario import schema  # noqa: E402
from vrrplab.scenario.keys import ALL_SECTIONS, Key, Section, action_section  # noqa: E402
from vrrplab.scenario.yaml_nodes import MOST_S  # noqa: E402
from vrrplab.trace.vocabulary import Act  # noqa: E402

PAGE = ROOT / "docs" / "scenario.md"
SCHEMA = ROOT / "docs" / "scenario.schema.json"
MADE = "Made by tools/scenario_page.py from vrrplab/scenario/keys.py. Do not edit."

TITLE = f"# Scenario files\n\n<!-- {MADE} -->\n"

FIRST = """
A scenario is a small network, one keepalived.conf a server, and timed actions. This one is whole; the two
files that it names come with vrrplab:

```yaml
name: cable-pulled
duration_s: 20
segments:
  lan: {subnet: 192.168.2.0/24}
  wan: {subnet: 203.0.113.0/24}
servers:
  proxy-serv01:
    config: article/proxy-serv01.conf
    interfaces:
      eth0: {segment: lan, addresses: [192.168.2.251/24]}
      eth1: {segment: wan, addresses: [203.0.113.251/24]}
    services: {squid: {port: 3128}}
  proxy-serv02:
    config: article/proxy-serv02.conf
    interfaces:
      eth0: {segment: lan, addresses: [192.168.2.252/24]}
      eth1: {segment: wan, addresses: [203.0.113.252/24]}
    services: {squid: {port: 3128}}
clients:
  pc:
    segment: lan
    addresses: [192.168.2.10/24]
    probes: [{kind: icmp, target: 192.168.2.101, every_s: 0.02}]
actions:
- {at_s: 10, action: carrier_down, server: proxy-serv01, interface: eth0}
expect:
- {at_s: 15, owner: {192.168.2.101: proxy-serv02}}
- {outage: {target: 192.168.2.101, at_most_s: 3.7}}
```
"""

TO_DO = (
    ("run it", "`vrrplab simulate cable-pulled.yaml`, or `-` for standard input"),
    (
        "check what it expects, in CI",
        "`vrrplab simulate --check cable-pulled.yaml`: exit code 1 when something fails",
    ),
    ("see the scenarios that come with vrrplab", "`vrrplab simulate --list`"),
    (
        "make one of your own configurations",
        "`vrrplab scenario a.conf b.conf --out cluster.yaml`: networks and addresses that no file names are"
        " assumed, and told in comments on top",
    ),
    (
        "have it in one file",
        "`vrrplab scenario --text …`, or `config: |` with the text of the keepalived.conf below it",
    ),
    (
        "be helped by an editor",
        f"put `{schema.MODELINE}` on top: every key is offered, explained and checked while you type (VS Code"
        " with its YAML extension, and whatever speaks to yaml-language-server)",
    ),
    (
        "have the schema without network",
        "`vrrplab simulate --schema --out scenario.schema.json`, and"
        " `# yaml-language-server: $schema=scenario.schema.json` on top",
    ),
)

ABOUT = """
A mistake is told with file, line and the nearest valid word. Times are seconds, to the microsecond, at
most a year. Addresses are IPv4 or IPv6. What happens in a run is a trace: [trace.md](trace.md) has its
events, and what each action changes and mends. Files are YAML 1.2, at most as large as
[limits.md](limits.md) says.

- [Servers of different daemons](#servers-of-different-daemons),
  [networks, cards and routers](#networks-cards-and-routers),
  [the host and what is tracked](#the-host-and-what-is-tracked), [when a seed decides](#when-a-seed-decides)
"""

REST = """- [Action](#action): [all actions](#all-actions) and [their keys](#their-keys)

## Servers of different daemons

Servers need not run the same. `profile` under a server is the behaviour of its own daemon, for a rolling
upgrade or an RFC router beside keepalived; `--profile` replaces the scenario's, not those. An FRR router
has `frr` instead of `config`: the text of its running configuration, of which the `vrrp` lines count, or
keys ([how FRR and keepalived get on](interop.md)):

```yaml fragment
servers:
  r1:
    config: lesson-two-routers/r1.conf
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.251/24]}}
  r2:
    config: lesson-two-routers/r2.conf
    profile: keepalived-2.4.3
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.252/24]}}
  r3:
    profile: frr-10.3  # frr-8.4.4 unless given
    frr: |
      interface eth0
       vrrp 7 priority 176
       vrrp 7 ip 192.168.2.1
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.253/24]}}
  r4:
    frr: {interface: eth0, vrid: 7, priority: 120, addresses: [192.168.2.1]}
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.254/24]}}
```

FRR has no tracking, no FAULT and no owner: it stays MASTER whatever happens to its interface, and only
its silence tells. Its macvlan has the addresses all the time, so over IPv4 a BACKUP's Linux answers ARP
for them too (measured).

## Networks, cards and routers

Routers join segments: they are the default route of every server and client there, forward unicast only,
and have a neighbour cache of their own, stale after a failover until gratuitous ARP comes. A client
believes an ARP entry for 30 s after the last answer, then asks again.

Cards may be made on others (`parent`, `kind`): without a parent's carrier they have none.
`interface_delete` takes a card away, `interface_add` brings one of the server's `interfaces`, set up and
with the addresses that stand there, as network scripts do it; leave `addresses` out for a bare one. A
card that is added before it was ever deleted is not there from the start, and the daemon waits for it
with `dynamic_interfaces` only.

## The host and what is tracked

What a daemon tracks besides interfaces and scripts is changed by `file_write`, `process_count`,
`bfd_down` and `bfd_up`: until then a tracked file holds what `init_file` says or is not there, as many
processes run as the quorum asks for, and sessions are up. Of one moment with the daemon's start they are
what it finds. `virtual_routes` and `virtual_rules` come and go with the state of their instance; `vrrplab
simulate --format story` shows `ip route` and `ip rule`.

A check takes `script_run_s`; a script that names a service, or its port, follows that service, others
succeed until `check_fail`. A reload takes 0.01 s. A killed child is back after 0.015 s (killed again
within a minute: after 1, 2, 4 … up to 60 s), any other start of a daemon takes no time. A server that
loses power keeps nothing: on `power_on` it has its configured addresses only, its services run, and its
daemon is started.

## When a seed decides

Actions of one moment happen in the order of the file; at one moment packets come before timers.
Everything else that chance decides comes from `seed`: the same seed makes the same trace, byte for byte.
Where reality is a toss of a coin (equal BACKUPs of one moment, MASTERs that reject each other) the table
says `? … either a or b (this run drew b)`, the trace has an `undecided` event, and another `--seed` may
draw the other.

## Keys

Each example is a line of a scenario that runs: [the one at the end](#the-scenario-of-the-examples), with
this key in its place. "Needed" keys have no default.
"""

ACTION = """
### action

Something that happens to the network at a moment. Every action has `at_s` and `action`, and the keys of its
row.

#### all actions

| action | keys | optional keys | in reality | example |
|---|---|---|---|---|
"""

ACTION_KEYS = """
#### their keys

A key means the same in every action, unless the table names actions. In a `segment_heal` it names what is
healed, whatever its value; without any, all is.

"""

ENDING = """
## The scenario of the examples

```yaml
{}```
"""

HEADINGS = ("key", "type and unit", "range", "default", "meaning", "example")

# The examples of keys are laid into this one, each in its place.
GROUND = """\
name: examples
duration_s: 6
segments:
  lan: {subnet: 192.168.2.0/24}
  wan: {subnet: 203.0.113.0/24}
servers:
  a:
    config: |
      vrrp_script chk_squid {
          script "/usr/sbin/squid -k check"
          interval 1
      }
      track_file health {
          file /run/health
          weight 1
      }
      vrrp_track_process web {
          process nginx
          weight 10
      }
      bfd_instance peer {
          neighbor_ip 192.168.2.252
      }
      vrrp_instance V1 {
          interface eth0
          virtual_router_id 1
          priority 150
          virtual_ipaddress {
              192.168.2.100
          }
          track_script {
              chk_squid
          }
          track_file {
              health
          }
          track_process {
              web
          }
          track_bfd {
              peer weight 10
          }
      }
    interfaces:
      eth0: {segment: lan, addresses: [192.168.2.251/24]}
      eth1: {segment: wan, addresses: [203.0.113.251/24]}
      eth1.5: {segment: wan, parent: eth1, kind: vlan}
    services:
      squid: {port: 3128}
  b:
    config: |
      vrrp_instance V1 {
          interface eth0
          virtual_router_id 1
          priority 100
          virtual_ipaddress {
              192.168.2.100
          }
      }
    interfaces:
      eth0: {segment: lan, addresses: [192.168.2.252/24]}
  c:
    frr: {interface: eth0, vrid: 7, addresses: [192.168.2.107]}
    interfaces:
      eth0: {segment: lan, addresses: [192.168.2.253/24]}
routers:
  r1: {interfaces: {lan: 192.168.2.1/24, wan: 203.0.113.1/24}}
clients:
  pc:
    segment: lan
    addresses: [192.168.2.10/24]
    probes:
    - {kind: icmp, target: 192.168.2.100, every_s: 0.1}
dns: {proxy: [192.168.2.100]}
actions:
- {at_s: 5, action: link_down, server: a, interface: eth0}
expect:
- {at_s: 4.5, owner: {192.168.2.100: a}}
- {outage: {target: 192.168.2.100, at_most_s: 4}}
"""

Place = tuple[str | int, ...]
PLACES: dict[str, Place] = {
    "scenario": (),
    "segment": ("segments", "lan"),
    "server": ("servers", "a"),
    "interface": ("servers", "a", "interfaces", "eth0"),
    "host": ("servers", "a", "host"),
    "service": ("servers", "a", "services", "squid"),
    "FRR router": ("servers", "c", "frr"),
    "router": ("routers", "r1"),
    "client": ("clients", "pc"),
    "probe": ("clients", "pc", "probes", 0),
    "expectation": ("expect", 0),
    "outage": ("expect", 1, "outage"),
}
ELSEWHERE: dict[tuple[str, str], Place] = {
    ("server", "frr"): ("servers", "c"),
    ("interface", "parent"): ("servers", "a", "interfaces", "eth1.5"),
    ("interface", "kind"): ("servers", "a", "interfaces", "eth1.5"),
}
SHOWN_OPTIONAL = {  # by the example of an action, besides what it needs
    Act.SEGMENT_FAULT: ("loss",),
    Act.DAEMON_KILL: ("process",),
    Act.CHECK_FAIL: ("script",),
}
OTHER_EXAMPLES: dict[Act, dict[str, Any]] = {
    Act.INTERFACE_ADD: {"interface": "eth1.5"},
    Act.INTERFACE_DELETE: {"interface": "eth1"},
    Act.ADDRESS_ADD: {"address": "192.168.2.110/24"},
}


def ground() -> dict[str, Any]:
    """The scenario that examples are laid into, as plain values."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(GROUND)
    return found


def examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every example of a key and of an action: what it is of, and the whole scenario with it."""
    start = ground()
    for section in ALL_SECTIONS:
        for name, key in section.keys.items():
            whole = copy.deepcopy(start)
            place = ELSEWHERE.get((section.name, name), PLACES[section.name])
            _lay(whole, place, {name: copy.deepcopy(key.example)})
            yield f"{section.name}.{name}", whole
    for act in Act:
        yield str(act), {**copy.deepcopy(start), "actions": [_action_example(act)], "expect": []}
        if act.may:
            every = {**_action_example(act), **_values(act, act.may)}
            yield f"{act} with all keys", {**copy.deepcopy(start), "actions": [every], "expect": []}


def _lay(whole: dict[str, Any], place: Place, more: dict[str, Any]) -> None:
    """Put keys in their place; what is a mapping on both sides is joined, all else replaced."""
    there: Any = whole
    for step in place:
        there = there.setdefault(step, {}) if isinstance(there, dict) else there[step]
    _join(there, more)


def _join(there: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(there.get(key), dict):
            _join(there[key], value)
        else:
            there[key] = value


def _action_example(act: Act) -> dict[str, Any]:
    return _values(act, ("at_s", "action", *act.needs, *SHOWN_OPTIONAL.get(act, ())))


def _values(act: Act, names: tuple[str, ...]) -> dict[str, Any]:
    keys = action_section(act).keys
    return {name: OTHER_EXAMPLES.get(act, {}).get(name, keys[name].example) for name in names}


def flow(value: Any) -> str:
    """A value in one line, as a scenario has it."""
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = True
    writer.width = 10_000
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = StringIO()
    writer.dump({"key": value}, stream)
    return stream.getvalue().strip().removeprefix("{key: ").removesuffix("}")


def page() -> str:
    """The text of docs/scenario.md."""
    names = (f"[{s.name}](#{s.name.lower().replace(' ', '-')})" for s in ALL_SECTIONS)
    to_do = table("to", "do") + "".join(map(_line, TO_DO))
    return "".join(
        (
            TITLE,
            FIRST,
            f"\n{to_do}",
            ABOUT,
            f"- Keys: {', '.join(names)}\n",
            REST,
            *(_section(section) for section in ALL_SECTIONS),
            ACTION,
            *(_action(act) for act in Act),
            ACTION_KEYS,
            _action_keys(),
            ENDING.format(GROUND),
        )
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    return table(*HEADINGS) + "".join(map(_line, rows))


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(cell, cells))} |\n"


def _section(section: Section) -> str:
    rows = [_row(section, name) for name in section.keys]
    return f"\n### {section.name}\n\n{section.meaning}\n\n{_table(rows)}"


def _row(section: Section, name: str) -> tuple[str, ...]:
    key = section.keys[name]
    default = schema.default_of(section, name)
    said = "*needed*" if key.needed else key.otherwise
    if default is not None and default != "":
        said = f"`{flow(default)}`"
    example = f"`{name}: {flow(key.example)}`"
    kind = ", ".join(filter(None, (key.kind.words, schema.unit_of(name))))
    return f"`{name}`", kind, _range(key), said, key.meaning, example


def _range(key: Key) -> str:
    """What its schema allows, in words; the bounds of all times are said once."""
    allowed = key.kind.schema
    if "enum" in allowed:
        return ", ".join(f"`{word}`" for word in allowed["enum"]) if len(allowed["enum"]) < 20 else ""
    low, high = allowed.get("minimum"), allowed.get("maximum")
    if high == MOST_S:
        return f"from {low}" if low and low > 1e-6 else "more than 0" if low else ""
    if high is not None:
        return f"{low} to {high}" if high < 2**63 else f"{low} to 2^63"
    least = allowed.get("minItems") or allowed.get("minProperties")
    return f"{least} at least" if least else ""


def _action(act: Act) -> str:
    needs, may = (", ".join(f"`{name}`" for name in names) for names in (act.needs, act.may))
    section = action_section(act)
    return _line((f"`{act}`", needs, may, section.meaning, f"`{flow(_action_example(act))}`"))


def _action_keys() -> str:
    """Each key once, and once more where it is another kind of thing."""
    found: dict[tuple[str, str], list[tuple[Act, Section]]] = {}
    for act in Act:
        section = action_section(act)
        for name, key in section.keys.items():
            if act is not Act.SEGMENT_HEAL or key.needed:
                found.setdefault((name, key.kind.words), []).append((act, section))
    names = [name for name, _ in found]
    rows = []
    for (name, _), places in found.items():
        optional = [(act, section) for act, section in places if not section.keys[name].needed]
        key, *others = _row((optional or places)[0][1], name)
        if names.count(name) > 1:
            key += f" ({', '.join(act for act, _ in places)})"
        if optional and len(optional) < len(places):
            others[2] += f" ({', '.join(act for act, _ in optional)}; else *needed*)"
        rows.append((key, *others))
    return _table(rows)


def main(arguments: list[str]) -> int:
    return keep("scenario_page.py", {PAGE: page(), SCHEMA: schema.text()}, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
