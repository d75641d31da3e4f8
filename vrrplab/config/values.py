"""Drafts that are complete become the immutable values of ``model``. No rule is decided here."""

from __future__ import annotations

from vrrplab.config.drafts import FileDraft, GroupDraft, InstanceDraft, NotifyDraft, VipDraft
from vrrplab.config.model import (
    Authentication,
    BfdConfig,
    FileConfig,
    GarpSettings,
    GlobalConfig,
    InstanceConfig,
    NodeConfig,
    NotifyScripts,
    ScriptConfig,
    SyncGroupConfig,
    VirtualAddress,
)


def node_value(draft: FileDraft, groups: list[GroupDraft], file: str) -> NodeConfig:
    """The whole file; ``groups`` are the sync groups that are left."""
    settings = draft.globals
    return NodeConfig(
        file=file,
        global_defs=GlobalConfig(
            router_id=settings.router_id,
            startup_delay_us=settings.startup_delay_us,
            script_user=settings.script_user,
            enable_script_security=settings.script_security,
            multicast_group4=settings.multicast_group4,
            multicast_group6=settings.multicast_group6,
            version=settings.version,
            strict=settings.strict,
            dynamic_interfaces=settings.dynamic_interfaces,
            source=settings.source,
            lines=settings.lines,
        ),
        scripts=tuple(
            ScriptConfig(
                name=script.name,
                command=script.command,
                is_program=script.is_program,
                always_exits=script.always_exits,
                interval_us=script.interval_us,
                timeout_us=script.timeout_us,
                fall=script.fall,
                rise=script.rise,
                weight=script.weight,
                reverse=script.reverse,
                init_fail=script.init_fail,
                user=script.user or settings.script_user,
                source=script.source,
                lines=script.lines,
            )
            for script in draft.scripts
        ),
        places=tuple(draft.places),
        dropped_scripts=tuple(draft.dropped_scripts),
        instances=tuple(_instance_value(draft, instance) for instance in draft.instances),
        files=tuple(
            FileConfig(file.name, file.target, file.init_value, file.overwrite, file.source, file.lines)
            for file in draft.files
        ),
        processes=tuple(process.process_value for process in draft.processes),
        bfds=tuple(BfdConfig(bfd.name, bfd.source) for bfd in draft.bfds),
        sync_groups=tuple(_group_value(group) for group in groups),
        static_routes=tuple(draft.routes),
        static_rules=tuple(draft.rules),
        warnings=tuple(draft.diagnostics.warnings),
        interfaces=draft.interfaces,
    )


def _instance_value(draft: FileDraft, instance: InstanceDraft) -> InstanceConfig:
    settings = draft.globals
    garp_us, gna_us = draft.interface_garp.get(
        instance.interface, (settings.garp_interval_us, settings.gna_interval_us)
    )
    password = instance.auth_pass.split(b"\0")[0]
    source_address = instance.source_address.text if instance.source_address else ""
    unicast = bool(instance.unicast_peers)
    groups = {4: settings.multicast_group4, 6: settings.multicast_group6}
    group = instance.multicast_group.text if instance.multicast_group else groups[instance.family]
    return InstanceConfig(
        name=instance.name,
        state=instance.state,
        interface=instance.interface,
        vrid=instance.vrid,
        base_priority=instance.priority,
        version=instance.version,
        family=instance.family,
        advert_interval_us=instance.advert_int_us,
        virtual_addresses=tuple(_address_value(vip, instance) for vip in instance.vips),
        excluded_addresses=tuple(_address_value(vip, instance) for vip in instance.excluded),
        preempt=instance.preempt,
        preempt_delay_us=instance.preempt_delay_us,
        authentication=(
            Authentication(instance.auth_type, password, instance.lines.get("auth_pass", instance.source))
            if instance.auth_type
            else None
        ),
        multicast_source="" if unicast else source_address,
        multicast_group="" if unicast or group in ("224.0.0.18", "ff02::12") else group,
        unicast_source=source_address if unicast else "",
        unicast_peers=tuple(instance.unicast_peers),
        check_unicast_src=instance.check_unicast_src or settings.check_unicast_src,
        track_interfaces=tuple(instance.tracking.interfaces.values()),
        track_scripts=tuple(instance.tracking.scripts.values()),
        dont_track_primary=instance.dont_track_primary,
        garp=GarpSettings(
            delay_us=instance.garp_delay_us,
            repeat=instance.garp_repeat,
            refresh_us=instance.garp_refresh_us,
            refresh_repeat=instance.garp_refresh_repeat,
            lower_prio_delay_us=instance.garp_lower_prio_delay_us or 0,
            lower_prio_repeat=instance.garp_lower_prio_repeat or 0,
            interval_us=garp_us or 0,
            gna_interval_us=gna_us or 0,
        ),
        lower_prio_no_advert=bool(instance.lower_prio_no_advert),
        higher_prio_send_advert=bool(instance.higher_prio_send_advert),
        down_timer_adverts=instance.down_timer_adverts,
        use_vmac=instance.vmac_name if instance.use_vmac else "",
        vmac_xmit_base=instance.vmac_xmit_base,
        accept=bool(instance.accept),
        strict=bool(instance.strict),
        skip_check_adv_addr=instance.skip_check_adv_addr,
        v3_checksum_as_v2=instance.v3_checksum_as_v2,
        notify=_notify_value(instance.notify),
        debug=instance.debug,
        track_files=tuple(instance.tracking.files.values()),
        track_processes=tuple(instance.tracking.processes.values()),
        track_bfds=tuple(instance.tracking.bfds.values()),
        unicast_ttl=_ttl(instance),
        track_source_address=instance.track_source,
        owner_ignore_adverts=bool(instance.owner_ignore_adverts),
        promote_secondaries=instance.promote_secondaries,
        virtual_routes=tuple(instance.routes),
        virtual_rules=tuple(instance.rules),
        config_fault=instance.config_fault,
        source=instance.source,
        lines=instance.lines,
    )


def _ttl(instance: InstanceDraft) -> int:
    """Without unicast_ttl: 255, but unicast IPv6 leaves it to the kernel, whose default is 64 (measured)."""
    if instance.unicast_ttl is not None:
        return instance.unicast_ttl
    return 64 if instance.family == 6 and instance.unicast_peers else 255


def _address_value(vip: VipDraft, instance: InstanceDraft) -> VirtualAddress:
    return VirtualAddress(
        address=vip.address.text,
        prefix=vip.prefix,
        interface=vip.interface or instance.interface,
        label=vip.label,
        scope=vip.scope,
        source=vip.source,
        tracked=vip.tracked,
        prefix_written=vip.prefix_written,
    )


def _group_value(group: GroupDraft) -> SyncGroupConfig:
    tracking = group.tracking
    return SyncGroupConfig(
        name=group.name,
        members=tuple(instance.name for instance in group.instances),
        track_interfaces=tuple(tracking.interfaces.values()),
        track_scripts=tuple(tracking.scripts.values()),
        tracking_weight=group.tracking_weight,
        notify=_notify_value(group.notify),
        track_files=tuple(tracking.files.values()),
        track_processes=tuple(tracking.processes.values()),
        track_bfds=tuple(tracking.bfds.values()),
        source=group.source,
        lines=group.lines,
    )


def _notify_value(draft: NotifyDraft) -> NotifyScripts:
    commands = draft.commands
    return NotifyScripts(
        master=commands.get("notify_master", ()),
        backup=commands.get("notify_backup", ()),
        fault=commands.get("notify_fault", ()),
        stop=commands.get("notify_stop", ()),
        deleted=commands.get("notify_deleted", ()),
        any_state=commands.get("notify", ()),
        master_rx_lower_priority=commands.get("notify_master_rx_lower_pri", ()),
        users=tuple(draft.users.items()),
        source=draft.source,
    )
