"""Text in columns as HTML, for a notebook: in one width of letters, as it stands, and scrolled by keyboard.

Notebooks give ``<pre>`` the letters of what is around it, and break its lines; so both are said here.
"""

from __future__ import annotations

from html import escape

MONO = "font-family:var(--jp-code-font-family,monospace),monospace"
COLUMNS = f"{MONO};font-size:0.86em;line-height:1.25;margin:0.3em 0;overflow-x:auto;white-space:pre"


def in_columns(text: str) -> str:
    """``text`` as it stands; what is wider than the page is scrolled, by keyboard as well."""
    return f'<pre tabindex="0" style="{COLUMNS}">{escape(text)}</pre>'
