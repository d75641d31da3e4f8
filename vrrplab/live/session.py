"""One router from a keepalived.conf, put together: which host, which sockets, where the trace goes.

What ``live run`` is made of; the pieces are ``driver``, ``host``, ``raw_socket`` or ``udp_socket``,
``output``.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import NodeConfig, VirtualAddress
from vrrplab.config.reader import parse_config
from vrrplab.config.routes import VirtualRoute, VirtualRule
from vrrplab.errors import LiveError
from vrrplab.input_files import require_unpromised
from vrrplab.live.driver import Driver, live_profile
from vrrplab.live.fake_host import FakeHost, parse_interface
from vrrplab.live.kernel_addresses import AddressBook, KernelAddresses, PretendedAddresses
from vrrplab.live.raw_socket import RawTransport
from vrrplab.live.self_report import cast
from vrrplab.live.signals import RouterSignals
from vrrplab.live.transport import Transport
from vrrplab.live.udp_socket import DEFAULT_PORT, LABEL, UdpTransport
from vrrplab.machine.profiles import profile_named
from vrrplab.output.trace_writer import Output
from vrrplab.system.host import Host, KernelHost
from vrrplab.system.privilege import NET_ADMIN, NET_RAW, require_capabilities

DRY_RUN = (
    "dry run: takes part in the election, but puts no address on any interface, sends no gratuitous ARP"
    " and starts no notify script; if it wins, nobody has the addresses"
)

# What keepalived says of a file and a live router does otherwise: by default its scripts run as somebody
# without rights, and what enable_script_security asks for always holds.
NOT_LIVE = ("script-default-user", "script-security")


@dataclass(slots=True)
class RouterOptions:
    """What a user can choose about a live router. ``rename``: interface in the file -> interface here."""

    config: str
    name: str = ""
    profile: str = "keepalived-2.2.7"
    rename: dict[str, str] = field(default_factory=dict)
    dry: bool = False
    udp: bool = False
    port: int = DEFAULT_PORT
    addresses: tuple[str, ...] = ()
    style: str = "log"
    out: str = ""
    until_s: float | None = None
    control: int | None = None


def run_router(options: RouterOptions, signals: RouterSignals) -> Driver:
    """Be a router until told to stop. ConfigError and LiveError say why it cannot be one."""
    import asyncio

    profile = profile_named(options.profile)
    if profile.is_frr:
        raise LiveError(
            f"profile {profile.name} is FRR's: it does not run a keepalived.conf - run vrrpd itself"
        )
    daemon = options.profile.removeprefix("keepalived-") if "keepalived" in options.profile else "2.2.7"

    def as_written() -> NodeConfig:
        node = parse_config(
            options.config,
            host_id=options.name or os.uname().nodename,
            daemon=daemon,
            log_file=os.path.abspath(options.config),
        )
        if not node.instances:
            raise LiveError(
                f"{options.config}: no vrrp_instance in it, so there is nothing to be a router for"
            )
        true_here = tuple(w for w in node.warnings if w.kind not in NOT_LIVE)
        return replace(node, warnings=true_here)

    def read() -> NodeConfig:
        return renamed(as_written(), options.rename)

    written = as_written()
    _require_named(written, options)
    node = renamed(written, options.rename)
    server = (
        options.name or node.global_defs.router_id or os.path.splitext(os.path.basename(options.config))[0]
    )
    host, transport, addresses = _make(options, node)
    for file in node.files:  # read, again and again, while the router runs
        with suppress(OSError):
            require_unpromised(file.path, os.stat(file.path))
    output = Output()
    if options.out:
        output.to_file(options.out)
    output.to_stdout(options.style)
    profile = live_profile(profile)
    try:
        driver = Driver(node, profile, host, transport, addresses, output, server, read, options.dry)
        output.write(cast(node, server, host, profile, transport.mode, driver.began_us))
        asyncio.run(driver.run(signals, options.until_s))
    finally:
        output.close()
    return driver


def _require_named(node: NodeConfig, options: RouterOptions) -> None:
    """LiveError for a renaming of an interface that the file does not name: it would do nothing."""
    named = interfaces_of(node)
    for old, new in options.rename.items():
        if old and old not in named:
            there = ", ".join(sorted(named))
            raise LiveError(f"--interface {old}={new}: {options.config} names no {old}; it names: {there}")


def _make(options: RouterOptions, node: NodeConfig) -> tuple[Host, Transport, AddressBook]:
    if options.udp:
        interfaces = [parse_interface(text) for text in options.addresses]
        names = [one.name for one in interfaces]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise LiveError(f"--address gives {twice[0]} twice; one takes many: {twice[0]}=ADDRESS/PREFIX,…")
        pretended = FakeHost(interfaces, LABEL, options.control)
        pretended.require(node)
        return pretended, UdpTransport(pretended, options.port), PretendedAddresses()
    if options.addresses:
        raise LiveError("--address gives a make-believe host its addresses and belongs to --udp")
    host = KernelHost()
    host.require(node)
    require_capabilities(NET_RAW, *(() if options.dry else (NET_ADMIN,)))
    transport = RawTransport(host.table, node.instances)
    if options.dry:
        host.notice = DRY_RUN
        return host, transport, PretendedAddresses()
    return host, transport, KernelAddresses(host.netlink, host.table)


def renamed(node: NodeConfig, names: dict[str, str]) -> NodeConfig:
    """The configuration with interfaces called as they are called here; "" renames every instance's own."""
    if not names:
        return node
    mapping = dict(names)
    if "" in mapping:
        everything = mapping.pop("")
        mapping.update({i.interface: everything for i in node.instances})

    def name_of(interface: str) -> str:
        return mapping.get(interface, interface)

    def moved(addresses: tuple[VirtualAddress, ...]) -> tuple[VirtualAddress, ...]:
        # a label must begin with its interface's name
        return tuple(
            replace(
                a,
                interface=name_of(a.interface),
                label=name_of(a.label.partition(":")[0]) + "".join(a.label.partition(":")[1:])
                if a.label
                else "",
            )
            for a in addresses
        )

    def led(routes: tuple[VirtualRoute, ...]) -> tuple[VirtualRoute, ...]:
        hops = [tuple(replace(hop, interface=name_of(hop.interface)) for hop in r.hops) for r in routes]
        return tuple(replace(r, hops=theirs) for r, theirs in zip(routes, hops, strict=True))

    def ruled(rules: tuple[VirtualRule, ...]) -> tuple[VirtualRule, ...]:
        return tuple(replace(r, incoming=name_of(r.incoming), outgoing=name_of(r.outgoing)) for r in rules)

    instances = tuple(
        replace(
            i,
            interface=name_of(i.interface),
            virtual_routes=led(i.virtual_routes),
            virtual_rules=ruled(i.virtual_rules),
            virtual_addresses=moved(i.virtual_addresses),
            excluded_addresses=moved(i.excluded_addresses),
            track_interfaces=tuple(replace(t, name=name_of(t.name)) for t in i.track_interfaces),
        )
        for i in node.instances
    )
    groups = tuple(
        replace(g, track_interfaces=tuple(replace(t, name=name_of(t.name)) for t in g.track_interfaces))
        for g in node.sync_groups
    )
    return replace(
        node,
        instances=instances,
        sync_groups=groups,
        static_routes=led(node.static_routes),
        static_rules=ruled(node.static_rules),
    )
