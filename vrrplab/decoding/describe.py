"""A frame in one line, for tables and logs."""

from __future__ import annotations

from vrrplab.errors import DropReason
from vrrplab.units import SECOND_US
from vrrplab.wire.dissect import Frame
from vrrplab.wire.tunnels import Wrapping
from vrrplab.wire.vrrp import AUTH_AH, AUTH_CISCO_MD5, AUTH_PASS, Advertisement


def sender(frame: Frame) -> str:
    """Who sent the frame: an IP address where there is one, else a MAC address, else "?"."""
    if frame.arp is not None:
        return frame.arp.sender_mac
    if frame.na is not None and frame.eth is not None and frame.eth.source:
        return frame.eth.source
    if frame.ip is not None:
        return frame.ip.source
    return (frame.eth.source if frame.eth is not None else None) or "?"


def describe(frame: Frame) -> str:
    """What the frame says, in words: ``VRRPv2 vrid 51 prio 150, 1 s, 192.168.2.100``."""
    if frame.vrrp is not None:
        return _advert(frame, frame.vrrp)
    if frame.arp is not None:
        arp = frame.arp
        if arp.gratuitous:
            return f"GARP: {arp.sender_ip} is here"
        if arp.op == 1:
            return f"ARP: who has {arp.target_ip}? asks {arp.sender_ip}"
        return f"ARP: {arp.sender_ip} is here, to {arp.target_ip}"
    if frame.na is not None:
        flags = "".join(
            letter
            for letter, on in (("R", frame.na.router), ("S", frame.na.solicited), ("O", frame.na.override))
            if on
        )
        return f"NA: {frame.na.target} is here ({flags or 'no flags'})"
    if frame.ns is not None:
        return f"NS: who has {frame.ns.target}?"
    if frame.carp is not None:
        return f"CARP vhid {frame.carp.vhid} base {frame.carp.advbase} s skew {frame.carp.advskew}"
    if frame.fhrp is not None:
        return frame.fhrp.text
    if frame.sealed and frame.sealed != "cut off":
        return f"{frame.sealed}, not opened"
    if frame.kind in ("arp", "na", "carp") and frame.problems:
        is_cut = any(problem.reason is DropReason.TOO_SHORT for problem in frame.problems)
        return f"{frame.kind.upper()}, {'cut off' if is_cut else 'unreadable'}"
    if frame.kind in ("vrrp", "igmp"):
        return frame.kind.upper()
    if frame.ip is not None:
        return f"IP protocol {frame.ip.protocol}, {len(frame.payload)} bytes"
    if frame.eth is not None:
        return f"type 0x{frame.eth.ethertype:04x}, {len(frame.payload)} bytes"
    return f"{len(frame.raw)} bytes"


def path_text(path: tuple[Wrapping, ...]) -> str:
    """``VXLAN 42, 203.0.113.1 to 203.0.113.2``; several, the outermost first, with ``>`` between them."""
    ends = next((f", {w.source} to {w.destination}" for w in path if w.source), "")
    return " > ".join(wrapping.text for wrapping in path) + ends


def sealed_text(sealed: dict[str, int]) -> str:
    """``12 frames (ESP 10, MACsec 2)``."""
    ordered = sorted(sealed.items(), key=lambda item: (-item[1], item[0]))
    total = sum(sealed.values())
    each = ", ".join(f"{what} {count}" for what, count in ordered)
    return f"{total} frame{'s' if total != 1 else ''} ({each})"


def _advert(frame: Frame, advert: Advertisement) -> str:
    if advert.version is None:
        return "VRRP, cut off"
    words = [f"VRRPv{advert.version}"]
    if advert.vrid is not None:
        words.append(f"vrid {advert.vrid}")
    if advert.priority is not None:
        words.append(f"prio {advert.priority}")
    if advert.interval_us is not None:
        words.append(f"{advert.interval_us / SECOND_US:g}s")
    if advert.auth_type == AUTH_PASS:
        words.append("PASS")
    elif frame.ah is not None or advert.auth_type == AUTH_AH:
        words.append("AH")
    elif advert.auth_type == AUTH_CISCO_MD5:
        words.append("MD5")
    addresses = advert.addresses or ()
    if addresses:
        words.append(addresses[0] + (f" +{len(addresses) - 1}" if len(addresses) > 1 else ""))
    return " ".join(words)
