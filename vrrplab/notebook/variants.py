"""Scenarios with something changed: the article's files edited, actions added. For experiments.

    variant("article-steady", at(12, "power_off", server="r1"), edit={"priority 255": "priority 254"})

Text is edited as on a real server: old words replaced by new ones in keepalived.conf, then read anew. Words
that are not in the file are an error, so a typing mistake never passes for an experiment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from vrrplab import arguments
from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import config_text
from vrrplab.errors import ConfigError, VrrplabError, did_you_mean
from vrrplab.scenario.configs import EDITED, file_matches, label_without_file
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server
from vrrplab.scenario.reader import builtin_scenarios, load_scenario, scenario_from_text
from vrrplab.units import micros

BASE = "article-steady"
Source = Scenario | str | os.PathLike[str]
Action = dict[str, Any]


def at(at_s: float, action: str, **keys: Any) -> Action:
    """An action at a moment, for ``simulate`` and ``variant``.

    ``at_s``: seconds from the start of the run. ``action`` and ``keys``: as in a scenario file
    (docs/scenario.md lists the actions). It is a dict; whether it fits is said where it is added to a
    scenario. VrrplabError: the moment is no number, the action no text.

    >>> vrrplab.at(12, "link_down", server="proxy-serv01", interface="eth0")
    {'at_s': 12, 'action': 'link_down', 'server': 'proxy-serv01', 'interface': 'eth0'}
    """
    if isinstance(at_s, bool) or not isinstance(at_s, int | float):
        raise VrrplabError('at() takes the moment first, in seconds, like at(12, "power_off", server="r1")')
    arguments.number(at_s, "the moment")
    arguments.text(action, "the action")
    return {"at_s": at_s, "action": action, **keys}


def conf(server: str = "proxy-serv01", source: Source = BASE) -> str:
    """The keepalived.conf of a server of a scenario, as text.

    ``source``: a Scenario, a scenario file or the name of a built-in one. VrrplabError: there is no such
    server, its file cannot be read, or the scenario was changed by ``tune``, which is in no file.

    >>> vrrplab.conf("r1", "lesson-two-routers").splitlines()[0]
    'vrrp_instance office {'
    """
    chosen = _scenario(source)
    return _text(chosen, arguments.known(server, "server", chosen.servers))


def variant(
    source: Source = BASE,
    *actions: Action,
    edit: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
    services: Mapping[str, Mapping[str, Any]] | None = None,
    duration_s: float | None = None,
    **changes: Any,
) -> Scenario:
    """A scenario like ``source`` with changes; the source stays as it is.

    - ``actions``: added, see ``at``.
    - ``edit``: words to replace in every server's keepalived.conf or, below a server's name, in that
      server's only: ``{"proxy-serv01": {"priority 255": "priority 150"}}``.
    - ``files``: a whole new keepalived.conf by server, as text.
    - ``services``: by name, on all servers: ``{"squid": {"shutdown_s": 1, "listen": ["192.168.2.101"]}}``.
    - ``duration_s``: how long it runs, in seconds; without it at least 20 s beyond the last action.
    - ``changes``: ``name``, ``profile``, ``seed``.

    VrrplabError (ScenarioError, ConfigError), in one line, for whatever does not fit: words to replace
    that stand in no file, for instance.

    >>> without_owner = vrrplab.variant("article-drill-1-lan-nic", edit={"priority 255": "priority 150"})
    >>> vrrplab.outage_s(vrrplab.simulate(without_owner), "192.168.2.101")
    3.08
    """
    chosen = _scenario(source)
    edit = {} if edit is None else arguments.pairs(edit, "edit", '{"priority 255": "priority 254"}')
    files = {} if files is None else arguments.pairs(files, "files", '{"proxy-serv01": conf("proxy-serv01")}')
    services = (
        {} if services is None else arguments.pairs(services, "services", '{"squid": {"shutdown_s": 1}}')
    )
    _check_changes(changes)
    texts = {name: _text(chosen, name) for name in chosen.servers} if edit or files else {}
    for server, whole in files.items():
        texts[arguments.known(server, "server", texts)] = arguments.text(whole, f"the file of {server}")
    for old, new in edit.items():
        if old in texts:
            if not isinstance(new, Mapping):
                raise VrrplabError(f"edit for {old}: give {{'old words': 'new words'}}")
            for part, other in new.items():
                texts[old] = _replaced(texts, [old], part, other)[old]
        else:
            texts.update(_replaced(texts, list(texts), old, new))
    if services:
        chosen = replace(chosen, servers={n: _serving(s, services) for n, s in chosen.servers.items()})
    if texts and "description" not in changes:
        changes["description"] = _told(edit, files)
    chosen = replace(chosen, **changes)
    servers = dict(chosen.servers)
    for name, written in texts.items():
        config = label_without_file(name, EDITED)
        servers[name] = replace(servers[name], node=_parsed(chosen, name, written), config=config)
    chosen = replace(chosen, servers=servers)
    if actions:
        chosen = chosen.with_actions(actions)
        needed_us = max(a.at_us for a in chosen.actions) + micros(20)
        chosen = replace(chosen, duration_us=max(chosen.duration_us, needed_us))
    if duration_s is not None:
        if not 0 < arguments.number(duration_s, "duration_s") < 1e6:
            raise VrrplabError(f"duration_s={duration_s}: give a positive number of seconds")
        chosen = replace(chosen, duration_us=micros(duration_s))
    return chosen


def _check_changes(changes: dict[str, Any]) -> None:
    wrong = sorted(set(changes) - {"name", "profile", "seed", "description"})
    if wrong:
        raise VrrplabError(
            f"variant() has no {wrong[0]!r}: there are edit, files, services, duration_s, name, profile, seed"
        )
    for key, value in changes.items():
        if key == "seed":
            changes[key] = arguments.whole(value, key, 0)
        else:
            arguments.text(value, key)
    if "profile" in changes:
        from vrrplab.machine.profiles import profile_named

        profile_named(changes["profile"])


def _serving(server: Server, wanted: Mapping[str, Mapping[str, Any]]) -> Server:
    """The server with its services changed; what it does not run is an error."""
    services = dict(server.services)
    for name, changes in wanted.items():
        arguments.known(name, "service", services)
        fields: dict[str, Any] = {}
        for key, value in arguments.pairs(changes, name, '{"shutdown_s": 1}').items():
            if key == "shutdown_s" and isinstance(value, int | float) and 0 <= value < 1e6:
                fields["shutdown_us"] = micros(value)
            elif (
                key == "listen" and isinstance(value, list | tuple) and all(isinstance(a, str) for a in value)
            ):
                fields["listen"] = tuple(value)
            else:
                raise VrrplabError(f"{name}: give shutdown_s in seconds, or listen with a list of addresses")
        services[name] = replace(services[name], **fields)
    return replace(server, services=services)


def _told(edit: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """What was edited, in a line for the heads of figures."""
    told = [f"{server}: another keepalived.conf" for server in files]
    for old, new in edit.items():
        parts = new.items() if isinstance(new, Mapping) else [(old, new)]
        where = f"{old}: " if isinstance(new, Mapping) else ""
        told += [f"{where}{_words(str(before))} → {_words(str(after))}" for before, after in parts]
    text = "; ".join(told)
    return "edited: " + (text if len(text) <= 110 else text[:109] + "…")


def _words(text: str) -> str:
    """Lines of a configuration in one line."""
    joined = ", ".join(line.strip() for line in text.split("\n") if line.strip())
    return joined.replace("{, ", "{ ").replace(", }", " }") or "nothing"


def from_yaml(text: str) -> Scenario:
    """A scenario from YAML; its configuration files are those that come with vrrplab (``../configs/…``)."""
    from vrrplab.data_files import data_path

    return scenario_from_text(arguments.text(text, "the scenario"), data_path("scenarios"), "your scenario")


def _scenario(source: Source) -> Scenario:
    if isinstance(source, Scenario):
        return source
    return (
        _builtin(source)
        if isinstance(source, str) and source in builtin_scenarios()
        else load_scenario(source)
    )


@cache
def _builtin(name: str) -> Scenario:
    """A scenario that comes with vrrplab, read once: lessons make hundreds of variants of one."""
    return load_scenario(name)


def _text(scenario: Scenario, server: str) -> str:
    """What the server's file says: the edited text of a variant, else the file."""
    cast = scenario.servers[server]
    if cast.node.text is not None:
        return cast.node.text
    path = Path(cast.node.file or Path(scenario.file).parent / cast.config)
    try:
        text = config_text(path)
    except ConfigError:
        raise VrrplabError(f"{path}: the configuration of {server} cannot be read") from None
    if not file_matches(str(path), cast.node, server, scenario.profile_of(server)):
        raise VrrplabError(
            f"the configuration of {server} was changed (tune, or an edit that includes files), and no text"
            " says so: edit first, then tune"
        )
    return text


def _replaced(texts: dict[str, str], servers: list[str], old: str, new: str) -> dict[str, str]:
    arguments.text(old, "what edit replaces")
    arguments.text(new, f"what replaces {arguments.short_repr(old)}")
    if not old:
        raise VrrplabError("edit replaces nothing: give the words that are to be replaced")
    found = {name: texts[name].replace(old, new) for name in servers if old in texts[name]}
    if found:
        return found
    where = servers[0] if len(servers) == 1 else "any server's"
    lines = [line.strip() for name in servers for line in texts[name].splitlines() if line.strip()]
    hint = did_you_mean(old.strip(), lines)
    raise VrrplabError(f"{old!r} is not in {where} keepalived.conf{': ' if hint else ''}{hint}")


def _parsed(scenario: Scenario, server: str, text: str) -> NodeConfig:
    from vrrplab.config.reader import parse_text
    from vrrplab.machine.profiles import profile_named

    before = scenario.servers[server]
    name = before.node.file or before.config
    if before.is_frr:
        from vrrplab.scenario.frr import parse_frr
        from vrrplab.scenario.yaml_nodes import node_of

        return parse_frr(text, before.profile, server, node_of(text, server))
    try:
        daemon = profile_named(scenario.profile_of(server)).wording
        return parse_text(text, name, host_id=server, daemon=daemon)
    except ConfigError as error:
        raise ConfigError(f"{server}: keepalived.conf", error.line, error.message, error.hint) from None
