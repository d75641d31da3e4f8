"""What somebody wrote into a configuration does not fill screens: it is counted where it is too much."""

from __future__ import annotations

import pytest

from vrrplab import own_cluster, simulate
from vrrplab.commands.cli import main
from vrrplab.limits import LINES_AT_ONCE, WARNINGS_TOLD
from vrrplab.tell import lines, story

ROUTER = (
    "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.9/8\n }\n}\n"
)
MANY = LINES_AT_ONCE.most + 50
WORDS = "\n".join(f"word{n}" for n in range(MANY))


def test_log_and_story_count_what_is_too_much() -> None:
    trace = simulate(own_cluster(r1=ROUTER + WORDS, r2=ROUTER))
    at_once = [e for e in trace if e.event == "log" and e.server == "r1" and e.t_us == 0]
    told = lines.render(trace).splitlines()
    assert f"… and {len(at_once) - LINES_AT_ONCE.most:,} more like this at this moment" in "\n".join(told)
    assert sum("word" in line and " log " in line for line in told) <= LINES_AT_ONCE.most
    assert "BACKUP -> MASTER" in "\n".join(told)  # what comes after it is told
    rows = story.render(trace, 120).splitlines()
    assert len(rows) < LINES_AT_ONCE.most + 200
    assert any("… and " in row and "more like this at this moment" in row for row in rows)


def test_warnings_of_one_kind_are_counted(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r1.conf"
    path.write_text(ROUTER + WORDS + "\n" + "\n".join(["twice"] * 40))
    assert main(["simulate", str(path), "--until", "1", "--format", "jsonl"]) == 0
    done = capsys.readouterr()
    told = [line for line in done.err.splitlines() if "unknown keyword" in line]
    assert len(told) == WARNINGS_TOLD.most + 1
    assert (
        f"warning: and {MANY - WARNINGS_TOLD.most + 1:,} more like this (unknown-keyword): {path}:"
        in told[-1]
    )
    assert done.out.count('"event": "warning"') > MANY  # the trace has them all


def test_places_of_one_warning_are_counted(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r"
    path.write_text(ROUTER + "\n".join(["twice"] * 40))
    path = path.rename(tmp_path / "r1.conf")
    assert main(["simulate", str(path), "--until", "1", "--format", "jsonl"]) == 0
    (told,) = (line for line in capsys.readouterr().err.splitlines() if "unknown keyword" in line)
    assert told.endswith("9 more places)")
