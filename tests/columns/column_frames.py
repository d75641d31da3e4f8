"""Frames of every kind for the tests of columns, and the comparison with the codec."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from vrrplab import columns
from vrrplab.capture.files import read_records
from vrrplab.columns.rows import fill_rows
from vrrplab.wire.frames import advert_frame, decode, garp_frame, na_frame, ns_frame
from vrrplab.wire.ip import IPv4Header
from vrrplab.wire.vrrp import Advertisement

MAC, SOURCE, GROUP = "02:00:00:00:00:fb", "192.168.2.251", "224.0.0.18"
LINK = bytes.fromhex("01005e0000120200000000fb")  # an Ethernet header without its type


def kinds_of_frames() -> list[bytes]:
    """One of each kind the fast path knows, and some it does not."""
    frames = [garp_frame(MAC, SOURCE), na_frame(MAC, "fe80::a0"), ns_frame(MAC, "fe80::fb", "fe80::a0")]
    for count in range(14):
        addresses = tuple(f"10.0.0.{n}" for n in range(1, count + 1))
        frames += [
            advert_frame(MAC, SOURCE, GROUP, Advertisement(version, 51, 150, 1_000_000, addresses))
            for version in (2, 3)
        ]
    for count in range(1, 5):
        six = tuple(f"fe80::{n}" for n in range(1, count + 1))
        frames += [
            advert_frame(
                MAC,
                "fe80::fb",
                "ff02::12",
                Advertisement(version, 61, 1, 250_000 if version == 3 else 0, six),
            )
            for version in (2, 3)
        ]
    head = frames[3][:14]
    frames.append(
        head + IPv4Header(SOURCE, GROUP).emit(bytes.fromhex("2101000700010000") + bytes(28))
    )  # CARP
    frames.append(head + IPv4Header(SOURCE, "10.0.0.1", 6, 64).emit(bytes(40)))
    frames.append(head + IPv4Header(SOURCE, "224.0.0.22", 2, 1).emit(bytes(8)))
    frames.append(
        advert_frame(MAC, SOURCE, GROUP, Advertisement(2, 1, 1, 1_000_000, (), auth_type=2), ah=("x", 1))
    )
    advert = Advertisement(3, 1, 1, 1_000_000, ("10.0.0.1",), checksum_form="message")
    frames.append(advert_frame(MAC, SOURCE, GROUP, advert))
    return frames


def damaged(frame: bytes, chance: random.Random) -> bytes:
    changed = bytearray(frame)
    if chance.random() < 0.6:
        for _ in range(chance.choice((1, 1, 2))):
            changed[chance.randrange(len(changed))] = chance.choice(
                (0, 1, 7, 0x21, 0x31, 0x45, 255, chance.randrange(256))
            )
    if chance.random() < 0.2:
        del changed[chance.randrange(len(changed) + 1) :]
    if chance.random() < 0.15:
        changed[12:12] = bytes((0x81, 0, 0, 5)) * chance.choice((1, 2, 3))
    if chance.random() < 0.1:
        changed += bytes(chance.randrange(30))
    return bytes(changed)


def assert_same_as_codec(path: Path) -> None:
    records = list(read_records(path))
    expected = columns.Columns(len(records), 1)
    fill_rows(expected, np.arange(len(records)), [decode(r.data, r.link_type) for r in records])
    expected.t_ns[:] = [record.t_ns for record in records]
    found = columns.read(path).columns()
    for name, column in expected.to_dict().items():
        different = np.nonzero((found[name] != column).reshape(len(records), -1).any(axis=1))[0]
        if len(different):
            row = int(different[0])
            raw = records[row].data.hex()
            pytest.fail(f"{name} of row {row}: {found[name][row]}, codec says {column[row]}: {raw}")
