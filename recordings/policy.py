"""Who may hear what was recorded. Pure."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from rooms.models import Room


def is_host(user: User | AnonymousUser, room: Room) -> bool:
    """Whether the room was this person's."""
    return user.is_authenticated and user.pk == room.host_id


def can_export(user: User | AnonymousUser, room: Room) -> bool:
    """The complete data of the session: for the host."""
    return is_host(user, room)


def can_listen(user: User | AnonymousUser, room: Room) -> bool:
    """The host always; a moderator to review; nobody else."""
    return is_host(user, room) or user.has_perm("recordings.review_recording")
