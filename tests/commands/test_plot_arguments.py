"""``--theme``: every command that draws takes it, and the picture has that theme's ground."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.views.style import THEMES

Command = Callable[..., "subprocess.CompletedProcess[str]"]
DATA = Path(__file__).resolve().parents[2] / "data"
DRAWN = {
    "simulate": ["article-steady", "--until", "3"],
    "decode": [str(DATA / "captures/frr-two-routers.pcap")],
    "verify": [str(DATA / "recordings/unicast")],
    "sweep": ["power-off", "--runs", "2", "--jobs", "1"],
}


def test_all_that_draw_have_the_themes_that_there_are() -> None:
    having = {}
    for name in cli.COMMANDS:
        for parser in cli.parsers(name):
            options = {word: action for action in parser._actions for word in action.option_strings}
            if "--plot" in options:
                having[name] = tuple(options["--theme"].choices or ())
    assert having == dict.fromkeys(DRAWN, tuple(THEMES))


@pytest.mark.parametrize("command", DRAWN)
def test_a_dark_picture(command: str, vrrplab: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = vrrplab(command, *DRAWN[command], "--plot", "dark.svg", "--theme", "dark")
    assert done.returncode == 0, done.stderr
    drawn = (tmp_path / "dark.svg").read_text()
    assert THEMES["dark"].page in drawn
    assert THEMES["light"].page not in drawn


@pytest.mark.parametrize("command", DRAWN)
def test_a_theme_of_no_picture_is_a_mistake(command: str, vrrplab: Command) -> None:
    done = vrrplab(command, *DRAWN[command], "--theme", "dark")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "vrrplab: --theme dark is for a picture: name it, --plot FILE.svg\n"
