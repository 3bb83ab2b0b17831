"""What happens to a recording besides being archived (`archive`) and deleted (`purge`)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from recordings import retention
from recordings.models import Export, Recording, RecordingAccess, RecordingFile
from rooms.models import Room

ACCESS_LOG_INTERVAL = timedelta(hours=1)
"""A player asks for many ranges of one file; one line in the log stands for all of them."""

GONE = (Recording.State.PURGING, Recording.State.PURGED)


def expect_recording(*, room_id: int) -> Recording:
    """Note that an ended room has something to archive; safe to call again."""
    recording = Recording.objects.get_or_create(room_id=room_id)[0]
    Recording.objects.filter(pk=recording.pk, due_at=None).update(due_at=timezone.now())
    return recording


def rooms_without_recording() -> Iterable[int]:
    """Ended rooms whose end went unnoticed (a crash between commit and signal)."""
    unnoticed = Q(recording=None) | Q(recording__due_at=None)
    return Room.objects.filter(unnoticed, ended_at__isnull=False).values_list("pk", flat=True)


@transaction.atomic
def flag(*, room: Room) -> bool:
    """Keep the copy longer from now on; return whether there still is a copy to keep.

    The purge locks the same row before it decides, so either the flag or the purge comes first.
    """
    locked = Room.objects.select_for_update().get(pk=room.pk)
    if locked.flagged_at is None:
        locked.flagged_at = timezone.now()
        locked.save(update_fields=["flagged_at"])
    return not Recording.objects.filter(room=locked, state__in=GONE).exists()


@transaction.atomic
def unflag(*, room: Room) -> None:
    """Back to the standard time; a deletion that becomes due by this waits for the grace."""
    locked = Room.objects.select_for_update().get(pk=room.pk)
    if locked.flagged_at is None:
        return
    locked.flagged_at = None
    locked.save(update_fields=["flagged_at"])
    grace_ends = timezone.now() + retention.GRACE_AFTER_DISMISSAL
    if not locked.is_live and retention.expires_at(locked) < grace_ends:
        Recording.objects.filter(room=locked).exclude(state__in=GONE).update(not_before=grace_ends)


def log_access(*, file: RecordingFile | Export, user: User, now: datetime) -> None:
    """Note who opens a file; at most one entry a person, file and hour."""
    _log(file.recording_id, file.name, user, now)


def log_transcript(*, recording: Recording, user: User, now: datetime) -> None:
    """Note who reads the complete transcript, as if it were a file."""
    _log(recording.pk, "transcript", user, now)


@transaction.atomic
def _log(recording_id: int, name: str, user: User, now: datetime) -> None:
    seen = RecordingAccess.objects.filter(
        recording_id=recording_id, user=user, file_name=name, at__gt=now - ACCESS_LOG_INTERVAL
    )
    if not seen.exists():
        RecordingAccess.objects.create(recording_id=recording_id, user=user, file_name=name, at=now)
