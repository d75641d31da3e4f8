"""Scenario files: YAML to ``Scenario``, each mistake with its line and the nearest valid word.

The format is the contract's. ``load_scenario`` also takes the name of a built-in scenario.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from os.path import dirname, isfile, join

from vrrplab import input_files
from vrrplab.config.environment import check_against_host
from vrrplab.config.model import NodeConfig
from vrrplab.data_files import data_root
from vrrplab.errors import ConfigError, ScenarioError, VrrplabError
from vrrplab.limits import SCENARIO_BYTES
from vrrplab.machine.profiles import PROFILES, profile_named
from vrrplab.scenario.actions import read_action
from vrrplab.scenario.address_checks import (
    check_address,
    check_interface_address,
    default_mac,
)
from vrrplab.scenario.cards import ancestors, made_on
from vrrplab.scenario.configs import label_without_file, read_config
from vrrplab.scenario.expect import read_expectation
from vrrplab.scenario.keys import (
    CLIENT,
    HOST,
    INTERFACE,
    PROBE,
    PROFILE,
    ROUTER,
    SCENARIO,
    SEGMENT,
    SERVER,
    SERVICE,
)
from vrrplab.scenario.mistaken_files import is_config
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import (
    PROBE_TIMEOUT_US,
    Client,
    Gateway,
    Interface,
    Probe,
    Segment,
    Server,
    Service,
)
from vrrplab.scenario.yaml_cache import read_yaml_cached
from vrrplab.scenario.yaml_nodes import Node, nearest, parse_yaml


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

    - ``profile``: overrides the file's, not what single servers have of their own.
    - ``strict``: refuse configurations that keepalived would correct and run (an unclosed brace, priority
      300).
    - ``run_refused``: run a scenario although the keepalived of a server would not start with its
      configuration; that server then has no daemon, as in reality.

    ScenarioError or ConfigError: file, line, what is wrong, what would be right.

    >>> vrrplab.load_scenario("power-off").description
    'proxy-serv01 loses power and gets it back'
    """
    if not isinstance(source, (str, os.PathLike)):
        kind = type(source).__name__
        raise VrrplabError(f"a scenario, a path or a name is needed, this is of type {kind}")
    if profile is not None:
        profile_named(profile)
    path = _find(os.fspath(source))
    try:
        return _build(read_yaml_cached(path), path, profile, strict, run_refused)
    except ScenarioError as error:
        if is_config(path):
            what = "is a keepalived.conf, and a scenario is expected"
            raise ScenarioError(path, 0, what, "call it .conf: simulate runs these too") from None
        raise error


def scenario_from_text(
    text: str,
    folder: str | os.PathLike[str] = ".",
    name: str = "<scenario>",
    *,
    profile: str | None = None,
) -> Scenario:
    """A scenario from YAML text; configuration files are looked for in ``folder``. ``name``: for messages."""
    return _build(parse_yaml(text, name), join(folder, os.path.basename(name)), profile, False)


def scenario_from_stdin(*, profile: str | None = None) -> Scenario:
    """A scenario from standard input; its files are looked for in the current folder."""
    name = "standard input"
    input_files.await_input(sys.stdin.buffer, name)
    data = input_files.read_stream(sys.stdin.buffer, SCENARIO_BYTES, name, ScenarioError)
    text = input_files.text_of(data, name, ScenarioError, "a scenario is a YAML file")
    return scenario_from_text(text, "", name, profile=profile)


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
    top = SCENARIO.read(root)
    segments = {n: _segment(n, v) for n, v in top["segments"].mapping().items()}
    if not segments:
        raise top["segments"].error("there is no segment", "add one, e.g. lan: {subnet: 192.168.2.0/24}")
    used: str = SCENARIO.value(top, "profile")
    if profile is not None:
        used = profile
    servers: dict[str, Server] = {}
    for index, (name, value) in enumerate(top["servers"].mapping().items()):
        folder = dirname(path if value.file == root.file else value.file)
        servers[name] = _server(name, index, value, folder, segments, used, strict, run_refused)
    if not servers:
        raise top["servers"].error("there is no server", "add at least one")
    clients = {n: _client(n, i, v, segments) for i, (n, v) in enumerate(_pairs(top, "clients"))}
    routers = {n: _router(n, v, segments, {**servers, **clients}) for n, v in _pairs(top, "routers")}
    if len(segments) > 1:
        from vrrplab.scenario.unreachable_peers import warned_of_peers

        servers = {n: warned_of_peers(s, servers, routers) for n, s in servers.items()}
    dns = {n: tuple(check_address(a) for a in v.items()) for n, v in _pairs(top, "dns")}
    for name, value in _pairs(top, "dns"):
        if not dns[name]:
            raise value.error(f"dns.{name} lists no address", "list at least one")
    _check_targets(top, clients, dns)

    def read_reloaded(place: Node, server: str) -> NodeConfig:
        return read_config(
            join(dirname(path), place.text()), place, servers[server].profile or used, strict, server
        )

    actions = [
        read_action(a, servers, segments, [*clients, *routers], read_reloaded) for a in _list(top, "actions")
    ]
    return Scenario(
        name=top["name"].text() if "name" in top else os.path.splitext(os.path.basename(path))[0],
        description=SCENARIO.value(top, "description"),
        profile=used,
        seed=SCENARIO.value(top, "seed"),
        duration_us=SCENARIO.value(top, "duration_s"),
        segments=segments,
        servers=servers,
        clients=clients,
        routers=routers,
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
    files = input_files.handed()
    if files and (given := files.called(place.text())):
        base_path = given[0]
    elif not isfile(base_path):
        if files:
            files.missing[place.file, place.line] = place.text()
            raise place.error(f"{place.text()!r} is not here", "add that file too")
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
    return Segment(name, **SEGMENT.given(SEGMENT.read(value)))


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
    keys = SERVER.read(value)
    interfaces = {}
    cards = keys["interfaces"].mapping()
    for number, (interface, node) in enumerate(cards.items()):
        inner = INTERFACE.read(node)
        interfaces[interface] = Interface(
            interface,
            inner["segment"].one_of(segments),
            INTERFACE.value(inner, "addresses"),
            INTERFACE.value(inner, "mac") or default_mac(number, index),
            *made_on(interface, node, cards),
        )
    for interface, node in cards.items():
        if interface in ancestors(interfaces[interface].parents, interfaces):
            raise node.error(f"{interface} is made on itself", "a parent is made before its children")
    refusal = ""
    if "frr" in keys:
        from vrrplab.scenario.frr import profile_of_frr, read_frr_node

        config, own_profile = keys["frr"], profile_of_frr(keys, profile)
        label = label_without_file(f"{name} frr")
    else:
        config, own_profile = value.need("config"), _profile_for_config(value, keys, profile)
        label = label_without_file(name) if "\n" in config.text() else config.text()
    addresses = {n: tuple(a.split("/")[0] for a in i.addresses) for n, i in interfaces.items()}
    try:
        if "frr" in keys:
            node_config = read_frr_node(config, own_profile, name)
            for card in node_config.interfaces:
                if card not in interfaces:
                    raise config.error(
                        f"{name} has no interface {card}, on which its FRR runs", nearest(card, [*interfaces])
                    )
        else:
            path = join(folder, config.text())
            node_config = read_config(path, config, own_profile or profile, strict, name)
        warnings = node_config.warnings + check_against_host(node_config, addresses)
        node_config = replace(node_config, warnings=warnings)
    except ConfigError as error:
        if not run_refused or "frr" in keys:
            raise
        refusal, node_config = str(error), NodeConfig(config.text())
    services = {n: _service(n, v) for n, v in _pairs(keys, "services")}
    scripts = [*(s.name for s in node_config.scripts), *node_config.dropped_scripts]
    checks = {}
    for script, service in _pairs(keys, "checks"):
        if script not in scripts and not refusal:
            hint = nearest(script, scripts)
            raise service.error(f"{node_config.file} has no vrrp_script {script!r}", hint)
        checks[script] = service.one_of(services)
    return Server(
        name,
        label,
        node_config,
        interfaces,
        services=services,
        checks=checks,
        refusal=refusal,
        profile=own_profile,
        **SERVER.given(keys),
        **(HOST.given(HOST.read(keys["host"])) if "host" in keys else {}),
    )


def _profile_for_config(value: Node, keys: dict[str, Node], common: str) -> str:
    """A server's own profile, "" if it has none; one of FRR's does not go with a keepalived.conf."""
    own: str = PROFILE.read(keys["profile"]) if "profile" in keys else ""
    if PROFILES[own or common].is_frr:
        message = f"config is keepalived's, and profile {own or common} is FRR's"
        raise value.need("config").error(message, "give frr: instead of config:, or another profile")
    return own


def _service(name: str, value: Node) -> Service:
    return Service(name, **SERVICE.given(SERVICE.read(value)))


def _client(name: str, index: int, value: Node, segments: dict[str, Segment]) -> Client:
    keys = CLIENT.read(value)
    return Client(
        name,
        keys["segment"].one_of(segments),
        CLIENT.value(keys, "addresses"),
        CLIENT.value(keys, "mac") or default_mac(0xC0, index),
        tuple(_probe(p) for p in keys["probes"].items()) if "probes" in keys else (),
    )


def _router(name: str, value: Node, segments: dict[str, Segment], hosts: Iterable[str]) -> Gateway:
    keys = ROUTER.read(value)
    if name in hosts:
        raise value.error(f"{name} is the name of another host too", "call the router otherwise")
    interfaces = {}
    for segment, node in keys["interfaces"].mapping().items():
        if segment not in segments:
            raise node.error(f"there is no segment {segment!r}", nearest(segment, list(segments)))
        listed = node.items() if isinstance(node.plain, list) else [node]
        interfaces[segment] = tuple(check_interface_address(a) for a in listed)
        if not listed:
            raise node.error(f"router {name} has no address in {segment}", "e.g. 10.0.1.1/24")
    if len(interfaces) < 2:
        raise keys["interfaces"].error(
            f"router {name} joins nothing", "name two segments at least, with an address in each"
        )
    return Gateway(name, interfaces, **ROUTER.given(keys))


def _probe(value: Node) -> Probe:
    keys = PROBE.read(value)
    kind = PROBE.value(keys, "kind")
    if kind == "http":
        value.need("port")
    return Probe(
        kind,
        PROBE.value(keys, "target"),
        PROBE.value(keys, "every_s"),
        port=PROBE.value(keys, "port"),
        timeout_us=PROBE.value(keys, "timeout_s") or PROBE_TIMEOUT_US[kind],
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
