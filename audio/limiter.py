"""The limiter of each outgoing stream: however many shout, nothing is clipped."""

import numpy as np

from audio.mixer import ramp
from audio.opus import Pcm

CEILING = 0.8
"""No sample is larger; the rest is for what the codec adds to a sudden shout."""

_KNEE = np.float32(0.63)
_ROOM = np.float32(CEILING) - _KNEE
_ATTACK = 48  # samples the gain takes to fall, at least; a step would be a click
_HOLD = 10  # ticks the gain rests after its last fall: it does not follow the waveform
_RELEASE = np.float32(10 ** (0.2 / 20))  # a tick: 10 dB a second
_STEADY = np.float32(1.06)


class Limiter:
    """Turns the sound down as far as its peaks need it, and slowly up again.

    It looks ahead within a frame, so it adds no delay: the gain falls until the first sample that
    would be too loud. A peak in a frame's first millisecond is bent instead of clipped. As long
    as the gain rests, nothing is bent: what is loud for longer is not distorted.
    """

    def __init__(self) -> None:
        self._gain = np.float32(1.0)
        self._rest = 0

    def apply(self, pcm: Pcm) -> Pcm:
        """A frame with no sample beyond `CEILING`."""
        peak = np.abs(pcm).max(initial=np.float32(0.0))
        if peak <= _KNEE and self._gain >= 1:
            return pcm
        wanted = np.float32(min(1.0, _KNEE / max(peak, _KNEE)))
        before = self._gain
        if wanted < before * _STEADY and wanted < 1:
            self._rest = _HOLD
        if wanted < before:
            self._gain = wanted
            return _bend(pcm * self._fall(pcm, before))
        if self._rest > 0:
            self._rest -= 1
        else:
            self._gain = min(wanted, before * _RELEASE)
        steady = before == self._gain
        turned = pcm * (before if steady else ramp(float(before), float(self._gain)))
        return turned if peak * max(before, self._gain) <= _KNEE else _bend(turned)

    def _fall(self, pcm: Pcm, before: np.float32) -> Pcm:
        first = int(np.argmax(np.abs(pcm) * before > _KNEE))
        length = min(max(first, _ATTACK), len(pcm))
        ramp = np.full(len(pcm), self._gain, dtype=np.float32)
        ramp[:length] = np.linspace(before, self._gain, length, dtype=np.float32)
        return ramp


def _bend(pcm: Pcm) -> Pcm:
    """Bend what is louder than the knee so that nothing reaches the ceiling."""
    loudness = np.abs(pcm)
    if float(loudness.max(initial=0.0)) <= _KNEE:
        return pcm
    bent = _KNEE + _ROOM * np.tanh((loudness - _KNEE) / _ROOM)
    return np.where(loudness > _KNEE, np.copysign(bent, pcm), pcm).astype(np.float32)
