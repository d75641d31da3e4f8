"""Scenario files: YAML to ``Scenario``, each mistake with its line and the nearest valid word.

The format is the contract's. ``load_scenario`` also takes the name of a built-in scenario.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from os.path import dirname, isfile, join
from typing import Any

from vrrplab.config.environment import check_against_host
from vrrplab.config.model import NodeConfig
from vrrplab.data_files import data_root
from vrrplab.errors import ConfigError, ScenarioError, VrrplabError
from vrrplab.machine.profiles import PROFILES, profile_named
from vrrplab.scenario.actions import read_action
from vrrplab.scenario.address_checks import (
    check_address,
    check_interface_address,
    check_mac,
    default_mac,
)
from vrrplab.scenario.configs import label_without_file, read_config
from vrrplab.scenario.expect import read_expectation
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import PROBE_TIMEOUT_US, Client, Interface, Probe, Segment, Server, Service
from vrrplab.scenario.yaml_cache import read_yaml_cached
from vrrplab.scenario.yaml_nodes import Node, nearest, parse_yaml

TOP_KEYS = [
    "name",
    "description",
    "extends",
    "profile",
    "seed",
    "duration_s",
    "segments",
    "servers",
    "clients",
    "dns",
    "actions",
    "expect",
]
SERVER_KEYS = [
    "config",
    "start_at_s",
    "interfaces",
    "host",
    "services",
    "checks",
    "script_run_s",
    "missing_files",
]

# Keys that may be left out, then the default is that of the part: key -> its field, and how it is read.
Fields = dict[str, tuple[str, Callable[[Node], Any]]]
SEGMENT_FIELDS: Fields = {
    "subnet": ("subnet", check_interface_address),
    "latency_s": ("latency_us", Node.time_us),
    "jitter_s": ("jitter_us", Node.time_us),
    "mac_ageing_s": ("mac_ageing_us", Node.time_us),
    "loss": ("loss", Node.share),
    "multicast": ("multicast", Node.flag),
    "port_security": ("port_security", Node.flag),
}
SERVER_FIELDS: Fields = {
    "start_at_s": ("start_at_us", Node.time_us),
    "script_run_s": ("script_run_us", Node.time_us),
    "missing_files": ("missing_files", Node.texts),
}
CARD_KINDS = {"vlan": False, "macvlan": False, "bond": True, "bridge": True}  # may have several parents?
HOST_FIELDS: Fields = {"promote_secondaries": ("promote_secondaries", Node.flag)}
SERVICE_FIELDS: Fields = {
    "port": ("port", lambda node: node.whole(1, 65535)),
    "listen": ("listen", lambda node: tuple(check_address(a) for a in node.items())),
    "shutdown_s": ("shutdown_us", Node.time_us),
}


def builtin_scenarios() -> dict[str, str]:
    """The scenarios that come with vrrplab: name to file."""
    folder = join(data_root(), "scenarios")
    return {name[:-5]: join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".yaml")}


def load_scenario(
    source: str | os.PathLike[str],
    *,
    profile: str | None = None,
    strict: bool = False,
    run_refused: bool = False,
) -> Scenario:
    """A scenario from a file, or a built-in one by its name.

    ``profile`` overrides the file's. ``strict`` refuses configurations that keepalived would correct and
    run (an unclosed brace, priority 300). ``run_refused`` runs a scenario although the keepalived of a
    server would not start with its configuration: that server then has no daemon, as in reality.
    Raises ScenarioError or ConfigError: file, line, what is wrong, what would be right.
    """
    if not isinstance(source, (str, os.PathLike)):
        kind = type(source).__name__
        raise VrrplabError(f"a scenario, a path or a name is needed, this is of type {kind}")
    if profile is not None:
        profile_named(profile)
    path = _find(os.fspath(source))
    return _build(read_yaml_cached(path), path, profile, strict, run_refused)


def scenario_from_text(text: str, folder: str | os.PathLike[str] = ".", name: str = "<scenario>") -> Scenario:
    """A scenario from YAML text; configuration files are looked for in ``folder``."""
    return _build(parse_yaml(text, name), join(folder, name), None, False)


def _find(source: str) -> str:
    if source.endswith((".yaml", ".yml")) or os.path.exists(source):
        return join(source, "scenario.yaml") if os.path.isdir(source) else source
    known = builtin_scenarios()
    if source in known:
        return known[source]
    message = "no such file and no built-in scenario of that name"
    raise ScenarioError(source, 0, message, nearest(source, list(known)))


def _build(root: Node, path: str, profile: str | None, strict: bool, run_refused: bool = False) -> Scenario:
    root = _extended(root, path)
    top = root.only(TOP_KEYS)
    segments = {n: _segment(n, v) for n, v in root.need("segments").mapping().items()}
    if not segments:
        raise root.need("segments").error(
            "there is no segment", "add one, e.g. lan: {subnet: 192.168.2.0/24}"
        )
    used = top["profile"].one_of(PROFILES) if "profile" in top else "keepalived-2.2.7"
    if profile is not None:
        used = profile
    servers: dict[str, Server] = {}
    for index, (name, value) in enumerate(root.need("servers").mapping().items()):
        folder = dirname(path if value.file == root.file else value.file)
        servers[name] = _server(name, index, value, folder, segments, used, strict, run_refused)
    if not servers:
        raise root.need("servers").error("there is no server", "add at least one")
    clients = {n: _client(n, i, v, segments) for i, (n, v) in enumerate(_pairs(top, "clients"))}
    dns = {n: tuple(check_address(a) for a in v.items()) for n, v in _pairs(top, "dns")}
    for name, value in _pairs(top, "dns"):
        if not dns[name]:
            raise value.error(f"dns.{name} lists no address", "list at least one")
    _check_targets(top, clients, dns)

    def read_reloaded(place: Node, server: str) -> NodeConfig:
        return read_config(join(dirname(path), place.text()), place, used, strict, server)

    actions = [read_action(a, servers, segments, clients, read_reloaded) for a in _list(top, "actions")]
    return Scenario(
        name=top["name"].text() if "name" in top else os.path.splitext(os.path.basename(path))[0],
        description=top["description"].text() if "description" in top else "",
        profile=used,
        seed=top["seed"].whole(0, 2**63) if "seed" in top else 0,
        duration_us=root.need("duration_s").time_us(1),
        segments=segments,
        servers=servers,
        clients=clients,
        dns=dns,
        actions=tuple(sorted(actions, key=lambda a: a.at_us)),
        expect=tuple(read_expectation(e, servers, clients, actions) for e in _list(top, "expect")),
        file=path,
    )


def _extended(root: Node, path: str) -> Node:
    """With ``extends: FILE``, the keys of that file where this one has none of its own."""
    top = root.mapping()
    if "extends" not in top:
        return root
    place = top["extends"]
    base_path = join(dirname(path), place.text())
    if not isfile(base_path):
        raise place.error(f"{place.text()!r} does not exist", "it is looked for beside the scenario")
    base = read_yaml_cached(base_path).mapping()
    if "extends" in base:
        raise place.error(f"{place.text()!r} extends another file itself", "one step only")
    own = {key: value for key, value in top.items() if key != "extends"}
    return Node(root.file, root.line, root.name, {**base, **own})


def _pairs(top: dict[str, Node], key: str) -> list[tuple[str, Node]]:
    return list(top[key].mapping().items()) if key in top and top[key].plain is not None else []


def _list(top: dict[str, Node], key: str) -> list[Node]:
    return top[key].items() if key in top and top[key].plain is not None else []


def _segment(name: str, value: Node) -> Segment:
    return Segment(name, **_given(value.only(SEGMENT_FIELDS), SEGMENT_FIELDS))


def _given(keys: dict[str, Node], fields: Fields) -> dict[str, Any]:
    return {field: read(keys[key]) for key, (field, read) in fields.items() if key in keys}


def _server(
    name: str,
    index: int,
    value: Node,
    folder: str,
    segments: dict[str, Segment],
    profile: str,
    strict: bool,
    run_refused: bool,
) -> Server:
    keys = value.only(SERVER_KEYS)
    interfaces = {}
    cards = value.need("interfaces").mapping()
    for number, (interface, node) in enumerate(cards.items()):
        inner = node.only(("segment", "addresses", "mac", "parent", "kind"))
        interfaces[interface] = Interface(
            interface,
            node.need("segment").one_of(segments),
            tuple(check_interface_address(a) for a in inner["addresses"].items())
            if "addresses" in inner
            else (),
            check_mac(inner["mac"]) if "mac" in inner else default_mac(number, index),
            *_made_on(interface, node, cards),
        )
    for interface, node in cards.items():
        if interface in _ancestors(interfaces[interface].parents, interfaces):
            raise node.error(f"{interface} is made on itself", "a parent is made before its children")
    config = value.need("config")
    refusal = ""
    addresses = {n: tuple(a.split("/")[0] for a in i.addresses) for n, i in interfaces.items()}
    try:
        node_config = read_config(join(folder, config.text()), config, profile, strict, name)
        warnings = node_config.warnings + check_against_host(node_config, addresses)
        node_config = replace(node_config, warnings=warnings)
    except ConfigError as error:
        if not run_refused:
            raise
        refusal, node_config = str(error), NodeConfig(config.text())
    services = {n: _service(n, v) for n, v in _pairs(keys, "services")}
    scripts = [s.name for s in node_config.scripts]
    checks = {}
    for script, service in _pairs(keys, "checks"):
        if script not in scripts and not refusal:
            hint = nearest(script, scripts)
            raise service.error(f"{node_config.file} has no vrrp_script {script!r}", hint)
        checks[script] = service.one_of(services)
    return Server(
        name,
        label_without_file(name) if "\n" in config.text() else config.text(),
        node_config,
        interfaces,
        services=services,
        checks=checks,
        refusal=refusal,
        **_given(keys, SERVER_FIELDS),
        **(_given(keys["host"].only(HOST_FIELDS), HOST_FIELDS) if "host" in keys else {}),
    )


def _made_on(name: str, node: Node, cards: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """The parents and the kind of a card."""
    if not {"parent", "kind"} & set(node.mapping()):
        return (), ""
    parent, kind = node.need("parent"), node.need("kind").one_of(CARD_KINDS)
    listed = parent.items() if isinstance(parent.plain, list) else [parent]
    parents = tuple(p.one_of([card for card in cards if card != name]) for p in listed)
    several = CARD_KINDS[kind]
    if not parents or (len(parents) > 1 and not several):
        least = "at least one" if several else "one"
        raise parent.error(f"{kind} {name} has {len(parents)} parents", f"it needs {least}")
    return parents, kind


def _ancestors(parents: tuple[str, ...], cards: dict[str, Interface]) -> set[str]:
    found: set[str] = set()
    todo = list(parents)
    while todo:
        card = todo.pop()
        if card not in found:
            found.add(card)
            todo += cards[card].parents
    return found


def _service(name: str, value: Node) -> Service:
    return Service(name, **_given(value.only(SERVICE_FIELDS), SERVICE_FIELDS))


def _client(name: str, index: int, value: Node, segments: dict[str, Segment]) -> Client:
    keys = value.only(("segment", "addresses", "probes", "mac"))
    probes = tuple(_probe(p) for p in keys["probes"].items()) if "probes" in keys else ()
    return Client(
        name,
        value.need("segment").one_of(segments),
        tuple(check_interface_address(a) for a in value.need("addresses").items()),
        check_mac(keys["mac"]) if "mac" in keys else default_mac(0xC0, index),
        probes,
    )


def _probe(value: Node) -> Probe:
    keys = value.only(("kind", "target", "port", "every_s", "timeout_s"))
    kind = value.need("kind").one_of(("icmp", "http"))
    if kind == "http":
        value.need("port")
    return Probe(
        kind,
        value.need("target").text(),
        value.need("every_s").time_us(least_us=1000),
        port=keys["port"].whole(1, 65535) if "port" in keys else 0,
        timeout_us=keys["timeout_s"].time_us(1000) if "timeout_s" in keys else PROBE_TIMEOUT_US[kind],
    )


def _check_targets(top: dict[str, Node], clients: dict[str, Client], dns: dict[str, tuple[str, ...]]) -> None:
    for name, value in _pairs(top, "clients"):
        for number, probe in enumerate(clients[name].probes):
            if probe.target not in dns:
                place = value.mapping()["probes"].items()[number].need("target")
                if probe.target and not probe.target[0].isdigit() and ":" not in probe.target:
                    raise place.error(
                        f"name {probe.target!r} is not in dns", nearest(probe.target, list(dns))
                    )
                check_address(place)
