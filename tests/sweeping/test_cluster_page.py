"""What docs/cluster.md says to type: its sweeps run, fewer times; its lines for Dask are Dask's."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.papers import blocks
from vrrplab.commands.cli import main

PAGE = "docs/cluster.md"
TEXT = "\n".join(re.sub(r"\\\n\s*", "", block.text) for block in blocks(PAGE))
SWEEPS = [line.strip() for line in TEXT.splitlines() if line.strip().startswith("vrrplab ")]


def words_of(line: str) -> list[str]:
    """The sweep in small: a run of each combination, of a scenario that is there, in this process."""
    bare = re.sub(r" --scheduler (\"\$\(.*\)\"|\S+)", "", line).replace("SCENARIO", "power-off")
    return [*shlex.split(re.sub(r"--runs \d+", "", bare))[1:], "--runs", "1", "--jobs", "1"]


def test_the_page_has_sweeps() -> None:
    assert len(SWEEPS) >= 4


@pytest.mark.long
@pytest.mark.parametrize("line", SWEEPS, ids=range(len(SWEEPS)))
def test_a_sweep_of_the_page(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = words_of(line)
    out = words[words.index("--out") + 1]
    if out.endswith(".parquet") and find_spec("pyarrow") is None:
        assert main(words) == 2
        assert "this needs pyarrow, which is not installed" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []
    else:
        assert main(words) == 0
        assert (tmp_path / out).stat().st_size


class NoPyarrow(MetaPathFinder):
    """An environment without it."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoPyarrow(), *sys.meta_path])
    assert main(["sweep", "power-off", "--runs", "1", "--out", "a.parquet"]) == 2
    assert "this needs pyarrow, which is not installed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("program", ["scheduler", "worker"])
def test_options_of_dask(program: str) -> None:
    pytest.importorskip("distributed")
    lines = re.findall(rf"dask {program} [^`\n]*", TEXT)
    options = {word for line in lines for word in re.findall(r"--[\w-]+", line)}
    assert options
    told = subprocess.run(
        [sys.executable, "-m", "dask", program, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert [option for option in sorted(options) if option not in told] == []
