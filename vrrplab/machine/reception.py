"""What one instance makes of the adverts it hears: which count, what is written about the others.

The rules of acceptance are in ``acceptance``; here is what an instance remembers between two adverts: who
the MASTER is, what has been said about its adverts already, and (``heard``) what explains a later takeover.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.acceptance import examine, interval_remark
from vrrplab.machine.actions import AdvertisementDropped, WriteLog
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.process import Process
from vrrplab.machine.reasons import Heard
from vrrplab.machine.voice import Voice


class Reception:
    def __init__(self, config: InstanceConfig, process: Process, voice: Voice) -> None:
        self._config = config
        self._profile = process.profile
        self._emit = process.emit
        self._voice = voice
        self._said: set[str] = set()  # rejections already logged, where a profile says them once
        self.master_address = ""  # who advertised last; "": nobody yet
        self.heard = Heard()

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

    def accepts(self, event: AdvertisementReceived, check_addresses: bool) -> bool:
        """Does this advert count? If not, it is reported and remembered."""
        finding = examine(
            self._config,
            self._profile,
            event,
            check_addresses=check_addresses,
            last_sequence=self._voice.sequence,
        )
        self._remark("v3_interval", interval_remark(self._config, self._profile, event), once=True)
        if finding is not None:
            reason = finding.reason
            self._remark(reason.name, finding.line, once=self._profile.reject_lines == "once")
            if finding.fatal:
                self.heard.rejected(event.source, reason.value)
                vrid = event.advertisement.vrid
                self._emit(AdvertisementDropped(self._config.name, event.source, vrid, reason.name))
                return False
        if event.sequence is not None:
            self._voice.sequence = event.sequence
        return True

    def _remark(self, kind: str, line: str, once: bool) -> None:
        if line and not (once and kind in self._said):
            self._said.add(kind)
            self._emit(WriteLog(line))
