"""What a learner calls in a notebook: guess, compare, check, see how far one is, begin anew.

Nothing here fails because cells ran in another order, twice, or after a restart of the kernel: everything is
in the progress file (``store``).
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.exercises import again
from vrrplab.exercises.answers import Guess, as_guess, is_number, is_open, short_repr
from vrrplab.exercises.hints import STAGES, hints_of
from vrrplab.exercises.messages import Message
from vrrplab.exercises.registry import Miss, NotUnderstood, find_exercise
from vrrplab.exercises.store import Entry, now_text, store

CLOSE_S = 0.3  # a guess so near, or within a tenth, is called close


def predict(name: str, guess: object) -> Message:
    """Keep a guess before the run: a number, a server's name, yes or no. ``...`` is no guess yet.

    The first guess counts once the outcome has been seen (``compare``); until then it may be changed.
    VrrplabError: ``name`` is no text. A guess that is none gets a sentence.
    """
    _check_name(name, "predict")
    if is_open(guess):
        return _with_notes("open", "No guess yet: write one in place of the dots. Being wrong costs nothing.")
    value = as_guess(guess)
    if value is None:
        return _with_notes(
            "open", "A guess is a number of seconds like 2.5, a name in quotes, True or False."
        )
    if is_number(value) and float(value) < 0:
        return _with_notes("open", "Nothing that is guessed here is less than 0: write 0 or more.")
    with store().change() as progress:
        entry = progress.predictions.setdefault(name, {})
        if "outcome" not in entry or "guess" not in entry:
            entry.update(guess=value, at=now_text())
            said = f"Your guess: {_in_words(value)}. Now let it happen."
        elif entry["guess"] == value:
            said = f"Your guess was {_in_words(value)}."
        else:
            said = f"You have seen what happened, so your first guess stays: {_in_words(entry['guess'])}."
    return _with_notes("note", said)


def compare(name: str, outcome: object, unit: str = "s") -> Message:
    """What happened, beside what was guessed under that name.

    ``outcome``: what ``predict`` was given a guess of; ``unit``: that of a number. VrrplabError: ``name``
    or ``unit`` is no text.

    >>> vrrplab.predict("outage", 3.6)
    • Your guess: 3.6. Now let it happen.
    >>> vrrplab.compare("outage", 2.66)
    • You said 3.6 s. It was 2.66 s. 0.94 s less than you thought. Find out why.
    """
    _check_name(name, "compare")
    arguments.text(unit, "unit")
    value = as_guess(outcome)
    if value is None:
        return _with_notes(
            "open", f"There is nothing to compare yet: {short_repr(outcome)[:60]} is no number or name."
        )
    happened = _in_words(value, unit)
    with store().change() as progress:
        entry = progress.predictions.setdefault(name, {})
        entry.update(outcome=value, unit=unit)
        if "guess" not in entry:
            said = f"It was {happened}. You made no guess; the next one is yours."
        else:
            guess = entry["guess"]
            entry.setdefault("close", _is_close(guess, value))
            said = f"You said {_in_words(guess, unit)}. It was {happened}. {_distance(guess, value, unit)}"
    return _with_notes("note", said)


def check(name: str, answer: object) -> Message:
    """Run the answer to an exercise through the simulator and say what happened.

    ``name``: as the notebook gives it (``progress()`` lists them). ``answer``: whatever the exercise asks
    for; ``...`` is none yet. The Message is true if it passes. VrrplabError: no exercise has that name; a
    wrong answer gets a sentence.

    >>> vrrplab.check("02-patience", ...)
    … 02-patience: not answered yet. Write your answer in place of the dots.
    """
    wanted = find_exercise(name)
    if is_open(answer):
        return _with_notes("open", f"{name}: not answered yet. Write your answer in place of the dots.")
    try:
        kind, said = "passed", wanted.judge(answer)
    except Miss as miss:
        kind, said = "missed", str(miss)
    except (NotUnderstood, VrrplabError) as error:
        kind, said = "unclear", str(error)
    except Exception as error:  # a judge that did not think of this answer: our mistake, not the learner's
        kind, said = "unclear", _unjudged(error)
    return _with_notes(kind, keep_result(name, kind, answer, said).said, name)


class Kept(NamedTuple):
    """What is known of an exercise after a try, and the sentence that the learner gets."""

    entry: Entry
    said: str


def keep_result(name: str, kind: str, answer: object, said: str) -> Kept:
    """Keep how a try at an exercise ended (a kind of Message).

    What was not understood is no try. After the first answer that passed nothing changes any more.
    """
    with store().change() as progress:
        before = dict(progress.exercises.get(name, {}))
        if kind not in ("passed", "missed") or before.get("passed") is True:
            return Kept(before, said)
        entry = progress.exercises.setdefault(name, {})
        told = short_repr(answer)
        if kind == "missed":
            entry.update(again.counted(before, told, said))
        entry.update(
            passed=kind == "passed", tries=entry.get("tries", 0) + 1, answer=told, said=said, at=now_text()
        )
    return Kept(dict(entry), again.retold(name, said, before, entry) if kind == "missed" else said)


def hint(name: str) -> Message:
    """Help with an exercise, a step at a time: where to look, the rule, and a case nearby that is worked out.

    Each call tells the next of the three; a fourth one repeats the last. Hints are counted until the exercise
    is passed, and progress() shows how many. VrrplabError: no exercise has that name.

    >>> vrrplab.hint("02-patience")
    → 02-patience hint: 1 of 3, where to look. “Where 3.609 comes from” has both formulas. ...
    """
    find_exercise(name, 'hint("02-quick")')
    with store().change() as now:
        entry = now.exercises.get(name, {})
        told = entry.get("hints", 0)
        if entry.get("passed") is not True and told < len(STAGES):
            now.exercises.setdefault(name, {})["hints"] = told + 1
    hints = hints_of(name)
    if entry.get("passed") is True:
        every = " ".join(f"{stage.capitalize()}: {hints.stage(n)}" for n, stage in enumerate(STAGES))
        return _with_notes("hint", f"you have passed this one; all three, to look back. {every}", name)
    number = min(told, len(STAGES) - 1)
    where = f"{number + 1} of {len(STAGES)}, {STAGES[number]}."
    if told == len(STAGES):
        where = f"there are no more than {len(STAGES)}; this is the last one again."
    return _with_notes("hint", f"{where} {hints.stage(number)}", name)


def progress() -> Message:
    """How far this learner is: exercises and guesses, notebook by notebook.

    They are kept in ``.vrrplab-progress.json`` in the folder of the notebook, or where VRRPLAB_PROGRESS
    says. Raises nothing: a file that cannot be used is told in a note, and progress is kept in memory.
    """
    from vrrplab.exercises.report import own_progress

    return _with_notes("table", own_progress(store().read()))


def reset(name: str = "") -> Message:
    """Begin anew: everything, or the exercise, guess or notebook (``"04"``) of that name.

    Everything at once is kept under another file name; nothing is deleted. VrrplabError: ``name`` is no
    text.
    """
    arguments.text(name, "name")
    kept = store()
    if not name:
        path = kept.put_away()
        told = f"What was there is kept as {path}." if path else "Nothing was stored."
        return _with_notes("note", f"You begin anew. {told}")
    gone = 0
    with kept.change() as now:
        for table in (now.exercises, now.predictions):
            for known in [n for n in table if n == name or (len(name) == 2 and n.startswith(f"{name}-"))]:
                del table[known]
                gone += 1
    if gone:
        return _with_notes("note", f"Forgotten: {gone} {'entry' if gone == 1 else 'entries'} of {name}.")
    return _with_notes(
        "note", f"Nothing is stored under {short_repr(name)[:60]!r}; progress() lists what is."
    )


def _with_notes(kind: str, text: str, name: str = "") -> Message:
    kept = store()
    notes, kept.notes = kept.notes, []
    return Message(kind, text, name, tuple(notes))


def _check_name(name: object, function: str) -> None:
    if not isinstance(name, str) or not name.strip():
        raise VrrplabError(f'{function}() takes a name first, like {function}("02-takeover", 3.5)')


def _unjudged(error: Exception) -> str:
    return (
        f"This exercise cannot judge that answer ({type(error).__name__} on the way): something happened in"
        " the run that it did not expect. Try one that changes less."
    )


def _is_close(guess: object, value: Guess) -> bool:
    if is_number(guess) and is_number(value):
        return abs(float(guess) - float(value)) <= max(CLOSE_S, abs(float(value)) / 10)  # type: ignore[arg-type]
    return isinstance(guess, str | bool) and str(guess).lower() == str(value).lower()


def _in_words(value: object, unit: str = "") -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_number(value):
        return f"{value:.3f}".rstrip("0").rstrip(".") + (f" {unit}" if unit else "")
    return short_repr(value)


def _distance(guess: object, value: Guess, unit: str) -> str:
    if not (is_number(guess) and is_number(value)):
        return "You saw it coming." if _is_close(guess, value) else "Find out why."
    away = float(value) - float(guess)  # type: ignore[arg-type]
    if abs(away) < 0.0005:
        return "Exactly."
    direction = "more" if away > 0 else "less"
    close = " That is close." if _is_close(guess, value) else " Find out why."
    return f"{_in_words(abs(away), unit)} {direction} than you thought.{close}"
