"""keepalived.conf files by strangers, against what the real daemon made of them.

Runs when VRRPLAB_CORPUS names a folder of entries: each with ``*.conf``, ``meta.json`` (where included
files belong), ``oracle.json`` (did the daemon start?) and ``effective.json`` (the values it used).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vrrplab.config.environment import check_against_host
from vrrplab.config.model import InstanceConfig, NodeConfig, VirtualAddress
from vrrplab.config.reader import parse_config
from vrrplab.errors import ConfigError

CORPUS = os.environ.get("VRRPLAB_CORPUS", "")
pytestmark = pytest.mark.skipif(not CORPUS, reason="VRRPLAB_CORPUS is not set")

ENTRIES = sorted(path for path in Path(CORPUS).iterdir() if (path / "meta.json").exists()) if CORPUS else []
REQUIRED_AGREEMENT = 0.999
REQUIRED_MESSAGES = 0.97

ENVIRONMENT = {
    # A tracked file is removed when its directory does not exist on the host.
    "212-kdev-seq": ("tracked_files",),
    # With dynamic_interfaces an instance can wait for an interface; the dump then shows no VMAC.
    "181-kdev-1889": ("interface", "vmac"),
}
"""What the daemon's host decided, not the file."""


def nodes() -> list[tuple[Path, str]]:
    """Every node of every entry: the entry's folder and the node's name."""
    return [(entry, path.stem) for entry in ENTRIES for path in sorted(entry.glob("*.conf"))]


def laid_out(entry: Path, node: str, root: Path) -> Path:
    """The node's file in a folder of its own, with the files it includes beside it."""
    folder = root / entry.name / node
    folder.mkdir(parents=True)
    target = folder / "keepalived.conf"
    shutil.copyfile(entry / f"{node}.conf", target)
    includes = entry / f"includes-{node}"
    if includes.is_dir():
        shutil.copytree(includes, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            data = path.read_bytes()
            path.write_bytes(data.replace(b"include /etc/", b"include " + str(folder).encode() + b"/etc/"))
    return target


def runs(entry: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """(node, host id, what the daemon made of it) for every run of the entry."""
    effective = json.loads((entry / "effective.json").read_text())["nodes"]
    oracle = json.loads((entry / "oracle.json").read_text())["nodes"]
    found = []
    for node, made in effective.items():
        source = made.get("source", "2.2.7").split()[0]
        states = {
            (run["version"], run["config_id"] or ""): run["daemon"]
            for run in oracle.get(node, {}).get("runs", [])
        }
        found.append((node, "", {**made, "daemon": states.get((source, "")), "source": source}))
        found += [
            (
                node,
                host_id,
                {
                    "started": bool(values),
                    "source": source,
                    **(values or {}),
                    "daemon": states.get((source, host_id)),
                },
            )
            for host_id, values in made.get("with_config_id", {}).items()
        ]
    return found


RUNS = [(entry, *run) for entry in ENTRIES for run in runs(entry)]


def ours(node: NodeConfig) -> dict[str, object]:
    """Our values, one key for each value compared."""
    values: dict[str, object] = {"instances": sorted(instance.name for instance in node.instances)}
    for instance in node.instances:
        group = next((group.name for group in node.sync_groups if instance.name in group.members), None)
        for key, value in our_instance(instance).items():
            values[f"{instance.name}.{key}"] = value
        values[f"{instance.name}.sync_group"] = group
    values["scripts"] = sorted(script.name for script in node.scripts if script.name in used_scripts(node))
    for script in node.scripts:
        command = [f"'{word}'" for word in script.command]
        values[f"script {script.name}.command"] = command[0].split("/")[-1].strip("'"), command[1:]
        values[f"script {script.name}.interval"] = script.interval_us / 1e6
        values[f"script {script.name}.timeout"] = script.timeout_us / 1e6
        values[f"script {script.name}.counts"] = (script.weight, script.rise, script.fall)
    values["sync_groups"] = [(group.name, list(group.members)) for group in node.sync_groups]
    return values


def used_scripts(node: NodeConfig) -> set[str]:
    owners = (*node.instances, *node.sync_groups)
    return {one.name for owner in owners for one in owner.track_scripts}


def our_instance(instance: InstanceConfig) -> dict[str, object]:
    def addresses(listed: tuple[VirtualAddress, ...]) -> list[object]:
        rows = []
        for vip in listed:
            on_vmac = (
                instance.use_vmac
                and vip.interface == instance.interface
                and (":" in vip.address) == (instance.family == 6)
            )
            rows.append((vip.address, vip.prefix, instance.use_vmac if on_vmac else vip.interface, vip.label))
        return rows

    def objects(listed: tuple[Any, ...]) -> list[object]:
        return [(one.name, one.weight, one.reverse) for one in listed]

    auth, garp = instance.authentication, instance.garp
    return {
        "state": instance.state,
        "interface": instance.interface,
        "vrid": instance.vrid,
        "priority": instance.base_priority,
        "version": instance.version,
        "family": instance.family,
        "advert_int": instance.advert_interval_us / 1e6,
        "preempt": instance.preempt,
        "preempt_delay": instance.preempt_delay_us / 1e6,
        "auth_type": auth.kind if auth else None,
        "auth_pass": auth.password.decode("utf-8", "replace") if auth and auth.kind == "PASS" else None,
        "vips": addresses(instance.virtual_addresses),
        "excluded": addresses(instance.excluded_addresses),
        "unicast": instance.unicast,
        "unicast_peers": [
            f"{peer.address} min_ttl {peer.min_ttl} max_ttl {peer.max_ttl}" for peer in instance.unicast_peers
        ],
        "source": instance.unicast_source or instance.multicast_source,
        "multicast": instance.multicast_group or "224.0.0.18"
        if instance.family == 4 and not instance.unicast
        else None,
        "tracked_scripts": objects(instance.track_scripts),
        "tracked_interfaces": objects(instance.track_interfaces),
        "tracked_files": objects(instance.track_files),
        "tracked_processes": objects(instance.track_processes),
        "garp": (
            garp.delay_us / 1e6,
            garp.repeat,
            garp.refresh_us / 1e6,
            garp.refresh_repeat,
            garp.lower_prio_delay_us / 1e6,
            garp.lower_prio_repeat,
        ),
        "down_timer_adverts": instance.down_timer_adverts,
        "lower_prio_no_advert": instance.lower_prio_no_advert,
        "higher_prio_send_advert": instance.higher_prio_send_advert,
        "accept": instance.accept,
        "strict": instance.strict,
        "promote_secondaries": instance.promote_secondaries,
        "vmac": instance.use_vmac or None,
        "vmac_xmit_base": instance.vmac_xmit_base,
        "notify": sorted(
            command
            for command in (
                instance.notify.master,
                instance.notify.backup,
                instance.notify.fault,
                instance.notify.stop,
                instance.notify.deleted,
                instance.notify.any_state,
                instance.notify.master_rx_lower_priority,
            )
            if command
        ),
    }


def theirs(made: dict[str, Any]) -> dict[str, object]:
    """The daemon's values under the same keys."""
    values: dict[str, object] = {"instances": sorted(one["name"] for one in made["instances"])}
    for one in made["instances"]:
        for key, value in their_instance(one).items():
            values[f"{one['name']}.{key}"] = value
    values["scripts"] = sorted(one["name"] for one in made["scripts"])
    for one in made["scripts"]:
        words = shlex.split(one["command"])
        command = (words[0].split("/")[-1], [f"'{word}'" for word in words[1:]])
        values[f"script {one['name']}.command"] = command
        values[f"script {one['name']}.interval"] = one["interval_s"]
        values[f"script {one['name']}.timeout"] = one["timeout_s"]
        values[f"script {one['name']}.counts"] = (one["weight"], one["rise"], one["fall"])
    values["sync_groups"] = [(one["name"], one["members"]) for one in made["sync_groups"]]
    return values


def their_instance(one: dict[str, Any]) -> dict[str, object]:
    def addresses(listed: list[dict[str, Any]]) -> list[object]:
        return [
            (
                vip["address"],
                vip.get("prefixlen", 128 if ":" in vip["address"] else 32),
                vip["dev"].split("@")[0],
                vip.get("label", ""),
            )
            for vip in listed
        ]

    def objects(listed: list[dict[str, Any]]) -> list[object]:
        return [(each["name"], each["weight"], each.get("reverse", False)) for each in listed]

    return {
        "state": one["state_configured"],
        "interface": one["interface"],
        "vrid": one["vrid"],
        "priority": one["priority"],
        "version": one["version"],
        "family": 6 if one.get("native_family") == "IPv6" else 4,
        "advert_int": one["advert_int_s"],
        "preempt": one["preempt"],
        "preempt_delay": float(one.get("preempt_delay", "0 secs").split()[0]),
        "auth_type": one.get("auth_type"),
        "auth_pass": one.get("auth_pass_used"),  # 2.4.3 shows only stars
        "vips": addresses(one["vips"]),
        "excluded": addresses(one.get("excluded_vips", [])),
        "unicast": one["unicast"],
        "unicast_peers": one.get("unicast_peers_raw", []),
        "source": one["src_ip"] if one["src_ip_configured"] else "",
        "multicast": one.get("multicast") if one.get("native_family") != "IPv6" else None,
        "tracked_scripts": objects(one.get("tracked_scripts", [])),
        "tracked_interfaces": objects(one.get("tracked_interfaces", [])),
        "tracked_files": objects(one.get("tracked_files", [])),
        "tracked_processes": objects(one.get("tracked_processes", [])),
        "garp": (
            one["garp_master_delay"],
            one["garp_master_repeat"],
            one["garp_master_refresh"],
            one["garp_master_refresh_repeat"],
            one["garp_lower_prio_delay"],
            one["garp_lower_prio_repeat"],
        ),
        "down_timer_adverts": one["down_timer_adverts"],
        "lower_prio_no_advert": one["lower_prio_no_advert"],
        "higher_prio_send_advert": one["higher_prio_send_advert"],
        "accept": one["accept"],
        "strict": "Enforcing strict VRRP compliance" in one["other"],
        "promote_secondaries": one["promote_secondaries"],
        "vmac": one.get("vmac_interface"),
        "vmac_xmit_base": "xmit base" in one.get("vmac_flags", ""),
        "notify": sorted(tuple(shlex.split(command)) for command in one.get("notify", {}).values()),
        "sync_group": one.get("sync_group"),
    }


def compare(
    entry: Path, node: str, host_id: str, made: dict[str, Any], root: Path
) -> dict[str, tuple[object, object]]:
    """Key → (ours, the daemon's), for every value of either."""
    path = laid_out(entry, node, root)
    expected = theirs(made)
    config = parse_config(path, host_id=host_id, daemon=made["source"])
    check_against_host(config, host_of(entry, node))
    # ${_PWD} names the file's folder, which was another one on the daemon's machine.
    read = json.loads(json.dumps(ours(config)).replace(str(path.parent), "/etc/keepalived"))
    expected = json.loads(json.dumps(expected))
    apart = {key for key, value in expected.items() if value == "********"}
    apart |= {key for key in expected if key.rsplit(".", 1)[-1] in ENVIRONMENT.get(entry.name, ())}
    return {key: (read.get(key), expected[key]) for key in expected if key not in apart}


def host_of(entry: Path, node: str) -> dict[str, list[str]]:
    """The interfaces and addresses the daemon found."""
    interfaces: dict[str, list[str]] = {}
    oracle = json.loads((entry / "oracle.json").read_text())["nodes"]
    for one in oracle[node]["environment"]["interfaces_created"]:
        interfaces.setdefault(one["name"], []).append(one["addr"])
    return interfaces


def test_values_agree_with_the_daemon(tmp_path: Path) -> None:
    compared: Counter[str] = Counter()
    wrong: list[str] = []
    for number, (entry, node, host_id, made) in enumerate(RUNS):
        if not made.get("started") or "instances" not in made:
            continue
        try:
            rows = compare(entry, node, host_id, made, tmp_path / str(number))
        except ConfigError as error:
            wrong.append(f"{entry.name} {node} @{host_id}: refused, but the daemon runs: {error}")
            compared["refused"] += 1
            continue
        for key, (mine, daemons) in rows.items():
            compared[key.rsplit(".", 1)[-1]] += 1
            if mine != daemons:
                wrong.append(f"{entry.name} {node} @{host_id} {key}: {mine!r}, daemon {daemons!r}")
    total = sum(compared.values())
    share = 1 - len(wrong) / total
    print(f"\n{total} values compared, {len(wrong)} differ: {share:.3%} agree")
    assert share >= REQUIRED_AGREEMENT, "\n".join(wrong[:80])


def test_every_file_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    for number, (entry, node) in enumerate(nodes()):
        for daemon in ("2.2.7", "2.4.3"):
            path = laid_out(entry, node, tmp_path / f"{number}-{daemon}")
            began = time.perf_counter()
            try:
                parse_config(path, daemon=daemon)
                message = f"{path.parent}: read"
            except ConfigError as error:
                message = str(error)
            assert "\n" not in message
            assert message.startswith(str(path.parent))
            assert time.perf_counter() - began < 1, f"{entry.name} {node} took a second"


def test_what_the_daemon_refuses_is_refused(tmp_path: Path) -> None:
    """The other direction: exit with a configuration error there, ConfigError here."""
    disagree = []
    for number, (entry, node, host_id, made) in enumerate(RUNS):
        if made.get("started") or not str(made["daemon"]).startswith("exit"):
            continue
        try:
            config = parse_config(laid_out(entry, node, tmp_path / str(number)), host_id=host_id)
            check_against_host(config, host_of(entry, node))
        except ConfigError:
            continue
        disagree.append(f"{entry.name} {node} @{host_id}: read here, {made['daemon']} there")
    assert not disagree, "\n".join(disagree)


# What the daemon says of the machine it ran on: which interfaces there are, which names DNS knows.
OF_THE_HOST = re.compile(
    r"interface .* doesn't exist|Non-existent interface|Invalid smtp server|Config files missing"
    r"|realpath\(|track file .* not found"
)


def said_by_us(path: Path, host_id: str, daemon: str) -> set[str]:
    try:
        config = parse_config(path, host_id=host_id, daemon=daemon, log_file="<conf>")
    except ConfigError as error:
        return set(error.log)
    return {warning.log for warning in config.warnings if warning.log}


def test_messages_are_the_daemon_s_word_for_word(tmp_path: Path) -> None:
    """Of ``keepalived -t`` 2.2.7, each line once a file; one file has 4,000 that differ by their number."""
    asked: Counter[str] = Counter()
    missing: list[str] = []
    for number, entry in enumerate(ENTRIES):
        for node, made in json.loads((entry / "oracle.json").read_text())["nodes"].items():
            for run in made["runs"]:
                if run["version"] != "2.2.7":
                    continue
                root = tmp_path / f"{number}-{node}-{run['config_id']}"
                host_id = run["config_id"] or made["environment"]["hostname"]
                mine = said_by_us(laid_out(entry, node, root), host_id, "2.2.7")
                # -t is stricter about numbers than the daemon is.
                mine |= {line.replace("WARNING - ", "") for line in mine}
                theirs = {line for line in run["config_test_messages"] if not OF_THE_HOST.search(line)}
                asked[entry.name] += len(theirs)
                missing += [f"{entry.name} {node}: {line}" for line in theirs - mine]
    total = sum(asked.values())
    longest, most = asked.most_common(1)[0]
    rest = [line for line in missing if not line.startswith(f"{longest} ")]
    print(f"\n{total} messages, {len(missing)} differ: {1 - len(missing) / total:.2%} word for word")
    print(f"without {longest}: {total - most}, {len(rest)} differ: {1 - len(rest) / (total - most):.2%}")
    assert 1 - len(rest) / (total - most) >= REQUIRED_MESSAGES, "\n".join(rest[:80])
