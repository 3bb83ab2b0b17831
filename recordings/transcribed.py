"""What people are offered of a transcript, and what a replay lets them read of it."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from recordings import claims, policy, replaying, replays
from recordings.models import Recording, Replay
from recordings.transcripts import FORMS, Gap, Line, Transcript
from rooms.models import Room
from speech.models import is_there


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """What the page of an ended room says of its transcript, where one was wished for."""

    forms: list[str]
    """In which it can be downloaded; empty while there is no line."""
    may_read: bool
    """Whether there is a page with all of it."""
    may_correct: bool
    is_on_its_way: bool
    no_model: bool


def transcript_view(room: Room, user: User | AnonymousUser) -> TranscriptView | None:
    """For whoever may have the transcript, by one way or another; None for others."""
    recording = Recording.objects.filter(room=room).select_related("room__host").first()
    if recording is None or not room.transcription:
        return None
    may_read = recording.is_kept and policy.can_listen(user, room)
    if not may_read and replays.readable(recording, user) is None:
        return None
    return TranscriptView(
        forms=list(FORMS) if recording.lines.exists() else [],
        may_read=may_read,
        may_correct=may_read and policy.can_correct(user, room),
        is_on_its_way=recording.state in claims.AT_WORK,
        no_model=not is_there(settings.SPEECH_MODEL_FOLDER),
    )


def of_replay(replay: Replay) -> Transcript:
    """What the replay lets one hear, on its clock, without what was corrected."""
    stretches = replaying.lines(replay)
    return Transcript(
        title=replay.recording.room.title,
        lines=[Line(each.start, each.seconds, each.name, each.text) for each in stretches],
        gaps=[Gap(start, seconds) for start, seconds in replaying.gaps(replay)],
    )
