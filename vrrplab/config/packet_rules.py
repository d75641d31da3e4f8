"""Rules about what goes on the wire: unicast or multicast, the addresses in a packet, the advert interval."""

from __future__ import annotations

from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.units import CENTISECOND_US, SECOND_US

MTU = 1500
MAX_ADDRESSES = 255


def needs_addresses(draft: FileDraft, instance: InstanceDraft) -> None:
    """Without an address version 3 and strict mode do not run; version 2 does, with a complaint."""
    if not draft.diagnostics.old and instance.no_vip_allowed:
        if not instance.strict:
            return
        draft.say(
            instance,
            "no_virtual_ipaddress",
            "strict",
            "no_virtual_ipaddress and strict mode incompatible, clearing no_virtual_ipaddress",
        )
        instance.no_vip_allowed = False
    if instance.vips:
        return
    place = instance.lines.get("virtual_ipaddress", instance.source)
    if instance.version == 3 or instance.strict:
        draft.diagnostics.fatal(
            f"{instance.name} has no virtual address",
            "add at least one to virtual_ipaddress { … }",
            place,
            f"({instance.name}) No VIP specified; at least one is required",
        )
    draft.say(
        instance,
        "virtual_ipaddress",
        "no-vip",
        "No VIP specified; at least one is sensible",
        "no virtual address",
        "add at least one to virtual_ipaddress { … }",
    )


def unicast(draft: FileDraft, instance: InstanceDraft) -> None:
    if not instance.unicast_configured:
        return
    if instance.unicast_peers:
        if instance.strict and not draft.diagnostics.old:
            draft.diagnostics.fatal(
                f"{instance.name}: strict mode has no unicast peers",
                "remove unicast_peer, or vrrp_strict",
                instance.lines.get("unicast_peer", instance.source),
                f"({instance.name}) Unicast peers are not supported in strict mode",
            )
    elif instance.unicast_fault_no_peer:
        draft.say(
            instance,
            "unicast_fault_no_peer",
            "unicast",
            "Cannot use unicast without any peers - going to fault state",
            "unicast_fault_no_peer without unicast_peer: the instance stays in FAULT",
        )
        instance.config_fault = "unicast without any peers"
    else:
        draft.say(
            instance,
            "unicast_src_ip",
            "unicast",
            "A unicast keyword has been specified without any unicast peers. Defaulting to multicast. "
            "This usage is deprecated - please update your configuration.",
            "a unicast option without unicast_peer: multicast is used",
            "add unicast_peer { … }",
        )


def link_local_first(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.family != 6 or instance.unicast_peers or not instance.vips:
        return
    if instance.vips[0].address.is_link_local:
        return
    verb = "must" if instance.strict else "should"
    draft.say(
        instance,
        "virtual_ipaddress",
        "link-local",
        f"the first IPv6 VIP address {verb} be link local",
        f"the first IPv6 address {verb} be link-local (RFC 9568 section 5.2.9)",
        "put an address of fe80::/10 first",
    )


def address_count(draft: FileDraft, instance: InstanceDraft) -> None:
    """The packet has room for so many addresses; the rest is treated as excluded."""
    if instance.family == 4:
        header, size = 14 + 20 + 8, 4
        if instance.version == 2:
            header += 8 + (24 if instance.auth_type == "AH" else 0)
    else:
        header, size = 14 + 40 + 8, 16
    room = min((MTU - header) // size, MAX_ADDRESSES)
    if len(instance.vips) > room:
        draft.say(
            instance,
            "virtual_ipaddress",
            "vip-count",
            f"Number of VIPs ({len(instance.vips)}) exceeds maximum/space available in packet (max {room} "
            "addresses) - excess moved to eVIPs",
            f"an advertisement holds {room} addresses; the others become excluded addresses",
        )
        instance.excluded += instance.vips[room:]
        del instance.vips[room:]


def advert_interval(draft: FileDraft, instance: InstanceDraft) -> None:
    """Version 2 counts whole seconds up to 255, version 3 centiseconds up to 40.95 s."""
    interval_us = instance.advert_int_us or SECOND_US
    text = f"{interval_us / SECOND_US:f}"
    if instance.version == 2:
        if interval_us % SECOND_US:
            draft.say(
                instance,
                "advert_int",
                "advert-int",
                f"VRRPv2 advertisement interval {text}s must be an integer. rounding",
                "version 2 knows whole seconds only",
                "write whole seconds, or version 3",
            )
            interval_us += SECOND_US // 2
            interval_us -= interval_us % SECOND_US
            interval_us = interval_us or SECOND_US
    elif interval_us >= 4096 * CENTISECOND_US:
        draft.say(
            instance,
            "advert_int",
            "advert-int",
            f"VRRPv3 advertisement interval {interval_us / SECOND_US:.2f}s is out of range. Must be less "
            "than 40.96s. Setting to 40.95s",
            "version 3 knows at most 40.95 s",
        )
        interval_us = 4095 * CENTISECOND_US
    elif interval_us % CENTISECOND_US:
        draft.say(
            instance,
            "advert_int",
            "advert-int",
            f"VRRPv3 advertisement interval {text}s must be in units of 10ms - rounding",
            "version 3 counts in hundredths of a second",
        )
        interval_us += CENTISECOND_US // 2
        interval_us -= interval_us % CENTISECOND_US
        interval_us = interval_us or CENTISECOND_US
        if not draft.diagnostics.old:
            interval_us = min(interval_us, 4095 * CENTISECOND_US)
    instance.advert_int_us = interval_us
