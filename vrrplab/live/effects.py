"""Everything a router does to the world, in one file: the machine's actions carried out on this host.

Each action is done and written down, or its failure is: an advert that could not leave is ``advert_failed``,
an address that could not be added a warning. Nothing decides anything here; the driver brings the actions in
order.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from vrrplab.config.model import VirtualAddress
from vrrplab.config.routes import PROTOCOL, VirtualRoute, VirtualRule
from vrrplab.drive.journal import Journal
from vrrplab.drive.messages import advert_failure_line, announcement_failure_line
from vrrplab.errors import LiveError, VrrplabError
from vrrplab.live.firewall import Firewall, remove_leftovers
from vrrplab.live.kernel_addresses import AddressBook
from vrrplab.live.scripts import ScriptRunner
from vrrplab.live.transport import Transport
from vrrplab.machine.actions import (
    Action,
    AddAddresses,
    AddRoutes,
    CreateVmac,
    KillScript,
    RemoveAddresses,
    RemoveRoutes,
    RemoveVmac,
    RunNotify,
    RunScript,
    SendAdvertisement,
    SendGratuitousArp,
    SetAccept,
)
from vrrplab.machine.profiles import Profile
from vrrplab.system.host import Host
from vrrplab.system.tools import run_tool, sysctl
from vrrplab.trace.events import (
    AddressAddedEvent,
    AddressEvent,
    AddressRemovedEvent,
    RouteAddedEvent,
    RouteEvent,
    RouteRemovedEvent,
    RuleAddedEvent,
    RuleRemovedEvent,
)
from vrrplab.units import Micros
from vrrplab.wire.addresses import is_link_local, virtual_mac

# what the kernel says of a source address that is not on the interface
_NOT_THERE = frozenset((errno.EINVAL, errno.EADDRNOTAVAIL, errno.ENETUNREACH))


class Effects:
    """The hands of one router. ``dry``: addresses, VMACs, firewall and notify scripts are left alone."""

    def __init__(
        self,
        profile: Profile,
        transport: Transport,
        addresses: AddressBook,
        scripts: ScriptRunner,
        journal: Journal,
        host: Host,
        dry: bool = False,
    ) -> None:
        self._profile = profile
        self._transport = transport
        self._addresses = addresses
        self._scripts = scripts
        self._journal = journal
        self._host = host
        self._dry = dry
        self._firewall = Firewall()
        self._vmacs: dict[str, CreateVmac] = {}
        self._routes: list[VirtualRoute | VirtualRule] = []  # that are there because of us
        self._before: dict[str, str] = {}  # base interface -> its arp_ignore before we came
        self._shared_link_local: dict[str, str] = {}  # VMAC interface -> its base's link-local address

    def carry_out(self, action: Action, now: Micros) -> None:
        """Do it and write it down."""
        recorded = self._journal.record(now, action)
        match action:
            case SendAdvertisement():
                for destination in action.destinations:
                    self._advertise(action, destination, now)
            case AddAddresses():
                self._add(action, now)
            case RemoveAddresses():
                self._remove(action, now)
            case AddRoutes():
                self._add_routes(action, now)
            case RemoveRoutes():
                self._remove_routes(action, now)
            case SendGratuitousArp():
                self._announce(action, now)
            case RunScript(script, run, command, user):
                self._scripts.start(script, run, command, user)
            case KillScript(script, run, signal):
                self._scripts.kill(script, run, signal)
            case RunNotify(instance, group, command, user):
                if not self._dry:
                    self._scripts.notify(instance or group, command, user)
            case SetAccept(instance, addresses, accept):
                self._shut(instance, set() if accept else {a.address for a in addresses}, now)
            case CreateVmac():
                self._create_vmac(action, now)
            case RemoveVmac(name=name):
                self._remove_vmac(name)
            case _:
                assert recorded, f"no effect for {type(action).__name__}"

    def prepare(self) -> None:
        """Tidy up after a router that could not do it itself."""
        if not self._addresses.pretended:
            remove_leftovers()

    def release(self) -> None:
        """Leave the host as it was: for a process that ends, however it ends."""
        for route in self._routes:
            with contextlib.suppress(LiveError):
                _ip("delete", route)
        self._addresses.release()
        self._scripts.close()
        for name in list(self._vmacs):
            self._remove_vmac(name)
        for base, before in self._before.items():  # of a VMAC that could not be made again
            if before:
                self._restore(base, before)
        self._firewall.close()

    # -- frames ----------------------------------------------------------------------------------

    def _advertise(self, action: SendAdvertisement, destination: str, now: Micros) -> None:
        try:
            frame = self._send(action, destination)
        except OSError as error:
            text = os.strerror(error.errno) if error.errno else str(error)
            self._journal.not_sent(now, action, destination, text)
            if not action.quiet_when_down:
                line = advert_failure_line(self._profile.wording, action, destination, error.errno, text)
                self._journal.log(now, line)
        except VrrplabError as error:  # a value that has no room on the wire
            self._journal.not_sent(now, action, destination, str(error))
        else:
            self._journal.sent(now, action, destination, frame)

    def _send(self, action: SendAdvertisement, destination: str) -> bytes:
        """Through a VMAC: with its base's address lent to it, and lent again if somebody took that away."""
        name = action.interface
        if name not in self._vmacs or ":" not in action.source or not is_link_local(action.source):
            return self._transport.send_advert(action, destination)
        self.share_link_local(name, action.source)
        try:
            return self._transport.send_advert(action, destination)
        except OSError as error:
            if error.errno not in _NOT_THERE:
                raise
        self._shared_link_local.pop(name, None)
        self.share_link_local(name, action.source)
        return self._transport.send_advert(action, destination)

    def _announce(self, action: SendGratuitousArp, now: Micros) -> None:
        if self._dry:
            return
        try:
            mac = self._transport.announce(action)
        except OSError as error:
            text = os.strerror(error.errno or 0)
            line = announcement_failure_line(self._profile.wording, action, error.errno, text)
            if line:
                self._journal.log(now, line)
            return
        self._journal.announced(now, action, mac)

    # -- addresses -------------------------------------------------------------------------------

    def _add(self, action: AddAddresses, now: Micros) -> None:
        for a in action.addresses:
            fresh = False
            with self._telling(f"{a.with_prefix} could not be put on {a.interface}", action.instance, now):
                fresh = self._addresses.add(a.interface, a.address, a.prefix, a.label, a.scope)
            if fresh:
                self._note(now, AddressAddedEvent, action.instance, a)

    def _remove(self, action: RemoveAddresses, now: Micros) -> None:
        for a in action.addresses:
            gone = False
            with self._telling(f"{a.with_prefix} could not be taken off {a.interface}", action.instance, now):
                gone = self._addresses.remove(a.interface, a.address, a.prefix)
            if gone:
                self._note(now, AddressRemovedEvent, action.instance, a)

    @contextlib.contextmanager
    def _telling(self, what: str, instance: str, now: Micros) -> Iterator[None]:
        """Goes on after a failure, with a warning: ``what``, and why."""
        try:
            yield
        except OSError as error:
            self._journal.warn(now, f"{what}: {os.strerror(error.errno or 0)}", instance)
        except LiveError as error:
            self._journal.warn(now, f"{what}: {error}", instance)

    def _note(self, now: Micros, kind: type[AddressEvent], instance: str, address: VirtualAddress) -> None:
        where, text, pretended = address.interface, address.with_prefix, self._addresses.pretended
        self._journal.address(now, kind, where, text, address.label, instance, pretended)

    # -- routes and rules: by the system's own tool --------------------------------------------------

    def _add_routes(self, action: AddRoutes, now: Micros) -> None:
        for route in action.routes if not self._addresses.pretended else ():
            verb = "add" if isinstance(route, VirtualRule) else "prepend"  # keepalived's go before others
            try:
                _ip(verb, route)
            except LiveError as error:
                if "File exists" not in str(error):
                    text = f"{route.text()} could not be added: {error}"
                    self._journal.warn(now, " ".join(text.split()), action.instance)
            else:
                self._routes.append(route)
                self._note_route(now, route, action.instance, added=True)

    def _remove_routes(self, action: RemoveRoutes, now: Micros) -> None:
        for route in action.routes if not self._addresses.pretended else ():
            with contextlib.suppress(LiveError):  # it was not there
                _ip("delete", route)
                self._note_route(now, route, action.instance, added=False)
            self._routes = [other for other in self._routes if other != route]

    def _note_route(
        self, now: Micros, route: VirtualRoute | VirtualRule, instance: str, *, added: bool
    ) -> None:
        if isinstance(route, VirtualRule):
            kind: type[RouteEvent] = RuleAddedEvent if added else RuleRemovedEvent
        else:
            kind = RouteAddedEvent if added else RouteRemovedEvent
        self._journal.route(now, kind, route.text(), (route.interface, route.table), instance)

    # -- VMAC interfaces and the firewall: rare, and done by the system's own tools -----------------

    def _create_vmac(self, action: CreateVmac, now: Micros) -> None:
        if self._addresses.pretended:
            return
        mac = virtual_mac(action.vrid, action.family)
        make = ["link", "add", "link", action.base, "name", action.name, "address", mac]
        try:
            if self._is_left_over(action):
                run_tool("ip", "link", "set", "dev", action.name, "address", mac)
            else:
                run_tool("ip", *make, "type", "macvlan", "mode", "private")
            self._vmacs[action.name] = action
            run_tool("ip", "link", "set", "dev", action.name, "addrgenmode", "none")
            # the base must not answer for addresses that live on the VMAC, nor drop what comes to them
            for setting in ("arp_ignore=1", "accept_local=1", "rp_filter=0"):
                sysctl(f"ipv4/conf/{action.name}/{setting}")
            before = sysctl(f"ipv4/conf/{action.base}/arp_ignore=1")
            self._before.setdefault(action.base, before)
            run_tool("ip", "link", "set", "dev", action.name, "up")
        except (LiveError, OSError) as error:
            text = f"the VMAC interface {action.name} could not be made: {error}"
            self._journal.warn(now, text, action.instance)
            return
        if action.family == 6:
            self.share_link_local(action.name, self._addresses.link_local(action.base))

    def _is_left_over(self, action: CreateVmac) -> bool:
        """Whether a router that was killed left this VMAC behind. Another interface of that name is not
        touched: to make one will fail, and say why.
        """
        with contextlib.suppress(LiveError):
            shown = run_tool("ip", "link", "show", "dev", action.name, "type", "macvlan")
            return f"{action.name}@{action.base}:" in shown
        return False

    def remake_vmacs(self, now: Micros) -> None:
        """Those that somebody deleted, as soon as their base is there, as keepalived does. One that cannot be
        made is given up for good, as there.
        """
        there = self._host.present(set(self._vmacs) | {v.base for v in self._vmacs.values()})
        for action in [v for v in self._vmacs.values() if v.name not in there and v.base in there]:
            del self._vmacs[action.name]
            self._shared_link_local.pop(action.name, None)
            self._create_vmac(action, now)

    def share_link_local(self, name: str, address: str) -> None:
        """The kernel sends from a link-local address only where it is: so the VMAC gets its base's, too, and
        nothing else takes it for a source (deprecated), as keepalived does it.
        """
        before = self._shared_link_local.get(name, "")
        if not address or address == before:
            return
        if before:
            with contextlib.suppress(LiveError):  # somebody took it away
                run_tool("ip", "address", "delete", f"{before}/64", "dev", name)
        with contextlib.suppress(LiveError):  # the advert that cannot leave says so, the next one tries again
            run_tool("ip", "address", "replace", f"{address}/64", "dev", name, "preferred_lft", "0", "nodad")
            self._shared_link_local[name] = address

    def _remove_vmac(self, name: str) -> None:
        if name in self._vmacs:
            base = self._vmacs.pop(name).base
            self._shared_link_local.pop(name, None)
            with contextlib.suppress(LiveError):  # it went with its base interface
                run_tool("ip", "link", "delete", "dev", name)
            if base not in {v.base for v in self._vmacs.values()} and self._before.get(base):
                self._restore(base, self._before.pop(base))

    def _restore(self, base: str, arp_ignore: str) -> None:
        with contextlib.suppress(OSError):
            sysctl(f"ipv4/conf/{base}/arp_ignore={arp_ignore}")

    def _shut(self, instance: str, addresses: set[str], now: Micros) -> None:
        if self._addresses.pretended:
            return
        which = ", ".join(sorted(addresses)) or "the addresses"
        with self._telling(f"packets to {which} are not filtered", instance, now):
            self._firewall.refuse(instance, addresses)


def _ip(verb: str, route: VirtualRoute | VirtualRule) -> None:
    """``ip route`` or ``ip rule`` with it. LiveError, as the kernel says."""
    number = "proto 18"  # not every system knows its name
    if isinstance(route, VirtualRule):
        words = route.text().replace(f"proto {PROTOCOL}", number).split()[1:]
        run_tool("ip", f"-{route.family}", "rule", verb, *words, "priority", str(route.priority))
        return
    # ip would take a network without a router for scope link; keepalived does not (measured)
    number += "" if route.scope else " scope global"
    words = route.text().replace(f"proto {PROTOCOL}", number).split()
    run_tool("ip", f"-{route.family}", "route", verb, *words, "table", route.table)
