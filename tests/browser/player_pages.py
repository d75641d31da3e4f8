"""The player on a page, as tests speak of it: seek, look, point, choose."""

from __future__ import annotations

from typing import Any

from vrrplab.trace import Trace

DRILL = "article-drill-1-lan-nic"
PLAYER = "document.getElementById('player').player"


def simulated(name: str = DRILL) -> Trace:
    """A built-in scenario's trace, with the bytes of its frames."""
    from vrrplab.scenario.reader import load_scenario
    from vrrplab.sim.world import run

    return run(load_scenario(name), frames=True)


def seek(page: Any, t: float) -> None:
    page.evaluate(f"t => {PLAYER}.seek(t)", t)


def moment(page: Any) -> float:
    return float(page.evaluate(f"{PLAYER}.t"))


def thing(page: Any, name: str) -> Any:
    return page.locator(f'[data-thing="{name}"]')


def badge(page: Any, address: str) -> Any:
    return page.locator(f'[data-vip="{address}"]')


def frame_on_screen(page: Any, t: float) -> Any:
    """Where on the page the frame sent at ``t`` is drawn: [x, y]."""
    return page.evaluate(
        f"t => {{ const {{ drawn, canvas }} = {PLAYER}.packets, b = canvas.getBoundingClientRect();"
        " const d = drawn.find(d => d.flight.t == t); return [d.x + b.left, d.y + b.top]; }",
        t,
    )


def choose(page: Any, what: str, entry: str) -> None:
    ask(page, what)
    page.get_by_role("menuitem").filter(has=page.get_by_text(entry, exact=True)).click()


def ask(page: Any, what: str) -> None:
    """Opens a thing's menu. A server is clicked at its name, because its middle is full of other things."""
    if what.startswith("cable "):  # a frame may be on it, and would get the click
        thing(page, what).focus()
        page.keyboard.press("Enter")
        return
    at = {"x": 40, "y": 20} if what.startswith("server ") else None
    thing(page, what).click(force=True, position=at)
