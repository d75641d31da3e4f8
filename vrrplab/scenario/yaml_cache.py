"""Scenario files already read once, kept as Python keeps compiled modules: the YAML reader is needed only
when a file is new or has changed. Losing the cache, or not being allowed to write it, costs only time.

It lies in the user's cache folder (XDG_CACHE_HOME), a file a scenario, named after its path.
"""

from __future__ import annotations

import marshal
import os
from functools import lru_cache
from typing import Any

from vrrplab.scenario.yaml_nodes import Node, parse_yaml, read_text

VERSION = 1  # of the shape below
LIMIT_BYTES = 200_000  # larger files are read anew: writing their cache would cost more than it brings


def read_yaml_cached(path: str) -> Node:
    """As ``read_yaml``: the document's root, or ScenarioError."""
    return _read(path, read_text(path))


@lru_cache(maxsize=16)  # the drills of one cluster extend one file
def _read(path: str, text: str) -> Node:
    if len(text) > LIMIT_BYTES:
        return parse_yaml(text, path)
    cache = _cache_file(path)
    key = (VERSION, os.path.abspath(path), text)
    found = _load(cache)
    if isinstance(found, tuple) and len(found) == 2 and found[0] == key:
        return _unpacked(found[1], path, "")
    root = parse_yaml(text, path)
    _store(cache, (key, _packed(root)))
    return root


def _cache_file(path: str) -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = os.path.abspath(path).encode("utf-8", "surrogateescape").hex()[-160:]
    return os.path.join(base, "vrrplab", f"{name}.scenario")


def _load(file: str) -> Any:
    try:
        with open(file, "rb") as stream:
            return marshal.load(stream)
    except (OSError, ValueError, EOFError, TypeError):
        return None  # not there, or of another Python


def _store(file: str, content: Any) -> None:
    temporary = f"{file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        with open(temporary, "wb") as stream:
            marshal.dump(content, stream)
        os.replace(temporary, file)
    except (OSError, ValueError):
        pass  # a cache is a convenience


def _packed(node: Node) -> tuple[int, Any]:
    if isinstance(node.plain, dict):
        return node.line, {key: _packed(value) for key, value in node.plain.items()}
    if isinstance(node.plain, list):
        return node.line, [_packed(value) for value in node.plain]
    return node.line, node.plain


def _unpacked(packed: tuple[int, Any], file: str, name: str) -> Node:
    line, plain = packed
    if isinstance(plain, dict):
        inner = {k: _unpacked(v, file, f"{name}.{k}" if name else k) for k, v in plain.items()}
        return Node(file, line, name, inner)
    if isinstance(plain, list):
        return Node(file, line, name, [_unpacked(v, file, f"{name}[{i}]") for i, v in enumerate(plain)])
    return Node(file, line, name, plain)
