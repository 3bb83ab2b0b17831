"""Scripted peers: a real WebRTC client (aiortc) that plays a tone and keeps what it hears."""

import asyncio
import contextlib
import fractions
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, AudioResampler
from numpy.typing import NDArray

from audio.protocol import AudioEngine

RATE = 48_000
FRAME = 960
PATIENCE = 60.0
"""Seconds any condition may take before its test fails."""


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; fail with `what` when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came to pass that {what}")
        await asyncio.sleep(0.02)


def tone(frequency: float, samples: int, start: int = 0, level: float = 0.3) -> NDArray[np.float32]:
    """A sine; `start` is the index of its first sample."""
    times = np.arange(start, start + samples) / RATE
    return (level * np.sin(2 * np.pi * frequency * times)).astype(np.float32)


def speech_like(frames: int) -> NDArray[np.float32]:
    """A voice's harmonics, swelling four times a second as syllables do."""
    pcm = sum(tone(150.0 * n, frames * FRAME, level=0.4 / n) for n in range(1, 12))
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(frames * FRAME) / RATE)
    return (pcm * swell * 0.5).astype(np.float32)


def loudness(pcm: NDArray[Any], frequency: float) -> float:
    """The amplitude (0 to 1) of a frequency in the samples."""
    if len(pcm) == 0:
        return 0.0
    times = np.arange(len(pcm)) / RATE
    window = np.hanning(len(pcm))
    wave = np.exp(-2j * np.pi * frequency * times)
    return float(2 * abs(np.dot(pcm * window, wave)) / window.sum())


def holds(pcm: NDArray[Any], frequency: float) -> bool:
    """Whether a tone is in any tenth of a second of the samples.

    In a part of them, because a busy machine makes real networks stutter now and then.
    """
    piece = RATE // 10
    starts = range(0, len(pcm) - piece + 1, piece)
    return any(loudness(pcm[at : at + piece], frequency) > 0.05 for at in starts)


class ToneTrack(MediaStreamTrack):
    """A microphone in front of a tuning fork."""

    kind = "audio"

    def __init__(self, frequency: float) -> None:
        super().__init__()
        self.frequency = frequency
        self._start: float | None = None
        self._position = 0

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(self._start + self._position / RATE - time.monotonic())
        pcm = (tone(self.frequency, FRAME, self._position) * 32767).astype(np.int16)
        frame = AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._position
        frame.time_base = fractions.Fraction(1, RATE)
        self._position += FRAME
        return frame


class Caller:
    """One participant with a real peer connection."""

    def __init__(self, name: str, frequency: float | None = None) -> None:
        self.name = name
        self.heard: NDArray[np.int16] = np.zeros(0, dtype=np.int16)
        self._frequency = frequency
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._ears: asyncio.Task[None] | None = None
        self._pc.on("track", self._on_track)

    async def join(self, engine: AudioEngine, room: str) -> None:
        """Offer, take the answer, and start to send and listen."""
        self._pc.addTransceiver(
            "audio" if self._frequency is None else ToneTrack(self._frequency), "sendrecv"
        )
        await self._pc.setLocalDescription(await self._pc.createOffer())
        answer = await engine.answer(room, self.name, self._pc.localDescription.sdp)
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    @property
    def connected(self) -> bool:
        """Whether the transport is up, as the client sees it."""
        return bool(self._pc.connectionState == "connected")

    @property
    def closed(self) -> bool:
        """Whether the client noticed that it was hung up on."""
        return bool(self._pc.connectionState in ("closed", "failed"))

    def hears(self, frequency: float, seconds: float = 0.4) -> bool:
        """Whether a tone was in the last stretch of what arrived."""
        recent = self.heard[-int(seconds * RATE) :] / 32768
        return len(recent) >= int(seconds * RATE) and holds(recent, frequency)

    def forget(self) -> None:
        """Forget what was heard, so that the next question is about what follows."""
        self.heard = self.heard[:0]

    async def leave(self) -> None:
        """Hang up."""
        await self._pc.close()
        if self._ears is not None:
            self._ears.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ears

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._ears = asyncio.ensure_future(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        with contextlib.suppress(MediaStreamError):
            while True:
                arrived = await track.recv()
                if not isinstance(arrived, AudioFrame):
                    continue
                for frame in resampler.resample(arrived):
                    self.heard = np.concatenate([self.heard, frame.to_ndarray().reshape(-1)])
