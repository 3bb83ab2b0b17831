"""An engine without sound, for the tests of everything that uses one.

It keeps the rules of `AudioEngine` (who may call what, which errors) and shows what it was told.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from secrets import token_hex

from audio import sdp
from audio.eventbus import EventBus
from audio.ids import check_id
from audio.protocol import (
    Connected,
    EngineEvent,
    EngineUnavailable,
    Statistics,
    UnknownRoom,
    Voices,
)
from audio.tap import TapReader

_LOCAL = sdp.LocalParameters(
    ufrag="fakefake",
    pwd="fake" * 6,
    fingerprint=":".join(["00"] * 32),
    addresses=("192.0.2.1",),
    port=9,
    ssrc=1,
    cname="spaces",
)


@dataclass(slots=True)
class FakeRoom:
    """What a room was told."""

    life: str = field(default_factory=lambda: token_hex(8))
    voices: frozenset[str] = frozenset()
    ready: frozenset[str] = frozenset()
    said_voices: list[frozenset[str]] = field(default_factory=list)
    """Every set of voices that was asked for, in order."""
    participants: set[str] = field(default_factory=set)
    """Whoever was answered and not dropped since."""
    dropped: list[str] = field(default_factory=list)
    """Everybody dropped, in order."""
    taps: list[TapReader] = field(default_factory=list)
    """Whoever reads the voices."""


class FakeEngine:
    """`AudioEngine` in memory. Set `available` to false to make every call fail."""

    def __init__(self) -> None:
        self.rooms: dict[str, FakeRoom] = {}
        self.closed: list[str] = []
        """Rooms that were closed, in order."""
        self.opened = 0
        """How often rooms were opened, those that are open already included."""
        self.available = True
        self._bus = EventBus()

    async def open_room(self, room: str) -> str:
        """See `AudioEngine.open_room`; who speaks is for the test to tell."""
        self._check(room)
        self.opened += 1
        return self.rooms.setdefault(room, FakeRoom()).life

    async def answer(self, room: str, participant: str, offer: str) -> str:
        """See `AudioEngine.answer`. The answer is real SDP that leads nowhere."""
        self._check(room, participant)
        parsed = sdp.parse_offer(offer)
        self._room(room).participants.add(participant)
        return sdp.build_answer(parsed, _LOCAL)

    async def set_voices(
        self, room: str, participants: frozenset[str], ready: frozenset[str] = frozenset()
    ) -> None:
        """See `AudioEngine.set_voices`."""
        self._check(room, *participants, *ready)
        state = self._room(room)
        state.voices, state.ready = frozenset(participants), frozenset(ready)
        state.said_voices.append(state.voices)

    async def drop(self, room: str, participant: str) -> None:
        """See `AudioEngine.drop`."""
        self._check(room, participant)
        if room in self.rooms:
            self.rooms[room].participants.discard(participant)
            self.rooms[room].dropped.append(participant)

    async def close_room(self, room: str) -> None:
        """See `AudioEngine.close_room`."""
        self._check(room)
        closed = self.rooms.pop(room, None)
        if closed is not None:
            self.closed.append(room)
            _end_taps(closed)

    async def tap(self, room: str) -> AsyncGenerator[Voices]:
        """See `AudioEngine.tap`; what is said is for the test to tell with `say`."""
        self._check(room)
        taps, reader = self._room(room).taps, TapReader()
        taps.append(reader)
        try:
            async for voices in reader:
                yield voices
        finally:
            taps.remove(reader)

    def say(self, room: str, voices: Voices) -> None:
        """Let something be said in a room."""
        for reader in self._room(room).taps:
            reader.put(voices)

    async def statistics(self) -> Statistics:
        """See `AudioEngine.statistics`."""
        self._check()
        participants = sum(len(room.participants) for room in self.rooms.values())
        return Statistics(len(self.rooms), participants, late_ticks=0, dropped={})

    def events(self) -> AsyncIterator[EngineEvent]:
        """See `AudioEngine.events`."""
        return self._bus.subscribe()

    def emit(self, event: EngineEvent) -> None:
        """Let something happen in a room."""
        self._bus.publish(event)

    def connect(self, room: str, participant: str) -> None:
        """Let the participant's transport come up."""
        self.emit(Connected(room, participant))

    def go_away(self) -> None:
        """Forget all rooms and end all event iterators, as a restart of a real engine does."""
        for room in self.rooms.values():
            _end_taps(room)
        self.rooms.clear()
        self.hang_up()

    def hang_up(self) -> None:
        """End all event iterators, as a control connection that breaks does."""
        self._bus.end()

    def _check(self, *names: str) -> None:
        if not self.available:
            raise EngineUnavailable("the fake engine was switched off")
        for name in names:
            check_id(name)

    def _room(self, room: str) -> FakeRoom:
        if room not in self.rooms:
            raise UnknownRoom(f"room {room} is not open")
        return self.rooms[room]


def _end_taps(room: FakeRoom) -> None:
    for reader in room.taps:
        reader.put(None)
