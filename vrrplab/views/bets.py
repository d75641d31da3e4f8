"""The bets of a film: what it asks at a fault before it goes on, and what was answered.

Questions and truth come from ``trace.bets``; the page (``static/bets.js``) asks, and counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vrrplab.errors import VrrplabError
from vrrplab.trace.bets import ASKS, UNTIL, WHO, Bet, bets_of
from vrrplab.units import seconds

if TYPE_CHECKING:
    from vrrplab.trace import Trace
    from vrrplab.views.forks import Forks

MOST_ANSWERS = 200
# What somebody said beside what came, where both are the same, and where they are not.
RIGHT = "You said {said}, and so it is: {told}"
OTHERWISE = "You said {said}. {told}"
UNSAID = "there is no answer in this bet: give what it asks for, or skip it"


class Bets:
    """Python's side of the bets beside a cluster: each fault of the film is asked about, if people want it.

    What was answered is kept as long as the widget lives, so that every view of it shows the same.
    """

    name = ""  # of the one bet that is kept in the learner's file; "": none

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}

    def bets(self, trace: Trace) -> list[Bet]:
        """Those that the film asks: of a simulation, where one fault after the other is known."""
        return bets_of(trace) if trace.scenario.get("origin") == "simulation" else []

    def page(self, trace: Trace) -> dict[str, Any]:
        """What the page is told of the bets of this run."""
        return {"bets": [as_told(bet) for bet in self.bets(trace)], "bet": self._told()}

    def _told(self) -> dict[str, Any]:
        return {"name": self.name, "answers": self.answers, "right": RIGHT, "otherwise": OTHERWISE}

    def told(self, forks: Forks) -> dict[str, Any]:
        return self.page(forks.trace)

    def answer(self, forks: Forks, message: dict[str, Any]) -> dict[str, Any] | None:
        if message.get("do") != "bet":
            return None
        key = str(message.get("key"))
        bet = next((bet for bet in self.bets(forks.trace) if key_of(bet) == key), None)
        if bet is None:
            raise VrrplabError("this bet is about a fault that is not in the run any more")
        self.keep(bet, {"skipped": True} if message.get("skipped") else _said(bet, message))
        return {"note": ""}

    def keep(self, bet: Bet, said: dict[str, Any]) -> None:
        """The first answer stays."""
        if len(self.answers) < MOST_ANSWERS:
            self.answers = {**self.answers, key_of(bet): self.answers.get(key_of(bet), said)}


def key_of(bet: Bet) -> str:
    """By what page and Python know a bet: its moment and its address."""
    return f"{seconds(bet.at_us):.6f} {bet.target}"


def as_told(bet: Bet, ask: Iterable[str] = ASKS) -> dict[str, Any]:
    """A bet as the page reads it; ``ask``: the questions that are wanted."""
    silence = bet.silence
    return {
        "key": key_of(bet),
        "at_s": seconds(bet.at_us),
        "target": bet.target,
        "asks": [one for one in bet.asks if one in ask],
        "silent_s": bet.silent_s,
        "from_s": None if silence is None else seconds(silence.from_us),
        "until_s": None if silence is None or silence.until_us is None else seconds(silence.until_us),
        "never": silence is not None and silence.until_us is None,
        "silence_told": bet.silence_told,
        "owner": bet.owner,
        "owners": list(bet.owners),
        "owner_told": bet.owner_told,
        "settled_s": seconds(bet.settled_us),
    }


def _said(bet: Bet, message: dict[str, Any]) -> dict[str, Any]:
    """The answers in a message of the page, looked at."""
    said: dict[str, Any] = {}
    silent_s, who = message.get("silent_s"), message.get("who")
    if UNTIL in bet.asks and silent_s is not None:
        if isinstance(silent_s, bool) or not isinstance(silent_s, int | float) or not 0 <= silent_s < 1e6:
            raise VrrplabError("a bet is a number of seconds, 0 or more")
        said["silent_s"] = round(float(silent_s), 3)
    if WHO in bet.asks and who is not None:
        if not isinstance(who, str) or len(who) > 200:
            raise VrrplabError("a bet on who has an address is a server's name")
        said["who"] = who
    if not said:
        raise VrrplabError(UNSAID)
    return said
