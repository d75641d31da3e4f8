"""The nodes of a cluster are named alike for every command that takes files of several nodes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrrplab.commands.cli import main

CONF = """vrrp_instance V {
    interface eth0
    virtual_router_id 51
    priority %d
    virtual_ipaddress {
        10.0.0.100/24
    }
}
"""
OWN = "10.0.0.77"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same two files as files, as a folder, as an inventory; and one host's addresses."""
    monkeypatch.chdir(tmp_path)
    for name, priority in (("a", 150), ("b", 100)):
        for path in (Path("ha", f"{name}.conf"), Path("hosts", name, "etc", "keepalived.conf")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(CONF % priority, encoding="utf-8")
        info = [{"family": "inet", "local": OWN if name == "a" else "10.0.0.78", "prefixlen": 24}]
        card = {"ifindex": 2, "ifname": "eth0", "flags": ["UP"], "addr_info": info}
        Path(f"{name}.json").write_text(json.dumps([card]), encoding="utf-8")
    return tmp_path


WAYS = {
    "folder": ["ha"],
    "files": ["ha/a.conf", "ha/b.conf"],
    "nodes": ["--node", "a=ha/a.conf", "--node", "b=ha/b.conf"],
    "inventory": ["--inventory", "hosts"],
}
COMMANDS = {
    "simulate": ["simulate", "--format", "jsonl", "--until", "8"],
    "scenario": ["scenario"],
    "why": ["why", "--fail", "a power", "--no-cures"],
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_way_to_name_nodes(
    command: list[str], way: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """And with their real addresses."""
    assert main([*command, *way, "--addresses", "a.json", "--addresses", "b=b.json"]) == 0
    text = capsys.readouterr().out
    assert OWN in text
    assert "10.0.0.100" in text
    if command[0] == "scenario":
        assert "addresses made up" not in text


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ha", "--addresses", "c=a.json"], "no node is called c"),
        (["--node", "a"], "--node a: write NAME=FILE"),
        (["--inventory", "none"], "--inventory none: is not there"),
        (["power-off", "--node", "a=ha/a.conf"], "power-off"),
        (["power-off", "--addresses", "a.json"], "power-off"),
    ],
)
def test_what_is_wrong_is_one_line(
    command: list[str], arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert told in said.err


def test_addresses_belong_to_nodes_and_not_to_the_drills(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--addresses", "a.json"]) == 2
    assert "name at least one keepalived.conf" in capsys.readouterr().err


def test_a_file_with_an_odd_name_is_looked_into(capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        Path(f"ha/{name}.conf").rename(f"keepalived.conf.{name}")
    assert main(["simulate", "keepalived.conf.a", "keepalived.conf.b", "--until", "8"]) == 0
    assert "10.0.0.100" in capsys.readouterr().out
