"""The clickable cluster in a notebook: an anywidget around the player.

Python's part is small: it sends the trace once, and when something was clicked it has the changed scenario
run (``forks``) and sends the new trace. Everything that moves is the player's (``static/``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from vrrplab.errors import VrrplabError
from vrrplab.installing import how_to_install
from vrrplab.units import seconds
from vrrplab.views.assets import player_script, player_style
from vrrplab.views.explain import explanations
from vrrplab.views.forks import Forkable, Forks, Rerun
from vrrplab.views.player import first_moment_s, html_text, trace_text
from vrrplab.views.svg import still_html, still_svg, still_text

if TYPE_CHECKING:
    from vrrplab.trace import Trace

WIDGET = "application/vnd.jupyter.widget-view+json"
LONGEST_S = 366 * 86_400.0  # no run is longer than a year


class Companion(Protocol):
    """Python's side of somebody beside the picture: a bet, a goal (its other side: ``static/``)."""

    def told(self, forks: Forks) -> dict[str, Any]:
        """What the page is to know with the run that is shown: goes into ``info``."""

    def answer(self, forks: Forks, message: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to what the page asked; None: this is for somebody else."""


def show_cluster(
    trace: Trace,
    scenario: Forkable | None = None,
    rerun: Rerun | None = None,
    at_s: float | None = None,
    companions: Sequence[Companion] = (),
    took_s: float = 0.0,
    tour: bool = True,
) -> Any:
    """The clickable cluster playing ``trace``, at ``at_s`` seconds first, or where ``first_moment_s`` says.

    ``rerun`` runs a scenario and returns its trace; with it and ``scenario`` things can be broken.
    ``companions`` sit beside the picture. ``took_s``: how long this run took, the page expects the next to
    take as long. ``tour``: who never saw a cluster in this browser is shown around.
    Where anywidget is not installed, a still picture of the same moment comes back instead.
    """
    at_s = first_moment_s(trace) if at_s is None else at_s
    try:
        return _widget_class()(Forks(trace, scenario, rerun, took_s), at_s, companions, tour)
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "ipywidgets", "traitlets"):
            raise
        return StillCluster(trace, at_s, _in_words(companions))


def _in_words(companions: Sequence[Companion]) -> str:
    """What those beside the picture tell where it does not move: a line each."""
    told = (one.in_words() for one in companions if hasattr(one, "in_words"))
    return "".join(f"\n{line}" for line in told if line)


@dataclass(repr=False, eq=False)
class StillCluster:
    """The cluster at one moment, for a notebook without widgets: SVG, and words for a terminal."""

    trace: Trace
    at_s: float
    words: str = ""

    def _repr_html_(self) -> str:
        return still_html(self.trace, self.at_s)

    def _repr_svg_(self) -> str:
        return still_svg(self.trace, self.at_s)

    def __repr__(self) -> str:
        hint = f"(a still picture; the cluster that moves needs anywidget: {how_to_install('anywidget')})"
        return f"{still_text(self.trace, self.at_s)}\n{hint}{self.words}"


# What JupyterLab and Notebook call an output of a cell. While the widget is there, the picture is not seen,
# and where it is not, its place is not: that would only say that it is missing.
_OUTPUT = ".jp-OutputArea-child"
_STILL = """<div class="vrrplab-kept">
<style>
{output}:has(.vrrplab-kept):has(+ {output} .vrrplab) {{ display: none; }}
{output}:has(.vrrplab-kept) + {output}:not(:has(.vrrplab)) {{ display: none; }}
</style>
{picture}
<p>The cluster as it was at {at_s:.3f} s. Run the cell again, and it plays.</p>
</div>
"""


def _shows_one_of_two() -> bool:
    """Does the notebook obey the rule above? VS Code and Colab lay outputs out in their own ways."""
    return "VSCODE_PID" not in os.environ and "google.colab" not in sys.modules


def _still_bundle(trace: Trace, at_s: float) -> dict[str, Any]:
    html = _STILL.format(output=_OUTPUT, picture=still_html(trace, at_s), at_s=at_s)
    return {"text/html": html, "image/svg+xml": still_svg(trace, at_s), "text/plain": still_text(trace, at_s)}


def _moment_s(message: dict[str, Any]) -> float:
    """The moment that a message of the page is about; none: the beginning."""
    at_s = message.get("at_s")
    try:
        # A second that no run reaches is none (nan is below nothing), nor is what only looks like a number.
        if isinstance(at_s, str | bytes | bool) or not abs(moment_s := float(at_s or 0.0)) < LONGEST_S:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise VrrplabError("the page named a moment that is no number of seconds of a run") from None
    return moment_s


def _actions(message: dict[str, Any]) -> list[Any]:
    actions = message.get("actions") or []
    if not isinstance(actions, list) or not all(isinstance(action, dict) for action in actions):
        raise VrrplabError("what is to be done needs a moment (at_s) and a name (action), in a list")
    return actions


@cache
def _widget_class() -> Any:
    """Made when first used, because importing anywidget takes longer than all of vrrplab."""
    import anywidget
    import traitlets

    class Cluster(anywidget.AnyWidget):
        """``trace`` and ``scenario`` are those now shown; ``at_s`` is the moment, settable."""

        _esm = player_script()
        _css = player_style()
        trace_lines = traitlets.Bytes().tag(sync=True)
        info = traitlets.Dict().tag(sync=True)
        at_s = traitlets.Float(0.0).tag(sync=True)
        # What is in the page's editors, so that a reload loses nothing.
        typed = traitlets.Dict().tag(sync=True)

        def __init__(
            self, forks: Forks, at_s: float, companions: Sequence[Companion], tour: bool = True
        ) -> None:
            self._forks = forks
            self._tour = tour
            self._companions = companions
            super().__init__(at_s=float(at_s), info=self._told(), trace_lines=self._lines())
            self.on_msg(self._asked)

        @property
        def trace(self) -> Trace:
            """The trace now shown, with all that was clicked."""
            return self._forks.trace

        @property
        def scenario(self) -> Any:
            """The scenario now shown, with all that was clicked; None for a recording or a capture."""
            return self._forks.scenario

        def break_it(self, action: str, at_s: float | None = None, **keys: Any) -> None:
            """Like a click, at the moment shown: ``break_it("link_down", server="r1", interface="eth0")``."""
            moment = self.at_s if at_s is None else at_s
            self._forks.break_it([{"at_s": moment, "action": action, **keys}], moment)
            self._show()

        def undo(self) -> None:
            """Take the last change back."""
            self._forks.undo()
            self._show()

        def redo(self) -> None:
            """Do what was undone again."""
            self._forks.redo()
            self._show()

        def reset(self) -> None:
            """Back to the scenario as it was."""
            self._forks.reset()
            self._show()

        def _lines(self) -> bytes:
            return trace_text(self._forks.trace).encode()

        def _told(self) -> dict[str, Any]:
            forks, at_us = self._forks, self._forks.last_at_us
            told = {
                "can_fork": forks.can_fork,
                "can_undo": forks.can_undo,
                "can_redo": forks.can_redo,
                "can_share": True,
                "fork": forks.title(),
                "fork_at_s": None if at_us is None else seconds(at_us),
                "explain": explanations(forks.scenario),
                "took_s": round(forks.took_s, 3),
                "tour": self._tour,
            }
            for companion in self._companions:
                told |= companion.told(forks)
            return told

        def _show(self) -> None:
            # One message: between two, the page would show buttons that do not fit its trace, and a button
            # that can be pressed no more would lose the keyboard.
            with self.hold_sync():
                self.info = self._told()
                self.trace_lines = self._lines()

        def _asked(self, _widget: Any, message: Any, _buffers: Any) -> None:
            """A message of the page. Whatever is wrong with it, the answer is a sentence."""
            buffers: list[bytes] = []
            try:
                answer = self._answer(message, buffers)
            except VrrplabError as error:
                answer = {"error": str(error)}
            except KeyboardInterrupt:  # without an answer the page would wait for one
                self._show()
                answer = {"error": "Python was interrupted before this was done. Ask again."}
            except Exception as error:  # the page shows it; a traceback would go where nobody looks
                answer = {"error": f"This did not work, and should have: {type(error).__name__}: {error}"}
            if isinstance(message, dict) and "number" in message:
                answer["answers"] = message["number"]
            self.send(answer, buffers)

        def _answer(self, message: Any, buffers: list[bytes]) -> dict[str, Any]:
            do = message.get("do") if isinstance(message, dict) else None
            if do == "break":
                self._forks.break_it(_actions(message), _moment_s(message))
                self._show()
                return {"note": ""}
            if do in ("undo", "redo", "reset"):
                getattr(self, do)()
                return {"note": ""}
            if do == "scenario" and self.scenario is not None:
                return {"scenario": self.scenario.to_yaml()}
            if do == "html":
                told = {
                    key: value for one in self._companions for key, value in one.told(self._forks).items()
                }
                page = html_text(self.trace, self.scenario, _moment_s(message), told)
                buffers.append(page.encode())
                return {"name": f"{self.trace.name or 'trace'}.html"}
            if isinstance(message, dict):
                before = self._forks.trace
                for companion in self._companions:
                    if (answer := companion.answer(self._forks, message)) is not None:
                        if self._forks.trace is before:
                            self.info = self._told()
                        else:
                            self._show()
                        return answer
            raise VrrplabError(f"the page asked for something unknown: {do!r}")

        def __repr__(self) -> str:
            return still_text(self.trace, self.at_s) + _in_words(self._companions)

        def _ipython_display_(self) -> None:
            """Two outputs: a picture for when no kernel is behind the notebook any more, and the widget.

            JupyterLab shows a widget's view before anything that is offered beside it, and an error in its
            place once the widget is gone. So the picture is an output of its own; of the two one is seen.
            """
            from IPython import display

            publish: Any = display.publish_display_data
            bundle = self._repr_mimebundle_()
            if bundle is None:
                return
            data, metadata = bundle
            if _shows_one_of_two():
                publish(_still_bundle(self.trace, self.at_s))
                del data["image/svg+xml"]
            publish(data, metadata)

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:
            """The widget, and beside it a picture and words for whoever cannot run it."""
            bundle = super()._repr_mimebundle_(**kwargs)
            if bundle is None:
                return None
            data, metadata = bundle
            return {
                **data,
                "image/svg+xml": still_svg(self.trace, self.at_s),
                "text/plain": repr(self),
            }, metadata

    return Cluster
