"""The last steps of an archive: proof that every file is whole, then away with the originals."""

import json

from django.utils import timezone

from recordings import drafts, files
from recordings.claims import Work
from recordings.models import Recording, RecordingFile
from rooms import media

Kind = RecordingFile.Kind


class CopyDamaged(Exception):
    """A stored file is not what was stored, and the originals are still there to begin again."""


def seal(work: Work) -> None:
    """Read every file back, and write down what it is in a manifest; then it can be listened to.

    Raises `CopyDamaged`, or `OSError` where the originals are gone.
    """
    recording = work.recording
    files_of_sound = recording.files.exclude(kind=Kind.MANIFEST)
    rows = list(files_of_sound.select_related("participant", "recording__room").order_by("pk"))
    everything, done = max(sum(row.size for row in rows), 1), 0
    for row in rows:
        _verify(row)
        done += row.size
        work.tell(done / everything)
    made = [_manifest(work, rows)] if rows else []
    with work.writing():
        recording.files.filter(kind=Kind.MANIFEST).delete()
        RecordingFile.objects.bulk_create(made)
        work.held().update(archived_at=timezone.now())


def tidy(work: Work) -> None:
    """Delete what a sealed copy makes superfluous: the spool, and files of broken attempts."""
    room = work.recording.room
    media.discard_spool(room)
    files.delete_below(room.public_id, keep=files.listed(work.recording))


def _verify(row: RecordingFile) -> None:
    try:
        found = files.sha256_of(row.name)
    except FileNotFoundError:
        found = "nothing"
    if found == row.sha256:
        return
    reason = f"{row.name} has changed: {found} is there instead of {row.sha256}."
    if media.spool_bytes(row.recording.room):
        raise CopyDamaged(reason)
    raise OSError(reason)


def _manifest(work: Work, rows: list[RecordingFile]) -> RecordingFile:
    """Store the manifest and describe it, not saved yet."""
    with drafts.draft(work.recording.room) as folder:
        target = folder / "manifest.json"
        content = _describe(work.recording, rows)
        target.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
        name, size, sha256 = files.store(target, f"{work.folder}/manifest.json")
    return RecordingFile(
        recording=work.recording,
        kind=Kind.MANIFEST,
        file=name,
        size=size,
        sha256=sha256,
        seconds=0.0,
    )


def _describe(recording: Recording, rows: list[RecordingFile]) -> dict[str, object]:
    room = recording.room
    mix = next((row for row in rows if row.kind == Kind.MIX), None)
    return {
        "version": 1,
        "space": room.public_id,
        "started": room.created_at.isoformat(),
        "ended": room.ended_at.isoformat() if room.ended_at else None,
        "loudness_lufs": recording.loudness,
        "gaps": [{"start": start, "seconds": length} for start, length in mix.gaps] if mix else [],
        "chapters": recording.chapters,
        "files": [_describe_file(row) for row in rows],
    }


def _describe_file(row: RecordingFile) -> dict[str, object]:
    return {
        "name": row.name.rpartition("/")[2],
        "kind": row.kind,
        "participant": row.participant.public_id if row.participant else None,
        "seconds": row.seconds,
        "bytes": row.size,
        "sha256": row.sha256,
        "gaps": row.gaps,
    }
