"""A cluster of somebody's own keepalived.conf files, given as paths or as text."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from vrrplab import arguments
from vrrplab.config.reader import bytes_of_text, parse_text
from vrrplab.errors import PlacedError, VrrplabError
from vrrplab.scenario.configs import GIVEN, label_without_file
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server


def own_cluster(**servers: str | os.PathLike[str]) -> Scenario:
    """The scenario of your own servers: name to keepalived.conf, a path or the text itself.

    Real addresses are not in these files, so they are assumed; each network with virtual addresses gets a
    client that asks for them. VrrplabError (ConfigError), in one line, for what keepalived would not run.

    >>> mine = vrrplab.own_cluster(web1="proxy-serv01.conf", web2="proxy-serv02.conf")
    >>> vrrplab.simulate(mine).owner("192.168.2.102", 10)
    'web2'
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
                paths[name].write_bytes(bytes_of_text(str(file), f"{name}: keepalived.conf"))
            else:
                paths[name] = Path(file)
        try:
            made = scenario_from_configs(list(paths.values()), names=list(paths))
        except PlacedError as error:
            name = next(
                (name for name, path in paths.items() if Path(error.file) == path), Path(error.file).stem
            )
            raise type(error)(f"{name}: keepalived.conf", error.line, error.message, error.hint) from None
    cast = {name: _without_folder(server) for name, server in made.servers.items()}
    return replace(made, servers=cast)


def _without_folder(server: Server) -> Server:
    """The server; the path of a text's file, which is gone by now and another each time, is nowhere in it."""
    if os.path.isfile(server.config) or server.node.text is None:
        return server
    config = label_without_file(server.name, GIVEN)
    return replace(server, config=config, node=parse_text(server.node.text, config, host_id=server.name))


def complaints(scenario: Scenario) -> list[str]:
    """What keepalived and vrrplab find remarkable in the files of a scenario, without running them.

    One line each, with server and line of the file; an empty list for files that nothing is wrong with.
    VrrplabError: not a scenario.

    >>> vrrplab.complaints(vrrplab.load_scenario("lesson-two-routers"))
    []
    """
    arguments.instance(scenario, Scenario, "complaints", "a scenario, as own_cluster(...) returns it")
    told = (
        f"{name}, line {warning.source.line}: {warning.message}"
        + (f" ({warning.hint})" if warning.hint else "")
        for name, server in scenario.servers.items()
        for warning in server.node.warnings
    )
    return list(dict.fromkeys(told))  # two processes of the daemon may say the same


def _is_text(name: str, file: object) -> bool:
    """Anything with a brace or a line end is the configuration itself, anything else a path."""
    if not isinstance(file, str | os.PathLike):
        raise VrrplabError(f"{name}: name a keepalived.conf, or its text")
    if isinstance(file, str) and ("{" in file or "\n" in file):
        return True
    if os.path.isfile(file):
        return False
    told = arguments.short_repr(os.fspath(file))
    raise VrrplabError(f"{name}: {told} is neither a file's path nor the text of a keepalived.conf")
