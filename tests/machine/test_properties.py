"""What holds whatever happens: random events, in random order, at random times, in every profile.

Instances are watched from outside, by their actions: who advertises is MASTER, who is MASTER has an advert
due and holds its addresses, nobody else does, and no deadline ever lies in the past.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machine_builders import OURS, OURS_6, VIP, VIP_6, a_config, an_advert, longest_work_us

from vrrplab.config.model import (
    Authentication,
    GarpSettings,
    GlobalConfig,
    InstanceConfig,
    NodeConfig,
    ScriptConfig,
    SyncGroupConfig,
    TrackedObject,
    UnicastPeer,
    VirtualAddress,
)
from vrrplab.machine.actions import (
    Action,
    AddAddresses,
    EndProcess,
    RemoveAddresses,
    RunScript,
    SendAdvertisement,
    SendGratuitousArp,
    StateChanged,
)
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    AdvertisementReceived,
    Event,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ReloadFinished,
    ReloadRequested,
    ScriptExited,
    Started,
    StopRequested,
    Thawed,
    TimePassed,
)
from vrrplab.machine.profiles import PROFILES, Profile
from vrrplab.machine.states import ALLOWED, Backup, Master
from vrrplab.units import Micros, micros

RUNS = 300
START = micros(10)
SOURCES = ["192.168.2.7", "192.168.2.252", OURS]
SOURCES_6 = ["fe80::7", "fe80::252"]

PROFILE = st.sampled_from(list(PROFILES.values()))


# -- configurations -----------------------------------------------------------------------------------


@st.composite
def configs(draw: st.DrawFn, number: int = 1) -> InstanceConfig:
    """One instance with any options that keepalived allows together."""
    version = draw(st.sampled_from([2, 3]))
    family = draw(st.sampled_from([4, 6])) if version == 3 else 4
    priority = draw(st.sampled_from([1, 50, 100, 101, 150, 254, 255]))
    owner = priority == 255
    interval_s = draw(st.sampled_from([1, 2] if version == 2 else [0.1, 0.25, 1, 2]))
    vip = VirtualAddress(f"192.168.2.{200 + number}", 24, "eth0")
    vip = VirtualAddress(f"fe80::20{number}", 128, "eth0") if family == 6 else vip
    preempt = owner or draw(st.booleans())
    authentication = None
    if version == 2:
        kinds = [None, Authentication("PASS", b"secret"), Authentication("AH", b"secret")]
        authentication = draw(st.sampled_from(kinds))
    unicast = draw(st.booleans())
    peers = tuple(UnicastPeer(s) for s in (SOURCES_6 if family == 6 else SOURCES)[:2]) if unicast else ()
    weight = 0 if owner else draw(st.sampled_from([0, -30, 40]))
    return a_config(
        name=f"V{number}",
        vrid=50 + number,
        version=version,
        family=family,
        state=draw(st.sampled_from(["MASTER", "BACKUP"])),
        base_priority=priority,
        advert_interval_us=micros(interval_s),
        virtual_addresses=(vip,),
        preempt=preempt,
        preempt_delay_us=micros(draw(st.sampled_from([0, 5]))) if preempt and not owner else 0,
        authentication=authentication,
        unicast_peers=peers,
        lower_prio_no_advert=draw(st.booleans()),
        higher_prio_send_advert=draw(st.booleans()),
        down_timer_adverts=draw(st.sampled_from([2, 3])),
        accept=draw(st.booleans()),
        use_vmac=draw(st.sampled_from(["", f"vrrp.{50 + number}"])),
        garp=GarpSettings(
            delay_us=micros(draw(st.sampled_from([0, 1, 5]))),
            refresh_us=micros(draw(st.sampled_from([0, 3]))),
            interval_us=micros(draw(st.sampled_from([0, 0.1]))),
        ),
        track_interfaces=(TrackedObject("eth1", weight, draw(st.booleans())),) if draw(st.booleans()) else (),
        track_scripts=(TrackedObject("chk", weight, draw(st.booleans())),) if draw(st.booleans()) else (),
    )


@st.composite
def nodes(draw: st.DrawFn) -> NodeConfig:
    """A keepalived.conf with one to three instances, perhaps in a sync group, perhaps with a check."""
    instances = tuple(draw(configs(n + 1)) for n in range(draw(st.integers(1, 3))))
    groups: tuple[SyncGroupConfig, ...] = ()
    if len(instances) > 1 and draw(st.booleans()):
        groups = (SyncGroupConfig("G", tuple(i.name for i in instances)),)
    script = ScriptConfig(
        "chk",
        ("/bin/chk",),
        interval_us=micros(draw(st.sampled_from([1, 3]))),
        rise=draw(st.integers(1, 2)),
        fall=draw(st.integers(1, 2)),
        init_fail=draw(st.booleans()),
    )
    general = GlobalConfig(startup_delay_us=micros(draw(st.sampled_from([0, 0, 3]))))
    return NodeConfig("keepalived.conf", general, (script,), instances, groups)


# -- what can happen ----------------------------------------------------------------------------------


HAPPENINGS = st.sampled_from(
    ["advert"] * 8
    + ["script"] * 4
    + ["eth0 down", "eth0 up", "eth1 down", "eth1 up", "primary gone", "primary back", "vip gone"]
    + ["reload", "thaw", "nothing", "stop"]
)


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[str, float, int, int, bool]]:
    """(what, after how many seconds, which instance, which variant, all as it should be)."""
    return draw(
        st.lists(
            st.tuples(
                HAPPENINGS,
                st.sampled_from([0.0, 0.001, 0.3, 1.0, 2.5, 4.0]),
                st.integers(0, 2),
                st.integers(0, 255),
                st.booleans(),
            ),
            max_size=25,
        )
    )


class Watcher:
    """Keeps account of what a daemon's actions amount to, and objects to what cannot be."""

    def __init__(self, node: NodeConfig, profile: Profile) -> None:
        self.node = node
        self.daemon = Daemon(node, profile)
        self.now: Micros = START
        self.states = {i.name: "INIT" for i in node.instances}
        self.held: dict[str, set[str]] = {i.name: set() for i in node.instances}
        self.running: list[RunScript] = []
        self.ended = False

    def tell(self, event: Event) -> None:
        if self.ended:
            return
        for action in self.daemon.handle(event, self.now):
            self._account(action)
        if self.ended:
            return
        due = self.daemon.next_deadline()
        assert due is None or due >= self.now
        if isinstance(event, TimePassed):
            assert due is None or due > self.now
        self._compare()

    def wait(self, seconds: float) -> None:
        until_us = self.now + micros(seconds)
        while not self.ended:
            due = self.daemon.next_deadline()
            if due is None or due > until_us:
                break
            self.now = due
            self.tell(TimePassed())
        self.now = until_us

    def _account(self, action: Action) -> None:
        match action:
            case StateChanged(instance=name, old=old, new=new):
                assert (old, new) in ALLOWED
                assert self.states.get(name, old) == old
                assert action.reason
                self.states[name] = new
            case SendAdvertisement(instance=name, priority=priority):
                assert self.states[name] == "MASTER", "who advertises is MASTER"
                assert 0 <= priority <= 255
                assert action.interval_us > 0
            case AddAddresses(instance=name, addresses=addresses):
                assert self.states[name] == "MASTER"
                self.held[name] |= {a.address for a in addresses}
            case RemoveAddresses(instance=name, addresses=addresses):
                self.held[name] -= {a.address for a in addresses}
            case SendGratuitousArp(instance=name, address=address):
                is_own = address in (OURS, OURS_6)
                assert is_own or self.states[name] == "MASTER", "only a MASTER announces addresses"
            case RunScript():
                self.running.append(action)
            case EndProcess():
                self.ended = True

    def _compare(self) -> None:
        for instance in self.daemon.instances:
            config, state = instance.config, instance.state
            addresses = {a.address for a in config.virtual_addresses}
            assert state.name == self.states[config.name]
            assert (
                addresses <= self.held[config.name] if state.name == "MASTER" else not self.held[config.name]
            )
            assert 1 <= instance.effective_priority <= 255
            if isinstance(state, Master):
                longest = config.advert_interval_us + longest_work_us(config, self.daemon.profile)
                assert self.now <= state.advert_at_us <= self.now + longest
            if isinstance(state, Backup):
                longest = max(instance.intervals.down_us, state.master_down_interval_us)
                longest += max(0, instance.delayed_until_us - self.now)
                assert state.master_down_at_us <= self.now + longest


def _happens(watcher: Watcher, what: str, which: int, variant: int, good: bool) -> None:
    instances = watcher.daemon.config.instances
    config = instances[which % len(instances)]
    addresses = {"eth0": InterfaceStatus(True, (OURS, OURS_6)), "eth1": InterfaceStatus(True, ("10.0.0.1",))}
    match what:
        case "advert":
            watcher.tell(_advert(config, variant, good))
        case "script" if watcher.running:
            run = watcher.running.pop(0)
            watcher.tell(ScriptExited(run.script, run.run, 0 if good else 1))
        case "eth0 down" | "eth1 down":
            watcher.tell(InterfaceWentDown(what[:4]))
        case "eth0 up" | "eth1 up":
            watcher.tell(InterfaceWentUp(what[:4]))
        case "primary gone":
            watcher.tell(AddressRemoved("eth0", OURS if good else OURS_6))
        case "primary back":
            watcher.tell(AddressAdded("eth0", OURS if good else OURS_6))
        case "vip gone":
            address = config.virtual_addresses[0].address
            if address in watcher.held[config.name] and watcher.daemon.profile.watches_addresses:
                watcher.held[config.name].discard(address)
                watcher.tell(AddressRemoved("eth0", address))
        case "reload":
            watcher.tell(ReloadRequested())
            watcher.wait(0.01)
            watcher.tell(ReloadFinished(watcher.node, addresses if good else {}))
        case "thaw":
            watcher.tell(Thawed(micros(2)))
            watcher.tell(TimePassed())
        case "stop":
            watcher.tell(StopRequested())


def _advert(config: InstanceConfig, variant: int, good: bool) -> AdvertisementReceived:
    """Mostly what the instance would take; else something is wrong with it."""
    sources = SOURCES_6 if config.family == 6 else SOURCES
    source = sources[variant % len(sources)]
    priority = [0, 1, 50, 100, 101, 150, 254, 255][variant % 8]
    how: dict[str, Any] = {"source": source}
    if config.unicast:
        how["destination"] = OURS_6 if config.family == 6 else OURS
    if config.authentication and config.authentication.kind == "AH":
        how["sequence"] = variant
    if not good:
        wrongs: list[dict[str, Any]] = [
            {"ttl": 1},
            {"version": 5 - config.version, "auth_type": 0},
            {"interval_s": 3},
            {"addresses": (VIP_6,) if config.family == 6 else (VIP,)},
            {"ah_valid": False},
            {"checksum_form": "message"},
            {"vrid": 9},
        ]
        how |= wrongs[variant % len(wrongs)]
    return an_advert(config, priority, **how)


@settings(
    max_examples=RUNS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(node=nodes(), profile=PROFILE, story=stories(), up=st.booleans())
def test_whatever_happens_to_a_process(
    node: NodeConfig, profile: Profile, story: list[tuple[str, float, int, int, bool]], up: bool
) -> None:
    watcher = Watcher(node, profile)
    interfaces = {
        "eth0": InterfaceStatus(True, (OURS, OURS_6)),
        "eth1": InterfaceStatus(up, ("10.0.0.1",)),
    }
    watcher.tell(Started(interfaces))
    for what, after_s, which, variant, good in story:
        watcher.wait(after_s)
        _happens(watcher, what, which, variant, good)
    watcher.wait(10)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(node=nodes(), profile=PROFILE, story=stories())
def test_the_same_events_have_the_same_consequences(
    node: NodeConfig, profile: Profile, story: list[tuple[str, float, int, int, bool]]
) -> None:
    def told() -> list[str]:
        daemon, now, said = Daemon(node, profile), START, []
        said += daemon.handle(Started({"eth0": InterfaceStatus(True, (OURS, OURS_6))}), now)
        for _, after_s, which, variant, good in story:
            now += micros(after_s)
            said += daemon.handle(TimePassed(), now)
            config = node.instances[which % len(node.instances)]
            said += daemon.handle(_advert(config, variant, good), now)
        return [repr(action) for action in said]

    assert told() == told()


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(config=configs(), profile=PROFILE, gaps=st.lists(st.integers(1, 900_000), min_size=5, max_size=40))
def test_waking_up_too_early_changes_nothing(
    config: InstanceConfig, profile: Profile, gaps: list[int]
) -> None:
    """A driver may call at any time; what happens when is decided by deadlines only."""
    node = NodeConfig("keepalived.conf", instances=(config,))

    def run(extra: bool) -> list[tuple[Micros, str]]:
        daemon, now, said = Daemon(node, profile), START, []
        said += [
            (now, repr(a))
            for a in daemon.handle(Started({"eth0": InterfaceStatus(True, (OURS, OURS_6))}), now)
        ]
        for gap in gaps:
            end = now + gap
            while (due := daemon.next_deadline()) is not None and due <= end:
                now = max(now, due)
                said += [(now, repr(a)) for a in daemon.handle(TimePassed(), now)]
            now = end
            if extra:
                said += [(now, repr(a)) for a in daemon.handle(TimePassed(), now)]
        return said

    assert run(False) == run(True)
