"""Text in columns stays in columns wherever a page shows it."""

from __future__ import annotations

import vrrplab
from vrrplab.output.page_text import in_columns


def test_it_says_itself_what_notebooks_take_away() -> None:
    """``.jp-OutputArea-output pre`` inherits the letters of the page, and breaks lines."""
    shown = in_columns("a  <b>\n  c")
    assert shown.endswith(">a  &lt;b&gt;\n  c</pre>")
    style = shown.partition('style="')[2].partition('"')[0]
    assert {"white-space:pre", "overflow-x:auto"} < set(style.split(";"))
    assert style.startswith("font-family:var(--jp-code-font-family,monospace)")
    assert 'tabindex="0"' in shown


def test_who_has_a_table_to_show_shows_it_so() -> None:
    found = vrrplab.explore("lesson-two-routers", within_s=0.2, properties=[lambda trace: "never"])
    assert in_columns("\n".join(str(found).split("\n\n")[2].splitlines())) in found._repr_html_()
