"""docs/truth.md is what the commands find, and README quotes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.programs import program

ROOT = Path(__file__).resolve().parents[1]
PAGE, README = ROOT / "docs" / "truth.md", ROOT / "README.md"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return program("tools/truth_page.py")


@pytest.mark.parametrize("section", ["random", "reports", "interop", "known"])
def test_what_is_quickly_found_is_up_to_date(generator: ModuleType, section: str) -> None:
    found = getattr(generator, f"{section}_section")()
    assert found in PAGE.read_text(encoding="utf-8"), "stale: run python tools/truth_page.py"


def test_it_tells_of_every_recording(generator: ModuleType) -> None:
    told = re.search(r"In short: (\d+) recordings", PAGE.read_text(encoding="utf-8"))
    assert told is not None
    assert int(told[1]) == len(generator.recordings()), "stale: run python tools/truth_page.py"


def test_readme_quotes_it(generator: ModuleType) -> None:
    readme, text = README.read_text(encoding="utf-8"), PAGE.read_text(encoding="utf-8")
    assert generator.QUOTED in readme
    assert generator.quoting(readme, text) == readme


@pytest.mark.long
def test_the_whole_page_is_up_to_date(generator: ModuleType) -> None:
    assert PAGE.read_text(encoding="utf-8") == generator.page()


def test_every_report_is_simulated_as_it_happened(generator: ModuleType) -> None:
    assert [what for what, _, agrees in generator.reports() if not agrees] == []


def test_every_random_cluster_was_judged(generator: ModuleType) -> None:
    for run in generator.random_runs():
        assert run["keepalived"]
        for cluster in run["clusters"]:
            assert cluster["verdict"] in ("same", "differs", "either", "noise")
            assert cluster["agrees"] == (cluster["states"] and cluster["packets"]), json.dumps(cluster)
