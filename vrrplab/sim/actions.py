"""What each action of a scenario does to the world. Their keys are in ``trace.vocabulary``."""

from __future__ import annotations

from vrrplab.machine.events import AddressAdded, AddressRemoved, InterfaceWentDown, InterfaceWentUp
from vrrplab.scenario.parts import TimedAction
from vrrplab.sim.nic import Address, Nic
from vrrplab.sim.world import Box, World
from vrrplab.trace.events import ActionEvent, AddressAddedEvent, AddressRemovedEvent
from vrrplab.trace.vocabulary import Act
from vrrplab.units import micros


def perform(world: World, action: TimedAction) -> None:
    """Do it now, and write it down."""
    world.write(ActionEvent(world.scheduler.now, content={"action": action.kind, **action.keys}))
    keys = action.keys
    if action.kind in (Act.SEGMENT_FAULT, Act.SEGMENT_HEAL):
        _segment(world, action)
        return
    box = world.boxes[keys["server"]]
    if "interface" in keys:
        _interface(world, box.host.nics[keys["interface"]], action)
        return
    match action.kind:
        case Act.SERVICE_STOP | Act.SERVICE_START | Act.SERVICE_KILL:
            world.change_service(box, keys["service"], action.kind.removeprefix("service_"))
        case Act.CHECK_FAIL | Act.CHECK_PASS | Act.CHECK_HANG:
            force = {str(Act.CHECK_FAIL): 1, Act.CHECK_PASS: 0, Act.CHECK_HANG: None}[action.kind]
            named = [keys["script"]] if "script" in keys else [s.name for s in box.server.node.scripts]
            for script in named:
                box.forced[script] = force
        case Act.DAEMON_STOP:
            box.router.stop()
        case Act.DAEMON_START:
            box.router.start()
        case Act.DAEMON_KILL:
            box.router.kill(keys.get("process", "both"))
        case Act.DAEMON_FREEZE:
            box.router.freeze()
        case Act.DAEMON_THAW:
            box.router.thaw()
        case Act.POWER_OFF:
            power_off(world, box)
        case Act.POWER_ON:
            power_on(world, box)
        case Act.RELOAD:
            if action.node is not None:
                box.router.reload(action.node)
        case Act.FIREWALL_DROP:
            box.host.blocked.add((keys["direction"], keys["protocol"]))
            world.changed()
        case Act.FIREWALL_CLEAR:
            box.host.blocked -= {
                (d, p)
                for d, p in box.host.blocked
                if keys.get("direction", d) == d and keys.get("protocol", p) == p
            }
            world.changed()


def _interface(world: World, nic: Nic, action: TimedAction) -> None:
    match action.kind:
        case Act.LINK_DOWN | Act.LINK_UP:
            set_link(world, nic, admin=action.kind == Act.LINK_UP)
        case Act.CARRIER_DOWN | Act.CARRIER_UP:
            set_link(world, nic, cable=action.kind == Act.CARRIER_UP)
        case Act.IFDOWN:
            # ``ip addr flush scope global``: link-local ones stay until the link is down (measured, 2.2.7)
            for address in [a.address for a in nic.addresses if not a.is_scope_link]:
                remove_address(world, nic, address)
            set_link(world, nic, admin=False)
        case Act.IFUP:
            set_link(world, nic, admin=True)
            for configured in nic.configured:
                add_address(world, nic, configured)
        case Act.ADDRESS_REMOVE:
            remove_address(world, nic, action.keys["address"].split("/")[0])
        case Act.ADDRESS_ADD:
            add_address(world, nic, action.keys["address"])


def set_link(world: World, nic: Nic, admin: bool | None = None, cable: bool | None = None) -> None:
    """Bring an interface up or down; the daemon hears of it when its state really changes.

    Those made on it follow, as it is their carrier. IPv6 addresses go when an interface is set down, not
    when only its carrier is lost (Linux; measured with 2.2.7).
    """
    was_up = [other for other in world.boxes[nic.host_name].host.nics.values() if other.up]
    set_down = nic.admin_up and admin is False
    nic.admin_up = nic.admin_up if admin is None else admin
    nic.cable = nic.cable if cable is None else cable
    if nic.up != (nic in was_up):
        _link_changed(world, nic, set_down)
    elif set_down:
        _flush_ipv6(world, nic)
    for other in world.boxes[nic.host_name].host.nics.values():
        if other is not nic and other.up != (other in was_up):
            _link_changed(world, other, set_down=False)


def _link_changed(world: World, nic: Nic, set_down: bool) -> None:
    router, host = world.boxes[nic.host_name].router, world.boxes[nic.host_name].host
    router.journal.interface(world.scheduler.now, nic.name, nic.up)
    if nic.up:
        for name in (nic.name, *nic.vmacs):
            router.deliver(InterfaceWentUp(name))
        for address in host.restore_ipv6(nic):
            router.address_changed(AddressAdded(nic.name, address.address), address, AddressAddedEvent)
    else:
        nic.switch.forget(nic)
        router.deliver(InterfaceWentDown(nic.name))
        if set_down:
            _flush_ipv6(world, nic)
        for name in list(nic.vmacs):
            router.deliver(InterfaceWentDown(name))
    world.changed()


def _flush_ipv6(world: World, nic: Nic) -> None:
    box = world.boxes[nic.host_name]
    for address in box.host.flush_ipv6(nic):
        box.router.address_changed(AddressRemoved(nic.name, address.address), address, AddressRemovedEvent)


def remove_address(world: World, nic: Nic, address: str) -> None:
    """By hand; Linux takes the rest of the subnet along with its first address."""
    holder = next((v for v in nic.vmacs.values() if any(a.address == address for a in v.addresses)), nic)
    box = world.boxes[nic.host_name]
    for gone in box.host.remove_address(holder.name, address):
        event = AddressRemoved(holder.name, gone.address)
        box.router.address_changed(event, gone, AddressRemovedEvent)


def add_address(world: World, nic: Nic, text: str) -> None:
    address, _, prefix = text.partition("/")
    bits = int(prefix) if prefix else (128 if ":" in address else 32)
    box = world.boxes[nic.host_name]
    if box.host.add_address(nic.name, address, bits):
        event = AddressAdded(nic.name, address)
        box.router.address_changed(event, Address(address, bits), AddressAddedEvent)


def power_off(world: World, box: Box) -> None:
    """Everything on it is silent at once."""
    if not box.host.powered:
        return
    box.router.lose_power()
    ups = [nic for nic in box.host.nics.values() if nic.up]
    box.host.switch_off()
    for name, service in box.services.items():
        was_up = service.up
        service.kill()
        if was_up:
            world.note_service(box, name)
    for nic in ups:
        nic.switch.forget(nic)
        box.router.journal.interface(world.scheduler.now, nic.name, up=False)
    world.changed()


def power_on(world: World, box: Box) -> None:
    """Contract: nothing is kept; its configured addresses only, its services running, its daemon started."""
    if box.host.powered:
        return
    box.host.boot()
    for nic in box.host.nics.values():
        if nic.up:
            box.router.journal.interface(world.scheduler.now, nic.name, up=True)
    for name, service in box.services.items():
        service.start()
        world.note_service(box, name)
    box.router.node = box.server.node
    box.router.start()
    world.changed()


def _segment(world: World, action: TimedAction) -> None:
    keys = {k: v for k, v in action.keys.items() if k != "segment"}
    switch = world.switches[action.keys["segment"]]
    if action.kind == Act.SEGMENT_HEAL:
        switch.heal(*keys)
        return
    switch.disturb(
        loss=keys.get("loss"),
        latency_us=micros(keys["latency_s"]) if "latency_s" in keys else None,
        jitter_us=micros(keys["jitter_s"]) if "jitter_s" in keys else None,
        multicast=keys.get("multicast"),
        between=keys.get("between"),
    )
