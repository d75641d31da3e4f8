"""What keepalived makes of an option: defaults, corrections, and the line it logs about them.

Each expectation is what keepalived 2.2.7 was seen to do (its data dump and its log), unless a test
names 2.4.3.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.config.model import GarpSettings, InstanceConfig, NodeConfig, TrackedObject
from vrrplab.config.reader import parse_config, parse_text

ROOT = Path(__file__).parents[2]


def node_with(
    options: str = "", *, before: str = "", after: str = "", vips: str = "10.0.0.1", daemon: str = "2.2.7"
) -> NodeConfig:
    """One instance V1 with these options among the necessary ones."""
    text = f"""{before}
vrrp_instance V1 {{
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {{
        {vips}
    }}
    {options}
}}
{after}
"""
    return parse_text(text, "test.conf", daemon=daemon)


def instance_with(
    options: str = "", *, vips: str = "10.0.0.1", before: str = "", daemon: str = "2.2.7"
) -> InstanceConfig:
    return node_with(options, vips=vips, before=before, daemon=daemon).instance("V1")


def logs(node: NodeConfig) -> list[str]:
    return [warning.log for warning in node.warnings if warning.log]


# -- the article's files


def test_the_articles_first_server() -> None:
    node = parse_config(ROOT / "data" / "configs" / "article" / "proxy-serv01.conf")
    first, second = node.instances
    assert (first.name, first.state, first.base_priority, first.vrid) == ("proxy_ip1", "MASTER", 255, 1)
    assert (second.name, second.state, second.base_priority, second.vrid) == ("proxy_ip2", "BACKUP", 100, 2)
    assert first.address_owner
    (vip,) = first.virtual_addresses
    assert (vip.with_prefix, vip.interface, vip.label) == ("192.168.2.101/24", "eth0", "eth0:1")
    assert first.track_interfaces == (TrackedObject("eth1", source=first.track_interfaces[0].source),)
    assert [one.name for one in first.track_scripts] == ["chk_squid_service"]
    script = node.script("chk_squid_service")
    assert script.command == ("/usr/sbin/squid", "-k", "check")
    assert (script.interval_us, script.fall, script.rise, script.weight) == (3_000_000, 1, 1, 0)


def test_values_know_their_lines() -> None:
    node = parse_config(ROOT / "data" / "configs" / "article" / "proxy-serv01.conf")
    first = node.instances[0]
    assert [first.lines[word].line for word in ("state", "interface", "priority")] == [7, 8, 10]
    assert first.virtual_addresses[0].source.line == 12
    assert str(first.source).endswith("proxy-serv01.conf:6")


@pytest.mark.parametrize(
    "path",
    [p for p in sorted((ROOT / "data" / "configs").glob("*/*.conf")) if p.parent.name != "lesson-broken"],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_every_shipped_configuration_reads_without_complaint(path: Path) -> None:
    node = parse_config(path, strict=True)
    assert node.instances
    assert {warning.kind for warning in node.warnings} <= {"script-default-user", "script-security"}


def test_the_broken_configuration_of_lesson_11_is_complained_about() -> None:
    node = parse_config(ROOT / "data" / "configs" / "lesson-broken" / "web1.conf", strict=True)
    found = next(w for w in node.warnings if w.kind == "unknown-keyword")
    assert (found.source.line, found.hint) == (5, "did you mean 'rise'? keepalived ignores it")


# -- defaults


def test_defaults_of_an_instance() -> None:
    instance = instance_with()
    assert (instance.state, instance.base_priority, instance.version, instance.family) == (
        "BACKUP",
        100,
        2,
        4,
    )
    assert instance.advert_interval_us == 1_000_000
    assert instance.preempt
    assert instance.accept
    assert instance.garp == GarpSettings()
    assert instance.virtual_addresses[0].with_prefix == "10.0.0.1/32"
    assert instance.virtual_addresses[0].interface == "eth0"
    assert (instance.multicast_group, instance.unicast, instance.down_timer_adverts) == ("", False, 3)


def test_ipv6_means_version_3_and_host_prefixes() -> None:
    instance = instance_with(vips="fe80::1")
    assert (instance.version, instance.family) == (3, 6)
    assert instance.virtual_addresses[0].with_prefix == "fe80::1/128"


@pytest.mark.parametrize(
    ("options", "state", "priority"),
    [
        ("", "BACKUP", 100),
        ("state BACKUP", "BACKUP", 100),
        ("state MASTER", "MASTER", 255),
        ("state MASTER\npriority 150", "MASTER", 150),
        ("priority 255", "MASTER", 255),
        ("state BACKUP\npriority 255", "BACKUP", 255),
        ("state SLAVE\npriority 150", "BACKUP", 150),
        ("state backup", "BACKUP", 100),
        ("state MASTER\nstate BACKUP\npriority 7", "MASTER", 7),
        ("priority 300", "BACKUP", 100),
        ("priority 0\nstate MASTER", "MASTER", 100),
    ],
)
def test_state_and_priority_depend_on_each_other(options: str, state: str, priority: int) -> None:
    instance = instance_with(options)
    assert (instance.state, instance.base_priority) == (state, priority)


def test_global_settings_hold_wherever_they_stand() -> None:
    settings = """global_defs {
        vrrp_version 3
        vrrp_garp_master_repeat 2
        vrrp_garp_master_delay 7
        vrrp_garp_interval 0.01
        vrrp_mcast_group4 224.0.0.99
        vrrp_startup_delay 5.5
        router_id "the first"
    }"""
    for node in (node_with(before=settings), node_with(after=settings)):
        instance = node.instance("V1")
        assert instance.version == 3
        assert (instance.garp.repeat, instance.garp.delay_us) == (2, 7_000_000)
        assert (instance.garp.lower_prio_repeat, instance.garp.lower_prio_delay_us) == (2, 7_000_000)
        assert instance.garp.interval_us == 10_000
        assert instance.multicast_group == "224.0.0.99"
        assert (node.global_defs.startup_delay_us, node.global_defs.router_id) == (5_500_000, "the first")


def test_minimal_gratuitous_arp_leaves_other_settings_alone() -> None:
    garp = instance_with(before="global_defs {\nvrrp_garp_master_delay 9\nvrrp_min_garp\n}").garp
    assert (garp.repeat, garp.delay_us, garp.refresh_repeat) == (1, 9_000_000, 0)


# -- corrections, and what the daemon says about them


@pytest.mark.parametrize(
    ("options", "attribute", "value", "log"),
    [
        (
            "priority 300",
            "base_priority",
            100,
            "(/etc/keepalived/keepalived.conf: Line 8) (V1) Priority not valid! must be between 1 & 255. "
            "Using default 100",
        ),
        (
            "advert_int 0.5",
            "advert_interval_us",
            1_000_000,
            "(V1) VRRPv2 advertisement interval 0.500000s must be an integer. rounding",
        ),
        (
            "advert_int 1.4",
            "advert_interval_us",
            1_000_000,
            "(V1) VRRPv2 advertisement interval 1.400000s must be an integer. rounding",
        ),
        (
            "version 3\nadvert_int 0.254",
            "advert_interval_us",
            250_000,
            "(V1) VRRPv3 advertisement interval 0.254000s must be in units of 10ms - rounding",
        ),
        (
            "version 3\nadvert_int 41",
            "advert_interval_us",
            40_950_000,
            "(V1) VRRPv3 advertisement interval 41.00s is out of range. Must be less than 40.96s. "
            "Setting to 40.95s",
        ),
        (
            "nopreempt\nstate MASTER\npriority 150",
            "preempt",
            True,
            "(V1) Warning - nopreempt will not work with initial state MASTER - clearing",
        ),
        (
            "nopreempt\nstate BACKUP\npriority 255",
            "preempt",
            True,
            "(V1) nopreempt is incompatible with priority 255. resetting nopreempt",
        ),
        (
            "preempt_delay 5\nstate MASTER\npriority 150",
            "preempt_delay_us",
            0,
            "(V1) Warning - preempt delay will not work with initial state MASTER - clearing",
        ),
        (
            "preempt_delay 5\nnopreempt",
            "preempt_delay_us",
            0,
            "(V1) preempt_delay is incompatible with nopreempt mode - resetting",
        ),
        (
            "state MASTER\npriority 150\nauthentication { auth_type AH\nauth_pass x\n}",
            "state",
            "BACKUP",
            "(V1) Initial state master is incompatible with AH authentication - clearing",
        ),
        (
            "version 3\nauthentication { auth_type PASS\nauth_pass x\n}",
            "authentication",
            None,
            "(V1) VRRP version 3 does not support authentication. Ignoring.",
        ),
        (
            "authentication { auth_type PASS\n}",
            "authentication",
            None,
            "(V1) Authentication specified but no password given. Ignoring",
        ),
        (
            "track_interface { eth0\n}",
            "track_interfaces",
            (),
            "(V1) Ignoring track_interface eth0 since own interface",
        ),
        (
            "priority 255\ntrack_interface { eth1 weight 5\n}",
            "track_interfaces",
            (),
            "(V1) ignoring eth1 tracked interface due to address owner",
        ),
        (
            "garp_master_repeat 0",
            "garp",
            GarpSettings(repeat=1),
            "(/etc/keepalived/keepalived.conf: Line 8) (V1): garp_master_repeat must be greater than 0, "
            "setting to 1",
        ),
        (
            "unicast_src_ip 10.0.0.2",
            "unicast",
            False,
            "(V1) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. "
            "This usage is deprecated - please update your configuration.",
        ),
        ("vmac_xmit_base", "vmac_xmit_base", False, "(V1) vmac_xmit_base is only valid with a vmac"),
    ],
)
def test_corrections(options: str, attribute: str, value: object, log: str) -> None:
    node = node_with(options)
    assert getattr(node.instance("V1"), attribute) == value
    assert logs(node)[-1] == log


def test_passwords_end_after_eight_bytes_and_at_a_comment_sign() -> None:
    def password(word: str) -> bytes:
        auth = instance_with(f"authentication {{ auth_type PASS\nauth_pass {word}\n}}").authentication
        assert auth is not None
        return auth.password

    assert password("k@l!ve1") == b"k@l"
    assert password("123456789") == b"12345678"
    assert password("séé") == "séé".encode()
    assert password('"a b"') == b"a b"


def test_strict_mode_changes_much_at_once() -> None:
    options = """state MASTER
    priority 150
    authentication { auth_type PASS
        auth_pass secret
    }
    preempt_delay 3
    down_timer_adverts 5"""
    node = node_with(options, before="global_defs {\nvrrp_strict\n}")
    instance = node.instance("V1")
    assert (instance.state, instance.authentication, instance.accept) == ("BACKUP", None, False)
    assert (instance.garp.lower_prio_repeat, instance.garp.lower_prio_delay_us) == (0, 0)
    assert instance.lower_prio_no_advert
    assert (instance.preempt_delay_us, instance.down_timer_adverts) == (0, 3)
    assert logs(node) == [
        "(V1) State MASTER must match being address owner",
        "(V1) Strict mode does not support authentication. Ignoring.",
        "(V1) preempt_delay is incompatible with strict mode - resetting",
        "(V1) down_timer_adverts is incompatible with strict mode - resetting",
        "use_vmac or no_accept/strict specified, but no firewall configured - using nftables",
    ]


def test_a_number_with_rubbish_behind_it_counts_after_a_warning() -> None:
    node = node_with("garp_master_delay 7s")
    assert node.instance("V1").garp.delay_us == 7_000_000
    assert logs(node) == ["(/etc/keepalived/keepalived.conf: Line 8) WARNING - invalid number '7s'"]


# -- addresses


@pytest.mark.parametrize(
    ("line", "log"),
    [
        ("10.0.0/24", "VRRP parsed invalid IP 10.0.0/24. skipping IP..."),
        ("10.0.0.2 dev", "No dev parameter specified for 10.0.0.2"),
        ("fe80::1", "(V1): address family must match VRRP instance [fe80::1] - ignoring"),
        (
            "10.0.0.2 label averyveryverylong",
            "Address label averyveryverylong is longer than maximum length 15 - removing address",
        ),
        ("10.0.0.2 dev eth1 dev eth2", "Cannot specify ipaddress device more than once for 10.0.0.2"),
        ("10.0.0.2 brd x", "VRRP is trying to assign invalid broadcast x. skipping VIP..."),
    ],
)
def test_addresses_that_are_dropped(line: str, log: str) -> None:
    node = node_with(vips=f"10.0.0.1\n{line}")
    assert [vip.address for vip in node.instance("V1").virtual_addresses] == ["10.0.0.1"]
    assert logs(node) == [f"(/etc/keepalived/keepalived.conf: Line 7) {log}"]


def test_options_of_an_address() -> None:
    (vip,) = instance_with(
        vips="10.0.0.1/24 dev eth1 scope link label eth1:x brd + no_track home"
    ).virtual_addresses
    assert (vip.prefix, vip.interface, vip.scope, vip.label) == (24, "eth1", "link", "eth1:x")


def test_excluded_addresses_may_be_of_the_other_family() -> None:
    instance = instance_with("virtual_ipaddress_excluded { 2001:db8::1/64\n}")
    assert [vip.with_prefix for vip in instance.excluded_addresses] == ["2001:db8::1/64"]
    assert instance.family == 4


def test_more_addresses_than_a_packet_holds_are_excluded_ones() -> None:
    vips = "\n".join(f"10.0.{number // 250}.{number % 250 + 1}" for number in range(400))
    node = node_with(vips=vips)
    instance = node.instance("V1")
    assert (len(instance.virtual_addresses), len(instance.excluded_addresses)) == (255, 145)
    assert logs(node)[0].startswith(
        "(V1) Number of VIPs (400) exceeds maximum/space available in packet (max 255"
    )


def test_a_doubled_address_stays_in_2_2_7_and_goes_in_2_4_3() -> None:
    assert len(instance_with(vips="10.0.0.1\n10.0.0.1").virtual_addresses) == 2
    assert len(instance_with(vips="10.0.0.1\n10.0.0.1", daemon="2.4.3").virtual_addresses) == 1


def test_unicast_peers() -> None:
    options = "unicast_src_ip 10.0.0.8\nunicast_peer { 10.0.0.9 min_ttl 255\n10.0.0.7/24\nfe80::1\n}"
    instance = instance_with(options)
    peers = [(peer.address, peer.min_ttl, peer.max_ttl) for peer in instance.unicast_peers]
    assert peers == [("10.0.0.9", 255, 255), ("10.0.0.7", 0, 255)]
    assert instance.unicast_source == "10.0.0.8"
    assert instance.check_unicast_src
    assert instance.unicast_ttl == 255


# -- scripts, groups, notify


def test_a_script_must_stand_above_the_instance_that_tracks_it() -> None:
    script = 'vrrp_script chk { script "/bin/true"\nweight -20\n}'
    above, below = (
        node_with("track_script { chk\n}", before=script),
        node_with("track_script { chk\n}", after=script),
    )
    assert above.instance("V1").track_scripts == (
        TrackedObject("chk", -20, source=above.instance("V1").track_scripts[0].source),
    )
    assert below.instance("V1").track_scripts == ()
    assert "(V1) track script chk not found, ignoring..." in " ".join(logs(below))
    assert logs(below)[-1] == "Warning - script chk is not used"


def test_weights_of_a_script() -> None:
    script = 'vrrp_script chk { script "/bin/true"\nweight -20\n}\n'

    def weight(entry: str) -> tuple[int, bool] | None:
        tracked = node_with(f"track_script {{\n{entry}\n}}", before=script).instance("V1").track_scripts
        return (tracked[0].weight, tracked[0].reverse) if tracked else None

    assert weight("chk") == (-20, False)
    assert weight("chk weight 30") == (30, False)
    assert weight("chk weight -5 reverse") == (-5, True)
    assert weight("chk weight 254") == (253, False)
    assert weight("chk weight 300") == (-20, False)
    assert weight("chk weight") is None
    assert weight("chk weight=30") is None


def test_only_the_first_word_of_an_unquoted_script_is_run() -> None:
    node = node_with(before="vrrp_script chk {\nscript /bin/check now\n}", options="track_script { chk\n}")
    assert node.script("chk").command == ("/bin/check",)
    assert "only '/bin/check' is run" in " ".join(warning.message for warning in node.warnings)


@pytest.mark.parametrize(
    ("text", "interval_us"), [("3", 3_000_000), ("0", 1_000_000), (".2", 1_000_000), ("x", 1_000_000)]
)
def test_script_intervals_are_whole_seconds_in_2_2_7(text: str, interval_us: int) -> None:
    node = node_with(
        before=f'vrrp_script chk {{ script "/bin/true"\ninterval {text}\n}}', options="track_script { chk\n}"
    )
    assert node.script("chk").interval_us == interval_us


def test_script_intervals_may_be_fractions_in_2_4_3() -> None:
    before = 'vrrp_script chk { script "/bin/true"\ninterval .2\ntimeout 1.5\n}'
    script = node_with(before=before, options="track_script { chk\n}", daemon="2.4.3").script("chk")
    assert (script.interval_us, script.timeout_us) == (200_000, 1_500_000)


def test_script_security_without_a_user_drops_the_scripts() -> None:
    before = 'global_defs {\nenable_script_security\n}\nvrrp_script chk {\nscript "/bin/true"\n}'
    node = node_with(before=before, options='track_script { chk\n}\nnotify "/bin/n"')
    assert (node.scripts, node.instance("V1").track_scripts, node.instance("V1").notify.any_state) == (
        (),
        (),
        (),
    )
    assert node_with(
        before=before.replace("{\nenable", "{\nscript_user root\nenable", 1), options="track_script { chk\n}"
    ).scripts


def test_notify_commands() -> None:
    options = """notify_master "/bin/n master 'to me'"
    notify_backup /bin/b
    notify "/bin/any"
    notify "/bin/second"
    notify_stop /bin/s root adm"""
    node = node_with(options)
    notify = node.instance("V1").notify
    assert notify.master == ("/bin/n", "master", "to me")
    assert (notify.backup, notify.any_state, notify.stop) == (("/bin/b",), ("/bin/any",), ("/bin/s",))
    assert notify.user_of("notify_stop") == "root adm"
    assert notify.user_of("notify_master") == notify.user_of("notify") == ""
    assert any("notify script already specified - ignoring /bin/second" in log for log in logs(node))


def test_sync_groups_drop_weights_and_start_as_backup() -> None:
    before = """vrrp_script chk { script "/bin/true"
        weight 10
    }
    vrrp_sync_group G {
        group {
            V1
            V2
            nobody
        }
        notify "/bin/g"
    }"""
    options = "state MASTER\npriority 150\ntrack_script { chk\n}\ntrack_interface { eth1 weight -30\n}"
    after = "vrrp_instance V2 { interface eth1\nvirtual_router_id 52\nvirtual_ipaddress { 10.0.1.1\n}\n}"
    node = node_with(options, before=before, after=after)
    instance = node.instance("V1")
    assert instance.state == "BACKUP"
    assert instance.track_scripts == ()
    # Said to be ignored, and applied all the same (2.2.7: "Changing effective priority from 150 to 140").
    assert [(one.name, one.weight, one.kept_weight) for one in instance.track_interfaces] == [
        ("eth1", 0, -30)
    ]
    (group,) = node.sync_groups
    assert (group.members, group.notify.any_state) == (("V1", "V2"), ("/bin/g",))
    assert [log for log in logs(node) if not log.startswith(("Script user", "SECURITY"))] == [
        "Virtual router nobody specified in sync group G doesn't exist - ignoring",
        "(V1) ignoring eth1 tracked interface weight due to SYNC group",
        "(V1) ignoring tracked script chk with weights due to SYNC group",
        "Warning - script chk is not used",
    ]


def test_tracking_weight_keeps_the_weights_of_a_group() -> None:
    before = "vrrp_sync_group G {\ngroup { V1\n}\nsync_group_tracking_weight\n}"
    node = node_with("track_interface { eth1 weight -30\n}", before=before)
    assert [(one.name, one.weight) for one in node.instance("V1").track_interfaces] == [("eth1", -30)]
    assert "Sync group G has only 1 virtual router(s) - this probably isn't what you want" in logs(node)


# -- what is unknown or not modelled


def test_an_unknown_keyword_is_named_with_its_nearest_relative_and_ignored() -> None:
    node = node_with("priorty 150")
    (warning,) = node.warnings
    assert (
        str(warning)
        == "test.conf:8: unknown keyword 'priorty' - did you mean 'priority'? keepalived ignores it"
    )
    assert warning.log == "(/etc/keepalived/keepalived.conf: Line 8) Unknown keyword 'priorty'"
    assert node.instance("V1").base_priority == 100


@pytest.mark.parametrize("word", ["native_ipv4", "track_vips", "real_server", "interface_name"])
def test_a_word_that_is_no_slip_of_the_pen_gets_no_other_one(word: str) -> None:
    """Another digit is another thing, and keywords share whole parts without meaning the same."""
    (warning,) = node_with(word).warnings
    assert warning.hint == "take it out: keepalived ignores it"


def test_a_word_of_a_later_keepalived_is_told_as_such_and_not_as_a_slip() -> None:
    (warning,) = node_with("no_virtual_ipaddress").warnings
    assert warning.hint == "keepalived 2.4.3 knows it, 2.2.7 ignores it"


@pytest.mark.parametrize("word", ["unicast_peers", "prioirty", "preemt_delay", "advert_itn"])
def test_letters_that_are_missing_doubled_or_swapped_are_a_slip_of_the_pen(word: str) -> None:
    (warning,) = node_with(word).warnings
    assert warning.hint.startswith("did you mean '")


def test_an_unknown_block_takes_the_end_of_the_instance_with_it() -> None:
    # keepalived: the } of the unknown block closes the instance; what follows stands outside.
    node = node_with("nonsense {\na b\n}\npriority 150")
    assert node.instance("V1").base_priority == 100
    assert [log.split(") ", 1)[1] for log in logs(node)] == [
        *("Unknown keyword 'nonsense'", "Unexpected '{' - ignoring", "Unknown keyword 'a'"),
        *("Unknown keyword 'priority'", "Unknown keyword '}'"),
    ]


def test_what_is_not_modelled_is_said_once_for_each_keyword() -> None:
    options = "smtp_alert\nkernel_rx_buf_size 1000"
    second = "vrrp_instance V2 { interface eth1\nvirtual_router_id 52\nvirtual_ipaddress { 10.0.1.1\n}\n"
    second += options + "\n}"
    node = node_with(options, before="global_defs {\nsmtp_server 127.0.0.1\n}", after=second)
    assert [warning.message for warning in node.warnings if warning.kind == "not-modelled"] == [
        "'smtp_server' is known but not modelled",
        "'smtp_alert' is known but not modelled",
        "'kernel_rx_buf_size' is known but not modelled",
    ]


def test_the_load_balancer_is_skipped_with_one_note() -> None:
    lvs = "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.5 80 {\nweight 1\n}\n}\n"
    node = node_with(before=lvs, after=lvs)
    assert [warning.kind for warning in node.warnings] == ["lvs"]
    assert len(node.instances) == 1


def test_every_keyword_of_an_instance_that_2_4_3_added() -> None:
    options = "no_virtual_ipaddress\nowner_ignore_adverts\nv3_checksum_as_v2\npriority 255"
    assert all("Unknown keyword" in log for log in logs(node_with(options))[:3])
    instance = node_with(options, daemon="2.4.3").instance("V1")
    assert instance.v3_checksum_as_v2
    assert instance.owner_ignore_adverts


def test_dos_line_ends_and_a_missing_last_one_do_not_matter() -> None:
    text = (
        "vrrp_instance V1 {\r\ninterface eth0\r\nvirtual_router_id 5\r\nvirtual_ipaddress { 10.0.0.1 }\r\n}"
    )
    node = parse_text(text)
    assert (node.instance("V1").vrid, node.warnings) == (5, ())


def test_an_unknown_daemon_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="daemon must be one of"):
        parse_text("", daemon="1.0")
