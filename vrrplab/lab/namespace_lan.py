"""A LAN of real hosts in namespaces, for notebooks: real keepalived and vrrplab on an Ethernet, without root.

    with NamespaceLan({"r1": "192.168.2.2/24", "r2": "192.168.2.3/24"}) as lan:
        lan.keepalived("r1", text); lan.vrrplab("r2", text)
        lan.wait_for_master("r1"); lan.cut("r1"); lan.trace()

A watcher on the switch writes the trace, so that it shows what was on the wire, whoever sent it.
"""

from __future__ import annotations

import os
import tempfile
import time
from types import TracebackType

from vrrplab import arguments
from vrrplab.errors import LiveError, TraceError
from vrrplab.system.doctor import examine
from vrrplab.system.namespaces import Enclosure, Inhabitant, bridge_lines, port_name
from vrrplab.system.tools import python_module
from vrrplab.trace import Trace, read_trace
from vrrplab.trace.events import AdvertSentEvent

SWITCH = "lan"
_NEEDED = ("ip", "unshare", "nsenter", "keepalived")


def why_not() -> str:
    """Why real daemons cannot run here, in one sentence; "" where they can."""
    found = examine(["root-namespaces", "rootless-namespaces", *_NEEDED])
    works = {finding.name for finding in found if finding.ok}
    missing = [finding for finding in found if finding.name in _NEEDED and not finding.ok]
    if missing:
        return f"{missing[0].name} is {missing[0].detail}"
    if not works & {"root-namespaces", "rootless-namespaces"}:
        refused = next(finding for finding in found if finding.name == "rootless-namespaces")
        return f"no namespaces may be made here: {refused.detail}"
    return ""


class NamespaceLan:
    """``hosts``: name -> ADDRESS/PREFIX on eth0. LiveError where namespaces are forbidden."""

    def __init__(self, hosts: dict[str, str]) -> None:
        self._hosts = hosts
        self._folder = tempfile.TemporaryDirectory(prefix="vrrplab-lan-", ignore_cleanup_errors=True)
        os.chmod(self._folder.name, 0o755)
        self._inside = Enclosure()
        self._routers: dict[str, tuple[Inhabitant, str]] = {}
        home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self._python = ["env", f"PYTHONPATH={home}", *python_module("vrrplab", "live")]
        self._inside.start()
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        lines = [f"netns add {host}" for host in self._hosts] + bridge_lines(SWITCH)
        for host in self._hosts:
            lines.append(f"link add {port_name(host, 'eth0')} type veth peer name eth0 netns {host}")
            lines.append(f"link set {port_name(host, 'eth0')} master {SWITCH} up")
        self._inside.batch(lines)
        for host, address in self._hosts.items():
            inside = ["link set lo up", f"address add {address} dev eth0", "link set eth0 up"]
            self._inside.run(host, "ip", "-batch", "-", text="\n".join(inside) + "\n")
        words = [*self._python, "watch", "--interface", SWITCH, "--out", self._path("trace.jsonl")]
        for host, address in self._hosts.items():
            words += ["--name", f"{address.partition('/')[0]}={host}"]
        self._inside.start_process("", *words, log=self._path("watch.log"))
        end_s = time.monotonic() + 10
        while not os.path.exists(self._path("trace.jsonl")):
            if time.monotonic() > end_s:
                raise LiveError(f"the watcher does not start: {self._read('watch.log').strip()}")
            time.sleep(0.02)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder.name, name)

    def _read(self, name: str) -> str:
        with open(self._path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def keepalived(self, host: str, config: str) -> None:
        """Start the real daemon on a host, with the text of its keepalived.conf."""
        self._known(host)
        pids = [f"--pid=/run/{host}.pid", f"--vrrp_pid=/run/{host}.vrrp.pid"]
        self._start(host, ["keepalived", "-n", "-l", "-D", "-P", "-f", self._config(host, config), *pids])

    def vrrplab(self, host: str, config: str) -> None:
        """Start vrrplab's router on a host."""
        self._known(host)
        self._start(host, [*self._python, "run", self._config(host, config), "--name", host])

    def _config(self, host: str, config: str) -> str:
        with open(self._path(f"{host}.conf"), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(config)
        return self._path(f"{host}.conf")

    def _known(self, host: str) -> str:
        return arguments.known(host, "host", self._hosts, "on this network")

    def _start(self, host: str, words: list[str]) -> None:
        self.stop(host)
        router = self._inside.start_process(host, *words, log=self._path(f"{host}.log"))
        self._routers[host] = router, f"{host}.log"

    def stop(self, host: str) -> None:
        """SIGTERM for the router of a host, if it has one; returns when it has gone."""
        if self._known(host) in self._routers:
            self._routers.pop(host)[0].stop()

    def cut(self, host: str) -> None:
        """Pull a host's cable."""
        self._inside.run("", "ip", "link", "set", port_name(self._known(host), "eth0"), "down")

    def mend(self, host: str) -> None:
        self._inside.run("", "ip", "link", "set", port_name(self._known(host), "eth0"), "up")

    def log(self, host: str) -> str:
        """What the router of a host has printed."""
        return self._read(f"{self._known(host)}.log")

    def ip(self, host: str, *words: str) -> str:
        """``ip …`` on a host."""
        return self._inside.run(self._known(host), "ip", *words)

    def trace(self) -> Trace:
        """What was on the wire so far."""
        try:
            return read_trace(self._path("trace.jsonl"))
        except TraceError:  # the last line is still being written
            time.sleep(0.05)
            return read_trace(self._path("trace.jsonl"))

    def master(self) -> str:
        """Who sent the latest advert, if it was no farewell; "" if nobody did."""
        adverts = self.trace().of(AdvertSentEvent)
        return adverts[-1].server if adverts and adverts[-1].priority else ""

    def wait_for_master(self, host: str, limit_s: float = 15.0) -> None:
        """Until a host is the one that advertises; LiveError if that takes too long."""
        self._known(host)
        end_s = time.monotonic() + limit_s
        while self.master() != host:
            if time.monotonic() > end_s:
                raise LiveError(f"{host} has not become MASTER within {limit_s:g} s")
            time.sleep(0.05)

    def close(self) -> None:
        """End everything."""
        self._inside.close()
        self._folder.cleanup()

    def __enter__(self) -> NamespaceLan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()
