"""Everybody in one event loop: listeners who count, and talkers with real speech."""

import asyncio
import contextlib
import time
import wave
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np

from audio.opus import FRAME, Encoder, Pcm
from bench.client import Client, Count

TICK = 0.02
_CLIP = Path(__file__).parent.parent / "tests" / "data" / "en_demo-abouttotry.wav"
_CONSENT = 5.0  # seconds between two checks of a client, as browsers do it
_SLICES = 50


def speech() -> list[bytes]:
    """A spoken sentence, over and over, as a browser would send it: 20 ms, 32 kbit/s."""
    with wave.open(str(_CLIP)) as clip:
        pcm = np.frombuffer(clip.readframes(clip.getnframes()), dtype=np.int16) / 32768
        at = np.arange(0, len(pcm), clip.getframerate() / 48_000)
    return encode(np.interp(at, np.arange(len(pcm)), pcm).astype(np.float32))


def encode(pcm: Pcm, *, protected: bool = False) -> list[bytes]:
    """Whole frames of the samples."""
    encoder = Encoder(protected=protected)
    return [encoder.encode(pcm[i : i + FRAME]) for i in range(0, len(pcm) - FRAME, FRAME)]


class Crowd:
    """Clients, and the tasks that keep them alive."""

    def __init__(self) -> None:
        self.listeners: list[Client] = []
        self.talkers: list[Client] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to read what comes, and to send consent."""
        self._spawn(self._drain())

    async def stop(self) -> None:
        """Everybody goes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self.listeners + self.talkers:
            client.close()

    def talk(self, client: Client, packets: list[bytes]) -> None:
        """Let somebody say this until the end."""
        client.unwatch()
        self.talkers.append(client)
        self._spawn(self._talk(client, packets))

    async def join(
        self, count: int, rate: float, join: Callable[[], Awaitable[Client]]
    ) -> list[float]:
        """Let listeners in at a rate for each second; returns how long each took until its
        first packet, where one came within a second."""
        started = time.monotonic()
        tasks = []
        for number in range(count):
            await asyncio.sleep(started + number / rate - time.monotonic())
            tasks.append(asyncio.create_task(self._join_one(join)))
        waits = await asyncio.gather(*tasks)
        return [wait for wait in waits if wait is not None]

    def count_anew(self) -> None:
        """Forget what the listeners have counted."""
        for client in self.listeners:
            client.drain()
            client.count = Count()

    def counted(self) -> tuple[int, int, int]:
        """Packets and bytes the listeners got, and packets they missed."""
        for client in self.listeners:
            client.drain()
        counts = [client.count for client in self.listeners]
        return (
            sum(count.received for count in counts),
            sum(count.octets for count in counts),
            sum(count.lost for count in counts),
        )

    async def _join_one(self, join: Callable[[], Awaitable[Client]]) -> float | None:
        asked = time.monotonic()
        client = await join()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await client.hears.wait()
        client.unwatch()
        self.listeners.append(client)
        return None if client.first_packet is None else client.first_packet - asked

    def _spawn(self, work: Awaitable[None]) -> None:
        self._tasks.add(asyncio.ensure_future(work))

    async def _talk(self, client: Client, packets: list[bytes]) -> None:
        for number, due in enumerate(ticks()):
            await asyncio.sleep(due - time.monotonic())
            client.play(packets[number % len(packets)], number)

    async def _drain(self) -> None:
        """Each second every socket once, spread over the second; consent likewise."""
        slices = int(_CONSENT * _SLICES)
        for number, due in enumerate(ticks()):
            await asyncio.sleep(due - time.monotonic())
            clients = self.listeners + self.talkers
            for client in clients[number % _SLICES :: _SLICES]:
                with contextlib.suppress(OSError):
                    client.drain()
            for client in clients[number % slices :: slices]:
                client.check()


def ticks() -> Iterator[float]:
    """When each 20 ms begin, from now on."""
    start = time.monotonic()
    number = 0
    while True:
        yield start + number * TICK
        number += 1
