"""What a daemon runs now, as it says itself: the file that keepalived writes on SIGUSR1, and what differs
from the configuration that is there.

A file that was changed and not reloaded, or reloaded and refused, looks right and is not what runs.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vrrplab.config.effective import MASKED, Block, effective
from vrrplab.config.model import (
    InstanceConfig,
    NodeConfig,
    ScriptConfig,
    Source,
    TrackedObject,
    VirtualAddress,
)
from vrrplab.errors import HostError
from vrrplab.input_files import read_bytes
from vrrplab.limits import DUMP_BYTES
from vrrplab.units import Micros, micros, plain_seconds

_CURE = "make it on that host: kill -USR1 $(cat /run/keepalived.pid) writes /tmp/keepalived.data"
_SECTION = re.compile(r"-+< (.+) >-+")
_TIMES = {"sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "milli-sec": 0.001, "milli-secs": 0.001,
          "usecs": 0.000001}  # fmt: skip

Facts = dict[str, Any]
"""Option, as a keepalived.conf has it, to its value; a list's entries to theirs."""


@dataclass(frozen=True, slots=True)
class RunningInstance:
    """A vrrp_instance of the daemon: what it is now, and how it is configured."""

    name: str
    state: str
    effective_priority: int
    facts: Facts = field(repr=False)


@dataclass(frozen=True, slots=True)
class Running:
    """What one daemon runs; ``path``: the dump."""

    path: str
    instances: dict[str, RunningInstance]
    scripts: dict[str, Facts]
    groups: dict[str, tuple[str, ...]]
    router_id: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """``about``: "vrrp_instance V"; ``runs`` and ``written``: the option's values as text, "" for not at all,
    passwords masked.

    ``source``: where the file says it, or would have to.
    """

    about: str
    option: str
    runs: str
    written: str
    source: Source

    def __str__(self) -> str:
        name = f"{self.option} " if self.option else ""
        if not self.runs:
            return f"{name}{self.written} is in the file and does not run".lstrip()
        if not self.written:
            return f"{name}{self.runs} runs and is not in the file".lstrip()
        if self.runs == self.written:  # both masked
            return f"{self.option} runs as another one than the file says"
        return f"{self.option} runs as {self.runs}, the file says {self.written}"


# -- read ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Entry:
    """A block of the dump: ``VRRP Instance = V``, its lines as keys, and its lists."""

    kind: str
    name: str
    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)


def read_running(path: str | os.PathLike[str]) -> Running:
    """What the daemon that wrote this file runs. HostError, with the file, for what is no such file."""
    file = os.fspath(path)
    return running_of(read_bytes(path, DUMP_BYTES, HostError, _CURE).decode("utf-8", "replace"), file)


def running_of(text: str, file: str) -> Running:
    """The same of what is read already; ``file``: where it stands."""
    sections = {found.group(1) for line in text.splitlines() if (found := _SECTION.fullmatch(line.strip()))}
    if "Global definitions" not in sections and "VRRP Topology" not in sections:
        raise HostError(file, 0, "is not what keepalived writes about itself", _CURE)
    if "VRRP Topology" not in sections:
        raise HostError(file, 0, "has no instance in it: another process of keepalived wrote it", _CURE)
    running = Running(file, {}, {}, {})
    router_id = ""
    for entry in _entries(text):
        if entry.kind == "VRRP Instance":
            running.instances[entry.name] = _instance(entry)
        elif entry.kind == "VRRP Script":
            running.scripts[entry.name] = _script(entry)
        elif entry.kind == "VRRP Sync Group":
            name = entry.name.rpartition(",")[0] or entry.name
            running.groups[name] = tuple(entry.lists.get("VRRP member instances", ()))
        elif entry.kind == "Router ID":
            router_id = entry.name
    return Running(file, running.instances, running.scripts, running.groups, router_id)


def _entries(text: str) -> Iterator[_Entry]:
    """Blocks begin one blank from the left; their lines have three, and the entries of lists five."""
    entry: _Entry | None = None
    listed: list[str] | None = None
    for line in text.splitlines():
        body = line.strip()
        depth = len(line) - len(line.lstrip(" "))
        key, equals, value = (part.strip() for part in body.partition("="))
        if depth <= 1:
            if entry is not None:
                yield entry
            entry = _Entry(key, value) if equals else None
            listed = None
        elif entry is not None and depth >= 5 and listed is not None:
            listed.append(body)
        elif entry is not None and body.endswith(":"):
            listed = entry.lists.setdefault(re.sub(r" *(\(\d+\))? *:$", "", body), [])
        elif entry is not None and equals:
            entry.values.setdefault(key, value)
            listed = None
        elif entry is not None:
            entry.values.setdefault(body, "")
            listed = None
    if entry is not None:
        yield entry


def _number(text: str) -> int | None:
    found = re.match(r"-?\d+", text)
    return int(found.group()) if found else None


def _time_us(text: str) -> Micros | None:
    number, _, unit = text.partition(" ")
    try:
        return micros(float(number) * _TIMES.get(unit, 1.0))
    except ValueError:
        return None


def _instance(entry: _Entry) -> RunningInstance:
    values, lists = entry.values, entry.lists
    over, _, base = values.get("Interface", "").partition(", vmac on ")
    base = base.partition(",")[0]  # "vrrp.5, vmac on eth0, xmit base i/f"
    facts: Facts = {
        "version": _number(values.get("VRRP Version", "")),
        "interface": base or over,
        "use_vmac": over if base else "",
        "virtual_router_id": _number(values.get("Virtual Router ID", "")),
        "priority": _number(values.get("Priority", "")),
        "advert_int": _time_us(values.get("Advert interval", "")),
        "preempt": _switch(values.get("Preempt")),
        "preempt_delay": _time_us(values.get("Preempt delay", "0 secs")),
        "accept": _switch(values.get("Accept")),
        "promote_secondaries": _switch(values.get("Promote_secondaries")),
        "down_timer_adverts": _number(values.get("Down timer adverts", "")),
        "lower_prio_no_advert": _switch(values.get("Send advert after receive lower priority advert"), True),
        "higher_prio_send_advert": _switch(values.get("Send advert after receive higher priority advert")),
        "garp_master_delay": _time_us(values.get("Gratuitous ARP delay", "")),
        "garp_master_repeat": _number(values.get("Gratuitous ARP repeat", "")),
        "garp_master_refresh": _time_us(values.get("Gratuitous ARP refresh", "")),
        "garp_master_refresh_repeat": _number(values.get("Gratuitous ARP refresh repeat", "")),
        "garp_lower_prio_delay": _time_us(values.get("Gratuitous ARP lower priority delay", "")),
        "garp_lower_prio_repeat": _number(values.get("Gratuitous ARP lower priority repeat", "")),
        "dont_track_primary": "VRRP interface tracking disabled" in values,
    }
    if "Authentication type" in values or facts["version"] == 3:
        kind = values.get("Authentication type", "")
        facts["auth_type"] = {"SIMPLE_PASSWORD": "PASS", "IPSEC_AH": "AH"}.get(kind)
    password = values.get("Password")
    if password is not None and password.strip("*"):  # 2.4.3 writes stars only
        facts["auth_pass"] = password
    source = values.get("Using src_ip", "")
    facts["source"] = source.partition(" ")[0] if "from configuration" in source else ""
    for option, name in (
        ("virtual_ipaddress", "Virtual IP"),
        ("virtual_ipaddress_excluded", "Virtual IP Excluded"),
    ):
        facts[option] = {_virtual(line): "" for line in lists.get(name, ())}
    facts["unicast_peer"] = {line.split()[0]: "" for line in lists.get("Unicast Peer", ()) if line}
    for option, name in _TRACKED.items():
        facts[option] = dict(_tracked(line) for line in lists.get(name, ()))
    return RunningInstance(
        entry.name,
        values.get("State", ""),
        _number(values.get("Effective priority", "")) or 0,
        {option: value for option, value in facts.items() if value is not None or option == "auth_type"},
    )


_TRACKED = {
    "track_interface": "Tracked interfaces",
    "track_script": "Tracked scripts",
    "track_file": "Tracked files",
    "track_process": "Tracked processes",
}


def _switch(text: str | None, negated: bool = False) -> bool | None:
    if text is None:
        return None
    return (text.split()[0] in ("enabled", "true", "yes", "on") if text else False) != negated


def _virtual(line: str) -> str:
    """``10.0.0.1/24 dev eth0 label eth0:1`` of ``10.0.0.1/24 dev eth0@… scope global label eth0:1 set``."""
    words = line.split()
    found = dict(zip(words[1::2], words[2::2], strict=False))
    address = words[0] if "/" in words[0] else f"{words[0]}/{128 if ':' in words[0] else 32}"
    device = found.get("dev", "").partition("@")[0]
    return f"{address} dev {device}" + (f" label {found['label']}" if "label" in found else "")


def _tracked(line: str) -> tuple[str, str]:
    """``chk weight -20`` and ``tf, weight -1``: name, and what stands behind it."""
    name, _, rest = line.partition(" ")
    return name.rstrip(","), rest.strip()


def _script(entry: _Entry) -> Facts:
    values = entry.values
    return {
        "script": _command(values.get("Command", "")),
        "program": _words(values.get("Command", ""))[:1],
        "interval": _time_us(values.get("Interval", "")),
        "timeout": _time_us(values.get("Timeout", "")),
        "weight": _number(values.get("Weight", "")),
        "rise": _number(values.get("Rise", "")),
        "fall": _number(values.get("Fall", "")),
    }


def _command(text: str) -> str:
    """The words, the program without its folder: keepalived follows links, and says where they lead."""
    words = _words(text)
    return " ".join([os.path.basename(words[0]), *words[1:]]) if words else ""


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


_OF_THE_SYSTEM = re.compile(r"(?:/(?:usr/)?s?bin/)?[^/]+")


def _may_be_a_link(script: ScriptConfig, runs: Facts) -> bool:
    """May what runs be where a link of the system leads, as /bin/sh to dash, pidof to killall5?"""
    programs = [*script.command[:1], *runs["program"]]
    same_words = runs["script"].partition(" ")[2] == " ".join(script.command[1:])
    return same_words and all(_OF_THE_SYSTEM.fullmatch(program) for program in programs)


# -- compared ------------------------------------------------------------------------------------------------


def differences(config: NodeConfig, running: Running) -> list[Difference]:
    """What runs otherwise than the file says, in the order of the file; [] where it runs just so."""
    blocks = {(block.kind, block.name): block for block in effective(config)}
    found: list[Difference] = []
    for group in config.sync_groups:
        runs = running.groups.get(group.name)
        members = ", ".join(group.members)
        about = f"vrrp_sync_group {group.name}"
        if runs is None:
            found.append(Difference(about, "", "", about, group.source))
        elif runs != group.members:
            found.append(
                Difference(about, "group", ", ".join(runs), members, group.lines.get("group", group.source))
            )
    for script in config.scripts:
        facts = running.scripts.get(script.name)
        if facts:  # one that nothing tracks is in no dump
            written = _facts_of_script(script)
            if _may_be_a_link(script, facts):
                written["script"] = facts["script"]
            found += _compared(blocks["vrrp_script", script.name], written, facts)
    for instance in config.instances:
        now = running.instances.get(instance.name)
        block = blocks["vrrp_instance", instance.name]
        if now is None:
            about = f"vrrp_instance {instance.name}"
            found.append(Difference(about, "", "", about, instance.source))
        else:
            found += _compared(block, facts_of(instance), now.facts)
    whole = Source(config.file)
    in_file = {f"vrrp_sync_group {group.name}" for group in config.sync_groups}
    in_file |= {f"vrrp_instance {instance.name}" for instance in config.instances}
    running_now = [f"vrrp_sync_group {name}" for name in running.groups]
    running_now += [f"vrrp_instance {name}" for name in running.instances]
    whole = Source(config.file)
    found += [Difference(about, "", about, "", whole) for about in running_now if about not in in_file]
    return found


def plain_of(config: NodeConfig, running: Running) -> dict[str, Any]:
    """What was told and how it differs from the file, as JSON has it; ``null``: not at all."""
    return {
        "file": running.path,
        "instances": [
            {"name": now.name, "state": now.state, "effective_priority": now.effective_priority}
            for now in running.instances.values()
        ],
        "differences": [
            {
                "about": one.about,
                "option": one.option,
                "runs": one.runs or None,
                "written": one.written or None,
                "file": one.source.file if one.source.line else None,
                "line": one.source.line or None,
            }
            for one in differences(config, running)
        ],
    }


def _compared(block: Block, written: Facts, runs: Facts) -> Iterator[Difference]:
    about = f"{block.kind} {block.name}"
    for option, value in runs.items():
        ours = written.get(option)
        if option not in written or value == ours:
            continue
        if isinstance(value, dict) and isinstance(ours, dict):
            yield from _entries_compared(about, option, block, ours, value)
        else:
            place = _place(block, option)
            yield Difference(about, _named(option, block), _told(option, value), _told(option, ours), place)


def _entries_compared(
    about: str, option: str, block: Block, written: Mapping[str, str], runs: Mapping[str, str]
) -> Iterator[Difference]:
    for name in [*written, *(name for name in runs if name not in written)]:
        ours, now = written.get(name), runs.get(name)
        if ours == now:
            continue
        place = _place(block, option, name)
        if ours is None or now is None:
            yield Difference(about, option, "" if now is None else f"{name} {now}".rstrip(),
                             "" if ours is None else f"{name} {ours}".rstrip(), place)  # fmt: skip
        else:
            yield Difference(
                about, f"{option} {name}", now or "without weight", ours or "without weight", place
            )


def _place(block: Block, option: str, entry: str = "") -> Source:
    """Where the file says it, or the block that would have to."""
    options = _SOURCES if option == "source" else (option,)
    name = entry.split()[0] if entry else ""
    for setting in block.settings:
        if setting.option in options and setting.source.line and setting.text.startswith(name):
            return setting.source
    return block.source


_SOURCES = ("unicast_src_ip", "mcast_src_ip")


def _named(option: str, block: Block) -> str:
    if option != "source":
        return option
    return next((s.option for s in block.settings if s.option in _SOURCES), _SOURCES[1])


_SECONDS = ("advert_int", "interval", "timeout", "preempt_delay", "garp_master_delay", "garp_master_refresh",
            "garp_lower_prio_delay")  # fmt: skip


def _told(option: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if option == "auth_pass" and value:
        return MASKED
    if option in _SECONDS and isinstance(value, int):
        return f"{plain_seconds(value)} s"
    return str(value) if value not in ("", None) else "none"


def facts_of(instance: InstanceConfig) -> Facts:
    """An instance of the file, as ``_instance`` has one of the dump."""
    garp, auth = instance.garp, instance.authentication
    return {
        "version": instance.version,
        "interface": instance.interface,
        "use_vmac": instance.use_vmac,
        "virtual_router_id": instance.vrid,
        "priority": instance.base_priority,
        "advert_int": instance.advert_interval_us,
        "preempt": instance.preempt,
        "preempt_delay": instance.preempt_delay_us,
        "accept": instance.accept,
        "promote_secondaries": instance.promote_secondaries,
        "down_timer_adverts": instance.down_timer_adverts,
        "lower_prio_no_advert": instance.lower_prio_no_advert,
        "higher_prio_send_advert": instance.higher_prio_send_advert,
        "garp_master_delay": garp.delay_us,
        "garp_master_repeat": garp.repeat,
        "garp_master_refresh": garp.refresh_us,
        "garp_master_refresh_repeat": garp.refresh_repeat,
        "garp_lower_prio_delay": garp.lower_prio_delay_us,
        "garp_lower_prio_repeat": garp.lower_prio_repeat,
        "dont_track_primary": instance.dont_track_primary,
        "auth_type": auth.kind if auth else None,
        "auth_pass": auth.password.decode("utf-8", "replace") if auth and auth.kind == "PASS" else None,
        "source": instance.unicast_source or instance.multicast_source,
        "virtual_ipaddress": _addresses(instance, instance.virtual_addresses),
        "virtual_ipaddress_excluded": _addresses(instance, instance.excluded_addresses),
        "unicast_peer": {peer.address: "" for peer in instance.unicast_peers},
        "track_interface": _objects(instance.track_interfaces),
        "track_script": _objects(instance.track_scripts),
        "track_file": _objects(instance.track_files),
        "track_process": _objects(instance.track_processes),
    }


def _addresses(instance: InstanceConfig, listed: tuple[VirtualAddress, ...]) -> dict[str, str]:
    return {
        f"{a.with_prefix} dev {instance.interface_of(a)}" + (f" label {a.label}" if a.label else ""): ""
        for a in listed
    }


def _objects(listed: tuple[TrackedObject, ...]) -> dict[str, str]:
    return {one.name: f"weight {one.weight}{' reverse' if one.reverse else ''}" for one in listed}


def _facts_of_script(script: ScriptConfig) -> Facts:
    return {
        "script": " ".join([os.path.basename(script.command[0]), *script.command[1:]])
        if script.command
        else "",
        "interval": script.interval_us,
        "timeout": script.timeout_us,
        "weight": script.weight,
        "rise": script.rise,
        "fall": script.fall,
    }
