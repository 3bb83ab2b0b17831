"""Whether anybody who runs a room is there, and since when nobody is."""

from datetime import datetime

from django.utils import timezone

from rooms import events
from rooms.models import Room


def attend(room: Room, *, since: datetime | None = None) -> None:
    """Note who is there now: the countdown to the end starts (`since` then, or now) or stops.

    The room is locked.
    """
    is_attended = room.participants.here().leading().exists()
    if is_attended == (room.unattended_since is None):
        return
    room.unattended_since = None if is_attended else since or timezone.now()
    room.save(update_fields=["unattended_since"])
    events.room_changed(room)
