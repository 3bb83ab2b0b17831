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
from rooms.operations.attendance import attend
from rooms.operations.journal import log
from rooms.operations.standing import depart, has_place_for_cohost, step_down
from rooms.operations.succession import take_over


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
        _come_back(person)
    is_back = person.pk is not None and person.left_at is None
    person.visitor = visitor
    person.connection = connection
    person.left_at = None
    person.last_seen_at = timezone.now()
    person.save()
    if not is_back:
        log(room, RoomEvent.Kind.JOINED, actor=person)
    if person.leads:
        attend(room)
    events.room_changed(room, {person.public_id: ""}, at_once=is_back or person.on_stage)
    return person


@transaction.atomic
def leave(*, participant_id: int) -> None:
    """Go for good: who was on stage comes back as a listener, the host as the host.

    Where the host named a successor who is there, it is theirs from now on.
    """
    room = lock_room(participants=participant_id)
    person = room.participants.get(pk=participant_id)
    if room.is_live and person.left_at is None:
        is_host, led = person.is_host, person.leads
        depart(person)
        log(room, RoomEvent.Kind.LEFT, actor=person)
        if not (is_host and take_over(room)) and led:
            attend(room)
        events.room_changed(room, {person.public_id: ""})


def disconnect(*, participant_id: int, connection: str) -> None:
    """The WebSocket is gone; place and role are kept for `RESUME_GRACE_SECONDS`.

    Nothing happens when a newer connection speaks for the person by now.
    """
    with transaction.atomic():
        person = Participant.objects.select_related("room").get(pk=participant_id)
        # Thousands may go at once; only those who run the room have something to wait for.
        room = lock_room(pk=person.room_id) if person.leads else person.room
        current = Participant.objects.filter(pk=participant_id, connection=connection)
        if current.update(connection="", last_seen_at=timezone.now()):
            events.room_changed(room, at_once=person.on_stage)
            if person.leads:
                attend(room)


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

    They come back as listeners with the hand down. Host and co-hosts only lose the open
    microphone, co-hosts as long as nobody takes their place.
    """
    absent = _absent_people()
    if room_ids is not None:
        absent = absent.filter(room_id__in=room_ids)
    for room_id in set(absent.values_list("room_id", flat=True)):
        with transaction.atomic():
            room = lock_room(pk=room_id)
            absentees = list(_absent_people().filter(room=room))
            for person in absentees:
                depart(person, for_good=False)
                log(room, RoomEvent.Kind.DROPPED, actor=person)
            led = [person.last_seen_at for person in absentees if person.leads]
            if led:
                attend(room, since=max(led))
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


def _come_back(person: Participant) -> None:
    """After a long absence, without saving: a listener, or a co-host where a place is free."""
    was_cohost = person.role == Participant.Role.COHOST
    step_down(person)
    if was_cohost and has_place_for_cohost(person):
        person.role = Participant.Role.COHOST
        person.on_stage_since = timezone.now()


def _absence_since() -> timedelta:
    return timedelta(seconds=settings.RESUME_GRACE_SECONDS)


def _is_absent(person: Participant) -> bool:
    return person.left_at is not None or person.last_seen_at < timezone.now() - _absence_since()


def _absent_people() -> QuerySet[Participant]:
    return Participant.objects.filter(
        room__ended_at=None, left_at=None, last_seen_at__lt=timezone.now() - _absence_since()
    )
