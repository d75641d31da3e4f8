"""The parts of a scenario as a scenario file has them, and such a file as text; called by ``Scenario``."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from os.path import abspath, join
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.errors import VrrplabError
from vrrplab.scenario.configs import file_matches, shipped
from vrrplab.scenario.parts import Client, Expectation, Probe, Segment, Server, TimedAction
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
    Representer.add_representer(_Lines, lambda r, text: r.represent_scalar(tag, text, style="|"))
    writer = YAML(typ="safe", pure=True)
    writer.Representer = Representer
    writer.default_flow_style = None
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = StringIO()
    writer.dump(plain, stream)
    return stream.getvalue()


class _Lines(str):
    """A text that is written line by line; YAML takes only printable ones so."""


def config_from_anywhere(path: str, node: NodeConfig, server: str, folder: str, profile: str) -> str:
    """A configuration for a file that runs in any folder: the path of one that is shipped, else its text.

    One that includes other files is named by its place on this machine (``folder``: the scenario's).
    VrrplabError: it was changed in Python, and no text says so (``tune``; ``variant`` of one with includes).
    """
    found = shipped(path)
    if found is not None:
        with open(found, encoding="utf-8") as file:
            if node.text == file.read():
                return path
    if node.text is not None:
        lines = node.text.encode("utf-8", "replace").decode().removesuffix("\n").split("\n")
        text = "".join(f"{_trimmed(line)}\n" for line in lines)
        return _Lines(text) if text.replace("\n", "").replace("\t", "").isprintable() else text
    place = join(folder, path)
    if not file_matches(place, node, server, profile):
        raise VrrplabError(
            f"the configuration of {server} was changed, and no keepalived.conf says so: it cannot be"
            " written as a file - change the file itself, or what it includes"
        )
    return abspath(place)


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
        "config": server.config if server.refusal else named(server.config, server.node, server.name),
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
    if server.promote_secondaries:
        plain["host"] = {"promote_secondaries": True}
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
    plain["script_run_s"] = plain_seconds(server.script_run_us)
    if server.missing_files:
        plain["missing_files"] = list(server.missing_files)
    return plain


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
    if expected.outage_at_most_us is not None:
        return {
            "outage": {
                "target": expected.outage_target,
                "at_most_s": plain_seconds(expected.outage_at_most_us),
            }
        }
    plain: dict[str, Any] = {"at_s": plain_seconds(expected.at_us or 0)}
    if expected.owner:
        plain["owner"] = {a: s or "nobody" for a, s in expected.owner.items()}
    if expected.state:
        plain["state"] = {i: dict(s) for i, s in expected.state.items()}
    return plain
