"""Scripts: which file, whose rights, and when a careful root refuses."""

from __future__ import annotations

import grp
import os
import subprocess
import sys
from pathlib import Path

import pytest
from live_bench import ROOT

from vrrplab.config.model import GlobalConfig
from vrrplab.config.reader import parse_text
from vrrplab.errors import LiveError
from vrrplab.live import scripts
from vrrplab.live.scripts import Account, account_for, find, missing_scripts, why_unsafe

ROOT_ACCOUNT, NOBODY = Account("root", 0, 0), Account("nobody", 65534, 65534)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "check.sh"
    path.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_find_looks_on_a_fixed_path(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(script.parent))
    assert find((str(script), "-k")) == str(script)
    assert find(("check.sh",)) == "", "the caller's PATH does not count"
    assert find(("sh",)).endswith("/sh")
    assert find(()) == ""
    script.chmod(0o644)
    assert find((str(script),)) == ""


def test_a_missing_check_is_named() -> None:
    text = 'vrrp_script gone {\n script "/no/such/file -x"\n}\nvrrp_script here {\n script "/bin/true"\n}\n'
    text += "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 10.0.0.1\n }\n"
    text += " track_script {\n gone\n here\n }\n}\n"
    assert missing_scripts(parse_text(text)) == {"gone"}


def trusting(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take every folder above the test's own for safe: /tmp is everybody's."""
    real = os.stat

    def stat(path: str) -> os.stat_result:
        found = real(path)
        if str(folder).startswith(str(path)) and str(path) != str(folder):
            return os.stat_result((found.st_mode & ~0o022, *found[1:4], 0, 0, *found[6:]))
        if not str(path).startswith(str(folder)):
            return found
        return os.stat_result((*found[:4], 0, 0, *found[6:]))  # root's, as on a tidy machine

    monkeypatch.setattr(scripts.os, "stat", stat)


@pytest.mark.parametrize(
    ("mode", "account", "why"),
    [
        (0o755, ROOT_ACCOUNT, ""),
        (0o755, NOBODY, ""),
        (0o757, NOBODY, "can be written by others than root"),
        (0o777, ROOT_ACCOUNT, "can be written by others than root"),
        (0o775, ROOT_ACCOUNT, ""),  # root's own group
    ],
)
def test_who_may_write_decides(
    script: Path, monkeypatch: pytest.MonkeyPatch, mode: int, account: Account, why: str
) -> None:
    script.chmod(mode)
    trusting(monkeypatch, script.parent)
    found = why_unsafe(str(script), account, as_root=True)
    assert why in found
    assert bool(found) == bool(why)


@pytest.mark.parametrize(
    ("owner", "account", "refused"),
    [
        (1000, NOBODY, True),
        (1000, ROOT_ACCOUNT, True),
        (65534, NOBODY, False),
        (65534, ROOT_ACCOUNT, True),
        (0, NOBODY, False),
    ],
)
def test_an_owner_could_write(
    script: Path, monkeypatch: pytest.MonkeyPatch, owner: int, account: Account, refused: bool
) -> None:
    """Input: a script of mode 0755 that belongs to somebody. Output: started only for root's, or his own."""
    trusting(monkeypatch, script.parent)
    tidy = os.stat

    def stat(path: str) -> os.stat_result:
        found = tidy(path)
        return os.stat_result((*found[:4], owner, *found[5:])) if str(path) == str(script) else found

    monkeypatch.setattr(scripts.os, "stat", stat)
    why = why_unsafe(str(script), account, as_root=True)
    assert bool(why) == refused
    assert not refused or f"{script} does not belong to root" in why


def test_a_folder_on_the_way_counts_too(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting(monkeypatch, script.parent)
    script.parent.chmod(0o777)
    assert str(script.parent) in why_unsafe(str(script), NOBODY, as_root=True)
    assert why_unsafe(str(script), NOBODY, as_root=False) == "", "an ordinary user risks only his own rights"


def test_scripts_run_as_somebody_without_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "is_real_root", lambda: True)
    assert account_for("", GlobalConfig()).uid not in (0, None)
    assert account_for("", GlobalConfig(script_user="root")).uid == 0
    assert account_for("root", GlobalConfig()).uid == 0
    assert account_for("root daemon", GlobalConfig()).gid == grp.getgrnam("daemon").gr_gid
    with pytest.raises(LiveError, match="no user 'nobodyatall'"):
        account_for("nobodyatall", GlobalConfig())
    with pytest.raises(LiveError, match="no group 'nogroupatall'"):
        account_for("root nogroupatall", GlobalConfig())


def test_setgroups_can_be_made_harmless() -> None:
    """keepalived, rootless: a forbidden setgroups would make every check pass. Output: it succeeds and does
    nothing.
    """
    code = "import os; before = os.getgroups(); os.setgroups([4711]); print(os.getgroups() == before)"
    command = [sys.executable, "-m", "vrrplab.system.rootless", sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.strip() == "True", done.stderr
