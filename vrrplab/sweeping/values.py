"""The values that something takes from run to run: ``0.1,0.25,1``  ``1..3/0.5``  ``10..13``.

A list and a range with a step are a grid: every value meets every value of whatever else varies. A range
without a step is drawn from, anew for each run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from vrrplab.errors import VrrplabError
from vrrplab.sweeping import draws

FORMS = "values are like 0.1,0.25,1 or 1..3/0.5 (each of them), or 10..13 (drawn anew for each run)"
FINEST = 6  # decimals: a microsecond
_MOST_DIGITS = 30

Cell = int | float | str


@dataclass(frozen=True, slots=True)
class Listed:
    """Values as they were written."""

    texts: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.texts)

    def at(self, place: int) -> str:
        return self.texts[place]

    def ends(self) -> Sequence[str]:
        """Values that say whether all others will do."""
        return self.texts

    def __str__(self) -> str:
        shown = self.texts if len(self.texts) <= 8 else (*self.texts[:6], "…", self.texts[-1])
        return ", ".join(shown)


@dataclass(frozen=True, slots=True)
class Stepped:
    """``count`` values from ``low`` on, ``step`` apart; none of them is made before it is needed."""

    low: Decimal
    step: Decimal
    count: int

    def at(self, place: int) -> str:
        return plain(self.low + self.step * place)

    def ends(self) -> Sequence[str]:
        return [self.at(0), self.at(self.count - 1)]

    def __str__(self) -> str:
        return f"{self.at(0)}..{self.at(self.count - 1)} in steps of {plain(self.step)}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Drawn anew for each run: ``low`` and whatever follows it in steps of 10^-``decimals``, ``choices`` in
    all, each as likely.
    """

    low: int  # in those steps
    choices: int
    decimals: int

    count = 1  # of the grid

    def drawn(self, key: int, run: int) -> str:
        return self._text(self.low + draws.below(key, run, self.choices))

    def ends(self) -> Sequence[str]:
        return [self._text(self.low), self._text(self.low + self.choices - 1)]

    def _text(self, steps: int) -> str:
        return plain(Decimal(steps).scaleb(-self.decimals))

    def __str__(self) -> str:
        return f"{self._text(self.low)}..{self._text(self.low + self.choices - 1)}, drawn for each run"


Values = Listed | Stepped | Drawn


def read_values(text: str, name: str, *, continuous: bool) -> Values:
    """The values of ``name``, as they stand behind its ``=``. VrrplabError: they are none.

    ``continuous``: drawn to the microsecond, whatever decimals the ends of a range have.
    """
    parts = [part.strip() for part in text.split(",")]
    if not text.strip():
        raise _wrong(name, text, "names no value")
    if "" in parts:
        raise _wrong(name, text, "has a comma with no value beside it")
    if len(parts) == 1 and ".." in text:
        return _range(parts[0], name, continuous)
    texts: list[str] = []
    for part in parts:
        if ".." not in part:
            texts.append(part)
            continue
        inner = _range(part, name, continuous)
        if isinstance(inner, Drawn):
            raise _wrong(name, text, f"{part} is drawn from, and stands alone then")
        if inner.count > 100_000:
            raise _wrong(name, text, f"{part} has {inner.count:,} values, and stands alone then")
        texts += [inner.at(place) for place in range(inner.count)]
    seen: set[str] = set()
    for one in texts:
        if one in seen:
            raise _wrong(name, text, f"{one} is there twice")
        seen.add(one)
    return Listed(tuple(texts))


def cell(text: str) -> Cell:
    """A value in a table: a number where it is one."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if abs(value) < 2**63:  # neither nan nor inf
            return value
    return text


def is_number(text: str) -> bool:
    """A finite number, however large?"""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def plain(number: Decimal) -> str:
    """``12.5``, never ``1.25E+1``; no zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _range(text: str, name: str, continuous: bool) -> Values:
    ends, slash, step_text = text.partition("/")
    low_text, _, high_text = ends.partition("..")
    low, high = (_number(one, name, text) for one in (low_text, high_text))
    if high < low:
        raise _wrong(name, text, "is an empty range", f"{high_text.strip()}..{low_text.strip()}?")
    if slash:
        step = _number(step_text, name, text)
        if step <= 0:
            raise _wrong(name, text, "has a step that leads nowhere", f"{ends}/1?")
        return Stepped(low, step, int((high - low) / step) + 1)
    if low == high:
        return Listed((low_text.strip(),))
    decimals = FINEST if continuous else min(FINEST, max(_decimals(low), _decimals(high)))
    first, last = (int(end.scaleb(decimals).to_integral_value()) for end in (low, high))
    while last - first >= draws.MOST and decimals:  # far apart, nobody asks for microseconds
        decimals -= 1
        first, last = (int(end.scaleb(decimals).to_integral_value()) for end in (low, high))
    if last - first >= draws.MOST:
        raise _wrong(name, text, "is too wide to be drawn from", "give a step")
    return Drawn(first, last - first + 1, decimals)


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


def _number(text: str, name: str, whole: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or len(text) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise _wrong(name, whole, f"{text.strip()!r} is no number", FORMS)
    return number


def _wrong(name: str, text: str, what: str, hint: str = FORMS) -> VrrplabError:
    return VrrplabError(f"--vary {name}={text}: {what} - {hint}")
