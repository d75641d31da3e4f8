"""Tunnels and other makers' protocols as Wireshark sees them: the same frames, built here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from fhrp_frames import GLBP, HSRP_1, HSRP_2
from wrapped_frames import FORMS

from vrrplab.capture.pcap import write_pcap
from vrrplab.wire.frames import decode

pytestmark = pytest.mark.needs("tshark")


def told(path: Path, frames: list[bytes], link_type: int, *names: str) -> list[list[str]]:
    """Fields by frame, each the first of its name in the frame's layers, or the last."""
    write_pcap(str(path), enumerate(frames), link_type)
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=l"]
    for name in names:
        command += ["-e", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_it_finds_the_same_advert_in_every_tunnel(tmp_path: Path) -> None:
    forms = [form for form in FORMS.values() if form.tshark]
    assert len(forms) > 30
    for link_type in sorted({form.link_type for form in forms}):
        here = [form for form in forms if form.link_type == link_type]
        frames = [form.wrap(form.frame) for form in here]
        lines = told(tmp_path / "tunnels.pcap", frames, link_type, "vrrp.virt_rtr_id", "vrrp.prio")
        expected = [(decode(raw, link_type).vrrp, form.path) for raw, form in zip(frames, here, strict=True)]
        assert [(line, path) for line, (_, path) in zip(lines, expected, strict=True)] == [
            ([str(vrrp.vrid), str(vrrp.priority)], path) for vrrp, path in expected if vrrp is not None
        ]


def test_it_reads_hsrp_and_glbp_alike(tmp_path: Path) -> None:
    names = ("hsrp.group", "hsrp.priority", "hsrp.virt_ip", "hsrp2.group", "hsrp2.priority", "hsrp2.virt_ip")
    names += ("glbp.group", "glbp.hello.priority", "glbp.hello.virtualipv4")
    lines = told(tmp_path / "fhrp.pcap", [HSRP_1, HSRP_2, GLBP], 1, *names)
    for line, raw in zip(lines, (HSRP_1, HSRP_2, GLBP), strict=True):
        message = decode(raw).fhrp
        assert message is not None
        ours = [str(message.group), str(message.priority), str(message.address)]
        assert [value for value in line if value] == ours
