"""A cluster of somebody's own keepalived.conf files, given as paths or as text."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from vrrplab import arguments
from vrrplab.config.reader import parse_text
from vrrplab.errors import PlacedError, VrrplabError
from vrrplab.scenario.configs import GIVEN, label_without_file
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server


def own_cluster(**servers: str | os.PathLike[str]) -> Scenario:
    """The scenario of these servers: name to keepalived.conf, a path or the text itself.

    ``own_cluster(web1="web1.conf", web2=TEXT)``. Real addresses are not in these files, so they are assumed
    (see ``simulate`` with configuration files). VrrplabError (ConfigError), one line, for what cannot run.
    """
    if not servers:
        raise VrrplabError(
            'own_cluster() takes files by server name: own_cluster(web1="web1.conf", web2="web2.conf")'
        )
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, Path] = {}
        for name, file in servers.items():
            if not re.fullmatch(r"\w[\w.-]*", name):
                raise VrrplabError(f"{name!r} is no name for a server: use letters, digits and -, like web-1")
            if _is_text(name, file):
                paths[name] = Path(folder) / f"{name}.conf"
                paths[name].write_text(str(file), encoding="utf-8", errors="surrogateescape")
            else:
                paths[name] = Path(file)
        try:
            made = scenario_from_configs(list(paths.values()))
        except PlacedError as error:
            name = next(
                (name for name, path in paths.items() if Path(error.file) == path), Path(error.file).stem
            )
            raise type(error)(f"{name}: keepalived.conf", error.line, error.message, error.hint) from None
    named = dict(zip(paths, made.servers.values(), strict=True))
    cast = {name: _without_folder(name, server) for name, server in named.items()}
    return replace(made, name=" + ".join(cast), servers=cast)


def _without_folder(name: str, server: Server) -> Server:
    """The server; the path of a text's file, which is gone by now and another each time, is nowhere in it."""
    if os.path.isfile(server.config) or server.node.text is None:
        return replace(server, name=name)
    config = label_without_file(name, GIVEN)
    return replace(server, name=name, config=config, node=parse_text(server.node.text, config))


def complaints(scenario: Scenario) -> list[str]:
    """What keepalived and the lab find remarkable in the files, without running them: one line each.

    Each names its server and line. VrrplabError: not a scenario.
    """
    arguments.instance(scenario, Scenario, "complaints", "a scenario, as own_cluster(...) returns it")
    return [
        f"{name}, line {warning.source.line}: {warning.message}"
        + (f" ({warning.hint})" if warning.hint else "")
        for name, server in scenario.servers.items()
        for warning in server.node.warnings
    ]


def _is_text(name: str, file: object) -> bool:
    """Anything with a brace or a line end is the configuration itself, anything else a path."""
    if not isinstance(file, str | os.PathLike):
        raise VrrplabError(f"{name}: give the path of a keepalived.conf, or its text")
    if isinstance(file, str) and ("{" in file or "\n" in file):
        return True
    if os.path.isfile(file):
        return False
    told = arguments.short_repr(os.fspath(file))
    raise VrrplabError(f"{name}: {told} is neither a file's path nor the text of a keepalived.conf")
