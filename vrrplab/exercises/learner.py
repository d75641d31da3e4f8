"""What a learner calls in a notebook: guess, compare, check, see how far one is, begin anew.

Nothing here fails because cells ran in another order, twice, or after a restart of the kernel: everything is
in the progress file (``store``).
"""

from __future__ import annotations

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.exercises import again
from vrrplab.exercises.answers import as_guess, is_open, short_repr
from vrrplab.exercises.guesses import (
    NO_GUESS,
    differ,
    distance,
    in_words,
    keep_guess,
    keep_outcome,
    kind_of,
    read_guess,
)
from vrrplab.exercises.hints import STAGES, hints_of
from vrrplab.exercises.messages import Message
from vrrplab.exercises.registry import Miss, NotUnderstood, find_exercise
from vrrplab.exercises.store import now_text, store


def predict(name: str, guess: object) -> Message:
    """Keep a guess before the run: a number, a server's name, yes or no. ``...`` is no guess yet.

    The first guess counts once the outcome has been seen (``compare``); until then it may be changed. A
    guess of another kind than what is asked for under that name gets a sentence and is not kept.
    VrrplabError: ``name`` is no text.
    """
    _check_name(name, "predict")
    if is_open(guess):
        return _with_notes("open", NO_GUESS)
    kind = kind_of(name)
    try:
        value = read_guess(guess, kind)
    except NotUnderstood as what:
        return _with_notes("open", str(what))
    unit = kind.unit or ""
    with store().change() as progress:
        entry = progress.predictions.setdefault(name, {})
        seen = "outcome" in entry and "guess" in entry
        if not keep_guess(entry, value):
            first = in_words(entry["guess"], unit)
            said = f"You have seen what happened, so your first guess stays: {first}."
        elif seen:
            said = f"Your guess was {in_words(value, unit)}."
        else:
            said = f"Your guess: {in_words(value, unit)}. Now let it happen."
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
    happened = in_words(value, unit)
    with store().change() as progress:
        entry = progress.predictions.setdefault(name, {})
        guess = entry.get("guess")
        if guess is None:
            keep_outcome(entry, value, unit)
            said = f"It was {happened}. You made no guess; the next one is yours."
        elif not (said := differ(guess, value)):
            keep_outcome(entry, value, unit)
            said = f"You said {in_words(guess, unit)}. It was {happened}. {distance(guess, value, unit)}"
            return _with_notes("note", said)
    return _with_notes("note" if guess is None else "open", said)


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
    return _with_notes(kind, keep_result(name, kind, answer, said), name)


def keep_result(name: str, kind: str, answer: object, said: str) -> str:
    """Keep how a try at an exercise ended (a kind of Message); the sentence that the learner gets.

    What was not understood is no try. After the first answer that passed nothing changes any more.
    """
    with store().change() as progress:
        before = dict(progress.exercises.get(name, {}))
        if kind not in ("passed", "missed") or before.get("passed") is True:
            return said
        entry = progress.exercises.setdefault(name, {})
        told = short_repr(answer)
        if kind == "missed":
            entry.update(again.counted(before, told, said))
        entry.update(
            passed=kind == "passed", tries=entry.get("tries", 0) + 1, answer=told, said=said, at=now_text()
        )
    return again.retold(name, said, before, entry) if kind == "missed" else said


def hint(name: str) -> Message:
    """Help with an exercise, a step at a time: where to look, the rule, and a case nearby that is worked out.

    Each call tells the next of the three; a fourth one repeats the last. Hints are counted until the exercise
    is passed, and progress() shows how many. VrrplabError: no exercise has that name.

    >>> vrrplab.hint("02-patience")
    → 02-patience hint: 1 of 3, where to look. “Where the number comes from” has both formulas. ...
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
    """How far this learner is: a map of all notebooks, their exercises and guesses, and what became of each.

    They are kept in ``.vrrplab-progress.json`` in the folder of the notebook, or where VRRPLAB_PROGRESS
    says. Raises nothing: a file that cannot be used is told in a note, and progress is kept in memory.
    """
    from vrrplab.exercises.course import course_of
    from vrrplab.exercises.course_map import MapMessage

    course = course_of(store().read())
    return MapMessage(course, store().take_notes())


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
        return _with_notes(
            "note", f"Forgotten: {gone} {'entry' if gone == 1 else 'entries'} of {short_repr(name)[:60]}."
        )
    return _with_notes(
        "note", f"Nothing is stored under {short_repr(name)[:60]!r}; progress() lists what is."
    )


def _with_notes(kind: str, text: str, name: str = "") -> Message:
    return Message(kind, text, name, store().take_notes())


def _check_name(name: object, function: str) -> None:
    if not isinstance(name, str) or not name.strip():
        raise VrrplabError(f'{function}() takes a name first, like {function}("02-takeover", 3.5)')


def _unjudged(error: Exception) -> str:
    return (
        f"This exercise cannot judge that answer ({type(error).__name__} on the way): something happened in"
        " the run that it did not expect. Try one that changes less."
    )
