"""Work that takes long: told before it begins, exit code 2 without ``--yes``, and how far it is with it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from vrrplab.capture.pcap import write_pcap
from vrrplab.commands import cli
from vrrplab.work import JSONL, RECEPTION, Work, announce, duration, together

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0.4 s"), (31, "31 s"), (150, "2.5 min"), (7_300, "2.0 h"), (3e6, "35 days"), (1e9, "32 years")],
)
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_the_largest_part_is_named() -> None:
    both = together([Work(((RECEPTION, 1_000), (JSONL, 10_000_000)), "less"), Work(((JSONL, 5),), "less")])
    assert str(both) == "about 70 s, most of it for 10,000,005 events written as JSON lines"
    memory = Work(((RECEPTION, 10_000_000),))
    assert str(memory) == "about 4.7 min and 4.3 GB of memory, most of it for 10,000,000 adverts received"


LARGE = ["simulate", "article-steady", "--until", "1e6", "--out", "out.jsonl"]


@pytest.mark.parametrize("terminal", [False, True])
def test_too_much_ends_with_exit_code_2_before_anything_ran(
    terminal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert cli.main(LARGE) == 2
    line = capsys.readouterr().err
    assert re.match(
        r"vrrplab: this would take about \d\.\d min and \d\.\d GB of memory, most of it for ", line
    )
    assert "end it sooner (--until)" in line
    assert line.endswith("or --yes to do it all the same\n")
    assert line.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_with_yes_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit of a hundredth of a second takes the place of a run of half a minute."""
    from vrrplab import work
    from vrrplab.limits import WORK_S

    monkeypatch.setattr(work, "WORK_S", WORK_S._replace(most=0.01))
    words = ["simulate", "article-steady", "--out", str(tmp_path / "out.jsonl")]
    assert cli.main(words) == 2
    assert cli.main([*words, "--yes"]) == 0
    assert (tmp_path / "out.jsonl").stat().st_size > 1_000


def test_a_capture_of_many_gigabytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """4 GB, of which this file has a beginning, and a hole that takes no room on the disk."""
    path = tmp_path / "large.pcap"
    write_pcap(path, ((number, bytes(60)) for number in range(300)))
    with path.open("r+b") as file:
        file.truncate(4_000_000_000)
    assert cli.main(["decode", str(path)]) == 2
    line = capsys.readouterr().err
    assert "this would take about 5" in line
    assert "frames told" in line
    assert "--yes" in line
    assert cli.main(["decode", str(path), "--timeline"]) == 2
    assert "other frames of a capture" in capsys.readouterr().err


def test_thousands_of_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        folder = tmp_path / f"r{number}"
        folder.mkdir()
        (folder / "observed.json").touch()
        with (folder / "capture.pcap").open("wb") as file:
            file.truncate(20_000_000)
    assert cli.main(["verify", str(tmp_path)]) == 2
    assert "60,000,000 bytes of recordings" in capsys.readouterr().err


def test_recordings_that_come_with_vrrplab_are_far_below() -> None:
    from vrrplab.commands.verify import _bytes, _recordings
    from vrrplab.work import RECORDED

    assert Work(((RECORDED, sum(map(_bytes, _recordings([])))),)).seconds < 10


def test_in_a_notebook_one_line_and_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    announce(Work(((RECEPTION, 10),), "less"))
    assert capsys.readouterr() == ("", "")
    announce(Work(((RECEPTION, 10_000_000),), "end it sooner"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "vrrplab: this takes about 4.7 min and 4.3 GB of memory, most of it for 10,000,000 adverts received."
        " To stop it, interrupt the kernel (■); else end it sooner.\n"
    )


def test_simulate_in_a_notebook_announces(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import vrrplab
    from vrrplab import work
    from vrrplab.limits import WORK_S

    vrrplab.simulate("article-steady")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(work, "WORK_S", WORK_S._replace(most=0.001))
    trace = vrrplab.simulate("article-steady")
    assert capsys.readouterr().err.startswith("vrrplab: this takes about 0.")
    assert len(trace) > 50


def test_the_refusal_is_the_same_every_time() -> None:
    """It is reckoned, not measured: a busy machine lets in what an idle one does."""
    words = [sys.executable, "-m", "vrrplab", *LARGE]
    lines = {subprocess.run(words, cwd=ROOT, capture_output=True, check=False).stderr for _ in range(2)}
    assert len(lines) == 1


def test_a_network_of_which_nothing_is_reckoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Input: a server without an instance, whose card goes down and up a thousand times. Output: that."""
    scenario = "{name: none, duration_s: 5, segments: {lan: {subnet: 192.168.2.0/24}}, "
    scenario += (
        "servers: {a: {config: x.conf, interfaces: {eth0: {segment: lan, addresses: [192.168.2.1/24]}}}}, "
    )
    scenario += "actions: ["
    for number in range(1_000):
        for place, kind in ((1, "link_down"), (2, "link_up")):
            at_s = 0.002 * number + 0.001 * place
            scenario += f"{{at_s: {at_s:.4f}, action: {kind}, server: a, interface: eth0}}, "
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none.yaml").write_text(scenario + "]}", encoding="utf-8")
    (tmp_path / "x.conf").write_text("global_defs {\n}\n", encoding="utf-8")
    assert cli.main(["simulate", "none.yaml", "--format", "jsonl"]) == 0
    assert capsys.readouterr().out.count('"link_up"') == 1_000
