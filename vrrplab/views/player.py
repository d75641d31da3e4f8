"""A trace as one HTML file that plays it: no server, no network, no Python needed to look at it.

Used by ``vrrplab simulate --html FILE`` and by the "HTML" button of the clickable cluster. The file holds
the same script as the notebook widget and a few lines that stand in for the notebook's side of it.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from vrrplab.errors import VrrplabError
from vrrplab.output.files import replaced_text
from vrrplab.output.printable import printable
from vrrplab.trace.events import ActionEvent, OutageEvent, StateEvent, TraceEvent
from vrrplab.units import SECOND_US, Micros, seconds
from vrrplab.views.assets import player_script, player_style
from vrrplab.views.bets import Bets
from vrrplab.views.explain import explanations
from vrrplab.views.style import DARK, LIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from vrrplab.trace import Outage, Trace

# How a page gets at what ``packed`` put into it.
UNPACK = """
const unpack = (id) => {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
};
"""
# It stands in for a notebook: the least a widget's model must offer.
_LOADER = (
    UNPACK
    + """const el = document.getElementById("player");
try {
  const [style, script, trace] = await Promise.all([unpack("style"), unpack("script"), unpack("trace")]);
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const values = { trace_lines: trace, ...JSON.parse(document.getElementById("values").textContent) };
  const set = (name, value) => { values[name] = value; };
  const model = { get: (name) => values[name], set, on() {}, off() {}, send() {}, save_changes() {} };
  el.replaceChildren();
  new Function("model", "el", script)(model, el);
  document.addEventListener("keydown", (event) => el.contains(event.target) || el.player.key(event));
} catch (error) {
  el.append("This browser cannot play the file (it needs one of 2023 or newer): " + error.message);
}
"""
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; background: {light}; font: 13px system-ui, sans-serif; }}
@media (prefers-color-scheme: dark) {{ body {{ background: {dark}; }} }}
#player {{ max-width: 1500px; margin: 0 auto; }}
h1 {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<div id="player">{still}</div>
</main>
<script type="application/json" id="values">{values}</script>
<script type="text/plain" id="style">{style}</script>
<script type="text/plain" id="script">{script}</script>
<script type="text/plain" id="trace">{trace}</script>
<script type="module">{loader}</script>
</body>
</html>
"""


LEAD_US = 2 * SECOND_US  # before the first action: time to see that all is well
SETTLED_US = SECOND_US  # after the last instance has found its MASTER


class HasYaml(Protocol):
    """A scenario, as far as a player needs it."""

    def to_yaml(self) -> str: ...


def trace_text(trace: Trace) -> str:
    """The trace as JSON lines, as the player reads them.

    With the outages of ``trace.disturbances()``, their lengths and shares, in place of the gaps that they
    are made of: the page counts nothing.
    """
    events: list[TraceEvent] = [event for event in trace if not isinstance(event, OutageEvent)]
    events += (_told(outage, trace.end_us) for outage in trace.disturbances())
    events.sort(key=lambda event: event.t_us)
    return "".join(event.to_json() + "\n" for event in events)


def _told(outage: Outage, end_us: Micros) -> OutageEvent:
    """An outage as an event, with all that the player says of it."""
    length_us = outage.duration_us(end_us)
    return OutageEvent(
        outage.from_us + length_us,
        client=outage.client,
        kind=outage.kind,
        target=outage.target,
        from_s=outage.from_s,
        to_s=outage.to_s,
        lost=outage.lost,
        extra={
            "sent": outage.sent,
            "gaps": outage.gaps,
            "percent": outage.percent,
            "length_s": seconds(length_us),
            "told": outage.lost_in_words,
        },
    )


def first_moment_s(trace: Trace) -> float:
    """Where a film is best begun: shortly before the first thing that is done, else when all have started."""
    done = [action.t_us for action in trace.of(ActionEvent) if action.t_us > 0]
    if done:
        return seconds(max(0, done[0] - LEAD_US))
    masters: dict[str, Micros] = {}
    for change in trace.of(StateEvent):
        if change.to == "MASTER":
            masters.setdefault(change.instance, change.t_us)
    return seconds(min(trace.end_us, max(masters.values()) + SETTLED_US)) if masters else 0.0


def html_text(
    trace: Trace,
    scenario: HasYaml | None = None,
    at_s: float | None = None,
    told: Mapping[str, object] | None = None,
    tour: bool = True,
) -> str:
    """The HTML file as text; ``scenario`` adds "Copy scenario", ``at_s`` is the moment shown first.

    Without ``at_s`` that is ``first_moment_s``.
    ``told``: what the companions beside the picture know; by default this run's bets. ``tour``: who never
    saw a cluster in this browser is shown around; its button calls it anyway.
    """
    from vrrplab.views.svg import still_svg

    at_s = first_moment_s(trace) if at_s is None else at_s
    info: dict[str, object] = {"can_fork": False, "can_share": False, "explain": explanations(scenario)}
    info |= Bets().page(trace) if told is None else told
    if not tour:
        info["tour"] = False
    if scenario is not None:
        with suppress(VrrplabError):  # options that no file has: then there is nothing to copy
            info["scenario"] = scenario.to_yaml()
        info["why_not"] = (
            "This file is a finished run. In a notebook, vrrplab.cluster() lets you break things."
        )
    values = json.dumps({"at_s": at_s, "info": info})
    title = str(trace.scenario.get("description") or trace.name or "VRRP trace")
    script = player_script().replace("export default { render };", "render({ model, el });")
    return _PAGE.format(
        title=html.escape(printable(title)),
        still=still_svg(trace, at_s),
        light=LIGHT.page,
        dark=DARK.page,
        # In JSON "<" stands only inside strings: so no text of a scenario can end the script element.
        values=values.replace("<", "\\u003c"),
        style=packed(player_style()),
        script=packed(script),
        trace=packed(trace_text(trace)),
        loader=_LOADER,
    )


def packed(text: str) -> str:
    """Compressed and in base64; the same text always gives the same characters."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def write_html(
    trace: Trace,
    path: str | Path,
    scenario: HasYaml | None = None,
    at_s: float | None = None,
    *,
    tour: bool = True,
) -> None:
    """Write one self-contained file that plays ``trace`` in any browser, offline, from ``at_s`` on.

    The player itself takes less than 150 kB, the trace comes on top. OutputError, an OSError: the file cannot
    be written.
    """
    text = html_text(trace, scenario, at_s, tour=tour)
    with replaced_text(path) as file:
        file.write(text)
