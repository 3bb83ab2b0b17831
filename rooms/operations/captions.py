"""What is being said, as text, for the pages of those who are there."""

from datetime import datetime

from django.db import transaction

from accounts.names import DISTURBING
from rooms import events
from rooms.models import Caption, Participant, Room
from rooms.operations.access import lock_room

CAPTIONS_KEPT = 50
"""How many of the last lines somebody who joins is shown."""

MAX_CAPTION = 1000
"""Characters of one line; the rest of a longer one is cut off."""


@transaction.atomic
def publish_caption(
    *,
    room_public_id: str,
    participant_public_id: str,
    text: str,
    started_at: datetime,
    ended_at: datetime,
) -> bool:
    """Show a line of what a participant said, between these times, to all who are there.

    For whoever turns speech into text; works from any process. A line is shown once and for good,
    so it is one that will not change any more. Lines appear in the order of the calls.

    Returns False, and shows nothing, where the Space has ended, is unknown or not transcribed,
    where the participant is unknown or was removed, and for a text without a visible character.
    """
    line = " ".join(DISTURBING.sub(" ", text).split())[:MAX_CAPTION]
    if not line or not Room.objects.filter(public_id=room_public_id).exists():
        return False
    # The lock makes the order of the ids that of the commits: nobody reads past a line.
    room = lock_room(public_id=room_public_id)
    speaker = _speaker(room, participant_public_id)
    if speaker is None or not room.is_live or not room.transcription:
        return False
    room.captions.create(participant=speaker, text=line, started_at=started_at, ended_at=ended_at)
    _forget_old_lines(room)
    events.board_changed(room)
    return True


@transaction.atomic
def note_captioning(*, room_public_id: str, captioning: Room.Captioning) -> None:
    """Say whether captions are written in a live room, or why not; its people are told."""
    changed = (
        Room.objects.filter(public_id=room_public_id, ended_at=None)
        .exclude(captioning=captioning)
        .update(captioning=captioning)
    )
    if changed:
        events.board_changed(Room.objects.get(public_id=room_public_id))


def _speaker(room: Room, public_id: str) -> Participant | None:
    return room.participants.filter(public_id=public_id, removed_at=None).first()


def _forget_old_lines(room: Room) -> None:
    newest = Caption.objects.filter(room=room).order_by("-pk")
    too_old = newest.values_list("pk", flat=True)[CAPTIONS_KEPT : CAPTIONS_KEPT + 1].first()
    if too_old is not None:
        room.captions.filter(pk__lte=too_old).delete()
