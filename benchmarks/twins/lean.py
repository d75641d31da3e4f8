"""What both lean twins share: routers on a wire, with nothing around them.

The machine (``Daemon``) and the frames' bytes are those of the package on ``sys.path``; how time passes and
how a router waits is SimPy's, in ``interrupt`` and ``callbacks``. There is no switch table, no ARP, no client
and no journal: only changes of state are kept. What actions of the drills do is here; another action
is refused, because a twin that ignored one would be compared with an engine that does not.
"""

from __future__ import annotations

from random import Random
from typing import Any

import simpy

from vrrplab.machine.actions import RunScript, SendAdvertisement, StateChanged
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AdvertisementReceived,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ScriptExited,
    Started,
)
from vrrplab.machine.profiles import profile_named
from vrrplab.wire.addresses import unpack_address
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement

AUTH_TYPES = {"": 0, "PASS": 1, "AH": 2}


class LeanRouter:
    """A daemon, whether its links are up, and its services. A twin adds how it waits (``begin``)."""

    def __init__(self, lan: Lan, server: Any) -> None:
        self.lan = lan
        self.env = lan.env
        self.server = server
        self.up = dict.fromkeys(server.interfaces, True)
        self.services = dict.fromkeys(server.services, True)
        self.stops = dict.fromkeys(server.services, 0)  # counts orders: an ending of before does not count
        self._ip_ids: dict[str, int] = {}
        self._commands = {s.name: " ".join(s.command) for s in server.node.scripts}
        self.daemon: Daemon | None = None

    def begin(self) -> None:
        """Start when the scenario says so."""
        raise NotImplementedError

    def hear(self, event: Any) -> None:
        """An event comes from outside."""
        raise NotImplementedError

    def start(self) -> None:
        self.daemon = Daemon(self.server.node, self.lan.profile)
        status = {
            name: InterfaceStatus(self.up[name], tuple(a.split("/")[0] for a in interface.addresses))
            for name, interface in self.server.interfaces.items()
        }
        self.handle(Started(status, frozenset()))

    def handle(self, event: Any) -> None:
        for action in self.daemon.handle(event, self.env.now):
            if isinstance(action, SendAdvertisement):
                if self.up[action.interface]:
                    self.lan.put(self, action.interface, self._frame(action))
            elif isinstance(action, RunScript):
                self.lan.check(self, ScriptExited(action.script, action.run, self._status(action.script)))
            elif isinstance(action, StateChanged):
                change = (self.env.now, self.server.name, action.instance, action.old, action.new)
                self.lan.transitions.append(change)

    def _status(self, script: str) -> int:
        followed = self.server.checks.get(script)
        if followed is None:
            followed = next((name for name in self.services if name in self._commands[script]), None)
        return 0 if followed is None or self.services[followed] else 1

    def _frame(self, action: SendAdvertisement) -> bytes:
        number = self._ip_ids[action.instance] = self._ip_ids.get(action.instance, 0) % 0xFFFF + 1
        authentication = action.authentication
        kind = authentication.kind if authentication else ""
        advert = Advertisement(
            action.version,
            action.vrid,
            action.priority,
            action.interval_us,
            action.addresses,
            auth_type=AUTH_TYPES[kind],
            auth_data=authentication.password.ljust(8, b"\0") if kind == "PASS" else None,
        )
        mac = self.server.interfaces[action.interface].mac
        to = action.destinations[0]
        return advert_frame(mac, action.source, to, advert, ttl=action.ttl, ip_id=number)

    def set_link(self, interface: str, up: bool) -> None:
        self.up[interface] = up
        self.hear(InterfaceWentUp(interface) if up else InterfaceWentDown(interface))


class Lan:
    """The routers of a scenario and what joins them. A twin adds ``put``, ``check`` and ``act``."""

    router_type: type[LeanRouter]

    def __init__(self, scenario: Any) -> None:
        self.env = simpy.Environment(0)
        self.scenario = scenario
        self.profile = profile_named(scenario.profile)
        self.transitions: list[tuple[int, str, str, str, str]] = []
        self._draw = Random(scenario.seed).random
        self.routers = {s.name: self.router_type(self, s) for s in scenario.servers.values()}
        self._ports: dict[str, list[tuple[LeanRouter, str]]] = {}
        for router in self.routers.values():
            for interface in router.server.interfaces.values():
                self._ports.setdefault(interface.segment, []).append((router, interface.name))
        self.latency_us = {s.name: s.latency_us for s in scenario.segments.values()}
        self._loss = {s.name: s.loss for s in scenario.segments.values()}

    def put(self, sender: LeanRouter, interface: str, frame: bytes) -> None:
        """A frame leaves that interface."""
        raise NotImplementedError

    def check(self, router: LeanRouter, exited: ScriptExited) -> None:
        """A check runs, and ends with that."""
        raise NotImplementedError

    def arrive(self, sender: LeanRouter, segment: str, frame: bytes) -> None:
        """The frame is at the others of its segment, decoded once for all."""
        loss, packet = self._loss[segment], None
        for router, interface in self._ports[segment]:
            if router is sender or not router.up[interface] or router.daemon is None:
                continue
            if loss and self._draw() < loss:
                continue
            packet = packet or decode(frame).vrrp
            source, destination = unpack_address(frame[26:30]), unpack_address(frame[30:34])
            router.hear(AdvertisementReceived(interface, source, destination, frame[22], packet))

    def perform(self, action: Any) -> None:
        router, keys = self.routers[action.keys["server"]], action.keys
        match action.kind:
            case "link_down" | "link_up":
                router.set_link(keys["interface"], action.kind == "link_up")
            case "service_stop":
                service = keys["service"]
                router.stops[service] += 1
                delay_us = router.server.services[service].shutdown_us
                self.later(delay_us, self._end_service, router, service, router.stops[service])
            case "service_start":
                router.stops[keys["service"]] += 1
                router.services[keys["service"]] = True
            case _:
                raise ValueError(f"a lean twin knows no {action.kind}")

    def _end_service(self, router: LeanRouter, service: str, order: int) -> None:
        if router.stops[service] == order:
            router.services[service] = False

    def later(self, delay_us: int, call: Any, *args: Any) -> None:
        """Call later."""
        event = self.env.timeout(delay_us)
        event.callbacks.append(lambda _: call(*args))

    def run(self) -> list[tuple[int, str, str, str, str]]:
        """Play the scenario; the changes of state: time in microseconds, server, instance, from, to."""
        for router in self.routers.values():
            router.begin()
        for action in self.scenario.actions:
            self.later(action.at_us, self.perform, action)
        # SimPy stops before what happens at ``until``, and our engine after it
        self.env.run(until=self.scenario.duration_us + 0.5)
        return self.transitions
