"""Scenario files that nobody means: one line each, at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from vrrplab.errors import ScenarioError
from vrrplab.limits import SCENARIO_BYTES
from vrrplab.scenario.reader import load_scenario
from vrrplab.scenario.yaml_nodes import parse_yaml, read_yaml

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(30))
HOSTILE = {
    "deep lists": ("name: " + "[" * 20_000, "1: is nested deeper than 40 levels"),
    "deep mappings": ("{a: " * 20_000, "1: is nested deeper than 40 levels"),
    "deep blocks": ("".join("  " * n + "a:\n" for n in range(300)), "40: is nested deeper than 40 levels"),
    "deep dashes": ("- " * 20_000 + "x", "1: is nested deeper than 40 levels"),
    "deep keys": ("? " * 20_000, "1: is nested deeper than 40 levels"),
    "an alias of what it is in": ("a: &a [*a]", "1: is nested deeper than 40 levels"),
    "aliases that multiply": (BOMB, "has more than 100,000 values"),
    "half a character": ('name: x\nlast: "\\ud800"', "2: has half a character"),
    "half a character in a key": ('"\\udc00": x', "1: has half a character"),
    "two halves in the wrong order": ('name: "\\ude00\\ud83d"', "1: has half a character"),
    "no character": ('name: "\\UFFFFFFFF"', "is not YAML"),
    "a control character": ("name: \x07", "is not YAML"),
    "NUL": ("name: \x00", "is not YAML"),
    "an unknown tag": ("name: !x!y z", "1: is not YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "is not YAML"),
    "larger than it may be": (
        "#" * (SCENARIO_BYTES.most + 1),
        "is larger than 512 KiB, the most for a scenario",
    ),
}


@pytest.mark.parametrize(("text", "told"), HOSTILE.values(), ids=list(HOSTILE))
def test_it_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(text, encoding="utf-8")
    begin_s = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.process_time() - begin_s < 10


NUMBERS = [
    "9" * 5000,
    "0x" + "f" * 5000,
    "1e999",
    ".inf",
    ".nan",
    "-.inf",
    "9" * 400,
    "1_0" * 500,
    "2026-01-01",
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda text: text[:8])
@pytest.mark.parametrize("key", ["duration_s", "seed", "name"])
def test_numbers_of_every_kind(tmp_path: Path, key: str, number: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"{key}: {number}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert "\n" not in str(caught.value)


def test_json_is_yaml_and_its_pairs_of_escapes_are_one_character() -> None:
    assert parse_yaml('{"name": "\\ud83d\\ude00"}', "s.yaml").need("name").text() == "\U0001f600"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_scenario_may_come_from_any_system(tmp_path: Path, encoding: str, end: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(f"name: ä{end}seed: 3{end}".encode(encoding))
    read = read_yaml(file)
    assert (read.need("name").text(), read.need("seed").whole(0, 9), read.need("seed").line) == ("ä", 3, 2)


def test_an_anchor_that_is_there_twice_is_no_matter(recwarn: pytest.WarningsRecorder) -> None:
    assert parse_yaml("a: &x 1\nb: &x 2\nc: *x\n", "s.yaml").need("c").whole(0, 9) == 2
    assert not recwarn.list
