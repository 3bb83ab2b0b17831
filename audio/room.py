"""One room: every 20 ms the voices become one sound, and everybody gets theirs."""

from collections.abc import Callable

from audio import mixer
from audio.opus import FRAME, Encoder, Pcm
from audio.peer import Peer
from audio.protocol import Speaking
from audio.recorder import RoomRecorder
from audio.rtp import RtpPacket
from audio.transport import Transport
from audio.voice import Voice

BITRATE = 32_000
"""Bits per second of every outgoing stream."""

_SPEAKING_EVERY = 10  # ticks between two looks at who speaks: at most 5 events a second
_DTX_SIZE = 2  # an encoded frame of at most this many bytes need not be sent


class Stream:
    """One outgoing encode, and whether it is worth sending right now."""

    def __init__(self) -> None:
        self._encoder = Encoder(BITRATE)
        self._silent = False

    def encode(self, pcm: Pcm) -> tuple[bytes, bool]:
        """The packet, and whether to send it: of a silence only the first packet goes out,
        and those the encoder refreshes it with (every 400 ms)."""
        packet = self._encoder.encode(mixer.limit(pcm))
        was_silent, self._silent = self._silent, len(packet) <= _DTX_SIZE
        return packet, not (was_silent and self._silent)

    def begin(self) -> None:
        """Somebody who heard another stream is switched to this one."""
        self._encoder.reset()
        self._silent = False


class Room:
    """Mixes for everybody in it. Knows transports only as something to send through."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        recorder: RoomRecorder,
        emit: Callable[[Speaking], None],
    ) -> None:
        self.recorder = recorder
        self.peers: dict[str, Peer] = {}
        """Whoever has been answered, connected yet or not, by participant."""
        self._name = name
        self._transport = transport
        self._emit = emit
        self._voices: dict[str, Voice] = {}
        self._leaving: list[Voice] = []
        self._shared = Stream()
        self._own: dict[str, Stream] = {}
        self._talking: frozenset[str] = frozenset()
        self._speaking: frozenset[str] = frozenset()

    def remove(self, participant: str) -> None:
        """Cut somebody off: nothing of theirs that still waits is played."""
        peer = self.peers.pop(participant, None)
        if peer is not None:
            self._transport.remove(peer)
        if participant in self._voices:
            self._silence(participant)
            self._voices[participant] = Voice()

    def set_voices(self, participants: frozenset[str]) -> None:
        """Exactly these are heard from the next tick on."""
        for participant in self._voices.keys() - participants:
            self._silence(participant)
        for participant in participants - self._voices.keys():
            self._voices[participant] = Voice()

    def receive(self, participant: str, packet: RtpPacket, arrival: int) -> None:
        """A packet of somebody in the room, heard or not; `arrival` in samples."""
        voice = self._voices.get(participant)
        if voice is not None:
            voice.receive(packet.ssrc, packet.timestamp, packet.payload, arrival)

    def tick(self, tick: int, now: int) -> None:
        """Mix, record and send the 20 ms that have the number `tick`; `now` in samples."""
        heard = self._collect(tick, now)
        total = mixer.mix([*heard.values(), *self._fade_leaving(now)])
        timestamp = tick * FRAME
        packet, worth_sending = self._shared.encode(total)
        self.recorder.mix(tick, packet)
        if worth_sending:
            silent = [peer for name, peer in self.peers.items() if name not in heard]
            self._transport.broadcast(packet, timestamp, silent)
        self._send_own(heard, total, timestamp)
        self._talking = frozenset(heard)
        if tick % _SPEAKING_EVERY == 0:
            self._announce_speaking()

    def _silence(self, participant: str) -> None:
        self._leaving.append(self._voices.pop(participant))
        self._own.pop(participant, None)

    def _collect(self, tick: int, now: int) -> dict[str, Pcm]:
        """The frames of all who are audible now; every voice's packets go to its track."""
        heard = {}
        for participant, voice in self._voices.items():
            sound = voice.tick(now)
            self.recorder.voice(participant, tick, sound.packets)
            if voice.activity.audible:
                heard[participant] = sound.pcm
        return heard

    def _fade_leaving(self, now: int) -> list[Pcm]:
        """The last 5 ms of those who were just muted: without them there would be a click."""
        leaving, self._leaving = self._leaving, []
        audible = [voice for voice in leaving if voice.activity.audible]
        return [mixer.fade_out(voice.tick(now).pcm) for voice in audible]

    def _send_own(self, heard: dict[str, Pcm], total: Pcm, timestamp: int) -> None:
        """Whoever is audible gets everybody but themselves, from an encoder of their own."""
        for participant, pcm in heard.items():
            peer = self.peers.get(participant)
            if peer is None or peer.srtp is None:
                continue
            stream = self._own.setdefault(participant, Stream())
            if participant not in self._talking:
                stream.begin()
            packet, worth_sending = stream.encode(mixer.mix_minus(total, pcm))
            if worth_sending:
                self._transport.broadcast(packet, timestamp, [peer])

    def _announce_speaking(self) -> None:
        speaking = frozenset(
            name for name, voice in self._voices.items() if voice.activity.speaking
        )
        if speaking != self._speaking:
            self._speaking = speaking
            self._emit(Speaking(self._name, speaking))
