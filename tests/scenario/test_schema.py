"""The JSON schema and the reader say the same: of what is shipped, of the tests' mistakes, of anything.

What no schema can see is named here: names and files that are not there, what a text says, and NaN, which
JSON has not.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import test_bad_scenarios as bad
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from programs import program

from vrrplab.data_files import data_path
from vrrplab.errors import ScenarioError
from vrrplab.scenario import keys
from vrrplab.scenario.reader import builtin_scenarios, scenario_from_text
from vrrplab.scenario.schema import ADDRESS, MODELINE, schema, text
from vrrplab.scenario.writer import yaml_text
from vrrplab.scenario.yaml_cache import read_yaml_cached
from vrrplab.scenario.yaml_nodes import Node, node_of, parse_yaml
from vrrplab.trace.vocabulary import Act

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)
page = program("tools/scenario_page.py")
GROUND = page.ground()


def plain(node: Node) -> Any:
    """The document as the reader sees it, without places."""
    if isinstance(node.plain, dict):
        return {key: plain(value) for key, value in node.plain.items()}
    return [plain(value) for value in node.plain] if isinstance(node.plain, list) else node.plain


def told(document: Any) -> list[str]:
    """What the schema says of a document, the most telling message of each place."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def test_it_is_a_schema_and_is_printed_as_published() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(text()) == SCHEMA
    assert SCHEMA["$id"] == ADDRESS
    assert ADDRESS.endswith("/docs/scenario.schema.json")


def test_every_shipped_scenario_and_recording_is_accepted() -> None:
    paths = [*builtin_scenarios().values(), *map(str, data_path("recordings").glob("*/scenario.yaml"))]
    assert len(paths) > 180
    assert {
        path: told(plain(read_yaml_cached(path))) for path in paths if told(plain(read_yaml_cached(path)))
    } == {}


def test_shipped_scenarios_tell_an_editor_where_it_is() -> None:
    for name, path in builtin_scenarios().items():
        assert Path(path).read_text(encoding="utf-8").startswith(f"{MODELINE}\n"), name


# -- the tests' mistakes -----------------------------------------------------------------------------------

# ruff: noqa: E501 - one case, one line

# Wrong in what no schema knows: case of tests/scenario/test_bad_scenarios.py, and why.
UNSEEN = {
    "server": "which servers there are",
    "interface": "which interfaces a server has",
    "nan": "JSON has no NaN",
    "config": "which files there are",
    "segment": "which segments there are",
    "name": "which names dns has",
    "check": "which scripts a configuration has",
    "expect address": "which addresses are virtual",
    "expect beside": "which addresses are virtual",
    "expect owner": "which servers there are",
    "expect target": "what clients probe",
    "expect instance": "which instances a configuration has",
    "expect server": "which servers there are",
    "extends missing": "which files there are",
    "extends chain": "what another file says",
}
NO_DOCUMENT = {
    "twice",
    "list as key",
    "not YAML",
    "empty",
    "binary",
    "alias bomb",
    "nested",
}  # no YAML, or no scenario's


def cases() -> Iterator[tuple[str, str]]:
    for name, change, *_ in bad.SCENARIOS:
        yield name, bad.DRILL.replace(*change)
    for name, expected, _ in bad.EXPECTATIONS:
        yield f"expect {name}", bad.DRILL + f"expect:\n- {expected}\n"
    for name, content, *_ in bad.EXTENDS:
        yield f"extends {name}", content
    for name, whole, _ in bad.WHOLE:
        yield name, whole.decode("latin-1")


CASES = dict(cases())


@pytest.mark.parametrize("name", [name for name in CASES if name not in NO_DOCUMENT])
def test_a_mistake_of_the_tests_is_refused_or_named_as_unseen(name: str) -> None:
    found = told(plain(parse_yaml(CASES[name], "s.yaml")))
    assert bool(found) != (name in UNSEEN), found


def test_only_mistakes_of_the_tests_are_named() -> None:
    assert set(UNSEEN) | NO_DOCUMENT <= set(CASES)
    for name in NO_DOCUMENT - {"alias bomb"}:
        with pytest.raises(ScenarioError):
            parse_yaml(CASES[name], "s.yaml")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"action": "link_dwon"}, "'link_dwon' is not one of"),
        ({"action": "link_down", "server": "a"}, "'interface' is a required property"),
        ({"action": "power_off", "server": "a", "interface": "eth0"}, "'interface' was unexpected"),
        ({"action": "segment_fault", "segment": "lan"}, "does not have enough properties"),
        ({"action": "segment_fault", "segment": "lan", "loss": 2}, "2 is greater than the maximum of 1"),
        ({"action": "firewall_drop", "server": "a", "direction": "up", "protocol": "vrrp"}, "'up' is not one of"),
        ({"action": "process_count", "server": "a", "process": "web", "count": -1}, "-1 is less than the minimum"),
        ({"action": "interface_add", "server": "a", "interface": "eth1", "parent": "eth0"}, "'kind' is a dep"),
        ({"action": "address_add", "server": "a", "interface": "eth0", "address": "10.0.0.300"}, "not match"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_wrong_action_is_told_in_its_own_words(change: dict[str, Any], words: str) -> None:
    """As an editor shows it: of the action that is meant, and not of all that there are."""
    whole = {**GROUND, "actions": [{"at_s": 1, **change}]}
    (message,) = told(whole)
    assert message.startswith("$.actions[0]")
    assert words in message


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        (("servers", "c"), {"config": "a.conf"}, "$.servers.c: False schema does not allow 'a.conf'"),
        (("servers", "c"), {"profile": "rfc3768"}, "not one of ['frr-8.4.4', 'frr-10.3']"),
        (("servers", "b"), {"profile": "frr-10.3"}, "is not one of ['keepalived-2.2.7'"),
        (("servers", "b"), {"config": None}, "None is not of type"),
        (("servers", "a", "interfaces", "eth1.5"), {"parent": ["eth0", "eth1"]}, "too long"),
        (("servers", "a", "interfaces", "eth1.5"), {"kind": "bond", "parent": ["eth1", "eth1"]}, "valid under any"),
        (("servers", "c", "frr"), {"version": 2, "interval_ms": 250}, "valid under any"),
        (("clients", "pc", "probes", 0), {"kind": "http"}, "'port' is a required property"),
        (("routers", "r1"), {"interfaces": {"lan": "192.168.2.1/24"}}, "enough properties"),
        (("expect", 0), {"owner": {}}, "valid under any"),
        ((), {"segments": {}}, "should be non-empty"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_keys_need_of_their_neighbours(place: tuple[str | int, ...], change: Any, words: str) -> None:
    whole = copy.deepcopy(GROUND)
    there: Any = whole
    for step in place:
        there = there[step]
    there.update(change)
    assert any(words in message for message in told(whole)), told(whole)
    with pytest.raises(ScenarioError):
        scenario_from_text(yaml_text(whole))


# -- anything ----------------------------------------------------------------------------------------------

VALUES: list[Any] = [
    *(None, True, "", "x", "0", "in", "both", "frr-10.3", 0, 1, 2, 3, 255, 256, -1, 70_000, 2**64, 0.5, -0.5, 1e9),
    *([], {}, [1], ["x"], {"x": 1}, [[]], "10.0.0.1", "010.0.0.01", "10.0.0.1/24", "10.0.0.1/33", "10.0.0.1/+1"),
    *("fe80::1", "fe80::1%eth0", "::1/64", "::1/129", "1::2::3", "02:00:00:00:00:fb", "01:00:00:00:00:fb"),
    *("02:00:00:00:00", "+2:00:00:00:00:fb", ["10.0.0.1"], ["10.0.0.1/24"], "٣", math.inf),
]  # fmt: skip
KINDS = {
    id(key.kind): key.kind
    for section in [*keys.ALL_SECTIONS, *map(keys.action_section, Act)]
    for name, key in section.keys.items()
    if not key.kind.names and key.kind.read not in (keys.read_elsewhere, Node.mapping)
    if name != "between" and "[" not in key.kind.words  # lists of what is read by itself
}


def reads(kind: keys.Kind, value: Any) -> bool:
    try:
        kind.read(node_of(value, "it"))
    except ScenarioError:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.words[:30])
def test_a_kind_reads_what_its_schema_allows(kind: keys.Kind) -> None:
    validator = Draft202012Validator({**kind.schema, "$defs": SCHEMA["$defs"]})
    differ = [value for value in VALUES if reads(kind, value) != validator.is_valid(value)]
    if "minItems" in kind.schema:
        differ.remove([])  # told where it is read
    if kind.schema.get("type") == "integer":  # to JSON 1e9 is a whole number; to the reader, none
        differ = [value for value in differ if not isinstance(value, float)]
    assert differ == []


ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.lists(st.sampled_from([":", "::", "1", "00", "1.2.3.4", "ffff", "%", "/", "64"]), max_size=17).map(
        "".join
    ),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(ADDRESSES)
@example("::ffff:1.2.3.4")
@example("1:2:3:4:5:6:7::")
@example("::")
@example(":::")
def test_an_address_is_one_to_both(address: str) -> None:
    for kind in (keys.ADDRESS, keys.INTERFACE_ADDRESS, keys.ANY_ADDRESS):
        name = kind.schema["$ref"].rpartition("/")[2]
        allowed = re.search(SCHEMA["$defs"][name]["pattern"], address) is not None
        assert reads(kind, address) == allowed, (name, address)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield from places(one, (*path, step))


PLACES = [path for path in places(GROUND) if path]
ALL_KEYS = sorted({name for section in keys.ALL_SECTIONS for name in section.keys})


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), st.sampled_from(VALUES), st.sampled_from(["", "", *ALL_KEYS]), st.booleans())
def test_whatever_the_reader_accepts_the_schema_accepts(
    path: tuple[str | int, ...], value: Any, key: str, gone: bool
) -> None:
    """Input: the page's scenario with one value changed, a key more or one less."""
    whole = copy.deepcopy(GROUND)
    there: Any = whole
    for step in path[:-1]:
        there = there[step]
    if key and isinstance(there, dict):
        there[key] = value
    elif gone:
        del there[path[-1]]
    else:
        there[path[-1]] = value
    try:
        scenario_from_text(yaml_text(whole))
    except ScenarioError:
        return
    assert told(whole) == []
