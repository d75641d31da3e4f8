"""Scenario files kept as read: the same answers, never a stale one, never a complaint."""

from __future__ import annotations

import json
from pathlib import Path
from zlib import crc32

import pytest

from vrrplab.scenario import yaml_cache
from vrrplab.scenario.yaml_nodes import Node, read_yaml


def plain(node: Node) -> object:
    if isinstance(node.plain, dict):
        return {k: plain(v) for k, v in node.plain.items()}, node.line, node.name
    if isinstance(node.plain, list):
        return [plain(v) for v in node.plain], node.line, node.name
    return node.plain, node.line, node.name


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yaml_cache._read.cache_clear()
    file = tmp_path / "s.yaml"
    file.write_text("a: 1\nb: [x, {c: 2.5}]\nd:\n")
    return file


def test_the_second_reading_is_like_the_first_and_needs_no_yaml_reader(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = yaml_cache.read_yaml_cached(str(file))
    yaml_cache._read.cache_clear()

    def fail(*_arguments: object) -> Node:
        raise AssertionError("read again")

    monkeypatch.setattr(yaml_cache, "parse_yaml", fail)
    again = yaml_cache.read_yaml_cached(str(file))
    assert plain(first) == plain(again) == plain(read_yaml(file))


def test_a_changed_file_is_read_anew(file: Path) -> None:
    yaml_cache.read_yaml_cached(str(file))
    file.write_text("a: 2\n")
    assert plain(yaml_cache.read_yaml_cached(str(file))) == plain(read_yaml(file))


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "content", [b"", b"rubbish", b"\xff" * 100, DEEP, f"{crc32(DEEP):08x}\n".encode() + DEEP]
)
def test_a_broken_cache_costs_nothing_but_time(file: Path, content: bytes) -> None:
    yaml_cache.read_yaml_cached(str(file))
    (cached,) = (file.parent / "cache" / "vrrplab").iterdir()
    cached.write_bytes(content)
    yaml_cache._read.cache_clear()
    assert plain(yaml_cache.read_yaml_cached(str(file))) == plain(read_yaml(file))


def test_a_cache_with_one_bit_wrong_is_not_believed(file: Path) -> None:
    yaml_cache.read_yaml_cached(str(file))
    (cached,) = (file.parent / "cache" / "vrrplab").iterdir()
    cached.write_bytes(cached.read_bytes().replace(b"2.5", b"2.7"))
    yaml_cache._read.cache_clear()
    assert plain(yaml_cache.read_yaml_cached(str(file))) == plain(read_yaml(file))


@pytest.mark.parametrize("packed", [None, 1, [1], [1, 2, 3], ["1", {}], [1, {"a": None}], [1, [[2, 3, 4]]]])
def test_a_cache_that_somebody_else_wrote_is_read_past(file: Path, packed: object) -> None:
    yaml_cache.read_yaml_cached(str(file))
    (cached,) = (file.parent / "cache" / "vrrplab").iterdir()
    key = json.loads(cached.read_bytes().partition(b"\n")[2])[0]
    body = json.dumps([key, packed]).encode()
    cached.write_bytes(f"{crc32(body):08x}\n".encode() + body)
    yaml_cache._read.cache_clear()
    assert plain(yaml_cache.read_yaml_cached(str(file))) == plain(read_yaml(file))


def test_a_cache_that_cannot_be_written_is_no_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "block").write_text("a file, not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file.parent / "block"))
    assert plain(yaml_cache.read_yaml_cached(str(file))) == plain(read_yaml(file))
