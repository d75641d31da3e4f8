"""How to bring what is not installed: the command that fits a checkout, or pip's where there is none."""

from __future__ import annotations

import os

# The extras of pyproject.toml, by the modules whose absence somebody may meet.
EXTRA_OF = {
    **dict.fromkeys(("numpy", "matplotlib", "anywidget", "traitlets", "ipywidgets", "scapy"), "notebook"),
    "jupyterlab": "lab",
    "pygls": "lsp",
    "prometheus_client": "metrics",
    "zstandard": "zstd",
    **dict.fromkeys(("joblib", "distributed", "bokeh", "pyarrow"), "sweep"),
}

_OF_LESSONS = ("notebook", "lab")  # what make lab brings; make venv brings all

# Where pip finds vrrplab until a release is on a package index; from then on its name alone will do.
_FROM = " @ git+https://github.com/vrrplab/vrrplab"

_ABOVE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def how_to_install(module: str) -> str:
    """The command that brings a module, to be typed as it is: ``make lab``, or ``pip install ...``.

    A module of no extra of ours, as pandas is, is installed by its own name. Double quotes, because the
    command prompt of Windows knows no others.
    """
    extra = EXTRA_OF.get(module)
    if checkout():
        return "make lab" if extra in _OF_LESSONS else "make venv"
    return f'pip install "vrrplab[{extra}]{_FROM}"' if extra else f"pip install {module}"


def checkout() -> str:
    """The folder of the checkout whose package this is, "" for one that was installed from a wheel."""
    needed = ("Makefile", "requirements-lab.lock.txt")
    return _ABOVE if all(os.path.isfile(os.path.join(_ABOVE, name)) for name in needed) else ""
