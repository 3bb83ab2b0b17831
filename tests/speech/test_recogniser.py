"""The real model on human voices: at most 15 % of the words wrong, in either language."""

import numpy as np
import pytest

from speech.activity import SAMPLE_RATE, Pcm
from speech.recogniser import Recogniser
from speech.segments import Utterance
from speech.voice import VoiceStream
from tests.speech.clips import CLIPS, Clip
from tests.speech.errors import word_errors, words
from tests.speech.model import FOLDER

WRONG_AT_MOST = 0.15


def utterances(pcm: Pcm) -> list[Utterance]:
    voice = VoiceStream()
    found = [*voice.hear(0.0, pcm), *voice.wait(len(pcm) / SAMPLE_RATE + 1)]
    return [utterance for _, utterance in found]


def written(recogniser: Recogniser, clip: Clip) -> str:
    texts = [recogniser.recognise(each) for each in utterances(clip.pcm)]
    assert {text.language for text in texts if text} == {clip.language}
    return " ".join(text.text for text in texts if text)


@pytest.mark.parametrize("language", ["it", "en"])
def test_captions_say_what_was_said(recogniser: Recogniser, language: str) -> None:
    clips = [clip for clip in CLIPS.values() if clip.language == language]
    wrong = sum(word_errors(clip.text, written(recogniser, clip)) for clip in clips)
    assert len(clips) == 6
    assert wrong / sum(len(words(clip.text)) for clip in clips) <= WRONG_AT_MOST


def test_transcripts_say_what_was_said_in_two_languages_on_one_track() -> None:
    both = [CLIPS["it_vm-nobox"], CLIPS["en_ss-noservice"]]
    pcm = np.concatenate(
        [part for clip in both for part in (clip.pcm, np.zeros(16_000, np.float32))]
    )
    careful = Recogniser(FOLDER, beams=5)
    texts = [text for each in utterances(pcm) if (text := careful.recognise(each))]
    assert [text.language for text in texts] == ["it", "en"]
    said, got = (" ".join(each.text for each in side) for side in (both, texts))
    assert word_errors(said, got) / len(words(said)) <= WRONG_AT_MOST


def test_noise_and_silence_say_nothing(recogniser: Recogniser) -> None:
    noise = np.random.default_rng(7).normal(0, 0.02, 5 * SAMPLE_RATE).astype(np.float32)
    assert utterances(noise) == []
    assert utterances(np.zeros(5 * SAMPLE_RATE, np.float32)) == []


def test_a_text_that_repeats_itself_is_left_out(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = type(recogniser._read(recogniser._encode(np.zeros(48_000, np.float32), 48_000), "en", 1))
    monkeypatch.setattr(recogniser, "_read", lambda *_: loop("and so on " * 50, -0.1, 0.0))
    assert recogniser.recognise(Utterance(0, np.zeros(SAMPLE_RATE, np.float32))) is None
