"""The one place that speaks to the audio engine, and makes it follow the database.

In the web process a `MediaLink` holds the control connection. The worker uses the blocking
functions at the end of this module.
"""

import asyncio
import logging
import shutil
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
)
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from audio import archive
from audio.archive import AssembledFile
from audio.heard import Heard, VoiceDecoder, read_sound
from audio.ogg import write_with_gain
from audio.opus import Pcm
from audio.protocol import (
    AudioEngine,
    BadOffer,
    Connected,
    EngineError,
    EngineEvent,
    EngineUnavailable,
    Lost,
    Network,
    Networks,
    NoTap,
    RecordingFailed,
    RecordingResumed,
    Speaking,
    UnknownRoom,
)
from audio.remote import RemoteEngine, close_room_now
from audio.rendering import (
    MIX_INTERVAL,
    SPEAKER_INTERVAL,
    encode_m4a,
    measure,
    speaker_levels,
)
from audio.turns import find_turns
from rooms.coalesce import Coalesced
from rooms.errors import Code, refused
from rooms.models import Room

__all__ = [
    "MIX_INTERVAL",
    "SPEAKER_INTERVAL",
    "AssembledFile",
    "EngineError",
    "EngineUnavailable",
    "Happening",
    "Heard",
    "MediaLink",
    "NoTap",
    "assemble",
    "close_room",
    "discard_spool",
    "encode_m4a",
    "find_turns",
    "listen",
    "measure",
    "read_track",
    "speaker_levels",
    "spool_bytes",
    "write_with_gain",
]

RETRY_SECONDS = 0.2
"""Pause before a room is told again to an engine that was away; each try waits for it as well."""

ANSWER_TIMEOUT = 5.0
"""Seconds that a connection waits for the engine; the web server allows ten to wind one up."""

SPEECH_RATE = 16_000
"""Samples a second of single voices: what recognising speech takes."""

CLOSE_TIMEOUT = 30.0
"""Seconds that the worker waits for the files of a recording to be complete."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Happening:
    """News of one room's sound; participants are named by public id."""

    speaking: frozenset[str] | None = None
    """Who is audible now, when that changed."""
    lost: str | None = None
    """Whose transport went away."""
    restarted: bool = False
    """The engine began the room anew: everybody's transport went away."""
    recording_failed: bool = False
    recording_resumed: bool = False
    networks: Mapping[str, Network] = field(default_factory=dict)
    """Whose network changed, and how it is now."""


Listener = Callable[[Happening], Awaitable[None]]


@asynccontextmanager
async def open_engine() -> AsyncIterator[AudioEngine]:
    """The engine of this installation."""
    url, token = settings.AUDIO_CONTROL_URL, settings.AUDIO_CONTROL_TOKEN
    async with RemoteEngine(url, token, timeout=ANSWER_TIMEOUT) as engine:
        yield engine


@dataclass(slots=True)
class _Room:
    """What the engine should do about one room."""

    listener: Listener
    sync: Coalesced
    life: str = ""
    """Which life of the room the engine was last heard to be in."""
    voices: frozenset[str] | None = None
    """Unknown until the database was read: to say "nobody" before would cut everybody's sound
    for a moment whenever a web process starts."""
    ready: frozenset[str] = frozenset()
    to_drop: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)


class MediaLink:
    """This process's connection to the engine; connects when the first room is followed.

    Names of rooms and participants are their public ids. What is wanted is kept here and told
    again after every reconnection, so a restarted engine soon knows its rooms.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self._engine: asyncio.Future[AudioEngine] | None = None
        self._task: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    def follow(self, room: str, listener: Listener) -> None:
        """Open the room at the engine, and let the listener hear what happens there."""
        state = _Room(listener, Coalesced(lambda: self._tell_engine(room)))
        self._rooms[room] = state
        state.sync.ask()

    def forget(self, room: str) -> None:
        """Nobody here follows the room any more; at the engine it stays as it is."""
        self._rooms.pop(room, None)

    def want(
        self, room: str, voices: frozenset[str], ready: frozenset[str], gone: frozenset[str]
    ) -> None:
        """Exactly `voices` may be heard, and those who are `ready` soon; those who are `gone` lose
        their transport."""
        state = self._rooms.get(room)
        if state is None:
            return
        state.voices, state.ready = voices, ready
        state.to_drop = set(gone - state.dropped)
        state.dropped &= gone
        state.sync.ask()

    def end(self, room: str) -> None:
        """The room has ended: everybody loses the transport, the recording is finished."""
        self._spawn(self._try(lambda engine: engine.close_room(room)))

    def drop(self, room: str, participant: str) -> None:
        """Cut somebody's transport now."""
        self._spawn(self._try(lambda engine: engine.drop(room, participant)))

    async def answer(self, room: str, participant: str, offer: str) -> str:
        """Answer an SDP offer. Raises `DomainError`: `bad_offer` or `engine_unavailable`."""
        state = self._rooms.get(room)
        if state is None:
            raise refused(Code.ENGINE_UNAVAILABLE)
        state.to_drop.discard(participant)
        state.dropped.discard(participant)
        engine = await self._engine_of_process()
        try:
            try:
                return await engine.answer(room, participant, offer)
            except UnknownRoom:
                await self._tell_engine(room)
                return await engine.answer(room, participant, offer)
        except BadOffer as error:
            raise refused(Code.BAD_OFFER) from error
        except EngineError as error:
            raise refused(Code.ENGINE_UNAVAILABLE) from error

    async def close(self) -> None:
        """Disconnect and forget everything."""
        tasks = [task for task in (self._task, *self._background) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for state in self._rooms.values():
            await state.sync.close()
        self._rooms.clear()
        self._task = self._engine = None

    async def _follow_events(self, opened: "asyncio.Future[AudioEngine]") -> None:
        async with open_engine() as engine:
            opened.set_result(engine)
            while True:
                # Subscribed before the rooms are told, so that no event is missed.
                events = engine.events()
                for state in self._rooms.values():
                    state.sync.ask()
                async for event in events:
                    await self._pass_on(event.room, _happening(event))

    async def _pass_on(self, room: str, happening: Happening | None) -> None:
        state = self._rooms.get(room)
        if state is None or happening is None:
            return
        try:
            await state.listener(happening)
        except Exception:
            logger.exception("News of room %s did not reach everybody", room)

    async def _tell_engine(self, room: str) -> None:
        """Say all that is wanted of this room; said again later when the engine is away."""
        engine = await self._engine_of_process()
        state = self._rooms.get(room)
        if state is None:
            return
        try:
            life = await engine.open_room(room)
            known, state.life = state.life, life
            if state.voices is not None:
                await engine.set_voices(room, state.voices, state.ready)
            if known not in ("", life):
                await self._pass_on(room, Happening(speaking=frozenset(), restarted=True))
            for participant in state.to_drop - state.dropped:
                await engine.drop(room, participant)
                state.dropped.add(participant)
        except EngineUnavailable:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, state.sync.ask)
        except EngineError as error:
            logger.warning("The audio engine refuses room %s: %s", room, error)

    async def _try(self, call: Callable[[AudioEngine], Awaitable[None]]) -> None:
        with suppress(EngineError):  # a restarted engine has forgotten it anyway
            await call(await self._engine_of_process())

    async def _engine_of_process(self) -> AudioEngine:
        if self._task is None or self._engine is None:
            self._engine = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._follow_events(self._engine))
        return await asyncio.shield(self._engine)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _happening(event: EngineEvent) -> Happening | None:
    match event:
        case Speaking(_, participants):
            return Happening(speaking=participants)
        case Lost(_, participant):
            return Happening(lost=participant)
        case RecordingFailed():
            return Happening(recording_failed=True)
        case RecordingResumed():
            return Happening(recording_resumed=True)
        case Networks(_, participants):
            return Happening(networks=participants)
        case Connected():
            return None


async def listen(room: str) -> AsyncGenerator[Heard]:
    """What each participant of a live room says, by itself, from now on until the room closes.

    `room` and participants are public ids; samples are mono at 16 kHz. Who is too slow misses
    some. Raises `NoTap` where the engine cannot, or another `EngineError`.
    """
    decoder = VoiceDecoder(SPEECH_RATE)
    async with open_engine() as engine, aclosing(engine.tap(room)) as tap:
        async for voices in tap:
            yield decoder.decode(voices)


def read_track(file: BinaryIO) -> Iterator[Pcm]:
    """The samples of a recorded track, mono at 16 kHz, about a second at a time."""
    return read_sound(file, SPEECH_RATE)


def close_room(room: Room) -> None:
    """Drop everybody and wait until the files of the room's recording are complete on disk.

    Blocks; safe to repeat. Raises `EngineUnavailable`.
    """
    close_room_now(
        settings.AUDIO_CONTROL_URL, settings.AUDIO_CONTROL_TOKEN, room.public_id, CLOSE_TIMEOUT
    )


def assemble(room: Room, folder: Path) -> Iterator[AssembledFile]:
    """Make the mix and one file per speaker out of the parts in the spool, in `folder`.

    One file at each step, nothing at all when no sound was recorded. Raises `OSError`.
    """
    return archive.assemble(settings.AUDIO_SPOOL / room.public_id, folder)


def spool_bytes(room: Room) -> int:
    """How much sound of a room is in the spool; the headers alone count for nothing."""
    return archive.sound_bytes(settings.AUDIO_SPOOL / room.public_id)


def discard_spool(room: Room) -> None:
    """Delete the parts of a room's recording; safe to repeat."""
    with suppress(FileNotFoundError):
        shutil.rmtree(settings.AUDIO_SPOOL / room.public_id)
