"""Lone surrogates: a byte that is no UTF-8 stays itself; half of a character is refused, or escaped.

Python has a U+DCE9 for the byte E9 of a file or of its name, and lets anybody write a U+D800, which no file
can hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vrrplab import (
    cluster,
    load_scenario,
    own_cluster,
    read_pcap,
    read_trace,
    simulate,
    variant,
    views,
)
from vrrplab.errors import VrrplabError
from vrrplab.tell import lines, story, table
from vrrplab.views.player import write_html

HALF, BYTE = "\ud800", "\udce9"


def conf(mark: str) -> str:
    return (
        f"vrrp_track_process p{mark} {{\n process squid{mark}\n}}\n"
        f"vrrp_instance V{mark} {{\n interface eth0\n virtual_router_id 5\n priority 100\n"
        f" virtual_ipaddress {{\n10.0.0.100/24 label eth0:{mark}\n}}\n track_process {{\n p{mark}\n }}\n}}\n"
    )


REFUSED: dict[str, Callable[[], Any]] = {
    "server": lambda: own_cluster(**{f"a{HALF}": conf("")}),
    "text of a configuration": lambda: own_cluster(a=conf(HALF), b=conf(HALF)),
    "edit": lambda: variant("article-steady", edit={"priority 255": f"priority {HALF}"}),
    "scenario": lambda: load_scenario(f"x{HALF}"),
    "run": lambda: simulate(f"x{HALF}.yaml"),
    "cluster": lambda: cluster(f"x{HALF}"),
    "trace": lambda: read_trace(f"x{HALF}"),
    "capture": lambda: read_pcap(f"x{HALF}"),
    "file to save a trace in": lambda: simulate("article-steady").save(f"x{HALF}"),
    "file to draw into": lambda: views.timeline.save(simulate("article-steady"), f"x{HALF}.svg"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_half_of_a_character_is_refused_in_one_line(what: str) -> None:
    with pytest.raises(VrrplabError) as told:
        REFUSED[what]()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("mark", [HALF, BYTE])
def test_in_a_scenario_it_is_written_as_an_escape(tmp_path: Path, mark: str) -> None:
    made = own_cluster(a=conf(BYTE), b=conf(BYTE))
    scenario = replace(made, name=f"x{mark}", description=f"y{mark}")
    trace = simulate(scenario)
    escape = f"\\u{ord(mark):04x}"
    for told in (table.render(trace), lines.render(trace), story.render(trace)):
        assert told
    trace.save(tmp_path / "trace.jsonl")
    first = (tmp_path / "trace.jsonl").read_text("utf-8").splitlines()[0]
    assert f'"x{escape}"' in first
    assert json.loads(first)["name"] == f"x{mark}"
    if mark == BYTE:
        assert read_trace(tmp_path / "trace.jsonl").name == f"x{mark}"
    write_html(trace, tmp_path / "page.html", scenario=scenario)
    assert f"<title>y{escape}</title>" in (tmp_path / "page.html").read_text("utf-8")
    views.timeline.save(trace, tmp_path / "figure.svg")
    assert f"x{escape}" in (tmp_path / "figure.svg").read_text("utf-8")
    assert f'name: "x{escape[:2]}{escape[2:].upper()}"' in scenario.to_yaml()
