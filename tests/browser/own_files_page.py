"""The page's part for a visitor's own files, with Python answering directly: no worker, nothing to load.

The page around it is the least that there can be; the site's own page is driven by its own tests.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from vrrplab.page.answer import answer
from vrrplab.views.assets import player_style
from vrrplab.views.style import DARK, LIGHT, as_variables

ROOT = Path(__file__).resolve().parents[2]
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Own files</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script></head>
<body><main><h1>Own files</h1><div id="player"></div>
<section id="own" class="part" aria-label="Your own cluster" hidden><h2>Your own cluster</h2></section>
</main></body></html>
"""
_SCRIPT = """
import widget from "/vrrplab/views/static/widget.js";
import { OwnFiles } from "/browser/own_files.js";
const values = { info: null, trace_lines: "", at_s: 0, typed: {} };
const heard = {};
const tell = (name, ...told) => (heard[name] || []).forEach((run) => run(...told));
const post = (message) => fetch("/answer", { method: "POST", body: JSON.stringify(message) });
const ask = async (message) => (await post(message)).json();
const take = (told) => {
  if (told.info) values.info = { ...told.info, tour: false, bets: undefined };
  if (told.trace_lines !== undefined) values.trace_lines = told.trace_lines;
  if (told.info) tell("change:info");
  if (told.trace_lines !== undefined) tell("change:trace_lines");
  if (told.answers !== undefined) tell("msg:custom", told);
  return told;
};
const open = async (what, at_s) => {
  const told = await ask({ do: "open", ...what });
  if (told.trace_lines !== undefined) values.at_s = at_s ?? told.at_s;
  return take(told);
};
const model = {
  get: (name) => values[name], set: (name, value) => { values[name] = value; }, save_changes() {}, off() {},
  on: (name, run) => (heard[name] ||= []).push(run), send: async (message) => take(await ask(message)),
};
const first = await ask({ do: "open", name: "article-steady" });
take(first);
const el = document.getElementById("player");
widget.render({ model, el });
new OwnFiles(document.getElementById("own"), {
  open, ask, change: async (message) => take(await ask(message)), moment: () => el.player.t,
  look: (at_s) => { if (at_s !== undefined) el.player.seek(at_s); },
});
window.ready = true;
"""
_LOOK = """
* { box-sizing: border-box; } [hidden] { display: none !important; }
body { margin: 0; padding: 0 12px; background: var(--vl-bg); color: var(--vl-fg); font: 16px/1.5 sans-serif; }
.button { min-height: 36px; background: var(--vl-card); color: var(--vl-fg); }
"""


def _style() -> str:
    colours = f":root {{ color-scheme: light dark; {as_variables(LIGHT)} }}\n"
    colours += f"@media (prefers-color-scheme: dark) {{ :root {{ {as_variables(DARK)} }} }}\n"
    own = (ROOT / "browser" / "own_files.css").read_text(encoding="utf-8")
    return f"{colours}{_LOOK}{player_style()}{own}"


CAPTURE = ROOT / "data" / "recordings" / "advert_int_mismatch_v2" / "capture.pcap"
_DROP = """([files, kind]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
  }
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
    : new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.getElementById("own").dispatchEvent(event);
}"""


def drop(page: Any, *files: tuple[str, str | bytes], kind: str = "drop") -> None:
    """Files with these names and contents are dropped on the page, or pasted."""
    contents = [(name, text if isinstance(text, bytes) else text.encode()) for name, text in files]
    page.evaluate(_DROP, [[[name, base64.b64encode(data).decode()] for name, data in contents], kind])


class _Handler(SimpleHTTPRequestHandler):
    def _send(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self) -> None:
        match self.path:
            case "/":
                self._send(_PAGE, "text/html")
            case "/page.css":
                self._send(_style(), "text/css")
            case "/page.js":
                self._send(_SCRIPT, "text/javascript")
            case _:
                super().do_GET()

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._send(answer(asked), "application/json")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def own_files_page() -> Iterator[str]:
    """While this lasts the page has this address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(ROOT)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
