"""What rooms do when something happens elsewhere."""

from rooms import operations
from rooms.models import Room


def put_out(*, user_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.person_suspended`."""
    operations.eject_user(user_id=user_id)


def end_all_of(*, user_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.account_closed`."""
    operations.eject_user(user_id=user_id, reason=Room.EndReason.HOST)
