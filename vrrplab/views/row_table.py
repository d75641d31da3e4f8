"""A table in a notebook whose rows are shown in the cluster: an anywidget, and below it the row's cluster.

Python's part is one question, ``{"do": "show", "row": n}``: the row's cluster is made and stands below the
table; asked for the same row again, it goes away. All else is the page's (``static/table.js``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from vrrplab.errors import VrrplabError
from vrrplab.views.assets import player_style, table_script
from vrrplab.views.cluster import WIDGET, kept_html, shows_one_of_two
from vrrplab.views.conversation import Reply, answered

Play = Callable[[int], Any]
"""Of a row, counted from 1, the widget that shows it."""


def display_table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str],
    play: Play,
    still: tuple[str, str],
) -> None:
    """Show the table as the output of a cell. ``still``: the same as HTML and as text, for where no kernel
    or no widget is. Where anywidget is not installed that is all there is.
    """
    from IPython import display

    publish: Any = display.publish_display_data
    html, text = still
    bundle = _bundle_of({"title": title, "head": list(head), "rows": [[*row] for row in rows],
                         "notes": list(notes)}, play) if rows else None  # fmt: skip
    if bundle is None:
        publish({"text/html": html, "text/plain": text})
    elif shows_one_of_two():
        kept = kept_html(html, "To click a row, run the cell again: no Python is behind this table now.")
        publish({"text/html": kept, "text/plain": text})
        publish({WIDGET: bundle, "text/plain": ""})
    else:
        publish({WIDGET: bundle, "text/html": html, "text/plain": text})


def _bundle_of(told: dict[str, Any], play: Play) -> Any:
    try:
        table = row_table(told, play)
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "ipywidgets", "traitlets"):
            raise
        return None
    return table._repr_mimebundle_()[WIDGET]


def row_table(told: dict[str, Any], play: Play) -> Any:
    """The table and, once a row was asked for, its cluster: a box of widgets.

    ``told``: title, head, rows and notes, texts. ModuleNotFoundError where there is no anywidget.
    """
    import ipywidgets

    rows = _widget_class()(told, play)
    rows.box = ipywidgets.VBox([rows])
    return rows.box


@cache
def _widget_class() -> Any:
    """Made when first used, as the cluster's."""
    import anywidget
    import traitlets

    class Rows(anywidget.AnyWidget):
        """``row`` is the one that is shown, counted from 1; 0: none."""

        _esm = table_script()
        _css = player_style()
        told = traitlets.Dict().tag(sync=True)
        row = traitlets.Int(0).tag(sync=True)

        def __init__(self, told: dict[str, Any], play: Play) -> None:
            self._play = play
            self.box: Any = None
            super().__init__(told=told)
            self.on_msg(self._asked)

        def _asked(self, _widget: Any, message: Any, _buffers: Any) -> None:
            """A message of the page."""
            self.send(answered(message, self._answer).content, [])

        def _answer(self, message: Any) -> Reply:
            asked = message if isinstance(message, dict) and message.get("do") == "show" else {}
            row = asked.get("row")
            if type(row) is not int or not 1 <= row <= len(self.told["rows"]):
                raise VrrplabError("the page asked for a row that there is not")
            again = row == self.row
            shown = [] if again else [self._play(row)]
            _, *old = self.box.children
            self.box.children = (self, *shown)
            self.row = 0 if again else row
            for one in old:
                one.close()
            return Reply({"note": ""})

    return Rows
