"""A stranger's first minute: from the wheel to the three drills, and to the first failure in a lesson.

    python benchmarks/first_minute.py [--wheel FILE] [--pip] [--shots FOLDER]

Two ways in, each in an empty folder, with what they download already in the installer's cache:

1. ``uvx --from WHEEL vrrplab simulate``, which nobody has run before with this file, and again;
2. an environment, ``WHEEL[lab]`` installed into it, ``vrrplab lessons``, and then what the first lesson says,
   in a real browser: run its first cells, take eth0 of proxy-serv01 down, play, until the address has moved.

``--pip`` takes venv and pip of Python for the second. Needs uv, playwright (make venv) and a chromium that is
installed; where one is missing this is said and nothing is measured.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SLOW_MS = 120_000


def missing() -> str:
    """What is not here, in one line, or ""."""
    from importlib.util import find_spec

    if find_spec("playwright") is None:
        return "playwright (make venv)"
    if not any(map(shutil.which, CHROMIUM)):
        return "chromium (sudo apt install chromium)"
    return "" if shutil.which("uv") else "uv (on PATH)"


class Watch:
    """Prints each step when it is done: its own seconds, and those since the beginning."""

    def __init__(self, title: str) -> None:
        print(title)
        self.begun_s = time.perf_counter()

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun_s = time.perf_counter()
        yield
        now_s = time.perf_counter()
        print(f"  {now_s - begun_s:6.1f} s {now_s - self.begun_s:7.1f} s  {what}", flush=True)


def run(*words: object, cwd: Path, **more: str) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr[-1500:]}")
    return done.stdout


def built(folder: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    return next(folder.glob("*.whl"))


def to_the_drills(wheel: Path, empty: Path) -> None:
    command = ("uvx", "--from", wheel, "vrrplab", "simulate")
    watch = Watch("uvx --from WHEEL vrrplab simulate")
    for what in ("the three drills are told", "and again"):
        with watch.step(what):
            told = run(*command, cwd=empty)
        assert "drill 3" in told, told


def install(wheel: Path, environment: Path, cwd: Path, pip: bool) -> None:
    if pip:
        run(sys.executable, "-m", "venv", environment, cwd=cwd)
        run(environment / "bin" / "pip", "install", "--quiet", f"{wheel}[lab]", cwd=cwd)
    else:
        run("uv", "venv", "--quiet", "--python", sys.executable, environment, cwd=cwd)
        python = environment / "bin" / "python"
        run("uv", "pip", "install", "--quiet", "--python", python, f"{wheel}[lab]", cwd=cwd)


@contextmanager
def lessons(environment: Path, empty: Path) -> Iterator[str]:
    """``vrrplab lessons``, as far as the address that it prints."""
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    apart = {name: str(empty.parent / "home" / name) for name in homes}
    command = [str(environment / "bin" / "vrrplab"), "lessons", "--no-browser"]
    with subprocess.Popen(
        command, cwd=empty, env={**os.environ, **apart}, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stderr is not None
        try:
            for line in serving.stderr:
                if found := re.search(r"http://127\.0\.0\.1:\S+", line):
                    yield found[0]
                    return
            sys.exit("JupyterLab did not start")
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait()


def to_the_first_failure(wheel: Path, empty: Path, pip: bool, shots: Path | None) -> None:
    from playwright.sync_api import sync_playwright

    environment = empty.parent / "environment"
    how = "python -m venv; pip install WHEEL[lab]" if pip else "uv venv; uv pip install WHEEL[lab]"
    watch = Watch(f"{how}; vrrplab lessons")
    with watch.step("an environment with WHEEL[lab]"):
        install(wheel, environment, empty, pip)
    with sync_playwright() as playwright, lessons_timed(watch, environment, empty) as address:
        with watch.step("a browser shows the first lesson, its kernel is ready"):
            page = opened(playwright, address)
        with watch.step("its first cells have run, the cluster is there"):
            page.keyboard.press("Shift+Enter")
            page.keyboard.press("Shift+Enter")
            page.keyboard.press("Shift+Enter")
            page.keyboard.press("Shift+Enter")
            lab = page.locator(".vrrplab").first
            lab.wait_for()
        address_101 = lab.locator('[data-vip="192.168.2.101"][data-holder="proxy-serv01"]')
        address_101.wait_for()
        with watch.step("eth0 is clicked and set down"):
            lab.locator('[data-thing="nic proxy-serv01 eth0"]').click(force=True)
            lab.get_by_role("menuitem", name="Set eth0 down").click()
            lab.locator('[data-thing="nic proxy-serv01 eth0"][data-state="down"]').wait_for()
        if shots:
            page.screenshot(path=shots / "down.png")
        with watch.step("played: the address is at proxy-serv02"):
            lab.get_by_role("button", name=re.compile("^Play")).click()
            lab.locator('[data-vip="192.168.2.101"][data-holder="proxy-serv02"]').wait_for()
        if shots:
            page.screenshot(path=shots / "moved.png")


@contextmanager
def lessons_timed(watch: Watch, environment: Path, empty: Path) -> Iterator[str]:
    begun = lessons(environment, empty)
    with watch.step("vrrplab lessons: lessons copied, JupyterLab listens"):
        address = begun.__enter__()
    try:
        yield address
    finally:
        begun.__exit__(None, None, None)


def opened(playwright: Any, address: str) -> Any:
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    browser = playwright.chromium.launch(
        executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
    )
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(SLOW_MS)
    for _ in range(100):  # the address is told a moment before it is served
        try:
            page.goto(address)
            break
        except Exception as error:
            if "REFUSED" not in str(error):
                raise
            time.sleep(0.1)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.locator(".jp-Notebook .jp-mod-active").first.wait_for()
    # Before that JupyterLab takes no cell to be run.
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first.wait_for()
    return page


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="default: one of this checkout, built now")
    parser.add_argument("--pip", action="store_true", help="venv and pip for the lessons, in place of uv")
    parser.add_argument("--shots", type=Path, metavar="FOLDER", help="what the browser shows, as pictures")
    parser.add_argument("--quick", action="store_true", help="only until the first drill is on the screen")
    args = parser.parse_args()
    if what := missing():
        print(f"The first minute is left out: it needs {what}.")
        return
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a stranger's second start is faster than the first
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty").mkdir()
        wheel = (args.wheel or built(folder / "wheel")).resolve()
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
        install(wheel, folder / "warm", folder / "empty", args.pip)  # so that the downloads are in the cache
        shutil.rmtree(folder / "warm")
        renamed = folder / "new" / wheel.name  # a file that uvx has not seen
        renamed.parent.mkdir()
        shutil.copy(wheel, renamed)
        to_the_drills(renamed, folder / "empty")
        if args.quick:
            return
        to_the_first_failure(renamed, folder / "empty", args.pip, args.shots)


if __name__ == "__main__":
    main()
