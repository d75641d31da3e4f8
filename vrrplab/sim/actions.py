"""What each action of a scenario does to the world. Their keys are in ``scenario.actions``."""

from __future__ import annotations

from vrrplab.machine.events import AddressAdded, AddressRemoved, InterfaceWentDown, InterfaceWentUp
from vrrplab.scenario.parts import TimedAction
from vrrplab.sim.nic import Address, Nic
from vrrplab.sim.world import Box, World
from vrrplab.units import micros


def perform(world: World, action: TimedAction) -> None:
    """Do it now, and write it down."""
    world.note("action", action=action.kind, **action.keys)
    keys = action.keys
    if action.kind in ("segment_fault", "segment_heal"):
        _segment(world, action)
        return
    box = world.boxes[keys["server"]]
    match action.kind:
        case "link_down":
            set_link(world, box.host.nics[keys["interface"]], admin=False)
        case "link_up":
            set_link(world, box.host.nics[keys["interface"]], admin=True)
        case "carrier_down":
            set_link(world, box.host.nics[keys["interface"]], carrier=False)
        case "carrier_up":
            set_link(world, box.host.nics[keys["interface"]], carrier=True)
        case "ifdown":
            nic = box.host.nics[keys["interface"]]
            for address in [a.address for a in nic.addresses]:
                remove_address(world, nic, address)
            set_link(world, nic, admin=False)
        case "ifup":
            nic = box.host.nics[keys["interface"]]
            set_link(world, nic, admin=True)
            for configured in nic.configured:
                add_address(world, nic, configured)
        case "address_remove":
            remove_address(world, box.host.nics[keys["interface"]], keys["address"].split("/")[0])
        case "address_add":
            add_address(world, box.host.nics[keys["interface"]], keys["address"])
        case "service_stop" | "service_start" | "service_kill":
            world.change_service(box, keys["service"], action.kind.removeprefix("service_"))
        case "check_fail" | "check_pass" | "check_hang":
            force = {"check_fail": 1, "check_pass": 0, "check_hang": None}[action.kind]
            named = [keys["script"]] if "script" in keys else [s.name for s in box.server.node.scripts]
            for script in named:
                box.forced[script] = force
        case "daemon_stop":
            box.router.stop()
        case "daemon_start":
            box.router.start()
        case "daemon_kill":
            box.router.kill(keys.get("process", "both"))
        case "daemon_freeze":
            box.router.freeze()
        case "daemon_thaw":
            box.router.thaw()
        case "power_off":
            power_off(world, box)
        case "power_on":
            power_on(world, box)
        case "reload":
            if action.node is not None:
                box.router.reload(action.node)
        case "firewall_drop":
            box.host.blocked.add((keys["direction"], keys["protocol"]))
            world.changed()
        case "firewall_clear":
            box.host.blocked -= {
                (d, p)
                for d, p in box.host.blocked
                if keys.get("direction", d) == d and keys.get("protocol", p) == p
            }
            world.changed()


def set_link(world: World, nic: Nic, admin: bool | None = None, carrier: bool | None = None) -> None:
    """Bring an interface up or down; the daemon hears of it when its state really changes."""
    before = nic.up
    nic.admin_up = nic.admin_up if admin is None else admin
    nic.carrier = nic.carrier if carrier is None else carrier
    if nic.up == before:
        return
    world.note("interface", server=nic.host_name, interface=nic.name, up=nic.up)
    router, host = world.boxes[nic.host_name].router, world.boxes[nic.host_name].host
    if nic.up:
        for name in (nic.name, *nic.vmacs):
            router.deliver(InterfaceWentUp(name))
        for address in host.restore_ipv6(nic):
            _note_address(world, "address_added", nic, address)
            router.deliver(AddressAdded(nic.name, address.address))
    else:
        nic.switch.forget(nic)
        router.deliver(InterfaceWentDown(nic.name))
        for address in host.flush_ipv6(nic):
            _note_address(world, "address_removed", nic, address)
            router.deliver(AddressRemoved(nic.name, address.address))
        for name in list(nic.vmacs):
            router.deliver(InterfaceWentDown(name))
    world.changed()


def _note_address(world: World, event: str, nic: Nic, address: Address) -> None:
    labelled = {"label": address.label} if address.label else {}
    place = {"server": nic.host_name, "interface": nic.name}
    world.note(event, **place, address=address.with_prefix, **labelled)


def remove_address(world: World, nic: Nic, address: str) -> None:
    """By hand; Linux takes the rest of the subnet along with its first address."""
    holder = next((v for v in nic.vmacs.values() if any(a.address == address for a in v.addresses)), nic)
    box = world.boxes[nic.host_name]
    for gone in box.host.remove_address(holder.name, address):
        labelled = {"label": gone.label} if gone.label else {}
        place = {"server": nic.host_name, "interface": holder.name}
        world.note("address_removed", **place, address=gone.with_prefix, **labelled)
        box.router.deliver(AddressRemoved(holder.name, gone.address))


def add_address(world: World, nic: Nic, text: str) -> None:
    address, _, prefix = text.partition("/")
    bits = int(prefix) if prefix else (128 if ":" in address else 32)
    box = world.boxes[nic.host_name]
    if box.host.add_address(nic.name, address, bits):
        place = {"server": nic.host_name, "interface": nic.name}
        world.note("address_added", **place, address=f"{address}/{bits}")
        box.router.deliver(AddressAdded(nic.name, address))


def power_off(world: World, box: Box) -> None:
    """Everything on it is silent at once."""
    if not box.host.powered:
        return
    box.router.lose_power()
    ups = [nic for nic in box.host.nics.values() if nic.up]
    box.host.switch_off()
    for service in box.services.values():
        service.kill()
    for nic in ups:
        nic.switch.forget(nic)
        world.note("interface", server=box.host.name, interface=nic.name, up=False)
    world.changed()


def power_on(world: World, box: Box) -> None:
    """Contract: nothing is kept; its configured addresses only, its services running, its daemon started."""
    if box.host.powered:
        return
    box.host.boot()
    for nic in box.host.nics.values():
        if nic.up:
            world.note("interface", server=box.host.name, interface=nic.name, up=True)
    for service in box.services.values():
        service.start()
    box.router.node = box.server.node
    box.router.start()
    world.changed()


def _segment(world: World, action: TimedAction) -> None:
    keys = {k: v for k, v in action.keys.items() if k != "segment"}
    switch = world.switches[action.keys["segment"]]
    if action.kind == "segment_heal":
        switch.heal(*keys)
        return
    switch.disturb(
        loss=keys.get("loss"),
        latency_us=micros(keys["latency_s"]) if "latency_s" in keys else None,
        jitter_us=micros(keys["jitter_s"]) if "jitter_s" in keys else None,
        multicast=keys.get("multicast"),
        between=keys.get("between"),
    )
