"""Small keepalived.conf files for the examples of rules: one cluster, in which one thing differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from vrrplab.config.environment import check_against_host
from vrrplab.config.reader import parse_text
from vrrplab.scenario.host_addresses import without_virtual
from vrrplab.scenario.nodes import Node
from vrrplab.scenario.running import running_of

if TYPE_CHECKING:
    from vrrplab.rules.model import Rule

GLOBALS = """\
global_defs {
    enable_script_security
    script_user root
}
"""
CHECK = """\
vrrp_script chk_squid {
    script "/usr/bin/pidof squid"
    interval 2
}
"""
UNICAST = "unicast_src_ip {}\nunicast_peer {{\n    {}\n}}"
"""Lines of an instance: its own address, and its peers'."""


def conf(
    priority: int | str = 150,
    lines: str = "",
    *,
    state: str = "BACKUP",
    top: str = GLOBALS,
    check: str = CHECK,
    track: str = "chk_squid",
    vips: str = "192.168.2.100/24",
    vrid: int = 51,
    name: str = "VI_1",
    interface: str = "eth0",
) -> str:
    """The file of one node. ``lines``: more of the instance, ``top`` and ``check``: what stands above it;
    ``track``: the scripts that it tracks, one a line, "" for none; ``priority`` "": none is written.
    """
    body = [f"state {state}", f"interface {interface}", f"virtual_router_id {vrid}"]
    body += [f"priority {priority}"] if priority != "" else []
    body += lines.strip("\n").split("\n") if lines else []
    body += ["virtual_ipaddress {", *(f"    {vip}" for vip in vips.split("\n")), "}"] if vips else []
    body += ["track_script {", *(f"    {name}" for name in track.split("\n")), "}"] if track else []
    indented = "".join(f"    {line}\n" for line in body)
    return f"{top}{check}vrrp_instance {name} {{\n{indented}}}\n"


def two(lines: str = "", **more: str) -> dict[str, str]:
    """A cluster of two nodes, ``a`` the higher, with the same more in both."""
    return {"a": conf(150, lines, **more), "b": conf(100, lines, **more)}  # type: ignore[arg-type]


def two_of(a: str, b: str) -> dict[str, str]:
    """A cluster of two nodes, each with its own file."""
    return {"a": a, "b": b}


def two_peers() -> dict[str, str]:
    """A cluster of two nodes that send to each other, and to nobody else."""
    own, other = "192.168.2.11", "192.168.2.12"
    return two_of(conf(150, UNICAST.format(own, other)), conf(100, UNICAST.format(other, own)))


def example_nodes(texts: Mapping[str, str], rule: Rule) -> tuple[Node, ...]:
    """The nodes of one of a rule's two examples, as if read from ``NAME.conf``."""
    nodes = []
    for name, text in texts.items():
        config = parse_text(text, f"{name}.conf", host_id=name, daemon=rule.daemon, alone=False)
        addresses: Mapping[str, tuple[str, ...]] | None = rule.hosts.get(name)
        held: tuple[str, ...] = ()
        if addresses:
            addresses, held = without_virtual(addresses, config)
            told = check_against_host(config, addresses, server=name)
            config = replace(config, warnings=config.warnings + told)
        dump = rule.dumps.get(name)
        running = running_of(dump, f"{name}.data") if dump else None
        nodes.append(Node(name, f"{name}.conf", config, addresses, held, running))
    return tuple(nodes)
