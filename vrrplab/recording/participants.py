"""Who takes part in a recording: its scenario, asked for the instance that something seen belongs to."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from vrrplab.config.model import InstanceConfig
from vrrplab.scenario.model import Scenario


class Cast(NamedTuple):
    """The scenario of a recording."""

    scenario: Scenario

    def instances(self, server: str) -> tuple[InstanceConfig, ...]:
        found = self.scenario.servers.get(server)
        return found.node.instances if found else ()

    def by_vrid(self, server: str, vrid: int, family: int) -> InstanceConfig | None:
        """The instance that sends this VRID; after a reload with another one, the only instance there is."""
        own = self.instances(server)
        fitting = [i for i in own if i.vrid == vrid and i.family == family]
        return fitting[0] if fitting else own[0] if len(own) == 1 else None

    def by_address(self, server: str, address: str) -> InstanceConfig | None:
        """The instance this address is configured for, from the start or by a reload."""
        actions = [a for a in self.scenario.actions if a.keys.get("server") == server]
        reloads = [a.node.instances for a in actions if a.node]
        for instance in chain(self.instances(server), *reloads):
            if any(v.address == address for v in instance.all_addresses):
                return instance
        return None
