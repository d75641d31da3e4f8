"""A release, prepared on a copy: version, day, changelog and addresses, each where it belongs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import vrrplab
from tests.programs import program

ROOT = Path(__file__).resolve().parent.parent
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of no bytes
GIT = "git+https://github.com/vrrplab/vrrplab"
BINDER = "https://mybinder.org/v2/gh/vrrplab/vrrplab/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb"

INSTALL = f"""
```sh
uvx --from {GIT} vrrplab simulate          # try it
uvx --from "vrrplab[lab] @ {GIT}" vrrplab lessons   # the lessons
pip install "vrrplab[lab] @ {GIT}"         # or with pip
pip install {GIT}@v0.1.0  # the core alone
git clone https://github.com/vrrplab/vrrplab && cd vrrplab && make lab  # a checkout
```

In a sentence: `pip install "vrrplab[notebook] @ {GIT}"`. [Binder]({BINDER})
"""
SHORT = """
```sh
uvx vrrplab simulate                                                    # try it
uvx --from "vrrplab[lab]" vrrplab lessons                               # the lessons
pip install "vrrplab[lab]"                                              # or with pip
pip install vrrplab                                                     # the core alone
git clone https://github.com/vrrplab/vrrplab && cd vrrplab && make lab  # a checkout
```

In a sentence: `pip install "vrrplab[notebook]"`. [Binder](BINDER)
""".replace("BINDER", BINDER.replace("HEAD", "v9.1.0"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a release touches, with a paper beside it that has every way of installing."""
    others = shutil.ignore_patterns("pictures", "static", "__pycache__")
    for folder in ("docs", "tools", "changelog.d", "vrrplab"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=others)
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "docs" / "every-way.md").write_text(INSTALL, encoding="utf-8")
    for fragment in set((tmp_path / "changelog.d").iterdir()) - {tmp_path / "changelog.d" / "README.md"}:
        fragment.unlink()
    (tmp_path / "changelog.d" / "it.md").write_text("added: a thing.\n", encoding="utf-8")
    return tmp_path


def prepared(copy: Path, version: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/prepare_release.py", version]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=60, check=False)


def everything(copy: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in copy.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def test_a_release_is_prepared_in_every_file_that_names_it(copy: Path) -> None:
    ran = prepared(copy, "9.1.0")
    assert ran.returncode == 0, ran.stderr
    assert "git tag --sign v9.1.0" in ran.stdout

    assert (copy / "docs" / "every-way.md").read_text(encoding="utf-8") == SHORT
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert BINDER.replace("HEAD", "v9.1.0") in readme
    papers = [*copy.glob("*.md"), *copy.glob("docs/*.md"), *copy.glob("vrrplab/**/*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in papers if path.name != "CHANGELOG.md"}
    assert [path for path, text in texts.items() if "git+" in text or "gh/vrrplab/vrrplab/HEAD" in text] == []

    today = date.today().isoformat()
    start = (copy / "vrrplab" / "__init__.py").read_text(encoding="utf-8")
    assert '\n__version__ = "9.1.0"\n' in start
    cited = YAML(typ="safe").load(copy / "CITATION.cff")
    assert (cited["version"], cited["date-released"]) == ("9.1.0", today)
    changelog = (copy / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## 9\.1\.0 \({today}\)\n\n(.*\n)*?- A thing\.\n", changelog, re.MULTILINE)
    assert [path.name for path in (copy / "changelog.d").iterdir()] == ["README.md"]

    before = everything(copy)
    assert prepared(copy, "9.1.0").returncode == 0, "once more, because something was forgotten"
    assert everything(copy) == before


@pytest.mark.parametrize(
    ("version", "damage", "complaint"),
    [
        ("9.1", {}, "'9.1' is no version: write three numbers, as in 0.2.0"),
        ("9.1.0", {"changelog.d/it.md": "new: a thing."}, "changelog.d/it.md: the first word is 'new:'"),
        ("9.1.0", {"README.md": "pip install git+ssh://x/y"}, "README.md:1: this address has no short form"),
        ("9.1.0", {"CITATION.cff": "title: x"}, "CITATION.cff: "),
    ],
)
def test_what_stands_in_the_way_is_one_line_and_nothing_is_written(
    copy: Path, version: str, damage: dict[str, str], complaint: str
) -> None:
    for name, text in damage.items():
        (copy / name).write_text(text, encoding="utf-8")
    before = everything(copy)
    ran = prepared(copy, version)
    assert ran.returncode == 1
    assert ran.stderr.startswith(complaint)
    assert ran.stderr.count("\n") == 1
    assert everything(copy) == before


@pytest.mark.needs("git")
def test_a_version_that_is_out_is_refused(copy: Path) -> None:
    for words in (["init", "-q"], ["add", "README.md"]):
        subprocess.run(["git", *words], cwd=copy, check=True, capture_output=True)
    somebody = ["-c", "user.name=x", "-c", "user.email=x@x.example"]
    subprocess.run(["git", *somebody, "commit", "-qm", "x"], cwd=copy, check=True)
    subprocess.run(["git", *somebody, "tag", "v9.1.0"], cwd=copy, check=True)
    ran = prepared(copy, "9.1.0")
    assert (ran.returncode, ran.stderr) == (
        1,
        "9.1.0 is out: there is a tag v9.1.0. Choose the next version.\n",
    )


def released(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/release.py", *words]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=60, check=False)


def test_a_tag_is_refused_until_every_file_says_the_same(copy: Path) -> None:
    """What the workflow asks before it builds."""
    asked = released(copy, "--check", "v9.1.0")
    assert asked.returncode == 1
    assert asked.stderr.endswith(
        f"vrrplab/__init__.py says {vrrplab.__version__}: make release VERSION=9.1.0\n"
    )
    assert prepared(copy, "9.1.0").returncode == 0
    assert released(copy, "--check", "v9.1.0").returncode == 0
    for name, before, after, complaint in (
        ("CITATION.cff", '"9.1.0"', '"9.0.0"', "CITATION.cff names another version"),
        ("CHANGELOG.md", f"9.1.0 ({date.today()})", "9.1.0 (unreleased)", "CHANGELOG.md has no section"),
        ("README.md", "vrrplab/v9.1.0", "vrrplab/HEAD", "README's Binder link leads to ['HEAD']"),
    ):
        text = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_text(text.replace(before, after), encoding="utf-8")
        assert complaint in released(copy, "--check", "v9.1.0").stderr
        (copy / name).write_text(text, encoding="utf-8")
    (copy / "changelog.d" / "late.md").write_text("added: a late thing.", encoding="utf-8")
    assert "changelog.d has fragments" in released(copy, "--check", "v9.1.0").stderr


def test_what_was_built_is_told_with_its_hashes_and_older_files_are_gone(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``make release``; what it builds is looked at in tests/test_wheel.py, which takes long."""
    tool = program("tools/release.py")
    (copy / "dist").mkdir()
    (copy / "dist" / "vrrplab-9.0.0.tar.gz").touch()

    def build(into: Path, work: Path) -> list[Path]:
        assert work.is_dir()
        into.mkdir()
        (into / "vrrplab-9.1.0.tar.gz").touch()
        return [into / "vrrplab-9.1.0.tar.gz"]

    monkeypatch.setattr(tool, "ROOT", copy)
    monkeypatch.setattr(tool, "release", build)
    monkeypatch.setattr(sys, "argv", ["tools/release.py"])
    tool.main()
    assert capsys.readouterr().out == f"{EMPTY}  dist/vrrplab-9.1.0.tar.gz\n"
    assert [path.name for path in (copy / "dist").iterdir()] == ["vrrplab-9.1.0.tar.gz"]


def test_the_page_of_a_release_says_what_is_new_and_the_hashes(copy: Path) -> None:
    assert prepared(copy, "9.1.0").returncode == 0
    (copy / "dist").mkdir()
    (copy / "dist" / "vrrplab-9.1.0.tar.gz").write_bytes(b"")
    told = released(copy, "--notes").stdout
    assert told == (f"### Added\n\n- A thing.\n\n\n```text\n{EMPTY}  dist/vrrplab-9.1.0.tar.gz\n```\n")


def text_of_changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_what_is_cited_is_what_there_is() -> None:
    """The fields that the Citation File Format demands (1.2.0), and those that say the same elsewhere."""
    cited = YAML(typ="safe").load(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"
    assert set(cited) <= {
        *("cff-version", "message", "type", "title", "abstract", "authors", "repository-code", "license"),
        *("version", "date-released", "keywords"),
    }
    assert all(isinstance(cited[key], str) for key in set(cited) - {"authors", "keywords"})
    dated = re.search(rf"^## {vrrplab.__version__} \(([\d-]+)\)$", text_of_changelog(), re.MULTILINE)
    assert cited.get("date-released") == (dated and dated[1]), "the day that the changelog has, or none yet"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["authors"] == project["authors"]
    assert cited["license"] == project["license"]
    assert cited["repository-code"] == project["urls"]["Repository"]
    assert cited["version"] == vrrplab.__version__
