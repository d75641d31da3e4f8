"""Scripts: which file, whose rights, and when a careful root refuses."""

from __future__ import annotations

import asyncio
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
from vrrplab.live.scripts import (
    Account,
    Program,
    ScriptRunner,
    account_for,
    find,
    missing_scripts,
    program_of,
)

OURSELVES = Account("ourselves", os.getuid(), os.getgid())  # whoever runs the tests made their folders
NOBODY = Account("nobody", 65534, 65534)


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


def test_a_relative_path_is_one_from_here(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts start in /, so a path that was looked at from elsewhere would there be another file."""
    monkeypatch.chdir(script.parent)
    found = find((f"../{script.parent.name}/check.sh",))
    assert found.startswith("/")
    assert Path(found).samefile(script)


def test_what_root_refuses_an_ordinary_user_may_risk(script: Path) -> None:
    """Whose rights and folders count, and how it is told: tests/system/test_path_trust.py."""
    script.chmod(0o777)
    for account in (OURSELVES, NOBODY):
        refused = program_of((str(script),), account, as_root=True)
        assert (refused.path, refused.unsafe) == ("", True)
        assert f"{script} can be written by others than root (chmod go-w {script})" in refused.why_not
    assert program_of((str(script),), OURSELVES, as_root=False) == Program(str(script), str(script))
    gone = program_of(("/no/such/file",), OURSELVES, as_root=True)
    assert gone == Program("", "", "/no/such/file is not there")
    script.chmod(0o644)
    still = program_of((str(script),), OURSELVES, as_root=True)
    assert still == Program("", "", f"{script} may not be executed (chmod +x)")


def test_what_was_found_safe_is_what_is_executed(script: Path) -> None:
    """Input: links to a script in another folder, and in its own. Output: no link outside the file's folder
    is asked again; the name it is called by stays where a link beside the file has it, as with keepalived.
    """
    folder, real = script.parent.resolve(), str(script.resolve())
    (folder / "links").mkdir()
    (folder / "same").symlink_to("check.sh")
    (folder / "links" / "other").symlink_to(folder / "same")
    (folder / "links" / "same").symlink_to(script)
    ways = {"check.sh": real, "same": f"{folder}/same", "links/other": real, "links/same": f"{folder}/same"}
    for way, executed in ways.items():
        written = f"{folder}/{way}"
        assert program_of((written,), OURSELVES, as_root=True) == Program(written, executed)
    (folder / "same").unlink()
    (folder / "same").write_text("another file", encoding="utf-8")
    assert program_of((f"{folder}/links/same",), OURSELVES, as_root=True).path == real


def test_a_script_sees_its_own_folder(tmp_path: Path) -> None:
    """Input: a script behind a link that reads a file beside itself, and a program that goes by its name.
    Output: both find what they look for.
    """
    (tmp_path / "real").mkdir()
    said = tmp_path / "said"
    script = tmp_path / "real" / "check.sh"
    script.write_text(f'#!/bin/sh\n. "$(dirname "$0")/settings"\necho "$wanted $*" > {said}\n', "utf-8")
    script.chmod(0o755)
    (tmp_path / "real" / "settings").write_text("wanted=found\n", encoding="utf-8")
    (tmp_path / "check").symlink_to(script)
    (tmp_path / "python").symlink_to(sys.executable)  # which tells its name as it was called by

    async def run(*command: str) -> None:
        ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        runner = ScriptRunner(lambda _name, _run, status, _signal: ended.set_result(status), pytest.fail)
        runner.global_defs = GlobalConfig(script_user="root")
        runner.start("chk", 1, command, "")
        assert await asyncio.wait_for(ended, 20) == 0

    asyncio.run(run(str(tmp_path / "check"), "a b"))
    assert said.read_text(encoding="utf-8") == "found a b\n"
    code = f"import sys; open({str(said)!r}, 'w').write(sys.orig_argv[0])"
    asyncio.run(run(str(tmp_path / "python"), "-c", code))
    assert said.read_text(encoding="utf-8") == str(tmp_path / "python")


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
