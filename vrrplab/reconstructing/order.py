"""Which of several explanations that look the same is named first. This is no evidence: it is what is usual.

What is a coincidence comes last: a fault whose moment could not have been another by a quarter of what the
others leave open. Of the rest what is mended within a capture is taken for somebody's work, and what stays
broken for a failure: who mends something within seconds has mostly done it by a command, and a server that
stays silent has mostly died as a whole (crash, power, hypervisor), and not one part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from vrrplab.reconstructing.search import Guess, Step
from vrrplab.trace.vocabulary import Act

WHY = (
    "what is mended within a capture was mostly done by a command, what stays broken mostly failed by itself"
)
# The usual first. In both: keepalived is stopped, and its checks fail, every day; it is frozen, a card
# vanishes and an address is taken away by hand about never.
_WORK = (
    Act.DAEMON_STOP, Act.CHECK_FAIL, Act.RELOAD, Act.LINK_DOWN, Act.IFDOWN, Act.DAEMON_KILL, Act.CARRIER_DOWN,
    Act.POWER_OFF,
)  # fmt: skip
_FAILURE = (
    Act.DAEMON_STOP, Act.CHECK_FAIL, Act.RELOAD, Act.POWER_OFF, Act.CARRIER_DOWN, Act.DAEMON_KILL,
    Act.LINK_DOWN, Act.IFDOWN,
)  # fmt: skip
_COINCIDENCE = 2  # powers of two: a quarter


def in_order(members: Sequence[Guess]) -> list[Guess]:
    """The members of a group, dated, as they are named; those that are as usual stay as they are."""
    widest = max(guess.width_us for guess in members)

    def key(guess: Guess) -> tuple[int, list[int]]:
        return int(log2(widest / guess.width_us) // _COINCIDENCE), _usualness(guess)

    return sorted(members, key=key)


def _usualness(guess: Guess) -> list[int]:
    """The less the more usual, for each thing that fails."""
    return [_place(guess, step) for step in guess.steps if not step.mends]


def _place(guess: Guess, step: Step) -> int:
    is_mended = any(other.mends and other.fault == step.fault for other in guess.steps)
    usual = _WORK if is_mended else _FAILURE
    return usual.index(step.deed.act) if step.deed.act in usual else len(usual)
