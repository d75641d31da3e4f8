"""The player as a file in Firefox, driven by WebDriver BiDi, which Firefox speaks without any driver.

The tests beside this one look at every corner in Chromium; here is what differs between browsers: does it
load without an error, is it drawn, does it hear keys and mouse, and does no text lie over another.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from player_pages import DRILL, PLAYER, TIDY, simulated

from vrrplab.data_files import data_path
from vrrplab.trace import Trace
from vrrplab.views.player import trace_text, write_html

pytestmark = [pytest.mark.long, pytest.mark.needs("firefox-esr")]

# It starts with nothing to fetch, and with no way to fetch it: its proxy is a port that nobody listens to.
PREFERENCES = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "services.settings.server": "data:,",
    "ui.prefersReducedMotion": 1,
}
PROGRAM = "firefox-esr"
LISTENS = r"WebDriver BiDi listening on (ws://\S+)\n"  # a whole line
# Until the file has unpacked itself; what is asked next fails if it never does.
UNPACKED = f"""async () => {{
  for (const end = Date.now() + 30000; !{PLAYER} && Date.now() < end; ) {{
    await new Promise((later) => setTimeout(later, 20));
  }}
}}"""
KNOWN = """() => {
  try {
    localStorage.setItem("vrrplab.tour", "seen");
    localStorage.setItem("vrrplab.bets", "off");
  } catch { /* an empty page may keep nothing */ }
}"""
KEYS = {"Escape": "\ue00c", "Space": " ", "Right": "\ue014"}


class Firefox:
    """One window; ``errors`` is what the console of its pages said in anger."""

    def __init__(self, folder: Path) -> None:
        import websocket

        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()
        ]
        (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")
        self.errors: list[str] = []
        self._number = itertools.count(1)
        log = folder / "firefox.log"
        with log.open("w", encoding="utf-8") as file:
            self._process = subprocess.Popen(
                [PROGRAM, "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"],
                stdout=file,
                stderr=file,
                env={**os.environ, "HOME": str(folder)},
            )
        until_s = time.monotonic() + 60
        while not (found := re.search(LISTENS, log.read_text(errors="replace"))):
            if self._process.poll() is not None or time.monotonic() > until_s:
                self._process.kill()
                raise RuntimeError(f"Firefox does not listen:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        self._socket = websocket.create_connection(f"{found[1]}/session", timeout=60, suppress_origin=True)
        self("session.new", capabilities={})
        # A tab of our own: the first one may still be opening, and Firefox shows pages of its own there.
        self.context = self("browsingContext.create", type="tab")["context"]
        # Who knows the player: no tour begins, and no film stops to ask.
        self("script.addPreloadScript", functionDeclaration=KNOWN, contexts=[self.context])
        self("session.subscribe", events=["log.entryAdded"], contexts=[self.context])

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its result; what is heard meanwhile is kept."""
        number = next(self._number)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != number:
            if answer.get("method") == "log.entryAdded" and answer["params"]["level"] == "error":
                self.errors.append(str(answer["params"]["text"]))
        if answer["type"] != "success":
            raise RuntimeError(f"{method}: {answer.get('message')}")
        return dict(answer["result"])

    def open(self, file: Path, width: int = 1240) -> None:
        self("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": 900})
        self("browsingContext.navigate", context=self.context, url=file.as_uri(), wait="complete")
        self.run(UNPACKED)  # a page is "complete" earlier than that

    def run(self, function: str, *arguments: str) -> Any:
        """What a JavaScript function returns, by way of JSON."""
        given = ", ".join(json.dumps(argument) for argument in arguments)
        found = self(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({function})({given}) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert found["type"] == "success", found.get("exceptionDetails")
        return json.loads(found["result"]["value"])

    def press(self, key: str) -> None:
        strokes = [{"type": kind, "value": KEYS.get(key, key)} for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": strokes})

    def click(self, x: float, y: float) -> None:
        place = {"type": "pointerMove", "x": round(x), "y": round(y)}
        strokes = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        self._act({"type": "pointer", "id": "mouse", "actions": [place, *strokes]})

    def _act(self, source: dict[str, Any]) -> None:
        self("input.performActions", context=self.context, actions=[source])

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    browser = Firefox(tmp_path_factory.mktemp("firefox"))
    yield browser
    browser.close()


@pytest.fixture
def drill(firefox: Firefox, tmp_path: Path) -> Iterator[Firefox]:
    """The article's first drill, open, and after the test: no error in its console."""
    file = tmp_path / "drill.html"
    write_html(simulated(), file)
    firefox.errors.clear()
    firefox.open(file)
    assert firefox.run(f"() => {PLAYER}.model.cast.servers instanceof Object")
    yield firefox
    assert firefox.errors == []


# Go to a moment, and wait until it is drawn.
SEEK = f"""async (t) => {{
  {PLAYER}.seek(Number(t));
  for (let turn = 0; turn < 2; turn++) await new Promise(requestAnimationFrame);
}}"""


def test_who_holds_the_address_at_any_moment(drill: Firefox) -> None:
    holders = []
    for t in ("5", "13", "16", "31"):
        drill.run(SEEK, t)
        holders.append(
            drill.run("() => document.querySelector('[data-vip=\"192.168.2.101\"]').dataset.holder")
        )
    assert holders == ["proxy-serv01", "nobody", "proxy-serv02", "proxy-serv01"]


def test_frames_are_painted(drill: Firefox) -> None:
    """While an advert is under way there is more on the canvas than when nothing is."""
    look = f"""() => {{
      const {{ drawn, canvas }} = {PLAYER}.packets, context = canvas.getContext("2d");
      const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
      return [drawn.length, data.filter((x, i) => i % 4 == 3 && x > 0).length];
    }}"""
    sent = next(e.t for e in simulated().of("advert_sent") if e.t > 6)
    seen = []
    for t in (sent + 0.0001, sent + 0.7):
        drill.run(SEEK, str(t))
        seen.append(drill.run(look))
    (frames, with_it), (nothing, without) = seen
    assert frames >= 1
    assert nothing == 0
    assert with_it > without + 20


def test_keys_and_mouse_are_heard(drill: Firefox) -> None:
    drill.run("() => document.querySelector('.vrrplab').focus()")
    before = drill.run(f"() => {PLAYER}.t")
    drill.press("Right")
    assert drill.run(f"() => {PLAYER}.t") > before
    place = "document.querySelector('[data-thing=\"nic proxy-serv01 eth0\"]').getBoundingClientRect()"
    box = drill.run(f"() => {{ const b = {place}; return [b.x + b.width / 2, b.y + b.height / 2]; }}")
    drill.click(*box)
    menu = "document.querySelector('.vl-menu')"
    opened = f"() => {menu}.hidden ? '' : {menu}.textContent"
    assert "eth0" in drill.run(opened)
    drill.press("Escape")
    assert drill.run(opened) == ""


@pytest.mark.parametrize("width", [600, 1240])
def test_no_text_lies_over_another(firefox: Firefox, tmp_path: Path, width: int) -> None:
    """Firefox measures text its own way: recordings of real daemons, and the drill."""
    from vrrplab.recording import read_recording

    file = tmp_path / "any.html"
    write_html(Trace([]), file)
    firefox.errors.clear()
    firefox.open(file, width)
    folders = sorted(path.parent for path in data_path("recordings").glob("*/observed.json"))[::15]
    assert len(folders) >= 9
    for name, trace in [(DRILL, simulated()), *((f.name, read_recording(f)) for f in folders)]:
        assert firefox.run(TIDY, trace_text(trace)) == [], name
    assert firefox.errors == []
