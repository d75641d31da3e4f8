"""Small clusters as the tests of forecasts need them: a keepalived.conf for each node, in a few words."""

from __future__ import annotations

from pathlib import Path

from vrrplab.scenario.nodes import Node, read_nodes

CHECK = """vrrp_script chk {{
    script "/usr/bin/check"
    interval {interval}
    fall {fall}
    weight {weight}
}}
"""


def config(
    priority: int,
    *more: str,
    check: dict[str, int] | None = None,
    interface: str = "eth0",
    vrid: int = 51,
    address: str = "192.168.2.100/24",
    name: str = "V1",
) -> str:
    """A keepalived.conf with one instance; ``more``: lines of it; ``check``: interval, fall and weight."""
    text = ""
    lines = list(more)
    if check is not None:
        text += CHECK.format(**{"interval": 2, "fall": 2, "weight": 0, **check})
        lines.append("track_script {\n        chk\n    }")
    return text + "\n".join(
        [
            f"vrrp_instance {name} {{",
            f"    interface {interface}",
            f"    virtual_router_id {vrid}",
            f"    priority {priority}",
            "    advert_int 1",
            *(f"    {line}" for line in lines),
            f"    virtual_ipaddress {{\n        {address}\n    }}",
            "}\n",
        ]
    )


def nodes_of(folder: Path, **texts: str) -> tuple[Node, ...]:
    """The nodes of these files, each called as its keyword."""
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.conf"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return read_nodes(paths)
