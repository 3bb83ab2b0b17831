"""The messages of the control connection: JSON objects, one to a WebSocket message.

A request is `{"id": 7, "call": "answer", "room": "r", "participant": "p", "offer": "v=0..."}`.
The calls and their fields are those of `AudioEngine`: `open_room` (room), `answer` (room,
participant, offer), `set_voices` (room, and the lists participants and ready), `drop` (room,
participant), `close_room` (room), `statistics` (none). The result of `open_room` and of `answer`
is a string.

Its reply is `{"id": 7, "result": ...}` or `{"id": 7, "error": {"code": "...", "message": "..."}}`.
The codes are those of the exceptions in `audio.protocol`, and `bad_id` and `bad_request`.
Replies come in the order in which the work is done, not in that of the requests.

An event is `{"event": "connected", "room": "r", "participant": "p"}`, or `lost` with the same
fields, `speaking` (room, participants: a list), `recording_failed` (room, reason),
`recording_resumed` (room), `networks` (room, participants: by name
`{"loss": 0.02, "round_trip_ms": 80}`, the latter may be null).

A tap is a connection of its own, to the path `/voices/<room>`. The client sends nothing; it gets
`{"start": 1795349187.3, "ticks": 10, "packets": {"p": [[0, "<base64>"], ...]}}` until the room
closes, or `{"error": {...}}` at first.
"""

import base64
import json
from dataclasses import asdict
from typing import Any

from audio.ids import BadId
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
    Statistics,
    UnknownRoom,
    Voices,
)

MAX_MESSAGE = 1024 * 1024
"""Bytes; no message is larger."""

TAP = "/voices/"
"""Where a tap's connection goes to, before the name of the room."""

Json = dict[str, Any]


class BadRequest(EngineError):
    """The request is no call of the engine's, or its fields are missing or of a wrong type."""

    code = "bad_request"


_ERRORS: dict[str, type[EngineError]] = {
    error.code: error
    for error in (EngineError, BadOffer, UnknownRoom, NoTap, EngineUnavailable, BadId, BadRequest)
}


def decode(text: str | bytes) -> Json:
    """A message as an object; raises `BadRequest`."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest("not JSON") from error
    if not isinstance(message, dict):
        raise BadRequest("not a JSON object")
    return message


async def perform(engine: AudioEngine, request: Json) -> object:
    """Do what a request asks; returns what goes into `result`. Raises `EngineError`s."""
    match request:
        case {"call": "open_room", "room": str(room)}:
            return await engine.open_room(room)
        case {"call": "answer", "room": str(room), "participant": str(who), "offer": str(offer)}:
            return await engine.answer(room, who, offer)
        case {"call": "set_voices", "room": str(room), "participants": names, "ready": ready}:
            await engine.set_voices(room, _names(names), _names(ready))
        case {"call": "drop", "room": str(room), "participant": str(who)}:
            await engine.drop(room, who)
        case {"call": "close_room", "room": str(room)}:
            await engine.close_room(room)
        case {"call": "statistics"}:
            return encode_statistics(await engine.statistics())
        case _:
            raise BadRequest("no such call, or fields missing or of a wrong type")
    return None


def _names(value: object) -> frozenset[str]:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return frozenset(value)
    raise BadRequest("not a list of names")


def encode_error(error: EngineError) -> Json:
    """The `error` of a reply."""
    return {"code": error.code, "message": str(error)}


def decode_error(error: Json) -> EngineError:
    """The exception a reply's `error` stands for."""
    kind = _ERRORS.get(error.get("code", ""), EngineError)
    return kind(error.get("message", ""))


def encode_event(event: EngineEvent) -> Json:
    """An event as a message."""
    match event:
        case Connected(room, participant):
            return {"event": "connected", "room": room, "participant": participant}
        case Lost(room, participant):
            return {"event": "lost", "room": room, "participant": participant}
        case Speaking(room, participants):
            return {"event": "speaking", "room": room, "participants": sorted(participants)}
        case RecordingFailed(room, reason):
            return {"event": "recording_failed", "room": room, "reason": reason}
        case RecordingResumed(room):
            return {"event": "recording_resumed", "room": room}
        case Networks(room, networks):
            figures = {name: asdict(network) for name, network in networks.items()}
            return {"event": "networks", "room": room, "participants": figures}


def decode_event(message: Json) -> EngineEvent | None:
    """The event in a message; `None` for one that a newer engine may have invented."""
    match message:
        case {"event": "connected", "room": str(room), "participant": str(who)}:
            return Connected(room, who)
        case {"event": "lost", "room": str(room), "participant": str(who)}:
            return Lost(room, who)
        case {"event": "speaking", "room": str(room), "participants": list(names)}:
            return Speaking(room, frozenset(names))
        case {"event": "recording_failed", "room": str(room), "reason": str(reason)}:
            return RecordingFailed(room, reason)
        case {"event": "recording_resumed", "room": str(room)}:
            return RecordingResumed(room)
        case {"event": "networks", "room": str(room), "participants": dict(networks)}:
            return Networks(room, {name: Network(**fields) for name, fields in networks.items()})
    return None


def encode_voices(voices: Voices) -> Json:
    """A stretch of voices as a message of a tap."""
    packets = {
        participant: [[tick, base64.b64encode(packet).decode()] for tick, packet in entries]
        for participant, entries in voices.packets.items()
    }
    return {"start": voices.start, "ticks": voices.ticks, "packets": packets}


def decode_voices(message: Json) -> Voices:
    """The stretch in a message of a tap."""
    packets = {
        participant: [(tick, base64.b64decode(packet)) for tick, packet in entries]
        for participant, entries in message["packets"].items()
    }
    return Voices(message["start"], message["ticks"], packets)


def encode_statistics(statistics: Statistics) -> Json:
    """Statistics as the `result` of a reply."""
    return {
        "rooms": statistics.rooms,
        "participants": statistics.participants,
        "late_ticks": statistics.late_ticks,
        "dropped": statistics.dropped,
        "lateness": statistics.lateness,
        "loss": statistics.loss,
        "round_trip_ms": statistics.round_trip_ms,
    }


def authorization(token: str) -> str:
    """The header that a client shows on connecting."""
    return f"Bearer {token}"
