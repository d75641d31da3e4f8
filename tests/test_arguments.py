"""Whatever is handed to a public function, a mistake is one sentence and never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vrrplab import (
    Trace,
    VrrplabError,
    at,
    cluster,
    complaints,
    conf,
    ip_a,
    load_scenario,
    logs,
    own_cluster,
    panel,
    recorded,
    simulate,
    sliders,
    story,
    tune,
    variant,
    views,
)
from vrrplab.errors import did_you_mean

DRILL = "article-drill-1-lan-nic"
TRACE = simulate(DRILL)
VIP = "192.168.2.101"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sliders(["timers"]), "no panel"),  # type: ignore[arg-type]
        (lambda: variant(None), "a scenario, a path or a name is needed"),  # type: ignore[arg-type]
        (lambda: variant("article-steady", 5), "mapping|expected|at_s"),  # type: ignore[arg-type]
        (lambda: variant(edit={"a", "b"}), "edit is .*: give what to replace"),  # type: ignore[arg-type]
        (lambda: variant(edit=...), "give what to replace"),  # type: ignore[arg-type]
        (lambda: variant(edit=["priority 255"]), "has no arrow"),
        (lambda: variant(edit="-> priority 1"), "give the words"),
        (lambda: variant(edit=["priority 255 -> priority 1", 4]), "part of edit is 4"),  # type: ignore[list-item]
        (lambda: variant(edit={"": "x"}), "give the words"),
        (lambda: variant(edit={5: "x"}), "in quotes"),  # type: ignore[dict-item]
        (lambda: variant(edit={"priority 255": 254}), "what replaces 'priority 255' is 254"),
        (lambda: variant(edit={"proxy-serv01": {"": "x"}}), "give the words"),
        (lambda: variant(files={"proxy-serv01": None}), "in quotes"),  # type: ignore[dict-item]
        (lambda: variant(files="proxy-serv01"), "give pairs"),  # type: ignore[arg-type]
        (lambda: variant(services=["squid"]), 'like services="squid: shutdown_s 1"'),
        (lambda: variant(services=3), 'like services="squid: shutdown_s 1"'),  # type: ignore[arg-type]
        (lambda: variant(services={"squid": 1}), "squid is 1: give pairs"),  # type: ignore[dict-item]
        (lambda: variant(duration_s="60"), "duration_s is '60': give a number"),  # type: ignore[arg-type]
        (lambda: variant(duration_s=float("nan")), "give a number"),
        (lambda: variant(seed="a"), "seed is 'a'"),
        (lambda: variant(seed=1.5), "whole number"),
        (lambda: variant(name=...), "name is Ellipsis"),
        (lambda: variant(profile=[]), "profile is"),
        (lambda: conf(["a"]), "no server"),  # type: ignore[arg-type]
        (lambda: conf("proxy-serv1"), "did you mean 'proxy-serv0"),
        (lambda: at(float("nan"), "power_off"), "give a number"),
        (lambda: complaints(None), "takes a scenario"),  # type: ignore[arg-type]
        (lambda: own_cluster(a="vrrp_instance x"), "a: 'vrrp_instance x' is neither"),
        (lambda: own_cluster(a=""), "a: '' is neither"),
        (lambda: own_cluster(a=Path()), "is neither"),
        (lambda: own_cluster(**{"a/b": conf()}), "'a/b' is no name for a server"),
        (lambda: own_cluster(**{"": conf()}), "is no name for a server"),
        (lambda: simulate("article-steady", actions=5), "give a list"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", actions=at(1, "power_off")), "give a list"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", actions="power_off"), "give a list"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", seed=True), "whole number"),
        (lambda: simulate("article-steady", until_s="9"), "until_s is '9'"),  # type: ignore[arg-type]
        (lambda: simulate("article-steady", profile=[]), "unknown profile"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence(call: Any, words: str) -> None:
    with pytest.raises(VrrplabError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_one_file_on_two_servers_and_any_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "keepalived.txt").write_text(conf("proxy-serv01"))
    twice = own_cluster(a=tmp_path / "keepalived.txt", b=tmp_path / "keepalived.txt")
    assert list(twice.servers) == ["a", "b"]
    assert simulate(twice).servers == ["a", "b"]
    assert list(own_cluster(a=tmp_path / "keepalived.txt").servers) == ["a"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TRACE.owner(VIP, "16"), "the moment is '16': give a number"),  # type: ignore[arg-type]
        (lambda: TRACE.owners(VIP, None), "give a number"),  # type: ignore[arg-type]
        (lambda: TRACE.state_at(float("nan"), "proxy-serv01", "proxy_ip1"), "give a number"),
        (lambda: TRACE.why(float("inf"), "proxy-serv01", "proxy_ip1"), "give a number"),
        (lambda: TRACE.between("a", 5), "give a number"),  # type: ignore[arg-type]
        (lambda: ip_a(TRACE, "proxy-serv1", 5), "no server 'proxy-serv1' in this trace: did you mean"),
        (lambda: ip_a(TRACE, "proxy-serv01", 1, "eth9"), "no interface 'eth9' on proxy-serv01: did you mean"),
        (lambda: ip_a(TRACE, "proxy-serv01", ...), "at_s is Ellipsis"),  # type: ignore[arg-type]
        (lambda: logs(TRACE, "a", "b"), "from_s is 'a'"),  # type: ignore[arg-type]
        (lambda: logs(TRACE, 0, 5, "x"), "no server 'x' in this trace: there are proxy-serv01"),
        (lambda: logs(DRILL, 0, 5), r"logs\(\) takes a trace"),  # type: ignore[arg-type]
        (lambda: story(DRILL), r"story\(\) takes a trace"),  # type: ignore[arg-type]
        (lambda: story(TRACE, 5), "width 5 is out of range"),
        (lambda: cluster(at_s="a"), "at_s is 'a'"),  # type: ignore[arg-type]
        (lambda: cluster(at_s=float("nan")), "give a number"),
        (lambda: tune(load_scenario(DRILL), priority="a"), "priority is 'a'"),  # type: ignore[arg-type]
        (lambda: tune(load_scenario(DRILL), priority=100.5), "whole number"),  # type: ignore[arg-type]
        (lambda: tune(load_scenario(DRILL), fall=1.5), "whole number"),  # type: ignore[arg-type]
        (lambda: tune(load_scenario(DRILL), loss=float("nan")), "give a number"),
        (lambda: tune(DRILL, priority=1), "takes a scenario"),  # type: ignore[arg-type]
        (lambda: panel(None), "a scenario, a path or a name is needed"),
        (lambda: panel(DRILL, "priority"), "options is 'priority': give a list"),
        (lambda: panel(DRILL, [["priority"]]), "no option"),  # type: ignore[list-item]
        (lambda: views.compare(DRILL, DRILL), "takes a trace"),
        (lambda: views.compare(TRACE, TRACE, ["timeline"]), "cannot be compared"),
        (lambda: views.ladder.figure(TRACE, instance="proxy_ip9"), "no instance 'proxy_ip9'"),
        (lambda: views.ladder.figure(TRACE, from_s="a"), "from_s is 'a'"),
        (lambda: views.timeline.figure([]), "this list is empty"),
        (lambda: views.timeline.figure(TRACE, theme=["dark"]), "no theme"),
        (lambda: views.distribution.figure(None), "samples is None: give a list"),
        (lambda: views.distribution.figure("2.6"), "give a list"),
        (lambda: views.distribution.figure([2.6], bounds_s="3"), "bounds_s is '3': give a number"),
        (lambda: views.distribution.figure([2.6], bounds_s={"": "x"}), "bounds_s is 'x'"),  # type: ignore[dict-item]
        (lambda: views.distribution.figure([2.6], title=5), "title is 5"),
        (lambda: views.anatomy.figure(TRACE, at_least_s="1"), "at_least_s is '1'"),
        (lambda: views.timeline.figure(TRACE, width_in=-1), "width_in -1 is out of range"),
        (lambda: TRACE.owner(101, 5), "an address is text"),  # type: ignore[arg-type]
        (lambda: load_scenario(DRILL, profile="keepalived-9"), "unknown profile"),
        (lambda: recorded("article_steady", "2"), "run is '2'"),  # type: ignore[arg-type]
        (lambda: views.distribution.figure([TRACE]), "is not a failover time"),
        (lambda: views.packet.figure(None), "a frame is bytes or hexadecimal text"),
    ],
)  # fmt: skip
def test_a_question_that_has_no_answer_is_a_sentence(call: Any, words: str) -> None:
    test_a_mistake_is_a_sentence(call, words)


@pytest.mark.parametrize("given", [DRILL, None, ..., 5, [DRILL], {"a": TRACE}])
@pytest.mark.parametrize("view", ["timeline", "priority", "tables", "anatomy", "ladder", "state_diagram"])
def test_a_figure_takes_a_trace(view: str, given: object) -> None:
    if (view, given) == ("state_diagram", None):
        return  # all edges, counted in no trace
    test_a_mistake_is_a_sentence(lambda: getattr(views, view).figure(given), f"{view}.* takes a trace")


@pytest.mark.parametrize("view", ["timeline", "priority", "tables"])
def test_a_window_is_two_numbers(view: str) -> None:
    test_a_mistake_is_a_sentence(lambda: getattr(views, view).figure(TRACE, to_s="9"), "to_s is '9'")


def test_an_address_or_an_instance_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(VrrplabError, match=r"no address '192\.168\.2\.199' in this trace: did you mean"):
        TRACE.owner("192.168.2.199", 5)
    with pytest.raises(VrrplabError, match="no instance 'proxy_ip9' on proxy-serv01: did you mean"):
        TRACE.why(5, "proxy-serv01", "proxy_ip9")
    assert "has not started" in TRACE.why(0, "proxy-serv02", "proxy_ip1")


def test_nothing_is_told_of_nothing() -> None:
    assert str(story(Trace([]))) == "Nothing happened in this trace."


@pytest.mark.parametrize(
    ("word", "hint"), [("priorty", "did you mean 'priority'?"), ("zzz", ""), ("p", ""), ("prio" * 10**6, "")]
)
def test_a_hint_names_the_word_most_like_it_or_none(word: str, hint: str) -> None:
    assert did_you_mean(word, ["preempt", "priority", "po"]) == hint
