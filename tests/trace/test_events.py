"""The kinds of events: their words, their way through JSON, and the pages made of them."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.programs import program
from vrrplab.errors import TraceError
from vrrplab.trace import Trace, TraceEvent, make_event, read_trace
from vrrplab.trace.events import (
    ABSENT,
    KINDS,
    AddressEvent,
    AdvertSentEvent,
    OtherEvent,
    ScenarioEvent,
    StateEvent,
    cast_fields,
    layout,
)
from vrrplab.trace.vocabulary import ACTIONS, Act, Segments, fault_words, label

ROOT = Path(__file__).resolve().parents[2]


def trace_page() -> ModuleType:
    return program("tools/trace_page.py")


def test_what_is_made_of_the_tables_is_fresh() -> None:
    """docs/trace.md and the player's vocabulary.js say what the tables say."""
    tool = trace_page()
    for path, text in ((tool.PAGE, tool.page()), (tool.SCRIPT, tool.script())):
        assert path.read_text(encoding="utf-8") == text, "stale: run python tools/trace_page.py"


@pytest.mark.parametrize("word", KINDS)
def test_a_class_is_called_by_its_word(word: str) -> None:
    assert KINDS[word].__name__ == "".join(part.capitalize() for part in word.split("_")) + "Event"
    assert not hasattr(make_event(0, word, {}), "__dict__"), "a trace has many events: slots only"
    assert KINDS[word].__doc__


@pytest.mark.parametrize(
    "line",
    [
        '{"t": 1.000000, "event": "state", "server": "r1", "instance": "V", "from": "INIT", "to": "MASTER"}',
        '{"t": 1.000000, "event": "state", "to": "MASTER"}',
        '{"t": 1.000000, "event": "state", "to": "MASTER", "colour": [1, 2], "reason": null}',
        '{"t": 1.000000, "event": "address_added", "server": "r1", "instance": "", "interface": "eth0",'
        ' "address": "10.0.0.1/24", "label": ""}',
        '{"t": 1.000000, "event": "mac_learned", "segment": "lan", "mac": "02:00:00:00:00:01", "port": null}',
        '{"t": 1.000000, "event": "paint", "server": "r1", "colour": "red"}',
        '{"t": 1.000000, "event": "paint"}',
        '{"t": 1.000000, "event": "log"}',
        '{"t": 1.000000, "event": "action", "server": "r1", "action": "link_down", "interface": "eth0"}',
    ],
)
def test_any_line_of_a_file_comes_out_as_it_went_in(line: str, tmp_path: Path) -> None:
    """Input: events with fields that are missing, unknown or null, and of unknown kinds. Output: the same."""
    file = tmp_path / "trace.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    trace = read_trace(file)
    trace.save(file)
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(line)
    assert pickle.loads(pickle.dumps(trace[0])) == trace[0]
    assert pickle.loads(pickle.dumps(trace[0])).to_json() == trace[0].to_json()


def test_words_and_classes_ask_for_the_same() -> None:
    trace = Trace(
        [
            StateEvent(1, "r1", instance="V", from_="INIT", to="BACKUP"),
            make_event(2, "address_added", {"server": "r1", "interface": "eth0", "address": "10.0.0.1/24"}),
            make_event(3, "address_removed", {"server": "r1", "interface": "eth0", "address": "10.0.0.1/24"}),
            make_event(4, "paint", {"server": "r2"}),
        ]
    )
    assert trace.of("state") == trace.of(StateEvent) == [trace[0]]
    assert trace.of("address_added", "address_removed") == trace.of(AddressEvent) == [trace[1], trace[2]]
    assert trace.of("paint") == trace.of(OtherEvent) == [trace[3]]
    assert trace.of(server="r2") == [trace[3]]
    assert trace.of("advert_sent") == trace.of(AdvertSentEvent) == []
    assert [e.event for e in trace.of(StateEvent, AddressEvent)] == [
        "state",
        "address_added",
        "address_removed",
    ]


def test_what_an_event_does_not_have_is_empty_text() -> None:
    event: TraceEvent = make_event(0, "outage", {"target": "10.0.0.1"})
    assert (event.server, event.instance) == ("", "")
    assert event.fields == {"target": "10.0.0.1"}
    assert pickle.loads(pickle.dumps(ABSENT)) is ABSENT


def test_every_field_of_every_kind_is_told() -> None:
    """What nobody reads in docs/trace.md, nobody knows: each field has a type and a meaning there."""
    page = trace_page().page()
    for word, kind in KINDS.items():
        part = page.partition(f"\n### {word}\n")[2].partition("\n##")[0]
        for _, name, _ in layout(kind):
            assert name in ("server", "instance", "content") or f"| `{name}` |" in part, f"{word}: {name}"


def test_a_line_that_is_no_event_is_an_error_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text('{"t": 1.0, "event": "log", "line": "x"}\n{"event": "log"}\n', encoding="utf-8")
    with pytest.raises(TraceError, match=r"trace\.jsonl:2: is not a trace event"):
        read_trace(file)


def test_every_action_mends_what_there_is() -> None:
    for act in Act:
        assert set(act.mends) <= set(ACTIONS), act
        holes = set(re.findall(r"\{(\w+)", act.label + act.sentence))
        assert holes <= {*act.needs, *act.may, "fault", "left", "daemon"}, act
    assert (
        label({"action": "firewall_drop", "server": "r1", "direction": "in"}) == "r1 firewall drops VRRP in"
    )


def test_faults_of_a_segment_come_and_go_by_key() -> None:
    segments = Segments()
    fault = {"action": "segment_fault", "segment": "lan"}
    heal = {"action": "segment_heal", "segment": "lan"}
    assert segments.see({**fault, "loss": 0.3, "multicast": False}) == {"loss": 0.3, "multicast": False}
    one_way = segments.see({**fault, "between": [["a", "b"]], "latency_s": 2})
    assert fault_words(one_way) == "loses 30%, without multicast, a → b delays 2 s"
    assert fault_words(segments.see({**heal, "loss": 0, "multicast": True})) == "a → b delays 2 s"
    assert fault_words(segments.see({**fault, "between": [["b", "a"]]})) == "a → b delays 2 s, b → a cut"
    assert segments.see({**fault, "segment": "wan", "loss": 0.0}) == {}
    assert segments.see(heal) == {}


def test_a_cast_has_the_keys_of_its_table() -> None:
    fields = cast_fields(
        "n", "d", "live", segments={}, servers={}, virtual_addresses=["10.0.0.1"], mode="udp"
    )
    assert fields.keys() <= ScenarioEvent.keys.keys()
    with pytest.raises(TypeError, match="no colour"):
        cast_fields("n", "d", "live", segments={}, servers={}, colour="red")
