"""A state file that no lab has written so: told with its cure, obeyed in nothing, removed by ``lab down``."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vrrplab.lab import state_file

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def sound(folder: Path) -> dict[str, object]:
    return {
        "pid": 1,
        "started": 1,
        "rootless": True,
        "routers": {"proxy-serv01": "vrrplab"},
        "made_unix_s": 1.5,
        "folder": str(folder / "vrrplab-lab" / "vrrplab-lab-x"),
    }


DAMAGED = {
    "empty": b"",
    "cut off": b'{"pid": 12',
    "binary": bytes(range(256)),
    "a list": b"[]",
    "null": b"null",
    "no keys": b"{}",
    "deep": b"[" * 100_000,
    "huge": b" " * 100_000,
    "nulls": {"pid": None, "routers": None},
    "a key more": {"more": 1},
    "text for a number": {"pid": "1"},
    "a huge number": {"pid": 10**15},
    "longer than numbers are": {"pid": 10**400},
    "a negative number": {"pid": -1},
    "not finite": {"made_unix_s": float("inf")},
    "routers of another kind": {"routers": {"proxy-serv01": 3}},
    "a router that is none": {"routers": {"proxy-serv01": "\n"}},
    "a server that is none": {"routers": {"\n": "vrrplab"}},
    "somebody's files": {"folder": "/home"},
    "somebody's files from here": {"folder": "/var/tmp/../../srv/vrrplab-lab-x"},
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=list(DAMAGED))
def test_a_damaged_state_file_is_told_and_removed_by_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | dict[str, object]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    file = Path(state_file.state_folder(), "lab.json")
    content = damage if isinstance(damage, bytes) else json.dumps({**sound(tmp_path), **damage}).encode()
    file.write_bytes(content)
    with pytest.raises(state_file.DamagedStateError, match=r"lab\.json: .* 'vrrplab lab down' removes it$"):
        state_file.living()
    assert "the state file of a lab is damaged" in state_file.forget_damaged()
    assert not file.exists()
    assert state_file.living() is None


def test_a_sound_one_of_a_lab_that_ended_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    Path(state_file.state_folder(), "lab.json").write_text(json.dumps(sound(tmp_path)))
    assert state_file.forget_damaged() == ""
    assert state_file.living() is None


@pytest.mark.parametrize("what", ["status", "shell", "down"])
def test_every_command_tells_of_it_in_one_line(vrrplab: Run, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "vrrplab-lab"
    folder.mkdir(mode=0o700)
    (folder / "lab.json").write_text('{"pid": 12')
    done = vrrplab(
        "lab", what, *(["proxy-serv01"] if what == "shell" else []), env={"XDG_RUNTIME_DIR": str(tmp_path)}
    )
    said = done.stdout if what == "down" else done.stderr
    assert said.count("\n") == (2 if what == "down" else 1)
    assert "lab.json: is not JSON" in said
    assert done.returncode == (0 if what == "down" else 2)
    assert (folder / "lab.json").exists() == (what != "down")


@pytest.mark.needs("root")
def test_root_keeps_no_lab_in_somebody_elses_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: XDG_RUNTIME_DIR and TMPDIR of the user whom root was before. Output: /tmp, where he can exchange
    nothing of root's.
    """
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert state_file.state_folder() == f"{tmp_path}/vrrplab-lab"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    os.chown(tmp_path, 4711, 4711)
    try:
        assert not state_file.state_folder().startswith(str(tmp_path))
    finally:
        os.chown(tmp_path, 0, 0)
