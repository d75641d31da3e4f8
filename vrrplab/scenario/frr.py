"""``frr:`` under a server: an FRR router instead of keepalived, as its configuration's text or as keys.

Keys become FRR's text, so that there is one way in. What only keepalived has is refused, where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from vrrplab.config.frr import frr_lines, read_frr
from vrrplab.config.model import NodeConfig
from vrrplab.errors import ConfigError
from vrrplab.machine.profiles import FRR_103, FRR_844
from vrrplab.scenario.keys import FRR, FRR_PROFILES, KEEPALIVED_KEYS, PROFILE
from vrrplab.scenario.yaml_nodes import Node


def profile_of_frr(keys: Mapping[str, Node], common: str) -> str:
    """Whose FRR a server with ``frr:`` is; ``common``: the scenario's profile. ScenarioError: no FRR's."""
    for key in KEEPALIVED_KEYS:
        if key in keys:
            raise keys[key].error(f"{key} is keepalived's, and the server has frr", "leave one of them out")
    own: str = PROFILE.read(keys["profile"]) if "profile" in keys else ""
    if own and own not in FRR_PROFILES:
        hint = f"one of: {', '.join(FRR_PROFILES)}"
        raise keys["profile"].error(f"the server has frr, and {own} is no FRR", hint)
    return own or (common if common in FRR_PROFILES else FRR_844.name)


def read_frr_node(place: Node, profile: str, server: str) -> NodeConfig:
    """What FRR runs there; ScenarioError with the scenario's line and the text's."""
    text = place.plain if isinstance(place.plain, str) else _from_keys(place)
    return parse_frr(text, profile, server, place)


def parse_frr(text: str, profile: str, server: str, place: Node) -> NodeConfig:
    """The same for a text; ``place`` is where a mistake is told."""
    try:
        has_option = profile == FRR_103.name
        return read_frr(text, f"{server} frr.conf", has_pseudo_header_option=has_option)
    except ConfigError as error:
        message = f"line {error.line} of {server}'s FRR configuration: {error.message}"
        raise place.error(message, error.hint) from None


def _from_keys(place: Node) -> str:
    """One router a mapping; a list for several."""
    return "".join(_router(node) for node in (place.items() if isinstance(place.plain, list) else [place]))


def _router(node: Node) -> str:
    keys = FRR.read(node)
    if not keys["addresses"].items():
        raise keys["addresses"].error("a router needs an address", "e.g. [10.0.0.100]")
    return frr_lines(**FRR.given(keys))
