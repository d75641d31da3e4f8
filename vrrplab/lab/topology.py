"""The lab's network on paper: who is there, with which addresses, cables and configuration. Nothing is done
here.

The network of the tutorial the lab is built on: two proxies between a LAN and a WAN, a PC in the office that
fetches through them, a web server on the far side.

          office-pc                 proxy-serv01   proxy-serv02                  upstream
       192.168.2.10              .251 eth0   eth1   .252                     203.0.113.10
             |                        |   |    |   |  |                            |
          ---+--- lan 192.168.2.0/24 -+---)----+---)--+    wan 203.0.113.0/24 -----+---
                                          +--------+-----------------------------------
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.config.reader import config_text, parse_config
from vrrplab.data_files import data_path
from vrrplab.errors import ConfigError, LiveError

KEEPALIVED, VRRPLAB = "keepalived", "vrrplab"
ROUTERS = (KEEPALIVED, VRRPLAB)
VRRPLAB_PROFILE = "keepalived-2.2.7"  # what a vrrplab router of the lab behaves like
SERVERS = ("proxy-serv01", "proxy-serv02")
LAN, WAN = "lan", "wan"
CLIENT, UPSTREAM = "office-pc", "upstream"
CLIENT_ADDRESS, UPSTREAM_ADDRESS = "192.168.2.10", "203.0.113.10"
PROXY_PORT, WEB_PORT = 3128, 80
PROBE_EVERY_S = 0.02
SQUID_LIFETIME_S = 1.0
SQUID = "/usr/sbin/squid"


class Port(NamedTuple):
    """An interface of a server, and the segment it is plugged into."""

    name: str
    segment: str
    address: str  # with prefix; "": it has none
    mac: str
    more: tuple[str, ...] = ()  # its further addresses
    plug: str = ""  # the switch's end of its cable; "": named after server and interface
    parent: str = ""  # a macvlan's: the interface it is on
    speaks_ipv6: bool = False  # an instance does so there: it needs a link-local address


class ServerPlan(NamedTuple):
    name: str
    ports: tuple[Port, ...]
    router: str  # keepalived or vrrplab
    config: str  # text of the keepalived.conf it runs with
    later: tuple[str, ...] = ()  # interfaces that are not there when it boots

    def port(self, interface: str) -> Port:
        return next(port for port in self.ports if port.name == interface)


def server_plans(routers: dict[str, str], folder: str = "", squid: str = SQUID) -> list[ServerPlan]:
    """Both servers. ``routers``: server -> what it runs; ``folder``: their NAME.conf files ("": the
    tutorial's).

    ``squid``: the program that is the service, which the check names too. ConfigError for a missing file,
    LiveError for one that names interfaces that a server does not have.
    """
    plans = []
    for number, name in enumerate(SERVERS, 251):
        ports = (
            Port("eth0", LAN, f"192.168.2.{number}/24", f"02:00:00:00:00:{number:02x}"),
            Port("eth1", WAN, f"203.0.113.{number}/24", f"02:00:00:00:01:{number:02x}"),
        )
        path = (
            os.path.join(folder, f"{name}.conf")
            if folder
            else str(data_path("configs", "article", f"{name}.conf"))
        )
        try:
            text = config_text(path)
        except ConfigError as error:
            hint = f"a lab's folder holds {' and '.join(config_names())}"
            raise ConfigError(path, 0, error.message, hint) from None
        node = parse_config(path, host_id=name)  # what keepalived would not run with is refused here
        there = {"lo", *(port.name for port in ports), *(i.use_vmac for i in node.instances)}
        missing = sorted(interfaces_of(node) - there)
        if missing:
            has = " and ".join(port.name for port in ports)
            raise LiveError(f"{path}: no interface {' or '.join(missing)} on {name}; a server has {has}")
        plans.append(ServerPlan(name, ports, routers[name], lab_config(name, text, squid)))
    return plans


def config_names() -> list[str]:
    """The files of a folder that ``--config`` names."""
    return [f"{server}.conf" for server in SERVERS]


def lab_config(server: str, text: str, squid: str) -> str:
    """A keepalived.conf as the lab uses it: the server's name, and checks run as root.

    keepalived's default user for scripts may not signal Squid, so that the tutorial's check would fail for a
    reason that has nothing to do with Squid.
    """
    if squid != SQUID:
        text = text.replace(SQUID, squid)
    if re.search(r"^\s*global_defs\b", text, re.MULTILINE):
        return text
    return f"global_defs {{\n    router_id {server}\n    script_user root\n}}\n\n{text}"


def nodes_of(plans: Iterable[ServerPlan], folder: str) -> dict[str, NodeConfig]:
    """The configurations as values; the files must lie in ``folder`` already."""
    places = {plan.name: os.path.join(folder, f"{plan.name}.conf") for plan in plans}
    return {name: parse_config(path, host_id=name) for name, path in places.items()}


def first_instance(nodes: dict[str, NodeConfig], server: str) -> InstanceConfig:
    """The instance a drill is about: the one in which ``server`` outranks the others."""

    def others(instance: InstanceConfig) -> list[int]:
        same = [i for name, node in nodes.items() if name != server for i in node.instances]
        return [i.base_priority for i in same if (i.vrid, i.family) == (instance.vrid, instance.family)]

    own = nodes[server].instances
    if not own:
        raise LiveError(f"{nodes[server].file}: no vrrp_instance in it")
    return max(own, key=lambda i: i.base_priority - max(others(i), default=0))


def virtual_addresses(nodes: dict[str, NodeConfig]) -> list[str]:
    """Every IPv4 virtual address of the LAN, in order of the files."""
    found = (a.address for node in nodes.values() for i in node.instances for a in i.virtual_addresses)
    return list(dict.fromkeys(a for a in found if ":" not in a))


def parse_routers(text: str) -> dict[str, str]:
    """``keepalived``, ``vrrplab`` or ``proxy-serv01=keepalived,proxy-serv02=vrrplab``: server -> router."""
    if text in ROUTERS:
        return dict.fromkeys(SERVERS, text)
    found: dict[str, str] = {}
    for part in text.split(","):
        server, equals, router = part.partition("=")
        if not equals or server not in SERVERS or router not in ROUTERS:
            raise LiveError(
                f"--router {text}: write {' or '.join(ROUTERS)}, or a mix such as"
                f" {SERVERS[0]}=keepalived,{SERVERS[1]}=vrrplab"
            )
        found[server] = router
    missing = [server for server in SERVERS if server not in found]
    if missing:
        raise LiveError(f"--router {text}: what does {missing[0]} run?")
    return found


def switch_lines() -> list[str]:
    """``ip -batch`` lines that make both switches."""
    lines = []
    for name in (LAN, WAN):
        lines += [
            f"link add {name} type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
            f"link set {name} addrgenmode none up",
        ]
    return lines


def cable_lines(plan: ServerPlan) -> list[str]:
    """Lines that plug a server in: run where the switches are."""
    here = [port for port in plan.ports if port.name not in plan.later]
    return [line for port in here if not port.parent for line in plug_lines(plan.name, port)]


def plug_lines(host: str, port: Port) -> list[str]:
    """Lines that plug one interface of a host in."""
    cable = cable_name(host, port)
    return [
        f"link add {cable} type veth peer name {port.name} address {port.mac} netns {host}",
        f"link set {cable} addrgenmode none master {port.segment} up",
    ]


def inside_lines(plan: ServerPlan) -> list[str]:
    """Lines for a server's own namespace: its addresses, its interfaces up."""
    lines = ["link set lo up"]
    for port in sorted(plan.ports, key=lambda port: bool(port.parent)):
        if port.name not in plan.later:
            made, up, addresses = card_lines(port)
            lines += [*made, *addresses, *up]
    return lines


def card_lines(port: Port) -> tuple[list[str], list[str], list[str]]:
    """Lines that make an interface (of one that is plugged in only the last touch), set it up, address it."""
    name = port.name
    made = [f"link add {name} link {port.parent} address {port.mac} type macvlan mode bridge"]
    if not port.parent:
        made = []
    if not port.speaks_ipv6 and not any(":" in address for address in (port.address, *port.more)):
        made.append(f"link set {name} addrgenmode none")  # a host without IPv6 has no fe80::/10
    addresses = [
        f"address add {address} dev {name}{' nodad' if ':' in address else ''}"
        for address in filter(None, (port.address, *port.more))
    ]
    return made, [f"link set {name} up"], addresses


def cable_name(server: str, port: Port) -> str:
    """The switch's end of a cable: ``serv01-eth0`` (interface names have 15 characters at most)."""
    return port.plug or f"{server.removeprefix('proxy-')}-{port.name}"[:15]


def squid_config(server: str) -> str:
    """A Squid that proxies for everybody, caches nothing and writes only into its own /run."""
    return "\n".join(
        (
            f"http_port 0.0.0.0:{PROXY_PORT}",
            "http_access allow all",
            f"shutdown_lifetime {SQUID_LIFETIME_S:g} second",
            "cache deny all",
            "access_log none",
            "cache_log stdio:/run/squid.log",
            "pid_filename /run/squid.pid",
            "coredump_dir /run",
            "pinger_enable off",
            "memory_cache_shared off",
            f"visible_hostname {server}",
            "",
        )
    )
