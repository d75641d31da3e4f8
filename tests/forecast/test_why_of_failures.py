"""Why it did, or did not, fail over: the drills of pitfalls P20, P24 and P06, and what else can come out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vrrplab.commands.cli import main
from vrrplab.errors import DropReason
from vrrplab.forecast import laws
from vrrplab.forecast.cases import Ending
from vrrplab.forecast.laws import Law
from vrrplab.forecast.why import Answer, why
from vrrplab.forecast.why_text import lines
from vrrplab.scenario.fail_line import with_failures
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.sim.play import run

ROOT = Path(__file__).resolve().parents[2]
CONF = """\
vrrp_script chk_haproxy {{
    script "/usr/bin/killall -0 haproxy"
    interval 2
    weight {weight}
    user root
}}

vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int {interval}{more}
    virtual_ipaddress {{
        {addresses}
    }}
    track_script {{
        {tracked}
    }}
}}
"""


def cluster(folder: Path, **nodes: dict[str, object]) -> list[Path]:
    """A file for each node; what is said of it is put into ``CONF``."""
    usual = {"weight": -20, "interval": 1, "more": "", "addresses": "10.0.4.100/24", "tracked": "chk_haproxy"}
    paths = []
    for name, values in nodes.items():
        paths.append(folder / f"{name}.conf")
        paths[-1].write_text(CONF.format(**{**usual, **values}))
    return paths


def answers(paths: list[Path], *failures: str, cures: bool = True) -> list[Answer]:
    scenario = with_failures(scenario_from_configs(paths), failures).changed(duration_us=40_000_000)
    return list(why(scenario, cures=cures).answers)


def told(answer: Answer, kind: str) -> str:
    return " / ".join(f"{s.id} {s.text}".strip() for s in answer.steps if s.kind == kind)


def first_lines(answer: Answer) -> list[int]:
    return [place.source.line for step in answer.steps[:1] for place in step.places]


def apply(answer: Answer, number: int = 0) -> None:
    """A cure, written into the files as somebody would who reads it."""
    for edit in answer.cures[number].edits:
        path = Path(edit.source.file)
        rows = path.read_text().split("\n")
        if edit.before:
            assert edit.before in rows[edit.source.line - 1]
            rows[edit.source.line - 1] = rows[edit.source.line - 1].replace(edit.before, edit.after)
        else:
            rows.insert(edit.source.line, edit.after)
        path.write_text("\n".join(rows))


def owner_after(paths: list[Path], failure: str) -> tuple[str, ...]:
    return run(with_failures(scenario_from_configs(paths), [failure])).owners("10.0.4.100", 30)


def test_p20_a_weight_smaller_than_the_gap(tmp_path: Path) -> None:
    """A dead HAProxy keeps the address: 108 is more than 107, and 107 is not less than 107."""
    few = {"weight": -2}
    paths = cluster(
        tmp_path, a={"priority": 110, **few}, b={"priority": 107, **few}, c={"priority": 102, **few}
    )
    (answer,) = answers(paths, "a haproxy")
    assert answer.outcome is Ending.STAYS
    assert answer.after == ("a",)
    assert "a falls from 110 to 108, more than the others: b has 107, c has 102" in told(answer, "line")
    assert first_lines(answer) == [4, 12, 12]
    assert "a advertises priority 108, and b hears it" in told(answer, "packet")
    assert told(answer, "law").startswith("R3-6.4.2-h")
    assert told(answer, "rule").startswith("V020")
    cure = answer.cures[0]
    assert str(cure.edits[0]) == f"{paths[0]}:4: 'weight -2' -> 'weight -4'"
    assert cure.too_little == "weight -3"
    assert cure.leads_to.startswith("b has it")
    assert owner_after(paths, "a haproxy") == ("a",)
    apply(answer)
    assert owner_after(paths, "a haproxy") == ("b",)


def test_a_weight_that_an_owner_takes_off_is_named_with_its_line(tmp_path: Path) -> None:
    """It stands in track_script, so nobody is told that nothing is tracked."""
    paths = cluster(tmp_path, a={"priority": 255, "weight": -60}, b={"priority": 100, "weight": -60})
    (answer,) = answers(paths, "a haproxy")
    assert answer.outcome is Ending.STAYS
    assert "with its weight is ignored, because its priority is 255" in told(answer, "line")
    assert told(answer, "rule").startswith("V029")
    assert told(answer, "law").startswith("R3-5.2.4-a")
    assert answer.cures[0].leads_to.startswith("b has it")


def test_p24_a_weight_beside_nopreempt(tmp_path: Path) -> None:
    """b may not take over from a MASTER that lives, however low it falls."""
    both = {"more": "\n    nopreempt"}
    paths = cluster(tmp_path, a={"priority": 110, **both}, b={"priority": 100, **both})
    (answer,) = answers(paths, "a haproxy")
    assert answer.outcome is Ending.STAYS
    assert "nopreempt: b leaves a MASTER alone" in told(answer, "line")
    assert told(answer, "rule").startswith("V024")
    cures = [str(edit) for cure in answer.cures for edit in cure.edits]
    assert cures == [f"{paths[0]}:4: 'weight -20' -> 'weight 0'", f"{paths[1]}:14: drop 'nopreempt'"]
    apply(answer, 0)
    assert owner_after(paths, "a haproxy") == ("b",)


def test_p06_lists_of_addresses_that_differ(tmp_path: Path) -> None:
    """Each turns away what the other sends: both are MASTER before anything fails."""
    more = "10.0.4.100/24\n        10.0.4.101/24"
    paths = cluster(tmp_path, a={"priority": 110}, b={"priority": 100, "addresses": more})
    shared, _ = answers(paths, "a haproxy")
    assert shared.outcome is Ending.SEVERAL
    assert shared.before == shared.after == ("a", "b")
    assert "a lacks 10.0.4.101" in told(shared, "line")
    assert "drops the advert of" in told(shared, "packet")
    assert told(shared, "law").startswith("K03")
    assert told(shared, "rule").startswith("V006")
    assert [len(cure.edits) for cure in shared.cures] == [1, 1]
    apply(shared)
    assert owner_after(paths, "a haproxy") == ("b",)


@pytest.mark.parametrize(
    ("failing", "outcome", "line"),
    [
        ("a power", Ending.NOBODY, "b lacks 10.0.4.100"),
        ("a haproxy", Ending.STAYS, "b has no 10.0.4.100"),
    ],
    ids=["power", "check"],
)
def test_p06_an_address_that_the_other_one_does_not_have(
    failing: str, outcome: Ending, line: str, tmp_path: Path
) -> None:
    """b is well and cannot take over what its file does not name: not a server is missing but a line."""
    paths = cluster(tmp_path, a={"priority": 110}, b={"priority": 100, "addresses": "10.0.4.101/24"})
    answer = answers(paths, failing)[0]
    assert (answer.outcome, answer.before) == (outcome, ("a",))
    assert line in told(answer, "line")
    assert told(answer, "rule").startswith("V006")
    assert answer.advice == ""
    apply(answer)
    assert owner_after(paths, failing) == ("b",)


def test_a_check_that_nobody_tracks(tmp_path: Path) -> None:
    paths = cluster(tmp_path, a={"priority": 110, "tracked": ""}, b={"priority": 100})
    (answer,) = answers(paths, "a haproxy")
    assert answer.outcome is Ending.STAYS
    assert "VI_1 tracks nothing of this" in told(answer, "line")
    apply(answer)
    assert owner_after(paths, "a haproxy") == ("b",)


def test_a_card_that_nobody_tracks_and_a_weight_that_is_added_while_all_is_well(tmp_path: Path) -> None:
    """A second network: its cable is pulled. A weight of 5 on both, and a gap of 10."""
    outside = "10.0.4.100/24\n        203.0.113.9/24 dev eth1 no_track"
    paths = cluster(
        tmp_path,
        a={"priority": 110, "addresses": outside, "weight": 5},
        b={"priority": 100, "addresses": outside, "weight": 5},
    )
    for answer in answers(paths, "a eth1", cures=False):
        assert answer.outcome is Ending.STAYS
    (answer,) = answers(paths, "a haproxy")
    assert "weight 5: a falls from 115 to 110, more than the others: b has 105" in told(answer, "line")
    assert answer.cures[0].edits[0].after == "weight -6"
    apply(answer)
    assert owner_after(paths, "a haproxy") == ("b",)


@pytest.mark.parametrize(
    ("more_a", "more_b", "law", "cure"),
    [
        ({"interval": 1}, {"interval": 2}, "R3-7.1-i", "advert_int"),
        ({"more": "\n    version 3"}, {}, "R3-7.1-b", "version"),
        (
            {"more": "\n    authentication {\n    auth_type PASS\n    auth_pass one\n    }"},
            {"more": "\n    authentication {\n    auth_type PASS\n    auth_pass two\n    }"},
            "K04",
            "auth_pass",
        ),
    ],
)
def test_two_masters_that_do_not_take_each_others_adverts(
    more_a: dict[str, object], more_b: dict[str, object], law: str, cure: str, tmp_path: Path
) -> None:
    """The files are made to fit by the first cure, and then b takes over."""
    paths = cluster(tmp_path, a={"priority": 110, **more_a}, b={"priority": 100, **more_b})
    (answer,) = answers(paths, "a haproxy")
    assert answer.outcome is Ending.SEVERAL
    assert told(answer, "law").startswith(law)
    assert answer.cures[0].edits[0].after.startswith(cure)
    apply(answer)
    assert owner_after(paths, "a haproxy") == ("b",)


@pytest.mark.parametrize(
    ("failure", "outcome", "law"),
    [
        ("a eth0", Ending.MOVES, "R3-6.1-b"),
        ("a power", Ending.MOVES, "R3-6.1-b"),
        ("a daemon", Ending.MOVES, "R3-6.4.2-g"),
        ("a haproxy", Ending.MOVES, "R3-6.4.2-i"),
        ("a kill", Ending.SEVERAL, "R3-6.1-b"),
        ("a freeze", Ending.SEVERAL, "R3-6.1-b"),
        ("a firewall out", Ending.SEVERAL, "R3-6.1-b"),
        ("b firewall in", Ending.SEVERAL, "R3-6.1-b"),
        ("eth0 cut", Ending.SEVERAL, "R3-6.1-b"),
        ("b kill", Ending.KEEPS, ""),
        ("b haproxy", Ending.KEEPS, "R3-6.4.2-h"),
    ],
)
def test_every_failure_comes_with_its_law(failure: str, outcome: Ending, law: str, tmp_path: Path) -> None:
    paths = cluster(tmp_path, a={"priority": 110}, b={"priority": 100})
    (answer,) = answers(paths, failure, cures=False)
    assert answer.outcome is outcome
    assert told(answer, "law").startswith(law)
    assert bool(answer.moved_us) == (outcome is Ending.MOVES)


def test_a_repair_has_an_answer_of_its_own(tmp_path: Path) -> None:
    """a comes back, and takes what it had."""
    paths = cluster(tmp_path, a={"priority": 110}, b={"priority": 100})
    gone, back = answers(paths, "a power at 8 for 12", cures=False)
    assert (gone.before, gone.after) == (("a",), ("b",))
    assert (back.before, back.after) == (("b",), ("a",))
    assert told(back, "law").startswith("R3-6.4.2-i")


def test_a_slow_takeover_is_told_how_it_would_be_faster(tmp_path: Path) -> None:
    paths = cluster(tmp_path, a={"priority": 110, "interval": 3}, b={"priority": 100, "interval": 3})
    (answer,) = answers(paths, "a power")
    (cure,) = answer.cures
    assert [edit.after for edit in cure.edits] == ["advert_int 1", "advert_int 1"]
    slow_us = answer.moved_us
    apply(answer)
    (faster,) = answers(paths, "a power", cures=False)
    assert slow_us is not None
    assert faster.moved_us is not None
    assert faster.moved_us < slow_us / 2


def test_nobody_is_told_to_give_up_authentication_for_a_second(tmp_path: Path) -> None:
    """Version 3, which less than a second needs, has none."""
    secret = "\n    authentication {\n        auth_type PASS\n        auth_pass secret\n    }"
    for more, cures in (("", 1), (secret, 0)):
        paths = cluster(tmp_path, a={"priority": 110, "more": more}, b={"priority": 100, "more": more})
        (answer,) = answers(paths, "a power")
        assert len(answer.cures) == cures


def test_one_node_alone_has_nobody_to_take_over(tmp_path: Path) -> None:
    (kept,) = answers(cluster(tmp_path, a={"priority": 110}), "a haproxy")
    assert "no other node has it" in kept.headline
    assert kept.advice == "10.0.4.100 on another node, too"
    (lost,) = answers(cluster(tmp_path, a={"priority": 110}), "a eth0")
    assert lost.outcome is Ending.NOBODY
    assert told(lost, "law").startswith("K08")


def test_nobody_else_is_fit_to_take_over(tmp_path: Path) -> None:
    """The check fails on both: a keeps what it has."""
    paths = cluster(tmp_path, a={"priority": 110, "weight": -20}, b={"priority": 100, "weight": 0})
    (answer,) = answers(paths, "b haproxy at 8", "a haproxy at 8")
    assert answer.outcome is Ending.STAYS
    assert "b cannot take over: FAULT since" in told(answer, "line")
    assert answer.cures == ()


def test_a_weight_added_while_all_is_well_is_raised_on_both_where_both_have_it(tmp_path: Path) -> None:
    """The negative weight on one node is the smaller change, and is told first."""
    paths = cluster(tmp_path, a={"priority": 110, "weight": 2}, b={"priority": 100, "weight": 2})
    (answer,) = answers(paths, "a haproxy")
    afters = [[edit.after for edit in cure.edits] for cure in answer.cures]
    assert afters == [["weight -9"], ["weight 11", "weight 11"], ["weight 0"]]
    apply(answer, 1)
    assert owner_after(paths, "a haproxy") == ("b",)


def test_legs_of_a_router_that_fail_alone_are_told_by_their_rule(tmp_path: Path) -> None:
    """Two instances on two cards, without a sync group: one stays behind."""
    leg = (
        "vrrp_instance W {{\n interface eth1\n virtual_router_id 52\n priority {0}\n"
        " virtual_ipaddress {{\n 10.9.0.1/24\n }}\n}}\n"
    )
    alone = {"tracked": ""}
    paths = cluster(tmp_path, a={"priority": 110, **alone}, b={"priority": 100, **alone})
    for path, priority in zip(paths, (110, 100), strict=True):
        path.write_text(path.read_text() + leg.format(priority))
    stays = next(a for a in answers(paths, "a eth0") if a.outcome is Ending.STAYS)
    assert stays.addresses == ("10.9.0.1",)
    assert told(stays, "rule").startswith("V052")
    assert stays.cures[0].edits[0].words == "add 'track_interface { eth0 }' to vrrp_instance W"


def test_files_without_an_address_tell_who_is_what(tmp_path: Path) -> None:
    paths = cluster(tmp_path, a={"priority": 110}, b={"priority": 100})
    for path in paths:
        path.write_text(re.sub(r"virtual_ipaddress \{\n.*\n    \}", "", path.read_text()))
    text = lines(why(with_failures(scenario_from_configs(paths), ["a power"])))
    assert text[0] == "No file has a virtual address, so none can move. In the end:"
    assert any(line.startswith("VI_1 on b: MASTER since") for line in text)


def test_where_there_is_nothing_to_try_the_cure_is_the_rules(tmp_path: Path) -> None:
    """A check that fails for ever: no number would make it pass, the shell that it lacks would."""
    check = 'vrrp_script chk {\n    script "/usr/bin/pgrep x > /dev/null"\n    weight -2\n    user root\n}\n'
    instance = (
        "vrrp_instance V {\n    interface eth0\n    virtual_router_id 51\n    priority PRIORITY\n"
        "    virtual_ipaddress {\n        10.0.4.100/24\n    }\n    track_script {\n        chk\n    }\n}\n"
    )
    paths = []
    for name, priority in (("a", "110"), ("b", "100")):
        paths.append(tmp_path / f"{name}.conf")
        paths[-1].write_text(check + instance.replace("PRIORITY", priority), encoding="utf-8")
    (answer,) = why(with_failures(scenario_from_configs(paths), ["a script chk"])).answers
    assert [step.id for step in answer.steps if step.kind == "rule"] == ["V050"]
    assert answer.advice.startswith('write "/bin/sh -c')


def test_no_line_is_wider_than_a_terminal(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 30) / ("b" * 30)
    folder.mkdir(parents=True)
    paths = cluster(folder, a={"priority": 110, "weight": -2}, b={"priority": 107, "weight": -2})
    failing = with_failures(
        scenario_from_configs(paths), ["a haproxy for 9", "a power at 30", "eth0 cut at 40"]
    )
    assert max(map(len, lines(why(failing)))) <= 80


def test_the_command_tells_the_same_as_text_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster(tmp_path, a={"priority": 110, "weight": -2}, b={"priority": 107, "weight": -2})
    monkeypatch.chdir(tmp_path)
    command = ["why", "a.conf", "b.conf", "--fail", "a haproxy"]
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "did not fail over: it stays on a" in text
    assert "cure   a.conf:4: 'weight -2' -> 'weight -4' (not enough: weight -3)" in text
    assert main([*command, "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    assert answer["outcome"] == "stays"
    assert answer["cures"][0]["changes"][0] == {
        "node": "a", "file": "a.conf", "line": 4, "before": "weight -2", "after": "weight -4"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.conf"], "nothing fails: say what does"),
        (["article-steady"], "nothing fails: say what does"),
        (["a.conf", "--fail", "b eth0"], "there is no server or network 'b'"),
        (["power-off", "a.conf"], "power-off is a scenario: name it alone"),
        (["no.conf", "--fail", "a eth0"], "no.conf: cannot be read"),
        ([], "name at least one keepalived.conf"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster(tmp_path, a={"priority": 110})
    monkeypatch.chdir(tmp_path)
    assert main(["why", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_laws_are_the_rows_of_the_page() -> None:
    """docs/rfc.md is made from tests: IDs and words here are those."""
    page = (ROOT / "docs" / "rfc.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([RK][^|]*?) \| (.*?)<br>", page, re.MULTILINE))
    known = [value for value in vars(laws).values() if isinstance(value, Law)]
    assert len(known) > 10
    for law in known:
        assert rows.get(law.id) == law.text, law.id


def test_every_drop_that_files_can_cause_has_a_law() -> None:
    """The others are the network's, the host's or broken packets."""
    of_files = {
        DropReason.BAD_VERSION,
        DropReason.BAD_INTERVAL,
        DropReason.AUTH_MISMATCH,
        DropReason.BAD_COUNT,
    }
    assert of_files <= set(laws.OF_DROPS)
