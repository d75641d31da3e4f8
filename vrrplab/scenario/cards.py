"""Cards that are made on others: VLANs and macvlans on one, bonds and bridges of several."""

from __future__ import annotations

from collections.abc import Iterable

from vrrplab.scenario.keys import INTERFACE
from vrrplab.scenario.parts import CARD_KINDS, Interface
from vrrplab.scenario.yaml_nodes import Node


def made_on(name: str, node: Node, cards: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """The parents and the kind of a card."""
    if not {"parent", "kind"} & set(node.mapping()):
        return (), ""
    parent, kind = node.need("parent"), INTERFACE.keys["kind"].kind.read(node.need("kind"))
    listed = parent.items() if isinstance(parent.plain, list) else [parent]
    parents = tuple(p.one_of([card for card in cards if card != name]) for p in listed)
    several = CARD_KINDS[kind]
    if not parents or (len(parents) > 1 and not several):
        least = "at least one" if several else "one"
        raise parent.error(f"{kind} {name} has {len(parents)} parents", f"it needs {least}")
    twice = next((card for card in parents if parents.count(card) > 1), "")
    if twice:
        raise parent.error(f"{kind} {name} has {twice} twice", "name each card once")
    return parents, kind


def ancestors(parents: tuple[str, ...], cards: dict[str, Interface]) -> set[str]:
    """All cards that these are made on, near and far."""
    found: set[str] = set()
    todo = list(parents)
    while todo:
        card = todo.pop()
        if card not in found:
            found.add(card)
            todo += cards[card].parents
    return found
