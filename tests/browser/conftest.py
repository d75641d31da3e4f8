"""A real browser for pages and notebooks, found on this machine and never fetched.

The browser is told to resolve no name but this machine's, and each page counts what it asks for: a test
ends with a failure if anything wanted to leave the machine, or if the page's console has an error.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.notebook_server import free_port, serving
from tests.browser.site_server import SiteServer
from vrrplab.trace import Trace
from vrrplab.views.assets import player_script, player_style
from vrrplab.views.player import write_html

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SHARED = ("info", "at_s", "typed", "trace_lines")  # what the widget and its page know together
HERE = ("http://127.0.0.1:", "ws://127.0.0.1:", "file://", "data:", "blob:")

# The panels that are closed at first.
_OPENED = "Object.values(document.getElementById('player').player.folds).forEach((fold) => fold.ask())"
# What the player itself writes down when its tour has begun.
TOUR_SEEN = (
    "try { localStorage.setItem('vrrplab.tour', 'seen'); } catch { /* a page that may keep nothing */ }"
)

# A notebook's side of the widget, with Python answering as it would there: the same messages, no Jupyter.
_BRIDGE = """
<!doctype html><html lang="en"><meta charset="utf-8"><title>A notebook</title>
<style>body { margin: 0 } h1 { position: absolute; width: 1px; height: 1px; overflow: hidden } STYLE</style>
<main><h1>A notebook</h1><div id="player"></div></main>
<script type="module">
SCRIPT
const values = await tellPython({ do: "open" });
const heard = {};
window.model = {
  get: (name) => values[name], set: (name, value) => { values[name] = value; },
  save_changes() { tellPython({ do: "set", typed: values.typed || {} }); },
  on: (name, run) => { (heard[name] ||= new Set()).add(run); }, off: (name, run) => heard[name]?.delete(run),
  async send(message) {
    const { answer, ...fresh } = await tellPython(message);
    for (const [name, value] of Object.entries(fresh)) {
      values[name] = value;
      for (const run of heard["change:" + name] || []) run();
    }
    for (const run of heard["msg:custom"] || []) run(answer, []);
  },
};
window.vrrplabParts = { render, decodeFrame };
window.close_player = render({ model: window.model, el: document.getElementById("player") });
</script>
"""


def _chromium() -> str:
    import shutil

    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROME") or next(filter(None, map(shutil.which, names)), "")


class _Shared:
    """The one browser that all tests of this folder open their pages in: to start it takes seconds.

    It is closed before a test elsewhere begins: while it is open its thread has a running event loop, and
    tests of asyncio cannot run.
    """

    playwright: Any = None
    browser: Any = None

    def get(self, program: str) -> Any:
        if self.browser is None or not self.browser.is_connected():
            self.close()
            self.playwright = sync_api.sync_playwright().start()
            root = hasattr(os, "geteuid") and os.geteuid() == 0
            self.browser = self.playwright.chromium.launch(
                executable_path=program, args=ARGUMENTS + (["--no-sandbox"] if root else [])
            )
        return self.browser

    def close(self) -> None:
        if self.playwright is not None:
            if self.browser is not None and self.browser.is_connected():
                self.browser.close()
            self.playwright.stop()
        self.playwright = self.browser = None


_shared = _Shared()


@pytest.fixture
def browser() -> Any:
    program = _chromium()
    if not program:
        pytest.skip("needs chromium: sudo apt install chromium")
    return _shared.get(program)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    here = Path(__file__).parent
    if nextitem is None or here not in nextitem.path.parents or "browser" not in nextitem.fixturenames:  # type: ignore[attr-defined]
        _shared.close()


def pytest_sessionfinish() -> None:
    _shared.close()


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page; ``color_scheme="dark"`` and other options go to the browser's context.

    ``first_time``: of somebody who never saw a cluster; everybody else has had the tour. ``asks``: films ask
    at their faults, as they do for people; else this browser has that switched off. ``script`` runs before
    the page's own. ``ours`` says which of the console's errors count, where the page is not ours alone.
    """
    contexts, errors, foreign = [], [], []

    def open_page(
        first_time: bool = False,
        asks: bool = False,
        script: str = "",
        ours: Callable[[str], bool] = lambda error: True,
        **options: Any,
    ) -> Any:
        def complain(error: str) -> None:
            if ours(error):
                errors.append(error)

        context = browser.new_context(**{"viewport": {"width": 1240, "height": 860}, **options})
        if script:
            context.add_init_script(script)
        if not first_time:
            context.add_init_script(TOUR_SEEN)
        if not asks:
            context.add_init_script("try { localStorage.setItem('vrrplab.bets', 'off') } catch {}")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda m: complain(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: complain(str(e)))
        page.on("request", lambda r: None if r.url.startswith(HERE) else foreign.append(r.url))
        page.errors = errors
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []


@pytest.fixture
def file_page(new_page: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Opens a trace as the self-contained file, from file://, and waits until it can be played.

    Its panels are opened, unless ``first_view`` is True: then it is as who opens the file sees it.
    """

    def open_file(
        trace: Trace, scenario: Any = None, *, first_view: bool = False, tour: bool = True, **options: Any
    ) -> Any:
        file = tmp_path / "player.html"
        write_html(trace, file, scenario, tour=tour)
        page = new_page(**options)
        page.goto(file.as_uri())
        page.wait_for_function("document.getElementById('player').player")
        if not first_view:
            page.evaluate(_OPENED)
        return page

    return open_file


@pytest.fixture
def live_page(new_page: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Opens a built-in scenario with Python behind it, as a notebook would have it, but without Jupyter.

    What answers is the notebook's own widget, also one that was made elsewhere (``puzzle(name)``).
    ``page.widget`` is it, ``page.forks`` what it remembers. Its panels are opened, unless ``first_view``.
    """
    pytest.importorskip("anywidget", reason="needs anywidget: make lab")
    from vrrplab.notebook.cluster import cluster

    def open_live(what: Any, *, first_view: bool = False, **options: Any) -> Any:
        widget = cluster(what) if isinstance(what, str) else what
        answers: list[dict[str, Any]] = []
        widget.send = lambda answer, buffers=(): answers.append(answer)

        told: dict[str, Any] = {}

        def news() -> dict[str, Any]:
            """The shared values that the page does not know yet."""
            now = {name: getattr(widget, name) for name in SHARED}
            now["trace_lines"] = widget.trace_lines.decode()
            fresh = {name: value for name, value in now.items() if told.get(name) != value}
            told.update(fresh)
            return fresh

        def tell_python(message: dict[str, Any]) -> dict[str, Any]:
            if message["do"] == "open":
                told.clear()  # a page that is loaded again knows nothing
                return news()
            if message["do"] == "set":
                told["typed"] = widget.typed = message["typed"]
                return {}
            widget._asked(widget, message, [])
            return {**news(), "answer": answers.pop()}

        page = new_page(**options)
        page.expose_function("tellPython", tell_python)
        script = player_script().replace("export default { render };", "")
        html = tmp_path / "live.html"
        html.write_text(_BRIDGE.replace("SCRIPT", script).replace("STYLE", player_style()), encoding="utf-8")
        page.goto(html.as_uri())
        page.wait_for_function("document.getElementById('player').player?.model")
        page.widget, page.forks = widget, widget._forks
        if not first_view:
            page.evaluate(_OPENED)
        return page

    return open_live


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as ``make site`` does, once for all tests; beside it what it was built of.

    Where pytest runs in several processes the first that asks builds it, and the others wait for that.
    """
    sys.path.insert(0, str(ROOT / "tools"))
    import site_build
    from site_runtime import Missing, check

    try:
        check()
    except Missing as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(f"needs Pyodide: {error}")
    together = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        together = together.parent
    folder = together / "built" / "site"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():  # what cannot be built leaves none, and is told to each
            site_build.build(folder)
    return folder


@pytest.fixture
def served_site(site: Path) -> Iterator[SiteServer]:
    """The site behind a server of this machine, which a test may stop."""
    server = SiteServer(site)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab of our own on this machine: (its address, the folder it shows)."""
    pytest.importorskip("jupyterlab", reason="needs jupyterlab: make lab")
    home = tmp_path_factory.mktemp("lab")
    work = home / "notebooks"
    work.mkdir()
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for plugin, value in settings.items():
        file = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value), encoding="utf-8")
    port = free_port()
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "run",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "IPYTHONDIR": "ipython",
    }
    environment = {
        **os.environ,
        **{name: str(home / folder) for name, folder in folders.items()},
        "PYTHONPATH": str(ROOT),
    }
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={work}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab", *options]
    with serving(command, f"{address}/api/status", work, environment):
        yield address, work
