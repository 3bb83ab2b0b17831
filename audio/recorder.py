"""Recording: what a room plays, written as Ogg/Opus while it is played.

    <spool>/<room>/<part>/index.jsonl     one line for each file: its name and wall-clock start
    <spool>/<room>/<part>/mix.ogg         what listeners hear
    <spool>/<room>/<part>/<participant>.ogg   the participant's own packets, as sent

A part is one life of the room in one engine process, or less where the disk was full meanwhile;
parts sort by name in the order of time.
The media thread only collects packets; a thread of its own touches the disk, so that a slow
one delays nobody's sound. A file's clock is the room's tick: where nothing came, silence is
filled in, so every file keeps pace with the mix.
"""

import json
import logging
import queue
import secrets
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import BinaryIO

from audio.ids import MIX
from audio.ogg import OggOpusWriter
from audio.opus import FRAME, SILENCE

_HAND_OVER_TICKS = 25  # half a second: a kill loses less than the second that is allowed
_TICK = 0.02
_TRY_AGAIN_EVERY = 10  # hand-overs, 5 s
_ENOUGH = 16 * 2**20  # bytes, an hour of a mix: with less it would soon stop again

logger = logging.getLogger(__name__)

Batch = dict[str | None, list[tuple[int, list[bytes]]]]
"""For each participant (`None`: the mix), ticks and the packets that started in them."""


class DiskThread:
    """Runs the file work of all rooms, in order."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], None]) -> None:
        """Do this after all that was submitted before."""
        self._work.put(work)

    def stop(self) -> None:
        """Finish what was submitted, then end."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception:
                logger.exception("A piece of a recording was not written")


class RoomRecorder:
    """The media thread's side: collects packets and hands them over twice a second."""

    def __init__(
        self,
        disk: DiskThread,
        folder: Path,
        first_tick: int,
        wall_clock: float,
        on_failure: Callable[[str], None],
        on_resumed: Callable[[], None],
    ) -> None:
        self._disk = disk
        self._first_tick = first_tick
        self._start = wall_clock
        self._files = _Files(folder, wall_clock, on_failure, on_resumed)
        self._batch: Batch = {}
        disk.submit(self._files.open)

    def mix(self, tick: int, packet: bytes) -> None:
        """The packet listeners get in this tick."""
        self._add(None, tick, [packet])
        if tick % _HAND_OVER_TICKS == 0:
            self._hand_over()

    def voice(self, participant: str, tick: int, packets: list[bytes]) -> None:
        """The packets of a participant whose turn began in this tick."""
        if packets:
            self._add(participant, tick, packets)

    def time_of(self, tick: int) -> float:
        """The Unix time of a tick, on the clock of the files."""
        return self._start + (tick - self._first_tick) * _TICK

    def close(self) -> "Future[None]":
        """Finish the files; the future is done when they are complete (or have failed)."""
        self._hand_over()
        done: Future[None] = Future()
        self._disk.submit(self._files.close)
        self._disk.submit(lambda: done.set_result(None))
        return done

    def _add(self, participant: str | None, tick: int, packets: list[bytes]) -> None:
        self._batch.setdefault(participant, []).append((tick - self._first_tick, packets))

    def _hand_over(self) -> None:
        batch, self._batch = self._batch, {}
        self._disk.submit(lambda: self._files.write(batch))


class _Files:
    """The disk thread's side. An `OSError` ends the part, not the room; another part follows."""

    def __init__(
        self,
        folder: Path,
        start: float,
        on_failure: Callable[[str], None],
        on_resumed: Callable[[], None],
    ) -> None:
        self._room_folder = folder
        self._start = start
        self._on_failure = on_failure
        self._on_resumed = on_resumed
        self._folder = folder
        self._tracks: dict[str | None, _Track] = {}
        self._failed = False
        self._left_out = 0

    def open(self) -> None:
        """Make the folder of the part."""
        self._guard(self._open)

    def write(self, batch: Batch) -> None:
        """Append a batch and flush, so that it outlives this process."""
        if not self._failed:
            self._guard(lambda: self._write(batch))
            return
        self._left_out += 1
        if batch and self._left_out % _TRY_AGAIN_EVERY == 0:
            self._try_again(batch)

    def close(self) -> None:
        """Finish and close every file."""
        self._guard(self._finish)
        self._close_files()

    def _guard(self, work: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            work()
        except OSError as error:
            self._failed = True
            self._close_files()
            logger.error("Recording to %s stopped: %s", self._folder, error)
            self._on_failure(error.strerror or str(error))

    def _try_again(self, batch: Batch) -> None:
        """Go on with this batch as another part, when the disk takes it."""
        start = self._start + _TICK * min(entries[0][0] for entries in batch.values())
        try:
            self._room_folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self._room_folder).free < _ENOUGH:
                return
            self._folder = _new_folder(self._room_folder, start)
        except OSError:
            return
        try:
            self._write(batch)
        except OSError:
            self._close_files()
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        self._failed = False
        logger.warning("The recording goes on in %s", self._folder)
        self._on_resumed()

    def _open(self) -> None:
        self._folder = _new_folder(self._room_folder, self._start)

    def _write(self, batch: Batch) -> None:
        for participant, entries in batch.items():
            track = self._tracks.get(participant) or self._new_track(participant, entries[0][0])
            for tick, packets in entries:
                track.add(tick, packets)
            track.writer.flush()

    def _finish(self) -> None:
        for track in self._tracks.values():
            track.writer.finish()

    def _new_track(self, participant: str | None, tick: int) -> "_Track":
        name = f"{MIX if participant is None else participant}.ogg"
        track = self._tracks[participant] = _Track((self._folder / name).open("xb"), tick)
        start = round(self._start + tick * _TICK, 3)
        line = {"file": name, "participant": participant, "start": start}
        with (self._folder / "index.jsonl").open("a", encoding="utf-8") as index:
            index.write(json.dumps(line) + "\n")
        return track

    def _close_files(self) -> None:
        tracks, self._tracks = self._tracks, {}
        for track in tracks.values():
            try:
                track.file.close()
            except OSError:
                logger.warning("A file in %s did not close cleanly", self._folder)


class _Track:
    """One file, kept in step with the room's ticks."""

    def __init__(self, file: BinaryIO, first_tick: int) -> None:
        self.file = file
        self.writer = OggOpusWriter(file, secrets.randbits(32))
        self._first_tick = first_tick

    def add(self, tick: int, packets: list[bytes]) -> None:
        due = (tick - self._first_tick) * FRAME
        while self.writer.position + FRAME <= due:
            self.writer.add(SILENCE)
        for packet in packets:
            self.writer.add(packet)


def _new_folder(room_folder: Path, start: float) -> Path:
    """A folder named by the milliseconds of its start, so that names sort by time."""
    room_folder.mkdir(parents=True, exist_ok=True)
    number = round(start * 1000)
    while True:
        folder = room_folder / f"{number:015d}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder
