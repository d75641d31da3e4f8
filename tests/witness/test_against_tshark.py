"""Wireshark and vrrplab agree, field by field, on every frame: of all built-in scenarios and of recordings.

Input: captures, simulated and recorded. Output: the same fields from tshark and from ``report``.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from vrrplab.capture.reader import read_frames
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import judge

DATA = Path(__file__).parents[2] / "data"
RECORDINGS = DATA / "recordings"
SCENARIOS = sorted(path.stem for path in (DATA / "scenarios").glob("*.yaml"))

FIELDS = (
    "frame.number",
    "frame.time_epoch",
    "eth.src",
    "eth.dst",
    "ip.src",
    "ip.dst",
    "ip.ttl",
    "ip.checksum.status",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "vrrp.version",
    "vrrp.type",
    "vrrp.virt_rtr_id",
    "vrrp.prio",
    "vrrp.addr_count",
    "vrrp.auth_type",
    "vrrp.adver_int",
    "vrrp.short_adver_int",
    "vrrp.checksum",
    "vrrp.checksum.status",
    "vrrp.ip_addr",
    "vrrp.ipv6_addr",
    "vrrp.auth_string",
    "ah.sequence",
    "ah.icv",
    "arp.opcode",
    "arp.src.hw_mac",
    "arp.src.proto_ipv4",
    "arp.dst.hw_mac",
    "arp.dst.proto_ipv4",
    "arp.isgratuitous",
    "icmpv6.nd.na.target_address",
    "icmpv6.nd.na.flag.r",
    "icmpv6.nd.na.flag.s",
    "icmpv6.nd.na.flag.o",
    "icmpv6.opt.target_linkaddr",
    "icmpv6.checksum.status",
)

pytestmark = pytest.mark.needs("tshark")


def of_tshark(path: Path) -> list[dict[str, str]]:
    asked = [part for field in FIELDS for part in ("-e", field)]
    command = [
        "tshark",
        "-n",
        "-r",
        str(path),
        "-o",
        "ip.check_checksum:TRUE",
        "-T",
        "fields",
        "-E",
        "separator=|",
    ]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=True, timeout=120)
    return [dict(zip(FIELDS, line.split("|"), strict=True)) for line in done.stdout.splitlines()]


def flag(value: bool) -> str:
    return "1" if value else "0"


def of_ours(path: Path) -> list[dict[str, str]]:
    """Our fields under tshark's names, as tshark prints them; only those it would print."""
    rows = []
    for captured in read_frames(path):
        frame = captured.frame
        told = report(frame, judge(frame))
        seconds, nanoseconds = divmod(captured.t_ns, 1_000_000_000)
        row = {"frame.number": str(captured.number), "frame.time_epoch": f"{seconds}.{nanoseconds:09d}"}
        row |= {"eth.src": told["eth"]["source"], "eth.dst": told["eth"]["destination"]}
        if told["ip"]:
            row |= _ip(told["ip"], frame)
        if told["kind"] == "vrrp":
            row |= _vrrp(told["vrrp"])
        elif told["kind"] == "arp":
            arp = told["arp"]
            row |= {
                "arp.opcode": str(arp["op"]),
                "arp.src.hw_mac": arp["sender_mac"],
                "arp.src.proto_ipv4": arp["sender_ip"],
                "arp.dst.hw_mac": arp["target_mac"],
                "arp.dst.proto_ipv4": arp["target_ip"],
            }
            if arp["gratuitous"]:  # tshark says nothing of the others
                row["arp.isgratuitous"] = "1"
        elif told["kind"] == "na":
            na = told["na"]
            row |= {
                "icmpv6.nd.na.target_address": na["target"],
                "icmpv6.nd.na.flag.r": flag(na["router"]),
                "icmpv6.nd.na.flag.s": flag(na["solicited"]),
                "icmpv6.nd.na.flag.o": flag(na["override"]),
                "icmpv6.opt.target_linkaddr": na["mac"] or "",
                "icmpv6.checksum.status": flag(frame.na is not None and bool(frame.na.checksum_ok)),
            }
        rows.append(row)
    return rows


def _ip(ip: dict[str, Any], frame: Any) -> dict[str, str]:
    if ip["version"] == 6:
        return {"ipv6.src": ip["source"], "ipv6.dst": ip["destination"], "ipv6.hlim": str(ip["ttl"])}
    return {
        "ip.src": ip["source"],
        "ip.dst": ip["destination"],
        "ip.ttl": str(ip["ttl"]),
        "ip.checksum.status": flag(frame.ip.checksum_ok),
    }


def _vrrp(vrrp: dict[str, Any]) -> dict[str, str]:
    row = {
        "vrrp.version": str(vrrp["version"]),
        "vrrp.type": str(vrrp["type"]),
        "vrrp.virt_rtr_id": str(vrrp["vrid"]),
        "vrrp.prio": str(vrrp["priority"]),
        "vrrp.addr_count": str(vrrp["count"]),
        "vrrp.checksum": vrrp["checksum"],
        "vrrp.checksum.status": flag(vrrp["checksum_ok"]),
    }
    is_ipv6 = bool(vrrp["addresses"]) and ":" in vrrp["addresses"][0]
    row["vrrp.ipv6_addr" if is_ipv6 else "vrrp.ip_addr"] = ",".join(vrrp["addresses"])
    if vrrp["version"] == 3:
        row["vrrp.short_adver_int"] = str(round(vrrp["interval_s"] * 100))
        return row
    row |= {"vrrp.auth_type": str(vrrp["auth_type"]), "vrrp.adver_int": str(round(vrrp["interval_s"]))}
    if vrrp["auth"] and vrrp["auth"]["kind"] == "pass":
        row["vrrp.auth_string"] = vrrp["auth"]["password"]
    if vrrp["auth"] and vrrp["auth"]["kind"] == "ah":
        row |= {"ah.sequence": str(vrrp["auth"]["sequence"]), "ah.icv": vrrp["auth"]["icv"]}
    return row


def agree(path: Path) -> None:
    theirs, ours = of_tshark(path), of_ours(path)
    assert len(theirs) == len(ours) > 0
    for their, our in zip(theirs, ours, strict=True):
        seen = {field: value for field, value in their.items() if value}
        if "icmpv6.nd.na.target_address" not in seen:
            seen.pop("icmpv6.checksum.status", None)  # a ping's or a solicitation's
        if "ah.icv" in seen:
            seen["ah.icv"] = seen["ah.icv"].replace(":", "")
        assert {field: value for field, value in our.items() if value} == seen


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("name", SCENARIOS)
def test_simulated_captures(name: str, tmp_path: Path, vrrplab: Any) -> None:
    done = vrrplab("simulate", name, "--pcap", "run.pcap")
    assert done.returncode == 0, done.stderr
    agree(tmp_path / "run.pcap")
    plain = subprocess.run(
        ["tshark", "-r", str(tmp_path / "run.pcap"), "-Y", "_ws.malformed || _ws.expert.group == checksum"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert plain.stdout == ""


RECORDED = "auth_ah auth_pass v3_ipv6 v3_ipv4 many_vips_25__v2.4.3 use_vmac unicast_v6 version_mismatch"


@pytest.mark.parametrize("name", RECORDED.split())
def test_recorded_captures(name: str) -> None:
    agree(RECORDINGS / name / "capture.pcap")
