"""A process of the Dask cluster that ``--scheduler local`` starts: the scheduler, or one that keeps a worker.

    python -m vrrplab.sweeping.dask_process scheduler          prints its address
    python -m vrrplab.sweeping.dask_process worker ADDRESS

Both listen on the loopback address alone, and end where their standard input ends, whatever became of whoever
started them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

HOST = "127.0.0.1"


async def scheduler() -> None:
    from distributed import Scheduler

    async with Scheduler(host=HOST, port=0, dashboard_address=f"{HOST}:0") as one:
        print(one.address, flush=True)
        await one.finished()


async def worker(address: str) -> None:
    from distributed import Nanny

    async with Nanny(address, host=HOST, nthreads=1, memory_limit=0, worker_port=0) as one:
        await one.finished()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Be what the first argument says, until standard input ends."""
    import asyncio

    logging.disable()  # of lost connections somebody else hears
    threading.Thread(target=_end_with_input, daemon=True).start()
    asyncio.run(scheduler() if sys.argv[1] == "scheduler" else worker(sys.argv[2]))


if __name__ == "__main__":
    main()
