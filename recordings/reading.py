"""A transcript out of the database: complete, or of one participant."""

from django.db.models import Prefetch, QuerySet

from recordings.models import Correction, Recording, RecordingFile, TranscriptLine
from recordings.transcripts import Change, Gap, Line, Transcript
from rooms.models import Participant


def complete(recording: Recording, participant: Participant | None = None) -> Transcript:
    """All that was said, or what one participant said, on the clock of the recording."""
    found = lines(recording)
    if participant is not None:
        found = found.filter(participant=participant)
    return Transcript(
        title=recording.room.title,
        lines=[_line(line) for line in found],
        gaps=gaps(recording),
    )


def gaps(recording: Recording) -> list[Gap]:
    """Where nothing could be recorded."""
    mix = recording.files.filter(kind=RecordingFile.Kind.MIX).first()
    return [Gap(start, seconds) for start, seconds in (mix.gaps if mix else [])]


def entries(recording: Recording) -> list[TranscriptLine | Gap]:
    """Lines and gaps, by time, for a page."""
    return sorted([*gaps(recording), *lines(recording)], key=lambda entry: entry.start)


def lines(recording: Recording) -> QuerySet[TranscriptLine]:
    """With who said them and who corrected them, by time."""
    corrections = Prefetch("corrections", Correction.objects.select_related("made_by"))
    return recording.lines.select_related("participant__user").prefetch_related(corrections)


def _line(line: TranscriptLine) -> Line:
    return Line(
        start=line.start,
        seconds=line.seconds,
        name=line.participant.name if line.participant else "",
        text=line.corrected_text or line.text,
        language=line.language,
        speaker=line.participant.public_id if line.participant else "",
        original=line.text if line.corrected_text else "",
        corrections=[_change(correction) for correction in line.corrections.all()],
    )


def _change(correction: Correction) -> Change:
    by = correction.made_by.get_full_name() if correction.made_by else ""
    at = correction.made_at.isoformat(timespec="milliseconds")
    return Change(at, by, correction.before, correction.after)
