"""The environment variables that vrrplab reads, for docs/commands.md; a test finds any that is missing."""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """What it does when it is set, and what holds when it is not."""

    name: str
    does: str
    otherwise: str


VARIABLES = (
    Variable(
        "VRRPLAB_PROGRESS",
        "the file of a learner's guesses and answers, or the folder it is in",
        "`.vrrplab-progress.json`, in the folder in which the notebook runs",
    ),
    Variable(
        "VRRPLAB_TRACEBACK",
        "if it is set to anything, a bug in vrrplab (exit code 70) shows where it is",
        "one line",
    ),
    Variable(
        "XDG_CACHE_HOME",
        "`vrrplab` in it keeps scenario files as they were read, so that the next start is faster",
        "`~/.cache`",
    ),
    Variable(
        "XDG_RUNTIME_DIR",
        "`vrrplab-lab` in it holds what is known of the lab that is up",
        "a folder of this user's own below `TMPDIR`; also where it lies below `/run`, which a lab's hosts"
        " see emptied",
    ),
    Variable("TMPDIR", "where temporary files are made", "the system's folder for them"),
    Variable(
        "NO_COLOR",
        "if it is set to anything, `config check` and `decode` have no colours",
        "colours on a terminal",
    ),
    Variable("SHELL", "what `vrrplab lab shell HOST` runs", "`/bin/sh`"),
    Variable(
        "COLUMNS",
        "how wide `--help` may be",
        "as wide as the terminal; everything but help asks the terminal alone",
    ),
    Variable(
        "PYTHONPATH",
        "handed on to the processes that `live`, `lab` and `lessons` start, behind vrrplab's own place",
        "vrrplab's own place alone",
    ),
    Variable(
        "JUPYTER_CONFIG_PATH",
        "handed on to the JupyterLab that `lessons` starts, behind the folder of vrrplab's own settings",
        "that folder alone",
    ),
)
