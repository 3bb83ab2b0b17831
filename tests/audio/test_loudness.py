"""How loud people come out of the mix: nearer to each other, and never too loud."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio import mixer
from audio.levels import SlowGain, level_db
from audio.limiter import CEILING, Limiter
from audio.opus import FRAME, Decoder, Encoder, Pcm
from tests.audio.callers import RATE, tone
from tests.audio.scripted import clip

DATA = Path(__file__).parent.parent / "data"
CLIPS = [DATA / "en_demo-abouttotry.wav", DATA / "it_demo-abouttotry.wav"]


def frames(pcm: Pcm) -> list[Pcm]:
    return [pcm[at : at + FRAME] for at in range(0, len(pcm) - FRAME + 1, FRAME)]


def active_level(pcm: Pcm) -> float:
    """The level of speech in dBFS, pauses left out: of what is within 25 dB of the loudest."""
    powers = np.array([np.square(frame).mean() for frame in frames(pcm)])
    return float(10 * np.log10(powers[powers > powers.max() / 300].mean()))


def spoken_at(level: float, path: Path, times: int = 1) -> Pcm:
    """A clip as somebody says it who comes in at this level."""
    pcm = np.tile(clip(path), times)
    scaled: Pcm = (pcm * 10 ** ((level - active_level(pcm)) / 20)).astype(np.float32)
    return scaled


def levelled(pcm: Pcm, gain: SlowGain | None = None) -> tuple[Pcm, list[float]]:
    """What becomes of a voice, and the gain after each tick."""
    gain = gain or SlowGain()
    sound, gains = [], []
    for frame in frames(pcm):
        sound.append(gain.apply(frame, level_db(frame)))
        gains.append(gain.gain_db)
    return np.concatenate(sound), gains


@pytest.mark.parametrize("path", CLIPS, ids=["english", "italian"])
def test_a_quiet_and_a_loud_speaker_come_out_within_6_db(path: Path) -> None:
    outcome = [active_level(levelled(spoken_at(at, path))[0][6 * RATE :]) for at in (-35.0, -12.0)]
    assert abs(outcome[0] - outcome[1]) < 6


@pytest.mark.parametrize("level", [-35.0, -12.0])
@pytest.mark.parametrize("path", CLIPS, ids=["english", "italian"])
def test_the_gain_moves_slowly_and_then_rests(path: Path, level: float) -> None:
    _, gains = levelled(spoken_at(level, path, times=2))
    assert np.abs(np.diff(gains)).max() <= 3 / 50 + 1e-9
    settled = gains[8 * 50 :]
    assert max(settled) - min(settled) < 3


def test_pauses_leave_the_gain_as_it_is() -> None:
    noise = np.random.default_rng(1).normal(0, 10 ** (-48 / 20), 20 * RATE).astype(np.float32)
    gain = SlowGain()
    levelled(spoken_at(-35, CLIPS[0]), gain)
    before = gain.gain_db
    levelled(noise, gain)
    assert gain.gain_db == pytest.approx(before, abs=0.5)


def test_noise_alone_is_not_pulled_up() -> None:
    noise = np.random.default_rng(1).normal(0, 10 ** (-42 / 20), 20 * RATE).astype(np.float32)
    assert levelled(noise)[1][-1] == 0


def test_silence_does_not_move_the_gain() -> None:
    assert levelled(np.zeros(10 * RATE, np.float32))[1][-1] == 0


def limited(pcm: Pcm) -> Pcm:
    limiter = Limiter()
    return np.concatenate([limiter.apply(frame) for frame in frames(pcm)])


def distortion(pcm: Pcm, frequency: float) -> float:
    """The share of the amplitude that is not the tone: harmonics and all else."""
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    centre = round(frequency * len(pcm) / RATE)
    fundamental = np.square(spectrum[centre - 3 : centre + 4]).sum()
    return float(np.sqrt((np.square(spectrum).sum() - fundamental) / fundamental))


def test_what_is_quiet_passes_the_limiter_untouched() -> None:
    pcm = tone(500, RATE, level=0.6)
    assert np.array_equal(limited(pcm), pcm)


@pytest.mark.parametrize("level", [0.75, 1.0, 4.0])
def test_a_tone_at_the_limit_is_turned_down_and_not_distorted(level: float) -> None:
    settled = limited(tone(500, 2 * RATE, level=level))[RATE:]
    assert np.abs(settled).max() > 0.6
    assert distortion(settled, 500) < 0.001


def test_a_tone_that_swells_beyond_the_limit_is_hardly_distorted() -> None:
    swelling = tone(500, 2 * RATE, level=2.0) * np.linspace(0, 1, 2 * RATE, dtype=np.float32)
    assert distortion(limited(swelling)[RATE // 2 :], 500) < 0.1


def test_after_a_shout_the_gain_comes_back() -> None:
    pcm = np.concatenate([tone(500, RATE, level=2.0), tone(500, 3 * RATE, level=0.3)])
    out = limited(pcm)
    assert np.abs(out[-RATE:]).max() == pytest.approx(0.3, abs=0.01)
    bends = np.abs(np.diff(out, 2))
    assert bends.max() < 0.06


def test_ten_who_shout_do_not_clip_not_even_once_decoded() -> None:
    voices = [np.roll(spoken_at(-6, CLIPS[n % 2])[: 12 * RATE], n * 4001) for n in range(10)]
    limiter, encoder, decoder = Limiter(), Encoder(32_000), Decoder()
    peaks = []
    for parts in zip(*map(frames, voices), strict=True):
        frame = limiter.apply(mixer.mix(list(parts)))
        assert np.abs(frame).max() <= CEILING
        peaks.append(np.abs(decoder.decode(encoder.encode(frame))).max())
    assert np.abs(np.sum(voices, axis=0)).max() > 3
    assert max(peaks) <= 1.0


@settings(deadline=None)
@given(st.lists(st.floats(0, 50, width=32), min_size=1, max_size=20))
def test_nothing_ever_exceeds_the_ceiling(levels: list[float]) -> None:
    limiter = Limiter()
    for level in levels:
        assert np.abs(limiter.apply(tone(333, FRAME, level=level))).max() <= CEILING
