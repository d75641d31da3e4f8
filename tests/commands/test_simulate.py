"""``simulate``: every format and option of the contract, as a user types it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.commands.cli import main
from vrrplab.data_files import data_path
from vrrplab.notebook.simulate import simulate
from vrrplab.trace import read_trace

Command = Callable[..., CompletedProcess[str]]


def errors(done: CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]


def test_without_a_name_it_tells_the_three_drills_in_80_columns(vrrplab: Command) -> None:
    done = vrrplab("simulate")
    assert done.returncode == 0
    assert done.stderr == "", "nobody has to mend the files that come along"
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    for words in ("article-drill-1-lan-nic", "article-drill-2-wan-nic", "article-drill-3-squid"):
        assert words in done.stdout
    assert done.stdout.count("takeover") == 3
    assert done.stdout.count("return ") == 3
    assert "50 %" in done.stdout
    assert "Why proxy-serv02" in done.stdout


@pytest.mark.parametrize("way", ["as a file", "as configurations"])
def test_of_files_of_the_users_it_says_what_is_remarkable(way: str, vrrplab: Command, tmp_path: Path) -> None:
    for path in data_path("configs", "article").glob("*.conf"):
        shutil.copy(path, tmp_path)
    names = ["proxy-serv01.conf", "proxy-serv02.conf"]
    if way == "as a file":
        made = vrrplab("scenario", *names, "--out", "mine.yaml", cwd=tmp_path)
        assert (made.returncode, made.stderr) == (0, "")
        names = ["mine.yaml"]
    told = vrrplab("simulate", *names, cwd=tmp_path).stderr.splitlines()
    assert any(line.startswith("warning: proxy-serv01.conf:") for line in told)


def test_a_story_has_both_logs_and_ip_a_after_each_step(vrrplab: Command) -> None:
    done = vrrplab("simulate", "article-drill-1-lan-nic", "--format", "story")
    text = done.stdout
    assert text.count("$ ip a show eth0") == 6
    assert "inet 192.168.2.101/24 scope global secondary eth0:1" in text
    assert "state DOWN" in text
    assert "(proxy_ip1) Entering FAULT" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_log_is_one_line_an_event(vrrplab: Command) -> None:
    lines = vrrplab("simulate", "article-steady", "--format", "log").stdout.splitlines()
    assert any("state" in line and "proxy_ip1 INIT -> MASTER" in line for line in lines)


def test_jsonl_is_a_trace_and_json_is_json(vrrplab: Command, tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    assert vrrplab("simulate", "article-drill-2-wan-nic", "--out", file, "--frames").returncode == 0
    trace = read_trace(file)
    assert trace.owner("192.168.2.101", 15) == "proxy-serv02"
    assert all("frame" in e.fields for e in trace.of("advert_sent"))
    assert [e.to_json() for e in trace] == [
        e.to_json() for e in simulate("article-drill-2-wan-nic", frames=True)
    ]
    whole = json.loads(vrrplab("simulate", "article-steady", "--format", "json").stdout)
    assert whole["scenario"] == "article-steady"
    assert whole["events"][0]["event"] == "scenario"


def test_check_fails_with_1_and_says_why(vrrplab: Command, tmp_path: Path) -> None:
    assert vrrplab("simulate", "--check").returncode == 0
    drill = Path(__file__).parents[2] / "data" / "scenarios" / "article-drill-1-lan-nic.yaml"
    text = drill.read_text(encoding="utf-8").replace(
        "article-steady.yaml", str(drill.with_name("article-steady.yaml"))
    )
    text = text.replace("at_most_s: 3.7", "at_most_s: 1")
    text = text.replace(
        "at_s: 16, owner: {192.168.2.101: proxy-serv02", "at_s: 16, owner: {192.168.2.101: nobody"
    )
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    done = vrrplab("simulate", "s.yaml", "--check", cwd=tmp_path)
    assert done.returncode == 1
    assert any("expected nobody, proxy-serv02 had it" in line for line in errors(done))
    assert any("expected at most 1.000 s" in line for line in errors(done))
    assert all(line.startswith("s.yaml:") for line in errors(done))


def test_list_names_every_built_in_scenario(vrrplab: Command) -> None:
    text = vrrplab("simulate", "--list").stdout
    for name in ("article-steady", "kill-9", "unicast", "firewall-closed"):
        assert name in text.splitlines()


def test_until_and_seed_and_profile_are_obeyed(vrrplab: Command) -> None:
    done = vrrplab("simulate", "article-steady", "--until", "5", "--seed", "7", "--profile", "rfc9568")
    assert "rfc9568, seed 7, 5.0 s" in done.stdout


def test_keepalived_conf_files_alone_make_a_cluster(vrrplab: Command, tmp_path: Path) -> None:
    from vrrplab.data_files import data_path

    files = [data_path("configs", "article", f"proxy-serv0{n}.conf") for n in (1, 2)]
    done = vrrplab("simulate", *files)
    assert "192.168.2.101  proxy-serv01" in done.stdout
    assert "192.168.2.102  proxy-serv02" in done.stdout


BAD = [
    (["nope"], "no built-in scenario"),
    (["--until", "-1"], "positive"),
    (["--seed", "-2"], "0 or more"),
    (["--seed", "x"], "invalid int"),
    (["--format", "xml"], "invalid choice"),
    (["--profile", "rfc1"], "unknown profile"),
    (["--pcap", "x.pcap"], "one scenario"),
    (["--out", "no/such/folder/x"], "there is no folder no/such/folder"),
    (["article-steady", "--plot", "x.gif"], ".svg or .png"),
    (["--colour"], "unrecognized"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(b[0]) for b in BAD])
def test_bad_usage_is_one_line_and_2(
    arguments: list[str], words: str, vrrplab: Command, tmp_path: Path
) -> None:
    done = vrrplab("simulate", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert len(errors(done)) == 1
    assert words in errors(done)[0]
    assert "Traceback" not in done.stderr


def test_api_adds_actions_and_takes_names_paths_and_scenarios() -> None:
    action = {"at_s": 5, "action": "power_off", "server": "proxy-serv01"}
    trace = simulate("article-steady", actions=[action])
    assert trace.owner("192.168.2.101", 10) == "proxy-serv02"
    assert "power" in trace.why(6, "proxy-serv01", "proxy_ip1")


def test_a_scenario_survives_the_way_to_yaml_and_back(tmp_path: Path) -> None:
    from vrrplab.scenario.reader import builtin_scenarios, load_scenario

    for name in builtin_scenarios():
        scenario = load_scenario(name)
        (tmp_path / f"{name}.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
        again = simulate(tmp_path / f"{name}.yaml")
        assert [e.to_json() for e in again] == [e.to_json() for e in simulate(scenario)]


def test_what_keepalived_survives_is_simulated_and_what_it_refuses_is_not(
    vrrplab: Command, tmp_path: Path
) -> None:
    text = "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n priority 300\n}\n"
    scenario = "segments: {lan: {}}\nduration_s: 5\n"
    scenario += "servers: {a: {config: a.conf, interfaces: {eth0: {segment: lan, "
    (tmp_path / "a.conf").write_text(text)
    (tmp_path / "a.yaml").write_text(scenario + "addresses: [10.0.0.1/24]}}}}\n")
    (tmp_path / "b.conf").write_text(text.replace("priority 300", "version 3"))
    for name in ("a.conf", "a.yaml"):
        done = vrrplab("simulate", name, "--format", "log", cwd=tmp_path)
        assert done.returncode == 0
        assert "a.conf:4: priority '300' is not valid; keepalived uses 100" in done.stderr
        assert "a.conf:1: V: no virtual address" in done.stderr
        assert "Priority not valid! must be between 1 & 255. Using default 100" in done.stdout
        assert "V BACKUP -> MASTER" in done.stdout
    done = vrrplab("simulate", "b.conf", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(errors(done)) == 1
    assert "b.conf:1: V has no virtual address" in done.stderr


def test_a_warning_is_a_line_for_programs_and_fits_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("a" * 60)
    folder.mkdir()
    (folder / "a.conf").write_text(
        "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n priority 300\n}\n"
    )
    command = ["simulate", str(folder / "a.conf"), "--until", "1"]
    assert main(command) == 0
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("warning: ") for line in lines)
    assert max(map(len, lines)) > 80
    monkeypatch.setattr("_pytest.capture.CaptureIO.isatty", lambda _: True, raising=False)
    assert main(command) == 0
    told = capsys.readouterr().err.splitlines()
    assert max(map(len, told)) <= 80
    assert [line for line in told if not line.startswith("    ")] == [
        line for line in told if line.startswith("warning: ")
    ]


def test_scenarios_and_configurations_do_not_mix(vrrplab: Command) -> None:
    done = vrrplab("simulate", "a.conf", "article-steady")
    assert done.returncode == 2
    assert errors(done) == [
        "vrrplab: article-steady is a scenario: name it alone, or the keepalived.conf files alone"
    ]


def test_a_wrong_name_for_the_plot_is_told_before_anything_is_written(vrrplab: Command) -> None:
    done = vrrplab("simulate", "article-steady", "--plot", "x.pdf")
    assert done.returncode == 2
    assert done.stdout == ""


def test_the_list_sets_descriptions_under_the_names(vrrplab: Command) -> None:
    rows = vrrplab("simulate", "--list").stdout.splitlines()
    names = [row for row in rows if not row.startswith("    ")]
    assert "article-drill-3-squid" in names
    assert all(" " not in name for name in names)
    assert all(len(row) <= 80 for row in rows)


def test_what_is_in_no_file_is_told_without_a_place(vrrplab: Command, tmp_path: Path) -> None:
    text = (
        "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 192.0.2.1\n }\n}\n"
    )
    (tmp_path / "a.conf").write_text(text)
    done = vrrplab("simulate", tmp_path / "a.conf", "--check")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("--check: the scenario expects nothing")
