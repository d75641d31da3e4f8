"""The workflows and forms of .github: whole, and naming only what is there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".github"
WORKFLOWS = {path.name: path for path in sorted((FOLDER / "workflows").glob("*.yml"))}
FORMS = sorted((FOLDER / "ISSUE_TEMPLATE").glob("*.yml"))


def read(path: Path) -> dict[str, Any]:
    loaded = YAML(typ="safe", pure=True).load(path)
    assert isinstance(loaded, dict)
    return loaded


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each step of each workflow, with where it is."""
    for name, path in WORKFLOWS.items():
        for job, told in read(path)["jobs"].items():
            for number, step in enumerate(told.get("steps", []), 1):
                yield f"{name}: {job}, step {number}", step


def test_there_are_three() -> None:
    assert list(WORKFLOWS) == ["ci.yml", "pages.yml", "release.yml"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_waits_for_jobs_that_there_are_and_may_do_little(name: str) -> None:
    flow = read(WORKFLOWS[name])
    assert flow["permissions"] == {"contents": "read"}
    for job, told in flow["jobs"].items():
        needs = told.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(flow["jobs"])
        if "uses" in told:
            assert (ROOT / told["uses"]).is_file()
            assert "workflow_call" in read(ROOT / told["uses"])["on"]
            continue
        assert told["timeout-minutes"] <= 60
        more = {
            "release": {"contents": "write"},
            "publish": {"id-token": "write"},
            "pages": {"pages": "write", "id-token": "write"},
        }
        assert told.get("permissions") == more.get(job)


def test_ci_runs_the_one_command() -> None:
    flow = read(WORKFLOWS["ci.yml"])
    assert {"push", "pull_request"} <= set(flow["on"])
    (job,) = flow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step][-1] == ".ci/run"
    assert job["container"]["image"] == "debian:12"  # .ci/run brings its programs from Debian


def test_a_release_follows_a_tag_and_comes_after_all_checks() -> None:
    flow = read(WORKFLOWS["release.yml"])
    assert flow["on"] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}
    jobs = flow["jobs"]
    assert jobs["checks"]["uses"] == "./.github/workflows/ci.yml"
    assert [jobs[job].get("needs") for job in ("build", "release", "publish")] == [
        "checks",
        "build",
        "release",
    ]
    given = [step["with"]["name"] for _, step in steps() if "upload-artifact" in step.get("uses", "")]
    taken = [step["with"]["name"] for _, step in steps() if "download-artifact" in step.get("uses", "")]
    assert set(given) == set(taken) == {"dist", "notes"}
    # What holds a right to publish runs nothing of what was checked out.
    assert not any("checkout" in step.get("uses", "") for step in jobs["publish"]["steps"])
    assert not any("run" in step for step in jobs["publish"]["steps"])


def test_the_site_is_built_here_and_published_by_a_job_that_runs_nothing_else() -> None:
    jobs = read(WORKFLOWS["pages.yml"])["jobs"]
    assert [jobs[job].get("needs") for job in ("checks", "site", "pages")] == [None, "checks", "site"]
    assert not any("run" in step or "checkout" in step.get("uses", "") for step in jobs["pages"]["steps"])


def test_what_others_wrote_is_pinned_to_a_commit() -> None:
    """With the version beside it, for readers and for what proposes newer ones."""
    for path in WORKFLOWS.values():
        used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
        assert used
        for line in used:
            assert line.startswith("./") or re.fullmatch(
                r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line
            ), line
    one = {}
    for _, step in steps():
        if "uses" in step:
            name, commit = step["uses"].split("@")
            assert one.setdefault(name, commit) == commit, f"{name} in two versions"


@pytest.mark.needs("make", "bash")
def test_every_command_is_one_that_there_is() -> None:
    commands = {where: step["run"] for where, step in steps() if "run" in step}
    assert len(commands) >= 8
    for where, text in commands.items():
        subprocess.run(["bash", "-n"], input=text, text=True, check=True, timeout=20)
        for target in re.findall(r"\bmake ([\w-]+)", text):
            subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, timeout=60, check=True)
        for file in re.findall(r"(?<![\w/$.-])((?:tools|\.ci|benchmarks|tests)/[\w./-]+)", text):
            assert (ROOT / file).is_file(), f"{where}: {file}"
        for module in re.findall(r"python -m (\w+)", text):
            __import__(module)
        assert "\n" not in text.strip() or "exit" not in text, "more belongs in a tool"


# The forms


@pytest.mark.parametrize(
    "form", [path for path in FORMS if path.name != "config.yml"], ids=lambda path: path.stem
)
def test_a_form_asks_what_is_needed(form: Path) -> None:
    told = read(form)
    assert {"name", "description", "body"} <= set(told)
    assert {part["type"] for part in told["body"]} <= {
        "markdown",
        "textarea",
        "input",
        "dropdown",
        "checkboxes",
    }
    ids = [part["id"] for part in told["body"] if part["type"] != "markdown"]
    assert len(ids) == len(set(ids)) > 0
    assert all(part["attributes"].get("label") for part in told["body"] if part["type"] != "markdown")
    assert any(part.get("validations", {}).get("required") for part in told["body"])


def test_the_forms_are_a_difference_a_bug_and_a_question() -> None:
    assert [path.stem for path in FORMS] == ["bug", "config", "differs", "question"]
    text = (FOLDER / "ISSUE_TEMPLATE" / "differs.yml").read_text(encoding="utf-8")
    assert "Send us your pair of files and what the real daemon did" in text
