"""The widget's Python side: what it sends, what it answers, what it is where no widget can run."""

from __future__ import annotations

import builtins
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from toy_traces import VIP, Toy, failover

import vrrplab
from vrrplab.errors import VrrplabError
from vrrplab.trace import Trace
from vrrplab.views.cluster import WIDGET, StillCluster, show_cluster

DOWN = {"action": "link_down", "server": "r1", "interface": "eth0"}

needs_widgets = pytest.mark.skipif(
    importlib.util.find_spec("anywidget") is None, reason="needs anywidget: make lab"
)
pytestmark = needs_widgets


@pytest.fixture
def toy() -> Any:
    """A widget that can fork, with the messages it sends to the page collected in ``sent``."""
    scenario = Toy()
    widget = show_cluster(scenario.run(), scenario, Toy.run)
    widget.sent = []
    widget.send = lambda content, buffers=None: widget.sent.append((content, buffers))
    return widget


def lines(widget: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in widget.trace_lines.decode().splitlines()]


def done(widget: Any) -> list[str]:
    return [x["action"] for x in lines(widget) if x["event"] == "action"]


def asks(widget: Any, message: Any) -> list[Any]:
    """What the page gets back for a message."""
    widget.sent.clear()
    widget._asked(widget, message, [])
    return [content for content, _ in widget.sent]


def test_the_page_gets_the_trace_once_as_lines(toy: Any) -> None:
    assert lines(toy)[0]["event"] == "scenario"
    assert toy.info["can_fork"] is True
    assert toy.info["can_undo"] is False
    assert toy.info["explain"]["rules"]["BACKUP>MASTER"].startswith("RFC 9568")


def test_a_click_runs_the_changed_scenario(toy: Any) -> None:
    assert asks(toy, {"do": "break", "actions": [{"at_s": 3.0, **DOWN}], "at_s": 3.0}) == [{"note": ""}]
    assert done(toy) == ["link_down"]
    assert toy.info["fork"] == "fork of “toy” at 3.000 s"
    assert toy.info["fork_at_s"] == 3.0
    assert len(toy.scenario.actions) == 1
    assert asks(toy, {"do": "undo"}) == [{"note": ""}]
    assert done(toy) == []
    assert toy.info["can_redo"] is True
    asks(toy, {"do": "redo"})
    assert done(toy) == ["link_down"]
    asks(toy, {"do": "reset"})
    assert done(toy) == []


def test_the_page_gets_a_fork_and_its_trace_in_one_message(toy: Any) -> None:
    messages: list[set[str]] = []
    toy.send_state = lambda key=None: messages.append(set(key))
    toy.break_it("link_down", at_s=3.0, server="r1", interface="eth0")
    assert messages == [{"info", "trace_lines"}]


def test_python_can_break_things_too(toy: Any) -> None:
    toy.at_s = 4.5
    toy.break_it("link_down", server="r1", interface="eth0")
    assert [e.t for e in toy.trace.of("action")] == [4.5]


def test_the_scenario_and_a_file_can_be_taken_away(toy: Any) -> None:
    toy.break_it("link_down", at_s=3.0, server="r1", interface="eth0")
    assert asks(toy, {"do": "scenario"}) == [{"scenario": "name: toy\nactions: 1\n"}]
    toy.sent.clear()
    toy._asked(toy, {"do": "html", "at_s": 3.0}, [])
    [(content, [page])] = toy.sent
    assert content == {"name": "two.html"}
    assert page.startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (None, "something unknown"),
        ({"do": "format the disk"}, "something unknown"),
        ({"do": "break", "actions": [{}], "at_s": 1}, "needs a moment"),
        ({"do": "break", "actions": "x", "at_s": 1}, "needs a moment"),
        ({"do": "break", "actions": [{"at_s": 1, **DOWN}], "at_s": "soon"}, "no number of seconds"),
        ({"do": "break", "actions": [{"at_s": 1, **DOWN}], "at_s": float("nan")}, "no number of seconds"),
        ({"do": "break", "actions": [{"at_s": 1, **DOWN}], "at_s": 10**400}, "no number of seconds"),
        ({"do": "break", "actions": [{"at_s": 1, **DOWN}], "at_s": [1]}, "no number of seconds"),
        ({"do": "break", "actions": [[]], "at_s": 1}, "needs a moment"),
        ({"do": "break", "actions": 3, "at_s": 1}, "needs a moment"),
        ({"do": "html", "at_s": 1e308}, "no number of seconds"),
    ],
)
def test_whatever_the_page_asks_the_answer_is_a_sentence(toy: Any, message: Any, says: str) -> None:
    [answer] = asks(toy, message)
    assert says in answer["error"]
    assert "\n" not in answer["error"]
    assert done(toy) == []


def test_an_interrupted_kernel_answers_too_and_says_to_which_question(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    question = {"do": "break", "actions": [{"at_s": 3.0, **DOWN}], "at_s": 3.0}
    with monkeypatch.context() as patch:
        patch.setattr(toy._forks, "break_it", interrupted)
        [answer] = asks(toy, {**question, "number": 7})
    assert answer == {"error": "Python was interrupted before this was done. Ask again.", "answers": 7}
    assert done(toy) == []
    assert asks(toy, {**question, "number": 8}) == [{"note": "", "answers": 8}]
    assert done(toy) == ["link_down"]


def test_a_recording_cannot_be_changed() -> None:
    widget = show_cluster(failover())
    assert widget.info["can_fork"] is False
    assert widget.scenario is None
    with pytest.raises(VrrplabError, match="recording"):
        widget.break_it("link_down", server="r1", interface="eth0")


def test_beside_the_widget_there_are_a_picture_and_words() -> None:
    data, _ = show_cluster(failover(), at_s=7.0)._repr_mimebundle_()
    assert WIDGET in data
    assert data["image/svg+xml"].startswith("<svg")
    assert f"nobody has {VIP}" in data["text/plain"]


def test_without_anywidget_there_is_a_still_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    from vrrplab.views import cluster

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "anywidget":
            raise ModuleNotFoundError("No module named 'anywidget'", name="anywidget")
        return real(name, *rest, **more)

    real = builtins.__import__
    cluster._widget_class.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refuse)
    still = show_cluster(failover(), at_s=7.0)
    monkeypatch.undo()
    assert isinstance(still, StillCluster)
    assert still._repr_svg_().startswith("<svg")
    assert 'alt="two routers, at 7.000 s of 20.0 s. r1 V1 FAULT (150) · eth0 down' in still._repr_html_()
    assert "the cluster that moves needs anywidget: make lab" in repr(still)


def test_an_empty_trace_makes_a_widget() -> None:
    widget = show_cluster(Trace([]))
    assert widget.trace_lines == b""
    assert "nothing happened" in repr(widget)


# -- vrrplab.cluster: whatever one has in hand -----------------------------------------------------------


def test_it_opens_on_a_trace_and_on_its_file(tmp_path: Path) -> None:
    trace = failover()
    trace.save(tmp_path / "two.jsonl")
    for source in (trace, tmp_path / "two.jsonl", str(tmp_path / "two.jsonl")):
        assert lines(vrrplab.cluster(source)) == lines(show_cluster(trace))


def test_it_opens_on_a_recording_and_on_its_capture(recordings: Path) -> None:
    folder = recordings / "article_drill1_eth0_down_up"
    assert lines(vrrplab.cluster(folder))[0]["origin"] == "recording"
    assert lines(vrrplab.cluster(folder / "capture.pcap"))[0]["origin"] == "capture"


def test_it_opens_on_a_scenario_and_breaks_it() -> None:
    widget = vrrplab.cluster("article-drill-1-lan-nic")
    assert lines(widget)[0]["name"] == "article-drill-1-lan-nic"
    assert widget.info["can_fork"] is True
    options = widget.info["explain"]["options"]["proxy-serv02"]["proxy_ip1"]
    place, text = options["priority"]
    assert place.startswith("proxy-serv02.conf:")
    assert text == "priority 100"
    before = [line for line in lines(widget) if line["t"] < 5]
    assert widget.info["took_s"] > 0, "the page is told what to expect of the next run"
    widget.break_it("power_off", at_s=5.0, server="proxy-serv02")
    after = lines(widget)
    assert [line for line in after if line["t"] < 5][1:] == before[1:], "the past stays"
    assert after[0]["description"] == "Changed: proxy-serv02 loses power at 5.000 s"
    assert widget.trace.owner("192.168.2.102", 11.0) == "proxy-serv01"
    assert any(line["event"] == "garp_sent" and "frame" in line for line in after)


def test_a_wrong_name_in_an_action_is_a_sentence() -> None:
    widget = vrrplab.cluster("article-drill-1-lan-nic")
    with pytest.raises(VrrplabError) as error:
        widget.break_it("link_down", at_s=5.0, server="proxy-serv01", interface="eth7")
    assert "eth" in str(error.value)
    assert "\n" not in str(error.value)
    assert widget.info["can_undo"] is False


@pytest.mark.parametrize("source", [3, None, {"name": "x"}, ["a"]])
def test_anything_else_is_refused_in_a_sentence(source: Any) -> None:
    with pytest.raises(VrrplabError, match="takes a scenario, a trace, or the name or path"):
        vrrplab.cluster(source)


@pytest.fixture
def recordings() -> Path:
    from vrrplab.data_files import data_path

    return data_path("recordings")


def test_what_read_pcap_gives_can_be_looked_at(recordings: Path) -> None:
    file = recordings / "article_drill1_eth0_down_up" / "capture.pcap"
    shown = vrrplab.cluster(vrrplab.read_pcap(file))
    assert not shown.info["can_fork"]
    assert [e.to_json() for e in shown.trace][1:] == [e.to_json() for e in vrrplab.cluster(file).trace][1:]
