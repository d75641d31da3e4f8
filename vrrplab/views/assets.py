"""The player's script and style sheet, as text, for whoever shows a trace in a browser.

``static/*.js`` are plain ES modules, each with one kind of talk, that import each other by name. A
notebook widget and a self-contained file both need them as *one* module, so they are put one after the
other here: their ``import`` lines fall away and ``export`` loses its meaning, nothing else changes.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from vrrplab.views import style

# Whoever is imported comes first. A test compares this with the import lines.
MODULES = (
    "timeline",
    "vocabulary",
    "writing",
    "naming",
    "model",
    "frames",
    "words",
    "menus",
    "dom",
    "memory",
    "layout",
    "scene",
    "packets",
    "lanes",
    "log",
    "panels",
    "notebook",
    "menu",
    "transport",
    "captions",
    "keys",
    "python",
    "folds",
    "theme",
    "goal",
    "editor",
    "repair",
    "bets",
    "glossary",
    "terms",
    "tour",
    "companions",
    "player",
    "widget",
)

# Of a table whose rows are shown in the player.
TABLE_MODULES = ("vocabulary", "writing", "dom", "python", "theme", "table")

_IMPORT = re.compile(r'^import .* from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def read_static(name: str) -> str:
    """The text of a file in ``static/``."""
    return (files("vrrplab.views") / "static" / name).read_text(encoding="utf-8")


@cache
def player_script() -> str:
    """The whole player as one ES module whose default export has ``render({model, el})``."""
    return _joined(MODULES)


@cache
def table_script() -> str:
    """A table with rows to be shown, in the same form."""
    return _joined(TABLE_MODULES)


def _joined(names: tuple[str, ...]) -> str:
    parts = (read_static(f"{name}.js") for name in names)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts)


@cache
def player_style() -> str:
    """The player's style sheet; its colours are those of the figures."""
    light, dark = style.as_variables(style.LIGHT), style.as_variables(style.DARK)
    return f".vrrplab {{ {light} }}\n.vrrplab.vl-dark {{ {dark} }}\n{read_static('cluster.css')}"
