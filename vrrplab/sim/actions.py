"""What each action of a scenario does to the world. Their keys are in ``trace.vocabulary``."""

from __future__ import annotations

from collections.abc import Sequence

from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    Event,
    InterfaceAdded,
    InterfaceWentDown,
    InterfaceWentUp,
)
from vrrplab.scenario.parts import STACKED, TimedAction
from vrrplab.sim.addresses import Address, Addresses
from vrrplab.sim.host import Host
from vrrplab.sim.network import Box, Network
from vrrplab.sim.nic import Nic, Vmac
from vrrplab.trace.events import ActionEvent, AddressAddedEvent, AddressRemovedEvent
from vrrplab.trace.vocabulary import Act
from vrrplab.units import micros


def perform(world: Network, action: TimedAction) -> None:
    """Do it now, and write it down."""
    world.settle()
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
        case Act.FILE_WRITE | Act.PROCESS_COUNT | Act.BFD_DOWN | Act.BFD_UP:
            _tracked(box, action)
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


def _interface(world: Network, nic: Nic, action: TimedAction) -> None:
    if nic.exists == (action.kind == Act.INTERFACE_ADD):
        there = "is there already" if nic.exists else "does not exist now"
        _nothing_done(world, nic, there)
        return
    match action.kind:
        case Act.INTERFACE_DELETE:
            delete_card(world, nic)
        case Act.INTERFACE_ADD:
            add_card(world, nic, action)
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


def _nothing_done(world: Network, nic: Nic, why: str) -> None:
    text = f"{nic.name} of {nic.host_name} {why}: nothing is done"
    world.boxes[nic.host_name].router.journal.warn(world.scheduler.now, text)


def delete_card(world: Network, nic: Nic) -> None:
    """A card is gone, and with it its addresses and the VLANs and macvlans on it.

    The order is that of netlink's messages, and of the daemon's lines (2.2.7, measured).
    """
    router, cards = world.boxes[nic.host_name].router, world.boxes[nic.host_name].host.nics.values()
    was_up = [card for card in cards if card.up]
    nic.exists = nic.admin_up = False
    router.tables.interface_down(nic.name)
    if nic in was_up:
        router.journal.interface(world.scheduler.now, nic.name, up=False)
        nic.switch.forget(nic)
        router.deliver(InterfaceWentDown(nic.name))
    holders: list[Nic | Vmac] = [nic, *nic.vmacs.values()]
    for holder in holders:
        gone, holder.addresses = holder.addresses, Addresses()
        for address in gone:
            event = AddressRemoved(holder.name, address.address)
            router.address_changed(event, address, AddressRemovedEvent)
    for card in was_up:
        if card is not nic and not card.up:
            _link_changed(world, card, set_down=False)
    for card in cards:
        if card.is_made_of(nic):
            delete_card(world, card)
    for holder in holders:
        world.boxes[nic.host_name].host.neighbors.forget(holder.name)
    router.card_deleted(nic)
    world.changed()


def add_card(world: Network, nic: Nic, action: TimedAction) -> None:
    """A card appears, is set up and gets its configured addresses, as a host's network scripts do it."""
    host = world.boxes[nic.host_name].host
    if "kind" in action.keys:
        parent = action.keys["parent"]
        parents = [host.nics[p] for p in (parent if isinstance(parent, list) else [parent])]
        nic.make_on(parents, action.keys["kind"])
    if nic.kind in STACKED and not nic.parents[0].exists:
        _nothing_done(world, nic, f"cannot be made, as there is no {nic.parents[0].name}")
        return
    nic.exists, nic.admin_up = True, False
    nic.ipv6_flushed = True  # the link brings the link-local address
    world.boxes[nic.host_name].router.deliver(InterfaceAdded(nic.name))
    set_link(world, nic, admin=True)
    for configured in nic.configured:
        add_address(world, nic, configured)


def _tracked(box: Box, action: TimedAction) -> None:
    tracked, node, keys = box.router.tracked, box.router.node, action.keys
    events: Sequence[Event]
    if action.kind == Act.FILE_WRITE:
        events = tracked.write(node, keys["file"], keys["value"])
    elif action.kind == Act.PROCESS_COUNT:
        events = tracked.count(node, keys["process"], keys["count"])
    else:
        events = tracked.bfd(keys["bfd"], action.kind == Act.BFD_UP)
    for event in events:
        box.router.deliver(event)


def set_link(world: Network, nic: Nic, admin: bool | None = None, cable: bool | None = None) -> None:
    """Bring an interface up or down; the daemon hears of it when its state really changes.

    Those made on it follow, as it is their carrier. IPv6 addresses go when an interface is set down, not
    when only its carrier is lost (Linux; measured with 2.2.7). A VLAN is set up and down with its card, also
    one that was set down by itself (Linux, 8021q); a macvlan loses only its carrier (measured).
    """
    if admin and nic.kind == "vlan" and not nic.parents[0].admin_up:
        _nothing_done(world, nic, f"cannot be set up while {nic.parents[0].name} is down")
        return
    was_up = [other for other in world.boxes[nic.host_name].host.nics.values() if other.up]
    set_down = nic.admin_up and admin is False
    nic.admin_up = nic.admin_up if admin is None else admin
    nic.cable = nic.cable if cable is None else cable
    vlans = _vlans_on(nic, world.boxes[nic.host_name].host) if admin is not None else []
    flushed = [vlan for vlan in vlans if vlan.admin_up and admin is False]
    for vlan in vlans:
        vlan.admin_up = nic.admin_up
    for down in (nic, *flushed) if set_down else ():
        world.boxes[nic.host_name].router.tables.interface_down(down.name)
    if nic.up != (nic in was_up):
        _link_changed(world, nic, set_down)
    elif set_down:
        _flush_ipv6(world, nic)
    for other in world.boxes[nic.host_name].host.nics.values():
        if other is not nic and other.up != (other in was_up):
            _link_changed(world, other, set_down=other in flushed)
        elif other in flushed:
            _flush_ipv6(world, other)


def _vlans_on(card: Nic, host: Host) -> list[Nic]:
    """The VLANs on a card, and those on them."""
    own = [nic for nic in host.nics.values() if nic.kind == "vlan" and nic.is_made_of(card)]
    return own + [deeper for vlan in own for deeper in _vlans_on(vlan, host)]


def _link_changed(world: Network, nic: Nic, set_down: bool) -> None:
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
            host.neighbors.forget(nic.name)
        for name in list(nic.vmacs):
            router.deliver(InterfaceWentDown(name))
    world.changed()


def _flush_ipv6(world: Network, nic: Nic) -> None:
    box = world.boxes[nic.host_name]
    for address in box.host.flush_ipv6(nic):
        box.router.address_changed(AddressRemoved(nic.name, address.address), address, AddressRemovedEvent)


def remove_address(world: Network, nic: Nic, address: str) -> None:
    """By hand; Linux takes the rest of the subnet along with its first address."""
    holder = next((v for v in nic.vmacs.values() if v.addresses.get(address) is not None), nic)
    box = world.boxes[nic.host_name]
    for gone in box.host.remove_address(holder.name, address):
        event = AddressRemoved(holder.name, gone.address)
        box.router.address_changed(event, gone, AddressRemovedEvent)


def add_address(world: Network, nic: Nic, text: str) -> None:
    """By hand, with its prefix length or as a host route (/32, /128); nothing happens where it is already."""
    address, _, prefix = text.partition("/")
    bits = int(prefix) if prefix else (128 if ":" in address else 32)
    box = world.boxes[nic.host_name]
    if box.host.add_address(nic.name, address, bits):
        added = nic.addresses.get(address)
        if added is not None and added.version == 6:
            added.added_us = world.scheduler.now
        event = AddressAdded(nic.name, address)
        box.router.address_changed(event, Address(address, bits), AddressAddedEvent)


def power_off(world: Network, box: Box) -> None:
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


def power_on(world: Network, box: Box) -> None:
    """Contract: nothing is kept; its configured addresses only, its services running, its daemon started."""
    if box.host.powered:
        return
    box.host.boot()
    box.router.tracked.boot()
    for nic in box.host.nics.values():
        if nic.up:
            box.router.journal.interface(world.scheduler.now, nic.name, up=True)
    for name, service in box.services.items():
        service.start()
        world.note_service(box, name)
    box.router.node = box.server.node
    box.router.start()
    world.changed()


def _segment(world: Network, action: TimedAction) -> None:
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
