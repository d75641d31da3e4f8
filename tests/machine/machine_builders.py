"""Instances, adverts and configurations for tests of the machine; times in seconds, as a test thinks."""

from __future__ import annotations

from typing import Any

from vrrplab.config.model import InstanceConfig, NodeConfig, VirtualAddress
from vrrplab.machine import actions as a
from vrrplab.machine.actions import Action
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AdvertisementReceived,
    InstanceStarted,
    InterfaceStatus,
    Started,
    StopRequested,
    TimePassed,
)
from vrrplab.machine.instance import Instance
from vrrplab.machine.profiles import KEEPALIVED_227, Profile
from vrrplab.machine.states import Backup, Init, Master
from vrrplab.units import Micros, format_s, micros
from vrrplab.wire.vrrp import Advertisement

OURS, THEIRS, THEIRS_LOWER = "192.168.2.100", "192.168.2.252", "192.168.2.7"
OURS_6, THEIRS_6 = "fe80::100", "fe80::252"
VIP, VIP_6 = "192.168.2.200", "fe80::200"
GROUP, GROUP_6 = "224.0.0.18", "ff02::12"


def a_config(**changes: Any) -> InstanceConfig:
    """Priority 100, VRID 51 on eth0, one address, version 2; ``family=6`` brings version 3 and IPv6."""
    family = changes.get("family", 4)
    version = changes.get("version", 3 if family == 6 else 2)
    vip = VirtualAddress(VIP_6, 128, "eth0") if family == 6 else VirtualAddress(VIP, 24, "eth0")
    plain: dict[str, Any] = {
        "name": "V1",
        "state": "BACKUP",
        "interface": "eth0",
        "vrid": 51,
        "base_priority": 100,
        "version": version,
        "family": family,
        "advert_interval_us": micros(1),
        "virtual_addresses": (vip,),
    }
    return InstanceConfig(**{**plain, **changes})


def an_instance(profile: Profile = KEEPALIVED_227, **changes: Any) -> Instance:
    """Not started yet."""
    return Instance(a_config(**changes), profile)


def a_backup(profile: Profile = KEEPALIVED_227, at_s: float = 0, **changes: Any) -> Instance:
    """Started at ``at_s``; its master-down timer begins there."""
    instance = an_instance(profile, **changes)
    instance.handle(InstanceStarted(OURS_6 if instance.config.family == 6 else OURS), micros(at_s))
    return instance


def a_master(profile: Profile = KEEPALIVED_227, at_s: float = 0, **changes: Any) -> Instance:
    """MASTER since ``at_s``, because nobody was heard; batches of announcements are still to come."""
    instance = an_instance(profile, **changes)
    began = micros(at_s) - instance.intervals.down_us
    instance.handle(InstanceStarted(OURS_6 if instance.config.family == 6 else OURS), began)
    instance.handle(TimePassed(), micros(at_s))
    assert instance.state.name == "MASTER"
    return instance


def longest_work_us(config: InstanceConfig, profile: Profile) -> Micros:
    """By what becoming MASTER puts off the second advert, at most: three lines, and those of each address."""
    return profile.line_us * (3 + len(config.all_addresses) * (1 + config.garp.repeat))


def an_advert(
    config: InstanceConfig,
    priority: int,
    source: str = "",
    *,
    interval_s: float | None = None,
    ttl: int = 255,
    destination: str = "",
    sequence: int | None = None,
    ah_valid: bool = True,
    **fields: Any,
) -> AdvertisementReceived:
    """What an instance of that configuration likes to hear, from a neighbour with the higher address."""
    v6 = config.family == 6
    authentication = config.authentication
    is_pass = authentication is not None and authentication.kind == "PASS"
    plain: dict[str, Any] = {
        "version": config.version,
        "vrid": config.vrid,
        "priority": priority,
        "interval_us": config.advert_interval_us if interval_s is None else micros(interval_s),
        "addresses": tuple(address.address for address in config.virtual_addresses),
        "auth_type": {"": 0, "PASS": 1, "AH": 2}[authentication.kind if authentication else ""],
        "auth_data": authentication.password.ljust(8, b"\0") if authentication and is_pass else None,
        "checksum_form": "pseudo-header" if config.version == 3 else "message",
    }
    advertisement = Advertisement(**{**plain, **fields})
    to = destination or (GROUP_6 if v6 else GROUP)
    return AdvertisementReceived(
        config.interface, source or (THEIRS_6 if v6 else THEIRS), to, ttl, advertisement, sequence, ah_valid
    )


def hears(instance: Instance, priority: int, at_s: float, **how: Any) -> list[Action]:
    """The instance hears an advert in the checksum form its profile expects."""
    how.setdefault("checksum_form", instance.profile.checksum_form)
    return instance.handle(an_advert(instance.config, priority, **how), micros(at_s))


def a_daemon(profile: Profile = KEEPALIVED_227, *configs: InstanceConfig, **changes: Any) -> Daemon:
    """A process with these instances, or one of ``a_config(**changes)``; not started."""
    node = NodeConfig("keepalived.conf", instances=configs or (a_config(**changes),))
    return Daemon(node, profile)


def started(daemon: Daemon, at_s: float = 0, addresses: tuple[str, ...] = (OURS, OURS_6)) -> list[Action]:
    """Start it on a host with one interface, eth0, that is up."""
    return daemon.handle(Started({"eth0": InterfaceStatus(True, addresses)}), micros(at_s))


def stop(instance: Instance, at_s: float) -> list[Action]:
    return instance.handle(StopRequested(), micros(at_s))


def until(thing: Instance | Daemon, end_s: float) -> list[tuple[Micros, Action]]:
    """Let time pass up to and including ``end_s``: every action with its time."""
    found: list[tuple[Micros, Action]] = []
    for _ in range(10_000):
        due = thing.next_deadline()
        if due is None or due > micros(end_s):
            return found
        found += [(due, action) for action in thing.handle(TimePassed(), due)]
    raise AssertionError("time does not pass")


def of(kind: type, happened: list[Action] | list[tuple[Micros, Action]]) -> list[Any]:
    """The actions of one kind, in order."""
    plain = [entry[1] if isinstance(entry, tuple) else entry for entry in happened]
    return [action for action in plain if isinstance(action, kind)]


def in_words(action: Action) -> str:
    """One action as a row of a table."""
    match action:
        case a.SendAdvertisement():
            return f"advert {action.priority}"
        case a.AddAddresses():
            return "add " + " ".join(x.with_prefix for x in action.addresses)
        case a.RemoveAddresses():
            return "remove " + " ".join(x.with_prefix for x in action.addresses)
        case a.SendGratuitousArp():
            return f"announce {action.address}"
        case a.SetAccept():
            return "accept" if action.accept else "refuse"
        case a.StateChanged():
            return f"{action.old} -> {action.new}"
        case a.FaultsChanged():
            return "faults " + "; ".join(action.faults)
        case a.PriorityChanged():
            return f"priority {action.old} -> {action.new}"
        case a.AdvertisementDropped():
            return f"drop {action.reason}"
        case a.RunNotify():
            return "notify " + " ".join(action.command)
        case a.WriteLog():
            return f"log {action.line.removeprefix('(V1) ')}"
        case a.Warn():
            return f"warn {action.text}"
    return type(action).__name__


def all_in_words(actions: list[Action]) -> list[str]:
    return [in_words(action) for action in actions]


def where(instance: Instance, now: Micros) -> str:
    """The state and how long it has to go, e.g. ``BACKUP 3.609``."""
    match instance.state:
        case Backup(master_down_at_us=at_us) | Master(advert_at_us=at_us):
            return f"{instance.state.name} {format_s(at_us - now)}"
        case Init(master_at_us=int(at_us)):
            return f"INIT {format_s(at_us - now)}"
    return instance.state.name
