"""Process 1 of a lab: builds the network, keeps the servers, carries out drills, and takes everything with
it.

    python -m vrrplab.lab.supervisor FOLDER       (started by ``lab.start`` inside fresh namespaces)

FOLDER/plan.json says what to build. Commands come as JSON lines over a socket in FOLDER, answers go back the
same way; the last line of an answer has ``done``. When this process ends, for whatever reason, the kernel
ends every process of the lab and removes its networks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

from vrrplab.errors import LiveError, PlacedError, VrrplabError
from vrrplab.json_text import read_json
from vrrplab.lab.drill import DRILLS, Outcome, Performer
from vrrplab.lab.measure import Measurement
from vrrplab.lab.recording_writer import profile_of, write_recording
from vrrplab.lab.server import ROOTLESS_WRAPPER, Server, ip, ip_batch, keepalived_version
from vrrplab.lab.topology import (
    CLIENT,
    CLIENT_ADDRESS,
    KEEPALIVED,
    LAN,
    SQUID,
    UPSTREAM,
    UPSTREAM_ADDRESS,
    WAN,
    WEB_PORT,
    first_instance,
    nodes_of,
    server_plans,
    squid_config,
    switch_lines,
    virtual_addresses,
)
from vrrplab.limits import LAB_STATE_BYTES
from vrrplab.system.doctor import program
from vrrplab.system.namespaces import PREPARE
from vrrplab.system.tools import python_module

CONTROL = "control"
STAY = "stay"
STAND_IN = "stand-in"
_CHECK_SAMPLES = 3
_DIES_AT_ONCE_S = 1.0
_BEGINS_S = 10.0  # at the latest


class Keeper:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.plan: dict[str, Any] = read_json(os.path.join(folder, "plan.json"), LAB_STATE_BYTES, PlacedError)
        self.real_squid = bool(program("squid")) and os.path.exists(SQUID)
        squid = SQUID if self.real_squid else os.path.join(folder, STAND_IN)
        configs = os.path.join(folder, self.plan["configs"]) if self.plan["configs"] else ""
        self.plans = server_plans(self.plan["routers"], configs, squid)
        self.servers: list[Server] = []
        self.script_run_s = 0.008
        self._measurement: Measurement | None = None
        self._others: list[subprocess.Popen[bytes]] = []
        self._busy = asyncio.Lock()

    # -- building ------------------------------------------------------------------------------------

    def build(self) -> None:
        """The whole network, both servers with their services; the routers are started by who needs them."""
        self._write_files()
        self.nodes = nodes_of(self.plans, self.folder)
        self.virtual = virtual_addresses(self.nodes)
        ip_batch(switch_lines())
        for name, segment, address in ((CLIENT, LAN, CLIENT_ADDRESS), (UPSTREAM, WAN, UPSTREAM_ADDRESS)):
            self._add_host(name, segment, address)
        self._start_web()
        loop = asyncio.get_running_loop()
        for plan in self.plans:
            server = Server(
                plan,
                self.folder,
                self.plan["rootless"],
                self.real_squid,
                self._heard,
                loop.add_reader,
                loop.remove_reader,
            )
            self.servers.append(server)
            server.power_on()
            server.launch_service()
        for server in self.servers:
            server.await_service()
        self._time_check()

    def _write_files(self) -> None:
        def write(name: str, text: str, mode: int = 0o644) -> None:
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
            os.chmod(path, mode)

        for plan in self.plans:
            write(f"{plan.name}.conf", plan.config)
            write(f"{plan.name}.squid.conf", squid_config(plan.name))
        write("squid-rootless", ROOTLESS_WRAPPER, 0o755)
        # what the configuration's check becomes where there is no Squid, as quick as squid -k check
        check = '#!/bin/sh\nkill -0 "$(cat /run/proxy.pid 2>/dev/null)" 2>/dev/null\n'
        write(STAND_IN, check, 0o755)

    def _add_host(self, name: str, segment: str, address: str) -> None:
        ip("netns", "add", name)
        ip_batch(
            [
                f"link add {name} type veth peer name eth0 netns {name}",
                f"link set {name} addrgenmode none master {segment} up",
            ]
        )
        ip_batch(["link set lo up", f"address add {address}/24 dev eth0", "link set eth0 up"], name)

    def _start_web(self) -> None:
        words = python_module("vrrplab.lab.web", "serve", UPSTREAM_ADDRESS, str(WEB_PORT))
        web = subprocess.Popen(
            [program("ip"), "netns", "exec", UPSTREAM, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert web.stdout is not None
        web.stdout.readline()
        self._others.append(web)

    def _time_check(self) -> None:
        """How long a check takes here: the simulation gets the same figure."""
        commands = [s.command for node in self.nodes.values() for s in node.scripts if s.command]
        if not commands:
            return
        times = []
        for _ in range(_CHECK_SAMPLES):
            before_s = time.monotonic()
            self.servers[0].run(*commands[0])
            times.append(time.monotonic() - before_s)
        self.script_run_s = round(min(times), 4)

    def _heard(self, server: str, at_us: int, line: str, event: dict[str, Any] | None) -> None:
        with open(os.path.join(self.folder, f"{server}.log"), "a", encoding="utf-8") as file:
            if line:
                file.write(f"{at_us / 1_000_000:.6f} {line}\n")
        if self._measurement is not None:
            self._measurement.heard(server, at_us, line, event)

    # -- what can be asked ---------------------------------------------------------------------------

    async def start_routers(self) -> None:
        """Start those that do not run; returns when one that dies at once has died."""
        for server in self.servers:
            if server.powered and not server.router_runs:
                server.start_router()
        loop = asyncio.get_running_loop()
        latest_s = loop.time() + _BEGINS_S
        await asyncio.sleep(_DIES_AT_ONCE_S)
        while loop.time() < latest_s and any(s.router_runs and not s.has_begun for s in self.servers):
            await asyncio.sleep(0.05)  # on a busy machine one may not even have read its file yet

    def stop_routers(self) -> None:
        for server in self.servers:
            if server.powered:
                server.stop_router()

    def status(self) -> dict[str, Any]:
        """Who runs what, and who has which address."""
        servers = {}
        for server in self.servers:
            text = ip("-n", server.name, "-o", "address", "show", check=False) if server.powered else ""
            words = [line.split() for line in text.splitlines()]
            held = {w[3].partition("/")[0] for w in words if len(w) > 3}
            servers[server.name] = {
                "router": server.plan.router,
                "runs": server.router_runs,
                "said": server.last_said,
                "powered": server.powered,
                "pid": server.pid,
                "has": [a for a in self.virtual if a in held],
                "addresses": [
                    f"{w[1]} {w[3]}" for w in words if len(w) > 3 and w[2] == "inet" and w[1] != "lo"
                ],
            }
        return {
            "servers": servers,
            "proxy": "Squid" if self.real_squid else "a small stand-in (Squid is not installed)",
            "virtual": self.virtual,
            "hosts": {CLIENT: CLIENT_ADDRESS, UPSTREAM: UPSTREAM_ADDRESS},
        }

    async def drill(self, name: str, folder: str, say: Any) -> None:
        """Carry a drill out and write it down as a recording in ``folder``."""
        drill = DRILLS[name]
        self.stop_routers()
        loop = asyncio.get_running_loop()
        measurement = Measurement(self.virtual, loop.add_reader, loop.remove_reader)
        self._measurement = measurement
        try:
            measurement.start(self.servers)
            instance = first_instance(self.nodes, self.servers[0].name)
            performer = Performer(self.servers, instance, measurement, say)
            outcome = await performer.perform(drill, self.virtual)
            try:
                write_recording(folder, outcome, self.plans, self.nodes, self._facts(outcome))
            except OSError as error:
                raise LiveError(f"{folder}: the drill could not be written: {error.strerror}") from None
        finally:
            measurement.stop()
            self._measurement = None
            for server in self.servers:  # a drill that was broken off leaves nothing broken
                server.mend()

    def _facts(self, outcome: Outcome) -> dict[str, Any]:
        routers = {plan.name: plan.router for plan in self.plans}
        version = keepalived_version() if KEEPALIVED in routers.values() else ""
        profile, caution = profile_of(routers.values(), version)
        who = ", ".join(f"{server} ran {router}" for server, router in routers.items())
        proxy = "Squid" if self.real_squid else "a stand-in for Squid"
        name = outcome.drill.name if outcome.drill else ""
        note = f"lab drill {name}: {who}; the proxies were {proxy}"
        return {
            "keepalived": version,
            "profile": profile,
            "note": f"{note}; {caution}" if caution else note,
            "script_run_s": self.script_run_s,
        }

    # -- life ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def end() -> None:
            if not ended.done():
                ended.set_result(None)

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, end)

        def starter_said() -> None:
            """It tells us to stay, or its end of the pipe is closed because it has ended."""
            said = os.read(0, 4096)
            if STAY.encode() in said:
                loop.remove_reader(0)
            elif not said:
                end()

        loop.add_reader(0, starter_said)
        try:
            self.build()
        except (VrrplabError, OSError) as error:
            _tell({"error": str(error)})
            return
        if self.plan["start"]:
            await self.start_routers()
        os.chdir(
            self.folder
        )  # the address of a socket has room for 107 characters, a folder's path may have more
        server = await asyncio.start_unix_server(self._serve, CONTROL)
        _tell({"ready": True, "proxy": self.status()["proxy"]})
        await ended
        server.close()
        self.stop_routers()
        shutil.rmtree(self.folder, ignore_errors=True)  # who started us may have been killed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(message: dict[str, Any]) -> None:
            writer.write((json.dumps(message) + "\n").encode())
            await writer.drain()

        try:
            request = json.loads(await reader.readline())
            if request["do"] == "status":
                await send({"status": self.status(), "done": True})
            elif request["do"] == "drill" and self._busy.locked():
                await send({"error": "a drill is going on in this lab already", "done": True})
            elif request["do"] == "drill":
                async with self._busy:
                    await self.drill(request["name"], request["folder"], lambda text: send({"say": text}))
                    await send({"done": True})
        except (VrrplabError, OSError, subprocess.SubprocessError) as error:
            await send({"error": str(error), "done": True})
        except Exception as error:  # a bug of ours: told in the same way, and the lab goes on
            text = f"a bug in vrrplab, please report it: {type(error).__name__}: {error}"
            await send({"error": text, "done": True})
        finally:
            writer.close()


def _tell(message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more: standard input tells of it too
        print(json.dumps(message), flush=True)


def main(arguments: list[str]) -> int:
    os.umask(0o022)
    done = subprocess.run(["sh", "-c", PREPARE], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        _tell({"error": f"no namespaces here: {' '.join(done.stderr.split())}"})
        return 1
    try:
        keeper = Keeper(arguments[0])
    except VrrplabError as error:
        _tell({"error": str(error)})
        return 1
    asyncio.run(keeper.run())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
