"""How much of what a wire brings may reach the machine: nobody can starve a router by shouting.

Every packet is parsed and judged by the machine's own rules first. Then it takes a token: rejected ones from
a small bucket for each instance and kind of fault (enough for the log), lower adverts from another (each
makes a MASTER answer with an advert and a round of ARP), all others from a large one; what comes from the
MASTER an instance follows has its own, so that strangers cannot use it up. What gets no token is counted, by
reason, and told once a second. The tables have a fixed number of keys, so memory stays flat whatever the
senders invent.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.drive.messages import Packet, Unusable, key_of, understand
from vrrplab.errors import DropReason
from vrrplab.machine.acceptance import examine
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.instance import Instance
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
        self.counts: dict[str, int] = {}
        self.sources: dict[str, int] = {}

    def add(self, reason: str, source: str) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1
        if source in self.sources or len(self.sources) < _MOST_SOURCES:
            self.sources[source] = self.sources.get(source, 0) + 1
        else:
            self.sources["others"] = self.sources.get("others", 0) + 1

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def text(self, now: Micros) -> str:
        """One sentence for a log."""
        kinds = ", ".join(f"{n} {reason}" for reason, n in sorted(self.counts.items(), key=lambda c: -c[1]))
        period_s = max(now - self.since_us, 1) / SECOND_US
        who = max(self.sources, key=lambda s: self.sources[s])
        return f"{self.total} more packets in {period_s:.1f} s not passed on ({kinds}); most from {who}"


class Guard:
    """Stands between the sockets and the daemon of one process."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._summary = Summary()
        self.received = 0
        self.passed = 0
        self.follow(daemon)

    def follow(self, daemon: Daemon) -> None:
        """(Re)read which instances there are."""
        self._by_vrid: dict[tuple[str, int, int], Instance] = {}
        self._keys: dict[tuple[str, int], bytes] = {}
        for instance in daemon.instances:
            config = instance.config
            self._by_vrid.setdefault((config.interface, config.vrid, config.family), instance)
            key = key_of(config.authentication)
            if key is not None:
                self._keys[config.interface, config.vrid] = key
        self._buckets.clear()

    def judge(self, packet: Packet | Unusable, now: Micros) -> AdvertisementReceived | Unusable | None:
        """What the driver should do with a packet: hand it on, write down why not, or (None) nothing."""
        self.received += 1
        if isinstance(packet, Unusable):
            return packet if self._passes("", packet.reason.name, packet.source, now) else None
        message = packet.message
        key = (packet.interface, message[1] if len(message) > 1 else 0, 6 if ":" in packet.source else 4)
        instance = self._by_vrid.get(key)
        fault = _plain_fault(instance, packet)
        if fault:
            # most of a flood ends here, without having been parsed; a few go on, so that the log tells of
            # them
            name = instance.config.name if instance is not None else ""
            if not self._passes(name, fault, packet.source, now):
                return None
        found = understand(packet, self._keys.get(key[:2]) if packet.ah is not None else None)
        if isinstance(found, Unusable):
            if not fault and not self._passes("", found.reason.name, found.source, now):
                return None
        elif not fault and instance is not None and not self._may_reach(instance, found, now):
            return None
        self.passed += 1
        return found

    def _may_reach(self, instance: Instance, event: AdvertisementReceived, now: Micros) -> bool:
        config, name = instance.config, instance.config.name
        fault = _fault(instance, event)
        if fault:
            return self._passes(name, fault, event.source, now)
        if event.source == instance.reception.master_address:
            rate = max(FOLLOWED_A_SECOND, 4 * SECOND_US // max(config.advert_interval_us, 1))
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


def _plain_fault(instance: Instance | None, packet: Packet) -> str:
    """A fault that a few bytes show: the name of its DropReason, or "". What is not seen here is seen
    later.
    """
    message = packet.message
    if len(message) < 8:
        return DropReason.TOO_SHORT.name
    if instance is None:
        return DropReason.BAD_VRID.name
    config = instance.config
    if packet.ttl != 255 and not config.unicast:
        return DropReason.BAD_TTL.name
    if message[0] != config.version << 4 | 1:
        return DropReason.BAD_VERSION.name
    if message[3] != len(config.virtual_addresses) and instance.profile.list_mismatch == "drop":
        return DropReason.BAD_COUNT.name
    if config.version == 2:
        if message[5] * SECOND_US != config.advert_interval_us:
            return DropReason.BAD_INTERVAL.name
        if len(message) % 2 == 0 and int.from_bytes(message, "big") % 0xFFFF:
            return DropReason.BAD_CHECKSUM.name  # RFC 1071: all words sum up to zero
    return ""


def _fault(instance: Instance, event: AdvertisementReceived) -> str:
    """Name of the DropReason the machine will reject this advert for, or ""."""
    config = instance.config
    expects_ah = config.authentication is not None and config.authentication.kind == "AH"
    if expects_ah != (event.sequence is not None):
        return DropReason.BAD_AUTH_TYPE.name
    if config.unicast == _is_multicast(event.destination, config):
        return DropReason.UNICAST_MISMATCH.name
    changed = event.source != instance.reception.master_address
    finding = examine(
        config,
        instance.profile,
        event,
        check_addresses=changed or not config.skip_check_adv_addr,
        last_sequence=instance.voice.sequence,
    )
    return finding.reason.name if finding is not None and finding.fatal else ""


def _is_multicast(destination: str, config: InstanceConfig) -> bool:
    return destination.startswith("ff") or destination == (config.multicast_group or "224.0.0.18")
