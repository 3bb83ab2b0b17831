"""The frames of the WebSocket: what a client may send is checked here, what it gets is built here.

The protocol is docs/websocket.md.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from rooms.errors import Code

MAX_MESSAGE = 64 * 1024
"""Bytes of the largest message."""

MAX_ID = 64
"""Characters of the longest command id."""

MAX_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact (RFC 8259, section 6)."""

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")

CommandId = str | int | None


class Event(StrEnum):
    """Everything that the server says without being asked."""

    ROOM_CHANGED = "room.changed"
    STAGE_CHANGED = "stage.changed"
    AUDIENCE_CHANGED = "audience.changed"
    HAND_RAISED = "hand.raised"
    HAND_LOWERED = "hand.lowered"
    SPEAKING_CHANGED = "speaking.changed"
    YOU_CHANGED = "you.changed"
    YOU_NETWORK = "you.network"
    INVITATION_DECLINED = "invitation.declined"
    MEDIA_LOST = "media.lost"
    PINS_CHANGED = "pins.changed"
    QUESTIONS_CHANGED = "questions.changed"
    REACTIONS = "reactions"
    CAPTION = "caption"
    CAPTIONING_CHANGED = "captioning.changed"
    RECORDING_FAILED = "recording.failed"
    RECORDING_RESUMED = "recording.resumed"
    ROOM_ENDED = "room.ended"


@dataclass(frozen=True, slots=True)
class Command:
    """A well-formed message of a client; whether its name exists is another question."""

    name: str
    id: CommandId
    data: Mapping[str, object]


class BadMessage(Exception):
    """The message is not a command; `id` is what could be read of its id."""

    def __init__(self, code: Code, message_id: CommandId = None) -> None:
        super().__init__(code)
        self.code = code
        self.id = message_id


def parse(text: str) -> Command:
    """Read one text frame; raises `BadMessage` with `bad_json` or `bad_message`."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage(Code.BAD_JSON) from None
    if not isinstance(message, dict) or not _is_id(message.get("id")):
        raise BadMessage(Code.BAD_MESSAGE)
    name, data = message.get("type"), message.get("data", {})
    known = message.keys() <= {"type", "id", "data"}
    if not known or not isinstance(name, str) or not isinstance(data, dict):
        raise BadMessage(Code.BAD_MESSAGE, message["id"])
    return Command(name, message["id"], data)


def reply(command_id: CommandId, data: Mapping[str, object]) -> str:
    """The answer to a command that was carried out."""
    return _frame({"type": "reply", "id": command_id, "data": data})


def error(command_id: CommandId, code: Code, message: str) -> str:
    """The answer to a command that was not; `message` is for people."""
    return _frame({"type": "error", "id": command_id, "code": code.value, "message": message})


def event(name: Event, data: Mapping[str, object]) -> str:
    """Something that happened."""
    return _frame({"type": name.value, "data": data})


def is_text(value: object) -> TypeGuard[str]:
    """Whether this is a string that databases and UTF-8 can hold: JSON allows more."""
    return isinstance(value, str) and not _UNSTORABLE.search(value)


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID and is_text(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _frame(message: Mapping[str, object]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
