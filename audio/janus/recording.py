"""The recording of one life of a room: its mix, forwarded to us, and the origin's own tracks."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from audio.janus.forward import Destination
from audio.janus.tap import Tap, tick_now
from audio.janus.tracks import Track, Tracks
from audio.recorder import DiskThread, RoomRecorder


@dataclass(frozen=True, slots=True)
class Spool:
    """The folder of all recordings, as this process and as the origin see it."""

    here: Path
    there: Path


class Recorders:
    """Begins recordings. `port` is that of the tap. Belongs to the event loop it is made in."""

    def __init__(self, spool: Spool, tap: Tap, port: int) -> None:
        self.disk = DiskThread()
        self._spool = spool
        self._tap = tap
        self._port = port
        self._loop = asyncio.get_running_loop()

    def begin(
        self, room: str, on_failure: Callable[[str], None], on_resumed: Callable[[], None]
    ) -> "Recording":
        """A new part of the room's recording; the callbacks are called on the loop."""

        def fail(reason: str) -> None:
            self._loop.call_soon_threadsafe(on_failure, reason)

        def resume() -> None:
            self._loop.call_soon_threadsafe(on_resumed)

        now = time.time()
        mix = RoomRecorder(self.disk, self._spool.here / room, tick_now(), now, fail, resume)
        part = f"{room}/{round(now * 1000):015d}-voices"
        tracks = Tracks(self._spool.here / part, self._spool.there / part)
        return Recording(mix, tracks, self._tap, self._port, on_failure)


class Recording:
    """One part: a folder for the mix beside one for the voices; see `docs/audio.md`."""

    def __init__(
        self,
        mix: RoomRecorder,
        tracks: Tracks,
        tap: Tap,
        port: int,
        on_failure: Callable[[str], None],
    ) -> None:
        self._mix = mix
        self._tracks = tracks
        self._tap = tap
        self._port = port
        self._on_failure = on_failure
        self._failed = False
        self._tapped: Destination | None = None

    def destination(self, host: str) -> Destination:
        """Where the origin is to send the mix; `host` is this process as the origin sees it."""
        self._tapped = self._tap.open(self._mix, host, self._port)
        return self._tapped

    async def begin_turn(self, participant: str) -> Track | None:
        """Somebody may be heard from now on; `None` when the disk does not take it."""
        try:
            return await asyncio.to_thread(self._tracks.begin, participant)
        except OSError as error:
            self._fail(error.strerror or str(error))
            return None

    async def check(self, track: Track) -> None:
        """The origin says that it records: is it seen here?"""
        if not await asyncio.to_thread(track.path.exists):
            self._fail(f"Janus does not write to {track.path.parent}")

    def close(self) -> "Future[None]":
        """Finish the mix; the future is done when its file is complete."""
        if self._tapped is not None:
            self._tap.close(self._tapped)
        return self._mix.close()

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            self._on_failure(reason)
