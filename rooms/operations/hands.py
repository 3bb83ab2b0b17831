"""Hands that the rules do not allow any more."""

from accounts.models import Follow
from rooms import policy
from rooms.events import Why
from rooms.models import Room
from rooms.operations.standing import save


def cancel_forbidden_hands(room: Room) -> None:
    """Lower the hands of those who may not raise one (any more); the room is locked."""
    raised = list(room.participants.filter(left_at=None, hand_raised_at__isnull=False))
    users = [person.user_id for person in raised]
    follows = Follow.objects.filter(follower=room.host_id, followed__in=users)
    followed = set(follows.values_list("followed_id", flat=True))
    for person in raised:
        if policy.why_not_raise_hand(person, room, is_followed=person.user_id in followed):
            person.hand_raised_at = None
            save(person, Why.HAND_CANCELLED)
