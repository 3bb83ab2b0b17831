"""What people do for themselves: their hand, an invitation, their microphone, their place."""

from django.db import transaction
from django.utils import timezone

from accounts.models import Follow
from rooms import events, policy
from rooms.events import Why
from rooms.models import Participant
from rooms.operations.access import acting, require
from rooms.operations.attendance import attend
from rooms.operations.standing import bring_up, save, step_down, uninvite
from rooms.operations.succession import become_cohost, become_host

_ACCEPTED = {
    Participant.Role.SPEAKER: bring_up,
    Participant.Role.COHOST: become_cohost,
    Participant.Role.HOST: become_host,
}


@transaction.atomic
def raise_hand(*, participant_id: int) -> None:
    """Ask to speak; raising it twice keeps the place in the queue."""
    actor = acting(participant_id)
    followed = Follow.objects.filter(follower_id=actor.room.host_id, followed_id=actor.user_id)
    require(policy.why_not_raise_hand(actor, actor.room, is_followed=followed.exists()))
    if actor.hand_raised_at is None:
        actor.hand_raised_at = timezone.now()
        save(actor, Why.HAND_RAISED)


@transaction.atomic
def lower_hand(*, participant_id: int) -> None:
    """Take one's hand back."""
    actor = acting(participant_id)
    require(policy.why_not_lower_hand(actor))
    actor.hand_raised_at = None
    save(actor, Why.HAND_LOWERED)


@transaction.atomic
def accept_invitation(*, participant_id: int) -> None:
    """Become what one is invited to be; who comes up for it is muted.

    Raises `stage_full` or `cohosts_full` with the invitation left open.
    """
    actor = acting(participant_id)
    require(policy.why_not_answer_invitation(actor))
    _ACCEPTED[Participant.Role(actor.invited_as)](actor)
    attend(actor.room)


@transaction.atomic
def decline_invitation(*, participant_id: int) -> None:
    """Stay what one is; who invited is told, if they are here."""
    actor = acting(participant_id)
    require(policy.why_not_answer_invitation(actor))
    inviter, role = actor.invited_by, actor.invited_as
    uninvite(actor)
    save(actor, Why.INVITATION_DECLINED)
    if inviter is not None:
        events.invitation_declined(inviter, by=actor, role=role)


@transaction.atomic
def accept_recording(*, participant_id: int) -> None:
    """Accept, once per Space, that one's voice is recorded."""
    actor = acting(participant_id)
    require(policy.why_not_use_microphone(actor))
    if actor.recording_accepted_at is None:
        actor.recording_accepted_at = timezone.now()
        save(actor, Why.RECORDING_ACCEPTED)


@transaction.atomic
def mute_self(*, participant_id: int) -> None:
    """Close one's own microphone."""
    actor = acting(participant_id)
    require(policy.why_not_use_microphone(actor))
    if not actor.muted:
        actor.muted = True
        save(actor, Why.MUTED_SELF)


@transaction.atomic
def unmute_self(*, participant_id: int) -> None:
    """Open one's own microphone."""
    actor = acting(participant_id)
    require(policy.why_not_unmute(actor, actor.room))
    if actor.muted:
        actor.muted = False
        save(actor, Why.UNMUTED)


@transaction.atomic
def leave_stage(*, participant_id: int) -> None:
    """A speaker or co-host goes back to the audience."""
    actor = acting(participant_id)
    require(policy.why_not_leave_stage(actor))
    step_down(actor)
    save(actor, Why.LEFT_STAGE)
    attend(actor.room)
