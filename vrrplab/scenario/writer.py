"""The parts of a scenario as a scenario file has them, and such a file as text; called by ``Scenario``."""

from __future__ import annotations

import os.path
import sys
from collections.abc import Callable
from io import StringIO
from os.path import abspath, join
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import config_text
from vrrplab.errors import VrrplabError
from vrrplab.scenario.configs import file_matches, shipped
from vrrplab.scenario.parts import Client, Expectation, Gateway, Probe, Segment, Server, TimedAction
from vrrplab.units import plain_seconds

# path as it is known, configuration, server -> what the file says
Naming = Callable[[str, NodeConfig, str], str]


def yaml_text(plain: dict[str, Any]) -> str:
    """A scenario file's text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        """Of our own, because what it learns is kept in its class."""

    tag = "tag:yaml.org,2002:str"
    writer = YAML(typ="safe", pure=True)

    def quoted_or_plain(representer: Any, text: str) -> Any:
        if not text.isprintable():
            odd.append(text)
        return representer.represent_scalar(tag, text, style='"' if _needs_quotes(text) else None)

    odd: list[str] = []
    Representer.add_representer(_Lines, lambda r, text: r.represent_scalar(tag, text, style="|"))
    Representer.add_representer(str, quoted_or_plain)
    writer.Representer = Representer
    writer.default_flow_style = None
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = StringIO()
    writer.dump(plain, stream)
    if odd:  # where the library breaks a line behind an escape, it adds a blank to the text
        writer.width = sys.maxsize
        stream = StringIO()
        writer.dump(plain, stream)
    return stream.getvalue()


def _needs_quotes(text: str) -> bool:
    """What a terminal would obey is escaped, which only quotes allow; YAML 1.1 reads some MACs as numbers."""
    return not text.isprintable() or (":" in text and text.replace(":", "").isdecimal())


class _Lines(str):
    """A text that is written line by line; YAML takes only printable ones so.

    Others stand in quotes, where escapes mean what they say.
    """


def config_from_anywhere(
    path: str, node: NodeConfig, server: str, folder: str, profile_of: Callable[[str], str]
) -> str:
    """A configuration for a file that runs in any folder: the path of one that is shipped, else its text.

    One that includes other files is named by its place on this machine (``folder``: the scenario's).
    ``profile_of``: whose rules a server's configuration was read by.
    VrrplabError: it was changed in Python, and no text says so (``tune``; ``variant`` of one with includes).
    """
    found = shipped(path)
    if found is not None and node.text == config_text(found):
        return path
    if node.text is not None:
        return config_as_text(path, node, server)
    place = join(folder, path)
    if not file_matches(place, node, server, profile_of(server)):
        raise VrrplabError(
            f"the configuration of {server} was changed, and no keepalived.conf says so: it cannot be"
            " written as a file - change the file itself, or what it includes"
        )
    return abspath(place)


def config_as_text(path: str, node: NodeConfig, _server: str) -> str:
    """The configuration itself, for a scenario that is one file. VrrplabError: it includes others."""
    if node.text is None:
        raise VrrplabError(f"{path} includes other files, so its text alone does not say what it means")
    lines = node.text.encode("utf-8", "replace").decode().removesuffix("\n").split("\n")
    return _in_lines("\n".join(_trimmed(line) for line in lines) + "\n")


def config_from_folder(path: str, _node: NodeConfig, _server: str, *, folder: str) -> str:
    """The path from ``folder``, where the scenario is to lie, of a configuration whose path holds here.

    Links are followed, as ``..`` does. VrrplabError for a name that no scenario can hold.
    """
    if "\n" in path or any("\ud800" <= character <= "\udfff" for character in path):
        raise VrrplabError(f"{path!r} is a name that no scenario can hold - rename the file")
    here, there = (os.path.realpath(place or ".") for place in (os.path.dirname(path), folder))
    if os.path.isabs(path) or os.path.realpath(".") == there:
        return path
    try:
        way = os.path.relpath(here, there)
    except ValueError:  # another drive
        return abspath(path)
    return "/".join([*way.split(os.sep), os.path.basename(path)]).removeprefix("./")


def _in_lines(text: str) -> str:
    """To be written line by line, if YAML takes it so."""
    return _Lines(text) if text.replace("\n", "").replace("\t", "").isprintable() else text


def _trimmed(line: str) -> str:
    """Without blanks at its end, which YAML's block form does not take; behind a \\ they have a meaning."""
    short = line.rstrip(" \t\r")
    return line if short.endswith("\\") else short


def plain_action(action: TimedAction, named: Naming) -> dict[str, Any]:
    plain = action.as_dict()
    if action.node is not None:
        plain["config"] = named(plain["config"], action.node, plain["server"])
    return plain


def plain_segment(segment: Segment) -> dict[str, Any]:
    usual = Segment(segment.name)
    plain: dict[str, Any] = {"subnet": segment.subnet} if segment.subnet else {}
    for key in ("latency", "jitter", "mac_ageing"):
        value = getattr(segment, f"{key}_us")
        if value != getattr(usual, f"{key}_us"):
            plain[f"{key}_s"] = plain_seconds(value)
    for key in ("loss", "multicast", "port_security"):
        if getattr(segment, key) != getattr(usual, key):
            plain[key] = getattr(segment, key)
    return plain


def plain_server(server: Server, named: Naming) -> dict[str, Any]:
    plain: dict[str, Any] = {
        **_configuration(server, named),
        **({"profile": server.profile} if server.profile else {}),
        "start_at_s": plain_seconds(server.start_at_us),
        "interfaces": {
            i.name: {
                "segment": i.segment,
                "addresses": list(i.addresses),
                "mac": i.mac,
                **({"parent": list(i.parents) if i.parents[1:] else i.parents[0]} if i.parents else {}),
                **({"kind": i.kind} if i.kind else {}),
            }
            for i in server.interfaces.values()
        },
    }
    host = {"promote_secondaries": server.promote_secondaries, "rp_filter": server.rp_filter}
    if any(host.values()):
        plain["host"] = {key: value for key, value in host.items() if value}
    if server.services:
        plain["services"] = {
            s.name: {
                **({"port": s.port} if s.port else {}),
                "listen": list(s.listen),
                "shutdown_s": plain_seconds(s.shutdown_us),
            }
            for s in server.services.values()
        }
    if server.checks:
        plain["checks"] = dict(server.checks)
    if not server.is_frr:
        plain["script_run_s"] = plain_seconds(server.script_run_us)
    if server.missing_files:
        plain["missing_files"] = list(server.missing_files)
    return plain


def _configuration(server: Server, named: Naming) -> dict[str, Any]:
    if server.is_frr:
        return {"frr": _in_lines(server.node.text or "")}
    return {"config": server.config if server.refusal else named(server.config, server.node, server.name)}


def plain_router(router: Gateway) -> dict[str, Any]:
    interfaces = {s: a[0] if len(a) == 1 else list(a) for s, a in router.interfaces.items()}
    return {"interfaces": interfaces, "latency_s": plain_seconds(router.latency_us)}


def plain_client(client: Client) -> dict[str, Any]:
    return {
        "segment": client.segment,
        "addresses": list(client.addresses),
        "mac": client.mac,
        "probes": [_probe(p) for p in client.probes],
    }


def _probe(probe: Probe) -> dict[str, Any]:
    port = {"port": probe.port} if probe.port else {}
    return {
        "kind": probe.kind,
        "target": probe.target,
        **port,
        "every_s": plain_seconds(probe.every_us),
        "timeout_s": plain_seconds(probe.timeout_us),
    }


def plain_expectation(expected: Expectation) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    if expected.at_us is not None:
        plain["at_s"] = plain_seconds(expected.at_us)
    if expected.owner:
        plain["owner"] = {a: s or "nobody" for a, s in expected.owner.items()}
    if expected.state:
        plain["state"] = {i: dict(s) for i, s in expected.state.items()}
    if expected.outage_at_most_us is not None:
        limit_s = plain_seconds(expected.outage_at_most_us)
        plain["outage"] = {"target": expected.outage_target, "at_most_s": limit_s}
    return plain
