"""Rules about one vrrp_instance: what keepalived corrects in it, and what does not mean what it seems to."""

from __future__ import annotations

from collections.abc import Iterator

from vrrplab.config.model import GarpSettings, InstanceConfig, Source
from vrrplab.rules.cluster import Cluster, Member
from vrrplab.rules.examples import CHECK, GLOBALS, conf, two
from vrrplab.rules.model import Change, Finding, Place, Rule, Severity
from vrrplab.rules.texts import statements_at, text_of
from vrrplab.rules.told import (
    INFO,
    WARNING,
    Warned,
    about_of,
    finding_of,
    found_by,
    line_away,
    merged,
    warned,
)
from vrrplab.units import plain_seconds


def members(cluster: Cluster) -> Iterator[Member]:
    """Every instance of every node."""
    for node in cluster:
        for instance in node.config.instances:
            yield Member(node, instance)


def _at(member: Member, *options: str) -> Place:
    """Where the first of these options that is written stands; the instance's own line, if none is."""
    lines = member.instance.lines
    return Place(member.node.name, next((lines[o] for o in options if o in lines), member.instance.source))


def _finding(
    rule: str,
    severity: Severity,
    member: Member,
    message: str,
    place: Place,
    cure: str = "",
    certain: bool = True,
) -> tuple[Finding, InstanceConfig]:
    instance = member.instance
    text = f"{instance.name}: {message}"
    return Finding(rule, severity, text, (place,), cure, certain, about_of(instance)), instance


# -- what goes on the wire


def _rounded(one: Warned) -> str:
    instance = one.instance
    if instance is None:
        return one.warning.message
    used = plain_seconds(instance.advert_interval_us)
    return f"{one.warning.message}: it is {used} s"


def _value_at(cluster: Cluster, one: Warned, option: str) -> str:
    """What is written behind an option on the line of a warning, or ""."""
    for statement in statements_at(cluster, one.warning.source):
        if statement.keyword == option:
            return (statement.values[1:2] or [""])[0]
    return ""


def _cut_password(cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    written = _value_at(cluster, one, "auth_pass")
    cut = written.encode("utf-8", "surrogateescape")[:8].decode("utf-8", "surrogateescape")
    return (Change(Place(one.node.name, one.warning.source), written, cut),) if written else ()


def _short_passwords(cluster: Cluster) -> Iterator[Finding]:
    """Those that are cut after 8 bytes, and those that a comment cuts."""
    yield from found_by("V008", changes=_cut_password)(cluster)
    findings = []
    for node in cluster:
        for instance in node.config.instances:
            place = instance.lines.get("auth_pass")
            if place and (sign := _comment_in_password(cluster, place)):
                message = (
                    f"{instance.name}: the {sign} in auth_pass begins a comment: the password ends before it"
                )
                cure = "write the password in double quotes, or without # and !"
                at = Place(node.name, place)
                found = Finding("V008", Severity.WARNING, message, (at,), cure, about=about_of(instance))
                findings.append((found, instance))
    yield from merged(findings)


def _comment_in_password(cluster: Cluster, place: Source) -> str:
    """The sign of a comment that begins where a password has not ended; ""."""
    for statement in statements_at(cluster, place):
        if statement.keyword == "auth_pass" and len(statement.words) > 1:
            after = text_of(cluster, place.file)[statement.words[-1].end :][:1]
            return after if after in ("#", "!") else ""
    return ""


def _as_used(cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    written = _value_at(cluster, one, "advert_int")
    if not written or one.instance is None:
        return ()
    used = f"{plain_seconds(one.instance.advert_interval_us):g}"
    return (Change(Place(one.node.name, one.warning.source), written, used),)


def _backup(_cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    place = one.instance.lines.get("state") if one.instance else None
    return (Change(Place(one.node.name, place), "MASTER", "BACKUP"),) if place else ()


def _no_nopreempt(_cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    if one.warning.kind != "nopreempt":
        return ()
    return (Change(Place(one.node.name, one.warning.source), "nopreempt"),)


def _untracked(_cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    name = one.instance.interface if one.instance else ""
    return (Change(Place(one.node.name, one.warning.source), name),)


# -- addresses


def _unreachable(cluster: Cluster) -> Iterator[Finding]:
    """Addresses that are announced and answer nobody: strict mode and no_accept put a filter before them."""
    found: dict[tuple[str, bool], list[Member]] = {}
    for member in members(cluster):
        instance = member.instance
        if not instance.accept and instance.all_addresses:
            watched = bool(instance.track_scripts or instance.track_processes)
            found.setdefault((_cause(instance), watched), []).append(member)
    for (cause, watched), those in found.items():
        asked = cause == "no_accept"
        yield Finding(
            "V043",
            Severity.ERROR if watched else INFO if asked else WARNING,
            f"{cause} has the packet filter drop what is sent to {_addresses(those)}"
            + (", and there is a check of a service behind it" if watched else ""),
            tuple(dict.fromkeys(_where(member, cause) for member in those)),
            f"remove {cause}" + ("" if asked else ", or in version 3 write accept"),
            about=f"{cause} {'checked' if watched else ''}".strip(),
        )


def _addresses(those: list[Member], most: int = 3) -> str:
    """The virtual addresses of these instances, as many as a reader needs to know them."""
    addresses = list(dict.fromkeys(a.address for member in those for a in member.instance.all_addresses))
    more = f" and {len(addresses) - most} more" if len(addresses) > most else ""
    return ", ".join(addresses[:most]) + more


def _where(member: Member, option: str) -> Place:
    """Where an option of an instance, or of global_defs, stands."""
    if option in member.instance.lines:
        return _at(member, option)
    return Place(member.node.name, _global_line(member, option))


def _cause(instance: InstanceConfig) -> str:
    if "no_accept" in instance.lines:
        return "no_accept"
    return "strict_mode" if "strict_mode" in instance.lines else "vrrp_strict"


def _global_line(member: Member, word: str) -> Source:
    """Where a word of global_defs stands, as far as the file itself says it."""
    config = member.node.config
    for number, line in enumerate((config.text or "").split("\n"), 1):
        if line.split("#")[0].split("!")[0].strip().split(" ")[0] == word:
            return Source(config.file, number)
    return config.global_defs.source


def _own_addresses(cluster: Cluster) -> Iterator[Finding]:
    """A virtual address that some server has for itself, as far as files or the host tell."""
    told = [(finding_of(one), one.instance) for one in warned(cluster) if one.row.rule == "V031"]
    known = {source for finding, _ in told for source in (place.source for place in finding.places)}
    own = {
        address: node.name
        for node in cluster
        for instance in node.config.instances
        for address in (instance.unicast_source, instance.multicast_source)
        if address
    }
    for member in members(cluster):
        for virtual in member.instance.all_addresses:
            owner = own.get(virtual.address)
            if owner and virtual.source not in known:
                told.append(
                    _finding(
                        "V031",
                        Severity.ERROR,
                        member,
                        f"the virtual address {virtual.address} is the own address of {owner}: when it goes "
                        "BACKUP keepalived takes it off, and the server is cut off",
                        Place(member.node.name, virtual.source),
                        "use an address that no server has",
                    )
                )
    yield from merged(told)


def _owner_of_nothing(cluster: Cluster) -> Iterator[Finding]:
    """255 beside virtual addresses that the host does not own, as far as anybody knows its addresses."""
    findings = []
    for member in members(cluster):
        instance, node = member.instance, member.node
        if not instance.address_owner or "priority" not in instance.lines or not instance.virtual_addresses:
            continue
        own = {text.partition("/")[0] for card in (node.addresses or {}).values() for text in card}
        if any(virtual.address in own for virtual in instance.virtual_addresses):
            continue
        findings.append(
            _finding(
                "V084",
                INFO,
                member,
                f"priority 255 says that {instance.virtual_addresses[0].address} is an address of its own",
                _at(member, "priority"),
                "254 gives the same order, without what is special about an owner",
                certain=node.addresses is not None,
            )
        )
    yield from merged(findings)


def _few_announcements(cluster: Cluster) -> Iterator[Finding]:
    """Takeovers of which the neighbours may never hear."""
    those = [
        member
        for member in members(cluster)
        if member.instance.all_addresses and _announces_once(member.instance.garp)
    ]
    if those:
        own = "garp_master_repeat", "garp_master_delay"
        yield Finding(
            "V083",
            WARNING,
            f"a takeover of {_addresses(those)} is announced by one gratuitous ARP each: if it is lost, "
            "neighbours keep the old MAC address until their own entry ends",
            tuple(
                dict.fromkeys(
                    _at(member, *own)
                    if any(option in member.instance.lines for option in own)
                    else Place(member.node.name, _global_line(member, "vrrp_garp_master_repeat"))
                    for member in those
                )
            ),
            "leave garp_master_repeat and garp_master_delay at 5, or add garp_master_refresh 10",
        )


def _announces_once(garp: GarpSettings) -> bool:
    return not garp.delay_us and garp.repeat == 1 and not garp.refresh_us


def _authenticated(one: Warned) -> str:
    """What would bring the authentication about, or make it clear that there is none."""
    if one.instance and one.instance.strict:
        return "remove the authentication block, or vrrp_strict"
    if "no password given" in one.warning.log:
        return "write auth_pass SECRET in the block, on a line of its own"
    return one.warning.hint


_GROUP = "vrrp_sync_group G1 {\n    group {\n        VI_1\n        VI_2\n    }\n}\n"


def _two_instances(tracked: str) -> str:
    first = conf(150, track=tracked)
    second = conf(150, vrid=52, name="VI_2", interface="eth1", vips="10.9.0.1/24", track="", top="", check="")
    return first + second + _GROUP


RULES = (
    Rule(
        "V008",
        "auth_pass cut",
        Severity.INFO,
        "An auth_pass of more than 8 bytes, or with a # or ! in it.",
        "A version 2 packet has room for 8: the rest is cut off, with a line in the log. Passwords that "
        "differ later than that are the same one, and 8 bytes travel in clear text. A # or ! begins a "
        "comment inside a word too: `v!p` is the password `v`, without a word in the log.",
        "Write 8 bytes at most; in clear text it keeps mistakes apart, not attackers.",
        "pitfall P08; RFC 2338 section 5.3.10; keepalived 2.2.7, measured",
        two("authentication {\n    auth_type PASS\n    auth_pass verysecret\n}"),
        two("authentication {\n    auth_type PASS\n    auth_pass secret\n}"),
        _short_passwords,
    ),
    Rule(
        "V009",
        "no authentication",
        Severity.WARNING,
        "Authentication is written, and there is none.",
        "Only version 2 has it, not strict mode, and not without an auth_pass: keepalived logs a line "
        "and sends "
        "without. A node that has it and one that has not reject each other.",
        "Remove the authentication block, or write version 2 on every node.",
        "pitfall P09; RFC 9568 section 9",
        two("version 3\nauthentication {\n    auth_type PASS\n    auth_pass secret\n}"),
        two("version 2\nauthentication {\n    auth_type PASS\n    auth_pass secret\n}"),
        found_by("V009", cure=_authenticated),
    ),
    Rule(
        "V011",
        "advert_int rounded",
        Severity.WARNING,
        "An advert_int that the version cannot say, so that another one is used.",
        "Version 2 counts whole seconds, version 3 hundredths up to 40.95 s: `advert_int 0.5` in version "
        "2 is "
        "1 s, and a takeover that was meant to take 2 s takes 3.6.",
        "Write version 3 on every node, or whole seconds.",
        "pitfall P11; RFC 9568 section 5.2.7",
        two("advert_int 0.4"),
        two("version 3\nadvert_int 0.4"),
        found_by("V011", _rounded, changes=_as_used),
        show="a power",
    ),
    Rule(
        "V014",
        "unicast without peers",
        Severity.WARNING,
        "A unicast option without a single unicast_peer.",
        "keepalived sends multicast then, or with unicast_fault_no_peer stays in FAULT. Where multicast does "
        "not get through, every node is MASTER.",
        "Name the other nodes: unicast_peer { ADDRESS }.",
        "pitfall P14",
        {
            "a": conf(150, "unicast_src_ip 192.168.2.251"),
            "b": conf(100, "unicast_src_ip 192.168.2.252"),
        },
        {
            "a": conf(150, "unicast_src_ip 192.168.2.251\nunicast_peer {\n    192.168.2.252\n}"),
            "b": conf(100, "unicast_src_ip 192.168.2.252\nunicast_peer {\n    192.168.2.251\n}"),
        },
        found_by("V014"),
    ),
    Rule(
        "V025",
        "state against nopreempt",
        Severity.WARNING,
        "state MASTER beside an option that needs state BACKUP.",
        "nopreempt works only where every node starts as BACKUP: beside `state MASTER` keepalived clears it, "
        "and the node takes the address back after each repair. With AH it clears the state instead.",
        "Write state BACKUP on every node; the priority alone decides who is MASTER.",
        "pitfall P25",
        {"a": conf(150, "nopreempt", state="MASTER"), "b": conf(100, "nopreempt")},
        two("nopreempt"),
        found_by("V025", changes=_backup),
        show="a eth0 at 10 for 10",
    ),
    Rule(
        "V029",
        "255 and weights or nopreempt",
        Severity.WARNING,
        "Priority 255, and weights or nopreempt beside it.",
        "255 says that the router owns the addresses: its priority cannot move, so keepalived takes weighted "
        "checks off, and it always preempts. The check fails and the address stays.",
        "Write 254 at most.",
        "pitfall P29; RFC 9568 section 5.2.4",
        {
            "a": conf(255, check=CHECK.replace("interval 2", "interval 2\n    weight -100")),
            "b": conf(200, check=CHECK.replace("interval 2", "interval 2\n    weight -100")),
        },
        {
            "a": conf(254, check=CHECK.replace("interval 2", "interval 2\n    weight -100")),
            "b": conf(200, check=CHECK.replace("interval 2", "interval 2\n    weight -100")),
        },
        found_by("V029", changes=_no_nopreempt),
        show="a chk_squid",
    ),
    Rule(
        "V031",
        "a server's own address",
        Severity.ERROR,
        "A virtual address that a server has as its own.",
        "keepalived removes virtual addresses from a node that is BACKUP, and this one with them: the server "
        "loses the address by which it is reached.",
        "Use an address of the network that no server has.",
        "pitfall P31; the article's warning about real addresses",
        {
            "a": conf(150, "mcast_src_ip 192.168.2.100"),
            "b": conf(100, "mcast_src_ip 192.168.2.252"),
        },
        {
            "a": conf(150, "mcast_src_ip 192.168.2.251"),
            "b": conf(100, "mcast_src_ip 192.168.2.252"),
        },
        _own_addresses,
    ),
    Rule(
        "V032",
        "priority by default",
        Severity.WARNING,
        "state MASTER without a priority.",
        "It means 255, the priority of an owner: weights and nopreempt do not count, and it takes the "
        "address "
        "back at once. Without `state MASTER` the default is 100.",
        "Write a priority on every node.",
        "pitfall P32",
        {"a": conf("", state="MASTER"), "b": conf(100)},
        two(),
        found_by("V032"),
    ),
    Rule(
        "V033",
        "preempt_delay without effect",
        Severity.WARNING,
        "A preempt_delay that keepalived clears.",
        "It counts only where the node starts as BACKUP, preempts, and is not strict; then it begins "
        "with the "
        "first advert of a lower MASTER.",
        "Write state BACKUP, and remove nopreempt.",
        "pitfall P33",
        two("nopreempt\npreempt_delay 30"),
        two("preempt_delay 30"),
        found_by("V033", changes=line_away("preempt_delay")),
    ),
    Rule(
        "V034",
        "weight in a sync group",
        Severity.WARNING,
        "A weighted check of an instance in a sync group, or one that group and member both track.",
        "The members of a group change together, so keepalived takes their weighted checks off, unless the "
        "group has sync_group_tracking_weight. A check in both places counts twice: without a weight the "
        "instance "
        "never starts.",
        "Track it in the vrrp_sync_group, without a weight.",
        "pitfall P34; keepalived 2.2.7, measured",
        {"a": _two_instances("chk_squid weight -60"), "b": _two_instances("chk_squid weight -60")},
        {"a": _two_instances("chk_squid"), "b": _two_instances("chk_squid")},
        found_by("V034"),
    ),
    Rule(
        "V043",
        "address does not answer",
        Severity.ERROR,
        "Strict mode or no_accept, and a service behind the virtual address.",
        "Only the owner of an address may accept packets for it in strict mode. keepalived puts a rule "
        "into the "
        "packet filter that drops them: the address moves as it should and answers nobody.",
        "Remove vrrp_strict and no_accept; in version 3 write accept.",
        "pitfall P43; RFC 9568 section 6.1, Accept_Mode",
        two(top=GLOBALS.replace("script_user", "vrrp_strict\n    script_user")),
        two(),
        _unreachable,
    ),
    Rule(
        "V045",
        "addresses of an advert",
        Severity.WARNING,
        "Addresses of two families in one instance, more than a packet holds, or IPv6 without a "
        "link-local one.",
        "An advert has addresses of one family, as many as fit: keepalived drops those of the other family, "
        "and leaves the rest out of the adverts. The first IPv6 address should be link-local.",
        "Put the others into virtual_ipaddress_excluded, or into an instance of their own.",
        "pitfall P45; RFC 9568 section 5.2.9",
        two(vips="192.168.2.100/24\n2001:db8::100/64"),
        {
            "a": conf(150, "virtual_ipaddress_excluded {\n    2001:db8::100/64\n}"),
            "b": conf(100, "virtual_ipaddress_excluded {\n    2001:db8::100/64\n}"),
        },
        found_by("V045"),
    ),
    Rule(
        "V047",
        "virtual MAC corrected",
        Severity.INFO,
        "A use_vmac, or an option of it, that keepalived changes or ignores.",
        "With unicast adverts leave from the card itself, so keepalived switches vmac_xmit_base on; "
        "names and "
        "MAC addresses that cannot be are left out.",
        "Write vmac_xmit_base beside use_vmac and unicast_peer.",
        "pitfall P47; keepalived.conf(5), use_vmac",
        {
            "a": conf(150, "use_vmac\nunicast_src_ip 192.168.2.251\nunicast_peer {\n    192.168.2.252\n}"),
            "b": conf(100, "use_vmac\nunicast_src_ip 192.168.2.252\nunicast_peer {\n    192.168.2.251\n}"),
        },
        two("use_vmac"),
        found_by("V047"),
    ),
    Rule(
        "V057",
        "no virtual address",
        Severity.INFO,
        "An instance without a virtual address.",
        "It elects a MASTER and moves nothing; on purpose where a notify script moves what cannot be a "
        "virtual_ipaddress, such as an address of a cloud.",
        "Add at least one address, or see that the notify script does it.",
        "keepalived 2.2.7, measured",
        two(vips=""),
        two(),
        found_by("V057"),
    ),
    Rule(
        "V064",
        "tracks its own interface",
        Severity.INFO,
        "An instance tracks the interface on which it runs.",
        "It is tracked anyway: keepalived ignores the line, and a weight with it.",
        "Remove it from track_interface; dont_track_primary switches it off.",
        "keepalived 2.2.7, measured",
        two("track_interface {\n    eth0\n}"),
        two("track_interface {\n    eth1\n}"),
        found_by("V064", changes=_untracked),
    ),
    Rule(
        "V079",
        "sync group",
        Severity.WARNING,
        "A sync group without members, with one, or with one that it cannot have.",
        "keepalived drops a group without members; an owner (255) and others in one group do not start "
        "together; a group of one does nothing but log.",
        "Name two or more vrrp_instances of the file in group { … }.",
        "keepalived 2.2.7, measured",
        {"a": conf(150) + _GROUP, "b": conf(100) + _GROUP},
        {"a": _two_instances("chk_squid"), "b": _two_instances("chk_squid")},
        found_by("V079"),
    ),
    Rule(
        "V080",
        "source or peer not of this network",
        Severity.ERROR,
        "A source address that no interface of the host has, or a unicast peer that is the host itself.",
        "keepalived 2.2.7 cannot bind to an address that is not there and stays in FAULT; its own "
        "address as a "
        "peer only fills the log.",
        "Write the host's real address, and among the peers the other nodes only.",
        "pitfall P15",
        two("mcast_src_ip 192.168.2.253"),
        {"a": conf(150, "mcast_src_ip 192.168.2.251"), "b": conf(100, "mcast_src_ip 192.168.2.252")},
        found_by("V080"),
        hosts={
            "a": {"eth0": ("192.168.2.251/24",)},
            "b": {"eth0": ("192.168.2.252/24",)},
        },
    ),
    Rule(
        "V082",
        "strict mode takes it away",
        Severity.WARNING,
        "Strict mode, and options that it does not allow.",
        "In strict mode keepalived keeps to the RFC: it resets what the RFC does not know, and logs a line.",
        "Remove vrrp_strict, or the option.",
        "keepalived.conf(5), vrrp_strict",
        two("down_timer_adverts 2", top=GLOBALS.replace("script_user", "vrrp_strict\n    script_user")),
        two("down_timer_adverts 2"),
        found_by("V082"),
    ),
    Rule(
        "V083",
        "few gratuitous ARP",
        Severity.WARNING,
        "After a takeover the new MAC address is announced once, or not at all.",
        "Neighbours and switches learn of a takeover by gratuitous ARP. One frame is easily lost, while "
        "a port "
        "still learns; then clients go on sending to the old node until their entry ends, 15 to 45 s.",
        "Leave the defaults: 5 at once, 5 more after 5 s; garp_master_refresh repeats them.",
        "pitfall P42; keepalived 2.2.7, measured",
        two("garp_master_repeat 1\ngarp_master_delay 0"),
        two("garp_master_repeat 1"),
        _few_announcements,
    ),
    Rule(
        "V084",
        "255 and no owner",
        Severity.INFO,
        "Priority 255 on a node that does not have the address as its own.",
        "255 is reserved for the owner of the addresses. keepalived treats it so: weighted checks and "
        "nopreempt "
        "do not count, with state MASTER it is MASTER at once after a start, two of them quarrel.",
        "Write 254 where the node is only meant to be the first.",
        "RFC 9568 section 5.2.4; keepalived 2.2.7, measured",
        {"a": conf(255), "b": conf(100)},
        {"a": conf(254), "b": conf(100)},
        _owner_of_nothing,
    ),
)
