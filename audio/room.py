"""One room: every 20 ms the voices become one sound, and everybody gets theirs."""

import secrets
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from audio import mixer
from audio.audience import Audience, Frame
from audio.limiter import Limiter
from audio.opus import FRAME, SILENCE, Encoder, Pcm
from audio.peer import Peer
from audio.protection import Protection
from audio.protocol import Speaking
from audio.recorder import RoomRecorder
from audio.rtp import RtpPacket
from audio.tap import Tap
from audio.transport import Transport
from audio.voice import Voice

BITRATE = 32_000
"""Bits per second of every outgoing stream."""

COMPLEXITY = 8
"""Of the encoder, where the time allows."""

_NOTHING = np.zeros(FRAME, dtype=np.float32)
_SPEAKING_EVERY = 10  # ticks between two looks at who speaks: at most 5 events a second
_PROTECT_EVERY = 50  # ticks between two looks at who reports losses
_MANY = 4  # who are audible at once; what they say is a mix rather than speech
_TAIL = 3  # ticks of silence that are still encoded, so that the sound before them ends well
_REFRESH = 20  # ticks between two packets of silence, the pace of Opus' own DTX


class Coding(NamedTuple):
    """How a stream is encoded."""

    complexity: int
    speech: bool
    """As one voice, rather than as any sound, which takes a third of the time."""


_SPEECH, _MIX, _PLAIN = Coding(COMPLEXITY, True), Coding(COMPLEXITY, False), Coding(0, False)


class Stream:
    """One outgoing encode, and whether it is worth sending right now."""

    def __init__(self) -> None:
        self._encoder: Encoder | None = None
        self._limiter = Limiter()
        self._idle = 0
        self.protection = Protection()

    def encode(self, pcm: Pcm | None, coding: Coding) -> tuple[bytes, bool]:
        """The packet of a frame (`None`: nobody is audible), and whether to send it.

        Of a silence only the first packet goes out, and one every 400 ms. It is the room that
        knows when there is silence: the encoder's own detection takes held notes for noise.
        """
        self._idle = self._idle + 1 if pcm is None else 0
        resting = self._idle if self._encoder is None else self._idle - _TAIL
        if resting > 0:
            return SILENCE, resting % _REFRESH == 1
        if self._encoder is None:
            self._encoder = Encoder(BITRATE)
        self._encoder.complexity, self._encoder.speech = coding
        self._encoder.protected = self.protection.active
        return self._encoder.encode(self._limiter.apply(_NOTHING if pcm is None else pcm)), True

    def begin(self, before: Pcm | None, coding: Coding) -> None:
        """Somebody who heard another stream is switched to this one; `before` is its last frame.

        An encoder that begins with nothing before the sound would begin with a click.
        """
        self._encoder = None
        self._idle = 0
        if before is not None:
            self.encode(before, coding)


class Room:
    """Mixes for everybody in it. Knows transports only as something to send through."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        recorder: RoomRecorder,
        emit: Callable[[Speaking], None],
    ) -> None:
        self.life = secrets.token_hex(8)
        """Tells this room from one of the same name before or after it."""
        self.recorder = recorder
        self.peers: dict[str, Peer] = {}
        """Whoever has been answered, connected yet or not, by participant."""
        self.taps: set[Tap] = set()
        """Whoever wants each voice by itself."""
        self._name = name
        self._transport = transport
        self._emit = emit
        self._voices: dict[str, Voice] = {}
        self._ready: frozenset[str] = frozenset()
        self._leaving: list[Voice] = []
        self._audience = Audience(transport.broadcast)
        self._shared = Stream()
        self._own: dict[str, Stream] = {}
        self._talking: frozenset[str] = frozenset()
        self._total: Pcm | None = None
        self._rearranged = False
        self._speaking: frozenset[str] | None = frozenset()

    def connected(self, participant: str) -> None:
        """Somebody's transport is up: they hear the room from the next tick on."""
        slot = self._slot(participant)
        if slot is not None:
            self._audience.join(slot)
            self._rearranged = True

    def remove(self, participant: str) -> None:
        """Cut somebody off: nothing of theirs that still waits is played."""
        slot = self._slot(participant)
        if slot is not None:
            self._audience.leave(slot)
        peer = self.peers.pop(participant, None)
        if peer is not None:
            self._transport.remove(peer)
        if participant in self._voices:
            self._silence(participant)
            self._voices[participant] = Voice()

    def set_voices(self, participants: frozenset[str], ready: frozenset[str] = frozenset()) -> None:
        """Exactly these are heard from the next tick on, and these are about to be."""
        self._rearranged = True
        self._ready = ready
        for participant in self._voices.keys() - participants:
            self._silence(participant)
        for participant in participants - self._voices.keys():
            self._voices[participant] = Voice()

    def repeat_speaking(self) -> None:
        """Say who speaks at the next look, also if nothing has changed."""
        self._speaking = None

    def receive(self, participant: str, packet: RtpPacket, arrival: int) -> None:
        """A packet of somebody in the room, heard or not; `arrival` in samples."""
        voice = self._voices.get(participant)
        if voice is not None:
            voice.receive(packet.ssrc, packet.timestamp, packet.payload, arrival)

    def spare(self, tick: int) -> int:
        """How many ticks `tick` may wait for those after it: together they cost less."""
        return 0 if self._rearranged else self._audience.spare(tick)

    def tick(self, tick: int, now: int, *, rich: bool = True) -> int:
        """Mix, record and send the 20 ms that have the number `tick`; `now` in samples.

        Returns about how many frames were encoded; `rich` says whether that may be done well
        rather than cheaply.
        """
        heard = self._collect(tick, now)
        sounds = [*heard.values(), *self._fade_leaving(now)]
        total = mixer.mix(sounds) if sounds else None
        many = len(heard) >= _MANY
        coding = (_MIX if many else _SPEECH) if rich else _PLAIN
        packet, worth_sending = self._shared.encode(total, coding)
        self.recorder.mix(tick, packet)
        if self._rearranged or heard.keys() != self._talking:
            hurried = self._slots(self._voices.keys() | self._ready)
            self._audience.arrange(hurried, self._slots(heard))
            self._rearranged = False
        self._audience.play(Frame(tick, packet, worth_sending))
        alone = len(sounds) == 1
        if total is not None:
            coding = _SPEECH if rich and not many else _PLAIN
            self._send_own(heard, None if alone else total, tick * FRAME, coding)
        self._talking, self._total = frozenset(heard), total
        for tap in self.taps:
            tap.tick(tick)
        if tick % _SPEAKING_EVERY == 0:
            self._announce_speaking()
        if tick % _PROTECT_EVERY == 0:
            self._protect()
        return 1 + (0 if alone else len(heard)) if sounds else 0

    def _slot(self, participant: str) -> int | None:
        peer = self.peers.get(participant)
        return None if peer is None else peer.slot

    def _slots(self, participants: Iterable[str]) -> frozenset[int]:
        """Of those among them who are connected."""
        slots = (self._slot(participant) for participant in participants)
        return frozenset(slot for slot in slots if slot is not None)

    def _silence(self, participant: str) -> None:
        self._leaving.append(self._voices.pop(participant))
        self._own.pop(participant, None)

    def _collect(self, tick: int, now: int) -> dict[str, Pcm]:
        """The frames of all who are audible now; every voice's packets go to its track."""
        heard = {}
        for participant, voice in self._voices.items():
            if voice.idle:
                continue
            sound = voice.tick(now)
            self.recorder.voice(participant, tick, sound.packets)
            for tap in self.taps:
                tap.voice(participant, tick, sound.packets)
            if voice.activity.audible:
                heard[participant] = sound.pcm
        return heard

    def _fade_leaving(self, now: int) -> list[Pcm]:
        """The last 5 ms of those who were just muted: without them there would be a click."""
        leaving, self._leaving = self._leaving, []
        audible = [voice for voice in leaving if voice.activity.audible]
        return [mixer.fade_out(voice.tick(now).pcm) for voice in audible]

    def _send_own(
        self, heard: dict[str, Pcm], total: Pcm | None, timestamp: int, coding: Coding
    ) -> None:
        """Whoever is audible gets everybody but themselves, from an encoder of their own.

        No `total`: whoever it is is alone, and there is nothing to hear.
        """
        for participant, pcm in heard.items():
            slot = self._slot(participant)
            if slot is None:
                continue
            stream = self._own.get(participant)
            if stream is None:
                stream = self._own[participant] = Stream()
            if participant not in self._talking:
                stream.begin(self._total, coding)
            others = None if total is None else mixer.mix_minus(total, pcm)
            packet, worth_sending = stream.encode(others, coding)
            if worth_sending:
                self._transport.broadcast(packet, timestamp, np.array([slot], dtype=np.intp))

    def _protect(self) -> None:
        """Let the streams follow the losses of those who hear them."""
        losses = {name: peer.reports.loss_down for name, peer in self.peers.items()}
        self._shared.protection.look(list(losses.values()))
        for participant, stream in self._own.items():
            stream.protection.look([losses.get(participant, 0.0)])

    def _announce_speaking(self) -> None:
        speaking = frozenset(
            name for name, voice in self._voices.items() if voice.activity.speaking
        )
        if speaking != self._speaking:
            self._speaking = speaking
            self._emit(Speaking(self._name, speaking))
