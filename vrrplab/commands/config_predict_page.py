"""The page of ``vrrplab config predict --html``: the forecast as a table, and its worst three to be played.

One file, no network: each run is a page of the player in a frame.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from vrrplab.errors import VrrplabError
from vrrplab.forecast.predict import Forecast, Row, Section
from vrrplab.forecast.table import NOT_LOOKED_AT, failures_in_words, goes_to, head, row_in_cells
from vrrplab.output.printable import printable
from vrrplab.scenario.fail_line import with_failures
from vrrplab.sim.play import run
from vrrplab.views.player import html_text
from vrrplab.views.style import DARK, LIGHT

PLAYED = 3
_LOOK = f"""
body {{ margin: 1rem auto; padding: 0 1rem; max-width: 1500px; font: 14px system-ui, sans-serif;
  color: {LIGHT.text}; background: {LIGHT.page}; }}
table {{ border-collapse: collapse; margin-bottom: 1rem; display: block; overflow-x: auto; }}
th, td {{ border-bottom: 1px solid {LIGHT.line}; padding: 0.3rem 0.8rem 0.3rem 0; text-align: left;
  vertical-align: top; }}
iframe {{ width: 100%; height: 900px; border: 1px solid {LIGHT.line}; }}
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
<p>{not_looked_at}</p>
</main>
</body>
</html>
"""


def page(forecast: Forecast) -> str:
    """The whole page as text."""
    parts = [part for section in forecast.sections for part in _section(section, forecast.simulated)]
    parts += [part for section, row in _worst(forecast) for part in _played(forecast, section, row)]
    title = "What every failure does: " + ", ".join(forecast.scenario.servers)
    return _PAGE.format(
        title=_shown(title), look=_LOOK, body="\n".join(parts), not_looked_at=_shown(NOT_LOOKED_AT)
    )


def _section(section: Section, simulated: bool) -> Iterator[str]:
    yield f"<h2>{_shown(' '.join(head(section)))}</h2>"
    heads = ("when this fails", "goes to", "clients are out: best, typical, worst", "simulated", "see")
    yield "<table><thead><tr>" + "".join(f"<th>{name}</th>" for name in heads) + "</tr></thead><tbody>"
    for row in section.rows:
        cells = row_in_cells(row, simulated)
        yield "<tr>" + "".join(f"<td>{_shown(' '.join(cell.split()))}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table>"
    for row in section.rows:
        if row.blocked:
            yield f"<p>{_shown(f'{failures_in_words(row.failures[:1])}: {row.blocked}. {row.cure}')}</p>"


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
