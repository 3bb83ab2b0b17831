"""Hands, invitations, microphones and what the host decides: the operations themselves."""

from collections.abc import Callable
from functools import partial

import pytest
from pytest_django import Settings

from accounts.errors import DomainError
from accounts.models import Follow, Suspension, User
from rooms import operations
from rooms.models import Participant, Room
from tests.conftest import person


def join(room: Room, user: User | None) -> Participant:
    visitor = user.handle if user else "guest"
    return operations.join(room_id=room.pk, user=user, visitor=visitor, connection="tab")


def refusal(
    operation: Callable[..., object],
    who: Participant,
    target: Participant | None = None,
    **arguments: str,
) -> str:
    """The code with which the operation is refused."""
    if target is not None:
        arguments["target"] = target.public_id
    with pytest.raises(DomainError) as caught:
        operation(participant_id=who.pk, **arguments)
    return caught.value.code


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    """The host, in the room."""
    return join(room, host)


@pytest.fixture
def bob(room: Room, listener: User) -> Participant:
    """A listener, in the room."""
    return join(room, listener)


@pytest.fixture
def eve(room: Room, speaker: User, ada: Participant) -> Participant:
    """A speaker on the stage, muted."""
    eve = join(room, speaker)
    operations.raise_hand(participant_id=eve.pk)
    operations.accept_hand(participant_id=ada.pk, target=eve.public_id)
    eve.refresh_from_db()
    return eve


@pytest.fixture
def guest(room: Room) -> Participant:
    return join(room, None)


def test_a_raised_hand_waits_for_the_host(bob: Participant) -> None:
    operations.raise_hand(participant_id=bob.pk)
    bob.refresh_from_db()
    assert bob.hand_raised_at is not None
    assert bob.role == Participant.Role.LISTENER


def test_raising_twice_keeps_the_place_in_the_queue(bob: Participant) -> None:
    operations.raise_hand(participant_id=bob.pk)
    bob.refresh_from_db()
    first = bob.hand_raised_at
    operations.raise_hand(participant_id=bob.pk)
    bob.refresh_from_db()
    assert bob.hand_raised_at == first


def test_a_hand_is_taken_back(bob: Participant) -> None:
    operations.raise_hand(participant_id=bob.pk)
    operations.lower_hand(participant_id=bob.pk)
    assert refusal(operations.lower_hand, bob) == "no_raised_hand"


def test_an_accepted_hand_brings_a_muted_speaker_up(eve: Participant) -> None:
    assert eve.role == Participant.Role.SPEAKER
    assert eve.muted
    assert eve.hand_raised_at is None
    assert eve.on_stage_since is not None


def test_a_declined_hand_comes_down(ada: Participant, bob: Participant) -> None:
    operations.raise_hand(participant_id=bob.pk)
    operations.decline_hand(participant_id=ada.pk, target=bob.public_id, reason="none")
    assert refusal(operations.accept_hand, ada, bob) == "no_raised_hand"


def test_only_followed_people_raise_a_hand_where_the_host_says_so(
    room: Room, host: User, bob: Participant, listener: User
) -> None:
    Room.objects.update(speaker_policy=Room.SpeakerPolicy.FOLLOWED)
    assert refusal(operations.raise_hand, bob) == "hand_not_allowed"
    Follow.objects.create(follower=listener, followed=host)  # the wrong way round
    assert refusal(operations.raise_hand, bob) == "hand_not_allowed"
    Follow.objects.create(follower=host, followed=listener)
    operations.raise_hand(participant_id=bob.pk)


def test_an_invited_listener_comes_up_also_where_nobody_raises_a_hand(
    ada: Participant, bob: Participant
) -> None:
    Room.objects.update(speaker_policy=Room.SpeakerPolicy.INVITED)
    operations.invite_to_speak(participant_id=ada.pk, target=bob.public_id)
    operations.accept_invitation(participant_id=bob.pk)
    bob.refresh_from_db()
    assert bob.role == Participant.Role.SPEAKER
    assert (bob.invited_at, bob.invited_as) == (None, "")


def test_a_declined_invitation_is_over(ada: Participant, bob: Participant) -> None:
    operations.invite_to_speak(participant_id=ada.pk, target=bob.public_id)
    operations.decline_invitation(participant_id=bob.pk)
    assert refusal(operations.accept_invitation, bob) == "not_invited"


def test_the_stage_is_full_for_the_one_too_many_and_the_hand_stays_up(
    settings: Settings, ada: Participant, eve: Participant, bob: Participant
) -> None:
    settings.SPEAKER_LIMIT = 1
    operations.raise_hand(participant_id=bob.pk)
    assert refusal(operations.accept_hand, ada, bob) == "stage_full"
    bob.refresh_from_db()
    assert bob.hand_raised_at is not None
    operations.leave_stage(participant_id=eve.pk)
    operations.accept_hand(participant_id=ada.pk, target=bob.public_id)


def test_an_invitation_stays_open_while_the_stage_is_full(
    settings: Settings, ada: Participant, eve: Participant, bob: Participant
) -> None:
    settings.SPEAKER_LIMIT = 1
    operations.invite_to_speak(participant_id=ada.pk, target=bob.public_id)
    assert refusal(operations.accept_invitation, bob) == "stage_full"
    operations.demote(participant_id=ada.pk, target=eve.public_id)
    operations.accept_invitation(participant_id=bob.pk)


def test_a_microphone_opens_after_the_recording_is_accepted(eve: Participant) -> None:
    assert refusal(operations.unmute_self, eve) == "recording_not_accepted"
    operations.accept_recording(participant_id=eve.pk)
    operations.unmute_self(participant_id=eve.pk)
    eve.refresh_from_db()
    assert not eve.muted
    operations.mute_self(participant_id=eve.pk)
    eve.refresh_from_db()
    assert eve.muted


def test_the_recording_is_accepted_once_per_space(ada: Participant, eve: Participant) -> None:
    operations.accept_recording(participant_id=eve.pk)
    operations.demote(participant_id=ada.pk, target=eve.public_id)
    operations.raise_hand(participant_id=eve.pk)
    operations.accept_hand(participant_id=ada.pk, target=eve.public_id)
    operations.unmute_self(participant_id=eve.pk)


def test_the_host_mutes_a_speaker_who_may_unmute_again(ada: Participant, eve: Participant) -> None:
    operations.accept_recording(participant_id=eve.pk)
    operations.unmute_self(participant_id=eve.pk)
    operations.mute(participant_id=ada.pk, target=eve.public_id)
    eve.refresh_from_db()
    assert eve.muted
    operations.unmute_self(participant_id=eve.pk)


def test_a_demoted_speaker_listens(ada: Participant, eve: Participant) -> None:
    operations.demote(participant_id=ada.pk, target=eve.public_id)
    assert refusal(operations.mute_self, eve) == "not_on_stage"


def test_a_speaker_leaves_the_stage_and_the_host_does_not(
    ada: Participant, eve: Participant
) -> None:
    operations.leave_stage(participant_id=eve.pk)
    assert refusal(operations.leave_stage, eve) == "not_on_stage"
    assert refusal(operations.leave_stage, ada) == "not_allowed"


def test_a_removed_speaker_loses_place_hand_and_voice(ada: Participant, eve: Participant) -> None:
    operations.accept_recording(participant_id=eve.pk)
    operations.unmute_self(participant_id=eve.pk)
    operations.remove(participant_id=ada.pk, target=eve.public_id)
    eve.refresh_from_db()
    assert (eve.role, eve.muted, eve.hand_raised_at) == (Participant.Role.LISTENER, True, None)
    assert eve.removed_at is not None
    assert not eve.connected
    assert refusal(operations.raise_hand, eve) == "removed"
    assert refusal(operations.mute, ada, eve) == "unknown_participant"


def test_somebody_who_left_can_still_be_removed(ada: Participant, bob: Participant) -> None:
    operations.leave(participant_id=bob.pk)
    assert refusal(operations.invite_to_speak, ada, bob) == "unknown_participant"
    operations.remove(participant_id=ada.pk, target=bob.public_id)


def test_people_of_another_room_are_unknown(ada: Participant, host: User, outsider: User) -> None:
    elsewhere = join(operations.create_room(host=host, title="Elsewhere"), outsider)
    assert refusal(operations.remove, ada, elsewhere) == "unknown_participant"


def test_a_guest_neither_asks_to_speak_nor_is_invited(ada: Participant, guest: Participant) -> None:
    assert refusal(operations.raise_hand, guest) == "account_required"
    assert refusal(operations.invite_to_speak, ada, guest) == "account_required"


@pytest.mark.parametrize(
    "operation",
    [
        operations.accept_hand,
        partial(operations.decline_hand, reason="none"),
        operations.invite_to_speak,
        operations.invite_cohost,
        operations.dismiss_cohost,
        operations.offer_host,
        operations.name_successor,
        operations.mute,
        operations.demote,
        operations.remove,
    ],
)
def test_a_speaker_has_no_power_over_others(
    operation: Callable[..., None], eve: Participant, bob: Participant
) -> None:
    assert refusal(operation, eve, bob) == "not_allowed"


def test_nobody_acts_while_suspended(bob: Participant, listener: User) -> None:
    Suspension.objects.create(user=listener, reason="Abuse")
    assert refusal(operations.raise_hand, bob) == "suspended"


def test_nobody_acts_after_the_end(room: Room, ada: Participant, bob: Participant) -> None:
    operations.end_room_as(participant_id=ada.pk)
    assert refusal(operations.raise_hand, bob) == "room_ended"


def test_the_stage_takes_ten(ada: Participant, room: Room) -> None:
    for number in range(10):
        speaker = join(room, person(f"speaker{number}"))
        operations.raise_hand(participant_id=speaker.pk)
        operations.accept_hand(participant_id=ada.pk, target=speaker.public_id)
    eleventh = join(room, person("eleventh"))
    operations.raise_hand(participant_id=eleventh.pk)
    assert refusal(operations.accept_hand, ada, eleventh) == "stage_full"
