"""The keywords of ``vrrp_instance``: one handler each, filling an InstanceDraft.

What the daemon complains about while it reads is complained about here; what it corrects once the
file is read is in ``complete``. Defaults are those of keepalived 2.2.7 and 2.4.3.
"""

from __future__ import annotations

from vrrplab.config.addresses import parse_host
from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.config.model import UnicastPeer
from vrrplab.config.numbers import INT_MAX, UINT_MAX, read_unsigned
from vrrplab.config.options import micros, notify, signed, switch, tracked, unsigned
from vrrplab.config.tracking import take_interface, take_script
from vrrplab.config.vip_lines import MAX_INTERFACE_NAME, take_excluded, take_vip
from vrrplab.units import SECOND_US

LONGEST_DELAY_S = UINT_MAX // SECOND_US
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
        draft.blocks.skip_block()
        return
    if any(one.name == words[1] for one in draft.instances):
        diagnostics.report(
            "duplicate",
            f"vrrp instance {words[1]} already defined",
            f"a second vrrp_instance {words[1]}; the block is skipped",
            "give each instance a name of its own",
        )
        draft.blocks.skip_block()
        return
    draft.begin(InstanceDraft(words[1], draft.globals, diagnostics.source))


def end_instance(draft: FileDraft) -> None:
    """Checks the daemon makes at the closing brace."""
    instance = draft.instance
    diagnostics = draft.diagnostics
    if instance.unicast_configured and (instance.use_vmac or instance.use_ipvlan):
        if not instance.interface:
            diagnostics.report(
                "vmac",
                f"({instance.name}): Cannot use VMAC/ipvlan with unicast and no interface - clearing use_vmac",
            )
            instance.use_vmac = instance.use_ipvlan = False
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


def _interface(draft: FileDraft, words: Words) -> None:
    instance, name = draft.instance, word_at(words, 1)
    if len(name) > MAX_INTERFACE_NAME:
        draft.diagnostics.report(
            "interface",
            f"Interface name '{name}' too long - ignoring",
            f"an interface name has at most {MAX_INTERFACE_NAME} characters",
        )
        return
    draft.names_interface(name)
    instance.interface = name
    if name == "lo":
        draft.diagnostics.report(
            "interface",
            f"({instance.name}) cannot use a loopback interface (lo) for vrrp - ignoring",
            "VRRP cannot run on the loopback interface",
            "name the interface that faces the network",
        )
        instance.interface = ""


def _vrid(draft: FileDraft, words: Words) -> None:
    vrid = unsigned(draft, words, 1, 255, lenient=False)
    if vrid is None:
        draft.diagnostics.report(
            "vrid",
            f"({draft.instance.name}): VRID '{words[1]}' not valid - must be between 1 & 255",
            f"virtual_router_id '{words[1]}' is not valid",
            "write a number from 1 to 255",
        )
        return
    draft.instance.vrid = vrid


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


def _advert_int(draft: FileDraft, words: Words) -> None:
    value = micros(draft, words, SECOND_US // 100, 255 * SECOND_US)
    if not value:
        draft.diagnostics.report(
            "range",
            f"({draft.instance.name}) Advert interval ({words[1]}) not valid! Must be > 0 - ignoring",
            f"advert_int '{words[1]}' is not valid; 1 second is used",
            "write seconds from 0.01 to 255",
        )
    else:
        draft.instance.advert_int_us = value


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
            "passwords that differ later are equal on the wire",
        )
    draft.instance.auth_pass = password[:MAX_PASSWORD]


def _source_address(draft: FileDraft, words: Words) -> None:
    instance, text = draft.instance, word_at(words, 1)
    address = parse_host(text)
    if address is None:
        draft.diagnostics.report(
            "address",
            f"Configuration error: VRRP instance[{instance.name}] malformed src address[{text}]. Skipping...",
            f"'{text}' is no IP address and is ignored",
        )
    elif instance.family and address.family != instance.family:
        draft.diagnostics.report(
            "family",
            f"Configuration error: VRRP instance[{instance.name}] and src address[{text}] MUST be of the same "
            "family !!! Skipping...",
            f"{text} is not IPv{instance.family} as the instance {instance.name} is",
        )
        instance.source_address = None
    else:
        instance.family = address.family
        instance.source_address = address


def _unicast_source(draft: FileDraft, words: Words) -> None:
    draft.instance.unicast_configured = True
    _source_address(draft, words)


def _multicast_group(draft: FileDraft, words: Words) -> None:
    instance, text = draft.instance, word_at(words, 1)
    address = parse_host(text)
    if address is None:
        draft.diagnostics.report("address", f"({instance.name}) malformed mcast dest address {text}. Skipping...")
        return
    if instance.family and address.family != instance.family:
        draft.diagnostics.report(
            "family",
            f"({instance.name}) mcast dest address {text} MUST match VRRP instance family. Skipping...",
        )
        return
    instance.family = address.family
    if not address.is_multicast or (address.family == 6 and not address.is_link_local):
        kind = " link-local" if address.family == 6 else ""
        draft.diagnostics.report(
            "address", f"({instance.name}) mcast_dst_ip {text} not{kind} multicast. Skipping..."
        )
        return
    instance.multicast_group = address


def _unicast_peer(draft: FileDraft, words: Words) -> None:
    draft.instance.unicast_configured = True
    draft.blocks.values(words, lambda entry: _take_peer(draft, entry))


def _take_peer(draft: FileDraft, words: Words) -> None:
    instance, text = draft.instance, words[0]
    diagnostics = draft.diagnostics
    address = parse_host(text)
    if address is None:
        diagnostics.report(
            "address",
            f"Configuration error: VRRP instance[{instance.name}] malformed unicast peer address[{text}]. "
            "Skipping...",
            f"'{text}' is no IP address and is ignored",
        )
        return
    if instance.family and address.family != instance.family:
        diagnostics.report(
            "family",
            f"Configuration error: VRRP instance[{instance.name}] and unicast peer address[{text}] MUST be of the "
            "same family !!! Skipping...",
            f"{text} is not IPv{instance.family} as the instance {instance.name} is",
        )
        return
    instance.family = address.family
    where = "" if diagnostics.old else f"{text} - "
    ttl = {"min_ttl": 0, "max_ttl": 255}
    for index in range(1, len(words), 2):
        if index + 1 == len(words):
            diagnostics.report("unicast", f"({instance.name}) {where}{words[index]} is missing a value")
            break
        reading = read_unsigned(words[index + 1], 0, 255, lenient=False)
        for complaint in reading.complaints:
            diagnostics.report("number", complaint)
        if not reading.accepted:
            continue
        if words[index] not in ttl:
            diagnostics.report("unicast", f"({instance.name}) {where}unknown unicast_peer option {words[index]}")
            break
        ttl[words[index]] = reading.value
        instance.check_unicast_src = True
    if not diagnostics.old and any(peer.address == address.text for peer in instance.unicast_peers):
        diagnostics.report("duplicate", f"({instance.name}) {text} - duplicate unicast_peer")
        return
    if ttl["min_ttl"] > ttl["max_ttl"]:
        diagnostics.report(
            "unicast",
            f"({instance.name}) {where}min_ttl {ttl['min_ttl']} > max_ttl {ttl['max_ttl']} - all packets will be "
            "discarded",
        )
    instance.unicast_peers.append(
        UnicastPeer(address.text, ttl["min_ttl"], ttl["max_ttl"], diagnostics.source)
    )


def _unicast_ttl(draft: FileDraft, words: Words) -> None:
    ttl = unsigned(draft, words, 0, 255, lenient=False)
    if ttl is None:
        draft.diagnostics.report(
            "range", f"({draft.instance.name}): TTL '{words[1]}' not valid - must be between 0 & 255"
        )
    else:
        draft.instance.unicast_ttl = ttl


def _check_unicast_src(draft: FileDraft, words: Words) -> None:
    draft.instance.unicast_configured = True
    draft.instance.check_unicast_src = True


def _unicast_fault_no_peer(draft: FileDraft, words: Words) -> None:
    draft.instance.unicast_configured = True
    draft.instance.unicast_fault_no_peer = True


def _old_unicast_checksum(draft: FileDraft, words: Words) -> None:
    draft.instance.unicast_configured = True
    if len(words) >= 2 and words[1] != "never":
        draft.diagnostics.report(
            "unicast", f"({draft.instance.name}) Unknown old_unicast_chksum mode {words[1]} - ignoring"
        )
    draft.diagnostics.note_once(
        "not-modelled", "old_unicast_checksum", "old_unicast_checksum is known but not modelled"
    )


def _track_interface(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    draft.blocks.values(words, lambda entry: take_interface(draft, instance.name, instance.tracking, entry))


def _track_script(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    draft.blocks.values(words, lambda entry: take_script(draft, instance.name, instance.tracking, entry))


def _track_file(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    _not_modelled_tracking(draft, words[0])
    draft.blocks.values(
        words, lambda entry: tracked(draft, instance.name, "file", draft.files, instance.tracking.files, entry)
    )


def _track_process(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    _not_modelled_tracking(draft, words[0])
    draft.blocks.values(
        words,
        lambda entry: tracked(draft, instance.name, "process", draft.processes, instance.tracking.processes, entry),
    )


def _track_bfd(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    _not_modelled_tracking(draft, words[0])
    draft.blocks.values(
        words, lambda entry: tracked(draft, instance.name, "bfd", draft.bfds, instance.tracking.bfds, entry, 253)
    )


def _not_modelled_tracking(draft: FileDraft, keyword: str) -> None:
    draft.diagnostics.note_once(
        "not-modelled", keyword, f"{keyword} is read but not modelled", "what it tracks is taken as always passing"
    )


def _virtual_ipaddress(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    draft.blocks.values(words, lambda entry: take_vip(draft, instance, entry))


def _virtual_ipaddress_excluded(draft: FileDraft, words: Words) -> None:
    instance = draft.instance
    draft.blocks.values(words, lambda entry: take_excluded(draft, instance, entry))


def _flag(attribute: str, value: bool = True) -> Keyword:
    """An option that is said or not said; words behind it do not matter."""

    def handler(draft: FileDraft, words: Words) -> None:
        setattr(draft.instance, attribute, value)

    return Keyword(handler)


def _switch(attribute: str, complaint: str) -> Keyword:
    """An option with on/off behind it; alone it means on."""

    def handler(draft: FileDraft, words: Words) -> None:
        value = switch(words)
        if value is None:
            draft.diagnostics.report(
                "switch",
                f"({draft.instance.name}) invalid {complaint} {words[1]} specified",
                f"{words[0]}: '{words[1]}' is neither on nor off",
                "write on, true, yes, off, false or no",
            )
        else:
            setattr(draft.instance, attribute, value)

    return Keyword(handler)


def _skip_check_adv_addr(draft: FileDraft, words: Words) -> None:
    value = switch(words)
    if value is None:
        draft.diagnostics.report(
            "switch", f"({draft.instance.name}) invalid skip_check_adv_addr {words[1]} specified"
        )
    elif draft.diagnostics.old:
        draft.instance.skip_check_adv_addr = True  # keepalived 2.2.7: "no" switches it on, too
    else:
        draft.instance.skip_check_adv_addr = value


def _garp_delay(attribute: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        delay_s = unsigned(draft, words, 0, LONGEST_DELAY_S)
        if delay_s is None:
            draft.diagnostics.report(
                "range",
                f"({draft.instance.name}): {words[0]} '{words[1]}' invalid - ignoring",
                f"{words[0]} '{words[1]}' is not valid",
                "write whole seconds",
            )
        else:
            setattr(draft.instance, attribute, delay_s * SECOND_US)

    return Keyword(handler)


def _garp_repeat(attribute: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        repeat = unsigned(draft, words, 0, UINT_MAX)
        if repeat is None:
            draft.diagnostics.report(
                "range",
                f"({draft.instance.name}): {words[0]} '{words[1]}' invalid - ignoring",
                f"{words[0]} '{words[1]}' is not valid",
                "write a number from 1 up",
            )
            return
        if repeat == 0:
            draft.diagnostics.report(
                "range",
                f"({draft.instance.name}): {words[0]} must be greater than 0, setting to 1",
                f"{words[0]} 0 is not valid; 1 is used",
            )
        setattr(draft.instance, attribute, repeat or 1)

    return Keyword(handler)


def _garp_refresh(draft: FileDraft, words: Words) -> None:
    refresh_s = unsigned(draft, words, 0, UINT_MAX)
    if refresh_s is None:
        draft.diagnostics.report(
            "range",
            f"({draft.instance.name}): Invalid garp_master_refresh '{words[1]}' - ignoring",
            f"garp_master_refresh '{words[1]}' is not valid; there is no refresh",
            "write whole seconds",
        )
    draft.instance.garp_refresh_us = (refresh_s or 0) * SECOND_US


def _garp_lower_prio_repeat(draft: FileDraft, words: Words) -> None:
    repeat = unsigned(draft, words, 0, INT_MAX)
    if repeat is None:
        draft.diagnostics.report(
            "range", f"({draft.instance.name}): Invalid garp_lower_prio_repeat '{words[1]}'"
        )
    else:
        draft.instance.garp_lower_prio_repeat = repeat


def _down_timer_adverts(draft: FileDraft, words: Words) -> None:
    adverts = unsigned(draft, words, 1, 100)
    if adverts is None:
        draft.diagnostics.report(
            "range",
            f"({draft.instance.name}): Invalid down_timer_adverts [1:100] '{words[1]}'",
            f"down_timer_adverts '{words[1]}' is not valid",
            "write a number from 1 to 100",
        )
    else:
        draft.instance.down_timer_adverts = adverts


def _debug(draft: FileDraft, words: Words) -> None:
    level = unsigned(draft, words, 0, 4)
    if level is None:
        draft.diagnostics.report(
            "range", f"({draft.instance.name}) Debug value '{words[1]}' not valid; must be between 0-4"
        )
    else:
        draft.instance.debug = level


def _use_vmac(draft: FileDraft, words: Words) -> None:
    """``use_vmac [NAME] [MAC]``; the MAC is not modelled."""
    instance, diagnostics = draft.instance, draft.diagnostics
    instance.use_vmac = True
    words = words[:3] if diagnostics.old else words
    index = 1
    while index < len(words):
        word = words[index]
        index += 1
        if ":" in word:
            diagnostics.note_once("not-modelled", "vmac address", "a MAC address for use_vmac is not modelled")
            continue
        if not diagnostics.old:
            if word == "netlink_notify_msg":
                continue
            if word == "group":
                index += 1
                continue
            if word == "name":
                word = word_at(words, index)
                index += 1
        if instance.vmac_name:
            diagnostics.report("vmac", "VMAC interface name already specified")
        elif not _valid_device(word):
            diagnostics.report(
                "vmac", f"VMAC interface name '{word}' too long or invalid characters - ignoring"
            )
        elif other := next((one for one in draft.instances if one.vmac_name == word), None):
            diagnostics.report(
                "vmac",
                f"({instance.name}) VRRP instance {other.name} is already using {word} - ignoring name",
            )
        else:
            instance.vmac_name = word


def _valid_device(name: str) -> bool:
    return (
        0 < len(name) <= MAX_INTERFACE_NAME
        and name not in (".", "..")
        and not any(char in "/:" or char.isspace() for char in name)
    )


def _use_ipvlan(draft: FileDraft, words: Words) -> None:
    if draft.instance.use_ipvlan:
        draft.diagnostics.report("duplicate", f"({draft.instance.name}) use_ipvlan already specified")
        return
    draft.instance.use_ipvlan = True
    draft.diagnostics.note_once("not-modelled", "use_ipvlan", "use_ipvlan is known but not modelled")


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
    "interface": Keyword(_interface),
    "virtual_router_id": Keyword(_vrid),
    "priority": Keyword(_priority),
    "version": Keyword(_version),
    "native_ipv6": Keyword(_native_ipv6),
    "advert_int": Keyword(_advert_int),
    "virtual_ipaddress": Keyword(_virtual_ipaddress),
    "virtual_ipaddress_excluded": Keyword(_virtual_ipaddress_excluded),
    "authentication": Keyword(block={"auth_type": Keyword(_auth_type), "auth_pass": Keyword(_auth_pass)}),
    "preempt": _flag("preempt"),
    "nopreempt": _flag("preempt", False),
    "preempt_delay": Keyword(_preempt_delay),
    "mcast_src_ip": Keyword(_source_address),
    "mcast_dst_ip": Keyword(_multicast_group),
    "track_src_ip": _flag("track_source"),
    "unicast_src_ip": Keyword(_unicast_source),
    "unicast_peer": Keyword(_unicast_peer),
    "unicast_fault_no_peer": Keyword(_unicast_fault_no_peer),
    "check_unicast_src": Keyword(_check_unicast_src),
    "old_unicast_checksum": Keyword(_old_unicast_checksum),
    "unicast_ttl": Keyword(_unicast_ttl),
    "track_interface": Keyword(_track_interface),
    "track_script": Keyword(_track_script),
    "track_file": Keyword(_track_file),
    "track_process": Keyword(_track_process),
    "track_bfd": Keyword(_track_bfd),
    "dont_track_primary": _flag("dont_track_primary"),
    "garp_master_delay": _garp_delay("garp_delay_us"),
    "garp_master_repeat": _garp_repeat("garp_repeat"),
    "garp_master_refresh": Keyword(_garp_refresh),
    "garp_master_refresh_repeat": _garp_repeat("garp_refresh_repeat"),
    "garp_lower_prio_delay": _garp_delay("garp_lower_prio_delay_us"),
    "garp_lower_prio_repeat": Keyword(_garp_lower_prio_repeat),
    "down_timer_adverts": Keyword(_down_timer_adverts),
    "lower_prio_no_advert": _switch("lower_prio_no_advert", "lower_prio_no_advert"),
    "higher_prio_send_advert": _switch("higher_prio_send_advert", "higher_prio_send_advert"),
    "skip_check_adv_addr": Keyword(_skip_check_adv_addr),
    "strict_mode": _switch("strict", "strict_mode"),
    "accept": _flag("accept"),
    "no_accept": _flag("accept", False),
    "use_vmac": Keyword(_use_vmac),
    "use_vmac_addr": _flag("vmac_addr"),
    "vmac_xmit_base": _flag("vmac_xmit_base"),
    "use_ipvlan": Keyword(_use_ipvlan),
    "promote_secondaries": _flag("promote_secondaries"),
    "debug": Keyword(_debug),
    "lvs_sync_daemon_interface": Keyword(_lvs_sync_daemon),
    **dict.fromkeys(_NOTIFY_OPTIONS, Keyword(_notify)),
}

INSTANCE_KEYWORDS_2_4: dict[str, Keyword] = {
    "no_virtual_ipaddress": _flag("no_vip_allowed"),
    "owner_ignore_adverts": _switch("owner_ignore_adverts", "owner_ignore_adverts"),
    "v3_checksum_as_v2": _switch("v3_checksum_as_v2", "v3_checksum_as_v2"),
}
