"""Routes and rules of a keepalived.conf, as values: ``virtual_routes``, ``virtual_rules``, static ones.

``text`` methods write them as ``ip route`` and ``ip rule`` do.
"""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "main"
PROTOCOL = "keepalived"  # 18, by which its routes can be told
DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}


@dataclass(frozen=True, slots=True)
class NextHop:
    """One way of a route: a router (``via``; "": none), an interface ("": where the router is), or both."""

    via: str = ""
    interface: str = ""
    weight: int = 1


@dataclass(frozen=True, slots=True)
class VirtualRoute:
    """One line of ``virtual_routes``: ``[TYPE] DESTINATION [via IP] [dev IF] [src IP] [table T] …``."""

    destination: str  # with its prefix length; the default route is 0.0.0.0/0 or ::/0
    hops: tuple[NextHop, ...] = ()  # none: blackhole and its like
    kind: str = "unicast"
    source_address: str = ""  # src: what packets of this host bear that name no sender
    table: str = MAIN
    metric: int = 0
    scope: str = ""  # "link", "host"; "": global
    protocol: str = PROTOCOL
    tracked: bool = True  # its interface is tracked, and so is the route itself

    @property
    def family(self) -> int:
        return 6 if ":" in self.destination else 4

    @property
    def interface(self) -> str:
        """Its interface, if it names one and only one."""
        return self.hops[0].interface if len(self.hops) == 1 else ""

    def text(self, hops: tuple[NextHop, ...] = ()) -> str:
        """As ``ip route`` shows it; ``hops``: with the interfaces that the kernel found."""
        hops = hops or self.hops
        words = [] if self.kind == "unicast" else [self.kind]
        host = "/128" if self.family == 6 else "/32"
        is_default = self.destination in DEFAULT.values()
        words.append("default" if is_default else self.destination.removesuffix(host))
        if len(hops) == 1:
            words += _way(hops[0])
        words += ["proto", self.protocol]
        words += ["scope", self.scope] if self.scope else []
        words += ["src", self.source_address] if self.source_address else []
        words += ["metric", str(self.metric)] if self.metric else []
        for hop in hops if len(hops) > 1 else ():
            words += ["nexthop", *_way(hop), "weight", str(hop.weight)]
        return " ".join(words)


def _way(hop: NextHop) -> list[str]:
    via = ["via", hop.via] if hop.via else []
    return [*via, "dev", hop.interface] if hop.interface else via


@dataclass(frozen=True, slots=True)
class VirtualRule:
    """One line of ``virtual_rules``: ``[not] [from NET] [to NET] [iif IF] … table T priority N``."""

    priority: int
    family: int
    sender: str = ""  # from; "": all
    receiver: str = ""  # to; "": all
    negated: bool = False
    incoming: str = ""  # iif
    outgoing: str = ""  # oif
    mark: int = 0  # fwmark
    table: str = ""
    action: str = ""  # instead of a table: blackhole, prohibit, unreachable, goto N, nop
    tracked: bool = True

    @property
    def interface(self) -> str:
        """The interface that it is about, if any."""
        return self.incoming or self.outgoing

    def text(self) -> str:
        """As ``ip rule`` shows it."""
        words = ["not"] * self.negated + ["from", _network(self.sender)]
        words += ["to", _network(self.receiver)] if self.receiver else []
        words += ["fwmark", f"{self.mark:#x}"] if self.mark else []
        words += ["iif", self.incoming] if self.incoming else []
        words += ["oif", self.outgoing] if self.outgoing else []
        words += [self.action] if self.action else ["lookup", self.table]
        words += ["proto", PROTOCOL] if self.tracked else []  # 2.2.7, measured: only those tracked
        return f"{self.priority}:\t{' '.join(words)}"


def _network(text: str) -> str:
    return text.removesuffix("/128" if ":" in text else "/32") or "all"
