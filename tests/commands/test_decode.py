"""``decode``: a capture, a hex string, standard input; every format; every way to go wrong in one line."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from threading import Thread
from typing import Any

import pytest

from vrrplab.capture.pcap import write_pcap
from vrrplab.trace import read_trace
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.vrrp import Advertisement

Command = Callable[..., CompletedProcess[str]]

DATA = Path(__file__).parents[2] / "data"
CAPTURE = DATA / "recordings" / "article_drill1_eth0_down_up" / "capture.pcap"
FRAME = advert_frame(
    "02:00:00:00:00:fb",
    "192.168.2.251",
    "224.0.0.18",
    Advertisement(2, 51, 150, 1_000_000, ("192.168.2.100",)),
)


def one_line(done: CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    for word in words:
        assert word in done.stderr


def test_a_table_of_80_columns(vrrplab: Command) -> None:
    done = vrrplab("decode", str(CAPTURE))
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, lines)) <= 80
    assert "VRRPv2 vrid 1 prio 255 1s" in done.stdout
    assert "GARP: 192.168.2.101 is here" in done.stdout
    assert lines[-1] == "115 frames: 50 arp, 65 vrrp; verdicts of keepalived-2.2.7"


def test_json_lines_in_the_shape_of_the_contract(vrrplab: Command) -> None:
    done = vrrplab("decode", str(CAPTURE), "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["frame"] for row in rows] == list(range(1, 116))
    assert [row["t"] for row in rows] == sorted(row["t"] for row in rows)
    advert = next(row for row in rows if row["kind"] == "vrrp")
    assert advert["t"] > 1_700_000_000
    assert advert["eth"] == {"source": "02:00:00:00:00:fb", "destination": "01:00:5e:00:00:12", "vlans": []}
    assert advert["ip"].items() >= {
        "version": 4, "source": "192.168.2.251", "destination": "224.0.0.18", "ttl": 255,
    }.items()  # fmt: skip
    assert advert["vrrp"].items() >= {
        "version": 2, "type": 1, "vrid": 1, "priority": 255, "count": 1, "auth_type": 0, "interval_s": 1,
        "checksum_ok": True, "checksum_form": "message", "addresses": ["192.168.2.101"], "auth": None,
    }.items()  # fmt: skip
    assert (advert["verdict"], advert["reasons"]) == ("accept", [])
    arp = next(row for row in rows if row["kind"] == "arp")
    assert arp["arp"]["gratuitous"] in (True, False)
    assert set(arp["arp"]) == {"op", "sender_mac", "sender_ip", "target_mac", "target_ip", "gratuitous"}


def test_a_cut_off_frame_has_nulls_and_says_where_it_ends(vrrplab: Command) -> None:
    done = vrrplab("decode", "--format", "jsonl", FRAME[:39].hex())
    row = json.loads(done.stdout)
    assert done.returncode == 0
    assert row["vrrp"].items() >= {
        "version": 2, "vrid": 51, "priority": 150, "count": 1, "auth_type": 0, "interval_s": None,
        "checksum": None, "checksum_ok": None, "addresses": None,
    }.items()  # fmt: skip
    assert row["verdict"] == "drop"
    assert row["reasons"][0]["name"] == "TOO_SHORT"
    assert "byte 39" in row["reasons"][0]["text"]


def test_a_verdict_names_rule_and_reason(vrrplab: Command) -> None:
    low = advert_frame(
        "02:00:00:00:00:fb", "192.168.2.251", "224.0.0.18", Advertisement(2, 51, 150, 1_000_000, ()), ttl=9
    )
    row = json.loads(vrrplab("decode", "--format", "jsonl", low.hex()).stdout)
    assert row["reasons"] == [
        {"name": "BAD_TTL", "rule": "R3-7.1-a",
         "text": "TTL 9, must be 255: the packet may have crossed a router"}
    ]  # fmt: skip
    assert "BAD_VERSION R3-7.1-b" in vrrplab("decode", "--profile", "rfc9568", low.hex()).stdout


def test_explain_draws_the_packet(vrrplab: Command) -> None:
    done = vrrplab("decode", "--explain", FRAME.hex())
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "  0 | 21            | 33            | 96            | 01            |" in lines
    assert "    | address 1: 192.168.2.100                                      |" in lines
    assert any("The highest one becomes MASTER" in line for line in lines)
    assert "Verdict of keepalived-2.2.7: accept" in lines


@pytest.mark.parametrize("name", ["auth_ah", "v3_ipv6", "many_vips_25__v2.4.3", "use_vmac"])
def test_explain_fits_a_terminal_for_every_kind_of_frame(vrrplab: Command, name: str) -> None:
    done = vrrplab("decode", "--explain", str(DATA / "recordings" / name / "capture.pcap"))
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_keys_verify_ah(vrrplab: Command) -> None:
    capture = str(DATA / "recordings" / "auth_ah" / "capture.pcap")
    for key, ok in (("k@l", True), ("nope", False)):
        rows = [
            json.loads(r)
            for r in vrrplab("decode", capture, "--format", "jsonl", "--key", key).stdout.splitlines()
        ]
        adverts = [row for row in rows if row["kind"] == "vrrp"]
        assert {row["vrrp"]["auth"]["icv_ok"] for row in adverts} == {ok}
        assert {row["verdict"] for row in adverts} == {"accept" if ok else "drop"}


def test_standard_input_takes_captures_and_hex(vrrplab: Command, tmp_path: Path) -> None:
    write_pcap(str(tmp_path / "one.pcap"), [(0, FRAME)])
    with (tmp_path / "one.pcap").open("rb") as file:
        from_capture = vrrplab("decode", "--format", "jsonl", "-", stdin=file)
    from_hex = vrrplab("decode", "--format", "jsonl", "-", input=FRAME.hex(" ", 2) + "\n")
    assert json.loads(from_capture.stdout)["vrrp"] == json.loads(from_hex.stdout)["vrrp"]
    spread = vrrplab("decode", "--format", "jsonl", *FRAME.hex(" ", 2).split())
    assert json.loads(spread.stdout)["vrrp"] == json.loads(from_hex.stdout)["vrrp"]
    raw = vrrplab("decode", "--format", "jsonl", FRAME[14:].hex())
    assert json.loads(raw.stdout)["eth"] is None
    assert json.loads(raw.stdout)["vrrp"] == json.loads(from_hex.stdout)["vrrp"]


def test_a_timeline_with_its_figure(vrrplab: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = vrrplab("decode", "--timeline", "--plot", "night.svg", str(CAPTURE))
    assert done.returncode == 0, done.stderr
    assert "192.168.2.252 took over 3.615 s after 192.168.2.251's last" in " ".join(done.stdout.split())
    assert "What a capture cannot show" in done.stdout
    assert (tmp_path / "night.svg").read_text().count("<svg") == 1


def test_a_timeline_as_rows_and_as_a_trace(vrrplab: Command, tmp_path: Path) -> None:
    rows = [
        json.loads(r)
        for r in vrrplab("decode", "--timeline", "--format", "jsonl", str(CAPTURE)).stdout.splitlines()
    ]
    masters = [row for row in rows if row["event"] == "master"]
    assert [(row["vrid"], row["master"], row["priority"]) for row in masters] == [
        (1, "192.168.2.251", 255), (1, "192.168.2.252", 100), (1, "192.168.2.251", 255),
        (2, "192.168.2.252", 255),
    ]  # fmt: skip
    done = vrrplab("decode", "--as", "trace", str(CAPTURE))
    (tmp_path / "night.jsonl").write_text(done.stdout)
    trace = read_trace(tmp_path / "night.jsonl")
    assert trace.scenario["origin"] == "capture"
    assert [(s.server, s.state) for s in trace.states("VRID 1") if s.state == "MASTER"] == [
        ("192.168.2.251", "MASTER"), ("192.168.2.252", "MASTER"), ("192.168.2.251", "MASTER"),
    ]  # fmt: skip
    assert trace.owner("192.168.2.101", 20) == "192.168.2.252"


def test_a_broken_capture_gives_its_frames_and_one_line(vrrplab: Command, tmp_path: Path) -> None:
    (tmp_path / "half.pcap").write_bytes(CAPTURE.read_bytes()[:1000])
    for options in (["--format", "jsonl"], [], ["--explain"], ["--timeline"], ["--as", "trace"]):
        done = vrrplab("decode", "half.pcap", *options)
        one_line(done, "half.pcap: breaks off at byte 1000")
        assert done.stdout
    rows = [
        json.loads(line) for line in vrrplab("decode", "half.pcap", "--format", "jsonl").stdout.splitlines()
    ]
    assert [row["frame"] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    "options", [[], ["--format", "jsonl"], ["--timeline"], ["--explain"], ["--as", "trace"]]
)
def test_what_is_no_capture(vrrplab: Command, tmp_path: Path, options: list[str]) -> None:
    for content, word in (
        (b"", "is empty"),
        (b"\xa1", "ends after 1 byte"),
        (b"{}\n not a capture", "is not a capture"),
    ):
        (tmp_path / "odd.pcap").write_bytes(content)
        one_line(vrrplab("decode", "odd.pcap", *options), "odd.pcap: ", word)


def test_bad_usage(vrrplab: Command, tmp_path: Path) -> None:
    one_line(vrrplab("decode", "nowhere.pcap"), "nowhere.pcap", "No such file")
    one_line(vrrplab("decode", "hello"), "neither a file nor hexadecimal")
    one_line(vrrplab("decode", "abc"), "odd number")
    one_line(vrrplab("decode", "--timeline", FRAME[34:].hex()), "without its headers", "who sent it")
    one_line(vrrplab("decode", "--profile", "rfc1", "00"), "rfc1")
    one_line(vrrplab("decode"), "HEX")
    one_line(vrrplab("decode", str(CAPTURE), str(CAPTURE)), "one capture at a time")
    one_line(vrrplab("decode", "-", input=""), "standard input", "empty")
    one_line(vrrplab("decode", str(tmp_path)), "directory")
    one_line(vrrplab("decode", "--timeline", "--plot", "x.wmf", str(CAPTURE)), "x.wmf")


def test_the_reader_may_close_early(tmp_path: Path) -> None:
    import sys

    command = f"{sys.executable} -m vrrplab decode {CAPTURE} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr


@pytest.mark.needs("editcap")
def test_pcapng_from_wireshark(vrrplab: Command, tmp_path: Path) -> None:
    editcap = shutil.which("editcap") or "editcap"
    subprocess.run(
        [editcap, "-F", "pcapng", str(CAPTURE), str(tmp_path / "next.pcapng")], check=True, timeout=60
    )
    rows = [
        [json.loads(line) for line in vrrplab("decode", "--format", "jsonl", file).stdout.splitlines()]
        for file in (str(CAPTURE), "next.pcapng")
    ]
    assert rows[0] == rows[1]


V3_ALONE = "31 33 96 01 00 64 d1 59 c0 a8 02 64"
AH_ALONE = "21 33 96 01 02 01 83 bd c0 a8 02 64" + 8 * " 00"


def test_a_message_without_its_headers_is_decoded(vrrplab: Command) -> None:
    """What the headers would have told is said to be unknown; what is in the message is judged."""
    row = json.loads(vrrplab("decode", "--format", "jsonl", V3_ALONE).stdout)
    assert (row["kind"], row["eth"], row["ip"], row["verdict"]) == ("vrrp", None, None, "accept")
    assert row["vrrp"]["addresses"] == ["192.168.2.100"]
    assert (row["vrrp"]["checksum_ok"], row["vrrp"]["checksum_form"]) == (None, None)
    (note,) = row["notes"]
    assert note["name"] == "NO_HEADERS"
    assert "sender, TTL and checksum" in note["text"]

    ah = json.loads(vrrplab("decode", "--format", "jsonl", AH_ALONE).stdout)
    assert (ah["vrrp"]["checksum_ok"], ah["verdict"]) == (True, "accept")
    assert "sender, TTL and AH check value" in ah["notes"][0]["text"]
    wrong = json.loads(vrrplab("decode", "--format", "jsonl", AH_ALONE.replace("83 bd", "83 be")).stdout)
    assert [reason["name"] for reason in wrong["reasons"]] == ["BAD_CHECKSUM"]
    other = json.loads(vrrplab("decode", "--format", "jsonl", "--profile", "rfc9568", AH_ALONE).stdout)
    assert [reason["name"] for reason in other["reasons"]] == ["BAD_VERSION"]


def test_a_message_without_its_headers_for_the_eye(vrrplab: Command) -> None:
    table = vrrplab("decode", V3_ALONE).stdout
    assert "NO_HEADERS" in table
    explained = vrrplab("decode", "--explain", V3_ALONE).stdout
    assert "checksum 0xd159, not checked" in explained
    assert "Sums the IP addresses too" in explained
    assert "without its headers" in explained
    assert max(map(len, (table + explained).splitlines())) <= 80
    frame = vrrplab("decode", "--link", "ethernet", V3_ALONE).stdout
    assert "inside the Ethernet" in frame


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (gzip.compress(b"x"), "is compressed (gzip), and in it is no capture - a capture of tcpdump"),
        (bz2.compress(b"x"), "is compressed (bzip2), and in it is no capture - a capture of tcpdump"),
        (b"snoop\0\0\0", "is a capture of another format (snoop of Solaris) - editcap -F pcap makes it one"),
    ],
    ids=["gzip", "bzip2", "snoop"],  # the bytes of gzip hold the time: workers would not agree on a name
)
def test_another_format_is_named_with_its_cure(
    vrrplab: Callable[..., Any], tmp_path: Path, head: bytes, said: str
) -> None:
    """From a file and from standard input alike."""
    (tmp_path / "night.pcap").write_bytes(head)
    for words, fed in (["night.pcap"], b""), (["-"], head):
        done = vrrplab("decode", *words, cwd=tmp_path, input=fed, text=False)
        assert done.returncode == 2
        assert said in done.stderr.decode()
        assert done.stderr.count(b"\n") == 1


def test_frames_without_times_have_no_timeline(vrrplab: Command, tmp_path: Path) -> None:
    path = tmp_path / "night.txt"
    line = "IP 10.0.0.{} > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 100, intvl 1s, length 20\n"
    path.write_text(line.format(1) + line.format(2))
    one_line(vrrplab("decode", str(path), "--timeline"), "has no times", "tcpdump -tttt")
    path.write_text(line.format(1))
    assert vrrplab("decode", str(path), "--timeline").returncode == 0


def test_a_compressed_capture_that_is_cut_gives_its_frames(vrrplab: Command, tmp_path: Path) -> None:
    path = tmp_path / "night.pcap.gz"
    path.write_bytes(gzip.compress(CAPTURE.read_bytes())[:-400])
    done = vrrplab("decode", str(path), "--format", "jsonl")
    one_line(done, "breaks off at byte")
    whole = vrrplab("decode", str(CAPTURE), "--format", "jsonl").stdout
    assert len(done.stdout) > 1_000
    assert whole.startswith(done.stdout)


@pytest.mark.parametrize("given", [FRAME.hex().encode(), CAPTURE.read_bytes()], ids=["hex", "capture"])
def test_a_named_pipe_gives_text_and_captures(vrrplab: Command, tmp_path: Path, given: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(given,))
    writer.start()
    done = vrrplab("decode", str(pipe))
    writer.join()
    assert (done.returncode, done.stderr) == (0, "")
    assert "VRRPv2" in done.stdout
