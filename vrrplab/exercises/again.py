"""What is said of a miss that is not the first: never the same words for ever, and a hint in time.

A judge says what it saw, and sees the same as often as the same is tried. Whoever reads one sentence three
times has stopped reading it; so in front of it stands what is new (how often, and whether the answer or only
the sentence is the same), and behind it where help is.
"""

from __future__ import annotations

import re

from vrrplab.exercises.hints import STAGES
from vrrplab.exercises.store import Entry

OFFERED_AFTER = 3  # misses: then a hint is offered
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh"}
_NEXT = ("says where to look", "tells the rule", "shows a case nearby")


def counted(before: Entry, answer: str, said: str) -> Entry:
    """What changes in the entry of an exercise when an answer has missed: ``again`` how often in a row a miss
    of this kind, ``unchanged`` how often in a row this very answer.
    """
    missed = before.get("passed") is False
    alike = missed and _kind(said) == _kind(before.get("said", ""))
    same = missed and answer == before.get("answer")
    return {
        "again": before.get("again", 0) + 1 if alike else 0,
        "unchanged": before.get("unchanged", 0) + 1 if same else 0,
    }


def retold(name: str, said: str, before: Entry, now: Entry) -> str:
    """The sentence of a miss, with what this one has in common with the ones before it."""
    return " ".join(part for part in (_lead(said, before, now), said, _offer(name, now)) if part)


def _lead(said: str, before: Entry, now: Entry) -> str:
    again, unchanged = now.get("again", 0), now.get("unchanged", 0)
    if unchanged == 1:
        return "The same answer gives the same run:"
    if unchanged:
        return f"This answer for the {_th(unchanged + 1)} time, and every run of it is the same:"
    if not again:
        return ""
    if said != before.get("said"):
        return "Still:" if again == 1 else f"Still, for the {_th(again + 1)} time:"
    if again == 1:
        return "What you changed makes no difference to this:"
    return f"For the {_th(again + 1)} time now, whatever you changed in between:"


def _offer(name: str, now: Entry) -> str:
    if now.get("tries", 0) < OFFERED_AFTER:
        return ""
    told = now.get("hints", 0)
    if told < len(STAGES):
        return f'hint("{name}") {_NEXT[told]}.'
    return f'The case nearby, in hint("{name}"), is built like this one: put your numbers into it.'


def _kind(said: str) -> str:
    """The sentence without its numbers: the same is seen, of another answer."""
    return _NUMBER.sub("#", said)


def _th(number: int) -> str:
    if number in _ORDINALS:
        return _ORDINALS[number]
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
