"""Where an utterance begins and ends."""

import numpy as np
import pytest

from speech.activity import SAMPLE_RATE, WINDOW
from speech.segments import Rules, Segmenter, Utterance
from speech.voice import VoiceStream
from tests.speech.clips import CLIPS

SECOND = SAMPLE_RATE / WINDOW  # windows
ONE_WINDOW = WINDOW / SAMPLE_RATE


def cut(*stretches: tuple[float, float], rules: Rules | None = None) -> list[Utterance]:
    """Segment stretches of (seconds, probability of speech); each window holds its number."""
    segmenter, number = Segmenter(rules or Rules()), 0
    found: list[Utterance] = []
    for seconds, probability in stretches:
        for _ in range(round(seconds * SECOND)):
            found += segmenter.add(np.full(WINDOW, number, np.float32), probability)
            number += 1
    return [*found, *segmenter.finish()]


def test_an_utterance_has_a_pre_roll_and_ends_with_a_pause() -> None:
    (said,) = cut((1.0, 0.0), (2.0, 0.9), (3.0, 0.0))
    assert said.start / SAMPLE_RATE == pytest.approx(0.7, abs=2 * ONE_WINDOW)
    assert said.seconds == pytest.approx(0.3 + 2.0 + 0.6, abs=2 * ONE_WINDOW)
    assert said.pcm[0] == said.start // WINDOW


def test_a_short_pause_does_not_end_it() -> None:
    assert len(cut((1.0, 0.9), (0.4, 0.0), (1.0, 0.9), (1.0, 0.0))) == 1


def test_a_breath_ends_a_long_one() -> None:
    first, second = cut((7.5, 0.9), (0.3, 0.0), (2.0, 0.9), (1.0, 0.0))
    assert first.seconds == pytest.approx(7.7, abs=2 * ONE_WINDOW)
    assert second.start <= first.start + len(first.pcm)


def test_nobody_talks_for_longer_than_the_hard_cut() -> None:
    said = cut((30.0, 0.9))
    assert [round(each.seconds) for each in said] == [12, 12, 6]
    joined = np.concatenate([each.pcm for each in said])
    assert joined[::WINDOW].tolist() == list(range(round(30 * SECOND)))


def test_a_click_is_no_utterance() -> None:
    assert cut((1.0, 0.0), (0.1, 0.9), (1.0, 0.0)) == []


def test_a_voice_goes_on_while_it_is_not_clearly_silent() -> None:
    assert len(cut((1.0, 0.9), (2.0, 0.4), (1.0, 0.9), (1.0, 0.0))) == 1
    assert cut((2.0, 0.4), (1.0, 0.0)) == []


def test_what_comes_after_a_long_absence_has_its_own_time() -> None:
    pcm = CLIPS["en_ss-noservice"].pcm
    voice = VoiceStream()
    said = [*voice.hear(100.0, pcm), *voice.hear(3700.0, pcm), *voice.wait(3710.0)]
    starts = [start for start, _ in said]
    assert starts[0] == pytest.approx(100, abs=1)
    assert starts[-1] == pytest.approx(3700 + starts[0] - 100, abs=2 * ONE_WINDOW)


def test_it_does_not_matter_in_which_pieces_sound_comes() -> None:
    pcm = CLIPS["it_ss-noservice"].pcm
    whole, pieces = VoiceStream(), VoiceStream()
    at_once = [*whole.hear(5.0, pcm), *whole.wait(15.0)]
    bit_by_bit: list[tuple[float, Utterance]] = []
    for at in range(0, len(pcm), 3200):
        bit_by_bit += pieces.hear(5.0 + at / SAMPLE_RATE, pcm[at : at + 3200])
    bit_by_bit += pieces.wait(15.0)
    assert [(start, len(each.pcm)) for start, each in bit_by_bit] == [
        (start, len(each.pcm)) for start, each in at_once
    ]
