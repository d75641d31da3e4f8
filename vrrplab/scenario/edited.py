"""The keepalived.conf texts of a scenario, and the scenario with other ones, read anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import config_text, parse_text
from vrrplab.errors import ConfigError, VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.scenario.configs import EDITED, file_matches, label_without_file
from vrrplab.scenario.model import Scenario


def text_of(scenario: Scenario, server: str) -> str:
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


def with_files(scenario: Scenario, texts: Mapping[str, str], alone: bool = False) -> Scenario:
    """The scenario with a new keepalived.conf on these servers.

    ``alone``: a text that includes another file is a ConfigError, and the other file is not opened.
    """
    servers = dict(scenario.servers)
    for name, written in texts.items():
        config = label_without_file(name, EDITED)
        servers[name] = replace(servers[name], node=parsed(scenario, name, written, alone), config=config)
    return replace(scenario, servers=servers)


def parsed(scenario: Scenario, server: str, text: str, alone: bool = False) -> NodeConfig:
    """What the daemon of a server makes of a text. ConfigError, which names the server.

    ``alone``: an include is an error, and the other file is not opened.
    """
    before = scenario.servers[server]
    name = before.node.file or before.config
    if before.is_frr:
        from vrrplab.scenario.frr import parse_frr
        from vrrplab.scenario.yaml_nodes import node_of

        return parse_frr(text, before.profile, server, node_of(text, server))
    try:
        daemon = profile_named(scenario.profile_of(server)).wording
        return parse_text(text, name, host_id=server, daemon=daemon, alone=alone)
    except ConfigError as error:
        raise ConfigError(f"{server}: keepalived.conf", error.line, error.message, error.hint) from None
