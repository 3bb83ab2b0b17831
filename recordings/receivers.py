"""What the end of a room sets off, and the end of an account."""

from recordings import operations, replays
from recordings.tasks import send_recording


def archive_ended_room(sender: object, *, room_id: int, **_: object) -> None:
    """A receiver of `rooms.signals.room_ended`."""
    send_recording(operations.expect_recording(room_id=room_id).pk)


def withdraw_of(sender: object, *, user_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.account_closed`."""
    replays.forget_person(user_id=user_id)
