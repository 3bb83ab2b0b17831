"""Who may do what. Pure: facts in, the code of the refusal out, None where nothing stands against.

`actor` and `target` are participants of the room in question. What only the database knows about
somebody who comes from outside is gathered in `Person` first.
"""

from dataclasses import dataclass

from rooms.errors import Code
from rooms.models import Participant, Question, Room

ANY_CONNECTION = "any"
"""What `take_over` of `join` says after the person was asked."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the door: what the rules need to know before there is a participant."""

    has_account: bool
    is_beta_tester: bool = False
    is_suspended: bool = False
    is_blocked: bool = False
    """The room's host blocked the person."""
    was_removed: bool = False
    """The host removed the person from this room, logged in or not."""


def why_not_create(person: Person) -> Code | None:
    """Start a Space: approved beta testers only."""
    if not person.has_account:
        return Code.ACCOUNT_REQUIRED
    if person.is_suspended:
        return Code.SUSPENDED
    return None if person.is_beta_tester else Code.NOT_BETA_TESTER


def why_not_join(person: Person, room: Room) -> Code | None:
    """Listen: everybody, unless kept out. Blocked people are not told why."""
    if not room.is_live:
        return Code.ROOM_ENDED
    if person.was_removed:
        return Code.REMOVED
    if person.is_suspended:
        return Code.SUSPENDED
    return Code.REFUSED if person.is_blocked else None


def why_not_replace(person: Participant, *, connection: str, take_over: str) -> Code | None:
    """Speak for somebody through this connection: not unasked while another one of theirs is open.

    `take_over` is `ANY_CONNECTION` once the person was asked, or names the one to be replaced.
    """
    replaceable = {"", connection, take_over}
    if take_over == ANY_CONNECTION or person.connection in replaceable:
        return None
    return Code.ALREADY_HERE


def why_not_act(actor: Participant, room: Room) -> Code | None:
    """Do anything at all in a room one has joined."""
    if not room.is_live:
        return Code.ROOM_ENDED
    if actor.removed_at is not None:
        return Code.REMOVED
    return Code.ABSENT if actor.left_at is not None else None


def why_not_raise_hand(actor: Participant, room: Room, *, is_followed: bool) -> Code | None:
    """Ask to speak, as the room's speaker policy allows; `is_followed` by the host."""
    if actor.is_guest:
        return Code.ACCOUNT_REQUIRED
    if actor.on_stage:
        return Code.ALREADY_ON_STAGE
    if room.speaker_policy == Room.SpeakerPolicy.EVERYONE:
        return None
    if room.speaker_policy == Room.SpeakerPolicy.FOLLOWED and is_followed:
        return None
    return Code.HAND_NOT_ALLOWED


def why_not_lower_hand(actor: Participant) -> Code | None:
    """Take back one's own raised hand."""
    return Code.NO_RAISED_HAND if actor.hand_raised_at is None else None


def may_moderate(participant: Participant) -> bool:
    """Whether the person runs the room with others: decides on hands, microphones and people."""
    return participant.leads


def why_not_moderate(actor: Participant) -> Code | None:
    """Do what the host and the co-hosts do for the whole room."""
    return None if may_moderate(actor) else Code.NOT_ALLOWED


def outranks(actor: Participant, target: Participant) -> bool:
    """Whether `actor` decides about `target`: the host about co-hosts, both about the rest."""
    return may_moderate(actor) and _rank(actor) > _rank(target)


def why_not_answer_hand(actor: Participant, target: Participant) -> Code | None:
    """Accept or decline somebody's raised hand."""
    if not may_moderate(actor):
        return Code.NOT_ALLOWED
    return Code.NO_RAISED_HAND if target.hand_raised_at is None else None


def why_not_invite(actor: Participant, target: Participant) -> Code | None:
    """Invite a listener with an account to speak, whatever the speaker policy."""
    if not may_moderate(actor):
        return Code.NOT_ALLOWED
    if target.on_stage:
        return Code.ALREADY_ON_STAGE
    return Code.ACCOUNT_REQUIRED if target.is_guest else None


def why_not_invite_cohost(actor: Participant, target: Participant) -> Code | None:
    """Invite somebody with an account to be co-host."""
    if not actor.is_host or target.is_host:
        return Code.NOT_ALLOWED
    if target.leads:
        return Code.ALREADY_COHOST
    return Code.ACCOUNT_REQUIRED if target.is_guest else None


def why_not_become_cohost(*, cohosts: int, limit: int) -> Code | None:
    """Become the next co-host beside those who are one."""
    return Code.COHOSTS_FULL if cohosts >= limit else None


def why_not_dismiss(actor: Participant, target: Participant) -> Code | None:
    """Make a co-host a speaker again."""
    if not actor.is_host or target.is_host:
        return Code.NOT_ALLOWED
    return None if target.leads else Code.NOT_COHOST


def why_not_succeed(actor: Participant, target: Participant) -> Code | None:
    """Offer somebody the host's place, now or for when the host is gone."""
    if not actor.is_host or target.is_host:
        return Code.NOT_ALLOWED
    return None if target.on_stage else Code.NOT_ON_STAGE


def why_not_answer_invitation(actor: Participant) -> Code | None:
    """Accept or decline an invitation."""
    return None if actor.invited_as else Code.NOT_INVITED


def why_not_come_up(*, speakers: int, limit: int) -> Code | None:
    """Become the next speaker beside those who are up; host and co-hosts do not count."""
    return Code.STAGE_FULL if speakers >= limit else None


def why_not_use_microphone(actor: Participant) -> Code | None:
    """Mute oneself, or accept that one's voice is recorded."""
    return None if actor.on_stage else Code.NOT_ON_STAGE


def why_not_unmute(actor: Participant, room: Room) -> Code | None:
    """Open one's own microphone."""
    if not actor.on_stage:
        return Code.NOT_ON_STAGE
    if room.stage_locked and not may_moderate(actor):
        return Code.STAGE_LOCKED
    return Code.RECORDING_NOT_ACCEPTED if actor.recording_accepted_at is None else None


def is_heard(participant: Participant) -> bool:
    """Whether the mix may contain this person's voice."""
    return (
        participant.on_stage
        and participant.recording_accepted_at is not None
        and not participant.muted
        and participant.removed_at is None
        and participant.left_at is None
    )


def is_ready_to_speak(participant: Participant) -> bool:
    """Whether this person may soon be heard: on the stage, invited to it, or asking to come up."""
    if participant.removed_at is not None or participant.left_at is not None:
        return False
    asked = (participant.hand_raised_at, participant.invited_at)
    return participant.on_stage or any(moment is not None for moment in asked)


def why_not_leave_stage(actor: Participant) -> Code | None:
    """Go back to the audience; the host stays the host."""
    if actor.is_host:
        return Code.NOT_ALLOWED
    return None if actor.on_stage else Code.NOT_ON_STAGE


def why_not_quiet(actor: Participant, target: Participant) -> Code | None:
    """Mute somebody on stage, or send them back to the audience."""
    if not outranks(actor, target):
        return Code.NOT_ALLOWED
    return None if target.on_stage else Code.NOT_ON_STAGE


def why_not_remove(actor: Participant, target: Participant) -> Code | None:
    """Remove somebody for the rest of the Space."""
    return None if outranks(actor, target) else Code.NOT_ALLOWED


def why_not_end(actor: Participant) -> Code | None:
    """End the Space for all, name who takes it over, or change who may speak."""
    return None if actor.is_host else Code.NOT_ALLOWED


def why_not_ask(actor: Participant, *, open_questions: int, limit: int) -> Code | None:
    """Ask in writing, with no more than `limit` of one's own open at once.

    Guests do not: who comes back under another mark could ask and vote without end.
    """
    if actor.is_guest:
        return Code.ACCOUNT_REQUIRED
    return Code.TOO_MANY_QUESTIONS if open_questions >= limit else None


def why_not_vote(actor: Participant, question: Question) -> Code | None:
    """Vote for somebody else's open question, or take the vote back."""
    if actor.is_guest:
        return Code.ACCOUNT_REQUIRED
    if question.participant_id == actor.pk:
        return Code.NOT_ALLOWED
    return None if question.state == Question.State.OPEN else Code.UNKNOWN_QUESTION


def why_not_settle(actor: Participant, question: Question) -> Code | None:
    """Mark a question as answered, or take it out of sight, answered or not."""
    gone = question.state in (Question.State.DISMISSED, Question.State.WITHDRAWN)
    return why_not_moderate(actor) or (Code.UNKNOWN_QUESTION if gone else None)


def why_not_withdraw(actor: Participant, question: Question) -> Code | None:
    """Take back one's own open question."""
    if question.participant_id != actor.pk:
        return Code.NOT_ALLOWED
    return None if question.state == Question.State.OPEN else Code.UNKNOWN_QUESTION


def _rank(participant: Participant) -> int:
    if participant.is_host:
        return 2
    return 1 if participant.leads else 0
