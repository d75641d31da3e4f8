"""The page of ``vrrplab config predict --html``: the forecast as a table, and its worst three to be played.

One file, no network: each run is a page of the player in a frame.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from vrrplab.errors import VrrplabError
from vrrplab.forecast.predict import Forecast, Row, Section
from vrrplab.forecast.table import failures_in_words, goes_to, notes, row_in_cells, title_of
from vrrplab.output.printable import printable
from vrrplab.scenario.fail_line import with_failures
from vrrplab.sim.play import run
from vrrplab.views.player import html_text
from vrrplab.views.style import DARK, LIGHT

PLAYED = 3
_FIT = """
for (const frame of document.querySelectorAll("iframe"))
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument.body;
    const fit = () => { frame.style.height = `${Math.ceil(inside.getBoundingClientRect().bottom) + 12}px`; };
    new ResizeObserver(fit).observe(inside);
  });
"""
"""Each film is as high as what is in it, so that none has a bar of its own to scroll."""
_HEADS = ("when this fails", "goes to", "clients are out (s): best, typical, worst", "simulated", "see")
_LOOK = f"""
body {{ margin: 1rem auto; padding: 0 1rem; max-width: 1500px; font: 14px system-ui, sans-serif;
  color: {LIGHT.text}; background: {LIGHT.page}; }}
table {{ border-collapse: collapse; margin-bottom: 1rem; display: block; overflow-x: auto; }}
th, td {{ border-bottom: 1px solid {LIGHT.line}; padding: 0.3rem 0.8rem 0.3rem 0; text-align: left;
  vertical-align: top; }}
iframe {{ width: 100%; height: 620px; border: 1px solid {LIGHT.line}; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: {DARK.page}; color: {DARK.text}; }}
  th, td, iframe {{ border-color: {DARK.line}; }}
}}
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{look}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
<script>{fit}</script>
</body>
</html>
"""


def page(forecast: Forecast) -> str:
    """The whole page as text."""
    parts = [part for section in forecast.sections for part in _section(section, forecast.simulated)]
    parts += [f"<p>{_shown(note)}</p>" for note in ("* has the addresses.", *notes(forecast))]
    parts += [part for section, row in _worst(forecast) for part in _played(forecast, section, row)]
    title = "What every failure does: " + ", ".join(forecast.scenario.servers)
    return _PAGE.format(
        title=_shown(title),
        look=_LOOK,
        fit=_FIT,
        body="\n".join(parts),
    )


def _section(section: Section, simulated: bool) -> Iterator[str]:
    yield f"<h2>{_shown(re.sub('  +', ' · ', title_of(section)))}</h2>"
    rows = [row_in_cells(row, simulated) for row in section.rows]
    used = [place for place, _ in enumerate(_HEADS) if place < 3 or any(row[place] for row in rows)]
    yield (
        "<table><thead><tr>" + "".join(f"<th>{_HEADS[place]}</th>" for place in used) + "</tr></thead><tbody>"
    )
    for row in rows:
        yield "<tr>" + "".join(f"<td>{_shown(' '.join(row[place].split()))}</td>" for place in used) + "</tr>"
    yield "</tbody></table>"
    for one in section.rows:
        if one.why:
            failing = failures_in_words(one.failures if one.unjudged else one.failures[:1])
            yield f"<p>{_shown(f'{failing}: {one.why}')}</p>"


def _worst(forecast: Forecast) -> list[tuple[Section, Row]]:
    """The worst rows, each failure once."""
    found: dict[object, tuple[Section, Row]] = {}
    for section, row in forecast.rows():
        if not row.is_calm:
            found.setdefault(row.failures[0], (section, row))
    return list(found.values())[:PLAYED]


def _played(forecast: Forecast, section: Section, row: Row) -> Iterator[str]:
    failing = row.failures[0]
    title = f"{failures_in_words([failing])}: {', '.join(section.addresses)} {goes_to(row)}"
    yield f"<h2>{_shown(title)}</h2>"
    try:
        scenario = with_failures(forecast.scenario, [failure.line for failure in failing])
    except VrrplabError as error:
        yield f"<p>{_shown(str(error))}</p>"
        return
    # The film asks nothing: the table above has the answer.
    told = html_text(run(scenario), scenario=scenario, tour=False, told={})
    yield f'<iframe loading="lazy" title="{_shown(title)}" srcdoc="{html.escape(told)}"></iframe>'


def _shown(text: str) -> str:
    return html.escape(printable(text))
