"""One line of ``virtual_routes``, ``virtual_rules``, ``static_routes`` or ``static_rules``.

The words are those of ``ip route add`` and ``ip rule add``. A line with a mistake is dropped whole, with the
daemon's remark (2.2.7, measured).
"""

from __future__ import annotations

from collections.abc import Iterator

from vrrplab.config.address_syntax import Address, parse_address
from vrrplab.config.blocks import Words
from vrrplab.config.drafts import FileDraft
from vrrplab.config.numbers import UINT_MAX, read_unsigned
from vrrplab.config.options import plain
from vrrplab.config.routes import DEFAULT, MAIN, NextHop, VirtualRoute, VirtualRule

_KINDS = ("unicast", "local", "broadcast", "anycast", "multicast", "throw", "unreachable", "prohibit")
_TYPES = frozenset((*_KINDS, "blackhole", "nat"))
_WITHOUT_WAY = frozenset(("blackhole", "unreachable", "prohibit", "throw"))
_SCOPES = {"global": "", "0": "", "link": "link", "253": "link", "host": "host", "254": "host"}
_SCOPES |= {"site": "site", "200": "site", "nowhere": "nowhere", "255": "nowhere"}
_TABLES = {"254": MAIN, "253": "default", "255": "local"}
# what changes nothing in which way a packet takes here
_UNUSED_OF_ROUTE = """
    as from tos dsfield mtu advmss hoplimit rtt rttvar reordering window cwnd ssthresh realms rto_min initcwnd
    initrwnd quickack congctl pref expires features encap vrf fastopen_no_cookie track_group
"""
_UNUSED_OF_RULE = """
    tos dsfield realms uidrange tun_id ip_proto ipproto sport dport protocol track_group suppress_prefixlength
    suppress_ifgroup
"""
FIRST_AUTOMATIC_PRIORITY = 16384


class Mistake(Exception):
    """The line cannot be used; its text is the daemon's remark."""


class _Words:
    """The words of a line, one after the other."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._next = 0

    def __iter__(self) -> Iterator[str]:
        while self._next < len(self._words):
            self._next += 1
            yield self._words[self._next - 1]

    def value(self, option: str) -> str:
        if self._next == len(self._words):
            raise Mistake(f"{option} is missing a value")
        self._next += 1
        return self._words[self._next - 1]

    def skip(self, word: str) -> None:
        if self._next < len(self._words) and self._words[self._next] == word:
            self._next += 1


def read_route(draft: FileDraft, words: Words) -> VirtualRoute | None:
    """The route of a line, or None when the daemon drops it."""
    try:
        return _route(draft, _Words(words))
    except Mistake as mistake:
        draft.diagnostics.report("route", str(mistake), f"{mistake}; the route is dropped")
        return None


def _route(draft: FileDraft, words: _Words) -> VirtualRoute:
    report = draft.diagnostics.report
    destination, family, kind, source = "", 0, "unicast", ""
    table, scope, protocol, metric, tracked = MAIN, "", "", 0, True
    ways: list[list[str]] = [["", "", "1"]]  # via, interface, weight

    def agreed(address: Address | None, what: str, text: str) -> str:
        nonlocal family
        if address is None:
            report("route", f"VRRP parsed invalid IP {text}. skipping IP...")
            raise Mistake(what)
        if family and address.family != family:
            raise Mistake("Cannot mix IPv4 and IPv6 addresses for route")
        family = address.family
        return address.text

    for word in words:
        if word in ("via", "gw", "or"):
            if word != "via":
                instead = "via" if word == "gw" else "nexthop"
                report("deprecated", f'"{word}" for routes is deprecated. Please use "{instead}"')
            text = words.value(word)
            if text in ("inet", "inet6"):
                text = words.value(word)
            if word == "or":
                ways.append(["", "", "1"])
            ways[-1][0] = agreed(parse_address(text), f"invalid route via address {text}", text)
        elif word == "nexthop":
            ways = [*ways, ["", "", "1"]] if any(ways[-1][:2]) else ways
        elif word in ("dev", "oif"):
            ways[-1][1] = words.value(word)
            draft.names_interface(ways[-1][1])
        elif word == "weight":
            ways[-1][2] = str(_number(draft, words.value(word), "Invalid weight {} specified for route", 256))
        elif word == "src":
            text = words.value(word)
            source = agreed(parse_address(text), f"invalid route src address {text}", text)
        elif word == "table":
            table = _table(words.value(word), "route")
        elif word in ("metric", "priority", "preference"):
            metric = _number(draft, words.value(word), "Invalid metric {} specified for route")
        elif word == "scope":
            text = words.value(word)
            if text not in _SCOPES:
                raise Mistake(f"Scope {text} not found or invalid for route")
            scope = _SCOPES[text]
        elif word in ("protocol", "proto"):
            protocol = words.value(word)
        elif word == "no_track":
            tracked = False
        elif word in ("inet", "inet6"):
            family = 6 if word == "inet6" else 4
        elif word in _TYPES:
            kind = word
        elif word in _UNUSED_OF_ROUTE.split():
            words.skip("lock")
            words.value(word)
            words.skip("lock")
        elif word not in ("to", "onlink", "pervasive", "append"):
            if word == "default":
                destination = word
                continue
            host, slash, length = word.partition("/")
            address = parse_address(host)
            agreed(address, f"unknown route keyword {word}", word)
            destination = _with_prefix(draft, host, length if slash else None)
    if not destination:
        raise Mistake("Route must have a destination")
    hops = tuple(NextHop(via, interface, int(weight)) for via, interface, weight in ways if via or interface)
    if tracked and protocol not in ("", "keepalived", "18"):
        report(
            "route",
            "Route cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol",
            "a tracked route has the protocol keepalived",
        )
        protocol = ""
    if destination == "default":
        shown, destination = destination, DEFAULT[family or 4]
    else:
        shown = destination
    if tracked and not (len(hops) == 1 and hops[0].interface):
        tracked = False
        report(
            "route",
            f"Warning - cannot track route {shown} with no interface specified, not tracking",
            f"the route {shown} names no interface (dev), so its loss is not noticed",
        )
    return VirtualRoute(
        destination,
        () if kind in _WITHOUT_WAY else hops,
        kind,
        source,
        table,
        metric,
        scope,
        protocol or "keepalived",
        tracked,
    )


def _with_prefix(draft: FileDraft, host: str, length: str | None) -> str:
    widest = 128 if ":" in host else 32
    prefix: int | None = widest
    if length is not None:
        prefix = plain(draft, read_unsigned(length, 0, widest, lenient=True))
        if prefix is None:
            text = f"Invalid address prefix len {length} for address {host}/{length} - using {widest}"
            draft.diagnostics.report("vip-prefix", text, f"'/{length}' is no prefix length for {host}")
            prefix = widest
    address = parse_address(host)
    return f"{address.text if address else host}/{prefix}"


def _table(text: str, what: str) -> str:
    text = _TABLES.get(text, text)
    if not text.isdecimal() and text not in _TABLES.values():
        raise Mistake(f"Routing table {text} not found for {what}")
    return text


def _number(draft: FileDraft, text: str, remark: str, most: int = UINT_MAX) -> int:
    value = plain(draft, read_unsigned(text, 0, most, lenient=False))
    if value is None:
        raise Mistake(remark.format(text))
    return value


def read_rule(draft: FileDraft, words: Words) -> VirtualRule | None:
    """The rule of a line, or None when the daemon drops it."""
    try:
        return _rule(draft, _Words(words))
    except Mistake as mistake:
        draft.diagnostics.report("rule", str(mistake), f"{mistake}; the rule is dropped")
        return None


def _rule(draft: FileDraft, words: _Words) -> VirtualRule:
    report = draft.diagnostics.report
    family, priority, mark, negated, tracked = 0, -1, 0, False, True
    ends, cards, table, action = {"from": "", "to": ""}, {"iif": "", "oif": ""}, "", ""
    for word in words:
        if word in ends:
            text = words.value(word)
            if text in ("all", "any", "default"):
                continue
            host, slash, length = text.partition("/")
            address = parse_address(host)
            if address is None:
                report("rule", f"VRRP parsed invalid IP {text}. skipping IP...")
                raise Mistake(f"Invalid rule {word} address {text}")
            if family and address.family != family:
                raise Mistake("rule specification has mixed IPv4 and IPv6")
            family = address.family
            ends[word] = _with_prefix(draft, host, length if slash else None)
        elif word in ("table", "lookup"):
            table = _table(words.value(word), "rule")
        elif word in ("priority", "preference", "order", "pref"):
            priority = _number(draft, words.value(word), "Invalid rule preference {} specified")
        elif word in ("iif", "dev", "oif"):
            name = words.value(word)
            cards["oif" if word == "oif" else "iif"] = name
            draft.names_interface(name)
        elif word == "fwmark":
            try:
                mark = int(words.value(word).split("/")[0], 0)
            except ValueError:
                raise Mistake("Invalid fwmark for rule") from None
        elif word == "not":
            negated = True
        elif word == "goto":
            action = f"goto {words.value(word)}"
        elif word in ("blackhole", "prohibit", "unreachable", "nop"):
            action = word
        elif word == "no_track":
            tracked = False
        elif word in ("inet", "inet6"):
            family = 6 if word == "inet6" else 4
        elif word in _UNUSED_OF_RULE.split():
            words.value(word)
        elif word not in ("type", "l3mdev"):
            raise Mistake(f"Unknown rule option {word}")
    if not table and not action:
        raise Mistake("No action specified for rule - ignoring")
    if priority < 0:
        priority = FIRST_AUTOMATIC_PRIORITY - draft.automatic_priorities
        draft.automatic_priorities += 1
        report(
            "rule",
            f"Rule has no preference specified - setting to {priority}. This is probably not what you want.",
            f"the rule has no priority and gets {priority}",
            "write priority NUMBER",
        )
    return VirtualRule(
        priority,
        family or 4,
        ends["from"],
        ends["to"],
        negated,
        cards["iif"],
        cards["oif"],
        mark,
        table,
        action,
        tracked,
    )
