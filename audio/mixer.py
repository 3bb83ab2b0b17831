"""Adding voices up. Pure functions over arrays of samples from -1 to 1."""

import numpy as np

from audio.opus import FRAME, Pcm

_JOIN = 480
_LEAST_LEFT_OUT, _MOST_LEFT_OUT = 240, 960

_RISE = np.linspace(0.0, 1.0, FRAME, dtype=np.float32)


def mix(voices: list[Pcm]) -> Pcm:
    """The plain sum of frames of 960 samples; it may exceed 1. No voices: silence.

    A voice alone is its own sum, not a copy.
    """
    if not voices:
        return np.zeros(FRAME, dtype=np.float32)
    total = voices[0]
    for voice in voices[1:]:
        total = total + voice
    return total


def mix_minus(total: Pcm, own: Pcm) -> Pcm:
    """What somebody hears who must not hear themselves: the plain sum without their frame."""
    return total - own


def ramp(before: float, after: float) -> Pcm:
    """A gain on its way through one frame; `linspace` would cost three times as much."""
    moved: Pcm = np.float32(after - before) * _RISE + np.float32(before)
    return moved


def fade_out(pcm: Pcm, samples: int = 240) -> Pcm:
    """The first samples fading to nothing, then silence: how a voice is cut without a click."""
    faded = np.zeros_like(pcm)
    count = min(samples, len(pcm))
    faded[:count] = pcm[:count] * np.linspace(1.0, 0.0, count, dtype=np.float32)
    return faded


def fade_in(pcm: Pcm, samples: int = 240) -> Pcm:
    """The first samples rising from nothing: how a voice begins without a click."""
    risen = pcm.copy()
    count = min(samples, len(pcm))
    risen[:count] *= np.linspace(0.0, 1.0, count, dtype=np.float32)
    return risen


def shorten(pcm: Pcm) -> Pcm:
    """Two frames or more in the time of less: leaves out 5 to 20 ms where it is heard least.

    That is a whole number of periods of the voice: the stretch that is most like the one it
    joins, blended over 10 ms (overlap and add by similarity, WSOLA).
    """
    template = pcm[_JOIN : 2 * _JOIN]
    searched = pcm[_JOIN + _LEAST_LEFT_OUT :][: _MOST_LEFT_OUT - _LEAST_LEFT_OUT + _JOIN]
    products = np.correlate(searched, template, "valid")
    powers = np.convolve(np.square(searched), np.ones(_JOIN, np.float32), "valid")
    left_out = _LEAST_LEFT_OUT + int(np.argmax(products / np.sqrt(powers + 1e-9)))
    joined = cross_fade(template, pcm[_JOIN + left_out : 2 * _JOIN + left_out])
    return np.concatenate([pcm[:_JOIN], joined, pcm[2 * _JOIN + left_out :]])


def cross_fade(before: Pcm, after: Pcm) -> Pcm:
    """Two stretches of one length blended into the time of one."""
    rise = np.linspace(0.0, 1.0, len(after), dtype=np.float32)
    blended: Pcm = before * (np.float32(1.0) - rise) + after * rise
    return blended
