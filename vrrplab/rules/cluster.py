"""A cluster as the rules see it: its nodes, and which instances of them are one virtual router."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from vrrplab.config.model import InstanceConfig
from vrrplab.scenario.infer_networks import Card, networks
from vrrplab.scenario.nodes import Node

_Fact = TypeVar("_Fact")


@dataclass(frozen=True, slots=True)
class Member:
    """An instance of a node."""

    node: Node
    instance: InstanceConfig


@dataclass(frozen=True, slots=True)
class VirtualRouter:
    """The instances of several nodes that speak for one VRID on one network; by the nodes' order."""

    network: str
    vrid: int
    family: int
    members: tuple[Member, ...]


class Cluster:
    """``nodes`` in the order in which they were given; ``daemon``: whose behaviour they have."""

    def __init__(self, nodes: Iterable[Node], profile: str = "keepalived-2.2.7") -> None:
        self.nodes: tuple[Node, ...] = tuple(nodes)
        self.profile = profile
        self._remembered: dict[str, object] = {}

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    @cached_property
    def networks(self) -> dict[Card, str]:
        """(node, interface) -> the name of its network, as far as the files tell."""
        return networks({node.name: node.config for node in self.nodes})

    @cached_property
    def routers(self) -> Sequence[VirtualRouter]:
        """The virtual routers, in the order of the first file that has them."""
        found: dict[tuple[str, int, int], list[Member]] = {}
        for node in self.nodes:
            for instance in node.config.instances:
                network = self.networks[node.name, instance.interface]
                found.setdefault((network, instance.vrid, instance.family), []).append(Member(node, instance))
        return [VirtualRouter(*key, tuple(members)) for key, members in found.items()]

    def remembered(self, name: str, found: Callable[[], _Fact]) -> _Fact:
        """What ``found`` says, asked once: for what several rules want to know of a cluster."""
        if name not in self._remembered:
            self._remembered[name] = found()
        return self._remembered[name]  # type: ignore[return-value]
