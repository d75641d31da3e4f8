"""``vrrplab`` on a machine whose wall clock is set while it runs.

python jumping_clock.py MARK BY_S COMMAND…       once the file MARK is there, the clock is BY_S later

Only what Python calls the wall clock jumps, in this process alone: setting the real one would disturb the
whole machine (a time namespace has no wall clock of its own), and the kernel hands out monotonic times in
any case.
"""

from __future__ import annotations

import os
import sys
import time

from vrrplab.commands.cli import main


def jump_after(mark: str, by_s: float) -> None:
    real_ns = time.time_ns

    def time_ns() -> int:
        return real_ns() + (round(by_s * 1e9) if os.path.exists(mark) else 0)

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if __name__ == "__main__":
    jump_after(sys.argv[1], float(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
