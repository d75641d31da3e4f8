"""Small keepalived.conf files that the rules' examples are made of: one cluster, in which one thing differs."""

from __future__ import annotations

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
