"""The lessons: each runs by itself, unsolved and solved, and says what is true.

Stubs leave every exercise open; with the key's answers in place of the dots, all pass.
Numbers in the prose are computed here again, so that they cannot drift from the simulator.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.lessons import (
    NOTEBOOKS,
    ROOT,
    Ran,
    cells_of,
    exercises_of,
    guesses_of,
    is_folded,
    is_python,
    prose,
    puzzles_of,
    python_of,
    run_notebook,
)
from vrrplab import at, logs, recorded, simulate, variant
from vrrplab.exercises.lesson_06 import lost_garp
from vrrplab.exercises.lesson_09 import failover_s
from vrrplab.exercises.lesson_11 import pair_of
from vrrplab.exercises.registry import EXERCISES
from vrrplab.trace import Trace

LESSONS = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
S1, S2, VIP = "proxy-serv01", "proxy-serv02", "192.168.2.101"
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


# Form


def test_there_are_fourteen_and_each_asks_a_question() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02}" for number in range(14)]
    for path in NOTEBOOKS:
        title = cells_of(path)[0]["source"].splitlines()[0]
        assert re.fullmatch(r"# .+\?", title), f"{path.stem}: {title}"


@by_name
def test_the_form_of_a_lesson(path: Path) -> None:
    cells = cells_of(path)
    code = [python_of(cell) or cell["source"] for cell in cells if cell["cell_type"] == "code"]
    assert 24 <= len(cells) <= 60
    assert 600 <= len(re.findall(r"\w+", prose(path))) <= 1900
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(code[0]).body)
    assert len(ast.parse(code[0]).body) == 1, "the first code cell is one import"
    lengths = sorted(len(source.splitlines()) for source in code[1:])
    assert lengths[len(lengths) // 2] <= 3
    assert lengths[-1] <= 16
    assert len(code[0].splitlines()) == 1, "the door is one line"
    assert not any(re.search(r"import \*|sys\.path|%pip|!pip", source) for source in code)


@by_name
def test_nothing_of_a_run_is_kept(path: Path) -> None:
    cells = cells_of(path)
    assert [c["id"] for c in cells if c.get("outputs") or c.get("execution_count")] == []
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_every_exercise_is_in_the_notebook_of_its_number() -> None:
    found = {name: path.stem[:2] for path in NOTEBOOKS for name in [*exercises_of(path), *puzzles_of(path)]}
    assert found == {name: exercise.lesson for name, exercise in EXERCISES.items()}


@by_name
def test_every_name_in_the_prose_can_be_typed(path: Path) -> None:
    code = "\n".join(python_of(cell) for cell in cells_of(path) if is_python(cell))
    made = {
        name
        for node in ast.walk(ast.parse(code))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom)
            else [node.name]
            if isinstance(node, ast.FunctionDef)
            else []
        )
    }
    for name in re.findall(r"`([a-z_]+)\(", prose(path)):
        assert name in made, f"{path.stem} speaks of {name}(), which no cell imports or defines"


@by_name
def test_the_first_text_says_where_to_begin(path: Path) -> None:
    first = cells_of(path)[0]["source"]
    assert "from the top" in first
    assert "restart of the kernel" in first


@by_name
def test_no_cell_takes_an_outage_for_granted(path: Path) -> None:
    for cell in cells_of(path):
        if cell["cell_type"] == "code":
            assert not re.search(r"outages\([^)]*\)\[0\]|\.to_s - ", cell["source"]), cell["id"]


@by_name
def test_no_lesson_speaks_of_a_checkout(path: Path) -> None:
    """Who has it from the wheel has no folders beside it."""
    text = "\n".join(cell["source"] for cell in cells_of(path))
    assert re.findall(r"\.\./\S*|\b(?:data|docs|tests|vrrplab)/\w+|make \w+`", text) == []


# Less Python at the door: 00 to 05 are for people who do not program


AT_THE_DOOR = [path for path in NOTEBOOKS if path.stem[:2] <= "05"]
PROGRAMMING = (
    ast.For,
    ast.While,
    ast.comprehension,
    ast.FunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.With,
    ast.Try,
    ast.If,
    ast.Dict,
)
RAW = re.compile(r"""\A\s*[\[({]|\{['"]\w+['"]:""")  # a list, a table, or one inside something else
at_the_door = pytest.mark.parametrize("path", AT_THE_DOOR, ids=lambda path: path.stem)


@at_the_door
def test_a_beginner_sees_no_loop_and_no_dict(path: Path) -> None:
    code = [cell for cell in cells_of(path) if cell["cell_type"] == "code"]
    assert sum(map(is_folded, code)) <= 1
    found = [
        (cell["id"], type(node).__name__)
        for cell in code
        if not is_folded(cell)
        for node in ast.walk(ast.parse(python_of(cell)))
        if isinstance(node, PROGRAMMING) or (isinstance(node, ast.Attribute) and node.attr == "fields")
    ]
    assert found == []
    assert re.findall(r"""\{['"]""", prose(path)) == [], "the prose asks for a dict"


@by_name
def test_who_has_no_moving_picture_is_told_how_to_bet(path: Path) -> None:
    cells = cells_of(path)
    bets = [place for name, place in guesses_of(path).items() if "\nbet(" in f"\n{cells[place]['source']}"]
    if bets and path.stem[:2] == "04":  # three in a row, told once above the first
        bets = bets[:1]
    for place in bets:
        above = "\n".join(cell["source"] for cell in cells[max(0, place - 3) : place])
        assert "*No moving picture?" in above, cells[place]["id"]
        assert re.search(r"silent_s=5|who=\"nobody\"", above), cells[place]["id"]


@by_name
def test_files_and_services_are_changed_in_words(path: Path) -> None:
    tables = [
        (cell["id"], keyword.arg)
        for cell in cells_of(path)
        if is_python(cell)
        for node in ast.walk(ast.parse(python_of(cell)))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in ("edit", "services") and isinstance(keyword.value, ast.Dict)
    ]
    assert tables == []


def shown_raw(ran: Ran) -> list[tuple[str, str]]:
    """Outputs that are Python's own way of showing a list or a table, by the cell's id."""
    found = []
    for cell in ran.cells:
        for out in cell.get("outputs", []):
            data = out.get("data", {})
            rich = set(data) - {"text/plain"}
            text = out.get("text", "") if "data" not in out else "" if rich else data.get("text/plain", "")
            if RAW.search(text):
                found.append((cell.id, text[:80]))
    return found


# Nothing answers before the guess


def answers(text: str, outcome: object) -> list[str]:
    """The numbers in a text that give away an outcome in seconds, or another count of 10 and more.

    A number gives it away that is the outcome, rounded as the number is written, or no further from it than
    a fortieth (a hundredth, where it is written with two decimals). It counts with decimals, or with a unit
    behind it (``33 seconds``); "12" alone is a second of the clock, a byte or a priority. Counts below 10 and
    names are in every second sentence for other reasons; what told them once is in TOLD_ONCE.
    """
    if not isinstance(outcome, int | float) or isinstance(outcome, bool):
        return []
    found = []
    for number, decimals, unit in re.findall(
        r"(?<![\d.:_])(\d+(?:\.(\d+))?)(?![\d.]*\d)( s\b| seconds?\b)?", text
    ):
        share = outcome / (100 if len(decimals) > 1 else 40)
        near = max(0.5 * 10 ** -len(decimals), share) if decimals else share
        if (decimals or unit) and outcome != int(outcome) and abs(float(number) - outcome) <= near:
            found.append(number + unit)
    return found


def before_the_guess(ran: Ran, place: int) -> str:
    """What a learner has read when the guess is to be made: prose, and what cells above it put out."""
    told = []
    for number, cell in enumerate(ran.cells[: place + 1]):
        told.append(cell.source if cell.cell_type == "markdown" else "")
        for out in cell.get("outputs", []) if number < place else []:
            told.append(out.get("text", "") + str(out.get("data", {}).get("text/plain", "")))
    return "\n".join(told)


@pytest.mark.parametrize(
    ("text", "outcome", "given"),
    [
        ("Why does it take 3.6 seconds?", 3.609, ["3.6 seconds"]),
        ("why 0.6, 2.6 and 33 seconds?", 0.64, ["0.6"]),
        ("why 0.6, 2.6 and 33 seconds?", 2.66, ["2.6"]),
        ("why 0.6, 2.6 and 33 seconds?", 33.44, ["33 seconds"]),
        ("every 3 s, at 12.5 s, priority 33, 192.168.2.66", 2.66, []),
        ("the skew is 0.609 s", 0.64, []),
        ("keepalived 2.4.3", 2.4, []),
        ("Thirty-five minutes.", "proxy-serv01", []),
    ],
)
def test_what_gives_an_outcome_away(text: str, outcome: object, given: list[str]) -> None:
    assert answers(text, outcome) == given


# Words that said the outcome of a guess before it, in titles, introductions and tables: they stay away.
TOLD_ONCE = {
    "03-start": r"\| (MASTER|BACKUP), \d+",
    "05-weak": "nobody take|nobody takes|stays where it is",
    "06-lost": "for five seconds|half a minute|does the traffic not follow",
    "07-after": "not over when|half a minute|gets worse|Repaired, and broken",
    "08-bound": "no page is served|Who tells Squid",
}


@pytest.mark.parametrize(("name", "words"), TOLD_ONCE.items())
def test_no_title_and_no_introduction_says_what_is_to_be_guessed(name: str, words: str) -> None:
    path = next(path for path in NOTEBOOKS if path.stem[:2] == name[:2])
    above = cells_of(path)[: guesses_of(path)[name] + 1]
    text = "\n".join(cell["source"] for cell in above if cell["cell_type"] == "markdown")
    title = text.splitlines()[0]
    assert re.findall(words, text) == []
    assert re.findall(words, LESSONS) == []
    assert f"| {title.removeprefix('# ')} |" in LESSONS


# The path of 90 minutes for a learner alone

ALONE = "*90 minutes alone: "
# Sections of some seconds, which nobody needs to be told of.
SHORT = {"What you take along", "How far am I?", "Where to go from here"}


class Section(NamedTuple):
    """What stands between two headings of a lesson; ``minutes`` of the path, 0 where it skips the section."""

    title: str
    minutes: int
    exercises: list[str]
    code: list[str]


def sections_of(path: Path) -> list[Section]:
    """The sections of a lesson on the path, with the imports at its top as the first."""
    found = [Section("", 0, [], [])]
    for cell in cells_of(path):
        if cell["cell_type"] == "code":
            found[-1].code.append(python_of(cell))
            continue
        for title, told in re.findall(r"^## (.*)\n*(.*)", cell["source"], re.MULTILINE):
            mark = re.fullmatch(rf"{re.escape(ALONE)}(?:skip|(\d+) minutes?(?:, exercises? (.*))?)\.\*", told)
            assert mark or title in SHORT, f"{path.stem}: {title!r} does not say what the path does with it"
            minutes = int(mark[1] or 0) if mark else 0
            exercises = re.findall(r"\d+", mark[2] or "") if mark else []
            found.append(Section(title, minutes, exercises, []))
    return found


def path_of_90_minutes() -> dict[str, tuple[int, list[str], list[str]]]:
    """Notebook to minutes, skipped sections and exercises, by the table in docs/lessons.md."""
    rows = re.findall(
        r"^\| \[(\w+)\]\(\S+\) \| (\d+) \| (.*) \| (.*) \|$",
        LESSONS.split("## 90 minutes alone")[1],
        re.MULTILINE,
    )
    return {
        name: (int(minutes), [] if skip == "nothing" else skip.split("; "), re.findall(r"\d+", exercises))
        for name, minutes, skip, exercises in rows
    }


def test_the_minutes_add_up() -> None:
    whole = dict(re.findall(r"^\| \[(\w+)\]\(\S+\) \| [^|]*\? \| (\d+) \|$", LESSONS, re.MULTILINE))
    assert list(whole) == [path.stem for path in NOTEBOOKS]
    assert f"That is {sum(map(int, whole.values()))} minutes in all." in LESSONS
    path = path_of_90_minutes()
    assert sum(minutes for minutes, *_ in path.values()) == 90
    assert [name for name, (minutes, *_) in path.items() if minutes > int(whole[name])] == []


@by_name
def test_a_lesson_says_what_the_path_takes_of_it(path: Path) -> None:
    first = cells_of(path)[0]["source"]
    if path.stem not in path_of_90_minutes():
        assert first.endswith(f"{ALONE}skip this notebook.*")
        assert prose(path).count(ALONE) == 1
        return
    minutes, skipped, exercises = path_of_90_minutes()[path.stem]
    sections = sections_of(path)
    assert f'{ALONE}{minutes} of these minutes; a line under each heading says how many, or "skip".*' in first
    assert sum(section.minutes for section in sections) == minutes
    titles = [s.title for s in sections[1:] if not s.minutes and s.title not in SHORT]
    assert titles == skipped
    assert [number for section in sections for number in section.exercises] == exercises


@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if p.stem in path_of_90_minutes()], ids=lambda p: p.stem
)
def test_nothing_that_the_path_skips_is_missed(path: Path) -> None:
    """Every name that a section on the path uses comes from the top, or from a section on the path."""
    known = set(dir(builtins))
    for section in sections_of(path):
        if section.title and not section.minutes:
            continue
        for tree in map(ast.parse, section.code):
            names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            known |= {node.id for node in names if not isinstance(node.ctx, ast.Load)}
            known |= {
                alias.asname or alias.name.partition(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            }
            known |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
            known |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert {node.id for node in names} <= known, f"{path.stem}, {section.title}"


# Running


# Solved they are run each time, unsolved and without widgets in make test-long.


@pytest.mark.long
@pytest.mark.computes
@by_name
def test_it_runs_unsolved(path: Path, tmp_path: Path) -> None:
    ran = run_notebook(path, tmp_path / "progress.json")
    assert ran.took_s < 60
    assert ran.peak_mb < 400
    for name in exercises_of(path):
        assert "not answered yet" in ran.said(name)


# Lesson 12 explores a cluster four times: that takes as long as all others together.
SLOW = [pytest.mark.long, pytest.mark.computes]
SOLVED = [
    pytest.param(p, id=p.stem, marks=SLOW if p.stem.startswith("12") else [])
    for p in NOTEBOOKS
    if exercises_of(p)
]


@pytest.mark.parametrize("path", SOLVED)
def test_it_runs_solved(path: Path, tmp_path: Path) -> None:
    ran = run_notebook(path, tmp_path / "progress.json", solved=True)
    assert ran.took_s < 60
    for name in exercises_of(path):
        assert "passed" in ran.said(name), ran.said(name)
    kept = json.loads((tmp_path / "progress.json").read_text(encoding="utf-8"))["predictions"]
    for name, place in guesses_of(path).items():
        outcome = kept[name]["outcome"]
        assert answers(before_the_guess(ran, place), outcome) == [], f"{name} is {outcome}"
    if path in AT_THE_DOOR:
        assert shown_raw(ran) == []


WITH_WIDGETS = [p for p in NOTEBOOKS if re.search(r"\b(cluster|sliders|bet|puzzle)\(", str(cells_of(p)))]


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("path", WITH_WIDGETS, ids=lambda path: path.stem)
def test_without_widgets_there_are_still_pictures(path: Path, tmp_path: Path) -> None:
    ran = run_notebook(path, tmp_path / "progress.json", missing=("anywidget", "ipywidgets"))
    kinds = [set(out.data) for cell in ran.cells for out in cell.get("outputs", []) if "data" in out]
    assert not any("application/vnd.jupyter.widget-view+json" in kind for kind in kinds)
    for cell in ran.cells:
        if cell.cell_type == "code" and re.match(r"(\w+ = )?(cluster|sliders|bet|puzzle)\(", cell.source):
            shown = set().union(*(out.data for out in cell.outputs if "data" in out))
            assert shown & {"image/png", "image/svg+xml"}, cell.source


# What a page of a browser lacks: figures are tables there, and no process can be started.
NOT_IN_A_BROWSER = ("matplotlib", "numpy", "scapy")


@pytest.mark.long
@pytest.mark.computes
@by_name
def test_a_browsers_python_reaches_the_end(path: Path, tmp_path: Path) -> None:
    solved = path.stem[:2] in ("00", "05", "11")
    ran = run_notebook(
        path, tmp_path / "progress.json", solved=solved, missing=NOT_IN_A_BROWSER, processes=False
    )
    shown = "\n".join(str(out) for cell in ran.cells for out in cell.get("outputs", []))
    drawn = re.findall(r"views\.(?!save)\w+(?:\.figure)?\(|sliders\(", str(cells_of(path)))
    assert shown.count("This is the figure as a table") >= len(drawn) - 3 * (path.stem[:2] == "10")
    told = [cell.source for cell in ran.cells if "Left out: this cell" in str(cell.get("outputs"))]
    assert told == [cell["source"] for cell in cells_of(path) if cell["source"].startswith("%%needs ")]


# Numbers in the prose


def out(trace: Trace, target: str = VIP, kind: str = "http") -> float:
    return max((o.to_s or trace.end_us / 1e6) - o.from_s for o in trace.outages(target) if o.kind == kind)


def silence(version: str, priority: int, interval: int = 1) -> float:
    head = f"{version}advert_int {interval}\n    "
    edit = {"priority 255": f"{head}priority 150", "priority 100": f"{head}priority {priority}"}
    off = at(12.5 + interval, "power_off", server=S1)
    trace = simulate(variant("article-steady", off, edit=edit, duration_s=40))
    heard = [e.t for e in trace.of("advert_received", server=S2) if e.fields["vrid"] == 1]
    return trace.of("advert_sent", server=S2, instance="proxy_ip1")[0].t - heard[-1]


def healed(moment: float) -> float:
    closed = [at(7, "firewall_drop", server=s, direction="in", protocol="vrrp") for s in (S1, S2)]
    opened = [at(moment, "firewall_clear", server=s) for s in (S1, S2)]
    return out(simulate(variant("article-steady", *closed, *opened, duration_s=70)))


def crash(moment: float, **edit: str) -> float:
    dead = at(moment, "service_kill", server=S1, service="squid")
    return out(simulate(variant("article-steady", dead, **edit)))


def hundred() -> list[float]:
    """Failovers with adverts every 0.01 s, by how long they take: the hundred that the lesson repeats."""
    return sorted(failover_s(0.01, seed) for seed in range(100))


# notebook, words in it, the number in these words, how it is computed, how exactly
QUOTED: list[tuple[str, str, float, Callable[[], float], float]] = [
    ("02", "With priority 100 the skew is 156/256 = 0.609 s", 0.609, lambda: silence("", 100) - 3, 0.001),
    ("02", "The formula says 3.996, 3.609 and 3.008 s", 3.996, lambda: silence("", 1), 0.001),
    ("02", "with priority 100 that is 3.609 s", 3.609, lambda: silence("", 100), 0.001),
    ("02", "Clients feel 2.7 to 3.6 s", 2.7, lambda: out(simulate("article-drill-1-lan-nic")), 0.05),
    ("02", "After a farewell it is 0.6 s", 0.6, lambda: out(simulate("graceful-stop")), 0.05),
    (
        "03",
        "In drill 1, 192.168.2.101 is dark for 2.66 s",
        2.66,
        lambda: out(simulate("article-drill-1-lan-nic")),
        0.005,
    ),
    ("04", "about 0.64 s", 0.64, lambda: out(recorded("article_drill2_eth1_down_up")), 0.02),
    ("04", "keepalived listens for 3.004 s", 3.004, lambda: 3 + 1 / 256, 0.001),
    ("04", "| Squid crashed | up to 3 s | 0.609 s | up to 3.6 s |", 3.6, lambda: crash(12.02), 0.1),
    ("05", "runs for 3.6 s", 3.6, lambda: silence("", 100), 0.05),
    ("06", "Without the loss it took 2.66 s.", 2.66, lambda: out(simulate("article-drill-1-lan-nic")), 0.005),
    (
        "06",
        "Thirty-one seconds.",
        31,
        lambda: out(simulate(lost_garp({"priority ": "garp_master_delay 0\n    priority "}))),
        0.5,
    ),
    ("07", "Thirty-seven seconds without an answer", 37, lambda: healed(15), 1.0),
    (
        "07",
        "from 14.6 to 20 s",
        14.6,
        lambda: simulate("article-drill-1-lan-nic").states("proxy_ip1", S2)[-2].from_s,
        0.05,
    ),
    ("09", "With 0.01 s it would be 32 ms in the middle", 0.032, lambda: hundred()[50], 0.0005),
    ("09", "and 36 ms at most", 0.036, lambda: hundred()[-1], 0.0005),
    ("09", "| version 3, `advert_int 0.3` | 3.6 → 1.1 s", 1.1, lambda: 0.3 * silence("", 100), 0.05),
    ("09", "It was up to 3.6 s in notebook 04", 3.6, lambda: crash(12.02), 0.1),
]


@pytest.mark.parametrize(
    ("lesson", "words", "number", "compute", "near"), QUOTED, ids=[f"{q[0]} {q[1][:30]}" for q in QUOTED]
)
def test_a_number_in_the_prose_is_what_the_simulator_says(
    lesson: str, words: str, number: float, compute: Callable[[], float], near: float
) -> None:
    path = next(path for path in NOTEBOOKS if path.stem.startswith(lesson))
    assert words in " ".join(prose(path).split()), f"{path.stem} no longer says {words!r}"
    assert compute() == pytest.approx(number, abs=near)


def test_the_pair_in_the_cells_of_lesson_11_is_the_one_that_its_exercise_is_about() -> None:
    path = next(path for path in NOTEBOOKS if path.stem.startswith("11"))
    cells = [
        cell["source"].split("\n", 1) for cell in cells_of(path) if cell["source"].startswith("%%keepalived")
    ]
    typed = {head.removeprefix("%%keepalived "): text for head, *rest in cells for text in rest}
    for node in pair_of("web").nodes:
        assert typed[node.name].strip() == (node.config.text or "").strip()


def test_the_colleagues_log_is_that_of_a_drill_and_no_cell_says_of_which() -> None:
    text = prose(next(path for path in NOTEBOOKS if path.stem.startswith("04")))
    shown = re.search(r"A colleague sends you this log.*?\n\n((?:    .*\n?)+)", text)
    assert shown
    lines = [" ".join(line.split()) for line in shown[1].strip().splitlines()]
    written = logs(simulate("article-drill-1-lan-nic"), 12, 16, server=S2).text
    assert lines == [" ".join(line.split()) for line in written.strip().splitlines()]


def test_an_owners_nopreempt_is_dropped_as_the_lesson_says() -> None:
    line = "nopreempt is incompatible with priority 255. resetting nopreempt"
    assert line in prose(next(path for path in NOTEBOOKS if path.stem.startswith("05")))
    owner = simulate(variant("article-steady", edit={"interface eth0": "interface eth0\n    nopreempt"}))
    assert line in logs(owner, 0, 1).text


# The table of facts


# fact, the lesson that is asked, and what it says or runs of it
FACTS = [
    ("A1", "00", "| proxy-serv01 | 192.168.2.251 | 192.168.2.101 |"),
    ("A2", "04", "somebody who **checks**, and somebody who **moves**"),
    ("A3", "00", "is a **virtual address**, or VIP"),
    ("A4", "01", "**224.0.0.18**, the group of all VRRP routers"),
    ("A5", "03", "That is **round-robin DNS**"),
    ("A6", "03", "**Never use a server's own address as a VIP.**"),
    ("A7", "03", "Two **VRRP instances**, crossed"),
    ("A8", "03", "| `virtual_router_id` | 1 to 255; the number that both servers must share |"),
    ("A9", "03", 'simulate("unicast", actions=[no_multicast], frames=True)'),
    ("A10", "03", "iptables -A INPUT -i eth0 -p vrrp -j ACCEPT"),
    ("A11", "03", 'ip_a(trace, "proxy-serv02", at_s=15)'),
    ("A12", "04", "every request to .101 fails, for ever"),
    ("A13", "04", "`track_interface { eth1 }`: when eth1 is down, the instance goes to **FAULT**"),
    ("A14", "05", "| `timeout` | a check that runs longer has failed | `interval` |"),
    ("A15", "04", "every 3 s keepalived runs `squid -k check`"),
    ("A16", "08", "| `notify_master` | MASTER | only what you wrote |"),
    ("A17", "04", 'simulate("article-drill-1-lan-nic")'),
    ("A18", "04", 'simulate("article-drill-2-wan-nic")'),
    ("A19", "04", 'simulate("article-drill-3-squid")'),
    ("A20", "04", "story(lan)"),
    ("A21", "11", "These are, in full, the two files that the article arrives at"),
]


def test_every_fact_of_the_article_has_its_place() -> None:
    rows = dict(re.findall(r"^\| (A\d+) \|.*\| ([\d, ]+) \|$", LESSONS, re.MULTILINE))
    assert list(rows) == [f"A{number}" for number in range(1, 22)] == [fact for fact, *_ in FACTS]
    assert {number for row in rows.values() for number in row.split(", ")} <= {p.stem[:2] for p in NOTEBOOKS}


@pytest.mark.parametrize(("fact", "lesson", "words"), FACTS, ids=[fact for fact, *_ in FACTS])
def test_a_lesson_shows_the_fact(fact: str, lesson: str, words: str) -> None:
    assert re.search(rf"^\| {fact} \|.*\|[\d, ]*\b{lesson}\b[\d, ]*\|$", LESSONS, re.MULTILINE)
    path = next(path for path in NOTEBOOKS if path.stem.startswith(lesson))
    assert words in "\n".join(cell["source"] for cell in cells_of(path))
