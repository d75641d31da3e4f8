"""The article's network in network namespaces, with real daemons: put up, broken, measured, taken down.

``vrrplab.lab.compare(scenario)`` asks of any scenario: is the simulation true?
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vrrplab.errors import LiveError

if TYPE_CHECKING:
    from vrrplab.lab.comparison import Comparison
    from vrrplab.scenario.model import Scenario

__all__ = ["compare"]


def compare(scenario: Scenario | str | os.PathLike[str], keep: str = "") -> Comparison:
    """Run a scenario on the real keepalived, in namespaces of its own, and beside it in the simulator.

    ``scenario``: a Scenario, a file or a built-in name. ``keep``: a folder for the recording, "": it is
    not kept. LiveError: what is missing on this machine (``vrrplab doctor``), or what of the scenario the
    lab cannot carry out.
    """
    if not hasattr(os, "geteuid"):  # Windows, or Python in a browser
        raise LiveError("the real keepalived needs Linux, and processes of its own: there are none here")
    from vrrplab.lab import comparison

    return comparison.compare(scenario, keep)
