"""Coming, going, and being taken for gone."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Block, User
from accounts.operations import is_suspended
from rooms import events, policy
from rooms.errors import Code
from rooms.models import Participant, Room, RoomEvent
from rooms.operations.access import lock_room, require
from rooms.operations.journal import log
from rooms.operations.stage import depart, step_down


def why_not_join(*, room: Room, user: User | None, visitor: str) -> Code | None:
    """The refusal that somebody with this account and this browser would get, or None."""
    return policy.why_not_join(_at_the_door(room, user, visitor), room)


@transaction.atomic
def join(
    *, room_id: int, user: User | None, visitor: str, connection: str, take_over: str = ""
) -> Participant:
    """Come in, or come back with role, raised hand and mute kept.

    `connection` names the WebSocket that speaks for the person from now on; an older one loses
    that right. Which one that may be `take_over` says (`policy.why_not_replace`). Raises
    `removed`, `suspended`, `refused`, `room_ended` or `already_here`.
    """
    room = lock_room(pk=room_id)
    require(why_not_join(room=room, user=user, visitor=visitor))
    person = _known(room, user, visitor) or Participant(room=room, user=user)
    if not _is_absent(person):
        require(policy.why_not_replace(person, connection=connection, take_over=take_over))
    if user is not None and user.pk == room.host_id and not person.is_host:
        person.role = Participant.Role.HOST
        person.on_stage_since = timezone.now()
    elif person.pk and _is_absent(person):
        step_down(person)
    is_back = person.pk is not None and person.left_at is None
    person.visitor = visitor
    person.connection = connection
    person.left_at = None
    person.last_seen_at = timezone.now()
    person.save()
    if not is_back:
        log(room, RoomEvent.Kind.JOINED, actor=person)
    events.room_changed(room, {person.public_id: ""})
    return person


@transaction.atomic
def leave(*, participant_id: int) -> None:
    """Go for good: a speaker comes back as a listener, the host as the host."""
    room = lock_room(participants=participant_id)
    person = room.participants.get(pk=participant_id)
    if room.is_live and person.left_at is None:
        depart(person)
        log(room, RoomEvent.Kind.LEFT, actor=person)
        events.room_changed(room, {person.public_id: ""})


def disconnect(*, participant_id: int, connection: str) -> None:
    """The WebSocket is gone; place and role are kept for `RESUME_GRACE_SECONDS`.

    Nothing happens when a newer connection speaks for the person by now.
    """
    with transaction.atomic():
        current = Participant.objects.filter(pk=participant_id, connection=connection)
        if current.update(connection="", last_seen_at=timezone.now()):
            room = Room.objects.get(participants=participant_id)
            events.room_changed(room)


@transaction.atomic
def touch(*, participant_ids: Collection[int]) -> None:
    """These people are here: the sign of life that keeps them from being taken for absent."""
    here = Participant.objects.filter(pk__in=participant_ids, left_at=None)
    # Who is being changed just now is passed over: taking many rows in an order of one's own,
    # without the room's lock, would be a deadlock with whoever changes them all (the end).
    free = here.select_for_update(skip_locked=True).values("pk")
    Participant.objects.filter(pk__in=free).update(last_seen_at=timezone.now())


def drop_absent(*, room_ids: Collection[int] | None = None) -> None:
    """Take people for gone who gave no sign of life within the grace, in live rooms.

    They come back as listeners with the hand down. The host only loses the open microphone.
    """
    absent = _absent_people()
    if room_ids is not None:
        absent = absent.filter(room_id__in=room_ids)
    for room_id in set(absent.values_list("room_id", flat=True)):
        with transaction.atomic():
            room = lock_room(pk=room_id)
            for person in _absent_people().filter(room=room):
                depart(person)
                log(room, RoomEvent.Kind.DROPPED, actor=person)
            events.room_changed(room)


def _at_the_door(room: Room, user: User | None, visitor: str) -> policy.Person:
    removed = Q(visitor=visitor) if user is None else Q(visitor=visitor) | Q(user=user)
    was_removed = room.participants.filter(removed, removed_at__isnull=False).exists()
    if user is None:
        return policy.Person(has_account=False, was_removed=was_removed)
    return policy.Person(
        has_account=True,
        is_suspended=is_suspended(user),
        is_blocked=Block.objects.filter(blocker_id=room.host_id, blocked=user).exists(),
        # A shared browser must not lock the host out of the own Space.
        was_removed=was_removed and user.pk != room.host_id,
    )


def _known(room: Room, user: User | None, visitor: str) -> Participant | None:
    if user is not None:
        return room.participants.filter(user=user).first()
    return room.participants.filter(user=None, visitor=visitor).first()


def _absence_since() -> timedelta:
    return timedelta(seconds=settings.RESUME_GRACE_SECONDS)


def _is_absent(person: Participant) -> bool:
    return person.left_at is not None or person.last_seen_at < timezone.now() - _absence_since()


def _absent_people() -> QuerySet[Participant]:
    return Participant.objects.filter(
        room__ended_at=None, left_at=None, last_seen_at__lt=timezone.now() - _absence_since()
    )
