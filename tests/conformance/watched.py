"""A simulation that is watched while it runs: deadlines, adverts due, who is fit to be MASTER at its end."""

from __future__ import annotations

from vrrplab.machine.events import Event, TimePassed
from vrrplab.machine.intervals import RACE_US
from vrrplab.machine.profiles import Profile
from vrrplab.machine.states import Master
from vrrplab.scenario.model import Scenario
from vrrplab.sim.play import play
from vrrplab.sim.router import Router
from vrrplab.sim.world import Box, World
from vrrplab.trace import Trace


class WatchedWorld:
    """As World; ``run`` fails the test when a deadline lies in the past or a MASTER has no advert due."""

    def __init__(self, scenario: Scenario, profile: Profile | None = None) -> None:
        self.world = World(scenario, profile=profile)
        for box in self.world.boxes.values():
            self._watch(box.router)

    def run(self) -> Trace:
        return play(self.world)

    def _watch(self, router: Router) -> None:
        overslept = False

        class Watched(Router):
            __slots__ = ()

            def deliver(self, event: Event, at_us: int | None = None) -> None:
                super().deliver(event, at_us)
                look(event)

            def thaw(self) -> None:
                nonlocal overslept
                overslept = router._frozen
                super().thaw()

        def look(event: Event) -> None:
            nonlocal overslept
            daemon, now = router.daemon, self.world.scheduler.now
            if daemon is None or router._frozen or daemon._reloading:  # busy: nothing is done, however due
                return
            overslept = overslept and not isinstance(event, TimePassed)
            if overslept:
                return
            due = daemon.next_deadline()
            if isinstance(event, TimePassed):
                assert due is None or due > now, f"{router.server.name}: due again at once"
            else:
                held_us = 2 * RACE_US  # lots were drawn, and another router was to be first
                assert due is None or due >= now - held_us, (
                    f"{router.server.name}: {now - due} us overdue after {event}"
                )
            for instance in daemon.instances:
                if isinstance(instance.state, Master):
                    at_us = instance.state.advert_at_us
                    config, line_us = instance.config, daemon.profile.line_us
                    all_of_it = [i.config for i in daemon.instances]  # a group's members speak at one moment
                    lines = sum(3 + len(c.all_addresses) * (1 + c.garp.repeat) for c in all_of_it)
                    assert now - 2 * RACE_US <= at_us <= now + config.advert_interval_us + lines * line_us

        router.__class__ = Watched

    # -- at the end ------------------------------------------------------------------------------

    @property
    def is_sound(self) -> bool:
        """The network passes everything, and no firewall is closed."""
        switches, boxes = self.world.switches.values(), self.world.boxes.values()
        passes = all(s.is_certain and s.multicast and not s.one_way for s in switches)
        return passes and not any(b.host.blocked for b in boxes)

    def fit(self, instance: str) -> set[str]:
        """Servers on which nothing keeps that instance from working."""
        return {name for name, box in self.world.boxes.items() if _is_fit(box, instance)}

    def masters(self, instance: str) -> set[str]:
        """Servers whose daemon runs and has that instance as MASTER."""
        return {
            name
            for name, box in self.world.boxes.items()
            if box.router.daemon is not None
            and not box.router._frozen
            and any(
                i.config.name == instance and isinstance(i.state, Master) for i in box.router.daemon.instances
            )
        }


def _is_fit(box: Box, instance: str) -> bool:
    daemon = box.router.daemon
    if daemon is None or box.router._frozen or not box.host.powered:
        return False
    config = next((i.config for i in daemon.instances if i.config.name == instance), None)
    if config is None:
        return False
    needed = [config.interface, *(t.name for t in config.track_interfaces if not t.weight)]
    if not all(name in box.host.nics and box.host.nics[name].up for name in needed):
        return False
    nic = box.host.nics[config.interface]
    own = {a.split("/")[0] for a in nic.configured}
    if not any(a.address in own or a.address.startswith("fe8") for a in nic.addresses):
        return False
    return all(box.run_check(t.name) == 0 for t in config.track_scripts if not t.weight)
