"""Python's garbage collector, out of the way of a run.

A run keeps nearly all that it makes, so looking through it again and again for what nobody needs finds
nothing: that was half the time of a thousand servers. While one runs, what was there before is left alone,
and what is new is looked at rarely. Afterwards everything is as it was, whoever set it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

Thresholds = tuple[int, int, int]

RARELY: Thresholds = (100_000, 20, 20)  # objects more than before, and rounds; Python's own: 700, 10, 10
# Of who makes worlds and drops them, some 500 objects each: while a few of them are still in the processor's
# cache a look costs 0.07 ms a world, with two hundred 0.4 ms (measured), and never to look a gigabyte.
WORLDS: Thresholds = (5_000, 20, 20)

_lock = Lock()
_runs = 0  # under way, one in another or in several threads: the first one sets, the last one restores
_set: Thresholds = RARELY
_before: Thresholds | None = None
_froze = False


@contextmanager
def collected_rarely(thresholds: Thresholds = RARELY) -> Iterator[None]:
    """For the time of a run; runs may be nested: the outermost has its way.

    Does nothing where the collector is off, or set higher.
    """
    _begin(thresholds)
    try:
        yield
    finally:
        _end()


def _begin(thresholds: Thresholds) -> None:
    global _runs, _set, _before, _froze
    with _lock:
        _runs += 1
        if _runs > 1 or not gc.isenabled():
            return
        threshold = gc.get_threshold()
        if 0 < threshold[0] < thresholds[0]:
            _before, _set = threshold, thresholds
            gc.set_threshold(*thresholds)
        if not gc.get_freeze_count():  # who has frozen something wants it to stay so
            _froze = True
            gc.freeze()


def _end() -> None:
    global _runs, _before, _froze
    with _lock:
        _runs -= 1
        if _runs:
            return
        if _froze:
            _froze = False
            gc.unfreeze()
        if _before is not None:
            before, _before = _before, None
            if gc.get_threshold() == _set:  # nobody has set something else meanwhile
                gc.set_threshold(*before)
