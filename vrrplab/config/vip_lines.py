"""One line of ``virtual_ipaddress`` or ``virtual_ipaddress_excluded``.

``ADDRESS[/PREFIX] [dev IF] [scope S] [label L] [brd B] [peer P] [home] [-nodad] [no_track] …``
Without a prefix it is a host address: /32 or /128.
"""

from __future__ import annotations

from vrrplab.config.address_syntax import parse_address
from vrrplab.config.blocks import Words
from vrrplab.config.drafts import FileDraft, InstanceDraft, VipDraft
from vrrplab.config.numbers import UINT_MAX, read_unsigned
from vrrplab.config.options import plain

MAX_INTERFACE_NAME = 15
_SCOPES = {"0": "global", "global": "global", "254": "host", "host": "host", "253": "link", "link": "link"}
_SCOPES |= {"200": "site", "site": "site", "255": "nowhere", "nowhere": "nowhere"}
_WITH_VALUE = frozenset(("dev", "scope", "broadcast", "brd", "label", "peer", "preferred_lft"))
_FLAGS = frozenset(("home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin", "use_vmac"))


def take_vip(draft: FileDraft, instance: InstanceDraft, words: Words) -> None:
    """A line of ``virtual_ipaddress``: the first one decides whether the instance is IPv4 or IPv6."""
    vip = read_vip(draft, words)
    if vip is None:
        return
    if instance.family == 0:
        instance.family = vip.address.family
    elif vip.address.family != instance.family:
        draft.diagnostics.report(
            "family",
            f"({instance.name}): address family must match VRRP instance [{words[0]}] - ignoring",
            f"{words[0]} is not IPv{instance.family} as the instance {instance.name} is",
            "put it into virtual_ipaddress_excluded, or into an instance of its own",
        )
        return
    if not draft.diagnostics.old and _duplicate(draft, instance, vip, words[0], excluded=False):
        return
    if vip.address in instance.vip_addresses:
        draft.diagnostics.note("duplicate", f"{words[0]} stands twice in {instance.name}", "remove one")
    instance.vips.append(vip)
    instance.vip_addresses.add(vip.address)
    instance.vip_places.add(vip.place)


def take_excluded(draft: FileDraft, instance: InstanceDraft, words: Words) -> None:
    """A line of ``virtual_ipaddress_excluded``: added and removed, but not in adverts; either family."""
    vip = read_vip(draft, words)
    if vip is None or (
        not draft.diagnostics.old and _duplicate(draft, instance, vip, words[0], excluded=True)
    ):
        return
    instance.excluded.append(vip)
    instance.excluded_places.add(vip.place)


def read_vip(draft: FileDraft, words: Words, static: bool = False) -> VipDraft | None:
    """The address of one line, or None when the daemon drops it. ``static``: of static_ipaddress."""
    diagnostics = draft.diagnostics
    vip = _address(draft, words[0])
    if vip is None:
        return None
    i = 1
    while i < len(words):
        option = words[i]
        if option in _WITH_VALUE or (static and option == "track_group"):
            if i + 1 == len(words):
                diagnostics.report(
                    "vip-option",
                    f"No {option} parameter specified for {words[0]}",
                    f"'{option}' needs a value; {words[0]} is dropped",
                )
                return None
            i += 1
            if option == "peer" and vip.has_peer:
                diagnostics.report("vip-option", f"Peer {words[i]} - another peer has already been specified")
                continue  # keepalived goes on with the address as if it were an option
            if _option(draft, vip, option, words[i], words[0]):
                return None
        elif option == "no_track":
            vip.tracked = False
        elif option not in _FLAGS or (static and option == "use_vmac"):
            diagnostics.report(
                "vip-option",
                f"Unknown configuration entry '{option}' for ip address - ignoring",
                f"'{option}' means nothing behind an address",
                "one address a line: ADDRESS/PREFIX dev INTERFACE label NAME",
            )
        i += 1
    if vip.broadcast and vip.has_peer:
        diagnostics.report(
            "vip-option", "Cannot specify broadcast and peer addresses - ignoring broadcast address"
        )
    elif vip.broadcast in ("+", "-") and vip.prefix > 30:
        diagnostics.report("vip-option", f"Address prefix length {vip.prefix} too long for broadcast")
    if vip.address.family == 6:
        for name, value in (("scope", vip.scope), ("label", vip.label)):
            if value and not (name == "scope" and value == "global"):
                diagnostics.report(
                    "vip-option",
                    f"Cannot specify {name} for IPv6 addresses ({words[0]}) - ignoring {name}",
                    f"an IPv6 address has no {name}",
                    f"leave {name} {value} out",
                )
        vip.scope = vip.label = ""
    return vip


def _address(draft: FileDraft, text: str) -> VipDraft | None:
    """``ADDRESS[/PREFIX]``."""
    diagnostics = draft.diagnostics
    widest = 128 if ":" in text else 32
    host, slash, length = text.partition("/")
    prefix = widest
    if slash:
        length_read = plain(draft, read_unsigned(length, 0, widest, lenient=True))
        if length_read is not None:
            prefix = length_read
        else:
            diagnostics.report(
                "vip-prefix",
                f"Invalid address prefix len {length} for address {text} - using {widest}",
                f"'/{length}' is no prefix length for {host}; /{widest} is used",
                f"write a number from 0 to {widest}",
            )
    address = parse_address(host)
    if address is None or (address.family == 6) != (widest == 128):
        diagnostics.report(
            "vip-invalid",
            f"VRRP parsed invalid IP {text}. skipping IP...",
            f"'{text}' is no IP address and is dropped",
            "write e.g. 192.168.2.101/24",
        )
        return None
    vip = VipDraft(address, prefix, diagnostics.source)
    vip.prefix_written = bool(slash)
    return vip


def _option(draft: FileDraft, vip: VipDraft, option: str, value: str, name: str) -> bool:
    """Apply one option with a value; True if it makes the daemon drop the address."""
    diagnostics = draft.diagnostics
    if option == "dev":
        if vip.interface:
            diagnostics.report(
                "vip-option",
                f"Cannot specify ipaddress device more than once for {name}",
                f"two 'dev' for {name}; the address is dropped",
            )
            return True
        draft.names_interface(value)
        vip.interface = value
    elif option == "scope":
        if value not in _SCOPES and not _is_scope_number(value):
            diagnostics.report("vip-option", f"Invalid scope '{value}' specified for {name} - ignoring")
        else:
            vip.scope = _SCOPES.get(value, value)
    elif option in ("broadcast", "brd"):
        if vip.address.family == 6:
            diagnostics.report(
                "vip-option",
                f"VRRP is trying to assign a broadcast {option} to the IPv6 address {name} !!?? "
                "WTF... skipping VIP...",
                f"IPv6 has no broadcast; {name} is dropped",
            )
            return True
        broadcast = parse_address(value)
        if value not in ("+", "-") and (broadcast is None or broadcast.family != 4):
            diagnostics.report(
                "vip-option",
                f"VRRP is trying to assign invalid broadcast {value}. skipping VIP...",
                f"'{value}' is no broadcast address; {name} is dropped",
            )
            return True
        if vip.broadcast not in ("+", "-"):
            vip.broadcast = value
    elif option == "label":
        if len(value) > MAX_INTERFACE_NAME:
            diagnostics.report(
                "vip-option",
                f"Address label {value} is longer than maximum length {MAX_INTERFACE_NAME} - removing "
                "address",
                f"the label '{value}' has more than {MAX_INTERFACE_NAME} characters; {name} is dropped",
            )
            return True
        vip.label = value
    elif option == "peer":
        _peer(draft, vip, value)
    elif option == "preferred_lft" and value != "forever":
        lifetime_s = plain(draft, read_unsigned(value, 0, UINT_MAX, lenient=True))
        if lifetime_s is None:
            diagnostics.report("vip-option", f"preferred_lft {value} is invalid")
    return False


def _peer(draft: FileDraft, vip: VipDraft, value: str) -> None:
    diagnostics = draft.diagnostics
    peer = parse_address(value)
    if peer is None:
        diagnostics.report("vip-option", f"VRRP parsed invalid IP {value}. skipping IP...")
        diagnostics.report("vip-option", f"Invalid peer address {value}")
    elif peer.family != vip.address.family:
        diagnostics.report("vip-option", f"Peer address {value} does not match address family")
    else:
        widest = 128 if peer.family == 6 else 32
        if vip.prefix != widest:
            diagnostics.report(
                "vip-option", "Cannot specify address prefix when specifying peer address - ignoring"
            )
        vip.has_peer = True
        vip.prefix = widest


def _duplicate(draft: FileDraft, instance: InstanceDraft, new: VipDraft, text: str, excluded: bool) -> bool:
    """2.4.3 drops an address that the instance already has."""
    kind = "Excluded " if excluded else ""
    if new.place in instance.vip_places if excluded else new.address in instance.vip_addresses:
        other = "a VIP"
    elif new.place in instance.excluded_places:
        other = "an excluded VIP"
    else:
        return False
    draft.diagnostics.report(
        "duplicate", f"({instance.name}): {kind}VIP duplicates {other} {text} - ignoring"
    )
    return True


def _is_scope_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 3 and int(value) <= 255
