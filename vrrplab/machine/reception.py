"""What one instance makes of the adverts it receives: which count, what is written about the others.

The rules of acceptance are in ``acceptance``; here is what an instance remembers between two adverts: who
the MASTER is, what has been said about its adverts already, and (``heard``) what explains a later takeover.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.acceptance import Law, Objection, interval_remark, receiver_of
from vrrplab.machine.actions import AdvertisementDropped
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.process import Process
from vrrplab.machine.reasons import HeardSoFar
from vrrplab.machine.voice import Voice

REMEMBERED_SENDERS = 1024  # invented ones must not fill memory


class Reception:
    __slots__ = (
        "_config",
        "_fine",
        "_process",
        "_profile",
        "_said",
        "_voice",
        "heard",
        "law",
        "master_address",
    )

    def __init__(self, config: InstanceConfig, process: Process, voice: Voice) -> None:
        self._config = config
        self._profile = process.profile
        self._process = process
        self._voice = voice
        self.law = Law(receiver_of(config, process.profile))
        self._said: set[str] = set()  # rejections already logged, where a profile says them once
        self.master_address = ""  # who advertised last; "": nobody yet
        self.heard = HeardSoFar()
        # a cache, by sender: the last event that nothing was wrong with; the simulator hands on the same
        # value for as long as the same advert comes the same way
        self._fine: dict[str, AdvertisementReceived] = {}

    def greet(self, source: str) -> bool:
        """Somebody speaks to a BACKUP: True if it is not the one who spoke last."""
        is_new = source != self.master_address
        if is_new and self._profile.logs_master_change:
            key = "master_changed" if self.master_address else "master_set"
            self._voice.log(key, old=self.master_address, source=source)
        return is_new

    def forgive(self) -> None:
        """Another MASTER: what was said about the last one's adverts may be said again."""
        self._said.clear()

    def objection(self, event: AdvertisementReceived, check_addresses: bool) -> Objection | None:
        """The first thing wrong with an advert, or None."""
        return self.law.objection(event, check_addresses, self._voice.sequence)

    def found_fine(self, event: AdvertisementReceived) -> bool:
        """Has nothing been wrong with this very value before? It has no number that may be used once only."""
        return self._fine.get(event.source) is event

    def accepts(self, event: AdvertisementReceived, check_addresses: bool) -> bool:
        """Does this advert count? If not, it is reported and remembered."""
        if self._fine.get(event.source) is event:
            return True
        found = self.objection(event, check_addresses)
        remark = interval_remark(self._config, self._profile, event.advertisement.interval_us)
        if remark is not None:
            self._say("v3_interval", remark, once=True)
        if found is not None:
            if found.key:
                values = found.values or {}
                values = {"source": event.source, "vrid": self._config.vrid, **values}
                self._say(found.key, values, once=self._profile.reject_lines == "once")
            if found.fatal:
                self.heard.rejected(event.source, found.reason.value)
                vrid = event.advertisement.vrid
                self._process.emit(
                    AdvertisementDropped(self._config.name, event.source, vrid, found.reason.name)
                )
                return False
        if event.sequence is not None:
            self._voice.sequence = event.sequence
        elif found is None and remark is None and check_addresses:
            if len(self._fine) >= REMEMBERED_SENDERS:
                self._fine.clear()
            self._fine[event.source] = event
        return True

    def _say(self, key: str, values: dict[str, object], once: bool) -> None:
        if not (once and key in self._said):
            self._said.add(key)
            self._voice.log(key, **values)
