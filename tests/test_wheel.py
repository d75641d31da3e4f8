"""vrrplab without its checkout: the wheel, in an environment and a folder where nothing else is, under every
Python that is at hand; and that wheel once more from the source archive.
"""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import vrrplab
from tests.programs import program

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.long
Command = Callable[..., str]

OLDEST, NEWEST = 11, 14  # of 3.x: those that are supported, and those that exist


def candidates(minor: int) -> Iterator[str]:
    """Programs that may be Python 3.``minor``."""
    if minor == sys.version_info.minor:
        yield sys.executable
    for folder in os.get_exec_path():
        if found := shutil.which(f"python3.{minor}", path=folder):
            yield found
    if shutil.which("pyenv"):  # what it has is on PATH only if it was chosen
        for version in output("pyenv", "versions", "--bare").split():
            if version.startswith(f"3.{minor}."):
                yield f"{output('pyenv', 'prefix', version).strip()}/bin/python3"


def output(*words: str) -> str:
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    return ran.stdout if ran.returncode == 0 else ""


@cache
def at_hand() -> dict[str, str]:
    """Version to program, of those that run and can make an environment."""
    code = "import sys, venv, ensurepip; print('3.%d' % sys.version_info[1])"
    found: dict[str, str] = {}
    for minor in range(OLDEST, NEWEST + 1):
        working = (p for p in candidates(minor) if output(p, "-c", code).strip() == f"3.{minor}")
        if chosen := next(working, ""):
            found[f"3.{minor}"] = chosen
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Looks for Pythons only where these tests are wanted: it takes a second."""
    if "installed" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("markexpr", "")
        versions = at_hand() if chosen == "long" else {f"3.{sys.version_info.minor}": sys.executable}
        metafunc.parametrize(
            "installed", versions.values(), ids=versions.keys(), indirect=True, scope="module"
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the files that are here, committed or not."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("*.whl")
    assert built.name == f"vrrplab-{vrrplab.__version__}-py3-none-any.whl"
    return built


@pytest.fixture(scope="module")
def installed(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Command:
    """Runs a program of that environment, ``installed("vrrplab", "doctor")``, and gives its output. A warning
    of Python's is an error.
    """
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

    (home / "tools").mkdir()
    for name in ("tools/environment.sh", "requirements-core.lock.txt"):
        shutil.copy(ROOT / name, home / name)
    run("sh", "tools/environment.sh", "core", cwd=home, WHEEL=str(wheel), PYTHON=request.param)
    return lambda program, *words: run(home / ".venv" / "bin" / program, *words, PYTHONWARNINGS="error")


def test_what_python_is_not_at_hand_is_said() -> None:
    found = at_hand()
    assert f"3.{sys.version_info.minor}" in found
    missing = [f"3.{minor}" for minor in range(OLDEST, NEWEST + 1) if f"3.{minor}" not in found]
    if missing:
        warnings.warn(f"the wheel was not tried under Python {', '.join(missing)}: not at hand", stacklevel=1)


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
    assert len(folders) >= 176
    told = installed("vrrplab", "verify", *folders[::15])
    assert all(Path(folder).name in told for folder in folders[::15])
    lines = installed("vrrplab", "decode", "--format", "jsonl", f"{folders[0]}/capture.pcap").splitlines()
    assert len(lines) > 10
    assert "MASTER" in installed("vrrplab", "decode", "--timeline", f"{folders[0]}/capture.pcap")


def test_the_lessons_come_with_it(installed: Command) -> None:
    assert installed("vrrplab", "lessons", "--no-open") == "14 lessons in vrrplab-lessons: 14 new.\n"


# Of a user who checks types: a call, and what mypy says of it.
REVEALED = {
    "vrrplab.simulate(SCENARIO)": "vrrplab.trace.trace.Trace",
    "trace.owner(ADDRESS, at_s=16)": "str | None",
    "trace.why(15, SERVER, INSTANCE)": "str",
    "vrrplab.load_scenario(SCENARIO)": "vrrplab.scenario.model.Scenario",
    "vrrplab.at(12, 'link_down', server=SERVER)": "vrrplab.notebook.variants.Action",
    "vrrplab.variant(SCENARIO, vrrplab.at(12, 'power_off'))": "vrrplab.scenario.model.Scenario",
    "vrrplab.parse_config('a.conf')": "vrrplab.config.model.NodeConfig",
    "vrrplab.conf(SERVER)": "str",
    "vrrplab.outage_s(trace, ADDRESS)": "float",
    "vrrplab.recorded('article_steady')": "vrrplab.trace.trace.Trace",
    "vrrplab.read_pcap('a.pcap')": "vrrplab.notebook.captures.Capture",
    "vrrplab.decode(b'')": "vrrplab.wire.dissect.Frame",
    "vrrplab.encode(vrrplab.decode(b''))": "bytes",
    "vrrplab.lab.compare(SCENARIO)": "vrrplab.lab.comparison.Comparison",
}
MISTAKES = {
    "vrrplab.simulat(SCENARIO)": 'has no attribute "simulat"',
    "vrrplab.outage_s(SCENARIO, ADDRESS)": 'expected "Trace"',
    "vrrplab.decode('ff')": 'expected "bytes"',
    "vrrplab.views.timelin.figure(trace)": 'has no attribute "timelin"',
    "trace.owner(ADDRESS, when=16)": 'Unexpected keyword argument "when"',
    "trace.owner(ADDRESS, at_s=16).upper()": 'Item "None" of "str | None" has no attribute',
}


def test_a_type_checker_sees_what_every_name_gives_and_takes(installed: Command, tmp_path: Path) -> None:
    """Somebody else's project under ``mypy --strict``, beside the wheel with nothing but the core."""
    head = "SCENARIO, ADDRESS, SERVER, INSTANCE = 'drill.yaml', '10.0.0.1', 'a', 'vip'"
    lines = ["import vrrplab", head, "trace = vrrplab.simulate(SCENARIO)"]
    above = len(lines)
    lines += [f"reveal_type({call})" for call in REVEALED]
    lines += MISTAKES
    (tmp_path / "mine.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    python = installed("python", "-c", "import sys; print(sys.executable)").strip()
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "mine.py"]
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MYPYPATH")}
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    told: dict[int, str] = {}
    for line in ran.stdout.splitlines():
        if said := re.match(r"mine\.py:(\d+): (?:note|error): (.*)", line):
            told[int(said[1])] = told.get(int(said[1]), "") + said[2]
    for number, (call, kind) in enumerate(REVEALED.items(), above + 1):
        assert told.pop(number, "") == f'Revealed type is "{kind}"', call
    for number, (call, complaint) in enumerate(MISTAKES.items(), above + len(REVEALED) + 1):
        assert complaint in told.pop(number, ""), call
    assert told == {}, "nothing else is wrong"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Source archive and wheel of the newest commit, each built twice and found the same."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "work").mkdir()
    source, built = program("tools/release.py").release(folder / "dist", folder / "work")
    return source, built


@pytest.mark.needs("git", "tar", "checkout")
def test_a_release_is_built_the_same_again_and_its_source_builds_its_wheel(
    released: tuple[Path, Path],
) -> None:
    source, built = released
    assert source.name == f"vrrplab-{vrrplab.__version__}.tar.gz"
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
    assert "vrrplab/__init__.py" in names
    assert "vrrplab/py.typed" in names
    assert [name for name in names if not name.startswith(("vrrplab/", "vrrplab-"))] == []


@pytest.mark.needs("git", "tar", "checkout")
def test_the_tool_that_packagers_use_builds_the_same_from_the_source(
    released: tuple[Path, Path], tmp_path: Path
) -> None:
    source, built = released
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
        # Times are those of the commit, which the archive has.
        epoch = str(int(archive.getmembers()[0].mtime))
    (unpacked,) = tmp_path.iterdir()
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(unpacked)],
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        check=True,
        capture_output=True,
        timeout=300,
    )
    assert (tmp_path / "dist" / built.name).read_bytes() == built.read_bytes()
    assert (tmp_path / "dist" / source.name).is_file()


@pytest.mark.needs("git", "tar", "checkout")
def test_an_index_would_take_it(released: tuple[Path, Path]) -> None:
    """The description is rendered as an index does it, and nothing is in the wheel that should not be."""
    for command in (
        ["twine", "check", "--strict", *map(str, released)],
        ["check_wheel_contents", str(released[1])],
    ):
        ran = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "PASSED" in ran.stdout or "OK" in ran.stdout


@pytest.mark.needs("git", "tar", "checkout")
def test_the_source_archive_has_what_a_packager_needs(released: tuple[Path, Path]) -> None:
    """All that is committed: the tests and what they run, the papers, the locks."""
    with tarfile.open(released[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    committed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "-z", "HEAD"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(committed.stdout.split("\0")) - names - {""} == set()
    assert {"tests/test_wheel.py", "docs/architecture.md", "CONTRIBUTING.md", "LICENSE"} <= names


def test_whoever_has_the_wheel_knows_where_it_comes_from(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(archive.read(metadata))
        assert [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")] != []
    assert told["Author"] == "The vrrplab developers"
    assert told["License-Expression"] == "MIT"
    urls = dict(url.split(", ") for url in told.get_all("Project-URL", []))
    assert urls["Repository"] == "https://github.com/vrrplab/vrrplab"
    classifiers = told.get_all("Classifier", [])
    assert "Typing :: Typed" in classifiers
    versions = {found[1] for line in classifiers if (found := re.search(r":: (3\.\d+)$", line))}
    assert versions <= {f"3.{minor}" for minor in range(OLDEST, NEWEST + 1)}
    assert f"3.{OLDEST}" in versions
    assert told["Requires-Python"] == f">=3.{OLDEST}"
