"""Files that a visitor of a page hands over: what they are called, and what each is.

They come without a folder, and often several have one name. Everything that is said of them later uses the
name that they have here: the visitor's own, numbered where it came before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vrrplab.config.reader import bytes_of_text
from vrrplab.errors import ConfigError, VrrplabError
from vrrplab.input_files import Handed, too_large
from vrrplab.limits import CONFIG_BYTES, PAGE_FILES
from vrrplab.output.printable import printable
from vrrplab.scenario.node_files import NodeFile, names_of

_LONGEST_NAME = 120  # characters; longer ones are no help in a sentence
_INCLUDE = re.compile(r"^[ \t]*(?:@\S+[ \t]+)?include[rmwba]*[ \t]+(\S[^\n]*?)[ \t\r]*$", re.MULTILINE)
_SCENARIO = re.compile(r"^(servers|segments|extends):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Given:
    """One of them, called ``name`` from now on. ``is_included``: somebody says that it is no node's own."""

    name: str
    text: str
    is_included: bool = False

    @property
    def is_scenario(self) -> bool:
        return self.name.endswith((".yaml", ".yml")) or (
            not self.name.endswith(".conf") and _SCENARIO.search(self.text) is not None
        )


def given_files(message: dict[str, Any]) -> list[Given]:
    """The files of a question: ``configs`` and ``includes``, lists of [name, text].

    VrrplabError: there are none, or too many.
    """
    configs, includes = message.get("configs"), message.get("includes") or []
    if not _are_files(configs) or not _are_files(includes) or not configs:
        raise VrrplabError("files are needed: configs has a list of [name, text]")
    listed = [*configs, *includes]
    if len(listed) > PAGE_FILES.most:
        raise VrrplabError(f"these are {len(listed):,} files, and {PAGE_FILES} are the most for a page")
    names = _different(_tidy(name) for name, _ in listed)
    files = [
        Given(name, text, place >= len(configs))
        for place, (name, (_, text)) in enumerate(zip(names, listed, strict=True))
    ]
    for file in files:
        if len(file.text) > CONFIG_BYTES.most:
            raise too_large(file.name, CONFIG_BYTES, ConfigError)
    return files


def _are_files(listed: Any) -> bool:
    return isinstance(listed, list) and all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
        for one in listed
    )


def _tidy(name: str) -> str:
    """A name as it may stand in a sentence, and that leads nowhere: no root, no way up."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return printable("/".join(parts).replace("\n", " "), _LONGEST_NAME) or "file"


def _different(names: Iterable[str]) -> list[str]:
    """Names of which each is there once: keepalived.conf, keepalived-2.conf."""
    found: list[str] = []
    for name in names:
        stem, ending = os.path.splitext(name)
        number = 1
        while name in found:
            number += 1
            name = f"{stem}-{number}{ending}"
        found.append(name)
    return found


def handed(files: Iterable[Given]) -> Handed:
    """The same for the readers, which find what is included among them.

    What another file includes by its name is no node's own. A pattern may mean any file, so it is believed
    only of those that lie in a folder: conf.d/*.conf, dropped with two nodes' files, finds none of these.
    """
    files = list(files)
    contents = {file.name: bytes_of_text(file.text, file.name) for file in files}
    included = {file.name for file in files if file.is_included or file.is_scenario}
    including = {file.name for file in files if _INCLUDE.search(file.text)}
    flat = {file.name for file in files if "/" not in file.name}
    among = Handed(contents, including | flat)
    for file in files:
        for pattern in _INCLUDE.findall(file.text):
            included |= {name for name in among.called(pattern, file.name) if name != file.name}
    return Handed(contents, contents.keys() - included)


def node_files(handed: Handed) -> list[NodeFile]:
    """The nodes whose own files are among them, in their order; their names are single words."""
    own = [name for name in handed.files if name in handed.own]
    names = [re.sub(r"[^\w.+-]+", "-", name).strip("-") or "node" for name in names_of(own)]
    return [NodeFile(name, path) for name, path in zip(_different(names), own, strict=True)]
