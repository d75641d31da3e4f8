"""How fast the player draws and opens, measured in a real browser without a window.

    python benchmarks/player.py

Prints frames a second with 50, 500, 2,000 and 5,000 frames in flight (the worst of 20 frame times beside it),
and the time from a trace's bytes to the first picture for 1,000, 20,000 and 100,000 events.
Needs playwright and a chromium that is already installed; nothing is fetched.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vrrplab.trace import Trace, TraceEvent, make_event
from vrrplab.views.player import write_html

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 1.0 if "--quick" in sys.argv[1:] else 4.0

# Frame times of SECONDS of playing, and how many frames were in flight at each.
MEASURE = """
async (seconds) => {
  const player = document.getElementById("player").player;
  player.seek(10);
  const times = [], shown = [], work = [];
  const draw = player.draw.bind(player);
  player.draw = (all) => { const t = performance.now(); draw(all); work.push(performance.now() - t); };
  player.onframe = (now) => { times.push(now); shown.push(player.packets.shown); };
  player.toggle();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  player.pause();
  return { times, shown, work };
}
"""


TRACED = ["devtools.timeline", "toplevel"]
SCRIPT = ("FireAnimationFrame", "EvaluateScript", "FunctionCall")
STYLE = ("UpdateLayoutTree", "Layout")


def main_thread_ms(browser: Any, page: Any, play: str, slowed: int = 4) -> list[float]:
    """Milliseconds of the processor that script, style and layout take for each frame while ``play`` runs.

    ``play`` is JavaScript; ``slowed``: the page's processor is that many times slower. From the browser's own
    trace of the page's main thread; the time of other programs is not in it.
    """
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    browser.start_tracing(page=page, categories=TRACED)
    page.evaluate(play)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    main = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    work = [
        e for e in events if (e["pid"], e["tid"]) in main and e["name"] in (*SCRIPT, *STYLE) and "tdur" in e
    ]
    counts: dict[tuple[int, int], int] = {}
    for e in work:
        counts[e["pid"], e["tid"]] = counts.get((e["pid"], e["tid"]), 0) + 1
    busiest = max(counts, key=counts.__getitem__)
    frames: list[float] = []
    end = 0.0
    for e in sorted((e for e in work if (e["pid"], e["tid"]) == busiest), key=lambda e: e["ts"]):
        if e["ts"] < end:  # within one that is counted
            continue
        end = e["ts"] + e["dur"]
        if e["name"] == "FireAnimationFrame":
            frames.append(0.0)
        if frames:
            frames[-1] += e["tdur"] / 1000
    return frames


def cast(servers: int, clients: int) -> dict[str, Any]:
    """A LAN of so many servers and clients, one instance on each server."""
    return {
        "name": "benchmark",
        "origin": "simulation",
        "duration_s": 60,
        "segments": {"lan": {"subnet": "192.168.2.0/24"}},
        "servers": {
            f"r{n}": {
                "interfaces": {
                    "eth0": {
                        "segment": "lan",
                        "mac": f"02:00:00:00:00:{n:02x}",
                        "addresses": [f"192.168.2.{n}/24"],
                    }
                },
                "services": {"web": {"port": 80}},
                "instances": {
                    "V1": {
                        "vrid": 1,
                        "interface": "eth0",
                        "priority": 100,
                        "virtual_addresses": ["192.168.2.100/24"],
                    }
                },
            }
            for n in range(1, servers + 1)
        },
        "clients": {
            f"pc{n}": {"segment": "lan", "addresses": [f"192.168.2.{50 + n}/24"], "probes": []}
            for n in range(clients)
        },
        "virtual_addresses": ["192.168.2.100"],
    }


def busy_trace(in_flight: int) -> Trace:
    """Adverts so dense that about so many frames are in flight at normal speed (each lasts 0.8 s)."""
    receivers = 1 + 8
    # The first three tenths of the way are one frame, then one for each receiver.
    each = 0.3 + 0.7 * receivers
    gap_us = round(800_000 * each / in_flight)
    return Trace([make_event(0, "scenario", cast(2, 8)), *adverts(gap_us, 16_000_000)])


def long_trace(events: int) -> Trace:
    """So many events: adverts, and now and then a change of state with all that goes with it."""
    half = [*adverts(round(60_000_000 / events), 60_000_000)][:events]
    for n in range(0, events, 100):
        states = ("BACKUP", "MASTER") if n // 100 % 2 else ("MASTER", "BACKUP")
        fields = {"server": "r1", "instance": "V1", "from": states[0], "to": states[1], "reason": "a test"}
        half[n] = make_event(half[n].t_us, "state", fields)
    return Trace([make_event(0, "scenario", cast(2, 2)), *half])


def adverts(gap_us: int, until_us: int) -> Iterator[TraceEvent]:
    for n, t_us in enumerate(range(0, until_us, gap_us)):
        fields = {
            "server": f"r{n % 2 + 1}",
            "instance": "V1",
            "interface": "eth0",
            "source": f"192.168.2.{n % 2 + 1}",
            "destination": "224.0.0.18",
            "version": 2,
            "vrid": 1,
            "priority": 100,
            "interval_s": 1,
            "addresses": ["192.168.2.100"],
        }
        yield make_event(t_us, "advert_sent", fields)


def frames_a_second(page: Any, file: Path) -> dict[str, float]:
    page.goto(file.as_uri())
    page.wait_for_function("document.getElementById('player').player?.model")
    page.wait_for_timeout(300)
    got = page.evaluate(MEASURE, SECONDS)
    gaps = sorted(b - a for a, b in zip(got["times"], got["times"][1:], strict=False))
    work = sorted(got["work"])
    return {
        "in flight": sum(got["shown"]) / len(got["shown"]),
        "frames/s": 1000 * len(gaps) / sum(gaps),
        "frame p95 ms": gaps[int(0.95 * len(gaps))],
        "script ms": work[len(work) // 2],
    }


def opening_ms(page: Any, file: Path) -> float:
    """From the trace's bytes to the first picture, as the page itself measures it."""
    page.goto(file.as_uri())
    page.wait_for_function("document.getElementById('player').player?.opened", timeout=60_000)
    return float(page.evaluate("document.getElementById('player').player.opened"))


def measure() -> dict[str, Any]:
    """All figures; SystemExit with a sentence when there is no browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("playwright is not installed: make venv (a browser is not fetched by it)")
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        sys.exit("no chromium here: apt install chromium")
    result: dict[str, Any] = {"playing": {}, "opening_ms": {}}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1240, "height": 860})
        for wanted in (50, 500, 2000, 5000):
            file = Path(folder, f"busy{wanted}.html")
            write_html(busy_trace(wanted), file)
            result["playing"][wanted] = frames_a_second(page, file)
        for events in (1000, 20_000, 100_000):
            file = Path(folder, f"long{events}.html")
            write_html(long_trace(events), file)
            result["opening_ms"][events] = opening_ms(page, file)
        browser.close()
    return result


def main() -> None:
    result = measure()
    if "--json" in sys.argv:
        print(json.dumps(result))
        return
    print(f"{'asked for':>10} {'in flight':>10} {'frames/s':>9} {'p95 ms':>7} {'script ms':>10}")
    for wanted, row in result["playing"].items():
        cells = (row["in flight"], row["frames/s"], row["frame p95 ms"], row["script ms"])
        print(f"{wanted:>10} {cells[0]:>10.0f} {cells[1]:>9.1f} {cells[2]:>7.1f} {cells[3]:>10.2f}")
    print()
    for events, opened in result["opening_ms"].items():
        print(f"a trace of {events:>7,} events opens in {opened:>6.0f} ms")


if __name__ == "__main__":
    main()
