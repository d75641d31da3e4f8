"""Who is who: which sender on the wire is which server, whose configuration somebody gave.

A source address that a file (or ``ip -j addr``) names decides; so does a log whose lines fit what a sender
did. Otherwise the sender is told by what its adverts say: priority, interval, version, virtual addresses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations
from math import perm

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.errors import VrrplabError
from vrrplab.machine.priority import OWNER
from vrrplab.scenario.infer_networks import own_address
from vrrplab.scenario.nodes import Node
from vrrplab.witness.node_logs import Stories
from vrrplab.witness.sightings import Heard, Sighting
from vrrplab.witness.timeline import Timeline

CERTAIN = 100.0  # an address that is named, or a log that fits: more than all that adverts say
ENOUGH = 0.5  # interval and version alone, which many have in common, make nobody of a sender
MOST_ORDERS = 50_000  # ways to give names to senders that are all looked at


@dataclass(slots=True)
class Who:
    """``server_of``: source address to server. ``instance_of``: server and virtual router, by its name in the
    capture, to the instance. ``strangers``: senders that are none of the servers.

    ``is_sure``: no other way to give the names fits as well.
    """

    server_of: dict[str, str] = field(default_factory=dict)
    instance_of: dict[tuple[str, str], InstanceConfig] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    is_sure: bool = True


def who_is_who(cluster: Sequence[Node], timeline: Timeline, stories: Stories | None, capture: str) -> Who:
    """VrrplabError where the configurations are not those of the capture."""
    nodes = {node.name: node.config for node in cluster}
    who = Who()
    routers = [part.router for part in timeline.routers]
    for router in routers:
        for name, node in nodes.items():
            instance = _instance_of(node, router)
            if instance is not None:
                who.instance_of[name, router.name] = instance
    ours = [router for router in routers if any(name == router.name for _, name in who.instance_of)]
    if not ours:
        raise VrrplabError(_other_cluster(cluster, routers, capture))
    senders: dict[str, dict[str, list[Sighting]]] = {}
    for router in ours:
        for sighting in router.sightings:
            senders.setdefault(sighting.source, {}).setdefault(router.name, []).append(sighting)
    known = _known_addresses(cluster)
    told = {story.address: story.node for story in stories.nodes if story.address} if stories else {}
    likeness = {
        (name, source): _likeness(name, source, heard, who, known, told)
        for name in nodes
        for source, heard in senders.items()
    }
    who.server_of, who.is_sure = _best(list(nodes), list(senders), likeness)
    who.strangers = [source for source in senders if source not in who.server_of]
    if not who.server_of:
        raise VrrplabError(
            f"{capture}: who sent VRRP there ({', '.join(senders)}) is none of {', '.join(nodes)} by address,"
            " priority or virtual addresses - name the files of those, or --addresses"
        )
    return who


def _instance_of(node: NodeConfig, router: Heard) -> InstanceConfig | None:
    """The instance of a virtual router; where a server has the VRID twice, the one with its addresses."""
    fitting = [i for i in node.instances if (i.vrid, i.family) == (router.vrid, router.ip_version)]
    heard = set(router.addresses)
    return max(fitting, key=lambda i: len(heard & {a.address for a in i.virtual_addresses}), default=None)


def _other_cluster(cluster: Sequence[Node], routers: Sequence[Heard], capture: str) -> str:
    seen = ", ".join(router.name for router in routers)
    own = sorted({i.vrid for node in cluster for i in node.config.instances})
    files = ", ".join(node.path for node in cluster)
    numbers = ", ".join(map(str, own)) if own else "none"
    return f"{capture} has {seen}, the files have VRID {numbers} ({files}) - name those of the same cluster"


def _known_addresses(cluster: Sequence[Node]) -> dict[str, set[str]]:
    """The addresses from which each server is known to send."""
    nodes = {node.name: node.config for node in cluster}
    known = {}
    for node in cluster:
        given = {text.partition("/")[0] for listed in (node.addresses or {}).values() for text in listed}
        named = {own_address(node.name, instance, nodes) for instance in node.config.instances}
        known[node.name] = (given | named) - {""}
    return known


def _likeness(
    name: str,
    source: str,
    heard: Mapping[str, list[Sighting]],
    who: Who,
    known: Mapping[str, set[str]],
    told: Mapping[str, str],
) -> float:
    """How much a sender is like a server; ``ENOUGH`` or less: it is not."""
    owners = [server for server, addresses in known.items() if source in addresses]
    if len(owners) == 1:
        return CERTAIN if owners[0] == name else -CERTAIN
    if source in told:
        return CERTAIN / 2 if told[source] == name else -CERTAIN / 2
    likeness = 0.0
    for router, sightings in heard.items():
        instance = who.instance_of.get((name, router))
        if instance is None:
            likeness -= 1.0
            continue
        counts = Counter(s.priority for s in sightings if s.priority)
        likeness += sum(counts[p] * _plausible(p, instance) for p in counts) / max(1, counts.total())
        last = sightings[-1]
        likeness += 0.5 * (set(last.addresses) == {a.address for a in instance.virtual_addresses})
        likeness += 0.25 * (last.interval_us == instance.advert_interval_us)
        likeness += 0.25 * (last.version == instance.version)
    return likeness


def _plausible(priority: int, instance: InstanceConfig) -> float:
    """1: its own priority. Less: one that weights may make of it. 0: a reload, or somebody else."""
    base = instance.base_priority
    if priority == base:
        return 1.0
    tracked = (
        *instance.track_interfaces,
        *instance.track_scripts,
        *instance.track_files,
        *instance.track_processes,
        *instance.track_bfds,
    )
    weights = [t.weight for t in tracked if t.weight]
    reachable = {sum(some) for n in range(len(weights[:8]) + 1) for some in combinations(weights[:8], n)}
    if base != OWNER and priority - base in reachable:
        return 0.9
    return 0.5 if weights or {priority, base} <= {OWNER, OWNER - 1} else 0.0


def _best(
    names: Sequence[str], sources: Sequence[str], likeness: Mapping[tuple[str, str], float]
) -> tuple[dict[str, str], bool]:
    """The way to give the names that fits best, and whether it is the only one."""
    width = max(len(names), len(sources))
    if perm(width, min(width, len(sources))) > MOST_ORDERS:
        return _greedy(names, sources, likeness), True
    seats: list[str] = [*names, *[""] * (width - len(names))]
    best: dict[str, str] = {}
    best_sum, others = 0.0, 0
    for order in dict.fromkeys(permutations(seats, len(sources))):
        given = {s: n for s, n in zip(sources, order, strict=True) if n and likeness[n, s] > ENOUGH}
        total = sum(likeness[n, s] for s, n in given.items())
        if total > best_sum + 1e-9:
            best, best_sum, others = given, total, 0
        elif total > best_sum - 1e-9 and given != best:
            others += 1
    return best, not others


def _greedy(
    names: Sequence[str], sources: Sequence[str], likeness: Mapping[tuple[str, str], float]
) -> dict[str, str]:
    given: dict[str, str] = {}
    for source in sources:
        left = [name for name in names if name not in given.values() and likeness[name, source] > ENOUGH]
        if left:
            given[source] = max(left, key=lambda name: likeness[name, source])
    return given
