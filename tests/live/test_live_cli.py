"""What the live commands say when they cannot: one line, the reason, the ways on, exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from live_bench import PATIENCE_S, Bench, config, free_port

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def conf(tmp_path: Path) -> str:
    path = tmp_path / "r.conf"
    path.write_text(config(priority=100, interface="lan0"), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "no-such.conf"], "no-such.conf: cannot be read: No such file or directory"),
        (["run", "{conf}"], "no interface lan0 here; there are: "),
        (["run", "{conf}", "--interface", "eth9"], "eth9"),
        (["run", "{conf}", "--interface", "="], "--interface =: write NAME, or FROM=TO"),
        (["run", "{conf}", "--interface", ""], "--interface '': write NAME, or FROM=TO"),
        (["run", "{conf}", "--interface", "lan7=lo"], "names no lan7; it names: lan0"),
        (["run", "{conf}", "--interface", "lan0=a0", "--interface", "lan0=b0"], "lan0 twice, a0 and b0"),
        (["run", "{conf}", "--interface", "a0", "--interface", "b0"], "two for all instances, a0 and b0"),
        (["run", "{conf}", "--udp", *["--address", "lan0=1.2.3.4/24"] * 2], "--address gives lan0 twice"),
        (["run", "{conf}", "--udp"], "--address lan0=ADDRESS/PREFIX"),
        (["run", "{conf}", "--udp", "--address", "lan0=1.2.3/24"], "--address lan0=1.2.3/24"),
        (["run", "{conf}", "--address", "lan0=1.2.3.4/24"], "belongs to --udp"),
        (["run", "{conf}", "--control"], "--control is for the make-believe host"),
        (["run", "{conf}", "--profile", "cisco"], "unknown profile 'cisco'"),
        (["run", "{conf}", "--until", "soon"], "'soon' is not a number of seconds"),
        (["run", "{conf}", "--udp", "--port", "0"], "'0' is not a port"),
        (
            ["run", "{conf}", "--udp", "--address", "lan0=1.2.3.4/24", "--out", "/no/such/dir/t"],
            "/no/such/dir/t",
        ),
        (
            ["run", "{conf}", "--udp", "--address", "lan0=1.2.3.4/24", "--out", "{conf}"],
            "which would be overwritten - name another file",
        ),
        (["watch", "--udp", "--out", "{conf}.t", "--pcap", "{conf}.t"], "this is where --out "),
        (["watch", "--interface", "eth9"], "no interface eth9 here; there are: "),
        (["watch", "--name", "r1"], "--name r1: write ADDRESS=NAME"),
        (["watch", "--udp", "--interface", "lo"], "the make-believe LAN of --udp has none"),
        (["watch", "--udp", "--until", "1", "--pcap", "/no/such/dir/p"], "/no/such/dir/p"),
        (["watch", "--udp", "--exit-on", "two-master"], "did you mean 'two-masters'?"),
        (
            ["watch", "--udp", "--run", "/no/such/program"],
            "would not be started: /no/such/program is not there",
        ),
        (["watch", "--udp", "--run-as", "nobody"], "--run-as is for the command of --run"),
        (["watch", "--udp", "--metrics", "9112"], "--metrics 9112: write HOST:PORT, or :PORT"),
        (["watch", "--udp", "--metrics", "192.0.2.1:9112"], "--metrics 192.0.2.1:9112: cannot assign"),
        ([], "the following arguments are required"),
        (["dance"], "invalid choice: 'dance'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_one_line_and_exit_2(vrrplab: Run, conf: str, words: list[str], told: str) -> None:
    done = vrrplab("live", *[w.replace("{conf}", conf) for w in words])
    assert told in done.stderr
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_silence_is_no_proof_that_all_is_well(vrrplab: Run) -> None:
    words = ["live", "watch", "--udp", "--port", str(free_port()), "--until", "0.2"]
    done = vrrplab(*words, "--exit-on", "nobody")
    assert done.returncode == 1
    assert done.stderr == (
        "vrrplab: --exit-on: no VRRP advert was heard on UDP on loopback, so nothing could be found\n"
    )
    assert vrrplab(*words).returncode == 0


def test_files_that_are_refused_keep_what_is_in_them(vrrplab: Run, conf: str) -> None:
    before = Path(conf).read_text(encoding="utf-8")
    vrrplab("live", "run", conf, "--udp", "--address", "lan0=1.2.3.4/24", "--out", conf)
    assert Path(conf).read_text(encoding="utf-8") == before


@pytest.mark.parametrize("option", ["--out", "--pcap"])
def test_a_fifo_that_nobody_reads_is_one_line(vrrplab: Run, tmp_path: Path, option: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    done = vrrplab("live", "watch", "--udp", "--until", "1", option, str(tmp_path / "fifo"))
    assert done.returncode == 2
    assert "nobody reads this FIFO" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("style", ["table", "log"])
def test_a_closed_standard_output_is_no_reason_to_fail(conf: str, style: str) -> None:
    for command in (f"watch --format {style}", f"run {conf} --address lan0=1.2.3.4/24"):
        words = f"{sys.executable} -m vrrplab live {command} --udp --port {free_port()} --until 1 >&-"
        done = subprocess.run(["sh", "-c", words], stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_table_whose_reader_has_gone_ends_quietly() -> None:
    """Input: a table into ``head -1``. Output: it ends by itself, without a word."""
    words = [
        sys.executable,
        "-m",
        "vrrplab",
        "live",
        "watch",
        "--udp",
        "--port",
        str(free_port()),
        "--format",
        "table",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == ""


def test_a_configuration_without_instances(vrrplab: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.conf"
    path.write_text("global_defs {\n router_id x\n}\n", encoding="utf-8")
    done = vrrplab("live", "run", str(path))
    assert done.returncode == 2
    assert "no vrrp_instance in it" in done.stderr


RUN, DRY, WATCH = ["run", "{conf}"], ["run", "{conf}", "--dry-run"], ["watch", "--interface", "eth0"]


@pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump", "setpriv")
def test_without_privilege_the_missing_one_and_three_ways_on_are_named() -> None:
    """Input: CAP_NET_RAW, CAP_NET_ADMIN, or both taken away. Output: which of them is missing for what was
    asked, and sudo, lab, --udp; a watcher and a dry run do not need CAP_NET_ADMIN.
    """
    cases = [
        ("-net_raw", RUN, "CAP_NET_RAW (to hear and send VRRP) -"),
        ("-net_admin", RUN, "CAP_NET_ADMIN (to put addresses on interfaces) -"),
        ("-net_raw,-net_admin", RUN, "CAP_NET_RAW (to hear and send VRRP) and CAP_NET_ADMIN"),
        ("-net_raw,-net_admin", DRY, "CAP_NET_RAW (to hear and send VRRP) -"),
        ("-net_raw,-net_admin", WATCH, "CAP_NET_RAW (to hear and send VRRP) -"),
        ("-net_admin", DRY, ""),
        ("-net_admin", WATCH, ""),
    ]
    with Bench(["r1"]) as bench:
        path = str(bench.write("r.conf", config(priority=100)))
        for taken, words, told in cases:
            less = ["setpriv", f"--bounding-set={taken}", "--inh-caps=-all"]
            typed = ["live", *(word.replace("{conf}", path) for word in words), "--until", "0.5"]
            command = bench.inside.command("r1", *less, sys.executable, "-m", "vrrplab", *typed)
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode == (2 if told else 0), (taken, words, done.stderr)
            assert len(done.stderr.splitlines()) == (1 if told else 0)
            for word in (f"this user lacks {told}", "sudo", "lab up", "--udp") if told else ():
                assert word in done.stderr


def test_doctor_tells_and_asks(vrrplab: Run) -> None:
    done = vrrplab("doctor", "--need", "udp-loopback", "--need", "ip")
    assert done.returncode in (0, 1)
    assert [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")] == [
        "udp-loopback",
        "ip",
    ]
    done = vrrplab("doctor", "--need", "luck")
    assert done.returncode == 2
    assert "luck: not a thing doctor knows" in done.stderr


def test_doctor_names_the_package_of_what_is_missing(
    vrrplab: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vrrplab.system import doctor

    monkeypatch.setattr(doctor.shutil, "which", lambda *_, **__: None)
    found = {f.name: f for f in doctor.examine(["ip", "vrrpd", "keepalived", "rootless-namespaces"])}
    assert found["ip"].cure == "sudo apt install iproute2"
    assert found["vrrpd"].cure == "sudo apt install frr"
    assert "not installed" in found["rootless-namespaces"].detail or not found["ip"].ok
    assert "the simulator shows the same drills" in " ".join(doctor.advice(list(found.values())))
