"""One VRRP instance: the state machine of RFC 9568 section 6.4 with keepalived's additions.

``handle(event, now)`` answers with actions, in the order they must be carried out; ``next_deadline()``
says when to call again with ``TimePassed``. Each state has one method below; the RFC's sentences are its
arms. Every change of state goes through ``_enter`` and carries a reason that answers "why?".

Beyond the RFCs: FAULT (something tracked is broken), preempt_delay, weights, sync groups. ``wanted`` is
what the instance would be if its sync group let it; keepalived calls it wantstate.
"""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.config.model import InstanceConfig
from vrrplab.machine import reasons
from vrrplab.machine.acceptance import checksum_form, examine, interval_remark
from vrrplab.machine.actions import (
    Action,
    AddAddresses,
    AdvertisementDropped,
    PriorityChanged,
    RemoveAddresses,
    RunNotify,
    SendAdvertisement,
    SendGratuitousArp,
    SetAccept,
    StateChanged,
    Warn,
    WriteLog,
)
from vrrplab.machine.announcer import Announcer, Pacer
from vrrplab.machine.events import (
    AdvertisementReceived,
    DelayEnded,
    InstanceEvent,
    InstanceStarted,
    StopRequested,
    TimePassed,
    TrackedObjectFailed,
    TrackedObjectRecovered,
    VirtualAddressRemoved,
    WeightChanged,
)
from vrrplab.machine.profiles import KEEPALIVED_227, Profile
from vrrplab.machine.states import ALLOWED, Backup, Fault, Init, Master, State, Stopped
from vrrplab.machine.syncgroup import SyncGroup
from vrrplab.machine.timers import master_down_interval_us, skew_time_us
from vrrplab.machine.wording import say
from vrrplab.units import Micros, seconds

OWNER = 255
GOODBYE = 0


class Instance:
    def __init__(
        self,
        config: InstanceConfig,
        profile: Profile = KEEPALIVED_227,
        emit: Callable[[Action], None] | None = None,
        pacer_for: Callable[[str, int], Pacer] | None = None,
    ) -> None:
        self.config = config
        self.profile = profile
        self._out: list[Action] = []
        self._emit = emit or self._out.append
        pacer = Pacer(profile.garp_interval_keeps_all)
        self.announcer = Announcer(
            config, profile, self._emit, pacer_for or (lambda _interface, _family: pacer)
        )
        self.state: State = Init()
        self.wanted = config.state
        self.group: SyncGroup | None = None
        self.source = ""  # of adverts; "": the interface has no address of the family
        self.faults: dict[str, str] = {}  # cause -> why
        self.waits_for: frozenset[str] = frozenset()  # scripts without a result yet
        self.base_priority = config.base_priority  # two owners can lower it
        self.effective_priority = config.base_priority
        self.total_priority = config.base_priority  # before it is cut to 1..254
        self.master_adver_interval_us = config.advert_interval_us
        self.master_address = ""
        self.sequence = 0  # AH: last number sent or seen
        self.reloaded = False
        self._delayed_until_us: Micros = 0
        self._heard = reasons.Heard()
        self._said: set[str] = set()  # rejections already logged, where a profile says them once
        self._rogue_adverts = 0  # two owners (2.4.3): own adverts still to be sent before judging
        self._rogue_interval_us: Micros = 0
        self._rogue_until_us: Micros | None = None
        self._notified = False

    def handle(self, event: InstanceEvent, now: Micros) -> list[Action]:
        """What to do about an event at ``now`` (microseconds), in order."""
        self.react(event, now)
        done, self._out[:] = self._out[:], []
        return done

    def next_deadline(self) -> Micros | None:
        """The next moment at which ``TimePassed`` would do something; None: nothing is due."""
        due = [
            t
            for t in (self._state_deadline(), self.announcer.next_deadline(), self._rogue_until_us)
            if t is not None
        ]
        return min(due) if due else None

    def _state_deadline(self) -> Micros | None:
        match self.state:
            case Backup(master_down_at_us=at_us):
                return at_us
            case Master(advert_at_us=at_us):
                return at_us
            case Init(master_at_us=at_us):
                return at_us
        return None

    def react(self, event: InstanceEvent, now: Micros) -> None:
        """As ``handle``, the actions going to the daemon's common list."""
        match event, self.state:
            case AdvertisementReceived(), Backup():
                self._advert_in_backup(event, self.state, now)
            case AdvertisementReceived(), Master():
                self._advert_in_master(event, now)
            case AdvertisementReceived(), _:
                pass  # INIT, FAULT, STOP: nobody listens
            case TimePassed(), _:
                self._time_passed(now)
            case _, Stopped():
                pass
            case InstanceStarted(), _:
                self._start(event, now)
            case TrackedObjectFailed(), _:
                self._failed(event, now)
            case TrackedObjectRecovered(), _:
                self._recovered(event, now)
            case WeightChanged(), _:
                self._weigh(event, now)
            case VirtualAddressRemoved(), Master():
                self._address_gone(event, now)
            case DelayEnded(), _:
                self._delayed_until_us = 0
            case StopRequested(), _:
                self._stop(now)

    # -- start and stop (RFC 9568 §6.4.1; keepalived: vrrp_startup_delay, track scripts first) -----------

    def _start(self, event: InstanceStarted, now: Micros) -> None:
        self.source = event.source
        self.faults = dict(event.faults)
        self.waits_for = event.waits_for
        self._delayed_until_us = event.delayed_until_us
        self._shift_priority(event.priority_shift)
        self.effective_priority = self._cut_priority()
        if self.faults:
            self.wanted = "FAULT"
            self._enter(Fault(), reasons.starts_broken(self.faults))
            return
        if self.waits_for or (self.group and self.group.waiting):
            return
        if self._starts_as_master():
            if self._delayed_until_us > now:
                self.state = Init(master_at_us=self._delayed_until_us)
            else:
                self.state = Init(master_at_us=now)
                self._time_passed(now)
            return
        shorter = self.group is not None and self.group.state == "BACKUP" and self.wanted == "MASTER"
        interval_us = self._down_interval_us()
        if shorter:  # keepalived: a would-be MASTER of a group waits one interval only
            interval_us = self.master_adver_interval_us + skew_time_us(
                self.config.version, OWNER, self.master_adver_interval_us
            )
        if self.group and self.group.state == "FAULT":
            self._enter(Fault(), f"sync group {self.group.config.name} is in FAULT")
            return
        self._log("backup_init")
        self._enter(self._backup(now, interval_us), reasons.starts_as_backup(self, interval_us))
        self._notify()

    def _starts_as_master(self) -> bool:
        wants = self.wanted == "MASTER" or not self.profile.owner_needs_state_master
        group_agrees = self.group is None or self.group.state == "MASTER"
        return self.config.address_owner and wants and group_agrees

    def adopt(self, old: Instance, now: Micros) -> None:
        """Reload: go on where the old instance of that name was, with the new configuration.

        A MASTER stays one and advertises at once; a BACKUP restarts its timer (recordings reload_*).
        """
        self.source = old.source
        self.sequence = old.sequence
        self.state, self.wanted = old.state, old.state.name
        self._notified = old._notified
        self.effective_priority = self._cut_priority()
        if isinstance(old.state, Master):
            self.announcer.holds_addresses = True
            ours = self.config.virtual_addresses + self.config.excluded_addresses
            theirs = old.config.virtual_addresses + old.config.excluded_addresses
            self._log("setting_vips")
            added = tuple(a for a in ours if a not in theirs)
            if added:
                self._emit(AddAddresses(self.config.name, added))
                self.announcer.announce(self.config.garp.repeat, now)
            self.reloaded = True
        elif isinstance(old.state, Backup):
            self.state = self._backup(now, self._down_interval_us())

    def advertise_before_reload(self) -> None:
        """A MASTER's advert while it still has its old configuration."""
        self._send(self.effective_priority)

    def take_priority(self, shift: int) -> None:
        """Reload: weights known from the start."""
        self._shift_priority(shift)

    def resume(self, now: Micros) -> None:
        """After a reload: the MASTER's first advert with the new configuration."""
        if self.reloaded:
            self.reloaded = False
            self._advertise(now)

    def _stop(self, now: Micros) -> None:
        # RFC 9568 §6.4.3: a MASTER says goodbye with priority 0
        if isinstance(self.state, Master):
            self._release(now, farewell=True)
        self._enter(Stopped(), "keepalived was told to stop (SIGTERM)")
        self._notify()

    # -- BACKUP (RFC 9568 §6.4.2) -------------------------------------------------------------------------

    def _advert_in_backup(self, event: AdvertisementReceived, state: Backup, now: Micros) -> None:
        advert = event.advertisement
        changed = event.source != self.master_address
        if changed and self.profile.logs_master_change:
            key = "master_changed" if self.master_address else "master_set"
            self._log(key, old=self.master_address, source=event.source)
        check_addresses = changed or not self.config.skip_check_adv_addr
        if self.profile.delay_covers_owners and self._delayed_until_us > now:
            return  # keepalived 2.4.3 does not listen before its start delay is over
        if not self._acceptable(event, check_addresses):
            remaining_us = max(0, state.master_down_at_us - now)
            self.state = self._backup(now, remaining_us, state.preempt_from_us)
            return
        if changed:
            self._said.clear()
        self._owner_may_return(advert.priority, changed)
        preempt_from_us = state.preempt_from_us
        if advert.priority == GOODBYE:
            self._log("backup_got_zero")
            self._heard.goodbye(event.source)
            skew_us = skew_time_us(
                self.config.version, self.effective_priority, self.master_adver_interval_us
            )
            self.state = self._backup(now, skew_us, preempt_from_us)
        elif self._yields_to(advert.priority, preempt_from_us, now):
            if self.config.version == 3 and self.profile.learns_interval:
                self._learn_interval(advert.interval_us)
            self.master_address = event.source
            self._heard.accepted(event.source, advert.priority, now)
            preempt_from_us = self._watch_preempt_delay(advert.priority, preempt_from_us, now)
            self.wanted = "BACKUP"
            self.state = self._backup(now, self._down_interval_us(), preempt_from_us)
        else:
            # RFC 9568 §6.4.2: a lower advert is discarded, the timer runs on
            self._log("lower_discarded", priority=advert.priority, source=event.source)
            self.master_address = event.source
            self._heard.discarded(event.source, advert.priority)
            self.state = self._backup(now, max(0, state.master_down_at_us - now), preempt_from_us)

    def _yields_to(self, priority: int, preempt_from_us: Micros | None, now: Micros) -> bool:
        if not self.config.preempt or priority >= self.effective_priority:
            return True
        delay = self.config.preempt_delay_us
        return bool(delay) and (preempt_from_us is None or preempt_from_us > now)

    def _watch_preempt_delay(self, priority: int, running: Micros | None, now: Micros) -> Micros | None:
        # keepalived: the delay starts with the first lower advert (recordings preempt_delay*)
        delay_us = self.config.preempt_delay_us
        if not delay_us:
            return None
        if priority >= self.effective_priority:
            if running is not None:
                self._log("preempt_stop")
            return None
        if running is None:
            self._log("preempt_start", seconds=seconds(delay_us))
            return now + delay_us
        return running

    def _owner_may_return(self, priority: int, changed: bool) -> None:
        # keepalived 2.4.3: an owner that had lowered itself is one again when the other 255 is gone
        lowered = self.config.address_owner and self.effective_priority == OWNER - 1
        if self.profile.two_owners == "lower-address-yields" and lowered and (changed or priority != OWNER):
            self._log("owner_restored")
            self.effective_priority = self.total_priority = OWNER

    # -- MASTER (RFC 9568 §6.4.3) -------------------------------------------------------------------------

    def _advert_in_master(self, event: AdvertisementReceived, now: Micros) -> None:
        advert = event.advertisement
        if not self._acceptable(event, check_addresses=True):
            if self.profile.rejected_advert_rearms and not self.config.lower_prio_no_advert:
                self.state = Master(now + self.config.advert_interval_us)  # keepalived: as after any packet
            return
        ours = self.effective_priority
        theirs_is_higher = reasons.address_key(event.source) > reasons.address_key(self.source)
        same_address = event.source == self.source
        if advert.priority == GOODBYE:
            self._send(ours)
            self._log("master_got_zero")
            self._rearm_advert(now)
            return
        if self.config.higher_prio_send_advert and (advert.priority, theirs_is_higher) > (ours, False):
            self._send(ours)
        if advert.priority == ours and same_address:
            self._log("same_address")
            self._rearm_advert(now)
            return
        if advert.priority == ours == OWNER:
            self._meet_other_owner(event, theirs_is_higher)
            ours = self.effective_priority
        if advert.priority > ours or (advert.priority == ours and theirs_is_higher):
            self._yield_to(event, now)
        else:
            self._answer_lower(event, now)

    def _yield_to(self, event: AdvertisementReceived, now: Micros) -> None:
        advert, ours = event.advertisement, self.effective_priority
        key = "higher" if advert.priority > ours else "same_higher_ip"
        self._log(key, source=event.source, priority=advert.priority, ours=ours)
        if self.config.version == 3 and self.profile.learns_interval:
            self._learn_interval(advert.interval_us)
        self.master_address = event.source
        self.wanted = "BACKUP"
        self._heard.accepted(event.source, advert.priority, now)
        self.leave_master(now, reasons.better_advert(event, ours), farewell=False)
        if self.group:
            self.group.follow_to_backup(self, now)

    def _answer_lower(self, event: AdvertisementReceived, now: Micros) -> None:
        answer = self.profile.lower_advert_gets
        if answer == "nothing":
            return  # RFC 3768 and 5798 §6.4.3: discard
        silent = self.config.lower_prio_no_advert
        tail = "" if silent else ", forcing new election"
        ours, theirs = self.effective_priority, event.advertisement.priority
        self._log("lower_answered", source=event.source, priority=theirs, ours=ours, tail=tail)
        if event.sequence is not None:
            self._log("ah_sync")
            self.sequence = event.sequence + 1
        if not silent:
            self._send(ours)
        if answer == "advert+garp":
            self.announcer.heard_lower(now)
            if self.group:
                self.group.announce(self, now)
            self._notify_lower_heard()
        if not silent:
            self._rearm_advert(now)

    def _meet_other_owner(self, event: AdvertisementReceived, theirs_is_higher: bool) -> None:
        """Both say 255: a mistake that RFC 9568 §8.3.2 asks to log; what follows differs by version."""
        self._emit(Warn(self.config.name, f"{event.source} also claims to own the addresses (priority 255)"))
        rule = self.profile.two_owners
        if rule == "hearer-yields":
            self._log("two_owners", source=event.source)
            self.effective_priority = self.base_priority = self.total_priority = OWNER - 1
        elif rule == "lower-address-yields":
            if theirs_is_higher:
                self._log("two_owners", source=event.source)
            elif self._rogue_until_us is not None:
                self._log("owner_persists", source=event.source)
                self._rogue_until_us = None
                self.effective_priority = self.total_priority = OWNER - 1
            else:
                self._rogue_interval_us = event.advertisement.interval_us
                if not self._rogue_adverts:
                    self._log("two_owners", source=event.source)
                    self._rogue_adverts = 2

    def _address_gone(self, event: VirtualAddressRemoved, now: Micros) -> None:
        # keepalived: gives up, says goodbye and comes back after its own skew time
        self.wanted = "BACKUP"
        why = f"address {event.address} was taken off its interface by somebody else"
        self.leave_master(now, why, farewell=True)
        if self.group:
            for member in self.group.members:
                if member.state.name == "MASTER":
                    member.wanted = "BACKUP"
                    member.leave_master(now, why, farewell=True)
                    member.return_soon(now)
            self.group.state = "BACKUP"
        self.return_soon(now)

    def return_soon(self, now: Micros) -> None:
        """BACKUP for no longer than the skew time."""
        skew_us = skew_time_us(self.config.version, self.effective_priority, self.master_adver_interval_us)
        self.state = self._backup(now, skew_us)
        self._heard.self_inflicted()

    # -- time -------------------------------------------------------------------------------------------

    def _time_passed(self, now: Micros) -> None:
        self.announcer.tick(now)
        if self._rogue_until_us is not None and now >= self._rogue_until_us:
            self._rogue_until_us = None
            self._log("owner_gone")
        match self.state:
            case Init(master_at_us=at_us) if at_us is not None and now >= at_us:
                self._log("timeout")
                self._become_master_with_group(
                    now, "address owner (priority 255, state MASTER): MASTER at once"
                )
            case Backup() as state if now >= state.master_down_at_us:
                self._log("timeout")
                self._become_master_with_group(now, self._heard.why_master(self, state, now))
            case Master(advert_at_us=at_us) if now >= at_us:
                if self.announcer.holds_addresses:
                    self._advertise(now)
                else:
                    self._take_over(now)  # keepalived 2.4.3: an owner whose start was delayed

    def _become_master_with_group(self, now: Micros, why: str) -> None:
        self.wanted = "MASTER"
        self.go_master(now, why)
        if self.group and self.state.name == "MASTER":
            self.group.follow_to_master(self, now)

    def go_master(self, now: Micros, why: str) -> None:
        """BACKUP, INIT or FAULT to MASTER, if the sync group agrees (RFC 9568 §6.4.2, last paragraph)."""
        if self.group and not self.group.may_become_master(self, now):
            self.wanted = "MASTER"
            return
        self._said.clear()
        held = self.profile.delay_covers_owners and self._delayed_until_us > now
        if held:
            self.state = Init(master_at_us=self._delayed_until_us + self.config.advert_interval_us)
            return
        self._enter(Master(now + self.config.advert_interval_us), why)
        self._take_over(now)

    def _take_over(self, now: Micros) -> None:
        # advert first: the old MASTER must let go before the addresses are announced
        self._rearm_advert(now)
        self._send(self.effective_priority)
        self._log("entering", state="MASTER")
        if self.profile.two_owners == "lower-address-yields" and self.config.address_owner:
            if self.effective_priority != OWNER:
                self._log("owner_alone")
            self.effective_priority = self.total_priority = OWNER
        if self.config.version == 3 and self.master_adver_interval_us != self.config.advert_interval_us:
            old_ms, new_ms = self.master_adver_interval_us // 1000, self.config.advert_interval_us // 1000
            self._log("interval_own", old_ms=old_ms, new_ms=new_ms)
            self.master_adver_interval_us = self.config.advert_interval_us
        accepts = self.config.accept and (self.profile.accept_mode or self.config.address_owner)
        if not accepts:
            self._emit(SetAccept(self.config.name, self.config.virtual_addresses, False))
            self._log("accept_drop")
        if self.config.virtual_addresses:
            self._log("setting_vips")
        self._emit(AddAddresses(self.config.name, self.config.virtual_addresses))
        if self.config.excluded_addresses:
            self._log("setting_evips")
            self._emit(AddAddresses(self.config.name, self.config.excluded_addresses))
        self.announcer.became_master(now)
        self._notify()

    def _advertise(self, now: Micros) -> None:
        self._rearm_advert(now)
        self._send(self.effective_priority)
        if self._rogue_adverts:
            self._rogue_adverts -= 1
            if not self._rogue_adverts:
                longer_us = max(self._rogue_interval_us, self.config.advert_interval_us)
                self._rogue_until_us = now + longer_us * 12 // 10
        self.announcer.sent_advert(now)
        if self.group:
            self.group.follow_to_master(self, now)

    def _rearm_advert(self, now: Micros) -> None:
        if isinstance(self.state, Master):
            self.state = Master(now + self.config.advert_interval_us)

    # -- FAULT (keepalived) ---------------------------------------------------------------------------------

    def _failed(self, event: TrackedObjectFailed, now: Micros) -> None:
        self.waits_for -= {event.cause}
        first = not self.faults
        self.faults[event.cause] = event.why
        if not first and not isinstance(self.state, Init):
            return
        self.wanted = "FAULT"
        if isinstance(self.state, Master):
            self.leave_master(now, event.why, farewell=True)
        else:
            self.leave_fault(now, event.why)
        if self.group and first:
            alone = not self.group.in_fault
            self.group.in_fault.add(self.config.name)
            if alone:
                self.group.follow_to_fault(self, now)

    def _recovered(self, event: TrackedObjectRecovered, now: Micros) -> None:
        left_init = event.first and bool(self.waits_for) and not self.waits_for - {event.cause}
        self.waits_for -= {event.cause}
        if event.first:
            if self.waits_for or self.faults or not left_init:
                return
        else:
            was_fault = self.faults.pop(event.cause, None) is not None
            if self.faults or not was_fault:
                return
            if self.waits_for:
                self.wanted = "BACKUP"
                if self.group:
                    self.group.in_fault.discard(self.config.name)
                    self.group.state = "INIT"
                return
        owner_at_once = self.config.address_owner and (
            self.wanted == "MASTER" or self.profile.owner_returns_at_once
        )
        self.wanted = "MASTER" if owner_at_once else "BACKUP"
        self.master_adver_interval_us = self.config.advert_interval_us
        if self.group:
            self.group.waiting.discard(self.config.name)
            self.group.in_fault.discard(self.config.name)
            if self.group.in_fault or self.group.waiting:
                return
        wanted = self.wanted
        if self.group and wanted == "MASTER" and not self.group.may_become_master(self, now):
            self.wanted = "BACKUP"
        self.leave_fault(now, event.why)
        self._announce_own_address(now)
        self.wanted = wanted
        if self.group:
            follow = (
                self.group.follow_to_master if self.state.name == "MASTER" else self.group.follow_to_backup
            )
            follow(self, now)

    def leave_fault(self, now: Micros, why: str) -> None:
        """From INIT, FAULT or BACKUP to what is wanted now (keepalived counts all of them as this)."""
        if self.wanted == "MASTER":
            self.go_master(now, f"{why}; address owner: MASTER at once")
            return
        waiting_in_init = isinstance(self.state, Init) and self.wanted == "FAULT"
        if self.state.name != self.wanted and not waiting_in_init:
            self._log("entering", state=self.wanted)
        self.master_adver_interval_us = self.config.advert_interval_us
        if self.wanted == "FAULT":
            self._enter(Fault(), why)
        else:
            interval_us = self._down_interval_us()
            self._heard = reasons.Heard()
            self._enter(self._backup(now, interval_us), reasons.comes_back(self, why, interval_us))
        self._notify()

    def fall_silent(self, why: str) -> None:
        """BACKUP or INIT to FAULT because the sync group does; no line is written about it."""
        self._enter(Fault(), why)
        self._notify()

    def leave_master(self, now: Micros, why: str, farewell: bool) -> None:
        """MASTER to BACKUP or FAULT, as wanted; ``farewell``: say goodbye with priority 0."""
        self._log("entering", state=self.wanted)
        if self.wanted == "FAULT" and (self.profile.priority_zero_on_fault > 1 or not farewell):
            self._send(GOODBYE)  # keepalived: one more than the farewell below
        self._release(now, farewell)
        if self.wanted == "FAULT":
            self._enter(Fault(), why)
        else:
            self._enter(self._backup(now, self._down_interval_us()), why)
        self._notify()

    def _release(self, now: Micros, farewell: bool) -> None:
        if farewell:
            if self.profile.priority_zero_on_fault or self.wanted != "FAULT":
                self._send(GOODBYE)
            self._log("sent_zero")
        self.announcer.left_master()
        if self.config.virtual_addresses:
            self._log("removing_vips")
        self._emit(RemoveAddresses(self.config.name, self.config.virtual_addresses))
        if self.config.excluded_addresses:
            self._log("removing_evips")
            self._emit(RemoveAddresses(self.config.name, self.config.excluded_addresses))
        if not (self.config.accept and (self.profile.accept_mode or self.config.address_owner)):
            self._emit(SetAccept(self.config.name, self.config.virtual_addresses, True))
            self._log("accept_restore")

    def _announce_own_address(self, now: Micros) -> None:
        # keepalived, unicast: the MASTER may have lost our address and could not reach us
        if self.config.unicast and self.source and not (self._delayed_until_us > now):
            self._log("own_na" if self.config.family == 6 else "own_garp", address=self.source)
            line = "na" if self.config.family == 6 else "garp"
            self._log(line, interface=self.config.interface, address=self.source)
            self._emit(SendGratuitousArp(self.config.name, self.config.interface, self.source))

    # -- priority (keepalived: track_script and track_interface weights) -----------------------------------

    def _weigh(self, event: WeightChanged, now: Micros) -> None:
        self._shift_priority(event.shift)
        old, new = self.effective_priority, self._cut_priority()
        if old == new:
            return
        self._log("priority", old=old, new=new)
        self._emit(PriorityChanged(self.config.name, old, new, event.why))
        self.effective_priority = new
        if isinstance(self.state, Backup):
            interval_us = self._down_interval_us()
            self.state.master_down_at_us += interval_us - self.state.master_down_interval_us
            self.state.master_down_interval_us = interval_us

    def _shift_priority(self, shift: int) -> None:
        if self.base_priority != OWNER:  # weights do not count for an owner
            self.total_priority += shift

    def _cut_priority(self) -> int:
        if self.base_priority == OWNER:
            return OWNER
        return min(max(self.total_priority, 1), OWNER - 1)

    @property
    def multicast_group(self) -> str:
        """224.0.0.18 or ff02::12 (RFC 9568 sections 5.1.1.2 and 5.1.2.2), unless configured otherwise."""
        return self.config.multicast_group or ("ff02::12" if self.config.family == 6 else "224.0.0.18")

    # -- helpers ---------------------------------------------------------------------------------------------

    def _enter(self, state: State, reason: str) -> None:
        old, new = self.state.name, state.name
        self.state = state
        if old == new:
            return
        assert (old, new) in ALLOWED, f"{old} -> {new}"
        self._emit(StateChanged(self.config.name, old, new, reason))

    def _backup(self, now: Micros, interval_us: Micros, preempt_from_us: Micros | None = None) -> Backup:
        start_us = max(now, self._delayed_until_us)
        return Backup(interval_us, start_us + interval_us, preempt_from_us)

    def restart_master_down(self, now: Micros) -> None:
        """Wait once more from now, e.g. for the others of the sync group."""
        if isinstance(self.state, Backup):
            self.state = self._backup(now, self._down_interval_us(), self.state.preempt_from_us)

    def _down_interval_us(self) -> Micros:
        return master_down_interval_us(
            self.config.version,
            self.effective_priority,
            self.master_adver_interval_us,
            self.config.down_timer_adverts,
        )

    def _learn_interval(self, interval_us: Micros) -> None:
        if interval_us != self.master_adver_interval_us:
            old_ms, new_ms = self.master_adver_interval_us // 1000, interval_us // 1000
            self._log("interval_learned", old_ms=old_ms, new_ms=new_ms)
            self.master_adver_interval_us = interval_us

    def _acceptable(self, event: AdvertisementReceived, check_addresses: bool) -> bool:
        finding = examine(
            self.config, self.profile, event, check_addresses=check_addresses, last_sequence=self.sequence
        )
        remark = interval_remark(self.config, self.profile, event)
        if remark and "v3_interval" not in self._said:
            self._said.add("v3_interval")
            self._emit(WriteLog(remark))
        if finding is not None:
            once = self.profile.reject_lines == "once"
            if not (once and finding.reason.name in self._said):
                self._said.add(finding.reason.name)
                self._emit(WriteLog(finding.line))
            if finding.fatal:
                self._heard.rejected(event.source, finding.reason.value)
                dropped = AdvertisementDropped(
                    self.config.name, event.source, event.advertisement.vrid, finding.reason.name
                )
                self._emit(dropped)
                return False
        if event.sequence is not None:
            self.sequence = event.sequence
        return True

    def _send(self, priority: int) -> None:
        config = self.config
        self.sequence += 1
        destinations = tuple(p.address for p in config.unicast_peers) or (self.multicast_group,)
        over_vmac = config.use_vmac and not config.vmac_xmit_base
        self._emit(
            SendAdvertisement(
                config.name,
                config.use_vmac if over_vmac else config.interface,
                self.source,
                destinations,
                config.version,
                config.vrid,
                priority,
                config.advert_interval_us,
                tuple(a.address for a in config.virtual_addresses),
                config.authentication,
                self.sequence,
                ttl=64 if config.unicast and config.family == 6 else 255,
                checksum_form=checksum_form(config, self.profile),
                quiet_when_down=priority == GOODBYE,
            )
        )

    def _notify(self) -> None:
        """Run notify scripts for the state just entered; a group member's own come once only."""
        state = self.state.name
        if self._notified and self.group and self.group.state == state:
            return
        self._notified = True
        scripts = self.config.notify
        by_state = {
            "MASTER": scripts.master,
            "BACKUP": scripts.backup,
            "FAULT": scripts.fault,
            "STOP": scripts.stop,
        }
        if by_state.get(state):
            self._emit(RunNotify(self.config.name, "", by_state[state]))
        if scripts.any_state:
            arguments = ("INSTANCE", self.config.name, state, str(self.effective_priority))
            self._emit(RunNotify(self.config.name, "", scripts.any_state + arguments))

    def _notify_lower_heard(self) -> None:
        command = self.config.notify.master_rx_lower_priority
        if command:
            self._emit(RunNotify(self.config.name, "", command))

    def _log(self, key: str, **values: object) -> None:
        line = say(self.profile.wording, key, name=self.config.name, **values)
        if line:
            self._emit(WriteLog(line))
