"""What tcpdump printed at one place beside a capture of another: one clock, and one sighting of an advert."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.capture.reader import CapturedFrame, read_frames
from vrrplab.commands.decode_inputs import Inputs, of_text
from vrrplab.trace import read_trace
from vrrplab.witness.places import Place, Seen, together
from vrrplab.witness.sightings import gather
from vrrplab.witness.timeline import Timeline, analyse, timeline_of

Command = Callable[..., CompletedProcess[str]]
DATA = Path(__file__).parents[2] / "data" / "recordings"
SIZES = {path.parent.name: path.stat().st_size for path in sorted(DATA.glob("*/capture.pcap"))}
EVERY = [name for name, size in SIZES.items() if size > 24]  # one with a header alone has no frame
LONG = [name for name, size in SIZES.items() if size > 4_000]  # twenty frames and more
FEW = ["article_drill1_eth0_down_up", "auth_ah", "v3_ipv6", "use_vmac"]
STEADY = "article_steady"
pytestmark = pytest.mark.needs("tcpdump")


@cache
def text_of(recording: str, *options: str) -> str:
    command = ["tcpdump", *options, "-nr", str(DATA / recording / "capture.pcap")]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def frames_of(recording: str, ahead_s: float = 0.0) -> list[CapturedFrame]:
    """As a capture whose clock is ahead."""
    ahead_ns = round(ahead_s * 1e9)
    return [one._replace(t_ns=one.t_ns + ahead_ns) for one in read_frames(DATA / recording / "capture.pcap")]


def seen(text: str, name: str = "a.txt") -> Seen:
    found: Inputs = of_text(text, name, None)
    return Seen(name, gather(found.counted()), found.is_dated, found.has_zone)


def joined(frames: list[CapturedFrame], *texts: str) -> tuple[Timeline, list[Place], list[str]]:
    first = Seen("night.pcap", gather(frames), True, True)
    places, left_out = together(first, [seen(text, f"{n}.txt") for n, text in enumerate(texts)])
    return analyse(first.sightings), places, left_out


def masters(timeline: Timeline) -> dict[str, list[tuple[str, int, int]]]:
    return {
        part.router.name: [(s.speaker, s.from_us, s.end_us(timeline.end_us)) for s in part.spans]
        for part in timeline.routers
    }


def check_same(recording: str, *options: str) -> None:
    frames = frames_of(recording)
    alone = timeline_of(frames)
    together_, (place,), _ = joined(frames, text_of(recording, *options))
    assert masters(together_) == masters(alone)
    assert [f.text for f in together_.findings()] == [f.text for f in alone.findings()]
    assert place.both == place.adverts
    assert together_.sightings.frames == alone.sightings.frames


@pytest.mark.parametrize("options", [(), ("-evv", "-tttt")], ids=" ".join)
@pytest.mark.parametrize("recording", FEW)
def test_what_both_saw_is_seen_once(recording: str, options: tuple[str, ...]) -> None:
    check_same(recording, *options)


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("options", [("-tt",), ("-evv", "-tttt")], ids=" ".join)
@pytest.mark.parametrize("recording", EVERY)
def test_what_both_saw_is_seen_once_in_every_recording(recording: str, options: tuple[str, ...]) -> None:
    check_same(recording, *options)


@pytest.mark.parametrize("ahead_s", [0.0, -2.75, 41.5, 7200.25])
@pytest.mark.parametrize("recording", ["article_drill1_eth0_down_up", "auth_ah"])
def test_the_difference_of_clocks_is_found_and_its_certainty_told(recording: str, ahead_s: float) -> None:
    _, (place,), _ = joined(frames_of(recording, ahead_s), text_of(recording, "-tttt"))
    found = place.alignment
    assert found.is_known
    assert abs(found.offset_us / 1e6 - ahead_s) <= found.within_us / 1e6 <= 0.006
    assert place.both == place.adverts


@pytest.mark.parametrize("option", ["-evv", "-n"])
def test_each_place_has_what_the_other_missed(option: str) -> None:
    """The capture ends before the last change, the lines begin after the first."""
    recording = "article_drill1_eth0_down_up"
    frames = frames_of(recording)
    whole = timeline_of(frames)
    packets = text_of(recording, "-tt", option).split("\n1")
    found, (place,), _ = joined(frames[:90], "\n".join("1" + packet for packet in packets[40:]))
    assert 0 < place.both < place.adverts
    for name, spans in masters(found).items():
        expected = masters(whole)[name]
        assert [who for who, _, _ in spans] == [who for who, _, _ in expected]
        assert [begin for _, begin, _ in spans] == pytest.approx(
            [begin for _, begin, _ in expected], abs=10_000
        )
    assert {one.kind for one in found.findings()} <= {one.kind for one in whole.findings()}


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("recording", LONG)
def test_parts_that_share_a_fifth_give_the_whole(recording: str) -> None:
    frames = frames_of(recording)
    assert len(frames) >= 20
    packets = text_of(recording, "-tt", "-evv").split("\n1")
    assert len(packets) == len(frames)
    later = "\n".join("1" + packet for packet in packets[len(frames) * 4 // 10 :])
    found, (place,), _ = joined(frames[: len(frames) * 6 // 10], later)
    whole = timeline_of(frames)
    assert abs(place.alignment.offset_us) <= place.alignment.within_us
    assert {name: [who for who, _, _ in spans] for name, spans in masters(found).items()} == {
        name: [who for who, _, _ in spans] for name, spans in masters(whole).items()
    }
    assert {one.kind for one in found.findings()} <= {one.kind for one in whole.findings()}


def test_a_fuller_place_fills_in_what_a_line_does_not_tell() -> None:
    recording = "article_drill1_eth0_down_up"
    first = seen(text_of(recording, "-tt"))
    together(first, [seen(text_of(recording, "-tt", "-evv"), "b.txt")])
    whole = timeline_of(frames_of(recording))
    assert [f.text for f in analyse(first.sightings).findings()] == [f.text for f in whole.findings()]


def test_regular_adverts_tell_it_up_to_their_interval() -> None:
    frames = frames_of(STEADY)
    own = {one.frame.ip.source for one in frames if one.frame.kind == "vrrp" and one.frame.ip is not None}
    master = next(iter(sorted(own)))
    text = "\n".join(line for line in text_of(STEADY, "-tt").splitlines() if f"IP {master} >" in line)
    _, (place,), _ = joined([one for one in frames if one.frame.kind == "vrrp"][:15], text)
    found = place.alignment
    assert abs(found.offset_us) < 20_000
    assert found.or_us is not None
    assert abs(found.or_us) % 1_000_000 == pytest.approx(0, abs=20_000) or found.or_us % 1_000_000 > 980_000


def test_nothing_in_common(vrrplab: Command, tmp_path: Path) -> None:
    (tmp_path / "dated.txt").write_text(text_of("v3_ipv6", "-tttt"), encoding="utf-8")
    (tmp_path / "undated.txt").write_text(text_of("v3_ipv6"), encoding="utf-8")
    capture = str(DATA / "auth_ah" / "capture.pcap")
    done = vrrplab("decode", capture, str(tmp_path / "dated.txt"), "--timeline")
    assert done.returncode == 0
    assert "nothing tells how its clock differs from that of capture.pcap" in " ".join(done.stdout.split())
    done = vrrplab("decode", capture, str(tmp_path / "undated.txt"), "--timeline")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "has nothing in common with capture.pcap, so nothing tells on which day" in done.stderr


def test_a_capture_lines_and_a_log(vrrplab: Command, tmp_path: Path) -> None:
    recording = "article_drill1_eth0_down_up"
    (tmp_path / "a.txt").write_text(text_of(recording, "-evv"), encoding="utf-8")
    log = "2020-01-01T00:00:00Z n1 Keepalived_vrrp[1]: (VI_1) Entering BACKUP STATE\n"
    (tmp_path / "b.log").write_text(log, encoding="utf-8")
    paths = [str(tmp_path / "a.txt"), str(DATA / recording / "capture.pcap"), str(tmp_path / "b.log")]
    done = vrrplab("decode", *paths, "--as", "trace")
    assert done.returncode == 0, done.stderr
    (tmp_path / "night.jsonl").write_text(done.stdout, encoding="utf-8")
    assert "n1" in read_trace(tmp_path / "night.jsonl").scenario["servers"]
    done = vrrplab("decode", *paths, "--timeline", "--from", "5", "--to", "20", "--vrid", "1")
    assert done.returncode == 0, done.stderr
    assert "its clock agrees with that of capture.pcap" in " ".join(done.stdout.split())
    assert "VRID 2" not in done.stdout
    for path, why in (paths[1], "is one too many"), (paths[0], "is named twice"):
        done = vrrplab("decode", path, path, "--timeline")
        assert (done.returncode, why in done.stderr, done.stdout) == (2, True, "")
