"""Who may hear what was recorded."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from recordings.models import Replay
from rooms.models import Participant, Room


def is_host(user: User | AnonymousUser, room: Room) -> bool:
    """Whether the room was this person's: they were the last host, or started it."""
    return user.is_authenticated and user.pk in (room.host_id, room.started_by_id)


def can_export(user: User | AnonymousUser, room: Room, participant: Participant | None) -> bool:
    """The complete data of the session: for the host, and who was co-host when it ended."""
    led = participant is not None and participant.leads
    return (is_host(user, room) or led) and not has_deleted(room)


def can_correct(user: User | AnonymousUser, room: Room) -> bool:
    """The transcript: for the host."""
    return is_host(user, room) and not has_deleted(room)


def can_hear_replay(
    user: User | AnonymousUser, replay: Replay, *, is_blocked: bool, host_is_kept_out: bool
) -> bool:
    """Everybody once it is public, but those whom the host blocked; the host before that, too."""
    if is_host(user, replay.recording.room):
        return replay.deleted_at is None
    return replay.is_public and not is_blocked and not host_is_kept_out


def has_deleted(room: Room) -> bool:
    """Whether the host deleted the replay, and with it the host's own access to the recording."""
    recording = getattr(room, "recording", None)
    replay = getattr(recording, "replay", None)
    return replay is not None and replay.deleted_at is not None


def can_listen(user: User | AnonymousUser, room: Room) -> bool:
    """The host, until they deleted the replay; a moderator to review; nobody else."""
    return (is_host(user, room) and not has_deleted(room)) or user.has_perm(
        "recordings.review_recording"
    )
