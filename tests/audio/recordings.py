"""Making Ogg/Opus files, and hearing what is in one."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from audio.ogg import OggOpusWriter
from audio.opus import FRAME, Encoder
from tests.audio.callers import RATE, holds, tone


def tone_packets(frequency: float, seconds: float) -> list[bytes]:
    """Opus packets of 20 ms with a tone."""
    count = round(seconds * 50)
    encoder, pcm = Encoder(), tone(frequency, count * FRAME)
    return [encoder.encode(pcm[i * FRAME : (i + 1) * FRAME]) for i in range(count)]


def write_ogg(path: Path, packets: list[bytes], *, finish: bool = True) -> None:
    """A file of these packets; unfinished, it is what a killed process leaves behind."""
    with path.open("wb") as file:
        writer = OggOpusWriter(file, serial=7)
        for packet in packets:
            writer.add(packet)
        writer.flush()
        if finish:
            writer.finish()


def decode(path: Path) -> NDArray[np.float32]:
    """The sound of a file, by a decoder that is not ours: mono, 48 kHz."""
    with av.open(path) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = [
            resampled.to_ndarray().reshape(-1)
            for frame in container.decode(audio=0)
            for resampled in resampler.resample(frame)
        ]
    return np.concatenate(frames) if frames else np.zeros(0, dtype=np.float32)


def tones_in(pcm: NDArray[np.float32], start: float, end: float, *candidates: float) -> set[float]:
    """Which of the tones are heard between two moments, in seconds."""
    stretch = pcm[int(start * RATE) : int(end * RATE)]
    return {frequency for frequency in candidates if holds(stretch, frequency)}
