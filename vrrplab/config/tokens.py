"""One line of keepalived.conf: comments off, words apart. No files, no blocks, no meaning.

The rules are those of keepalived's own reader, surprises included:

- ``#`` and ``!`` start a comment anywhere outside double quotes, also inside a word:
  ``auth_pass k@l!ve1`` is the word ``k@l``.
- ``"`` keeps blanks together; a quote in the middle of a word starts a new word.
- Commands (``script``, ``notify…``) are split a second time, with ``'``, ``"`` and ``\\`` escapes.

Called by ``lines`` (comments) and by ``blocks`` and the keyword handlers (words).
"""

from __future__ import annotations

WHITE_SPACE = " \t\f\n\r\v"
BLANKS = " \t"

_ESCAPES = {"a": "\a", "b": "\b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_OCTAL_DIGITS = frozenset("01234567")


class QuoteError(ValueError):
    """A quote without its partner, or a backslash with nothing after it; ``log``: the daemon's words."""

    def __init__(self, message: str, log: str) -> None:
        super().__init__(message)
        self.log = log


def decomment(line: str, *, keeps_continuation: bool = True) -> tuple[str, str | None]:
    """The line without comment and outer blanks; and, when a quote stayed open, the text it was in.

    ``keeps_continuation``: 2.2.7 looks for a closing backslash even inside the comment, so
    ``# text \\`` leaves a lone backslash; 2.4.3 stops at the comment sign.
    """
    text = line.lstrip(BLANKS)
    if not any(sign in text for sign in '!#"\\'):  # the usual line
        return text.rstrip(BLANKS), None
    quoted = continued = False
    comment_at = -1
    kept: list[str] = []
    length = i = 0
    while i < len(text):
        char = text[i]
        if char == '"':
            if comment_at < 0:
                quoted = not quoted
        elif char == "\\":
            if i + 1 == len(text):
                continued = True
                break
            if not quoted and text[i + 1] in "#!":
                i += 1  # the backslash goes, the sign stays
            else:
                kept.append(char)
                length += 1
                i += 1
            kept.append(text[i])
            length += 1
            i += 1
            continue
        elif char in "!#" and not quoted and comment_at < 0:
            comment_at = length
            if not keeps_continuation:
                break
        kept.append(char)
        length += 1
        i += 1
    result = whole = "".join(kept)
    if comment_at >= 0:
        result = result[:comment_at]
    result = result.rstrip(BLANKS)
    return (result + "\\" if continued else result), (whole if quoted else None)


def split_words(text: str) -> tuple[list[str], bool]:
    """The words of a line, and whether a double quote stayed open (the rest is then dropped)."""
    if '"' not in text and text.isascii() and not any(char in text for char in "\x1c\x1d\x1e\x1f"):
        return text.split(), False  # str.split knows more blanks than C does, hence the test
    words: list[str] = []
    i, end = 0, len(text)
    while True:
        while i < end and text[i] in WHITE_SPACE:
            i += 1
        if i == end:
            return words, False
        if text[i] == '"':
            close = text.find('"', i + 1)
            if close < 0:
                return words, True
            words.append(text[i + 1 : close])
            i = close + 1
        else:
            start = i
            while i < end and text[i] not in WHITE_SPACE and text[i] != '"':
                i += 1
            words.append(text[start:i])


def split_command(text: str, *, keep_escapes: bool = False) -> list[str]:
    """Words with ``'…'``, ``"…"`` and backslash escapes resolved, as for a script line.

    ``keep_escapes``: an escaped character ends no quote, but backslash and all stay in the word.
    Raises QuoteError for an open quote or a backslash at the very end.
    """
    words: list[str] = []
    quote = ""
    i, end = 0, len(text)
    while i < end:
        while i < end and text[i] in WHITE_SPACE:
            i += 1
        if i == end:
            break
        word: list[str] = []
        while i < end:
            char = text[i]
            if char == "\\":
                i += 1
                if i == end:
                    raise QuoteError(
                        "a backslash at the end escapes nothing", f"Missing escape char at end: '{text}'"
                    )
                if keep_escapes:
                    word.append(text[i - 1 : i + 1])
                    i += 1
                else:
                    escaped, i = _escape(text, i)
                    word.append(escaped)
            elif quote:
                i += 1
                if char == quote:
                    quote = ""
                else:
                    word.append(char)
            elif char in "\"'":
                quote = char
                i += 1
            elif char in WHITE_SPACE:
                break
            else:
                word.append(char)
                i += 1
        if quote:
            raise QuoteError(
                f"the closing {quote} is missing", f"String '{text}': missing terminating {quote}"
            )
        words.append("".join(word))
    return words


def _escape(text: str, i: int) -> tuple[str, int]:
    """The character meant by what follows a backslash, and where to go on."""
    char = text[i]
    following = text[i + 1 : i + 2]
    if char == "x" and following in _HEX_DIGITS and following:
        i += 1
        value = 0
        while i < len(text) and text[i] in _HEX_DIGITS:
            value = (value << 4 | int(text[i], 16)) & 0xFF
            i += 1
        return chr(value), i
    if char == "c" and following:
        return chr(ord(following) & 0x1F), i + 2
    if char in _OCTAL_DIGITS:
        start = i
        while i < len(text) and i < start + 3 and text[i] in _OCTAL_DIGITS:
            i += 1
        return chr(int(text[start:i], 8) & 0xFF), i
    return _ESCAPES.get(char, char), i + 1
