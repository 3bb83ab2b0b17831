"""How somebody's place in a room changes: saved, written down and told in one step.

Everything here expects the room to be locked.
"""

from django.conf import settings
from django.utils import timezone

from rooms import events, policy
from rooms.errors import Code
from rooms.events import Why
from rooms.models import Participant, RoomEvent
from rooms.operations.access import require
from rooms.operations.journal import log

Role = Participant.Role

_STANDING = [
    "role",
    "muted",
    "hand_raised_at",
    "invited_at",
    "invited_as",
    "invited_by",
    "recording_accepted_at",
    "on_stage_since",
    "connection",
    "left_at",
    "removed_at",
]
"""What is saved: not `last_seen_at`, which is written without the room's lock."""


def save(
    person: Participant,
    why: Why,
    *,
    by: Participant | None = None,
    kind: RoomEvent.Kind | None = None,
    **data: str,
) -> None:
    """Save what changed for somebody, write it down and tell them why.

    `by` is who did it to them. The line in the log has the name of the reason where `kind` names
    no other.
    """
    person.save(update_fields=_STANDING)
    line = kind or RoomEvent.Kind(why)
    log(person.room, line, actor=by or person, target=person if by else None, **data)
    events.room_changed(person.room, {person.public_id: why})


def step_down(person: Participant) -> None:
    """Undo, without saving, all that being or asking to be on stage means; hosts keep the role."""
    if not person.is_host:
        person.role = Role.LISTENER
        person.on_stage_since = None
    person.muted = True
    person.hand_raised_at = None
    uninvite(person)


def uninvite(person: Participant) -> None:
    """Take back, without saving, whatever somebody is invited to."""
    person.invited_at = None
    person.invited_as = ""
    person.invited_by = None


def depart(person: Participant, *, for_good: bool = True) -> None:
    """Save somebody as gone, from now on or since they went; telling of it is for the caller.

    A co-host who may still come back, because it is not `for_good`, stays one until then.
    """
    is_cohost = person.role == Role.COHOST
    step_down(person)
    if is_cohost and not for_good:
        person.role = Role.COHOST
    person.connection = ""
    person.left_at = person.left_at or timezone.now()
    person.save(update_fields=_STANDING)


def bring_up(person: Participant, *, by: Participant | None = None) -> None:
    """Make a listener a speaker, muted. Raises `stage_full`."""
    require_place_for_speaker(person)
    step_down(person)
    person.role = Role.SPEAKER
    person.on_stage_since = timezone.now()
    save(person, Why.ACCEPTED, by=by)
    warn_blockers(person)


def warn_blockers(person: Participant) -> None:
    """Have those looked at who blocked somebody who is now on stage: they are told so."""
    blockers = person.room.participants.here().filter(user__blocks__blocked=person.user_id)
    concerned = dict.fromkeys(blockers.values_list("public_id", flat=True), "")
    if concerned:
        events.room_changed(person.room, concerned)


def require_place_for_speaker(person: Participant) -> None:
    """Raise `stage_full` where no place is free among the speakers."""
    speakers = person.room.participants.filter(role=Role.SPEAKER, left_at=None)
    require(policy.why_not_come_up(speakers=speakers.count(), limit=settings.SPEAKER_LIMIT))


def has_place_for_cohost(person: Participant) -> bool:
    """Whether a place is free among the co-hosts besides this person."""
    return _why_not_become_cohost(person) is None


def require_place_for_cohost(person: Participant) -> None:
    """Raise `cohosts_full` where no place is free."""
    require(_why_not_become_cohost(person))


def _why_not_become_cohost(person: Participant) -> Code | None:
    cohosts = person.room.participants.filter(role=Role.COHOST, left_at=None).exclude(pk=person.pk)
    return policy.why_not_become_cohost(cohosts=cohosts.count(), limit=settings.COHOST_LIMIT)
