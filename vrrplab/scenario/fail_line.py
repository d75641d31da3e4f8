"""A failure in one line, without YAML: ``a eth0 at 10 for 20``; and what a run expects, likewise.

    SERVER THING [at S] [for S]     NETWORK cut [at S] [for S]

THING is the name of an interface, a service, a script, a tracked file or process, a BFD session; or
``daemon`` (it is stopped), ``kill``, ``freeze``, ``power``, ``firewall in|out|both``. A script that is named
stands for what it looks at, which dies: a service of the scenario, or, where none is declared at all, one
that is made up, and that clients ask for. An application that nobody declared may be named too: the checks
that speak of it are what is meant. Where one name means two things, the kind
stands before it: ``a service eth0``. Names with spaces are quoted. ``at``: 10 s after the last server's
start, if absent; ``for``: it is not repaired, if absent. What comes out are actions as in a scenario file:
what they do, and which one mends which, is said in ``trace.vocabulary``.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from vrrplab.config.model import InstanceConfig, ScriptConfig, SyncGroupConfig
from vrrplab.errors import ScenarioError, VrrplabError
from vrrplab.scenario.actions import names_on
from vrrplab.scenario.behind_checks import asking, ports_of, with_services
from vrrplab.scenario.expect import read_expectation
from vrrplab.scenario.keys import NOBODY
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server
from vrrplab.scenario.yaml_nodes import MOST_S, nearest, node_of
from vrrplab.trace.vocabulary import ACTIONS, Act
from vrrplab.units import Micros, micros, plain_seconds

AFTER_START_US: Micros = 10_000_000
SETTLED_US: Micros = 30_000_000  # a run goes on for so long after the last action, at least

FORM = "SERVER THING [at S] [for S], e.g. a eth0 at 10 for 20"
EXPECT_FORM = (
    "ADDRESS on SERVER|nobody [at S], or ADDRESS out S, e.g. 192.168.2.101 on b at 20, 192.168.2.101 out 3.7"
)

# What fails of a server without being called anything, and how.
_BY_WORD = {
    "daemon": Act.DAEMON_STOP,
    "kill": Act.DAEMON_KILL,
    "freeze": Act.DAEMON_FREEZE,
    "power": Act.POWER_OFF,
    "firewall": Act.FIREWALL_DROP,
}
# What has a name: how it fails, the action's key for the name, and what such things are called there.
_BY_KIND = {
    "interface": (Act.CARRIER_DOWN, "interface", "interface"),
    "service": (Act.SERVICE_STOP, "service", "service"),
    "script": (Act.CHECK_FAIL, "script", "vrrp_script"),
    "file": (Act.FILE_WRITE, "file", "track_file"),
    "process": (Act.PROCESS_COUNT, "process", "vrrp_track_process"),
    "bfd": (Act.BFD_DOWN, "bfd", "bfd_instance"),
}
_CUT = "cut"
_DIRECTIONS = {"in": ("in",), "out": ("out",), "both": ("in", "out")}


def with_failures(scenario: Scenario, lines: Iterable[str]) -> Scenario:
    """The same scenario with these failures, each a line; it lasts until what they do is over.

    VrrplabError: the line, what is wrong in it, what would be right.
    """
    lines = tuple(lines)
    actions = [action for line in lines for action in actions_of(line, scenario)]
    scenario, actions = _missed(scenario, actions)
    if not actions:
        return scenario
    failing = scenario.with_actions(actions)
    end_us = max(micros(action["at_s"]) for action in actions) + settles_us(scenario)
    return failing.changed(duration_us=max(scenario.duration_us, end_us))


def _missed(scenario: Scenario, actions: list[dict[str, Any]]) -> tuple[Scenario, list[dict[str, Any]]]:
    """Where nobody declared a service, what failing checks look at is one, and clients would miss it."""
    checks = [action["script"] for action in actions if action["action"] == Act.CHECK_FAIL.value]
    if not checks or any(server.services for server in scenario.servers.values()):
        return scenario, actions
    ports = ports_of(checks)
    made = asking(with_services(scenario, ports), [*ports.values()])
    return made, [_of_the_service(action) for action in actions]


def _of_the_service(action: dict[str, Any]) -> dict[str, Any]:
    """The same of the service that a check looks at, called as the check is."""
    kinds = {
        Act.CHECK_FAIL.value: Act.SERVICE_KILL.value,
        Act.CHECK_PASS.value: Act.SERVICE_START.value,
    }
    if action["action"] not in kinds:
        return action
    kept = {key: value for key, value in action.items() if key != "script"}
    return {**kept, "action": kinds[action["action"]], "service": action["script"]}


def settles_us(scenario: Scenario) -> Micros:
    """So long after an action nothing follows from it any more: the slowest check and instance are done."""
    nodes = [server.node for server in scenario.servers.values()]
    silent = [4 * i.advert_interval_us + i.preempt_delay_us for node in nodes for i in node.instances]
    checked = [
        max(s.fall, s.rise) * (s.interval_us + s.timeout_us) + s.interval_us
        for node in nodes
        for s in node.scripts
    ]
    return max(SETTLED_US, 2 * max(silent, default=0) + max(checked, default=0))


def actions_of(line: str, scenario: Scenario) -> list[dict[str, Any]]:
    """The actions of one line, as in a scenario file, in order: what fails, and its repair if any."""
    words, at_us, for_us = _timed(line)
    at_us = _after_start(scenario) if at_us is None else at_us
    broken = list(_broken(line, words, scenario))
    found = [{"at_s": plain_seconds(at_us), **action} for action in broken]
    if for_us is not None:
        found += [{"at_s": plain_seconds(at_us + for_us), **_mended(action, scenario)} for action in broken]
    return found


def _after_start(scenario: Scenario) -> Micros:
    return max(server.start_at_us for server in scenario.servers.values()) + AFTER_START_US


def _wrong(line: str, message: str, hint: str = "") -> VrrplabError:
    return VrrplabError(f"{line!r}: {message}" + (f" - {hint}" if hint else ""))


def _words(line: str, form: str) -> list[str]:
    if not isinstance(line, str):
        raise VrrplabError(f"a line of text is needed, this is of type {type(line).__name__} - {form}")
    try:
        return shlex.split(line)
    except ValueError:
        raise _wrong(
            line, "a quotation mark has no partner", "quote a name with spaces on both sides"
        ) from None


def _timed(line: str) -> tuple[list[str], Micros | None, Micros | None]:
    """The words before ``at`` and ``for``, and what follows those."""
    words = _words(line, FORM)
    times: dict[str, Micros] = {}
    while len(words) > 2 and words[-2] in ("at", "for"):
        word = words[-2]
        if word in times:
            raise _wrong(line, f"{word} is there twice", FORM)
        times[word] = _time_us(line, word, words[-1])
        words = words[:-2]
    if words[-1:] in (["at"], ["for"]) and len(words) > 2:
        raise _wrong(line, f"{words[-1]} is followed by no time", FORM)
    if times.get("for") == 0:
        raise _wrong(line, "what is repaired after 0 s does not fail", "give a longer time, or leave for out")
    return words, times.get("at"), times.get("for")


def _time_us(line: str, word: str, text: str) -> Micros:
    """Seconds, with or without their s."""
    try:
        value = float(text.removesuffix("s"))
    except ValueError:
        raise _wrong(line, f"{word} {text!r} is no time", f"seconds, e.g. {word} 10") from None
    if not (math.isfinite(value) and 0 <= value <= MOST_S):
        raise _wrong(line, f"{word} {text} is no time of a run", "seconds, from 0 to a year")
    return micros(value)


def _broken(line: str, words: Sequence[str], scenario: Scenario) -> Iterator[dict[str, Any]]:
    """What fails, as actions without a time."""
    if len(words) < 2:
        raise _wrong(line, "names no failure", FORM)
    who, *things = words
    if who in scenario.segments and (who not in scenario.servers or things == [_CUT]):
        if things != [_CUT]:
            raise _wrong(line, f"a network can only be cut, not {' '.join(things)!r}", f"{who} cut")
        yield {"action": Act.SEGMENT_FAULT.value, "segment": who, "loss": 1.0}
        return
    if who not in scenario.servers:
        known = [*scenario.servers, *scenario.segments]
        raise _wrong(line, f"there is no server or network {who!r}", nearest(who, known))
    server = scenario.servers[who]
    first, rest = things[0], things[1:]
    if first in _BY_KIND and rest:
        yield from _named(line, first, " ".join(rest), server)
    elif first == "firewall":
        yield from _firewall(line, rest, server)
    elif rest:
        raise _wrong(line, f"{' '.join(rest)!r} is one word too many", FORM)
    else:
        yield from _called(line, first, server)


def _firewall(line: str, rest: Sequence[str], server: Server) -> Iterator[dict[str, Any]]:
    way = " ".join(rest) or "both"
    if way not in _DIRECTIONS:
        raise _wrong(line, f"a firewall drops in, out or both, not {way!r}", f"{server.name} firewall in")
    for direction in _DIRECTIONS[way]:
        yield {
            "action": Act.FIREWALL_DROP.value,
            "server": server.name,
            "direction": direction,
            "protocol": "vrrp",
        }


def _called(line: str, name: str, server: Server) -> Iterator[dict[str, Any]]:
    """What is called so, or what the word means; VrrplabError where that is two things, or none."""
    kinds = [kind for kind in _BY_KIND if name in _names(kind, server)]
    if "service" in kinds and "script" in kinds and _looked_at(name, server) == name:
        kinds.remove("script")  # it says the same
    means = [*kinds, *(["failure"] if name in _BY_WORD else [])]
    if len(means) > 1:
        ways = " or ".join(f"'{server.name} {kind} {name}'" for kind in kinds)
        raise _wrong(line, f"{name!r} is {' and '.join(_article(m) for m in means)}", f"say {ways}")
    if kinds:
        yield from _named(line, kinds[0], name, server)
    elif name in _BY_WORD:
        yield {"action": _BY_WORD[name].value, "server": server.name}
    elif scripts := [s for s in server.node.scripts if _speaks_of(s, name)]:
        for script in scripts:  # no file says that the application runs; it is what its checks look at
            yield from _named(line, "script", script.name, server)
    elif name in _BY_KIND:
        names = _names(name, server)
        hint = f"{server.name} {name} {shlex.quote(names[0])}" if names else f"{server.name} has none"
        raise _wrong(line, f"which {name} of {server.name}?", hint)
    else:
        things = [n for kind in _BY_KIND for n in _names(kind, server)]
        what = f"{server.name} has no interface, service, script or other thing {name!r}"
        raise _wrong(line, what, nearest(name, [*dict.fromkeys([*things, *_BY_WORD])]))


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def _speaks_of(script: ScriptConfig, name: str) -> bool:
    """Is it a word of the check's name or command, as squid is of chk_squid and ``killall -0 squid``?"""
    if not name:
        return False
    word = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])")
    return any(word.search(part) for part in (script.name, *script.command))


def _looked_at(script: str, server: Server) -> str:
    """The declared service that a check follows, "": none."""
    return server.followed(script, " ".join(server.node.script(script).command))


def _names(kind: str, server: Server) -> list[str]:
    return list(names_on(_BY_KIND[kind][2], server))


def _named(line: str, kind: str, name: str, server: Server) -> Iterator[dict[str, Any]]:
    """What is called so and is of that kind, failing."""
    act, key, _ = _BY_KIND[kind]
    names = _names(kind, server)
    if name not in names:
        raise _wrong(line, f"{server.name} has no {kind} {name!r}", nearest(name, names))
    if kind == "script" and (service := _looked_at(name, server)):
        act, key, name = Act.SERVICE_KILL, "service", service
    more: dict[str, Any] = {}
    if act is Act.FILE_WRITE:
        more = {"value": _file_values(name, server)[0]}
    elif act is Act.PROCESS_COUNT:
        more = {"count": 0}
    yield {"action": act.value, "server": server.name, key: name, **more}


def _file_values(name: str, server: Server) -> tuple[int, int]:
    """What is in a tracked file when it tells a failure, and when all is well."""
    node = server.node
    places: list[InstanceConfig | SyncGroupConfig] = [*node.instances, *node.sync_groups]
    tracked = [t for place in places for t in place.track_files if t.name == name]
    good = next((file.init_value for file in node.files if file.name == name), None)
    bad = tracked[0].fault_value if tracked else 1
    return bad, good if good not in (None, bad) else int(not bad)


def _mended(action: dict[str, Any], scenario: Scenario) -> dict[str, Any]:
    """The action that undoes one."""
    act = ACTIONS[action["action"]]
    mending = act.mended_by
    keys = {
        key: value
        for key, value in action.items()
        if key in ("server", "segment", *mending.needs, *mending.may)
    }
    if act is Act.FILE_WRITE:
        keys["value"] = _file_values(action["file"], scenario.servers[action["server"]])[1]
    elif act is Act.PROCESS_COUNT:
        processes = scenario.servers[action["server"]].node.processes
        name = action["process"]
        keys["count"] = max(p.quorum for p in processes if name in (p.name, p.command[0]))
    return {**keys, "action": mending.value}


# -- what is expected --------------------------------------------------------------------------------------


def with_expectations(scenario: Scenario, lines: Iterable[str]) -> Scenario:
    """The same scenario, expecting what these lines say beside what it expects itself.

    ``192.168.2.101 on b at 20``: b has the address then (``nobody``: nobody has it); without ``at``: at the
    end. ``192.168.2.101 out 3.7``: it is never away from a client for longer than so many seconds.
    VrrplabError: the line, what is wrong in it, what would be right.
    """
    more = []
    for line in lines:
        node = node_of(_expected(line, scenario), "it")
        try:
            one = read_expectation(node, scenario.servers, scenario.clients, scenario.actions)
        except ScenarioError as error:
            raise _wrong(line, error.message, error.hint) from None
        more.append(replace(one, said=line))
    return scenario.changed(expect=(*scenario.expect, *more)) if more else scenario


def _expected(line: str, scenario: Scenario) -> dict[str, Any]:
    """The entry of ``expect`` that a line stands for."""
    words = _words(line, EXPECT_FORM)
    match words:
        case [address, "on", server, "at", at]:
            at_us = _time_us(line, "at", at)
        case [address, "on", server]:
            at_us = scenario.duration_us
        case [address, "out", limit] | [address, "out", "at", "most", limit]:
            return {"outage": {"target": address, "at_most_s": plain_seconds(_time_us(line, "out", limit))}}
        case _:
            raise _wrong(line, "is no expectation", EXPECT_FORM)
    if at_us > scenario.duration_us:
        end = plain_seconds(scenario.duration_us)
        raise _wrong(line, f"the run ends at {end:g} s", "expect something before that, or --until later")
    if server != NOBODY and server not in scenario.servers:
        raise _wrong(line, f"there is no server {server!r}", nearest(server, [*scenario.servers, NOBODY]))
    return {"at_s": plain_seconds(at_us), "owner": {address: server}}
