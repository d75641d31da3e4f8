"""Two or three routers on one LAN: what a profile really puts on the wire."""

from __future__ import annotations

from typing import Any, NamedTuple

from machine_builders import OURS, THEIRS

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.machine.profiles import Profile
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Gateway, Interface, Segment, Server
from vrrplab.sim.packet import Packet, mac_bytes
from vrrplab.sim.play import play
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.units import Micros, micros, seconds
from vrrplab.wire.frames import Frame, arp_request_frame, decode, ns_frame
from vrrplab.wire.vrrp import Advertisement

MACS = {"r1": "02:00:00:00:00:01", "r2": "02:00:00:00:00:02", "r3": "02:00:00:00:00:03"}
ADDRESSES = {"r1": (f"{OURS}/24", "192.168.2.99/24"), "r2": (f"{THEIRS}/24",), "r3": ("192.168.2.7/24",)}
GATEWAY = ("192.168.2.254/24", "fd02::254/64")
CLIENT_MAC = "02:00:00:00:00:10"


class Lan(NamedTuple):
    trace: Trace
    frames: list[tuple[Micros, Frame]]
    world: World

    def adverts(self) -> list[tuple[float, Frame, Advertisement]]:
        """Every advert on the wire, with its second."""
        return [(seconds(t_us), f, f.vrrp) for t_us, f in self.frames if f.vrrp is not None]

    def announcements(self) -> list[Frame]:
        """Gratuitous ARP and unsolicited neighbour advertisements."""
        return [
            f
            for _, f in self.frames
            if (f.arp is not None and f.arp.gratuitous) or (f.na is not None and not f.na.solicited)
        ]

    def asked(self, server: str, address: str) -> list[Frame]:
        """What a server sends when the client asks who has the address (ARP or neighbour discovery)."""
        host = self.world.boxes[server].host
        v6 = ":" in address
        frame = (
            ns_frame(CLIENT_MAC, "fe80::10", address)
            if v6
            else arp_request_frame(CLIENT_MAC, "192.168.2.10", address)
        )
        before = len(self.world.captured)
        host.receive(host.nics["eth0"], Packet(frame))
        return [decode(data) for _, _, data in self.world.captured[before:]]

    def takes_frames_to(self, server: str, mac: str) -> bool:
        return self.world.boxes[server].host.nics["eth0"].answers_to(mac_bytes(mac))

    def has(self, server: str, address: str) -> bool:
        return self.world.boxes[server].host.has(address)


def lan(
    profile: Profile,
    *configs: InstanceConfig,
    end_s: float = 6,
    actions: tuple[dict[str, Any], ...] = (),
    routed: bool = False,
) -> Lan:
    """r1, r2, … on one switch, with one instance each; ``routed``: a router leads to a network ``beyond``."""
    names = [f"r{n + 1}" for n in range(len(configs))]
    servers = {
        name: Server(
            name,
            f"{name}.conf",
            NodeConfig(f"{name}.conf", instances=(config,)),
            {"eth0": Interface("eth0", "lan", ADDRESSES[name], MACS[name])},
        )
        for name, config in zip(names, configs, strict=True)
    }
    segments, routers = {"lan": Segment("lan")}, {}
    if routed:
        segments["beyond"] = Segment("beyond")
        routers["gw"] = Gateway("gw", {"lan": GATEWAY, "beyond": ("10.9.9.1/24", "fd09::1/64")})
    scenario = Scenario("tiny", micros(end_s), segments, servers, routers=routers)
    world = World(scenario.with_actions(actions), profile=profile, capture=True)
    trace = play(world)
    return Lan(trace, [(t_us, decode(data)) for t_us, _, data in world.captured], world)
