"""Frames of real daemons against Wireshark's reading of them, and back to the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vrrplab.decoding.fields import fields
from vrrplab.wire import auth
from vrrplab.wire.dissect import dissect
from vrrplab.wire.frames import advert_frame, decode, encode, garp_frame, na_frame

FILE = Path(__file__).parents[2] / "data" / "frames" / "frames.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())["vectors"]


def named(vector: dict[str, Any]) -> str:
    return f"{vector['kind']}-{vector['id']}"


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [vector for vector in VECTORS if vector["kind"] == kind]


def raw(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["hex"])


def as_list(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def test_the_file_is_whole() -> None:
    assert len(VECTORS) == 127


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_no_problems_and_same_bytes_again(vector: dict[str, Any]) -> None:
    frame = decode(raw(vector))
    assert frame.problems == ()
    assert encode(frame) == raw(vector)


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_the_short_way_reads_what_the_long_way_reads(vector: dict[str, Any]) -> None:
    short, long = decode(raw(vector)), dissect(raw(vector))
    for layer in ("raw", "link_type", "kind", "vrrp", "layers"):
        assert getattr(short, layer) == getattr(long, layer), layer
    if short.vrrp and long.vrrp:
        for field in ("checksum", "checksum_ok", "checksum_form", "auth_data"):
            assert getattr(short.vrrp, field) == getattr(long.vrrp, field), field


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_ethernet_and_ip_as_wireshark_says(vector: dict[str, Any]) -> None:
    frame, shark = decode(raw(vector)), vector["tshark"]
    assert frame.eth is not None
    assert frame.eth.source == shark["eth"]["src"]
    assert frame.eth.destination == shark["eth"]["dst"]
    assert frame.eth.ethertype == int(shark["eth"]["type"], 16)
    if "ip" in shark:
        ip = shark["ip"]
        assert frame.ip is not None
        assert frame.ip.version == 4
        assert (frame.ip.source, frame.ip.destination) == (ip["src"], ip["dst"])
        assert (frame.ip.ttl, frame.ip.protocol) == (int(ip["ttl"]), int(ip["proto"]))
        assert frame.ip.total_length == int(ip["len"])
        assert frame.ip.identification == int(ip["id"], 16)
        assert frame.ip.tos == int(ip["dsfield"], 16)
        assert frame.ip.checksum == int(ip["checksum"], 16)
        assert frame.ip.checksum_ok is (ip["checksum.status"] == "1")
    elif "ipv6" in shark:
        ip = shark["ipv6"]
        assert frame.ip is not None
        assert frame.ip.version == 6
        assert (frame.ip.source, frame.ip.destination) == (ip["src"], ip["dst"])
        assert (frame.ip.ttl, frame.ip.protocol) == (int(ip["hlim"]), int(ip["nxt"]))
        assert frame.ip.payload_length == int(ip["plen"])
        assert frame.ip.traffic_class == int(ip["tclass"], 16)


@pytest.mark.parametrize("vector", of_kind("vrrp"), ids=named)
def test_vrrp_as_wireshark_says(vector: dict[str, Any]) -> None:
    frame, shark = decode(raw(vector)), vector["tshark"]["vrrp"]
    advert = frame.vrrp
    assert frame.kind == "vrrp"
    assert advert is not None
    assert (advert.version, advert.type) == (int(shark["vrrp.version"]), int(shark["vrrp.type"]))
    assert advert.vrid == int(shark["vrrp.virt_rtr_id"])
    assert advert.priority == int(shark["vrrp.prio"])
    assert advert.count == int(shark["vrrp.addr_count"])
    assert advert.checksum == int(shark["vrrp.checksum"], 16)
    assert advert.checksum_ok is (shark["vrrp.checksum.status"] == "1")
    if advert.version == 2:
        assert advert.auth_type == int(shark["vrrp.auth_type"])
        assert advert.interval_us == int(shark["vrrp.adver_int"]) * 1_000_000
        assert advert.checksum_form == "message"
        assert advert.password == shark.get("vrrp.auth_string")
    else:
        assert advert.auth_type is None
        assert advert.reserved == int(shark["vrrp.reserved_mbz"])
        assert advert.interval_us == int(shark["vrrp.short_adver_int"]) * 10_000
        assert advert.checksum_form == "pseudo-header"  # what keepalived sends
    addresses = as_list(shark.get("vrrp.ip_addr")) + as_list(shark.get("vrrp.ipv6_addr"))
    assert list(advert.addresses) == addresses == vector["decoded"]["vips"]


@pytest.mark.parametrize("vector", of_kind("garp"), ids=named)
def test_arp_as_wireshark_says(vector: dict[str, Any]) -> None:
    frame, shark = decode(raw(vector)), vector["tshark"]["arp"]
    assert frame.kind == "arp"
    assert frame.arp is not None
    assert frame.arp.op == int(shark["arp.opcode"])
    assert frame.arp.sender_mac == shark["arp.src.hw_mac"]
    assert frame.arp.sender_ip == shark["arp.src.proto_ipv4"]
    assert frame.arp.target_mac == shark["arp.dst.hw_mac"]
    assert frame.arp.target_ip == shark["arp.dst.proto_ipv4"]
    assert frame.arp.gratuitous is (shark["arp.isgratuitous"] == "1")


@pytest.mark.parametrize("vector", of_kind("na"), ids=named)
def test_neighbour_advertisement_as_wireshark_says(vector: dict[str, Any]) -> None:
    frame, shark = decode(raw(vector)), vector["tshark"]["icmpv6"]
    assert frame.kind == "na"
    assert frame.na is not None
    assert frame.na.target == shark["icmpv6.nd.na.target_address"]
    assert frame.na.router is (shark["icmpv6.nd.na.flag.r"] == "1")
    assert frame.na.solicited is (shark["icmpv6.nd.na.flag.s"] == "1")
    assert frame.na.override is (shark["icmpv6.nd.na.flag.o"] == "1")
    assert frame.na.mac == shark["icmpv6.opt.target_linkaddr"]
    assert frame.na.checksum == int(shark["icmpv6.checksum"], 16)
    assert frame.na.checksum_ok is (shark["icmpv6.checksum.status"] == "1")


@pytest.mark.parametrize("vector", of_kind("vrrp"), ids=named)
def test_the_builder_makes_keepaliveds_frame(vector: dict[str, Any]) -> None:
    frame = decode(raw(vector))
    ip, eth, advert = frame.ip, frame.eth, frame.vrrp
    assert ip is not None
    assert eth is not None
    assert advert is not None
    assert eth.source is not None
    ah = (vector["ah_password"], frame.ah.sequence) if frame.ah else None
    built = advert_frame(
        eth.source,
        ip.source,
        ip.destination,
        advert,
        ttl=ip.ttl,
        ip_id=getattr(ip, "identification", 0),
        flow_label=getattr(ip, "flow_label", 0),
        destination_mac=eth.destination,
        ah=ah,
    )
    assert built == raw(vector)


@pytest.mark.parametrize("vector", [*of_kind("garp"), *of_kind("na")], ids=named)
def test_announcements_are_built_as_keepalived_sends_them(vector: dict[str, Any]) -> None:
    frame = decode(raw(vector))
    assert frame.eth is not None
    assert frame.eth.source is not None
    if frame.na:
        assert na_frame(frame.eth.source, frame.na.target) == raw(vector)
    elif frame.arp and frame.arp.op == 1:
        assert garp_frame(frame.eth.source, frame.arp.sender_ip) == raw(vector)
    else:  # two nodes with one virtual MAC: the kernel of the one answers the other's announcement
        assert frame.arp is not None
        assert (frame.arp.op, frame.arp.target_mac) == (2, frame.eth.destination)


@pytest.mark.parametrize("vector", [v for v in VECTORS if "ah_password" in v], ids=named)
def test_ah_check_values(vector: dict[str, Any]) -> None:
    frame = decode(raw(vector))
    assert frame.ah is not None
    assert frame.ip is not None
    header = raw(vector)[14:34]
    shark = vector["tshark"]["ah"]
    assert frame.ah.sequence == int(shark["ah.sequence"])
    assert frame.ah.icv.hex(":") == shark["ah.icv"]
    assert frame.ah.spi == auth.spi_of(frame.ip.source) == int(shark["ah.spi"], 16)
    assert auth.verify(auth.key_bytes(vector["ah_password"]), header, frame.ah, frame.payload)
    assert not auth.verify(auth.key_bytes("another"), header, frame.ah, frame.payload)


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_every_byte_belongs_to_one_field(vector: dict[str, Any]) -> None:
    frame = decode(raw(vector))
    owners = [0] * len(frame.raw)
    for field in fields(frame):
        for place in range(field.offset, field.offset + field.size):
            owners[place] += 1
    assert owners == [1] * len(frame.raw)
