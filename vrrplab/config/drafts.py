"""What has been read so far, still open to correction: one draft for each block of the file.

Fields are named after keepalived's options and start at "not written"; ``complete`` applies defaults
and corrections and turns drafts into the immutable values of ``model``. Only this package sees drafts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from vrrplab.config.address_syntax import Address
from vrrplab.config.blocks import BlockReader
from vrrplab.config.diagnostics import Diagnostics
from vrrplab.config.model import NO_LIMIT, BlockPlace, ProcessConfig, Source, TrackedObject, UnicastPeer
from vrrplab.units import SECOND_US, Micros

if TYPE_CHECKING:
    from vrrplab.config.routes import VirtualRoute, VirtualRule


class _HasName(Protocol):
    name: str


_Block = TypeVar("_Block", bound=_HasName)


class _WithLines(Protocol):
    lines: dict[str, Source]


class Named(Generic[_Block]):
    """Blocks in the order of the file, each found by its name at once: a file may have thousands."""

    def __init__(self) -> None:
        self._all: list[_Block] = []
        self._by_name: dict[str, _Block] = {}

    def __iter__(self) -> Iterator[_Block]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def first(self) -> _Block:
        return self._all[0]

    @property
    def last(self) -> _Block:
        return self._all[-1]

    def append(self, block: _Block) -> None:
        self._all.append(block)
        self._by_name.setdefault(block.name, block)

    def drop_last(self) -> None:
        """The block just read proves to be none."""
        block = self._all.pop()
        if self._by_name[block.name] is block:
            del self._by_name[block.name]

    def named(self, name: str) -> _Block | None:
        """Of several with one name, which some blocks may have, the first."""
        return self._by_name.get(name)


class VipDraft:
    """One line of ``virtual_ipaddress``; ``interface`` "" means the instance's own."""

    def __init__(self, address: Address, prefix: int, source: Source) -> None:
        self.address = address
        self.prefix = prefix
        self.source = source
        self.interface = ""
        self.label = ""
        self.scope = ""
        self.broadcast = ""
        self.has_peer = False
        self.prefix_written = True
        self.tracked = True

    @property
    def place(self) -> tuple[Address, str]:
        """Which address, on which interface."""
        return self.address, self.interface


class NotifyDraft:
    """Command lines by the name of their option."""

    def __init__(self) -> None:
        self.commands: dict[str, tuple[str, ...]] = {}
        self.users: dict[str, str] = {}
        self.seen: set[str] = set()
        self.source = Source()


class ScriptDraft:
    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self.source = source
        self.lines: dict[str, Source] = {}
        self.command: tuple[str, ...] = ()
        self.is_program = True
        self.always_exits: int | None = None
        self.interval_us: Micros = SECOND_US
        self.timeout_us: Micros = 0
        self.weight = 0
        self.reverse = False
        self.rise = 1
        self.fall = 1
        self.init_fail = False
        self.user = ""
        self.remove = False
        self.user_set = False


class TrackableDraft:
    """A ``track_file``, ``vrrp_track_process`` or ``bfd_instance`` that instances may refer to."""

    def __init__(self, name: str, weight: int, source: Source) -> None:
        self.name = name
        self.lines: dict[str, Source] = {}
        self.weight = weight
        self.reverse = False
        self.source = source
        self.target = ""  # the file or the process
        self.init_value: int | None = None
        self.overwrite = False
        self.parameters: list[str] = []
        self.quorum = 1
        self.quorum_max = NO_LIMIT
        self.terminate_delay_us: Micros = 0
        self.full_command = False
        self.param_match = ""

    @property
    def process_value(self) -> ProcessConfig:
        return ProcessConfig(
            name=self.name,
            command=(self.target, *self.parameters),
            quorum=self.quorum,
            quorum_max=self.quorum_max,
            terminate_delay_us=self.terminate_delay_us,
            full_command=self.full_command,
            param_match=self.param_match,
            source=self.source,
        )


class TrackingDraft:
    """What an instance or a sync group tracks, by kind and name, in the order written."""

    def __init__(self) -> None:
        self.interfaces: dict[str, TrackedObject] = {}
        self.scripts: dict[str, TrackedObject] = {}
        self.files: dict[str, TrackedObject] = {}
        self.processes: dict[str, TrackedObject] = {}
        self.bfds: dict[str, TrackedObject] = {}


class GroupDraft:
    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self.source = source
        self.lines: dict[str, Source] = {}
        self.members: list[str] | None = None
        self.instances: list[InstanceDraft] = []
        self.tracking = TrackingDraft()
        self.tracking_weight = False
        self.notify = NotifyDraft()
        self.state = ""


class InstanceDraft:
    def __init__(self, name: str, defaults: GlobalDraft, source: Source) -> None:
        self.name = name
        self.source = source
        self.lines: dict[str, Source] = {}
        self.state = ""
        self.interface = ""
        self.vrid = 0
        self.priority = 0
        self.version = 0
        self.family = 0
        self.advert_int_us: Micros = 0
        self.vips: list[VipDraft] = []
        self.excluded: list[VipDraft] = []
        self.vip_places: set[tuple[Address, str]] = set()  # (address, interface) of what is in ``vips``
        self.vip_addresses: set[Address] = set()
        self.excluded_places: set[tuple[Address, str]] = set()
        self.routes: list[VirtualRoute] = []
        self.rules: list[VirtualRule] = []
        self.no_vip_allowed = False
        self.preempt = True
        self.preempt_delay_us: Micros = 0
        self.auth_type = ""
        self.auth_pass = b""
        self.source_address: Address | None = None
        self.track_source = False
        self.multicast_group: Address | None = None
        self.unicast_configured = False
        self.unicast_fault_no_peer = False
        self.unicast_peers: list[UnicastPeer] = []
        self.peer_addresses: set[str] = set()  # of what is in ``unicast_peers``
        self.unicast_ttl: int | None = None
        self.check_unicast_src = False
        self.tracking = TrackingDraft()
        self.dont_track_primary = False
        self.garp_repeat = defaults.garp_repeat
        self.garp_delay_us = defaults.garp_delay_us
        self.garp_refresh_us = defaults.garp_refresh_us
        self.garp_refresh_repeat = defaults.garp_refresh_repeat
        self.garp_lower_prio_delay_us: Micros | None = None
        self.garp_lower_prio_repeat: int | None = None
        self.down_timer_adverts = defaults.down_timer_adverts
        self.lower_prio_no_advert: bool | None = None
        self.higher_prio_send_advert: bool | None = None
        self.owner_ignore_adverts: bool | None = None
        self.skip_check_adv_addr = defaults.skip_check_adv_addr
        self.v3_checksum_as_v2 = defaults.v3_checksum_as_v2
        self.strict: bool | None = None
        self.accept: bool | None = None
        self.use_vmac = False
        self.vmac_name = ""
        self.vmac_address = ""
        self.vmac_addr = False
        self.vmac_xmit_base = False
        self.use_ipvlan = False
        self.promote_secondaries = False
        self.notify = NotifyDraft()
        self.debug = 0
        self.config_fault = ""
        self.group: GroupDraft | None = None


class GlobalDraft:
    """``global_defs``. Some values are defaults for every instance that begins after them."""

    def __init__(self) -> None:
        self.source = Source()
        self.lines: dict[str, Source] = {}
        self.router_id = ""
        self.version = 2
        self.strict = False
        self.startup_delay_us: Micros = 0
        self.script_user = ""
        self.script_user_failed = False
        self.script_security = False
        self.default_user_asked = False
        self.fifo_script = False
        self.dynamic_interfaces = False
        self.multicast_group4 = "224.0.0.18"
        self.multicast_group6 = "ff02::12"
        self.garp_repeat = 5
        self.garp_delay_us: Micros = 5 * SECOND_US
        self.garp_refresh_us: Micros = 0
        self.garp_refresh_repeat = 1
        self.garp_lower_prio_delay_us: Micros | None = None
        self.garp_lower_prio_repeat: int | None = None
        self.garp_interval_us: Micros = 0
        self.gna_interval_us: Micros = 0
        self.down_timer_adverts = 3
        self.lower_prio_no_advert = False
        self.higher_prio_send_advert = False
        self.owner_ignore_adverts = False
        self.check_unicast_src = False
        self.skip_check_adv_addr = False
        self.v3_checksum_as_v2 = False
        self.has_firewall = False
        self.vmac_prefix = ""


class FileDraft:
    """The whole file, and the tools its keyword handlers need. This is what handlers get as context."""

    blocks: BlockReader

    def __init__(self, diagnostics: Diagnostics, settings: GlobalDraft | None = None) -> None:
        self.diagnostics = diagnostics
        self.globals = settings or GlobalDraft()
        self.other_work = False  # LVS, BFD, static addresses …: something to run for without instances
        self.interfaces: dict[str, Source] = {}  # every interface the daemon will look for
        self._lines: dict[str, Source] | None = None
        self.places: list[BlockPlace] = []  # of everything that stands at the top of the file
        self.scripts: Named[ScriptDraft] = Named()
        self.dropped_scripts: list[str] = []
        self.instances: Named[InstanceDraft] = Named()
        self.vmac_names: dict[str, InstanceDraft] = {}  # who has it
        self.groups: Named[GroupDraft] = Named()
        self.files: Named[TrackableDraft] = Named()
        self.processes: Named[TrackableDraft] = Named()
        self.bfds: Named[TrackableDraft] = Named()
        self.file: TrackableDraft | None = None  # the track_file being read
        self.interface_garp: dict[str, tuple[Micros | None, Micros | None]] = {}
        self.garp_group: list[Micros | None] = [None, None]
        self.garp_group_interfaces: list[str] = []
        self.garp_group_number = 0
        self.garp_aggregations = 0
        self.routes: list[VirtualRoute] = []  # static ones
        self.rules: list[VirtualRule] = []
        self.automatic_priorities = 0  # rules that named none, so far

    def seen(self, words: list[str], at_top: bool) -> None:
        """Remember where an option of the block being read was written; called before its handler."""
        if at_top:
            self._lines = None
            self.places.append(BlockPlace(words[0], " ".join(words[1:]), self.diagnostics.source))
        elif self._lines is not None:
            self._lines[words[0]] = self.diagnostics.source

    def names_interface(self, name: str) -> None:
        """The file counts on this interface to exist."""
        self.interfaces.setdefault(name, self.diagnostics.source)

    def say(
        self, instance: InstanceDraft, option: str, kind: str, log: str, message: str = "", hint: str = ""
    ) -> None:
        """A line of the daemon about an instance, placed at the option it is about."""
        place = instance.lines.get(option, instance.source)
        log = f"({instance.name}) {log}"
        self.diagnostics.log(kind, log, message and f"{instance.name}: {message}", hint, place)

    def begin(self, block: _WithLines) -> None:
        """What is seen from now on belongs to this block."""
        self._lines = block.lines

    @property
    def instance(self) -> InstanceDraft:
        """The vrrp_instance being read."""
        return self._being_read(self.instances, "vrrp_instance")

    @property
    def group(self) -> GroupDraft:
        """The vrrp_sync_group being read."""
        return self._being_read(self.groups, "vrrp_sync_group")

    @property
    def script(self) -> ScriptDraft:
        """The vrrp_script being read."""
        return self._being_read(self.scripts, "vrrp_script")

    @property
    def process(self) -> TrackableDraft:
        """The vrrp_track_process being read."""
        return self._being_read(self.processes, "vrrp_track_process")

    def _being_read(self, drafts: Named[_Block], block: str) -> _Block:
        if not drafts:
            self.diagnostics.fatal(f"a keyword of {block} without its block", f"begin with {block} NAME {{")
        return drafts.last
