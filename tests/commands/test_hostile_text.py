"""Every command and every format with a stranger's text in all that it reads: nothing steers the terminal.

What is judged are bytes: those on standard output and standard error, and those of text files that were
written, which somebody will show with ``cat``. A command, or a choice of ``--format``, that has no row here
fails a test, so that a new one is thought of.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from vrrplab.capture.pcap import write_pcap
from vrrplab.commands import cli
from vrrplab.data_files import data_path
from vrrplab.exercises import __main__ as exercises
from vrrplab.lab import state_file
from vrrplab.lab.supervisor import CONTROL

ROOT = Path(__file__).resolve().parents[2]
BIDIRECTIONAL = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
NEVER = {chr(c) for c in (*range(0x20), *range(0x7F, 0xA0), *BIDIRECTIONAL, 0x2028, 0x2029)} - {"\n"}

# Clears the screen, sets a title, colours by a control of one byte, turns the direction of writing.
MARK = "PWNED"
STEERS = f"{MARK}\x1b[2J\x1b]0;t\x07\x9b31m\u202ed\u202c\u2066\u2028\u2029\u200f\u061c\x7f\x08\x85"
IN_A_NAME = f"{MARK}\x1b[2J\x1b]0;t\x07\x9b31m\u202ed\u2028\u200f\x7f"  # where a word may have no blank in it

CONF = f"""! {STEERS}
global_defs {{
    router_id r{IN_A_NAME}
    wrong{IN_A_NAME} x
}}
vrrp_script chk{IN_A_NAME} {{
    script "/bin/true{IN_A_NAME}"
    interval 1
}}
vrrp_instance V{IN_A_NAME} {{
    interface eth0
    state BACKUP
    virtual_router_id 51
    priority 200
    unknown{IN_A_NAME} y
    authentication {{ auth_type PASS auth_pass x{IN_A_NAME} }}
    virtual_ipaddress {{ 192.168.2.100/24 }}
    track_script {{ chk{IN_A_NAME} }}
    notify_master "/bin/x{IN_A_NAME}"
}}
evil{IN_A_NAME} z
"""


def scenario_text(**changed: object) -> str:
    """A scenario with the text in every name; YAML has JSON's strings."""

    def server(name: str, config: str, address: str) -> dict[str, object]:
        card = {"segment": f"lan{STEERS}", "addresses": [address]}
        services = {f"svc{STEERS}": {"port": 80}}
        return {"config": config, "services": services, "interfaces": {"eth0": card}}

    probe = {"kind": "icmp", "target": f"www{STEERS}", "every_s": 0.02}
    down = {"at_s": 5, "action": "carrier_down", "server": f"a{STEERS}", "interface": "eth0"}
    stop = {"at_s": 1, "action": "service_stop", "server": f"a{STEERS}", "service": f"svc{STEERS}"}
    return (
        json.dumps(
            {
                "name": f"n{STEERS}",
                "description": f"d{STEERS}",
                "duration_s": 9,
                "segments": {f"lan{STEERS}": {"subnet": "192.168.2.0/24"}},
                "servers": {
                    f"a{STEERS}": server("a", "evil.conf", "192.168.2.251/24"),
                    f"b{STEERS}": server("b", "evil.conf", "192.168.2.252/24"),
                },
                "clients": {
                    f"pc{STEERS}": {
                        "segment": f"lan{STEERS}",
                        "addresses": ["192.168.2.10/24"],
                        "probes": [probe],
                    }
                },
                "dns": {f"www{STEERS}": ["192.168.2.100"]},
                "actions": [stop, down],
                "expect": [{"at_s": 5, "owner": {"192.168.2.100": f"b{STEERS}"}}],
                **changed,
            },
            ensure_ascii=False,
        )
        .replace("\x85", "\\u0085")
        .replace("\x7f", "\\u007f")
        .replace("\x9b", "\\u009b")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that are hostile by what is in them and by what they are called."""
    top = tmp_path_factory.mktemp("hostile")
    (top / "evil.conf").write_text(CONF, encoding="utf-8")
    (top / f"{IN_A_NAME}.conf").write_text(CONF, encoding="utf-8")
    (top / "plain.conf").write_text("vrrp_instance V { interface eth0\nvirtual_router_id 9 priority 9 }\n")
    (top / "evil.yaml").write_text(scenario_text(), encoding="utf-8")
    (top / "word.yaml").write_text(scenario_text(**{f"key{STEERS}": 6}), encoding="utf-8")
    action = {"at_s": 1, "action": f"act{STEERS}", "server": f"a{STEERS}"}
    (top / "action.yaml").write_text(scenario_text(actions=[action]), encoding="utf-8")
    (top / f"{IN_A_NAME}.pcap").write_text("no capture")
    line = (
        "1700000000.000000 IP 10.0.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 7, prio 100, authtype none,"
    )
    (top / f"{IN_A_NAME}.txt").write_text(f"{line} intvl 1s, length 20\n")
    recording = data_path("recordings", "auth_pass__v2.4.3")
    frames = [(number * 1000, bytes.fromhex(HEX)) for number in range(3)]
    write_pcap(str(top / "evil.pcap"), frames)
    evil = top / f"recording{IN_A_NAME}"
    shutil.copytree(recording, evil)
    observed = json.loads((evil / "observed.json").read_text("utf-8"))
    for entry in observed["log"]:
        if isinstance(entry, dict):
            entry["line"] = f"{entry.get('line', '')} {STEERS}"
    (evil / "observed.json").write_text(json.dumps(observed), encoding="utf-8")
    (evil / "serv01.conf").write_text(
        (evil / "serv01.conf").read_text("utf-8") + f"\nevil{IN_A_NAME} z\n", "utf-8"
    )
    course = top / "course"
    course.mkdir()
    body = {
        "format": "vrrplab-progress 1",
        "exercises": {"02-quick": {"passed": True, "tries": 3}},
        "predictions": {f"guess{STEERS}": {"guess": STEERS, "outcome": STEERS}},
    }
    (course / f"={IN_A_NAME}.json").write_text(json.dumps(body), encoding="utf-8")
    (course / f"broken{IN_A_NAME}.json").write_text("{}")
    return top


# A version 2 advert with a password of ESC [ 2 J, C1 and BEL.
HEX = (
    "01005e00001200000000000108004500002800010000ff70d5a8c0a802fbe0000012"
    "2133640101010000c0a80264" + b"\x1b[2J\x9b1m\x07".hex()
)


class Row(NamedTuple):
    """``wrote``: text files that it writes; ``shows``: it tells something of the stranger's text."""

    arguments: tuple[str, ...]
    wrote: tuple[str, ...] = ()
    shows: bool = True
    apart: bool = False  # as a process of its own: it has signals, or says what Python itself would print


def row(*arguments: str, wrote: tuple[str, ...] = (), shows: bool = True, apart: bool = False) -> Row:
    return Row(arguments, wrote, shows, apart)


UDP = ("--udp", "--port", "11931", "--until", "0.5")
HOST = ("--address", "eth0=192.168.2.251/24")
ROWS = [
    *(
        row("simulate", "evil.yaml", "--check", "--format", form)
        for form in ("table", "story", "log", "jsonl", "json")
    ),
    *(
        row("simulate", "evil.yaml", "--format", form, "--out", f"out-{form}.txt", wrote=(f"out-{form}.txt",))
        for form in ("table", "story", "log", "jsonl", "json")
    ),
    row("simulate", "evil.conf", f"{IN_A_NAME}.conf"),
    row("simulate", "word.yaml"),
    row("simulate", "action.yaml"),
    row("simulate", f"no{STEERS}.yaml"),
    row("simulate", f"no{STEERS}"),
    row("simulate", "--profile", STEERS),
    row("simulate", f"--form{STEERS}"),
    row("simulate", "--format", STEERS),
    row("simulate", "--seed", STEERS),
    row("simulate", "evil.conf", "--fail", f"evil {STEERS}"),
    row("simulate", "evil.conf", "--fail", "evil kill", "--expect", f"192.168.2.100 on {STEERS}"),
    row("config", "diff", "evil.conf", f"{IN_A_NAME}.conf", "--", "evil.conf"),
    row("config", "diff", "--json", "evil.conf", f"{IN_A_NAME}.conf", "--", f"{IN_A_NAME}.conf"),
    row("config", "diff", "--order", STEERS, "evil.conf", "--", "evil.conf"),
    row("config", "diff", "--within", STEERS, "evil.conf", "--", "evil.conf"),
    row("why", "evil.conf", f"{IN_A_NAME}.conf", "--fail", "evil kill"),
    row("why", "evil.conf", f"{IN_A_NAME}.conf", "--fail", "evil eth0", "--json"),
    row("why", "evil.conf", "--fail", f"evil {STEERS}"),
    row("why", "evil.yaml"),
    row("simulate", "evil.yaml", "--plot", STEERS),
    row("simulate", "evil.yaml", "--out", f"no{STEERS}/x"),
    row("simulate", "--schema", STEERS, shows=False),
    row("simulate", "--list", shows=False),
    row("simulate", "--help", shows=False),
    row("config", "predict", "evil.conf", f"{IN_A_NAME}.conf"),
    row("config", "predict", "--closed-form", f"no{STEERS}.conf"),
    row("scenario", "evil.conf", f"{IN_A_NAME}.conf"),
    row("scenario", "--text", "evil.conf", f"{IN_A_NAME}.conf"),
    row("scenario", f"{IN_A_NAME}.conf", "--out", "made.yaml", wrote=("made.yaml",)),
    row("scenario", "evil.conf", "--profile", STEERS),
    row("scenario", "evil.conf", "--out", f"no{STEERS}/x"),
    row("scenario", f"no{STEERS}.conf"),
    row("scenario", f"no{STEERS}.yaml"),
    row("config", "show", "evil.conf", f"{IN_A_NAME}.conf", "--all", "--log"),
    row("config", "show", "evil.conf", "--json"),
    row("config", "show", "--node", f"n{IN_A_NAME}=evil.conf"),
    row("config", "show", f"no{STEERS}.conf"),
    row("config", "show", "--inventory", f"no{STEERS}"),
    row("config", "show", "evil.conf", "--addresses", f"no{STEERS}=x.json"),
    *(
        row("config", "check", "evil.conf", f"{IN_A_NAME}.conf", "--format", form)
        for form in ("text", "json", "sarif", "github")
    ),
    *(
        row(
            *("config", "check", "evil.conf", f"{IN_A_NAME}.conf", "--format", form),
            *("--out", f"found-{form}.txt"),
            wrote=(f"found-{form}.txt",),
            shows=False,
        )
        for form in ("text", "json", "sarif", "github")
    ),
    row("config", "check", "evil.conf", f"{IN_A_NAME}.conf", "--show", "V040", shows=False),
    row("config", "check", "evil.conf", "--show", STEERS),
    row("config", "check", "evil.conf", "--fix", shows=False),
    row("config", "check", "evil.conf", "--write-baseline", "known.json", wrote=("known.json",), shows=False),
    row("config", "check", "evil.conf", "--baseline", f"no{STEERS}"),
    row("config", "check", "evil.conf", "--baseline", "evil.conf", shows=False),
    row("config", "check", "evil.conf", "--config", f"no{STEERS}"),
    row("config", "check", "evil.conf", "--config", "evil.conf", shows=False),
    row("config", "check", f"no{STEERS}.conf"),
    row("config", "explain", STEERS),
    *(row("completion", shell, shows=False) for shell in ("bash", "zsh", "fish")),
    row("completion", STEERS),
    row("lessons", "--no-open", f"lessons{STEERS}"),
    row("lessons", "--no-open", f"evil.conf/{STEERS}"),
    row("lessons", "--port", STEERS),
    *(row("decode", "evil.pcap", "--format", form, shows=False) for form in ("table", "jsonl")),
    row("decode", "evil.pcap", "--timeline", shows=False),
    row("decode", "evil.pcap", "--timeline", "--format", "jsonl", shows=False),
    row("decode", "evil.pcap", "--as", "trace", shows=False),
    row("decode", HEX, "--explain", shows=False),
    row("decode", f"{IN_A_NAME}.pcap"),
    row("decode", f"{IN_A_NAME}.pcap", "--timeline"),
    row("decode", "evil.pcap", f"{IN_A_NAME}.txt", "--timeline"),
    row("decode", f"no{STEERS}.pcap"),
    row("decode", "0100" + STEERS, shows=False),
    row("decode", HEX, STEERS, shows=False),
    row("decode", HEX, "--link", STEERS),
    row("verify", f"recording{IN_A_NAME}"),
    row("verify", f"recording{IN_A_NAME}", "--verbose"),
    row("verify", f"no{STEERS}"),
    row("explore", "evil.yaml", "--within", "0.01", "--at-most", "2", "--jobs", "1"),
    row("explore", "evil.yaml", "--property", f"no{STEERS}.py:f", shows=False),
    row("explore", f"no{STEERS}.yaml"),
    row("explore", "evil.yaml", "--only", f"no{STEERS}"),
    row("reconstruct", "evil.pcap", "evil.conf", shows=False),
    row("reconstruct", "evil.pcap", "evil.conf", "--json", shows=False),
    row("reconstruct", "evil.pcap", f"no{STEERS}.conf"),
    row("reconstruct", f"no{STEERS}.pcap", "evil.conf"),
    row("sweep", "evil.yaml", "--runs", "2", "--jobs", "1"),
    row("sweep", "evil.yaml", "--vary", f"{STEERS}=1,2"),
    row("sweep", f"no{STEERS}.yaml"),
    row("doctor", "--need", STEERS),
    *(row("doctor", "--need", "udp-loopback", "--format", form, shows=False) for form in ("text", "jsonl")),
    *(
        row("live", "run", "evil.conf", "--format", form, *HOST, *UDP, apart=True)
        for form in ("log", "jsonl")
    ),
    row(
        *("live", "run", f"{IN_A_NAME}.conf", "--name", STEERS, "--out", "live.jsonl", *HOST, *UDP),
        wrote=("live.jsonl",),
        apart=True,
    ),
    row("live", "run", "evil.conf", "--dry-run", "--interface", f"no{STEERS}", apart=True),
    row("live", "run", "evil.conf", "--address", STEERS, *UDP, apart=True),
    *(
        row("live", "watch", "--name", f"192.0.2.1={STEERS}", "--format", form, *UDP, shows=False, apart=True)
        for form in ("table", "log", "jsonl")
    ),
    row("live", "watch", "--interface", STEERS, apart=True),
    row("live", "watch", "--until", STEERS),
    row("live", "watch", "--exit-on", STEERS, apart=True),
    row("live", "watch", "--run", f"no{STEERS}", apart=True),
    row("live", "watch", "--metrics", STEERS, apart=True),
    row("lab", "status"),
    row("lab", "shell", f"no{STEERS}"),
    row("lab", "drill", f"no{STEERS}"),
    row("lab", "up", "--router", STEERS),
    row("lab", "compare", "--case", f"no{STEERS}"),
    row("lab", "down", STEERS),
    row(f"no{STEERS}"),
]


@pytest.fixture
def hostile_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A lab that is up, whose first process is this one and answers with what a stranger wrote."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    place = tmp_path / "vrrplab-lab"
    place.mkdir(mode=0o700)
    inside = place / "vrrplab-lab-1"
    inside.mkdir()
    server = {
        "router": STEERS, "runs": False, "said": STEERS, "powered": True, "pid": os.getpid(),
        "has": [STEERS], "addresses": [STEERS],
    }  # fmt: skip
    status = {"servers": {STEERS: server}, "proxy": STEERS, "virtual": [], "hosts": {STEERS: STEERS}}
    ears = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(inside)
    ears.bind(CONTROL)
    ears.listen()
    state = state_file.LabState(
        os.getpid(),
        state_file.start_of(os.getpid()),
        False,
        {"proxy-serv01": "keepalived"},
        time.time(),
        str(inside),
    )
    state_file.write_state(state)

    def answer() -> None:
        while True:
            try:
                one, _ = ears.accept()
            except OSError:
                return
            with one:
                one.recv(4096)
                one.sendall(json.dumps({"status": status, "done": True}).encode() + b"\n")

    threading.Thread(target=answer, daemon=True).start()
    yield
    ears.shutdown(socket.SHUT_RDWR)
    ears.close()


def assert_harmless(data: bytes) -> str:
    text = data.decode("utf-8")  # strictly: nothing else is text
    assert {c for c in text if c in NEVER} == set(), text[:2000]
    return text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(" ".join(row.arguments))[:60])
def test_nothing_steers_the_terminal(
    row: Row,
    folder: Path,
    hostile_lab: None,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.chdir(folder)
    if row.apart:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "vrrplab", *row.arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
        code, out, err = ran.returncode, ran.stdout, ran.stderr
    else:
        code = cli.main(list(row.arguments))
        out, err = capfdbinary.readouterr()
    assert code in (0, 1, 2), err
    told = assert_harmless(out) + assert_harmless(err)
    for name in row.wrote:
        text = assert_harmless((folder / name).read_bytes())
        assert MARK in text
        told += text
    assert MARK in told or not row.shows
    assert code != 2 or err.count(b"\n") <= 1 + err.count(b"warning"), err


@pytest.mark.parametrize("options", [(), ("--csv",)])
def test_what_learners_wrote_does_not_steer_the_teachers_terminal(
    options: tuple[str, ...], folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert exercises.main([*options, str(folder / "course")]) == 2
    out, err = capfdbinary.readouterr()
    told = assert_harmless(out)
    assert MARK in told
    assert MARK in assert_harmless(out + err).partition("broken")[2]
    assert not options or f"'={MARK}" in told


@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_json_reads_back_what_the_scenario_said(
    form: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(["simulate", "evil.yaml", "--format", form]) == 0
    out = capfd.readouterr().out
    events = [json.loads(line) for line in out.splitlines()] if form == "jsonl" else json.loads(out)["events"]
    assert events[0]["name"] == f"n{STEERS}"
    assert set(events[0]["servers"]) == {f"a{STEERS}", f"b{STEERS}"}
    assert f"V{IN_A_NAME}" in {event.get("instance") for event in events}


# -- every command has a row ------------------------------------------------------------------------------


def parsers_of(
    parser: argparse.ArgumentParser, name: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield name, parser
    for group in groups:
        for word, one in group.choices.items():
            yield from parsers_of(one, (*name, word))


def commands() -> dict[tuple[str, ...], argparse.ArgumentParser]:
    """Every command and command of a command, with its arguments."""
    found = {}
    for name in cli.COMMANDS:
        parser = argparse.ArgumentParser()
        import_module(f"vrrplab.commands.{name}").add_arguments(parser)
        found.update(parsers_of(parser, (name,)))
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_and_format_has_a_row(command: tuple[str, ...]) -> None:
    mine = [row.arguments for row in ROWS if row.arguments[: len(command)] == command]
    assert mine, "what does it do with a stranger's text? give it a row above"
    for action in commands()[command]._actions:
        if "--format" in action.option_strings:
            used = {a[a.index("--format") + 1] for a in mine if "--format" in a}
            assert set(action.choices or ()) <= used
