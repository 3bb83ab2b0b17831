"""Whom people in a room follow, and what follows from it for the stage."""

from typing import TypedDict

from django.db import transaction

import accounts.operations
from accounts.errors import DomainError
from accounts.models import Follow, User
from rooms import events
from rooms.errors import Code, refused
from rooms.models import Participant
from rooms.operations.access import acting, lock_room, target_in
from rooms.operations.hands import cancel_forbidden_hands


class Relation(TypedDict):
    """How two people stand to each other."""

    following: bool


def relation_to(*, participant_id: int, target: str) -> Relation:
    """Whether one follows somebody in the room; of guests nobody is a follower."""
    actor, person = _two_accounts(participant_id, target)
    return Relation(following=Follow.objects.filter(follower=actor, followed=person).exists())


def follow(*, participant_id: int, target: str) -> None:
    """Follow somebody in the room. Raises `not_allowed` where one blocked the other."""
    actor, person = _two_accounts(participant_id, target)
    try:
        accounts.operations.follow(by=actor, person=person)
    except DomainError:
        raise refused(Code.NOT_ALLOWED) from None


def unfollow(*, participant_id: int, target: str) -> None:
    """Stop following somebody in the room."""
    actor, person = _two_accounts(participant_id, target)
    accounts.operations.unfollow(by=actor, person=person)


def follow_changed(*, follower_id: int, followed_id: int) -> None:
    """Let the live Spaces of `follower` follow at once: who may raise a hand, and whose is up."""
    affected = Participant.objects.filter(
        user=followed_id, left_at=None, room__host=follower_id, room__ended_at=None
    )
    for room_id, public_id in list(affected.values_list("room_id", "public_id")):
        with transaction.atomic():
            room = lock_room(pk=room_id)
            cancel_forbidden_hands(room)
            events.room_changed(room, {public_id: ""})


@transaction.atomic
def _two_accounts(participant_id: int, target: str) -> tuple[User, User]:
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    if actor.user is None or person.user is None:
        raise refused(Code.ACCOUNT_REQUIRED)
    return actor.user, person.user
