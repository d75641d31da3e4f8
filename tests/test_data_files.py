"""The data folder is found from a checkout and from an installed wheel, and its absence is said."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vrrplab import data_files
from vrrplab.errors import VrrplabError

ROOT = Path(__file__).resolve().parent.parent


def test_in_a_checkout_it_is_the_folder_beside_the_package() -> None:
    assert data_files.data_path() == ROOT / "data"
    scenario = data_files.data_path("recordings", "article_drill1_cable", "scenario.yaml")
    assert scenario.read_text(encoding="utf-8").startswith("name: article_drill1_cable")


def built(target: str, folder: Path) -> Path:
    """The wheel that hatchling builds of this checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    (wheel,) = folder.glob("vrrplab-*-py3-none-any.whl")
    return wheel


def test_an_editable_install_copies_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(built("wheel:editable", tmp_path)) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert names == ["_vrrplab.pth"]
        assert archive.read(names[0]).decode() == str(ROOT)


def test_an_installed_wheel_brings_all_of_it(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    with zipfile.ZipFile(built("wheel", tmp_path)) as archive:
        archive.extractall(site)
    # A folder of that name beside installed packages belongs to somebody else.
    (site / "data" / "recordings").mkdir(parents=True)

    code = "from vrrplab.data_files import data_path; print(data_path('recordings'))"
    clean = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {code}"]
    ran = subprocess.run(clean, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)

    found = Path(ran.stdout.strip())
    assert found == site / "vrrplab" / "data" / "recordings"
    names = sorted(p.name for p in found.iterdir())
    assert names == sorted(p.name for p in (ROOT / "data" / "recordings").iterdir())
    assert len(names) > 130
    lessons = sorted(p.name for p in (site / "vrrplab" / "lessons").iterdir())
    assert lessons == sorted(p.name for p in (ROOT / "notebooks").glob("*.ipynb"))


def test_a_package_without_its_data_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = tmp_path / "vrrplab"
    lonely.mkdir()
    shutil.copy(data_files.__file__, lonely)
    monkeypatch.setattr(data_files, "_PACKAGE", str(lonely))
    with pytest.raises(VrrplabError, match="install vrrplab again"):
        data_files.data_root()
