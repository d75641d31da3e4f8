"""How things stand in a world at one moment: who is MASTER, who is well, who hears whom, who is answered.

Nothing here changes the world, or asks it anything that would: a client's question is followed on paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from vrrplab.config.model import InstanceConfig, TrackedObject
from vrrplab.machine.instance import Instance
from vrrplab.machine.states import Master, Stopped
from vrrplab.scenario.parts import Probe
from vrrplab.sim.host import Host
from vrrplab.sim.nic import Nic
from vrrplab.sim.packet import mac_bytes
from vrrplab.sim.switch import Port
from vrrplab.sim.world import Box, World
from vrrplab.wire.addresses import is_multicast

MOST_HOPS = 8


class VirtualRouter(NamedTuple):
    """One VRID at one place, and the servers that have an instance of it, with its name there."""

    place: str
    vrid: int
    family: int
    members: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]


def virtual_routers(world: World) -> tuple[VirtualRouter, ...]:
    """Those of the configurations that the servers run from the start."""
    found: dict[tuple[str, int, int], dict[str, str]] = {}
    addresses: dict[tuple[str, int, int], dict[str, None]] = {}
    for box in world.boxes.values():
        for config in box.server.node.instances:
            key = (box.router.meeting_place(config), config.vrid, config.family)
            found.setdefault(key, {}).setdefault(box.host.name, config.name)
            addresses.setdefault(key, {}).update((a.address, None) for a in config.all_addresses)
    return tuple(VirtualRouter(*key, tuple(m.items()), tuple(addresses[key])) for key, m in found.items())


def instance_of(world: World, server: str, name: str) -> Instance | None:
    """Of a daemon that runs; None: there is none."""
    daemon = world.boxes[server].router.daemon
    if daemon is None or world.boxes[server].router.is_frozen:
        return None
    return next((i for i in daemon.instances if i.config.name == name), None)


def masters(world: World, router: VirtualRouter) -> list[str]:
    """The servers whose daemon runs and is MASTER of it."""
    found = []
    for server, name in router.members:
        instance = instance_of(world, server, name)
        if instance is not None and type(instance.state) is Master:
            found.append(server)
    return found


# -- who hears whom ----------------------------------------------------------------------------------------


def rivals(world: World, router: VirtualRouter, holding: list[str]) -> tuple[str, str] | None:
    """Two MASTERs of it that hear each other; None: there are none."""
    names = dict(router.members)
    for one, other in combinations(holding, 2):
        if _reaches(world, one, names[one], other, names[other]) and _reaches(
            world, other, names[other], one, names[one]
        ):
            return one, other
    return None


def _reaches(world: World, sender: str, its: str, receiver: str, theirs: str) -> bool:
    """Do adverts of one get to the other?"""
    here, there = world.boxes[sender], world.boxes[receiver]
    if ("out", "vrrp") in here.host.blocked or ("in", "vrrp") in there.host.blocked:
        return False
    ours, other = _card(here, its), _card(there, theirs)
    if ours is None or other is None or not ours.up or not other.up:
        return False
    config = here.server.node.instance(its)
    if config.unicast_peers:
        peers = {peer.address for peer in config.unicast_peers}
        if not any(a.address in peers for nic in there.host.nics.values() for a in nic.addresses):
            return False
    elif ours.switch is not other.switch or not ours.switch.multicast:
        return False
    fault = ours.switch.one_way.get((sender, receiver))
    return fault is None or fault.loss < 1


def _card(box: Box, instance: str) -> Nic | None:
    return box.host.nic_of(box.server.node.instance(instance).interface)


# -- who is well -------------------------------------------------------------------------------------------


def trouble(world: World, server: str, name: str, asked: frozenset[str]) -> str:
    """What keeps a server from doing its work for an instance, in words; "": it is well.

    ``asked``: the services that clients ask for at its addresses. What it tracks counts as it is, not as its
    checks have seen it; with which weight it is tracked does not matter.
    """
    box = world.boxes[server]
    if not box.host.powered:
        return "it has no power"
    if box.router.daemon is None:
        return f"{box.router.profile.daemon} does not run on it"
    if box.router.is_frozen:
        return f"{box.router.profile.daemon} is frozen on it"
    if any(type(i.state) is Stopped for i in box.router.daemon.instances):
        return f"{box.router.profile.daemon} is stopping on it"
    config = box.server.node.instance(name)
    cards = dict.fromkeys([config.interface, *(t.name for t in _tracked(box, config, "track_interfaces"))])
    for card in cards:
        nic = box.host.nic_of(card)
        if nic is not None and not nic.up:
            return f"its {card} is down"
    for script in _tracked(box, config, "track_scripts"):
        about = next((s for s in box.server.node.scripts if s.name == script.name), None)
        if about is not None and (box.run_check(script.name) != 0) != about.reverse:
            service = box.server.followed(about.name, " ".join(about.command))
            return f"its {service} is dead" if service else f"its {script.name} fails"
    for running in box.services.values():
        if running.service.name in asked and not running.accepting:
            return f"its {running.service.name} takes no clients"
    return ""


def _tracked(box: Box, config: InstanceConfig, kind: str) -> Iterator[TrackedObject]:
    yield from getattr(config, kind)
    for group in box.server.node.sync_groups:
        if config.name in group.members:
            yield from getattr(group, kind)


# -- who is answered ---------------------------------------------------------------------------------------


class Question(NamedTuple):
    """What a client asks: one probe, one address of its target."""

    client: str
    probe: Probe
    address: str


def questions(world: World) -> tuple[Question, ...]:
    """Every one that clients ask for a virtual address."""
    virtual = set(world.scenario.virtual_addresses())
    return tuple(
        dict.fromkeys(
            Question(client.name, probe, address)
            for client in world.scenario.clients.values()
            for probe in client.probes
            for address in world.scenario.dns.get(probe.target, (probe.target,))
            if address in virtual
        )
    )


def asked_services(world: World, addresses: tuple[str, ...], asked: tuple[Question, ...]) -> frozenset[str]:
    """Which services clients ask for at these addresses."""
    ports = {q.probe.port for q in asked if q.address in addresses and q.probe.kind != "icmp"}
    servers = world.scenario.servers.values()
    return frozenset(s.name for server in servers for s in server.services.values() if s.port in ports)


class Arrival(NamedTuple):
    """What a client sends to an address gets to that interface, by that MAC address."""

    host: Host
    port: Port
    mac: bytes


def arrival(world: World, client: str, address: str) -> Arrival | str:
    """Where what a client sends now arrives, by whom it takes for the owner; or why it gets nowhere.

    Its cache is taken as it is: that it asks again after a time mends many a thing, much later.
    """
    host, nic = _host_of(world, client)
    if not nic.up:
        return "the client has no link"
    for _ in range(MOST_HOPS):
        hop = host.next_hop(nic, address)
        believed = host.neighbors.believed(nic.name, hop)
        if believed is None:
            port = _owner(world, nic, hop)
            if port is None:
                return f"nobody has {hop}"
            mac = port.mac
        else:
            mac = mac_bytes(believed)
            port = _taker(nic, mac)
            if port is None:
                return f"nobody has the MAC address {believed}, which the client believes in"
        there = world.hosts[port]
        out = there.way_out(address)
        if out is None:
            return Arrival(there, port, mac)
        host, nic = there, out
    return "no router leads there"


def refuses(world: World, arrived: Arrival, question: Question) -> str:
    """Why a host does not answer what has come to it; "": it does."""
    host, address = arrived.host, question.address
    if not host.powered:
        return f"{host.name} has no power"
    if not host.has(address):
        return f"the client asks {host.name}, which does not have {address}"
    if address in host.refused:
        return f"{host.name} refuses what is sent to {address}"
    if question.probe.kind == "icmp" or is_multicast(address):
        return ""
    box = world.boxes.get(host.name)
    services = box.services.values() if box is not None else ()
    if not any(s.takes(address, question.probe.port) for s in services):
        return f"nothing takes clients at port {question.probe.port} of {host.name}"
    return ""


def _host_of(world: World, client: str) -> tuple[Host, Nic]:
    for port, host in world.hosts.items():
        if host.name == client:
            return host, host.nic_at(port)
    raise KeyError(client)


def _owner(world: World, asker: Nic, address: str) -> Port | None:
    """Who would answer the question who has an address."""
    for host in dict.fromkeys(world.hosts.values()):
        for nic in host.nics.values():
            if nic.switch is asker.switch and nic.up and host.has(address):
                return nic
    return None


def _taker(sender: Nic, mac: bytes) -> Port | None:
    """Who takes a frame to that address now."""
    switch = sender.switch
    for port in switch.outputs(sender, mac):
        fault = switch.one_way.get((sender.host_name, port.host_name))
        if port.up and port.answers_to(mac) and not (fault is not None and fault.loss >= 1):
            return port
    return None
