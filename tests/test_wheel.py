"""vrrplab without its checkout: the wheel, in an environment and a folder where nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import vrrplab

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.long
Command = Callable[..., str]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs a program of that environment, ``installed("vrrplab", "doctor")``, and gives its output."""
    home, empty = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("empty")
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in ours}

    def run(*words: object, cwd: Path = empty, **more: str) -> str:
        ran = subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, f"{words}: {ran.stdout[-1500:]}{ran.stderr[-1500:]}"
        return ran.stdout

    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", home, cwd=ROOT)
    (wheel,) = home.glob("*.whl")
    assert wheel.name == f"vrrplab-{vrrplab.__version__}-py3-none-any.whl"
    (home / "tools").mkdir()
    for name in ("tools/environment.sh", "requirements-core.lock.txt"):
        shutil.copy(ROOT / name, home / name)
    run("sh", "tools/environment.sh", "core", cwd=home, WHEEL=str(wheel), PYTHON=sys.executable)
    return lambda program, *words: run(home / ".venv" / "bin" / program, *words)


def test_it_is_the_wheel_and_not_the_checkout(installed: Command) -> None:
    places = installed("python", "-c", "import sys, vrrplab; print(vrrplab.__file__, *sys.path, sep='\\n')")
    assert ".venv" in places.splitlines()[0]
    assert str(ROOT) not in places.splitlines()


def test_every_public_name_is_there_with_the_core_alone(installed: Command) -> None:
    code = "import vrrplab; print(len([getattr(vrrplab, name) for name in vrrplab.__all__]))"
    assert installed("python", "-c", code).strip() == str(len(vrrplab.__all__))
    assert "Simulations and traces" in installed("python", "-c", "import vrrplab; help(vrrplab)")


def test_the_drills_are_simulated_as_in_the_readme(installed: Command) -> None:
    told = installed("vrrplab", "simulate", "--format", "table")
    assert "12.610 s   +0.610  takeover  proxy_ip1 on proxy-serv02: BACKUP -> MASTER" in told
    installed("python", "-m", "vrrplab", "simulate", "--html", "drill.html", "article-drill-1-lan-nic")
    page = installed("python", "-c", "print(open('drill.html', encoding='utf-8').read())")
    assert "article-drill-1-lan-nic" in page
    assert len(page) > 50_000


def test_recordings_come_with_it_and_agree(installed: Command) -> None:
    code = (
        "from vrrplab.data_files import data_path\n"
        "print(*sorted(p.parent for p in data_path('recordings').glob('*/observed.json')), sep='\\n')"
    )
    folders = installed("python", "-c", code).splitlines()
    assert len(folders) >= 153
    told = installed("vrrplab", "verify", *folders[::15])
    assert all(Path(folder).name in told for folder in folders[::15])
    lines = installed("vrrplab", "decode", "--format", "jsonl", f"{folders[0]}/capture.pcap").splitlines()
    assert len(lines) > 10
    assert "MASTER" in installed("vrrplab", "decode", "--timeline", f"{folders[0]}/capture.pcap")
