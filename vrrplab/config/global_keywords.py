"""The keywords of ``global_defs`` and the other settings of the whole daemon.

keepalived's parent process reads them all before its VRRP process reads the instances, so they hold
for every instance, wherever in the file they stand. Of the many settings only those are understood
that VRRP's behaviour depends on; the others are known and named once as not modelled.
"""

from __future__ import annotations

from vrrplab.config.address_syntax import parse_host
from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft
from vrrplab.config.numbers import INT_MAX, UINT_MAX
from vrrplab.config.options import (
    LONGEST_DELAY_S,
    command_words,
    default_user,
    micros,
    signed,
    switch,
    unsigned,
    user_exists,
)
from vrrplab.units import SECOND_US


def begin_globals(draft: FileDraft, words: Words) -> None:
    draft.globals.source = draft.diagnostics.source
    draft.begin(draft.globals)
    draft.diagnostics.muted = False


def end_globals(draft: FileDraft) -> None:
    draft.diagnostics.muted = True


def _router_id(draft: FileDraft, words: Words) -> None:
    if len(words) < 2:
        draft.diagnostics.report("parameter", "routerid name missing - ignoring", "router_id needs a name")
    else:
        draft.globals.router_id = words[1]


def _version(draft: FileDraft, words: Words) -> None:
    version = signed(draft, words, 2, 3)
    if version is None:
        draft.diagnostics.report(
            "version",
            "VRRP Error: Version must be either 2 or 3",
            f"vrrp_version '{words[1]}' does not exist; 2 is used",
            "write 2 or 3",
        )
    else:
        draft.globals.version = version


def _switch(
    attribute: str, log: str = "Invalid value for {0} specified", is_flag_in_old: bool = False
) -> Keyword:
    """``log``: the daemon's line about another word; 2.2.7 takes some switches as flags, whatever follows."""

    def handler(draft: FileDraft, words: Words) -> None:
        value = True if is_flag_in_old and draft.diagnostics.old else switch(words)
        if value is None:
            _bad_switch(draft, log.format(words[0], *words[1:2]), words)
        else:
            setattr(draft.globals, attribute, value)

    return Keyword(handler)


def _bad_switch(draft: FileDraft, log: str, words: Words) -> None:
    draft.diagnostics.report(
        "switch",
        log,
        f"{words[0]}: '{words[1]}' is neither on nor off",
        "write on, true, yes, off, false or no",
    )


def _flag(attribute: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        setattr(draft.globals, attribute, True)

    return Keyword(handler)


def _multicast_group(family: int) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        text = word_at(words, 1)
        address = parse_host(text)
        problem = ""
        if address is None:
            problem = f"Can't parse {words[0]} [{text}]. Skipping"
        elif address.family != family:
            problem = f"{words[0]} [{text}] is not IPv{family}. Skipping"
        elif not address.is_multicast:
            problem = f"{words[0]} [{text}] is not multicast. Skipping"
        if problem or address is None:
            draft.diagnostics.report(
                "address",
                problem,
                f"{words[0]}: '{text}' is no IPv{family} multicast address",
                "leave the default",
            )
            return
        if family == 6 and not address.is_link_local:
            draft.diagnostics.report("address", f"{words[0]} [{text}] should be link-local multicast.")
        setattr(draft.globals, f"multicast_group{family}", address.text)

    return Keyword(handler)


def _number(attribute: str, low: int, high: int, complaint: str, unit: int = 1) -> Keyword:
    """A number setting; ``complaint`` is the daemon's line with {} for the word written."""

    def handler(draft: FileDraft, words: Words) -> None:
        value = unsigned(draft, words, low, high)
        if value is None:
            draft.diagnostics.report(
                "range",
                complaint.format(words[1]),
                f"{words[0]} '{words[1]}' is not valid and is ignored",
                f"write a number from {low} up",
            )
        else:
            setattr(draft.globals, attribute, value * unit)

    return Keyword(handler)


def _repeat(attribute: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        value = unsigned(draft, words, 0, UINT_MAX)
        if value is None:
            draft.diagnostics.report("range", f"{words[0]} '{words[1]}' invalid - ignoring")
            return
        if value == 0:
            draft.diagnostics.report(
                "range",
                f"{words[0]} must be greater than 0, setting to 1",
                f"{words[0]} 0 is not valid; 1 is used",
            )
        setattr(draft.globals, attribute, value or 1)

    return Keyword(handler)


def _garp_refresh(draft: FileDraft, words: Words) -> None:
    value = unsigned(draft, words, 0, UINT_MAX)
    if value is None:
        draft.diagnostics.report("range", f"Invalid vrrp_garp_master_refresh '{words[1]}' - ignoring")
    draft.globals.garp_refresh_us = (value or 0) * SECOND_US


def _interval(attribute: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        value = micros(draft, words, 1, UINT_MAX)
        if value is None:
            draft.diagnostics.report(
                "range",
                f"{words[0]} '{words[1]}' is invalid",
                f"{words[0]} '{words[1]}' is not valid; there is no pause",
                "write seconds, e.g. 0.01; leave the option out for no pause",
            )
        else:
            setattr(draft.globals, attribute, value)
        if getattr(draft.globals, attribute) >= SECOND_US:
            draft.diagnostics.log("large", f"The {words[0]} is very large - {words[1]} seconds")

    return Keyword(handler)


def _min_garp(draft: FileDraft, words: Words) -> None:
    """One gratuitous ARP without repetition, unless other settings were given before."""
    value = switch(words)
    if value is None:
        _bad_switch(draft, "Invalid value for vrrp_min_garp specified", words)
    elif value:
        settings = draft.globals
        settings.garp_repeat = 1 if settings.garp_repeat == 5 else settings.garp_repeat
        settings.garp_refresh_repeat = (
            0 if settings.garp_refresh_repeat == 1 else settings.garp_refresh_repeat
        )
        settings.garp_delay_us = 0 if settings.garp_delay_us == 5 * SECOND_US else settings.garp_delay_us


def _startup_delay(draft: FileDraft, words: Words) -> None:
    settings, diagnostics = draft.globals, draft.diagnostics
    value = micros(draft, words, SECOND_US // 1000, UINT_MAX)
    if value is None:
        diagnostics.report(
            "range",
            f"vrrp_startup_delay '{words[1]}' is invalid",
            f"vrrp_startup_delay '{words[1]}' is not valid",
            "write seconds from 0.001 up",
        )
        if not diagnostics.old:
            return
    elif diagnostics.old or value > settings.startup_delay_us:
        settings.startup_delay_us = value
    if settings.startup_delay_us >= 60 * SECOND_US:
        diagnostics.log("large", f"The vrrp_startup_delay is very large - {words[1]} seconds")


def _script_user(draft: FileDraft, words: Words) -> None:
    settings, diagnostics = draft.globals, draft.diagnostics
    if len(words) < 2:
        diagnostics.report("parameter", "No script username specified", "script_user needs a user name")
    elif user_exists(draft, words[1]):
        settings.script_user = " ".join(words[1:3])
    else:
        settings.script_user_failed = True
        diagnostics.report("script-user", "Error setting global script uid/gid")


def _fifo_script(draft: FileDraft, words: Words) -> None:
    """A script behind notify_fifo: not modelled, but it counts as a script that keepalived runs."""
    command, given = command_words(draft, draft.blocks.raw_line)
    user = given[1:]
    if command and (user_exists(draft, user[0]) if user else default_user(draft)):
        draft.globals.fifo_script = True
    draft.diagnostics.note_once("not-modelled", words[0], f"'{words[0]}' is known but not modelled")


def _dynamic_interfaces(draft: FileDraft, words: Words) -> None:
    draft.globals.dynamic_interfaces = True
    if len(words) >= 2 and words[1] != "allow_if_changes":
        draft.diagnostics.report("switch", f"Unknown dynamic_interfaces option '{words[1]}'")


def _vrrp_iptables(draft: FileDraft, words: Words) -> None:
    draft.globals.has_firewall = True
    draft.diagnostics.report(  # as Debian builds it, which is why vrrp_ipsets is unknown there (measured)
        "deprecated",
        "iptables not supported, using nftables instead. Please replace 'vrrp_iptables and "
        "'vrrp_ipsets' with 'nftables' config option",
        "vrrp_iptables: nftables are used instead",
        "write nftables",
    )


def _nftables(draft: FileDraft, words: Words) -> None:
    if draft.globals.has_firewall:
        draft.diagnostics.report("duplicate", "nftables already specified - ignoring")
    draft.globals.has_firewall = True


def _vmac_prefix(draft: FileDraft, words: Words) -> None:
    if draft.globals.vmac_prefix:
        draft.diagnostics.report(
            "duplicate", f"vmac prefix has already been specified - ignoring {word_at(words, 1)}"
        )
    else:
        draft.globals.vmac_prefix = word_at(words, 1)


GLOBAL_KEYWORDS: dict[str, Keyword] = {
    "router_id": Keyword(_router_id),
    "vrrp_version": Keyword(_version),
    "vrrp_strict": _switch("strict", "Invalid value '{1}' for global {0} specified", is_flag_in_old=True),
    "vrrp_skip_check_adv_addr": _switch(
        "skip_check_adv_addr",
        "Invalid value '{1}' for global vrrp_check_adv_addr specified",
        is_flag_in_old=True,
    ),
    "vrrp_check_unicast_src": _flag("check_unicast_src"),
    "vrrp_mcast_group4": _multicast_group(4),
    "vrrp_mcast_group6": _multicast_group(6),
    "vrrp_garp_master_delay": _number(
        "garp_delay_us", 0, LONGEST_DELAY_S, "vrrp_garp_master_delay '{}' invalid - ignoring", SECOND_US
    ),
    "vrrp_garp_master_repeat": _repeat("garp_repeat"),
    "vrrp_garp_master_refresh": Keyword(_garp_refresh),
    "vrrp_garp_master_refresh_repeat": _repeat("garp_refresh_repeat"),
    "vrrp_garp_lower_prio_delay": _number(
        "garp_lower_prio_delay_us",
        0,
        LONGEST_DELAY_S,
        "vrrp_garp_lower_prio_delay '{}' invalid - ignoring",
        SECOND_US,
    ),
    "vrrp_garp_lower_prio_repeat": _number(
        "garp_lower_prio_repeat", 0, INT_MAX, "Invalid vrrp_garp_lower_prio_repeat '{}'"
    ),
    "vrrp_down_timer_adverts": _number(
        "down_timer_adverts", 1, 100, "Invalid vrrp_down_timer_adverts [1:100] '{}'"
    ),
    "vrrp_garp_interval": _interval("garp_interval_us"),
    "vrrp_gna_interval": _interval("gna_interval_us"),
    "vrrp_min_garp": Keyword(_min_garp),
    "vrrp_lower_prio_no_advert": _switch("lower_prio_no_advert"),
    "vrrp_higher_prio_send_advert": _switch("higher_prio_send_advert"),
    "vrrp_startup_delay": Keyword(_startup_delay),
    "script_user": Keyword(_script_user),
    "enable_script_security": _flag("script_security"),
    "notify_fifo_script": Keyword(_fifo_script),
    "vrrp_notify_fifo_script": Keyword(_fifo_script),
    "dynamic_interfaces": Keyword(_dynamic_interfaces),
    "vrrp_iptables": Keyword(_vrrp_iptables),
    "nftables": Keyword(_nftables),
    "vmac_prefix": Keyword(_vmac_prefix),
}

GLOBAL_KEYWORDS_2_4: dict[str, Keyword] = {
    "v3_checksum_as_v2": _flag("v3_checksum_as_v2"),
    "vrrp_owner_ignore_adverts": _switch("owner_ignore_adverts"),
}
