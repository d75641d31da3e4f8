"""``decode``: which frames are told, times of day, statistics, logs beside a capture, compressed captures."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.capture.pcap import write_pcap
from vrrplab.decoding.filters import FIELDS, condition, moment
from vrrplab.decoding.wall_clock import WallClock
from vrrplab.errors import VrrplabError
from vrrplab.trace import read_trace
from vrrplab.trace.events import StateEvent
from vrrplab.wire.frames import advert_frame, garp_frame
from vrrplab.wire.vrrp import Advertisement

Command = Callable[..., CompletedProcess[str]]
DATA = Path(__file__).parents[2] / "data"
RECORDING = DATA / "recordings" / "article_drill1_eth0_down_up"
CAPTURE = RECORDING / "capture.pcap"
EPOCH_S = 1_760_000_000  # 2025-10-09 08:53:20 UTC


def rows(done: CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def advert(vrid: int, priority: int, ttl: int = 255, source: str = "10.0.0.1") -> bytes:
    said = Advertisement(2, vrid, priority, 1_000_000, ("10.0.0.9",))
    return advert_frame(f"00:00:5e:00:01:{vrid:02x}", source, "224.0.0.18", said, ttl=ttl)


@pytest.fixture(name="night")
def _night(tmp_path: Path) -> str:
    frames = [
        (0, advert(7, 100)),
        (500_000, advert(8, 50, source="10.0.0.2")),
        (1_000_000, advert(7, 100)),
        (1_200_000, garp_frame("00:00:5e:00:01:07", "10.0.0.9")),
        (2_000_000, advert(7, 0)),
        (3_600_000, advert(7, 90, ttl=9)),
    ]
    write_pcap(str(tmp_path / "night.pcap"), frames, epoch_s=EPOCH_S)
    return "night.pcap"


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        (["--only", "arp"], [4]),
        (["--only", "arp", "--only", "vrrp"], [1, 2, 3, 4, 5, 6]),
        (["--vrid", "8"], [2]),
        (["--dropped"], [6]),
        (["--from", "1", "--to", "2"], [3, 4, 5]),
        (["--from", "08:53:22"], [5, 6]),
        (["--to", "2025-10-09T08:53:20.6"], [1, 2]),
        (["--where", "priority<100"], [2, 5, 6]),
        (["--where", "priority<100", "--where", "vrid=7"], [5, 6]),
        (["--where", "source=10.0.0.2"], [2]),
        (["--where", "source!=10.0.0.2", "--only", "vrrp"], [1, 3, 5, 6]),
        (["--where", "mac=00:00:5e:00:01:07", "--where", "ttl>=255"], [1, 3, 5]),
        (["--where", "address=10.0.0.9", "--only", "arp"], [4]),
        (["--where", "reason=bad-ttl"], [6]),
        (["--where", "interval=1", "--vrid", "7"], [1, 3, 5, 6]),
    ],
    ids=lambda value: "-".join(map(str, value)).strip("-"),
)
def test_only_what_is_asked_for(vrrplab: Command, night: str, options: list[str], frames: list[int]) -> None:
    done = vrrplab("decode", night, "--format", "jsonl", "--utc", *options)
    assert [row["frame"] for row in rows(done)] == frames


def test_a_timeline_of_one_virtual_router(vrrplab: Command, night: str) -> None:
    told = rows(vrrplab("decode", night, "--timeline", "--vrid", "8", "--format", "jsonl"))
    assert {row["vrid"] for row in told if row["event"] == "master"} == {8}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vrid", "FIELD=VALUE"),
        ("prio=3", "did you mean 'priority'"),
        ("source<10.0.0.1", "no number"),
        ("vrid=x", "'x' is no vrid"),
        ("source=here", "is no source"),
        ("reason=BAD_TLT", "BAD_TTL"),
    ],
)
def test_a_condition_that_is_none(vrrplab: Command, night: str, text: str, said: str) -> None:
    with pytest.raises(VrrplabError, match=re.escape(said)):
        condition(text)


@pytest.mark.parametrize("text", ["", "25:00", "yesterday", "-3", "12:99", "2025-13-01T00:00:00", "1e9"])
def test_a_moment_that_is_none(text: str) -> None:
    with pytest.raises(VrrplabError, match="is no time"):
        moment(text)


def test_bad_filters_are_one_line(vrrplab: Command, night: str) -> None:
    for options in (["--where", "x=1"], ["--vrid", "256"], ["--from", "noon"], ["--from", "3", "--to", "1"]):
        done = vrrplab("decode", night, *options)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


def test_the_page_has_every_field() -> None:
    page = (DATA.parent / "docs" / "decode.md").read_text(encoding="utf-8")
    for name, field in FIELDS.items():
        assert f"| `{name}` | {field.meaning} |" in page


def test_times_of_day_beside_seconds(vrrplab: Command, night: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    for options, clock, zone in ([], "04:53:22", "EDT"), (["--utc"], "08:53:22", "UTC"):
        table = vrrplab("decode", night, *options).stdout
        assert f"    5   2.000000 {clock} 10.0.0.1" in table
        timeline = vrrplab("decode", night, "--timeline", *options).stdout
        assert f"2025-10-09 {clock[:6]}20 {zone}." in timeline
        assert f"2.000 {clock}" in timeline
        assert max(map(len, (table + timeline).splitlines())) <= 80


def test_a_time_of_day_is_the_clocks_own() -> None:
    start_ns = EPOCH_S * 1_000_000_000
    clock = WallClock(utc=True)
    assert moment("08:53:21").ns(start_ns, clock) == start_ns + 1_000_000_000
    assert moment("08:53:19").ns(start_ns, clock) == start_ns + 86_399_000_000_000  # the next day's
    assert moment("2025-10-09T10:53:20+02:00").ns(start_ns, clock) == start_ns


def test_statistics(vrrplab: Command, night: str) -> None:
    told = rows(vrrplab("decode", str(CAPTURE), "--stats", "--format", "jsonl"))
    router, first, second = told[:3]
    assert (router["name"], router["changes"], router["gaps"]) == ("VRID 1", 2, 1)
    assert (first["sender"], first["adverts"], first["lost"]) == ("192.168.2.251", 21, 0)
    assert first["interval_median_s"] == pytest.approx(1.0, abs=0.01)
    assert second["sender"] == "192.168.2.252"
    table = vrrplab("decode", night, "--stats").stdout
    assert "dropped: 1 BAD_TTL" in table
    assert max(map(len, table.splitlines())) <= 80


@pytest.mark.needs("tcpdump")
def test_statistics_name_what_each_place_would_drop(vrrplab: Command, tmp_path: Path) -> None:
    """Input: a capture, and tcpdump's lines of two others, whose files have one name and whose clocks are
    7 s ahead. Output: the drops of each; with ``--to`` those of that time on the capture's clock.
    """
    heard = [(n * 1_000_000, advert(7, 100)) for n in range(9)] + [(9_500_000, advert(7, 100, ttl=9))]
    later = [(11_000_000, advert(7, 100, ttl=9)), (11_500_000, advert(8, 50, ttl=9, source="10.0.0.2"))]
    write_pcap(str(tmp_path / "night.pcap"), heard, epoch_s=EPOCH_S)
    for folder, frames in ("a", heard), ("b", heard + later):
        (tmp_path / folder).mkdir()
        write_pcap(str(tmp_path / "there.pcap"), frames, epoch_s=EPOCH_S + 7)
        command = ["tcpdump", "-tttt", "-nevvr", str(tmp_path / "there.pcap")]
        lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        (tmp_path / folder / "there.txt").write_text(lines)
    words = ("decode", "night.pcap", "a/there.txt", "b/there.txt", "--stats")
    table = vrrplab(*words).stdout
    for line in (
        "  dropped in night.pcap: 1 BAD_TTL\n  dropped in a/there.txt: 1 BAD_TTL\n"
        "  dropped in b/there.txt: 2 BAD_TTL\n",
        "VRID 8\n",
        "  a/there.txt: its clock is 7.000 s ahead",
        "  b/there.txt: its clock is 7.000 s ahead",
    ):
        assert line in table
    told = rows(vrrplab(*words, "--format", "jsonl", "--to", "10"))
    routers = [row for row in told if row["event"] == "router"]
    assert [(row["name"], row["dropped"], row["dropped_elsewhere"]) for row in routers] == [
        ("VRID 7", {"BAD_TTL": 1}, {"a/there.txt": {"BAD_TTL": 1}, "b/there.txt": {"BAD_TTL": 1}})
    ]
    places = [(row["file"], row["adverts"], row["both"]) for row in told if row["event"] == "clock"]
    assert places == [("a/there.txt", 10, 10), ("b/there.txt", 10, 10)]


@pytest.mark.parametrize(
    ("ending", "pack"),
    [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)],
    ids=["gz", "bz2", "xz"],
)
def test_compressed_captures(
    vrrplab: Command, tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(CAPTURE.read_bytes())
    (tmp_path / f"night.pcap.{ending}").write_bytes(packed)
    (tmp_path / f"half.pcap.{ending}").write_bytes(packed[: len(packed) // 2])
    plain = vrrplab("decode", str(CAPTURE), "--format", "jsonl").stdout
    assert vrrplab("decode", f"night.pcap.{ending}", "--format", "jsonl").stdout == plain
    done = vrrplab("decode", f"half.pcap.{ending}", "--format", "jsonl")
    assert done.returncode == 2
    assert plain.startswith(done.stdout)
    assert "ends early" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_unpacks_to_no_capture(vrrplab: Command, tmp_path: Path) -> None:
    (tmp_path / "bomb.pcap.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    done = vrrplab("decode", "bomb.pcap.gz")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is compressed (gzip), and in it is no capture" in done.stderr


def logs_of_the_recording(folder: Path) -> None:
    told = json.loads((RECORDING / "observed.json").read_text(encoding="utf-8"))["log"]
    for node, lines in told.items():
        text = "".join(
            f"Nov 22 09:{(2195 + int(entry['t'])) // 60}:{(2195 + int(entry['t'])) % 60:02} {node}"
            f" Keepalived_vrrp[7]: {entry['line']}\n"
            for entry in lines
        )
        (folder / f"{node}.log").write_text(text)


def test_logs_beside_a_capture(vrrplab: Command, tmp_path: Path) -> None:
    logs_of_the_recording(tmp_path)
    words = ("decode", str(CAPTURE), "serv01.log", "serv02.log")
    done = vrrplab(*words, "--timeline")
    assert (done.returncode, done.stderr) == (0, "")
    assert "serv01 (serv01.log) is 192.168.2.251: its clock" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    (tmp_path / "both.jsonl").write_text(vrrplab(*words, "--as", "trace").stdout)
    trace = read_trace(tmp_path / "both.jsonl")
    assert set(trace.scenario["servers"]) == {"serv01", "serv02"}
    alone = vrrplab("decode", "serv01.log", "serv02.log", "--timeline")
    assert "Logs of 2 nodes" in alone.stdout
    one = vrrplab("decode", "serv01.log")
    assert (one.returncode, one.stdout) == (2, "")
    assert "is a log, which has no frames - --timeline tells what it says" in one.stderr


def test_logs_beside_chosen_frames(vrrplab: Command, tmp_path: Path) -> None:
    """Input: a window, a VRID, a condition. Output: of the logs what is in that window and of that virtual
    router, held against the whole wire; and what did not choose among them, in a sentence.
    """
    logs_of_the_recording(tmp_path)
    words = ("decode", str(CAPTURE), "serv01.log", "serv02.log")

    def logs_say(*options: str, more: str = "") -> str:
        told = vrrplab(*words, *([more] if more else []), "--timeline", *options)
        assert (told.returncode, told.stderr) == (0, "")
        assert max(map(len, told.stdout.splitlines())) <= 80
        return told.stdout.split("What the logs say\n")[1]

    part = logs_say("--vrid", "1", "--from", "10", "--to", "30")
    assert part.startswith("  serv01 (serv01.log) is 192.168.2.251: its clock")  # all of it was chosen
    assert "proxy_ip1: VRID 1 on the wire" in part
    assert "proxy_ip2" not in part
    assert re.search(r"MASTER\n +0\.000 \S+ +2\.\d+  serv01\n", part)  # it was MASTER when this begins
    assert "INIT" not in part
    assert "STOP" not in part
    assert "proxy_ip1" not in logs_say("--vrid", "2")
    assert logs_say("--where", "priority=255", "--only", "vrrp").startswith(
        "  --only and --where chose no lines of logs, which are no frames.\n"
    )
    (tmp_path / "n3.log").write_text(
        "2026-11-22T09:36:50Z n3 Keepalived_vrrp[1]: (V9) Entering BACKUP STATE\n"
    )
    part = " ".join(logs_say("--vrid", "1", more="n3.log").split())
    assert part.startswith("Nothing tells of which virtual router V9 of n3 is, so its states are told, too.")
    (tmp_path / "part.jsonl").write_text(
        vrrplab(*words, "--as", "trace", "--from", "10", "--to", "12").stdout
    )
    found = [one for one in read_trace(tmp_path / "part.jsonl") if isinstance(one, StateEvent)]
    states = [(one.server, one.to) for one in found if one.instance == "VRID 1"]
    assert states == [("serv01", "MASTER"), ("serv02", "BACKUP")]


def test_a_text_file_is_tried_as_such(vrrplab: Command, tmp_path: Path) -> None:
    frame = advert(7, 100)
    (tmp_path / "mail.txt").write_text(
        "Hello,\n\n"
        + "".join(f"> {at:04x}  {frame[at : at + 16].hex(' ')}\n" for at in range(0, len(frame), 16))
    )
    done = vrrplab("decode", "mail.txt")
    assert "VRRPv2 vrid 7 prio 100 1s" in done.stdout
    assert "read as" in done.stdout
    assert rows(vrrplab("decode", "mail.txt", "--format", "jsonl"))[0]["read_as"] == "a hex dump with offsets"


def test_long_timelines_are_summed_up(vrrplab: Command, tmp_path: Path) -> None:
    frames = []
    for number in range(60):  # one preempts, says two seconds later that it leaves, and the other takes over
        begun_us = number * 4_620_000
        frames += [
            (begun_us, advert(7, 200)),
            (begun_us + 1_000_000, advert(7, 200)),
            (begun_us + 2_000_000, advert(7, 0)),
            (begun_us + 2_610_000, advert(7, 100, source="10.0.0.2")),
            (begun_us + 3_610_000, advert(7, 100, source="10.0.0.2")),
        ]
    write_pcap(str(tmp_path / "flapping.pcap"), frames, epoch_s=EPOCH_S)
    done = vrrplab("decode", "flapping.pcap", "--timeline")
    assert "changed MASTER 119 times, mostly because" in " ".join(done.stdout.split())
    assert "and 110 more: --all tells all" in done.stdout
    assert len(done.stdout.splitlines()) < 110
    assert len(vrrplab("decode", "flapping.pcap", "--timeline", "--all").stdout.splitlines()) > 250


def test_a_timeline_of_some_frames_says_so(vrrplab: Command, night: str) -> None:
    chosen = "Only the frames that were chosen count here"
    done = vrrplab("decode", night, "--timeline", "--where", "priority=100")
    assert done.stdout.startswith(chosen)
    assert "may seem to be silent" in done.stdout
    part = vrrplab("decode", night, "--stats", "--vrid", "7").stdout
    assert part.startswith(chosen)
    assert "may seem" not in part
    assert chosen not in vrrplab("decode", night, "--timeline").stdout


def test_what_asks_for_frames_is_not_for_logs(vrrplab: Command, night: str, tmp_path: Path) -> None:
    line = "2025-10-09T08:53:20+00:00 r1 Keepalived_vrrp[7]: (V1) Entering MASTER STATE"
    (tmp_path / "r1.log").write_text(f"{line}\n", encoding="utf-8")
    for option in (["--stats"], ["--timeline", "--from", "3"], ["--timeline", "--vrid", "7"]):
        done = vrrplab("decode", "r1.log", *option)
        assert done.returncode == 2
        assert "r1.log: is a log, which has no frames" in done.stderr
    beside = vrrplab("decode", night, "r1.log")
    assert beside.returncode == 2
    assert "logs beside it are for --timeline" in beside.stderr
