"""Random clusters: a seed is a cluster for good, a daemon starts with it, and a bench can carry it out."""

from __future__ import annotations

from collections import Counter

import pytest

from vrrplab.config.model import InstanceConfig
from vrrplab.lab.bench import complaints
from vrrplab.scenario.random_clusters import random_cluster, random_plain, scenario_of
from vrrplab.sim.play import run
from vrrplab.trace.events import StateEvent

SEEDS = range(1, 201)


def test_a_seed_is_the_same_cluster_every_time() -> None:
    first, again, other = (random_cluster(seed).to_yaml() for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert random_plain(7, "keepalived-2.4.3")["profile"] == "keepalived-2.4.3"


def _lists(instance: InstanceConfig) -> frozenset[str]:
    return frozenset(a.address for a in instance.virtual_addresses)


def _passwords(instance: InstanceConfig) -> bytes:
    return instance.authentication.password if instance.authentication else b""


def test_every_cluster_runs_and_no_option_or_fault_is_missing() -> None:
    """Input: 200 seeds. Output: each is simulated, none is refused; every fault and feature occurs."""
    acts: Counter[str] = Counter()
    traits: Counter[str] = Counter()
    for seed in SEEDS:
        cluster = random_cluster(seed)
        assert complaints(cluster) == "", seed
        assert not [server.name for server in cluster.servers.values() if server.refusal], seed
        acts.update(action.kind for action in cluster.actions)
        traits["router"] += bool(cluster.routers)
        servers = cluster.servers.values()
        traits["equal start and priorities"] += (
            len({(s.start_at_us, *(i.base_priority for i in s.node.instances)) for s in servers}) == 1
        )
        for key, of in (("list", _lists), ("password", _passwords)):
            traits[f"another {key}"] += len({of(s.node.instances[0]) for s in servers}) > 1
        for server in cluster.servers.values():
            traits["script"] += bool(server.node.scripts)
            traits["group"] += bool(server.node.sync_groups)
            traits["tracked by a group"] += any(g.track_scripts for g in server.node.sync_groups)
            traits["file of a group"] += any(g.track_files for g in server.node.sync_groups)
            traits["weights in a group"] += any(g.tracking_weight for g in server.node.sync_groups)
            assert not [w for w in server.node.warnings if w.kind == "unknown-keyword"], seed
            traits["promote_secondaries"] += server.promote_secondaries
            traits["rp_filter"] += bool(server.rp_filter)
            traits["dynamic_interfaces"] += server.node.global_defs.dynamic_interfaces
            for i in server.node.instances:
                traits[f"v{i.version} IPv{i.family}"] += 1
                traits["unicast"] += i.unicast
                traits["vmac"] += bool(i.use_vmac)
                traits["owner"] += i.address_owner
                traits["nopreempt"] += not i.preempt
                traits["below a second"] += i.advert_interval_us < 1_000_000
                traits["weighted interface"] += any(t.weight for t in i.track_interfaces)
                traits["file"] += bool(i.track_files)
                traits["file reversed"] += any(t.reverse for t in i.track_files)
                traits["routes"] += bool(i.virtual_routes)
                traits["rules"] += bool(i.virtual_rules)
                traits["AH"] += i.authentication is not None and i.authentication.kind == "AH"
    assert len(acts) > 23, acts
    assert {"file_write", "interface_delete", "interface_add"} <= set(acts)
    assert {"v2 IPv4", "v3 IPv4", "v3 IPv6"} <= set(traits)
    assert min(traits.values()) > 5, traits


@pytest.mark.long
@pytest.mark.computes
def test_it_is_simulated() -> None:
    for seed in SEEDS:
        assert run(random_cluster(seed)).of(StateEvent), seed


def test_a_mapping_is_a_scenario() -> None:
    plain = random_plain(3, "keepalived-2.2.7")
    fewer = {**plain, "actions": plain["actions"][:1]}
    assert len(scenario_of(fewer).actions) == 1
