"""The figures that need no trace: one frame, and many failover times."""

from __future__ import annotations

import pytest
from drawn import event, recording, troubles

from vrrplab.errors import VrrplabError
from vrrplab.trace import Outage
from vrrplab.views import distribution, packet
from vrrplab.views.action_labels import place_flags


def advert(name: str = "article_steady") -> bytes:
    return bytes.fromhex(recording(name).of("advert_sent")[0].fields["frame"])


class TestPacket:
    def test_an_advert_in_boxes(self) -> None:
        table = packet.rows(advert())
        assert [(layer.name, layer.offset) for layer in table.layers] == [
            ("Ethernet", 0),
            ("IPv4", 14),
            ("VRRPv2", 34),
        ]
        vrrp = table.layers[2]
        assert [(c.row, c.column, c.size, c.name, c.value, c.octets) for c in vrrp.cells[:4]] == [
            (0, 0, 1, "version, type", "2, 1", "21"),
            (0, 1, 1, "VRID", "2", "02"),
            (0, 2, 1, "priority", "255", "ff"),
            (0, 3, 1, "count", "1", "01"),
        ]
        assert table.problems == ()

    @pytest.mark.parametrize("name", ["article_steady", "v3_ipv6", "auth_ah", "use_vmac"])
    def test_every_byte_is_in_exactly_one_box(self, name: str) -> None:
        for kind in ("advert_sent", "garp_sent", "na_sent"):
            for one in recording(name).of(kind)[:1]:
                frame = bytes.fromhex(one.fields["frame"])
                cells = [cell for layer in packet.rows(frame).layers for cell in layer.cells]
                assert b"".join(bytes.fromhex(cell.octets) for cell in cells) == frame
                places = [
                    (layer.name, c.row, c.column) for layer in packet.rows(frame).layers for c in layer.cells
                ]
                assert len(set(places)) == len(places)

    def test_a_value_too_wide_for_its_box_loses_its_brackets(self) -> None:
        drawn = packet.figure(bytes.fromhex(recording("v3_ipv4").of("advert_sent")[0].fields["frame"]))
        written = [text.get_text() for text in drawn.axes[0].texts]
        assert not any("…" in text for text in written)
        assert any("right (pseudo-header)" in text for text in written)

    def test_a_damaged_field_is_marked(self) -> None:
        frame = bytearray(advert())
        frame[40] ^= 0x55
        table = packet.rows(bytes(frame))
        assert [c.name for layer in table.layers for c in layer.cells if c.problem] == ["checksum"]
        assert "checksum" in table.problems[0]

    def test_a_frame_that_ends_too_early(self) -> None:
        table = packet.rows(advert()[:37])
        assert table.layers[-1].name == "VRRPv2"
        assert "ends" in table.problems[0]
        assert packet.rows(b"").layers == ()

    def test_what_a_frame_may_be(self) -> None:
        frame = advert()
        given = (frame, frame.hex(), frame.hex(":"), recording("article_steady").of("advert_sent")[0])
        assert {packet.rows(one).summary() for one in given} == {packet.rows(frame).summary()}
        with pytest.raises(VrrplabError, match="a frame is bytes or hexadecimal text"):
            packet.rows("not hex")
        with pytest.raises(VrrplabError, match="has no frame: simulate or read with frames=True"):
            packet.rows(event(1, "advert_sent", server="r1"))

    @pytest.mark.parametrize("name", ["article_steady", "v3_ipv6", "auth_ah", "many_vips_20"])
    @pytest.mark.parametrize(
        "theme", ["light", pytest.param("dark", marks=(pytest.mark.long, pytest.mark.computes))]
    )
    def test_nothing_overlaps(self, name: str, theme: str) -> None:
        assert troubles(packet.figure(advert(name), theme=theme)) == []

    def test_nothing_overlaps_in_a_broken_one(self) -> None:
        frame = bytearray(advert("auth_ah"))
        frame[22], frame[64] = 64, 0
        assert troubles(packet.figure(bytes(frame))) == []
        assert troubles(packet.figure(b"")) == []


def outage(from_us: int, to_us: int | None) -> Outage:
    return Outage("pc", "icmp", "10.0.0.1", from_us, to_us, 5)


class TestDistribution:
    def test_figures_of_a_list(self) -> None:
        (group,) = distribution.rows([3.0, 1.0, 2.0, 4.0, 5.0]).groups
        assert (group.runs, group.shortest_s, group.median_s, group.longest_s) == (5, 1.0, 3.0, 5.0)
        assert group.p95_s == pytest.approx(4.8)
        assert sum(count for _, count in group.columns) == 5

    def test_outages_and_those_that_never_ended(self) -> None:
        (group,) = distribution.rows([outage(0, 2_500_000), outage(0, None)]).groups
        assert (group.runs, group.median_s, group.never) == (1, 2.5, 1)

    def test_named_lists_share_the_axis(self) -> None:
        table = distribution.rows({"a": [1.0], "b": [3.0], "none": []}, bounds_s={"b": 3.61})
        assert [g.bound_s for g in table.groups] == [None, 3.61, None]
        assert table.to_s > 3.61
        assert table.note == "3 cases, 2 runs"
        assert table.groups[2].runs == 0

    def test_lengths_that_come_equally_often_make_columns_of_one_height(self) -> None:
        """Of a probe every 20 ms: with bins of 42 ms some would hold three lengths, and most two."""
        even = [(n * 20 / 1000, 100) for n in range(132, 183)]
        (group,) = distribution.counted_rows({"": (even, 0)}).groups
        assert {count for _, count in group.columns[1:-1]} == {300}
        assert group.runs == 5100
        (alone,) = distribution.counted_rows({"": ([(3.08, 7)], 0)}).groups
        assert [count for _, count in alone.columns] == [7]

    def test_the_longest_outage_of_each_run(self) -> None:
        runs = [recording(name) for name in ("article_drill1_eth0_down_up", "article_steady")]
        found = distribution.outages_of(runs)
        assert [o.duration_us(0) / 1e6 for o in found] == [pytest.approx(2.88, abs=0.01)]

    @pytest.mark.parametrize("bad", [-1, "3 s", None, float("nan")])
    def test_not_a_time(self, bad: object) -> None:
        with pytest.raises(VrrplabError, match="is not a failover time"):
            distribution.rows([bad])  # type: ignore[list-item]

    def test_nothing_overlaps(self) -> None:
        many = {
            f"a case with quite a long name, number {n}": [n + k / 50 for k in range(50)] for n in range(5)
        }
        assert troubles(distribution.figure(many, bounds_s=4.0)) == []
        assert troubles(distribution.figure([], theme="dark")) == []


class TestFlags:
    """Labels of actions above the lanes."""

    def test_neighbours_get_rows_of_their_own(self) -> None:
        flags, key = place_flags([(1, "serv01 eth0 down"), (1.2, "serv02 eth0 down"), (9, "x")], (0, 10), 6)
        assert key == []
        assert flags[0].y_in != flags[1].y_in
        assert flags[2].y_in == flags[0].y_in

    def test_at_one_moment_they_share_a_label(self) -> None:
        flags, _ = place_flags([(1, "a"), (1.0001, "b")], (0, 10), 6)
        assert [flag.text for flag in flags] == ["a, b"]

    def test_at_the_right_edge_the_text_is_to_the_left(self) -> None:
        (flag,), _ = place_flags([(9.9, "serv01 eth0 down")], (0, 10), 6)
        assert flag.text_s < 9

    def test_too_many_become_numbers(self) -> None:
        actions = [(n / 10, f"proxy-serv{n:02d} power off") for n in range(40)]
        flags, key = place_flags(actions, (0, 10), 6)
        assert [flag.text for flag in flags[:3]] == ["1", "2", "3"]
        assert key[1] == "2  0.100 s  proxy-serv01 power off"
        assert len(key) == 40
