"""Small programs for the lab's far ends, each a process of its own: the web server upstream, a stand-in for
Squid where Squid is not installed, and the services of a scenario, which go on and off as they are told.

    python -m vrrplab.lab.web serve 203.0.113.10 80
    python -m vrrplab.lab.web proxy 3128 /run/proxy.pid        until SIGTERM, and a second longer
    python -m vrrplab.lab.web services                         each line it reads: the ports that answer now
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

from vrrplab.lab.topology import SQUID_LIFETIME_S

PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
_LONGEST_REQUEST = 8192
_PATIENCE_S = 5.0


async def _request(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE_S)


async def serve_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer any request with the same three bytes."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        await _request(reader)
        writer.write(PAGE)
        await writer.drain()
    writer.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Fetch what a proxy request names (http://ADDRESS[:PORT]/…) and hand the answer back."""
    try:
        head = await _request(reader)
        words = head.split(b" ", 2)
        if len(words) < 3 or not words[1].startswith(b"http://"):
            writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            return
        place, _, path = words[1][7:].partition(b"/")
        host, _, port = place.partition(b":")
        try:
            number = int(port or b"80")
            there = await asyncio.wait_for(asyncio.open_connection(host.decode("ascii"), number), _PATIENCE_S)
        except (OSError, ValueError, TimeoutError):
            writer.write(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")
            return
        upstream, request = there
        request.write(words[0] + b" /" + path + b" HTTP/1.0\r\nConnection: close\r\n\r\n")
        while chunk := await asyncio.wait_for(upstream.read(65536), _PATIENCE_S):
            writer.write(chunk)
        request.close()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        pass
    finally:
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()


async def _serve(address: str, port: int) -> None:
    server = await asyncio.start_server(serve_page, address, port, backlog=512)
    print("ready", flush=True)
    await server.serve_forever()


async def _proxy(port: int, pid_file: str) -> None:
    told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, lambda: None if told.done() else told.set_result(None)
    )
    server = await asyncio.start_server(pass_on, "0.0.0.0", port, backlog=512, limit=_LONGEST_REQUEST)
    with open(pid_file, "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    print("ready", flush=True)
    await told
    server.close()  # refuses new clients at once; the process stays for its lifetime, as Squid does
    await asyncio.sleep(SQUID_LIFETIME_S)
    os.unlink(pid_file)


async def _services() -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    serving: dict[int, asyncio.Server] = {}
    while line := await lines.readline():
        wanted = {int(word) for word in line.split()}
        for port in serving.keys() - wanted:
            serving.pop(port).close()  # new clients are refused at once
        for port in wanted - serving.keys():
            serving[port] = await asyncio.start_server(serve_page, None, port, backlog=512)
        print("ready", flush=True)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["serve", address, port]:
            asyncio.run(_serve(address, int(port)))
        case ["proxy", port, pid_file]:
            asyncio.run(_proxy(int(port), pid_file))
        case ["services"]:
            asyncio.run(_services())
        case _:
            print("serve ADDRESS PORT, proxy PORT PIDFILE, or services", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
