"""``%%keepalived NAME`` in a notebook: a cell is a node's keepalived.conf; what is wrong stands below.

It is known once any name of vrrplab was used, or after ``%load_ext vrrplab``.
"""

from __future__ import annotations

import sys
from typing import Any


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

    shell.register_magic_function(keepalived, magic_kind="cell")
