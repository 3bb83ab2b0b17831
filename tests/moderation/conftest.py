"""A live room with people in it, and short ways to report something."""

from collections.abc import Callable

import pytest

from accounts.models import User
from moderation import operations
from moderation.models import Report
from rooms.models import Participant, Room

GUEST = "ab" * 16


@pytest.fixture
def room(host: User, speaker: User, listener: User) -> Room:
    """Live; the host and a speaker on stage, a listener and a guest below."""
    room = Room.objects.create(host=host, title="What is left to say")
    roles = Participant.Role
    for user, role in ((host, roles.HOST), (speaker, roles.SPEAKER), (listener, roles.LISTENER)):
        room.participants.create(user=user, visitor=f"{user.pk:032x}", role=role)
    room.participants.create(user=None, visitor=GUEST)
    return room


def person_in(room: Room, user: User | None) -> Participant:
    """Somebody's place in the room; None is the guest."""
    return room.participants.get(user=user)


def is_flagged(room: Room) -> bool:
    """Whether a report keeps the copy of the room longer, as of now."""
    room.refresh_from_db()
    return room.flagged_at is not None


File = Callable[..., Report]


@pytest.fixture
def file_report(room: Room, listener: User) -> File:
    """The listener reports something: spam about the Space unless told otherwise."""

    def report(
        *, about: User | None = None, reason: str = "spam", by: User | None = listener
    ) -> Report:
        return operations.report(
            room=room,
            participant=person_in(room, by),
            about=person_in(room, about) if about else None,
            reason=reason,
            text="It went too far.",
        ).report

    return report
