"""Reads what is written in a room as the wire shows it: the dicts of docs/websocket.md."""

from dataclasses import dataclass
from typing import TypedDict

from rooms.models import Caption, Room
from rooms.snapshots import wire_time


class CaptionLine(TypedDict):
    """CAPTION: one line of what somebody said."""

    id: int
    participant: str
    name: str
    text: str
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True)
class BoardState:
    """All that is written, at one moment."""

    is_transcribed: bool
    """Whether new captions may come at any time."""
    captions: list[CaptionLine]
    """The last ones, oldest first."""


def read(room_id: int, *, captions_after: int = 0) -> BoardState:
    """What is written now, with the captions whose id is larger than `captions_after`."""
    room = Room.objects.get(pk=room_id)
    lines = Caption.objects.none()
    if room.transcription:
        lines = room.captions.filter(pk__gt=captions_after).select_related("participant__user")
    return BoardState(
        is_transcribed=room.transcription,
        captions=[_caption(line) for line in lines],
    )


def _caption(caption: Caption) -> CaptionLine:
    return CaptionLine(
        id=caption.pk,
        participant=caption.participant.public_id,
        name=caption.participant.name,
        text=caption.text,
        started_at=wire_time(caption.started_at),
        ended_at=wire_time(caption.ended_at),
    )
