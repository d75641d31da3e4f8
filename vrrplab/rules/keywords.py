"""Rules about the text of one file: words, values, braces, includes, lines for some hosts only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vrrplab.config.known_words import blocks_that_know, unknown_word
from vrrplab.config.model import Source
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import CHECK, GLOBALS, conf, two
from vrrplab.rules.model import Change, Finding, Place, Rule, Severity
from vrrplab.rules.told import Warned, about_of, found_by, merged, warned
from vrrplab.wire.addresses import pack_address


def _meant(_cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    """The word that is most likely meant, where that is beyond doubt."""
    place, warning = Place(one.node.name, one.warning.source), one.warning
    word = unknown_word(warning)
    near = re.match(r"did you mean '([^']+)'\?", warning.hint) if word else None
    if near:
        return (Change(place, word, near.group(1)),)
    state = re.match(r"'(master|backup|Master|Backup)' is no state", warning.message)
    if state:
        return (Change(place, state.group(1), state.group(1).upper()),)
    quoted = re.match(r"priority '('(\d+)')' is not valid", warning.message)
    return (Change(place, quoted.group(1), quoted.group(2)),) if quoted else ()


def _once(_cluster: Cluster, one: Warned) -> tuple[Change, ...]:
    twice = re.match(r"(\S+) stands twice in ", one.warning.message)
    return (Change(Place(one.node.name, one.warning.source), twice.group(1)),) if twice else ()


def _unknown(cluster: Cluster) -> Iterator[Finding]:
    yield from found_by("V040", changes=_meant)(cluster)
    findings = []
    for node in cluster:
        for instance in node.config.instances:
            for virtual in instance.all_addresses:
                what = _no_host_address(virtual.address)
                if what:
                    finding = Finding(
                        "V040",
                        Severity.WARNING,
                        f"{instance.name}: {virtual.address} is {what}, and no address of a service",
                        (Place(node.name, virtual.source),),
                        "write the address that clients use, or remove the line",
                        about=about_of(instance),
                    )
                    findings.append((finding, instance))
    yield from merged(findings)


def _no_host_address(address: str) -> str:
    """What an address is that no host can be asked by; "": an ordinary one."""
    packed = pack_address(address)
    if not any(packed):
        return "every address"
    if packed == b"\xff" * 4:
        return "the broadcast address"
    if packed[0] == 0xFF or (len(packed) == 4 and packed[0] in range(224, 240)):
        return "a multicast group"
    return "the loopback" if address == "::1" or (len(packed) == 4 and packed[0] == 127) else ""


def _misplaced(one: Warned) -> str:
    return f"'{unknown_word(one.warning)}' does not belong here: keepalived ignores it"


def _its_place(one: Warned) -> str:
    blocks = blocks_that_know(unknown_word(one.warning), one.old)
    named = " or ".join(f"{name} {{ … }}" if name else "outside all blocks" for name in blocks[:3])
    return f"it belongs {'into ' if blocks[0] else ''}{named}"


_AT = re.compile(r"[ \t]*@\^?([^\s]+)[ \t]")


def _host_lines(cluster: Cluster) -> Iterator[Finding]:
    """Lines for one host: a warning where they are for none of the nodes, else told that they are there."""
    yield from found_by(
        "V061", lambda one: one.warning.message.replace(f"not for {one.node.name}:", "for other hosts:")
    )(cluster)
    missed = {one.node.name for one in warned(cluster) if one.row.rule == "V061"}
    places, hosts = [], []
    for node in cluster:
        found = [
            (number, at.group(1))
            for number, line in enumerate((node.config.text or "").split("\n"), 1)
            if "@" in line and (at := _AT.match(line))
        ]
        if found and node.name not in missed:
            places.append(Place(node.name, Source(node.path, found[0][0])))
            hosts += [host for _, host in found]
    if places:
        yield Finding(
            "V061",
            Severity.INFO,
            f"lines for one host only (@{', @'.join(dict.fromkeys(hosts))}): which count depends on the name "
            "of the host",
            tuple(places),
            "start keepalived with -i NAME, or see that the host's name is the one that stands there",
            about="@",
        )


RULES = (
    Rule(
        "V040",
        "word or value not known",
        Severity.WARNING,
        "A keyword that keepalived does not know, or a value that it does not take.",
        "keepalived writes a line to the log and goes on: the option keeps its default, an address that is "
        "none is left out. So a misspelt `nopreempt` preempts, a `priority` in quotes is 100.",
        "Write the word that is meant; keepalived -t tells such words as well.",
        "pitfall P40",
        two("nopremt", check=CHECK.replace("interval", "raise 3\n    interval")),
        two("nopreempt", check=CHECK.replace("interval", "rise 3\n    interval")),
        _unknown,
    ),
    Rule(
        "V060",
        "keyword in the wrong block",
        Severity.WARNING,
        "A keyword that means something, but not in the block in which it stands.",
        "Each block has its own keywords; any other is logged as unknown and ignored, even if another block "
        "knows it: `use_vmac` in global_defs switches nothing on.",
        "Move it into the block that knows it.",
        "pitfalls P40, P47",
        two(top=GLOBALS.replace("script_user", "garp_master_refresh 5\n    script_user")),
        two("garp_master_refresh 5"),
        found_by("V060", _misplaced, _its_place),
    ),
    Rule(
        "V061",
        "lines for one host",
        Severity.INFO,
        "Lines that begin with @NAME count only where the daemon's host has that name.",
        "keepalived compares NAME with the host's name, or with what `-i NAME` says. Where nothing matches "
        "all such lines are passed over without a word: no priority, no state.",
        "Say which node is which: `keepalived -i NAME`, here `--node NAME=FILE`.",
        "keepalived.conf(5), conditional configuration",
        {
            "a": conf("", "@lb1 priority 150\n@lb2 priority 100"),
            "b": conf("", "@lb1 priority 150\n@lb2 priority 100"),
        },
        two(),
        _host_lines,
    ),
    Rule(
        "V070",
        "braces and quotes",
        Severity.WARNING,
        "A brace or a quote without its partner, a block without a name, or a line that is too long.",
        "keepalived guesses on: what stands after it belongs to another block than its author thinks, or to "
        "none.",
        "Close what is open; one statement a line.",
        "keepalived 2.2.7 and 2.4.3, measured",
        two("track_interface eth1 {\n    eth2\n}"),
        two("track_interface {\n    eth1\n    eth2\n}"),
        found_by("V070"),
    ),
    Rule(
        "V071",
        "said twice",
        Severity.WARNING,
        "The same thing is said twice; keepalived keeps one of the two.",
        "Most often the first one stays and the second is ignored, so that the line that somebody changed "
        "last has no effect.",
        "Remove one of them.",
        "keepalived 2.2.7 and 2.4.3, measured",
        two("state MASTER", vips="192.168.2.100/24\n192.168.2.100/24"),
        two(vips="192.168.2.100/24"),
        found_by("V071", changes=_once),
    ),
    Rule(
        "V072",
        "include not found",
        Severity.WARNING,
        "An include names a file that is not there, or that keepalived does not read.",
        "keepalived goes on without it. On the servers the file may be there: then give it to vrrplab too.",
        "Copy the files as they lie on the server, folders included.",
        "keepalived 2.2.7, measured",
        two(top=GLOBALS + "include /etc/keepalived/conf.d/missing.conf\n"),
        two(),
        found_by("V072"),
    ),
    Rule(
        "V073",
        "not what it looks like",
        Severity.WARNING,
        "A template that nobody filled in, or a text that keepalived reads otherwise than an editor "
        "shows it.",
        "A gap of Jinja, Go or ERB is a word like any other to keepalived, a byte-order mark a part of the "
        "first word, and a file whose lines end in CR alone is one line. The quotes, dashes and no-break "
        "spaces of a web page are letters: a word with one is another word.",
        "Give the file that is made from the template, saved as UTF-8 without a mark, with LF; type quotes, "
        "minus signs and spaces anew.",
        "keepalived 2.2.7, measured",
        two(top=GLOBALS.replace("script_user", "router_id <HOSTNAME>\n    script_user")),
        two(),
        found_by("V073"),
    ),
    Rule(
        "V074",
        "nothing to run",
        Severity.WARNING,
        "There is no vrrp_instance in the file.",
        "keepalived starts and does nothing about addresses: this node is no member of any virtual router.",
        "Give the file with its vrrp_instance blocks; perhaps an include is missing.",
        "keepalived 2.2.7, measured",
        {"a": conf(150), "b": GLOBALS},
        two(),
        found_by("V074"),
    ),
    Rule(
        "V075",
        "deprecated",
        Severity.INFO,
        "An option that keepalived still reads, and that has a successor.",
        "It works as long as keepalived says so.",
        "Write the new name.",
        "keepalived's own log",
        two(top=GLOBALS.replace("script_user", "vrrp_iptables\n    script_user")),
        two(),
        found_by("V075"),
    ),
    Rule(
        "V076",
        "route or rule dropped",
        Severity.WARNING,
        "A line of virtual_routes, virtual_rules, static_routes or static_rules that keepalived drops.",
        "The address moves, the route does not: packets leave by another way, or by none.",
        "Write the line as `ip route add` and `ip rule add` take it.",
        "keepalived 2.2.7, measured",
        two("virtual_routes {\n    10.9.0.0/16 dev eth0 over 192.168.2.1\n}"),
        two("virtual_routes {\n    10.9.0.0/16 dev eth0 via 192.168.2.1\n}"),
        found_by("V076"),
    ),
)
