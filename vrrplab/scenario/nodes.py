"""The files of all nodes of one cluster, read.

A node is one server: its name, its keepalived.conf, and its real addresses where somebody gave them.
``node_files`` says which file is whose, ``host_addresses`` which addresses a host has.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import basename, splitext

from vrrplab.config.environment import check_against_host
from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import parse_config, parse_text
from vrrplab.errors import ConfigError, VrrplabError, did_you_mean
from vrrplab.machine.profiles import profile_named
from vrrplab.scenario.host_addresses import read_addresses, without_virtual
from vrrplab.scenario.infer_networks import networks
from vrrplab.scenario.mistaken_files import require_config, say_what_it_is
from vrrplab.scenario.node_files import NodeFile, names_of
from vrrplab.scenario.running import Running, read_running
from vrrplab.wire.addresses import is_link_local


@dataclass(frozen=True, slots=True)
class Node:
    """``addresses``: interface to its own addresses with prefix, first the primary one; None: nobody gave
    them. ``held``: the virtual addresses that were on the host when they were asked for. ``running``: what
    its daemon said that it runs; ``running.differences(config, running)``: what its file says otherwise.
    """

    name: str
    path: str
    config: NodeConfig
    addresses: Mapping[str, tuple[str, ...]] | None = None
    held: tuple[str, ...] = ()
    running: Running | None = None


def read_nodes(
    paths: Sequence[str | os.PathLike[str]],
    *,
    names: Sequence[str] = (),
    profile: str = "keepalived-2.2.7",
) -> tuple[Node, ...]:
    """The nodes whose files these are.

    ``names``: what the servers are called, and so which ``@name`` lines count; otherwise as their files.
    Raises ConfigError for a file that keepalived would not run with, VrrplabError for no file at all.
    """
    called = zip(names or names_of(paths), paths, strict=True)
    return nodes_from([NodeFile(name, os.fspath(path)) for name, path in called], profile=profile)


def nodes_from(
    files: Sequence[NodeFile],
    *,
    addresses: Iterable[str] = (),
    running: Iterable[str] = (),
    profile: str = "keepalived-2.2.7",
) -> tuple[Node, ...]:
    """The nodes of these files, with their real addresses and what they run where somebody gave that.

    ``addresses``: files with what ``ip -j addr`` printed; ``running``: what keepalived wrote at SIGUSR1. Each
    is ``NODE=FILE``, or ``FILE`` called as its node is, or of the only node.
    Raises ConfigError for a file that keepalived would not run with on that host, HostError for a file that
    is not ip's, VrrplabError for one that is nobody's, or for an address that two nodes have.
    """
    if not files:
        raise VrrplabError("name at least one keepalived.conf")
    behaviour = profile_named(profile)
    if behaviour.is_frr:
        raise VrrplabError(f"profile {profile} is FRR's: it does not run a keepalived.conf - give a scenario")
    nodes = {file.name: read_node(file, behaviour.wording) for file in files}
    told = _by_node("--addresses", addresses, nodes)
    for name, path in told.items():
        nodes[name] = _with_addresses(nodes[name], path)
    _require_own(nodes, told)
    for name, path in _by_node("--running", running, nodes).items():
        nodes[name] = replace(nodes[name], running=read_running(path))
    return tuple(nodes.values())


def read_node(file: NodeFile, daemon: str, text: str | None = None) -> Node:
    """One node; ``daemon``: whose version reads its file. ``text``: what counts instead of what the file
    has in it, as where an editor has not saved it yet.

    Raises ConfigError for what keepalived would not run with, VrrplabError for another kind of file.
    """

    def read(host: str) -> NodeConfig:
        if text is None:
            return parse_config(file.path, host_id=host, daemon=daemon)
        return parse_text(text, file.path, host_id=host, daemon=daemon)

    require_config(file.path)
    try:
        config = read(file.name)
        host = file.name.partition(".")[0]
        if host != file.name and any(warning.kind == "host-lines" for warning in config.warnings):
            # keepalived compares with its host name up to the first dot (2.2.7, measured).
            config = read(host)
    except ConfigError as error:
        say_what_it_is(file.path, error, text)
        raise
    if not config.instances:
        say_what_it_is(file.path, text=text)
    for warning in config.warnings:
        if warning.kind == "template":  # keepalived would run it, with values that nobody means
            raise ConfigError(warning.source.file, warning.source.line, warning.message, warning.hint)
    return Node(file.name, file.path, config)


# -- what a host says ----------------------------------------------------------------------------------------


def _by_node(option: str, given: Iterable[str], nodes: Mapping[str, Node]) -> dict[str, str]:
    """The file of each node that has one: NODE=FILE, or by the file's name, or the only node's."""
    found: dict[str, str] = {}
    for text in given:
        before, equals, after = text.partition("=")
        if equals and (before in nodes or not os.path.exists(text)):
            name, path = before, after
        else:
            name, path = splitext(basename(text))[0], text
            name = next(iter(nodes)) if len(nodes) == 1 else name
        if name not in nodes:
            cure = did_you_mean(name, nodes) or f"the nodes are {', '.join(nodes)}: {option} NODE={path}"
            raise VrrplabError(f"{option} {text}: no node is called {name} - {cure}")
        if name in found:
            raise VrrplabError(f"{option}: {found[name]} and {path} are both of {name} - give one of them")
        found[name] = path
    return found


def _with_addresses(node: Node, path: str) -> Node:
    own, held = without_virtual(read_addresses(path), node.config)
    told = check_against_host(node.config, own, server=node.name)
    config = replace(node.config, warnings=node.config.warnings + told)
    return replace(node, config=config, addresses=own, held=held)


def _require_own(nodes: Mapping[str, Node], files: Mapping[str, str]) -> None:
    """No address is on two nodes' cards of one network; other networks, as Docker's, have them too."""
    cards = networks({name: node.config for name, node in nodes.items()})
    owners: dict[tuple[str, str], tuple[str, str]] = {}
    for name, node in nodes.items():
        for card in sorted(interfaces_of(node.config)) if node.addresses else ():
            for text in (node.addresses or {}).get(card, ()):
                address = text.partition("/")[0]
                if ":" in address and is_link_local(address):
                    continue
                other, its = owners.setdefault((cards[name, card], address), (name, card))
                if other != name:
                    raise VrrplabError(
                        f"{files[name]}: {address} on {card} of {name} is also on {its} of {other}"
                        f" ({files[other]}) - each host has its own: run ip -j addr on each of them again"
                    )
