"""`make joins`: what it costs when somebody joins a Space with 100, 1,000 and 3,000 people in it.

A real `web` process and as many WebSockets as people. At each size some more join, a few a second;
counted are the frames that everybody in the room gets because of them, and the CPU time of the
server, less what the same room costs while nobody comes. `rush` is what it took to fill the room
up to that size, with many joining at once.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from bench.servers import Server, free_port, listening, manage

_PING_SECONDS = 20.0
_AT_ONCE = 20
_PER_SECOND = 5.0
_SETTLE_SECONDS = 3.0
_PREPARE = """
from django.http import HttpResponse
from accounts.models import User
from rooms.models import Room
from rooms.visitors import COOKIE, new_visitor, remember_visitor
host = User.objects.create_user("host", "host@example.org")
print(Room.objects.create(host=host, title="A full house").public_id)
for _ in range({people}):
    response = HttpResponse()
    remember_visitor(response, new_visitor())
    print(response.cookies[COOKIE].value)
"""


@dataclass
class Crowd:
    """People without an account, each with a WebSocket."""

    url: str
    origin: str
    cookies: Iterable[str]
    frames: int = 0
    bytes: int = 0
    size: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def join(self) -> float:
        """Let one more in; returns how long it took, in seconds."""
        began = time.perf_counter()
        connection = await connect(
            self.url,
            origin=Origin(self.origin),
            subprotocols=[Subprotocol("spaces.v1")],
            additional_headers={"Cookie": f"visitor={next(iter(self.cookies))}"},
            compression=None,
            ping_interval=None,
            open_timeout=60,
            proxy=None,
        )
        await connection.send('{"type": "join", "id": 1}')
        while json.loads(await connection.recv())["type"] != "reply":
            pass
        self.size += 1
        self._tasks += [
            asyncio.create_task(self._read(connection)),
            asyncio.create_task(stay(connection)),
        ]
        return time.perf_counter() - began

    async def fill(self, size: int) -> None:
        """Let people in, many at once, until there are so many."""
        places = iter(range(size - self.size))

        async def queue() -> None:
            for _ in places:
                await self.join()

        await asyncio.gather(*(queue() for _ in range(_AT_ONCE)))

    async def go(self) -> None:
        """Everybody leaves without a word."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, connection: ClientConnection) -> None:
        async for frame in connection:
            if '"type":"reply"' not in str(frame):
                self.frames += 1
                self.bytes += len(frame)


async def measure(sizes: list[int], joins: int) -> list[dict[str, float]]:
    """The figures for each size."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port(socket.SOCK_STREAM)
        environment = os.environ | {
            "DEBUG": "off",
            "SECRET_KEY": "bench",
            "VAR_DIR": folder,
            "HOST_GRACE_SECONDS": "3600",  # the host never comes
            "PORT": str(port),
            "AUDIO_CONTROL_PORT": str(free_port(socket.SOCK_STREAM)),
        }
        people = max(sizes) + joins * len(sizes)
        room, *cookies = await prepare(environment, _PREPARE.format(people=people))
        server = await start_web(environment, port)
        crowd = Crowd(
            f"ws://127.0.0.1:{port}/ws/spaces/{room}/", f"http://127.0.0.1:{port}", iter(cookies)
        )
        try:
            return [await _at_size(server, crowd, size, joins) for size in sizes]
        finally:
            await crowd.go()
            await server.stop()


async def _at_size(server: Server, crowd: Crowd, size: int, joins: int) -> dict[str, float]:
    cpu, newcomers = server.cpu(), size - crowd.size
    await crowd.fill(size)
    rush = (server.cpu() - cpu) / newcomers
    await asyncio.sleep(_SETTLE_SECONDS)
    seconds = joins / _PER_SECOND + _SETTLE_SECONDS
    cpu = server.cpu()
    await asyncio.sleep(seconds)
    idle = server.cpu() - cpu
    cpu, frames, sent = server.cpu(), crowd.frames, crowd.bytes
    ends_at = time.monotonic() + seconds
    took = []
    for _ in range(joins):
        next_at = time.monotonic() + 1 / _PER_SECOND
        took.append(await crowd.join())
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    await asyncio.sleep(max(0.0, ends_at - time.monotonic()))
    return {
        "people": size,
        "messages_per_join": (crowd.frames - frames) / joins,
        "messages_per_second": (crowd.frames - frames) / seconds,
        "kilobytes_per_join": (crowd.bytes - sent) / joins / 1000,
        "cpu_ms_per_join": (server.cpu() - cpu - idle) / joins * 1000,
        "cpu_ms_per_join_in_the_rush": rush * 1000,
        "join_ms_median": statistics.median(took) * 1000,
        "join_ms_worst": max(took) * 1000,
        "idle_cpu_percent": idle / seconds * 100,
        "memory_kib_per_person": server.rss() / 1024 / crowd.size,
    }


async def stay(connection: ClientConnection) -> None:
    """Send the heartbeat."""
    while True:
        await asyncio.sleep(_PING_SECONDS)
        await connection.send('{"type": "ping", "id": 2}')


async def prepare(environment: dict[str, str], script: str) -> list[str]:
    """Make the tables, run the script; returns the words it prints."""
    await manage(environment, "migrate", "--verbosity", "0")
    printed = await manage(environment, "shell", "--no-imports", "--command", script)
    return printed.split()


async def start_web(environment: dict[str, str], port: int) -> Server:
    """The real process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "spaces_site.web", "--bind", "127.0.0.1", "--port", str(port)),
        *("--access-log", os.devnull, "spaces_site.asgi:application"),
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await listening(process, "127.0.0.1", port)
    return Server(process)


def main() -> None:
    """Measure and print a line for each size."""
    parser = argparse.ArgumentParser(prog="bench.joins", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 3000])
    parser.add_argument("--joins", type=int, default=50, help="that are measured at each size")
    parser.add_argument("--output", type=Path, help="also write the figures there, as JSON")
    arguments = parser.parse_args()
    results = asyncio.run(measure(sorted(arguments.sizes), arguments.joins))
    for key in results[0]:
        cells = "".join(f"{result[key]:12.1f}" for result in results)
        print(f"{key.replace('_', ' '):30}{cells}")
    if arguments.output:
        arguments.output.write_text(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
