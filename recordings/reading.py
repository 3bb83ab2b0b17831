"""A transcript out of the database: complete, or of one participant."""

from django.db.models import QuerySet

from recordings.models import Recording, RecordingFile, TranscriptLine
from recordings.transcripts import Gap, Line, Transcript
from rooms.models import Participant


def complete(recording: Recording, participant: Participant | None = None) -> Transcript:
    """All that was said, or what one participant said, on the clock of the recording."""
    found = lines(recording)
    if participant is not None:
        found = found.filter(participant=participant)
    mix = recording.files.filter(kind=RecordingFile.Kind.MIX).first()
    return Transcript(
        title=recording.room.title,
        lines=[_line(line) for line in found],
        gaps=[Gap(start, seconds) for start, seconds in (mix.gaps if mix else [])],
    )


def lines(recording: Recording) -> QuerySet[TranscriptLine]:
    """With who said them and who corrected them, by time."""
    return recording.lines.select_related("participant__user", "corrected_by")


def _line(line: TranscriptLine) -> Line:
    return Line(
        start=line.start,
        seconds=line.seconds,
        name=line.participant.name if line.participant else "",
        text=line.corrected_text or line.text,
        language=line.language,
        speaker=line.participant.public_id if line.participant else "",
        original=line.text if line.corrected_text else "",
    )
