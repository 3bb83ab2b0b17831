"""The embedded engine: `AudioEngine` over a media thread in this process."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Self

from audio import sdp
from audio.core import Core
from audio.eventbus import EventBus
from audio.fanout_worker import FanoutWorker
from audio.ids import check_id, check_ids
from audio.media_thread import MediaThread
from audio.protocol import EngineEvent, EngineUnavailable, Statistics, Voices
from audio.sockets import open_port
from audio.tap import TapReader


class EmbeddedEngine:
    """One port, any number of rooms. Use it as `async with EmbeddedEngine(...) as engine`.

    `host` and `port` are where it is bound, over UDP and TCP (port 0: any free one), `addresses`
    the IP addresses browsers reach it at, `spool` the folder recordings are written under;
    `fanout_workers` processes encrypt and send, and without them this one does. Raises `OSError`
    when the port is taken. Belongs to the event loop it is made in.
    """

    def __init__(
        self,
        *,
        spool: Path,
        addresses: tuple[str, ...],
        host: str,
        port: int,
        fanout_workers: int = 0,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._bus = EventBus()
        udp, tcp = open_port(host, port)
        self.port: int = udp.getsockname()[1]

        def make_core(media: MediaThread) -> Core:
            return Core(
                spool=spool,
                addresses=addresses,
                port=self.port,
                outlet=media,
                workers=[FanoutWorker(udp) for _ in range(fanout_workers)],
                emit=self._emit,
            )

        self._media = MediaThread(udp, tcp, make_core)

    async def __aenter__(self) -> Self:
        self._media.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._media.stop)
        self._bus.end()

    async def open_room(self, room: str) -> str:
        """See `AudioEngine.open_room`; raises `BadId`."""
        check_id(room)
        return await asyncio.wrap_future(
            self._media.call(lambda core, clock: core.open_room(room, clock))
        )

    async def answer(self, room: str, participant: str, offer: str) -> str:
        """See `AudioEngine.answer`; raises `BadId`."""
        check_id(room)
        check_id(participant)
        parsed = sdp.parse_offer(offer)
        return await asyncio.wrap_future(
            self._media.call(lambda core, clock: core.answer(room, participant, parsed, clock))
        )

    async def set_voices(
        self, room: str, participants: frozenset[str], ready: frozenset[str] = frozenset()
    ) -> None:
        """See `AudioEngine.set_voices`; raises `BadId`."""
        check_id(room)
        voices, soon = check_ids(participants), check_ids(ready)
        await asyncio.wrap_future(
            self._media.call(lambda core, _: core.set_voices(room, voices, soon))
        )

    async def drop(self, room: str, participant: str) -> None:
        """See `AudioEngine.drop`; raises `BadId`."""
        check_id(room)
        check_id(participant)
        await asyncio.wrap_future(self._media.call(lambda core, _: core.drop(room, participant)))

    async def close_room(self, room: str) -> None:
        """See `AudioEngine.close_room`; raises `BadId`."""
        check_id(room)
        files = await asyncio.wrap_future(self._media.call(lambda core, _: core.close_room(room)))
        await asyncio.wrap_future(files)

    async def tap(self, room: str) -> AsyncGenerator[Voices]:
        """See `AudioEngine.tap`; raises `BadId`."""
        check_id(room)
        reader = TapReader()

        def hand_over(voices: Voices | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody reads any more
                self._loop.call_soon_threadsafe(reader.put, voices)

        untap = await asyncio.wrap_future(
            self._media.call(lambda core, _: core.tap(room, hand_over))
        )
        try:
            async for voices in reader:
                yield voices
        finally:
            with contextlib.suppress(EngineUnavailable):
                self._media.call(lambda _core, _clock: untap())

    async def statistics(self) -> Statistics:
        """See `AudioEngine.statistics`."""
        late, lateness = self._media.late_ticks, self._media.lateness
        return await asyncio.wrap_future(
            self._media.call(lambda core, _: core.statistics(late, lateness))
        )

    def events(self) -> AsyncIterator[EngineEvent]:
        """See `AudioEngine.events`."""
        return self._bus.subscribe()

    def _emit(self, event: EngineEvent) -> None:
        """Called on the media and the disk thread; the bus lives on the loop."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody reads any more
            self._loop.call_soon_threadsafe(self._bus.publish, event)
