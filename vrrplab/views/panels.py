"""Sliders under a timeline: move one, and the run is made and drawn again while it moves.

What a slider means is the caller's business: ``run(values)`` gets the sliders' values by name and returns
a trace. Here it is drawn (``live``), told in a sentence, and shown with ipywidgets; where those are missing,
as a still figure.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.output.printable import printable
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, StateEvent
from vrrplab.units import seconds
from vrrplab.views import style, timeline
from vrrplab.views.live import LiveTimeline
from vrrplab.views.naming import action_text
from vrrplab.views.style import LIGHT

Values = Mapping[str, float]


class Control(NamedTuple):
    """A slider: ``key`` names its value, ``label`` and ``unit`` are shown, ``step`` 1 means whole numbers."""

    key: str
    label: str
    low: float
    high: float
    step: float
    value: float
    unit: str = ""

    @property
    def whole(self) -> bool:
        return self.step == int(self.step)


class LivePanel:
    """The panel without its widgets: values in, picture and sentence out.

    ``png`` is the picture (b"" without matplotlib: then ``html`` is a table), ``sentence`` what changed for
    the clients, ``trace`` the last run. A run that
    fails with a VrrplabError leaves picture and trace as they were and tells why in ``sentence``.
    """

    def __init__(
        self, run: Callable[[Values], Trace], controls: Sequence[Control], *, theme: str = "light"
    ) -> None:
        self._run = run
        self.controls = tuple(controls)
        self.values: dict[str, float] = {control.key: control.value for control in controls}
        self.trace = run(self.values)
        self._timeline = LiveTimeline(self.trace, theme=theme) if style.has_matplotlib() else None
        self._theme = theme
        self._first = self.trace
        self.png = self._drawn()
        self.sentence = sentence(self.trace)

    def _drawn(self) -> bytes:
        return self._timeline.png(self.trace) if self._timeline else b""

    @property
    def size(self) -> tuple[int, int]:
        """Pixels of the picture."""
        return self._timeline.size if self._timeline else (0, 0)

    @property
    def html(self) -> str:
        """The picture with its words, for a page. It is there at once: none of the last shines through."""
        if self._timeline is None:
            table = timeline.rows(self.trace, 0.0, seconds(self._first.end_us), stable=True)
            return style.as_plain(table, self._theme)._repr_html_()
        (width, height), source = self.size, b64encode(self.png).decode()
        return (
            f'<img width="{width}" height="{height}" style="max-width: 100%; height: auto; display: block" '
            f'decoding="sync" alt="{escape(printable(self._timeline.alt))}" '
            f'src="data:image/png;base64,{source}">'
        )

    def set(self, **values: float) -> bytes:
        """Change some values, run and draw; the new picture."""
        unknown = sorted(set(values) - set(self.values))
        if unknown:
            raise VrrplabError(f"no slider {unknown[0]!r}: there are {', '.join(self.values)}")
        self.values.update(values)
        try:
            self.trace = self._run(self.values)
        except VrrplabError as error:
            self.sentence = f"Cannot be run: {error}"
            return self.png
        self.png = self._drawn()
        self.sentence = sentence(self.trace, self._first)
        return self.png

    def reset(self) -> bytes:
        """All values as in the beginning."""
        return self.set(**{control.key: control.value for control in self.controls})


def sentence(trace: Trace, before: Trace | None = None) -> str:
    """When somebody took over and what the clients felt; and what it was ``before``."""
    told = " ".join(part for part in (_take_over(trace), _outages(trace)) if part)
    if before is None or before is trace:
        return told
    earlier = " ".join(part for part in (_take_over(before), _outages(before)) if part)
    return told if told == earlier else f"{told} (At first: {earlier})"


def _take_over(trace: Trace) -> str:
    """The first MASTER after the first action."""
    actions = [event for event in trace.of(ActionEvent) if event.t_us > 0]
    for event in trace.of(StateEvent):
        if actions and event.t_us > actions[0].t_us and event.to == "MASTER":
            late_s = seconds(event.t_us - actions[0].t_us)
            return f"{event.server} is MASTER {late_s:.2f} s after “{action_text(actions[0], trace)}”."
    return "Nobody took over." if actions else ""


def _outages(trace: Trace) -> str:
    if not trace.scenario.get("clients"):
        return "No client was there to miss an answer."
    lengths = [seconds(outage.duration_us(trace.end_us)) for outage in trace.disturbances()]
    return f"Longest outage {max(lengths):.2f} s." if lengths else "No client missed an answer."


def show(run: Callable[[Values], Trace], controls: Sequence[Control], *, theme: str = "light") -> Any:
    """A panel of sliders as a widget; ``.panel`` is the LivePanel behind it.

    ``run``: gives the trace for the values of all ``controls``; it is called again when one moves.
    ``theme``: "light" or "dark". Without matplotlib the picture is a table; without ipywidgets, and in
    marimo, which shows none of them, the first picture is shown as a figure.
    """
    marimo = sys.modules.get("marimo")
    try:
        import ipywidgets
    except ImportError:
        ipywidgets = None
    if ipywidgets is None or (marimo is not None and marimo.running_in_notebook()):
        return timeline.figure(run({control.key: control.value for control in controls}))
    panel = LivePanel(run, controls, theme=theme)
    # Not ipywidgets' Image: that one has no words for who cannot see it. Full width and a margin would be
    # more than there is room for: a scroll bar.
    picture = ipywidgets.HTML(value=panel.html, layout=ipywidgets.Layout(max_width="100%", margin="0"))
    told = ipywidgets.HTML(value=escape(panel.sentence))
    longest = max((len(_label(control)) for control in controls), default=0)
    sliders = {control.key: _slider(control, f"{longest * 0.52 + 1:.1f}em") for control in controls}
    reset = ipywidgets.Button(description="Reset", tooltip="All sliders as in the beginning")
    quiet = False

    def moved(_: object) -> None:
        if not quiet:
            panel.set(**{key: slider.value for key, slider in sliders.items()})
            picture.value = panel.html
            told.value = escape(panel.sentence)

    def back(_: object) -> None:
        nonlocal quiet
        quiet = True  # one run, not one a slider
        try:
            for control in controls:
                sliders[control.key].value = int(control.value) if control.whole else control.value
        finally:
            quiet = False
        moved(None)

    for slider in sliders.values():
        slider.observe(moved, names="value")
    reset.on_click(back)
    columns = ipywidgets.Layout(grid_template_columns="repeat(auto-fill, minmax(min(380px, 100%), 1fr))")
    grid = ipywidgets.GridBox([*sliders.values(), reset], layout=columns)
    box = ipywidgets.VBox([picture, told, grid])
    box.panel = panel
    box.sliders = sliders
    return box


def _label(control: Control) -> str:
    return f"{control.label} ({control.unit})" if control.unit else control.label


def _slider(control: Control, label_width: str) -> Any:
    import ipywidgets

    layout = ipywidgets.Layout(width="auto")
    options = {
        "description": _label(control),
        "layout": layout,
        "style": {"description_width": label_width, "handle_color": LIGHT.blue},  # seen on any page
        "continuous_update": True,
    }
    if control.whole:
        numbers = {"min": int(control.low), "max": int(control.high), "step": int(control.step)}
        return ipywidgets.IntSlider(value=int(control.value), **numbers, **options)
    numbers_s = {"min": control.low, "max": control.high, "step": control.step}
    return ipywidgets.FloatSlider(value=control.value, readout_format=".2f", **numbers_s, **options)
