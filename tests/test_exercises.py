"""Exercises, guesses, progress: stubs stay open, solutions pass, wrong answers meet what contradicts them."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from tests.lessons import ROOT
from tests.misses import MISSES, SOLUTIONS, solved, value
from vrrplab import VrrplabError, at, conf, outage_s, own_cluster, recorded, simulate, variant
from vrrplab.exercises import again, check, class_results, compare, predict, progress, reset, sliders
from vrrplab.exercises.registry import EXERCISES
from vrrplab.exercises.sliders import PANELS
from vrrplab.notebook import short_errors

NAMES = sorted(EXERCISES)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's progress file of its own for every test."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(path))
    return path


# Answers


def test_every_exercise_has_a_solution_and_answers_that_miss() -> None:
    assert sorted(SOLUTIONS) == NAMES
    assert sorted(MISSES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_is_open(name: str, file: Path) -> None:
    for stub in (..., [...], {"a": ...}, "vrrp_instance x {\n    ...\n}"):
        said = check(name, stub)
        assert not said
        assert "not answered yet" in str(said)
    assert not file.exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes(name: str) -> None:
    said = check(name, solved(name))
    assert said, str(said)
    assert said.text.endswith(".")


@pytest.mark.parametrize(("name", "answer", "words"), [(n, a, w) for n in NAMES for a, w in MISSES[n]])
def test_a_miss_meets_what_contradicts_it(name: str, answer: str, words: str) -> None:
    said = check(name, value(answer))
    assert said.kind == "missed", str(said)
    assert words in said.text
    right = SOLUTIONS[name].answer
    if len(right) > 3 and not right.startswith('"'):
        assert right not in said.text, "a miss never tells the solution"


def test_what_is_not_understood_is_no_try(file: Path) -> None:
    check("02-quick", "a few")
    assert not file.exists()
    check("02-quick", 100)
    check("02-quick", 1000)
    assert json.loads(file.read_text())["exercises"]["02-quick"]["tries"] == 1
    assert "1 try" in str(progress())


def test_equal_misses_do_not_give_equal_sentences() -> None:
    said = [check("02-quick", 100).text for _ in range(6)]
    assert len(set(said)) == 6
    assert all("With 100 the silence lasts 3.609 s." in text for text in said)
    assert said[1].startswith("The same answer gives the same run:")
    assert "for the sixth time" in said[5]
    assert ['hint("02-quick")' in text for text in said] == [False, False, True, True, True, True]
    assert check("02-quick", 120).text.startswith("Still, for the seventh time: With 120")
    assert check("02-quick", 254).text.startswith("With 254"), "another miss, so it begins anew"


def test_another_answer_that_meets_the_same_is_told_so() -> None:
    check("05-quick", {"interval 3": "interval 2"})
    said = check("05-quick", {"interval 3": "interval 2\n    fall 1"})
    assert said.text.startswith("What you changed makes no difference to this: Squid crashes at")
    said = check("05-quick", {"interval 3": "interval 2\n    rise 1"})
    assert said.text.startswith("For the third time now, whatever you changed in between:")


@pytest.mark.parametrize(("number", "told"), [(8, "8th"), (11, "11th"), (21, "21st"), (102, "102nd")])
def test_a_long_row_of_misses_is_counted_on(number: int, told: str) -> None:
    before = {"passed": False, "said": "No.", "answer": "7", "again": number - 2, "unchanged": 0}
    now = before | again.counted(before, "8", "No.")
    assert f"For the {told} time now" in again.retold("02-quick", "No.", before, now)


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("05-quick", {"interval 3": "interval one"}, "line 3: interval: invalid number 'one'"),
        ("05-quick", {"interval 3": "interval 0"}, "line 3: interval 0 is not valid; 1 second is used"),
        ("05-quick", {"interval 3": "intervall 1"}, "line 3: unknown keyword 'intervall'"),
        ("05-glitch", {"interval 3": "interval 3\n    fall 2\n    fal 2"}, "unknown keyword 'fal'"),
        ("07-cure", {"priority ": "garp_master_refresh 2\n    x 1\n    priority "}, "unknown keyword 'x'"),
    ],
)
def test_what_works_by_accident_does_not_pass(name: str, edit: dict[str, str], words: str) -> None:
    said = check(name, edit)
    assert said.kind == "missed"
    assert said.text.startswith("It works, but by accident: proxy-serv01, ")
    assert words in said.text


class Hostile:
    """Nothing works with it."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __float__ = __iter__ = __repr__  # type: ignore[assignment]


ODD: list[Any] = [
    None, True, "", "   ", "abc", b"\x00", 0, -1, 1e400, math.nan, 10**400, [], {}, (), set(), object,
    lambda: 1,
    Hostile(), ["abc"], [None], {"abc": 1}, {1: 2}, {"": ""}, {"priority 255": None}, {"proxy-serv01": 7},
    [at(1, "link_down")], at(1, "x"), {"at_s": -1, "action": "power_off", "server": "proxy-serv01"},
    "a: [", "servers: 3", "1.2.3.4/99", "999.1.1.1",
    # as large, or as different, as can be written into a file
    7, 39.99, 40, 600, -253, 254, 65535, 99_999, "255.255.255.255", {"priority 255": "priority 255"},
    {"priority 255": "priority 50"}, {"priority 255": "priority 255\n    version 3\n"}, {"eth0": "eth1"},
    {"proxy_ip1": "first"}, {"192.168.2.101": "192.168.2.111"}, {"interval 3": "interval 300"},
    {"priority ": "nopreempt\n    priority "}, {"virtual_router_id 1": "virtual_router_id 9"},
    {"proxy-serv02": {"priority 100": "priority 254"}}, {"dev eth0": "dev eth1"},
    {"priority ": "advert_int 40\n    version 3\n    priority "}, {"chk_squid_service": "none"},
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_odd_answers_get_a_sentence(name: str) -> None:
    for answer in ODD:
        said = check(name, answer)
        assert not said
        assert said.text
        assert "\n" not in said.text
        assert "Traceback" not in said.text
        assert "cannot judge" not in said.text, f"the judge fails over {answer!r}"


def test_a_judge_that_fails_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(answer: object) -> str:
        return str([][0])

    monkeypatch.setitem(EXERCISES, "02-quick", EXERCISES["02-quick"]._replace(judge=judge))
    said = check("02-quick", 240)
    assert said.kind == "unclear"
    assert "cannot judge that answer (IndexError" in said.text


def test_a_way_that_nobody_thought_of_passes_too() -> None:
    said = check("06-lost", {"priority ": "use_vmac\n    priority "})
    assert said, str(said)
    assert "nobody waits for an announcement" in said.text


@pytest.mark.parametrize(
    "command",
    ["/usr/bin/curl -sf -x 127.0.0.1:3128 http://192.0.2.80/", "/usr/bin/nc -z -w 1 127.0.0.1 3128"],
)
def test_a_check_that_asks_for_a_page_repairs_drill_3(command: str) -> None:
    asking = variant("article-drill-3-squid", edit={"/usr/sbin/squid -k check": command})
    assert "3.44 s instead of half a minute" in check("04-faster", asking).text


@pytest.mark.parametrize(
    ("name", "passes", "misses"),
    [
        ("02-quick", [231, 253], [230, 254]),
        ("04-worst", [33.6], [32.5]),
        ("07-heal", [15.3], [15.7]),
        ("09-squid", [3.06], [3.6]),
        ("10-interval", [0.27], [0.28]),
    ],
)
def test_the_key_tells_the_bounds(name: str, passes: list[float], misses: list[float]) -> None:
    assert [bool(check(name, answer)) for answer in [*misses, *passes]] == [False] * len(misses) + [
        True
    ] * len(passes)


def test_a_frozen_daemon_is_not_noticed_either() -> None:
    assert check("00-unnoticed", at(12, "daemon_freeze", server="proxy-serv01"))


def test_two_squids_told_to_stop_are_two_faults() -> None:
    stops = [at(12, "service_stop", server=s, service="squid") for s in ("proxy-serv01", "proxy-serv02")]
    assert check("00-dark", stops)


def test_a_trace_or_a_number_of_numpy_is_an_answer_too() -> None:
    numpy = pytest.importorskip("numpy")
    assert check("02-quick", numpy.int64(240))
    assert check("02-patience", numpy.float64(3 + 206 / 256))
    assert not check("04-faster", simulate("article-steady"))


def test_a_drill_with_another_end_is_not_the_drill() -> None:
    helped = variant("article-drill-3-squid", at(13, "service_start", server="proxy-serv01", service="squid"))
    assert "with its own actions and no others" in check("04-faster", helped).text


def test_files_that_were_edited_together_are_a_repair_too() -> None:
    from vrrplab.exercises.lesson_11 import broken_pair, pair_of

    assert check("11-repair", broken_pair().edited(solved("11-repair")))
    assert "check of web1 fails" in check("11-repair", pair_of("web")).text
    assert "files of other servers" in check("11-repair", pair_of("lists")).text


def test_scapy_packets_are_frames() -> None:
    pytest.importorskip("scapy")
    from scapy.layers.inet import IP
    from scapy.layers.l2 import Ether
    from scapy.layers.vrrp import VRRP

    envelope = Ether(src="02:00:00:00:00:fb", dst="01:00:5e:00:00:12")
    leave = IP(src="192.168.2.251", dst="224.0.0.18", ttl=255) / VRRP(
        vrid=1, priority=0, addrlist=["192.168.2.101"]
    )
    assert check("01-farewell", envelope / leave)
    assert "TTL" in str(
        check("01-farewell", envelope / IP(src="192.168.2.251", dst="224.0.0.18", ttl=64) / leave.payload)
    )


def test_a_wrong_name_is_told_with_the_nearest() -> None:
    with pytest.raises(VrrplabError, match="did you mean '02-patience'"):
        check("02-patiense", 1)
    for odd in (3, ..., None):
        with pytest.raises(VrrplabError, match="takes the name of an exercise first") as caught:
            check(odd, 1)  # type: ignore[arg-type]
        assert "02-quick" in EXERCISES
        assert str(caught.value).endswith('like check("02-quick", 240)')
    with pytest.raises(VrrplabError, match="takes a name first"):
        predict("", 1)


# Guesses


def test_a_guess_is_kept_and_compared() -> None:
    assert "Your guess: 3" in str(predict("02-silence", 3))
    said = str(compare("02-silence", 3.609))
    assert said == "• You said 3 s. It was 3.609 s. 0.609 s more than you thought. Find out why."
    assert "That is close" in str(compare("02-silence", 3.2))


def test_the_first_guess_counts_once_the_outcome_is_known(file: Path) -> None:
    predict("04-squid", 1)
    predict("04-squid", 2)
    compare("04-squid", 33.4)
    assert "stays: 2" in str(predict("04-squid", 33.4))
    assert json.loads(file.read_text())["predictions"]["04-squid"]["guess"] == 2
    assert "Your guess was 2" in str(predict("04-squid", 2))


def test_comparing_without_a_guess_is_no_mistake() -> None:
    assert "You made no guess" in str(compare("02-silence", 3.609))
    assert "No guess yet" in str(predict("02-other", ...))
    assert "You made no guess" in str(compare("02-other", "proxy-serv01"))


@pytest.mark.parametrize("guess", [None, object(), math.inf, b"3", [], Hostile()])
def test_a_guess_of_another_kind_gets_a_sentence(guess: object) -> None:
    assert "A guess is a number of seconds, in digits" in str(predict("02-silence", guess))
    assert "nothing to compare" in str(compare("02-silence", guess))


@pytest.mark.parametrize("guess", ["3", "3.0", "3,0", " 3 s", "3s", "3 seconds", "3000 ms", "0.05 min"])
def test_a_number_in_quotes_is_a_number(guess: str) -> None:
    assert "Your guess: 3 s." in str(predict("00-cable", guess))
    assert "You said 3 s. It was 2.64 s. 0.36 s less" in str(compare("00-cable", 2.64))
    assert "00-cable: 1 said 3 s; it was 2.64 s" in str(class_results(os.environ["VRRPLAB_PROGRESS"]))


@pytest.mark.parametrize("guess", [-1, "-1", "-0,5 s"])
def test_nothing_is_less_than_nothing(guess: object, file: Path) -> None:
    assert "write 0 or more" in str(predict("00-cable", guess))
    assert not file.exists()


@pytest.mark.parametrize(
    ("guess", "outcome", "words"),
    [
        ("192.168.2.251", "192.168.2.251", "You said 192.168.2.251"),
        ("yes", True, "You saw it coming"),
        ("proxy-serv02", "proxy-serv01", "Find out why"),
        ("Nobody", "nobody", "saw it coming"),
        (True, False, "You said yes"),
    ],
)
def test_names_and_yes_or_no_are_guesses(guess: object, outcome: object, words: str) -> None:
    predict("x", guess)
    assert words in str(compare("x", outcome))


def test_messages_are_safe_in_a_page() -> None:
    said = check("00-both", "<script>alert(1)</script>")
    assert "<script>" not in said._repr_html_()
    assert "<" in progress()._repr_html_()
    assert "<" in reset()._repr_html_()


# Experiments


def test_a_variant_leaves_its_source_alone() -> None:
    changed = variant("article-steady", edit={"priority 255": "priority 254"}, name="other", seed=3)
    assert changed.servers["proxy-serv01"].node.instance("proxy_ip1").base_priority == 254
    assert (changed.name, changed.seed) == ("other", 3)
    assert "priority 255" in conf("proxy-serv01")
    assert "priority 254" in conf("proxy-serv01", changed)
    again = variant(changed, edit={"priority 254": "priority 200"})
    assert again.servers["proxy-serv02"].node.instance("proxy_ip2").base_priority == 200


def test_a_variant_of_one_server_only() -> None:
    changed = variant(edit={"proxy-serv02": {"priority 100": "priority 90"}})
    assert changed.servers["proxy-serv01"].node.instance("proxy_ip2").base_priority == 100
    assert changed.servers["proxy-serv02"].node.instance("proxy_ip1").base_priority == 90


def test_actions_make_the_run_long_enough_to_see_what_follows() -> None:
    assert variant("article-steady", at(100, "power_off", server="proxy-serv01")).duration_us == 120_000_000
    assert variant("article-steady", duration_s=3).duration_us == 3_000_000


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: variant(edit={"prority 255": "x"}), "did you mean 'priority 255'?"),
        (lambda: variant(edit={"proxy-serv01": {"priority 7": "x"}}), "is not in proxy-serv01"),
        (lambda: variant(edit={"proxy-serv01": 4}), "give {'old words': 'new words'}"),
        (lambda: variant(files={"web": "x"}), "no server 'web'"),
        (lambda: variant(edit={"router_id 1": "router_id 0"}), "proxy-serv01: keepalived.conf:9"),
        (lambda: variant(services={"nginx": {}}), "no service 'nginx'"),
        (lambda: variant(services={"squid": {"port": 1}}), "give shutdown_s"),
        (lambda: variant(colour="red"), "has no 'colour'"),
        (lambda: variant(profile="keepalived-9"), "keepalived-9"),
        (lambda: variant(duration_s=-1), "positive"),
        (lambda: variant("article-steddy"), "article-steady"),
        (lambda: variant("article-steady", at(1, "link_dwn", server="proxy-serv01")), "link_down"),
        (lambda: at("12", "power_off"), "moment first"),  # type: ignore[arg-type]
        (lambda: conf("web"), "no server 'web'"),
        (lambda: own_cluster(), "takes files by server name"),
        (lambda: own_cluster(a="absent.conf"), "absent.conf|cannot be read"),
        (lambda: own_cluster(a=3), "a: name a keepalived.conf, or its text"),  # type: ignore[arg-type]
        (lambda: own_cluster(a="vrrp_instance x {\n}"), "a: keepalived.conf:1"),
        (lambda: sliders("speed"), "there are timers"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_one_line(call: Any, words: str) -> None:
    with pytest.raises(VrrplabError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_own_files_by_path_and_by_text(tmp_path: Path) -> None:
    (tmp_path / "one.conf").write_text(conf("proxy-serv01"))
    mine = own_cluster(left=tmp_path / "one.conf", right=conf("proxy-serv02"))
    assert list(mine.servers) == ["left", "right"]
    assert simulate(mine).owner("192.168.2.101", 10) == "left"
    assert "priority 255" in conf("left", mine)


def test_the_stopwatch_knows_every_end() -> None:
    drill = simulate("article-drill-1-lan-nic")
    assert outage_s(drill, "192.168.2.101", "http") == pytest.approx(2.66)
    assert outage_s(drill, "192.168.2.102") == 0.0
    assert outage_s(drill) == max(outage_s(drill, target) for target in ("proxy-serv", "192.168.2.101"))
    off = [at(12, "power_off", server=server) for server in ("proxy-serv01", "proxy-serv02")]
    dark = simulate("article-steady", actions=off, until_s=20)
    assert outage_s(dark, "192.168.2.101") == pytest.approx(8.02, abs=0.01)
    assert outage_s(recorded("article_drill2_eth1_down_up"), "192.168.2.101") == pytest.approx(0.64, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("192.168.2.111",), "did you mean '192.168.2.101'"),
        (("192.168.2.101", "https"), "did you mean 'http'"),
        ((7,), "no target 7"),
    ],
)
def test_the_stopwatch_takes_no_typing_mistake(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(VrrplabError, match=words):
        outage_s(simulate("article-steady", until_s=5), *arguments)
    with pytest.raises(VrrplabError, match="takes a trace"):
        outage_s("article-steady")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(PANELS))
def test_panels_run_at_both_ends_of_every_slider(name: str) -> None:
    run, rows = PANELS[name]
    usual = {row[0]: row[5] for row in rows}
    for key, _, low, high, _, first, *_ in rows:
        assert low <= first <= high
        for end in (low, high):
            assert len(run({**usual, key: end})) > 10


# Mistakes in a notebook


def test_mistakes_of_beginners_get_a_sentence() -> None:
    assert "`trace` is not known yet" in short_errors.sentence(NameError("name 'trace' is not defined"))
    assert short_errors.sentence(VrrplabError("no such thing")) == "no such thing"


def test_the_sentence_is_all_a_notebook_shows(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    from nbclient import NotebookClient

    cells = [
        "from vrrplab import check, simulate",
        "simulate('articel-steady')",
        "trase",
        "1/0",
        "check('02-quick', 240)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True)
    client.execute(cwd=str(tmp_path), env={**os.environ, "PYTHONPATH": str(ROOT)})
    shown = ["\n".join(out.get("traceback", [])) for cell in notebook.cells for out in cell.outputs]
    assert "\n" not in shown[0]
    assert "article-steady" in shown[0]
    assert shown[1].startswith("`trase` is not known yet")
    assert "ZeroDivisionError" in shown[2]
    assert "passed" in notebook.cells[4].outputs[0].data["text/plain"]
