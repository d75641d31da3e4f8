"""What happens during a drill, seen from outside the daemons: frames on the LAN, addresses, the client's ARP
cache, the client's gaps, and what the daemons say. Everything on one clock, microseconds since the drill
began.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from vrrplab.lab.server import Server
from vrrplab.lab.topology import CLIENT, LAN, Port, cable_name
from vrrplab.system.doctor import program
from vrrplab.system.netlink import (
    GROUPS,
    NEIGHBOUR_GROUP,
    AddressNotice,
    LinkNotice,
    NeighbourNotice,
    NetlinkSocket,
    Overrun,
    open_monitor,
)
from vrrplab.system.setns import in_network
from vrrplab.system.sniffer import SOL_PACKET, frame_reader, open_interface
from vrrplab.system.tools import python_module
from vrrplab.units import Micros

_IGNORE_OUTGOING = 23  # PACKET_IGNORE_OUTGOING
Watch = Callable[[int, Callable[[], None]], None]


class Seen(NamedTuple):
    """A frame; ``server``: whose port of the switch it came in by ("": the whole switch was listened to)."""

    t_us: Micros
    raw: bytes
    server: str = ""


class Line(NamedTuple):
    t_us: Micros
    server: str
    line: str


class AddressChange(NamedTuple):
    t_us: Micros
    server: str
    added: bool
    address: str  # with prefix
    interface: str


class LinkChange(NamedTuple):
    t_us: Micros
    server: str
    interface: str
    up: bool


class Neighbour(NamedTuple):
    t_us: Micros
    address: str
    mac: str


class ProbeGap(NamedTuple):
    client: str
    probe: str
    last_ok_us: Micros
    next_ok_us: Micros | None
    lost: int


class Measurement:
    """Collects until ``stop``. ``virtual``: the addresses whose coming and going matters."""

    def __init__(self, virtual: list[str], watch: Watch, unwatch: Callable[[int], object]) -> None:
        self._virtual = set(virtual)
        self._watch = watch
        self._unwatch = unwatch
        self.began_us = time.monotonic_ns() // 1000
        self.began_unix_ns = time.time_ns()
        self.frames: list[Seen] = []
        self.lines: list[Line] = []
        self.events: list[dict[str, Any]] = []
        self.addresses: list[AddressChange] = []
        self.links: list[LinkChange] = []
        self.neighbours: list[Neighbour] = []
        self.gaps: list[ProbeGap] = []
        self._monitors: dict[str, NetlinkSocket] = {}
        self._clients: dict[str, subprocess.Popen[bytes]] = {}
        self._ready: set[str] = set()
        self._unread: dict[str, bytes] = {}
        self._sniffers: list[tuple[str, socket.socket]] = []
        self._held: set[tuple[str, str, int]] = set()

    @property
    def now(self) -> Micros:
        """Microseconds since the drill began."""
        return time.monotonic_ns() // 1000 - self.began_us

    # -- starting and stopping -----------------------------------------------------------------------

    def start(self, servers: list[Server]) -> None:
        """Listen to the LAN, to every server's addresses and to the client's cache."""
        self._listen(LAN, "")
        for server in servers:
            self.follow(server)
        with in_network(CLIENT):
            monitor = open_monitor(NEIGHBOUR_GROUP)
        self._monitors[CLIENT] = monitor
        self._watch(monitor.fileno(), lambda: self._neighbours_changed(monitor))

    def listen_to(self, server: Server, segment: str) -> None:
        """Hear what a server sends into a segment, and nothing that others do."""
        for port in server.plan.ports:
            if port.name not in server.plan.later:
                self.listen_at(server, port, segment)

    def listen_at(self, server: Server, port: Port, segment: str) -> None:
        """The same for one interface, if it has a cable there."""
        if port.segment == segment and not port.parent:
            self._listen(cable_name(server.name, port), server.name)

    def _listen(self, interface: str, server: str) -> None:
        sniffer = open_interface(interface)
        if server:
            sniffer.setsockopt(SOL_PACKET, _IGNORE_OUTGOING, 1)
        read = frame_reader(sniffer)

        def frames() -> None:
            while (found := read()) is not None:
                self.frames.append(Seen(max(0, self.now - found[0] // 1000), found[1], server))

        self._sniffers.append((server, sniffer))
        self._watch(sniffer.fileno(), frames)

    def follow(self, server: Server) -> None:
        """Hear of a server's addresses from now on."""
        with in_network(server.name):
            monitor = open_monitor(GROUPS)
            names = {link.number: link.name for link in monitor.links()}
        self._monitors[server.name] = monitor
        self._watch(monitor.fileno(), lambda: self._addresses_changed(server.name, monitor, names))

    def leave(self, server: Server) -> None:
        """Let go of a server's network, or it could not vanish with its power."""
        monitor = self._monitors.pop(server.name, None)
        if monitor is not None:
            self._unwatch(monitor.fileno())
            monitor.close()
        for owner, sniffer in self._sniffers:
            if owner == server.name:
                self._unwatch(sniffer.fileno())
                sniffer.close()
        self._held = {place for place in self._held if place[0] != server.name}
        self._sniffers = [pair for pair in self._sniffers if pair[0] != server.name]

    @property
    def clients_ready(self) -> bool:
        """Has everybody who asks had an answer from everywhere?"""
        return self._ready == self._clients.keys()

    def start_client(self, name: str, questions: list[dict[str, Any]]) -> None:
        """A client, a network namespace of that name, begins to ask: see ``vrrplab.lab.client.asked``."""
        words = python_module("vrrplab.lab.client", json.dumps(questions))
        client = self._clients[name] = subprocess.Popen(
            [program("ip"), "netns", "exec", name, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert client.stdout is not None
        os.set_blocking(client.stdout.fileno(), False)
        self._unread[name] = b""
        self._watch(client.stdout.fileno(), lambda: self._client_said(name))

    def stop_clients(self) -> None:
        """End the probes; what was still open is told first."""
        for client in self._clients.values():
            client.terminate()
        for name, client in self._clients.items():
            try:
                client.wait(5)
            except subprocess.TimeoutExpired:
                client.kill()
                client.wait()
            self._client_said(name)
            if client.stdout is not None and not client.stdout.closed:
                self._unwatch(client.stdout.fileno())
                client.stdout.close()
        self._clients.clear()

    def stop(self) -> None:
        """Let go of everything."""
        self.stop_clients()
        for monitor in self._monitors.values():
            self._unwatch(monitor.fileno())
            monitor.close()
        self._monitors.clear()
        for _, sniffer in self._sniffers:
            self._unwatch(sniffer.fileno())
            sniffer.close()
        self._sniffers.clear()

    # -- hearing -------------------------------------------------------------------------------------

    def heard(self, server: str, at_us: int, line: str, event: dict[str, Any] | None) -> None:
        """A router said something, at a moment of the monotonic clock."""
        t_us = at_us - self.began_us
        if line:
            self.lines.append(Line(t_us, server, line))
        if event is not None:
            self.events.append({**event, "t": t_us / 1_000_000})

    def _addresses_changed(self, server: str, monitor: NetlinkSocket, names: dict[int, str]) -> None:
        for notice in _read(monitor):
            if isinstance(notice, LinkNotice):
                names[notice.number] = notice.name  # a VMAC's interface comes later
                self.links.append(LinkChange(self.now, server, notice.name, notice.up))
            if isinstance(notice, AddressNotice) and notice.address in self._virtual:
                place = (server, notice.address, notice.number)
                if notice.gone == (place not in self._held):
                    continue  # the kernel tells again what has not changed
                (self._held.discard if notice.gone else self._held.add)(place)
                with_prefix = f"{notice.address}/{notice.prefix}"
                interface = names.get(notice.number, "")
                change = AddressChange(self.now, server, not notice.gone, with_prefix, interface)
                self.addresses.append(change)

    def _neighbours_changed(self, monitor: NetlinkSocket) -> None:
        for notice in _read(monitor):
            if (
                not isinstance(notice, NeighbourNotice)
                or notice.address not in self._virtual
                or not notice.mac
            ):
                continue
            known = [n.mac for n in self.neighbours if n.address == notice.address]
            if not known or known[-1] != notice.mac:
                self.neighbours.append(Neighbour(self.now, notice.address, notice.mac))

    def _client_said(self, name: str) -> None:
        stdout = self._clients[name].stdout
        if stdout is None or stdout.closed:
            return
        while True:
            try:
                data = os.read(stdout.fileno(), 65536)
            except BlockingIOError:
                return
            if not data:
                self._unwatch(stdout.fileno())
                stdout.close()
                return
            *lines, self._unread[name] = (self._unread[name] + data).split(b"\n")
            for line in lines:
                said = json.loads(line)
                if said.get("ready"):
                    self._ready.add(name)
                    continue
                last_ok_us, next_ok_us = said["last_ok_us"], said["next_ok_us"]
                from_us = 0 if last_ok_us is None else last_ok_us - self.began_us
                until_us = None if next_ok_us is None else next_ok_us - self.began_us
                self.gaps.append(ProbeGap(name, said["probe"], from_us, until_us, said["lost"]))


def _read(monitor: NetlinkSocket) -> list[Any]:
    try:
        return list(monitor.read())
    except Overrun:
        return []
