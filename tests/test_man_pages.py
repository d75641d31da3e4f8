"""Man pages are made from the parsers: one for each command, with every option, and roff that groff takes."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

from tools.man_pages import escaped, main, pages
from vrrplab.commands import cli

ROOT = Path(__file__).resolve().parent.parent


@cache
def made() -> dict[str, str]:
    return pages()


def test_every_command_and_subcommand_has_a_page() -> None:
    assert {f"vrrplab-{name}.1" for name in cli.COMMANDS} < set(made())
    assert {"vrrplab.1", "vrrplab-config-show.1", "vrrplab-live-run.1"} <= set(made())


def test_a_page_has_every_option_example_and_exit_code() -> None:
    text = made()["vrrplab-config-show.1"]
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"):
        assert f"\n.SH {section}\n" in text
    assert "\\fB\\-\\-addresses\\fR [NODE=]FILE\n" in text
    assert "\\fBvrrplab config show proxy\\-serv01.conf\\fR\n" in text
    assert "\n.TP\n2\nbad usage or bad input" in text
    assert "(default: keepalived\\-2.2.7)" in text


def test_text_that_roff_would_take_for_its_own_is_escaped() -> None:
    assert escaped(".TH x") == "\\&.TH x"
    assert escaped("'quoted' \\n --all") == "\\&'quoted' \\en \\-\\-all"


def test_a_folder_that_cannot_be_written_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "file")])
    assert ended.value.code == 2
    assert "cannot be written: File exists - name a folder that can" in capsys.readouterr().err


@pytest.mark.needs("groff")
def test_groff_has_nothing_to_complain_of() -> None:
    whole = "".join(made().values())
    ran = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z"],
        input=whole, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.needs("make")
def test_make_man_puts_them_where_man_looks_and_git_does_not() -> None:
    """``man -M out/man NAME`` looks into the folder man1 of it."""
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-n", "man"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert recipe.stdout.split()[-2:] == ["tools/man_pages.py", "out/man/man1"]
    assert "out/" in (ROOT / ".gitignore").read_text("utf-8").split()
