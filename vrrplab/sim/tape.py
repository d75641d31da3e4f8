"""What a run writes down, entry by entry: a past that is shared with forks, and a part of its own."""

from __future__ import annotations

from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Past(Generic[Entry]):
    """Entries of before a fork, which nobody changes any more, behind those of before an earlier one."""

    __slots__ = ("before", "entries")

    def __init__(self, before: Past[Entry] | None, entries: list[Entry]) -> None:
        self.before = before
        self.entries = entries


class Tape(Generic[Entry]):
    """Entries in order; ``own.append`` writes the next one."""

    __slots__ = ("own", "past")

    def __init__(self) -> None:
        self.past: Past[Entry] | None = None
        self.own: list[Entry] = []

    def share(self) -> None:
        """All so far becomes the past, as a fork will share it."""
        if self.own:
            self.past, self.own = Past(self.past, self.own), []

    def begin_with(self, first: Entry) -> None:
        """In place of the first entry; who shares the past does not see it."""
        self.past, self.own = None, [first, *self.all()[1:]]

    def __len__(self) -> int:
        count, past = len(self.own), self.past
        while past is not None:
            count, past = count + len(past.entries), past.before
        return count

    def all(self) -> list[Entry]:
        """Every entry, the oldest first."""
        parts, past = [self.own], self.past
        while past is not None:
            parts.append(past.entries)
            past = past.before
        return [entry for part in reversed(parts) for entry in part]
