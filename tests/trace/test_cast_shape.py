"""A trace file that was written by hand, or damaged: what cannot be used of its cast counts as not there."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vrrplab import ip_a
from vrrplab.data_files import data_path
from vrrplab.errors import TraceError
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import builtin_scenarios, load_scenario
from vrrplab.sim.play import run
from vrrplab.tell import story, table
from vrrplab.trace import Trace, read_trace
from vrrplab.trace.cast_shape import fitting
from vrrplab.trace.events import ScenarioEvent
from vrrplab.views import anatomy, ladder_rows, panels, player, svg, timeline_rows

DRILL = [json.loads(event.to_json()) for event in run(load_scenario("article-drill-1-lan-nic"))]
VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1.5,
        1e308,
        10**15,
        "",
        "x",
        "\ud800",
        "192.168.2.101",
        "192.168.2.101/99",
        "MASTER",
    ),
    *([], {}, [1], ["x"], [[]], [None], [{}], {"x": 1}, {"x": None}, {"x": []}, {"": {}}),
]


def damaged(changes: dict[tuple[Any, ...], Any], folder: Path) -> Trace:
    """The drill's trace with other values in its cast; a value of Ellipsis takes the key out."""
    cast = copy.deepcopy(DRILL[0])
    for path, value in changes.items():
        there = cast
        for step in path[:-1]:
            there = there[step]
        if value is ...:
            del there[path[-1]]
        else:
            there[path[-1]] = value
    lines = [json.dumps(event) for event in (cast, *DRILL[1:])]
    (folder / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return read_trace(folder / "t.jsonl")


def told(trace: Trace) -> None:
    """By everybody who looks at a cast."""
    table.render(trace), story.render(trace), panels.sentence(trace)
    player.html_text(trace), svg.still_text(trace, 15), svg.still_svg(trace, 15)
    timeline_rows.rows(trace), anatomy.rows(trace), ladder_rows.rows(trace)
    trace.on_several(), [trace.why_lost(outage) for outage in trace.disturbances()]
    for server in trace.servers:
        ip_a(trace, server, 15)
    for instance, server in trace.instances:
        trace.why(15, server, instance)
    for address in trace.addresses:
        trace.owner(address, 15)
    for outage in trace.outages():
        trace.why_out(outage.target, outage.from_s + 0.1)


def test_of_what_vrrplab_writes_nothing_is_left_out() -> None:
    casts = [load_scenario(name).as_cast() for name in builtin_scenarios()]
    recorded = [folder for folder in sorted(data_path("recordings").iterdir()) if folder.is_dir()]
    casts += [read_recording(folder).scenario for folder in recorded[::8]]
    assert len(casts) > 30
    for cast in json.loads(json.dumps(casts)):
        assert fitting("scenario", cast) == cast
        for server in cast["servers"].values():
            told = {"instances": server.get("instances", {}), "sync_groups": server.get("sync_groups", {})}
            assert fitting("configuration", told) == told


def test_the_keys_that_are_declared_are_those_that_are_looked_at() -> None:
    odd = {key: object() for key in ScenarioEvent.keys}
    assert list(fitting("scenario", {**odd, "later": 1})) == ["seed", "later"]  # a seed may be anything
    assert fitting("state", odd) == odd


S2, PC = ("servers", "proxy-serv02"), ("clients", "office-pc")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (S2, [{}]),
        ((*S2, "interfaces"), 1),
        ((*S2, "interfaces", "eth0", "segment"), ["lan"]),
        ((*S2, "interfaces", "eth0", "addresses"), ["x", "10.0.0.1/99", None]),
        ((*S2, "instances", "proxy_ip1"), [None]),
        ((*S2, "instances", "proxy_ip1", "virtual_addresses", 0), 1.5),
        ((*S2, "instances", "proxy_ip1", "advert_int_s"), {"x": 1}),
        ((*S2, "instances", "proxy_ip1", "tracks", 0, "weight"), ...),
        ((*S2, "services", "squid", "listen", 0), None),
        ((*PC, "probes", 0, "every_s"), "soon"),
        ((*PC, "probes", 0), 7),
        (PC, None),
        (("dns",), 1.0),
        (("virtual_addresses", 0), [None]),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_a_wrong_type_is_as_if_it_were_not_there(path: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    trace = damaged({path: value}, tmp_path)
    told(trace)
    assert trace.state_at(16, "proxy-serv02", "proxy_ip1") == "MASTER"
    trace.save(tmp_path / "again.jsonl")
    assert read_trace(tmp_path / "again.jsonl").scenario == trace.scenario


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield from places(one, (*path, step))


@pytest.mark.long
@pytest.mark.computes
def test_anything_in_any_place(tmp_path: Path) -> None:
    dice = random.Random(1)
    everywhere = [path for path in places(DRILL[0]) if path and path not in (("t",), ("event",))]
    for _ in range(400):
        with suppress(TraceError):  # a number that is too long, told with its line
            told(damaged({dice.choice(everywhere): dice.choice([*VALUES, ...])}, tmp_path))


def test_an_event_may_have_anything_for_its_address(tmp_path: Path) -> None:
    lines = copy.deepcopy(DRILL)
    added = [event for event in lines if event["event"] == "address_added"]
    for event, odd in zip(added, [{}, "x", "10.0.0.1/99", ""], strict=False):
        event["address"] = odd
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    told(read_trace(tmp_path / "t.jsonl"))
