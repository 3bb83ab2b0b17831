"""From the engine's spool to files that are kept: claimed, idempotent, tried again when it fails.

`recording -> archiving -> ready`; a failure is tried again from its `due_at` on, and after the
last attempt it is `failed`. The claim is the value of `claimed_at`: whoever wrote it holds it,
renews it while working, and finds it gone when somebody else took over. `claimed_at` of a ready
recording is cleared once the spool is empty, so a crash before that is found by the sweep.
"""

import logging
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from recordings import files
from recordings.models import Recording, RecordingFile
from rooms import media
from rooms.models import Participant, Room

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
ENGINE_DELAY = timedelta(seconds=30)
CLAIM_LASTS = timedelta(minutes=10)
"""A claim that was not renewed for so long belongs to a worker that is gone."""

END_TOLERANCE = 1.0
"""Seconds that a recording may be shorter than its room without a word: clocks are read apart."""

State = Recording.State


class ClaimLost(Exception):
    """Somebody else took the work over, or the copy is being purged."""


def archive(*, recording_id: int) -> None:
    """Make the kept copy of one room if that is still to be done; a failure is noted in its row.

    May be called any number of times, at the same time, and after a crash at any point.
    """
    recording = _claim(recording_id)
    if recording is None:
        return
    name = recording.room.public_id
    if recording.attempts > MAX_ATTEMPTS:
        _fail(recording, "The worker stopped in the middle of every attempt.")
        return
    try:
        _make_copy(recording)
    except ClaimLost:
        log.warning("the archive of %s was taken over", name)
    except media.EngineUnavailable:
        log.warning("the archive of %s waits for the audio engine", name)
        # Not the recording's fault: the attempt does not count.
        _wait(recording, ENGINE_DELAY, attempts=recording.attempts - 1)
    except Exception as error:
        log.exception("the archive of %s failed", name)
        _note_failure(recording, f"{type(error).__name__}: {error}")
    else:
        clean_up(recording_id=recording_id)


def clean_up(*, recording_id: int) -> None:
    """Remove what a safe copy makes superfluous: the spool, and files of broken attempts."""
    recording = Recording.objects.select_related("room").get(pk=recording_id)
    if recording.state != State.READY:
        return
    media.discard_spool(recording.room)
    kept = recording.files.values_list("file", flat=True)
    files.delete_below(recording.room.public_id, keep=set(kept))
    Recording.objects.filter(pk=recording_id, state=State.READY).update(claimed_at=None)


def due(now: datetime) -> Iterable[int]:
    """Recordings to be archived now: waiting, or left behind by a dead worker."""
    return _claimable(now).values_list("pk", flat=True)


def due_for_clean_up(now: datetime) -> Iterable[int]:
    """Ready recordings whose worker died before it had tidied up."""
    left = Recording.objects.filter(state=State.READY, claimed_at__lte=now - CLAIM_LASTS)
    return left.values_list("pk", flat=True)


def is_running(recording: Recording, now: datetime) -> bool:
    """Whether a worker that still lives is at it."""
    held = recording.claimed_at is not None and recording.claimed_at > now - CLAIM_LASTS
    return recording.state == State.ARCHIVING and held


def _make_copy(recording: Recording) -> None:
    room = recording.room
    media.close_room(room)
    folder = files.new_folder(room)
    with tempfile.TemporaryDirectory(prefix="spaces-archive-") as draft:
        try:
            rows = []
            for part in media.assemble(room, Path(draft)):
                _renew(recording)
                rows.append(_keep(recording, part, folder))
            _publish(recording, rows)
        except DatabaseError:
            # Perhaps it was committed all the same: `clean_up` or the purge sees which is true.
            raise
        except Exception:
            files.delete_below(folder)
            raise


def _keep(recording: Recording, part: media.AssembledFile, folder: str) -> RecordingFile:
    """Store one assembled file and describe it, not saved yet."""
    stem = part.participant or "mix"
    name, size, sha256 = files.store(part.path, f"{folder}/{stem}.ogg")
    speaker = (
        Participant.objects.filter(room=recording.room, public_id=part.participant).first()
        if part.participant
        else None
    )
    return RecordingFile(
        recording=recording,
        kind=RecordingFile.Kind.TRACK if part.participant else RecordingFile.Kind.MIX,
        participant=speaker,
        file=name,
        size=size,
        sha256=sha256,
        seconds=part.seconds,
        gaps=[
            *([gap.start, gap.seconds] for gap in part.gaps),
            *_missing_end(recording.room, part),
        ],
    )


def _missing_end(room: Room, part: media.AssembledFile) -> list[list[float]]:
    """The gap from the last sound of the mix to the end of the room, when nobody recorded then.

    A full disk or an engine that never came back cannot leave a note; the times tell.
    """
    if part.participant or room.ended_at is None:
        return []
    missing = room.ended_at.timestamp() - part.started_at - part.seconds
    return [[round(part.seconds, 3), round(missing, 3)]] if missing > END_TOLERANCE else []


@transaction.atomic
def _publish(recording: Recording, rows: list[RecordingFile]) -> None:
    """Rows and state together, if the claim still holds."""
    now = timezone.now()
    if not _held(recording).update(
        state=State.READY, step="", progress=100, archived_at=now, claimed_at=now, error=""
    ):
        raise ClaimLost
    RecordingFile.objects.bulk_create(rows)


# --- the claim -------------------------------------------------------------------------------


def _claimable(now: datetime) -> QuerySet[Recording]:
    # Columns of the row itself only: a joined condition is not checked again under the lock.
    to_do = Q(state__in=(State.RECORDING, State.ARCHIVING), due_at__lte=now)
    unclaimed = Q(claimed_at=None) | Q(claimed_at__lte=now - CLAIM_LASTS)
    return Recording.objects.filter(to_do, unclaimed)


def _held(recording: Recording) -> QuerySet[Recording]:
    return Recording.objects.filter(
        pk=recording.pk, state=State.ARCHIVING, claimed_at=recording.claimed_at
    )


def _claim(recording_id: int) -> Recording | None:
    now = timezone.now()
    claimed = (
        _claimable(now)
        .filter(pk=recording_id)
        .update(state=State.ARCHIVING, claimed_at=now, attempts=F("attempts") + 1)
    )
    if not claimed:
        return None
    recording = Recording.objects.select_related("room").get(pk=recording_id)
    recording.claimed_at = now
    return recording


def _renew(recording: Recording) -> None:
    now = timezone.now()
    if not _held(recording).update(claimed_at=now):
        raise ClaimLost
    recording.claimed_at = now


def _note_failure(recording: Recording, reason: str) -> None:
    if recording.attempts >= MAX_ATTEMPTS:
        _fail(recording, reason)
    else:
        delay = min(FIRST_DELAY * 2 ** (recording.attempts - 1), LONGEST_DELAY)
        _wait(recording, delay, attempts=recording.attempts, reason=reason)


def _wait(recording: Recording, delay: timedelta, *, attempts: int, reason: str = "") -> None:
    _held(recording).update(
        due_at=timezone.now() + delay,
        attempts=attempts,
        claimed_at=None,
        error=reason[:500],
    )


def _fail(recording: Recording, reason: str) -> None:
    _held(recording).update(state=State.FAILED, claimed_at=None, error=reason[:500])
