"""AH sequence numbers over a capture. keepalived 2.2.7 logs "sequence number 1 already processed. Packet
dropped. Local(6)" for just the frames that are noted here (measured with frames played back).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.capture.pcap import write_pcap
from vrrplab.capture.reader import CapturedFrame
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import AUTH_AH, Advertisement
from vrrplab.witness.timeline import timeline_of

Command = Callable[..., CompletedProcess[str]]

ADVERT = Advertisement(2, 52, 200, 1_000_000, ("10.1.0.52",), auth_type=AUTH_AH)
ONE, TWO = "10.1.0.1", "10.1.0.2"


def ah(source: str, sequence: int, password: str = "ahkey") -> bytes:
    mac = f"02:00:00:00:00:0{source[-1]}"
    return advert_frame(mac, source, "224.0.0.18", ADVERT, ip_id=sequence, ah=(password, sequence))


Seen = list[tuple[int, bytes]]
STEADY: Seen = [(second * 1_000_000, ah(ONE, second + 1)) for second in range(4)]
TAKEN_OVER: Seen = [(7_000_000, ah(TWO, 5)), (8_000_000, ah(TWO, 6)), (9_000_000, ah(ONE, 7))]
PLAYED_BACK: Seen = [(9_500_000, ah(ONE, 2)), (9_500_010, ah(ONE, 3))]


def findings(frames: Seen, key: bytes | None = None) -> list[str]:
    captured = (CapturedFrame(n, t_us * 1000, decode(frame)) for n, (t_us, frame) in enumerate(frames, 1))
    return [finding.text for finding in timeline_of(captured, key).findings() if finding.kind == "replay"]


def notes(vrrplab: Command, path: Path, *options: str) -> list[int]:
    rows = map(json.loads, vrrplab("decode", "--format", "jsonl", *options, str(path)).stdout.splitlines())
    return [row["frame"] for row in rows if any(note["name"] == "REPLAYED" for note in row["notes"])]


def test_a_takeover_goes_on_counting_where_the_other_stopped() -> None:
    assert findings(STEADY + TAKEN_OVER) == []


def test_frames_that_were_played_back() -> None:
    (text,) = findings(STEADY + TAKEN_OVER + PLAYED_BACK)
    assert text.startswith("10.1.0.1's AH sequence number 2 comes after its own 7 (frame 7)")
    assert text.endswith("1 more like it, up to 3")


def test_a_number_that_another_sent_before() -> None:
    (text,) = findings([*STEADY, (3_500_000, ah(TWO, 4))])
    assert "comes after 10.1.0.1's 4" in text


def test_copies_of_a_mirror_port_are_no_replays(vrrplab: Command, tmp_path: Path) -> None:
    doubled = [(t_us + more, frame) for t_us, frame in STEADY for more in (0, 200)]
    assert findings(doubled) == []
    write_pcap(str(tmp_path / "ah.pcap"), doubled)
    assert notes(vrrplab, tmp_path / "ah.pcap") == []


@pytest.mark.parametrize("options", [(), ("--key", "ahkey")])
def test_decode_notes_each_of_them(vrrplab: Command, tmp_path: Path, options: tuple[str, ...]) -> None:
    path = tmp_path / "ah.pcap"
    write_pcap(str(path), STEADY + TAKEN_OVER + PLAYED_BACK)
    assert notes(vrrplab, path, *options) == [8, 9]
    table = vrrplab("decode", *options, str(path)).stdout
    assert table.count("REPLAYED R2-7.1-a: AH sequence number") == 2
    assert "7 (frame 7): a replay" in " ".join(table.split())


def test_with_a_key_a_stranger_moves_no_counter(vrrplab: Command, tmp_path: Path) -> None:
    forged: Seen = [(500_000, ah(ONE, 1000, "guess"))]
    path = tmp_path / "ah.pcap"
    write_pcap(str(path), sorted(STEADY + forged))
    assert notes(vrrplab, path) == [3, 4, 5]
    assert notes(vrrplab, path, "--key", "ahkey") == []
    assert findings(sorted(STEADY + forged), b"ahkey") == []
