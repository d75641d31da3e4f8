"""Questions of a page and their answers: what is opened, changed and asked, and what is refused."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import vrrplab
from vrrplab.page import answer as page

DATA = Path(__file__).resolve().parents[2] / "data"
ONE, OTHER = (
    (DATA / "configs" / "article" / f"proxy-serv0{n}.conf").read_text(encoding="utf-8") for n in (1, 2)
)
BOTH = [["keepalived.conf", ONE], ["keepalived.conf", OTHER]]
DOWN = {"at_s": 3, "action": "link_down", "server": "proxy-serv01", "interface": "eth0"}


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A page that has nothing open, in a folder that has no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(page, "_opened", None)
    yield
    assert os.listdir(tmp_path) == []


def ask(do: str, **keys: Any) -> dict[str, Any]:
    told = page.answer(json.dumps({"do": do, **keys}))
    assert str(DATA) not in told
    answer: dict[str, Any] = json.loads(told)
    return answer


def events(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer["trace_lines"].splitlines()]


def acts(answer: dict[str, Any]) -> list[str]:
    return [event["action"] for event in events(answer) if event["event"] == "action"]


def test_a_scenario_is_opened_broken_and_taken_back() -> None:
    opened = ask("open", name="article-steady", number=7)
    assert opened["answers"] == 7
    assert (opened["kind"], opened["info"]["can_fork"]) == ("scenario", True)
    assert [file["node"] for file in opened["files"]] == ["proxy-serv01", "proxy-serv02"]
    assert opened["files"][0]["text"] == ONE
    assert ask("files")["files"] == opened["files"]
    broken = ask("break", at_s=3, actions=[DOWN])
    assert (acts(opened), acts(broken)) == ([], ["link_down"])
    assert broken["info"]["fork"] == "fork of “article-steady” at 3.000 s"
    [why] = [answer for answer in ask("why")["why"]["answers"] if "192.168.2.101" in answer["addresses"]]
    assert why["after"] == ["proxy-serv02"]
    assert acts(ask("undo")) == []
    assert acts(ask("redo")) == ["link_down"]
    assert "link_down" in ask("scenario")["scenario"]
    assert ask("html", at_s=3)["html"].startswith("<!doctype html>")
    [first, *_] = ask("undo")["info"]["bets"] or [None]
    assert first is None


def test_a_bet_is_kept_as_in_a_notebook() -> None:
    [bet, *_] = ask("open", name="article-drill-1-lan-nic")["info"]["bets"]
    kept = ask("bet", key=bet["key"], who="proxy-serv02")
    assert kept["info"]["bet"]["answers"][bet["key"]] == {"who": "proxy-serv02"}
    assert "trace_lines" not in kept


def test_what_a_link_says_is_done_when_it_is_opened() -> None:
    opened = ask("open", name="article-steady", actions=[DOWN])
    assert acts(opened) == ["link_down"]
    assert acts(ask("undo")) == []


def test_a_text_of_a_scenario_is_opened() -> None:
    ask("open", configs=BOTH)
    text = ask("scenario")["scenario"]
    again = ask("open", yaml=text)
    assert (again["kind"], [server["node"] for server in again["files"]]) == (
        "scenario",
        ["keepalived", "keepalived-2"],
    )
    wrong = ask("open", yaml=text.replace("segments:", "segmints:"), file="mine.yaml")
    assert (wrong["file"], wrong["line"]) == ("mine.yaml", 6)
    assert "did you mean" in wrong["error"]


def test_own_files_are_opened_checked_and_predicted() -> None:
    opened = ask("open", configs=BOTH)
    assert [(file["name"], file["node"]) for file in opened["files"]] == [
        ("keepalived.conf", "keepalived"),
        ("keepalived-2.conf", "keepalived-2"),
    ]
    assert any(line.startswith("keepalived-2.conf:4: ") for line in opened["warnings"])
    assert any("made up" in line for line in opened["assumed"])
    checked = ask("check")
    assert {place["file"] for found in checked["findings"] for place in found["places"]} == {
        "keepalived.conf",
        "keepalived-2.conf",
    }
    table = ask("predict", simulate=False)
    assert not table["simulated"]
    worst = table["routers"][0]["rows"][0]
    assert worst["bad"]
    shown = ask("fail", lines=worst["lines"])
    assert acts(shown) == ["daemon_kill"]
    assert acts(ask("fail", lines=["keepalived power"])) == ["power_off"]
    assert acts(ask("undo")) == []


def test_prediction_asks_the_simulator_and_says_how_far_it_is() -> None:
    told: list[float] = []
    found = json.loads(page.answer(json.dumps({"do": "predict", "configs": BOTH}), told.append))
    assert found["simulated"]
    assert any("both say the same" in note for note in found["notes"])
    assert told == sorted(told)
    assert len(told) > 5
    assert "nothing is open" in ask("scenario")["error"]  # asking opens nothing


def test_a_refused_file_is_told_with_its_line_and_what_was_open_stays() -> None:
    ask("open", configs=BOTH)
    wrong = [["a.conf", ONE.replace("router_id 1", "router_id 300")], ["b.conf", "vrrp_instance x {\n}\n"]]
    refused = ask("open", configs=wrong)
    assert (refused["file"], refused["line"]) == ("a.conf", 9)
    assert refused["error"].startswith("a.conf:9: ")
    assert [one["file"] for one in refused["refused"]] == ["a.conf", "b.conf"]
    assert "trace_lines" not in refused
    assert acts(ask("fail", lines=["keepalived power"])) == ["power_off"]
    asked = ask("check", configs=wrong)
    assert [one["file"] for one in asked["refused"]] == ["a.conf", "b.conf"]
    assert "findings" not in asked


def test_included_files_are_asked_for_by_name_and_taken_by_it() -> None:
    main = ONE + "include /etc/keepalived/conf.d/*.conf\ninclude other.conf\n"
    files = [["keepalived.conf", main], ["b.conf", OTHER]]
    opened = ask("open", configs=files)
    assert [(one["include"], one["file"], one["line"]) for one in opened["wanted"]] == [
        ("/etc/keepalived/conf.d/*.conf", "keepalived.conf", ONE.count("\n") + 1),
        ("other.conf", "keepalived.conf", ONE.count("\n") + 2),
    ]
    extra, other = ["extra.conf", "# from conf.d\n"], ["other.conf", "vrrp_script x {\n script\n}\n"]
    opened = ask("open", configs=[*files, other], includes=[extra])
    assert opened["wanted"] == []
    assert opened["included"] == ["other.conf", "extra.conf"]
    dropped = ask("open", configs=[*files, ["conf.d/extra.conf", extra[1]], other])
    assert dropped["included"] == ["conf.d/extra.conf", "other.conf"]
    assert [file["name"] for file in opened["files"]] == ["keepalived.conf", "b.conf"]
    assert any(line.startswith("other.conf:") for line in opened["warnings"])
    text = ask("scenario")["scenario"]
    assert "# from conf.d" in text
    assert [line.strip() for line in text.splitlines() if "include" in line] == [
        "# include /etc/keepalived/conf.d/*.conf",
        "# include other.conf",
    ]
    assert ask("open", yaml=text)["kind"] == "scenario"
    worse = [*files, ["other.conf", "vrrp_instance x {\n interface eth0\n virtual_router_id 300\n}\n"]]
    refused = ask("open", configs=worse)
    assert (refused["file"], refused["line"]) == ("other.conf", 3)


def test_each_node_has_the_included_file_of_its_own_folder() -> None:
    files = [
        [f"{host}/keepalived.conf", text + "include vip.conf\n"]
        for host, text in (("lb1", ONE), ("lb2", OTHER))
    ]
    files += [[f"{host}/vip.conf", f"# of {host}\n"] for host in ("lb1", "lb2")]
    opened = ask("open", configs=files)
    assert [file["node"] for file in opened["files"]] == ["lb1", "lb2"]
    assert [
        "# of" in file["text"] and file["text"].split("# of ")[1].strip() for file in opened["files"]
    ] == [
        "lb1",
        "lb2",
    ]


def test_a_scenario_takes_its_configurations_from_the_files_beside_it() -> None:
    ask("open", name="article-steady")
    text = ask("scenario")["scenario"].replace("../configs/article/proxy-serv0", "mine/serv0")
    missing = ask("open", configs=[["my.yaml", text]])
    assert missing["error"].endswith("'mine/serv01.conf' is not here - add that file too")
    assert [one["include"] for one in missing["wanted"]] == ["mine/serv01.conf"]
    opened = ask("open", configs=[["my.yaml", text], ["serv01.conf", ONE], ["serv02.conf", OTHER]])
    assert [file["name"] for file in opened["files"]] == ["serv01.conf", "serv02.conf"]
    assert ask("predict", simulate=False)["routers"]


def test_a_capture_tells_who_was_master() -> None:
    [capture, *_] = sorted((DATA / "recordings").glob("*/*.pcap"))
    data = base64.b64encode(capture.read_bytes()).decode()
    shares: list[float] = []
    asked = json.dumps({"do": "capture", "name": capture.name, "data": data})
    opened = json.loads(page.answer(asked, shares.append))
    assert 0 < shares[0] < shares[-1] < 1  # a large one takes longer than a page waits without a word
    assert shares == sorted(shares)
    assert (opened["kind"], opened["info"]["can_fork"]) == ("capture", False)
    assert opened["masters"]
    assert any(event["event"] == "state" and event["to"] == "MASTER" for event in events(opened))
    assert "has no configuration" in ask("check")["error"]
    assert "has no scenario" in ask("scenario")["error"]
    assert "only a simulated run" in ask("break", at_s=1, actions=[DOWN])["error"]
    assert "is not a capture" in ask("capture", name="x.pcap", data="aGVsbG8gd29ybGQ=")["error"]


NAMES = [
    "<img src=x onerror=alert(1)>.conf",
    "../../etc/passwd",
    "a\nb.conf",
    "keepalived (1).conf",
    "",
    "\0",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_is_only_a_name(name: str) -> None:
    opened = ask("open", configs=[[name, ONE], ["b.conf", OTHER]])
    assert "error" not in opened
    first = opened["files"][0]
    assert ".." not in first["name"]
    assert first["name"].isprintable()
    assert " " not in first["node"]
    assert acts(ask("fail", lines=[ask("predict", simulate=False)["routers"][0]["rows"][0]["lines"][0]]))


# Half a kilobyte; written out it has nine to the power of twelve values.
ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 13))


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("", "is not JSON"),
        ("[1]", "unknown|nothing is open"),
        ('{"do": "undo"}', "nothing is open yet"),
        ('{"do": "open"}', "files are needed"),
        ('{"do": "open", "configs": [["a.conf"]]}', "files are needed"),
        ('{"do": "open", "name": "../x"}', "no scenario of vrrplab"),
        ('{"do": "open", "configs": [["a.conf", "vrrp_instance"]], "profile": "cisco"}', "profile"),
        ('{"do": "open", "yaml": "a: [", "number": 3}', "scenario.yaml:"),
        (json.dumps({"do": "open", "yaml": ALIASES}), "its aliases multiply each other"),
        ('{"do": "open", "yaml": "servers: &a {b: *a}"}', "is nested deeper than"),
        ('{"do": "open", "name": "article-steady", "fail": "x"}', "is a list of failures"),
        ('{"do": "open", "name": "article-steady", "fail": ["x eth0"]}', "no server or network"),
        ('{"do": "capture", "data": "%"}', "is damaged"),
        ('{"do": "check", "configs": []}', "files are needed"),
        ("NaN", "finite"),
    ],
)
def test_whatever_is_asked_the_answer_is_a_sentence(question: str, says: str) -> None:
    told = json.loads(page.answer(question))
    assert any(part in told["error"] for part in says.split("|"))
    assert "\n" not in told["error"]
    assert "should have" not in told["error"]


def test_work_that_would_take_too_long_is_not_begun() -> None:
    text = "\n".join(
        f"vrrp_instance i{n} {{\n interface eth0\n virtual_router_id {n}\n advert_int 0.01\n"
        f" version 3\n virtual_ipaddress {{ 10.0.0.{n} }}\n}}"
        for n in range(1, 250)
    )
    told = ask("open", configs=[[f"n{number}.conf", text] for number in range(8)])
    assert "would take" in told["error"]
    assert "--" not in told["error"]


def test_a_page_needs_nothing_that_a_browser_does_not_have() -> None:
    """No processes or locks are imported, and nothing that draws; nothing is open after warming up."""
    absent = (
        "fcntl",
        "subprocess",
        "numpy",
        "matplotlib",
        "asyncio",
        "termios",
    )
    script = (
        "import sys, json\n"
        f"for name in {absent!r}: sys.modules[name] = None\n"
        "from vrrplab.page import answer as page\n"
        "page.warm()\n"
        "assert page._opened is None\n"
        f"files = {BOTH!r}\n"
        "for question in ({'do': 'open', 'configs': files}, {'do': 'check'}, {'do': 'predict'},\n"
        "                 {'do': 'fail', 'lines': ['keepalived power']}, {'do': 'why'}, {'do': 'html'}):\n"
        "    told = json.loads(page.answer(json.dumps(question)))\n"
        "    assert 'error' not in told, told\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_widget_and_the_page_answer_alike() -> None:
    """One behaviour: the same questions to both give the same words and the same trace."""
    pytest.importorskip("anywidget")
    widget = vrrplab.cluster("article-steady")
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append(content)
    ask("open", name="article-steady")
    for question in (
        {"do": "break", "at_s": 3, "actions": [DOWN]},
        {"do": "undo"},
        {"do": "redo"},
        {"do": "break", "at_s": "soon", "actions": [DOWN]},
        {"do": "dance"},
        {"do": "scenario"},
    ):
        told = ask(**question)  # type: ignore[arg-type]
        widget._asked(widget, question, [])
        assert {key: told[key] for key in sent[-1]} == sent[-1]
        if "trace_lines" in told:
            assert told["trace_lines"].encode() == widget.trace_lines
            assert {**told["info"], "took_s": 0} == json.loads(json.dumps({**widget.info, "took_s": 0}))
