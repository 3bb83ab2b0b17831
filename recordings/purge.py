"""The deletion that can be shown: claimed, repeatable, written down.

Claim (`purging`, with the rule noted), delete, then prove (`PurgeRecord`, `purged`). A crash
anywhere leaves `purging`, from where the next sweep goes on; each step may run twice.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from recordings import claims, drafts, exports, files, retention
from recordings.models import PurgeRecord, Recording, Replay, recordings_storage
from rooms import media
from rooms.models import Room
from rooms.operations import forget_what_happened

log = logging.getLogger(__name__)

State = Recording.State


def purge(*, recording_id: int, now: datetime) -> bool:
    """Delete the copy of one room if its time is over at `now`; return whether it is gone.

    Raises whatever the storage raises; the work is then continued by the next call.
    """
    recording = _claim(recording_id, now)
    if recording is None:
        return False
    if recording.state == State.PURGING:
        _delete(recording)
        _prove(recording_id)
    return True


def due(now: datetime) -> Iterable[int]:
    """Candidates: begun deletions, and rooms that ended as long ago as the shortest rule says.

    `purge` decides about each under the lock.
    """
    oldest = now - timedelta(days=settings.RETENTION_DAYS)
    return (
        Recording.objects.filter(Q(state=State.PURGING) | Q(room__ended_at__lte=oldest))
        .exclude(state=State.PURGED)
        .values_list("pk", flat=True)
    )


@transaction.atomic
def _claim(recording_id: int, now: datetime) -> Recording | None:
    """Decide under the lock of the room, which `operations.flag` takes too."""
    room = Room.objects.select_for_update().get(recording=recording_id)
    recording = Recording.objects.select_for_update().get(pk=recording_id)
    recording.room = room
    if recording.state in (State.PURGING, State.PURGED):
        return recording
    if not retention.is_due(recording, now) or claims.is_running(recording, now):
        return None
    recording.state = State.PURGING
    recording.purge_rule = retention.rule(room)
    recording.purge_expired_at = retention.kept_until(recording)
    recording.claim, recording.claimed_at = "", now
    recording.save(update_fields=["state", "purge_rule", "purge_expired_at", "claim", "claimed_at"])
    return recording


def _delete(recording: Recording) -> None:
    storage = recordings_storage()
    for file in recording.files.all():
        storage.delete(file.name)
    for export in recording.exports.all():
        exports.discard(export)
    for folder in (recording.room.public_id, exports.folder(recording.room)):
        files.delete_below(folder)
    drafts.discard(recording.room)
    media.discard_spool(recording.room)


@transaction.atomic
def _prove(recording_id: int) -> None:
    """Write the proof and forget the files, both or neither, once."""
    room = Room.objects.select_for_update().get(recording=recording_id)
    recording = Recording.objects.select_for_update().get(pk=recording_id)
    if recording.state != State.PURGING or recording.purge_expired_at is None:
        return
    listed = [
        {"name": file.name, "bytes": file.size, "sha256": file.sha256}
        for file in recording.files.order_by("pk")
    ]
    rule = retention.Rule(recording.purge_rule)
    PurgeRecord.objects.create(
        room_public_id=room.public_id,
        ended_at=retention.ended_at(room),
        expired_at=recording.purge_expired_at,
        rule=rule,
        days=retention.days(rule),
        files=listed,
        total_bytes=sum(file["bytes"] for file in listed),
        purged_at=timezone.now(),
    )
    for made_of_it in (recording.files, recording.lines, recording.clips):
        made_of_it.all().delete()
    Replay.objects.filter(recording=recording).delete()
    forget_what_happened(room=room)
    recording.state = State.PURGED
    recording.claimed_at = None
    recording.save(update_fields=["state", "claimed_at"])
    log.info("the copy of %s is deleted", room.public_id)
