"""The ``scenario`` event a trace begins with: who takes part, and what each instance was configured to do.

The same for simulator, live router and recordings; what the event's fields mean is said in ``trace``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.trace.events import cast_fields
from vrrplab.units import plain_seconds


def scenario_fields(
    name: str, description: str, origin: str, profile: str, nodes: Iterable[NodeConfig], **more: Any
) -> dict[str, Any]:
    """The event's fields. ``nodes``: all configurations, for their addresses; else as ``cast_fields``."""
    addresses = virtual_addresses(nodes)
    return cast_fields(name, description, origin, profile=profile, virtual_addresses=addresses, **more)


def server_fields(
    config: str, node: NodeConfig, interfaces: dict[str, Any], services: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One server: the name of its configuration and what it runs."""
    return {
        "config": config,
        "interfaces": interfaces,
        "services": services or {},
        "instances": {i.name: instance_fields(i) for i in node.instances},
    }


def instance_fields(instance: InstanceConfig) -> dict[str, Any]:
    """The instance's options that views and readers of a trace ask for; ``advert_int_s`` in seconds."""
    return {
        "vrid": instance.vrid,
        "interface": instance.interface,
        "priority": instance.base_priority,
        "state": instance.state,
        "version": instance.version,
        "advert_int_s": plain_seconds(instance.advert_interval_us),
        "preempt": instance.preempt,
        "virtual_addresses": [a.with_prefix for a in instance.virtual_addresses],
    }


def virtual_addresses(nodes: Iterable[NodeConfig]) -> list[str]:
    """All virtual addresses of all configurations, in order of appearance, no prefix."""
    found = (a.address for node in nodes for i in node.instances for a in i.all_addresses)
    return list(dict.fromkeys(found))
