"""A file where a keepalived.conf is expected that is something else: what it is, and where it belongs."""

from __future__ import annotations

import os
import re

from vrrplab.config.reader import config_text
from vrrplab.data_files import data_root
from vrrplab.errors import ConfigError, VrrplabError

_HEAD = 4096  # characters that are looked at


def is_scenario(name: str) -> bool:
    """Is that a scenario, by its name: a YAML file, or one of those that come with vrrplab?"""
    if name.endswith((".yaml", ".yml")):
        return True
    return (
        os.sep not in name
        and not os.path.exists(name)
        and os.path.isfile(os.path.join(data_root(), "scenarios", f"{name}.yaml"))
    )


def is_config(path: str) -> bool:
    """Is that a keepalived.conf, by what is in it? One within a scenario is further to the right."""
    try:
        return looks_like_config(config_text(path))
    except ConfigError:
        return False


def looks_like_config(text: str) -> bool:
    """The same of a text."""
    begins = r"^(vrrp_instance|vrrp_script|global_defs)\b[^:\n]*\{?\s*$"
    return re.search(begins, text[:_HEAD], re.MULTILINE) is not None


def require_config(path: str) -> None:
    """VrrplabError for what by its name is a scenario."""
    if is_scenario(path):
        raise VrrplabError(f"{path}: {_SCENARIO}")


_SCENARIO = "is a scenario, no keepalived.conf - vrrplab simulate runs it"
# What stands near the beginning of files that people hand over by mistake.
_SIGNS = (
    (
        r'\A\s*\[[\s{},]*"(ifindex|ifname|link)"',
        "is what ip -j addr prints, no keepalived.conf - vrrplab config check FILE --addresses NODE=THIS_ONE",
    ),
    (
        r"^-+< Global definitions >-+$",
        "is a dump of a running keepalived, and its keepalived.conf is expected"
        " - vrrplab config show FILE --running DUMP",
    ),
    (r"\A(?=[\s\S]*^servers:)(?=[\s\S]*^(segments|duration_s|actions|profile):)", _SCENARIO),
    (
        r"^(frr version |\s+vrrp \d+ (priority|ip|advertisement-interval) )",
        "is FRR's configuration, no keepalived.conf - give it in a scenario, under frr:",
    ),
)


def say_what_it_is(path: str, error: ConfigError | None = None, text: str | None = None) -> None:
    """VrrplabError if a file, which says nothing to keepalived, is another kind that is known here.

    ``error``: what its reader said; one without a line could not be read, and is not looked at again.
    ``text``: what is in the file, where that is known.
    """
    if error is not None and not error.line:
        return
    head = (config_text(path) if text is None else text)[:_HEAD]
    for sign, what in _SIGNS:
        if re.search(sign, head, re.MULTILINE):
            raise VrrplabError(f"{path}: {what}") from None
