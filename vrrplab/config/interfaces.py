"""Which network interfaces a configuration depends on."""

from __future__ import annotations

from vrrplab.config.model import NodeConfig


def interfaces_of(node: NodeConfig) -> set[str]:
    """Every interface a configuration names: of instances, tracked ones (sync groups' too), of addresses.

    Also one that is named in vain, as a weight where the priority is 255: keepalived wants it to be there.
    """
    names = {i.interface for i in node.instances}
    names |= {t.name for i in node.instances for t in i.track_interfaces}
    names |= {t.name for group in node.sync_groups for t in group.track_interfaces}
    names |= {a.interface for i in node.instances for a in i.virtual_addresses + i.excluded_addresses}
    return names | (set(node.interfaces) - {"lo"})
