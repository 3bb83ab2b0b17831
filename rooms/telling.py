"""What connections are told, each thing once: events compared with what was told last."""

import json
from typing import Protocol

from rooms.errors import Code
from rooms.messages import Event, event
from rooms.snapshots import Snapshot, You


class Member(Protocol):
    """One joined connection, as its room sees it."""

    participant_id: int
    public_id: str
    connection: str
    is_host: bool
    you: You
    told: dict[str, str]
    """What the connection was told last, by subject."""

    async def tell(self, frame: str) -> None:
        """Send a frame; nothing happens when the client is gone."""

    async def hang_up(self, code: Code) -> None:
        """Say why, and close."""


def shared_frames(snapshot: Snapshot, speaking: list[str]) -> dict[Event, str]:
    """What everybody is told, as encoded events by name."""
    frames = {
        Event.STAGE_CHANGED: event(Event.STAGE_CHANGED, {"stage": snapshot.stage}),
        Event.SPEAKING_CHANGED: event(Event.SPEAKING_CHANGED, {"speaking": speaking}),
    }
    if snapshot.audience is not None:
        audience = {"audience": snapshot.audience}
        frames[Event.AUDIENCE_CHANGED] = event(Event.AUDIENCE_CHANGED, audience)
    return frames


def told_by(snapshot: Snapshot, speaking: list[str]) -> dict[str, str]:
    """What a connection knows once it was told this whole state."""
    return shared_frames(snapshot, speaking) | {"hands": json.dumps(snapshot.hands)}


async def tell_once(member: Member, subject: str, frame: str) -> None:
    if member.told.get(subject) != frame:
        member.told[subject] = frame
        await member.tell(frame)


def hands_frame(before: str, snapshot: Snapshot) -> str:
    known = {hand["id"] for hand in json.loads(before)}
    raised = any(hand["id"] not in known for hand in snapshot.hands)
    return event(Event.HAND_RAISED if raised else Event.HAND_LOWERED, {"hands": snapshot.hands})
