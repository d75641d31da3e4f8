"""What keepalived makes of one vrrp_instance when the whole file is known: its defaults and corrections.

Called by ``complete`` for each instance in the order of the file; the rules stand in the daemon's order.
"""

from __future__ import annotations

from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.config.model import Source, TrackedObject
from vrrplab.units import CENTISECOND_US, SECOND_US

OWNER_PRIORITY = 255
DEFAULT_PRIORITY = 100
DOWN_TIMER_ADVERTS = 3
MTU = 1500
MAX_ADDRESSES = 255


def complete_instance(draft: FileDraft, instance: InstanceDraft) -> None:
    """Apply every default and correction. Raises ConfigError where the daemon would stop."""
    settings = draft.globals
    if instance.strict is None:
        instance.strict = settings.strict
    _version_and_family(draft, instance)
    if draft.diagnostics.old:
        _needs_addresses(draft, instance)
    _priority_and_state(draft, instance)
    _authentication(draft, instance)
    _unicast(draft, instance)
    _link_local_first(draft, instance)
    _address_count(draft, instance)
    _preemption(draft, instance)
    _accept(draft, instance)
    _strict_defaults(draft, instance)
    _advert_interval(draft, instance)
    _vmac(draft, instance)
    _own_interface(draft, instance)
    _needs_addresses(draft, instance)
    _weights(draft, instance)


def _say(
    draft: FileDraft, instance: InstanceDraft, option: str, kind: str, log: str, message: str = "", hint: str = ""
) -> None:
    """A line of the daemon about an instance, placed at the option it is about."""
    place: Source = instance.lines.get(option, instance.source)
    draft.diagnostics.log(kind, f"({instance.name}) {log}", message and f"{instance.name}: {message}", hint, place)


def _version_and_family(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.family == 6:
        if instance.version == 2 and instance.strict:
            _say(
                draft, instance, "version", "strict",
                "cannot use IPv6 with VRRP version 2; setting version 3",
                "IPv6 needs version 3",
            )
            instance.version = 3
        instance.version = instance.version or 3
    instance.family = instance.family or 4
    instance.version = instance.version or draft.globals.version


def _needs_addresses(draft: FileDraft, instance: InstanceDraft) -> None:
    """Without an address version 3 and strict mode do not run; version 2 does, with a complaint."""
    if not draft.diagnostics.old and instance.no_vip_allowed:
        if not instance.strict:
            return
        _say(
            draft, instance, "no_virtual_ipaddress", "strict",
            "no_virtual_ipaddress and strict mode incompatible, clearing no_virtual_ipaddress",
        )
        instance.no_vip_allowed = False
    if instance.vips:
        return
    place = instance.lines.get("virtual_ipaddress", instance.source)
    if instance.version == 3 or instance.strict:
        draft.diagnostics.fatal(
            f"{instance.name} has no virtual address", "add at least one to virtual_ipaddress { … }", place
        )
    _say(
        draft, instance, "virtual_ipaddress", "no-vip",
        "No VIP specified; at least one is sensible",
        "no virtual address",
        "add at least one to virtual_ipaddress { … }",
    )


def _priority_and_state(draft: FileDraft, instance: InstanceDraft) -> None:
    if not instance.priority:
        instance.priority = OWNER_PRIORITY if instance.state == "MASTER" else DEFAULT_PRIORITY
        if instance.state == "MASTER":
            draft.diagnostics.note(
                "owner-by-default",
                f"{instance.name}: state MASTER without priority means priority 255, the address owner",
                "write a priority",
                instance.lines.get("state", instance.source),
            )
    owner = instance.priority == OWNER_PRIORITY
    if not instance.state:
        instance.state = "MASTER" if owner else "BACKUP"
    elif instance.strict and (instance.state == "MASTER") != owner:
        _say(
            draft, instance, "state", "strict",
            "State MASTER must match being address owner",
            "strict mode: state MASTER goes with priority 255 and nothing else",
        )
        instance.state = "MASTER" if owner else "BACKUP"


def _authentication(draft: FileDraft, instance: InstanceDraft) -> None:
    kind = instance.auth_type
    if not kind:
        return
    log = message = ""
    if instance.strict:
        log = "Strict mode does not support authentication. Ignoring."
        message = "strict mode has no authentication"
    elif instance.version == 3:
        log = "VRRP version 3 does not support authentication. Ignoring."
        message = "VRRP version 3 has no authentication"
    elif not instance.auth_pass.split(b"\0")[0]:
        log = "Authentication specified but no password given. Ignoring"
        message = "authentication without auth_pass is none"
    elif instance.family == 6 and kind == "AH":
        log = "Cannot use AH authentication with IPv6. ignoring"
        message = "there is no AH authentication for IPv6"
    elif kind == "AH" and instance.state == "MASTER" and instance.priority != OWNER_PRIORITY:
        # The sequence number of the present master must be heard before taking over.
        _say(
            draft, instance, "state", "auth",
            "Initial state master is incompatible with AH authentication - clearing",
            "state MASTER does not go with AH; BACKUP is used",
        )
        instance.state = "BACKUP"
    if log:
        _say(draft, instance, "auth_type", "auth", log, message)
        instance.auth_type = ""


def _unicast(draft: FileDraft, instance: InstanceDraft) -> None:
    if not instance.unicast_configured:
        return
    if instance.unicast_peers:
        if instance.strict and not draft.diagnostics.old:
            draft.diagnostics.fatal(
                f"{instance.name}: strict mode has no unicast peers",
                "remove unicast_peer, or vrrp_strict",
                instance.lines.get("unicast_peer", instance.source),
            )
    elif instance.unicast_fault_no_peer:
        _say(
            draft, instance, "unicast_fault_no_peer", "unicast",
            "Cannot use unicast without any peers - going to fault state",
            "unicast_fault_no_peer without unicast_peer: the instance stays in FAULT",
        )
        instance.config_fault = "unicast without any peers"
    else:
        _say(
            draft, instance, "unicast_src_ip", "unicast",
            "A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is "
            "deprecated - please update your configuration.",
            "a unicast option without unicast_peer: multicast is used",
            "add unicast_peer { … }",
        )


def _link_local_first(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.family != 6 or instance.unicast_peers or not instance.vips:
        return
    if instance.vips[0].address.is_link_local:
        return
    verb = "must" if instance.strict else "should"
    _say(
        draft, instance, "virtual_ipaddress", "link-local",
        f"the first IPv6 VIP address {verb} be link local",
        f"the first IPv6 address {verb} be link-local (RFC 9568 section 5.2.9)",
        "put an address of fe80::/10 first",
    )


def _address_count(draft: FileDraft, instance: InstanceDraft) -> None:
    """The packet has room for so many addresses; the rest is treated as excluded."""
    if instance.family == 4:
        header, size = 14 + 20 + 8, 4
        if instance.version == 2:
            header += 8 + (24 if instance.auth_type == "AH" else 0)
    else:
        header, size = 14 + 40 + 8, 16
    room = min((MTU - header) // size, MAX_ADDRESSES)
    if len(instance.vips) > room:
        _say(
            draft, instance, "virtual_ipaddress", "vip-count",
            f"Number of VIPs ({len(instance.vips)}) exceeds maximum/space available in packet (max {room} addresses)"
            " - excess moved to eVIPs",
            f"an advertisement holds {room} addresses; the others become excluded addresses",
        )
        instance.excluded += instance.vips[room:]
        del instance.vips[room:]


def _preemption(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.priority == OWNER_PRIORITY and not instance.preempt:
        _say(
            draft, instance, "nopreempt", "nopreempt",
            "nopreempt is incompatible with priority 255. resetting nopreempt",
            "nopreempt has no effect with priority 255",
        )
        instance.preempt = True
    if instance.state == "MASTER":
        if not instance.preempt:
            _say(
                draft, instance, "nopreempt", "nopreempt",
                "Warning - nopreempt will not work with initial state MASTER - clearing",
                "nopreempt has no effect with state MASTER",
                "write state BACKUP on every router",
            )
            instance.preempt = True
        if instance.preempt_delay_us:
            _say(
                draft, instance, "preempt_delay", "preempt-delay",
                "Warning - preempt delay will not work with initial state MASTER - clearing",
                "preempt_delay has no effect with state MASTER",
                "write state BACKUP",
            )
            instance.preempt_delay_us = 0
    if instance.preempt_delay_us and instance.strict:
        _say(
            draft, instance, "preempt_delay", "strict",
            "preempt_delay is incompatible with strict mode - resetting",
            "strict mode has no preempt_delay",
        )
        instance.preempt_delay_us = 0
    if instance.preempt_delay_us and not instance.preempt:
        _say(
            draft, instance, "preempt_delay", "preempt-delay",
            "preempt_delay is incompatible with nopreempt mode - resetting",
            "preempt_delay has no effect with nopreempt",
        )
        instance.preempt_delay_us = 0
    if instance.strict and instance.down_timer_adverts != DOWN_TIMER_ADVERTS:
        _say(
            draft, instance, "down_timer_adverts", "strict",
            "down_timer_adverts is incompatible with strict mode - resetting",
            "strict mode: down_timer_adverts is 3",
        )
        instance.down_timer_adverts = DOWN_TIMER_ADVERTS


def _accept(draft: FileDraft, instance: InstanceDraft) -> None:
    """Whether the addresses answer: not in strict mode, unless the router owns them."""
    owner = instance.priority == OWNER_PRIORITY
    if instance.accept is None:
        instance.accept = True if owner else not instance.strict
    if instance.accept and not owner and instance.strict and instance.version == 2:
        _say(
            draft, instance, "accept", "strict",
            "warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting",
            "strict mode: version 2 has no accept mode",
        )
        instance.accept = False
    if (not instance.accept or instance.use_vmac) and not draft.globals.has_firewall:
        draft.globals.has_firewall = True
        draft.diagnostics.log(
            "firewall",
            "use_vmac or no_accept/strict specified, but no firewall configured - using nftables",
            f"{instance.name} needs packet filter rules; nftables are used",
            "add nftables to global_defs",
            instance.source,
        )


def _strict_defaults(draft: FileDraft, instance: InstanceDraft) -> None:
    settings, strict = draft.globals, bool(instance.strict)
    if instance.unicast_peers and instance.multicast_group:
        _say(
            draft, instance, "mcast_dst_ip", "unicast",
            "multicast destination specified with unicast - ignoring",
            "mcast_dst_ip has no effect with unicast_peer",
        )
        instance.multicast_group = None
    repeat = settings.garp_repeat if settings.garp_lower_prio_repeat is None else settings.garp_lower_prio_repeat
    delay_us = (
        settings.garp_delay_us if settings.garp_lower_prio_delay_us is None else settings.garp_lower_prio_delay_us
    )
    if instance.garp_lower_prio_repeat is None:
        instance.garp_lower_prio_repeat = 0 if strict else repeat
    elif strict and instance.garp_lower_prio_repeat:
        _say(
            draft, instance, "garp_lower_prio_repeat", "strict",
            "Strict mode requires no repeat garps. resetting",
        )
        instance.garp_lower_prio_repeat = 0
    if instance.garp_lower_prio_delay_us is None:
        instance.garp_lower_prio_delay_us = 0 if strict else delay_us
    elif strict and instance.garp_lower_prio_delay_us:
        _say(
            draft, instance, "garp_lower_prio_delay", "strict",
            "Strict mode requires no repeat garp delay. resetting",
        )
        instance.garp_lower_prio_delay_us = 0
    if instance.lower_prio_no_advert is None:
        instance.lower_prio_no_advert = strict or settings.lower_prio_no_advert
    elif strict and not instance.lower_prio_no_advert:
        _say(
            draft, instance, "lower_prio_no_advert", "strict",
            "Strict mode requires no lower priority advert. resetting",
        )
        instance.lower_prio_no_advert = True
    if instance.higher_prio_send_advert is None:
        instance.higher_prio_send_advert = not strict and settings.higher_prio_send_advert
    elif strict and instance.higher_prio_send_advert:
        _say(
            draft, instance, "higher_prio_send_advert", "strict",
            "strict mode requires higher_prio_send_advert to be clear. resetting",
        )
        instance.higher_prio_send_advert = False
    if not draft.diagnostics.old:
        _owner_ignores_adverts(draft, instance)


def _owner_ignores_adverts(draft: FileDraft, instance: InstanceDraft) -> None:
    """2.4.3 only."""
    owner = instance.priority == OWNER_PRIORITY
    if instance.owner_ignore_adverts is None:
        instance.owner_ignore_adverts = owner and (bool(instance.strict) or draft.globals.owner_ignore_adverts)
    elif instance.owner_ignore_adverts and not owner:
        _say(
            draft, instance, "owner_ignore_adverts", "owner",
            "ignoring owner_ignore_adverts since priority is not 255",
        )
        instance.owner_ignore_adverts = False
    elif owner and not instance.owner_ignore_adverts:
        _say(
            draft, instance, "owner_ignore_adverts", "owner",
            "strict_mode with priority 255 requires owner_ignore_adverts",
        )
        instance.owner_ignore_adverts = True


def _advert_interval(draft: FileDraft, instance: InstanceDraft) -> None:
    """Version 2 counts whole seconds up to 255, version 3 centiseconds up to 40.95 s."""
    interval_us = instance.advert_int_us or SECOND_US
    text = f"{interval_us / SECOND_US:f}"
    if instance.version == 2:
        if interval_us % SECOND_US:
            _say(
                draft, instance, "advert_int", "advert-int",
                f"VRRPv2 advertisement interval {text}s must be an integer. rounding",
                "version 2 knows whole seconds only",
                "write whole seconds, or version 3",
            )
            interval_us += SECOND_US // 2
            interval_us -= interval_us % SECOND_US
            interval_us = interval_us or SECOND_US
    elif interval_us >= 4096 * CENTISECOND_US:
        _say(
            draft, instance, "advert_int", "advert-int",
            f"VRRPv3 advertisement interval {interval_us / SECOND_US:.2f}s is out of range. Must be less than 40.96s."
            " Setting to 40.95s",
            "version 3 knows at most 40.95 s",
        )
        interval_us = 4095 * CENTISECOND_US
    elif interval_us % CENTISECOND_US:
        _say(
            draft, instance, "advert_int", "advert-int",
            f"VRRPv3 advertisement interval {text}s must be in units of 10ms - rounding",
            "version 3 counts in hundredths of a second",
        )
        interval_us += CENTISECOND_US // 2
        interval_us -= interval_us % CENTISECOND_US
        interval_us = interval_us or CENTISECOND_US
        if not draft.diagnostics.old:
            interval_us = min(interval_us, 4095 * CENTISECOND_US)
    instance.advert_int_us = interval_us


def _vmac(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.use_vmac:
        if not instance.vmac_name:
            instance.vmac_name = _free_vmac_name(draft, instance)
        if instance.strict and instance.vmac_xmit_base:
            _say(
                draft, instance, "vmac_xmit_base", "strict",
                "xmit_base is incompatible with strict mode - resetting",
            )
            instance.vmac_xmit_base = False
    if (instance.use_vmac or instance.use_ipvlan) and instance.promote_secondaries:
        _say(
            draft, instance, "promote_secondaries", "vmac",
            "promote_secondaries is automatically set for vmacs - ignoring",
        )
        instance.promote_secondaries = False


def _free_vmac_name(draft: FileDraft, instance: InstanceDraft) -> str:
    """``vrrp.VRID``; when another instance has that name, ``vrrp6.VRID`` (IPv6), ``vrrp1.VRID``, …"""
    prefix = draft.globals.vmac_prefix or "vrrp"
    taken = {other.vmac_name for other in draft.instances}
    name = _fit(prefix, f".{instance.vrid}")
    numbers = (number for number in range(1, 256) if number != 6 or instance.family == 4)
    attempt = 6 if instance.family == 6 else next(numbers)
    while name in taken and attempt:
        name = _fit(prefix, f"{attempt}.{instance.vrid}")
        attempt = next(numbers, 0)
    return name


def _fit(prefix: str, tail: str) -> str:
    return prefix[: 15 - len(tail)] + tail


def _own_interface(draft: FileDraft, instance: InstanceDraft) -> None:
    tracked = instance.tracking.interfaces
    for one in [one for one in tracked if one.name == instance.interface]:
        draft.diagnostics.log(
            "own-interface",
            f"({instance.name}) Ignoring track_interface {one.name} since own interface",
            f"{instance.name}: {one.name} is its own interface and tracked anyway",
            "remove it from track_interface",
            one.source,
        )
        tracked.remove(one)
    if instance.vmac_xmit_base and not instance.use_vmac:
        _say(draft, instance, "vmac_xmit_base", "vmac", "vmac_xmit_base is only valid with a vmac")
        instance.vmac_xmit_base = False


def _weights(draft: FileDraft, instance: InstanceDraft) -> None:
    """Priorities do not move in a sync group, nor for an address owner: weighted tracking is dropped."""
    in_group = instance.group is not None and not instance.group.tracking_weight
    if not in_group and instance.priority != OWNER_PRIORITY:
        return
    reason, tracking = ("SYNC group" if in_group else "address_owner"), instance.tracking
    because = "it is in a sync group" if in_group else "its priority is 255"
    for one in [one for one in tracking.interfaces if one.weight]:
        log = (
            f"({instance.name}) ignoring {one.name} tracked interface "
            f"{'weight due to SYNC group' if in_group else 'due to address owner'}"
        )
        what = "the weight of" if in_group else "the tracked interface"
        _drop(draft, one, log, f"{instance.name}: {what} {one.name} is ignored, because {because}")
        if in_group:
            at = tracking.interfaces.index(one)
            tracking.interfaces[at] = TrackedObject(one.name, 0, one.reverse, one.source)
        else:
            tracking.interfaces.remove(one)
    for one in [one for one in tracking.scripts if one.weight]:
        _drop(
            draft, one, f"({instance.name}) ignoring tracked script {one.name} with weights due to {reason}",
            f"{instance.name}: the script {one.name} with its weight is ignored, because {because}",
        )
        tracking.scripts.remove(one)
    for one in [one for one in tracking.files if one.weight]:
        if one.weight == 1:
            log = f"({instance.name}) ignoring weight from tracked file {one.name} due to {reason}. specify weight 0"
            at = tracking.files.index(one)
            tracking.files[at] = TrackedObject(one.name, 0, one.reverse, one.source)
        else:
            log = f"({instance.name}) ignoring tracked file {one.name} with weight {one.weight} due to {reason}"
            tracking.files.remove(one)
        _drop(draft, one, log, "")
    for one in [one for one in tracking.bfds if one.weight]:
        _drop(
            draft, one,
            f"({instance.name}) ignoring tracked bfd {one.name} with weight {one.weight} due to {reason}", "",
        )
        tracking.bfds.remove(one)


def _drop(draft: FileDraft, one: TrackedObject, log: str, message: str) -> None:
    draft.diagnostics.log("weight-ignored", log, message, "weight 0 makes it a reason for FAULT instead", one.source)
