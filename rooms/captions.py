"""The process that writes captions: from the voices of live rooms to lines on their pages.

It hears each participant by itself, so names are right, and never the mix. Rooms beyond
`most_rooms` are refused and told so; what comes later than anybody wants to read it is left out.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from channels.db import database_sync_to_async

from rooms import media, operations
from rooms.models import Room
from speech.recogniser import Text
from speech.segments import Utterance
from speech.voice import VoiceStream

LOOK_SECONDS = 2.0
"""How often new rooms are looked for."""

LATE_SECONDS = 8.0
"""An utterance that waited for so long is left out: those after it are of more use."""

_WAITING = 32  # utterances; more are never written in time

Standing = Room.Captioning
Recognise = Callable[[Utterance], Text | None]
Listen = Callable[[str], AsyncGenerator[media.Heard]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance that waits to be written."""

    room: str
    participant: str
    start: float
    """Unix time."""
    utterance: Utterance

    @property
    def end(self) -> float:
        """Unix time."""
        return self.start + self.utterance.seconds


class Captions:
    """Writes down what is said in at most `most_rooms` rooms, one utterance after the other.

    `recognise` may block; it runs on a thread. `None` (no model) refuses every room.
    """

    def __init__(
        self, recognise: Recognise | None, most_rooms: int, listen: Listen = media.listen
    ) -> None:
        self._recognise = recognise
        self._most_rooms = most_rooms if recognise else 0
        self._listen = listen
        self._rooms: dict[str, asyncio.Task[None]] = {}
        self._waiting: deque[Said] = deque(maxlen=_WAITING)
        self._something = asyncio.Event()
        self._told: dict[str, Standing] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write())
            while True:
                try:
                    await self._look(tasks)
                except Exception:
                    logger.exception("Live rooms were not looked for; tried again soon")
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Follow the rooms that are to be written down, and tell each what it gets."""
        live = await database_sync_to_async(_transcribed)()
        for room in self._rooms.keys() - live:
            self._rooms.pop(room).cancel()
        self._told = {room: told for room, told in self._told.items() if room in live}
        for room in live:
            task = self._rooms.get(room)
            if task is None and len(self._rooms) >= self._most_rooms:
                await self._tell(room, Standing.BUSY if self._most_rooms else Standing.UNAVAILABLE)
            elif task is None or task.done():
                self._rooms[room] = tasks.create_task(self._follow(room))

    async def _follow(self, room: str) -> None:
        """Hear a room until its tap ends; the next look begins again if it is still live."""
        try:
            await self._hear(room)
        except media.NoTap:
            await self._tell(room, Standing.UNAVAILABLE)
            await asyncio.Event().wait()  # until the room has ended
        except media.EngineError as error:
            logger.info("The voices of %s are not heard for now: %s", room, error)
        except Exception:
            logger.exception("Room %s is not written down for now", room)

    async def _hear(self, room: str) -> None:
        voices: dict[str, VoiceStream] = {}
        async with aclosing(self._listen(room)) as stretches:
            async for heard in stretches:
                await self._tell(room, Standing.ON)
                for sound in heard.sounds:
                    voice = voices.setdefault(sound.participant, VoiceStream())
                    self._add(room, sound.participant, voice.hear(sound.at, sound.pcm))
                for participant, voice in voices.items():
                    self._add(room, participant, voice.wait(heard.until))

    async def _tell(self, room: str, captioning: Standing) -> None:
        if self._told.get(room) != captioning:
            await database_sync_to_async(operations.note_captioning)(
                room_public_id=room, captioning=captioning
            )
            self._told[room] = captioning

    def _add(self, room: str, participant: str, found: Iterable[tuple[float, Utterance]]) -> None:
        for start, utterance in found:
            self._waiting.append(Said(room, participant, start, utterance))
            self._something.set()

    async def _write(self) -> None:
        while True:
            await self._something.wait()
            said = self._waiting.popleft()
            if not self._waiting:
                self._something.clear()
            late = datetime.now(UTC).timestamp() - said.end
            if late > LATE_SECONDS:
                logger.warning("A caption in %s is left out: it is %.0f s late", said.room, late)
                continue
            try:
                await self._write_one(said)
            except Exception:
                logger.exception("A caption in %s was not written", said.room)

    async def _write_one(self, said: Said) -> None:
        if self._recognise is None:
            return
        text = await asyncio.to_thread(self._recognise, said.utterance)
        if text is not None:
            await database_sync_to_async(operations.publish_caption)(
                room_public_id=said.room,
                participant_public_id=said.participant,
                text=text.text,
                started_at=datetime.fromtimestamp(said.start, UTC),
                ended_at=datetime.fromtimestamp(said.end, UTC),
            )


def _transcribed() -> list[str]:
    """Live rooms whose host wants them written down, the oldest first."""
    live = Room.objects.filter(ended_at=None, transcription=True).order_by("created_at")
    return list(live.values_list("public_id", flat=True))
