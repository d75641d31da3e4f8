"""A decoded frame as plain values, in the shape of ``vrrplab decode --format jsonl``. One dict a frame.

Fields that a cut-off frame does not have are None; of a header that is cut in the middle, what is there is
told.
"""

from __future__ import annotations

from typing import Any

from vrrplab.decoding.sender_duties import Reason
from vrrplab.decoding.verdict import Verdict, ah_is_right
from vrrplab.units import SECOND_US
from vrrplab.wire import auth, links
from vrrplab.wire.addresses import unpack_address, unpack_mac
from vrrplab.wire.arp import cut_arp
from vrrplab.wire.dissect import Frame
from vrrplab.wire.fhrp import Fhrp
from vrrplab.wire.neighbor import cut_advertisement
from vrrplab.wire.tunnels import Wrapping
from vrrplab.wire.vrrp import AUTH_AH, AUTH_PASS, Advertisement


def report(frame: Frame, verdict: Verdict, key: bytes | None = None) -> dict[str, Any]:
    """Everything about one frame but its number and time. ``key`` as for ``verdict.judge``."""
    fields: dict[str, Any] = {"kind": frame.kind, "eth": _eth(frame), "ip": _ip(frame)}
    if not frame.is_plain and frame.path:
        fields["path"] = [_wrapping(wrapping) for wrapping in frame.path]
    if not frame.is_plain and frame.sealed:
        fields["not_opened"] = frame.sealed
    if frame.kind == "vrrp":
        fields["vrrp"] = _vrrp(frame, key)
    elif frame.kind == "arp":
        fields["arp"] = _arp(frame)
    elif frame.kind == "na":
        fields["na"] = _na(frame)
    elif frame.kind == "carp":
        fields["carp"] = _carp(frame)
    elif frame.fhrp is not None:
        fields["fhrp"] = _fhrp(frame.fhrp)
    fields["verdict"] = verdict.word
    fields["reasons"] = [_reason(reason) for reason in verdict.reasons]
    fields["notes"] = [_reason(note) for note in verdict.notes]
    return fields


def _wrapping(wrapping: Wrapping) -> dict[str, Any]:
    return {
        "name": wrapping.name,
        "number": wrapping.number,
        "source": wrapping.source or None,
        "destination": wrapping.destination or None,
        "mirror": wrapping.is_mirror,
    }


def _fhrp(message: Fhrp) -> dict[str, Any]:
    return {
        "protocol": message.name,
        "version": message.version,
        "opcode": message.opcode,
        "group": message.group,
        "state": message.state,
        "priority": message.priority,
        "hello_s": None if message.hello_us is None else message.hello_us / SECOND_US,
        "address": message.address,
    }


def _reason(reason: Reason) -> dict[str, str | None]:
    return {"name": reason.name, "rule": reason.rule or None, "text": reason.text}


def _eth(frame: Frame) -> dict[str, Any] | None:
    if frame.eth is not None:
        vlans = [tag.vlan_id for tag in frame.eth.vlans]
        return {"source": frame.eth.source, "destination": frame.eth.destination, "vlans": vlans}
    if frame.link_type != links.ETHERNET or frame.path:
        return None
    destination = unpack_mac(frame.raw[:6]) if len(frame.raw) >= 6 else None
    source = unpack_mac(frame.raw[6:12]) if len(frame.raw) >= 12 else None
    return {"source": source, "destination": destination, "vlans": []}


def _ip(frame: Frame) -> dict[str, Any] | None:
    ip = frame.ip
    if ip is not None:
        return {
            "version": ip.version,
            "source": ip.source,
            "destination": ip.destination,
            "ttl": ip.ttl,
            "protocol": ip.protocol,
        }
    if frame.path:
        return None
    link = links.parse_link(frame.raw, frame.link_type)
    if link.ethertype not in (0x0800, 0x86DD):
        return None
    return _cut_ip(frame.raw[link.offset :], 4 if link.ethertype == 0x0800 else 6)


def _cut_ip(packet: bytes, version: int) -> dict[str, Any]:
    ttl_at, protocol_at, source_at, size = (8, 9, 12, 4) if version == 4 else (7, 6, 8, 16)
    there = len(packet)
    source_end = source_at + size
    return {
        "version": version,
        "source": unpack_address(packet[source_at:source_end]) if there >= source_end else None,
        "destination": None,
        "ttl": packet[ttl_at] if there > ttl_at else None,
        "protocol": packet[protocol_at] if there > protocol_at else None,
    }


def _vrrp(frame: Frame, key: bytes | None) -> dict[str, Any]:
    names = ("version", "type", "vrid", "priority", "count", "auth_type", "interval_s", "checksum")
    advert = frame.vrrp
    if advert is None:
        nothing: dict[str, Any] = dict.fromkeys(names)
        return {**nothing, "checksum_ok": None, "checksum_form": None, "addresses": None, "auth": None}
    return {
        "version": advert.version,
        "type": advert.type,
        "vrid": advert.vrid,
        "priority": advert.priority,
        "count": advert.count,
        "auth_type": advert.auth_type,
        "interval_s": None if advert.interval_us is None else advert.interval_us / SECOND_US,
        "checksum": None if advert.checksum is None else f"0x{advert.checksum:04x}",
        "checksum_ok": advert.checksum_ok,
        "checksum_form": advert.checksum_form,
        "addresses": None if advert.addresses is None else list(advert.addresses),
        "auth": _auth(frame, advert, key),
    }


def _auth(frame: Frame, advert: Advertisement, key: bytes | None) -> dict[str, Any] | None:
    if frame.ah is not None:
        ok = ah_is_right(frame, key) if key is not None and frame.ip is not None else None
        return {
            "kind": "ah",
            "spi": f"0x{frame.ah.spi:08x}",
            "sequence": frame.ah.sequence,
            "icv": frame.ah.icv.hex(),
            "icv_ok": ok,
        }
    if advert.has_hmac_trailer and frame.ip is not None:
        trailer = auth.HmacTrailer.parse(advert.trailer)
        message = frame.payload[: -len(advert.trailer)]
        return {
            "kind": "hmac",
            "key_id": trailer.key_id,
            "seconds": trailer.seconds,
            "fraction": trailer.fraction,
            "counter": trailer.counter,
            "hmac": trailer.hmac.hex(),
            "hmac_ok": trailer.verify(key, message, frame.ip.source) if key is not None else None,
        }
    if advert.has_md5_trailer:
        return {"kind": "md5", "trailer": advert.trailer[:-16].hex(), "digest": advert.trailer[-16:].hex()}
    data = advert.auth_data
    if advert.version != 2 or not data:
        return None
    if advert.auth_type == AUTH_PASS:
        return {"kind": "pass", "password": advert.password}
    kind = "ah" if advert.auth_type == AUTH_AH else "none"
    return {"kind": kind, "data": data.hex()} if any(data) else None


def _carp(frame: Frame) -> dict[str, Any]:
    carp = frame.carp
    if carp is not None:
        return {
            "vhid": carp.vhid,
            "advskew": carp.advskew,
            "advbase_s": carp.advbase,
            "checksum": f"0x{carp.checksum:04x}",
            "checksum_ok": carp.checksum_ok,
        }
    cut = frame.payload
    return {
        "vhid": cut[1],
        "advskew": cut[2],
        "advbase_s": cut[5] if len(cut) > 5 else None,
        "checksum": f"0x{cut[6:8].hex()}" if len(cut) > 7 else None,
        "checksum_ok": None,
    }


def _arp(frame: Frame) -> dict[str, Any]:
    arp = frame.arp
    if arp is None:
        return cut_arp(frame.payload)
    return {
        "op": arp.op,
        "sender_mac": arp.sender_mac,
        "sender_ip": arp.sender_ip,
        "target_mac": arp.target_mac,
        "target_ip": arp.target_ip,
        "gratuitous": arp.gratuitous,
    }


def _na(frame: Frame) -> dict[str, Any]:
    message = frame.na
    if message is None:
        return cut_advertisement(frame.payload)
    return {
        "target": message.target,
        "router": message.router,
        "solicited": message.solicited,
        "override": message.override,
        "mac": message.mac,
    }
