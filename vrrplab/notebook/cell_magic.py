"""``%%keepalived NAME`` in a notebook: a cell is a node's keepalived.conf; what is wrong stands below.
``%%needs scapy.layers.vrrp``, ``%%needs processes``: a cell is left out where that is not to be had.
``%%refused``: a cell shows how something is refused, and the notebook goes on.

They are known once any name of vrrplab was used, or after ``%load_ext vrrplab``.
"""

from __future__ import annotations

import ast
import os
import sys
from importlib import import_module
from typing import Any

from vrrplab.errors import VrrplabError
from vrrplab.installing import how_to_install

PROCESSES = "processes"


def install(shell: Any = None) -> None:
    """Teach the running IPython, or this one; does nothing outside one."""
    ipython: Any = sys.modules.get("IPython")  # where it runs, it is there; elsewhere nobody pays for it
    shell = shell or (ipython.get_ipython() if ipython else None)
    if shell is None:
        return

    def keepalived(line: str, cell: str) -> Any:
        """%%keepalived NAME: the cell is that node's file; what is wrong with all nodes stands below."""
        from vrrplab.notebook.configs import keepalived as kept

        return kept(line, cell)

    def needs(line: str, cell: str) -> Any:
        """%%needs MODULE, or %%needs processes: it runs where that is; else a sentence is shown."""
        return run_where_possible(line, cell, shell.user_ns)

    def refused(line: str, cell: str) -> None:
        """%%refused: what the cell asks for is refused; the sentence is shown, and the notebook goes on."""
        run_refused(cell, shell.user_ns)

    for magic in (keepalived, needs, refused):
        shell.register_magic_function(magic, magic_kind="cell")


def run_where_possible(needed: str, cell: str, names: dict[str, Any]) -> Any:
    """Run a cell in ``names`` where what it needs is there, and give back its last value.

    ``needed``: a module by its whole name, or "processes". Elsewhere a sentence says that it was left out:
    a lesson in a page of a browser goes on below.
    """
    why = why_left_out(needed.strip())
    if why:
        print(f"Left out: {why}.")
        return None
    return _run(cell, f"<%%needs {needed}>", names)


def run_refused(cell: str, names: dict[str, Any]) -> None:
    """Run a cell in ``names`` that is meant to be refused, and show the refusal as Jupyter shows errors.

    To raise it would end "Run All": JupyterLite knows no tag for a cell that may fail.
    VrrplabError: nothing was refused.
    """
    try:
        _run(cell, "<%%refused>", names)
    except VrrplabError as error:
        print(error, file=sys.stderr)
    else:
        raise VrrplabError("Nothing is refused in this cell, so it needs no %%refused")


def _run(cell: str, file: str, names: dict[str, Any]) -> Any:
    """Run Python in ``names``, and give back its last value; tracebacks call it ``file``."""
    tree = ast.parse(cell)
    shown: ast.expr | None = None
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        shown = last.value
        del tree.body[-1]
    exec(compile(tree, file, "exec"), names)
    return eval(compile(ast.Expression(shown), file, "eval"), names) if shown else None


def why_left_out(needed: str) -> str:
    """Why what a cell needs is not to be had here; "" where it is."""
    if not needed:
        raise VrrplabError("%%needs what? The name of a module, or processes")
    if needed == PROCESSES:
        # Windows and Python in a browser have no fork; the latter no processes at all.
        return "" if sys.platform != "emscripten" and hasattr(os, "fork") else NO_PROCESSES
    try:
        import_module(needed)
    except (ImportError, OSError):  # OSError: Scapy asks for IPv6, which a page of a browser has not
        package = needed.partition(".")[0]
        return f"this cell needs {package}, and nothing below depends on it ({how_to_install(package)})"
    return ""


NO_PROCESSES = (
    "this cell starts or asks routers that are processes of their own, and a page of a browser has none;"
    " on a computer with Python the lesson does it all"
)
