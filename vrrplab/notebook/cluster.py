"""``vrrplab.cluster``: opens the clickable cluster on whatever somebody has in hand.

The view (``views.cluster``) only plays traces; here a scenario is read and run, a folder of observations or
a capture is read, and the simulator is handed in, so that what is clicked can be run.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.trace import Trace, read_trace
from vrrplab.views.bets import Bets
from vrrplab.views.cluster import show_cluster

if TYPE_CHECKING:
    from vrrplab.views.forks import Rerun

FIRST = "article-drill-1-lan-nic"
CAPTURES = (".pcap", ".pcapng", ".cap")


def cluster(source: Any = FIRST, *, at_s: float | None = None, tour: bool = True) -> Any:
    """The cluster on the screen, from ``at_s`` seconds on. Click a cable, a service, a server: break it.

    Without ``at_s``: shortly before the first action, or, where there is none, when all have started.

    ``source``, of these some can be broken and some only looked at:

    - broken: the name of a built-in scenario, a scenario file, a ``Scenario``;
    - looked at: a ``Trace``, a trace file (.jsonl), a folder with a recording of real daemons, a capture
      (.pcap, or what ``read_pcap`` gives).

    Who never saw a cluster in this browser is shown around, once; with ``tour=False`` nobody is.

    At a fault the film stops and asks what will come; *Ask me*, below the picture, switches that off.

    In a notebook the result shows itself; ``.trace`` and ``.scenario`` are what is shown now, with all
    that was clicked. VrrplabError, in one line, for anything else.
    """
    at_s = None if at_s is None else arguments.number(at_s, "at_s")
    if hasattr(source, "to_trace"):  # a Capture, as read_pcap gives it
        source = source.to_trace()
    if isinstance(source, Trace):
        return show_cluster(source, at_s=at_s, tour=tour)
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        trace = _look_at(path)
        if trace is not None:
            return show_cluster(trace, at_s=at_s, tour=tour)
        from vrrplab.scenario.reader import load_scenario

        source = load_scenario(path)
    if not (hasattr(source, "with_actions") and hasattr(source, "duration_us")):
        kind = type(source).__name__
        raise VrrplabError(f"cluster() takes a scenario, a trace, or the name or path of one, not {kind}")
    run = runs_with_frames()
    began_s = time.perf_counter()
    trace = run(source)
    took_s = time.perf_counter() - began_s
    return show_cluster(trace, source, run, at_s, (Bets(),), took_s, tour)


def runs_with_frames() -> Rerun:
    """Runs as the cluster plays them: each advert with its bytes. A changed scenario goes on from where the
    one before stood.
    """
    from vrrplab.notebook.simulate import run_told
    from vrrplab.sim.reruns import Reruns

    return partial(run_told, runs=Reruns(frames=True))


def _look_at(path: str) -> Trace | None:
    """The trace of something that has already happened; None: the path is a scenario's."""
    if path.endswith(".jsonl"):
        return read_trace(path)
    if path.endswith(CAPTURES):
        from vrrplab.capture.reader import read_frames
        from vrrplab.witness.timeline import timeline_of
        from vrrplab.witness.timeline_trace import to_trace

        return to_trace(timeline_of(read_frames(path)), os.path.basename(path))
    if os.path.isfile(os.path.join(path, "observed.json")):
        from vrrplab.recording import read_recording

        return read_recording(path)
    return None
