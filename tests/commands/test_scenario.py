"""``vrrplab scenario``: what configuration files make, as a file that runs the same."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.commands.cli import main
from vrrplab.data_files import data_path
from vrrplab.output.printable import escaped
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.scenario.schema import MODELINE
from vrrplab.scenario.writer import yaml_text
from vrrplab.scenario.yaml_nodes import parse_yaml
from vrrplab.sim.play import run
from vrrplab.trace import Trace

Command = Callable[..., CompletedProcess[str]]
ARTICLE = ("proxy-serv01.conf", "proxy-serv02.conf")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The article's two files in the current folder."""
    for name in ARTICLE:
        shutil.copy(data_path("configs", "article", name), tmp_path)
    monkeypatch.chdir(tmp_path)
    return ARTICLE


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def trace_of(text: str, folder: str = "") -> list[str]:
    scenario = scenario_from_text(text, folder)
    return [event.to_json() for event in run(scenario.changed(duration_us=12_000_000))]


@pytest.mark.parametrize(
    "folder", ["article", "article-unicast", "lesson-ipv6", "lesson-three-routers", "lesson-broken"]
)
def test_what_is_printed_runs_the_same_byte_for_byte(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trace, warnings and cast: of the files, and of the scenario that they make."""
    names = sorted(shutil.copy(path, tmp_path) for path in data_path("configs", folder).glob("*.conf"))
    names = [os.path.basename(name) for name in names]
    monkeypatch.chdir(tmp_path)
    laid_out = scenario_from_configs(names).changed(duration_us=12_000_000)
    text = printed(capsys, "scenario", *names)
    assert trace_of(text) == [event.to_json() for event in run(laid_out)]


def test_it_goes_through_a_pipe(vrrplab: Command, files: tuple[str, ...]) -> None:
    made = vrrplab("scenario", *files)
    told = vrrplab("simulate", "-", "--until", "5", "--format", "jsonl", input=made.stdout)
    assert told.stdout == vrrplab("simulate", *files, "--until", "5", "--format", "jsonl").stdout
    assert told.returncode == 0
    assert made.stdout.startswith(f"{MODELINE}\n# Made by vrrplab scenario from {ARTICLE[0]}, {ARTICLE[1]}.")


def test_standard_input_is_told_as_a_file_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"name: x\nduration_s: soon\n")))
    assert main(["simulate", "-"]) == 2
    assert capsys.readouterr().err.startswith("standard input:1: the scenario has no 'segments'")


def test_what_was_assumed_stands_on_top(files: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "scenario", *files)
    notes = " ".join(line[1:].strip() for line in text.splitlines() if line.startswith("#"))
    assert "network eth0 joins eth0 of proxy-serv01, eth0 of proxy-serv02" in notes
    assert "192.168.2.251/24 (eth0 of proxy-serv01)" in notes
    assert "client (192.168.2.10/24) asks for every virtual address" in notes
    assert "proxy-serv01 at 0 s, proxy-serv02 at 0.1 s" in notes
    example = text.splitlines()[text[: text.index("\nname: ")].count("\n")]
    acted = text.replace("actions: []", f"actions:\n{example.removeprefix('# ')}")
    assert [a.kind for a in scenario_from_text(acted, "").actions] == ["daemon_stop"]


def test_an_address_that_a_file_names_is_not_called_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in data_path("configs", "article-unicast").glob("*.conf"):
        shutil.copy(path, tmp_path)
    text = printed(capsys, "scenario", *ARTICLE)
    notes = " ".join(line[1:].strip() for line in text.splitlines() if line.startswith("#"))
    assert "192.168.2.251/24 (eth0" not in notes
    assert "addresses: [192.168.2.251/24]" in text


@pytest.mark.parametrize("out", ["sub/s.yaml", "s.yaml", "../other/s.yaml", "link/s.yaml"])
def test_paths_are_right_from_where_it_is_written(out: str, files: tuple[str, ...], tmp_path: Path) -> None:
    """A folder that is a link, too: ``..`` behind it leads from where it points."""
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "sub" / "deep")
    (tmp_path.parent / "other").mkdir(exist_ok=True)
    assert main(["scenario", *files, "--out", out]) == 0
    read = load_scenario(out)
    made = scenario_from_configs(files)
    assert read.virtual_addresses() == made.virtual_addresses()
    assert [s.node.text for s in read.servers.values()] == [s.node.text for s in made.servers.values()]
    assert not any(os.path.isabs(s.config) for s in read.servers.values())


def test_one_file_with_everything_in_it(
    files: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "scenario", "--text", *files)
    before = [event.to_json() for event in run(scenario_from_configs(files).changed(duration_us=12_000_000))]
    for name in files:
        (tmp_path / name).unlink()
    assert text.count("config: |\n") == 2
    labels = [one.replace(".conf (in the scenario)", ".conf") for one in trace_of(text)]
    assert labels == before


def test_a_configuration_that_is_indented_with_tabs_is_text_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = data_path("configs", "article", ARTICLE[0]).read_text(encoding="utf-8")
    tabs = plain.replace("    ", "\t").replace("\tpriority", "\t\tpriority\t")
    assert tabs.count("\n\t") > 10
    Path("tabs.conf").write_text(tabs, encoding="utf-8")
    text = printed(capsys, "scenario", "--text", "tabs.conf")
    assert "config: |\n" in text
    laid_out = scenario_from_configs(["tabs.conf"]).changed(duration_us=12_000_000)
    labels = [one.replace(".conf (in the scenario)", ".conf") for one in trace_of(text)]
    assert labels == [event.to_json() for event in run(laid_out)]


def states_of(trace: Trace) -> list[tuple[int, object]]:
    return [(event.t_us, event.fields["to"]) for event in trace.of("state")]


def test_no_line_is_broken_behind_an_escape() -> None:
    """The YAML library puts a blank there; text with escapes stands in lines as long as they come."""
    for words in range(25, 60):
        odd = f"{'x ' * words}et\x7fh0 label eth0"
        (read,) = parse_yaml(yaml_text({"config": odd}), "s.yaml").mapping().values()
        assert read.plain == odd


def test_the_text_of_a_file_has_what_it_includes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(data_path("configs", "article", ARTICLE[0]), tmp_path / "all.conf")
    (tmp_path / "a.conf").write_text(f"include {tmp_path}/all.conf\n", encoding="utf-8")
    alone = run(scenario_from_configs([tmp_path / "a.conf"]))
    assert main(["scenario", "--text", str(tmp_path / "a.conf")]) == 0
    text = capsys.readouterr().out
    assert f"# include {tmp_path}/all.conf" in text
    assert "priority 255" in text
    assert states_of(run(scenario_from_text(text))) == states_of(alone)
    assert main(["scenario", str(tmp_path / "a.conf")]) == 0
    read = scenario_from_text(capsys.readouterr().out)
    assert read.servers["a"].config == str(tmp_path / "a.conf")


def test_without_an_instance_there_is_nothing_to_lay_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was printed had no segment, and no scenario is read without one."""
    monkeypatch.chdir(tmp_path)
    Path("lvs.conf").write_text("global_defs {\n router_id a\n}\n", encoding="utf-8")
    assert main(["scenario", "lvs.conf"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(
        "vrrplab: lvs.conf: no vrrp_instance with an interface, so there is no network"
    )
    assert told.err.count("\n") == 1


HOSTILE = ["a\x1b[31m\u202e", 'o\'neil "x"', "yes", "1e3", "- a: b #c", "\U000e0001b", "ä 漢", "a\tb"]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_strangers_name_steers_nothing_and_reads_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(data_path("configs", "lesson-two-routers", "r1.conf"), f"{name}.conf")
    text = printed(capsys, "scenario", f"{name}.conf")
    assert escaped(text) == text
    read = scenario_from_text(text, "")
    assert [(s.name, s.config) for s in read.servers.values()] == [(name, f"{name}.conf")]
    assert main(["scenario", f"{name}.conf", "--out", "s.yaml"]) == 0
    assert Path("s.yaml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["a\nb", os.fsdecode(b"a\xff")], ids=["line", "bytes"])
def test_a_name_that_no_scenario_can_hold(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(data_path("configs", "lesson-two-routers", "r1.conf"), f"{name}.conf")
    assert main(["scenario", f"{name}.conf"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "rename the file" in told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.conf"], "none.conf: cannot be read"),
        (["article-steady"], "is a scenario already"),
        (["s.yaml"], "is a scenario already"),
        ([*ARTICLE, "--profile", "rfc1"], "unknown profile 'rfc1'"),
        ([*ARTICLE, "--profile", "frr-10.3"], "does not run a keepalived.conf"),
        ([*ARTICLE, "--out", ARTICLE[0]], ARTICLE[0]),
        ([*ARTICLE, "--out", "none/s.yaml"], "there is no folder"),
        ([], "name at least one keepalived.conf"),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_a_mistake_is_one_line(
    arguments: list[str], words: str, files: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scenario", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert words in told.err
    assert Path(ARTICLE[0]).stat().st_size > 100


def test_the_schema_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = Path(__file__).parents[2] / "docs" / "scenario.schema.json"
    assert printed(capsys, "simulate", "--schema") == published.read_text(encoding="utf-8")
    assert printed(capsys, "simulate", "--schema", "--out", str(tmp_path / "s.json")) == ""
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == published.read_text(encoding="utf-8")
