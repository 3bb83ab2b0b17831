"""What a replay needs besides the recorded packets: loudness, waveforms, and AAC for old phones.

Sound is read and written by FFmpeg (PyAV); nothing holds more than some seconds of it, so memory
does not depend on the length. Levels are bytes in quarters of a decibel: 255 is full scale, 0 is
-63.75 dBFS and everything below.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

from audio.ogg import read_packets
from audio.opus import SAMPLE_RATE, Decoder, OpusError, packet_samples

TARGET_LUFS = -16.0
"""The integrated loudness of a replay, as podcasts have it."""
MOST_GAIN_DB = 20.0
"""What is more than this too quiet is noise, and stays quiet."""
MIX_INTERVAL = 0.1
"""Seconds of each level of the mix."""
SPEAKER_INTERVAL = 0.4
"""Seconds of each level of a speaker."""

Progress = Callable[[float], None]
"""Is told how much is done, from 0 to 1."""

_QUARTERS_DB = 4
_FULL_SCALE = 255
_NOTHING_LUFS = -70.0  # the absolute gate: what FFmpeg says of sound that is all below it
_CEILING_DB = -1.0  # dBTP: what EBU R128 allows a peak to be
_QUARTER_DB = 0.25  # what a level says too little at most
_LIMIT = 10 ** (-2 / 20)  # of the AAC: the codec adds up to a decibel to a peak
_AAC_BITRATE = 64_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What one pass through the mix says."""

    loudness: float | None
    """Integrated loudness in LUFS (EBU R128, ITU-R BS.1770-4); `None` for silence."""
    levels: bytes
    """The peak of each `MIX_INTERVAL`."""

    @property
    def gain_db(self) -> float:
        """What brings it to `TARGET_LUFS`, as far as that makes sense."""
        if self.loudness is None:
            return 0.0
        return min(TARGET_LUFS - self.loudness, MOST_GAIN_DB)

    @property
    def clean_gain_db(self) -> float:
        """The same for a form that knows no limiter: no peak is raised above -1 dBFS.

        Of speech the peaks between the samples are no higher than those of the samples.
        """
        loudest = (max(self.levels, default=0) - _FULL_SCALE) / _QUARTERS_DB
        return min(self.gain_db, max(0.0, _CEILING_DB - _QUARTER_DB - loudest))


def measure(source: BinaryIO, seconds: float, progress: Progress) -> Measured:
    """Listen once to an Ogg/Opus file that lasts about `seconds`. Raises `av.FFmpegError`."""
    peaks = _Peaks()
    loudness = _NOTHING_LUFS
    with av.open(source, "r") as container:
        listen = _filters(("ebur128", "metadata=1:framelog=quiet"))
        for block in _blocks(container, seconds, progress):
            if block is not None:
                peaks.add(block.to_ndarray().reshape(-1).astype(np.float32, copy=False))
            for heard in _through(listen, block):
                loudness = float(heard.metadata.get("lavfi.r128.I", loudness))
    return Measured(loudness if loudness > _NOTHING_LUFS else None, peaks.levels())


def encode_m4a(
    source: BinaryIO, target: Path, gain_db: float, seconds: float, progress: Progress
) -> None:
    """Write an Ogg/Opus file anew as AAC-LC in MP4, for players that know no Opus.

    The gain is applied, with a limiter for the peaks. It can be played while it is loaded.
    Raises `av.FFmpegError`, `OSError`.
    """
    with (
        av.open(source, "r") as container,
        av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as out,
    ):
        # The coder that searches less: half of the time, and no different to hear in speech.
        stream = out.add_stream(
            "aac", rate=SAMPLE_RATE, layout="mono", options={"aac_coder": "fast"}
        )
        stream.bit_rate = _AAC_BITRATE
        louder = _filters(
            ("volume", f"{gain_db:.2f}dB"),
            ("alimiter", f"limit={_LIMIT:.4f}:level=0:latency=1"),
        )
        for block in _blocks(container, seconds, progress):
            for ready in _through(louder, block):
                out.mux(stream.encode(ready))
        out.mux(stream.encode(None))


def speaker_levels(source: BinaryIO) -> bytes:
    """The level of each `SPEAKER_INTERVAL` of a track, from one of its packets in twenty.

    To decode all tracks of a long room takes minutes, and a twentieth is enough to see who talks. A
    packet alone, to a decoder without a past, sounds wrong and is about as loud: within 4 dB in
    the median of speech, seldom more than 12 dB quieter, and never louder where it was quiet.
    What cannot be decoded counts as silence.
    """
    decoder, levels = Decoder(), bytearray()
    interval = round(SPEAKER_INTERVAL * SAMPLE_RATE)
    position = 0
    for packet in read_packets(source):
        if position >= len(levels) * interval:
            levels.append(_level(_peak_of(decoder, packet)))
        position += packet_samples(packet)
    return bytes(levels)


class _Peaks:
    """The loudest sample of each interval, whatever the frames it comes in."""

    def __init__(self) -> None:
        self._interval = round(MIX_INTERVAL * SAMPLE_RATE)
        self._rest: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._levels = bytearray()

    def add(self, pcm: NDArray[np.float32]) -> None:
        self._rest = np.concatenate((self._rest, np.abs(pcm)))
        while len(self._rest) >= self._interval:
            self._levels.append(_level(float(self._rest[: self._interval].max())))
            self._rest = self._rest[self._interval :]

    def levels(self) -> bytes:
        rest = [_level(float(self._rest.max()))] if len(self._rest) else []
        return bytes([*self._levels, *rest])


def _level(peak: float) -> int:
    if peak <= 0.0:
        return 0
    value = _FULL_SCALE + round(_QUARTERS_DB * 20 * float(np.log10(peak)))
    return min(max(value, 0), _FULL_SCALE)


def _peak_of(decoder: Decoder, packet: bytes) -> float:
    if len(packet) < 3:  # no sound is in it: silence of DTX
        return 0.0
    decoder.reset()
    try:
        return float(np.abs(decoder.decode(packet)).max(initial=0.0))
    except OpusError:
        return 0.0


def _blocks(
    container: av.container.InputContainer, seconds: float, progress: Progress
) -> Iterator[AudioFrame | None]:
    """All sound that can be decoded, a second at a time, then `None`.

    Frame by frame the calls between Python and FFmpeg cost as much as the decoding.
    """
    fifo, done = av.AudioFifo(), 0
    for packet in container.demux(container.streams.audio[0]):
        with suppress(av.InvalidDataError):
            for frame in packet.decode():
                frame.pts = None  # what could not be decoded is left out
                fifo.write(frame)
        while (block := fifo.read(SAMPLE_RATE)) is not None:
            done += block.samples
            progress(min(1.0, done / SAMPLE_RATE / max(seconds, 1.0)))
            yield block
    if (rest := fifo.read(0, partial=True)) is not None:
        yield rest
    yield None


def _filters(*filters: tuple[str, str]) -> Graph:
    """A chain of FFmpeg's filters for mono sound as Opus decodes to."""
    graph = Graph()
    last = graph.add_abuffer(
        sample_rate=SAMPLE_RATE, format="fltp", layout="mono", time_base=Fraction(1, SAMPLE_RATE)
    )
    for name, options in (*filters, ("aformat", "sample_fmts=fltp"), ("abuffersink", "")):
        following = graph.add(name, options or None)
        last.link_to(following)
        last = following
    graph.configure()
    return graph


def _through(graph: Graph, frame: AudioFrame | None) -> Iterator[AudioFrame]:
    """What comes out when the frame goes in; `None` asks for all that is left."""
    graph.push(frame)
    while True:
        try:
            out = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(out, AudioFrame):
            yield out
