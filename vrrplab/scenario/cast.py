"""What a trace says of an instance at its start: the same for simulator, live router and recordings."""

from __future__ import annotations

from typing import Any

from vrrplab.config.model import InstanceConfig
from vrrplab.units import seconds


def instance_fields(instance: InstanceConfig) -> dict[str, Any]:
    """The instance's options that views and readers of a trace ask for; ``advert_int_s`` in seconds."""
    every_s = seconds(instance.advert_interval_us)
    return {
        "vrid": instance.vrid,
        "interface": instance.interface,
        "priority": instance.base_priority,
        "state": instance.state,
        "version": instance.version,
        "advert_int_s": int(every_s) if every_s.is_integer() else every_s,  # 1, as in the file, not 1.0
        "preempt": instance.preempt,
        "virtual_addresses": [a.with_prefix for a in instance.virtual_addresses],
    }
