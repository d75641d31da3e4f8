"""The article's way of telling a drill: what was done, then the keepalived lines of both servers side by
side, and ``ip a show`` of the interface on each; at the end, what clients missed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from contextlib import suppress
from ipaddress import ip_interface
from operator import attrgetter
from typing import Any

from vrrplab.limits import LINES_AT_ONCE
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import cut, fitted, padded
from vrrplab.output.text_columns import width as columns_of
from vrrplab.tell.lines import and_more
from vrrplab.tell.table import outage_lines
from vrrplab.tell.words import action_in_words, start_in_words, wrap
from vrrplab.trace import Trace
from vrrplab.trace.events import (
    ActionEvent,
    AddressAddedEvent,
    AddressRemovedEvent,
    InterfaceEvent,
    LogEvent,
    RouteAddedEvent,
    RouteEvent,
    RouteRemovedEvent,
    RuleAddedEvent,
    RuleRemovedEvent,
    as_table,
)
from vrrplab.trace.vocabulary import POWER, Act
from vrrplab.units import Micros, format_s
from vrrplab.wire.addresses import is_link_local

NARROW = 80
_time_of = attrgetter("t_us")


def render(trace: Trace, width: int = NARROW) -> str:
    """The story as text, ``width`` columns wide; of each server the interface that its instances use."""
    servers = trace.servers
    if not servers:
        return "Nothing happened in this trace.\n"
    lines = [*wrap(printable(trace.name), width), "=" * min(columns_of(trace.name), width)]
    if trace.scenario.get("description"):
        lines += wrap(str(trace.scenario["description"]), width)
    if trace.profiles != trace.scenario.get("profile", ""):  # not all servers run the same
        lines += wrap(printable(trace.profiles), width)
    actions = trace.of(ActionEvent)
    logs = trace.of(LogEvent)
    moments = sorted(dict.fromkeys(a.t_us for a in actions))
    begins = [0, *moments]
    ends = [*moments, trace.end_us + 1]
    for begin_us, end_us in zip(begins, ends, strict=True):
        if end_us == begin_us:
            continue
        words = "; ".join(action_in_words(a, trace) for a in actions if a.t_us == begin_us)
        is_start = begin_us == 0 and not words
        title = f"{format_s(begin_us)} s: {words}" if not is_start else f"0.000 s: {start_in_words(trace)}"
        lines += ["", "", *wrap(title, width), "-" * width]
        first, end = (bisect_left(logs, us, key=_time_of) for us in (begin_us, end_us))
        lines += _side_by_side(logs[first:end], servers, width)
        shown = end_us - 1
        for server in servers:
            lines.append("")
            for interface in (_interface(trace, server), *_made_cards(trace, server, shown)):
                lines.append(_prompt(server, shown, f"ip a show {interface}"))
                lines += [cut(line, width) for line in ip_address_show(trace, server, interface, shown)]
            for command, rows in ip_route_show(trace, server, shown):
                lines += [_prompt(server, shown, command), *(cut(row, width) for row in rows)]
    missed = outage_lines(trace)
    lines += ["", "", *missed] if missed else []
    return "\n".join(lines) + "\n"


def _prompt(server: str, at_us: Micros, command: str) -> str:
    return f"{printable(server)} at {format_s(at_us, 1)} s$ {printable(command)}"


def _interface(trace: Trace, server: str) -> str:
    cast = trace.scenario.get("servers", {}).get(server, {})
    for instance in as_table(cast.get("instances")).values():
        if instance.get("interface"):
            return str(instance["interface"])
    return next(iter(cast.get("interfaces", {})), "eth0")


def _made_cards(trace: Trace, server: str, at_us: Micros) -> list[str]:
    """The VMAC interfaces that have an address."""
    own = trace.scenario.get("servers", {}).get(server, {}).get("interfaces", {})
    seen = {e.interface for e in trace.of(AddressAddedEvent, server=server)}
    return [c for c in sorted(seen - set(own)) if len(ip_address_show(trace, server, c, at_us)) > 1]


def _side_by_side(logs: list[LogEvent], servers: list[str], width: int) -> list[str]:
    """Log lines in order of time, one column a server."""
    column = (width - 3 * (len(servers) - 1)) // max(1, len(servers))
    rows = [" | ".join(fitted(s, column) for s in servers).rstrip()]
    places = {server: place for place, server in enumerate(servers)}
    said_us: dict[tuple[str, str], Micros] = {}
    told: Counter[tuple[str, Micros]] = Counter()  # lines of one server at one moment
    left: dict[int, tuple[str, Micros]] = {}  # row -> whose lines are counted there
    more: Counter[tuple[str, Micros]] = Counter()
    for event in logs:
        line, at = event.line, (event.server, event.t_us)
        if event.server not in places or said_us.get((event.server, line)) == event.t_us:
            continue  # five gratuitous ARP at one moment read as one
        said_us[event.server, line] = event.t_us
        if told[at] >= LINES_AT_ONCE.most:
            if not more[at]:
                left[len(rows)] = at
                rows.append("")
            more[at] += 1
            continue
        text = wrap(printable(f"{format_s(event.t_us)} {line}"), column, "  ")
        told[at] += len(text)
        rows += [_in_column(part, places[event.server], len(servers), column) for part in text]
    for row, at in left.items():
        rows[row] = _in_column(cut(and_more(more[at]), column), places[at[0]], len(servers), column)
    return rows if len(rows) > 1 else [*rows, "(no line on any server)"]


def _in_column(text: str, place: int, columns: int, column: int) -> str:
    cells = [text if number == place else "" for number in range(columns)]
    return " | ".join(padded(cell, column) for cell in cells).rstrip()


def ip_address_show(trace: Trace, server: str, interface: str, at_us: Micros) -> list[str]:
    """What ``ip address show`` would print for an interface at a moment, from the trace alone."""
    cast = trace.scenario.get("servers", {}).get(server, {})
    nic: dict[str, Any] = cast.get("interfaces", {}).get(interface, {})
    up, powered, pulled = True, True, False
    held: dict[str, str] = {}
    for address in nic.get("addresses", []):
        held[str(address)] = ""
    for event in trace:
        if event.t_us > at_us:
            break
        fields = event.fields
        if isinstance(event, ActionEvent) and fields.get("server") == server:
            act = event.act
            if act and act.part == POWER:
                powered = bool(act.mends)
            if fields.get("interface") == interface:
                pulled = act is Act.CARRIER_DOWN
            if act is Act.POWER_OFF:
                held = {str(a): "" for a in nic.get("addresses", [])}
        if event.server != server or fields.get("interface") != interface:
            continue
        if isinstance(event, InterfaceEvent):
            up = event.up
        elif isinstance(event, AddressAddedEvent) and event.address:
            held[event.address] = event.label
        elif isinstance(event, AddressRemovedEvent):
            held.pop(event.address, None)
    if not powered:
        return ["  (the server has no power)"]
    names = list(cast.get("interfaces", {}))
    index = names.index(interface) + 2 if interface in names else len(names) + 2
    flags = "BROADCAST,MULTICAST"
    if up or pulled:  # without its cable it is still up for the administrator
        flags = "BROADCAST,MULTICAST,UP,LOWER_UP" if up else "NO-CARRIER,BROADCAST,MULTICAST,UP"
    lines = [f"{index}: {interface}: <{flags}> mtu 1500 state {'UP' if up else 'DOWN'}"]
    if nic.get("mac"):
        lines.append(f"    link/ether {nic['mac']} brd ff:ff:ff:ff:ff:ff")
    subnets: set[object] = set()
    for address, label in held.items():
        lines.append("    " + _address_line(address, label, interface, subnets))
    return lines


def ip_route_show(trace: Trace, server: str, at_us: Micros) -> list[tuple[str, list[str]]]:
    """Commands and what they would print of added routes and rules; none for a server that never has any."""
    tables: dict[str, list[str]] = {}
    rules: list[str] | None = None
    for event in trace.of(
        RouteAddedEvent, RouteRemovedEvent, RuleAddedEvent, RuleRemovedEvent, ActionEvent, server=server
    ):
        is_later = event.t_us > at_us
        match event:
            case ActionEvent():
                if event.act is Act.POWER_OFF and not is_later:
                    tables, rules = {name: [] for name in tables}, None if rules is None else []
            case RuleAddedEvent() | RuleRemovedEvent():
                rules = rules or []
                _take_over(rules, event, isinstance(event, RuleAddedEvent), is_later)
            case RouteAddedEvent() | RouteRemovedEvent():
                routes = tables.setdefault(event.table, [])
                _take_over(routes, event, isinstance(event, RouteAddedEvent), is_later)
    of_table = {"main": "ip route show proto keepalived"}
    shown = [(of_table.get(name, f"ip route show table {name}"), lines) for name, lines in tables.items()]
    return shown if rules is None else [*shown, ("ip rule", sorted(rules, key=_priority))]


def _take_over(lines: list[str], event: RouteEvent, added: bool, is_later: bool) -> None:
    text = event.text.replace("\t", " ")
    if is_later:
        return
    if added:
        lines.insert(0, text)
    elif text in lines:
        lines.remove(text)


def _priority(rule: str) -> int:
    return int(rule.partition(":")[0]) if rule.partition(":")[0].isdecimal() else 0


def _address_line(address: str, label: str, interface: str, subnets: set[object]) -> str:
    if ":" in address:
        scope = "link" if is_link_local(address.partition("/")[0]) else "global"
        return f"inet6 {address} scope {scope}"
    subnet: object = address
    with suppress(ValueError):  # a file may have anything in its place
        subnet = ip_interface(address).network
    secondary = " secondary" if subnet in subnets else ""
    subnets.add(subnet)
    return f"inet {address} scope global{secondary} {label or interface}"
