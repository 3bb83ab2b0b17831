"""Adding up, leaving out, and never clipping."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio import mixer
from audio.levels import SlowGain, VoiceActivity, level_db
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


def test_what_is_quiet_passes_the_limiter_untouched() -> None:
    pcm = tone(500, FRAME, level=0.6)
    assert np.array_equal(mixer.limit(pcm), pcm)


def test_ten_who_shout_do_not_clip() -> None:
    total = mixer.mix([tone(300 + 50 * n, FRAME, level=0.9) for n in range(10)])
    limited = mixer.limit(total)
    assert np.abs(total).max() > 3
    assert np.abs(limited).max() <= 1.0


@given(st.floats(-50, 50, width=32), st.floats(-50, 50, width=32))
def test_the_limiter_keeps_sign_and_order(one: float, other: float) -> None:
    low, high = mixer.limit(np.array(sorted([one, other]), dtype=np.float32))
    assert -1 <= low <= high <= 1
    assert np.sign(high) == np.sign(max(one, other))


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


def test_quiet_and_loud_voices_come_nearer_to_each_other_slowly() -> None:
    levels = []
    for start in (0.02, 0.5):
        gain, frame = SlowGain(), tone(500, FRAME, level=start)
        first = level_db(gain.apply(frame, level_db(frame)))
        assert abs(first - level_db(frame)) < 0.1
        for _ in range(500):
            levelled = gain.apply(frame, level_db(frame))
        levels.append(level_db(levelled))
    assert abs(levels[0] - levels[1]) < 6


def test_silence_does_not_move_the_gain() -> None:
    gain = SlowGain()
    for _ in range(500):
        gain.apply(np.zeros(FRAME, dtype=np.float32), -120.0)
    assert gain.gain_db == 0
