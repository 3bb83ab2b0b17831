"""The work both engines are given, and what is measured while they do it."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field

import numpy as np

from audio.opus import FRAME, Decoder
from audio.rtp import RtpPacket
from bench.client import Client
from bench.crowd import Crowd, encode, speech, ticks
from bench.servers import Server
from bench.signalling import Embedded, Signalling

_LATENCY_ROOM, _FULL_ROOM, _FIRST_OF_MANY = 9001, 9002, 10_000
_ONSETS = 8
_ONSET_EVERY = 75  # frames
_LOUD = 0.05
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    listeners: int
    seconds: float
    joins: int = 30
    """At ten a second, to see how long they take."""
    join_rate: float = 50.0
    """A second, for all the others."""
    rooms: int = 100


@dataclass(slots=True)
class Audience:
    """The room that was measured, for what is measured next to it."""

    figures: Figures
    addresses: list[tuple[str, int]] = field(default_factory=list)
    packet_size: int = 0


async def audience(server: Server, signalling: Signalling, sizes: Sizes) -> Audience:
    """One talker and many listeners."""
    await signalling.open_room(1)
    crowd = Crowd()
    crowd.start()
    try:
        memory, cpu, started = server.rss(), server.cpu(), time.monotonic()
        await crowd.join(sizes.listeners, sizes.join_rate, lambda: signalling.listener(1))
        figures = {
            "join_cpu_ms": 1000 * (server.cpu() - cpu) / sizes.listeners,
            "join_seconds": time.monotonic() - started,
            "rss_kib_per_listener": (server.rss() - memory) / 1024 / sizes.listeners,
        }
        crowd.talk(await signalling.talker(1), speech())
        await asyncio.sleep(1.0)
        waits = await crowd.join(sizes.joins, 10, lambda: signalling.listener(1))
        figures |= spread("join_to_first_packet_ms", [1000 * wait for wait in waits])
        await asyncio.sleep(1.0)
        crowd.count_anew()
        before, started = server.cpu_by_process(), time.monotonic()
        await asyncio.sleep(sizes.seconds)
        after, elapsed = server.cpu_by_process(), time.monotonic() - started
        spent = [after[pid] - before.get(pid, 0.0) for pid in after]
        cpu = sum(spent)
        packets, octets, lost = crowd.counted()
        listeners = len(crowd.listeners)
        figures |= {
            "cpu_ms_per_second": 1000 * cpu / elapsed,
            "busiest_process_cpu_ms_per_second": 1000 * max(spent) / elapsed,
            "cpu_ms_per_listener_second": 1000 * cpu / elapsed / listeners,
            "cpu_us_per_packet": 1e6 * cpu / max(packets, 1),
            "packets_per_listener_second": packets / elapsed / listeners,
            "lost_packets": lost,
        }
        addresses = [client.socket.getsockname() for client in crowd.listeners]
        return Audience(figures, addresses, octets // max(packets, 1))
    finally:
        await crowd.stop()
        await signalling.close_room(1)


async def latency(signalling: Signalling) -> Figures:
    """From the packet with the beginning of a sound, to that beginning decoded elsewhere."""
    await signalling.open_room(_LATENCY_ROOM)
    crowd = Crowd()
    crowd.start()
    try:
        speaker = await signalling.talker(_LATENCY_ROOM)
        hearer = await signalling.talker(_LATENCY_ROOM)
        crowd.talk(hearer, encode(np.zeros(50 * FRAME, dtype=np.float32)))
        hearer.watch()
        onsets = Onsets()
        hearer.on_audio = onsets.hear
        await _speak_now_and_then(speaker, onsets)
        speaker.close()
        return spread("latency_ms", onsets.latencies) | {"latency_missed": float(onsets.missed)}
    finally:
        await crowd.stop()
        await signalling.close_room(_LATENCY_ROOM)


class Onsets:
    """When sounds began, here and there."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.missed = 0
        self._sent: float | None = None
        self._decoder = Decoder()

    def send(self) -> None:
        """A packet in which a sound begins is about to go out."""
        self.missed += self._sent is not None
        self._sent = time.monotonic()

    def hear(self, packet: RtpPacket) -> None:
        """A packet came."""
        pcm = self._decoder.decode(packet.payload)
        if self._sent is not None and float(np.abs(pcm).max()) > _LOUD:
            self.latencies.append(1000 * (time.monotonic() - self._sent))
            self._sent = None


async def _speak_now_and_then(speaker: Client, onsets: Onsets) -> None:
    """A fifth of a second of tone in each second and a half."""
    times = np.arange(10 * FRAME) / 48_000
    burst = np.sin(2 * np.pi * 440 * times).astype(np.float32) * 0.5
    silence = np.zeros((_ONSET_EVERY - 10) * FRAME + FRAME, dtype=np.float32)
    packets = encode(np.concatenate([silence, burst, np.zeros(FRAME, dtype=np.float32)]))
    # The encoder looks ahead, but the sound begins in the frame after the silence at the earliest.
    begin = len(silence) // FRAME
    for number, due in enumerate(ticks()):
        await asyncio.sleep(due - time.monotonic())
        place = number % len(packets)
        if place == begin:
            onsets.send()
        speaker.play(packets[place], number)
        if number >= len(packets) * _ONSETS:
            return


async def full_room(server: Server, signalling: Signalling, seconds: float) -> Figures:
    """Ten people who all talk at once, and nobody else."""
    await signalling.open_room(_FULL_ROOM)
    cost = await _talking(server, signalling, [_FULL_ROOM] * 10, seconds)
    await signalling.close_room(_FULL_ROOM)
    return {"full_room_cpu_ms_per_second": cost}


async def many_rooms(server: Server, signalling: Embedded, count: int, seconds: float) -> Figures:
    """No room, then one, some, many with a talker in each; how many ticks were late with many."""
    figures = {rooms_key(0): await _cost(server, seconds)}
    for number in room_counts(count):
        rooms = list(range(_FIRST_OF_MANY, _FIRST_OF_MANY + number))
        for room in rooms:
            await signalling.open_room(room)
        before = (await signalling.engine.statistics()).late_ticks
        try:
            figures[rooms_key(number)] = await _talking(server, signalling, rooms, seconds)
        except TimeoutError:  # this machine cannot do it, or not now
            figures[rooms_key(number)] = float("nan")
        late = (await signalling.engine.statistics()).late_ticks - before
        figures[f"rooms_{number}_late_ticks"] = float(late)
        for room in rooms:
            await signalling.close_room(room)
    return figures


def room_counts(most: int) -> list[int]:
    """With how many rooms that is measured."""
    return sorted({1, 10, 25, 50, most})


def rooms_key(number: int) -> str:
    """The name of the figure with so many rooms."""
    return f"rooms_{number}_cpu_ms_per_second"


async def _talking(
    server: Server, signalling: Signalling, rooms: list[int], seconds: float
) -> float:
    """Milliseconds of CPU a second while there is a talker in each of these rooms."""
    crowd = Crowd()
    crowd.start()
    packets = speech()
    try:
        for number, room in enumerate(rooms):
            start = 37 * number % len(packets)
            crowd.talk(await signalling.talker(room), packets[start:] + packets[:start])
        await asyncio.sleep(1.0)
        return await _cost(server, seconds)
    finally:
        await crowd.stop()


async def _cost(server: Server, seconds: float) -> float:
    cpu, started = server.cpu(), time.monotonic()
    await asyncio.sleep(seconds)
    return 1000 * (server.cpu() - cpu) / (time.monotonic() - started)


def spread(name: str, values: list[float]) -> Figures:
    """Median and 95th percentile."""
    if len(values) < 2:
        return {f"{name}_median": float("nan"), f"{name}_p95": float("nan")}
    return {
        f"{name}_median": statistics.median(values),
        f"{name}_p95": statistics.quantiles(values, n=20, method="inclusive")[-1],
    }
