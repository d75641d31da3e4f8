"""``bet``: a guess that the film itself asks for, at its fault, and that is kept where all guesses are."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.exercises.answers import Guess, is_open
from vrrplab.exercises.guesses import (
    NO_GUESS,
    SECONDS,
    WHO,
    Kind,
    in_words,
    is_close,
    keep_guess,
    keep_outcome,
    read_guess,
)
from vrrplab.exercises.guesses import who as who_of
from vrrplab.exercises.messages import Message
from vrrplab.exercises.registry import NotUnderstood
from vrrplab.exercises.store import Progress, store
from vrrplab.notebook.cluster import FIRST, runs_with_frames
from vrrplab.notebook.simulate import as_scenario
from vrrplab.scenario.model import Scenario
from vrrplab.trace.bets import ASKS, UNTIL, Bet, bet_at
from vrrplab.trace.bets import WHO as ASK_WHO
from vrrplab.trace.vocabulary import label
from vrrplab.units import seconds
from vrrplab.views.bets import OTHERWISE, RIGHT, UNSAID, Bets, as_told, key_of
from vrrplab.views.cluster import show_cluster

if TYPE_CHECKING:
    from vrrplab.trace import Trace

BEFORE_S = 3.0  # the film begins so long before what it asks about


def bet(
    name: str,
    scenario: Scenario | str | os.PathLike[str] = FIRST,
    target: str = "192.168.2.101",
    *,
    ask: Iterable[str] = ASKS,
    at_s: float | None = None,
    silent_s: object = None,
    who: object = None,
) -> Any:
    """The cluster, playing ``scenario``: at its first fault the film stops and asks for a guess.

    What is guessed is kept under ``name``, as ``predict`` does it; the first guess counts.

    - ``scenario``: the name of a built-in one, a scenario file, a ``Scenario``.
    - ``target``: the address it is about.
    - ``ask``: ``"until"``, how long clients get no answer from it; ``"who"``, which server has it afterwards.
    - ``at_s``: ask at the action of that moment, not at the first fault.
    - ``silent_s``, ``who``: the guess itself, for where nothing can be clicked: seconds, and a server's name,
      ``"nobody"`` or ``"both"``. Then the answer is told in words.

    VrrplabError, in one line: nothing breaks in that scenario, there is no such address, or an argument that
    does not fit. A guess of another kind gets a sentence and is not kept.

    >>> vrrplab.bet("outage", "article-drill-1-lan-nic", ask="who", who="serv01")
    • You said proxy-serv01. proxy-serv02 has it at 22.000 s.
    """
    if not isinstance(name, str) or not name.strip():
        raise VrrplabError('bet() takes a name first, like bet("00-cable", "article-drill-1-lan-nic")')
    asks = _asked(ask)
    arguments.text(target, "target")
    moment_s = None if at_s is None else arguments.number(at_s, "at_s")
    if not isinstance(scenario, Scenario | str | os.PathLike):
        raise VrrplabError(
            f"bet() takes a scenario, or the name or path of one, not {type(scenario).__name__}"
        )
    # What a scenario says of itself may tell the end. (Any: its with_actions takes more than is asked of it.)
    chosen: Any = as_scenario(scenario).changed(description="What will come?")
    run = runs_with_frames()
    trace = run(chosen)
    kept = KeptBet(name, target, asks, moment_s, trace)
    if silent_s is None and who is None:
        start_s = max(0.0, seconds(kept.first.at_us) - BEFORE_S)
        return show_cluster(trace, chosen, run, start_s, (kept,))
    return kept.told_in_words(silent_s, who)


def _asked(ask: object) -> tuple[str, ...]:
    words = [ask] if isinstance(ask, str) else arguments.several(ask, "ask", '("until", "who")')
    for word in words:
        arguments.known(word, "question", ASKS, "in ask")
    if not words:
        raise VrrplabError('ask is empty: give "until", "who" or both')
    return tuple(one for one in ASKS if one in words)


class KeptBet(Bets):
    """One bet, whose answer goes into the learner's file."""

    def __init__(
        self, name: str, target: str, ask: tuple[str, ...], at_s: float | None, trace: Trace
    ) -> None:
        super().__init__()
        self.name, self._target, self._at_s = name, target, at_s
        self.first = bet_at(trace, target, at_s)
        self._ask = tuple(one for one in ask if one in self.first.asks)
        if not self._ask:
            about = "no client asks for it" if UNTIL in ask else "it is a name, not an address"
            raise VrrplabError(f"nothing can be asked about {target}: {about}")
        self._servers = trace.servers

    def bets(self, trace: Trace) -> list[Bet]:
        try:
            return [bet_at(trace, self._target, seconds(self.first.at_us))]
        except VrrplabError:  # changed by clicks: what it was about is gone
            return []

    def page(self, trace: Trace) -> dict[str, Any]:
        return {"bets": [as_told(one, self._ask) for one in self.bets(trace)], "bet": self._told()}

    def _told(self) -> dict[str, Any]:
        """What is in the file counts, whoever wrote it."""
        said = self._said(store().read())
        if said:
            self.answers = {key_of(self.first): said}
        elif "skipped" not in self.answers.get(key_of(self.first), {}):
            self.answers = {}
        return super()._told()

    def _said(self, progress: Progress) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for _, key, stored in self._parts():
            entry = progress.predictions.get(stored, {})
            if "guess" in entry and "outcome" in entry:
                said[key] = entry["guess"]
        return said

    def _parts(self) -> list[tuple[str, str, str]]:
        """For each question: itself, what its answer is called, and its name in the file."""
        who = self.name if self._ask == (ASK_WHO,) else self.name + WHO
        names = {UNTIL: ("silent_s", self.name), ASK_WHO: ("who", who)}
        return [(one, *names[one]) for one in self._ask]

    def _kind(self, asked: str) -> Kind:
        return SECONDS if asked == UNTIL else who_of(self._servers)

    def keep(self, bet: Bet, said: dict[str, Any]) -> None:
        if said.get("skipped"):
            super().keep(bet, said)
            return
        if not any(key in said for _, key, _ in self._parts()):
            raise VrrplabError(UNSAID)
        try:
            self._store(said, bet)
        except NotUnderstood as what:
            raise VrrplabError(str(what)) from None

    def _store(self, said: dict[str, Any], bet: Bet) -> list[tuple[str, Guess, bool]]:
        """Guesses and truth into the file: of each question the guess that counts, and whether it is this."""
        read = [
            (one, stored, read_guess(said[key], self._kind(one)))
            for one, key, stored in self._parts()
            if key in said
        ]
        counts = []
        with store().change() as progress:
            for one, stored, guess in read:
                entry = progress.predictions.setdefault(stored, {})
                is_this = keep_guess(entry, guess)
                keep_outcome(entry, *_truth(bet, one))
                counts.append((one, entry["guess"], is_this))
        return counts

    def told_in_words(self, silent_s: object, who: object) -> Message:
        """The bet in a plain cell."""
        said = {key: value for key, value in (("silent_s", silent_s), ("who", who)) if value is not None}
        unasked = set(said) - {key for _, key, _ in self._parts()}
        if unasked:
            raise VrrplabError(f"this bet does not ask for {unasked.pop()}; it asks for {self.example}")
        if any(is_open(value) for value in said.values()):
            return self._message("open", NO_GUESS)
        try:
            counts = self._store(said, self.first)
        except NotUnderstood as what:
            return self._message("open", str(what))
        told = [self._verdict(one, guess, is_this) for one, guess, is_this in counts]
        return self._message("note", " ".join(told))

    def in_words(self) -> str:
        """How to bet where nothing can be clicked."""
        asks = {UNTIL: f"how many seconds will {self._target} be silent", ASK_WHO: "who will have it then"}
        asked = ", and ".join(asks[one] for one in self._ask)
        at_s = f"{seconds(self.first.at_us):.3f}"
        done = label(self.first.action.content)
        return f'At {at_s} s: {done}; {asked}? In words: bet("{self.name}", …, {self.example})'

    @property
    def example(self) -> str:
        """What to write where nothing can be clicked."""
        values = {UNTIL: "silent_s=2.5", ASK_WHO: f'who="{self._servers[-1] if self._servers else "nobody"}"'}
        return ", ".join(values[one] for one in self._ask)

    def _message(self, kind: str, text: str) -> Message:
        return Message(kind, text, "", store().take_notes())

    def _verdict(self, asked: str, guess: Guess, is_this: bool) -> str:
        truth, unit = _truth(self.first, asked)
        told = self.first.silence_told if asked == UNTIL else self.first.owner_told
        right = asked == ASK_WHO and is_close(guess, truth)
        words = (RIGHT if right else OTHERWISE).format(said=in_words(guess, unit), told=told)
        return words if is_this else words.replace("You said ", "Your first guess stays: ", 1)


def _truth(bet: Bet, asked: str) -> tuple[Guess, str]:
    """What the answer to a question is, and its unit."""
    return (bet.silent_s, "s") if asked == UNTIL else (bet.owner, "")
