"""What ``help()`` says, and docs/api.md repeats: examples are run, and everything public explains itself."""

from __future__ import annotations

import doctest
import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from programs import program

import vrrplab
from vrrplab.data_files import data_path

page = program("tools/api_page.py")
FILES = (
    "captures/frr-two-routers.pcap",
    "configs/article/proxy-serv01.conf",
    "configs/article/proxy-serv02.conf",
)


def test_the_page_is_fresh() -> None:
    assert page.main(["--check"]) == 0, "python tools/api_page.py"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which examples run: with the files that they name."""
    for name in FILES:
        shutil.copy(data_path(*name.split("/")), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VRRPLAB_PROGRESS", raising=False)
    return tmp_path


def examples() -> Iterator[Any]:
    finder = doctest.DocTestFinder(recurse=False)
    for name, value in page.everything():
        for found in finder.find(value, name, module=False, globs={"vrrplab": vrrplab}):
            if found.examples:
                yield pytest.param(found, id=name)


@pytest.mark.parametrize("found", [*examples()])
def test_an_example_gives_what_it_says(found: doctest.DocTest, folder: Path) -> None:
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(found, out=told.append)
    assert runner.failures == 0, "".join(told)


@pytest.mark.parametrize(("name", "value"), [pytest.param(n, v, id=n) for n, v in page.everything()])
def test_everything_public_explains_itself(name: str, value: Any) -> None:
    text = inspect.getdoc(value) or ""
    first = text.partition("\n\n")[0].replace("\n", " ")
    assert first, f"{name}: say what it is"
    assert first.endswith((".", "?", ":")), f"{name}: its first paragraph is no sentence: {first}"
    assert not text.startswith(f"{name.rpartition('.')[2]}("), f"{name}: dataclasses wrote this"
