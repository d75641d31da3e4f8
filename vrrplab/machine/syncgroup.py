"""vrrp_sync_group: instances that are MASTER together or not at all.

A member whose timer runs out waits until all others want to be MASTER too; one member in FAULT takes
the others with it, silently (without a second farewell). keepalived only; no RFC knows groups.
Recordings: sync_group*, notify_sync*.
"""

from __future__ import annotations

from typing import Protocol

from vrrplab.config.model import InstanceConfig, SyncGroupConfig
from vrrplab.machine.announcer import Announcer
from vrrplab.machine.process import Process
from vrrplab.machine.states import Master, State
from vrrplab.machine.voice import run_notify
from vrrplab.units import Micros


class Member(Protocol):
    """What a group knows of an instance: what it is and would be, and how to take it along."""

    @property
    def config(self) -> InstanceConfig: ...
    @property
    def wanted(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def announcer(self) -> Announcer: ...
    def go_master(self, now: Micros, why: str) -> None: ...
    def follow(self, to: str, now: Micros, why: str) -> None: ...
    def give_up(self, now: Micros, why: str) -> None: ...
    def wait_again(self, now: Micros) -> None: ...


class SyncGroup:
    __slots__ = ("_process", "config", "in_fault", "members", "state", "waiting")

    def __init__(self, config: SyncGroupConfig, process: Process) -> None:
        self.config = config
        self._process = process
        self.members: list[Member] = []
        self.state = "BACKUP"
        self.in_fault: set[str] = set()  # members that failed by themselves
        self.waiting: set[str] = set()  # members that wait for a first script result

    def begin(self) -> None:
        """Before the members start, or go on after a reload: MASTER at once if every member may be, as an
        address owner or because it is MASTER already (2.2.7, measured; ``state MASTER`` is not enough).
        """
        if self.members and all(_may_begin_as_master(m) for m in self.members):
            self.state = "MASTER"
        if self.waiting:
            self.state = "INIT"
        if self.in_fault:
            self.state = "FAULT"

    def fail(self) -> None:
        """A member is broken from the start."""
        self.state = "FAULT"

    def may_become_master(self, member: Member, now: Micros) -> bool:
        """Do all others want it too? If not, the member goes on waiting, its timer restarted."""
        if self.state == "MASTER":
            return True
        if any(m is not member and m.wanted != "MASTER" for m in self.members):
            member.wait_again(now)
            return False
        return True

    def follow_to_master(self, leader: Member, now: Micros) -> None:
        if self.state == "MASTER" or not self.may_become_master(leader, now):
            return
        self._say("MASTER")
        for member in self._others(leader):
            if member.state.name != "MASTER":
                member.go_master(now, f"sync group {self.config.name}: {leader.config.name} became MASTER")
        self._settle("MASTER")

    def follow_to_backup(self, leader: Member, now: Micros) -> None:
        self._follow_to("BACKUP", leader, now, "went to BACKUP")

    def _follow_to(self, state: str, leader: Member, now: Micros, what: str) -> None:
        if self.state == state:
            return
        self._say(state)
        for member in self._others(leader):
            if member.state.name != state:
                member.follow(state, now, f"sync group {self.config.name}: {leader.config.name} {what}")
        self._settle(state)

    def give_up(self, leader: Member, now: Micros, why: str) -> None:
        """A member that was MASTER lost an address: the others give theirs back too."""
        for member in self._others(leader):
            if isinstance(member.state, Master):
                member.give_up(now, why)
        self.state = "BACKUP"

    # -- what members report -------------------------------------------------------------------

    def member_failed(self, member: Member, now: Micros) -> None:
        alone = not self.in_fault
        self.in_fault.add(member.config.name)
        if alone:
            self._follow_to("FAULT", member, now, "is in FAULT")

    def member_waits(self, member: Member) -> None:
        """Its faults are gone, but a script has not given its first result yet."""
        self.in_fault.discard(member.config.name)
        self.state = "INIT"

    def member_recovered(self, member: Member) -> bool:
        """True if with this one all members can work again."""
        self.waiting.discard(member.config.name)
        self.in_fault.discard(member.config.name)
        return not self.in_fault and not self.waiting

    def follow(self, leader: Member, now: Micros) -> None:
        """The others go where the leader went when it left FAULT."""
        if leader.state.name == "MASTER":
            self.follow_to_master(leader, now)
        else:
            self.follow_to_backup(leader, now)

    def stop(self) -> None:
        self._settle("STOP")

    def announce(self, leader: Member, now: Micros) -> None:
        """A lower MASTER was heard by one member: the addresses of all others need announcing too."""
        for member in self._others(leader):
            member.announcer.heard_lower(now)

    def notify(self) -> None:
        """Run the group's notify scripts for its state."""
        run_notify(self._process, self.config.notify, "", self.config.name, self.state, 0)

    def _others(self, leader: Member) -> list[Member]:
        return [m for m in self.members if m is not leader]

    def _settle(self, state: str) -> None:
        self.state = state
        self.notify()

    def _say(self, state: str) -> None:
        self._process.log("group_sync", group=self.config.name, state=state)


def _may_begin_as_master(member: Member) -> bool:
    return isinstance(member.state, Master) or (member.wanted == "MASTER" and member.config.address_owner)
