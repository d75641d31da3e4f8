"""Scenarios with something changed: the article's files edited, actions added. For experiments.

    variant("article-steady", at(12, "power_off", server="r1"), edit="priority 255 -> priority 254")

Text is edited as on a real server: old words replaced by new ones in keepalived.conf (``replacements``), then
read anew. Words that are not in the file are an error, so a typing mistake never passes for an experiment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from vrrplab import arguments
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.notebook.replacements import Edit, Replacement, replacements
from vrrplab.scenario.edited import text_of, with_files
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.own_rules import RULES, checked_rules
from vrrplab.scenario.parts import Server
from vrrplab.scenario.reader import builtin_scenarios, load_scenario, scenario_from_text
from vrrplab.units import micros

BASE = "article-steady"
SERVED = '"squid: shutdown_s 1"'
Source = Scenario | str | os.PathLike[str]


class Action(dict[str, Any]):
    """An action at a moment: a table as in a scenario file, which shows itself as ``at`` was called."""

    def __repr__(self) -> str:
        keys = [f"{key}={_typed(value)}" for key, value in self.items() if key not in ("at_s", "action")]
        told = [_typed(self.get("at_s")), _typed(self.get("action")), *keys]
        return f"at({', '.join(told)})"


def _typed(value: object) -> str:
    """A value as the lessons write it: text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def at(at_s: float, action: str, **keys: Any) -> Action:
    """An action at a moment, for ``simulate`` and ``variant``.

    ``at_s``: seconds from the start of the run. ``action`` and ``keys``: as in a scenario file
    (docs/scenario.md lists the actions). It is a dict that shows itself as it is written here; whether it
    fits is said where it is added to a scenario. VrrplabError: the moment is no number, the action no text.

    >>> vrrplab.at(12, "link_down", server="proxy-serv01", interface="eth0")
    at(12, "link_down", server="proxy-serv01", interface="eth0")
    """
    if isinstance(at_s, bool) or not isinstance(at_s, int | float):
        raise VrrplabError('at() takes the moment first, in seconds, like at(12, "power_off", server="r1")')
    arguments.number(at_s, "the moment")
    arguments.text(action, "the action")
    return Action(at_s=at_s, action=action, **keys)


def conf(server: str = "proxy-serv01", source: Source = BASE) -> str:
    """The keepalived.conf of a server of a scenario, as text.

    ``source``: a Scenario, a scenario file or the name of a built-in one. VrrplabError: there is no such
    server, its file cannot be read, or the scenario was changed by ``tune``, which is in no file.

    >>> vrrplab.conf("r1", "lesson-two-routers").splitlines()[0]
    'vrrp_instance office {'
    """
    chosen = scenario_of(source)
    return text_of(chosen, arguments.known(server, "server", chosen.servers))


def variant(
    source: Source = BASE,
    *actions: dict[str, Any],
    edit: Edit | None = None,
    files: Mapping[str, str] | None = None,
    services: Mapping[str, Mapping[str, Any]] | str | Sequence[str] | None = None,
    duration_s: float | None = None,
    **changes: Any,
) -> Scenario:
    """A scenario like ``source`` with changes; the source stays as it is.

    - ``actions``: added, see ``at``.
    - ``edit``: words to replace in every server's keepalived.conf, ``"priority 255 -> priority 150"``, or in
      one server's, ``"proxy-serv01: priority 255 -> priority 150"``; several as a list, or a line each.
      Words are found whole, however they are spaced; nothing behind the arrow takes them out. A table
      replaces exact text: ``{"priority 255": "priority 150"}``, by server ``{"proxy-serv01": {…}}``.
    - ``files``: a whole new keepalived.conf by server, as text.
    - ``services``: by name, on all servers: ``"squid: shutdown_s 1"``, ``"squid: listen 192.168.2.101"``, or
      the same as a table, ``{"squid": {"shutdown_s": 1, "listen": ["192.168.2.101"]}}``.
    - ``duration_s``: how long it runs, in seconds; without it at least 20 s beyond the last action.
    - ``changes``: ``name``, ``profile``, ``seed``; or a rule of VRRP that is yours, a function that is asked
      one question. ``skew_us`` knows a BACKUP's ``version``, ``priority``, ``interval_us`` and ``address``,
      and returns how much later than three intervals it acts (whole microseconds). ``answer`` knows the
      ``priority`` and ``address`` of another MASTER whose advert has come, ``own_priority``,
      ``own_address`` and ``is_better``, and returns "nothing", "advert" or "advert+garp".
      ``announce_again_us`` knows how many ``times`` a MASTER has announced its addresses, and its
      ``interval_us``, and returns how long until the next time, or None. A rule that fails as it is asked
      is a RuleError.

    VrrplabError (ScenarioError, ConfigError), in one line, for whatever does not fit: words to replace
    that stand in no file, for instance.

    >>> without_owner = vrrplab.variant("article-drill-1-lan-nic", edit="priority 255 -> priority 150")
    >>> vrrplab.outage_s(vrrplab.simulate(without_owner), "192.168.2.101")
    3.08
    """
    chosen = scenario_of(source)
    edits = replacements(edit, list(chosen.servers))
    rules = {key: changes.pop(key) for key in list(changes) if key in RULES}
    files = {} if files is None else arguments.pairs(files, "files", '{"proxy-serv01": conf("proxy-serv01")}')
    served = _services(services)
    _check_changes(changes)
    texts = {name: text_of(chosen, name) for name in chosen.servers} if edits or files else {}
    for server, whole in files.items():
        texts[arguments.known(server, "server", texts)] = arguments.text(whole, f"the file of {server}")
    texts.update(_edited(texts, edits))
    if served:
        chosen = replace(chosen, servers={n: _serving(s, served) for n, s in chosen.servers.items()})
    if rules:
        changes["rules"] = chosen.rules | checked_rules(rules)
    if texts and "description" not in changes:
        changes["description"] = _told(edits, files)
    chosen = with_files(replace(chosen, **changes), texts)
    if actions:
        chosen = chosen.with_actions(actions)
        needed_us = max(a.at_us for a in chosen.actions) + micros(20)
        chosen = replace(chosen, duration_us=max(chosen.duration_us, needed_us))
    if duration_s is not None:
        if not 0 < arguments.number(duration_s, "duration_s") < 1e6:
            raise VrrplabError(f"duration_s={duration_s}: give a positive number of seconds")
        chosen = replace(chosen, duration_us=micros(duration_s))
    return chosen


def edited_texts(scenario: Scenario, edit: Edit) -> dict[str, str]:
    """By server, the new text of each keepalived.conf that an edit changes; none of them is read.

    ``edit``: as for ``variant``. VrrplabError: the words to replace stand in no file.
    """
    texts = {name: text_of(scenario, name) for name in scenario.servers}
    return _edited(texts, replacements(edit, list(scenario.servers)))


def _check_changes(changes: dict[str, Any]) -> None:
    wrong = sorted(set(changes) - {"name", "profile", "seed", "description"})
    if wrong:
        there = ["edit", "files", "services", "duration_s", "name", "profile", "seed", *RULES]
        raise VrrplabError(f"variant() has no {wrong[0]!r}: there are {', '.join(there)}")
    for key, value in changes.items():
        if key == "seed":
            changes[key] = arguments.whole(value, key, 0)
        else:
            arguments.text(value, key)
    if "profile" in changes:
        from vrrplab.machine.profiles import profile_named

        profile_named(changes["profile"])


def _services(
    wanted: Mapping[str, Mapping[str, Any]] | str | Sequence[str] | None,
) -> Mapping[str, Mapping[str, Any]]:
    """``services`` as a table: from words, ``squid: shutdown_s 1``, a line or a part of a list each."""
    if wanted is None:
        return {}
    if isinstance(wanted, Mapping):
        return wanted
    lines = wanted.split("\n") if isinstance(wanted, str) else wanted
    if not isinstance(lines, list | tuple):
        raise VrrplabError(f"services is {arguments.short_repr(wanted)}: write it like services={SERVED}")
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        name, _, rest = arguments.text(line, "a part of services").partition(":")
        key, *values = rest.split() or [""]
        if values:
            found.setdefault(name.strip(), {})[key] = values if key == "listen" else _value(values)
        elif line.strip():
            raise VrrplabError(f"services {arguments.short_repr(line)}: write it like services={SERVED}")
    return found


def _value(words: list[str]) -> float | str:
    """What stands behind a key: a number, or the words as they are."""
    text = " ".join(words)
    try:
        return float(text)
    except ValueError:
        return text


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


def _told(edits: list[Replacement], files: Mapping[str, str]) -> str:
    """What was edited, in a line for the heads of figures."""
    told = [f"{server}: another keepalived.conf" for server in files] + [one.told() for one in edits]
    text = "; ".join(told)
    return "edited: " + (text if len(text) <= 110 else text[:109] + "…")


def from_yaml(text: str) -> Scenario:
    """A scenario from YAML; its configuration files are those that come with vrrplab (``../configs/…``)."""
    from vrrplab.data_files import data_path

    return scenario_from_text(arguments.text(text, "the scenario"), data_path("scenarios"), "your scenario")


def scenario_of(source: Source) -> Scenario:
    """The scenario itself, or that of a file or a built-in name; one that comes with vrrplab is read once."""
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


def _edited(texts: dict[str, str], edits: list[Replacement]) -> dict[str, str]:
    """The texts that these replacements change, one after the other."""
    made: dict[str, str] = {}
    for one in edits:
        now = texts | made
        made |= _replaced(now, [one.server] if one.server else list(now), one)
    return made


def _replaced(texts: dict[str, str], servers: list[str], one: Replacement) -> dict[str, str]:
    """The files of these servers in which the words stand, with the new ones."""
    made = {name: one.made_in(texts[name]) for name in servers}
    found = {name: text for name, text in made.items() if text is not None}
    if found:
        return found
    where = servers[0] if len(servers) == 1 else "any server's"
    lines = [line.strip() for name in servers for line in texts[name].splitlines() if line.strip()]
    hint = did_you_mean(one.old.strip(), lines)
    raise VrrplabError(f"{one.old!r} is not in {where} keepalived.conf{': ' if hint else ''}{hint}")
