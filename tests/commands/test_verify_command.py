"""``verify``: a row a recording, a summary, and the exit code a CI job looks at."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from vrrplab.data_files import data_path

Command = Callable[..., CompletedProcess[str]]


def test_one_recording_by_name_in_80_columns(vrrplab: Command) -> None:
    done = vrrplab("verify", "graceful_stop", "unicast")
    assert done.returncode == 0
    rows = done.stdout.splitlines()
    assert len(rows) == 4
    assert all(len(row) <= 100 for row in rows)
    assert rows[1].split()[:2] == ["graceful_stop", "yes"]
    assert rows[-1].startswith("2 of 2 recordings agree")


def test_another_daemon_differs_and_says_where(vrrplab: Command) -> None:
    done = vrrplab("verify", "vip_list_mismatch", "--profile", "keepalived-2.4.3")
    assert done.returncode == 1
    assert "NO" in done.stdout
    assert "real BACKUP" in done.stdout


def test_verbose_lays_both_side_by_side(vrrplab: Command) -> None:
    text = vrrplab("verify", "graceful_stop", "--verbose").stdout
    header, first, *_ = text.splitlines()[2:]
    assert header.split(" | ")[0].strip() == "real"
    assert header.endswith("| simulated")
    assert first.index(" |") == header.index(" |")
    assert all(len(row) <= 80 for row in text.splitlines() if " | " in row)


def test_a_folder_of_recordings_stands_for_all_in_it(vrrplab: Command, tmp_path: Path) -> None:
    for name in ("unicast", "nopreempt"):
        shutil.copytree(data_path("recordings", name), tmp_path / name)
    assert "2 of 2 recordings agree" in vrrplab("verify", tmp_path).stdout


def test_a_recording_of_years_is_refused_before_it_is_simulated(vrrplab: Command, tmp_path: Path) -> None:
    shutil.copytree(data_path("recordings", "unicast"), tmp_path / "long")
    scenario = tmp_path / "long" / "scenario.yaml"
    scenario.write_text(re.sub(r"duration_s: \S+", "duration_s: 30000000", scenario.read_text()))
    done = vrrplab("verify", tmp_path / "long")
    assert done.returncode == 2
    assert done.stderr.startswith("vrrplab: long would take about ")


def test_bad_input_is_one_line_and_2(vrrplab: Command, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "observed.json").write_text("{")
    for arguments, words in (
        (["none"], "no such folder"),
        ([str(tmp_path / "broken")], "broken"),
        (["unicast", "nopreempt", "--plot", "x.svg"], "one recording"),
        (["--profile", "x"], "unknown profile"),
    ):
        done = vrrplab("verify", *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert words in done.stderr
