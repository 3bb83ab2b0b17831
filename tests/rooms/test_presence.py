"""Who is taken for gone, and which Spaces end by themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.errors import DomainError
from accounts.models import User
from rooms import operations, tasks
from rooms.models import Participant, Room
from rooms.signals import room_ended


def join(room: Room, user: User | None, *, seconds_ago: float = 0) -> Participant:
    """Join, with the last sign of life that long ago."""
    visitor = user.handle if user else "guest"
    who = operations.join(room_id=room.pk, user=user, visitor=visitor, connection="tab")
    seen = timezone.now() - timedelta(seconds=seconds_ago)
    Participant.objects.filter(pk=who.pk).update(last_seen_at=seen)
    return who


def make_speaker(who: Participant) -> None:
    Participant.objects.filter(pk=who.pk).update(
        role=Participant.Role.SPEAKER,
        muted=False,
        recording_accepted_at=timezone.now(),
        on_stage_since=timezone.now(),
    )


def test_a_silent_speaker_is_taken_for_gone(room: Room, speaker: User) -> None:
    eve = join(room, speaker, seconds_ago=61)
    make_speaker(eve)
    tasks.sweep_rooms()
    eve.refresh_from_db()
    assert (eve.role, eve.muted, eve.connected) == (Participant.Role.LISTENER, True, False)
    assert eve.left_at is not None


def test_a_speaker_within_the_grace_keeps_the_place(room: Room, speaker: User) -> None:
    eve = join(room, speaker, seconds_ago=50)
    make_speaker(eve)
    tasks.sweep_rooms()
    eve.refresh_from_db()
    assert eve.role == Participant.Role.SPEAKER
    assert eve.left_at is None


def test_a_sign_of_life_keeps_people_in(room: Room, listener: User) -> None:
    bob = join(room, listener, seconds_ago=61)
    operations.touch(participant_ids=[bob.pk])
    tasks.sweep_rooms()
    bob.refresh_from_db()
    assert bob.left_at is None


def test_absent_people_of_other_rooms_are_left_alone(
    room: Room, host: User, listener: User
) -> None:
    other = operations.create_room(host=host, title="Elsewhere")
    bob = join(room, listener, seconds_ago=61)
    operations.drop_absent(room_ids=[other.pk])
    bob.refresh_from_db()
    assert bob.left_at is None


def test_the_host_stays_the_host_however_long_away(room: Room, host: User) -> None:
    ada = join(room, host, seconds_ago=100)
    make_host_audible = Participant.objects.filter(pk=ada.pk)
    make_host_audible.update(muted=False, recording_accepted_at=timezone.now())
    tasks.sweep_rooms()
    ada.refresh_from_db()
    assert ada.is_host
    assert ada.muted
    assert join(room, host).is_host
    room.refresh_from_db()
    assert room.is_live


def test_a_space_without_its_host_ends(room: Room, host: User, listener: User) -> None:
    join(room, host, seconds_ago=181)
    join(room, listener)
    tasks.sweep_rooms()
    room.refresh_from_db()
    assert room.end_reason == Room.EndReason.HOST_GONE


def test_a_space_whose_host_never_came_ends(room: Room, listener: User) -> None:
    join(room, listener)
    tasks.sweep_rooms()
    room.refresh_from_db()
    assert room.is_live
    Room.objects.update(unattended_since=timezone.now() - timedelta(seconds=181))
    tasks.sweep_rooms()
    room.refresh_from_db()
    assert room.end_reason == Room.EndReason.HOST_GONE


def test_a_space_with_its_host_goes_on(room: Room, host: User) -> None:
    join(room, host, seconds_ago=170)
    tasks.sweep_rooms()
    room.refresh_from_db()
    assert room.is_live


def test_the_end_is_announced_once_after_the_commit(
    room: Room, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[int] = []

    def listen(*, room_id: int, **_: object) -> None:
        heard.append(room_id)

    room_ended.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert operations.end_room(room_id=room.pk, reason=Room.EndReason.MODERATOR)
            assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            assert not operations.end_room(room_id=room.pk, reason=Room.EndReason.HOST)
    finally:
        room_ended.disconnect(listen)
    assert heard == [room.pk]


def test_an_old_tab_that_closes_does_not_disconnect_the_new_one(room: Room, listener: User) -> None:
    bob = join(room, listener)
    operations.join(
        room_id=room.pk, user=listener, visitor="listener", connection="new tab", take_over="any"
    )
    operations.disconnect(participant_id=bob.pk, connection="tab")
    bob.refresh_from_db()
    assert bob.connected
    operations.disconnect(participant_id=bob.pk, connection="new tab")
    bob.refresh_from_db()
    assert not bob.connected


def test_an_ejected_user_is_out_and_their_own_spaces_end(
    room: Room, host: User, speaker: User
) -> None:
    eve = join(room, speaker)
    make_speaker(eve)
    operations.eject_user(user_id=speaker.pk)
    eve.refresh_from_db()
    assert (eve.role, eve.muted, eve.connected) == (Participant.Role.LISTENER, True, False)
    room.refresh_from_db()
    assert room.is_live
    operations.eject_user(user_id=host.pk)
    room.refresh_from_db()
    assert room.end_reason == Room.EndReason.MODERATOR


def test_a_removed_visitor_of_a_shared_browser_does_not_lock_the_host_out(
    room: Room, host: User, listener: User
) -> None:
    ada = join(room, host)
    bob = operations.join(room_id=room.pk, user=listener, visitor="host", connection="tab")
    operations.remove(participant_id=ada.pk, target=bob.public_id)
    assert join(room, host).is_host


def test_only_beta_testers_create(outsider: User, suspended: User, host: User) -> None:
    for user, code in [(outsider, "not_beta_tester"), (suspended, "suspended")]:
        with pytest.raises(DomainError) as refusal:
            operations.create_room(host=user, title="Bees")
        assert refusal.value.code == code
    room = operations.create_room(
        host=host, title="Bees", speaker_policy=Room.SpeakerPolicy.INVITED, transcription=True
    )
    assert room.is_live
    assert room.speaker_policy == "invited"
    assert room.transcription
