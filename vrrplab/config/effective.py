"""What keepalived will run, setting by setting: its value, where it was written, or why it is what it is.

Made of a ``NodeConfig``, which holds defaults and corrections already; here each value gets its line, a
sentence where the file does not say it itself, and what the daemon said about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vrrplab.config.model import (
    NO_LIMIT,
    OWNER_PRIORITY,
    ConfigWarning,
    InstanceConfig,
    NodeConfig,
    NotifyScripts,
    ScriptConfig,
    Source,
    SyncGroupConfig,
    TrackedObject,
    VirtualAddress,
)
from vrrplab.units import Micros, plain_seconds

NOWHERE = Source()
MASKED = "********"  # what keepalived 2.4 writes for a password in its own dump
NOT_MODELLED = "not-modelled"  # kind of a note about an option that changes nothing here


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective value. ``value`` as JSON has it, ``text`` as a person reads it.

    ``source``: the line that says so; NOWHERE: none does. ``why``: then the reason for this value. ``usual``:
    nobody wrote it, and it is keepalived's own default. ``told``: what there is to say about that line.
    ``secret``: it is a password, see ``masked``.
    """

    option: str
    value: Any
    text: str
    source: Source = NOWHERE
    why: str = ""
    usual: bool = False
    told: tuple[ConfigWarning, ...] = ()
    secret: bool = False

    @property
    def masked(self) -> Setting:
        """The same as it may be shown to whoever looks over a shoulder: eight stars for a password."""
        return replace(self, value=MASKED, text=MASKED) if self.secret else self


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the file as it will run; ``told``: of its other lines, which have no effect or another."""

    kind: str  # the keyword, "" for what is told of the file
    name: str
    source: Source
    settings: tuple[Setting, ...] = ()
    told: tuple[ConfigWarning, ...] = ()

    @property
    def masked(self) -> Block:
        """The same with its passwords masked."""
        return replace(self, settings=tuple(setting.masked for setting in self.settings))

    def setting(self, option: str) -> Setting:
        """The first setting of that name; KeyError if there is none."""
        for setting in self.settings:
            if setting.option == option:
                return setting
        raise KeyError(option)


def effective(node: NodeConfig, addresses: Mapping[str, Sequence[str]] | None = None) -> list[Block]:
    """Every block that keepalived runs, in the order of the file.

    ``addresses``: interface to the host's own addresses, where they are known.
    """
    blocks = [Block("global_defs", "", node.global_defs.source, tuple(_global_settings(node)))]
    blocks += [Block("vrrp_script", s.name, s.source, tuple(_script(node, s))) for s in node.scripts]
    for file in node.files:
        rows = _Rows(file.lines)
        rows.add("file", file.path)
        if file.init_value is not None:
            more = " at every start" if file.overwrite else " if there is no such file"
            rows.add("init_file", file.init_value, f"{file.init_value}{more}")
        blocks.append(Block("track_file", file.name, file.source, tuple(rows.settings)))
    for process in node.processes:
        rows = _Rows(process.lines)
        rows.add("process", " ".join(process.command))
        rows.add("quorum", process.quorum, usual=1)
        if process.quorum_max != NO_LIMIT:
            rows.add("quorum_max", process.quorum_max)
        rows.add("full_command", process.full_command, usual=False)
        rows.add("param_match", process.param_match, usual="")
        rows.add_seconds("terminate_delay", process.terminate_delay_us, usual_us=0)
        blocks.append(Block("vrrp_track_process", process.name, process.source, tuple(rows.settings)))
    blocks += [Block("bfd_instance", bfd.name, bfd.source) for bfd in node.bfds]
    blocks += [Block("vrrp_sync_group", g.name, g.source, tuple(_group(g))) for g in node.sync_groups]
    blocks += [
        Block("vrrp_instance", i.name, i.source, tuple(_instance(node, i, addresses or {})))
        for i in node.instances
    ]
    for kind, texts in (
        ("static_routes", [route.text() for route in node.static_routes]),
        ("static_rules", [rule.text() for rule in node.static_rules]),
    ):
        if texts:
            settings = tuple(Setting(kind[:-1], " ".join(t.split()), " ".join(t.split())) for t in texts)
            blocks.append(Block(kind, "", NOWHERE, settings))
    run = {block.source for block in blocks}
    blocks += [
        Block(place.keyword, place.name, place.source) for place in node.places if place.source not in run
    ]
    order = {place.source: number for number, place in enumerate(node.places)}
    order[node.global_defs.source] = order.get(node.global_defs.source, -1)  # where none is written: first
    blocks.sort(key=lambda block: order.get(block.source, len(order)))
    return list(_with_told(node, blocks))


# -- what was said, put to where it belongs ------------------------------------------------------------------


def _with_told(node: NodeConfig, blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with the warnings: at the setting of their line, else at the block, else of the file."""
    owners: dict[Source, list[tuple[int, int]]] = {}
    for at, block in enumerate(blocks):
        for row, setting in enumerate(block.settings):
            owners.setdefault(setting.source, []).append((at, row))
    of_settings: dict[tuple[int, int], list[ConfigWarning]] = {}
    of_blocks: dict[int, list[ConfigWarning]] = {}
    of_file: list[ConfigWarning] = []
    warnings = dict.fromkeys(node.warnings)
    for warning in sorted(warnings, key=lambda w: w.source.line if w.source.file == node.file else 0):
        rows = owners.get(warning.source, []) if warning.source.line else []
        place = _block_of(warning, blocks)
        if warning.kind in _OF_GLOBALS:
            of_blocks.setdefault(_globals_in(blocks), []).append(warning)
        elif len(rows) == 1:
            of_settings.setdefault(rows[0], []).append(warning)
        elif rows and len({at for at, _ in rows}) == 1:
            of_blocks.setdefault(rows[0][0], []).append(warning)
        elif place is not None:
            of_blocks.setdefault(place, []).append(warning)
        else:
            of_file.append(warning)
    if of_file:
        yield Block("", "", Source(node.file), told=tuple(of_file))
    for at, block in enumerate(blocks):
        settings = tuple(
            replace(setting, told=tuple(of_settings[at, row])) if (at, row) in of_settings else setting
            for row, setting in enumerate(block.settings)
        )
        yield replace(block, settings=settings, told=tuple(of_blocks.get(at, ())))


_OF_GLOBALS = ("script-security", "script-default-user")
"""Said of the first script or instance, and of all: what is missing is missing in global_defs."""


def _globals_in(blocks: Sequence[Block]) -> int:
    return next(place for place, block in enumerate(blocks) if block.kind == "global_defs")


def _block_of(warning: ConfigWarning, blocks: Sequence[Block]) -> int | None:
    """The block that a line stands in: the last one of its file that begins at it or before."""
    found: int | None = None
    for place, block in enumerate(blocks):
        if block.source.file == warning.source.file and 0 < block.source.line <= warning.source.line:
            found = place
    return found


# -- rows ----------------------------------------------------------------------------------------------------


class _Rows:
    """Settings of one block, each with the line of its option."""

    def __init__(self, lines: Mapping[str, Source], general: Mapping[str, Source] | None = None) -> None:
        self.settings: list[Setting] = []
        self._lines = lines
        self._general = general or {}

    def add(
        self,
        option: str,
        value: Any,
        text: str = "",
        *,
        usual: Any = None,
        why: str = "",
        written_as: Sequence[str] = (),
        general: str = "",
        secret: bool = False,
    ) -> None:
        """``usual``: the default, which needs no reason. ``written_as``: what else may say it.

        ``general``: the option of global_defs that says it for all.
        """
        source = next((self._lines[n] for n in (option, *written_as) if n in self._lines), NOWHERE)
        if source.line:
            why = ""
        elif general in self._general and value != usual:
            source = self._general[general]
            why = f"{general} of global_defs"
        told = text or _text(value)
        by_default = not source.line and usual is not None and (value == usual or told == usual)
        self.settings.append(Setting(option, value, told, source, why, by_default and not why, secret=secret))

    def add_seconds(
        self, option: str, value_us: Micros, *, usual_us: Micros | None = None, **more: Any
    ) -> None:
        value = plain_seconds(value_us)
        usual = None if usual_us is None else plain_seconds(usual_us)
        self.add(option, value, f"{value} s", usual=usual, **more)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in ("", None) else "none"


def _global_settings(node: NodeConfig) -> Iterator[Setting]:
    settings = node.global_defs
    rows = _Rows(settings.lines)
    rows.add("router_id", settings.router_id, settings.router_id or "the host's name", usual="")
    rows.add("vrrp_version", settings.version, usual=2)
    rows.add("vrrp_strict", settings.strict, usual=False)
    rows.add(
        "script_user", settings.script_user, settings.script_user or "keepalived_script, or root", usual=""
    )
    rows.add("enable_script_security", settings.enable_script_security, usual=False)
    rows.add("vrrp_mcast_group4", settings.multicast_group4, usual="224.0.0.18")
    rows.add("vrrp_mcast_group6", settings.multicast_group6, usual="ff02::12")
    rows.add("dynamic_interfaces", settings.dynamic_interfaces, usual=False)
    rows.add_seconds("vrrp_startup_delay", settings.startup_delay_us, usual_us=0)
    return iter(rows.settings)


def _script(node: NodeConfig, script: ScriptConfig) -> Iterator[Setting]:
    rows = _Rows(script.lines)
    rows.add("script", list(script.command), " ".join(script.command))
    rows.add_seconds("interval", script.interval_us, usual_us=1_000_000)
    timeout_us = script.timeout_us or script.interval_us
    rows.add_seconds("timeout", timeout_us, why="as long as the interval")
    rows.add("fall", script.fall, _counted(script.fall, "failure"), usual=1)
    rows.add("rise", script.rise, _counted(script.rise, "success"), usual=1)
    rows.add(
        "weight", script.weight, _weight(script.weight, script.reverse, "it succeeds", "it fails"), usual=0
    )
    user = script.user or "root"
    named = bool(node.global_defs.script_user) and script.user == node.global_defs.script_user
    why = "script_user of global_defs" if named else "there is no user keepalived_script"
    rows.add("user", user, why=why)
    rows.add("init_fail", script.init_fail, usual=False)
    return iter(rows.settings)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('s') else 's'}"


def _weight(weight: int, reverse: bool, well: str, ill: str) -> str:
    """What a weight does: FAULT, or priority added while all is well, or taken off while it is not."""
    if reverse:
        well, ill = ill, well
    if not weight:
        return f"FAULT while {ill}"
    if weight > 0:
        return f"priority +{weight} while {well}"
    return f"priority {weight} while {ill}"


def _group(group: SyncGroupConfig) -> Iterator[Setting]:
    rows = _Rows(group.lines)
    rows.add("group", list(group.members), ", ".join(group.members))
    rows.add("sync_group_tracking_weight", group.tracking_weight, usual=False,
             written_as=("sync_group_tracking_weight", "global_tracking"))  # fmt: skip
    yield from rows.settings
    yield from _tracked(group, group.lines)
    yield from _notify(group.notify, group.lines)


def _instance(
    node: NodeConfig, instance: InstanceConfig, addresses: Mapping[str, Sequence[str]]
) -> Iterator[Setting]:
    lines, everywhere = instance.lines, node.global_defs.lines
    rows = _Rows(lines, everywhere)
    owner = instance.base_priority == OWNER_PRIORITY
    why = f"priority {instance.base_priority} is {'the' if owner else 'no'} address owner's"
    rows.add("state", instance.state, why=why)
    rows.add("interface", instance.interface)
    rows.add("virtual_router_id", instance.vrid)
    if owner and "priority" not in lines:
        rows.add("priority", instance.base_priority, why="state MASTER without a priority: address owner")
    else:
        rows.add("priority", instance.base_priority, usual=100)
    v6 = instance.family == 6
    rows.add("version", instance.version, usual=None if v6 else 2, why="IPv6 needs it" if v6 else "",
             written_as=("native_ipv6",), general="vrrp_version")  # fmt: skip
    rows.add_seconds("advert_int", instance.advert_interval_us, usual_us=1_000_000)
    rows.add("preempt", instance.preempt, usual=True, written_as=("nopreempt",))
    rows.add_seconds("preempt_delay", instance.preempt_delay_us, usual_us=0)
    auth = instance.authentication
    if auth is None and "auth_type" in lines:
        rows.add("auth_type", None)
    elif auth is None:
        rows.add("authentication", None, "none", usual="none")
    else:
        word = auth.password.decode("utf-8", "backslashreplace")
        rows.add("auth_type", auth.kind)
        rows.add("auth_pass", word, secret=True)
    yield from rows.settings
    yield from _where_to(instance, addresses)
    for option, listed in (
        ("virtual_ipaddress", instance.virtual_addresses),
        ("virtual_ipaddress_excluded", instance.excluded_addresses),
    ):
        yield from (_address(option, address, instance) for address in listed)
    for option, texts in (
        ("virtual_routes", [route.text() for route in instance.virtual_routes]),
        ("virtual_rules", [rule.text() for rule in instance.virtual_rules]),
    ):
        for text in (" ".join(one.split()) for one in texts):
            yield Setting(option, text, text, lines.get(option, NOWHERE))
    yield from _own_interface(instance)
    yield from _tracked(instance, lines)
    yield from _notify(instance.notify, lines)
    yield from _details(node, instance)
    if instance.config_fault:
        yield Setting("never leaves FAULT", instance.config_fault, instance.config_fault, instance.source)


def _where_to(instance: InstanceConfig, addresses: Mapping[str, Sequence[str]]) -> Iterator[Setting]:
    """From which address to which its adverts go."""
    rows = _Rows(instance.lines)
    source = instance.unicast_source or instance.multicast_source
    option = "unicast_src_ip" if instance.unicast else "mcast_src_ip"
    if source:
        rows.add(option, source, written_as=("unicast_src_ip", "mcast_src_ip"))
    else:
        colon = instance.family == 6
        known = [a.partition("/")[0] for a in addresses.get(instance.interface, ()) if (":" in a) == colon]
        first = next((a for a in known if not colon or a.lower().startswith("fe8")), "")
        kind = "link-local" if colon else "primary"
        why = f"the {kind} address of {instance.interface}"
        rows.add(option, first, first or why, why=why if first else "", usual="")
    yield from rows.settings
    for peer in instance.unicast_peers:
        limits = [f"min_ttl {peer.min_ttl}"] if peer.min_ttl else []
        limits += [f"max_ttl {peer.max_ttl}"] if peer.max_ttl != 255 else []
        yield Setting("unicast_peer", peer.address, " ".join([peer.address, *limits]), peer.source)
    if not instance.unicast:
        usual = "ff02::12" if instance.family == 6 else "224.0.0.18"
        rows = _Rows(instance.lines)
        group = instance.multicast_group or usual
        rows.add("mcast_dst_ip", group, usual=usual, why="global_defs says so" if group != usual else "")
        yield from rows.settings


def _address(option: str, address: VirtualAddress, instance: InstanceConfig) -> Setting:
    words = [address.with_prefix, "dev", instance.interface_of(address)]
    words += ["label", address.label] if address.label else []
    words += ["scope", address.scope] if address.scope else []
    words += [] if address.tracked else ["no_track"]
    why = "" if address.prefix_written else f"no prefix is written: keepalived takes /{address.prefix}"
    return Setting(option, " ".join(words), " ".join(words), address.source, why)


def _own_interface(instance: InstanceConfig) -> Iterator[Setting]:
    """Its own interface is tracked without being asked, unless dont_track_primary."""
    source = instance.lines.get("dont_track_primary", NOWHERE)
    text = f"{instance.interface}: FAULT while it is down"
    if instance.dont_track_primary:
        yield Setting("dont_track_primary", True, f"{instance.interface} may be down", source)
    elif all(tracked.name != instance.interface for tracked in instance.track_interfaces):
        why = "an instance tracks its own interface"
        yield Setting("track_interface", text, text, NOWHERE, why)


def _tracked(owner: InstanceConfig | SyncGroupConfig, lines: Mapping[str, Source]) -> Iterator[Setting]:
    kinds: tuple[tuple[str, tuple[TrackedObject, ...], str, str], ...] = (
        ("track_interface", owner.track_interfaces, "it is up", "it is down"),
        ("track_script", owner.track_scripts, "it succeeds", "it fails"),
        ("track_process", owner.track_processes, "it runs", "it does not run"),
        ("track_bfd", owner.track_bfds, "it is up", "it is down"),
    )
    for option, listed, well, ill in kinds:
        for tracked in listed:
            weight = tracked.kept_weight or tracked.weight
            text = f"{tracked.name}: {_weight(weight, tracked.reverse, well, ill)}"
            yield Setting(option, text, text, tracked.source)
    for tracked in owner.track_files:
        sign = "-" if tracked.reverse else ""
        text = (
            f"{tracked.name}: priority + {sign}{tracked.weight} x its value"
            if tracked.weight
            else f"{tracked.name}: FAULT while its value is {'' if tracked.reverse else 'not '}0"
        )
        yield Setting("track_file", text, text, tracked.source)


def _notify(notify: NotifyScripts, lines: Mapping[str, Source]) -> Iterator[Setting]:
    for option, command in (
        ("notify_master", notify.master),
        ("notify_backup", notify.backup),
        ("notify_fault", notify.fault),
        ("notify_stop", notify.stop),
        ("notify_deleted", notify.deleted),
        ("notify", notify.any_state),
        ("notify_master_rx_lower_pri", notify.master_rx_lower_priority),
    ):
        if command:
            user = notify.user_of(option)
            text = " ".join(command) + (f" (as {user})" if user else "")
            yield Setting(option, list(command), text, lines.get(option, NOWHERE))


def _details(node: NodeConfig, instance: InstanceConfig) -> Iterator[Setting]:
    """What is rarely written."""
    strict = "strict mode says so" if instance.strict else ""
    rows = _Rows(instance.lines, node.global_defs.lines)
    rows.add("strict_mode", instance.strict, usual=False, general="vrrp_strict")
    rows.add("accept", instance.accept, usual=True, written_as=("no_accept",), why=strict)
    rows.add("use_vmac", instance.use_vmac, usual="")
    rows.add("vmac_xmit_base", instance.vmac_xmit_base, usual=False)
    rows.add(
        "unicast_ttl", instance.unicast_ttl, usual=64 if instance.family == 6 and instance.unicast else 255
    )
    rows.add("check_unicast_src", instance.check_unicast_src, usual=False, general="vrrp_check_unicast_src")
    rows.add("track_src_ip", instance.track_source_address, usual=False)
    rows.add("down_timer_adverts", instance.down_timer_adverts, usual=3, general="vrrp_down_timer_adverts")
    rows.add("lower_prio_no_advert", instance.lower_prio_no_advert, usual=False, why=strict,
             general="vrrp_lower_prio_no_advert")  # fmt: skip
    rows.add("higher_prio_send_advert", instance.higher_prio_send_advert, usual=False,
             general="vrrp_higher_prio_send_advert")  # fmt: skip
    rows.add("skip_check_adv_addr", instance.skip_check_adv_addr, usual=False,
             general="vrrp_skip_check_adv_addr")  # fmt: skip
    rows.add("owner_ignore_adverts", instance.owner_ignore_adverts, usual=False,
             general="vrrp_owner_ignore_adverts")  # fmt: skip
    rows.add("v3_checksum_as_v2", instance.v3_checksum_as_v2, usual=False, general="v3_checksum_as_v2")
    rows.add("promote_secondaries", instance.promote_secondaries, usual=False)
    garp = instance.garp
    rows.add_seconds("garp_master_delay", garp.delay_us, usual_us=5_000_000, general="vrrp_garp_master_delay")
    rows.add("garp_master_repeat", garp.repeat, usual=5, general="vrrp_garp_master_repeat")
    rows.add_seconds("garp_master_refresh", garp.refresh_us, usual_us=0, general="vrrp_garp_master_refresh")
    rows.add("garp_master_refresh_repeat", garp.refresh_repeat, usual=1,
             general="vrrp_garp_master_refresh_repeat")  # fmt: skip
    everywhere = node.global_defs.lines
    delay_us, repeat = (0, 0) if instance.strict else (5_000_000, 5)
    for_all = ["vrrp_garp_lower_prio_delay", "vrrp_garp_master_delay"]
    rows.add_seconds("garp_lower_prio_delay", garp.lower_prio_delay_us, usual_us=delay_us,
                     general=next((n for n in for_all if n in everywhere), ""))  # fmt: skip
    for_all = ["vrrp_garp_lower_prio_repeat", "vrrp_garp_master_repeat"]
    rows.add("garp_lower_prio_repeat", garp.lower_prio_repeat, usual=repeat,
             general=next((n for n in for_all if n in everywhere), ""))  # fmt: skip
    rows.add_seconds("garp_interval", garp.interval_us, usual_us=0, general="vrrp_garp_interval")
    rows.add_seconds("gna_interval", garp.gna_interval_us, usual_us=0, general="vrrp_gna_interval")
    rows.add("debug", instance.debug, usual=0)
    yield from rows.settings
