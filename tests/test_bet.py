"""``bet``: asked by the film, or in a plain cell; kept where all guesses are. And of what a guess is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vrrplab.errors import VrrplabError
from vrrplab.exercises import bet, class_results, compare, predict, reset
from vrrplab.exercises.guesses import GUESSES, kind_of, same_name
from vrrplab.exercises.histogram import histogram
from vrrplab.views import cluster as cluster_view

DRILL = "article-drill-1-lan-nic"
KEY = "12.000000 192.168.2.101"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "progress.json"
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(path))
    return path


def stored(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text())["predictions"])


class Page:
    """The page of a bet: what it hears, what it is answered."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        pytest.importorskip("anywidget")
        self.widget = bet(*arguments, **options)
        self.heard: list[Any] = []
        self.widget.send = lambda content, buffers=None: self.heard.append(content)

    def says(self, **message: Any) -> Any:
        self.widget._asked(self.widget, {"do": "bet", "key": KEY, "number": 1, **message}, [])
        return self.heard[-1]

    @property
    def answers(self) -> Any:
        return self.widget.info["bet"]["answers"]


def test_a_bet_without_an_answer_is_none(file: Path) -> None:
    page = Page("00-cable", DRILL, ask="until")
    assert "no answer in this bet" in page.says()["error"]
    assert "no answer in this bet" in page.says(who="proxy-serv01")["error"]  # not asked
    assert page.answers == {}
    assert not file.exists()
    assert page.says(silent_s=3)["note"] == ""


def test_minus_nothing_is_nothing() -> None:
    assert "You said 0 s." in repr(bet("00-cable", DRILL, ask="until", silent_s=-0.0))


# In words


def test_in_words_the_answer_is_told_and_kept(file: Path) -> None:
    said = str(bet("00-cable", DRILL, silent_s=1, who="serv02"))
    assert said.startswith("• You said 1 s. It took 2.66 s: three adverts that did not come, and the skew")
    assert said.endswith("You said proxy-serv02, and so it is: proxy-serv02 has it at 22.000 s.")
    entries = stored(file)
    assert (entries["00-cable"]["guess"], entries["00-cable"]["outcome"], entries["00-cable"]["close"]) == (
        1,
        2.66,
        False,
    )
    assert (entries["00-cable-who"]["guess"], entries["00-cable-who"]["close"]) == ("proxy-serv02", True)


def test_the_first_bet_stays(file: Path) -> None:
    bet("00-cable", DRILL, silent_s=1)
    assert "Your first guess stays: 1 s. It took 2.66 s" in str(bet("00-cable", DRILL, silent_s=2.66))
    assert stored(file)["00-cable"]["guess"] == 1
    reset("00-cable")
    assert "You said 2.66 s" in str(bet("00-cable", DRILL, silent_s="2,66 s"))


def test_when_only_who_is_asked_the_name_is_its_own(file: Path) -> None:
    assert "You said nobody. proxy-serv01 has it at 32.000 s." in str(
        bet("00-back", DRILL, ask="who", at_s=22, who="Nobody")
    )
    assert list(stored(file)) == ["00-back"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"silent_s": "three"}, "'three' is no number: the guess here is a number of seconds, in digits"),
        ({"silent_s": "serv01"}, "'serv01' is no number"),
        ({"silent_s": -1}, "write 0 or more"),
        ({"silent_s": True}, "yes is no number"),
        ({"who": 3}, "3 is none of what is asked for: the guess here is one of 'proxy-serv01'"),
        ({"who": "serv03"}, "'serv03' is none"),
        ({"who": "serv"}, "'serv' is none"),
        ({"silent_s": ...}, "No guess yet"),
    ],
)
def test_a_bet_of_another_kind_gets_a_sentence(said: dict[str, Any], words: str, file: Path) -> None:
    assert words in str(bet("00-cable", DRILL, **said))
    assert not file.exists()


@pytest.mark.parametrize("word", ["both", "Several", "two", "split brain"])
def test_several_at_once_is_an_answer(word: str) -> None:
    assert "You said both, and so it is: proxy-serv01 and proxy-serv02 both have it" in str(
        bet("x", "kill-9", ask="who", who=word)
    )


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("",), {}, 'bet() takes a name first, like bet("00-cable"'),
        ((3,), {}, "bet() takes a name first"),
        (("x", 3), {}, "bet() takes a scenario, or the name or path of one, not int"),
        (("x", "article-drill"), {}, "article-drill"),
        (("x", DRILL, 3), {}, "target is 3"),
        (("x", DRILL, "10.0.0.1"), {}, "no target '10.0.0.1'"),
        (
            ("x", DRILL),
            {"ask": "when"},
            "no question 'when' in ask: did you mean 'who'? there are until, who",
        ),
        (("x", DRILL), {"ask": ()}, "ask is empty"),
        (("x", DRILL), {"ask": 3}, "ask is 3"),
        (("x", DRILL), {"at_s": "soon"}, "at_s is 'soon': give a number"),
        (("x", DRILL), {"at_s": 5}, "nothing is done at 5 s"),
        (("x", "article-steady"), {}, "nothing breaks in article-steady"),
        (("x", DRILL), {"ask": "who", "silent_s": 3}, "does not ask for silent_s"),
        (("x", DRILL, "proxy-serv"), {"ask": "who"}, "nothing can be asked about proxy-serv"),
    ],
)
def test_wrong_arguments_get_one_line(arguments: Any, options: Any, words: str) -> None:
    with pytest.raises(VrrplabError) as caught:
        bet(*arguments, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_widgets_a_picture_and_how_to_bet(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise ModuleNotFoundError("no", name="anywidget")

    monkeypatch.setattr(cluster_view, "_widget_class", missing)
    shown = bet("00-cable", DRILL)
    assert shown._repr_svg_().startswith("<svg")
    assert 'In words: bet("00-cable", …, silent_s=2.5, who="proxy-serv02")' in repr(shown)
    assert "comes back" not in repr(shown) + shown._repr_svg_(), "the title must not tell the end"


# On the page


def test_the_page_is_asked_and_its_answer_is_in_the_file(file: Path) -> None:
    page = Page("00-cable", DRILL)
    [asked] = page.widget.info["bets"]
    assert (asked["key"], asked["asks"], asked["silent_s"], asked["owner"]) == (
        KEY,
        ["until", "who"],
        2.66,
        "proxy-serv02",
    )
    assert page.widget.at_s == 9
    assert page.answers == {}
    assert not file.exists()
    assert page.says(silent_s=3.2, who="proxy-serv01") == {"note": "", "answers": 1}
    assert page.answers == {KEY: {"silent_s": 3.2, "who": "proxy-serv01"}}
    entries = stored(file)
    assert (entries["00-cable"]["guess"], entries["00-cable-who"]["guess"]) == (3.2, "proxy-serv01")
    assert Page("00-cable", DRILL).answers == page.answers, (
        "run again, or after a restart, nothing is asked anew"
    )
    assert "You said 3.2 s. It was 2.66 s" in str(compare("00-cable", 2.66))


def test_skipping_keeps_nothing(file: Path) -> None:
    page = Page("00-cable", DRILL)
    assert page.says(skipped=True)["note"] == ""
    assert page.answers == {KEY: {"skipped": True}}
    assert not file.exists()
    assert Page("00-cable", DRILL).answers == {}


def test_a_bet_made_twice_keeps_the_first(file: Path) -> None:
    page = Page("00-cable", DRILL)
    page.says(silent_s=1, who="nobody")
    page.says(silent_s=2.66, who="proxy-serv02")
    assert page.answers == {KEY: {"silent_s": 1, "who": "nobody"}}


@pytest.mark.parametrize(
    "message",
    [
        {"silent_s": "x"},
        {"silent_s": -1},
        {"silent_s": float("nan")},
        {"silent_s": float("inf")},
        {"silent_s": True},
        {"who": 3},
        {"who": "x" * 300},
        {"who": "r7"},
        {"key": "other", "silent_s": 1},
    ],
)
def test_what_a_page_should_not_send_is_answered_with_a_sentence(message: dict[str, Any], file: Path) -> None:
    answer = Page("00-cable", DRILL).says(**message)
    assert answer["error"]
    assert not file.exists()


def test_the_bets_of_a_cluster_are_kept_as_long_as_it_lives(file: Path) -> None:
    pytest.importorskip("anywidget")
    from vrrplab.notebook.cluster import cluster

    widget = cluster(DRILL)
    assert [one["key"] for one in widget.info["bets"]] == [KEY]
    assert (widget.info["bet"]["name"], widget.info["bet"]["answers"]) == ("", {})
    widget._asked(widget, {"do": "bet", "key": KEY, "silent_s": 1, "who": "proxy-serv02", "number": 1}, [])
    assert widget.info["bet"]["answers"] == {KEY: {"silent_s": 1.0, "who": "proxy-serv02"}}
    widget.break_it("power_off", at_s=17.0, server="proxy-serv02")
    assert [one["at_s"] for one in widget.info["bets"]] == [12.0, 17.0]
    assert KEY in widget.info["bet"]["answers"]
    assert not file.exists()


# Of what a guess is


def test_every_guess_of_the_lessons_has_a_kind() -> None:
    """A name that ``predict`` or ``bet`` has in a notebook stands in the table."""
    import re

    notebooks = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
    assert notebooks
    for notebook in notebooks:
        text = notebook.read_text(encoding="utf-8")
        for name in re.findall(r'\b(?:predict|bet)\(\\"([\w-]+)\\"', text):
            assert name in GUESSES, f"{notebook.name}: what is {name} a guess of?"


@pytest.mark.parametrize(
    ("name", "guess", "words"),
    [
        (
            "00-cable",
            "three",
            "'three' is no number: the guess here is a number of seconds, in digits, like 2.5.",
        ),
        ("00-cable", "proxy-serv01", "is no number"),
        ("00-cable", True, "yes is no number"),
        (
            "00-back",
            3,
            "3 is none of what is asked for: the guess here is one of 'proxy-serv01', 'proxy-serv02'",
        ),
        ("00-back", "3 s", "'3 s' is none"),
        ("00-back", "squid", "'squid' is none"),
        ("00-back", "01", "'01' is none"),
        ("01-chosen", "many", "a number of bytes, in digits"),
        ("07-deaf-master", "both", "a number, in digits"),
        ("10-frozen", "RUNNING", "one of 'MASTER', 'BACKUP'"),
    ],
)
def test_a_guess_of_another_kind_is_not_kept(name: str, guess: object, words: str, file: Path) -> None:
    assert words in str(predict(name, guess))
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "guess", "kept"),
    [
        ("00-back", "serv01", "proxy-serv01"),
        ("00-back", " Proxy-Serv02 ", "proxy-serv02"),
        ("00-back", "nobody", "nobody"),
        ("10-frozen", "backup", "BACKUP"),
        ("04-squid-who", "serv02", "proxy-serv02"),
        ("01-chosen", "11 bytes", 11.0),
    ],
)
def test_names_that_the_picture_shows_are_understood(name: str, guess: str, kept: object, file: Path) -> None:
    predict(name, guess)
    assert stored(file)[name]["guess"] == kept


def test_a_teachers_own_guess_is_set_beside_its_kind_only(file: Path) -> None:
    assert kind_of("my-own").unit is None
    predict("my-own", 3)
    said = str(compare("my-own", "proxy-serv01"))
    assert said.startswith(
        "… Your guess 3 is a number, and what happened is a name: the two cannot be compared."
    )
    assert "outcome" not in stored(file)["my-own"]
    predict("my-own", "serv01")
    assert "You saw it coming" in str(compare("my-own", "proxy-serv01"))
    predict("my-address", ".101")
    assert "You saw it coming" in str(compare("my-address", "192.168.2.101"))


def test_a_guess_of_another_kind_in_an_older_file_is_no_dead_end(file: Path) -> None:
    old = {"guess": "proxy-serv01", "outcome": 3.0, "unit": "s", "close": False}
    file.write_text(
        json.dumps({"format": "vrrplab-progress 1", "exercises": {}, "predictions": {"00-cable": old}})
    )
    assert "cannot be compared" in str(compare("00-cable", 2.66))
    assert "Your guess" in str(predict("00-cable", 3))
    assert "You said 3 s. It was 2.66 s" in str(compare("00-cable", 2.66))


@pytest.mark.parametrize(
    ("said", "name", "same"),
    [
        ("serv01", "proxy-serv01", True),
        (".101", "192.168.2.101", True),
        ("101", "192.168.2.101", True),
        ("1", "proxy-serv01", False),
        ("r1", "r1", True),
        ("", "r1", False),
        ("proxy", "proxy-serv01", False),
    ],
)
def test_short_names(said: str, name: str, same: bool) -> None:
    assert same_name(said, name) == same


# A class


def test_a_histogram_a_bet() -> None:
    guesses = [1, 3, 3, 3, 3.6, 1000.0]
    lines = histogram("00-cable", [{"guess": g, "outcome": 2.66, "unit": "s"} for g in guesses])
    assert lines[0] == "00-cable: 6 said 168.93 s in the mean, 3 s in the middle; it was 2.66 s"
    assert [line for line in lines if "◀" in line] == ["  2.5 to 3    0 ◀"]
    assert sum(line.count("█") for line in lines) == len(guesses)
    assert lines[-1].split("█")[0].strip().endswith("or more")


def test_a_histogram_of_names_takes_the_short_ones_together() -> None:
    said = ["serv02", "proxy-serv02", "nobody"]
    lines = histogram("00-cable-who", [{"guess": g, "outcome": "proxy-serv02"} for g in said])
    assert lines == [
        "00-cable-who: 2 of 3 saw it coming; it was proxy-serv02",
        "  proxy-serv02 ██ 2 ◀",
        "  nobody       █ 1",
    ]


@pytest.mark.parametrize(
    ("guesses", "outcome", "lines"),
    [
        ([-1], None, ["x: 1 guessed", "  -1 █ 1"]),
        ([-1, 2.0], -3.0, ["x: 1 said 2 s (1 something else); it was -3 s", "  2 to 2.5 █ 1"]),
    ],
)
def test_a_histogram_of_a_damaged_file_with_times_below_zero(
    guesses: list[float], outcome: float | None, lines: list[str]
) -> None:
    told = {} if outcome is None else {"outcome": outcome, "unit": "s"}
    assert histogram("x", [{"guess": guess, **told} for guess in guesses]) == lines


@pytest.mark.parametrize("guesses", [[1.0, 1e308], [1e308, 1.7e308], [1e308, 1e308]])
def test_a_histogram_of_a_damaged_file_with_a_time_beyond_counting(guesses: list[float]) -> None:
    bars = histogram("x", [{"guess": guess, "outcome": 0, "unit": "s"} for guess in guesses])[1:]
    beyond = sum(guess > 1 for guess in guesses)
    assert bars[0].endswith("0 ◀")
    assert bars[-1].endswith(f" or more {'█' * beyond} {beyond}")


@pytest.mark.parametrize("count", [1, 30, 500])
def test_a_histogram_fits_eighty_columns(count: int) -> None:
    from vrrplab.output.text_columns import width

    long = [{"guess": f"a-very-long-name-of-a-server-{n % 12}", "outcome": "x" * 200} for n in range(count)]
    numbers = [{"guess": n * 7.3, "outcome": 11.0} for n in range(count)]
    for lines in (histogram("n" * 90, long), histogram("x", numbers), histogram("x", [{"guess": True}])):
        assert lines
        assert all(width(line) <= 80 for line in lines), lines
    assert histogram("x", [{"outcome": 3.0}, {}]) == []


def test_the_class_report_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("ann", 1), ("bob", 2.5), ("cem", "3.0156370000000017")):
        monkeypatch.setenv("VRRPLAB_PROGRESS", str(tmp_path / "course" / f"{name}.json"))
        (tmp_path / "course").mkdir(exist_ok=True)
        bet("00-cable", DRILL, silent_s=seconds, who="serv02")
    report = str(class_results(tmp_path / "course"))
    assert "00-cable: 3 said 2.17 s in the mean, 2.5 s in the middle; it was 2.66 s" in report
    assert "00-cable-who: 3 of 3 saw it coming; it was proxy-serv02" in report
    assert "3.0156370000000017" not in report
