"""What keepalived makes of one vrrp_instance when the whole file is known: its defaults and corrections.

Called by ``complete`` for each instance in the order of the file; the rules stand in the daemon's order.
Those about the packets on the wire are in ``packet_rules``, those about tracking in ``tracking_rules``.
"""

from __future__ import annotations

from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.config.model import OWNER_PRIORITY
from vrrplab.config.packet_rules import (
    address_count,
    advert_interval,
    link_local_first,
    needs_addresses,
    unicast,
)
from vrrplab.config.tracking_rules import drop_weights, own_interface
from vrrplab.config.vmac_rules import vmac

DEFAULT_PRIORITY = 100
DOWN_TIMER_ADVERTS = 3


def complete_instance(draft: FileDraft, instance: InstanceDraft) -> None:
    """Apply every default and correction. Raises ConfigError where the daemon would stop."""
    settings = draft.globals
    draft.diagnostics.instance, draft.diagnostics.late = instance.name, False
    if instance.strict is None:
        instance.strict = settings.strict
    _version_and_family(draft, instance)
    if draft.diagnostics.old:
        needs_addresses(draft, instance)
    _priority_and_state(draft, instance)
    _authentication(draft, instance)
    unicast(draft, instance)
    link_local_first(draft, instance)
    address_count(draft, instance)
    _preemption(draft, instance)
    _accept(draft, instance)
    _strict_defaults(draft, instance)
    advert_interval(draft, instance)
    vmac(draft, instance)
    own_interface(draft, instance)
    draft.diagnostics.late = True  # here the daemon reads the addresses of its interface
    needs_addresses(draft, instance)
    drop_weights(draft, instance)


def _version_and_family(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.family == 6:
        if instance.version == 2 and instance.strict:
            draft.say(
                instance,
                "version",
                "strict",
                "cannot use IPv6 with VRRP version 2; setting version 3",
                "IPv6 needs version 3",
            )
            instance.version = 3
        instance.version = instance.version or 3
    instance.family = instance.family or 4
    instance.version = instance.version or draft.globals.version


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
        draft.say(
            instance,
            "state",
            "strict",
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
        draft.say(
            instance,
            "state",
            "auth",
            "Initial state master is incompatible with AH authentication - clearing",
            "state MASTER does not go with AH; BACKUP is used",
        )
        instance.state = "BACKUP"
    if log:
        draft.say(instance, "auth_type", "auth", log, message)
        instance.auth_type = ""


def _preemption(draft: FileDraft, instance: InstanceDraft) -> None:
    if instance.priority == OWNER_PRIORITY and not instance.preempt:
        draft.say(
            instance,
            "nopreempt",
            "nopreempt",
            "nopreempt is incompatible with priority 255. resetting nopreempt",
            "nopreempt has no effect with priority 255",
        )
        instance.preempt = True
    if instance.state == "MASTER":
        if not instance.preempt:
            draft.say(
                instance,
                "nopreempt",
                "nopreempt",
                "Warning - nopreempt will not work with initial state MASTER - clearing",
                "nopreempt has no effect with state MASTER",
                "write state BACKUP on every router",
            )
            instance.preempt = True
        if instance.preempt_delay_us:
            draft.say(
                instance,
                "preempt_delay",
                "preempt-delay",
                "Warning - preempt delay will not work with initial state MASTER - clearing",
                "preempt_delay has no effect with state MASTER",
                "write state BACKUP",
            )
            instance.preempt_delay_us = 0
    if instance.preempt_delay_us and instance.strict:
        draft.say(
            instance,
            "preempt_delay",
            "strict",
            "preempt_delay is incompatible with strict mode - resetting",
            "strict mode has no preempt_delay",
        )
        instance.preempt_delay_us = 0
    if instance.preempt_delay_us and not instance.preempt:
        draft.say(
            instance,
            "preempt_delay",
            "preempt-delay",
            "preempt_delay is incompatible with nopreempt mode - resetting",
            "preempt_delay has no effect with nopreempt",
        )
        instance.preempt_delay_us = 0
    if instance.strict and instance.down_timer_adverts != DOWN_TIMER_ADVERTS:
        draft.say(
            instance,
            "down_timer_adverts",
            "strict",
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
        draft.say(
            instance,
            "accept",
            "strict",
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
        draft.say(
            instance,
            "mcast_dst_ip",
            "unicast",
            "multicast destination specified with unicast - ignoring",
            "mcast_dst_ip has no effect with unicast_peer",
        )
        instance.multicast_group = None
    repeat = (
        settings.garp_repeat if settings.garp_lower_prio_repeat is None else settings.garp_lower_prio_repeat
    )
    delay_us = (
        settings.garp_delay_us
        if settings.garp_lower_prio_delay_us is None
        else settings.garp_lower_prio_delay_us
    )
    # option, where its value is kept, the default, what strict mode wants, the daemon's line
    wanted: tuple[tuple[str, str, int, int, str], ...] = (
        (
            "garp_lower_prio_repeat", "garp_lower_prio_repeat", repeat, 0,
            "Strict mode requires no repeat garps. resetting",
        ),
        (
            "garp_lower_prio_delay", "garp_lower_prio_delay_us", delay_us, 0,
            "Strict mode requires no repeat garp delay. resetting",
        ),
        (
            "lower_prio_no_advert", "lower_prio_no_advert", settings.lower_prio_no_advert, True,
            "Strict mode requires no lower priority advert. resetting",
        ),
        (
            "higher_prio_send_advert", "higher_prio_send_advert", settings.higher_prio_send_advert, False,
            "strict mode requires higher_prio_send_advert to be clear. resetting",
        ),
    )  # fmt: skip
    for option, attribute, default, in_strict_mode, log in wanted:
        value = getattr(instance, attribute)
        if value is None:
            setattr(instance, attribute, in_strict_mode if strict else default)
        elif strict and value != in_strict_mode:
            draft.say(instance, option, "strict", log)
            setattr(instance, attribute, in_strict_mode)
    if not draft.diagnostics.old:
        _owner_ignores_adverts(draft, instance)


def _owner_ignores_adverts(draft: FileDraft, instance: InstanceDraft) -> None:
    """2.4.3 only."""
    owner = instance.priority == OWNER_PRIORITY
    if instance.owner_ignore_adverts is None:
        instance.owner_ignore_adverts = owner and (
            bool(instance.strict) or draft.globals.owner_ignore_adverts
        )
    elif instance.owner_ignore_adverts and not owner:
        draft.say(
            instance,
            "owner_ignore_adverts",
            "owner",
            "ignoring owner_ignore_adverts since priority is not 255",
        )
        instance.owner_ignore_adverts = False
    elif owner and not instance.owner_ignore_adverts:
        draft.say(
            instance,
            "owner_ignore_adverts",
            "owner",
            "strict_mode with priority 255 requires owner_ignore_adverts",
        )
        instance.owner_ignore_adverts = True
