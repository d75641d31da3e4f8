"""The clickable cluster in a notebook: an anywidget around the player.

Python's part is small: it sends the trace once, and when something was clicked it has the changed scenario
run and sends the new trace; what it is asked and answers is said in ``conversation``. Everything that moves
is the player's (``static/``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from vrrplab.installing import how_to_install
from vrrplab.views.assets import player_script, player_style
from vrrplab.views.conversation import Companion, Conversation
from vrrplab.views.forks import Forkable, Forks, Rerun
from vrrplab.views.player import first_moment_s
from vrrplab.views.svg import still_html, still_svg, still_text

if TYPE_CHECKING:
    from vrrplab.trace import Trace

WIDGET = "application/vnd.jupyter.widget-view+json"


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
_KEPT = """<div class="vrrplab-kept">
<style>
{output}:has(.vrrplab-kept):has(+ {output} .vrrplab) {{ display: none; }}
{output}:has(.vrrplab-kept) + {output}:not(:has(.vrrplab)) {{ display: none; }}
</style>
{inside}
<p>{words}</p>
</div>
"""


def kept_html(inside: str, words: str) -> str:
    """What is seen of a widget where no kernel is behind the notebook any more: an output before its own."""
    return _KEPT.format(output=_OUTPUT, inside=inside, words=words)


def shows_one_of_two() -> bool:
    """Does the notebook obey the rule above? VS Code and Colab lay outputs out in their own ways."""
    return "VSCODE_PID" not in os.environ and "google.colab" not in sys.modules


def _still_bundle(trace: Trace, at_s: float) -> dict[str, Any]:
    words = f"The cluster as it was at {at_s:.3f} s. Run the cell again, and it plays."
    html = kept_html(still_html(trace, at_s), words)
    return {"text/html": html, "image/svg+xml": still_svg(trace, at_s), "text/plain": still_text(trace, at_s)}


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
            self._companions = companions
            self._conversation = talk = Conversation(forks, companions, tour)
            super().__init__(at_s=float(at_s), info=talk.told(), trace_lines=talk.lines().encode())
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

        def _show(self) -> None:
            # One message: between two, the page would show buttons that do not fit its trace, and a button
            # that can be pressed no more would lose the keyboard.
            with self.hold_sync():
                self.info = self._conversation.told()
                self.trace_lines = self._conversation.lines().encode()

        def _asked(self, _widget: Any, message: Any, _buffers: Any) -> None:
            """A message of the page."""
            reply = self._conversation.reply(message)
            if reply.lines:
                self._show()
            elif reply.info:
                self.info = self._conversation.told()
            self.send(reply.content, [reply.page.encode()] if reply.page else [])

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
            if shows_one_of_two():
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
