"""The interfaces a watcher listens to, while they go down, lose their cable, vanish and come back.

A packet socket belongs to one interface for ever: when a cable is made anew (``ip link delete``, ``add``),
the old socket stays deaf and says nothing. So the kernel's news of interfaces (netlink) decides, not the
sockets: ``lost`` is called when nothing can be heard on an interface any more, ``back`` when it can be again.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from vrrplab.errors import LiveError
from vrrplab.live.udp_socket import Receiver, unwrap
from vrrplab.system.netlink import IFF_UP, LinkNotice, NetlinkSocket, Overrun, open_monitor
from vrrplab.system.sniffer import frame_reader, open_interface, taken_drops

BATCH = 64
_LINKS = 0x1  # RTMGRP_LINK
Take = Callable[[str, int, bytes], None]


def reader(read: Callable[[], tuple[str, int, bytes] | None], take: Take) -> Callable[[], None]:
    """What to call when a socket can be read: a batch at a time, so that nothing else waits for long."""

    def readable() -> None:
        for _ in range(BATCH):
            found = read()
            if found is None:
                return
            take(*found)

    return readable


def udp_reader(one: Receiver) -> Callable[[], tuple[str, int, bytes] | None]:
    """Reads (segment, age 0, frame) from the make-believe LAN."""

    def read() -> tuple[str, int, bytes] | None:
        for _ in range(BATCH):  # datagrams that are none of ours
            datagram = one.read()
            if datagram is None:
                return None
            found = unwrap(datagram)
            if found is not None:
                return found[0], 0, found[1]
        return None

    return read


@dataclass(slots=True)
class _Card:
    name: str
    socket: socket.socket | None = None
    number: int = 0  # the kernel's, of the interface that the socket was opened on
    trouble: str = ""  # why nothing is heard


def _trouble(link: LinkNotice) -> str:
    if link.up:
        return ""
    return "has no carrier (cable out, or the other end off)" if link.flags & IFF_UP else "is down"


class Listener:
    """Listens on ``names``; LiveError where that is not allowed."""

    def __init__(self, names: list[str]) -> None:
        self._monitor = open_monitor(_LINKS)  # before anything is read, so that nothing can fall in between
        self._netlink = NetlinkSocket()
        self._cards = [_Card(name, open_interface(name), socket.if_nametoindex(name)) for name in names]

    def listen(
        self,
        watch: Callable[[int, Callable[[], None]], object],
        unwatch: Callable[[int], object],
        take: Take,
        lost: Callable[[str, str], None],
        back: Callable[[str], None],
    ) -> None:
        """From now on frames go to ``take``: interface, age in nanoseconds, bytes."""
        self._watch, self._unwatch, self._take, self._lost, self._back = watch, unwatch, take, lost, back
        for card in self._cards:
            self._attend(card)
        watch(self._monitor.fileno(), self._links_changed)
        self._compare()

    def _attend(self, card: _Card) -> None:
        assert card.socket is not None
        read = frame_reader(card.socket)

        def read_named() -> tuple[str, int, bytes] | None:
            found = read()
            return None if found is None else (card.name, *found)

        self._watch(card.socket.fileno(), reader(read_named, self._take))

    def _links_changed(self) -> None:
        with contextlib.suppress(Overrun):
            self._monitor.read()  # what exactly changed does not matter: the interfaces are asked for anew
        self._compare()

    def _compare(self) -> None:
        links = {link.name: link for link in self._netlink.links()}
        for card in self._cards:
            link = links.get(card.name)
            if link is None or link.number != card.number:
                self._set(card, "has gone")
                self._open_anew(card, link)
            if card.socket is not None and link is not None:
                self._set(card, _trouble(link))

    def _open_anew(self, card: _Card, link: LinkNotice | None) -> None:
        if card.socket is not None:
            self._unwatch(card.socket.fileno())
            card.socket.close()
        card.socket, card.number = None, 0
        if link is not None:
            with contextlib.suppress(LiveError):  # gone again meanwhile: the next notice says so
                card.socket = open_interface(card.name)
                card.number = link.number
                self._attend(card)

    def _set(self, card: _Card, trouble: str) -> None:
        if trouble == card.trouble:
            return
        was, card.trouble = card.trouble, trouble
        if not trouble:
            self._back(card.name)
        elif not was:
            self._lost(card.name, trouble)

    def drops(self) -> dict[str, int]:
        """Frames that the kernel had no room for since the last call, by interface."""
        counts = {card.name: taken_drops(card.socket) for card in self._cards if card.socket is not None}
        return {name: number for name, number in counts.items() if number}

    def close(self) -> None:
        for card in self._cards:
            if card.socket is not None:
                card.socket.close()
        self._monitor.close()
        self._netlink.close()
