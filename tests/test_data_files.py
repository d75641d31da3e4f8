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


def test_an_installed_wheel_brings_all_of_it(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(tmp_path / "dist"),
    ]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("vrrplab-*-py3-none-any.whl")
    site = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
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


def test_a_package_without_its_data_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = tmp_path / "vrrplab"
    lonely.mkdir()
    shutil.copy(data_files.__file__, lonely)
    monkeypatch.setattr(data_files, "_PACKAGE", str(lonely))
    with pytest.raises(VrrplabError, match="install vrrplab again"):
        data_files.data_root()
