"""Process 1 of a bench: one scenario carried out with real keepalived, written down as a recording, and gone.

    python -m vrrplab.lab.bench FOLDER       (started by ``comparison`` inside fresh namespaces)

FOLDER/scenario.yaml says what to carry out (``lay_out`` puts it there); FOLDER/recording holds afterwards
what was seen, with the moments at which things really happened. What a bench cannot carry out,
``complaints`` tells before one is put up. When this process ends, for whatever reason, the kernel ends
every process of the bench and removes its networks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import ip_interface
from itertools import chain
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import config_text
from vrrplab.errors import LiveError, VrrplabError
from vrrplab.lab.client import asked
from vrrplab.lab.drill import Outcome
from vrrplab.lab.measure import Line, Measurement, Seen
from vrrplab.lab.recording_writer import profile_of, write_recording
from vrrplab.lab.server import Server, ip, ip_batch, keepalived_version
from vrrplab.lab.topology import KEEPALIVED, Port, ServerPlan, cable_name, card_lines, plug_lines
from vrrplab.scenario.address_checks import gateway_mac
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Gateway, Interface, Probe, Service, TimedAction
from vrrplab.scenario.parts import Server as Cast
from vrrplab.scenario.reader import load_scenario
from vrrplab.system.doctor import apt_line, program
from vrrplab.system.namespaces import PREPARE
from vrrplab.system.tools import python_module
from vrrplab.trace.vocabulary import Act, Segments
from vrrplab.units import SECOND_US, Micros
from vrrplab.wire.frames import decode

RECORDING = "recording"
CONFIG = "/run/keepalived.conf"  # on a server
FILES = "/run/track"  # on a server: the files that are tracked, lest the daemon writes into this machine's
CHECKS = "/run/check"  # on a server: one program a script, and beside it what it is to say
_DUMP_LIMIT_S = 2.0
_FIRST_CHECK_US = 300_000
_CARRIER_LIMIT_US = 1_500_000
_READ_LATE_US = 150_000
_STOP_LIMIT_S = 10.0
_ROUTER_US = 1_000  # what a router may take in a scenario, if the kernel's own speed is to pass for it

DOES = frozenset(
    {
        Act.LINK_DOWN, Act.LINK_UP, Act.CARRIER_DOWN, Act.CARRIER_UP, Act.IFDOWN, Act.IFUP,
        Act.ADDRESS_REMOVE, Act.ADDRESS_ADD, Act.SERVICE_STOP, Act.SERVICE_START, Act.SERVICE_KILL,
        Act.CHECK_FAIL, Act.CHECK_PASS, Act.CHECK_HANG, Act.DAEMON_STOP, Act.DAEMON_START, Act.DAEMON_KILL,
        Act.DAEMON_FREEZE, Act.DAEMON_THAW, Act.POWER_OFF, Act.POWER_ON, Act.RELOAD, Act.FIREWALL_DROP,
        Act.FIREWALL_CLEAR, Act.SEGMENT_FAULT, Act.SEGMENT_HEAL, Act.INTERFACE_DELETE, Act.INTERFACE_ADD,
        Act.FILE_WRITE,
    }
)  # fmt: skip
_CHECK = """\
#!/bin/sh
read -r says < "$0.says"
case "$says" in hang) exec sleep 3600 ;; esac
exit "$says"
"""
_NOTIFIED = "#!/bin/sh\nexit 0\n"
_SCRIPT_LINE = re.compile(r'^(\s*script\s+)("?)([^\s"]+)("?)(\s|$)')
_FILE_LINE = re.compile(r'^(\s*file\s+"?)([^\s"]+)')
_NOTIFY_OPTION = r"notify(?:_(?:master|backup|fault|stop|deleted|master_rx_lower_pri))?"
_NOTIFY_LINE = re.compile(rf'^([ \t]*{_NOTIFY_OPTION}[ \t]+"?)([^\s"!#]+)', re.MULTILINE)
# no real-time class beside other work, and no pipe where this machine has its files
_NOT_HERE = re.compile(
    r"^([ \t]*)((?:\w+_)?(?:rt_priority|notify_fifo(?:_script)?)|max_auto_priority)\b", re.MULTILINE
)
_STATE_OF = re.compile(r"^\s*VRRP Instance = (\S+)|^\s*State = (\w+)", re.MULTILINE)
_BEGAN = re.compile(r"removing VIPs|^Startup complete|Entering \w+ STATE")


# -- before --------------------------------------------------------------------------------------------------


def complaints(scenario: Scenario) -> str:
    """What of a scenario a bench cannot carry out, in one sentence; "" if it can do all."""
    for action in scenario.actions:
        if action.kind not in DOES:
            return f"the lab cannot do {action.kind} with the real daemon"
        slow = [key for key in ("latency_s", "jitter_s") if key in action.keys]
        if slow:
            return f"the lab's switches know no {slow[0]} ({action.kind}); they can lose frames"
        if "kind" in action.keys:
            return f"the lab adds interfaces as they stand under the server ({action.keys['interface']})"
        if action.node is not None and (untold := _untold(action.node)):
            return untold
        if action.node is not None and action.node.text is None:
            return f"{action.node.file} includes other files, which the lab does not hand on"
    for segment in scenario.segments.values():
        if segment.jitter_us or segment.port_security:
            return f"the lab's switches know no jitter_s and no port_security (segment {segment.name})"
    for server in scenario.servers.values():
        if server.is_frr:
            return f"the lab runs keepalived only ({server.name} has frr)"
        if server.profile:
            return f"the lab has one keepalived for all servers ({server.name} has a profile of its own)"
        for card in server.interfaces.values():
            if card.parents and not _can_make(card, server.interfaces):
                return (
                    f"of interfaces on others the lab makes macvlans on a card of their segment"
                    f" ({server.name} {card.name} is a {card.kind} on {', '.join(card.parents)})"
                )
        if untold := _untold(server.node):
            return untold
        if server.node.text is None and not server.refusal:
            return f"{server.config} includes other files, or was changed in Python: the lab needs its text"
    for router in scenario.routers.values():
        if router.latency_us > _ROUTER_US:
            return f"the lab's routers know no latency_s (router {router.name})"
    return ""


def _can_make(card: Interface, cards: dict[str, Interface]) -> bool:
    """A macvlan on a card with a cable, on the network that this cable leads to."""
    parent = cards[card.parents[0]]
    return card.kind == "macvlan" and not parent.parents and parent.segment == card.segment


def _untold(node: NodeConfig) -> str:
    """What its daemon would never hear of."""
    if node.processes:
        name = node.processes[0].name
        return (
            f"the kernel tells no daemon of the lab of processes ({node.file} has vrrp_track_process {name})"
        )
    if node.bfds:
        return f"the lab speaks no BFD ({node.file} has bfd_instance {node.bfds[0].name})"
    return ""


def lay_out(scenario: Scenario, folder: str) -> None:
    """Write a scenario where a bench looks for it: its configurations beside it, checks replaced by switches.

    LiveError says what the lab cannot carry out.
    """
    complaint = complaints(scenario)
    if complaint:
        raise LiveError(f"{scenario.name}: {complaint}")
    files: dict[str, str] = {}
    servers = {}
    for server in scenario.servers.values():
        name = f"{server.name}.conf"
        files[name] = with_switches(server.node, server.missing_files)
        checks = {s.name: server.followed(s.name, " ".join(s.command)) for s in server.node.scripts}
        servers[server.name] = replace(
            server, config=name, checks={script: service for script, service in checks.items() if service}
        )
    actions = []
    for number, action in enumerate(scenario.actions, 1):
        if action.node is not None:
            name = f"{action.keys['server']}.reload{number}.conf"
            files[name] = with_switches(action.node, scenario.servers[action.keys["server"]].missing_files)
            action = replace(action, keys={**action.keys, "config": name})
        if action.kind == Act.FILE_WRITE and "/" in action.keys["file"]:
            action = replace(action, keys={**action.keys, "file": _in_lab(action.keys["file"])})
        actions.append(action)
    for name, text in files.items():
        _write(os.path.join(folder, name), text)
    clients = {}
    for client in scenario.clients.values():
        probes = tuple(probe for probe in client.probes if probe.target not in scenario.dns)
        if probes:  # nobody answers for names there
            clients[client.name] = replace(client, probes=probes)
    laid = scenario.changed(servers=servers, actions=tuple(actions), clients=clients, dns={}, expect=())
    _write(os.path.join(folder, "scenario.yaml"), laid.to_yaml(beside=True))


def with_switches(node: NodeConfig, missing: tuple[str, ...]) -> str:
    """A configuration whose checks are programs that say what the lab tells them to, notify scripts none.

    Those that do not exist on the server stay as they are. Tracked files lie where the server has its own.
    What would touch this machine, a real-time class or a notify_fifo, is a comment.
    """
    text = _NOT_HERE.sub(r"\1# \2", node.text or "")
    lines = text.split("\n")
    for script in node.scripts:
        path = script.command[0] if script.command else ""
        if not path or path in missing or not script.is_program:
            continue
        for number in range(max(0, script.source.line - 1), len(lines)):
            if re.match(r"\s*script\s", lines[number]):
                lines[number] = _SCRIPT_LINE.sub(
                    lambda m, name=script.name: f"{m[1]}{m[2]}{CHECKS}/{name}{m[4]}{m[5]}",  # type: ignore[misc]
                    lines[number],
                )
                break
    for file in node.files:
        for number in range(max(0, file.source.line - 1), len(lines)):
            if _FILE_LINE.match(lines[number]):
                lines[number] = _FILE_LINE.sub(lambda m: m[1] + _in_lab(m[2]), lines[number])
                break
    return _NOTIFY_LINE.sub(lambda m: m[0] if m[2] in missing else f"{m[1]}{CHECKS}/notify", "\n".join(lines))


def _in_lab(path: str) -> str:
    return path if path.startswith(FILES) else f"{FILES}/{path.strip('/').replace('/', '-')}"


def _write(path: str, text: str, mode: int = 0o644) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    os.chmod(path, mode)


# -- inside --------------------------------------------------------------------------------------------------


class Bench:
    """A scenario's network with real daemons. ``build``, then ``perform``, then ``write``."""

    def __init__(self, folder: str, rootless: bool) -> None:
        self.folder = folder
        self.scenario = load_scenario(os.path.join(folder, "scenario.yaml"), run_refused=True)
        self._rootless = rootless
        self._bridges = {name: f"net{number}" for number, name in enumerate(self.scenario.segments)}
        self._faults = Segments()
        self._checks = {
            name: Checks(server, self._scripts_of(name)) for name, server in self.scenario.servers.items()
        }
        self._plans = {
            name: self._plan(number, server)
            for number, (name, server) in enumerate(self.scenario.servers.items())
        }
        loop = asyncio.get_running_loop()
        self._watch, self._unwatch = loop.add_reader, loop.remove_reader
        self.servers: dict[str, Server] = {}
        self._measurement: Measurement | None = None
        self._done: list[TimedAction] = []
        self._gates: list[tuple[str, Port]] = []  # the routers' ports
        self._closed: dict[str, set[tuple[str, str]]] = {name: set() for name in self.scenario.servers}
        self._written: dict[tuple[str, str], str] = {}  # (server, path) -> what a power cut does not take

    def _nodes_of(self, name: str) -> list[NodeConfig]:
        """The configuration of a server, and those that reloads bring."""
        reloads = [a.node for a in self.scenario.actions if a.node is not None and a.keys["server"] == name]
        return [self.scenario.servers[name].node, *reloads]

    def _scripts_of(self, name: str) -> list[str]:
        return list(dict.fromkeys(script.name for node in self._nodes_of(name) for script in node.scripts))

    def _plan(self, number: int, server: Cast) -> ServerPlan:
        ports = []
        for place, card in enumerate(server.interfaces.values()):
            own, *more = card.addresses or ("",)
            bridge, parent = self._bridges[card.segment], "".join(card.parents)
            plug = list(server.interfaces).index(parent) if parent else place  # the cable's end
            ipv6 = any(i.family == 6 and i.interface == card.name for i in server.node.instances)
            plugged = f"s{number}p{plug}"
            ports.append(Port(card.name, bridge, own, card.mac, tuple(more), plugged, parent, ipv6))
        later = tuple(self.scenario.added_later(server.name))
        text = config_text(os.path.join(self.folder, server.config))
        return ServerPlan(server.name, tuple(ports), KEEPALIVED, text, later)

    # -- building ------------------------------------------------------------------------------------

    def build(self) -> None:
        """Switches and servers; the daemons are started by ``perform``."""
        for bridge in self._bridges.values():
            kind = f"link add {bridge} type bridge forward_delay 0 stp_state 0 mcast_snooping 0"
            ip_batch([kind, f"link set {bridge} addrgenmode none up"])
        for number, router in enumerate(self.scenario.routers.values()):
            self._make_router(number, router)
        for number, client in enumerate(self.scenario.clients.values()):
            self._make_client(number, client)
        for name, plan in self._plans.items():
            server = Server(plan, self.folder, self._rootless, False, self._heard, self._watch, self._unwatch)
            self.servers[name] = server
            self._power_on(name)
        for segment in self.scenario.segments.values():
            harm: dict[str, Any] = {"loss": segment.loss} if segment.loss else {}
            if not segment.multicast:
                harm["multicast"] = False
            if harm:
                self._faults.see({"action": Act.SEGMENT_FAULT, "segment": segment.name, **harm})
        self._set_segments()

    def _make_client(self, number: int, client: Client) -> None:
        first, *more = client.addresses
        plug, bridge = f"c{number}", self._bridges[client.segment]
        port = Port("eth0", bridge, first, client.mac, tuple(more), plug)
        ip("netns", "add", client.name)
        ip_batch(plug_lines(client.name, port))
        made, up, addresses = card_lines(port)
        ip_batch([*made, "link set lo up", *addresses, *up], client.name)
        self._set_ways(client.name, {"eth0": client.segment})

    def _make_router(self, number: int, router: Gateway) -> None:
        """A host that forwards between its networks, and sends no ICMP redirects."""
        ip("netns", "add", router.name)
        for place, (segment, (first, *more)) in enumerate(router.interfaces.items()):
            mac, plug = gateway_mac(place, number), f"r{number}p{place}"
            port = Port(f"port{place}", self._bridges[segment], first, mac, tuple(more), plug)
            ip_batch(plug_lines(router.name, port))
            self._gates.append((router.name, port))
            made, up, addresses = card_lines(port)
            ip_batch([*made, *addresses, *up], router.name)
        settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]
        settings += [f"net.ipv4.conf.{card}.send_redirects=0" for card in ("all", "default")]
        settings += [f"net.ipv4.conf.port{n}.send_redirects=0" for n in range(len(router.interfaces))]
        ip("netns", "exec", router.name, "sysctl", "-q", "-w", *settings)

    def _set_routes(self, server: Server) -> None:
        """Each interface's ways out, to the networks of its routers: nothing else is out there.

        With a default route a daemon that asks for names would wait 5 s for an answer at its start. The
        kernel forgets routes with the link and with the last address, so they are set again when an interface
        comes up or gets an address.
        """
        cards = self.scenario.servers[server.name].interfaces
        self._set_ways(server.name, {name: card.segment for name, card in cards.items()})

    def _set_ways(self, host: str, cards: dict[str, str]) -> None:
        """``cards``: the segment of each of a host's interfaces."""
        for metric, (card, own_segment) in enumerate(cards.items(), 100):
            routers = [r for r in self.scenario.routers.values() if own_segment in r.interfaces]
            ways: list[tuple[str, tuple[str, ...]]] = []
            for router in routers:
                there = [
                    a for segment, own in router.interfaces.items() if segment != own_segment for a in own
                ]
                ways += [(str(ip_interface(a).network), router.interfaces[own_segment]) for a in there]
            for network, (via, *_) in ways:
                words = ["route", "replace", network, "via", via.partition("/")[0], "dev", card]
                ip("-n", host, *words, "metric", str(metric), check=False)
            if not routers:
                self._set_neighbours(host, card, own_segment, metric)

    def _set_neighbours(self, host: str, card: str, segment: str, metric: int) -> None:
        """A client and what it asks for reach each other on one network, whatever subnets they are of."""
        for client in self.scenario.clients.values():
            if client.segment == segment:
                ends = [probe.target for probe in client.probes] if host == client.name else client.addresses
                for end in dict.fromkeys(a.partition("/")[0] for a in ends):
                    words = ["route", "replace", end, "dev", card, "metric", str(metric)]
                    ip("-n", host, *words, check=False)

    def _power_on(self, name: str) -> None:
        server, cast = self.servers[name], self.scenario.servers[name]
        server.power_on()
        server.config = CONFIG
        _write(_seen_by(server, CONFIG), self._plans[name].config)
        filters = f"net.ipv4.conf.all.rp_filter={cast.rp_filter}", "net.ipv4.conf.default.rp_filter=0"
        server.run("sysctl", "-q", "-w", *filters)  # a new network has those of the machine
        self._set_routes(server)
        if cast.promote_secondaries:
            server.run("sysctl", "-q", "-w", "net.ipv4.conf.all.promote_secondaries=1")
        os.makedirs(_seen_by(server, FILES))
        for (owner, path), text in self._written.items():
            if owner == name:
                _write(_seen_by(server, path), text)
        root = _seen_by(server, CHECKS)
        os.makedirs(root)
        _write(f"{root}/notify", _NOTIFIED, 0o755)
        checks = self._checks[name]
        checks.root = root
        for script in checks.names:
            _write(f"{root}/{script}", _CHECK, 0o755)
        checks.answers = self._answering(server)
        checks.power_on()

    def _answering(self, server: Server) -> Callable[[Iterable[int]], None]:
        """How ports of a server are made to answer, where somebody asks them: these, and no others."""
        probes = chain.from_iterable(client.probes for client in self.scenario.clients.values())
        open_ports = {probe.port for probe in probes if probe.kind == "http"}
        if not open_ports:
            return lambda _: None
        process = subprocess.Popen(
            server.command(*python_module("vrrplab.lab.web", "services")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

        def answers(ports: Iterable[int]) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(BrokenPipeError):  # no power
                process.stdin.write(" ".join(str(port) for port in open_ports.intersection(ports)) + "\n")
                process.stdin.flush()
                process.stdout.readline()

        return answers

    def _virtual(self) -> list[str]:
        """Every virtual address, also those that a reload brings, excluded ones too."""
        nodes = [s.node for s in self.scenario.servers.values()]
        nodes += [action.node for action in self.scenario.actions if action.node is not None]
        instances = chain.from_iterable(node.instances for node in nodes)
        return list(dict.fromkeys(a.address for i in instances for a in i.all_addresses))

    def _heard(self, server: str, at_us: int, line: str, event: dict[str, Any] | None) -> None:
        if self._measurement is not None:
            self._measurement.heard(server, at_us, line, event)

    # -- performing ----------------------------------------------------------------------------------

    async def perform(self) -> Outcome:
        """From the start of the first daemon to the scenario's end."""
        self._measurement = measurement = Measurement(self._virtual(), self._watch, self._unwatch)
        for box in self.servers.values():
            measurement.follow(box)
            self._listen(box)
        for client in self.scenario.clients.values():
            measurement.start_client(client.name, [_question(probe) for probe in client.probes])
        steps: list[tuple[Micros, int, str | TimedAction]] = [
            (cast.start_at_us, -1, name) for name, cast in self.scenario.servers.items()
        ]
        for n, action in enumerate(self.scenario.actions):
            steps.append((action.at_us, -2 if self.scenario.is_found(action) else n, action))
        steps.sort(key=lambda step: step[:2])
        for at_us, _, step in steps:
            await self._until(at_us)
            if isinstance(step, str):
                self.servers[step].start_router()
            else:
                await self._act(step)
        await self._until(self.scenario.duration_us)
        end_us = measurement.now
        measurement.stop_clients()
        done = [{"at_us": a.at_us, "action": a.kind, **a.keys} for a in self._done]
        return Outcome(None, measurement, done, [], end_us, None)

    async def _until(self, at_us: Micros) -> None:
        assert self._measurement is not None
        await asyncio.sleep(max(0, at_us - self._measurement.now) / SECOND_US)

    def _listen(self, server: Server) -> None:
        assert self._measurement is not None
        self._measurement.listen_to(server, next(iter(self._bridges.values())))

    async def _act(self, action: TimedAction) -> None:
        """Do it now, and write down when it was done."""
        assert self._measurement is not None
        keys, measurement = action.keys, self._measurement
        name = keys.get("server", "")
        if action.kind == Act.DAEMON_START and name:
            await self._has_stopped(self.servers[name])
        at_us = measurement.now
        if action.kind in (Act.SEGMENT_FAULT, Act.SEGMENT_HEAL):
            self._faults.see({"action": action.kind, **keys})
            await asyncio.to_thread(self._set_segments)
        elif action.kind == Act.POWER_OFF:
            if self.servers[name].powered:
                measurement.leave(self.servers[name])
                self._closed[name].clear()
                self.servers[name].power_off()
        elif action.kind == Act.POWER_ON:
            if not self.servers[name].powered:
                await asyncio.to_thread(self._power_on, name)
                measurement.follow(self.servers[name])
                self._listen(self.servers[name])
                self.servers[name].start_router()
        elif self.servers[name].powered:
            await self._on_server(self.servers[name], action)
        self._done.append(replace(action, at_us=at_us))

    async def _has_stopped(self, server: Server) -> None:
        """A daemon that was told to stop takes up to a second; a frozen one does not end at all."""
        end_s = time.monotonic() + _STOP_LIMIT_S
        stopping = any(
            a.kind in (Act.DAEMON_STOP, Act.DAEMON_KILL) and a.keys["server"] == server.name
            for a in self._done
        )
        while stopping and server.router_runs and time.monotonic() < end_s:
            await asyncio.sleep(0.01)

    async def _on_server(self, server: Server, action: TimedAction) -> None:
        keys = action.keys
        match action.kind:
            case Act.DAEMON_START:
                if not server.router_runs:
                    server.start_router()
            case Act.DAEMON_STOP:
                server.signal_router(signal.SIGTERM)
            case Act.DAEMON_KILL:
                process = keys.get("process", "both")
                if process == "both":
                    server.signal_router(signal.SIGKILL)
                else:
                    server.kill_process(process == "child")
            case Act.DAEMON_FREEZE | Act.DAEMON_THAW:
                server.freeze_router(action.kind == Act.DAEMON_FREEZE)
            case Act.RELOAD:
                shutil.copyfile(os.path.join(self.folder, keys["config"]), _seen_by(server, CONFIG))
                server.signal_router(signal.SIGHUP)
            case Act.CHECK_FAIL | Act.CHECK_PASS | Act.CHECK_HANG:
                said = {str(Act.CHECK_FAIL): "1", str(Act.CHECK_PASS): "0"}.get(action.kind, "hang")
                self._checks[server.name].force(keys.get("script", ""), said)
            case Act.FILE_WRITE:
                self._write_file(server, keys["file"], f"{keys['value']}\n")
            case Act.SERVICE_STOP | Act.SERVICE_START | Act.SERVICE_KILL:
                self._checks[server.name].service(keys["service"], action.kind.removeprefix("service_"))
            case Act.FIREWALL_DROP:
                self._closed[server.name].add((keys["direction"], keys["protocol"]))
                await asyncio.to_thread(self._set_firewall, server)
            case Act.FIREWALL_CLEAR:
                closed = self._closed[server.name]
                closed -= {
                    (d, p)
                    for d, p in closed
                    if keys.get("direction", d) == d and keys.get("protocol", p) == p
                }
                await asyncio.to_thread(self._set_firewall, server)
            case _:
                done = await asyncio.to_thread(self._on_interface, server, action)
                if done and action.kind == Act.INTERFACE_ADD and self._measurement is not None:
                    port = server.plan.port(keys["interface"])
                    self._measurement.listen_at(server, port, next(iter(self._bridges.values())))

    def _write_file(self, server: Server, name: str, text: str) -> None:
        """``name``: of a track_file, or a path."""
        files = chain.from_iterable(node.files for node in self._nodes_of(server.name))
        path = next((file.path for file in files if file.name == name), name)
        self._written[server.name, path] = text
        _write(_seen_by(server, path), text)

    def _on_interface(self, server: Server, action: TimedAction) -> bool:
        """False: as in the simulator nothing is done, with a card that is there already or not there."""
        name = action.keys["interface"]
        port = server.plan.port(name)
        there = bool(ip("-n", server.name, "link", "show", "dev", name, check=False))
        if there == (action.kind == Act.INTERFACE_ADD):
            return False
        match action.kind:
            case Act.INTERFACE_DELETE:
                ip("-n", server.name, "link", "delete", name)
            case Act.INTERFACE_ADD:
                made, up, addresses = card_lines(port)
                if not port.parent:
                    ip_batch(plug_lines(server.name, port))
                ip_batch([*made, *up, *addresses], server.name)
            case Act.LINK_DOWN | Act.LINK_UP:
                server.set_link(name, action.kind == Act.LINK_UP)
            case Act.CARRIER_DOWN | Act.CARRIER_UP:
                state = "up" if action.kind == Act.CARRIER_UP else "down"
                ip("link", "set", cable_name(server.name, port), state)
            case Act.IFDOWN:
                ip("-n", server.name, "address", "flush", "dev", name, "scope", "global", check=False)
                server.set_link(name, False)
            case Act.IFUP:
                server.set_link(name, True)
                for address in filter(None, (port.address, *port.more)):
                    ip("-n", server.name, "address", "add", address, "dev", name, check=False)
            case Act.ADDRESS_ADD:
                ip("-n", server.name, "address", "add", action.keys["address"], "dev", name, check=False)
            case Act.ADDRESS_REMOVE:
                self._remove_address(server, name, action.keys["address"])
        if action.kind in (Act.INTERFACE_ADD, Act.LINK_UP, Act.IFUP, Act.ADDRESS_ADD):
            self._set_routes(server)
        return True

    def _remove_address(self, server: Server, interface: str, address: str) -> None:
        """By hand, whatever its prefix, also from a VMAC made on the interface."""
        wanted = address.partition("/")[0]
        for line in ip("-n", server.name, "-o", "address", "show", check=False).splitlines():
            words = line.split()
            if len(words) > 3 and words[3].partition("/")[0] == wanted:
                ip("-n", server.name, "address", "del", words[3], "dev", words[1], check=False)
                return

    def _set_firewall(self, server: Server) -> None:
        """Adverts are dropped as a host's nftables rules do it; those with AH too."""
        text = "add table inet lab\ndelete table inet lab\ntable inet lab {\n"
        for direction, _ in self._closed[server.name]:
            hook = "input" if direction == "in" else "output"
            text += f" chain {direction} {{\n  type filter hook {hook} priority 0;\n"
            text += "  meta l4proto { 112, 51 } drop\n }\n"
        _nft(text + "}\n", server.command())

    def _set_segments(self) -> None:
        """What the switches lose, as rules of the bridges."""
        rules = []
        ports = [(plan.name, port) for plan in self._plans.values() for port in plan.ports] + self._gates
        for segment, bridge in self._bridges.items():
            for name, plug, harm in self._harm(segment, bridge, ports):
                rules.append(_rule(name, plug, harm))
        text = "add table bridge lab\ndelete table bridge lab\n"
        if rules or self._has_rules:
            body = "".join(f"  {rule}\n" for rule in rules)
            chain = f" chain forward {{\n  type filter hook forward priority 0;\n{body} }}\n"
            text += f"table bridge lab {{\n{chain}}}\n"
            _nft(text)
            self._has_rules = True

    _has_rules = False

    def _harm(
        self, segment: str, bridge: str, ports: list[tuple[str, Port]]
    ) -> list[tuple[str, str, dict[str, Any]]]:
        """(from port or "", to port, fault) for what is wrong with a segment now."""
        faults = self._faults.see({"segment": segment})
        own = [(name, port) for name, port in ports if port.segment == bridge]
        found: list[tuple[str, str, dict[str, Any]]] = []
        for key in ("loss", "multicast"):
            if key in faults:
                found += [("", cable_name(name, port), {key: faults[key]}) for name, port in own]
        for way, harm in faults.get("between", {}).items():
            sender, _, receiver = way.partition(" → ")
            for a, from_port in own:
                for b, to_port in own:
                    if (a, b) == (sender, receiver):
                        found.append((cable_name(a, from_port), cable_name(b, to_port), harm))
        return found

    # -- afterwards ----------------------------------------------------------------------------------

    async def final_states(self) -> dict[str, dict[str, str]]:
        """Each instance's state as the daemon itself knows it: it writes it down when it gets SIGUSR1."""
        asked = [s for s in self.servers.values() if s.powered and s.router_runs]
        for server in asked:
            server.signal_router(signal.SIGUSR1)
        found: dict[str, dict[str, str]] = {}
        end_s = time.monotonic() + _DUMP_LIMIT_S
        while len(found) < len(asked) and time.monotonic() < end_s:
            await asyncio.sleep(0.1)
            for server in asked:
                states = _states_in(_seen_by(server, "/run"))
                if states and server.name not in found:
                    found[server.name] = states
        return found

    def write(self, outcome: Outcome, final_states: dict[str, dict[str, str]]) -> None:
        """The recording, its scenario with the moments of this run."""
        version = keepalived_version()
        profile, caution = profile_of([KEEPALIVED], version)
        facts = {
            "keepalived": version,
            "profile": profile,
            "note": caution,
            "final_states": final_states,
        }
        folder = os.path.join(self.folder, RECORDING)
        os.makedirs(folder)
        for name in os.listdir(self.folder):
            if re.search(r"\.reload\d+\.conf$", name):
                shutil.copyfile(os.path.join(self.folder, name), os.path.join(folder, name))
        nodes = {name: server.node for name, server in self.scenario.servers.items()}
        scenario = self._as_it_was(outcome).changed(profile=profile)
        write_recording(folder, outcome, list(self._plans.values()), nodes, facts, scenario)

    def _as_it_was(self, outcome: Outcome) -> Scenario:
        """The scenario with its real moments: of the actions, and of the starts of the daemons."""
        lines, seen = outcome.measurement.lines, outcome.measurement.frames
        actions = []
        for n, action in enumerate(self._done):
            if action.kind in (Act.DAEMON_START, Act.POWER_ON):
                name = action.keys["server"]
                later = [a.at_us for a in self._done[n + 1 :] if a.keys.get("server") == name]
                began_us = _began(lines, seen, name, action.at_us, min(later, default=outcome.end_us))
                action = replace(action, at_us=began_us or action.at_us)
            elif action.kind in (Act.CARRIER_DOWN, Act.CARRIER_UP):
                action = replace(action, at_us=self._noticed(action, outcome))
            actions.append(action)
        servers = {}
        for name, server in self.scenario.servers.items():
            began_us = _began(lines, seen, name, 0, outcome.end_us)
            servers[name] = replace(
                server,
                start_at_us=server.start_at_us if began_us is None else began_us,
                script_run_us=_check_us(lines, name, began_us) or server.script_run_us,
            )
        return self.scenario.changed(
            servers=servers,
            actions=tuple(sorted(actions, key=lambda a: a.at_us)),
            duration_us=outcome.end_us,
        )

    def _noticed(self, action: TimedAction, outcome: Outcome) -> Micros:
        """When the kernel told of a carrier: it may wait up to a second with that (link_watch.c)."""
        where = action.keys["server"], action.keys["interface"], action.kind == Act.CARRIER_UP
        for change in outcome.measurement.links:
            if 0 <= change.t_us - action.at_us < _CARRIER_LIMIT_US and change[1:] == where:
                return change.t_us
        return action.at_us

    def end(self) -> None:
        """Stop what runs; the kernel does the rest."""
        if self._measurement is not None:
            self._measurement.stop()


def _question(probe: Probe) -> dict[str, Any]:
    return asked(
        probe.kind, probe.target, probe.every_us / SECOND_US, probe.timeout_us / SECOND_US, probe.port
    )


class Checks:
    """What the checks of one server say: what they were forced to, else how the service is they follow.

    ``answers`` is told which ports answer.
    """

    def __init__(self, server: Cast, names: list[str]) -> None:
        self.names = names
        self.root = ""
        self.answers: Callable[[Iterable[int]], None] = lambda _: None
        self._server = server
        self._forced: dict[str, str] = {}
        self._up: dict[str, bool] = {}
        self._refusing: set[str] = set()  # to clients

    def power_on(self) -> None:
        """Every service runs; what was forced stays so."""
        self._up = dict.fromkeys(self._server.services, True)
        self._refusing.clear()
        self._serve()
        self._tell()

    def force(self, script: str, said: str) -> None:
        """``script`` "": all of them."""
        self._forced |= dict.fromkeys([script] if script else self.names, said)
        self._tell()

    def service(self, name: str, what: str) -> None:
        """``what``: start, stop or kill. A stopped one's process ends only after a while."""
        service: Service = self._server.services[name]
        (self._refusing.discard if what == "start" else self._refusing.add)(name)
        self._serve()
        if what == "stop" and service.shutdown_us:
            asyncio.get_running_loop().call_later(service.shutdown_us / SECOND_US, self.service, name, "kill")
            return
        self._up[name] = what == "start"
        self._tell()

    def _serve(self) -> None:
        services = self._server.services.values()
        self.answers([s.port for s in services if s.name not in self._refusing])

    def _tell(self) -> None:
        for script in self.names:
            service = self._server.checks.get(script, "")
            well = self._up.get(service, True)
            said = self._forced.get(script, "0" if well else "1")
            path = f"{self.root}/{script}.says"
            with contextlib.suppress(OSError):  # no power
                _write(path + ".new", said + "\n")
                os.replace(path + ".new", path)


def _rule(sender: str, receiver: str, harm: dict[str, Any]) -> str:
    where = f'iifname "{sender}" ' if sender else ""
    where += f'oifname "{receiver}" '
    if harm.get("multicast") is False:  # ARP's broadcasts still pass
        group = "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00"
        return f"{where}{group} ether daddr != ff:ff:ff:ff:ff:ff drop"
    share = float(harm.get("loss", 1.0))
    return where + ("drop" if share >= 1 else f"numgen random mod 1000 < {round(share * 1000)} drop")


def _nft(text: str, prefix: list[str] | None = None) -> None:
    path = program("nft")
    if not path:
        raise LiveError(f"firewalls and faulty segments need nft: {apt_line('nft')}")
    done = subprocess.run(
        [*(prefix or []), path, "-f", "-"], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise LiveError(f"nft: {' '.join(done.stderr.split())}")


def _seen_by(server: Server, path: str) -> str:
    """A path as a server's own processes see it."""
    return os.path.join("/proc", str(server.pid), "root", path.lstrip("/"))


def _states_in(folder: str) -> dict[str, str]:
    """Instance -> state, from what keepalived wrote down when it was asked."""
    found: dict[str, str] = {}
    for name in os.listdir(folder):
        if name.startswith("keepalived") and name.endswith(".data"):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                instance = ""
                for match in _STATE_OF.finditer(file.read()):
                    if match[1]:
                        instance = match[1]
                    elif instance:
                        found.setdefault(instance, match[2])
                        instance = ""
    return found


def _began(
    lines: list[Line], seen: list[Seen], server: str, after_us: Micros, before_us: Micros
) -> Micros | None:
    """When a daemon began with its instances: a process needs time to start, and its line may be read late.

    It joins its multicast group then, and of that frame the kernel knows the time.
    """
    for line in lines:
        if line.server == server and after_us < line.t_us < before_us and _BEGAN.search(line.line):
            from_us = max(after_us, line.t_us - _READ_LATE_US)
            joined = [
                f.t_us
                for f in seen
                if f.server == server and from_us < f.t_us < line.t_us and decode(f.raw).kind == "igmp"
            ]
            return min(joined, default=line.t_us)
    return None


def _check_us(lines: list[Line], server: str, began_us: Micros | None) -> Micros:
    """How long the first check of a daemon took: until its result is told, if the first one is; else 0."""
    for line in lines:
        if line.server == server and line.line.startswith("VRRP_Script(") and began_us is not None:
            took_us = line.t_us - began_us
            return took_us if 0 < took_us < _FIRST_CHECK_US else 0
    return 0


async def _run(folder: str, rootless: bool) -> None:
    bench = Bench(folder, rootless)
    with contextlib.suppress(OSError):  # other work on this machine should not show; in the usual class still
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    loop = asyncio.get_running_loop()
    loop.add_reader(0, lambda: None if os.read(0, 4096) else os._exit(1))  # who started us has gone
    bench.build()
    outcome = await bench.perform()
    states = await bench.final_states()
    bench.end()
    bench.write(outcome, states)


def main(arguments: list[str]) -> int:
    os.umask(0o022)
    done = subprocess.run(["sh", "-c", PREPARE], capture_output=True, text=True, check=False)
    answer: dict[str, Any] = {"done": True}
    if done.returncode != 0:
        answer = {"error": f"no namespaces here: {' '.join(done.stderr.split())}"}
    else:
        try:
            asyncio.run(_run(arguments[0], arguments[1:] == ["rootless"]))
        except (VrrplabError, OSError, subprocess.SubprocessError) as error:
            answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
    return 1 if "error" in answer else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
