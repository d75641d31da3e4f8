"""One VRRP instance: the state machine of RFC 9568 section 6.4, step by step, with keepalived's additions.

``handle(event, now)`` answers with actions, in the order they must be carried out; ``next_deadline()``
says when to call again with ``TimePassed``. The sections stand in the RFC's order, INIT, BACKUP, MASTER, then
FAULT. The numbers in the comments are the steps as RFC 5798 counts them; RFC 9568 has the same in order.
Every change of state goes through ``Role.enter`` and carries a reason that answers "why?".

Beyond the RFCs: FAULT (something tracked is broken), first results of track scripts, start and preempt delay,
weights, sync groups. ``wanted`` is what the instance would be if its sync group let it; keepalived calls it
wantstate.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine import reasons
from vrrplab.machine.acceptance import Objection, outside
from vrrplab.machine.actions import Action, FaultsChanged, PriorityChanged, Warn
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
from vrrplab.machine.faults import Faults
from vrrplab.machine.intervals import Intervals
from vrrplab.machine.policy import ADVERT_AND_GARP, NOTHING, Heard
from vrrplab.machine.preemption import Preemption
from vrrplab.machine.priority import OWNER, OtherOwner, Priority
from vrrplab.machine.process import Process
from vrrplab.machine.profiles import KEEPALIVED_227, Profile
from vrrplab.machine.reception import Reception
from vrrplab.machine.role import Role
from vrrplab.machine.states import Backup, Fault, Init, Master, State, Stopped
from vrrplab.machine.syncgroup import SyncGroup
from vrrplab.machine.virtual_addresses import VirtualAddresses
from vrrplab.machine.voice import GOODBYE, Voice
from vrrplab.units import Micros, earliest
from vrrplab.wire.addresses import pack_address


class Instance:
    """``state``: where it goes on after a reload; by default it has yet to start."""

    __slots__ = (
        "_heard",
        "_other_owner",
        "_preemption",
        "_process",
        "addresses",
        "announcer",
        "config",
        "delayed_until_us",
        "faults",
        "group",
        "intervals",
        "notified",
        "priority",
        "profile",
        "reception",
        "role",
        "unbound",
        "voice",
        "wanted",
    )

    def __init__(
        self,
        config: InstanceConfig,
        profile: Profile = KEEPALIVED_227,
        process: Process | None = None,
        state: State | None = None,
    ) -> None:
        self.config = config
        self.profile = profile
        self._process = process or Process(profile)
        self.role = Role(config.name, self._process, state or Init())
        self.voice = Voice(config, self._process)
        self.priority = Priority(config)
        self.intervals = Intervals(config, self._process, self.voice, self.priority)
        self.reception = Reception(config, self._process, self.voice)
        self._heard = self.reception.heard
        self._preemption = Preemption(config, self.voice, self.priority)
        self._other_owner = OtherOwner(config, self._process, self.voice, self.priority)
        self.announcer = Announcer(config, self._process)
        self.addresses = VirtualAddresses(config, self._process, self.voice)
        self.faults = Faults()
        self.wanted = config.state
        self.group: SyncGroup | None = None
        self.delayed_until_us: Micros = 0
        self.notified = False
        self.unbound = False  # its sockets could not be opened: it hears nobody, and waits for nothing

    @property
    def state(self) -> State:
        return self.role.state

    @property
    def armed(self) -> int:
        """When its timer was last set, as a number that counts up."""
        return self.role.armed

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
        due = self.role.next_deadline()
        if self.unbound and isinstance(self.role.state, Backup):
            due = None  # it waits in vain
        announces_at_us, judged_at_us = self.announcer.next_deadline(), self._other_owner.judged_at_us
        if announces_at_us is None and judged_at_us is None:
            return due
        return earliest(due, announces_at_us, judged_at_us)

    def react(self, event: InstanceEvent, now: Micros) -> None:
        """As ``handle``, the actions going to the process's common list."""
        match event:  # the two that come all the time, before the others
            case AdvertisementReceived():
                self._advert(event, now)
            case TimePassed():
                self._time_passed(now)
            case _:
                self._news(event, now)

    def only_follows(self, event: AdvertisementReceived, now: Micros) -> bool:
        """A BACKUP that has just heard this: would the same again only start its timer anew?"""
        state, priority = self.role.state, event.advertisement.priority
        return (
            isinstance(state, Backup)
            and state.preempt_from_us is None
            and not self.unbound
            and self.group is None
            and not self.config.address_owner
            and priority != GOODBYE
            and self.delayed_until_us <= now
            and self.wanted == "BACKUP"
            and self.reception.found_fine(event)
            and self.reception.master_address == event.source
            and self._preemption.simply_yields_to(priority)
            and state.master_down_at_us == now + self.intervals.down_us
        )

    def _advert(self, event: AdvertisementReceived, now: Micros) -> None:
        match self.role.state:
            case Backup() as backup:
                self._advert_in_backup(event, backup, now)
            case Master():
                self._advert_in_master(event, now)
            case Init(master_at_us=int(at_us)) as init:
                self._advert_in_delay(event, init, at_us, now)
            case _:
                pass  # INIT, FAULT, STOP: nobody listens

    def _news(self, event: InstanceEvent, now: Micros) -> None:
        match event, self.role.state:
            case _, Stopped():
                pass
            case InstanceStarted(), Init():
                self._start(event, now)
            case StopRequested(), Master():
                self._shut_down_master()
            case StopRequested(), _:
                self._shut_down()
            case InstanceStarted() | TrackedObjectFailed() | TrackedObjectRecovered(), Fault():
                self._more_or_less(event, now)
            case TrackedObjectFailed(), _:
                self._failed(event, now)
            case TrackedObjectRecovered(), _:
                self._recovered(event, now)
            case WeightChanged(), _:
                self._weigh(event, now)
            case VirtualAddressRemoved(), Master():
                self._address_gone(event, now)
            case DelayEnded(), _:
                self.delayed_until_us = 0
            case _:
                pass  # started already; or an address that it does not hold is gone

    def _time_passed(self, now: Micros) -> None:
        self.announcer.tick(now)
        self._other_owner.tick(now)
        match self.role.state:
            case Master(advert_at_us=at_us) if now >= at_us:
                self.advertise(now)
            case Backup(master_down_at_us=at_us) if now >= at_us and not self.unbound:
                self._master_is_down(now)
            case Init(master_at_us=at_us, by_timeout=by_timeout) if at_us is not None and now >= at_us:
                self._owner_begins(now, by_timeout)

    # -- INIT (RFC 9568 §6.4.1 Initialize) ----------------------------------------------------------------

    def _start(self, event: InstanceStarted, now: Micros, again: bool = False) -> None:
        # §6.4.1 (100) a Startup event
        self.voice.source = event.source
        self.faults.begin(event)
        self.delayed_until_us = event.delayed_until_us
        self.priority.effective = self.priority.shift(event.priority_shift)
        for remark in outside(self.config, self.profile):
            self._process.emit(Warn(self.config.name, remark))
        group = self.group
        broken = event.faults or (group and group.state == "FAULT")
        undecided = event.waits_for or (group and group.waiting)
        if (broken or undecided) and not again:
            self.addresses.remove_routes()
        if event.faults:  # keepalived: something broken means FAULT
            self.wanted = "FAULT"
            self._fall_silent(reasons.starts_broken(event.faults))
        elif group and broken:
            self._fall_silent(f"sync group {group.config.name} is in FAULT")
        elif undecided:
            pass  # keepalived: INIT until the first result of each track script is there
        elif self._starts_as_master():
            # §6.4.1 (105) the address owner: MASTER without listening first
            if self.delayed_until_us > now:
                self._hold(now, 0, by_timeout=True)
            else:
                self._owner_begins(now, by_timeout=True)
        else:
            # §6.4.1 (150) everybody else
            would_be_master = group and group.state == "BACKUP" and self.wanted == "MASTER"
            # (155) Active_Adver_Interval is its own interval at the start, as Intervals begins with it
            interval_us = self.intervals.one_advert_us if would_be_master else self.intervals.down_us
            self.addresses.remove_routes()
            self.voice.log("backup_init")
            waits = self.intervals.in_words(interval_us)
            # (160) Active_Down_Timer, (165) BACKUP
            self._enter_backup(now, interval_us, reasons.starts_as_backup(self.priority.effective, waits))
            self.notify()
        # (170) (175)

    def _starts_as_master(self) -> bool:
        """keepalived: an owner only with ``state MASTER``, and if its sync group agrees."""
        wants = self.wanted == "MASTER" or not self.profile.owner_needs_state_master
        group_agrees = self.group is None or self.group.state == "MASTER"
        return self.config.address_owner and wants and group_agrees

    def _hold(self, now: Micros, longer_us: Micros, by_timeout: bool) -> None:
        """keepalived: the start delay keeps an owner waiting, and something ``longer_us``."""
        if isinstance(self.role.state, Init):
            self.role.enter(Init(self.delayed_until_us + longer_us, by_timeout), reasons.OWNER_WAITS)
        else:
            self._enter_backup(now, longer_us, reasons.OWNER_WAITS)

    def _advert_in_delay(self, event: AdvertisementReceived, state: Init, at_us: Micros, now: Micros) -> None:
        """keepalived 2.2.7: an owner that its start delay holds hears as a BACKUP does, and what it discards
        sets its timer anew, as everybody's there: what was left of it, from the end of the delay on.
        """
        if self.profile.delay_covers_owners:
            return  # 2.4.3 does not listen before its start delay is over
        priority = event.advertisement.priority
        new_sender = self.reception.greet(event.source)
        if self.reception.accepts(event, new_sender or not self.config.skip_check_adv_addr):
            if priority in (GOODBYE, OWNER):
                return
            self.voice.log("lower_discarded", priority=priority, source=event.source)
            self._heard.discarded(event.source, priority)
        later_us = max(now, self.delayed_until_us) + max(0, at_us - now)
        self.role.enter(Init(later_us, state.by_timeout), reasons.OWNER_WAITS)

    def _owner_begins(self, now: Micros, by_timeout: bool) -> None:
        if by_timeout:
            self.voice.log("timeout")
        self._become_master(now, reasons.OWNER_BEGINS)  # (110) to (145) are in go_master

    def _become_master(self, now: Micros, why: str) -> None:
        self.go_master(now, why)
        if self.group and self.role.state.name == "MASTER":
            self.group.follow_to_master(self, now)

    def go_master(self, now: Micros, why: str) -> None:
        """INIT, BACKUP or FAULT to MASTER, if the sync group agrees."""
        self.wanted = "MASTER"
        if self.group and not self.group.may_become_master(self, now):
            return
        self.reception.forgive()
        if self.profile.delay_covers_owners and self.delayed_until_us > now:
            self._hold(now, self.config.advert_interval_us, by_timeout=False)
            return
        lines_before = self._process.lines
        # §6.4.1 (140) and §6.4.2 (405) Adver_Timer; (145) and (410) MASTER
        self.role.enter(Master(now + self.config.advert_interval_us), why)
        # (110) and (370) an advert; before the addresses: the old MASTER must let go first
        self.voice.advertise(self.priority.effective)
        self.voice.log("entering", state="MASTER")
        self._other_owner.became_master()
        self.intervals.use_own()
        # (390) the host joins the solicited-node groups of IPv6 addresses as it takes them
        self.addresses.take()
        # (115) to (135) and (375) to (400) gratuitous ARP or unsolicited NA, for each address
        self.announcer.became_master(now)
        self.notify()
        # keepalived arms the timer when all that is done: the first interval is longer by the work
        work_us = (self._process.lines - lines_before) * self.profile.line_us
        self._restart_advert(now + work_us)

    # -- BACKUP (RFC 9568 §6.4.2) -------------------------------------------------------------------------
    #
    # (300) to (340) what a BACKUP must not answer, take or accept: it has given the virtual addresses back
    # (``_let_go``), and with them the host answers for none, takes no frame and accepts no packet to them.

    def _shut_down(self) -> None:
        # §6.4.2 (345) a Shutdown event; (350) no timer outlives its state; (355) keepalived calls it STOP
        self.role.enter(Stopped(), f"{self.profile.daemon} was told to stop (SIGTERM)")
        self.notify()
        # (360)

    def _master_is_down(self, now: Micros) -> None:
        # §6.4.2 (365) the Active_Down_Timer fires; (370) to (410) are in go_master
        self.voice.log("timeout")
        waited = self.intervals.in_words(self.intervals.down_us)
        ours, skew = self.priority.effective, self.intervals.skew_in_words()
        self._become_master(now, self._heard.why_master(ours, skew, waited, now))
        # (415)

    def _advert_in_backup(self, event: AdvertisementReceived, state: Backup, now: Micros) -> None:
        # §6.4.2 (420) an advert is received
        if self.profile.delay_covers_owners and self.delayed_until_us > now:
            return  # keepalived 2.4.3 does not listen before its start delay is over
        priority = event.advertisement.priority
        reception = self.reception
        new_sender = event.source != reception.master_address and reception.greet(event.source)
        if not reception.accepts(event, new_sender or not self.config.skip_check_adv_addr):
            self._wait_on(now, state)
            return
        if new_sender:
            reception.forgive()
        if self.config.address_owner:
            self._other_owner.heard_in_backup(priority, new_sender)
        if priority == GOODBYE:
            # (425) priority 0: (430) Active_Down_Timer is Skew_Time
            self.voice.log("backup_got_zero")
            self._heard.goodbye(event.source)
            self.restart_master_down(now, self.intervals.skew_us, state.preempt_from_us)
        # (440) any other priority
        elif self._preemption.yields_to(priority, state.preempt_from_us, now):
            # (445) no preemption, or theirs is not lower than ours
            self.intervals.learn(event.advertisement.interval_us)  # (450)
            reception.master_address = event.source
            self._heard.accepted(event.source, priority, now)
            preempt_from_us = self._preemption.delayed_until(priority, state.preempt_from_us, now)
            self.wanted = "BACKUP"
            # (455) (460) down_us is reckoned with what was learned; (465) Active_Down_Timer
            self.restart_master_down(now, self.intervals.down_us, preempt_from_us)
        else:
            # (470) (475) a lower one is discarded, the timer runs on
            self.voice.log("lower_discarded", priority=priority, source=event.source)
            self.reception.master_address = event.source
            self._heard.discarded(event.source, priority)
            self._wait_on(now, state)
        # (480) (485) (490) (495)

    def _enter_backup(self, now: Micros, interval_us: Micros, why: str) -> None:
        """BACKUP, MASTER after ``interval_us`` without an advert, counted from the end of the start delay."""
        from_us = max(now, self.delayed_until_us)
        self.role.enter(Backup(interval_us, from_us + interval_us), why)

    def restart_master_down(
        self, now: Micros, interval_us: Micros, preempt_from_us: Micros | None = None
    ) -> None:
        """BACKUP: MASTER after ``interval_us``; preempt_delay runs until ``preempt_from_us``."""
        from_us = now if now > self.delayed_until_us else self.delayed_until_us
        self.role.restart_master_down(from_us, interval_us, preempt_from_us)

    def _wait_on(self, now: Micros, state: Backup) -> None:
        """BACKUP: what was left of its wait is left still."""
        self.restart_master_down(now, max(0, state.master_down_at_us - now), state.preempt_from_us)

    def wait_again(self, now: Micros) -> None:
        """A BACKUP whose sync group is not ready begins its wait anew."""
        if isinstance(self.role.state, Backup):
            self.restart_master_down(now, self.intervals.down_us, self.role.state.preempt_from_us)

    # -- MASTER (RFC 9568 §6.4.3 Active) ------------------------------------------------------------------
    #
    # (600) to (650) what a MASTER must answer, forward and accept: it holds the virtual addresses
    # (``addresses.take``), so the host does that; ``addresses.accepted`` is Accept_Mode of (635) and (650).

    def _shut_down_master(self) -> None:
        # §6.4.3 (655) a Shutdown event; (665) an advert with priority 0; (660) (670) as a BACKUP
        self._let_go(farewell=True)
        self._shut_down()
        # (675)

    def advertise(self, now: Micros) -> None:
        """A MASTER's advert, and what is due with it."""
        # §6.4.3 (680) the Adver_Timer fires
        self._restart_advert(now)  # (690)
        self.voice.advertise(self.priority.effective)  # (685)
        self._other_owner.advert_sent(now)
        self.announcer.sent_advert(now)
        if self.group:
            self.group.follow_to_master(self, now)
        # (695)

    def _advert_in_master(self, event: AdvertisementReceived, now: Micros) -> None:
        # §6.4.3 (700) an advert is received
        advert = event.advertisement
        if not self.reception.accepts(event, check_addresses=True):
            if self.profile.rejected_advert_rearms:
                self._restart_unless_quiet(now)  # keepalived: as after any packet
            return
        theirs_is_higher = pack_address(event.source) > pack_address(self.voice.source)
        if advert.priority == GOODBYE:
            # (705) priority 0
            self.voice.advertise(self.priority.effective)  # (710)
            self.voice.log("master_got_zero")
            self._restart_advert(now)  # (715)
            return
        # (720) any other priority
        if self._loses_to(advert.priority, theirs_is_higher):
            self._answer_better(event, now)
        if advert.priority == self.priority.effective:
            if event.source == self.voice.source:
                self.voice.log("same_address")
                if self.profile.lower_advert_rearms:
                    self._restart_unless_quiet(now)
                return
            if self.priority.effective == OWNER:
                self._other_owner.met(event.source, advert.interval_us, theirs_is_higher)
        if self._loses_to(advert.priority, theirs_is_higher):
            self._yield_to(event, now)
        else:
            self._answer_lower(event, now)

    def _loses_to(self, priority: int, theirs_is_higher: bool) -> bool:
        # (725) theirs is higher, or equal and sent from a higher address
        ours = self.priority.effective
        return priority > ours or (priority == ours and theirs_is_higher)

    def _yield_to(self, event: AdvertisementReceived, now: Micros) -> None:
        theirs, ours = event.advertisement.priority, self.priority.effective
        key = "higher" if theirs > ours else "same_higher_ip"
        self.voice.log(key, source=event.source, priority=theirs, ours=ours)
        self.intervals.learn(event.advertisement.interval_us)  # (735)
        self.reception.master_address = event.source
        self.wanted = "BACKUP"
        self._heard.accepted(event.source, theirs, now)
        # (730) no timer outlives its state; (740) to (755) are in _leave_master
        why = reasons.better_advert(event.source, theirs, ours)
        self._leave_master(now, "BACKUP", why, farewell=False)
        if self.group:
            self.group.follow_to_backup(self, now)

    def _answer_to(self, event: AdvertisementReceived, is_better: bool) -> str:
        theirs, ours = event.advertisement.priority, self.priority.effective
        return self.profile.answer(Heard(theirs, event.source, ours, self.voice.source, is_better))

    def _answer_better(self, event: AdvertisementReceived, now: Micros) -> None:
        """A last word before it gives way (keepalived: an option; no RFC has one)."""
        answer = self._answer_to(event, is_better=True)
        if self.config.higher_prio_send_advert or answer != NOTHING:
            self.voice.advertise(self.priority.effective)
        if answer == ADVERT_AND_GARP:
            self.announcer.heard_lower(now)

    def _answer_lower(self, event: AdvertisementReceived, now: Micros) -> None:
        # (760) a lower advert, new in RFC 9568: discard it and answer with an advert at once
        answer = self._answer_to(event, is_better=False)
        if answer == NOTHING:
            return  # RFC 3768 and 5798 §6.4.3: discard
        silent = self.config.lower_prio_no_advert
        theirs, ours = event.advertisement.priority, self.priority.effective
        tail = "" if silent else ", forcing new election"
        self.voice.log("lower_answered", source=event.source, priority=theirs, ours=ours, tail=tail)
        if event.sequence is not None:
            self.voice.log("ah_sync")
            self.voice.sequence = event.sequence + 1
        if not silent:
            self.voice.advertise(ours)
        if answer == ADVERT_AND_GARP:
            self.announcer.heard_lower(now)
            if self.group:
                self.group.announce(self, now)
            self.voice.notify_lower_heard()
        if self.profile.lower_advert_rearms:
            self._restart_unless_quiet(now)

    def _leave_master(self, now: Micros, to: str, why: str, farewell: bool) -> None:
        """MASTER to BACKUP or FAULT; ``farewell``: say goodbye with priority 0."""
        self.voice.log("entering", state=to)
        copies = self.profile.priority_zero_on_fault
        if to == "FAULT" and (copies > 1 or (copies and not farewell)):
            self.voice.advertise(GOODBYE)  # keepalived: one more than the farewell below
        self._let_go(farewell and bool(copies or to != "FAULT"))
        if to == "FAULT":
            self.role.enter(Fault(), why)
        else:
            # §6.4.3 (740) (745) down_us is reckoned anew; (750) Active_Down_Timer, (755) BACKUP
            self._enter_backup(now, self.intervals.down_us, why)
        self.notify()

    def _let_go(self, farewell: bool) -> None:
        if farewell:
            self.voice.advertise(GOODBYE)
            self.voice.log("sent_zero")
        self.announcer.left_master()
        self.addresses.release()

    def _restart_advert(self, now: Micros) -> None:
        self.role.restart_advert(now, self.config.advert_interval_us)

    def _restart_unless_quiet(self, now: Micros) -> None:
        # keepalived: with lower_prio_no_advert a received packet leaves the advert timer alone
        if not self.config.lower_prio_no_advert:
            self._restart_advert(now)

    def objection(self, event: AdvertisementReceived) -> Objection | None:
        """Why an advert that reached it would not be used now; None: it would be. Asking changes nothing."""
        return self.reception.objection(
            event,
            isinstance(self.role.state, Master)
            or event.source != self.reception.master_address
            or not self.config.skip_check_adv_addr,
        )

    # -- FAULT (keepalived; to the RFCs a router that cannot work is shut down) ------------------------------

    def _failed(self, event: TrackedObjectFailed, now: Micros) -> None:
        """Something it depends on failed."""
        self.priority.shift(event.shift)
        if not self.faults.add(event):
            return
        self.wanted = "FAULT"
        if isinstance(self.role.state, Master):
            self._leave_master(now, "FAULT", event.why, farewell=True)
        else:
            self._change_to("FAULT", now, event.why)
        if self.group:
            self.group.member_failed(self, now)

    def _recovered(self, event: TrackedObjectRecovered, now: Micros) -> None:
        """It works again, or a script gave its first result: the instance comes back when all is well."""
        group = self.group
        if event.shift is not None:
            self._regain(event.shift, event.why)
        match self.faults.remove(event):
            case "":
                return
            case "waits":
                self.wanted = "BACKUP"
                if group:
                    group.member_waits(self)
                return
        at_once = self.wanted == "MASTER" or self.profile.owner_returns_at_once
        self.wanted = to = "MASTER" if self.config.address_owner and at_once else "BACKUP"
        self.intervals.forget()
        if group and not group.member_recovered(self):
            return
        if group and to == "MASTER" and not group.may_become_master(self, now):
            to = "BACKUP"
        self._change_to(to, now, event.why)
        if self.delayed_until_us <= now:
            self.voice.announce_own_address()
        if group:
            group.follow(self, now)

    def _more_or_less(
        self, event: InstanceStarted | TrackedObjectFailed | TrackedObjectRecovered, now: Micros
    ) -> None:
        """In FAULT already: what holds it there is told anew, if that is something else and it stays."""
        before = self.faults.told
        match event:
            case InstanceStarted():  # after a reload
                self._start(event, now)
            case TrackedObjectFailed():
                self._failed(event, now)
            case TrackedObjectRecovered():
                self._recovered(event, now)
        if isinstance(self.role.state, Fault) and self.faults.told != before:
            self._process.emit(FaultsChanged(self.config.name, self.faults.told))

    def _change_to(self, to: str, now: Micros, why: str) -> None:
        """From INIT, FAULT or BACKUP to another state (keepalived has one way for all of them)."""
        if to == "MASTER":
            self.go_master(now, f"{why}; address owner: MASTER at once")
            return
        state = self.role.state
        waiting_in_init = isinstance(state, Init) and to == "FAULT"
        if state.name != to and not waiting_in_init:
            self.voice.log("entering", state=to)
        self.intervals.forget()
        if to == "FAULT":
            self._fall_silent(why)
        else:
            self._heard.forget()
            interval_us = self.intervals.down_us
            waits = self.intervals.in_words(interval_us)
            self._enter_backup(now, interval_us, reasons.comes_back(why, self.config.address_owner, waits))
            self.notify()

    def _fall_silent(self, why: str) -> None:
        self.role.enter(Fault(), why)
        self.notify()

    def follow(self, to: str, now: Micros, why: str) -> None:
        """The sync group goes to BACKUP or FAULT and takes this member along."""
        self.wanted = to
        if isinstance(self.role.state, Master):
            self._leave_master(now, to, why, farewell=False)
        elif to == "BACKUP":
            self._change_to(to, now, why)
        elif not isinstance(self.role.state, Stopped):
            self._fall_silent(why)  # no line is written about it

    def _address_gone(self, event: VirtualAddressRemoved, now: Micros) -> None:
        why = f"address {event.address} was taken off its interface by somebody else"
        self.give_up(now, why)
        if self.group:
            self.group.give_up(self, now, why)

    def give_up(self, now: Micros, why: str) -> None:
        """A MASTER lost an address: keepalived says goodbye and is back after its own skew time."""
        self.wanted = "BACKUP"
        self._leave_master(now, "BACKUP", why, farewell=True)
        self.restart_master_down(now, self.intervals.skew_us)
        self._heard.self_inflicted()

    def begin_again(self, event: InstanceStarted, now: Micros) -> None:
        """A reload found a fault, or the sync group may not be MASTER: a fresh start, without a farewell."""
        if isinstance(self.role.state, Master):
            self._let_go(farewell=False)
        self._start(event, now, again=True)

    def reopen(self) -> None:
        """Its card was made, or made anew: sockets are opened at that moment.

        keepalived 2.2.7 (measured): a unicast one cannot be bound to an address that is not there yet. The
        instance goes to BACKUP with its card all the same, hears nobody and never takes over; a reload opens
        the socket.
        """
        config = self.config
        if config.unicast and self.profile.binds_unicast_source:
            self.unbound = True
            text = f"its card {config.interface} was made while the daemon ran, and had no address yet"
            cure = "it hears nobody and never takes over until a reload"
            self._process.emit(Warn(config.name, f"{text}: {cure}"))

    # -- weights and notify scripts (keepalived) -------------------------------------------------------------

    def _weigh(self, event: WeightChanged, now: Micros) -> None:
        old, new = self.priority.effective, self.priority.shift(event.shift)
        if old == new:
            return
        self.voice.log("priority", old=old, new=new)
        self._process.emit(PriorityChanged(self.config.name, old, new, event.why))
        self.priority.effective = new
        state = self.role.state
        if isinstance(state, Backup):
            # keepalived: the running timer is moved by what the interval changes (track_script_weight_*)
            interval_us = self.intervals.down_us
            at_us = max(now, state.master_down_at_us + interval_us - state.master_down_interval_us)
            self.role.restart_master_down(at_us - interval_us, interval_us, state.preempt_from_us)

    def _regain(self, shift: int, why: str) -> None:
        """A file's value no longer means FAULT but ``shift`` (keepalived's own words for that)."""
        old, self.priority.effective = self.priority.effective, self.priority.shift(shift)
        if shift:
            self.voice.log("priority_set", new=self.priority.effective)
        if old != self.priority.effective:
            self._process.emit(PriorityChanged(self.config.name, old, self.priority.effective, why))

    def notify(self) -> None:
        """Run notify scripts for the state just entered; a group member's own come once only."""
        state = self.role.state.name
        if self.notified and self.group and self.group.state == state:
            return
        self.notified = True
        self.voice.notify(state, self.priority.effective)
