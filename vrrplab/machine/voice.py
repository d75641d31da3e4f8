"""How an instance speaks: adverts, log lines, notify scripts. It decides nothing."""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig, NotifyScripts
from vrrplab.machine.acceptance import authentication_of, checksum_form, multicast_group
from vrrplab.machine.actions import RunNotify, SendAdvertisement, SendGratuitousArp
from vrrplab.machine.process import Process

GOODBYE = 0


def run_notify(
    process: Process, scripts: NotifyScripts, instance: str, group: str, state: str, priority: int
) -> None:
    """Run the state's own script, if there is one, and the one for any state; one of the names is ""."""
    own: tuple[str, ...] = getattr(scripts, state.lower(), ())  # none for INIT
    if own:
        process.emit(RunNotify(instance, group, own, scripts.user_of(f"notify_{state.lower()}")))
    if scripts.any_state:
        words = ("INSTANCE" if instance else "GROUP", instance or group, state, str(priority))
        process.emit(RunNotify(instance, group, scripts.any_state + words, scripts.user_of("notify")))


class Voice:
    __slots__ = ("_config", "_last", "_process", "sequence", "source")

    def __init__(self, config: InstanceConfig, process: Process) -> None:
        self._config = config
        self._process = process
        self.source = ""  # of adverts; "": the interface has no address of the family
        self.sequence = 0  # AH: last number sent or seen (keepalived has one counter for both)
        self._last: SendAdvertisement | None = None  # a cache: an unchanged advert is the same action

    def log(self, key: str, **values: object) -> None:
        """The daemon's line for what happened, if its version has one."""
        config = self._config
        who = {"name": config.name, "vrid": config.vrid, "family": config.family}
        self._process.log(key, **(who | values))

    def advertise(self, priority: int) -> None:
        self.sequence += 1
        last = self._last
        if last is None or last.priority != priority or last.source != self.source or last.sequence:
            last = self._last = self._advert(priority)
        self._process.emit(last)

    def _advert(self, priority: int) -> SendAdvertisement:
        config, profile = self._config, self._process.profile
        authentication = authentication_of(config, profile)
        return SendAdvertisement(
            config.name,
            config.advert_interface,
            self.source,
            tuple(p.address for p in config.unicast_peers) or (multicast_group(config),),
            config.version,
            config.vrid,
            priority,
            config.advert_interval_us,
            tuple(a.address for a in config.virtual_addresses),
            authentication,
            self.sequence if authentication is not None and authentication.kind == "AH" else 0,
            config.unicast_ttl if config.unicast and profile.unicast_ttl else 255,
            checksum_form(config, profile),
            priority == GOODBYE,
        )

    def announce_own_address(self) -> None:
        """keepalived, unicast: the MASTER may have lost our MAC address, and could not reach us."""
        if not (self._config.unicast and self.source and self._process.profile.announces_own_address):
            return
        v6 = self._config.family == 6
        self.log("own_na" if v6 else "own_garp", address=self.source)
        self.log("na" if v6 else "garp", interface=self._config.interface, address=self.source)
        self._process.emit(SendGratuitousArp(self._config.name, self._config.interface, self.source))

    def notify(self, state: str, priority: int) -> None:
        """Run the scripts for a state just entered."""
        run_notify(self._process, self._config.notify, self._config.name, "", state, priority)

    def notify_lower_heard(self) -> None:
        scripts = self._config.notify
        command = scripts.master_rx_lower_priority
        if command:
            user = scripts.user_of("notify_master_rx_lower_pri")
            self._process.emit(RunNotify(self._config.name, "", command, user))
