"""The article's way of telling a drill: what was done, then the keepalived lines of both servers side by
side, and ``ip a show`` of the interface on each.
"""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any

from vrrplab.output.terminal import printable
from vrrplab.tell.words import action_in_words, wrap
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, AddressAddedEvent, AddressRemovedEvent, InterfaceEvent, LogEvent
from vrrplab.trace.vocabulary import POWER, Act
from vrrplab.units import Micros, format_s
from vrrplab.wire.addresses import is_link_local

NARROW = 80


def render(trace: Trace, width: int = NARROW) -> str:
    """The story as text, ``width`` columns wide; of each server the interface that its instances use."""
    servers = trace.servers
    if not servers:
        return "Nothing happened in this trace.\n"
    lines = [printable(trace.name), "=" * min(len(trace.name), width)]
    if trace.scenario.get("description"):
        lines += wrap(printable(" ".join(str(trace.scenario["description"]).split())), width)
    actions = trace.of(ActionEvent)
    moments = sorted(dict.fromkeys(a.t_us for a in actions))
    begins = [0, *moments]
    ends = [*moments, trace.end_us + 1]
    for begin_us, end_us in zip(begins, ends, strict=True):
        if end_us == begin_us:
            continue
        words = "; ".join(action_in_words(a, trace) for a in actions if a.t_us == begin_us)
        is_start = begin_us == 0 and not words
        title = f"{format_s(begin_us)} s: {words}" if not is_start else "0.000 s: keepalived starts"
        lines += ["", "", *wrap(title, width), "-" * width]
        lines += _side_by_side(trace, servers, begin_us, end_us, width)
        shown = end_us - 1
        for server in servers:
            interface = _interface(trace, server)
            lines += ["", f"{server} at {format_s(shown, 1)} s$ ip a show {interface}"]
            lines += [line[:width] for line in ip_address_show(trace, server, interface, shown)]
    return "\n".join(lines) + "\n"


def _interface(trace: Trace, server: str) -> str:
    cast = trace.scenario.get("servers", {}).get(server, {})
    for instance in cast.get("instances", {}).values():
        return str(instance["interface"])
    return next(iter(cast.get("interfaces", {})), "eth0")


def _side_by_side(
    trace: Trace, servers: list[str], begin_us: Micros, end_us: Micros, width: int
) -> list[str]:
    """Log lines in order of time, one column a server."""
    column = (width - 3 * (len(servers) - 1)) // max(1, len(servers))
    rows = [" | ".join(printable(s)[:column].ljust(column) for s in servers).rstrip()]
    count = 0
    said_us: dict[tuple[str, str], Micros] = {}
    for event in trace.of(LogEvent):
        if not begin_us <= event.t_us < end_us or event.server not in servers:
            continue
        line = event.line
        if said_us.get((event.server, line)) == event.t_us:
            continue  # five gratuitous ARP at one moment read as one
        said_us[(event.server, line)] = event.t_us
        place = servers.index(event.server)
        text = wrap(printable(f"{format_s(event.t_us)} {line}"), column, "  ")
        for part in text:
            cells = [part if i == place else "" for i in range(len(servers))]
            rows.append(" | ".join(c.ljust(column) for c in cells).rstrip())
        count += 1
    return rows if count else [*rows, "(no line on any server)"]


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
        elif isinstance(event, AddressAddedEvent):
            held[event.address] = event.label
        elif isinstance(event, AddressRemovedEvent):
            held.pop(event.address, None)
    if not powered:
        return ["  (the server has no power)"]
    names = list(cast.get("interfaces", {}))
    index = names.index(interface) + 2 if interface in names else 2
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


def _address_line(address: str, label: str, interface: str, subnets: set[object]) -> str:
    if ":" in address:
        scope = "link" if is_link_local(address.partition("/")[0]) else "global"
        return f"inet6 {address} scope {scope}"
    subnet = ip_interface(address).network
    secondary = " secondary" if subnet in subnets else ""
    subnets.add(subnet)
    return f"inet {address} scope global{secondary} {label or interface}"
