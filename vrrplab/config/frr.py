"""The ``vrrp`` lines of an FRR running configuration, as the same values that a keepalived.conf gives.

FRR counts what it understands and leaves the rest out, a line each (``vrrpd -C -f FILE`` of 8.4.4 says so):
priorities are 1 to 254, intervals 10 to 40950 ms, in steps of 10. Other protocols' lines are passed over.
What keepalived has and FRR has not (owners, FAULT, tracking, authentication, unicast) is left at what means
"without". An instance is called after its interface and VRID: ``eth0-vrrp5``, ``eth0-vrrp5-ipv6``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vrrplab.config.address_syntax import parse_address
from vrrplab.config.model import ConfigWarning, InstanceConfig, NodeConfig, Source, VirtualAddress
from vrrplab.errors import ConfigError, did_you_mean
from vrrplab.units import SECOND_US

PSEUDO_HEADER = "checksum-with-ipv4-pseudoheader"
PRIORITIES, INTERVALS_MS, VRIDS, VERSIONS = (1, 254), (10, 40950), (1, 255), (2, 3)


@dataclass(slots=True)
class _Settings:
    """What a router begins with; ``vrrp default …`` changes it for those that are named later."""

    priority: int = 100
    interval_ms: int = 1000
    preempt: bool = True
    shutdown: bool = False
    pseudo_header: bool = True


@dataclass(slots=True)
class _Router:
    interface: str
    vrid: int
    settings: _Settings
    source: Source
    version: int = 3
    addresses: list[str] = field(default_factory=list)


class _Unknown(Exception):
    """A line that FRR does not take; the text says what is wrong with it."""


def read_frr(text: str, file: str, *, has_pseudo_header_option: bool) -> NodeConfig:
    """What FRR would run of a running configuration.

    ``has_pseudo_header_option``: ``checksum-with-ipv4-pseudoheader`` is known (FRR 10.3), else the
    pseudo-header is always in the sum (8.4.4). Lines that FRR leaves out are warnings, with its log line.
    Raises ConfigError where nothing is left to run, or for what is not modelled: ``vrrp autoconfigure``, and
    VRRPv2 with parts of a second, which go on the wire cut to whole ones.
    """
    reader = _Reader(file, has_pseudo_header_option)
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(line, Source(file, number))
    instances = tuple(reader.instances())
    if not instances:
        hint = "write at least interface eth0 and, below it, vrrp 5 ip 10.0.0.100"
        raise ConfigError(file, 1, "no VRRP router in it would run", hint)
    named = {i.interface: i.source for i in reversed(instances)}
    return NodeConfig(file, instances=instances, warnings=tuple(reader.warnings), interfaces=named, text=text)


class _Reader:
    def __init__(self, file: str, has_pseudo_header_option: bool) -> None:
        self._file = file
        self._has_option = has_pseudo_header_option
        self._interface = ""
        self._defaults = _Settings()
        self._routers: dict[tuple[str, int], _Router] = {}
        self.warnings: list[ConfigWarning] = []

    def take(self, line: str, source: Source) -> None:
        words = line.split()
        if not words or words[0][0] in "!#":
            return
        if words[0] == "interface" and len(words) > 1:
            self._interface = words[1]
        elif words[0] in ("exit", "end") or (not line[0].isspace() and words[0] not in ("no", "vrrp")):
            self._interface = ""
        positive = words[0] != "no"
        words = words if positive else words[1:]
        if not words or words[0] != "vrrp":
            return
        try:
            self._vrrp(words[1:], positive, source)
        except _Unknown as wrong:
            said = f"No such command on config line {source.line}: {line.rstrip()}"
            message = f"FRR leaves this line out: {line.strip()} ({wrong})"
            self.warnings.append(ConfigWarning(source, "frr-line", message, log=said))

    def _vrrp(self, words: list[str], positive: bool, source: Source) -> None:
        if words[:1] == ["autoconfigure"]:
            if positive:
                message = "vrrp autoconfigure takes its routers from macvlans that no scenario has"
                hint = "write the lines of each router: vrrp 5 ip …"
                raise ConfigError(self._file, source.line, message, hint)
        elif words[:1] == ["default"]:
            self._set(self._defaults, words[1:], positive)
        elif not self._interface:
            raise _Unknown("it is in no interface")
        else:
            vrid = _number(words[:1], VRIDS)
            key = (self._interface, vrid)
            if not positive and len(words) == 1:
                self._routers.pop(key, None)
                return
            before = self._routers.get(key) or _Router(*key, replace(self._defaults), source)
            self._set_router(before, words[1:], positive)
            self._routers[key] = before

    def _set_router(self, router: _Router, words: list[str], positive: bool) -> None:
        match words:
            case []:
                pass
            case ["version", *value]:
                router.version = _number(value, VERSIONS) if positive else 3
            case ["ip" | "ipv6" as kind, text]:
                address = parse_address(text)
                if address is None or address.family != (6 if kind == "ipv6" else 4):
                    raise _Unknown(f"{text} is no such address")
                if kind == "ipv6" and router.version == 2:
                    raise _Unknown("VRRPv2 does not support v6")
                router.addresses = [a for a in router.addresses if a != address.text]
                router.addresses += [address.text] if positive else []
            case _:
                self._set(router.settings, words, positive)

    def _set(self, settings: _Settings, words: list[str], positive: bool) -> None:
        usual = _Settings()
        match words:
            case ["priority", *value]:
                settings.priority = _number(value, PRIORITIES) if positive else usual.priority
            case ["advertisement-interval", *value]:
                settings.interval_ms = _number(value, INTERVALS_MS) if positive else usual.interval_ms
            case ["preempt"]:
                settings.preempt = positive
            case ["shutdown"]:
                settings.shutdown = positive
            case ["checksum-with-ipv4-pseudoheader"] if self._has_option:
                settings.pseudo_header = positive
            case _:
                known = ["version", "priority", "advertisement-interval", "preempt", "shutdown", "ip", "ipv6"]
                known += [PSEUDO_HEADER] if self._has_option else []
                newer = "FRR 8.4.4 has no such option, 10.3 has it" if words == [PSEUDO_HEADER] else ""
                raise _Unknown(newer or did_you_mean(" ".join(words[:1]), known) or "not known")

    def instances(self) -> list[InstanceConfig]:
        """Those that run: with an address of the family, and not shut down."""
        found = []
        for router in self._routers.values():
            for family in (4, 6):
                addresses = [a for a in router.addresses if (":" in a) == (family == 6)]
                if addresses and not router.settings.shutdown:
                    found.append(self._instance(router, family, addresses))
        return found

    def _instance(self, router: _Router, family: int, addresses: list[str]) -> InstanceConfig:
        settings, version = router.settings, router.version
        interval_us = settings.interval_ms // 10 * 10_000
        if version == 2 and interval_us % SECOND_US:
            message = f"vrrp {router.vrid} has version 2 and an interval of {settings.interval_ms} ms"
            raise ConfigError(self._file, router.source.line, message, "version 2 tells whole seconds")
        return InstanceConfig(
            name=f"{router.interface}-vrrp{router.vrid}{'-ipv6' if family == 6 else ''}",
            state="BACKUP",
            interface=router.interface,
            vrid=router.vrid,
            base_priority=settings.priority,
            version=version,
            family=family,
            advert_interval_us=interval_us,
            virtual_addresses=tuple(
                VirtualAddress(a, 128 if family == 6 else 32, router.interface, source=router.source)
                for a in addresses
            ),
            preempt=settings.preempt,
            multicast_source=_own_link_local(router.vrid, addresses) if family == 6 else "",
            dont_track_primary=True,  # measured: it goes on whatever happens to its interface
            v3_checksum_as_v2=not settings.pseudo_header,
            source=router.source,
        )


def _own_link_local(vrid: int, addresses: list[str]) -> str:
    """What an IPv6 router speaks from (measured): the first link-local address of its macvlan, which is a
    virtual one, or what Linux makes of the virtual MAC address.
    """
    found = [parse_address(text) for text in (*addresses, f"fe80::200:5eff:fe00:{0x200 + vrid:x}")]
    return next(a.text for a in found if a and a.is_link_local)


def frr_lines(
    interface: str,
    vrid: int,
    addresses: tuple[str, ...],
    version: int = 3,
    priority: int = 100,
    interval_ms: int = 1000,
    preempt: bool = True,
) -> str:
    """One router as FRR's own text."""
    lines = [f"interface {interface}", f" vrrp {vrid} version {version}", f" vrrp {vrid} priority {priority}"]
    lines.append(f" vrrp {vrid} advertisement-interval {interval_ms}")
    lines += [f" vrrp {vrid} {'ipv6' if ':' in a else 'ip'} {a}" for a in addresses]
    return "\n".join([*lines, *([] if preempt else [f" no vrrp {vrid} preempt"])]) + "\n"


def _number(words: list[str], bounds: tuple[int, int]) -> int:
    low, high = bounds
    text = words[0] if len(words) == 1 else ""
    if not text.isdecimal() or not low <= int(text) <= high:
        raise _Unknown(f"a number from {low} to {high} is needed")
    return int(text)
