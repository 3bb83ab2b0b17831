"""A tap: what each voice of a room says, by itself, for whoever turns it into text.

The media thread only notes packets it has in hand anyway, and hands them over five times a
second. A reader who is too slow misses some; nobody waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Self

from audio.protocol import Voices

TICKS = 10
"""How many ticks of 20 ms are handed over at once."""

_MOST = 50  # stretches that wait for the reader: ten seconds


class TapReader(AsyncIterator[Voices]):
    """The reader's side, on an event loop."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Voices | None] = asyncio.Queue()
        self._ended = False

    def put(self, voices: Voices | None) -> None:
        """Queue a stretch, or leave it out when too many wait; `None` ends the tap."""
        if voices is None or self._queue.qsize() < _MOST:
            self._queue.put_nowait(voices)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Voices:
        voices = None if self._ended else await self._queue.get()
        if voices is None:
            self._ended = True
            raise StopAsyncIteration
        return voices


class Tap:
    """The media thread's side. `hand_over` gets each stretch, and `None` when the room closes;
    `time_of` gives the Unix time of a tick on the clock of the room's recording."""

    def __init__(
        self, hand_over: Callable[[Voices | None], None], time_of: Callable[[int], float]
    ) -> None:
        self._hand_over = hand_over
        self._time_of = time_of
        self._first: int | None = None
        self._packets: dict[str, list[tuple[int, bytes]]] = {}

    def voice(self, participant: str, tick: int, packets: list[bytes]) -> None:
        """The packets of a voice whose turn began in this tick; before `tick` of the same."""
        first = self._first = tick if self._first is None else self._first
        entries = self._packets.setdefault(participant, [])
        entries += [(tick - first, packet) for packet in packets]

    def tick(self, tick: int) -> None:
        """All voices of this tick were given."""
        first = self._first = tick if self._first is None else self._first
        if tick - first + 1 >= TICKS:
            self._give(first, tick - first + 1)

    def close(self) -> None:
        """The room is closed: what was collected is the last."""
        if self._first is not None and self._packets:
            self._give(self._first, TICKS)
        self._hand_over(None)

    def _give(self, first: int, ticks: int) -> None:
        packets, self._packets, self._first = self._packets, {}, None
        self._hand_over(Voices(self._time_of(first), ticks, packets))
