"""The JSON schema of a scenario file (draft 2020-12), made of the tables in ``keys``: for editors and checks.

It sees wrong keys, types, ranges and forms. What depends on other files, or on names of the same file (which
servers there are), only the reader sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vrrplab.scenario import keys
from vrrplab.scenario.keys import Key, Section
from vrrplab.scenario.parts import CARD_KINDS
from vrrplab.trace.vocabulary import Act
from vrrplab.units import plain_seconds

# Where the newest one is published; a scenario that somebody copies finds it from any folder.
ADDRESS = "https://raw.githubusercontent.com/vrrplab/vrrplab/HEAD/docs/scenario.schema.json"
MODELINE = f"# yaml-language-server: $schema={ADDRESS}"  # tells an editor

UNITS = {"_s": "seconds", "_ms": "milliseconds"}

_HEX = "[0-9a-fA-F]{1,4}"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"


def _ipv6() -> str:
    """Eight groups, or fewer with a ``::``; the last two may be an IPv4 address."""
    forms = [f"(?:{_HEX}:){{6}}(?:{_HEX}:{_HEX}|{_IPV4})"]
    for before in range(8):
        after = 7 - before  # groups behind the ::
        ends = [f"(?:{_HEX}:){{0,{after - 1}}}{_HEX}"] if after else []
        ends += [f"(?:{_HEX}:){{0,{after - 2}}}{_IPV4}"] if after > 1 else []
        head = f"{_HEX}(?::{_HEX}){{{before - 1}}}" if before else ""
        forms.append(f"{head}::(?:{'|'.join(ends)})?")
    return f"(?:{'|'.join(forms)})"


def _form(pattern: str, what: str, example: str) -> dict[str, Any]:
    """``patternErrorMessage`` is what editors show in place of the pattern."""
    return {
        "type": "string",
        "pattern": f"^(?:{pattern})$",
        "patternErrorMessage": f"is not {what}, e.g. {example}",
    }


def _forms() -> dict[str, Any]:
    """What ``address_checks`` lets pass."""
    address = f"{_IPV4}|{_ipv6()}(?:%.*)?"  # a zone may follow
    short = "/0?(?:3[0-2]|[0-2]?[0-9])"
    long = "/(?:12[0-8]|1[01][0-9]|0?[0-9]?[0-9])"
    network = f"{_IPV4}{short}|{_ipv6()}(?:%[^/]*)?{long}"
    either = f"{_IPV4}(?:{short})?|{_ipv6()}(?:%[^/]*)?(?:{long})?"
    return {
        "address": _form(address, "an IP address", "192.168.2.101"),
        "address_with_prefix": _form(network, "an address with prefix length", "192.168.2.251/24"),
        "any_address": _form(either, "an address, with prefix length or not", "192.168.2.101/24"),
        "mac_address": _form(
            "[0-9a-fA-F][02468aceACE](?::[0-9a-fA-F]{2}){5}",
            "the MAC address of one host",
            '"02:00:00:00:00:fb"',
        ),
    }


def schema() -> dict[str, Any]:
    """The schema as plain values."""
    definitions = {s.name.replace(" ", "_"): _object(s) for s in keys.ALL_SECTIONS if s is not keys.SCENARIO}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS,
        "title": "vrrplab scenario",
        **_object(keys.SCENARIO),
        "description": "A small network, what runs on its servers, and what happens to it; times in seconds.",
        "$defs": {**definitions, "action": _action(), **_forms()},
    }


def text() -> str:
    """The schema as it is printed and published."""
    import json

    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def unit_of(name: str) -> str:
    """The unit that the end of a key's name says, or ""."""
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


def default_of(section: Section, name: str) -> Any:
    """What holds where a key is left out, as a file would say it; None where only words say that."""
    from inspect import Parameter, signature

    key = section.keys[name]
    if key.otherwise or key.needed:
        return None
    default = key.default
    if key.field and section.part is not None:
        default = signature(section.part).parameters[key.field].default
        default = None if default is Parameter.empty or default == "" else default
    if isinstance(default, int) and key.field.endswith("_us"):
        return plain_seconds(default)
    if isinstance(default, float) and default.is_integer():
        return int(default)
    return list(default) if isinstance(default, tuple) else default


def _object(section: Section) -> dict[str, Any]:
    """A mapping with a section's keys and no others."""
    needed = [name for name, key in section.keys.items() if key.needed]
    found: dict[str, Any] = {
        "type": "object",
        "description": section.meaning,
        "properties": {name: _value(section, name) for name in section.keys},
        "required": needed,
        "additionalProperties": False,
        **_conditions().get(section.name, {}),
    }
    if not found["required"]:
        del found["required"]
    return found


def _value(section: Section, name: str) -> dict[str, Any]:
    key = section.keys[name]
    default = default_of(section, name)
    found = {**key.kind.schema, "description": _described(key, unit_of(name), default)}
    if default is not None:
        found["default"] = default
    found["examples"] = [key.example]
    return _or_empty(found) if key.may_be_empty else found


def _or_empty(value: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, "type": [value["type"], "null"]}


def _described(key: Key, unit: str, default: Any) -> str:
    """For who points at the key in an editor."""
    import json

    meaning = f"{key.meaning[0].upper()}{key.meaning[1:]}{f', in {unit}' if unit else ''}."
    without = key.otherwise or ("" if default is None else json.dumps(default))
    return meaning + (f" Without it: {without}." if without else "")


def _is(**words: str | list[str]) -> dict[str, Any]:
    """The condition that keys are there and say this."""
    said = {k: {"enum": v} if isinstance(v, list) else {"const": v} for k, v in words.items()}
    return {"properties": said, "required": list(words)}


def _conditions() -> dict[str, dict[str, Any]]:
    """What keys need of their neighbours, by section."""
    frr = list(keys.FRR_PROFILES)
    others = [name for name in keys.PROFILE.schema["enum"] if name not in frr]
    something = [{"required": [key], "properties": {key: {"minProperties": 1}}} for key in ("owner", "state")]
    needed = [name for name, key in keys.SCENARIO.keys.items() if key.needed]
    return {
        "scenario": {  # with extends they may come from the other file
            "required": [],
            "if": {"not": {"required": ["extends"]}},
            "then": {"required": needed},
        },
        "interface": _made_on(),
        "server": {
            "if": {"required": ["frr"]},
            "then": {
                "properties": {**dict.fromkeys(keys.KEEPALIVED_KEYS, False), "profile": {"enum": frr}},
            },
            "else": {"required": ["config"], "properties": {"profile": {"enum": others}}},
        },
        "FRR router": {  # version 2 tells whole seconds
            "if": {"properties": {"version": {"const": 2}}, "required": ["version"]},
            "then": {"properties": {"interval_ms": {"minimum": 1000}}},
        },
        "probe": {"if": _is(kind="http"), "then": {"required": ["port"]}},
        "expectation": {
            "dependentRequired": {"owner": ["at_s"], "state": ["at_s"]},
            "if": {"not": {"required": ["outage"]}},
            "then": {"required": ["at_s"], "anyOf": something},
        },
    }


def _made_on() -> dict[str, Any]:
    """``parent`` and ``kind`` go together, and most kinds have one parent."""
    single = [kind for kind, several in CARD_KINDS.items() if not several]
    return {
        "dependentRequired": {"parent": ["kind"], "kind": ["parent"]},
        "if": _is(kind=single),
        "then": {"properties": {"parent": {"maxItems": 1}}},
    }


def _action() -> dict[str, Any]:
    """Each action with its own keys. ``if`` and ``then`` let an editor say which one is missing or wrong."""
    common = keys.action_section(Act.LINK_DOWN)
    words = _value(common, "action")
    del words["examples"]
    return {
        "type": "object",
        "description": "Something that happens to the network at a moment.",
        "properties": {
            "at_s": _value(common, "at_s"),
            "action": {**words, "enumDescriptions": [keys.IN_REALITY[act] for act in Act]},
        },
        "required": ["at_s", "action"],
        "allOf": [{"if": _is(action=act.value), "then": _keys_of(act)} for act in Act],
    }


def _keys_of(act: Act) -> dict[str, Any]:
    found = _object(keys.action_section(act))
    found["properties"] |= {"at_s": True, "action": True}
    if act is Act.SEGMENT_FAULT:  # in at least one way
        found["minProperties"] = len(found["required"]) + 1
    return found | (_made_on() if act is Act.INTERFACE_ADD else {})
