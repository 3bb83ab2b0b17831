"""One participant's voice: packets in, 20 ms of samples out on every tick."""

import contextlib
from dataclasses import dataclass, field

import numpy as np

from audio import mixer
from audio.jitter import Gap, JitterBuffer, Packet, Taken
from audio.levels import SlowGain, VoiceActivity, level_db
from audio.opus import FRAME, SILENCE, Decoder, OpusError, Pcm, lost_packet, packet_samples

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
    _silent: bool = True
    _last_payload: bytes = SILENCE
    _track_behind: int = 0
    """Samples of sound made that the track does not have; negative: it has too many."""

    @property
    def depth(self) -> int:
        """Samples received and not played."""
        return self._jitter.depth + len(self._ready)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to hear of it, so that a tick may pass it by."""
        shown = self.activity.audible or self.activity.speaking
        return not shown and not len(self._ready) and self._jitter.idle

    def receive(self, ssrc: int, timestamp: int, payload: bytes, arrival: int) -> None:
        """Take an RTP packet's content; another SSRC is another stream (RFC 3550, 8.2)."""
        if ssrc != self._ssrc:
            self._jitter.reset()
            self._ssrc = ssrc
        self._jitter.add(timestamp, payload, arrival)

    def tick(self, now: int) -> Sound:
        """The next 20 ms, levelled; updates `activity`. `now` in samples, as `arrival`."""
        sound = self.play(now)
        level = level_db(sound.pcm)
        self.activity.update(level)
        sound.pcm = self._gain.apply(sound.pcm, level)
        if self.activity.begins:
            sound.pcm = mixer.fade_in(sound.pcm)
        elif self.activity.ends:
            sound.pcm = mixer.fade_out(sound.pcm, len(sound.pcm))
        return sound

    def play(self, now: int) -> Sound:
        """The next 20 ms as loud as they were sent."""
        packets: list[bytes] = []
        while len(self._ready) < FRAME:
            # What comes next is heard when what is ready has been.
            sound = self._next(packets, now + len(self._ready))
            self._ready = np.concatenate([self._ready, sound]) if len(self._ready) else sound
        frame, self._ready = self._ready[:FRAME], self._ready[FRAME:]
        return Sound(frame, packets)

    def _next(self, packets: list[bytes], now: int) -> Pcm:
        taken = self._jitter.take(now)
        if isinstance(taken.packet, Gap):
            return self._fill(taken, packets)
        pcm = self._decode(taken.packet, packets)
        if taken.squeeze:
            return self._squeeze(pcm, packets, now)
        return pcm

    def _fill(self, taken: Taken, packets: list[bytes]) -> Pcm:
        if self._silent:
            return np.zeros(taken.samples, dtype=np.float32)
        self._concealed += 1
        self._make_up(taken.samples, packets)
        if taken.following is not None:
            with contextlib.suppress(OpusError):  # the one after it is broken, too
                return self._decoder.recover(taken.following, taken.samples)
        guessed = self._decoder.conceal(taken.samples)
        self._silent = taken.packet is Gap.IDLE or self._concealed == _CONCEAL_AT_MOST
        return mixer.fade_out(guessed, len(guessed)) if self._silent else guessed

    def _decode(self, packet: Packet, packets: list[bytes]) -> Pcm:
        try:
            pcm = self._decoder.decode(packet.payload)
        except OpusError:
            # Its header was sound, its body is not: the same as lost.
            self._make_up(packet.samples, packets)
            return self._decoder.conceal(packet.samples)
        began, self._silent, self._concealed = self._silent, False, 0
        self._last_payload = packet.payload
        packets.append(packet.payload)
        return mixer.fade_in(pcm) if began else pcm

    def _squeeze(self, first: Pcm, packets: list[bytes], now: int) -> Pcm:
        """Play some packets in the time of less."""
        pcm = first
        while len(pcm) < 2 * FRAME:
            taken = self._jitter.take(now + len(pcm))
            if isinstance(taken.packet, Gap):
                return np.concatenate([pcm, self._fill(taken, packets)])
            pcm = np.concatenate([pcm, self._decode(taken.packet, packets)])
        shorter = mixer.shorten(pcm)
        self._track_behind -= len(pcm) - len(shorter)
        last = packet_samples(packets[-1])
        if self._track_behind <= -last:
            self._track_behind += last
            packets.pop()
        return shorter

    def _make_up(self, samples: int, packets: list[bytes]) -> None:
        """Keep the track in step with sound that no packet brought."""
        self._track_behind += samples
        while self._track_behind >= FRAME:
            self._track_behind -= FRAME
            packets.append(lost_packet(self._last_payload))
