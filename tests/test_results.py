"""What is handed in, and the map of what is done: files, page and picture say what the progress file says."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.lessons import NOTEBOOKS, ROOT
from vrrplab import VrrplabError
from vrrplab.exercises import check, class_results, compare, hint, predict, progress, results
from vrrplab.exercises.course import DONE, OPEN, TRIED, course_of
from vrrplab.exercises.course_map import GUESS_SIGNS, SIGNS, map_html, map_lines, map_svg, spoken
from vrrplab.exercises.guesses import GUESSES
from vrrplab.exercises.registry import EXERCISES
from vrrplab.exercises.store import Progress, read_progress, store


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's folder, with the progress file where it is without the variable."""
    monkeypatch.delenv("VRRPLAB_PROGRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def worked() -> None:
    check("02-quick", 240)
    hint("02-patience")
    check("02-patience", 3)
    predict("02-silence", 3.4)
    compare("02-silence", 3.609)
    predict("04-lan", 9)
    compare("04-lan", 2.66)
    predict("04-wan", 1)
    predict("my-own", "proxy-serv02")


# The course


def test_every_exercise_and_guess_has_its_place() -> None:
    course = course_of(Progress())
    assert [mark.name for mark in course.exercises] == list(EXERCISES)
    assert [mark.name for mark in course.guesses] == list(GUESSES)
    assert {mark.state for mark in [*course.exercises, *course.guesses]} == {OPEN}
    assert [(one.number, one.title.replace(" ", "_")) for one in course.lessons] == [
        (path.stem[:2], path.stem[3:]) for path in NOTEBOOKS
    ]
    assert course.summary() == f"0 of {len(EXERCISES)} exercises passed"


def test_what_became_of_each() -> None:
    worked()
    course = course_of(store().read())
    marks = {mark.name: mark for mark in [*course.exercises, *course.guesses, *course.others]}
    assert (marks["02-quick"].state, marks["02-quick"].told) == (DONE, "passed, 1 try")
    assert (marks["02-patience"].state, marks["02-patience"].told) == (TRIED, "not yet, 1 try, 1 hint")
    assert (marks["02-silence"].state, marks["02-silence"].close) == (DONE, True)
    assert (marks["04-lan"].told, marks["04-lan"].close) == ("guessed 9 s, it was 2.66 s", False)
    assert marks["04-wan"].state == TRIED
    assert [mark.name for mark in course.others] == ["my-own"]
    assert course.summary().endswith("4 guesses, 2 compared, 1 of them close")
    following = course.next()
    assert following is not None
    assert following.name == "02-patience", "what was begun comes first"


# The map


def test_the_map_is_drawn_from_the_marks() -> None:
    worked()
    course = course_of(store().read())
    picture = ElementTree.fromstring(map_svg(course))
    titles = [title.text or "" for title in picture.iter("title")]
    for mark in [*course.exercises, *course.guesses]:
        assert any(title.startswith(mark.name) and title.endswith(f": {mark.told}") for title in titles), mark
    assert len([one for one in picture.iter("rect") if one.get("class") == "d"]) == 1 + 1, "and the legend's"
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == spoken(course)
    assert "02 who becomes master: 1 of " in spoken(course)


def test_nobody_needs_the_colours() -> None:
    """A state has a shape and a sign of its own, in the picture and in a terminal."""
    assert len({*SIGNS.values(), *GUESS_SIGNS.values()}) == 6
    worked()
    course = course_of(store().read())
    drawn: dict[tuple[str, str], set[str]] = {}
    for group in ElementTree.fromstring(map_svg(course)).iter("g"):
        told = group.findtext("title") or ""
        parts = "".join(
            f"{one.tag}.{one.get('class')} "
            for one in group
            if one.tag != "title" and one.get("class") != "h"
        )
        drawn.setdefault(("exercise" if "rect" in parts else "guess", parts), set()).add(told)
    assert len(drawn) == 3 + 4


def test_the_map_has_a_line_a_lesson_in_a_terminal() -> None:
    worked()
    lines = map_lines(course_of(store().read()))
    assert len(lines) == len(NOTEBOOKS)
    assert re.fullmatch(r"02  who becomes master +✘ ✔ … …[ …]* ● ○ ○", lines[2])
    said = str(progress())
    assert said.splitlines()[1] == "Go on with 02-patience, master-down interval of priority 50."
    assert "02-silence             ● guessed 3.4 s, it was 3.609 s, close" in said
    assert "my-own                 ◐ guessed proxy-serv02" in said


def test_both_themes_are_in_the_map() -> None:
    text = map_html(course_of(Progress()))
    assert "data-jp-theme-light=false" in text
    assert "prefers-color-scheme:dark" in text
    assert text in progress()._repr_html_()


def test_without_notebooks_the_lessons_have_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    from vrrplab.exercises import course

    def none() -> str:
        raise VrrplabError("the lessons folder of vrrplab is not here")

    monkeypatch.setattr(course, "lessons_root", none)
    course.titles.cache_clear()
    try:
        assert [one.number for one in course_of(Progress()).lessons] == [path.stem[:2] for path in NOTEBOOKS]
    finally:
        course.titles.cache_clear()


# What is handed in


def test_both_files_are_written_and_say_what_is_stored(folder: Path) -> None:
    worked()
    said = results("  Ann   Example ")
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "vrrplab-results.html",
        "vrrplab-results.json",
    ]
    body = json.loads((folder / "vrrplab-results.json").read_text())
    assert (body["format"], body["name"]) == ("vrrplab-results 1", "Ann Example")
    kept = store().read()
    assert (body["exercises"], body["predictions"]) == (kept.exercises, kept.predictions)
    page = (folder / "vrrplab-results.html").read_text()
    assert "Ann Example" in page
    assert "guessed 9 s, it was 2.66 s" in page
    assert body["at"][:10] in page
    assert "Written: vrrplab-results.json, to hand in, and vrrplab-results.html, to print." in str(said)
    assert read_progress(folder / "vrrplab-results.json").exercises == kept.exercises


def test_the_links_carry_the_files(folder: Path) -> None:
    worked()
    links = re.findall(r'<a href="data:([^;]+);base64,([^"]+)" download="([^"]+)">', results()._repr_html_())
    assert [name for _, _, name in links] == ["vrrplab-results.json", "vrrplab-results.html"]
    assert [kind for kind, _, _ in links] == ["application/json", "text/html"]
    for _, data, name in links:
        assert base64.b64decode(data) == (folder / name).read_bytes()


def test_the_page_asks_for_nothing(folder: Path) -> None:
    results("<b>Ann</b> & Co")
    page = (folder / "vrrplab-results.html").read_text()
    assert not re.search(r"<script|https?:|url\(|@import|<b>Ann", page)
    assert "<b>Ann</b> & Co" in unescape(page)
    for name in EXERCISES:
        assert EXERCISES[name].task in unescape(page)
    assert all(name in page for name in GUESSES)


def test_where_nothing_can_be_written_the_links_have_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "vrrplab-results.json").mkdir()
    said = results()
    assert len(said.notes) == 1
    assert "vrrplab-results.json: " in said.notes[0]
    assert "the link has it all the same" in str(said)
    assert "Written" not in str(said)
    assert (folder / "vrrplab-results.html").is_file()
    assert 'download="vrrplab-results.json"' in said._repr_html_()


def test_a_name_is_a_name() -> None:
    with pytest.raises(VrrplabError, match="name is 3: give text"):
        results(3)  # type: ignore[arg-type]
    with pytest.raises(VrrplabError, match="a name of 400 characters is too long: 100 at most"):
        results("x" * 400)


# What a teacher gets


def handed_in(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, by: str = "") -> Path:
    place = folder / "course" / name
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    check("02-quick", 240)
    results(by)
    return place


def test_a_class_is_read_from_what_was_handed_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed_in(folder, "ann", monkeypatch)
    (handed_in(folder, "2", monkeypatch, "Bob B.") / ".vrrplab-progress.json").unlink()
    renamed = handed_in(folder, "x", monkeypatch) / "vrrplab-results.json"
    renamed.rename(folder / "course" / "cleo.json")
    (folder / "course" / "x" / ".vrrplab-progress.json").unlink()
    found = class_results(folder / "course")
    assert sorted(learner.name for learner in found.learners) == ["Bob B.", "ann", "cleo"], "nobody twice"
    assert all(learner.passed == {"02": 1} for learner in found.learners)
    assert found.broken == []


def test_a_broken_file_is_told(folder: Path) -> None:
    (folder / "vrrplab-results.json").write_text('{"format": "vrrplab-results 2"}')
    (told,) = class_results(folder).broken
    assert told.endswith('it has no "format": "vrrplab-progress 1" or "vrrplab-results 1"')
    (folder / "vrrplab-results.json").write_text('{"format": "vrrplab-results 1", "exercises": [')
    (told,) = class_results(folder).broken
    assert "vrrplab-results.json:" in told
    (folder / "vrrplab-results.json").write_text('{"format": "vrrplab-results 1", "name": 7}')
    (learner,) = class_results(folder).learners
    assert learner.name == folder.name


# The command


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vrrplab.exercises", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_key_of_one_of_a_lesson_and_of_all() -> None:
    one = command("--key", "02-quick")
    assert one.returncode == 0
    assert one.stdout.startswith("02-quick  a priority that takes over within 3.1 s\n    240\n  Of 3.1 s")
    lesson = command("--key", "02").stdout
    assert re.findall(r"^(\d\d-\S+)", lesson, re.MULTILINE) == [n for n in EXERCISES if n.startswith("02")]
    every = command("--key").stdout
    assert re.findall(r"^(\d\d-\S+)", every, re.MULTILINE) == list(EXERCISES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--key", "02-quik"], "there is no exercise or lesson '02-quik': did you mean '02-quick'?"),
        (["--key", "quorum"], "lessons are called like their notebooks' numbers, as 04"),
        (["--key", "02", "03"], "--key takes one exercise or one lesson, and nothing else: --key 04"),
        (["--key", "--csv"], "--key takes one exercise or one lesson"),
        (["--kee"], "unknown option --kee: did you mean '--key'?"),
        ([], "usage: python -m vrrplab.exercises [--csv] FILE|FOLDER …"),
    ],
)
def test_what_the_command_does_not_know(words: list[str], said: str) -> None:
    ran = command(*words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert ran.stdout == ""


def test_the_help_has_examples_and_exit_codes() -> None:
    said = command("--help")
    assert said.returncode == 0
    for part in ("--csv", "--key", "examples:", "exit codes:", "vrrplab-results.json"):
        assert part in said.stdout


def test_nobody_meets_the_key_by_accident() -> None:
    program = (
        "import sys; from vrrplab import *; check('02-quick', 1); hint('02-quick'); progress(); results()"
    )
    code = f"{program}; print([name for name in sys.modules if name.startswith('vrrplab.exercises.key')])"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == "[]"
