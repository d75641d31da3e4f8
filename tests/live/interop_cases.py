"""The pairs and trios of daemons that are put on a LAN together, and what is expected of each."""

from __future__ import annotations

from typing import NamedTuple

V6 = ("fe80::100/64", "fd00:2::100/64")
V4 = ("192.168.2.100/24",)
V4_TWO = (*V4, "192.168.2.101/24")


class Case(NamedTuple):
    """Two routers. ``ours_high``: does vrrplab have the higher priority? ``more``, ``their…``: what differs
    in the configuration.
    """

    name: str
    daemon: str  # keepalived or frr
    ours_high: bool
    version: int = 2
    interval_s: float = 1.0
    addresses: tuple[str, ...] = V4
    more: str = ""  # in both keepalived.conf files
    their_version: int = 0  # 0: the same
    their_interval_s: float = 0.0
    their_more: str | None = None
    their_addresses: tuple[str, ...] = ()
    works: bool = True
    preempts: bool = True
    group: bool = False  # two instances on two networks, in a sync group
    late: int = 0  # FRR over IPv6 loses its first advert as master (measured): one interval later
    frr_more: str = ""  # more lines of FRR's configuration
    ours_is_keepalived: bool = False  # measured between the two others, vrrplab was not there

    @property
    def section(self) -> str:
        return self.daemon

    @property
    def title(self) -> str:
        return f"{self.name}, {'vrrplab' if self.ours_high else self.daemon} higher"


class Trio(NamedTuple):
    """Three daemons on a LAN, the one with the highest priority first."""

    daemons: tuple[str, str, str]
    works: bool = True
    preempts: bool = True
    section: str = "three"

    @property
    def title(self) -> str:
        return ", ".join(self.daemons)


def pair(**both: object) -> list[Case]:
    """The same case with either router the higher one."""
    return [Case(ours_high=ours, **both) for ours in (True, False)]  # type: ignore[arg-type]


PASS = "authentication {\n auth_type PASS\n auth_pass secret\n }"
AH = "authentication {\n auth_type AH\n auth_pass secret\n }"
UNICAST = "unicast_peer {\n {peer}\n }"
VMAC = "use_vmac vrrp.51"
NOPREEMPT = "nopreempt"
CASES: list[Case | Trio] = [
    *pair(name="version 2", daemon="keepalived"),
    *pair(name="version 3", daemon="keepalived", version=3),
    *pair(name="version 3, IPv6", daemon="keepalived", version=3, addresses=V6),
    *pair(name="version 3, 0.25 s", daemon="keepalived", version=3, interval_s=0.25),
    *pair(name="version 3, 1 s and 0.5 s", daemon="keepalived", version=3, their_interval_s=0.5),
    *pair(name="unicast", daemon="keepalived", more=UNICAST),
    *pair(name="PASS", daemon="keepalived", more=PASS),
    *pair(name="AH", daemon="keepalived", more=AH),
    *pair(name="virtual MAC", daemon="keepalived", more=VMAC),
    *pair(name="virtual MAC, version 3, IPv6", daemon="keepalived", version=3, addresses=V6, more=VMAC),
    *pair(name="nopreempt", daemon="keepalived", more=NOPREEMPT, preempts=False),
    *pair(name="sync group", daemon="keepalived", group=True),
    *pair(name="version 2 and 3", daemon="keepalived", their_version=3, works=False),
    *pair(
        name="PASS and another",
        daemon="keepalived",
        more=PASS,
        their_more=PASS.replace("secret", "other"),
        works=False,
    ),
    *pair(name="version 2", daemon="frr"),
    *pair(name="version 3", daemon="frr", version=3),
    *pair(name="version 3, IPv6", daemon="frr", version=3, addresses=V6, late=1),
    *pair(name="version 3, 0.25 s", daemon="frr", version=3, interval_s=0.25),
    *pair(name="version 3, 1 s and 0.5 s", daemon="frr", version=3, their_interval_s=0.5),
    *pair(name="virtual MAC, version 2", daemon="frr", more=VMAC),
    *pair(name="virtual MAC, version 3", daemon="frr", version=3, more=VMAC),
    *pair(name="virtual MAC, version 3, IPv6", daemon="frr", version=3, addresses=V6, more=VMAC, late=1),
    *pair(name="nopreempt", daemon="frr", more=NOPREEMPT, preempts=False),
    Case("one address of two missing", "frr", True, addresses=V4_TWO, their_addresses=V4),
    Case("one address of two missing", "frr", False, addresses=V4_TWO, their_addresses=V4, works=False),
    *pair(name="version 2 and 3", daemon="frr", their_version=3, works=False),
    *pair(name="PASS and nothing", daemon="frr", more=PASS, works=False),
    *pair(name="version 2, 1 s and 2 s", daemon="frr", their_interval_s=2, works=False),
    Trio(("vrrplab", "keepalived", "frr")),
    Trio(("keepalived", "frr", "vrrplab")),
    Trio(("frr", "vrrplab", "keepalived")),
]
