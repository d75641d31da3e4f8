"""What FRR's vrrpd did on a wire, beside keepalived 2.2.7 and beside another FRR: measured figures, no code.

FRR 8.4.4 of Debian 12, 10.3 of Debian 13; hosts in namespaces on a bridge, priorities 200 and 100, captures
of all of it; every run done twice. Times are seconds from frame to frame.
"""

from __future__ import annotations

from typing import NamedTuple

from interop_cases import PASS, V4, V4_TWO, V6, VMAC, Case


class BesideKeepalived(NamedTuple):
    """A run of FRR ("theirs" of the case) and keepalived ("ours").

    Either two takeovers, or both stay MASTER: then how many adverts FRR and keepalived sent within how many
    seconds, in the two runs.
    """

    case: Case
    farewell_s: float = 0.0
    silent_s: float = 0.0
    adverts: tuple[tuple[int, int, int], ...] = ()  # FRR's, keepalived's, seconds
    frr: str = "frr-8.4.4"


def _case(name: str, frr_high: bool, works: bool = True, **more: object) -> Case:
    high = "FRR" if frr_high else "keepalived"
    made = {"version": 2, **more}
    return Case(f"{name}, {high} higher", "frr", not frr_high, works=works, ours_is_keepalived=True, **made)  # type: ignore[arg-type]


_MIXED = {"version": 3, "their_version": 2}, {"version": 2, "their_version": 3}
_NO_SUM = {"version": 3, "frr_more": " no vrrp 51 checksum-with-ipv4-pseudoheader\n"}
_SUM = {"version": 3, "frr_more": " vrrp 51 checksum-with-ipv4-pseudoheader\n"}
_FEWER = {"version": 3, "addresses": V4_TWO, "their_addresses": V4}
_SLOW_2 = {"interval_s": 2.0, "their_interval_s": 1.0}
_FAST_3 = {"version": 3, "their_interval_s": 0.5}
_QUICK = {"version": 3, "interval_s": 0.25}
_SIX = {"version": 3, "addresses": V6, "late": 1}

BESIDE_KEEPALIVED = [
    BesideKeepalived(_case("version 2", True), 0.6108, 3.6104),
    BesideKeepalived(_case("version 2", False), 0.6019, 3.6081),
    BesideKeepalived(_case("version 2, virtual MAC", True, more=VMAC), 0.6127, 3.6122),
    BesideKeepalived(_case("version 2, virtual MAC", False, more=VMAC), 0.6022, 3.6033),
    BesideKeepalived(_case("version 3", True, version=3), 0.6146, 3.6125),
    BesideKeepalived(_case("version 3", False, version=3), 0.6107, 3.6061),
    BesideKeepalived(_case("version 3, virtual MAC", True, version=3, more=VMAC), 0.6131, 3.6103),
    BesideKeepalived(_case("version 3, virtual MAC", False, version=3, more=VMAC), 0.6017, 3.6018),
    BesideKeepalived(_case("version 3, 0.25 s", True, **_QUICK), 0.1544, 0.9031),
    BesideKeepalived(_case("version 3, 0.25 s", False, **_QUICK), 0.1508, 0.9008),
    BesideKeepalived(_case("version 3, 1 s and FRR 0.5 s", True, **_FAST_3), 0.3063, 1.8068),
    BesideKeepalived(_case("version 3, 1 s and FRR 0.5 s", False, **_FAST_3), 0.6011, 3.6044),
    BesideKeepalived(_case("version 3, IPv6", True, **_SIX), 0.6107, 3.61),
    BesideKeepalived(_case("version 3, IPv6", False, **_SIX), 1.6002, 4.6026),
    BesideKeepalived(_case("version 3, IPv6, virtual MAC", True, **_SIX, more=VMAC), 0.6116, 3.61),
    BesideKeepalived(_case("version 3, IPv6, virtual MAC", False, **_SIX, more=VMAC), 1.6022, 4.605),
    BesideKeepalived(_case("FRR has one address of two", False, **_FEWER), 0.6007, 3.6054),
    BesideKeepalived(_case("10.3, pseudo-header", True, **_SUM), 0.6158, 3.6112, frr="frr-10.3"),
    BesideKeepalived(_case("10.3, pseudo-header", False, **_SUM), 0.6024, 3.6029, frr="frr-10.3"),
    BesideKeepalived(
        _case("10.3, no pseudo-header", True, False, **_NO_SUM),
        adverts=((7, 0, 7), (7, 1, 8)),
        frr="frr-10.3",
    ),
    BesideKeepalived(
        _case("10.3, no pseudo-header", False, False, **_NO_SUM),
        adverts=((7, 0, 7), (7, 1, 8)),
        frr="frr-10.3",
    ),
    BesideKeepalived(
        _case("FRR has one address of two", True, False, **_FEWER), adverts=((7, 0, 8), (7, 0, 8))
    ),
    BesideKeepalived(
        _case("FRR version 2, the other 3", True, False, **_MIXED[0]), adverts=((7, 0, 8), (7, 0, 8))
    ),
    BesideKeepalived(
        _case("FRR version 2, the other 3", False, False, **_MIXED[0]), adverts=((7, 1, 8), (7, 0, 8))
    ),
    BesideKeepalived(
        _case("FRR version 3, the other 2", True, False, **_MIXED[1]), adverts=((7, 0, 8), (7, 1, 8))
    ),
    BesideKeepalived(
        _case("FRR version 3, the other 2", False, False, **_MIXED[1]), adverts=((7, 0, 8), (7, 0, 8))
    ),
    BesideKeepalived(_case("PASS and none", True, False, more=PASS), adverts=((7, 1, 8), (8, 0, 8))),
    BesideKeepalived(_case("PASS and none", False, False, more=PASS), adverts=((7, 0, 8), (7, 2, 8))),
    BesideKeepalived(
        _case("version 2, 2 s and FRR 1 s", True, False, **_SLOW_2), adverts=((9, 0, 9), (9, 0, 9))
    ),
    BesideKeepalived(
        _case("version 2, 2 s and FRR 1 s", False, False, **_SLOW_2), adverts=((7, 0, 6), (7, 0, 6))
    ),
]


class Alone(NamedTuple):
    """Two FRR routers: silence and farewell of the lower one, and how long the higher one, started beside a
    master, took to its first advert (process start counted in; the first run of each, with zebra, left out).
    """

    name: str
    silent_s: float
    farewells_s: tuple[float, ...]
    begins_s: tuple[float, ...]
    version: int = 3
    interval_ms: int = 1000
    addresses: tuple[str, ...] = ("192.168.2.100",)
    more: str = ""
    frr: str = "frr-8.4.4"


_SIX_PLAIN = ("fe80::100", "fd00:2::100")
FRR_WITH_FRR = [
    Alone("version 2", 3.6026, (0.6007, 0.601), (3.236, 3.25), version=2),
    Alone("version 3", 3.6028, (0.601, 0.6009), (3.23, 3.237)),
    Alone("version 3, IPv6", 4.6029, (1.6029, 1.6013), (4.239, 4.242), addresses=_SIX_PLAIN),
    Alone("version 3, 0.25 s", 0.9012, (0.1514, 0.1512), (0.824, 0.821), interval_ms=250),
    Alone("version 3, 0.1 s", 0.361, (0.0611, 0.0745), (0.345, 0.343), interval_ms=100),
    Alone("version 2, 3 s", 9.6096, (0.6029, 0.6008), (9.239, 9.237), version=2, interval_ms=3000),
    Alone("10.3, pseudo-header", 3.6035, (0.6008,), (3.256,), more=_SUM["frr_more"], frr="frr-10.3"),
    Alone("10.3, no pseudo-header", 3.6033, (0.6015,), (3.248,), more=_NO_SUM["frr_more"], frr="frr-10.3"),
]
