"""What may be shown: text in which nothing steers a terminal or hides from a reader.

Names, comments, paths and the text of captures come from strangers. A terminal obeys what some characters say
(colours, titles, another direction of writing), and some are seen by nobody: those are shown as escapes. The
escapes are JSON's: JSON stays what it was and reads back the same.

``printable`` is one field in a line, ``escaped`` text of any number of lines.
"""

from __future__ import annotations

import codecs
import re

from vrrplab.limits import SHOWN

# Not here, because it is ordinary writing: joiners (families of emoji, Persian, Indic scripts), variation
# selectors, spaces of any width, the signs that stand before Arabic and Syriac numbers.
_OBEYED = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: an ESC is one of them, and so is CSI as one byte
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the direction of writing
    "\u2028\u2029"  # ends of lines and paragraphs that few programs take for such
    "\xad\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # nobody sees them
    "\ud800-\udfff"  # no text at all: bytes of a file name, or half of a character
)
# The flags of England, Scotland and their like are spelled with characters that hide anything elsewhere.
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f"
_IN_LINE = re.compile(f"{_FLAG}|[{_OBEYED}]")
HIDDEN = _IN_LINE.pattern  # also for pages, which show the same
_IN_TEXT = re.compile(f"{_FLAG}|(?!\n)[{_OBEYED}]")
_IN_FILE = re.compile(f"{_FLAG}|(?![\n\t]|\r\n)[{_OBEYED}]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text: str, *, tabs: bool = False) -> str:
    """Text of any number of lines that cannot steer a terminal; a file of it can be shown with ``cat``.

    ``tabs``: they stay, and so do ends of lines as on Windows, as in a file that is read again, in which an
    escape would not mean one.
    """
    if text.replace("\n", "").isprintable():  # by far the quickest answer, and the usual one
        return text
    return (_IN_FILE if tabs else _IN_TEXT).sub(_shown, text)


def printable(text: str, most: int = SHOWN.most) -> str:
    """One field in a line: nothing in it steers a terminal or ends the line, and its middle may be left out.

    What was escaped before stays as it is. Nobody reads more than ``most`` characters; of more, the middle is
    left out and their number told.
    """
    shown = ends_of(text, 2 * most)
    shown = shown if shown.isprintable() else _IN_LINE.sub(_shown, shown)
    return ends_of(shown, most, f"…(of {len(text):,})…")


def ends_of(text: str, most: int, between: str = "") -> str:
    """Begin and end of a text that is much longer than ``most`` characters, with ``between`` between them.

    What was cut once is never cut again.
    """
    if len(text) <= most + len("…(of 1,000,000,000)…"):
        return text
    head = most * 3 // 4
    return text[:head] + between + text[len(text) - most + head :]


def _shown(found: re.Match[str]) -> str:
    text = found.group()
    return text if len(text) > 1 else _SHORT.get(text) or _escape(text)


def _escape(character: str) -> str:
    """``\\u009b``: as JSON has it, two of them for a character beyond U+FFFF."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _escape_unknown(error: UnicodeError) -> tuple[str, int]:
    """For a terminal that has not all characters."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_escape, error.object[error.start : error.end])), error.end


ESCAPES = "vrrplab-escapes"  # error handler of encoders: escapes as those of ``printable``
codecs.register_error(ESCAPES, _escape_unknown)
