"""No input file reaches exit code 70, which means a bug of ours: damaged files through every reader."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from vrrplab.commands import cli
from vrrplab.data_files import data_path

RECORDING = data_path("recordings", "advert_int_mismatch_v2")
PIECES = (
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\xe2\x80\xae", b"\x1b[2J", b"[", b"{", b"}", b": ", b"\n- "),
    *(b"9" * 400, b"0x" + b"f" * 5000, b"1e999", b".nan", b"-1", b'"\\ud800"', b"null", b"<<: ", b"!!int "),
    *(b"$A", b"~SEQ(i,1,9) ", b"\ninclude x\n", b"&a ", b"*a"),
)
VALUES = (None, [], {}, "", -1, 1e300, 0, True, "x" * 50, "\udcff", 10**18, "\x1b[31m")


def damaged(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del found[at : at + chance.randint(1, 30)]
            case 2:
                found[at:at] = chance.choice(PIECES)
            case _:
                found = found[:at]
    return bytes(found)


def changed(value: object, chance: random.Random) -> object:
    if chance.random() < 0.03:
        return chance.choice(VALUES)
    if isinstance(value, dict):
        return {key: changed(inner, chance) for key, inner in value.items() if chance.random() > 0.01}
    if isinstance(value, list):
        return [changed(inner, chance) for inner in value if chance.random() > 0.01]
    return value


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Path(shutil.copytree(RECORDING, tmp_path / "recording"))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scenario.yaml", ("simulate", "{}", "--until", "0.5")),
        ("serv01.conf", ("simulate", "{}", "--until", "0.5")),
        ("capture.pcap", ("decode", "{}")),
        ("capture.pcap", ("decode", "{}", "--timeline")),
    ],
)
def test_a_damaged_file_is_read_or_told(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, words: tuple[str, ...], seed: int
) -> None:
    file = folder / name
    file.write_bytes(damaged(file.read_bytes(), random.Random(f"{name} {seed}")))
    code = cli.main([word.format(file) for word in words])
    assert code in (0, 2), capsys.readouterr().err


@pytest.mark.parametrize("seed", range(8))
def test_damaged_notes_of_a_recording_are_read_or_told(
    folder: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    file = folder / "observed.json"
    observed = changed(json.loads(file.read_text(encoding="utf-8")), random.Random(seed))
    file.write_text(json.dumps(observed), encoding="utf-8")
    assert cli.main(["verify", str(folder)]) in (0, 1, 2), capsys.readouterr().err
