"""Tones to speak with, and the ears that find them again."""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 48_000

TONE_A = 440.0
TONE_B = 1000.0
TONES = {"A": TONE_A, "B": TONE_B}


def write_tone(path: Path, hertz: float, seconds: float = 4.0) -> Path:
    """A mono 48 kHz WAV file with a sine at -12 dBFS, whole periods so that it loops cleanly."""
    samples = np.arange(int(RATE * seconds))
    sine = 0.25 * np.sin(2 * np.pi * hertz * samples / RATE)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((sine * 32767).astype("<i2").tobytes())
    return path


def tones_in(samples: npt.NDArray[np.float32]) -> set[str]:
    """The names of the tones that stand out in mono 48 kHz samples, over 50 ms of them or none.

    A tone counts when its peak is above -60 dBFS and 25 dB over the median of the spectrum.
    """
    if not len(samples):
        return set()
    window = np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(samples * window)) / (len(samples) / 4)
    decibels = 20 * np.log10(spectrum + 1e-9)
    floor = float(np.median(decibels))
    hertz_per_bin = RATE / len(samples)
    found = set()
    for name, hertz in TONES.items():
        middle = round(hertz / hertz_per_bin)
        reach = max(2, round(15 / hertz_per_bin))
        peak = float(decibels[middle - reach : middle + reach + 1].max())
        if peak > max(-60.0, floor + 25):
            found.add(name)
    return found
