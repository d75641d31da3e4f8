"""What this machine allows, tried out in child processes, each with the reason when it does not.

A probe that is killed (by a container's rules, say) takes only its child with it. Nothing is left behind:
what a probe makes lives in namespaces or sockets of its own and ends with it. Called by ``vrrplab doctor``,
by the notebook on real packets, and by the lab before it starts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from vrrplab.installing import how_to_install
from vrrplab.system.privilege import is_root

_LIMIT_S = 20
ALSO_IN = "/usr/sbin:/sbin:/usr/lib/frr"

# A short description of what each program is for; the Debian package when its name differs from the
# program's.
PROGRAMS = {
    "ip": ("builds the lab's network", "iproute2"),
    "unshare": ("makes namespaces", "util-linux"),
    "nsenter": ("enters the lab", "util-linux"),
    "keepalived": ("the real daemon, for the lab", ""),
    "squid": ("the real proxy, for the lab; without it a small stand-in answers", ""),
    "vrrpd": ("FRR's VRRP, for the interoperability tests", "frr"),
    "nft": ("no_accept and vrrp_strict; firewall drills", "nftables"),
    "tcpdump": ("captures", ""),
    "tshark": ("a second opinion on frames", ""),
    "chromium": ("tests of the notebooks' figures", ""),
}
MODULES = {
    "jupyterlab": "the lessons",
    "matplotlib": "plots",
    "anywidget": "figures to click",
    "ipywidgets": "sliders",
    "numpy": "captures as columns",
    "scapy": "a second codec to compare with",
    "pygls": "keepalived.conf in an editor: vrrplab-lsp",
    "joblib": "sweep on all processors; without it Python's own processes",
    "distributed": "sweep --scheduler: a Dask cluster",
    "bokeh": "the dashboard of a Dask cluster",
    "pyarrow": "sweep --out FILE.parquet",
    "prometheus_client": "live watch --metrics: figures for Prometheus",
    "zstandard": "captures that zstd compressed; Python 3.14 reads them by itself",
}


class Ability(NamedTuple):
    """``name`` of what was tried, whether it works, and what to know or do about it."""

    name: str
    ok: bool
    detail: str
    cure: str = ""


def program(name: str) -> str:
    """Path of a program, also from folders that are not on an ordinary user's PATH; "" if it is not there."""
    return shutil.which(name) or shutil.which(name, path=ALSO_IN) or ""


def apt_line(*names: str) -> str:
    """The command that installs these programs on Debian and Ubuntu."""
    packages = sorted({PROGRAMS.get(name, ("", ""))[1] or name for name in names})
    return f"sudo apt install {' '.join(packages)}"


def examine(names: list[str] | None = None) -> list[Ability]:
    """Try everything, or what is named."""
    probes: dict[str, Callable[[], Ability]] = dict(_PROBES)
    for name in PROGRAMS:
        probes[name] = _program_probe(name)
    for name in MODULES:
        probes[name] = _module_probe(name)
    return [probe() for name, probe in probes.items() if names is None or name in names]


def possible() -> tuple[str, ...]:
    """Names of everything that can be examined."""
    return (*_PROBES, *PROGRAMS, *MODULES)


def advice(findings: list[Ability]) -> list[str]:
    """What can be done on this machine, in sentences."""
    ok = {f.name for f in findings if f.ok}
    said = []
    if "raw-sockets" in ok:
        said.append("live run, live watch: real VRRP on this machine's own interfaces")
    elif "udp-loopback" in ok:
        said.append(
            "live run, live watch: with --udp (VRRP inside UDP on loopback); with sudo on real interfaces"
        )
    namespaces = {"root-namespaces", "rootless-namespaces"} & ok
    if namespaces and {"ip", "unshare", "nsenter"} <= ok:
        how = "as root" if "root-namespaces" in ok else "without root, in a user namespace"
        routers = "keepalived or vrrplab" if "keepalived" in ok else "--router vrrplab"
        said.append(f"lab: {how}, with {routers} on its servers")
    else:
        said.append(
            "lab: not here (needs namespaces, ip, unshare, nsenter); the simulator shows the same drills"
        )
    return said


# -- probes that need a child of their own: each prints one line and ends with 0 if it works -----------------

_RAW = """
import socket
socket.socket(socket.AF_INET, socket.SOCK_RAW, 112).close()
socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
print("protocol 112 and packet sockets")
"""
_UDP = """
import socket
group, loopback = "224.0.0.18", socket.inet_aton("127.0.0.1")
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.settimeout(2)
receiver.bind((group, 0))
receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + loopback)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
sender.sendto(b"?", (group, receiver.getsockname()[1]))
receiver.recv(16)
print("multicast 224.0.0.18 on lo comes back")
"""
_NETWORK = (
    "ip link add vl-br type bridge && ip link add vl-a type veth peer name vl-b"
    " && ip link set vl-a master vl-br && ip link set vl-br up && echo bridges and virtual cables can be made"
)


def _child(command: list[str]) -> tuple[bool, str]:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LIMIT_S, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return False, f"{command[0]} is not installed ({apt_line(os.path.basename(command[0]))})"
    except OSError as error:
        return False, error.strerror or str(error)
    except subprocess.TimeoutExpired as error:
        return False, str(error)
    if done.returncode < 0:
        return False, f"killed by signal {-done.returncode}: this container or sandbox forbids it"
    text = (done.stdout or done.stderr).strip().splitlines()
    last = text[-1] if text else f"exit code {done.returncode}"
    return done.returncode == 0, last.removeprefix("PermissionError: ")


def _raw_sockets() -> Ability:
    ok, text = _child([sys.executable, "-c", _RAW])
    cure = "sudo; or the lab, which needs no root; or --udp"
    return Ability("raw-sockets", ok, text, "" if ok else cure)


def _udp_loopback() -> Ability:
    ok, text = _child([sys.executable, "-c", _UDP])
    return Ability("udp-loopback", ok, text, "" if ok else "ip link set lo up, and no firewall on lo")


def _root_namespaces() -> Ability:
    if not is_root():
        return Ability("root-namespaces", False, "this user is not root", "sudo; or rootless namespaces")
    ok, text = _child([program("unshare") or "unshare", "-nmpf", "--mount-proc", "sh", "-c", _NETWORK])
    return Ability("root-namespaces", ok, text, "" if ok else _namespace_cure())


def _rootless_namespaces() -> Ability:
    ok, text = _child([program("unshare") or "unshare", "-Urnmpf", "--mount-proc", "sh", "-c", _NETWORK])
    return Ability("rootless-namespaces", ok, text, "" if ok else _namespace_cure())


def _namespace_cure() -> str:
    """What usually forbids user namespaces, where it can be seen."""
    settings = {
        "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sudo sysctl kernel.unprivileged_userns_clone=1"),
        "/proc/sys/user/max_user_namespaces": ("0", "sudo sysctl user.max_user_namespaces=10000"),
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    }
    for path, (forbids, cure) in settings.items():
        try:
            with open(path, encoding="ascii") as file:
                if file.read().strip() == forbids:
                    return cure
        except OSError:
            continue
    return "a container must be started with --cap-add SYS_ADMIN, or without its seccomp rules; or use --udp"


_PROBES: dict[str, Callable[[], Ability]] = {
    "raw-sockets": _raw_sockets,
    "udp-loopback": _udp_loopback,
    "root-namespaces": _root_namespaces,
    "rootless-namespaces": _rootless_namespaces,
}
_VERSION_OPTION = {
    "ip": "-V",
    "keepalived": "--version",
    "squid": "-v",
    "vrrpd": "--version",
    "nft": "--version",
    "tcpdump": "--version",
    "tshark": "--version",
    "unshare": "--version",
    "nsenter": "--version",
}


def _program_probe(name: str) -> Callable[[], Ability]:
    def probe() -> Ability:
        purpose = PROGRAMS[name][0]
        path = program(name)
        if not path:
            return Ability(name, False, f"not installed: {purpose}", apt_line(name))
        version = _version(path, _VERSION_OPTION.get(name, ""))
        return Ability(name, True, version or path)

    return probe


def _version(path: str, option: str) -> str:
    if not option:
        return path
    try:
        done = subprocess.run(
            [path, option],
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return path
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip()[:60] if lines else path


def _module_probe(name: str) -> Callable[[], Ability]:
    def probe() -> Ability:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return Ability(name, True, f"version {version(name)}")
        except PackageNotFoundError:
            return Ability(name, False, f"not installed: {MODULES[name]}", how_to_install(name))

    return probe
