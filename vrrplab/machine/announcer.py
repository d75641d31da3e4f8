"""When gratuitous ARP and unsolicited neighbour advertisements go out, and how many.

keepalived: at once when MASTER (``garp_master_repeat``), again after ``garp_master_delay``, on every lower
advert (``garp_lower_prio_*``), and every ``garp_master_refresh``. A pause between frames of one interface
(``garp_interval``) is kept by a ``Pacer``. Measured in the recordings garp_*; an RFC router sends one, once.
"""

from __future__ import annotations

from heapq import heappop, heappush

from vrrplab.config.model import InstanceConfig, VirtualAddress
from vrrplab.machine.actions import SendGratuitousArp
from vrrplab.machine.pacer import Pacer
from vrrplab.machine.policy import Announced
from vrrplab.machine.process import Process
from vrrplab.units import Micros, earliest


class Announcer:
    """The schedule of one instance. ``holds_addresses`` says whether there is anything to announce."""

    __slots__ = (
        "_again_at_us",
        "_batches",
        "_config",
        "_process",
        "_profile",
        "_refresh_at_us",
        "_times",
        "holds_addresses",
    )

    def __init__(self, config: InstanceConfig, process: Process) -> None:
        self._config = config
        self._process = process
        self._profile = process.profile
        self._batches: list[tuple[Micros, int]] = []  # (due, repeat), a heap: there may be hundreds
        self._refresh_at_us: Micros | None = None
        self._again_at_us: Micros | None = None  # by the profile's own rule
        self._times = 0
        self.holds_addresses = False

    # -- occasions -----------------------------------------------------------------------------

    def became_master(self, now: Micros) -> None:
        self.holds_addresses = True
        garp = self._config.garp
        if self._profile.announce_again_us is not None:
            self._times = 0
            self._announce_by_rule(now)
            return
        if not self._profile.garp_from_config:
            self.announce(1, now)
            return
        self.announce(garp.repeat, now)
        if garp.delay_us:
            heappush(self._batches, (now + garp.delay_us, garp.repeat))
        if garp.refresh_us:
            wait_us = (
                garp.refresh_us if self._profile.refresh_with_adverts else garp.delay_us + garp.refresh_us
            )
            self._refresh_at_us = now + wait_us

    def resume_refresh(self, now: Micros) -> None:
        """After a reload: the refresh goes on, batches that were still due are forgotten (keepalived)."""
        if self._profile.announce_again_us is not None:
            self._times = 1
            self._wait_by_rule(now)
        elif self._config.garp.refresh_us and self._profile.garp_from_config:
            self._refresh_at_us = now + self._config.garp.refresh_us

    def sent_advert(self, now: Micros) -> None:
        """keepalived 2.2.7 looks at ``garp_master_refresh`` only here (measured: >=, not >)."""
        if self._profile.refresh_with_adverts:
            self._refresh_if_due(now)

    def heard_lower(self, now: Micros) -> None:
        """Another MASTER was about: neighbours may have learned its address."""
        garp = self._config.garp
        if garp.lower_prio_repeat:
            self.announce(garp.lower_prio_repeat, now)
            if garp.lower_prio_delay_us:
                heappush(self._batches, (now + garp.lower_prio_delay_us, garp.lower_prio_repeat))

    def left_master(self) -> None:
        """Batches already scheduled stay so: keepalived checks only whether it holds addresses again then."""
        self.holds_addresses = False
        self._refresh_at_us = self._again_at_us = None
        for address in self._config.all_addresses:
            self._pacer_of(address).forget(self.send)

    # -- time ----------------------------------------------------------------------------------

    def next_deadline(self) -> Micros | None:
        first = self._batches[0][0] if self._batches else None
        if self._again_at_us is not None:
            first = earliest(first, self._again_at_us)
        if self._refresh_at_us is None or self._profile.refresh_with_adverts:
            return first
        return earliest(first, self._refresh_at_us)

    def tick(self, now: Micros) -> None:
        while self._batches and self._batches[0][0] <= now:
            _, repeat = heappop(self._batches)
            self.announce(repeat, now)
        if not self._profile.refresh_with_adverts:
            self._refresh_if_due(now)
        if self._again_at_us is not None and now >= self._again_at_us:
            self._announce_by_rule(now)

    def _announce_by_rule(self, now: Micros) -> None:
        """Announce, and ask the profile's rule when that is to be done again."""
        self.announce(1, now)
        self._times += 1
        self._wait_by_rule(now)

    def _wait_by_rule(self, now: Micros) -> None:
        rule = self._profile.announce_again_us
        wait_us = rule(Announced(self._times, self._config.advert_interval_us)) if rule else None
        self._again_at_us = None if wait_us is None else now + wait_us

    def _refresh_if_due(self, now: Micros) -> None:
        if self._refresh_at_us is not None and now >= self._refresh_at_us:
            self._refresh_at_us = now + self._config.garp.refresh_us
            self.announce(self._config.garp.refresh_repeat, now)

    # -- sending -------------------------------------------------------------------------------

    def announce(self, repeat: int, now: Micros) -> None:
        """``repeat`` rounds over all addresses, excluded ones included."""
        if not self.holds_addresses:
            return
        garp = self._config.garp
        for turn in range(repeat):
            for address in self._config.all_addresses:
                is_v6 = ":" in address.address
                interval_us = garp.gna_interval_us if is_v6 else garp.interval_us
                if turn == 0:
                    self._log("na_queue" if is_v6 else "garp_queue", address)
                self._pacer_of(address).request(self.send, address, now, interval_us)

    def send(self, address: VirtualAddress) -> None:
        """One frame, now."""
        self._log("na" if ":" in address.address else "garp", address)
        self._process.emit(
            SendGratuitousArp(
                self._config.name,
                self._config.interface_of(address),
                address.address,
                router=self._profile.na_router_flag,
                broadcast_target=self._profile.garp_target_broadcast,
            )
        )

    def _pacer_of(self, address: VirtualAddress) -> Pacer:
        return self._process.pacer(address.interface, 6 if ":" in address.address else 4)

    def _log(self, key: str, address: VirtualAddress) -> None:
        interface = self._config.interface_of(address)
        self._process.log(key, name=self._config.name, interface=interface, address=address.address)
