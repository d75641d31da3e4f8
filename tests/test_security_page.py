"""docs/security.md: the tests that it names hold what it claims, so they must be there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_that_holds_a_claim_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) >= 15
    for file, test in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *(async )?def {test or 'test_'}", text, re.MULTILINE), f"{file}::{test}"


def test_every_claim_of_what_others_cannot_do_names_its_test() -> None:
    rows = re.search(r"\| who \| cannot \| held by \|\n\|---.*\n((?:\|.*\n)+)", PAGE)
    assert rows
    assert [row for row in rows[1].splitlines() if "`tests/" not in row.rpartition(" | ")[2]] == []


def test_every_lock_file_has_its_way_in() -> None:
    for lock in ROOT.glob("requirements-*.lock.txt"):
        if lock.name != "requirements-core.lock.txt":  # `requirements*.lock.txt`
            assert f"`{lock.name}`" in PAGE


def test_readme_and_page_know_one_repository() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(docs/security.md)" in readme
    (repository,) = re.findall(r"/v2/gh/([\w.-]+/[\w.-]+)/", readme)
    assert f"`{repository}`" in PAGE
