"""One VRRP instance: the state machine of RFC 9568 section 6.4 with keepalived's additions.

``handle(event, now)`` answers with actions, in the order they must be carried out; ``next_deadline()``
says when to call again with ``TimePassed``. The RFC's sentences are the arms of the methods below. Every
change of state goes through ``enter`` and carries a reason that answers "why?".

Beyond the RFCs: FAULT (something tracked is broken), preempt_delay, weights, sync groups. ``wanted`` is
what the instance would be if its sync group let it; keepalived calls it wantstate.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine import reasons
from vrrplab.machine.actions import Action, PriorityChanged, StateChanged, Warn
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
from vrrplab.machine.faults import Faults, address_gone, failed, recovered
from vrrplab.machine.intervals import Intervals
from vrrplab.machine.preemption import Preemption
from vrrplab.machine.priority import OWNER, OtherOwner, Priority
from vrrplab.machine.process import Process
from vrrplab.machine.profiles import KEEPALIVED_227, Profile
from vrrplab.machine.reception import Reception
from vrrplab.machine.reload import start
from vrrplab.machine.states import ALLOWED, Backup, Fault, Init, Master, State, Stopped
from vrrplab.machine.syncgroup import SyncGroup
from vrrplab.machine.virtual_addresses import VirtualAddresses
from vrrplab.machine.voice import GOODBYE, Voice
from vrrplab.units import Micros, earliest


class Instance:
    def __init__(
        self,
        config: InstanceConfig,
        profile: Profile = KEEPALIVED_227,
        process: Process | None = None,
    ) -> None:
        self.config = config
        self.profile = profile
        self._process = process or Process(profile)
        self._emit = self._process.emit
        self.voice = Voice(config, self._process)
        self._log = self.voice.log
        self.priority = Priority(config)
        self.intervals = Intervals(config, self._process, self.voice, self.priority)
        self.reception = Reception(config, self._process, self.voice)
        self._heard = self.reception.heard
        self._preemption = Preemption(config, self.voice, self.priority)
        self._other_owner = OtherOwner(config, self._process, self.voice, self.priority)
        self.announcer = Announcer(config, self._process)
        self.addresses = VirtualAddresses(config, self._process, self.voice)
        self.faults = Faults()
        self.state: State = Init()
        self.armed = 0
        self.wanted = config.state
        self.group: SyncGroup | None = None
        self.continues = False  # after a reload: the first advert is still to come
        self.delayed_until_us: Micros = 0
        self.notified = False

    @property
    def effective_priority(self) -> int:
        """What it advertises: the configured priority, weights and owners' quarrels counted in."""
        return self.priority.effective

    def handle(self, event: InstanceEvent, now: Micros) -> list[Action]:
        """What to do about an event at ``now`` (microseconds), in order."""
        self.react(event, now)
        return self._process.take()

    def next_deadline(self) -> Micros | None:
        """The next moment at which ``TimePassed`` would do something; None: nothing is due."""
        match self.state:
            case Backup(master_down_at_us=at_us) | Master(advert_at_us=at_us) | Init(master_at_us=at_us):
                own: Micros | None = at_us
            case _:
                own = None
        return earliest(own, self.announcer.next_deadline(), self._other_owner.judged_at_us)

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
            case InstanceStarted(), Init() | Fault():
                start(self, event, now)
            case TrackedObjectFailed(), _:
                failed(self, event, now)
            case TrackedObjectRecovered(), _:
                recovered(self, event, now)
            case WeightChanged(), _:
                self._weigh(event, now)
            case VirtualAddressRemoved(), Master():
                address_gone(self, event, now)
            case DelayEnded(), _:
                self.delayed_until_us = 0
            case StopRequested(), _:
                self._stop()
            case _:
                pass  # started already; or an address that it does not hold is gone

    # -- BACKUP (RFC 9568 §6.4.2) -------------------------------------------------------------------------

    def _advert_in_backup(self, event: AdvertisementReceived, state: Backup, now: Micros) -> None:
        if self.profile.delay_covers_owners and self.delayed_until_us > now:
            return  # keepalived 2.4.3 does not listen before its start delay is over
        priority = event.advertisement.priority
        new_sender = self.reception.greet(event.source)
        remaining_us = max(0, state.master_down_at_us - now)
        if not self.reception.accepts(event, new_sender or not self.config.skip_check_adv_addr):
            self.state = self.backup(now, remaining_us, state.preempt_from_us)
            return
        if new_sender:
            self.reception.forgive()
        self._other_owner.heard_in_backup(priority, new_sender)
        if priority == GOODBYE:
            self._log("backup_got_zero")
            self._heard.goodbye(event.source)
            self.state = self.backup(now, self.intervals.skew_us, state.preempt_from_us)
        elif self._preemption.yields_to(priority, state.preempt_from_us, now):
            self.intervals.learn(event.advertisement.interval_us)
            self.reception.master_address = event.source
            self._heard.accepted(event.source, priority, now)
            preempt_from_us = self._preemption.delayed_until(priority, state.preempt_from_us, now)
            self.wanted = "BACKUP"
            self.state = self.backup(now, self.intervals.down_us, preempt_from_us)
        else:
            # RFC 9568 §6.4.2: a lower advert is discarded, the timer runs on
            self._log("lower_discarded", priority=priority, source=event.source)
            self.reception.master_address = event.source
            self._heard.discarded(event.source, priority)
            self.state = self.backup(now, remaining_us, state.preempt_from_us)

    # -- MASTER (RFC 9568 §6.4.3) -------------------------------------------------------------------------

    def _advert_in_master(self, event: AdvertisementReceived, now: Micros) -> None:
        advert = event.advertisement
        if not self.reception.accepts(event, check_addresses=True):
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
        self.intervals.learn(event.advertisement.interval_us)
        self.reception.master_address = event.source
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
        if self.profile.lower_advert_rearms:
            self._rearm_unless_quiet(now)

    # -- time -------------------------------------------------------------------------------------------

    def _time_passed(self, now: Micros) -> None:
        self.announcer.tick(now)
        self._other_owner.tick(now)
        match self.state:
            case Init(master_at_us=at_us, by_timeout=by_timeout) if at_us is not None and now >= at_us:
                if by_timeout:
                    self._log("timeout")
                self._become_master(now, reasons.OWNER_BEGINS)
            case Backup() as state if now >= state.master_down_at_us:
                self._log("timeout")
                self._become_master(now, self._heard.why_master(self, now))
            case Master(advert_at_us=at_us) if now >= at_us:
                self.advertise(now)

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
        self.reception.forgive()
        if self.profile.delay_covers_owners and self.delayed_until_us > now:
            self._hold(now, self.config.advert_interval_us, by_timeout=False)
            return
        self.enter(Master(now), why)
        self._rearm(now)
        # advert first: the old MASTER must let go before the addresses are announced
        self.voice.advertise(self.priority.effective)
        self._log("entering", state="MASTER")
        self._other_owner.became_master()
        self.intervals.use_own()
        self.addresses.take()
        self.announcer.became_master(now)
        self.notify()

    def await_mastery(self, now: Micros) -> None:
        """An owner begins: MASTER now, or when the start delay is over."""
        if self.delayed_until_us > now:
            self._hold(now, 0, by_timeout=True)
        else:
            self._log("timeout")
            self._become_master(now, reasons.OWNER_BEGINS)

    def _hold(self, now: Micros, longer_us: Micros, by_timeout: bool) -> None:
        """The start delay keeps an owner waiting, and something ``longer_us``."""
        if isinstance(self.state, Fault):
            self.enter(self.backup(now, longer_us), reasons.OWNER_WAITS)
            return
        self.armed = self._process.number()
        self.state = Init(self.delayed_until_us + longer_us, by_timeout)

    def listen(self, now: Micros, interval_us: Micros, why: str) -> None:
        """BACKUP, MASTER after ``interval_us`` without an advert."""
        self.enter(self.backup(now, interval_us), why)
        self.notify()

    def advertise(self, now: Micros) -> None:
        """A MASTER's advert, and what is due with it."""
        self._rearm(now)
        self.voice.advertise(self.priority.effective)
        self._other_owner.advert_sent(now)
        self.announcer.sent_advert(now)
        if self.group:
            self.group.follow_to_master(self, now)

    # -- FAULT (keepalived) ---------------------------------------------------------------------------------

    def leave_fault(self, now: Micros, why: str) -> None:
        """From INIT, FAULT or BACKUP to what is wanted now (keepalived has one way for all of them)."""
        if self.wanted == "MASTER":
            self.go_master(now, f"{why}; address owner: MASTER at once")
            return
        waiting_in_init = isinstance(self.state, Init) and self.wanted == "FAULT"
        if self.state.name != self.wanted and not waiting_in_init:
            self._log("entering", state=self.wanted)
        self.intervals.forget()
        if self.wanted == "FAULT":
            self.enter(Fault(), why)
        else:
            interval_us = self.intervals.down_us
            self._heard.forget()
            self.enter(self.backup(now, interval_us), reasons.comes_back(self, why, interval_us))
        self.notify()

    def fall_silent(self, why: str) -> None:
        """BACKUP or INIT to FAULT because the sync group does; no line is written about it."""
        self.enter(Fault(), why)
        self.notify()

    def leave_master(self, now: Micros, why: str, farewell: bool) -> None:
        """MASTER to BACKUP or FAULT, as wanted; ``farewell``: say goodbye with priority 0."""
        self._log("entering", state=self.wanted)
        copies = self.profile.priority_zero_on_fault
        if self.wanted == "FAULT" and (copies > 1 or (copies and not farewell)):
            self.voice.advertise(GOODBYE)  # keepalived: one more than the farewell below
        self._release(farewell and bool(copies or self.wanted != "FAULT"))
        if self.wanted == "FAULT":
            self.enter(Fault(), why)
        else:
            self.enter(self.backup(now, self.intervals.down_us), why)
        self.notify()

    def _release(self, farewell: bool) -> None:
        if farewell:
            self.voice.advertise(GOODBYE)
            self._log("sent_zero")
        self.announcer.left_master()
        self.addresses.release()

    def _stop(self) -> None:
        # RFC 9568 §6.4.3: a MASTER says goodbye with priority 0
        if isinstance(self.state, Master):
            self._release(farewell=True)
        self.enter(Stopped(), "keepalived was told to stop (SIGTERM)")
        self.notify()

    # -- priority and timers --------------------------------------------------------------------------------

    def _weigh(self, event: WeightChanged, now: Micros) -> None:
        old, new = self.priority.effective, self.priority.shift(event.shift)
        if old == new:
            return
        self._log("priority", old=old, new=new)
        self._emit(PriorityChanged(self.config.name, old, new, event.why))
        self.priority.effective = new
        if isinstance(self.state, Backup):
            # keepalived: the running timer is moved by what the interval changes (track_script_weight_*)
            interval_us = self.intervals.down_us
            at_us = self.state.master_down_at_us + interval_us - self.state.master_down_interval_us
            self.state.master_down_at_us = max(now, at_us)
            self.state.master_down_interval_us = interval_us

    def backup(self, now: Micros, interval_us: Micros, preempt_from_us: Micros | None = None) -> Backup:
        """A BACKUP whose timer starts now (or when the start delay is over)."""
        self.armed = self._process.number()
        return Backup(interval_us, max(now, self.delayed_until_us) + interval_us, preempt_from_us)

    def restart_master_down(self, now: Micros) -> None:
        """Wait once more from now, e.g. for the others of the sync group."""
        if isinstance(self.state, Backup):
            self.state = self.backup(now, self.intervals.down_us, self.state.preempt_from_us)

    def _rearm(self, now: Micros) -> None:
        if isinstance(self.state, Master):
            self.armed = self._process.number()
            self.state = Master(now + self.config.advert_interval_us)

    def _rearm_unless_quiet(self, now: Micros) -> None:
        # keepalived: with lower_prio_no_advert a received packet leaves the advert timer alone
        if not self.config.lower_prio_no_advert:
            self._rearm(now)

    def enter(self, state: State, reason: str) -> None:
        """The only way into another state; ``reason`` answers "why?"."""
        old, new = self.state.name, state.name
        self.state = state
        if old == new:
            return
        assert (old, new) in ALLOWED, f"{old} -> {new}"
        self._emit(StateChanged(self.config.name, old, new, reason))

    def warn(self, text: str) -> None:
        """Tell a user what no daemon says."""
        self._emit(Warn(self.config.name, text))

    def notify(self) -> None:
        """Run notify scripts for the state just entered; a group member's own come once only."""
        state = self.state.name
        if self.notified and self.group and self.group.state == state:
            return
        self.notified = True
        self.voice.notify(state, self.priority.effective)
