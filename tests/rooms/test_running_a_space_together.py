"""Co-hosts: how one becomes one, and what they may do."""

import pytest
from pytest_django import Settings

from accounts.errors import DomainError
from accounts.models import User
from rooms import operations
from rooms.models import Participant, Room
from tests.conftest import person
from tests.rooms.test_stage import join, refusal

Role = Participant.Role


def appoint(ada: Participant, whom: Participant) -> None:
    operations.invite_cohost(participant_id=ada.pk, target=whom.public_id)
    operations.accept_invitation(participant_id=whom.pk)
    whom.refresh_from_db()


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    return join(room, host)


@pytest.fixture
def cleo(room: Room, ada: Participant, cohost: User) -> Participant:
    """A co-host, muted."""
    cleo = join(room, cohost)
    appoint(ada, cleo)
    return cleo


@pytest.fixture
def bob(room: Room, listener: User) -> Participant:
    """A listener with a raised hand."""
    bob = join(room, listener)
    operations.raise_hand(participant_id=bob.pk)
    return bob


def test_a_listener_who_accepts_comes_up_muted(cleo: Participant) -> None:
    assert (cleo.role, cleo.muted, cleo.invited_as) == (Role.COHOST, True, "")
    assert cleo.on_stage_since is not None


def test_a_speaker_who_accepts_keeps_the_open_microphone(
    ada: Participant, bob: Participant
) -> None:
    operations.accept_hand(participant_id=ada.pk, target=bob.public_id)
    operations.accept_recording(participant_id=bob.pk)
    operations.unmute_self(participant_id=bob.pk)
    appoint(ada, bob)
    assert (bob.role, bob.muted) == (Role.COHOST, False)


def test_who_declines_stays_in_the_audience(ada: Participant, bob: Participant) -> None:
    operations.invite_cohost(participant_id=ada.pk, target=bob.public_id)
    operations.decline_invitation(participant_id=bob.pk)
    assert refusal(operations.accept_invitation, bob) == "not_invited"


def test_there_are_two_at_most(room: Room, ada: Participant, cleo: Participant) -> None:
    second, third = join(room, person("second")), join(room, person("third"))
    operations.invite_cohost(participant_id=ada.pk, target=third.public_id)
    appoint(ada, second)
    assert refusal(operations.invite_cohost, ada, join(room, person("fourth"))) == "cohosts_full"
    assert refusal(operations.accept_invitation, third) == "cohosts_full"
    operations.demote(participant_id=ada.pk, target=second.public_id)
    operations.accept_invitation(participant_id=third.pk)


def test_cohosts_take_no_place_of_a_speaker(
    settings: Settings, ada: Participant, cleo: Participant, bob: Participant
) -> None:
    settings.SPEAKER_LIMIT = 1
    operations.accept_hand(participant_id=cleo.pk, target=bob.public_id)
    bob.refresh_from_db()
    assert bob.role == Role.SPEAKER


def test_a_cohost_does_what_a_host_does_on_stage(
    room: Room, cleo: Participant, bob: Participant, speaker: User, outsider: User
) -> None:
    eve = join(room, speaker)
    operations.invite_to_speak(participant_id=cleo.pk, target=eve.public_id)
    operations.accept_invitation(participant_id=eve.pk)
    operations.decline_hand(participant_id=cleo.pk, target=bob.public_id, reason="later")
    operations.mute(participant_id=cleo.pk, target=eve.public_id)
    operations.demote(participant_id=cleo.pk, target=eve.public_id)
    operations.remove(participant_id=cleo.pk, target=bob.public_id)
    with pytest.raises(DomainError):
        join(room, bob.user)


def test_what_is_the_hosts_alone(
    room: Room, ada: Participant, cleo: Participant, bob: Participant
) -> None:
    second = join(room, person("second"))
    appoint(ada, second)
    for operation, target in [
        (operations.invite_cohost, bob),
        (operations.dismiss_cohost, second),
        (operations.offer_host, second),
        (operations.name_successor, second),
        (operations.mute, ada),
        (operations.remove, ada),
        (operations.mute, second),
        (operations.demote, second),
        (operations.remove, second),
    ]:
        assert refusal(operation, cleo, target) == "not_allowed", operation
    assert refusal(operations.end_room_as, cleo) == "not_allowed"
    policy = Room.SpeakerPolicy.INVITED
    assert refusal(operations.set_speaker_policy, cleo, speaker_policy=policy) == "not_allowed"


def test_a_dismissed_cohost_speaks_on_if_there_is_a_place(
    settings: Settings, ada: Participant, cleo: Participant, bob: Participant
) -> None:
    settings.SPEAKER_LIMIT = 1
    operations.accept_hand(participant_id=ada.pk, target=bob.public_id)
    assert refusal(operations.dismiss_cohost, ada, cleo) == "stage_full"
    operations.leave_stage(participant_id=bob.pk)
    operations.dismiss_cohost(participant_id=ada.pk, target=cleo.public_id)
    cleo.refresh_from_db()
    assert cleo.role == Role.SPEAKER
    assert refusal(operations.accept_hand, cleo, bob) == "not_allowed"


def test_a_newer_invitation_replaces_the_older(ada: Participant, bob: Participant) -> None:
    operations.invite_to_speak(participant_id=ada.pk, target=bob.public_id)
    operations.invite_cohost(participant_id=ada.pk, target=bob.public_id)
    operations.accept_invitation(participant_id=bob.pk)
    bob.refresh_from_db()
    assert bob.role == Role.COHOST
    assert refusal(operations.accept_invitation, bob) == "not_invited"
