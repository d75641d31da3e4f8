"""What is drawn for a run: addressed by seed, name and run number, so that no draw depends on any other.

The generator of the simulator (``sim.rng``): whichever process draws, in whatever order, gets the same bits.
Only whole numbers below 2^64 are used, so that NumPy's ``uint64`` gives the very same ones for millions of
runs at once.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from vrrplab.sim import rng

if TYPE_CHECKING:
    import numpy as np

    Words = np.ndarray[Any, np.dtype[np.uint64]]

MOST = 2**32  # of different values of one draw


def key_of(seed: int, name: str) -> int:
    """The stream of draws of that name; 64 bits."""
    return int.from_bytes(
        blake2b(f"{seed}:{name}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
    )


def bits(key: int, run: int) -> int:
    """The draw of a run: 64 bits."""
    return rng.word(key, run + 1)


def below(key: int, run: int, count: int) -> int:
    """The draw of a run as a whole number from 0 to ``count`` - 1; ``count`` is ``MOST`` at most."""
    return (bits(key, run) >> 32) * count >> 32


def below_each(key: int, runs: Words, count: int) -> Words:
    """``below`` of many runs at once: the very same numbers."""
    import numpy as np

    found = np.uint64(key) + (runs + np.uint64(1)) * np.uint64(rng.GOLDEN)  # modulo 2^64, as NumPy has it
    for shift, factor in rng.MIX:
        found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
    found ^= found >> np.uint64(rng.LAST)
    return (found >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)
