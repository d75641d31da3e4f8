"""What keepalived will run, setting by setting: values, their lines, and why they are what they are."""

from __future__ import annotations

import pytest

from vrrplab.config.effective import Block, effective
from vrrplab.config.reader import parse_text

TEXT = """global_defs {
    vrrp_garp_master_delay 2
    smtp_server 127.0.0.1
    colour red
}
vrrp_script chk {
    script "/usr/bin/pgrep -x haproxy"
    interval 2
    weight -20
}
vrrp_script gone {
    interval 1
}
vrrp_instance V {
    state Slave
    interface eth0
    virtual_router_id 51
    priority 300
    auth_tip PASS
    authentication {
        auth_type PASS
        auth_pass longer-than-8
    }
    virtual_ipaddress {
        10.0.0.100
        10.0.0.300
        10.0.0.101/24 dev eth1 label eth1:x
    }
    track_script { chk }
    track_interface { eth1 weight 5 }
    notify_master "/bin/a b"
}
virtual_server 10.0.0.1 80 {
}
"""


def blocks(text: str = TEXT, **more: str) -> dict[str, Block]:
    return {f"{b.kind} {b.name}".strip(): b for b in effective(parse_text(text, "a.conf", **more))}  # type: ignore[arg-type]


def row(block: Block, option: str) -> tuple[str, int, str]:
    found = block.setting(option)
    return found.text, found.source.line, found.why


def told(block: Block, option: str) -> list[str]:
    return [warning.message for warning in block.setting(option).told]


def test_blocks_come_in_the_order_of_the_file_also_those_that_do_not_run() -> None:
    assert list(blocks()) == [
        "global_defs",
        "vrrp_script chk",
        "vrrp_script gone",
        "vrrp_instance V",
        "virtual_server 10.0.0.1 80",
    ]
    assert blocks()["vrrp_script gone"].settings == ()
    assert "vrrp_script gone has no script line and is dropped" in [
        warning.message for warning in blocks()["vrrp_script gone"].told
    ]


@pytest.mark.parametrize(
    ("option", "text", "line", "why"),
    [
        ("state", "BACKUP", 15, ""),
        ("priority", "100", 18, ""),
        ("version", "2", 0, ""),
        ("advert_int", "1 s", 0, ""),
        ("preempt", "yes", 0, ""),
        ("auth_type", "PASS", 21, ""),
        ("auth_pass", "longer-t", 22, ""),
        ("mcast_src_ip", "the primary address of eth0", 0, ""),
        ("mcast_dst_ip", "224.0.0.18", 0, ""),
        ("virtual_ipaddress", "10.0.0.100/32 dev eth0", 25, "no prefix is written: keepalived takes /32"),
        ("track_interface", "eth0: FAULT while it is down", 0, "an instance tracks its own interface"),
        ("track_script", "chk: priority -20 while it fails", 29, ""),
        ("notify_master", "/bin/a b", 31, ""),
        ("garp_master_delay", "2 s", 2, "vrrp_garp_master_delay of global_defs"),
        ("garp_master_repeat", "5", 0, ""),
    ],
)
def test_each_value_has_its_line_or_its_reason(option: str, text: str, line: int, why: str) -> None:
    assert row(blocks()["vrrp_instance V"], option) == (text, line, why)


def test_what_was_corrected_stands_at_its_value() -> None:
    instance = blocks()["vrrp_instance V"]
    assert told(instance, "state") == ["'Slave' is no state; BACKUP is used"]
    assert told(instance, "priority")[-1] == "priority '300' is not valid; keepalived uses 100"
    assert told(instance, "auth_pass") == ["only the first 8 bytes of auth_pass count"]


def test_what_has_no_effect_is_told_of_its_block() -> None:
    instance = blocks()["vrrp_instance V"]
    assert [(w.source.line, w.kind) for w in instance.told] == [
        (19, "unknown-keyword"),
        (26, "vip-invalid"),
    ]
    general = blocks()["global_defs"]
    assert [(w.source.line, w.kind) for w in general.told][:2] == [
        (3, "not-modelled"),
        (4, "unknown-keyword"),
    ]
    assert {w.kind for w in general.told[2:]} == {"script-security", "script-default-user"}  # of all scripts
    assert {w.kind for w in blocks()["virtual_server 10.0.0.1 80"].told} == {"lvs"}


def test_scripts_say_what_their_weight_does_and_whom_they_run_as() -> None:
    script = blocks()["vrrp_script chk"]
    assert row(script, "timeout") == ("2 s", 0, "as long as the interval")
    assert row(script, "weight") == ("priority -20 while it fails", 9, "")
    assert row(script, "user") == ("root", 0, "there is no user keepalived_script")
    assert script.setting("fall").usual


INSTANCE = "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n MORE\n virtual_ipaddress { VIP }\n}\n"


@pytest.mark.parametrize(
    ("more", "option", "text", "line", "why"),
    [
        ("state MASTER", "priority", "255", 0, "state MASTER without a priority: address owner"),
        ("priority 255", "state", "MASTER", 0, "priority 255 is the address owner's"),
        ("priority 90", "state", "BACKUP", 0, "priority 90 is no address owner's"),
        ("nopreempt", "preempt", "no", 4, ""),
        ("strict_mode", "accept", "no", 0, "strict mode says so"),
        ("no_accept", "accept", "no", 4, ""),
        ("dont_track_primary", "dont_track_primary", "eth0 may be down", 4, ""),
        ("unicast_src_ip 10.0.0.1\n unicast_peer { 10.0.0.2 }", "unicast_src_ip", "10.0.0.1", 4, ""),
        ("unicast_peer { 10.0.0.2 }", "unicast_peer", "10.0.0.2", 4, ""),
        ("mcast_dst_ip 224.0.0.19", "mcast_dst_ip", "224.0.0.19", 4, ""),
        ("version 3\n authentication { auth_type PASS\n auth_pass x }", "auth_type", "none", 5, ""),
    ],
)
def test_reasons_for_what_nobody_wrote(more: str, option: str, text: str, line: int, why: str) -> None:
    (block,) = (
        b for n, b in blocks(INSTANCE.replace("MORE", more).replace("VIP", "10.0.0.9/24")).items() if "V" in n
    )
    assert row(block, option) == (text, line, why)


def test_ipv6_says_why_it_is_version_3_and_shows_its_own_group() -> None:
    block = blocks(INSTANCE.replace("MORE", "").replace("VIP", "fe80::9/64"))["vrrp_instance V"]
    assert row(block, "version") == ("3", 0, "IPv6 needs it")
    assert row(block, "mcast_dst_ip") == ("ff02::12", 0, "")


def test_real_addresses_say_from_where_adverts_come() -> None:
    node = parse_text(INSTANCE.replace("MORE", "").replace("VIP", "10.0.0.9/24"))
    instance = effective(node, {"eth0": ["fe80::1/64", "10.0.0.3/24"]})[-1]
    assert row(instance, "mcast_src_ip") == ("10.0.0.3", 0, "the primary address of eth0")


@pytest.mark.parametrize(
    ("weight", "reads"),
    [
        ("weight 0", "priority +0"),
        ("weight 3", "chk: priority +3 while it succeeds"),
        ("weight -3 reverse", "chk: priority -3 while it succeeds"),
        ("weight 3 reverse", "chk: priority +3 while it fails"),
    ],
)
def test_weights_in_words(weight: str, reads: str) -> None:
    text = TEXT.replace("weight -20", weight).replace("vrrp_script gone {\n    interval 1\n}\n", "")
    expected = "chk: FAULT while it fails" if reads == "priority +0" else reads
    assert blocks(text)["vrrp_instance V"].setting("track_script").text == expected


def test_an_included_file_s_lines_are_named_with_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from vrrplab.config.reader import parse_config

    (tmp_path / "more.conf").write_text(INSTANCE.replace("MORE", "priority 7").replace("VIP", "10.0.0.9/24"))
    (tmp_path / "a.conf").write_text("global_defs {\n router_id x\n}\ninclude more.conf\n")
    found = effective(parse_config(tmp_path / "a.conf"))
    assert [block.kind for block in found] == ["global_defs", "vrrp_instance"]
    assert str(found[1].setting("priority").source).endswith("more.conf:4")


def test_a_file_with_nothing_in_it_says_so() -> None:
    (nothing,) = (b for b in effective(parse_text("", "a.conf")) if b.told)
    assert [w.message for w in nothing.told] == ["the file is empty"]


def test_what_answers_a_lower_priority_comes_from_the_settings_of_all() -> None:
    text = "global_defs {\n vrrp_garp_master_repeat 3\n}\n" + INSTANCE.replace("VIP", "10.0.0.9/24")
    block = blocks(text.replace("MORE", "garp_master_repeat 2"))["vrrp_instance V"]
    assert row(block, "garp_master_repeat") == ("2", 7, "")
    assert row(block, "garp_lower_prio_repeat") == ("3", 2, "vrrp_garp_master_repeat of global_defs")
    assert (
        blocks(INSTANCE.replace("MORE", "garp_master_repeat 2").replace("VIP", "10.0.0.9/24"))[
            "vrrp_instance V"
        ]
        .setting("garp_lower_prio_repeat")
        .usual
    )
