"""What Binder will build, asked of Binder's own build code: no container engine and no network are needed.

One trap is the reason for most of this: a ``binder`` folder whose ``environment.yml`` is not found makes
Binder choose another, older Python without a word, and every lesson fails at its first import.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def build_pack(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The build pack Binder chooses for this repository, ready to be asked."""
    from repo2docker.app import Repo2Docker

    monkeypatch.chdir(ROOT)
    app = Repo2Docker()
    for kind in app.buildpacks:
        pack = kind(app.base_image)
        pack.platform = "linux/amd64"
        if pack.detect():
            return pack
    raise AssertionError("Binder would not know what to do with this repository")


def environment() -> dict[str, Any]:
    loaded = YAML(typ="safe").load(ROOT / "environment.yml")
    assert isinstance(loaded, dict)
    return loaded


def conda_packages() -> dict[str, str]:
    """Name to version limits, as written in environment.yml."""
    found = {}
    for line in environment()["dependencies"]:
        match = re.fullmatch(r"([a-z0-9._-]+)((?:(?:>=|<)[0-9.]+,?)*|=[0-9.]+)", line)
        assert match, f"{line!r}: a name, then =x.y or limits like >=1.2,<2"
        found[match[1]] = match[2]
    return found


def test_binder_builds_the_conda_environment(build_pack: Any) -> None:
    assert type(build_pack).__name__ == "CondaBuildPack"
    assert build_pack.binder_dir == "binder"
    assert build_pack.get_preassemble_script_files() == {"binder/environment.yml": "binder/environment.yml"}


def test_binder_runs_the_python_of_the_environment(build_pack: Any) -> None:
    wanted = conda_packages()["python"].lstrip("=")
    assert build_pack.python_version == wanted
    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(f"{wanted}.0")


def test_binder_installs_no_system_package_and_starts_nothing_of_ours(build_pack: Any) -> None:
    assert [script for _, script in build_pack.get_preassemble_scripts() if "apt-get" in script] == []
    assert build_pack.get_start_script() is None


def test_the_build_plan_makes_the_environment_and_then_installs_the_rest(build_pack: Any) -> None:
    plan = build_pack.render()
    environment_made = plan.index('env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"')
    repository_copied = plan.index("COPY --chown=1000:1000 src/ ${REPO_DIR}/")
    assert environment_made < repository_copied < plan.index("RUN ./binder/postBuild")


def test_the_environment_file_is_one_and_the_same() -> None:
    assert os.readlink(ROOT / "binder" / "environment.yml") == "../environment.yml"
    assert not (ROOT / ".binder").exists()  # two folders are an error
    assert not (ROOT / "binder" / "Dockerfile").exists()  # it would silence everything else


def test_post_build_installs_what_has_its_hash_and_vrrplab_with_it() -> None:
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/bash\n")
    assert re.findall(r"pip install (.*)", text) == [
        "--only-binary :all: --require-hashes -r requirements-lab.lock.txt",
        "--no-deps --no-build-isolation .",
    ]
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=20)


def test_the_environment_says_only_what_conda_understands_the_same_way_everywhere() -> None:
    described = environment()
    assert set(described) == {"name", "channels", "dependencies"}
    assert described["channels"] == ["conda-forge", "nodefaults"]


def test_conda_brings_python_and_nothing_that_could_have_a_hash() -> None:
    packages = conda_packages()
    assert set(packages) == {"python", "pip"}
    assert packages["python"].startswith("=")


def test_the_launch_button_opens_the_first_lesson() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(
        r"https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/[\w.-]+\?urlpath=lab/tree/([\w./-]+)", readme
    )
    assert links == ["notebooks/00_start_here.ipynb"]
    assert (ROOT / links[0]).is_file()
