"""The one interface between Spaces and whatever moves the sound.

An engine knows rooms and participants as opaque strings. It never learns names, roles or
reasons: what it is told is who may be heard, and it enforces that in the mix.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class EngineError(Exception):
    """Something the engine refuses or cannot do; `code` is stable and documented."""

    code = "engine_error"


class BadOffer(EngineError):
    """The offer is not SDP, holds no audio the engine can answer, or is too large."""

    code = "bad_offer"


class UnknownRoom(EngineError):
    """The room was never opened here, or the engine restarted and forgot it."""

    code = "unknown_room"


class NoTap(EngineError):
    """This engine does not hold single voices while the room is open."""

    code = "no_tap"


class EngineUnavailable(EngineError):
    """No connection to the engine; try again later."""

    code = "engine_unavailable"


@dataclass(frozen=True, slots=True)
class Connected:
    """The participant's media transport is up: sound can flow both ways."""

    room: str
    participant: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The participant's transport went away (closed, or no consent for 30 s, RFC 7675)."""

    room: str
    participant: str


@dataclass(frozen=True, slots=True)
class Speaking:
    """Who is audible in the mix right now, sent when the set changes, at most 5 times a second."""

    room: str
    participants: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """The recording of a room stopped being written (say, the disk is full); the room goes on."""

    room: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecordingResumed:
    """The recording of a room goes on as another part; what was said meanwhile is missing."""

    room: str


@dataclass(frozen=True, slots=True)
class Network:
    """How the packets between the engine and a participant fare, by the reports of both."""

    loss: float
    """The share of packets, from 0 to 1, that did not arrive, in the worse direction."""
    round_trip_ms: int | None
    """`None` while it is not known."""


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks that notably changed, at most every three seconds per room."""

    room: str
    participants: Mapping[str, Network]


@dataclass(frozen=True, slots=True)
class Voices:
    """A stretch of what the voices of a room said, each by itself, as they sent it."""

    start: float
    """Unix time of its beginning, on the clock of the room's recording."""
    ticks: int
    """Its length, in ticks of 20 ms."""
    packets: Mapping[str, Sequence[tuple[int, bytes]]]
    """By participant: packets of Opus, each with the tick, from 0, in which it begins. Who was
    silent is left out; a lost packet is there as an empty one of the same length."""


EngineEvent = Connected | Lost | Speaking | RecordingFailed | RecordingResumed | Networks


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counters since the engine's start, and how many rooms and participants it holds now."""

    rooms: int
    participants: int
    late_ticks: int
    dropped: dict[str, int]
    """Dropped datagrams by reason (`not_stun`, `bad_integrity`, `unknown_address`, ...)."""
    lateness: dict[str, int] = field(default_factory=dict)
    """How many ticks were done how late: counts by upper bound in milliseconds (`2`, `5`, ...),
    `more` for the rest. A tick is on time when all its packets are out within 20 ms."""
    loss: float = 0.0
    """The mean of all participants' `Network.loss` now."""
    round_trip_ms: int | None = None
    """The median of all participants' `Network.round_trip_ms` now."""


class AudioEngine(Protocol):
    """Rooms of sound. Every call is idempotent: saying a thing twice is saying it once."""

    async def open_room(self, room: str) -> str:
        """Make the room exist and start its recording; an open room stays as it is.

        Returns a name for this life of the room. Another one than last time says that everybody
        who was in it has lost the transport, because the engine restarted. Who speaks in a room
        that is open already is told once more, to those who missed it.
        """

    async def answer(self, room: str, participant: str, offer: str) -> str:
        """Answer a browser's SDP offer; a newer offer of the same participant replaces the old.

        The participant hears the room at once and is not heard until `set_voices` names it.
        Raises `UnknownRoom`, `BadOffer`.
        """

    async def set_voices(
        self, room: str, participants: frozenset[str], ready: frozenset[str] = frozenset()
    ) -> None:
        """Exactly these participants are heard (connected or not); all others are silent.

        Takes effect within one 20 ms tick, whatever the clients go on sending. Exactly those who
        are `ready` are about to be heard: a hand is raised, a microphone muted. They hear the room
        with the least delay already, where an engine tells speakers from listeners in that.
        Raises `UnknownRoom`.
        """

    async def drop(self, room: str, participant: str) -> None:
        """Cut the participant's transport: it neither hears nor is heard any more."""

    async def close_room(self, room: str) -> None:
        """Drop everybody and finish the recording; on return its files are complete on disk."""

    def tap(self, room: str) -> AsyncGenerator[Voices]:
        """What each voice that may be heard says, from now on until the room closes.

        Close the generator to end it sooner. What the reader does not take within seconds is
        left out. Raises `UnknownRoom`, `NoTap`, by the first step at the latest; ends when the
        engine goes away.
        """

    async def statistics(self) -> Statistics:
        """Counters for operators."""

    def events(self) -> AsyncIterator[EngineEvent]:
        """What happens in the rooms, in order, from now on; ends when the engine goes away."""
