"""What is committed: nothing of anybody's machine, nothing a command could make, nothing out of step."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from tests.programs import program

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BINARY = (".pcap", ".pcapng", ".png")

# Written in pieces, so that this file is not one of those it finds. Where keepalived writes about itself is
# the same path on every machine.
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:wor[k]|tm[p](?!/keepalived\.data)|roo[t]|hom[e]/\w+)/")
REGISTRY = re.compile(
    r"pypi\.or[g]|pythonhosted\.or[g]|npmjs\.(?:or[g]|co[m])|deb\.debian\.or[g]|anaconda\.or[g]|//registr[y]\."
    r"|jsdelivr\.ne[t]|unpkg\.co[m]"
)


@cache
def tracked() -> list[str]:
    """Every committed file."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    # A file may be gone from the tree and not yet from the index.
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def lines(pattern: re.Pattern[str]) -> list[str]:
    """Places in committed text where the pattern is found."""
    found = []
    for name in tracked():
        if name.endswith(BINARY):
            continue
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")  # inputs of fuzz/ are any bytes
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    return found


pytestmark = pytest.mark.needs("git", "checkout")


def test_no_path_of_anybodys_machine_is_committed() -> None:
    assert lines(MACHINE_PATH) == []


def test_no_host_of_a_package_registry_is_committed() -> None:
    assert lines(REGISTRY) == []


def test_the_patterns_find_what_they_are_for() -> None:
    slash = "/"
    assert MACHINE_PATH.search(f"open('{slash}tmp{slash}x')")
    assert MACHINE_PATH.search(f"cd {slash}work{slash}main")
    assert not MACHINE_PATH.search(f"notebooks{slash}work{slash}x")
    assert REGISTRY.search("https://files.python" + "hosted.org/x")


def test_lock_and_environment_files_name_no_address_but_the_projects_own() -> None:
    setting_up = [
        n
        for n in tracked()
        if n.startswith(("requirements", "environment", "binder/", "pyproject", "package", ".npmrc"))
    ]
    assert len(setting_up) >= 5
    ours = PROJECT["project"]["urls"]["Repository"]
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in setting_up}
    texts["pyproject.toml"] = texts["pyproject.toml"].replace(ours, "")
    assert [name for name, text in texts.items() if "://" in text] == []


def test_nothing_is_committed_that_a_command_makes() -> None:
    made = re.compile(
        r"(^|/)(uv\.lock|pylock.*|\.venv|\.boot|__pycache__|node_modules|build|dist|out)(/|$)|\.pyc$"
    )
    assert [name for name in tracked() if made.search(name)] == []
    assert [name for name in tracked() if (ROOT / name).stat().st_size > 500_000] == []


def test_notebooks_are_committed_without_outputs() -> None:
    for name in tracked():
        if not name.endswith(".ipynb"):
            continue
        cells = json.loads((ROOT / name).read_text(encoding="utf-8"))["cells"]
        kept = [i for i, cell in enumerate(cells) if cell.get("outputs") or cell.get("execution_count")]
        assert kept == [], f"{name}: clear the outputs of cells {kept}"


# The environment


def locked(name: str) -> dict[str, list[tuple[str, bool]]]:
    """Package to (version, has hashes) for each line of a lock file; some differ by Python version."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for entry in re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8")):
        match = re.match(r"([a-z0-9._-]+)==([^\s;]+)", entry)
        assert match, entry
        found.setdefault(match[1], []).append((match[2], "--hash=sha256:" in entry))
    return found


def wanted(*extras: str) -> Iterator[Requirement]:
    project = PROJECT["project"]
    groups = [
        project["dependencies"],
        PROJECT["build-system"]["requires"],
        PROJECT["dependency-groups"]["build"],
    ]
    groups += [project["optional-dependencies"][extra] for extra in extras]
    for group in groups:
        for requirement in map(Requirement, group):
            if requirement.name == project["name"]:  # an extra that another one contains
                yield from wanted(*requirement.extras)
            else:
                yield requirement


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock.txt", ("lab", "sweep", "lsp", "metrics", "zstd", "dev")),
        ("requirements-lab.lock.txt", ("lab",)),
        ("requirements-core.lock.txt", ()),
    ],
)
def test_the_lock_fits_the_project(lock: str, extras: tuple[str, ...]) -> None:
    have = locked(lock)
    for requirement in wanted(*extras):
        name = re.sub(r"[._-]+", "-", requirement.name).lower()
        versions = [version for version, _ in have.get(name, [])]
        assert versions, f"{name} is not in {lock}: make lock"
        assert all(map(requirement.specifier.contains, versions)), f"{name} {versions} in {lock}: make lock"
    assert [name for name, entries in have.items() if not all(hashed for _, hashed in entries)] == []


def test_a_part_is_pinned_as_the_whole() -> None:
    names = ("requirements-core.lock.txt", "requirements-lab.lock.txt", "requirements.lock.txt")
    core, lab, whole = map(locked, names)
    for part, more in ((core, lab), (lab, whole)):
        assert {name: entries for name, entries in part.items() if more.get(name) != entries} == {}
    assert len(core) < 12


def test_the_lab_is_what_notebooks_need_and_jupyterlab() -> None:
    def names(extra: str) -> set[str]:
        return {requirement.name for requirement in wanted(extra)} - {r.name for r in wanted()}

    assert names("notebook") == {"numpy", "matplotlib", "anywidget", "ipywidgets", "scapy"}
    assert names("lab") == names("notebook") | {"jupyterlab"}


@pytest.mark.needs("make")
def test_the_lessons_install_no_test_tools() -> None:
    planned = subprocess.run(
        ["make", "-n", "-W", "requirements-lab.lock.txt", "lab"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert re.findall(r"environment\.sh (\w+)", planned)[-1:] == ["lab"]
    assert "playwright" not in locked("requirements-lab.lock.txt")


def test_the_core_needs_a_yaml_reader_and_nothing_else() -> None:
    assert [Requirement(text).name for text in PROJECT["project"]["dependencies"]] == ["ruamel.yaml"]


# The commands


@pytest.mark.needs("make")
def test_make_alone_tells_what_it_can_do() -> None:
    told = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert re.findall(r"^make ([\w-]+)", told, re.MULTILINE) == [
        "drills",
        "lab",
        "test",
        "test-long",
        "site",
        "site-lite",
        "site-serve",
        "fuzz",
        "lint",
        "man",
        "bench",
        "lock",
        "release",
    ]


@pytest.mark.needs("make")
def test_every_make_command_of_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = sorted(set(re.findall(r"(?:^|`|&& )make ([\w-]+)(?= |`|$)", readme, re.MULTILINE)))
    assert {"drills", "lab", "test"} <= set(named)
    for target in named:
        subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, timeout=60, check=True)


@pytest.mark.needs("make")
def test_without_a_usable_python_make_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    script = tmp_path / "tools" / "environment.sh"
    script.write_bytes((ROOT / "tools" / "environment.sh").read_bytes())
    ran = subprocess.run(
        ["sh", str(script), "core"],
        env={**os.environ, "PYTHON": str(tmp_path / "no-such-python")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert "needs Python 3.11 or newer" in ran.stderr
    assert "sudo apt install python3 python3-venv" in ran.stderr


@pytest.mark.parametrize("script", [".ci/run", "tools/environment.sh"])
def test_scripts_are_programs(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True, timeout=20)


# The papers


def changelog_tool() -> ModuleType:
    return program("tools/changelog.py")


def test_the_changelog_is_a_screen_a_release() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        assert re.match(r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)\n", section), section[:40]
        assert len(section.splitlines()) <= 50


def test_every_fragment_can_be_folded() -> None:
    changelog_tool().read_fragments(ROOT / "changelog.d")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("added `vrrplab config check`.", ""),
        ("Fixed: with keepalived 2.2.7 a reload is told once.\nIt was told twice.", ""),
        ("new `vrrplab config check`.", "the first word is 'new'"),
        ("", "the first word is ''"),
        ("added", "one sentence or two"),
        ("added a thing", "one sentence or two"),
        ("added a. Added b. Added c.", "one sentence or two"),
    ],
)
def test_a_fragment_says_in_its_first_word_what_it_is(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "it.md").write_text(text, encoding="utf-8")
    if not complaint:
        assert len(changelog_tool().read_fragments(tmp_path)) == 1
        return
    with pytest.raises(ValueError, match=f"it.md: .*{complaint}"):
        changelog_tool().read_fragments(tmp_path)


def test_a_release_folds_fragments_into_its_section() -> None:
    fragments = [("fixed", "A bug."), ("breaking", "A key."), ("added", "A file."), ("added", "A word.")]
    body = "### Breaking\n\n- A key.\n\n### Added\n\n- A file.\n- A word.\n\n### Fixed\n\n- A bug.\n"
    fold = changelog_tool().fold
    first = "# Changelog\n\n## 0.1.0 (2026-01-01)\n\n- It is.\n"
    second = f"# Changelog\n\n## 0.2.0 (2027-01-01)\n\n{body}\n## 0.1.0 (2026-01-01)\n\n- It is.\n"
    assert fold(first, "0.2.0", "2027-01-01", fragments) == second
    planned = second.replace("2027-01-01", "unreleased").replace(f"\n{body}", "\nA word before.\n")
    assert fold(planned, "0.2.0", "2027-01-01", fragments) == second.replace(
        f"\n{body}", f"\nA word before.\n\n{body}"
    )
    assert fold(second, "0.2.0", "2027-01-02", []) == second.replace("2027-01-01", "2027-01-02")


def test_the_first_release_says_what_there_is_and_not_what_changed() -> None:
    fold = changelog_tool().fold
    planned = "# Changelog\n\n## 0.1.0 (unreleased)\n\n- It is.\n"
    released = planned.replace("unreleased", "2026-01-01")
    assert fold(planned, "0.1.0", "2026-01-01", [("fixed", "A bug that nobody had.")]) == released


# The recordings

RECORDINGS = ROOT / "data" / "recordings"


def test_every_recording_is_whole() -> None:
    folders = sorted(p for p in RECORDINGS.iterdir() if p.is_dir())
    assert len(folders) >= 176
    for folder in folders:
        have = {p.name for p in folder.iterdir()}
        scenario = YAML(typ="safe", pure=True).load(folder / "scenario.yaml")
        configs = [s["config"] for s in scenario["servers"].values()]
        configs += [a["config"] for a in scenario.get("actions", []) if "config" in a]
        assert {"capture.pcap", "observed.json", *configs} <= have, folder.name


def test_the_index_lists_every_recording_with_its_own_description() -> None:
    rows = re.findall(
        r"^\| (\w[\w.]*) \| (\d+) \| (.*) \|$",
        (RECORDINGS / "INDEX.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    described = []
    for folder in sorted(p for p in RECORDINGS.iterdir() if p.is_dir()):
        scenario = YAML(typ="safe", pure=True).load(folder / "scenario.yaml")
        runs = json.loads((folder / "observed.json").read_text(encoding="utf-8"))["runs"]
        described.append((folder.name, str(len(runs)), scenario["description"]))
    assert rows == described
