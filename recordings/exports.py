"""Files made from a recording on request, in the background: downloads, trimmed replays.

`waiting -> building -> ready`, or back to `waiting` with a later `due_at`, or `failed`. The claim
works as that of the archive: a conditional update, renewed while building.
"""

import logging
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from recordings import bundle
from recordings.cutting import cut
from recordings.drafts import draft
from recordings.files import opened, store
from recordings.models import Export, Recording, RecordingFile, Replay, recordings_storage
from recordings.operations import GONE
from rooms.models import Participant, Room

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)
MAX_ATTEMPTS = 5
DELAY = timedelta(seconds=30)
CLAIM_LASTS = timedelta(minutes=2)

State, Kind = Export.State, Export.Kind


_SUFFIXES = {Kind.BUNDLE: ".zip", Kind.REPLAY_OGG: ".ogg", Kind.REPLAY_M4A: ".m4a"}
_SOURCES = {
    Kind.REPLAY_OGG: RecordingFile.Kind.MIX,
    Kind.REPLAY_M4A: RecordingFile.Kind.M4A,
}


class ClaimLost(Exception):
    """Somebody else builds it, or the copy is being deleted."""


@transaction.atomic
def ask(
    *,
    recording: Recording,
    kind: Export.Kind = Kind.BUNDLE,
    participant: Participant | None = None,
    language: str = "",
) -> Export:
    """Ask for a file; of a bundle everything (`participant` is None) or somebody's own part.

    One that is on its way is returned as it is; one that is there, or failed, is made anew.
    Raises `DomainError` with `not_ready` while there is no copy to take it from.
    """
    locked = Recording.objects.select_for_update().get(pk=recording.pk)
    if not locked.is_kept:
        raise DomainError("not_ready", _("The recording is not ready yet."))
    before = Export.objects.filter(recording=locked, kind=kind, participant=participant).first()
    if before is not None and before.state in (State.WAITING, State.BUILDING):
        return before
    if before is not None:
        discard(before)
    export = Export(recording=locked, kind=kind, participant=participant, language=language)
    export.save()
    return export


def build(*, export_id: int) -> None:
    """Build one if that is still to be done; may be called any number of times, at once too."""
    export = _claim(export_id)
    if export is None:
        return
    try:
        _build(export)
    except ClaimLost:
        log.warning("export %s was taken over", export_id)
    except Exception as error:
        log.exception("export %s failed", export_id)
        is_last = export.attempts >= MAX_ATTEMPTS
        _held(export).update(
            state=State.FAILED if is_last else State.WAITING,
            due_at=timezone.now() + DELAY * 2**export.attempts,
            claim="",
            error=f"{type(error).__name__}: {error}"[:500],
        )


def due(now: datetime) -> Iterable[int]:
    """Those to be built: waiting, or left behind by a worker that is gone."""
    return _claimable(now).values_list("pk", flat=True)


def expired(now: datetime) -> Iterable[int]:
    """Those whose day is over."""
    old = Q(ready_at__lte=now - KEPT_FOR) | Q(state=State.FAILED, due_at__lte=now - KEPT_FOR)
    return Export.objects.filter(old, kind=Kind.BUNDLE).values_list("pk", flat=True)


def discard(export: Export) -> None:
    """Delete the file, then the row. Raises whatever the storage raises."""
    if export.file.name:
        recordings_storage().delete(export.file.name)
    export.delete()


def is_there(export: Export, now: datetime) -> bool:
    """Whether it can be downloaded; the sweep may be late."""
    if export.ready_at is None or not export.recording.is_kept:
        return False
    return export.kind != Kind.BUNDLE or export.ready_at > now - KEPT_FOR


def folder(room: Room) -> str:
    """Below it is every export of a room; not with the recording, which is tidied up by itself."""
    return f"exports/{room.public_id}"


def _build(export: Export) -> None:
    def progress(percent: int) -> None:
        now = timezone.now()
        if not _held(export).update(claimed_at=now, progress=percent):
            raise ClaimLost

    room = export.recording.room
    with draft(room) as drafts_folder:
        target = drafts_folder / f"{secrets.token_urlsafe(16)}{_SUFFIXES[Kind(export.kind)]}"
        _write(export, target, progress)
        name = f"{folder(room)}/{target.name}"
        kept_as, size, sha256 = store(target, name)
    ready = _held(export).exclude(recording__state__in=GONE)
    now = timezone.now()
    if not ready.update(
        state=State.READY, file=kept_as, size=size, sha256=sha256, ready_at=now, claim=""
    ):
        recordings_storage().delete(kept_as)
        raise ClaimLost


def _write(export: Export, target: Path, progress: Callable[[int], None]) -> None:
    recording = export.recording
    if export.kind == Kind.BUNDLE:
        with translation.override(export.language):
            bundle.write(bundle.Scope(recording, export.participant), target, progress)
        return
    replay = Replay.objects.get(recording=recording)
    source = recording.files.get(kind=_SOURCES[Kind(export.kind)])
    end = source.seconds if replay.ends_at is None else replay.ends_at
    with opened(source.name) as file:
        cut(file, target, start=replay.starts_at, end=end, progress=progress)


def _claimable(now: datetime) -> QuerySet[Export]:
    waiting = Q(state=State.WAITING, due_at__lte=now)
    left_behind = Q(state=State.BUILDING, claimed_at__lte=now - CLAIM_LASTS)
    return Export.objects.filter(waiting | left_behind)


def _claim(export_id: int) -> Export | None:
    claim, now = secrets.token_hex(16), timezone.now()
    claimed = _claimable(now).filter(pk=export_id)
    if not claimed.update(
        state=State.BUILDING, claim=claim, claimed_at=now, attempts=F("attempts") + 1, progress=0
    ):
        return None
    return Export.objects.select_related("recording__room", "participant__user").get(pk=export_id)


def _held(export: Export) -> QuerySet[Export]:
    return Export.objects.filter(pk=export.pk, state=State.BUILDING, claim=export.claim)
