"""Reading answers: each function takes whatever a learner handed in and returns what the judge asked for,
or raises NotUnderstood with a sentence that says what would be right.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vrrplab.errors import VrrplabError
from vrrplab.exercises.registry import NotUnderstood

if TYPE_CHECKING:
    from vrrplab.scenario.model import Scenario

KEPT = 2000  # characters of an answer that go into the progress file

Guess = float | str | bool
SPOKEN = {"yes": True, "true": True, "no": False, "false": False}
# What may stand behind a number, and how many of what is meant by it: seconds, or pieces.
SCALE = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("byte", "bytes", "advert", "adverts", "server", "servers"), 1.0),
}
_MEASURE = re.compile(r"([+-]?(?:\d+[.,]?\d*|[.,]\d+))\s*([a-z]*)")


def is_open(answer: object) -> bool:
    """Is there a ``...`` left, alone, inside a list or table, or as a line of a text?"""
    if answer is ...:
        return True
    if isinstance(answer, str):
        return any(line.strip() == "..." for line in answer.splitlines())
    if isinstance(answer, Mapping):
        return any(is_open(part) for part in answer.values())
    if isinstance(answer, list | tuple | set | frozenset):
        return any(is_open(part) for part in answer)
    return False


def short_repr(answer: object) -> str:
    """The answer as short text, for messages and for the progress file; never fails.

    A function is told by its own text, where that is to be had.
    """
    try:
        text = answer if isinstance(answer, str) else _source(answer) or repr(answer)
    except Exception:
        text = f"<{type(answer).__name__}>"
    return text if len(text) <= KEPT else text[: KEPT - 1] + "…"


def _source(answer: object) -> str:
    if not inspect.isfunction(answer):
        return ""
    try:
        return inspect.getsource(answer).rstrip()
    except (OSError, TypeError):  # typed where nothing keeps it
        return answer.__name__


def as_guess(value: object) -> Guess | None:
    """A guess, or what happened: a finite number, a name, yes or no; None for anything else.

    A number may be written as text too: "3", "3,5", "3 s", "200 ms".
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        said = value.strip().lower()
        measure = _MEASURE.fullmatch(said)
        if measure and measure[2] in SCALE:
            value = float(measure[1].replace(",", ".")) * SCALE[measure[2]]
        else:
            return SPOKEN.get(said, short_repr(value.strip())) if said else None
    try:
        return number(value) + 0.0  # no -0
    except NotUnderstood:
        return None


def is_number(value: object) -> bool:
    """Of guesses, those that can be counted with: yes and no cannot."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(answer: object, example: str = "3.5") -> float:
    """A finite number; ``example`` shows the kind that is meant."""
    if isinstance(answer, bool) or answer is None or isinstance(answer, str | bytes):
        raise NotUnderstood(f"The answer here is a number, like {example}, without quotes or unit.")
    try:
        value = float(answer)  # type: ignore[arg-type]
    except Exception:  # whatever it is, it is no number
        raise NotUnderstood(f"The answer here is a number, like {example}.") from None
    if not math.isfinite(value):
        raise NotUnderstood(f"The answer here is an ordinary number, like {example}.")
    return value


def whole(answer: object, least: int, most: int, example: str) -> int:
    """A whole number within limits."""
    value = number(answer, example)
    if value != int(value):
        raise NotUnderstood(f"The answer here is a whole number, like {example}.")
    if not least <= value <= most:
        raise NotUnderstood(f"Only {least} to {most} can be written in its place.")
    return int(value)


def one_of(answer: object, words: Iterable[str], what: str) -> str:
    """One of some words; case and surrounding blanks do not matter."""
    known = list(words)
    if isinstance(answer, str):
        for word in known:
            if answer.strip().lower() == word.lower():
                return word
    raise NotUnderstood(f"The answer here is {what}: one of {', '.join(map(repr, known))}.")


def words(answer: object, known: Iterable[str], what: str) -> list[str]:
    """A list of words out of a few, each at most once; one word alone is a list of one."""
    parts = [answer] if isinstance(answer, str) else answer
    allowed = list(known)
    if not isinstance(parts, list | tuple | set | frozenset):
        raise NotUnderstood(f"The answer here is a list of {what}, like [{allowed[0]!r}].")
    return list(dict.fromkeys(one_of(part, allowed, f"a list of {what}") for part in parts))


def mac_address(answer: object, example: str) -> str:
    """A MAC address as six pairs of digits with colons between; ``example`` shows the kind that is meant."""
    given = re.sub(r"[-.]", ":", text(answer, f"a MAC address like {example!r}").strip().lower())
    if not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", given):
        raise NotUnderstood(f"A MAC address is six pairs of hexadecimal digits, like {example!r}.")
    return given


def text(answer: object, what: str) -> str:
    """A text with something in it."""
    if not isinstance(answer, str) or not answer.strip():
        raise NotUnderstood(f"The answer here is {what}, as text between quotes.")
    return answer


def scenario(answer: object) -> Scenario:
    """A Scenario, as ``variant`` makes it, or the YAML of one."""
    from vrrplab.scenario.model import Scenario

    if isinstance(answer, Scenario):
        return answer
    if isinstance(answer, str):
        from vrrplab.notebook.variants import from_yaml

        try:
            return from_yaml(answer)
        except VrrplabError as error:
            raise NotUnderstood(f"This is not a scenario that can be run. {error}") from None
    raise NotUnderstood("The answer here is a scenario, as variant(...) returns it.")


def table(answer: object, what: str) -> dict[str, Any]:
    """A dict with text keys."""
    if not isinstance(answer, Mapping) or not all(isinstance(key, str) for key in answer):
        raise NotUnderstood(f"The answer here is {what}: a table in braces, like {{'name': value}}.")
    return dict(answer)
