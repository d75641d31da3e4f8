"""What each guess of the lessons is a guess of: one table, for who keeps guesses, compares and lists them.

A guess whose name stands in no table is somebody's own. It is taken as it is, and only set beside what is of
its kind: seconds beside seconds, a name beside a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from vrrplab.exercises.answers import Guess, as_guess, is_number, short_repr
from vrrplab.exercises.registry import NotUnderstood
from vrrplab.exercises.store import Entry, now_text
from vrrplab.trace.bets import BOTH, NOBODY

NO_GUESS = "No guess yet: write one in place of the dots. Being wrong costs nothing."
CLOSE_S = 0.3  # a guess so near, or within a tenth, is called close
WHO = "-who"  # behind the name of a bet: who has the address then
_SEVERAL = ("both", "several", "all", "two", "split brain")
_NO_ONE = ("nobody", "no one", "none", "no server")

_SHORT_ADDRESS = re.compile(r"\.\d{2,3}")


class Kind(NamedTuple):
    """What a guess is of: a number of ``unit``, or one of ``names``; neither: not known."""

    unit: str | None = None
    names: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """What is to be written, in words."""
        if self.names:
            return f"one of {', '.join(repr(name) for name in self.names)}"
        if self.unit == "s":
            return "a number of seconds, in digits, like 2.5"
        if self.unit:
            return f"a number of {self.unit}, in digits, like 3"
        if self.unit is not None:
            return "a number, in digits, like 3"
        return "a number like 2.5, a name in quotes, True or False"


SECONDS = Kind("s")
NUMBER = Kind("")
ANY = Kind()


def of(unit: str) -> Kind:
    return Kind(unit)


def who(servers: Iterable[str]) -> Kind:
    """One of these servers, nobody, or several at once."""
    return Kind(names=(*servers, NOBODY, BOTH))


_PROXIES = who(("proxy-serv01", "proxy-serv02"))

# What the lessons ask for, in their order. A bet on who has the address afterwards is called NAME-who.
GUESSES: dict[str, Kind] = {
    "00-cable": SECONDS,
    "00-back": _PROXIES,
    "01-chosen": of("bytes"),
    "02-silence": SECONDS,
    "02-shortest": SECONDS,
    "02-farewell": SECONDS,
    "03-start": of("addresses"),
    "03-two-numbers": of("servers"),
    "04-lan": SECONDS,
    "04-wan": SECONDS,
    "04-squid": SECONDS,
    "05-weak": _PROXIES,
    "05-positive": NUMBER,
    "05-slow": SECONDS,
    "06-lost": SECONDS,
    "06-kill": SECONDS,
    "07-firewall": SECONDS,
    "07-deaf-master": NUMBER,
    "07-after": SECONDS,
    "08-bound": SECONDS,
    "08-later": SECONDS,
    "09-half": of("adverts"),
    "09-tenth": SECONDS,
    "09-alarms": NUMBER,
    "09-day": NUMBER,
    "09-pause": NUMBER,
    "09-squid": SECONDS,
    "10-cable": SECONDS,
    "10-frozen": Kind(names=("MASTER", "BACKUP", "FAULT", "INIT")),
    "11-power": SECONDS,
    "11-row": SECONDS,
    "12-states": of("states"),
    "12-stranded": SECONDS,
    "13-tenth": SECONDS,
    "13-doubling": SECONDS,
}


def kind_of(name: str) -> Kind:
    """Of what the guess of that name is; ANY: nobody says."""
    if name not in GUESSES and name.endswith(WHO) and name.removesuffix(WHO) in GUESSES:
        return _PROXIES
    return GUESSES.get(name, ANY)


def read_guess(value: object, kind: Kind) -> Guess:
    """A guess of this kind, written in whatever way; NotUnderstood: a sentence that says what is wanted."""
    guess = as_guess(value)
    if isinstance(value, str) and guess is not None and _is_name(value.strip(), kind):
        guess = short_repr(value.strip())
    if guess is None:
        raise NotUnderstood(f"A guess is {kind.wanted}.")
    if kind.names:
        guess = _one_of(guess, kind)
    elif kind.unit is not None and not is_number(guess):
        raise NotUnderstood(f"{_quoted(guess)} is no number: the guess here is {kind.wanted}.")
    if is_number(guess) and float(guess) < 0:
        raise NotUnderstood("Nothing that is guessed here is less than 0: write 0 or more.")
    return guess


def _is_name(said: str, kind: Kind) -> bool:
    """Is it a name although it may look like a number? ``.101`` is the end of an address, not a tenth."""
    return bool(kind.names) or (kind.unit is None and _SHORT_ADDRESS.fullmatch(said) is not None)


def _one_of(guess: Guess, kind: Kind) -> str:
    said = str(guess).strip().lower() if isinstance(guess, str) else ""
    found = [name for name in kind.names if said and same_name(said, name)]
    if BOTH in kind.names and said in _SEVERAL:
        found = [BOTH]
    if NOBODY in kind.names and said in _NO_ONE:
        found = [NOBODY]
    if len(found) != 1:
        raise NotUnderstood(
            f"{_quoted(guess)} is none of what is asked for: the guess here is {kind.wanted}."
        )
    return found[0]


def same_name(said: str, name: str) -> bool:
    """Is it that name, whole or as the pictures shorten it: serv01 of proxy-serv01, .101 of an address?"""
    said, name = said.strip().lower(), name.lower()
    if not said or not name.endswith(said):
        return said == name
    rest = name[: len(name) - len(said)]
    return not rest or not said[0].isalnum() or not rest[-1].isalnum()


def keep_guess(entry: Entry, guess: Guess) -> bool:
    """Into an entry of the store; False: what happened has been seen, so the first guess stays."""
    if "outcome" in entry and "guess" in entry and not differ(entry["guess"], guess):
        return bool(entry["guess"] == guess)
    entry.update(guess=guess, at=now_text())
    return True


def keep_outcome(entry: Entry, outcome: Guess, unit: str) -> None:
    """What happened; whether the guess was close is judged once."""
    entry.update(outcome=outcome, unit=unit)
    if "guess" in entry:
        entry.setdefault("close", is_close(entry["guess"], outcome))


def differ(guess: object, outcome: object) -> str:
    """Why the two cannot be set beside each other, as a sentence; "": they can."""
    told, happened = _sort(guess), _sort(outcome)
    if told == happened:
        return ""
    return (
        f"Your guess {_quoted(guess)} is {told}, and what happened is {happened}: the two cannot be compared."
        " Make the guess again, with predict()."
    )


def _sort(value: object) -> str:
    return "yes or no" if isinstance(value, bool) else "a number" if is_number(value) else "a name"


def _quoted(value: object) -> str:
    return in_words(value) if isinstance(value, bool) or is_number(value) else repr(short_repr(value)[:60])


def is_close(guess: object, outcome: object) -> bool:
    if is_number(guess) and is_number(outcome):
        away = abs(float(guess) - float(outcome))  # type: ignore[arg-type]
        return away <= max(CLOSE_S, abs(float(outcome)) / 10)  # type: ignore[arg-type]
    if isinstance(guess, bool) or isinstance(outcome, bool):
        return guess is outcome
    return isinstance(guess, str) and isinstance(outcome, str) and same_name(guess, outcome)


def in_words(value: object, unit: str = "") -> str:
    """As people write it: 2.64 s, yes, proxy-serv01."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_number(value):
        return f"{value:.3f}".rstrip("0").rstrip(".") + (f" {unit}" if unit else "")
    return short_repr(value)


def distance(guess: object, outcome: object, unit: str) -> str:
    """How far off it was, as a sentence."""
    if not (is_number(guess) and is_number(outcome)):
        return "You saw it coming." if is_close(guess, outcome) else "Find out why."
    away = float(outcome) - float(guess)  # type: ignore[arg-type]
    if abs(away) < 0.0005:
        return "Exactly."
    direction = "more" if away > 0 else "less"
    close = " That is close." if is_close(guess, outcome) else " Find out why."
    return f"{in_words(abs(away), unit)} {direction} than you thought.{close}"
