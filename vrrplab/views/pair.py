"""Two traces as one HTML file that plays both, one above the other: what was seen, and what would have been.

Whoever moves one to another moment moves the other there too; the clock of both is the same.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from vrrplab.output.files import replaced_text
from vrrplab.output.printable import printable
from vrrplab.views.assets import player_script, player_style
from vrrplab.views.explain import explanations
from vrrplab.views.player import UNPACK, HasYaml, first_moment_s, packed, trace_text
from vrrplab.views.style import DARK, LIGHT
from vrrplab.views.svg import still_svg

if TYPE_CHECKING:
    from pathlib import Path

    from vrrplab.trace import Trace

# Each player's model tells the other's where it is, which follows at rest.
_LOADER = (
    UNPACK
    + """const places = ["upper", "lower"].map((id) => document.getElementById(id));
const models = [];
const modelOf = (values) => {
  const heard = {};
  const model = {
    get: (name) => values[name],
    set(name, value) {
      values[name] = value;
      if (name === "at_s") for (const other of models) if (other !== model) other.hear(value);
    },
    hear(value) {
      if (Math.abs(values.at_s - value) < 1e-6) return;
      values.at_s = value;
      (heard["change:at_s"] || []).forEach((tell) => tell());
    },
    on(name, tell) { (heard[name] ||= []).push(tell); },
    off() {}, send() {}, save_changes() {},
  };
  models.push(model);
  return model;
};
try {
  const parts = ["style", "script", "trace-upper", "trace-lower"];
  const [style, script, ...traces] = await Promise.all(parts.map(unpack));
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const given = JSON.parse(document.getElementById("values").textContent);
  places.forEach((el, n) => {
    el.replaceChildren();
    new Function("model", "el", script)(modelOf({ trace_lines: traces[n], ...given[n] }), el);
  });
  document.addEventListener("keydown", (event) => {
    if (!places.some((el) => el.contains(event.target))) places[0].player.key(event);
  });
} catch (error) {
  places[0].append("This browser cannot play the file (it needs one of 2023 or newer): " + error.message);
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
body {{ margin: 0; background: {light}; color: {light_ink}; font: 13px system-ui, sans-serif; }}
h1, p {{ max-width: 1476px; margin: 12px auto 6px; padding: 0 12px; overflow-wrap: anywhere; }}
h1 {{ font-size: 17px; }}
section > div {{ max-width: 1500px; margin: 0 auto; }}
@media (prefers-color-scheme: dark) {{ body {{ background: {dark}; color: {dark_ink}; }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{told}</p>
<section aria-label="{upper}"><div id="upper">{upper_still}</div></section>
<section aria-label="{lower}"><div id="lower">{lower_still}</div></section>
</main>
<script type="application/json" id="values">{values}</script>
<script type="text/plain" id="style">{style}</script>
<script type="text/plain" id="script">{script}</script>
<script type="text/plain" id="trace-upper">{upper_trace}</script>
<script type="text/plain" id="trace-lower">{lower_trace}</script>
<script type="module">{loader}</script>
</body>
</html>
"""


def _what(trace: Trace) -> str:
    return str(trace.scenario.get("description") or trace.name)


def html_text(upper: Trace, lower: Trace, title: str, told: str, scenario: HasYaml | None = None) -> str:
    """The file as text. ``told``: a sentence below the title; what each trace is, its description says.

    ``scenario``: of the lower one, for "Copy scenario". Both begin shortly before the lower's first action.
    """
    at_s = first_moment_s(lower)
    infos: list[dict[str, object]] = [
        {"can_fork": False, "can_share": False, "explain": explanations(given), "tour": False}
        for given in (None, scenario)
    ]
    if scenario is not None:
        infos[1]["scenario"] = scenario.to_yaml()
    values = json.dumps([{"at_s": at_s, "info": info} for info in infos])
    script = player_script().replace("export default { render };", "render({ model, el });")
    shown = {name: html.escape(printable(text)) for name, text in (("title", title), ("told", told))}
    return _PAGE.format(
        **shown,
        upper=html.escape(printable(_what(upper))),
        lower=html.escape(printable(_what(lower))),
        upper_still=still_svg(upper, at_s),
        lower_still=still_svg(lower, at_s),
        light=LIGHT.page,
        light_ink=LIGHT.text,
        dark=DARK.page,
        dark_ink=DARK.text,
        # In JSON "<" stands only inside strings: so no text of a scenario can end the script element.
        values=values.replace("<", "\\u003c"),
        style=packed(player_style()),
        script=packed(script),
        upper_trace=packed(trace_text(upper)),
        lower_trace=packed(trace_text(lower)),
        loader=_LOADER,
    )


def write_html(
    upper: Trace,
    lower: Trace,
    path: str | Path,
    title: str,
    told: str,
    scenario: HasYaml | None = None,
) -> None:
    """Write that file. OutputError, an OSError: it cannot be written."""
    text = html_text(upper, lower, title, told, scenario)
    with replaced_text(path) as file:
        file.write(text)
