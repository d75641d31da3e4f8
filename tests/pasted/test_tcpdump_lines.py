"""tcpdump's lines, with and without its options: the timeline of a recording's capture from its text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from vrrplab.capture.reader import read_frames
from vrrplab.commands.decode_inputs import of_text
from vrrplab.wire.frames import decode
from vrrplab.witness.timeline import Timeline, timeline_of

DATA = Path(__file__).parents[2] / "data" / "recordings"
TCPDUMP = shutil.which("tcpdump") or shutil.which("tcpdump", path="/usr/sbin:/sbin") or "tcpdump"
RECORDINGS = [
    "article_drill1_eth0_down_up",
    "auth_ah",
    "auth_pass",
    "v3_ipv6",
    "use_vmac",
    "many_vips_25__v2.4.3",
]


def lines_of(recording: str, *options: str) -> str:
    capture = str(DATA / recording / "capture.pcap")
    command = [TCPDUMP, *options, "-nr", capture]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def masters(timeline: Timeline) -> dict[str, list[tuple[str, float, float]]]:
    end_us = timeline.end_us
    return {
        part.router.name: [(s.speaker, s.from_us / 1e6, s.end_us(end_us) / 1e6) for s in part.spans]
        for part in timeline.routers
    }


# one with a header alone has no frame
EVERY = sorted(path.parent.name for path in DATA.glob("*/capture.pcap") if path.stat().st_size > 24)
# announced before an advert could leave: whose that was only -e tells
ANNOUNCED_FIRST = {"unicast_start_link_down", "unicast_start_no_address"}


def check_masters(recording: str, options: list[str], within_s: float) -> None:
    captured = masters(timeline_of(read_frames(DATA / recording / "capture.pcap")))
    told = masters(timeline_of(of_text(lines_of(recording, *options), "lines", None).counted()))
    assert told.keys() == captured.keys()
    for name, spans in captured.items():
        assert [who for who, _, _ in told[name]] == [who for who, _, _ in spans]
        for (_, begin, end), (_, told_begin, told_end) in zip(spans, told[name], strict=True):
            assert told_begin == pytest.approx(begin, abs=within_s)
            assert told_end == pytest.approx(end, abs=within_s)


@pytest.mark.needs("tcpdump")
@pytest.mark.parametrize("options", [[], ["-e"], ["-vv"], ["-evv", "-tttt"], ["-tt"], ["-xx"]], ids=" ".join)
@pytest.mark.parametrize("recording", RECORDINGS)
def test_the_same_masters_as_from_the_capture(recording: str, options: list[str]) -> None:
    check_masters(recording, options, 1.0)


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.needs("tcpdump")
@pytest.mark.parametrize(
    ("recording", "options"),
    [
        (name, options)
        for name in EVERY
        for options in ([], ["-evv"])
        if options or name not in ANNOUNCED_FIRST
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_the_same_masters_from_every_capture(recording: str, options: list[str]) -> None:
    timeline = timeline_of(read_frames(DATA / recording / "capture.pcap"))
    sightings = [s for part in timeline.routers for s in part.router.sightings]
    check_masters(recording, options, max((s.interval_us for s in sightings), default=0) / 1e6)


@pytest.mark.needs("tcpdump")
@pytest.mark.parametrize("recording", ["auth_ah", "auth_pass", "v3_ipv6", "v2_three_nodes"])
def test_a_verbose_line_is_the_frame_byte_for_byte(recording: str) -> None:
    """But for what no line tells: IPv6's flow label."""
    if not (DATA / recording).is_dir():
        recording = "article_steady"
    frames = [one.frame for one in read_frames(DATA / recording / "capture.pcap")]
    told = list(of_text(lines_of(recording, "-evv"), "lines", None).packets())
    seen = 0
    for number, record in told:
        frame = decode(record.data, record.link_type)
        if frame.kind == "vrrp":
            assert frame.vrrp == frames[number - 1].vrrp
            assert frame.payload == frames[number - 1].payload
            seen += 1
    assert seen > 5


def test_an_advert_longer_than_a_packet_is_none() -> None:
    line = "00:00:01.000001 IP6 (class 0xc0, hlim 255, next-header VRRP (112) payload length: 24)"
    line += " fe80::1 > ff02::12: VRRPv3, Advertisement, vrid 7, prio 150, intvl 100cs, length {}\n"
    told = of_text(line.format(24) + line.format(246_558), "lines", None)
    assert len(list(told.packets())) == 1


def test_midnight_passes_in_lines_without_a_date() -> None:
    line = "{} IP 10.0.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 7, prio 100, authtype none,"
    line += " intvl 1s, length 20\n"
    text = "".join(line.format(clock) for clock in ("23:59:59.500000", "00:00:00.500000", "00:00:01.500000"))
    times = [record.t_ns for _, record in of_text(text, "lines", None).packets()]
    assert [later - times[0] for later in times] == [0, 1_000_000_000, 2_000_000_000]


def test_without_v_what_is_not_told_is_not_missing() -> None:
    line = "08:53:20.000000 IP 10.0.0.1 > 224.0.0.18: VRRPv3, Advertisement, vrid 7, prio 9,"
    line += " intvl 100cs, length 16\n"
    (number, record), *more = of_text(line, "lines", None).packets()
    frame = decode(record.data, record.link_type)
    assert (number, more, record.original_length - len(record.data)) == (1, [], 10)
    assert frame.vrrp is not None
    assert (frame.vrrp.vrid, frame.vrrp.priority, frame.vrrp.count, frame.vrrp.addresses) == (7, 9, 2, None)
