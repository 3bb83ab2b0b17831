"""The step that writes down what was said, when everything else about a recording is done.

Each speaker's track is written by itself, so names are right, and the lines of all are one list by
time. A line is in the database as soon as it is understood: whoever takes over from a worker that
died goes on after the last one.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO, cast

from django.conf import settings
from django.db.models import Max

from recordings.claims import NotYet, Work
from recordings.models import RecordingFile, TranscriptLine, recordings_storage
from rooms import media
from speech.activity import SAMPLE_RATE
from speech.models import is_there
from speech.recogniser import Recogniser, Text
from speech.segments import Utterance
from speech.voice import VoiceStream

_BEAMS = 5
_NICENESS = 10

# One at a time in a process: two would each take twice as long, and twice the memory.
_free = threading.Lock()


def transcribe(work: Work) -> None:
    """Write down what was said, if the host wished so and there is a speech model.

    May be repeated and gone on with. Raises `NotYet` while this process transcribes another.
    """
    if not work.recording.room.transcription or not is_there(settings.SPEECH_MODEL_FOLDER):
        return
    if not _free.acquire(blocking=False):
        raise NotYet
    try:
        with _recogniser() as recognise:
            _write(work, recognise)
    finally:
        _free.release()


def _write(work: Work, recognise: Callable[[Utterance], Text | None]) -> None:
    tracks = list(work.recording.files.filter(kind=RecordingFile.Kind.TRACK).order_by("pk"))
    everything, done = sum(track.seconds for track in tracks) or 1.0, 0.0
    # Voices of whom nobody knows cannot be told apart: these begin anew.
    work.recording.lines.filter(participant=None).delete()
    for track in tracks:
        last = _last_written(track)
        for start, utterance in _utterances(track):
            if start <= last:
                continue
            text = recognise(utterance)
            if text is not None:
                _add(work, track, start, utterance, text)
            work.tell((done + start) / everything)
        done += track.seconds
        work.tell(done / everything)


def _last_written(track: RecordingFile) -> float:
    """Where the last line of this voice that is there already begins; -1 when there is none."""
    if track.participant_id is None:
        return -1.0
    lines = track.recording.lines.filter(participant=track.participant_id)
    last: float | None = lines.aggregate(last=Max("start"))["last"]
    return -1.0 if last is None else last


def _add(work: Work, track: RecordingFile, start: float, utterance: Utterance, text: Text) -> None:
    with work.writing():
        TranscriptLine.objects.create(
            recording=work.recording,
            participant_id=track.participant_id,
            start=start,
            seconds=utterance.seconds,
            language=text.language,
            text=text.text,
        )


def _utterances(track: RecordingFile) -> Iterator[tuple[float, Utterance]]:
    """What is said on a track, with seconds on the clock of the recording."""
    voice, heard = VoiceStream(), 0
    with recordings_storage().open(track.name) as file:
        for pcm in media.read_track(cast(BinaryIO, file)):
            yield from voice.hear(heard / SAMPLE_RATE, pcm)
            heard += len(pcm)
    yield from voice.finish()


@contextmanager
def _recogniser() -> Iterator[Callable[[Utterance], Text | None]]:
    """The model, on a thread that lets everybody else go first."""
    with ThreadPoolExecutor(1, "transcribe", initializer=_step_back) as thread:
        model = thread.submit(Recogniser, settings.SPEECH_MODEL_FOLDER, beams=_BEAMS).result()
        yield lambda utterance: thread.submit(model.recognise, utterance).result()


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere niceness is that of the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
