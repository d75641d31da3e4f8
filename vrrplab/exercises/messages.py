"""What an exercise answers: a sentence with a sign and a word, for a notebook and a terminal alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from vrrplab.output.page_text import MONO
from vrrplab.views.style import LIGHT

# kind: sign, word, colour of the edge (readable on light and on dark paper; sign and word say the same)
KINDS = {
    "passed": ("✔", "passed", LIGHT.green),
    "missed": ("✘", "not yet", LIGHT.vermillion),
    "unclear": ("?", "not understood", LIGHT.vermillion),
    "open": ("…", "", LIGHT.mute),
    "hint": ("→", "hint", LIGHT.blue),
    "note": ("•", "", LIGHT.blue),
    "table": ("", "", LIGHT.blue),
}

_CODE = re.compile(r"`([^`]+)`")


@dataclass(slots=True, repr=False, eq=False)
class Message:
    """What an exercise answers: it shows itself in a notebook, and is true if the exercise is passed.

    ``kind``: a key of KINDS. ``text``: what is said. ``notes``: what else happened, one line each.
    """

    kind: str
    text: str
    name: str = ""
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.kind == "passed"

    @property
    def _head(self) -> str:
        sign, word, _ = KINDS[self.kind]
        named = " ".join(part for part in (self.name, word) if part)
        return f"{sign} {named}: " if named else f"{sign} " if sign else ""

    def __repr__(self) -> str:
        return "\n".join([*(f"! {note}" for note in self.notes), self._head + self.text])

    def _repr_html_(self) -> str:
        colour = KINDS[self.kind][2]
        notes = "".join(f"<div>! {escape(note)}</div>" for note in self.notes)
        style = f"border-left:4px solid {colour};padding:.3em .8em;margin:.2em 0"
        if self.kind == "table":
            body = f"<pre style='margin:0;{MONO}'>{escape(self.text)}</pre>"
        else:
            told = _CODE.sub(r"<code>\1</code>", escape(self.text))
            body = f"<b>{escape(self._head)}</b>{told}"
        return f'<div style="{style}">{notes}{body}</div>'
