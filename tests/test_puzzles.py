"""Puzzles: Python's side of goals and editors, and what becomes of a learner's changes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.misses import solved
from vrrplab import VrrplabError, at, progress, puzzle
from vrrplab.exercises.attempt import Attempt
from vrrplab.exercises.goal import Goal
from vrrplab.exercises.observe import run
from vrrplab.exercises.puzzles import PUZZLES, files_of
from vrrplab.exercises.registry import EXERCISES, Miss
from vrrplab.exercises.repair import Repair
from vrrplab.notebook.variants import variant
from vrrplab.views.forks import Forks

CLICKED = [name for name, one in PUZZLES.items() if not one.edits]
REPAIRED = [name for name, one in PUZZLES.items() if one.edits]
S1, S2 = "proxy-serv01", "proxy-serv02"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's progress file of its own for every test."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(path))
    return path


def kept(file: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())["exercises"].get(name, {}) if file.exists() else {}
    return found


def played(name: str) -> tuple[Goal, Forks]:
    """A puzzle as its widget has it: what judges, and what remembers."""
    one = PUZZLES[name]
    base: Any = one.make()
    return (Repair if one.edits else Goal)(one, base), Forks(run(base), base, run)


def goal(companion: Goal, forks: Forks) -> dict[str, Any]:
    found: dict[str, Any] = companion.told(forks)["goal"]
    return found


def edit(companion: Goal, forks: Forks, text: str, meant: bool = True, server: str = S2) -> dict[str, Any]:
    """What the page is told of the file after this edit."""
    assert companion.answer(forks, {"do": "edit", "server": server, "text": text, "meant": meant}) == {
        "note": ""
    }
    return {**companion.told(forks)["repair"], **goal(companion, forks)}


def test_there_are_two_for_the_first_lesson_and_they_are_exercises() -> None:
    assert len(PUZZLES) >= 8
    assert sum(name.startswith("00-") for name in PUZZLES) == 2
    assert len(REPAIRED) >= 2
    assert set(PUZZLES) <= set(EXERCISES)
    lessons = [one.lesson for one in EXERCISES.values()]
    assert lessons == sorted(lessons), "a lesson's exercises stand together"
    assert "00-vanish" in str(progress())


@pytest.mark.parametrize("name", PUZZLES)
def test_an_untouched_cluster_passes_nothing(name: str, file: Path) -> None:
    one = PUZZLES[name]
    base = one.make()
    with pytest.raises(Miss):
        one.verdict(Attempt(base, base, run(base), 0))
    companion, forks = played(name)
    assert goal(companion, forks)["state"] == "open"
    assert not file.exists(), "nobody has tried anything"


@pytest.mark.parametrize("name", CLICKED)
def test_the_key_is_reached_in_the_picture_too(name: str, file: Path) -> None:
    companion, forks = played(name)
    actions = solved(name)
    actions = actions if isinstance(actions, list) else [actions]
    forks.break_it(actions, actions[0]["at_s"])
    told = goal(companion, forks)
    assert told["state"] == "reached", told["said"]
    assert (told["passed"], told["tries"]) == (True, 1)
    assert kept(file, name)["passed"] is True
    typed = puzzle(name, actions=actions)
    assert typed, str(typed)
    assert typed.text == told["said"]


@pytest.mark.parametrize("name", REPAIRED)
def test_the_key_repairs_the_files_in_the_editor_too(name: str, file: Path) -> None:
    companion, forks = played(name)
    mended = variant(PUZZLES[name].make(), edit=solved(name))
    files = files_of(mended, PUZZLES[name].edits)
    for server, text in files.items():
        told = edit(companion, forks, text, server=server)
    assert told["state"] == "reached", told["said"]
    assert told["files"] == files
    assert puzzle(name, files=files)


def test_tries_are_counted_by_change_and_undo_is_none(file: Path) -> None:
    companion, forks = played("00-vanish")
    forks.break_it([at(12, "link_down", server=S1, interface="eth0")], 12)
    assert goal(companion, forks)["said"] == "192.168.2.101 was silent for 2.7 s, then proxy-serv02 answered."
    for _ in range(2):
        forks.undo()
        assert goal(companion, forks)["state"] == "open"
        forks.redo()
        assert goal(companion, forks)["state"] == "missed"
    forks.reset()
    assert goal(companion, forks)["tries"] == 1
    forks.break_it([at(12, "power_off", server=S1)], 12)
    assert goal(companion, forks)["tries"] == 2
    assert kept(file, "00-vanish")["passed"] is False


def test_a_frame_that_is_lost_is_one_click() -> None:
    lost = [at(15, "segment_fault", segment="lan", loss=1), at(15.000004, "segment_heal", segment="lan")]
    assert "hardly more" in str(puzzle("06-frame", actions=lost))
    assert "These are 2 changes" in str(
        puzzle("06-frame", actions=[lost[0], at(16, "segment_heal", segment="lan")])
    )


def test_what_somebody_is_still_typing_is_run_and_is_no_try(file: Path) -> None:
    companion, forks = played("03-typing")
    first = files_of(forks.scenario, [S2])[S2]
    for part in ("prio", "priorit"):
        told = edit(companion, forks, first.replace("prority", part), meant=False)
        assert any(part in finding["text"] for finding in told["findings"][S2])
    assert told["state"] == "missed"
    assert told["tries"] == 0
    assert forks.changes == 1, "one change as long as it goes on"
    told = edit(companion, forks, first.replace("prority", "priorit"))
    assert told["tries"] == 1
    told = edit(companion, forks, first.replace("prority", "priority"))
    assert told["tries"] == 2
    assert forks.changes == 2
    told = edit(companion, forks, first.replace("prority", "priority").replace("id 11", "id 1"), meant=False)
    assert (told["state"], told["tries"]) == ("reached", 3)
    forks.reset()
    told = companion.told(forks)["repair"]
    assert told["files"][S2] == told["typed"][S2] == first


BAD = [
    ("", 0),
    ("{" * 50, 1),
    ("}" * 50, 1),
    ("vrrp_instance x {\n", 1),
    ("vrrp_instance proxy_ip1 {\n interface eth0\n virtual_router_id 999\n}\n", 3),
    ("\x00\x01\x02", 1),
    ("\ud800", 1),
    ("include /etc/absent*.conf\n", 0),
    ("é" * 1000, 0),
    ("$A=$B\n$B=$A\n$A\n", 0),
]


@pytest.mark.parametrize(("text", "line"), BAD)
def test_bad_text_is_a_finding_and_is_kept(text: str, line: int, file: Path) -> None:
    companion, forks = played("03-typing")
    before = forks.trace
    told = edit(companion, forks, text)
    found = told["findings"][S2]
    assert told["typed"][S2] == text
    if forks.trace is before:
        (stop,) = found
        assert stop["kind"] == "stops"
        assert stop["text"]
        assert "\n" not in stop["text"] + stop["cure"]
        assert told["state"] == "open"
        if line:
            assert stop["line"] == line
    else:
        assert told["state"] == "missed"
    assert puzzle("03-typing", files={S2: text}).kind in ("unclear", "missed", "open")


def test_an_edit_of_something_else_is_refused_in_a_sentence() -> None:
    companion, forks = played("03-typing")
    for message in (
        {"server": S1, "text": "x"},
        {"server": S2, "text": 3},
        {"server": None, "text": "x"},
        {},
    ):
        with pytest.raises(VrrplabError, match="there is no file of"):
            companion.answer(forks, {"do": "edit", **message})
    assert companion.answer(forks, {"do": "bet"}) is None


@pytest.mark.parametrize(
    ("name", "server", "rule", "words"),
    [("11-weight", "lb2", "V020", "lb1 falls from 112 to 110"), ("11-lists", "db1", "V006", "only on db2")],
)
def test_what_lies_between_the_files_stands_under_the_editor(
    name: str, server: str, rule: str, words: str
) -> None:
    """Without the cure; once the files are mended nothing does, and a line is told of once."""
    companion, forks = played(name)
    (found,) = companion.told(forks)["repair"]["findings"][server]
    assert (found["kind"], found["cure"]) == ("rule", "")
    assert found["text"].startswith(rule)
    assert words in found["text"]
    mended = files_of(variant(PUZZLES[name].make(), edit=solved(name)), PUZZLES[name].edits)
    for one, text in mended.items():
        told = edit(companion, forks, text, server=one)
    assert not any(told["findings"].values())
    told = edit(companion, forks, mended[server].replace("priority", "prority"), server=server)
    assert [one["kind"] for one in told["findings"][server] if "prority" in one["text"]] == ["ignored"]


def test_a_restart_finds_what_was_typed_and_a_broken_file_finds_nothing(file: Path) -> None:
    companion, forks = played("03-typing")
    edit(companion, forks, "vrrp_instance")
    assert "… open" in next(line for line in str(progress()).splitlines() if line.startswith("03-typing"))
    again, fresh = played("03-typing")
    assert again.told(fresh)["repair"]["typed"] == {S2: "vrrp_instance"}
    for odd in ("[1]", "{", '{"proxy-serv02": 3, "web": "x"}', "[" * 99_999):
        body = json.loads(file.read_text())
        body["exercises"]["03-typing"]["typed"] = odd
        file.write_text(json.dumps(body))
        again, fresh = played("03-typing")
        assert again.told(fresh)["repair"]["typed"] == {}


@pytest.mark.parametrize("line", ["include {}", "$OTHER={}\ninclude $OTHER", "include {}*"])
def test_a_file_in_the_editor_reads_no_other_file(line: str, tmp_path: Path) -> None:
    other = tmp_path / "other.conf"
    other.write_text("a_word_of_another_file\n")
    companion, forks = played("03-typing")
    first = companion.told(forks)["repair"]["files"][S2]
    text = f"{line.format(other)}\n{first}"
    told = edit(companion, forks, text)
    [finding] = told["findings"][S2]
    assert finding["kind"] == "stops"
    assert "has to stand alone" in finding["text"]
    assert not forks.changes
    assert "a_word_of_another_file" not in json.dumps(told)
    assert "has to stand alone" in repr(puzzle("03-typing", files={S2: text}))
    swapped = {S2: {"vrrp_script": f"{line.format(other)}\nvrrp_script"}}
    assert "has to stand alone" in repr(puzzle("03-typing", files=swapped))
    # The editor goes on as before.
    assert edit(companion, forks, first + "# more\n")["files"][S2].endswith("# more\n")


def test_a_file_that_is_no_lessons_is_told_at_once_and_not_read() -> None:
    companion, forks = played("03-typing")
    begun = time.process_time()
    told = edit(companion, forks, "{" * 100_000)
    assert time.process_time() - begun < 1
    assert told["findings"][S2] == [
        {
            "line": 0,
            "text": "a file of a lesson has at most 20,000 characters, and this one 100,000",
            "cure": "take out what is not needed",
            "kind": "stops",
        }
    ]
    found = edit(companion, forks, "odd\n" * 500)["findings"][S2]
    assert len(found) == 101
    assert found[-1]["text"] == "and 401 more of this kind"


def test_files_are_repaired_in_words_too() -> None:
    words = ["proxy-serv02: prority -> priority", "proxy-serv02: virtual_router_id 11 -> virtual_router_id 1"]
    assert puzzle("03-typing", files=words)
    assert "is in order" in repr(puzzle("03-typing", files="proxy-serv01: priority 255 -> priority 254"))


def test_what_kind_of_answer_a_puzzle_takes_is_told() -> None:
    with pytest.raises(VrrplabError, match="did you mean '00-vanish'"):
        puzzle("00-vanisch")
    with pytest.raises(VrrplabError, match="takes the name of a puzzle"):
        puzzle(3)  # type: ignore[arg-type]
    with pytest.raises(VrrplabError, match="give actions=, not files="):
        puzzle("00-vanish", files={S1: ""})
    with pytest.raises(VrrplabError, match="give files=, not actions="):
        puzzle("05-weight", actions=[at(12, "power_off", server=S1)])
    assert "The file of proxy-serv01 is in order" in str(
        puzzle("03-typing", files={S1: "vrrp_instance x {\n}\n"})
    )
    assert "not answered yet" in str(puzzle("00-vanish", actions=...))  # type: ignore[arg-type]


def test_without_widgets_it_is_goal_picture_and_how_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from vrrplab.views import cluster

    def absent() -> None:
        raise ModuleNotFoundError("No module named 'anywidget'", name="anywidget")

    monkeypatch.setattr(cluster, "_widget_class", absent)
    for name, how in (("00-vanish", "actions=["), ("05-weight", 'files="proxy-serv01')):
        still = puzzle(name)
        assert PUZZLES[name].goal in repr(still)
        assert f'puzzle("{name}", {how}' in repr(still)
        assert "data:image/svg+xml" in still._repr_html_()
        assert "<script" not in still._repr_html_()


def test_the_widget_tells_the_page_and_hears_it() -> None:
    pytest.importorskip("anywidget")
    widget = puzzle("03-typing")
    assert widget.at_s == PUZZLES["03-typing"].at_s
    sent: list[Any] = []
    widget.send = lambda answer, buffers=(): sent.append(answer)
    lines = widget.trace_lines
    text = widget.info["repair"]["files"][S2]
    widget._asked(widget, {"do": "edit", "server": S2, "text": text + "# more\n", "number": 1}, [])
    assert sent.pop() == {"note": "", "answers": 1}
    assert widget.info["repair"]["files"][S2].endswith("# more\n")
    widget._asked(
        widget, {"do": "edit", "server": S2, "text": text.replace("id 11", "id 1"), "number": 2}, []
    )
    assert widget.trace_lines != lines
    widget._asked(widget, {"do": "edit", "server": "x", "text": "", "number": 3}, [])
    assert "there is no file of 'x'" in sent.pop()["error"]
    assert "anywidget" in sys.modules
