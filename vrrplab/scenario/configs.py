"""The keepalived.conf files of a scenario: found, read, and what one is called that is in no file."""

from __future__ import annotations

import os
from functools import lru_cache
from os.path import isfile, join

from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import config_bytes, parse_config, parse_text
from vrrplab.data_files import data_root
from vrrplab.errors import ConfigError
from vrrplab.input_files import handed
from vrrplab.machine.profiles import PROFILES
from vrrplab.scenario.yaml_nodes import Node

# why a configuration is in no file: Python changed it, or was given its text
EDITED, GIVEN = "edited", "given as text"


def read_config(path: str, place: Node, profile: str, strict: bool, host: str) -> NodeConfig:
    """A keepalived.conf named in a scenario; a missing one is the scenario's mistake, at its line.

    ``host`` is the server's name: lines such as ``@host1 priority 100`` are for the host so called.
    What has several lines is no path but the file's text itself.
    """
    daemon = PROFILES[profile].wording
    if "\n" in place.text():
        try:
            return parse_text(
                place.text(), label_without_file(host), host_id=host, daemon=daemon, strict=strict
            )
        except ConfigError as error:
            raise place.error(
                f"line {error.line} of {host}'s configuration: {error.message}", error.hint
            ) from None
    files = handed()
    given = files.called(path) if files else []
    found = given[0] if given else path if isfile(path) else shipped(place.text())
    if found is None:
        message = f"configuration file {place.text()!r} does not exist"
        if files:
            files.missing[place.file, place.line] = place.text()
            raise place.error(f"configuration file {place.text()!r} is not here", "add that file too")
        raise place.error(message, "paths are relative to the scenario")
    content = config_bytes(found)
    if b"include" in content:  # other files may change while this one does not
        return parse_config(_short(found), host_id=host, daemon=daemon, strict=strict)
    return _parsed(_short(found), content, daemon, strict, host)


@lru_cache(maxsize=64)
def _parsed(path: str, _content: bytes, daemon: str, strict: bool, host: str) -> NodeConfig:
    # the drills of one cluster share their configurations
    return parse_config(path, host_id=host, daemon=daemon, strict=strict)


def _short(path: str) -> str:
    """The path as a person would type it here: without detours, relative if it lies below this folder."""
    plain, here = os.path.normpath(path), os.getcwd()
    if ".." in path and not (os.path.exists(plain) and os.path.samefile(path, plain)):
        return path  # behind a link .. leads elsewhere
    inside = os.path.isabs(plain) and plain.startswith(here + os.sep)
    return os.path.relpath(plain, here) if inside else plain


def label_without_file(server: str, why: str = "in the scenario") -> str:
    """What a configuration is called that is in no file, and ``why``.

    No path looks like that, so a ``reload`` of this name means the very same text again.
    """
    return f"{server}.conf ({why})"


def shipped(name: str) -> str | None:
    """A configuration that comes with vrrplab is found from anywhere, e.g. article/proxy-serv01.conf."""
    parts = [p for p in name.split("/") if p not in ("..", "", ".")]
    if parts[:1] == ["configs"]:
        parts = parts[1:]
    path = join(data_root(), "configs", *parts)
    return path if parts and not os.path.isabs(name) and isfile(path) else None


def file_matches(path: str, node: NodeConfig, server: str, profile: str) -> bool:
    """Does the file at ``path`` say what ``node`` holds, or was that changed in Python?"""
    try:
        read = parse_config(path, host_id=server, daemon=PROFILES[profile].wording)
    except ConfigError:
        return False
    return (read.scripts, read.instances) == (node.scripts, node.instances)
