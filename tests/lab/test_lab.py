"""The lab from outside: up, status, shell, drill, down; and nothing of it left, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from live_bench import ROOT

from vrrplab.data_files import data_path
from vrrplab.lab import state_file
from vrrplab.lab.topology import (
    CLIENT,
    SERVERS,
    UPSTREAM,
    config_names,
    lab_config,
    parse_routers,
    server_plans,
)
from vrrplab.trace import Trace

pytestmark = pytest.mark.needs("namespaces", "ip", "nsenter")
Lab = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """``vrrplab lab …`` with a state folder of its own; ``down`` afterwards."""
    usual = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path)}

    def run(
        *words: str, timeout: float = 90, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vrrplab", "lab", *words],
            capture_output=True,
            text=True,
            env={**usual, **(environment or {})},
            cwd=tmp_path,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    yield run
    run("down")


def leftovers(folder: Path) -> list[str]:
    """Processes that still have to do with a lab of this folder, and files in it."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(str(folder).encode() in word for word in words) and int(pid) != os.getpid():
            found.append(b" ".join(words).decode())
    kept = folder / "vrrplab-lab"
    return found + ([str(p) for p in kept.iterdir()] if kept.exists() else [])


def host_networks() -> set[str]:
    """Namespaces on this host that are called as the lab's are; others may come and go meanwhile."""
    listed = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=False).stdout
    return {line.split()[0] for line in listed.splitlines()} & {*SERVERS, CLIENT, UPSTREAM}


def test_up_status_shell_down(lab: Lab, tmp_path: Path) -> None:
    """Input: the life of a lab, rootless. Output: each server's addresses, a fetch through the proxy, nothing
    left.
    """
    before = host_networks()
    up = lab("up", "--router", "vrrplab", "--rootless")
    assert up.returncode == 0, up.stderr
    assert "without root" in up.stdout
    again = lab("up")
    assert again.returncode == 2
    assert "a lab is already up, with vrrplab" in again.stderr
    assert "vrrplab lab down" in again.stderr
    end_s = time.monotonic() + 20
    while "192.168.2.101" not in lab("status").stdout and time.monotonic() < end_s:
        time.sleep(0.2)
    status = lab("status").stdout
    assert [line.split()[2] for line in status.splitlines() if line.startswith("  proxy-")] == [
        "192.168.2.101",
        "192.168.2.102",
    ]
    code = (
        "import socket; s = socket.create_connection(('192.168.2.101', 3128), 5);"
        "s.sendall(b'GET http://203.0.113.10/ HTTP/1.0\\r\\n\\r\\n'); print(s.makefile('rb').read())"
    )
    fetched = lab("shell", "office-pc", sys.executable, "-c", code)
    assert "200 OK" in fetched.stdout, fetched.stderr
    assert lab("shell", "proxy-serv01", "hostname").stdout.strip() == "proxy-serv01"
    assert "eth0:1" in lab("shell", "proxy-serv01", "ip", "address", "show", "eth0").stdout
    unknown = lab("shell", "mainframe")
    assert unknown.returncode == 2
    assert "no mainframe in the lab; there are: proxy-serv01" in unknown.stderr
    assert lab("down").stdout.strip() == "The lab is down; nothing of it is left."
    assert lab("down").stdout.strip() == "No lab is up."
    assert leftovers(tmp_path) == []
    assert host_networks() == before


@pytest.fixture
def runtime_folder() -> Iterator[Path]:
    """A folder below /run, as every systemd login has one."""
    place = Path(tempfile.mkdtemp(prefix="vrrplab-test-", dir="/run"))
    yield place
    shutil.rmtree(place)


@pytest.mark.alone
@pytest.mark.long
@pytest.mark.needs("root")  # nobody else may make folders below /run
@pytest.mark.parametrize("options", [[], ["--rootless"]], ids=["root", "rootless"])
def test_below_run_too(
    lab: Lab, tmp_path: Path, runtime_folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Input: XDG_RUNTIME_DIR, the user's files and the recording's place all below /run, which the lab's
    processes see emptied. Output: a drill, and its recording where it was wanted.
    """
    configs, kept = runtime_folder / "configs", runtime_folder / "kept"
    configs.mkdir()
    for name in config_names():
        shutil.copyfile(data_path("configs", "article", name), configs / name)
    words = ["drill", "lan-nic", "--router", "vrrplab", "--config", str(configs), "--record", str(kept)]
    environment = {"XDG_RUNTIME_DIR": str(runtime_folder), "TMPDIR": str(tmp_path)}
    done = lab(*words, *options, environment=environment)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr
    assert (kept / "lan-nic" / "capture.pcap").stat().st_size > 1000
    assert sorted(p.name for p in runtime_folder.iterdir()) == ["configs", "kept"]
    assert [p.name for p in kept.iterdir()] == ["lan-nic"]


def test_after_a_crash_nothing_is_left(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: SIGKILL for the lab's first process. Output: all its processes end, ``down`` clears the rest."""
    assert lab("up", "--router", "vrrplab").returncode == 0
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    state = state_file.read_state()
    assert state is not None
    assert state.alive
    os.kill(state.pid, signal.SIGKILL)
    end_s = time.monotonic() + 10
    while state.alive and time.monotonic() < end_s:
        time.sleep(0.05)
    assert lab("status").returncode == 2
    assert lab("down").returncode == 0
    end_s = time.monotonic() + 5
    while leftovers(tmp_path) and time.monotonic() < end_s:
        time.sleep(0.1)
    assert leftovers(tmp_path) == []


def test_another_process_with_the_same_number_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Input: a state file whose process number is now somebody else's (this test's). Output: it goes on
    living.
    """
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "vrrplab-lab" / "vrrplab-lab-old"
    state_file.state_folder()
    folder.mkdir()
    state = state_file.LabState(os.getpid(), 12345, False, {"proxy-serv01": "vrrplab"}, 0.0, str(folder))
    state_file.write_state(state)
    assert state_file.living() is None
    assert state_file.sweep()
    assert state_file.read_state() is None
    assert not folder.exists()


@pytest.mark.alone
def test_two_at_once_are_one(lab: Lab, tmp_path: Path) -> None:
    """Input: ``lab up`` twice at the same moment. Output: one lab; the other is told so; ``down`` leaves
    nothing.
    """
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: lab("up", "--router", "vrrplab"), range(2)))
    assert sorted(done.returncode for done in both) == [0, 2]
    assert sum("a lab is already up" in done.stderr for done in both) == 1
    assert lab("down").stdout.strip() == "The lab is down; nothing of it is left."
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("command", [["up"], ["drill", "lan-nic"]], ids=["up", "drill"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
def test_ended_by_a_signal_nothing_stays(
    lab: Lab, tmp_path: Path, command: list[str], number: signal.Signals
) -> None:
    """Input: a signal while a lab is being put up. Output: no process, and after ``down`` no folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path)}
    words = [sys.executable, "-m", "vrrplab", "lab", *command, "--router", "vrrplab"]
    process = subprocess.Popen(words, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s and not list(tmp_path.glob("vrrplab-lab/*/proxy-serv01.service.log")):
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(20) == (-number if number == signal.SIGKILL else 128 + number)
    end_s = time.monotonic() + 20
    while leftovers(tmp_path) and time.monotonic() < end_s:
        time.sleep(0.1)
    assert lab("down").stdout.startswith("No lab is up")
    assert leftovers(tmp_path) == []


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "vrrplab", "lab", "drill", "lan-nic", "--router", "vrrplab"]
    process = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s and not list(tmp_path.glob("vrrplab-lab/*/control")):
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    end_s = time.monotonic() + 20  # the lab's own process takes it down; nobody waits for that
    while leftovers(tmp_path) and time.monotonic() < end_s:
        time.sleep(0.1)
    assert leftovers(tmp_path) == []


@pytest.mark.alone
@pytest.mark.parametrize(
    ("drill", "options"),
    [
        ("squid", ["--router", "keepalived", "--rootless"]),
        pytest.param(
            "wan-nic",
            ["--router", "proxy-serv01=keepalived,proxy-serv02=vrrplab"],
            marks=pytest.mark.long,
        ),
    ],
    ids=["keepalived, rootless", "mixed"],
)
@pytest.mark.needs("keepalived", "squid")
def test_a_drill_is_as_predicted_and_recorded(
    lab: Lab, tmp_path: Path, drill: str, options: list[str]
) -> None:
    """Input: a drill with real daemons. Output: exit 0, both figures in the table, a recording that can be
    read.
    """
    from vrrplab.recording import read_recording

    before = host_networks()
    done = lab("drill", drill, *options, "--record", "kept")
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    table = done.stdout[done.stdout.index("Seconds after the fault") :]
    measured, simulated = (
        row.split() for row in table.splitlines() if "measured" in row or "simulated" in row
    )
    assert measured[0] == drill
    assert abs(float(measured[3]) - float(simulated[2])) <= 0.15
    trace = read_recording(tmp_path / "kept" / drill)
    assert isinstance(trace, Trace)
    assert [e.fields["to"] for e in trace.of("state", server="proxy-serv02", instance="proxy_ip1")] == [
        "BACKUP",
        "MASTER",
        "BACKUP",
    ]
    seen = json.loads((tmp_path / "kept" / drill / "observed.json").read_text(encoding="utf-8"))
    assert set(seen["runs"][0]["final_owners"]) == {"192.168.2.101/24", "192.168.2.102/24"}
    assert (tmp_path / "kept" / drill / "capture.pcap").stat().st_size > 1000
    assert leftovers(tmp_path) == []
    assert host_networks() == before
    refused = lab("drill", drill, *options, "--record", "kept")
    assert refused.returncode == 2
    assert "a recording is never overwritten" in refused.stderr


def test_a_full_disk_leaves_no_half_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: the disk fills at the second file. Output: one line that names the place, and nothing there, so
    that the next try is not refused.
    """
    from vrrplab.errors import OutputError
    from vrrplab.lab import control as lab_module

    drill, place = tmp_path / "drill", tmp_path / "kept" / "lan-nic"
    drill.mkdir()
    for name in ("capture.pcap", "observed.json"):
        (drill / name).write_text("x" * 100, encoding="utf-8")
    real_copy = shutil.copyfile

    def copy(source: str, to: str) -> None:
        if source.endswith("observed.json"):
            raise OSError(28, "No space left on device")
        real_copy(source, to)

    with monkeypatch.context() as patch:
        patch.setattr(lab_module.shutil, "copyfile", copy)
        with pytest.raises(OutputError, match=f"^{place}: .*No space left on device - it is not kept"):
            lab_module.keep_recording(str(drill), str(place))
    assert list((tmp_path / "kept").iterdir()) == []
    lab_module.keep_recording(str(drill), str(place))
    assert sorted(p.name for p in place.iterdir()) == ["capture.pcap", "observed.json"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["drill", "flood"], "no drill called flood; there are: lan-nic, wan-nic"),
        (["up", "--router", "bird"], "write keepalived or vrrplab, or a mix"),
        (["up", "--router", "proxy-serv01=vrrplab"], "what does proxy-serv02 run?"),
        (["up", "--router", "vrrplab", "--config", "nowhere"], "a lab's folder holds proxy-serv01.conf"),
        (["status"], "no lab is up - 'vrrplab lab up' puts one up"),
        (["shell", "proxy-serv01"], "no lab is up"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_told_in_one_line(lab: Lab, tmp_path: Path, words: list[str], told: str) -> None:
    done = lab(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert leftovers(tmp_path) == []


def write_configs(folder: Path, text: str) -> str:
    folder.mkdir(exist_ok=True)
    for name in config_names():
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


ON_ETH7 = (
    "vrrp_instance V {\n interface eth7\n virtual_router_id 51\n virtual_ipaddress {\n 192.168.2.101\n }\n}\n"
)


def test_an_interface_that_no_server_has_is_told_before_anything_is_built(lab: Lab, tmp_path: Path) -> None:
    configs = write_configs(tmp_path / "mine", ON_ETH7)
    done = lab("up", "--router", "vrrplab", "--config", configs)
    assert done.returncode == 2
    why = "no interface eth7 on proxy-serv01; a server has eth0 and eth1"
    assert done.stderr == f"vrrplab: {configs}/proxy-serv01.conf: {why}\n"


def test_a_router_that_dies_at_once_says_why(lab: Lab, tmp_path: Path) -> None:
    """Input: files without an instance. Output: exit 1, and the router's last words, from ``status`` too; a
    drill tells why it cannot be, and options that the lab does not have are refused.
    """
    configs = write_configs(tmp_path / "mine", "global_defs {\n}\n")
    up = lab("up", "--router", "vrrplab", "--config", configs)
    assert up.returncode == 1
    for said in (up.stdout, lab("status").stdout):
        assert "vrrplab, not running" in said
        assert "its last words: vrrplab: " in said
        assert "no vrrp_instance in it" in said
    drill = lab("drill", "lan-nic", "--config", configs)
    assert drill.returncode == 2
    assert "no vrrp_instance in it" in drill.stderr.splitlines()[-1]
    other = lab("drill", "lan-nic", "--config", write_configs(tmp_path / "other", "global_defs { }\n"))
    assert other.returncode == 2
    assert "another --config than asked for" in other.stderr
    assert len(other.stderr.splitlines()) == 1


@pytest.mark.needs("root")  # a lab of an ordinary user is always rootless
def test_a_lab_as_root_is_no_rootless_one(lab: Lab) -> None:
    assert lab("up", "--router", "vrrplab").returncode == 0
    done = lab("drill", "lan-nic", "--rootless", "--router", "keepalived")
    assert done.returncode == 2
    assert "another --router, --rootless than asked for" in done.stderr


def test_a_missing_daemon_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    from vrrplab.errors import LiveError
    from vrrplab.lab import control as lab_module

    monkeypatch.setattr(lab_module, "program", lambda name: "" if name == "keepalived" else "/bin/true")
    with pytest.raises(
        LiveError, match=r"keepalived is not installed: sudo apt install keepalived; or use --router"
    ):
        lab_module.check(parse_routers("keepalived"), "")


def test_the_labs_configuration_is_the_tutorials_with_a_name_on_it() -> None:
    plans = server_plans(parse_routers("keepalived"))
    assert [p.name for p in plans] == ["proxy-serv01", "proxy-serv02"]
    assert plans[0].config.startswith("global_defs {\n    router_id proxy-serv01\n    script_user root\n}\n")
    assert "192.168.2.101/24 dev eth0 label eth0:1" in plans[0].config
    own = "global_defs {\n router_id mine\n}\n"
    assert lab_config("proxy-serv01", own, "/usr/sbin/squid") == own


@pytest.mark.alone
@pytest.mark.long
def test_without_squid_a_stand_in_answers_and_says_so(tmp_path: Path) -> None:
    """Input: a machine where squid is no program. Output: the same drill with a small proxy, and a word about
    it.
    """
    (tmp_path / "empty").touch()
    hide = f"[ ! -e /usr/sbin/squid ] || mount --bind {tmp_path}/empty /usr/sbin/squid; exec "
    words = [
        sys.executable,
        "-m",
        "vrrplab",
        "lab",
        "drill",
        "squid",
        "--router",
        "vrrplab",
        "--record",
        "kept",
    ]
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", hide + " ".join(words)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path)},
        cwd=tmp_path,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr
    observed = json.loads((tmp_path / "kept" / "squid" / "observed.json").read_text(encoding="utf-8"))
    assert "a stand-in for Squid" in observed["note"]
    assert done.stdout.startswith("The proxies are a small stand-in (Squid is not installed).")
    assert "Entering FAULT STATE" in done.stdout
    assert leftovers(tmp_path) == []


def test_what_ip_says_fits_80_columns() -> None:
    """Input: a line of ``ip address`` as long as they are. Output: the interface's state is still there."""
    from vrrplab.commands.lab_report import _interesting

    flags = "<BROADCAST,MULTICAST,UP,LOWER_UP>"
    text = (
        f"2: eth0@if10: {flags} mtu 1500 qdisc noqueue state UP group default qlen 1000\n    link/ether 02:00"
    )
    assert _interesting(text) == [f"    2: eth0@if10: {flags} … state UP"]
