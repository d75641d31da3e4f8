"""Of a frame that the capture cut, what is not there is no fault: table, filters and figures agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.capture.files import read_records
from vrrplab.capture.records import Record
from vrrplab.decoding.filters import FrameFilter
from vrrplab.decoding.telling import IN_PART, Teller

RECORDINGS = Path(__file__).resolve().parents[2] / "data" / "recordings"


def teller() -> Teller:
    return Teller("keepalived-2.2.7", None, FrameFilter(), lambda captured, verdict: verdict)


def adverts(name: str) -> list[Record]:
    told = teller()
    records = list(read_records(str(RECORDINGS / name / "capture.pcap")))[:200]
    return [one for n, one in enumerate(records, 1) if told.said(n, one).frame.kind == "vrrp"]


@pytest.mark.parametrize("name", ["article_drill1_cable", "v3_ipv6"])
def test_whatever_is_cut_off_nothing_is_dropped_for_it(name: str) -> None:
    told = teller()
    whole = adverts(name)[0]
    assert not told.said(1, whole).is_dropped
    for kept in range(len(whole.data)):
        cut = whole._replace(data=whole.data[:kept])
        said = told.said(1, cut)
        assert not said.is_dropped, (kept, said.verdict)
        assert IN_PART in [note.name for note in said.verdict.notes]
    # and the whole one is not taken for one of those
    assert IN_PART not in [note.name for note in told.said(1, whole).verdict.notes]
