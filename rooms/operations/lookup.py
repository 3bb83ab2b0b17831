"""What pages ask before anything is done: which rooms there are, and who somebody was in one."""

from django.db.models import Count, F, Q, QuerySet

from accounts.models import User
from rooms.models import Participant, Room


def find_room(public_id: str) -> Room | None:
    """The room at an address, live or ended; anything may have been typed into the address."""
    if not public_id.isalnum():
        return None
    return Room.objects.select_related("host").filter(public_id=public_id).first()


def live_rooms() -> QuerySet[Room]:
    """Live rooms, newest first, each with the `people_count` of those who are there now."""
    here = Q(participants__left_at=None) & ~Q(participants__connection="")
    return (
        Room.objects.filter(ended_at=None)
        .select_related("host")
        .annotate(people_count=Count("participants", filter=here))
        .order_by("-created_at")
    )


def participant_of(*, room: Room, user: User | None, visitor: str | None) -> Participant | None:
    """Who a browser was in the room: by account, else by the cookie it joined with.

    On a shared machine nobody stands for an account other than their own.
    """
    people = room.participants.all()
    same_browser = people.filter(visitor=visitor) if visitor else people.none()
    if user is None:
        return same_browser.order_by(F("user").asc(nulls_first=True)).first()
    return people.filter(user=user).first() or same_browser.filter(user=None).first()
