"""How loud a voice is, and what follows: its gain, and whether it counts as speaking."""

import math
from dataclasses import dataclass

import numpy as np

from audio.mixer import ramp
from audio.opus import Pcm

_SILENCE_DB = -120.0

AUDIBLE_DB = -60.0
"""A voice below this (and below it for a while) is not mixed at all."""

_AUDIBLE_HANG = 50  # ticks; long enough to bridge the pauses between words
_SPEAKING_ON_DB = -45.0
_SPEAKING_OFF_DB = -52.0
_SPEAKING_ATTACK = 3  # ticks, so that a knock on the table is nobody speaking
_SPEAKING_HANG = 30
_TARGET_DB = -20.0
_GAIN_LIMIT_DB = 14.0
_GAIN_STEP_DB = 0.06  # per tick: 3 dB a second, too slow to be heard as pumping
_GAIN_NEAR_DB = 1.0  # nearer to the target than this the gain rests
_MEASURABLE_DB = -100.0
_FLOOR_RISE_DB = 0.02  # per tick; 1 dB a second, so that a long word is not taken for noise
_OVER_FLOOR_DB = 9.0
_SPEECH_DB = -50.0
_MEMORY = 100  # ticks of speech that the level is averaged over


def level_db(pcm: Pcm) -> float:
    """RMS level in dBFS; a full-scale square wave is 0."""
    power = float(np.dot(pcm, pcm)) / max(len(pcm), 1)
    return max(_SILENCE_DB, 10.0 * math.log10(power + 1e-12))


@dataclass(slots=True)
class VoiceActivity:
    """Hysteresis over one voice's level, tick by tick."""

    speaking: bool = False
    """Loud enough for long enough to be shown as speaking."""
    audible: bool = False
    """To be mixed; true from the first sound on, so that no onset is cut off."""
    begins: bool = False
    """Audible in this tick, and not at the end of the one before: it has to fade in."""
    ends: bool = False
    """Audible for the last tick, unless a sound comes: it has to fade out."""
    _loud: int = 0
    _quiet: int = 0
    _inaudible: int = 0

    def update(self, level: float) -> None:
        """Take in one tick's level in dBFS."""
        self._inaudible = 0 if level > AUDIBLE_DB else self._inaudible + 1
        before = self.audible
        self.audible = self._inaudible == 0 or (before and self._inaudible < _AUDIBLE_HANG)
        self.begins = self.audible and (self.ends or not before)
        self.ends = self.audible and self._inaudible == _AUDIBLE_HANG - 1
        self._loud = self._loud + 1 if level > _SPEAKING_ON_DB else 0
        self._quiet = 0 if level > _SPEAKING_OFF_DB else self._quiet + 1
        if self._loud >= _SPEAKING_ATTACK:
            self.speaking = True
        elif self._quiet >= _SPEAKING_HANG:
            self.speaking = False


@dataclass(slots=True)
class SlowGain:
    """Brings quiet and loud voices nearer to each other, slowly.

    It goes by the average level of speech alone: what stands out from the noise floor, which is
    the lowest level of late. So pauses leave the gain as it is, and noise is never pulled up.
    """

    gain_db: float = 0.0
    _floor: float = 0.0
    _power: float = 0.0
    _heard: int = 0

    def apply(self, pcm: Pcm, level: float) -> Pcm:
        """The samples with the gain on; it moves only while there is speech to measure."""
        before = self.gain_db
        if self._is_speech(level):
            self._heard = min(self._heard + 1, _MEMORY)
            self._power += (10.0 ** (level / 10.0) - self._power) / self._heard
            self.gain_db += self._step(10.0 * math.log10(self._power))
        if before == self.gain_db == 0.0:
            return pcm
        after = _factor(self.gain_db)
        steady = before == self.gain_db
        levelled: Pcm = pcm * (np.float32(after) if steady else ramp(_factor(before), after))
        return levelled

    def _is_speech(self, level: float) -> bool:
        if level > _MEASURABLE_DB:
            self._floor = min(level, self._floor + _FLOOR_RISE_DB)
        return level > max(self._floor + _OVER_FLOOR_DB, _SPEECH_DB)

    def _step(self, average: float) -> float:
        wanted = min(max(_TARGET_DB - average, -_GAIN_LIMIT_DB), _GAIN_LIMIT_DB)
        away = wanted - self.gain_db
        if abs(away) < _GAIN_NEAR_DB:
            return 0.0
        return min(max(away, -_GAIN_STEP_DB), _GAIN_STEP_DB)


def _factor(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20.0))
