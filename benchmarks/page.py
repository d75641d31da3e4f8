"""How soon the site's page plays and simulates, in a real browser without a window.

    make site && python benchmarks/page.py

Prints, as the least and the median of three visits of a browser that never saw the page, and of three that
come again: the time until the cluster can be played, until the first run that the simulator made is shown,
and from a click to the redrawn future. Served by this machine, so bytes take no time; the rest is Python's.
Needs playwright and a chromium that is already installed; nothing is fetched.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

SITE = Path(__file__).resolve().parent.parent / "dist" / "site"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
VISITS = 1 if "--quick" in sys.argv[1:] else 3
PLAYER = "document.getElementById('player')?.player"
KEPT = "caches.keys().then((names) => names.some((name) => name.includes('memory')))"
# Breaks a card as a click does, and waits until the run with it is drawn: milliseconds.
CLICK = f"""async (server) => {{
  const player = {PLAYER}, before = player.info.fork, begun = performance.now();
  player.pause();
  player.act({{ label: "", hint: "", actions: [{{ action: "link_down", server, interface: "eth0" }}] }});
  while (player.info.fork === before) await new Promise((later) => setTimeout(later, 2));
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


def visit(context: Any, address: str) -> tuple[float, float, float]:
    """Seconds until it plays, and until a first run is shown; milliseconds from the next click to its run."""
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(address)
    page.locator('[data-thing="nic proxy-serv01 eth0"]').wait_for()
    playable = time.perf_counter() - begun
    page.evaluate(CLICK, "proxy-serv01")
    simulated = time.perf_counter() - begun
    click = page.evaluate(CLICK, "proxy-serv02")
    while not page.evaluate(KEPT):
        page.wait_for_timeout(50)
    page.close()
    return playable, simulated, click


def main() -> int:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None or not SITE.exists():
        cure = "make site-fetch site, and sudo apt install chromium"
        print(f"Left out: it needs dist/site and chromium: {cure}", file=sys.stderr)
        return 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    found: dict[str, list[tuple[float, float, float]]] = {"first visit": [], "again": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(VISITS):
            context = browser.new_context(viewport={"width": 1240, "height": 860})
            for times in found.values():
                times.append(visit(context, address))
            context.close()
        browser.close()
    print(f"{'':12} {'playable':>14} {'first run':>14} {'click, future':>16}   (least, median)")
    for name, times in found.items():
        plays, runs, clicks = zip(*times, strict=True)
        cells = [f"{min(one):5.2f}, {median(one):5.2f} s" for one in (plays, runs)]
        print(f"{name:12} {cells[0]:>14} {cells[1]:>14} {min(clicks):6.0f}, {median(clicks):4.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
