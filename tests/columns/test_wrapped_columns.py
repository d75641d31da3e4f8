"""Rows of frames in tunnels, of what cannot be opened and of other protocols say what the codec says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from column_frames import assert_same_as_codec, damaged  # noqa: E402

from tests.wire.fhrp_frames import GLBP, HSRP_1, HSRP_2, HSRP_6, VRRP_E  # noqa: E402
from tests.wire.wrapped_frames import ADVERT, FORMS, SEALED, deep  # noqa: E402
from vrrplab import columns  # noqa: E402
from vrrplab.capture.pcap import write_pcap  # noqa: E402
from vrrplab.wire import links  # noqa: E402

RELATIVES = [HSRP_1, HSRP_2, HSRP_6, GLBP, VRRP_E]


def written(path: Path, frames: list[bytes], link_type: int) -> Path:
    write_pcap(str(path), enumerate(frames), link_type)
    return path


RAW_IP = (links.RAW, links.IPV4, links.IPV6)


@pytest.mark.parametrize("link_type", sorted({*RAW_IP, *(form.link_type for form in FORMS.values())}))
def test_every_form_and_damaged_ones(link_type: int, tmp_path: Path) -> None:
    frames = [form.wrap(form.frame) for form in FORMS.values() if form.link_type == link_type]
    if link_type in RAW_IP:
        frames += [form.wrap(form.frame)[14:] for form in FORMS.values() if form.link_type == 1]
    if link_type == links.ETHERNET:
        frames += [raw for raw, _ in SEALED.values()] + RELATIVES + [deep(9), ADVERT]
    chance = random.Random(link_type)
    frames += [damaged(chance.choice(frames), chance) for _ in range(1500)]
    assert_same_as_codec(written(tmp_path / "wrapped.pcap", frames, link_type))


def test_what_the_columns_of_tunnels_say(tmp_path: Path) -> None:
    frames = [FORMS["two-tunnels"].wrap(ADVERT), SEALED["esp"][0], ADVERT, HSRP_1]
    found = columns.read(written(tmp_path / "few.pcap", frames, 1)).columns()
    assert found["tunnels"].tolist() == [2, 0, 0, 0]
    assert [columns.SEALED[number] for number in found["sealed"]] == ["", "ESP", "", ""]
    assert [columns.KINDS[number] for number in found["kind"]] == ["vrrp", "other", "vrrp", "hsrp"]
    assert found["vrid"].tolist() == [7, 0, 7, 0]
