"""The player on a page, as tests speak of it: seek, look, point, choose."""

from __future__ import annotations

from typing import Any

from vrrplab.trace import Trace

DRILL = "article-drill-1-lan-nic"
PLAYER = "document.getElementById('player').player"

# Texts that leave their picture, or lie over another text of it, at any of seven moments.
TIDY = f"""
(lines) => {{
  const player = {PLAYER}, bad = new Set();
  player.load(lines);
  for (const share of [0, 0.1, 0.3, 0.45, 0.6, 0.8, 1]) {{
    player.seek(player.model.end * share);
    const texts = [...document.querySelectorAll(".vl-svg text, .vl-lanes text")].filter((x) => x.textContent);
    const boxes = texts.map((x) => [x, x.getBoundingClientRect(), x.ownerSVGElement.getBoundingClientRect()]);
    boxes.forEach(([x, a, b], n) => {{
      const beside = a.left < b.left - 1 || a.right > b.right + 1;
      if (beside || a.top < b.top - 1 || a.bottom > b.bottom + 1) bad.add(`outside: ${{x.textContent}}`);
      for (const [y, c] of boxes.slice(n + 1)) {{
        const wide = Math.min(a.right, c.right) - Math.max(a.left, c.left);
        const high = Math.min(a.bottom, c.bottom) - Math.max(a.top, c.top);
        if (x.ownerSVGElement === y.ownerSVGElement && wide > 2 && high > 4) {{
          bad.add(`over each other: ${{x.textContent}}, ${{y.textContent}}`);
        }}
      }}
    }});
  }}
  player.step(1);
  player.jump(-1);
  return [...bad];
}}
"""


def simulated(name: str = DRILL) -> Trace:
    """A built-in scenario's trace, with the bytes of its frames."""
    from vrrplab.scenario.reader import load_scenario
    from vrrplab.sim.play import run

    return run(load_scenario(name), frames=True)


def seek(page: Any, t: float) -> None:
    page.evaluate(f"t => {PLAYER}.seek(t)", t)


def come_to_rest(page: Any) -> None:
    """Until what glides, an address on its way to its next server, is where it is to be."""
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")


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


def reload(page: Any) -> None:
    """Loads a page again that has kept something: a busy browser writes that a moment later."""
    page.wait_for_timeout(1500)
    page.reload()
