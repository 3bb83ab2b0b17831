"""How a room begins, and the ways in which it ends."""

from collections.abc import Collection
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.operations import is_beta_tester, is_suspended
from rooms import events, policy
from rooms.errors import Code, refused
from rooms.models import Participant, Room, RoomEvent
from rooms.operations.access import acting, lock_room, require
from rooms.operations.attendance import attend
from rooms.operations.journal import log
from rooms.operations.standing import depart
from rooms.operations.succession import host_grace
from rooms.signals import room_ended


def why_not_create(*, user: User | None) -> Code | None:
    """The refusal this person would get, or None."""
    if user is None:
        return policy.why_not_create(policy.Person(has_account=False))
    person = policy.Person(
        has_account=True, is_beta_tester=is_beta_tester(user), is_suspended=is_suspended(user)
    )
    return policy.why_not_create(person)


@transaction.atomic
def create_room(
    *,
    host: User,
    title: str,
    speaker_policy: Room.SpeakerPolicy = Room.SpeakerPolicy.EVERYONE,
    transcription: bool = False,
) -> Room:
    """Start a Space. `title` is 1 to 70 characters on one line.

    Raises `not_beta_tester`, `suspended` or `too_many_rooms`.
    """
    User.objects.select_for_update().get(pk=host.pk)  # two at once are counted one by one
    require(why_not_create(user=host))
    an_hour_ago = timezone.now() - timedelta(hours=1)
    # Handed over, it was still theirs to start.
    started = Q(started_by=host) | Q(started_by=None, host=host)
    if Room.objects.filter(started, created_at__gt=an_hour_ago).count() >= settings.SPACES_PER_HOUR:
        raise refused(Code.TOO_MANY_ROOMS)
    room = Room.objects.create(
        host=host, title=title, speaker_policy=speaker_policy, transcription=transcription
    )
    log(room, RoomEvent.Kind.CREATED)
    return room


@transaction.atomic
def end_room_as(*, participant_id: int) -> None:
    """The host ends the Space for all. Raises `not_allowed` for anybody else."""
    actor = acting(participant_id)
    require(policy.why_not_end(actor))
    _end(actor.room, Room.EndReason.HOST, by=actor)


@transaction.atomic
def end_room(*, room_id: int, reason: Room.EndReason) -> bool:
    """End a Space on behalf of the service or a moderator; False if it had ended before."""
    room = lock_room(pk=room_id)
    if not room.is_live:
        return False
    _end(room, reason)
    return True


def eject_user(*, user_id: int, reason: Room.EndReason = Room.EndReason.MODERATOR) -> None:
    """Put somebody out of all live rooms, and end those they host for this reason.

    They are not removed for good: whether they may come back is asked when they do.
    """
    hosted = Room.objects.filter(host=user_id, ended_at=None)
    for room_id in list(hosted.values_list("pk", flat=True)):
        end_room(room_id=room_id, reason=reason)
    present = Participant.objects.filter(user=user_id, room__ended_at=None, left_at=None)
    for room_id in list(present.values_list("room_id", flat=True)):
        with transaction.atomic():  # one room at a time: nobody holds two locks
            room = lock_room(pk=room_id)
            person = room.participants.get(user=user_id)
            depart(person)
            log(room, RoomEvent.Kind.PUT_OUT, target=person)
            attend(room)
            events.room_changed(room, {person.public_id: ""})


def end_orphaned(*, room_ids: Collection[int] | None = None) -> None:
    """End live rooms in which nobody who runs them was for `HOST_GRACE_SECONDS`."""
    orphaned = Room.objects.filter(
        ended_at=None, unattended_since__lt=timezone.now() - host_grace()
    )
    if room_ids is not None:
        orphaned = orphaned.filter(pk__in=room_ids)
    for room_id in list(orphaned.values_list("pk", flat=True)):
        end_room(room_id=room_id, reason=Room.EndReason.HOST_GONE)


def _end(room: Room, reason: Room.EndReason, *, by: Participant | None = None) -> None:
    room.ended_at = timezone.now()
    room.end_reason = reason
    room.save(update_fields=["ended_at", "end_reason"])
    room.participants.update(connection="")
    room.participants.filter(left_at=None).update(left_at=room.ended_at, hand_raised_at=None)
    room.captions.all().delete()
    log(room, RoomEvent.Kind.ENDED, actor=by, reason=reason)
    events.room_changed(room)
    transaction.on_commit(partial(room_ended.send_robust, sender=Room, room_id=room.pk))
