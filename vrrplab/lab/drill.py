"""The drills: what is broken, how it is mended, and how long to look. Run by the keeper, inside the lab.

Every drill starts both routers afresh, waits until the network is steady, breaks something on the first
server, waits until the other has taken over, mends it, and waits until the first is back.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from vrrplab.config.model import InstanceConfig
from vrrplab.errors import LiveError
from vrrplab.lab.client import asked
from vrrplab.lab.measure import Measurement
from vrrplab.lab.server import Server
from vrrplab.lab.topology import CLIENT, PROBE_EVERY_S, PROXY_PORT, UPSTREAM_ADDRESS
from vrrplab.scenario.parts import PROBE_TIMEOUT_US
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US, Micros, seconds
from vrrplab.wire.frames import decode

STEADY_S = 7.0  # the second round of gratuitous ARP, 5 s after the first, is over
LONGEST_S = 15.0
AFTERWARDS_S = 1.5  # how much longer to look when what was waited for has come
_STEP_S = 0.02


class Drill(NamedTuple):
    """``fault`` and ``repair`` are actions as scenario files have them, server and service filled in
    later.
    """

    name: str
    title: str
    fault: dict[str, str]
    repair: dict[str, str]


DRILLS: dict[str, Drill] = {
    d.name: d
    for d in (
        Drill(
            "lan-nic",
            "the LAN interface goes down (ip link set eth0 down)",
            {"action": Act.LINK_DOWN.value, "interface": "eth0"},
            {"action": Act.LINK_UP.value, "interface": "eth0"},
        ),
        Drill(
            "wan-nic",
            "the WAN interface goes down (ip link set eth1 down)",
            {"action": Act.LINK_DOWN.value, "interface": "eth1"},
            {"action": Act.LINK_UP.value, "interface": "eth1"},
        ),
        Drill(
            "squid",
            "Squid is stopped (as systemctl stop squid)",
            {"action": Act.SERVICE_STOP.value, "service": "squid"},
            {"action": Act.SERVICE_START.value, "service": "squid"},
        ),
        Drill(
            "stop",
            "the router is stopped (SIGTERM)",
            {"action": Act.DAEMON_STOP.value},
            {"action": Act.DAEMON_START.value},
        ),
        Drill(
            "power", "the server loses power", {"action": Act.POWER_OFF.value}, {"action": Act.POWER_ON.value}
        ),
        Drill(
            "kill",
            "the router is killed (SIGKILL)",
            {"action": Act.DAEMON_KILL.value},
            {"action": Act.DAEMON_START.value},
        ),
    )
}


class Outcome(NamedTuple):
    """A drill that was carried out: ``actions`` with their moments, and ``shown``: ip address at each
    stage.
    """

    drill: Drill | None  # None: a scenario was carried out, no drill
    measurement: Measurement
    actions: list[dict[str, Any]]
    shown: list[dict[str, str]]
    end_us: Micros
    shutdown_s: float | None  # how long the service took to end when it was stopped


def _questions(virtual: list[str]) -> list[dict[str, Any]]:
    """What the PC in the office asks: each address, and through each proxy a page."""
    url = f"http://{UPSTREAM_ADDRESS}/"
    limits_s = {kind: seconds(limit_us) for kind, limit_us in PROBE_TIMEOUT_US.items()}
    return [
        question
        for address in virtual
        for question in (
            asked("icmp", address, PROBE_EVERY_S, limits_s["icmp"]),
            asked("http", address, PROBE_EVERY_S, limits_s["http"], PROXY_PORT, url),
        )
    ]


class Performer:
    """Carries drills out. ``instance``: the one that is watched; ``say``: progress for whoever waits."""

    def __init__(
        self,
        servers: list[Server],
        instance: InstanceConfig,
        measurement: Measurement,
        say: Callable[[str], Awaitable[None]],
    ) -> None:
        self._servers = servers
        self._victim, self._other = servers[0], servers[1]
        self._instance = instance
        self._measurement = measurement
        self._say = say
        self._actions: list[dict[str, Any]] = []
        self._shown: list[dict[str, str]] = []
        self._source = {s.name: s.plan.port(instance.interface).address.partition("/")[0] for s in servers}

    async def perform(self, drill: Drill, virtual: list[str]) -> Outcome:
        """From the start of both routers to the moment the first is master again."""
        measurement = self._measurement
        measurement.start_client(CLIENT, _questions(virtual))
        for server in self._servers:
            server.start_router()
        await self._wait(
            lambda: self._is_master(self._victim), LONGEST_S, f"{self._victim.name} never became master"
        )
        await self._wait(lambda: measurement.clients_ready, LONGEST_S, "the client gets no answers")
        await self._wait(lambda: measurement.now >= STEADY_S * SECOND_US, LONGEST_S, "")
        self._show("before")

        await self._say(f"{drill.title} on {self._victim.name}")
        self._act(drill.fault)
        text = f"{self._other.name} did not take over"
        await self._wait(lambda: self._is_master(self._other), LONGEST_S, text)
        await asyncio.sleep(AFTERWARDS_S)
        self._show("during")

        await self._say("and is mended")
        self._act(drill.repair)
        text = f"{self._victim.name} did not come back"
        await self._wait(lambda: self._is_master(self._victim), LONGEST_S, text)
        if drill.repair["action"] in (Act.DAEMON_START, Act.POWER_ON):
            self._actions[-1]["at_us"] = self._began(self._actions[-1]["at_us"]) or self._actions[-1]["at_us"]
        await asyncio.sleep(AFTERWARDS_S)
        self._show("after")
        end_us = measurement.now
        measurement.stop_clients()
        return Outcome(drill, measurement, self._actions, self._shown, end_us, self._shutdown_s())

    def _shutdown_s(self) -> float | None:
        stopped: list[Micros] = [a["at_us"] for a in self._actions if a["action"] == Act.SERVICE_STOP]
        ended_us = self._victim.service_ended_us
        if not stopped or ended_us is None:
            return None
        return seconds(ended_us - self._measurement.began_us - stopped[0])

    def _began(self, after_us: Micros) -> Micros | None:
        """When the first server's router, started anew, began with its instances (a process needs time to
        start).
        """
        for line in self._measurement.lines:
            began = "removing VIPs" in line.line or "Entering" in line.line
            if line.server == self._victim.name and line.t_us > after_us and began:
                return line.t_us
        return None

    async def _wait(self, condition: Callable[[], bool], limit_s: float, complaint: str) -> None:
        end_us = self._measurement.now + round(limit_s * SECOND_US)
        while not condition():
            if self._measurement.now > end_us:
                last = [line for line in self._measurement.lines if line.server == self._victim.name][-1:]
                said = f"; the last line of {self._victim.name}: {last[0].line}" if last else ""
                raise LiveError(f"{complaint} within {limit_s:g} s{said}")
            await asyncio.sleep(_STEP_S)

    def _is_master(self, server: Server) -> bool:
        """Is the latest advert of the instance from this server, and no farewell?"""
        for seen in reversed(self._measurement.frames):
            frame = decode(seen.raw)
            if frame.vrrp is not None and frame.ip is not None and frame.vrrp.vrid == self._instance.vrid:
                return frame.ip.source == self._source[server.name] and frame.vrrp.priority > 0
        return False

    def _show(self, stage: str) -> None:
        for server in self._servers:
            text = server.addresses_text(self._instance.interface)
            self._shown.append({"stage": stage, "server": server.name, "text": text})

    # -- what is done --------------------------------------------------------------------------------

    def _act(self, action: dict[str, str]) -> None:
        """Do it now, and write down when it was done."""
        server, measurement = self._victim, self._measurement
        at_us = measurement.now
        match action["action"]:
            case Act.LINK_DOWN | Act.LINK_UP as kind:
                server.set_link(action["interface"], kind == Act.LINK_UP)
            case Act.SERVICE_STOP:
                server.stop_service()
            case Act.SERVICE_START:
                server.start_service()
                at_us = measurement.now  # it accepts clients from now on
            case Act.DAEMON_STOP:
                server.signal_router(signal.SIGTERM)
            case Act.DAEMON_KILL:
                server.signal_router(signal.SIGKILL)
            case Act.DAEMON_START:
                server.start_router()
            case Act.POWER_OFF:
                measurement.leave(server)
                server.power_off()
            case Act.POWER_ON:
                server.power_on()
                server.start_service()
                measurement.follow(server)
                at_us = measurement.now
                server.start_router()
            case other:
                raise LiveError(f"no such action: {other}")
        self._actions.append({"at_us": at_us, **action, "server": server.name})
