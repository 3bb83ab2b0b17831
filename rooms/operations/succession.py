"""Who runs a room: co-hosts, handing it over, and who takes over when the host is gone."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Block
from rooms import events, policy
from rooms.errors import Code, refused
from rooms.events import Why
from rooms.models import Participant, Room, RoomEvent
from rooms.operations.access import acting, lock_room, require, target_in
from rooms.operations.attendance import attend
from rooms.operations.hands import cancel_forbidden_hands
from rooms.operations.hosting import invite
from rooms.operations.journal import log
from rooms.operations.standing import (
    depart,
    has_place_for_cohost,
    require_place_for_cohost,
    require_place_for_speaker,
    save,
    uninvite,
    warn_blockers,
)

Kind = RoomEvent.Kind
Role = Participant.Role


def host_grace() -> timedelta:
    """How long a Space waits for somebody to run it."""
    return timedelta(seconds=settings.HOST_GRACE_SECONDS)


@transaction.atomic
def dismiss_cohost(*, participant_id: int, target: str) -> None:
    """The host makes a co-host a speaker again. Raises `stage_full`."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_dismiss(actor, person))
    require_place_for_speaker(person)
    person.role = Role.SPEAKER
    save(person, Why.COHOST_DISMISSED, by=actor)


@transaction.atomic
def offer_host(*, participant_id: int, target: str) -> None:
    """The host offers somebody on stage to hand the Space over; it happens when they accept.

    An earlier offer to somebody else is withdrawn.
    """
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_succeed(actor, person))
    _withdraw(actor.room, as_roles=[Role.HOST])
    person.refresh_from_db(fields=["invited_at", "invited_as", "invited_by"])
    invite(person, Role.HOST, by=actor)


@transaction.atomic
def name_successor(*, participant_id: int, target: str) -> None:
    """The host names who takes over when they leave or do not come back; oneself: nobody."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    if person == actor:
        require(policy.why_not_end(actor))
        _set_successor(actor.room, None)
        return
    require(policy.why_not_succeed(actor, person))
    if actor.room.successor_id != person.pk:
        _set_successor(actor.room, person)
        save(person, Why.SUCCESSOR_NAMED, by=actor)


def become_cohost(person: Participant) -> None:
    """Run the Space with the host from now on; who comes up for it is muted."""
    require_place_for_cohost(person)
    if not person.on_stage:
        person.muted = True
        person.on_stage_since = timezone.now()
    person.role = Role.COHOST
    person.hand_raised_at = None
    uninvite(person)
    save(person, Why.COHOST_MADE)
    warn_blockers(person)


def become_host(person: Participant) -> None:
    """Take the Space over from its host, who becomes a co-host, or a speaker where none fits.

    From then on it is the new host's in every respect: whom they blocked is put out, whom they
    follow may raise a hand, and the recording is theirs as well (docs/adr/0009).
    """
    room = person.room
    if person.user is None:
        raise refused(Code.ACCOUNT_REQUIRED)
    former = room.participants.get(role=Role.HOST)
    person.role = Role.HOST
    room.started_by = room.started_by or room.host
    room.host = person.user
    if room.successor_id == person.pk:
        room.successor = None
    room.save(update_fields=["host", "started_by", "successor"])
    former.role = Role.COHOST if has_place_for_cohost(person) else Role.SPEAKER
    former.save(update_fields=["role"])
    _withdraw(room, as_roles=[Role.HOST, Role.COHOST])
    uninvite(person)
    save(person, Why.HANDED_OVER)
    _put_out_blocked(room)
    cancel_forbidden_hands(room)
    events.room_changed(room, {former.public_id: Why.HANDED_OVER}, everybody=True)


def take_over(room: Room) -> bool:
    """Let the successor be the host, if there is one and they are here; the room is locked."""
    if room.successor_id is None:
        return False
    person = room.participants.here().filter(pk=room.successor_id).first()
    if person is None or not person.on_stage:
        return False
    become_host(person)
    attend(room)
    return True


def replace_absent_hosts(*, room_ids: list[int] | None = None) -> None:
    """Let successors take over whose hosts did not come back within the grace."""
    limit = timezone.now() - host_grace()
    hosts = Participant.objects.filter(
        role=Role.HOST, connection="", last_seen_at__lt=limit, room__ended_at=None
    ).exclude(room__successor=None)
    if room_ids is not None:
        hosts = hosts.filter(room__in=room_ids)
    for host in hosts:
        with transaction.atomic():
            room = lock_room(pk=host.room_id)
            # Somebody else may have replaced the host meanwhile, or the host may be back.
            if room.is_live and room.participants.filter(pk=host.pk, role=Role.HOST, connection=""):
                take_over(room)


def put_out_blocked(*, host_id: int, blocked_id: int) -> None:
    """Put somebody out of the live Spaces of a host who has just blocked them."""
    rooms = Room.objects.filter(host=host_id, ended_at=None)
    for room_id in list(rooms.filter(participants__user=blocked_id).values_list("pk", flat=True)):
        with transaction.atomic():
            _put_out_blocked(lock_room(pk=room_id))


def _put_out_blocked(room: Room) -> None:
    blocked = Block.objects.filter(blocker=room.host_id).values("blocked")
    for person in room.participants.filter(left_at=None, user__in=blocked):
        depart(person)
        log(room, Kind.PUT_OUT, target=person)
        events.room_changed(room, {person.public_id: ""})


def _withdraw(room: Room, *, as_roles: list[Participant.Role]) -> None:
    """Take back, without a word, the invitations that the host alone can make."""
    for person in room.participants.filter(left_at=None, invited_as__in=as_roles):
        uninvite(person)
        person.save(update_fields=["invited_at", "invited_as", "invited_by"])
        events.room_changed(room, {person.public_id: ""})


def _set_successor(room: Room, person: Participant | None) -> None:
    room.successor = person
    room.save(update_fields=["successor"])
    events.room_changed(room)
