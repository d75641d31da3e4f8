"""``python -m vrrplab``: the command line, see ``vrrplab.commands.cli``."""

from __future__ import annotations

import sys

from vrrplab.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
