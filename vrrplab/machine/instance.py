"""One VRRP instance: the state machine of RFC 9568 section 6.4 with keepalived's additions.

``handle(event, now)`` answers with actions, in the order they must be carried out; ``next_deadline()``
says when to call again with ``TimePassed``. The RFC's sentences are the arms of the methods below. Every
change of state goes through ``_enter`` and carries a reason that answers "why?".

Beyond the RFCs: FAULT (something tracked is broken), preempt_delay, weights, sync groups. ``wanted`` is
what the instance would be if its sync group let it; keepalived calls it wantstate.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig, VirtualAddress
from vrrplab.machine import reasons
from vrrplab.machine.acceptance import examine, interval_remark
from vrrplab.machine.actions import (
    Action,
    AddAddresses,
    AdvertisementDropped,
    PriorityChanged,
    RemoveAddresses,
    SetAccept,
    StateChanged,
    WriteLog,
)
from vrrplab.machine.announcer import Announcer
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
from vrrplab.machine.owners import OWNER, OtherOwner, Priority
from vrrplab.machine.profiles import KEEPALIVED_227, Profile
from vrrplab.machine.states import ALLOWED, Backup, Fault, Init, Master, State, Stopped
from vrrplab.machine.surroundings import Surroundings
from vrrplab.machine.syncgroup import SyncGroup
from vrrplab.machine.timers import skew_time_us
from vrrplab.machine.voice import GOODBYE, Voice
from vrrplab.units import Micros, seconds


class Instance:
    def __init__(
        self,
        config: InstanceConfig,
        profile: Profile = KEEPALIVED_227,
        around: Surroundings | None = None,
    ) -> None:
        self.config = config
        self.profile = profile
        self._around = around or Surroundings(profile)
        self._emit = self._around.emit
        self.voice = Voice(config, self._around)
        self._log = self.voice.log
        self.priority = Priority(config)
        self._other_owner = OtherOwner(config, self._around, self.voice, self.priority)
        self.announcer = Announcer(config, self._around)
        self.state: State = Init()
        self.armed = 0
        self.wanted = config.state
        self.group: SyncGroup | None = None
        self.faults: dict[str, str] = {}  # cause -> why
        self.waits_for: frozenset[str] = frozenset()  # scripts without a result yet
        self.master_adver_interval_us = config.advert_interval_us
        self.master_address = ""
        self._resumes = False  # after a reload: the first advert is still to come
        self._delayed_until_us: Micros = 0
        self._heard = reasons.Heard()
        self._said: set[str] = set()  # rejections already logged, where a profile says them once
        self._notified = False

    def handle(self, event: InstanceEvent, now: Micros) -> list[Action]:
        """What to do about an event at ``now`` (microseconds), in order."""
        self.react(event, now)
        return self._around.take()

    def next_deadline(self) -> Micros | None:
        """The next moment at which ``TimePassed`` would do something; None: nothing is due."""
        match self.state:
            case Backup(master_down_at_us=at_us) | Master(advert_at_us=at_us) | Init(master_at_us=at_us):
                own: Micros | None = at_us
            case _:
                own = None
        due = [own, self.announcer.next_deadline(), self._other_owner.judged_at_us]
        return min((t for t in due if t is not None), default=None)

    def react(self, event: InstanceEvent, now: Micros) -> None:
        """As ``handle``, the actions going to the process's common list."""
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
                self._weigh(event)
            case VirtualAddressRemoved(), Master():
                self._address_gone(event, now)
            case DelayEnded(), _:
                self._delayed_until_us = 0
            case StopRequested(), _:
                self._stop()

    # -- start and stop (RFC 9568 §6.4.1; keepalived: vrrp_startup_delay, track scripts first) -----------

    def _start(self, event: InstanceStarted, now: Micros) -> None:
        self.voice.source = event.source
        self.faults = dict(event.faults)
        self.waits_for = event.waits_for
        self._delayed_until_us = event.delayed_until_us
        self.priority.effective = self.priority.shift(event.priority_shift)
        group = self.group
        if self.faults:
            self.wanted = "FAULT"
            self._enter(Fault(), reasons.starts_broken(self.faults))
            self._notify()
        elif group and group.state == "FAULT":
            self._enter(Fault(), f"sync group {group.config.name} is in FAULT")
            self._notify()
        elif self.waits_for or (group and group.waiting):
            pass
        elif self._starts_as_master():
            self._await_mastery(max(now, self._delayed_until_us), by_timeout=True)
            self._time_passed(now)
        else:
            interval_us = self.down_interval_us()
            if group and group.state == "BACKUP" and self.wanted == "MASTER":
                # keepalived: a would-be MASTER of a group waits for one interval only
                skew_us = skew_time_us(self.config.version, OWNER, self.master_adver_interval_us)
                interval_us = self.master_adver_interval_us + skew_us
            self._log("backup_init")
            self._enter(self._backup(now, interval_us), reasons.starts_as_backup(self, interval_us))
            self._notify()

    def _starts_as_master(self) -> bool:
        wants = self.wanted == "MASTER" or not self.profile.owner_needs_state_master
        group_agrees = self.group is None or self.group.state == "MASTER"
        return self.config.address_owner and wants and group_agrees

    def adopt(self, old: Instance, shift: int, now: Micros) -> None:
        """Reload: go on where the old instance of that name was, with the new configuration.

        A MASTER stays one and advertises at once; a BACKUP restarts its timer (recordings reload_*).
        """
        self.voice.source, self.voice.sequence = old.voice.source, old.voice.sequence
        self.state, self.wanted = old.state, old.state.name
        self.master_address, self._notified = old.master_address, old._notified
        self.priority.effective = self.priority.shift(shift)
        if isinstance(old.state, Master):
            self.announcer.holds_addresses = True
            self._resumes = True
            self._log("setting_vips")
            before = {a.with_prefix for a in old.all_addresses}
            added = tuple(a for a in self.all_addresses if a.with_prefix not in before)
            if added:
                self._emit(AddAddresses(self.config.name, added))
                self.announcer.announce(self.config.garp.repeat, now)
            self.announcer.resume_refresh(now)
        elif isinstance(old.state, Backup):
            self.state = self._backup(now, self.down_interval_us())

    def resume(self, now: Micros) -> None:
        """After a reload: the MASTER's first advert with the new configuration."""
        if self._resumes:
            self._resumes = False
            self._advertise(now)

    def _stop(self) -> None:
        # RFC 9568 §6.4.3: a MASTER says goodbye with priority 0
        if isinstance(self.state, Master):
            self._release(farewell=True)
        self._enter(Stopped(), "keepalived was told to stop (SIGTERM)")
        self._notify()

    # -- BACKUP (RFC 9568 §6.4.2) -------------------------------------------------------------------------

    def _advert_in_backup(self, event: AdvertisementReceived, state: Backup, now: Micros) -> None:
        if self.profile.delay_covers_owners and self._delayed_until_us > now:
            return  # keepalived 2.4.3 does not listen before its start delay is over
        priority = event.advertisement.priority
        new_sender = event.source != self.master_address
        if new_sender and self.profile.logs_master_change:
            key = "master_changed" if self.master_address else "master_set"
            self._log(key, old=self.master_address, source=event.source)
        remaining_us = max(0, state.master_down_at_us - now)
        if not self._acceptable(event, new_sender or not self.config.skip_check_adv_addr):
            self.state = self._backup(now, remaining_us, state.preempt_from_us)
            return
        if new_sender:
            self._said.clear()
        self._other_owner.heard_in_backup(priority, new_sender)
        if priority == GOODBYE:
            self._log("backup_got_zero")
            self._heard.goodbye(event.source)
            self.state = self._backup(now, self.skew_us(), state.preempt_from_us)
        elif self._yields_to(priority, state.preempt_from_us, now):
            self._learn_interval(event.advertisement.interval_us)
            self.master_address = event.source
            self._heard.accepted(event.source, priority, now)
            preempt_from_us = self._watch_preempt_delay(priority, state.preempt_from_us, now)
            self.wanted = "BACKUP"
            self.state = self._backup(now, self.down_interval_us(), preempt_from_us)
        else:
            # RFC 9568 §6.4.2: a lower advert is discarded, the timer runs on
            self._log("lower_discarded", priority=priority, source=event.source)
            self.master_address = event.source
            self._heard.discarded(event.source, priority)
            self.state = self._backup(now, remaining_us, state.preempt_from_us)

    def _yields_to(self, priority: int, preempt_from_us: Micros | None, now: Micros) -> bool:
        if not self.config.preempt or priority >= self.priority.effective:
            return True
        delay_us = self.config.preempt_delay_us
        return bool(delay_us) and (preempt_from_us is None or preempt_from_us > now)

    def _watch_preempt_delay(self, priority: int, running: Micros | None, now: Micros) -> Micros | None:
        # keepalived: the delay starts with the first lower advert (recordings preempt_delay*)
        delay_us = self.config.preempt_delay_us
        if not delay_us:
            return None
        if priority >= self.priority.effective:
            if running is not None:
                self._log("preempt_stop")
            return None
        if running is None:
            self._log("preempt_start", seconds=seconds(delay_us))
            return now + delay_us
        return running

    # -- MASTER (RFC 9568 §6.4.3) -------------------------------------------------------------------------

    def _advert_in_master(self, event: AdvertisementReceived, now: Micros) -> None:
        advert = event.advertisement
        if not self._acceptable(event, check_addresses=True):
            if self.profile.rejected_advert_rearms:
                self._rearm_unless_quiet(now)  # keepalived: as after any packet
            return
        theirs_is_higher = reasons.address_key(event.source) > reasons.address_key(self.voice.source)
        if advert.priority == GOODBYE:
            self.voice.advertise(self.priority.effective)
            self._log("master_got_zero")
            self._rearm(now)
            return
        if self.config.higher_prio_send_advert and self._loses_to(advert.priority, theirs_is_higher):
            self.voice.advertise(self.priority.effective)
        if advert.priority == self.priority.effective:
            if event.source == self.voice.source:
                self._log("same_address")
                self._rearm_unless_quiet(now)
                return
            if self.priority.effective == OWNER:
                self._other_owner.met(event.source, advert.interval_us, theirs_is_higher)
        if self._loses_to(advert.priority, theirs_is_higher):
            self._yield_to(event, now)
        else:
            self._answer_lower(event, now)

    def _loses_to(self, priority: int, theirs_is_higher: bool) -> bool:
        ours = self.priority.effective
        return priority > ours or (priority == ours and theirs_is_higher)

    def _yield_to(self, event: AdvertisementReceived, now: Micros) -> None:
        theirs, ours = event.advertisement.priority, self.priority.effective
        key = "higher" if theirs > ours else "same_higher_ip"
        self._log(key, source=event.source, priority=theirs, ours=ours)
        self._learn_interval(event.advertisement.interval_us)
        self.master_address = event.source
        self.wanted = "BACKUP"
        self._heard.accepted(event.source, theirs, now)
        self.leave_master(now, reasons.better_advert(event, ours), farewell=False)
        if self.group:
            self.group.follow_to_backup(self, now)

    def _answer_lower(self, event: AdvertisementReceived, now: Micros) -> None:
        answer = self.profile.lower_advert_gets
        if answer == "nothing":
            return  # RFC 3768 and 5798 §6.4.3: discard
        silent = self.config.lower_prio_no_advert
        theirs, ours = event.advertisement.priority, self.priority.effective
        tail = "" if silent else ", forcing new election"
        self._log("lower_answered", source=event.source, priority=theirs, ours=ours, tail=tail)
        if event.sequence is not None:
            self._log("ah_sync")
            self.voice.sequence = event.sequence + 1
        if not silent:
            self.voice.advertise(ours)
        if answer == "advert+garp":
            self.announcer.heard_lower(now)
            if self.group:
                self.group.announce(self, now)
            self.voice.notify_lower_heard()
        self._rearm_unless_quiet(now)

    def _address_gone(self, event: VirtualAddressRemoved, now: Micros) -> None:
        # keepalived: gives up, says goodbye and comes back after its own skew time
        why = f"address {event.address} was taken off its interface by somebody else"
        others = [m for m in self.group.members if m is not self] if self.group else []
        for member in [self, *(m for m in others if m.state.name == "MASTER")]:
            member.wanted = "BACKUP"
            member.leave_master(now, why, farewell=True)
            member.return_soon(now)
        if self.group:
            self.group.state = "BACKUP"

    def return_soon(self, now: Micros) -> None:
        """BACKUP for no longer than the skew time."""
        self.state = self._backup(now, self.skew_us())
        self._heard.self_inflicted()

    # -- time -------------------------------------------------------------------------------------------

    def _time_passed(self, now: Micros) -> None:
        self.announcer.tick(now)
        self._other_owner.tick(now)
        match self.state:
            case Init(master_at_us=at_us, by_timeout=by_timeout) if at_us is not None and now >= at_us:
                if by_timeout:
                    self._log("timeout")
                self._become_master(now, "address owner (priority 255, state MASTER): MASTER at once")
            case Backup() as state if now >= state.master_down_at_us:
                self._log("timeout")
                self._become_master(now, self._heard.why_master(self, now))
            case Master(advert_at_us=at_us) if now >= at_us:
                self._advertise(now)

    def _become_master(self, now: Micros, why: str) -> None:
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
        if self.profile.delay_covers_owners and self._delayed_until_us > now:
            self._await_mastery(self._delayed_until_us + self.config.advert_interval_us, by_timeout=False)
            return
        self._enter(Master(now), why)
        self._rearm(now)
        # advert first: the old MASTER must let go before the addresses are announced
        self.voice.advertise(self.priority.effective)
        self._log("entering", state="MASTER")
        self._other_owner.became_master()
        if self.config.version == 3 and self.master_adver_interval_us != self.config.advert_interval_us:
            old_ms, new_ms = self.master_adver_interval_us // 1000, self.config.advert_interval_us // 1000
            self._log("interval_own", old_ms=old_ms, new_ms=new_ms)
            self.master_adver_interval_us = self.config.advert_interval_us
        self._take_addresses()
        self.announcer.became_master(now)
        self._notify()

    def _await_mastery(self, at_us: Micros, by_timeout: bool) -> None:
        self.state = Init(at_us, by_timeout)
        self.armed = self._around.number()

    def _advertise(self, now: Micros) -> None:
        self._rearm(now)
        self.voice.advertise(self.priority.effective)
        self._other_owner.advert_sent(now)
        self.announcer.sent_advert(now)
        if self.group:
            self.group.follow_to_master(self, now)

    def advertise_before_reload(self) -> None:
        """A MASTER's advert while it still has its old configuration."""
        self.voice.advertise(self.priority.effective)

    # -- FAULT (keepalived) ---------------------------------------------------------------------------------

    def _failed(self, event: TrackedObjectFailed, now: Micros) -> None:
        self.waits_for -= {event.cause}
        first = not self.faults
        self.faults[event.cause] = event.why
        if not first:
            return
        self.wanted = "FAULT"
        if isinstance(self.state, Master):
            self.leave_master(now, event.why, farewell=True)
        else:
            self.leave_fault(now, event.why)
        if self.group:
            self.group.member_failed(self, now)

    def _recovered(self, event: TrackedObjectRecovered, now: Micros) -> None:
        waited = bool(self.waits_for)
        self.waits_for -= {event.cause}
        if event.first:
            if self.waits_for or self.faults or not waited:
                return
        else:
            if self.faults.pop(event.cause, None) is None or self.faults:
                return
            if self.waits_for:
                self.wanted = "BACKUP"
                if self.group:
                    self.group.member_waits(self)
                return
        at_once = self.wanted == "MASTER" or self.profile.owner_returns_at_once
        self.wanted = "MASTER" if self.config.address_owner and at_once else "BACKUP"
        self.master_adver_interval_us = self.config.advert_interval_us
        if self.group and not self.group.member_recovered(self):
            return
        wanted = self.wanted
        if self.group and wanted == "MASTER" and not self.group.may_become_master(self, now):
            self.wanted = "BACKUP"
        self.leave_fault(now, event.why)
        if self._delayed_until_us <= now:
            self.voice.announce_own_address()
        self.wanted = wanted
        if self.group:
            self.group.follow(self, now)

    def leave_fault(self, now: Micros, why: str) -> None:
        """From INIT, FAULT or BACKUP to what is wanted now (keepalived has one way for all of them)."""
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
            interval_us = self.down_interval_us()
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
        copies = self.profile.priority_zero_on_fault
        if self.wanted == "FAULT" and (copies > 1 or (copies and not farewell)):
            self.voice.advertise(GOODBYE)  # keepalived: one more than the farewell below
        self._release(farewell and bool(copies or self.wanted != "FAULT"))
        if self.wanted == "FAULT":
            self._enter(Fault(), why)
        else:
            self._enter(self._backup(now, self.down_interval_us()), why)
        self._notify()

    # -- addresses ------------------------------------------------------------------------------------------

    def _take_addresses(self) -> None:
        config = self.config
        if not self._accepts:
            self._emit(SetAccept(config.name, config.virtual_addresses, False))
            self._log("accept_drop")
        if config.virtual_addresses:
            self._log("setting_vips")
        self._emit(AddAddresses(config.name, config.virtual_addresses))
        if config.excluded_addresses:
            self._log("setting_evips")
            self._emit(AddAddresses(config.name, config.excluded_addresses))

    def _release(self, farewell: bool) -> None:
        config = self.config
        if farewell:
            self.voice.advertise(GOODBYE)
            self._log("sent_zero")
        self.announcer.left_master()
        if config.virtual_addresses:
            self._log("removing_vips")
        self._emit(RemoveAddresses(config.name, config.virtual_addresses))
        if config.excluded_addresses:
            self._log("removing_evips")
            self._emit(RemoveAddresses(config.name, config.excluded_addresses))
        if not self._accepts:
            self._emit(SetAccept(config.name, config.virtual_addresses, True))
            self._log("accept_restore")

    @property
    def _accepts(self) -> bool:
        """Does the host take packets to the virtual addresses (RFC 9568 §6.1 Accept_Mode)?"""
        return self.config.accept and (self.profile.accept_mode or self.config.address_owner)

    @property
    def all_addresses(self) -> tuple[VirtualAddress, ...]:
        return self.config.virtual_addresses + self.config.excluded_addresses

    # -- priority and timers --------------------------------------------------------------------------------

    def _weigh(self, event: WeightChanged) -> None:
        old, new = self.priority.effective, self.priority.shift(event.shift)
        if old == new:
            return
        self._log("priority", old=old, new=new)
        self._emit(PriorityChanged(self.config.name, old, new, event.why))
        self.priority.effective = new
        if isinstance(self.state, Backup):
            # keepalived: the running timer is moved by what the interval changes (track_script_weight_*)
            interval_us = self.down_interval_us()
            self.state.master_down_at_us += interval_us - self.state.master_down_interval_us
            self.state.master_down_interval_us = interval_us

    def _backup(self, now: Micros, interval_us: Micros, preempt_from_us: Micros | None = None) -> Backup:
        self.armed = self._around.number()
        return Backup(interval_us, max(now, self._delayed_until_us) + interval_us, preempt_from_us)

    def restart_master_down(self, now: Micros) -> None:
        """Wait once more from now, e.g. for the others of the sync group."""
        if isinstance(self.state, Backup):
            self.state = self._backup(now, self.down_interval_us(), self.state.preempt_from_us)

    def _rearm(self, now: Micros) -> None:
        if isinstance(self.state, Master):
            self.armed = self._around.number()
            self.state = Master(now + self.config.advert_interval_us)

    def _rearm_unless_quiet(self, now: Micros) -> None:
        # keepalived: with lower_prio_no_advert a received packet leaves the advert timer alone
        if not self.config.lower_prio_no_advert:
            self._rearm(now)

    def skew_us(self) -> Micros:
        """The skew time that applies now (RFC 9568 §6.1)."""
        kind = self.profile.skew
        if kind == "none":
            return 0
        version = 2 if kind == "seconds" else self.config.version
        return skew_time_us(version, self.priority.effective, self.master_adver_interval_us)

    def down_interval_us(self) -> Micros:
        """The master-down interval that applies now (RFC 9568 §6.1; keepalived: down_timer_adverts)."""
        return self.config.down_timer_adverts * self.master_adver_interval_us + self.skew_us()

    def _learn_interval(self, interval_us: Micros) -> None:
        # RFC 9568 §6.4.2 and §6.4.3: version 3 takes the MASTER's interval
        if self.config.version == 2 or not self.profile.learns_interval:
            return
        if interval_us != self.master_adver_interval_us:
            old_ms, new_ms = self.master_adver_interval_us // 1000, interval_us // 1000
            self._log("interval_learned", old_ms=old_ms, new_ms=new_ms)
            self.master_adver_interval_us = interval_us

    # -- helpers ---------------------------------------------------------------------------------------------

    def _enter(self, state: State, reason: str) -> None:
        old, new = self.state.name, state.name
        self.state = state
        if old == new:
            return
        assert (old, new) in ALLOWED, f"{old} -> {new}"
        self._emit(StateChanged(self.config.name, old, new, reason))

    def _acceptable(self, event: AdvertisementReceived, check_addresses: bool) -> bool:
        last = self.voice.sequence
        finding = examine(
            self.config, self.profile, event, check_addresses=check_addresses, last_sequence=last
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
                vrid, reason = event.advertisement.vrid, finding.reason.name
                self._emit(AdvertisementDropped(self.config.name, event.source, vrid, reason))
                return False
        if event.sequence is not None:
            self.voice.sequence = event.sequence
        return True

    def _notify(self) -> None:
        """Run notify scripts for the state just entered; a group member's own come once only."""
        state = self.state.name
        if self._notified and self.group and self.group.state == state:
            return
        self._notified = True
        self.voice.notify(state, self.priority.effective)
