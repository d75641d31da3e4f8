"""What the other figures of a trace show: priorities, tables, outages, the ladder, the state diagram."""

from __future__ import annotations

import pytest
from drawn import cast, event, recording, state, trace

from vrrplab.machine.states import EDGES
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent
from vrrplab.views import anatomy, ladder_rows, priority, state_diagram, tables
from vrrplab.views.ladder_rows import Deed, Fold, Message, Turn
from vrrplab.views.naming import action_text, mac_text, short_addresses, short_names


class TestPriority:
    def test_a_weight_moves_the_line(self) -> None:
        table = priority.rows(recording("track_interface_weight_neg"))
        serv01 = table.charts[0].lines[0]
        assert [(round(s.from_us / 1e6), s.priority, s.state) for s in serv01.steps] == [
            (0, 150, "BACKUP"),
            (3, 150, "MASTER"),
            (7, 90, "MASTER"),
            (10, 90, "BACKUP"),
            (14, 150, "BACKUP"),
            (17, 150, "MASTER"),
        ]
        assert [(c.server, c.text, c.good) for c in table.charts[0].changes] == [
            ("serv01", "eth1 down", False),
            ("serv01", "eth1 up", True),
        ]

    def test_a_script_that_passes_at_the_start_is_no_news(self) -> None:
        changes = priority.rows(recording("article_drill3_squid_stop_start")).charts[0].changes
        assert [c.text for c in changes] == ["chk_squid_service fails", "chk_squid_service passes"]

    def test_a_reload_shows_in_the_adverts(self) -> None:
        steps = priority.rows(recording("reload_priority")).charts[0].lines[0].steps
        assert list(dict.fromkeys(step.priority for step in steps)) == [150, 90]

    def test_nothing_known(self) -> None:
        assert priority.rows(trace(state(1, "r1", "MASTER"))).charts == ()
        assert "0 virtual routers" in priority.rows(Trace([])).summary()


class TestTables:
    def test_the_cache_leads_astray_until_the_gratuitous_arp(self) -> None:
        first = tables.rows(recording("article_drill1_eth0_down_up")).lanes[0]
        assert (first.group, first.owner, first.key) == ("neighbour caches", "client", ".101")
        assert [(round(e.from_us / 1e6, 1), e.value) for e in first.entries] == [
            (0.2, "serv01 eth0"),
            (14.9, "serv02 eth0"),
            (25.0, "serv01 eth0"),
        ]
        long = [(a / 1e6, b / 1e6) for a, b in first.stale if b - a > 100_000]
        assert long == [pytest.approx((12.01, 14.86), abs=0.01)]

    def test_after_a_healed_split_brain_it_still_does(self) -> None:
        lanes = tables.rows(recording("article_split_brain__v2.4.3")).lanes
        assert all(lane.stale[-1][1] - lane.stale[-1][0] > 9_000_000 for lane in lanes)

    def test_switches_and_entries_that_go(self) -> None:
        learned = {"segment": "lan", "mac": "02:00:00:00:00:AA"}
        told = trace(
            event(1, "mac_learned", **learned, port="r1:eth0"),
            event(2, "mac_learned", **learned, port="r1:eth0"),
            event(4, "mac_learned", **learned, port=None),
            event(5, "mac_learned", **learned, port="r2:eth0"),
        )
        lane = tables.rows(told).lanes[0]
        assert (lane.group, lane.owner) == ("switch lan", "02:00:00:00:00:aa")
        assert [(e.from_us, e.to_us, e.value) for e in lane.entries] == [
            (1_000_000, 4_000_000, "r1 eth0"),
            (5_000_000, 10_000_000, "r2 eth0"),
        ]

    def test_only_what_moved(self) -> None:
        whole = recording("article_drill1_eth0_down_up")
        assert [lane.key for lane in tables.rows(whole, moved_only=True).lanes] == [".101"]


class TestAnatomy:
    def test_a_silent_failure(self) -> None:
        """The last advert came at 11.239; three more did not, then the skew of priority 100: 0.61 s."""
        (outage,) = anatomy.rows(recording("article_drill1_eth0_down_up")).outages
        assert (outage.label, outage.detail) == ("client", "ping+http .101")
        parts = {p.kind: p.duration_us for p in outage.parts}
        assert list(parts) == ["detection", "election", "announcement", "cache"]
        assert parts["detection"] == 11_238_949 + 3_000_000 - 11_991_918
        assert parts["election"] == 14_853_663 - 14_238_949
        assert sum(parts.values()) == outage.duration_us == 2_879_711
        assert outage.story.startswith("serv01 eth0 down at 12.001 s; serv02 took over at 14.854 s")

    def test_a_goodbye(self) -> None:
        """Priority 0 tells at once: until the check fails nobody knows, then only the skew is waited."""
        outages = anatomy.rows(recording("article_drill3_squid_stop_start")).outages
        http = next(o for o in outages if o.detail == "http .101")
        parts = {p.kind: p.duration_us / 1e6 for p in http.parts}
        assert parts["detection"] == pytest.approx(3.08, abs=0.02)
        assert parts["election"] == pytest.approx(0.61, abs=0.02)

    def test_no_take_over(self) -> None:
        lost = {"client": "pc", "kind": "icmp", "target": "10.0.1.1", "lost": 40}
        told = trace(
            event(5, "outage", **lost, from_s=2.0, to_s=5.0), event(9, "outage", **lost, from_s=8, to_s=None)
        )
        first, second = anatomy.rows(told).outages
        assert [p.kind for p in first.parts] == ["other"]
        assert first.story == "no takeover in this time"
        assert second.story == "nobody took over; still out when the trace ends"
        assert (second.ended, second.duration_us) == (False, 2_000_000)

    def test_round_robin_is_out_on_and_off(self) -> None:
        lost = {"client": "pc", "kind": "http", "target": "www", "lost": 1}
        gaps = [event(n + 0.8, "outage", **lost, from_s=n + 0.0, to_s=n + 0.8) for n in range(1, 5)]
        told = trace(*gaps, event(9, "outage", **lost, from_s=8.0, to_s=9.0))
        first, second = anatomy.rows(told).outages
        assert (first.from_us, first.to_us, first.gaps) == (1_000_000, 4_800_000, 4)
        assert (second.from_us, second.gaps) == (8_000_000, 1)

    def test_the_longest_are_shown(self) -> None:
        lost = {"client": "pc", "kind": "icmp", "target": "10.0.1.1", "lost": 1}
        told = trace(
            *(
                event(n + 0.1 + n / 100, "outage", **lost, from_s=n, to_s=n + 0.1 + n / 100)
                for n in range(1, 9)
            )
        )
        table = anatomy.rows(told, most=3)
        assert [round(o.from_us / 1e6) for o in table.outages] == [6, 7, 8]
        assert table.note.endswith("the 3 longest of 8 outages")

    def test_short_ones_and_other_targets_are_left_out(self) -> None:
        whole = recording("article_drill1_eth0_down_up")
        assert len(anatomy.rows(whole, at_least_s=0.01).outages) == 2
        assert anatomy.rows(whole, target="192.168.2.102").outages == ()

    def test_through_dns(self) -> None:
        fields = {**cast(), "dns": {"www": ["10.0.1.1"]}}
        sent = {"server": "r1", "instance": "V1", "vrid": 1, "priority": 100, "interval_s": 1}
        told = trace(
            event(0, "scenario", **fields),
            state(0, "r1", "MASTER"),
            state(0, "r2", "BACKUP"),
            event(2, "advert_sent", **sent),
            state(6, "r2", "MASTER"),
            event(6, "outage", client="pc", kind="http", target="www", from_s=2.5, to_s=6.1, lost=3),
            end_s=60,
        )
        assert [p.kind for p in anatomy.rows(told).outages[0].parts] == ["detection", "election", "cache"]


class TestLadder:
    def test_the_second_drill(self) -> None:
        table = ladder_rows.rows(recording("article_drill2_eth1_down_up"))
        assert table.participants == ("serv01", "serv02", "client")
        assert table.before["serv01", "proxy_ip1"] == "MASTER"
        told = [row for row in table.rows if not (isinstance(row, Message) and row.kind == "advert")]
        assert [type(row).__name__ for row in told[:2]] == ["Deed", "Message"] or isinstance(told[1], Turn)
        zeros = [row for row in told if isinstance(row, Message) and row.kind == "zero"]
        assert [z.text for z in zeros] == ["proxy_ip1: 0", "proxy_ip1: 0"]
        assert zeros[0].receivers == (("serv02", "maybe"),)
        garp = next(row for row in told if isinstance(row, Message) and row.kind == "garp")
        assert garp.text == "5 × .101"
        assert dict(garp.receivers)["client"] == "heard"

    def test_who_is_cut_off_is_not_reached(self) -> None:
        """After eth0 of serv01 went down nothing is drawn towards it."""
        table = ladder_rows.rows(recording("article_drill1_eth0_down_up"))
        sent = [
            r for r in table.rows if isinstance(r, Message) and r.kind == "advert" and r.t_us > 12_100_000
        ]
        assert sent
        assert all(row.receivers == () for row in sent)

    def test_simulations_tell_who_heard_and_who_dropped(self) -> None:
        sent = {"source": "10.0.0.1", "vrid": 1, "priority": 100, "instance": "V1"}
        told = trace(
            state(0, "r1", "MASTER"),
            state(0, "r2", "BACKUP"),
            state(0, "r3", "BACKUP"),
            event(1, "advert_sent", server="r1", **sent),
            event(1, "advert_sent", server="r1", **sent),
            event(1.001, "advert_received", server="r2", **sent),
            event(1.002, "advert_received", server="r2", **sent),
            event(1.002, "advert_received", server="r3", **sent),
            event(1.002, "advert_dropped", server="r3", source="10.0.0.1", vrid=1, reason="BAD_TTL"),
        )
        first, second = [r for r in ladder_rows.rows(told, 0, 3).rows if isinstance(r, Message)]
        assert first.receivers == (("r2", "heard"), ("r3", "TTL or hop limit is not 255"))
        assert second.receivers == (("r2", "heard"),)

    def test_what_only_repeats_is_folded(self) -> None:
        table = ladder_rows.rows(recording("article_steady"), 7, 13)
        assert [type(row).__name__ for row in table.rows] == [
            "Message",
            "Message",
            "Fold",
            "Message",
            "Message",
        ]
        assert isinstance(table.rows[2], Fold)
        sent = [e for e in recording("article_steady").of("advert_sent") if 7 <= e.t <= 13]
        assert table.rows[2].adverts == len(sent) - 4

    def test_one_instance(self) -> None:
        table = ladder_rows.rows(recording("article_drill1_eth0_down_up"), instance="proxy_ip2")
        assert table.instances == {"serv01": ("proxy_ip2",), "serv02": ("proxy_ip2",)}
        turns = [row for row in table.rows if isinstance(row, Turn)]
        assert {turn.instance for turn in turns} == {"proxy_ip2"}

    def test_power_off_silences(self) -> None:
        table = ladder_rows.rows(recording("three_nodes_poweroff"))
        assert [row.silences for row in table.rows if isinstance(row, Deed)] == ["r1"]

    def test_too_many_rows(self) -> None:
        turns = [state(1 + n / 100, "r1", ("MASTER", "BACKUP")[n % 2]) for n in range(200)]
        table = ladder_rows.rows(trace(*turns), 0, 10)
        assert len(table.rows) == ladder_rows.MAX_ROWS
        assert table.left_out == 200 - ladder_rows.MAX_ROWS


class TestStateDiagram:
    def test_every_edge_of_the_machine_and_no_other(self) -> None:
        assert tuple(arrow.edge for arrow in state_diagram.rows().arrows) == tuple(EDGES)
        assert {state for edge in EDGES for state in edge[:2]} == set(state_diagram.PLACES)

    def test_counts_of_a_trace(self) -> None:
        arrows = state_diagram.rows(recording("article_drill1_eth0_down_up")).arrows
        taken = {a.edge[:2]: a.taken for a in arrows if a.taken}
        assert taken == {
            ("INIT", "MASTER"): 2,
            ("INIT", "BACKUP"): 2,
            ("MASTER", "FAULT"): 1,
            ("BACKUP", "FAULT"): 1,
            ("FAULT", "BACKUP"): 2,
            ("BACKUP", "MASTER"): 2,
            ("MASTER", "BACKUP"): 1,
        }


class TestWords:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"action": "link_down", "server": "r1", "interface": "eth0"}, "r1 eth0 down"),
            ({"action": "daemon_kill", "server": "r1"}, "r1 daemon killed"),
            ({"action": "daemon_kill", "server": "r1", "process": "child"}, "r1 child process killed"),
            ({"action": "firewall_drop", "server": "r1", "direction": "in"}, "r1 firewall drops VRRP in"),
            ({"action": "segment_fault", "segment": "lan", "loss": 0.3}, "lan loses 30%"),
            ({"action": "segment_fault", "segment": "lan", "multicast": False}, "lan without multicast"),
            ({"action": "segment_fault", "segment": "lan", "between": [["r1", "r2"]]}, "lan r1 → r2 cut"),
            ({"action": "paint_red", "server": "r1"}, "paint red r1"),
        ],
    )
    def test_actions(self, fields: dict[str, object], words: str) -> None:
        assert action_text(event(1, "action", **fields)) == words

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({"latency_s": 0}, "lan healed in part, but still loses 100%"),
            ({"loss": 0}, "lan healed in part, but still delays 0.05 s"),
            ({"loss": 0, "latency_s": 0}, "lan healed"),
            ({}, "lan healed"),
        ],
    )
    def test_a_healing_in_part_leaves_the_rest(self, keys: dict[str, object], words: str) -> None:
        broken = event(1, "action", action="segment_fault", segment="lan", loss=1.0, latency_s=0.05)
        healing = event(2, "action", action="segment_heal", segment="lan", **keys)
        other = event(3, "action", action="segment_fault", segment="wan", loss=1.0)
        assert isinstance(healing, ActionEvent)
        assert action_text(healing, trace(broken, healing, other)) == words

    def test_addresses(self) -> None:
        assert short_addresses(["10.0.0.1", "10.0.0.2/24"]) == {"10.0.0.1": ".1", "10.0.0.2": ".2"}
        assert short_addresses(["10.0.0.1", "10.0.1.2"]) == {"10.0.0.1": "10.0.0.1", "10.0.1.2": "10.0.1.2"}
        assert short_addresses(["10.0.0.1", "fe80::1"])["10.0.0.1"] == "10.0.0.1"

    def test_names(self) -> None:
        names = ["proxy-serv01.example.net", "proxy-serv02.example.net"]
        assert list(short_names(names).values()) == ["serv01", "serv02"]
        assert short_names(["r1"]) == {"r1": "r1"}
        assert short_names(["a", "ab"]) == {"a": "a", "ab": "ab"}

    @pytest.mark.parametrize(
        ("names", "short"),
        [
            (["web-1", "web-2"], ["web-1", "web-2"]),
            (["eu-web-1.example.net", "eu-web-2.example.net"], ["web-1", "web-2"]),
            (["web-1a", "web-2a"], ["1a", "2a"]),
            (["192.168.2.251", "192.168.2.252"], ["251", "252"]),
        ],
    )
    def test_a_number_alone_is_no_name(self, names: list[str], short: list[str]) -> None:
        assert list(short_names(names).values()) == short

    def test_macs(self) -> None:
        assert mac_text("00:00:5E:00:01:33", {}) == "virtual MAC of VRID 51"
        assert mac_text("02:00:00:00:00:01", {"02:00:00:00:00:01": "r1 eth0"}) == "r1 eth0"
