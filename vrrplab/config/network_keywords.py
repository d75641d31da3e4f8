"""The keywords of ``vrrp_instance`` about the way adverts travel: unicast, multicast, addresses, VMAC."""

from __future__ import annotations

from vrrplab.config.address_syntax import parse_host
from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.config.model import UnicastPeer
from vrrplab.config.numbers import read_unsigned
from vrrplab.config.options import flag, number, plain
from vrrplab.config.vip_lines import MAX_INTERFACE_NAME


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


def _source_address(draft: FileDraft, words: Words) -> None:
    instance, text = draft.instance, word_at(words, 1)
    address = parse_host(text)
    if address is None:
        draft.diagnostics.report(
            "address",
            f"Configuration error: VRRP instance[{instance.name}] malformed src address[{text}]. Skipping...",
            f"'{text}' is no IP address and is ignored",
        )
        instance.source_address = None  # an earlier one is forgotten, too
    elif instance.family and address.family != instance.family:
        draft.diagnostics.report(
            "family",
            f"Configuration error: VRRP instance[{instance.name}] and src address[{text}] MUST be of the "
            "same family !!! Skipping...",
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
    instance.multicast_group = None  # whatever is wrong with this one, an earlier one is forgotten
    if address is None:
        draft.diagnostics.report(
            "address", f"({instance.name}) malformed mcast dest address {text}. Skipping..."
        )
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
            f"Configuration error: VRRP instance[{instance.name}] and unicast peer address[{text}] MUST "
            "be of the same family !!! Skipping...",
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
        value = plain(draft, read_unsigned(words[index + 1], 0, 255, lenient=False))
        if value is None:
            continue
        if words[index] not in ttl:
            diagnostics.report(
                "unicast", f"({instance.name}) {where}unknown unicast_peer option {words[index]}"
            )
            break
        ttl[words[index]] = value
        instance.check_unicast_src = True
    if not diagnostics.old and address.text in instance.peer_addresses:
        diagnostics.report("duplicate", f"({instance.name}) {text} - duplicate unicast_peer")
        return
    if ttl["min_ttl"] > ttl["max_ttl"]:
        diagnostics.report(
            "unicast",
            f"({instance.name}) {where}min_ttl {ttl['min_ttl']} > max_ttl {ttl['max_ttl']} - all packets "
            "will be discarded",
        )
    instance.peer_addresses.add(address.text)
    instance.unicast_peers.append(
        UnicastPeer(address.text, ttl["min_ttl"], ttl["max_ttl"], diagnostics.source)
    )


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
            _vmac_address(draft, instance, word)
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
        elif other := draft.vmac_names.get(word):
            diagnostics.report(
                "vmac",
                f"({instance.name}) VRRP instance {other.name} is already using {word} - ignoring name",
            )
        else:
            instance.vmac_name = word
            draft.vmac_names[word] = instance


def _vmac_address(draft: FileDraft, instance: InstanceDraft, text: str) -> None:
    """Six octets, or five to which the VRID is added; checked as keepalived does, and not modelled."""
    diagnostics = draft.diagnostics
    if instance.vmac_address:
        diagnostics.report("vmac", "VMAC interface address already specified")
        return
    if any(char not in "0123456789abcdefABCDEF:" for char in text):
        diagnostics.report("vmac", f"VMAC invalid MAC address {text}")
        return
    octets = text.removesuffix(":").split(":") if text.count(":") == 5 else text.split(":")
    if len(octets) not in (5, 6) or any(not 1 <= len(octet) <= 2 for octet in octets):
        diagnostics.report("vmac", f"VMAC invalid MAC address {text} - ignored")
    elif int(octets[0], 16) & 1:
        diagnostics.report("vmac", f"VMAC MAC address is multicast {text} - ignoring")
    elif [int(octet, 16) for octet in octets[:4]] == [0, 0, 0x5E, 0] and int(octets[4], 16) in (1, 2):
        diagnostics.report("vmac", f"VMAC MAC address not allowed to be RFC5798 address ({text}) - ignoring")
    else:
        instance.vmac_address = text
        diagnostics.note_once("not-modelled", "vmac address", "a MAC address for use_vmac is not modelled")


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


NETWORK_KEYWORDS: dict[str, Keyword] = {
    "interface": Keyword(_interface),
    "mcast_src_ip": Keyword(_source_address),
    "mcast_dst_ip": Keyword(_multicast_group),
    "track_src_ip": flag("track_source"),
    "unicast_src_ip": Keyword(_unicast_source),
    "unicast_peer": Keyword(_unicast_peer),
    "unicast_fault_no_peer": Keyword(_unicast_fault_no_peer),
    "check_unicast_src": Keyword(_check_unicast_src),
    "old_unicast_checksum": Keyword(_old_unicast_checksum),
    "unicast_ttl": number(
        "unicast_ttl", 0, 255, ": TTL '{word}' not valid - must be between 0 & 255", lenient=False
    ),
    "use_vmac": Keyword(_use_vmac),
    "use_vmac_addr": flag("vmac_addr"),
    "vmac_xmit_base": flag("vmac_xmit_base"),
    "use_ipvlan": Keyword(_use_ipvlan),
    "promote_secondaries": flag("promote_secondaries"),
}
