"""Figures of a trace. Each module draws one kind: ``rows(trace)`` is its content, ``figure(trace)`` it drawn.

    timeline        who was in which state, had which address, missed what
    ladder          who sent what to whom
    priority        effective priorities and the tracked things that change them
    anatomy         where the seconds of an outage go
    tables          MAC tables and neighbour caches
    packet          one frame, field by field
    state_diagram   the states and what leads from one to the other
    distribution    how long failovers take when they are repeated
    panels          sliders that draw again while they are moved

``compare(a, b)`` sets two traces one above the other, a simulation and a recording for instance.
Nothing is imported before it is used. Drawing needs matplotlib: without it a figure is a table of the same
rows. Panels need ipywidgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vrrplab.errors import VrrplabError

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from vrrplab.trace import Trace
    from vrrplab.views import anatomy as anatomy
    from vrrplab.views import distribution as distribution
    from vrrplab.views import ladder as ladder
    from vrrplab.views import packet as packet
    from vrrplab.views import panels as panels
    from vrrplab.views import priority as priority
    from vrrplab.views import state_diagram as state_diagram
    from vrrplab.views import tables as tables
    from vrrplab.views import timeline as timeline

_OVER_TIME = ("timeline", "priority", "tables", "anatomy")
_VIEWS = (*_OVER_TIME, "ladder", "packet", "state_diagram", "distribution", "panels")

__all__ = [*_VIEWS, "compare", "save"]


def _fetch(name: str) -> object:
    """Fetch a view the first time it is asked for (PEP 562)."""
    if name not in _VIEWS:
        raise AttributeError(
            f"module 'vrrplab.views' has no attribute {name!r}; there are {', '.join(_VIEWS)}"
        )
    from importlib import import_module

    return import_module(f"vrrplab.views.{name}")


if not TYPE_CHECKING:  # type checkers have the imports above, and find a misspelt one
    __getattr__ = _fetch


def __dir__() -> list[str]:
    return sorted([*globals(), *_VIEWS])


def compare(a: Trace, b: Trace, view: str = "timeline", **options: Any) -> Figure:
    """The same figure of two traces, one above the other: what was simulated and what was recorded.

    ``view``: timeline, priority, tables or anatomy. ``options``: those of its ``figure``. VrrplabError:
    no such view, not a trace, or an option that does not fit.

    >>> name = "article_drill1_cable"
    >>> vrrplab.views.compare(vrrplab.recorded(name), vrrplab.replayed(name))
    <Figure size 960x...
    """
    if not isinstance(view, str) or view not in _OVER_TIME:
        raise VrrplabError(f"{view!r} cannot be compared: choose {', '.join(_OVER_TIME)}")
    from importlib import import_module

    from vrrplab.trace import as_trace

    a, b = as_trace(a, "views.compare()"), as_trace(b, "views.compare()")
    drawn: Figure = import_module(f"vrrplab.views.{view}").figure([a, b], **options)
    return drawn


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure of any view to ``path``: .svg, .png or .pdf.

    OutputError: another ending, or a file that cannot be written.
    """
    from vrrplab.views import style

    style.save(figure, path)
