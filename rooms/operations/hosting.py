"""What the host and the co-hosts decide about people and about the whole stage."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import Block
from rooms import events, policy
from rooms.errors import Code
from rooms.events import Why
from rooms.models import Participant, Room, RoomEvent
from rooms.operations.access import acting, require, target_in
from rooms.operations.attendance import attend
from rooms.operations.hands import cancel_forbidden_hands
from rooms.operations.journal import log
from rooms.operations.standing import bring_up, depart, require_place_for_cohost, save, step_down

Kind = RoomEvent.Kind
Role = Participant.Role

DECLINED = {
    "none": Why.DECLINED,
    "later": Why.DECLINED_LATER,
    "topic": Why.DECLINED_TOPIC,
    "full": Why.DECLINED_FULL,
    "time": Why.DECLINED_TIME,
}
"""The reasons that a hand may be declined for, and what its owner is told."""

# --- hands and invitations -----------------------------------------------------------------


@transaction.atomic
def accept_hand(*, participant_id: int, target: str) -> None:
    """Let a raised hand up; raises `stage_full` with the hand left where it is."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_answer_hand(actor, person))
    bring_up(person, by=actor)


@transaction.atomic
def accept_next_hand(*, participant_id: int) -> None:
    """Let up who has waited longest. Raises `no_raised_hand` or `stage_full`."""
    actor = acting(participant_id)
    require(policy.why_not_moderate(actor))
    waiting = actor.room.participants.filter(left_at=None, hand_raised_at__isnull=False)
    person = waiting.order_by("hand_raised_at", "pk").first()
    if person is None:
        require(Code.NO_RAISED_HAND)
    else:
        bring_up(person, by=actor)


@transaction.atomic
def decline_hand(*, participant_id: int, target: str, reason: str) -> None:
    """Lower somebody's hand for one of the reasons in `DECLINED`. Raises `bad_argument`."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_answer_hand(actor, person))
    if reason not in DECLINED:
        require(Code.BAD_ARGUMENT)
    person.hand_raised_at = None
    save(person, DECLINED[reason], by=actor, kind=Kind.DECLINED, reason=reason)


@transaction.atomic
def invite_to_speak(*, participant_id: int, target: str) -> None:
    """Invite a listener; there may be more invitations than places."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_invite(actor, person))
    invite(person, Role.SPEAKER, by=actor)


@transaction.atomic
def invite_cohost(*, participant_id: int, target: str) -> None:
    """The host invites somebody to run the Space with them. Raises `cohosts_full`."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_invite_cohost(actor, person))
    require_place_for_cohost(person)
    invite(person, Role.COHOST, by=actor)


def invite(person: Participant, role: Participant.Role, *, by: Participant) -> None:
    """Invite to be this; people never hear of invitations of those whom they blocked."""
    if Block.objects.filter(blocker=person.user_id, blocked=by.user_id).exists():
        return
    person.invited_at = timezone.now()
    person.invited_as = role
    person.invited_by = by
    save(person, Why.INVITED, by=by, role=role)


# --- one person ----------------------------------------------------------------------------


@transaction.atomic
def mute(*, participant_id: int, target: str) -> None:
    """Close somebody's microphone; they may open it again unless the stage is locked."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_quiet(actor, person))
    if not person.muted:
        person.muted = True
        save(person, Why.MUTED, by=actor)


@transaction.atomic
def demote(*, participant_id: int, target: str) -> None:
    """Send somebody back to the audience."""
    actor = acting(participant_id)
    person = target_in(actor.room, target)
    require(policy.why_not_quiet(actor, person))
    step_down(person)
    save(person, Why.DEMOTED, by=actor)


@transaction.atomic
def remove(*, participant_id: int, target: str) -> None:
    """Remove somebody, present or gone, for the rest of this Space.

    Who else is here from the same browser goes as well: logged out, or in as somebody else, one
    would stay. At the door the browser is known, so they do not come back.
    """
    actor = acting(participant_id)
    person = target_in(actor.room, target, present=False)
    require(policy.why_not_remove(actor, person))
    person.removed_at = timezone.now()
    same_browser = actor.room.participants.filter(visitor=person.visitor, left_at=None)
    others = [other for other in same_browser.exclude(pk=person.pk) if not other.leads]
    goers = [person, *others]
    for goer in goers:
        depart(goer)
        log(actor.room, Kind.REMOVED, actor=actor, target=goer)
    attend(actor.room)
    events.room_changed(actor.room, {goer.public_id: "" for goer in goers})


# --- the whole stage -----------------------------------------------------------------------


@transaction.atomic
def mute_all(*, participant_id: int) -> None:
    """Close every open microphone of those whom one may mute."""
    actor = acting(participant_id)
    require(policy.why_not_moderate(actor))
    for person in _below(actor, muted=False):
        person.muted = True
        save(person, Why.MUTED, by=actor)


@transaction.atomic
def clear_stage(*, participant_id: int) -> None:
    """Send all speakers back to the audience; co-hosts stay."""
    actor = acting(participant_id)
    require(policy.why_not_moderate(actor))
    for person in _below(actor, role=Role.SPEAKER):
        step_down(person)
        save(person, Why.DEMOTED, by=actor)


@transaction.atomic
def lock_stage(*, participant_id: int) -> None:
    """From now on nobody but host and co-hosts opens a microphone; open ones stay open."""
    _set_lock(participant_id, locked=True)


@transaction.atomic
def unlock_stage(*, participant_id: int) -> None:
    """Speakers open their microphones themselves again."""
    _set_lock(participant_id, locked=False)


@transaction.atomic
def set_speaker_policy(*, participant_id: int, speaker_policy: str) -> None:
    """Change who may raise a hand; hands that are not allowed any more come down.

    Raises `bad_argument` where there is no such policy.
    """
    actor = acting(participant_id)
    require(policy.why_not_end(actor))
    if speaker_policy not in Room.SpeakerPolicy.values:
        require(Code.BAD_ARGUMENT)
    room = actor.room
    if room.speaker_policy != speaker_policy:
        room.speaker_policy = speaker_policy
        room.save(update_fields=["speaker_policy"])
        log(room, Kind.POLICY_CHANGED, actor=actor, policy=speaker_policy)
        cancel_forbidden_hands(room)
        events.room_changed(room, everybody=True)


def _set_lock(participant_id: int, *, locked: bool) -> None:
    actor = acting(participant_id)
    require(policy.why_not_moderate(actor))
    room = actor.room
    if room.stage_locked != locked:
        room.stage_locked = locked
        room.save(update_fields=["stage_locked"])
        log(room, Kind.STAGE_LOCKED if locked else Kind.STAGE_UNLOCKED, actor=actor)
        events.room_changed(room)


def _below(actor: Participant, **condition: object) -> Iterable[Participant]:
    """People on stage whom the actor outranks."""
    people = actor.room.participants.filter(left_at=None, **condition).exclude(role=Role.LISTENER)
    for person in people:
        if policy.outranks(actor, person):
            yield person
