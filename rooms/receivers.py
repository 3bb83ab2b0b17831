"""What rooms do when something happens elsewhere."""

from rooms import operations
from rooms.models import Room


def put_out(*, user_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.person_suspended`."""
    operations.eject_user(user_id=user_id)


def end_all_of(*, user_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.account_closed`."""
    operations.eject_user(user_id=user_id, reason=Room.EndReason.HOST)


def reconsider_hands(*, follower_id: int, followed_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.follow_changed`."""
    operations.follow_changed(follower_id=follower_id, followed_id=followed_id)


def put_out_blocked(*, blocker_id: int, blocked_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.person_blocked`."""
    operations.put_out_blocked(host_id=blocker_id, blocked_id=blocked_id)
