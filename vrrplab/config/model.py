"""What a keepalived.conf means, as immutable values. No text handling and no defaults logic here.

The reader fills every field, defaults included, so whoever holds a value never asks "is it set?".
The machine, the simulator and the live driver see only these types. Each value knows the line it
came from (0: it was not written, the default applies), so that an explanation can point at it.
Names are keepalived's option names; durations are integers of microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.units import SECOND_US, Micros

if TYPE_CHECKING:
    from vrrplab.config.routes import VirtualRoute, VirtualRule

OWNER_PRIORITY = 255
"""The router owns the addresses (RFC 9568 section 5.2.4)."""
NO_LIMIT = 2**32 - 1
"""``quorum_max`` of a tracked process that has none."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was written: file as given to the reader, line counted from 1 (0: nowhere)."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class BlockPlace(NamedTuple):
    """Something at the top of a file: its keyword, what else stands on its line, and where."""

    keyword: str
    name: str
    source: Source


class TakenOff(NamedTuple):
    """Something tracked whose weight cannot count: ``kind`` and ``name`` of it; ``text``: what and why."""

    instance: str
    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ConfigWarning:
    """Something a user should know about the file.

    ``kind`` is a short stable name (``unknown-keyword``, ``range``, ``not-modelled``, ``article-a6`` …).
    ``log`` is what keepalived itself writes about it, word for word with time stamps left off,
    or "" where the daemon says nothing.
    """

    source: Source
    kind: str
    message: str
    hint: str = ""
    log: str = ""
    instance: str = ""  # said while this instance is completed; "": before all of them, or after
    late: bool = False  # after the addresses of its interface; without an instance: after all instances
    taken_off: TakenOff | None = None
    checker: bool = False  # said by the process of the load balancer, not by that of VRRP

    def __str__(self) -> str:
        return f"{self.source}: {self.message}" + (f" - {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class VirtualAddress:
    """One line of ``virtual_ipaddress``: ``ADDRESS[/PREFIX] [dev IF] [label NAME] [scope S] …``."""

    address: str  # canonical text, no prefix
    prefix: int
    interface: str  # "dev", or the instance's own interface
    label: str = ""
    scope: str = ""
    source: Source = Source()
    tracked: bool = True  # without no_track: the loss of another interface than the instance's means FAULT
    prefix_written: bool = field(default=True, compare=False)  # no: keepalived takes a host's, /32 or /128

    @property
    def with_prefix(self) -> str:
        return f"{self.address}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class Authentication:
    """``authentication { auth_type …; auth_pass … }``, as used on the wire (8 bytes at most)."""

    kind: str  # "PASS" or "AH"
    password: bytes
    source: Source = Source()


@dataclass(frozen=True, slots=True)
class UnicastPeer:
    address: str
    min_ttl: int = 0
    max_ttl: int = 255
    source: Source = Source()


FAULT_WORTH = -254  # of a tracked file's value, by its weight: this or less means FAULT


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """An entry of ``track_interface``, ``track_script`` … ``weight`` 0: its loss or failure means FAULT.

    Of a file it multiplies the value. In a sync group keepalived logs that it ignores the weight of an
    interface, and its dump shows 0; yet the loss of the interface moves the priority by that weight and
    causes no FAULT (2.2.7, measured). ``kept_weight`` is that weight, 0 otherwise.
    """

    name: str
    weight: int = 0
    reverse: bool = False
    source: Source = Source()
    kept_weight: int = 0

    def worth(self, value: int) -> int:
        """What a file's value is worth here, not cut yet; ``FAULT_WORTH`` or below means FAULT."""
        if not self.weight:
            return FAULT_WORTH if (value != 0) != self.reverse else 0
        return value * self.weight * (-1 if self.reverse else 1)

    @property
    def fault_value(self) -> int:
        """The value of a file nearest to 0 that means FAULT."""
        if not self.weight:
            return 0 if self.reverse else 1
        least = -(FAULT_WORTH // abs(self.weight))
        return least if self.worth(least) < 0 else -least


@dataclass(frozen=True, slots=True)
class NotifyScripts:
    """The ``notify*`` options: a command line for each, "" where there is none.

    ``command`` lines are kept as the list of words keepalived would execute.
    """

    master: tuple[str, ...] = ()
    backup: tuple[str, ...] = ()
    fault: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    any_state: tuple[str, ...] = ()  # plain "notify": gets TYPE NAME STATE PRIORITY appended
    master_rx_lower_priority: tuple[str, ...] = ()
    users: tuple[tuple[str, str], ...] = ()  # (option, "USER" or "USER GROUP"), where one is written
    source: Source = Source()

    def user_of(self, option: str) -> str:
        """Whom the script of an option (``notify_master``) runs as; "": nobody is named."""
        return dict(self.users).get(option, "")


@dataclass(frozen=True, slots=True)
class GarpSettings:
    """Gratuitous ARP / unsolicited NA schedule, global defaults already applied."""

    delay_us: Micros = 5 * SECOND_US  # garp_master_delay; 0: no second batch
    repeat: int = 5  # garp_master_repeat
    refresh_us: Micros = 0  # garp_master_refresh; 0: never
    refresh_repeat: int = 1  # garp_master_refresh_repeat
    lower_prio_delay_us: Micros = 5 * SECOND_US  # garp_lower_prio_delay
    lower_prio_repeat: int = 5  # garp_lower_prio_repeat
    interval_us: Micros = 0  # garp_interval: pause between two ARP frames on an interface
    gna_interval_us: Micros = 0  # gna_interval: the same for neighbour advertisements


@dataclass(frozen=True, slots=True)
class InstanceConfig:
    """One ``vrrp_instance``, with every default and every correction keepalived makes applied."""

    name: str
    state: str  # "MASTER" or "BACKUP": the wanted initial state
    interface: str
    vrid: int
    base_priority: int  # 1..255; 255: address owner
    version: int  # 2 or 3
    family: int  # 4 or 6
    advert_interval_us: Micros
    virtual_addresses: tuple[VirtualAddress, ...]
    excluded_addresses: tuple[VirtualAddress, ...] = ()
    preempt: bool = True
    preempt_delay_us: Micros = 0
    authentication: Authentication | None = None
    multicast_source: str = ""  # mcast_src_ip; "": the interface's primary address
    multicast_group: str = ""  # "": 224.0.0.18 or ff02::12
    unicast_source: str = ""  # unicast_src_ip; "": the interface's primary address
    unicast_peers: tuple[UnicastPeer, ...] = ()
    check_unicast_src: bool = False
    track_interfaces: tuple[TrackedObject, ...] = ()
    track_scripts: tuple[TrackedObject, ...] = ()
    dont_track_primary: bool = False
    garp: GarpSettings = GarpSettings()
    lower_prio_no_advert: bool = False
    higher_prio_send_advert: bool = False
    down_timer_adverts: int = 3
    use_vmac: str = ""  # name of the VMAC interface; "": no VMAC
    vmac_xmit_base: bool = False
    accept: bool = True
    strict: bool = False
    skip_check_adv_addr: bool = False
    v3_checksum_as_v2: bool = False
    notify: NotifyScripts = NotifyScripts()
    debug: int = 0
    track_files: tuple[TrackedObject, ...] = ()
    track_processes: tuple[TrackedObject, ...] = ()
    track_bfds: tuple[TrackedObject, ...] = ()
    unicast_ttl: int = 255  # TTL or hop limit of unicast adverts; IPv6 without the option: 64, the kernel's
    track_source_address: bool = False  # track_src_ip
    owner_ignore_adverts: bool = False
    promote_secondaries: bool = False
    virtual_routes: tuple[VirtualRoute, ...] = ()
    virtual_rules: tuple[VirtualRule, ...] = ()
    config_fault: str = ""  # why the instance can never leave FAULT; "": it can
    source: Source = Source()
    lines: dict[str, Source] = field(default_factory=dict, compare=False)  # option -> place

    @property
    def advert_interface(self) -> str:
        """Where its adverts leave and are listened for: the VMAC, unless ``vmac_xmit_base``."""
        over_vmac = self.use_vmac and not self.vmac_xmit_base
        return self.use_vmac if over_vmac else self.interface

    def interface_of(self, address: VirtualAddress) -> str:
        """Where an address lives: its ``dev``, or the VMAC interface if the instance has one."""
        is_own = address.interface == self.interface
        return self.use_vmac if self.use_vmac and is_own else address.interface

    def placed(self, addresses: tuple[VirtualAddress, ...]) -> tuple[VirtualAddress, ...]:
        """The same addresses, each with the interface where it lives."""
        return tuple(replace(address, interface=self.interface_of(address)) for address in addresses)

    @property
    def all_addresses(self) -> tuple[VirtualAddress, ...]:
        """Those in the adverts and the excluded ones."""
        return self.virtual_addresses + self.excluded_addresses

    @property
    def address_owner(self) -> bool:
        """Priority 255 means that the router owns the addresses (RFC 9568 section 5.2.4)."""
        return self.base_priority == OWNER_PRIORITY

    @property
    def unicast(self) -> bool:
        return bool(self.unicast_peers)


@dataclass(frozen=True, slots=True)
class ScriptConfig:
    """One ``vrrp_script``."""

    name: str
    command: tuple[str, ...]
    interval_us: Micros = SECOND_US
    timeout_us: Micros = 0  # 0: the interval
    fall: int = 1
    rise: int = 1
    weight: int = 0
    reverse: bool = False
    init_fail: bool = False
    user: str = ""  # "USER" or "USER GROUP", as in script_user
    is_program: bool = True  # no: a word of the shell's, like exit; keepalived finds no such file
    always_exits: int | None = None  # whatever happens, for lack of a shell; None: it depends
    source: Source = Source()
    lines: dict[str, Source] = field(default_factory=dict, compare=False)  # option -> place


@dataclass(frozen=True, slots=True)
class FileConfig:
    """One ``track_file``: a file with a number in it. Where it is tracked stands with which weight."""

    name: str
    path: str
    init_value: int | None = None  # init_file: what is written if there is no such file; None: nothing is
    overwrite: bool = False  # init_file … overwrite: at a start also if there is one
    source: Source = Source()
    lines: dict[str, Source] = field(default_factory=dict, compare=False)  # option -> place


@dataclass(frozen=True, slots=True)
class ProcessConfig:
    """One ``vrrp_track_process``: it is well while ``quorum`` to ``quorum_max`` such processes run."""

    name: str
    command: tuple[str, ...]  # program, and the parameters that are asked for
    quorum: int = 1
    quorum_max: int = NO_LIMIT
    terminate_delay_us: Micros = 0  # how long a process may be missing before that counts
    full_command: bool = False  # the program is compared with the command line's first word, with its path
    param_match: str = ""  # "": none asked for; exact, initial, partial
    source: Source = Source()
    lines: dict[str, Source] = field(default_factory=dict, compare=False)  # option -> place

    @property
    def findable(self) -> bool:
        """Can there be such a process? Without ``full_command`` the kernel's name is compared, which has no
        path and 15 bytes at most (2.2.7, measured).
        """
        name = self.command[0]
        return self.full_command or ("/" not in name and len(name.encode("utf-8", "surrogateescape")) <= 15)


@dataclass(frozen=True, slots=True)
class BfdConfig:
    """One ``bfd_instance``: a session, up or down."""

    name: str
    source: Source = Source()


@dataclass(frozen=True, slots=True)
class SyncGroupConfig:
    """One ``vrrp_sync_group``: its members change state together."""

    name: str
    members: tuple[str, ...]
    track_interfaces: tuple[TrackedObject, ...] = ()
    track_scripts: tuple[TrackedObject, ...] = ()
    tracking_weight: bool = False  # sync_group_tracking_weight
    notify: NotifyScripts = NotifyScripts()
    track_files: tuple[TrackedObject, ...] = ()
    track_processes: tuple[TrackedObject, ...] = ()
    track_bfds: tuple[TrackedObject, ...] = ()
    source: Source = Source()
    lines: dict[str, Source] = field(default_factory=dict, compare=False)  # option -> place


@dataclass(frozen=True, slots=True)
class GlobalConfig:
    """``global_defs``, as far as VRRP behaviour depends on it."""

    router_id: str = ""
    startup_delay_us: Micros = 0  # vrrp_startup_delay
    script_user: str = ""
    enable_script_security: bool = False
    multicast_group4: str = "224.0.0.18"
    multicast_group6: str = "ff02::12"
    version: int = 2  # vrrp_version, for instances that do not say
    strict: bool = False  # vrrp_strict
    dynamic_interfaces: bool = False
    source: Source = Source()
    lines: dict[str, Source] = field(default_factory=dict, compare=False)  # option -> place, also others


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """A whole keepalived.conf of one server."""

    file: str
    global_defs: GlobalConfig = GlobalConfig()
    scripts: tuple[ScriptConfig, ...] = ()
    instances: tuple[InstanceConfig, ...] = ()
    sync_groups: tuple[SyncGroupConfig, ...] = ()
    static_routes: tuple[VirtualRoute, ...] = ()
    static_rules: tuple[VirtualRule, ...] = ()
    files: tuple[FileConfig, ...] = ()
    processes: tuple[ProcessConfig, ...] = ()
    bfds: tuple[BfdConfig, ...] = ()
    warnings: tuple[ConfigWarning, ...] = ()
    interfaces: dict[str, Source] = field(default_factory=dict, compare=False)  # named -> first place
    places: tuple[BlockPlace, ...] = field(
        default=(), compare=False
    )  # all blocks, also those that do not run
    dropped_scripts: tuple[str, ...] = field(default=(), compare=False)  # no command, no user to run as
    text: str | None = field(
        default=None, compare=False
    )  # the whole file, with what it includes; None: it was changed after reading, or no text says the same

    def instance(self, name: str) -> InstanceConfig:
        """The instance of that name; KeyError if there is none."""
        for instance in self.instances:
            if instance.name == name:
                return instance
        raise KeyError(name)

    def script(self, name: str) -> ScriptConfig:
        """The vrrp_script of that name; KeyError if there is none."""
        for script in self.scripts:
            if script.name == name:
                return script
        raise KeyError(name)
