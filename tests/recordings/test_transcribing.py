"""After the end everything said is written down, each line under the name of who said it."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from accounts.models import User
from recordings import claims, pipeline, transcribe
from recordings.models import Recording
from speech.recogniser import Recogniser, Text
from speech.segments import Utterance
from tests.recordings.conftest import ENDED, advance
from tests.recordings.transcribed import Said, leave_speech
from tests.speech.clips import CLIPS
from tests.speech.errors import word_errors, words
from tests.speech.model import FOLDER

# Steps last longer than a heartbeat may pause: its thread must see the rows.
pytestmark = pytest.mark.django_db(transaction=True)

State = Recording.State


@pytest.fixture
def said(host: User, speaker: User) -> Said:
    """The host speaks Italian, then English; the speaker falls in."""
    return {
        host: [(1.0, "it_vm-nobox"), (12.0, "en_vm-instructions")],
        speaker: [(4.0, "en_ss-noservice"), (21.0, "it_ss-noservice")],
    }


@pytest.fixture
def spoken(
    recording: Recording, can_archive: Path, spool: Path, settings: LazySettings, said: Said
) -> Recording:
    """Somebody said something, and the host wished to have it written down."""
    settings.SPEECH_MODEL_FOLDER = FOLDER
    recording.room.transcription = True
    recording.room.save()
    leave_speech(spool, recording.room, said, seconds=27.0)
    return recording


def lines(recording: Recording) -> list[tuple[str, str, float, str]]:
    """Name, language, start and text of each line, by time."""
    found = recording.lines.select_related("participant__user")
    return [
        (line.participant.name if line.participant else "", line.language, line.start, line.text)
        for line in found
    ]


def test_several_tracks_become_one_transcript_by_time_with_the_right_names(
    spoken: Recording, said: Said
) -> None:
    advance(spoken)
    assert (spoken.state, spoken.step, spoken.progress) == (State.READY, "", 100)
    expected = sorted(
        (at, user.get_full_name(), CLIPS[clip])
        for user, turns in said.items()
        if user
        for at, clip in turns
    )
    found = lines(spoken)
    assert [(name, language) for name, language, _, _ in found] == [
        (name, clip.language) for _, name, clip in expected
    ]
    for (_, _, start, text), (at, _, clip) in zip(found, expected, strict=True):
        assert start == pytest.approx(at, abs=1.0)
        assert word_errors(clip.text, text) / len(words(clip.text)) <= 0.15


def test_what_the_host_did_not_wish_for_is_not_written_down(spoken: Recording) -> None:
    spoken.room.transcription = False
    spoken.room.save()
    advance(spoken)
    assert (spoken.state, lines(spoken)) == (State.READY, [])


def test_without_a_model_the_recording_is_ready_all_the_same(
    spoken: Recording, settings: LazySettings, tmp_path: Path
) -> None:
    settings.SPEECH_MODEL_FOLDER = tmp_path
    advance(spoken)
    assert (spoken.state, spoken.is_kept, lines(spoken)) == (State.READY, True, [])


class Killed(BaseException):
    """The worker dies here: nothing may catch this."""


def test_after_a_worker_has_died_another_goes_on_where_it_was(
    spoken: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognised: list[str] = []
    understand = Recogniser.recognise

    def recognise(self: Recogniser, utterance: Utterance) -> Text | None:
        text = understand(self, utterance)
        if len(recognised) == 2:
            raise Killed
        recognised.append(text.text if text else "")
        return text

    monkeypatch.setattr(Recogniser, "recognise", recognise)
    with time_machine.travel(ENDED, tick=False) as clock:
        with pytest.raises(Killed):
            advance(spoken)
        spoken.refresh_from_db()
        assert (spoken.state, spoken.is_kept, len(lines(spoken))) == (State.TRANSCRIBING, True, 2)
        assert spoken.progress > 50
        clock.shift(claims.CLAIM_LASTS + timedelta(seconds=1))
        assert list(pipeline.due(timezone.now())) == [spoken.pk]
        recognised.append("a new worker")
        advance(spoken)
    assert spoken.state == State.READY
    texts = [text for _, _, _, text in lines(spoken)]
    assert sorted([*texts, "a new worker"]) == sorted(recognised)
    assert len(texts) == len(set(texts)) == 4


def test_who_lost_the_claim_writes_nothing_more(
    spoken: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over(self: Recogniser, utterance: Utterance) -> Text:
        Recording.objects.update(claim="another", claimed_at=timezone.now())
        return Text("Too late.", "en")

    monkeypatch.setattr(Recogniser, "recognise", taken_over)
    advance(spoken)
    assert (spoken.claim, spoken.state, lines(spoken)) == ("another", State.TRANSCRIBING, [])


def test_a_process_transcribes_one_recording_after_the_other(spoken: Recording) -> None:
    with transcribe._free, time_machine.travel(ENDED, tick=False) as clock:
        advance(spoken)
        assert (spoken.state, spoken.attempts, spoken.error) == (State.TRANSCRIBING, 0, "")
        assert list(pipeline.due(timezone.now())) == []
        clock.shift(pipeline.PAUSE)
        assert list(pipeline.due(timezone.now())) == [spoken.pk]
