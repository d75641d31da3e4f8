"""Thousands of anything in a configuration are read in time in proportion to their number."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lines_run import growth
from vrrplab.config.reader import parse_text
from vrrplab.errors import ConfigError


def instance(number: int, *, vrid: int = 0, more: str = "", vip: str = "10.0.0.1") -> str:
    return (
        f"vrrp_instance V{number} {{\n interface eth{number // 255}\n"
        f" virtual_router_id {vrid or number % 255 + 1}\n virtual_ipaddress {{\n {vip}\n }}\n{more}\n}}\n"
    )


def host(number: int) -> str:
    return f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"


def block(name: str, rows: list[str]) -> str:
    return f"{name} {{\n" + "\n".join(rows) + "\n}\n"


def instances(n: int) -> str:
    return "".join(map(instance, range(n)))


def names(n: int) -> list[str]:
    return [f"x{i}" for i in range(n)]


def defined(kind: str, content: str, n: int) -> str:
    return "".join(f"{kind} {name} {{\n {content}\n}}\n" for name in names(n))


def tracked(kind: str, n: int, weight: str = "") -> str:
    return block(f"track_{kind}", [f"{name} {weight}" for name in names(n)])


def scripts(n: int) -> str:
    return defined("vrrp_script", 'script "/bin/true"\n weight 1', n)


def in_group(members: int, more: str = "") -> str:
    group = block("group", [f"V{i}" for i in range(members)])
    return f"vrrp_sync_group G {{\n{group}{more}}}\n"


FILES: dict[str, Callable[[int], str]] = {
    "addresses": lambda n: instance(0, vip="\n".join(map(host, range(n)))),
    "instances": instances,
    "instances with a VMAC": lambda n: "".join(instance(i, more="use_vmac") for i in range(n)),
    "instances of one VRID, unicast": lambda n: "".join(
        instance(i, vrid=5, more=block("unicast_peer", [host(i)])).replace(f"eth{i // 255}", "eth0")
        for i in range(n)
    ),
    "peers": lambda n: instance(0, more=block("unicast_peer", [host(i) for i in range(n)])),
    "scripts": lambda n: scripts(n) + instance(0, more=tracked("script", n)),
    "scripts of an owner": lambda n: scripts(n) + instance(0, more="priority 255\n" + tracked("script", n)),
    "files": lambda n: defined("track_file", "file /run/a", n) + instance(0, more=tracked("file", n)),
    "processes": lambda n: defined("track_process", "process a", n) + instance(0, more=tracked("process", n)),
    "sessions": lambda n: (
        defined("bfd_instance", "neighbor_ip 10.0.0.1", n) + instance(0, more=tracked("bfd", n))
    ),
    "interfaces": lambda n: instance(0, more=tracked("interface", n, "weight 1")) + in_group(1),
    "members of a group": lambda n: instances(n) + in_group(n),
    "groups": lambda n: (
        instances(n) + "".join(f"vrrp_sync_group G{i} {{\n group {{\n V{i}\n }}\n}}\n" for i in range(n))
    ),
    "a group's members and scripts": lambda n: (
        scripts(n)
        + "".join(instance(i, more=tracked("script", 1)) for i in range(n))
        + in_group(n, tracked("script", n))
    ),
    "a group's members and interfaces": lambda n: instances(n) + in_group(n, tracked("interface", n)),
    "unknown words": lambda n: instance(0) + "\n".join(names(n)),
}


@pytest.mark.parametrize("daemon", ["2.2.7", "2.4.3"])
@pytest.mark.parametrize("kind", FILES)
def test_twice_as_many_take_twice_as_long(kind: str, daemon: str) -> None:
    assert growth(lambda n: parse_text(FILES[kind](n), daemon=daemon), 110) < 2.4


def test_the_first_clash_of_virtual_routers_is_told() -> None:
    peers = [block("unicast_peer", rows) for rows in (["10.0.0.1"], ["10.0.0.2", "10.0.0.3"], ["10.0.0.3"])]
    clashing = "".join(instance(i, vrid=9, more=peers[i]) for i in range(3))
    with pytest.raises(ConfigError, match="V1 and V2 both use VRID 9"):
        parse_text(clashing)
    with pytest.raises(ConfigError, match="V0 and V3 both use VRID 9"):
        parse_text(clashing + instance(3, vrid=9, more=peers[0]))
    assert len(parse_text(instance(0, vrid=9) + instance(1, vrid=9, more=peers[0])).instances) == 2
