"""Hints for ``07_two_masters``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_07 import complaints, password, split
from vrrplab.exercises.observe import IP1, S1, S2, holders_in_words, outage_s, run
from vrrplab.notebook.variants import variant
from vrrplab.trace.events import AdvertSentEvent


def _two_versions() -> str:
    trace = run(variant("article-steady", edit={S2: {"priority ": "version 3\n    priority "}}))
    return (
        f"A sixth way: version 3 on {S2} only. In the run {holders_in_words(trace, IP1, 10)}, and the logs"
        f" say {complaints(trace)[0]!r}: the adverts arrive, for the right number, and are no good."
    )


def _seventh_character() -> str:
    edit = {S1: password("letmein1"), S2: password("letmeon1")}
    trace = run(variant("article-steady", edit=edit))
    seen = holders_in_words(trace, IP1, 15)
    return f"Take letmein1 and letmeon1: the sixth character differs. In the run, {seen}."


def _phases() -> str:
    sent = [e for e in split(15).of(AdvertSentEvent) if 14 <= e.t < 15 and e.addresses == [IP1]]
    told = " and ".join(f"{e.server} with priority {e.priority} at {e.t:.2f} s" for e in sent)
    weaker = min(sent, key=lambda event: event.priority)
    stronger = max(sent, key=lambda event: event.priority)
    return (
        f"In the last second of the split {IP1} is advertised by {told}, and a second later again. So for"
        f" .101 alone every moment between {stronger.t + 1:.2f} and {weaker.t + 1:.2f} s is good: the weaker"
        " one's advert comes next. Then look up the same for .102."
    )


def _every_ten() -> str:
    edit = {"priority ": "garp_master_refresh 10\n    priority "}
    out_s = {heal_s: outage_s(split(heal_s, edit, 60), IP1) for heal_s in (13.8, 15.0, 16.8)}
    told = ", ".join(f"{lost:.3g} s when they open at {heal:g} s" for heal, lost in out_s.items())
    return (
        f"With garp_master_refresh 10, closed at 7 s: {IP1} is out for {told}. It lasts until the next one."
    )


HINTS = {
    "07-silent": Hint(
        "Go through the five ways above: after which of them does a cell show a log line that complains?",
        "A daemon can complain only of an advert that arrives, and that is for its own VRID. Of what does not"
        " reach it, or is for another number, it knows nothing.",
        _two_versions,
    ),
    "07-eight": Hint(
        "How many bytes are there for a password in an advert? Notebook 01 shows them, as zeros.",
        "Only the first eight characters are sent, and only they are compared.",
        _seventh_character,
    ),
    "07-heal": Hint(
        "The loop above prints an outage for ten moments, and it is about .101 only. Which of them cost"
        " nothing?",
        "When the wire works again the next advert decides. If it is the weaker MASTER's, the stronger one"
        " hears it, and answers with GARPs. That must be so for .101 and for .102.",
        _phases,
    ),
    "07-cure": Hint(
        "“The cure” has the option. What does its number mean?",
        "A client that was left behind waits for the next announcement. With garp_master_refresh n that comes"
        " within n seconds, whenever the wire is healed.",
        _every_ten,
    ),
}
