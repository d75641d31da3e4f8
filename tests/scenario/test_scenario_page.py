"""docs/scenario.md and its schema are what the tables say, and every example in them runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from programs import program
from ruamel.yaml import YAML

from vrrplab.data_files import data_path
from vrrplab.scenario.expect import broken_expectations
from vrrplab.scenario.keys import ALL_SECTIONS, IN_REALITY, action_section
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.scenario.schema import schema
from vrrplab.scenario.writer import yaml_text
from vrrplab.sim.play import run
from vrrplab.trace.vocabulary import Act

page = program("tools/scenario_page.py")
VALIDATOR = Draft202012Validator(schema())
EXAMPLES = dict(page.examples())


def test_the_page_and_the_schema_are_fresh() -> None:
    assert page.main(["--check"]) == 0, "python tools/scenario_page.py"


@pytest.mark.parametrize("what", EXAMPLES)
def test_an_example_runs_and_the_schema_accepts_it(what: str) -> None:
    """Laid into the page's scenario; what it expects is so, where the example is about that."""
    whole = EXAMPLES[what]
    assert list(VALIDATOR.iter_errors(whole)) == []
    scenario = scenario_from_text(yaml_text(whole), data_path("scenarios"))
    trace = run(scenario)
    assert len(trace.events) > 10
    if what.startswith(("expectation", "outage")) or what == "scenario.expect":
        assert scenario.expect
        assert broken_expectations(scenario, trace) == []


def test_every_key_and_action_has_a_row_whose_example_is_yaml() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (.+)\n((?:(?!### |## ).*\n)+)", text, re.MULTILINE))
    yaml = YAML(typ="safe", pure=True)
    for section in ALL_SECTIONS:
        for name, key in section.keys.items():
            rows = [row for row in sections[section.name].splitlines() if row.startswith(f"| `{name}` |")]
            assert len(rows) == 1, (section.name, name)
            assert yaml.load(rows[0].rpartition(" | ")[2].strip("|` ")) == {name: key.example}
    assert set(IN_REALITY) == set(Act)
    for act in Act:
        (row,) = [row for row in sections["action"].splitlines() if row.startswith(f"| `{act}` |")]
        example = yaml.load(row.rpartition(" | ")[2].strip("|` "))
        assert example["action"] == act
        assert set(act.needs) <= set(example)
        assert all(f"| `{name}`" in sections["action"] for name in action_section(act).keys)


def test_trace_and_scenario_pages_point_to_each_other() -> None:
    assert "(trace.md)" in page.PAGE.read_text(encoding="utf-8")
    assert "(scenario.md)" in Path(page.PAGE).with_name("trace.md").read_text(encoding="utf-8")
