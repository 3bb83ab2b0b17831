"""From the engine's spool to files that are kept: the first step after the end of a room."""

from recordings import drafts, files
from recordings.claims import Work
from recordings.models import Recording, RecordingFile
from rooms import media
from rooms.models import Participant, Room

END_TOLERANCE = 1.0
"""Seconds that a recording may be shorter than its room without a word: clocks are read apart."""


class UnreadableSpool(Exception):
    """Sound was recorded and is damaged beyond repair; somebody should look before it goes."""


def assemble(work: Work) -> None:
    """Store the mix and one file for each speaker, as recorded, all beginning together.

    Nothing is stored when nothing was recorded. The spool stays as it is, so this can be done
    again until `seal.tidy`. Raises `media.EngineUnavailable`, `UnreadableSpool`.
    """
    recording, room = work.recording, work.recording.room
    media.close_room(room)
    rows: list[RecordingFile] = []
    done, everything = 0, max(media.spool_bytes(room), 1)
    with drafts.draft(room) as folder:
        for part in media.assemble(room, folder):
            if part.seconds == 0:
                continue
            rows.append(_keep(work, part))
            part.path.unlink()
            done += rows[-1].size
            work.tell(done / everything)
    if not rows and everything > 1:
        raise UnreadableSpool("There is something in the spool, and none of it can be read.")
    with work.writing():
        recording.files.all().delete()
        RecordingFile.objects.bulk_create(rows)


def _keep(work: Work, part: media.AssembledFile) -> RecordingFile:
    """Store one assembled file and describe it, not saved yet."""
    stem = part.participant or "mix"
    name, size, sha256 = files.store(part.path, f"{work.folder}/{stem}.ogg")
    return RecordingFile(
        recording=work.recording,
        kind=RecordingFile.Kind.TRACK if part.participant else RecordingFile.Kind.MIX,
        participant=_speaker(work.recording, part.participant),
        file=name,
        size=size,
        sha256=sha256,
        seconds=part.seconds,
        gaps=[
            *([gap.start, gap.seconds] for gap in part.gaps),
            *_missing_end(work.recording.room, part),
        ],
    )


def _speaker(recording: Recording, public_id: str | None) -> Participant | None:
    if public_id is None:
        return None
    return Participant.objects.filter(room=recording.room, public_id=public_id).first()


def _missing_end(room: Room, part: media.AssembledFile) -> list[list[float]]:
    """The gap from the last sound of the mix to the end of the room, when nobody recorded then.

    A full disk or an engine that never came back cannot leave a note; the times tell.
    """
    if part.participant or room.ended_at is None:
        return []
    missing = room.ended_at.timestamp() - part.started_at - part.seconds
    return [[round(part.seconds, 3), round(missing, 3)]] if missing > END_TOLERANCE else []
