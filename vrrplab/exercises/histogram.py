"""What a class guessed, as bars of text: a line for each span of seconds or for each name."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from vrrplab.exercises.answers import is_number
from vrrplab.exercises.guesses import in_words, kind_of, same_name
from vrrplab.exercises.store import Entry
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import fitted, padded
from vrrplab.output.text_columns import width as columns_of

COLUMNS = 80
SPANS = 8  # of a number, at most; what lies beyond is in the last one
NAMES = 8  # that are told of; the rest are counted together
_LABEL = 18
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def histogram(name: str, entries: Sequence[Entry]) -> list[str]:
    """The lines about one guess of a class, each at most 80 columns; []: nobody made it.

    A ``◀`` marks the bar in which the truth lies.
    """
    guesses = [entry["guess"] for entry in entries if "guess" in entry]
    if not guesses:
        return []
    outcomes = [entry["outcome"] for entry in entries if "outcome" in entry]
    outcome = outcomes[0] if outcomes else None
    unit = kind_of(name).unit or next((str(e["unit"]) for e in entries if e.get("unit")), "")
    # No time is below zero, and none such is taken as a guess: a damaged file's is something else.
    numbers = [number for guess in guesses if (number := _length_of_time(guess)) is not None]
    if numbers and len(numbers) * 2 >= len(guesses):
        rows = _spans(numbers, _length_of_time(outcome))
        average = in_words(round(mean(numbers), 2), unit)
        alike = len(numbers) > 1 and min(numbers) == max(numbers)
        said = f"{'all ' if alike else ''}{len(numbers)} said {average}"
        if len(numbers) > 1 and not alike:
            said += f" in the mean, {in_words(round(median(numbers), 2), unit)} in the middle"
        if len(numbers) < len(guesses):
            said += f" ({len(guesses) - len(numbers)} something else)"
    else:
        rows = _names([in_words(guess) for guess in guesses], None if outcome is None else in_words(outcome))
        right = sum(here for _, count, here in rows for _ in range(count))
        said = f"{len(guesses)} guessed" if outcome is None else f"{right} of {len(guesses)} saw it coming"
    was = f"; it was {in_words(outcome, unit)}" if outcome is not None else ""
    head = f"{name}: {said}{was}"
    return [fitted(printable(head), COLUMNS).rstrip(), *_bars(rows)]


def _length_of_time(value: object) -> float | None:
    number = float(value) if is_number(value) else -1.0  # type: ignore[arg-type]
    return number if number >= 0 else None


Row = tuple[str, int, bool]  # label, how many, whether the truth lies here


def _bars(rows: list[Row]) -> list[str]:
    most = max(count for _, count, _ in rows)
    label = min(_LABEL, max(columns_of(text) for text, _, _ in rows))
    room = COLUMNS - label - 12
    return [
        f"  {fitted(printable(text), label)} {padded('█' * _length(count, most, room), 0)}"
        f"{' ' if count else ''}{count}{' ◀' if here else ''}"
        for text, count, here in rows
    ]


def _length(count: int, most: int, room: int) -> int:
    """As many blocks as people where they fit, else in proportion; never none for somebody."""
    return count if most <= room else max(1, count * room // most) if count else 0


def _spans(numbers: list[float], outcome: float | None) -> list[Row]:
    """Spans of equal width from 0; the last takes all that lies beyond."""
    known = sorted([*numbers, *([] if outcome is None else [outcome])])
    # One who typed 1000 shall not press all others into one bar: the span that nine of ten fit in counts.
    wide = max(known[(9 * len(known)) // 10 - 1], outcome or 0.0)
    step = next((one for one in _STEPS if wide < one * SPANS), _STEPS[-1])
    # In steps, and no more of them than are told: a damaged file's 1e308 has no whole number of steps.
    count = int(min(SPANS - 1, max(known) // step)) + 1

    def place(value: float) -> int:
        return int(min(count - 1, value / step + 1e-9))

    rows = []
    for n in range(count):
        beyond = n == count - 1 and known[-1] >= step * count
        label = f"{step * n:g} or more" if beyond else f"{step * n:g} to {step * (n + 1):g}"
        inside = sum(place(value) == n for value in numbers)
        rows.append((label, inside, outcome is not None and place(outcome) == n))
    while not rows[0][1] and not rows[0][2]:
        del rows[0]
    return rows


def _names(guesses: list[str], outcome: str | None) -> list[Row]:
    """The names by how often they were said; the truth is there too if nobody said it."""
    whole = list(dict.fromkeys([*guesses, *([] if outcome is None else [outcome])]))
    longest = {
        name: max((one for one in whole if same_name(name, one)), key=len, default=name) for name in whole
    }
    guesses = [longest[guess] for guess in guesses]  # serv02 is proxy-serv02
    told = list(dict.fromkeys(longest.values()))
    told.sort(key=lambda name: (-guesses.count(name), name))
    rows = [(n, guesses.count(n), outcome is not None and n == longest[outcome]) for n in told]
    kept = [row for place, row in enumerate(rows) if place < NAMES or row[2]]
    rest = sum(count for _, count, _ in rows) - sum(count for _, count, _ in kept)
    return [*kept, ("others", rest, False)] if rest else kept
