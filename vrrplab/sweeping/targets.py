"""What can vary from run to run, by its name: a moment, a key of the scenario, an option of keepalived.conf.

    fault                                 the moment of the first action; the others keep their distance to it
    actions.2.at_s                        the moment of one action alone
    loss, latency, jitter                 of every segment; of one: segments.lan.loss
    proxy-serv01.start_at_s               a key of a server, and proxy-serv01.services.squid.shutdown_s
    proxy-serv01.proxy_ip1.advert_int     an option of a block; of all: proxy-*.*.advert_int, or advert_int
    proxy-serv01.proxy_ip1.track_script.chk.weight     of something that is tracked

Keys are those of ``scenario.keys``, options those of the keepalived.conf reader's own tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from vrrplab.config.blocks import Keyword, Table
from vrrplab.config.edits import blocks_in, with_entry, with_option, without
from vrrplab.config.keywords import global_tables, vrrp_tables
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.machine.profiles import profile_named
from vrrplab.scenario.configs import EDITED, label_without_file
from vrrplab.scenario.edited import parsed, text_of
from vrrplab.scenario.keys import HOST, ROUTER, SEGMENT, SERVER, SERVICE, Key, Section
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server
from vrrplab.scenario.yaml_nodes import Node
from vrrplab.sweeping.values import Cell, cell, is_number
from vrrplab.units import Micros

FAULT = "fault"
_OF_EVERY_SEGMENT = ("loss", "latency", "jitter")
_ALL = "*"
_MOST_SHOWN = 12
_ON, _OFF = ("yes", "on", "true"), ("no", "off", "false")


class ConfigEdit(NamedTuple):
    """A change of a keepalived.conf's text: ``option value`` in the block of ``path``.

    ``entry``: the block inside that one which has the line, ``track_script``. ``bare``: an option that is
    said or not said.
    """

    path: tuple[tuple[str, ...], ...]
    option: str
    value: str
    entry: str = ""
    bare: bool = False

    def made_in(self, text: str, host: str) -> str:
        if self.bare and self.value not in (*_ON, *_OFF):
            raise VrrplabError(
                f"--vary {self.option}={self.value}: it is there or not, and has no value - yes or no"
            )
        if self.bare and self.value in _OFF:
            gone = without(text, self.path, self.option, host)
            return text if gone is None else gone.text
        if self.entry:
            made = with_entry(text, self.path, self.entry, f"{self.option} weight {self.value}", host)
        else:
            made = with_option(text, self.path, self.option, "" if self.bare else self.value, host)
        assert made is not None  # the block was found when the name was looked up
        return made.text


class Draft:
    """A scenario in the making: parts that were replaced, and changes of keepalived.conf texts to come."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.edits: dict[str, list[ConfigEdit]] = {}


@dataclass(frozen=True, slots=True)
class Target:
    """Something that varies. ``column``: its name in a table; ``meaning``: what it is, for people.

    ``continuous``: a time or a share, of which any value will do. ``apply``: gives it a value; ``sets``: all
    that it gives that value to, each thing as a name that is the same whoever sets it.
    """

    column: str
    meaning: str
    continuous: bool = True

    def apply(self, draft: Draft, value: str) -> None:
        raise NotImplementedError

    @property
    def sets(self) -> frozenset[tuple[object, ...]]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _Fault(Target):
    def apply(self, draft: Draft, value: str) -> None:
        actions = draft.scenario.actions
        shift_us = _time_us(self.column, value) - actions[0].at_us
        moved = tuple(replace(action, at_us=action.at_us + shift_us) for action in actions)
        duration_us = draft.scenario.duration_us + shift_us
        draft.scenario = draft.scenario.changed(actions=moved, duration_us=duration_us)

    @property
    def sets(self) -> frozenset[tuple[object, ...]]:
        return frozenset({("actions", 0)})


@dataclass(frozen=True, slots=True)
class _Moment(Target):
    place: int = 0

    def apply(self, draft: Draft, value: str) -> None:
        at_us = _time_us(self.column, value)
        actions = [
            replace(action, at_us=at_us) if place == self.place else action
            for place, action in enumerate(draft.scenario.actions)
        ]
        draft.scenario = draft.scenario.changed(actions=tuple(actions))

    @property
    def sets(self) -> frozenset[tuple[object, ...]]:
        return frozenset({("actions", self.place)})


@dataclass(frozen=True, slots=True)
class _Part(Target):
    """A key of parts of the scenario: ``kind`` is the field of the scenario that has them."""

    kind: str = ""
    names: tuple[str, ...] = ()
    field: str = ""
    read: Callable[[Node], Any] = Node.text

    def apply(self, draft: Draft, value: str) -> None:
        parts: dict[str, Any] = dict(getattr(draft.scenario, self.kind))
        found = self.read(_node(self.column, value))
        for name in self.names:
            parts[name] = replace(parts[name], **{self.field: found})
        draft.scenario = draft.scenario.changed(**{self.kind: parts})

    @property
    def sets(self) -> frozenset[tuple[object, ...]]:
        return frozenset((self.kind, name, self.field) for name in self.names)


@dataclass(frozen=True, slots=True)
class _Service(Target):
    places: tuple[tuple[str, str], ...] = ()  # server, service
    field: str = ""
    read: Callable[[Node], Any] = Node.text

    def apply(self, draft: Draft, value: str) -> None:
        servers = dict(draft.scenario.servers)
        found = self.read(_node(self.column, value))
        for name, service in self.places:
            services = dict(servers[name].services)
            services[service] = replace(services[service], **{self.field: found})
            servers[name] = replace(servers[name], services=services)
        draft.scenario = draft.scenario.changed(servers=servers)

    @property
    def sets(self) -> frozenset[tuple[object, ...]]:
        return frozenset(("services", *place, self.field) for place in self.places)


@dataclass(frozen=True, slots=True)
class _Option(Target):
    places: tuple[tuple[str, ConfigEdit], ...] = ()  # server, the edit without its value

    def apply(self, draft: Draft, value: str) -> None:
        for server, edit in self.places:
            draft.edits.setdefault(server, []).append(edit._replace(value=value))

    @property
    def sets(self) -> frozenset[tuple[object, ...]]:
        return frozenset((server, edit.path, edit.entry, edit.option) for server, edit in self.places)


class Maker:
    """Makes scenarios like one, with other values; a keepalived.conf that was read once is kept."""

    _MOST_KEPT = 2_000

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._texts: dict[str, str] = {}
        self._read: dict[tuple[str, tuple[ConfigEdit, ...]], Server] = {}

    def made(self, changes: Iterable[tuple[Target, str]]) -> Scenario:
        """The scenario with each target at its value. VrrplabError: one that cannot be."""
        draft = Draft(self._scenario)
        # all actions move with the fault, and then one of them to a moment of its own
        for target, value in sorted(changes, key=lambda change: not isinstance(change[0], _Fault)):
            target.apply(draft, value)
        made = draft.scenario
        if draft.edits:
            servers = dict(made.servers)
            for name, edits in draft.edits.items():
                node = self._server(name, tuple(edits)).node
                servers[name] = replace(servers[name], node=node, config=label_without_file(name, EDITED))
            made = made.changed(servers=servers)
        if any(b.at_us < a.at_us for a, b in zip(made.actions, made.actions[1:], strict=False)):
            made = made.changed(actions=tuple(sorted(made.actions, key=lambda action: action.at_us)))
        return made

    def _server(self, name: str, edits: tuple[ConfigEdit, ...]) -> Server:
        found = self._read.get((name, edits))
        if found is None:
            if name not in self._texts:
                self._texts[name] = text_of(self._scenario, name)
            text = self._texts[name]
            for edit in edits:
                text = edit.made_in(text, name)
            node = parsed(self._scenario, name, text)
            found = replace(self._scenario.servers[name], node=node)
            if len(self._read) >= self._MOST_KEPT:
                self._read.clear()
            self._read[name, edits] = found
        return found


def target_of(scenario: Scenario, name: str) -> Target:
    """What a name means in a scenario. VrrplabError: nothing; the nearest that would."""
    word = name.removesuffix("_s")
    if word == FAULT:
        return _fault(scenario, name)
    if word in _OF_EVERY_SEGMENT:
        return _part(scenario, name, "segments", f"{_ALL}.{name}", SEGMENT)
    first, dot, rest = name.partition(".")
    if not dot and first in _leading(scenario):
        raise _wrong(name, f"names no value of {first}", f"as {first}.…")
    match first:
        case "actions":
            return _moment(scenario, name, rest)
        case "segments":
            return _part(scenario, name, "segments", rest, SEGMENT)
        case "routers":
            return _part(scenario, name, "routers", rest, ROUTER)
        case "servers":
            return _of_server(scenario, name, rest)
    return _of_server(scenario, name, name)


def _leading(scenario: Scenario) -> list[str]:
    return ["actions", "segments", "routers", "servers", *scenario.servers]


# -- of the scenario ---------------------------------------------------------------------------------------


def _fault(scenario: Scenario, name: str) -> Target:
    if not scenario.actions:
        cure = "give it one: --fail 'SERVER THING at S for S'"
        raise _wrong(name, f"nothing fails in {scenario.name or 'this scenario'}: it has no actions", cure)
    return _Fault("fault_s", "when the first action happens; the others keep their distance to it")


def _moment(scenario: Scenario, name: str, rest: str) -> Target:
    number, _, key = rest.partition(".")
    count = len(scenario.actions)
    if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= count):
        what = f"there is no action {number!r}"
        raise _wrong(name, what, f"1 to {count}, in order of time" if count else "it has no actions at all")
    if key.removesuffix("_s") != "at":
        raise _wrong(name, "of an action only its moment varies", f"actions.{number}.at_s")
    action = scenario.actions[int(number) - 1]
    place = int(number) - 1
    return _Moment(f"actions.{number}.at_s", f"when its {action.kind} happens", place=place)


def _part(scenario: Scenario, name: str, kind: str, rest: str, section: Section) -> Target:
    parts: Mapping[str, Any] = getattr(scenario, kind)
    names, key = _split(rest, list(parts))
    if not names:
        raise _wrong(name, f"there is no {section.name} {rest.partition('.')[0]!r}", _known(rest, parts))
    found, one = _key_of(name, key, section)
    whole = name if name.startswith(kind) else f"{kind}.{rest}"
    column = f"{whole.removesuffix(key)}{found}"
    meaning = f"{one.meaning} ({section.name} {', '.join(names)})"
    return _Part(column, meaning, kind=kind, names=tuple(names), field=one.field, read=one.kind.read)


def _key_of(name: str, key: str, section: Section, more: Iterable[str] = ()) -> tuple[str, Key]:
    """A key that varies, with or without the ``_s`` of its unit."""
    keys = {word: one for word, one in section.keys.items() if one.field and _is_scalar(one)}
    for word in (key, f"{key}_s", f"{key}_at_s"):
        if word in keys:
            return word, keys[word]
    raise _wrong(name, f"a {section.name} has no {key!r} that could vary", _known(key, [*keys, *more]))


def _is_scalar(key: Key) -> bool:
    return key.kind.schema.get("type") in ("number", "integer", "boolean") or "enum" in key.kind.schema


# -- of servers --------------------------------------------------------------------------------------------


def _of_server(scenario: Scenario, name: str, rest: str) -> Target:
    names, inner = _split(rest, list(scenario.servers))
    if not names:  # a block, or an option, of all servers
        names, inner = list(scenario.servers), rest
    first, dot, below = inner.partition(".")
    if not dot and rest != inner:
        words = (first, f"{first}_s", f"{first}_at_s")
        word = next((w for w in words if w in SERVER.keys and _is_scalar(SERVER.keys[w])), "")
        if word:
            key = SERVER.keys[word]
            column = f"{name.removesuffix(first)}{word}"
            field = key.field or word.removesuffix("_s") + "_us"
            read = key.kind.read
            meaning = f"{key.meaning} ({', '.join(names)})"
            return _Part(column, meaning, kind="servers", names=tuple(names), field=field, read=read)
    if first == "host" and dot:
        _, key = _key_of(name, below, HOST)
        return _Part(
            name, key.meaning, kind="servers", names=tuple(names), field=key.field, read=key.kind.read
        )
    if first == "services" and dot:
        return _of_service(scenario, name, names, below)
    return _of_config(scenario, name, names, inner, is_server=rest != inner)


def _of_service(scenario: Scenario, name: str, servers: Sequence[str], rest: str) -> Target:
    known = list(dict.fromkeys(s for server in servers for s in scenario.servers[server].services))
    names, key = _split(rest, known)
    if not names:
        raise _wrong(name, f"there is no service {rest.partition('.')[0]!r}", _known(rest, known))
    found, one = _key_of(name, key, SERVICE)
    places = tuple((s, n) for s in servers for n in names if n in scenario.servers[s].services)
    column = f"{name.removesuffix(key)}{found}"
    return _Service(column, one.meaning, places=places, field=one.field, read=one.kind.read)


class _Block(NamedTuple):
    """A block of a server's keepalived.conf, and what it may hold."""

    server: str
    words: tuple[str, ...]
    table: Table
    inner_blocks: frozenset[str]

    @property
    def name(self) -> str:
        return self.words[-1]


def _of_config(
    scenario: Scenario, name: str, servers: Sequence[str], rest: str, *, is_server: bool
) -> Target:
    blocks = [block for server in servers for block in _blocks(scenario, server)]
    frr = [server for server in servers if scenario.servers[server].is_frr]
    if not blocks and frr:
        raise _wrong(
            name, f"{frr[0]} runs FRR, whose options do not vary", "its start, network and failures do"
        )
    called = list(dict.fromkeys([*(b.name for b in blocks), *(b.words[0] for b in blocks)]))
    if "." in rest:
        names, inner = _split(rest, called)
        if not names:
            wrong = rest.partition(".")[0]
            what = f"no block {wrong!r} in the keepalived.conf of {', '.join(servers[:3])}"
            if not is_server:
                what = f"there is no server, and no block of a keepalived.conf, {wrong!r}"
                called = [*scenario.servers, *called]
            raise _wrong(name, what, _known(wrong, [*called, *([] if is_server else _leading(scenario)[:4])]))
        blocks = [block for block in blocks if block.name in names or block.words[0] in names]
    else:
        inner = rest
    places = [(block.server, edit) for block in blocks if (edit := _edit(name, block, inner)) is not None]
    if not places:
        known = list(dict.fromkeys(word for block in blocks for word in block.table))
        where = " ".join(blocks[0].words) if len({b.words for b in blocks}) == 1 else "none of these blocks"
        option = inner.partition(".")[0]
        more = [] if "." in rest else [FAULT, *_OF_EVERY_SEGMENT]
        has = "has no option" if len({b.words for b in blocks}) == 1 else "has an option"
        raise _wrong(name, f"{where} {has} {option!r}", _known(option, [*known, *more]))
    meaning = "an option of keepalived.conf(5), in its unit there"
    return _Option(name, meaning, False, places=tuple(places))


def _blocks(scenario: Scenario, server: str) -> Iterator[_Block]:
    one = scenario.servers[server]
    if one.is_frr:
        return
    old = profile_named(scenario.profile_of(server)).wording == "2.2.7"
    tables = {**vrrp_tables(old), "global_defs": global_tables(old)["global_defs"]}
    for statement in blocks_in(text_of(scenario, server), server):
        words = tuple(statement.values)
        keyword = _keyword(tables.get(words[0] if words else ""))
        if keyword is not None and keyword.block is not None and statement.block is not None:
            inner = frozenset(s.keyword for s in statement.block.statements if s.block is not None)
            yield _Block(server, words, keyword.block, inner)


def _keyword(entry: Keyword | Callable[[], Keyword] | None) -> Keyword | None:
    return entry if isinstance(entry, Keyword) or entry is None else entry()


def _edit(name: str, block: _Block, inner: str) -> ConfigEdit | None:
    """The change of that block, without its value; None: it has no such option."""
    first, dot, rest = inner.partition(".")
    keyword = _keyword(block.table.get(first))
    if keyword is None:
        return None
    path = (block.words,)
    if first.startswith("track_") and first in block.table and keyword.block is None and dot:
        thing, _, weight = rest.rpartition(".")
        if weight != "weight" or not thing:
            raise _wrong(
                name, f"of what is tracked its weight varies, not {weight!r}", f"{first}.NAME.weight"
            )
        return ConfigEdit(path, thing, "", entry=first)
    if keyword.block is not None and dot:
        inside = _keyword(keyword.block.get(rest))
        if inside is None:
            raise _wrong(name, f"{first} has no option {rest!r}", _known(rest, keyword.block))
        if first not in block.inner_blocks:
            raise _wrong(name, f"{' '.join(block.words)} has no block {first}", "write one into the file")
        return ConfigEdit((*path, (first,)), rest, "", bare=inside.bare)
    if dot:
        return None
    if keyword.block is not None or first in block.inner_blocks or first.startswith("track_"):
        raise _wrong(name, f"{first} is a block", f"name something in it: {first}.…")
    return ConfigEdit(path, first, "", bare=keyword.bare)


# -- words -------------------------------------------------------------------------------------------------


def _split(text: str, known: Sequence[str]) -> tuple[list[str], str]:
    """Those of the known names that the first part of a text means, and what follows.

    Names may have dots in them, so a known one is looked for as it is; else the part is a pattern.
    """
    for name in sorted(known, key=len, reverse=True):
        if text.startswith(f"{name}."):
            return [name], text[len(name) + 1 :]
    pattern, dot, rest = text.partition(".")
    if not dot:
        return [], text
    return [name for name in known if fnmatchcase(name, pattern)], rest


def _known(word: str, names: Iterable[str]) -> str:
    """The nearest name, or those that there are."""
    among = list(dict.fromkeys(names))
    if not among:
        return "there are none"
    hint = did_you_mean(word.partition(".")[0], among)
    more = f" and {len(among) - _MOST_SHOWN} more" if len(among) > _MOST_SHOWN else ""
    return hint or f"there are {', '.join(among[:_MOST_SHOWN])}{more}"


def _wrong(name: str, what: str, hint: str) -> VrrplabError:
    return VrrplabError(f"--vary {name}: {what} - {hint}")


def _node(name: str, value: str) -> Node:
    """A value as if it stood in a scenario file."""
    plain: Cell | bool = cell(value)
    if value in _ON or value in _OFF:
        plain = value in _ON
    elif isinstance(plain, str) and is_number(value):
        raise VrrplabError(f"--vary {name}={value}: is beyond all that can be meant - give a smaller number")
    return Node("", 0, f"--vary {name}", plain)


def _time_us(name: str, value: str) -> Micros:
    return _node(name, value).time_us()
