"""Scenario files already read once, kept as Python keeps compiled modules: the YAML reader is needed only
when a file is new or has changed. Losing the cache, or not being allowed to write it, costs only time.

It lies in the user's cache folder (XDG_CACHE_HOME), a file a scenario, named after its path.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from zlib import crc32

from vrrplab.scenario.yaml_nodes import Node, parse_yaml, read_text

VERSION = 2  # of the shape below
LIMIT_BYTES = 200_000  # larger files are read anew: writing their cache would cost more than it brings


def read_yaml_cached(path: str) -> Node:
    """As ``read_yaml``: the document's root, or ScenarioError."""
    return _read(path, read_text(path))


@lru_cache(maxsize=16)  # the drills of one cluster extend one file
def _read(path: str, text: str) -> Node:
    if len(text) > LIMIT_BYTES:
        return parse_yaml(text, path)
    cache = _cache_file(path)
    key = [VERSION, os.path.abspath(path), text]
    found = _load(cache)
    if isinstance(found, list) and len(found) == 2 and found[0] == key:
        try:
            return _unpacked(found[1], path, "")
        except (TypeError, ValueError, RecursionError):
            pass  # somebody else has written it
    root = parse_yaml(text, path)
    _store(cache, [key, _packed(root)])
    return root


def _cache_file(path: str) -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = os.path.abspath(path).encode("utf-8", "surrogateescape").hex()[-160:]
    return os.path.join(base, "vrrplab", f"{name}.scenario")


def _load(file: str) -> Any:
    """What was stored; None if it is not there, or not as it was written: then it is read anew."""
    import json

    try:
        with open(file, "rb") as stream:
            checksum, _, body = stream.read(20 * LIMIT_BYTES).partition(b"\n")
        return json.loads(body) if checksum == _checksum(body) else None
    except (OSError, ValueError, RecursionError):
        return None


def _checksum(body: bytes) -> bytes:
    return f"{crc32(body):08x}".encode()


def _store(file: str, content: Any) -> None:
    import json

    temporary = f"{file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        body = json.dumps(content).encode()
        with open(temporary, "wb") as stream:
            stream.write(_checksum(body) + b"\n" + body)
        os.replace(temporary, file)
    except (OSError, ValueError):
        pass  # a cache is a convenience


def _packed(node: Node) -> list[Any]:
    if isinstance(node.plain, dict):
        return [node.line, {key: _packed(value) for key, value in node.plain.items()}]
    if isinstance(node.plain, list):
        return [node.line, [_packed(value) for value in node.plain]]
    return [node.line, node.plain]


def _unpacked(packed: list[Any], file: str, name: str) -> Node:
    line, plain = packed
    if not isinstance(line, int):
        raise TypeError("a line is a number")
    if isinstance(plain, dict):
        inner = {k: _unpacked(v, file, f"{name}.{k}" if name else k) for k, v in plain.items()}
        return Node(file, line, name, inner)
    if isinstance(plain, list):
        return Node(file, line, name, [_unpacked(v, file, f"{name}[{i}]") for i, v in enumerate(plain)])
    return Node(file, line, name, plain)
