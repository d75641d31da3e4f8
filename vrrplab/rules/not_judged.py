"""What ``config check`` did not look at, said last: nobody should take its silence for praise."""

from __future__ import annotations

from vrrplab.rules.cluster import Cluster


def not_judged(cluster: Cluster) -> list[str]:
    """A phrase each, the general ones first."""
    found = []
    if len(cluster.nodes) == 1:
        found.append("the other nodes' files, of which none was given")
    if any(node.config.scripts for node in cluster):
        found.append("what the scripts do")
    without = [node.name for node in cluster if node.addresses is None]
    if without:
        of = "" if len(without) == len(cluster.nodes) else f" of {', '.join(without)}"
        found.append(f"the hosts' real addresses and interfaces{of} (--addresses)")
    words: dict[str, None] = {}
    lvs = False
    for node in cluster:
        for warning in node.config.warnings:
            lvs |= warning.kind == "lvs"
            if warning.kind == "not-modelled":
                words[warning.message.removesuffix(" is known but not modelled").strip("'")] = None
    if words:
        most = 6
        more = f" and {len(words) - most} more" if len(words) > most else ""
        found.append(f"options that vrrplab does not model ({', '.join([*words][:most])}{more})")
    if lvs:
        found.append("the load balancer's part (LVS)")
    return found
