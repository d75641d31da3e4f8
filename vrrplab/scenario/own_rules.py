"""Rules of VRRP that somebody changes for an experiment: functions in place of those of the profile.

A rule of one's own may be wrong in ways that a profile's never is. It is looked at before it is used, and
each answer as it comes; what does not fit is a RuleError, in one line.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vrrplab import arguments
from vrrplab.errors import RuleError, VrrplabError
from vrrplab.machine.policy import ANSWERS, Announced, Heard, Waiting
from vrrplab.machine.profiles import Profile
from vrrplab.units import SECOND_US

Rule = Callable[[Any], Any]
LONGEST_US = 3600 * SECOND_US
# More often than that an address is not announced: a run would hold nothing else.
SHORTEST_US = 10_000


def _skew(answer: Any) -> str:
    return "" if _whole(answer) and 0 <= answer <= LONGEST_US else f"whole microseconds, 0 to {LONGEST_US:_}"


def _answer(answer: Any) -> str:
    words = " or ".join(f'"{word}"' for word in ANSWERS)
    return "" if isinstance(answer, str) and answer in ANSWERS else f"return {words}"


def _again(answer: Any) -> str:
    fits = answer is None or (_whole(answer) and SHORTEST_US <= answer <= LONGEST_US)
    return "" if fits else f"whole microseconds, {SHORTEST_US:_} to {LONGEST_US:_}, or None for never"


def _whole(answer: Any) -> bool:
    return isinstance(answer, int) and not isinstance(answer, bool)


# By the field of Profile: the question that such a rule is asked, and what is to be said of a wrong answer.
RULES: dict[str, tuple[type, Callable[[Any], str]]] = {
    "skew_us": (Waiting, _skew),
    "answer": (Heard, _answer),
    "announce_again_us": (Announced, _again),
}


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A rule of one's own that is asked twice, and whose answer is looked at. It is equal only to itself."""

    field: str
    rule: Rule

    def __call__(self, question: Any) -> Any:
        first, again = self._ask(question), self._ask(question)
        if wrong := RULES[self.field][1](first):
            told = arguments.short_repr(first)
            if isinstance(first, float):
                wrong += "; // divides without a rest, / does not"
            raise self._error(question, f"returned {told}", wrong)
        if first != again:
            told = f"returned {arguments.short_repr(first)}, and then {arguments.short_repr(again)}"
            raise self._error(question, told, "the same question has one answer: no chance, clock or counter")
        return first

    def _ask(self, question: Any) -> Any:
        try:
            return self.rule(question)
        except Exception as error:  # whatever somebody's function does
            line = _line_of(self.rule, error)
            told = f"raised {type(error).__name__} ({arguments.short_repr(str(error))[1:-1]}){line}"
            raise self._error(question, told, f"call it yourself: {rule_name(self.rule)}(...)") from None

    def _error(self, question: Any, told: str, cure: str) -> RuleError:
        return RuleError(self.field, f"{rule_name(self.rule)}({question!r}) {told}", cure)


def checked_rules(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """Those rules, if they can be asked. VrrplabError: no such rule, or not a function of one question."""
    for field, rule in rules.items():
        question = RULES[arguments.known(field, "rule", RULES)][0].__name__
        example = f"def {field}(it): ..."
        if not callable(rule):
            raise VrrplabError(f"{field} is {arguments.short_repr(rule)}: give a function, like {example}")
        try:
            inspect.signature(rule).bind(None)
        except TypeError:
            wanted = f"a function of one question (a {question}), like {example}"
            raise VrrplabError(f"{field} is {rule_name(rule)}: give {wanted}") from None
        except ValueError:  # a built-in that does not say what it takes
            pass
    return dict(rules)


def with_rules(profile: Profile, rules: Mapping[str, Rule]) -> Profile:
    """The profile with these rules, each guarded."""
    if not rules:
        return profile
    guarded: dict[str, Any] = {field: Checked(field, rule) for field, rule in rules.items()}
    return replace(profile, **guarded)


def in_words(rules: Mapping[str, Rule]) -> str:
    """Which rules are changed: ``skew_us = quick``, or ""."""
    return ", ".join(f"{field} = {rule_name(rule)}" for field, rule in rules.items())


def rule_name(rule: Rule) -> str:
    """What its author called it."""
    name = getattr(rule, "__name__", "") or type(rule).__name__
    return "a lambda" if name == "<lambda>" else str(name)


def _line_of(rule: Rule, error: Exception) -> str:
    """Where in the function's own text it happened: ", line 3 of it"."""
    code = getattr(rule, "__code__", None)
    if code is None:
        return ""
    lines = [frame.f_lineno for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code is code]
    return f" in line {lines[-1] - code.co_firstlineno + 1} of it" if lines else ""
