"""What rooms do when something happens elsewhere."""

from rooms import operations


def put_out(*, user_id: int, **_: object) -> None:
    """A receiver of `accounts.signals.person_suspended`."""
    operations.eject_user(user_id=user_id)
