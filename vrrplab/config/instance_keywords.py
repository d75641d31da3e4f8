"""The keywords of ``vrrp_instance``: one handler each, filling an InstanceDraft.

What the daemon complains about while it reads is complained about here; what it corrects once the
file is read is in ``complete``. Defaults are those of keepalived 2.2.7 and 2.4.3. The options about
the network and about adverts are in modules of their own.
"""

from __future__ import annotations

from vrrplab.config.advert_keywords import ADVERT_KEYWORDS, ADVERT_KEYWORDS_2_4
from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.config.network_keywords import NETWORK_KEYWORDS
from vrrplab.config.options import flag, micros, notify, number, option_switch, signed, unsigned
from vrrplab.config.tracking import tracking_keywords
from vrrplab.config.vip_lines import take_excluded, take_vip
from vrrplab.units import SECOND_US

MAX_PASSWORD = 8


def begin_instance(draft: FileDraft, words: Words) -> None:
    diagnostics = draft.diagnostics
    if len(words) != 2:
        diagnostics.report(
            "block-name",
            "vrrp_instance must have a name",
            "vrrp_instance needs exactly one name; the block is skipped",
            "write vrrp_instance NAME {",
        )
        draft.other_work = True  # the VRRP process starts all the same
        draft.blocks.skip_block()
        return
    if draft.instances.named(words[1]):
        diagnostics.report(
            "duplicate",
            f"vrrp instance {words[1]} already defined",
            f"a second vrrp_instance {words[1]}; the block is skipped",
            "give each instance a name of its own",
        )
        draft.blocks.skip_block()
        return
    draft.instances.append(InstanceDraft(words[1], draft.globals, diagnostics.source))
    draft.begin(draft.instance)


def end_instance(draft: FileDraft) -> None:
    """Checks the daemon makes at the closing brace."""
    instance = draft.instance
    diagnostics = draft.diagnostics
    if instance.unicast_configured and (instance.use_vmac or instance.use_ipvlan):
        if not instance.interface:
            diagnostics.report(
                "vmac",
                f"({instance.name}): Cannot use VMAC/ipvlan with unicast and no interface - clearing "
                "use_vmac",
            )
            instance.use_vmac = instance.use_ipvlan = False
            draft.vmac_names.pop(instance.vmac_name, None)
            instance.vmac_name = ""
        elif not instance.vmac_xmit_base:
            diagnostics.report(
                "vmac",
                f"({instance.name}) unicast with use_vmac requires vmac_xmit_base - setting",
                "unicast adverts leave from the base interface: vmac_xmit_base is switched on",
            )
            instance.vmac_xmit_base = True
    if not instance.unicast_peers and instance.unicast_ttl is not None:
        diagnostics.report(
            "unicast", f"({instance.name}): Cannot use unicast_ttl without unicast peers - resetting"
        )
        instance.unicast_ttl = None


def _state(draft: FileDraft, words: Words) -> None:
    instance, word = draft.instance, word_at(words, 1)
    if word == "MASTER":
        instance.state = "MASTER"
    elif word == "BACKUP":
        if instance.state == "MASTER":
            draft.diagnostics.report(
                "duplicate", f"({instance.name}) state previously set as MASTER - ignoring BACKUP"
            )
        else:
            instance.state = "BACKUP"
    else:
        draft.diagnostics.report(
            "state",
            f"({instance.name}) unknown state '{word}', defaulting to BACKUP",
            f"'{word}' is no state; BACKUP is used",
            "write MASTER or BACKUP, in capitals",
        )
        instance.state = "BACKUP"


def _priority(draft: FileDraft, words: Words) -> None:
    priority = unsigned(draft, words, 1, 255, lenient=False)
    if priority is None:
        draft.diagnostics.report(
            "priority-range",
            f"({draft.instance.name}) Priority not valid! must be between 1 & 255. Using default 100",
            f"priority '{words[1]}' is not valid; keepalived uses 100",
            "write a number from 1 to 254, or 255 for the owner of the addresses",
        )
        priority = 100
    draft.instance.priority = priority


def _version(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    version = signed(draft, words, 2, 3)
    if version is None:
        draft.diagnostics.report(
            "version",
            f"({instance.name}): Version must be either 2 or 3",
            f"version '{words[1]}' does not exist",
            "write 2 or 3",
        )
    elif (instance.version and instance.version != version) or (version == 2 and instance.family == 6):
        draft.diagnostics.report(
            "version",
            f"({instance.name}) vrrp_version {version} conflicts with configured or deduced version "
            f"{instance.version}; ignoring.",
            f"version {version} contradicts what was said before",
            "IPv6 needs version 3",
        )
    else:
        instance.version = version


def _native_ipv6(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    if instance.family == 4:
        draft.diagnostics.report(
            "family", f"({instance.name}) Cannot specify native_ipv6 with IPv4 addresses"
        )
        return
    instance.family, instance.version = 6, 3


def _preempt_delay(draft: FileDraft, words: Words) -> None:
    value = micros(draft, words, 0, 1000 * SECOND_US)
    if value is None:
        draft.diagnostics.report(
            "range",
            f"({draft.instance.name}) Preempt_delay not valid! must be between 0-1000",
            f"preempt_delay '{words[1]}' is not valid; there is no delay",
            "write seconds from 0 to 1000",
        )
    draft.instance.preempt_delay_us = value or 0


def _auth_type(draft: FileDraft, words: Words) -> None:
    word = word_at(words, 1)
    if word in ("AH", "PASS"):
        draft.instance.auth_type = word
    else:
        draft.diagnostics.report(
            "auth",
            f"({draft.instance.name}) unknown authentication type '{word}'",
            f"'{word}' is no authentication type; none is used",
            "write PASS or AH, in capitals",
        )


def _auth_pass(draft: FileDraft, words: Words) -> None:
    password = word_at(words, 1).encode("utf-8", "surrogateescape")
    if len(password) > MAX_PASSWORD:
        draft.diagnostics.report(
            "auth",
            f"Truncating auth_pass to {MAX_PASSWORD} characters",
            f"only the first {MAX_PASSWORD} bytes of auth_pass count",
            f"write {MAX_PASSWORD} at most: passwords that differ later are equal on the wire",
        )
    draft.instance.auth_pass = password[:MAX_PASSWORD]


def _virtual_ipaddress(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    draft.blocks.values(words, lambda entry: take_vip(draft, instance, entry))


def _virtual_ipaddress_excluded(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    draft.blocks.values(words, lambda entry: take_excluded(draft, instance, entry))


def _notify(draft: FileDraft, words: Words) -> None:
    notify(draft, f"({draft.instance.name})", draft.instance.notify, words)


def _lvs_sync_daemon(draft: FileDraft, words: Words) -> None:
    name = draft.instance.name
    draft.diagnostics.report(
        "deprecated",
        f"({name}) Specifying lvs_sync_daemon_interface against a vrrp is deprecated.",
        "lvs_sync_daemon_interface belongs to LVS and is not modelled",
    )
    padding = " " * abs(len(name) - 2)
    draft.diagnostics.report("deprecated", f"      {padding}Please use global lvs_sync_daemon")


_NOTIFY_OPTIONS = (
    *("notify_backup", "notify_master", "notify_fault", "notify_stop", "notify_deleted", "notify"),
    "notify_master_rx_lower_pri",
)

INSTANCE_KEYWORDS: dict[str, Keyword] = {
    "state": Keyword(_state),
    "virtual_router_id": number(
        "vrid",
        1,
        255,
        ": VRID '{word}' not valid - must be between 1 & 255",
        "virtual_router_id '{word}' is not valid",
        "write a number from 1 to 255",
        topic="vrid",
        lenient=False,
    ),
    "priority": Keyword(_priority),
    "version": Keyword(_version),
    "native_ipv6": Keyword(_native_ipv6),
    "virtual_ipaddress": Keyword(_virtual_ipaddress),
    "virtual_ipaddress_excluded": Keyword(_virtual_ipaddress_excluded),
    "authentication": Keyword(block={"auth_type": Keyword(_auth_type), "auth_pass": Keyword(_auth_pass)}),
    "preempt": flag("preempt"),
    "nopreempt": flag("preempt", False),
    "preempt_delay": Keyword(_preempt_delay),
    **tracking_keywords(lambda draft: draft.instance),
    "dont_track_primary": flag("dont_track_primary"),
    "strict_mode": option_switch("strict", "strict_mode"),
    "accept": flag("accept"),
    "no_accept": flag("accept", False),
    "debug": number("debug", 0, 4, " Debug value '{word}' not valid; must be between 0-4"),
    "lvs_sync_daemon_interface": Keyword(_lvs_sync_daemon),
    **dict.fromkeys(_NOTIFY_OPTIONS, Keyword(_notify)),
    **NETWORK_KEYWORDS,
    **ADVERT_KEYWORDS,
}

INSTANCE_KEYWORDS_2_4: dict[str, Keyword] = {
    "no_virtual_ipaddress": flag("no_vip_allowed"),
    **ADVERT_KEYWORDS_2_4,
}
