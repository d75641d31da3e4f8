"""How much of what a wire brings may reach the machine: nobody can starve a router by shouting.

Every packet is parsed, and the daemon asked whether it would use it. Then it takes a token: rejected ones
from a small bucket for each instance and kind of fault (enough for the log), lower adverts from another (each
makes a MASTER answer with an advert and a round of ARP), all others from a large one; what comes from the
MASTER an instance follows has its own, so that strangers cannot use it up. What gets no token is counted, by
reason, and told once a second. The tables have a fixed number of keys, so memory stays flat whatever the
senders invent.
"""

from __future__ import annotations

from collections import Counter

from vrrplab.drive.messages import Packet, Unusable, key_of, understand
from vrrplab.errors import DropReason
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.units import SECOND_US, Micros

REJECTED_A_SECOND = 2
LOWER_A_SECOND = 20
OTHERS_A_SECOND = 200
FOLLOWED_A_SECOND = 200
SURPLUS = "more than a router listens to"
_MOST_SOURCES = 8  # named in a summary


class Bucket:
    """A token bucket of one second's worth."""

    __slots__ = ("_at_us", "_rate", "_tokens")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tokens = float(rate)
        self._at_us: Micros | None = None

    def take(self, now: Micros) -> bool:
        """True if one more may pass at ``now``."""
        if self._at_us is not None:
            gained = (now - self._at_us) * self._rate / SECOND_US
            self._tokens = min(float(self._rate), self._tokens + gained)
        self._at_us = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Summary:
    """What was not passed on since the last summary: numbers by reason, and who sent it."""

    def __init__(self) -> None:
        self.since_us: Micros = 0
        self.counts: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()

    def add(self, reason: str, source: str) -> None:
        self.counts[reason] += 1
        is_named = source in self.sources or len(self.sources) < _MOST_SOURCES
        self.sources[source if is_named else "others"] += 1

    def text(self, now: Micros) -> str:
        """One sentence for a log."""
        kinds = ", ".join(f"{n} {reason}" for reason, n in self.counts.most_common())
        period_s = max(now - self.since_us, 1) / SECOND_US
        who, total = self.sources.most_common(1)[0][0], self.counts.total()
        return f"{total} more packets in {period_s:.1f} s not passed on ({kinds}); most from {who}"


class Guard:
    """Stands between the sockets and the daemon of one process."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._summary = Summary()
        self.received = 0
        self.passed = 0

    def follow(self) -> None:
        """A reload: what was counted by the old configuration is forgotten."""
        self._buckets.clear()

    def judge(self, packet: Packet | Unusable, now: Micros) -> AdvertisementReceived | Unusable | None:
        """What the driver should do with a packet: hand it on, write down why not, or (None) nothing."""
        self.received += 1
        found = packet if isinstance(packet, Unusable) else understand(packet, self._key(packet))
        if isinstance(found, Unusable):
            passes = self._passes("", found.reason.name, found.source, now)
        else:
            passes = self._may_reach(found, now)
        if passes and not isinstance(packet, Unusable):
            self.passed += 1
        return found if passes else None

    def _key(self, packet: Packet) -> bytes | None:
        """What an AH value is checked with."""
        if packet.ah is None or len(packet.message) < 2:
            return None
        instance = self._daemon.instance_of(packet.interface, packet.message[1], packet.source)
        return key_of(instance.config.authentication) if instance is not None else None

    def _may_reach(self, event: AdvertisementReceived, now: Micros) -> bool:
        instance, reason = self._daemon.judge(event)
        name = instance.config.name if instance is not None else ""
        if instance is None or reason is not None:
            return self._passes(name, (reason or DropReason.BAD_VRID).name, event.source, now)
        if event.source == instance.reception.master_address:
            interval_us = max(instance.config.advert_interval_us, 1)
            rate = max(FOLLOWED_A_SECOND, 4 * SECOND_US // interval_us)
            return self._passes(name, "followed", event.source, now, rate)
        if 0 < event.advertisement.priority < instance.effective_priority:
            return self._passes(name, "lower", event.source, now, LOWER_A_SECOND)
        return self._passes(name, "others", event.source, now, OTHERS_A_SECOND)

    def _passes(
        self, instance: str, kind: str, source: str, now: Micros, rate: int = REJECTED_A_SECOND
    ) -> bool:
        bucket = self._buckets.get((instance, kind))
        if bucket is None:
            bucket = self._buckets[instance, kind] = Bucket(rate)
        if bucket.take(now):
            return True
        if not self._summary.counts:
            self._summary.since_us = now
        reason = DropReason[kind].value if kind in DropReason.__members__ else SURPLUS
        self._summary.add(reason, source)
        return False

    def summary(self, now: Micros) -> str:
        """What was held back, when a second of it has come together; else ""."""
        held = self._summary
        if not held.counts or now - held.since_us < SECOND_US:
            return ""
        self._summary = Summary()
        return held.text(now)
