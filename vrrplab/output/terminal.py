"""What may be written to a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
