"""What the end of a room sets off."""

from recordings import operations
from recordings.tasks import send_recording


def archive_ended_room(sender: object, *, room_id: int, **_: object) -> None:
    """A receiver of `rooms.signals.room_ended`."""
    send_recording(operations.expect_recording(room_id=room_id).pk)
