"""Hands, invitations, microphones, and what the host decides about people."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Follow
from rooms import events, policy
from rooms.events import Why
from rooms.models import Participant, RoomEvent
from rooms.operations.access import acting, require, target_in
from rooms.operations.journal import log

Kind = RoomEvent.Kind

_STANDING = [
    "role",
    "muted",
    "hand_raised_at",
    "invited_at",
    "recording_accepted_at",
    "on_stage_since",
    "connection",
    "left_at",
    "removed_at",
]
"""What is saved: not `last_seen_at`, which is written without the room's lock."""


@transaction.atomic
def raise_hand(*, participant_id: int) -> None:
    """Ask to speak; raising it twice keeps the place in the queue."""
    actor = acting(participant_id)
    followed = Follow.objects.filter(follower_id=actor.room.host_id, followed_id=actor.user_id)
    require(policy.why_not_raise_hand(actor, actor.room, is_followed=followed.exists()))
    if actor.hand_raised_at is None:
        actor.hand_raised_at = timezone.now()
        _save(actor, Why.HAND_RAISED)


@transaction.atomic
def lower_hand(*, participant_id: int) -> None:
    """Take one's hand back."""
    actor = acting(participant_id)
    require(policy.why_not_lower_hand(actor))
    actor.hand_raised_at = None
    _save(actor, Why.HAND_LOWERED)


@transaction.atomic
def accept_hand(*, participant_id: int, target: str) -> None:
    """The host lets a raised hand up; raises `stage_full` with the hand left where it is."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_answer_hand(actor, person))
    _bring_up(person, by=actor)


@transaction.atomic
def decline_hand(*, participant_id: int, target: str) -> None:
    """The host lowers somebody's hand."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_answer_hand(actor, person))
    person.hand_raised_at = None
    _save(person, Why.DECLINED, by=actor)


@transaction.atomic
def invite_to_speak(*, participant_id: int, target: str) -> None:
    """The host invites a listener; there may be more invitations than places."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_invite(actor, person))
    person.invited_at = timezone.now()
    _save(person, Why.INVITED, by=actor)


@transaction.atomic
def accept_invitation(*, participant_id: int) -> None:
    """Come up, muted; raises `stage_full` with the invitation left open."""
    actor = acting(participant_id)
    require(policy.why_not_answer_invitation(actor))
    _bring_up(actor)


@transaction.atomic
def decline_invitation(*, participant_id: int) -> None:
    """Stay in the audience."""
    actor = acting(participant_id)
    require(policy.why_not_answer_invitation(actor))
    actor.invited_at = None
    _save(actor, Why.INVITATION_DECLINED)


@transaction.atomic
def accept_recording(*, participant_id: int) -> None:
    """Accept, once per Space, that one's voice is recorded."""
    actor = acting(participant_id)
    require(policy.why_not_use_microphone(actor))
    if actor.recording_accepted_at is None:
        actor.recording_accepted_at = timezone.now()
        _save(actor, Why.RECORDING_ACCEPTED)


@transaction.atomic
def mute_self(*, participant_id: int) -> None:
    """Close one's own microphone."""
    actor = acting(participant_id)
    require(policy.why_not_use_microphone(actor))
    if not actor.muted:
        actor.muted = True
        _save(actor, Why.MUTED_SELF)


@transaction.atomic
def unmute_self(*, participant_id: int) -> None:
    """Open one's own microphone."""
    actor = acting(participant_id)
    require(policy.why_not_speak(actor))
    if actor.muted:
        actor.muted = False
        _save(actor, Why.UNMUTED)


@transaction.atomic
def leave_stage(*, participant_id: int) -> None:
    """A speaker goes back to the audience."""
    actor = acting(participant_id)
    require(policy.why_not_leave_stage(actor))
    step_down(actor)
    _save(actor, Why.LEFT_STAGE)


@transaction.atomic
def mute(*, participant_id: int, target: str) -> None:
    """The host closes a speaker's microphone; the speaker may open it again."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_quiet(actor, person))
    if not person.muted:
        person.muted = True
        _save(person, Why.MUTED, by=actor)


@transaction.atomic
def demote(*, participant_id: int, target: str) -> None:
    """The host sends a speaker back to the audience."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_quiet(actor, person))
    step_down(person)
    _save(person, Why.DEMOTED, by=actor)


@transaction.atomic
def remove(*, participant_id: int, target: str) -> None:
    """The host removes somebody, present or gone, for the rest of this Space.

    Who else is here from the same browser goes as well: logged out, or in as somebody else, one
    would stay. At the door the browser is known, so they do not come back.
    """
    actor = acting(participant_id)
    person = target_in(actor.room, target, present=False)
    require(policy.why_not_remove(actor, person))
    person.removed_at = timezone.now()
    same_browser = actor.room.participants.filter(visitor=person.visitor, left_at=None)
    others = same_browser.exclude(pk=person.pk).exclude(role=Participant.Role.HOST)
    goers = [person, *others]
    for goer in goers:
        depart(goer)
        log(actor.room, Kind.REMOVED, actor=actor, target=goer)
    events.room_changed(actor.room, {goer.public_id: "" for goer in goers})


def step_down(person: Participant) -> None:
    """Undo, without saving, all that being or asking to be on stage means; hosts keep the role."""
    if not person.is_host:
        person.role = Participant.Role.LISTENER
        person.on_stage_since = None
    person.muted = True
    person.hand_raised_at = None
    person.invited_at = None


def depart(person: Participant) -> None:
    """Save somebody as gone, from now on or since they went; telling of it is for the caller."""
    step_down(person)
    person.connection = ""
    person.left_at = person.left_at or timezone.now()
    person.save(update_fields=_STANDING)


def _bring_up(person: Participant, *, by: Participant | None = None) -> None:
    """Make a listener a speaker, muted, if there is a place; the room is locked."""
    speakers = person.room.participants.filter(role=Participant.Role.SPEAKER, left_at=None)
    require(policy.why_not_come_up(speakers=speakers.count(), limit=settings.SPEAKER_LIMIT))
    step_down(person)
    person.role = Participant.Role.SPEAKER
    person.on_stage_since = timezone.now()
    _save(person, Why.ACCEPTED, by=by)


def _save(person: Participant, why: Why, *, by: Participant | None = None) -> None:
    """Save, write down and tell what changed for somebody; `by` is who did it to them."""
    person.save(update_fields=_STANDING)
    log(person.room, Kind(why), actor=by or person, target=person if by else None)
    events.room_changed(person.room, {person.public_id: why})
