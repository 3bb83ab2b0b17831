"""Adding up, leaving out, and who counts as speaking."""

import numpy as np

from audio import mixer
from audio.levels import VoiceActivity
from audio.opus import FRAME
from tests.audio.callers import loudness, tone


def test_a_mix_holds_every_voice() -> None:
    total = mixer.mix([tone(500, FRAME), tone(1000, FRAME), tone(2000, FRAME)])
    assert all(loudness(total, frequency) > 0.25 for frequency in (500, 1000, 2000))


def test_nobody_is_silence() -> None:
    assert not mixer.mix([]).any()


def test_mix_minus_holds_everybody_else() -> None:
    own = tone(500, FRAME)
    rest = mixer.mix_minus(mixer.mix([own, tone(1000, FRAME)]), own)
    assert loudness(rest, 1000) > 0.25
    assert loudness(rest, 500) < 0.01


def test_a_fade_ends_in_silence_without_a_step() -> None:
    faded = mixer.fade_out(np.ones(FRAME, dtype=np.float32))
    assert not faded[240:].any()
    assert np.abs(np.diff(faded)).max() < 0.01


def test_a_cross_fade_goes_from_one_to_the_other() -> None:
    blended = mixer.cross_fade(np.full(FRAME, 0.5, np.float32), np.full(FRAME, -0.5, np.float32))
    assert (blended[0], blended[-1]) == (0.5, -0.5)
    assert np.abs(np.diff(blended)).max() < 0.01


def activity_after(*levels: tuple[float, int]) -> VoiceActivity:
    activity = VoiceActivity()
    for level, ticks in levels:
        for _ in range(ticks):
            activity.update(level)
    return activity


def test_speech_counts_as_speaking_and_stops_a_while_after_it() -> None:
    assert activity_after((-20, 5)).speaking
    assert activity_after((-20, 5), (-90, 20)).speaking
    assert not activity_after((-20, 5), (-90, 40)).speaking


def test_a_knock_and_a_hum_are_nobody_speaking() -> None:
    assert not activity_after((-10, 2), (-90, 5)).speaking
    assert not activity_after((-50, 500)).speaking


def test_a_voice_between_the_thresholds_stays_as_it_was() -> None:
    assert activity_after((-20, 5), (-49, 500)).speaking


def test_the_first_sound_is_mixed_at_once() -> None:
    assert activity_after((-55, 1)).audible
    assert not activity_after((-70, 100)).audible
    assert not activity_after((-20, 5), (-70, 60)).audible


def test_shortening_leaves_out_whole_periods_and_nothing_is_heard_of_it() -> None:
    pcm = tone(200, 2 * FRAME)
    shorter = mixer.shorten(pcm)
    assert FRAME <= len(shorter) <= 2 * FRAME - 240
    assert np.abs(np.diff(shorter, 2)).max() < 2 * np.abs(np.diff(pcm, 2)).max()
    assert loudness(shorter, 200) > 0.28


def test_a_fade_in_begins_with_nothing() -> None:
    risen = mixer.fade_in(np.ones(FRAME, dtype=np.float32))
    assert risen[0] == 0
    assert (risen[240:] == 1).all()
    assert np.abs(np.diff(risen)).max() < 0.01
