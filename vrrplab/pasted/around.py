"""What stands around the lines of a text that somebody copied: a mail's quotes, a terminal's colours, and the
zeros that a crash leaves in a file.
"""

from __future__ import annotations

import re

_AROUND = re.compile(r"^(?:> ?)+|\x1b\[[0-9;]*[A-Za-z]|\0+")


def bare(line: str) -> str:
    """The line without them."""
    return _AROUND.sub("", line) if line.startswith(">") or "\x1b" in line or "\0" in line else line


def bare_text(text: str) -> str:
    """Every line without them."""
    if ">" not in text and "\x1b" not in text and "\0" not in text:
        return text
    return "\n".join(map(bare, text.split("\n")))
