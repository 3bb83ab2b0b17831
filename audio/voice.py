"""One participant's voice: packets in, 20 ms of samples out on every tick."""

from dataclasses import dataclass, field

import numpy as np

from audio import mixer
from audio.jitter import Gap, JitterBuffer, Packet, Taken
from audio.levels import SlowGain, VoiceActivity, level_db
from audio.opus import FRAME, SILENCE, Decoder, OpusError, Pcm, lost_packet

_CONCEAL_AT_MOST = 5  # frames; after 100 ms of guessing, silence is more honest


@dataclass(slots=True)
class Sound:
    """One tick of a voice."""

    pcm: Pcm
    packets: list[bytes]
    """The sender's own packets that this tick started, for its track; a lost one is replaced
    by an empty packet of the same 20 ms."""


@dataclass(slots=True)
class Voice:
    """Decodes one participant. Lives from the permission to speak until it is taken away."""

    activity: VoiceActivity = field(default_factory=VoiceActivity)
    _jitter: JitterBuffer = field(default_factory=JitterBuffer)
    _decoder: Decoder = field(default_factory=Decoder)
    _gain: SlowGain = field(default_factory=SlowGain)
    _ready: Pcm = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    _ssrc: int | None = None
    _concealed: int = 0
    _last_payload: bytes = SILENCE

    def receive(self, ssrc: int, timestamp: int, payload: bytes, arrival: int) -> None:
        """Take an RTP packet's content; another SSRC is another stream (RFC 3550, 8.2)."""
        if ssrc != self._ssrc:
            self._jitter.reset()
            self._ssrc = ssrc
        self._jitter.add(timestamp, payload, arrival)

    def tick(self, now: int) -> Sound:
        """The next 20 ms, levelled; updates `activity`. `now` in samples, as `arrival`."""
        packets: list[bytes] = []
        while len(self._ready) < FRAME:
            self._ready = np.concatenate([self._ready, self._next(packets, now)])
        frame, self._ready = self._ready[:FRAME], self._ready[FRAME:]
        level = level_db(frame)
        self.activity.update(level)
        return Sound(self._gain.apply(frame, level), packets)

    def _next(self, packets: list[bytes], now: int) -> Pcm:
        taken = self._jitter.take(now)
        if isinstance(taken.packet, Gap):
            return self._fill(taken, packets)
        pcm = self._decode(taken.packet, packets)
        if taken.squeeze:
            return self._squeeze(pcm, packets, now)
        return pcm

    def _fill(self, taken: Taken, packets: list[bytes]) -> Pcm:
        self._concealed += 1
        if taken.packet is Gap.IDLE or self._concealed > _CONCEAL_AT_MOST:
            return np.zeros(FRAME, dtype=np.float32)
        packets.append(lost_packet(self._last_payload))
        if taken.following is not None:
            return self._decoder.recover(taken.following)
        return self._decoder.conceal()

    def _decode(self, packet: Packet, packets: list[bytes]) -> Pcm:
        self._concealed = 0
        try:
            pcm = self._decoder.decode(packet.payload)
        except OpusError:
            # Its header was sound, its body is not: the same as lost.
            packets.append(lost_packet(self._last_payload))
            return self._decoder.conceal()
        self._last_payload = packet.payload
        packets.append(packet.payload)
        return pcm

    def _squeeze(self, first: Pcm, packets: list[bytes], now: int) -> Pcm:
        """Blend two packets into the time of one; the track keeps the second of them."""
        second = self._jitter.take(now)
        if isinstance(second.packet, Gap):
            return np.concatenate([first, self._fill(second, packets)])
        pcm = self._decode(second.packet, packets)
        if len(pcm) != len(first):
            return np.concatenate([first, pcm])
        del packets[-2]
        return mixer.cross_fade(first, pcm)
