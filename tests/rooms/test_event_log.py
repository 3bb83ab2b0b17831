"""What is written down of a Space, in the order in which it happened."""

import pytest
from pytest_django import Settings

from accounts.errors import DomainError
from accounts.models import User
from rooms import operations
from rooms.models import Participant, Room, RoomEvent

Line = tuple[str, str, str]


def join(room: Room, user: User | None) -> Participant:
    visitor = user.handle if user else "guest"
    return operations.join(room_id=room.pk, user=user, visitor=visitor, connection="tab")


def written(room: Room) -> list[Line]:
    """The lines after the first, which says that the Space began: what, who, to whom."""

    def name(person: Participant | None) -> str:
        return person.user.handle if person and person.user else "-"

    events = room.events.select_related("actor__user", "target__user")
    (begun, *lines) = [(event.kind, name(event.actor), name(event.target)) for event in events]
    assert begun == ("created", "-", "-")
    return lines


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    return join(room, host)


@pytest.fixture
def eve(room: Room, ada: Participant, speaker: User) -> Participant:
    return join(room, speaker)


def test_the_way_of_a_speaker_is_written_down(
    room: Room, ada: Participant, eve: Participant
) -> None:
    operations.raise_hand(participant_id=eve.pk)
    operations.accept_hand(participant_id=ada.pk, target=eve.public_id)
    operations.accept_recording(participant_id=eve.pk)
    operations.unmute_self(participant_id=eve.pk)
    operations.mute(participant_id=ada.pk, target=eve.public_id)
    operations.demote(participant_id=ada.pk, target=eve.public_id)
    operations.leave(participant_id=eve.pk)
    operations.end_room_as(participant_id=ada.pk)
    assert written(room) == [
        ("joined", "host", "-"),
        ("joined", "speaker", "-"),
        ("hand_raised", "speaker", "-"),
        ("accepted", "host", "speaker"),
        ("recording_accepted", "speaker", "-"),
        ("unmuted", "speaker", "-"),
        ("muted", "host", "speaker"),
        ("demoted", "host", "speaker"),
        ("left", "speaker", "-"),
        ("ended", "host", "-"),
    ]


def test_what_changes_nothing_is_not_written_down(
    room: Room, ada: Participant, eve: Participant
) -> None:
    before = written(room)
    operations.mute_self(participant_id=ada.pk)
    with pytest.raises(DomainError):
        operations.mute(participant_id=eve.pk, target=ada.public_id)
    join(room, eve.user)
    assert written(room) == before


def test_a_change_that_fails_leaves_no_line(
    room: Room, ada: Participant, eve: Participant, settings: Settings
) -> None:
    settings.SPEAKER_LIMIT = 0
    operations.raise_hand(participant_id=eve.pk)
    with pytest.raises(DomainError):
        operations.accept_hand(participant_id=ada.pk, target=eve.public_id)
    assert written(room)[-1] == ("hand_raised", "speaker", "-")


def test_who_comes_back_after_leaving_joins_anew(room: Room, ada: Participant) -> None:
    operations.leave(participant_id=ada.pk)
    join(room, ada.user)
    assert [kind for kind, *_ in written(room)] == ["joined", "left", "joined"]


def test_the_end_says_why(room: Room) -> None:
    operations.end_room(room_id=room.pk, reason=Room.EndReason.MODERATOR)
    ended = room.events.get(kind=RoomEvent.Kind.ENDED)
    assert (ended.actor, ended.data) == (None, {"reason": "moderator"})
