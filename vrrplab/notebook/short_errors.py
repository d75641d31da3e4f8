"""In a notebook, a mistake gets a sentence in place of a traceback.

Only the mistakes a beginner makes: a word vrrplab does not accept (VrrplabError), and a name that is not
known because a cell above was not run. Everything else is shown by IPython as always.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from vrrplab.errors import VrrplabError

_UNKNOWN = re.compile(r"name '(\w+)' is not defined")


def sentence(error: BaseException) -> str:
    """What to tell somebody who made this mistake."""
    if isinstance(error, NameError):
        found = _UNKNOWN.match(str(error))
        name = f"`{found[1]}` is" if found else "Some name is"
        return (
            f"{name} not known yet: a cell above makes it, and has not been run since the kernel started."
            " In the menu: Run, then Run All Above Selected Cell. Or it is a typing mistake."
        )
    return str(error)


def install() -> None:
    """Teach the running IPython; does nothing outside one."""
    ipython: Any = sys.modules.get("IPython")  # where it runs, it is there; elsewhere nobody pays for it
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return

    def tell(
        shell: Any, etype: type[BaseException], value: BaseException, tb: Any, tb_offset: Any = None
    ) -> None:
        shell._showtraceback(etype, value, [sentence(value)])

    shell.set_custom_exc((VrrplabError, NameError), tell)
