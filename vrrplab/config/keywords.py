"""Every keyword of the manual page keepalived.conf(5) that is not LVS's inside: what each block may hold.

A keyword is understood (it has a handler in ``…_keywords``), or known and not modelled (listed here,
named once in a warning), or LVS's (the block is passed over with one note), or unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from vrrplab.config.blocks import Keyword, Table, Words, word_at
from vrrplab.config.drafts import FileDraft
from vrrplab.config.instance_keywords import (
    INSTANCE_KEYWORDS,
    INSTANCE_KEYWORDS_2_4,
    begin_instance,
    end_instance,
)
from vrrplab.config.options import switch
from vrrplab.config.script_keywords import SCRIPT_KEYWORDS, begin_script, end_script
from vrrplab.config.vip_lines import read_vip

if TYPE_CHECKING:
    from vrrplab.config.routes import VirtualRoute, VirtualRule

_LVS_BLOCKS = ("virtual_server", "virtual_server_group", "SSL")

_ROOT_SETTINGS = """
    linkbeat_use_polling net_namespace net_namespace_ipvs namespace_with_ipsets use_pid_dir instance
    child_wait_time
"""
_ROOT_VALUE_BLOCKS = """
    static_ipaddress static_routes static_rules linkbeat_interfaces interface_up_down_delays
"""

_GLOBAL_SETTINGS = """
    process_names process_name vrrp_process_name checker_process_name lvs_process_name bfd_process_name
    notification_email_from smtp_server smtp_helo_name smtp_connect_timeout smtp_alert smtp_alert_vrrp
    smtp_alert_checker no_email_faults startup_script startup_script_timeout shutdown_script
    shutdown_script_timeout max_auto_priority min_auto_priority_delay checker_log_all_failures
    default_interface disable_local_igmp lvs_timeouts lvs_flush lvs_flush_on_stop lvs_flush_onstop
    lvs_sync_daemon vrrp_garp_extra_if vrrp_vmac_garp_intvl nftables_priority
    nftables_ifindex nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark nftables_counters
    vrrp_priority vrrp_no_swap vrrp_rt_priority vrrp_cpu_affinity vrrp_rlimit_rttime
    vrrp_rlimit_rtime notify_fifo vrrp_notify_fifo
    vrrp_notify_priority_changes fifo_write_vrrp_states_on_reload lvs_notify_fifo
    lvs_notify_fifo_script checker_priority checker_no_swap checker_rt_priority checker_cpu_affinity
    checker_rlimit_rttime checker_rlimit_rtime bfd_priority bfd_no_swap bfd_rt_priority
    bfd_cpu_affinity bfd_rlimit_rttime bfd_rlimit_rtime snmp_socket enable_traps enable_snmp_vrrp
    enable_snmp_keepalived enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_checker
    enable_dbus dbus_service_name vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force
    vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs
    process_monitor_rcv_bufs_force lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force
    lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force rs_init_notifies
    no_checker_emails vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier log_unknown_vrids vmac_addr_prefix
    umask random_seed reload_check_config reload_time_file reload_repeat reload_file include_check
    config_save_dir tmp_config_directory data_use_instance
"""
_GLOBAL_SETTINGS_2_4 = """
    use_symlink_paths dbus_no_interface_name snmp_vs_stats_update_interval
    snmp_rs_stats_update_interval vrrp_delay_after_boot json_version iproute_usr_dir iproute_etc_dir
    state_dump_file stats_dump_file json_dump_file
"""
_NEEDS_A_WORD = frozenset(
    [
        "child_wait_time",
        "process_name",
        "vrrp_process_name",
        "checker_process_name",
        "bfd_process_name",
        "smtp_server",
        "smtp_connect_timeout",
        "lvs_timeouts",
        "lvs_flush_on_stop",
        "lvs_flush_onstop",
        "vrrp_garp_extra_if",
        "vrrp_vmac_garp_intvl",
        "nftables_priority",
        "nftables_ipvs_priority",
        "nftables_ipvs_start_fwmark",
        "vrrp_rx_bufs_multiplier",
        "vmac_addr_prefix",
        "umask",
        "random_seed",
        "reload_time_file",
        "config_save_dir",
        "vrf",
        "garp_extra_if",
        "vmac_garp_intvl",
        "snmp_vs_stats_update_interval",
        "snmp_rs_stats_update_interval",
        "vrrp_delay_after_boot",
    ]
)

_INSTANCE_SETTINGS = "vrf garp_extra_if vmac_garp_intvl kernel_rx_buf_size linkbeat_use_polling"
_INSTANCE_SETTINGS_2_4 = "timer_expired_backup thread_timer_expired"
_HMAC_SETTINGS = "key active_key time_window anti_replay mode"


def _say_not_modelled(draft: FileDraft, keyword: str) -> None:
    draft.diagnostics.note_once(
        "not-modelled", keyword, f"'{keyword}' is known but not modelled", "it has no effect here"
    )


def _setting(draft: FileDraft, words: Words) -> None:
    if words[0] in _NEEDS_A_WORD:
        word_at(words, 1)
    _say_not_modelled(draft, words[0])


def _switch_setting(complaint: str, group: bool = False) -> Keyword:
    """A setting that takes on or off; ``complaint`` is the daemon's line about any other word."""

    def handler(draft: FileDraft, words: Words) -> None:
        if switch(words) is None:
            owner = draft.group.name if group else draft.instance.name
            draft.diagnostics.report(
                "switch",
                complaint.format(owner=owner, word=words[1]),
                f"{words[0]}: '{words[1]}' is neither on nor off",
                "write on, true, yes, off, false or no",
            )
        _say_not_modelled(draft, words[0])

    return Keyword(handler)


def _value_block(draft: FileDraft, words: Words) -> None:
    """A list that changes nothing here, but the interfaces behind ``dev`` must exist."""

    def take(entry: Words) -> None:
        for option, name in pairwise(entry):
            if option == "dev":
                draft.names_interface(name)

    _say_not_modelled(draft, words[0])
    draft.blocks.values(words, take)


def _routes_into(draft: FileDraft, words: Words, routes: list[VirtualRoute]) -> None:
    from vrrplab.config.route_lines import read_route  # few files have any

    def take(entry: Words) -> None:
        route = read_route(draft, entry)
        if route is not None:
            routes.append(route)

    draft.blocks.values(words, take)


def _rules_into(draft: FileDraft, words: Words, rules: list[VirtualRule]) -> None:
    from vrrplab.config.route_lines import read_rule

    def take(entry: Words) -> None:
        rule = read_rule(draft, entry)
        if rule is not None:
            rules.append(rule)

    draft.blocks.values(words, take)


def _virtual_routes(draft: FileDraft, words: Words) -> None:
    _routes_into(draft, words, draft.instance.routes)


def _virtual_rules(draft: FileDraft, words: Words) -> None:
    _rules_into(draft, words, draft.instance.rules)


def _static_routes(draft: FileDraft, words: Words) -> None:
    draft.other_work = True
    _routes_into(draft, words, draft.routes)


def _static_rules(draft: FileDraft, words: Words) -> None:
    draft.other_work = True
    _rules_into(draft, words, draft.rules)


def _static_addresses(draft: FileDraft, words: Words) -> None:
    """``static_ipaddress``: its lines are those of virtual addresses, plus ``track_group NAME``."""
    draft.other_work = True
    _say_not_modelled(draft, words[0])

    def take(entry: Words) -> None:
        read_vip(draft, entry, static=True)

    draft.blocks.values(words, take)


def _lvs(draft: FileDraft, words: Words) -> None:
    draft.other_work = True
    draft.diagnostics.note_once(
        "lvs",
        "lvs",
        f"'{words[0]}' belongs to the load balancer (LVS) and is skipped",
        "only VRRP is modelled",
    )


def _track_group(draft: FileDraft, words: Words) -> None:
    _say_not_modelled(draft, words[0])
    if len(words) != 2:
        draft.diagnostics.report("block-name", "track_group must have a name - skipping")
        draft.blocks.skip_block()


def _other(name: str) -> Callable[[], Keyword]:
    """A block of ``other_keywords``: few files have any, so that module is imported when one does."""

    def keyword() -> Keyword:
        from vrrplab.config import other_keywords as others

        begin, table = getattr(others, f"begin_{name}"), getattr(others, f"{name.upper()}_KEYWORDS")
        return Keyword(begin, table, getattr(others, f"end_{name}", None))

    return keyword


def _sync_group() -> Keyword:
    from vrrplab.config.group_keywords import GROUP_KEYWORDS, begin_group, end_group

    table = {
        "smtp_alert": _switch_setting("Invalid vrrp_group smtp_alert parameter {word}"),
        "notify_priority_changes": _switch_setting(
            "({owner}) Invalid value '{word}' for sync group notify_priority_changes specified", group=True
        ),
        **GROUP_KEYWORDS,
    }
    return Keyword(begin_group, table, end_group)


def _known(names: str, keyword: Keyword) -> dict[str, Keyword]:
    return dict.fromkeys(names.split(), keyword)


_SETTING, _VALUES, _SKIPPED = Keyword(_setting), Keyword(_value_block), Keyword(skip=True)


def global_tables(old: bool) -> Table:
    """What the parent process reads: settings of the whole daemon; every other block is passed over.

    ``old``: 2.2.7; otherwise 2.4.3.
    """
    from vrrplab.config.global_keywords import (
        GLOBAL_KEYWORDS,
        GLOBAL_KEYWORDS_2_4,
        begin_globals,
        end_globals,
    )

    settings = {**_known(_GLOBAL_SETTINGS, _SETTING), "notification_email": _VALUES, **GLOBAL_KEYWORDS}
    if not old:
        settings |= {**_known(_GLOBAL_SETTINGS_2_4, _SETTING), **GLOBAL_KEYWORDS_2_4}
    return {
        **dict.fromkeys((*_VRRP_BLOCKS, *_ROOT_VALUE_BLOCKS.split(), *_LVS_BLOCKS), _SKIPPED),
        **_known(_ROOT_SETTINGS, _SETTING),
        "global_defs": Keyword(begin_globals, settings, end_globals),
    }


def vrrp_tables(old: bool) -> Table:
    """What the VRRP process reads: instances, groups, scripts; the global settings are known already."""
    instance = {
        **_known(_INSTANCE_SETTINGS, _SETTING),
        "smtp_alert": _switch_setting("Invalid vrrp_instance smtp_alert parameter {word}"),
        "notify_priority_changes": _switch_setting(
            "({owner}) Invalid value '{word}' for notify_priority_changes specified"
        ),
        "virtual_routes": Keyword(_virtual_routes),
        "virtual_rules": Keyword(_virtual_rules),
        **INSTANCE_KEYWORDS,
    }
    if not old:
        instance |= {**_known(_INSTANCE_SETTINGS_2_4, _SETTING), **INSTANCE_KEYWORDS_2_4}
        instance["auth_hmac"] = Keyword(_setting, _known(_HMAC_SETTINGS, _SETTING))
    return {
        **_known(_ROOT_SETTINGS, Keyword(_setting, skip=True)),
        "global_defs": _SKIPPED,
        **_known(_ROOT_VALUE_BLOCKS, _VALUES),
        "static_ipaddress": Keyword(_static_addresses),
        "static_routes": Keyword(_static_routes),
        "static_rules": Keyword(_static_rules),
        **dict.fromkeys(_LVS_BLOCKS, Keyword(_lvs, skip=True)),
        "vrrp_instance": Keyword(begin_instance, instance, end_instance),
        "vrrp_script": Keyword(begin_script, SCRIPT_KEYWORDS, end_script),
        "vrrp_sync_group": _sync_group,
        "garp_group": _other("garp_group"),
        "track_file": _other("file"),
        "vrrp_track_file": _other("file"),
        "vrrp_track_process": _other("process"),
        "bfd_instance": _other("bfd"),
        "track_group": Keyword(_track_group, {"group": _VALUES}),
    }


def checker_tables() -> Table:
    """What the load balancer's process reads; everything else is passed over."""
    from vrrplab.config.lvs_keywords import LVS_KEYWORDS

    others = (*_VRRP_BLOCKS, *_ROOT_VALUE_BLOCKS.split(), "global_defs")
    skipped = dict.fromkeys((*others, *_ROOT_SETTINGS.split()), _SKIPPED)
    return {**skipped, **LVS_KEYWORDS}


def has_lvs(draft: FileDraft) -> bool:
    """Is there a block of the load balancer?"""
    return any(place.keyword in _LVS_BLOCKS for place in draft.places)


_VRRP_BLOCKS = (
    *("vrrp_instance", "vrrp_script", "vrrp_sync_group", "garp_group", "track_file", "vrrp_track_file"),
    *("vrrp_track_process", "bfd_instance", "track_group"),
)
