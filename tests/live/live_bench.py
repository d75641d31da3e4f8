"""A LAN in namespaces for tests: hosts with fixed addresses, any VRRP daemon on each, and a capture of it
all.

tcpdump writes the capture, so what is judged was seen by somebody else's program; its times are the kernel's.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from vrrplab.capture.files import read_records
from vrrplab.errors import CaptureError
from vrrplab.system.namespaces import Enclosure, Inhabitant, bridge_lines, port_name
from vrrplab.trace import Trace, read_trace
from vrrplab.wire.frames import Frame, decode

ROOT = Path(__file__).resolve().parents[2]
FRR = "/usr/lib/frr"
# Until something counts as never happening. Only a failure takes that long; a start on a busy machine may
# take a third of it.
PATIENCE_S = 30.0
VIP = "192.168.2.100"
NETWORK = {
    "eth0": ("lan", "192.168.2.{}/24", "fd00:2::{}/64"),
    "eth1": ("wan", "203.0.113.{}/24", "fd00:3::{}/64"),
}


class Advert(NamedTuple):
    t_s: float
    host: str
    vrid: int
    priority: int
    frame: Frame


class Router(NamedTuple):
    """A daemon on a host: ``log`` is what it printed, ``trace`` (vrrplab only) its own account."""

    kind: str
    process: Inhabitant
    log: Path
    trace_file: Path | None = None

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def trace(self) -> Trace:
        assert self.trace_file is not None
        return read_trace(self.trace_file)

    def state(self) -> str:
        """The state of its (first) instance, as far as it has told."""
        text = self.text()
        if self.kind == "frr":
            lines = [line for line in text.splitlines() if " -> " in line]
            return (
                {"Master": "MASTER", "Backup": "BACKUP"}.get(lines[-1].split()[-1], "INIT")
                if lines
                else "INIT"
            )
        lines = [line for line in text.splitlines() if " STATE" in line and "Entering" in line]
        return lines[-1].split("Entering ")[1].split()[0] if lines else "INIT"

    def stop(self) -> None:
        self.process.stop()


class Bench:
    """``with Bench(["r1", "r2"]) as bench: …``; hosts are .1, .2, … and have MAC 02:00:00:00:00:01,
    …
    """

    def __init__(
        self,
        hosts: list[str],
        interfaces: tuple[str, ...] = ("eth0",),
        rootless: bool | None = None,
    ) -> None:
        # not pytest's own place: scripts and FRR run as users who may not look there
        self._place = tempfile.TemporaryDirectory(prefix="vl-bench-", ignore_cleanup_errors=True)
        self.folder = Path(self._place.name)
        self.hosts = hosts
        self.interfaces = interfaces
        self.inside = Enclosure(rootless)
        self.pcaps = [self.folder / f"{NETWORK[interface][0]}.pcap" for interface in interfaces]
        self._count = 0
        self._frr_host = ""

    def __enter__(self) -> Bench:
        self.folder.chmod(0o755)
        os.environ["PYTHONPATH"] = str(ROOT)
        self.inside.start()
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.inside.close()
        self._place.cleanup()

    def _build(self) -> None:
        lines = [f"netns add {host}" for host in self.hosts]
        for interface in self.interfaces:
            segment = NETWORK[interface][0]
            lines += bridge_lines(segment)
            for host in self.hosts:
                mac = self.mac(host, interface)
                port = port_name(host, interface)
                lines.append(f"link add {port} type veth peer name {interface} address {mac} netns {host}")
                lines.append(f"link set {port} master {segment} up")
        self.inside.batch(lines)
        for number, host in enumerate(self.hosts, 1):
            commands = ["link set lo up"]
            for interface in self.interfaces:
                # duplicate address detection would keep an IPv6 address from being used for a second
                self.inside.run(host, "sysctl", "-qw", f"net.ipv6.conf.{interface}.accept_dad=0")
                _, v4, v6 = NETWORK[interface]
                commands += [f"address add {v4.format(number)} dev {interface}"]
                commands += [f"address add {v6.format(number)} dev {interface} nodad"]
                commands += [f"link set {interface} up"]
            self.inside.run(host, "ip", "-batch", "-", text="\n".join(commands) + "\n")
        self.start_capture()

    def start_capture(self) -> None:
        for pcap in self.pcaps:
            words = [
                "tcpdump",
                "-i",
                pcap.stem,
                "-w",
                str(pcap),
                "-U",
                "-B",  # kB: a flood on a busy machine must not cost frames here
                "65536",
                "--immediate-mode",
                "-n",
                "-Z",
                "root",
            ]
            words.append("arp or icmp6 or proto 112 or proto 51 or ip6 proto 112")
            self.inside.start_process("", *words, log=str(self.folder / f"tcpdump.{pcap.stem}.log"))
        until(lambda: all(p.exists() and p.stat().st_size >= 24 for p in self.pcaps), "tcpdump has begun")

    def mac(self, host: str, interface: str = "eth0") -> str:
        return f"02:00:00:00:0{interface[-1]}:{self.hosts.index(host) + 1:02x}"

    def address(self, host: str) -> str:
        return f"192.168.2.{self.hosts.index(host) + 1}"

    def link_local(self, host: str) -> str:
        """What the kernel makes of eth0's MAC."""
        return f"fe80::ff:fe00:{self.hosts.index(host) + 1:x}"

    def ip(self, host: str, *words: str) -> str:
        return self.inside.run(host, "ip", *words)

    def cut(self, host: str, interface: str = "eth0") -> None:
        """Pull a host's cable."""
        self.inside.run("", "ip", "link", "set", port_name(host, interface), "down")

    def mend(self, host: str, interface: str = "eth0") -> None:
        self.inside.run("", "ip", "link", "set", port_name(host, interface), "up")

    # -- daemons -------------------------------------------------------------------------------------

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def _start(self, host: str, words: list[str], log: Path) -> Inhabitant:
        """A daemon, ahead of other work on the machine where that is allowed."""
        first = [] if self.inside.rootless else ["nice", "-n", "-10"]
        return self.inside.start_process(host, *first, *words, log=str(log))

    def _log(self, host: str, kind: str) -> Path:
        self._count += 1
        return self.folder / f"{host}.{kind}.{self._count}.log"

    def vrrplab(
        self, host: str, config: str, *options: str, program: tuple[str, ...] = ("-m", "vrrplab")
    ) -> Router:
        log = self._log(host, "vrrplab")
        path, trace = self.write(f"{log.stem}.conf", config), self.folder / f"{log.stem}.jsonl"
        words = [
            sys.executable,
            *program,
            "live",
            "run",
            str(path),
            "--name",
            host,
            "--out",
            str(trace),
        ]
        return Router("vrrplab", self._start(host, [*words, *options], log), log, trace)

    def keepalived(self, host: str, config: str) -> Router:
        log = self._log(host, "keepalived")
        path = self.write(f"{log.stem}.conf", config)
        pid = [f"--pid=/run/{log.stem}.pid", f"--vrrp_pid=/run/{log.stem}.v.pid"]
        words = ["keepalived", "-n", "-l", "-D", "-P", "-f", str(path), *pid]
        return Router("keepalived", self._start(host, words, log), log)

    def frr(
        self,
        host: str,
        version: int,
        priority: int,
        interval_ms: int,
        addresses: list[str],
        vrid: int = 51,
        preempt: bool = True,
    ) -> Router:
        """FRR's vrrpd with zebra and the macvlan it wants; IPv4 or IPv6 by the first address."""
        six = ":" in addresses[0]
        self._frr_host = host
        mac, name = f"00:00:5e:00:0{2 if six else 1}:{vrid:02x}", f"vrrp{6 if six else 4}-2-1"
        if name not in self.inside.run(host, "ip", "-br", "link"):
            lines = [
                f"link add {name} link eth0 type macvlan mode bridge",
                f"link set dev {name} address {mac}",
            ]
            if six:
                lines.append(f"link set dev {name} addrgenmode random")
            lines += [
                f"address add {a}/{64 if six else 24} dev {name}" + (" nodad" if six else "")
                for a in addresses
            ]
            self.inside.run(
                host, "ip", "-batch", "-", text="\n".join([*lines, f"link set dev {name} up"]) + "\n"
            )
        log = self._log(host, "frr")
        place = self.folder / log.stem
        place.mkdir(exist_ok=True)
        place.chmod(0o777)
        (place / "zebra.conf").write_text("hostname r\n", encoding="utf-8")
        lines = [
            "hostname r",
            "interface eth0",
            f" vrrp {vrid} version {version}",
            f" vrrp {vrid} priority {priority}",
        ]
        lines += [f" vrrp {vrid} advertisement-interval {interval_ms}"]
        lines += [f" vrrp {vrid} {'ipv6' if six else 'ip'} {address}" for address in addresses]
        lines += [] if preempt else [f" no vrrp {vrid} preempt"]
        (place / "vrrpd.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        common = [
            "-z",
            f"{place}/zserv",
            "--vty_socket",
            str(place),
            "-A",
            "127.0.0.1",
            "-u",
            "frr",
            "-g",
            "frr",
        ]
        common += ["--log", "stdout"]
        if not (place / "zserv").exists():
            zebra = [f"{FRR}/zebra", "-f", f"{place}/zebra.conf", "-i", f"{place}/zebra.pid", *common]
            self.inside.start_process(host, *zebra, log=str(place / "zebra.log"))
            until((place / "zserv").exists, "zebra has begun")
        words = [f"{FRR}/vrrpd", "-f", f"{place}/vrrpd.conf", "-i", f"{place}/vrrpd.pid", *common]
        return Router("frr", self._start(host, words, log), log)

    # -- what was seen -------------------------------------------------------------------------------

    def frames(self, source: str = "") -> list[tuple[float, Frame]]:
        """Of all networks, in order of time; with ``source`` only those from that MAC address."""
        sender = bytes.fromhex(source.replace(":", ""))
        found: list[tuple[float, Frame]] = []
        for pcap in self.pcaps:
            with contextlib.suppress(CaptureError):  # tcpdump is in the middle of a record
                for record in read_records(pcap):  # of a flood nobody wants to decode all
                    if sender in (b"", record.data[6:12]):
                        found.append((record.t_ns / 1e9, decode(record.data, record.link_type)))
        return sorted(found, key=lambda one: one[0]) if len(self.pcaps) > 1 else found

    def adverts(self, vrid: int = 51) -> list[Advert]:
        """Every advert of a VRID, with the host that sent it (by MAC, or by address behind a virtual MAC)."""
        by_mac = {self.mac(host, i): host for host in self.hosts for i in self.interfaces}
        by_address = {a: host for host in self.hosts for a in (self.address(host), self.link_local(host))}
        found = []
        for t_s, frame in self.frames():
            if frame.vrrp is None or frame.ip is None or frame.eth is None or frame.vrrp.vrid != vrid:
                continue
            mac = frame.eth.source or ""
            host = by_mac.get(mac) or by_address.get(frame.ip.source) or self._frr_host
            found.append(Advert(t_s, host, frame.vrrp.vrid, frame.vrrp.priority, frame))
        return found

    def wait_for_master(
        self, host: str, vrid: int = 51, since_s: float = 0.0, limit_s: float = PATIENCE_S
    ) -> float:
        """Until ``host`` sends adverts; the time of its first one since a moment (capture time)."""
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s:
            for advert in self.adverts(vrid):
                if advert.host == host and advert.priority and advert.t_s > since_s:
                    return advert.t_s
            time.sleep(0.15)
        raise AssertionError(f"{host} never became master of VRID {vrid}: {self.adverts(vrid)[-5:]}")


def takeover(adverts: list[Advert], old: str, new: str, since_s: float) -> float:
    """Seconds from the last advert of one host (its farewell, if it said one) to the first of the other after
    it.
    """
    first = next(a for a in adverts if a.host == new and a.priority and a.t_s > since_s)
    last = [a for a in adverts if a.host == old and a.t_s < first.t_s][-1]
    return first.t_s - last.t_s


def config(
    *,
    priority: int,
    version: int = 2,
    state: str = "BACKUP",
    interval: str = "1",
    addresses: tuple[str, ...] = (f"{VIP}/24",),
    vrid: int = 51,
    more: str = "",
    name: str = "V1",
    interface: str = "eth0",
    top: str = "",
) -> str:
    """A keepalived.conf with one instance."""
    lines = "\n".join(f"        {address}" for address in addresses)
    return f"""{top}
vrrp_instance {name} {{
    state {state}
    interface {interface}
    virtual_router_id {vrid}
    priority {priority}
    advert_int {interval}
    version {version}
    {more}
    virtual_ipaddress {{
{lines}
    }}
}}
"""


def fast(priority: int, **more: object) -> str:
    """Elections in 0.7 s."""
    return config(**{"priority": priority, "version": 3, "interval": "0.2", **more})  # type: ignore[arg-type]


def free_port() -> int:
    """A UDP port that nobody has: routers of two tests that run at once must not hear each other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(condition: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {limit_s} s: {what}")


def master(router: Router) -> Router:
    """Wait until it is MASTER and has done all that makes one: it announces its addresses last, after routes
    and rules.
    """

    def is_done() -> bool:
        return router.state() == "MASTER" and "/queueing" in router.text().rpartition("Entering MASTER")[2]

    until(is_done, f"MASTER; it said: {router.text()[-2000:]}")
    return router


def has(bench: Bench, host: str, address: str = VIP) -> bool:
    return f" {address}/" in bench.ip(host, "-o", "address", "show")
