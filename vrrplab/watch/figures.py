"""The watcher's figures for Prometheus: ``live watch --metrics ADDRESS``.

They are made when somebody asks, in the event loop, from what the watcher knows then; a thread answers. The
virtual routers and senders that are followed are bounded, and so are the series; what was counted of those
that were forgotten goes with them, as a counter of Prometheus may.
"""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from vrrplab.errors import LiveError
from vrrplab.installing import how_to_install
from vrrplab.watch.reactions import Reactions
from vrrplab.witness.finding_kinds import KINDS
from vrrplab.witness.observer import Observer

_ROUTER = ("interface", "vrid", "family")
_SENDER = (*_ROUTER, "address", "name")
_ANSWER_S = 2.0  # for the event loop; it never needs long
_CLIENT_S = 5.0  # for whoever asks and does not read
_CLIENTS = 8  # at a time


class Figure(NamedTuple):
    """``kind``: "gauge", or "counter", whose name ends in ``_total`` for who asks."""

    kind: str
    meaning: str
    labels: tuple[str, ...] = ()


FIGURES: dict[str, Figure] = {
    "vrrplab_masters": Figure("gauge", "How many routers are MASTER now; 1 is well", _ROUTER),
    "vrrplab_master": Figure("gauge", "1 if this sender is MASTER now, else 0", _SENDER),
    "vrrplab_priority": Figure("gauge", "The priority of the latest advert; 0 is a farewell", _SENDER),
    "vrrplab_adverts_total": Figure("counter", "Adverts that were heard", _SENDER),
    "vrrplab_adverts_missed_total": Figure("counter", "Adverts of a MASTER that did not come", _SENDER),
    "vrrplab_announcements_total": Figure("counter", "Gratuitous ARP and neighbour advertisements", _SENDER),
    "vrrplab_master_changes_total": Figure("counter", "How often somebody became MASTER", _ROUTER),
    "vrrplab_gap_seconds_total": Figure("counter", "For how long nobody was MASTER, at most", _ROUTER),
    "vrrplab_findings_total": Figure(
        "counter", "Findings, by kind and severity", (*_ROUTER, "kind", "severity")
    ),
    "vrrplab_adverts_dropped_total": Figure(
        "counter", "Adverts that no router accepts, by reason", ("interface", "vrid", "reason")
    ),
    "vrrplab_not_followed_total": Figure("counter", "Adverts of more senders than are followed"),
    "vrrplab_frames_lost_total": Figure(
        "counter", "Frames that came faster than they are read", ("interface",)
    ),
    "vrrplab_interface_heard": Figure("gauge", "1 while frames can be heard on it", ("interface",)),
    "vrrplab_commands_total": Figure("counter", "Commands of --run, by what became of them", ("result",)),
}

Row = tuple[str, tuple[str, ...], float]


class Place(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place_of(text: str) -> Place:
    """Of ``HOST:PORT``, ``[IPV6]:PORT``, or ``:PORT``: this machine's own. LiveError for anything else."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    is_number = port.isascii() and port.isdecimal() and len(port) <= 5
    if not colon or not is_number or not 0 < int(port) < 65536:
        raise LiveError(f"--metrics {text}: write HOST:PORT, or :PORT for this machine alone, such as :9112")
    return Place(host or "127.0.0.1", int(port))


def require_client() -> None:
    """LiveError with the command that brings it, where prometheus_client is not installed."""
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        raise LiveError(f"--metrics needs prometheus_client: {how_to_install('prometheus_client')}") from None


class Source:
    """What the figures are made of."""

    def __init__(
        self, observer: Observer, reactions: Reactions, names: dict[str, str], interfaces: list[str]
    ) -> None:
        self._observer, self._reactions, self._names = observer, reactions, names
        self.lost: dict[str, int] = dict.fromkeys(interfaces, 0)
        self.heard: dict[str, bool] = dict.fromkeys(interfaces, True)

    def rows(self) -> Iterator[Row]:
        """Name, values of its labels, and the figure, each name's rows together or not; what has the same
        labels belongs together.
        """
        observer, reactions = self._observer, self._reactions
        for key, router in observer.routers.items():
            where = key[0], str(key[2]), f"IPv{key[1]}"  # 0 too: whoever sends that is told apart
            yield "vrrplab_masters", where, len(router.masters)
            for one in router.speakers.values():
                who = (*where, one.name, self._names.get(one.name, one.name))
                yield "vrrplab_master", who, one.is_master
                yield "vrrplab_priority", who, one.last.priority
                yield "vrrplab_adverts_total", who, one.adverts
                yield "vrrplab_adverts_missed_total", who, one.missed
                yield "vrrplab_announcements_total", who, one.announcements
        for key, number in reactions.changes.items():
            yield "vrrplab_master_changes_total", _where(*key), number
        for key, gap_us in reactions.gap_us.items():
            yield "vrrplab_gap_seconds_total", _where(*key), gap_us / 1e6
        for (interface, ip_version, vrid, kind), number in reactions.findings.items():
            where = _where(interface, ip_version, vrid)
            yield "vrrplab_findings_total", (*where, kind, KINDS[kind].severity), number
        for (interface, vrid, reason), number in observer.drops.items():
            yield "vrrplab_adverts_dropped_total", (interface, str(vrid) if vrid else "", reason), number
        yield "vrrplab_not_followed_total", (), observer.strangers
        for interface, number in self.lost.items():
            yield "vrrplab_frames_lost_total", (interface,), number
        for interface, is_heard in self.heard.items():
            yield "vrrplab_interface_heard", (interface,), is_heard
        for result, number in reactions.commands.items():
            yield "vrrplab_commands_total", (result,), number


def _where(interface: str, ip_version: int, vrid: int) -> tuple[str, str, str]:
    return interface, str(vrid) if vrid else "", f"IPv{ip_version}" if vrid else ""


class _Collector:
    """What prometheus_client asks, in a thread of the server's."""

    def __init__(self, rows: Callable[[], Iterator[Row]], loop: asyncio.AbstractEventLoop) -> None:
        self._rows, self._loop = rows, loop

    def describe(self) -> list[Any]:
        return []  # so that nothing is collected before the first question

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        async def snapshot() -> list[Row]:
            return list(self._rows())

        rows = asyncio.run_coroutine_threadsafe(snapshot(), self._loop).result(_ANSWER_S)
        families = {
            name: (CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily)(
                name, figure.meaning, labels=figure.labels
            )
            for name, figure in FIGURES.items()
        }
        summed: dict[tuple[str, tuple[str, ...]], float] = {}
        for name, labels, value in rows:  # whoever scrapes takes no figure twice
            summed[name, labels] = summed.get((name, labels), 0) + value
        for (name, labels), value in summed.items():
            families[name].add_metric(labels, value)
        yield from families.values()


class _Handler(WSGIRequestHandler):
    timeout = _CLIENT_S

    def log_message(self, *words: object) -> None:
        """Not on our standard error."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """Some clients at a time: who comes beyond that is turned away, not kept waiting."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, place: Place) -> None:
        self.address_family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
        self._room = threading.BoundedSemaphore(_CLIENTS)
        super().__init__((place.host, place.port), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer would ask the DNS for our name
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """One that went away, or took too long: its own affair."""


class Figures:
    """Answers at a place until it is closed. LiveError where that cannot be had."""

    def __init__(self, place: Place) -> None:
        require_client()
        try:
            self._server = _Server(place)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise LiveError(f"--metrics {place}: {why}") from None
        self._thread: threading.Thread | None = None

    def serve(self, source: Source, loop: asyncio.AbstractEventLoop) -> None:
        """From now on."""
        from prometheus_client import CollectorRegistry, make_wsgi_app

        registry = CollectorRegistry()
        registry.register(_Collector(source.rows, loop))
        self._server.set_app(make_wsgi_app(registry))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="answers Prometheus", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        if self._thread is not None:
            self._server.shutdown()
        self._server.server_close()
