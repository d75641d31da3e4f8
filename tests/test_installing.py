"""What is missing is told with the command that fits: make in a checkout, pip elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from vrrplab import installing
from vrrplab.system import doctor

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_module_is_of_the_extra_that_brings_it() -> None:
    of_extras = {
        Requirement(text).name: extra
        for extra in ("sweep", "notebook", "lab", "lsp", "metrics", "zstd")  # numpy is in two: a notebook's
        for text in PROJECT["optional-dependencies"][extra]
        if Requirement(text).name != PROJECT["name"]
    }
    of_extras["prometheus_client"] = of_extras.pop(
        "prometheus-client"
    )  # the module's name, and the package's
    assert {**of_extras, "traitlets": "notebook"} == installing.EXTRA_OF  # anywidget and ipywidgets bring it


def test_doctor_looks_for_every_package_of_the_extras() -> None:
    assert set(doctor.MODULES) == set(installing.EXTRA_OF) - {"traitlets"}


@pytest.mark.needs("make")
def test_in_a_checkout_it_is_a_command_of_make() -> None:
    assert installing.checkout() == str(ROOT)
    told = {installing.how_to_install(module) for module in (*installing.EXTRA_OF, "pandas")}
    assert told == {"make lab", "make venv"}
    for command in told:
        subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True, timeout=60, check=True)


def test_elsewhere_it_is_pip_with_the_extra(tmp_path: Path) -> None:
    """Of a package that lies where pip puts it, with somebody's Makefile above."""
    package = tmp_path / "site-packages" / "vrrplab"
    package.mkdir(parents=True)
    (package.parent / "Makefile").touch()
    (package / "__init__.py").touch()
    shutil.copy(installing.__file__, package)
    code = (
        "from vrrplab.installing import checkout, how_to_install as how\n"
        "print(repr(checkout()), how('scapy'), how('jupyterlab'), how('pandas'), sep='\\n')"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=package.parent, capture_output=True, text=True, check=True
    )
    nothing, scapy, jupyterlab, pandas = ran.stdout.splitlines()
    repository = PROJECT["urls"]["Repository"] if "urls" in PROJECT else "https://github.com/vrrplab/vrrplab"
    assert nothing == "''"
    assert installing._FROM in (f" @ git+{repository}", "")  # from the first release on it is an index's
    assert scapy == f'pip install "vrrplab[notebook]{installing._FROM}"'
    assert jupyterlab == f'pip install "vrrplab[lab]{installing._FROM}"'
    assert pandas == "pip install pandas"
    for line in (scapy, jupyterlab):
        wanted = Requirement(line.split('"')[1])
        assert wanted.name == PROJECT["name"]
        assert wanted.extras <= set(PROJECT["optional-dependencies"])


def test_nobody_else_gives_that_advice() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("vrrplab", "tests", "benchmarks", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if re.search(
            r"pip instal[l] ['\"]?[a-z]|vrrplab\[(lab|dev|notebook)\]['\"]", path.read_text(encoding="utf-8")
        )
    ]
    quote_it = {f"tests/test_{name}.py" for name in ("installing", "release", "docs")}
    assert set(found) - quote_it == {"vrrplab/installing.py"}
