"""Where the files that come with vrrplab are: scenarios, configurations, recordings, frames, lessons.

In a checkout they lie in ``data/`` and ``notebooks/`` beside the package; an installed wheel carries the same
folders inside the package. Every reader of such a file asks here and knows nothing of the difference.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vrrplab.errors import VrrplabError

if TYPE_CHECKING:
    from pathlib import Path

FIRST_LESSON = "00_start_here.ipynb"

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def data_root() -> str:
    """The data folder, as text: the simulator's start-up does not pay for ``pathlib``.

    Raises VrrplabError when the package was copied somewhere without its data.
    """
    return _folder("data", "data", "recordings")


def lessons_root() -> str:
    """The folder of the lessons' notebooks. Raises VrrplabError where it is missing."""
    return _folder("lessons", "notebooks", FIRST_LESSON)


def _folder(inside: str, beside: str, known: str) -> str:
    """The folder of the wheel or of the checkout; ``known``: a thing in it by which it is ours."""
    # The wheel's own folder first: beside an installed package may lie a `data` of somebody else.
    for folder in (os.path.join(_PACKAGE, inside), os.path.join(os.path.dirname(_PACKAGE), beside)):
        if os.path.exists(os.path.join(folder, known)):
            return folder
    raise VrrplabError(
        f"the {inside} folder of vrrplab is not beside {_PACKAGE}: install vrrplab again,"
        " or use a whole checkout"
    )


def data_path(*parts: str) -> Path:
    """Path of a file or folder that comes with vrrplab, e.g. ``data_path("configs", "proxy-serv01.conf")``.

    The path is not checked: whoever opens it says best what was missing.
    """
    from pathlib import Path

    return Path(data_root(), *parts)
