"""Python's side of a table whose rows are shown: one question, and a sentence for every other."""

from __future__ import annotations

from typing import Any

import pytest

from vrrplab.errors import VrrplabError
from vrrplab.views.cluster import WIDGET
from vrrplab.views.row_table import display_table, row_table

pytest.importorskip("anywidget", reason="needs anywidget: make lab")

TOLD = {"title": "t", "head": ["what"], "rows": [["a"], ["b"]], "notes": []}


def asked(table: Any, message: Any) -> dict[str, Any]:
    rows = table.children[0]
    answers: list[dict[str, Any]] = []
    rows.send = lambda content, _buffers: answers.append(content)
    rows._asked(rows, message, [])
    return answers[0]


def play(row: int) -> Any:
    import ipywidgets

    if row == 2:
        raise VrrplabError("this row cannot be run")
    return ipywidgets.Label(f"row {row}")


def test_a_row_is_shown_below_and_put_away_again() -> None:
    table = row_table(TOLD, play)
    assert asked(table, {"do": "show", "row": 1, "number": 7}) == {"note": "", "answers": 7}
    assert [one.value for one in table.children[1:]] == ["row 1"]
    assert table.children[0].row == 1
    asked(table, {"do": "show", "row": 1})
    assert len(table.children) == 1
    assert table.children[0].row == 0


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"do": "show", "row": 2}, "this row cannot be run"),
        ({"do": "show", "row": 3}, "a row that there is not"),
        ({"do": "show", "row": True}, "a row that there is not"),
        ({"do": "show"}, "a row that there is not"),
        ({"do": "break"}, "a row that there is not"),
        (None, "a row that there is not"),
    ],
    ids=str,
)
def test_what_cannot_be_shown_is_a_sentence_and_changes_nothing(message: Any, told: str) -> None:
    table = row_table(TOLD, play)
    assert told in asked(table, message)["error"]
    assert len(table.children) == 1


@pytest.mark.parametrize("where", ["jupyterlab", "vscode", "nothing", "empty"])
def test_what_a_notebook_is_given(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterLab: the table to keep, then the widget; others: one output; without rows or widgets: HTML."""
    display = pytest.importorskip("IPython.display")
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(display, "publish_display_data", told.append)
    monkeypatch.delenv("VSCODE_PID", raising=False)
    if where == "vscode":
        monkeypatch.setenv("VSCODE_PID", "1")
    if where == "nothing":
        monkeypatch.setattr(
            "vrrplab.views.row_table.row_table",
            lambda *_: (_ for _ in ()).throw(ModuleNotFoundError(name="anywidget")),
        )
    rows = [] if where == "empty" else TOLD["rows"]
    display_table("t", ["what"], rows, [], play, ("<b>t</b>", "t"))  # type: ignore[arg-type]
    kinds = {
        "jupyterlab": [["text/html", "text/plain"], [WIDGET, "text/plain"]],
        "vscode": [[WIDGET, "text/html", "text/plain"]],
    }
    assert [sorted(one) for one in told] == kinds.get(where, [["text/html", "text/plain"]])
    assert ("run the cell again" in told[0]["text/html"]) == (where == "jupyterlab")
    assert told[0]["text/plain"] == "t"
