"""A room's tick: how many encodes, who gets which, and what is kept."""

from collections.abc import Iterable
from typing import cast

import numpy as np
import pytest

from audio.opus import FRAME, Decoder, Encoder, Pcm
from audio.peer import Peer
from audio.protocol import Speaking
from audio.recorder import RoomRecorder
from audio.room import Room
from audio.rtp import RtpPacket
from audio.transport import Transport
from tests.audio.callers import RATE, loudness
from tests.audio.recordings import tone_packets

A, B = 440.0, 1000.0


class Recorder:
    """Keeps what a room records."""

    def __init__(self) -> None:
        self.mixed: list[bytes] = []
        self.voices: dict[str, list[bytes]] = {}

    def mix(self, tick: int, packet: bytes) -> None:
        self.mixed.append(packet)

    def voice(self, participant: str, tick: int, packets: list[bytes]) -> None:
        self.voices.setdefault(participant, []).extend(packets)


class Ears:
    """A transport that keeps what it was told to send, tick by tick."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, list[str]]] = []

    def broadcast(self, payload: bytes, timestamp: int, peers: Iterable[Peer]) -> None:
        self.sent.append((payload, sorted(peer.participant for peer in peers)))

    def heard_by(self, name: str) -> list[bytes]:
        return [payload for payload, names in self.sent if name in names]


class Guest:
    """As much of a connected peer as a room looks at."""

    def __init__(self, name: str) -> None:
        self.participant = name
        self.srtp = object()


class Stage:
    """A room with guests, and a clock to move by hand."""

    def __init__(self, *names: str) -> None:
        self.recorder, self.ears, self.news = Recorder(), Ears(), list[Speaking]()
        self.room = Room(
            "room",
            cast(Transport, self.ears),
            cast(RoomRecorder, self.recorder),
            self.news.append,
        )
        for name in names:
            self.room.peers[name] = cast(Peer, Guest(name))
        self.tick = 0

    def play(self, ticks: int, **voices: list[bytes]) -> None:
        """Let these voices talk for some ticks, from the start of their packets."""
        for number in range(ticks):
            now = self.tick * FRAME
            for name, packets in voices.items():
                packet = RtpPacket(111, self.tick % 65536, now, 1, packets[number])
                self.room.receive(name, packet, now)
            self.room.tick(self.tick, now)
            self.tick += 1


def amplitude(packets: list[bytes], frequency: float) -> float:
    decoder = Decoder()
    pcm = np.concatenate([decoder.decode(packet) for packet in packets])
    return loudness(pcm[-RATE // 2 :], frequency)


@pytest.fixture
def stage() -> Stage:
    """Anna and Bruno may speak, Carla and Dario listen."""
    stage = Stage("anna", "bruno", "carla", "dario")
    stage.room.set_voices(frozenset({"anna", "bruno"}))
    return stage


def test_there_is_one_encode_for_all_who_are_silent_and_one_for_each_who_talks(
    stage: Stage,
) -> None:
    stage.play(50, anna=tone_packets(A, 1), bruno=tone_packets(B, 1))
    in_last_tick = sorted(names for _, names in stage.ears.sent[-3:])
    assert in_last_tick == [["anna"], ["bruno"], ["carla", "dario"]]


def test_who_may_speak_but_is_silent_shares_the_listeners_encode(stage: Stage) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    assert stage.ears.sent[-1][1] == ["bruno", "carla", "dario"]


def test_the_shared_encode_is_what_is_recorded(stage: Stage) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    heard = stage.ears.heard_by("carla")
    assert len(stage.recorder.mixed) == 50
    assert heard[-40:] == stage.recorder.mixed[-40:]


def test_talkers_hear_each_other_and_listeners_hear_all(stage: Stage) -> None:
    stage.play(75, anna=tone_packets(A, 1.5), bruno=tone_packets(B, 1.5))
    ears = {name: stage.ears.heard_by(name) for name in ("anna", "bruno", "carla")}
    assert [amplitude(ears[name], A) > 0.1 for name in ears] == [False, True, True]
    assert [amplitude(ears[name], B) > 0.1 for name in ears] == [True, False, True]
    assert amplitude(ears["anna"], A) < 0.01


def test_nobody_ever_hears_their_own_first_word(stage: Stage) -> None:
    stage.play(20)
    stage.play(20, anna=tone_packets(A, 1))
    decoder = Decoder()
    pcm = np.concatenate([decoder.decode(packet) for packet in stage.ears.heard_by("anna")])
    assert np.abs(pcm).max() < 0.01


def test_silence_is_sent_at_the_pace_of_dtx(stage: Stage) -> None:
    stage.play(200)
    assert 0 < len(stage.ears.heard_by("carla")) < 40
    assert len(stage.recorder.mixed) == 200


def test_muting_takes_effect_with_the_next_tick(stage: Stage) -> None:
    packets = tone_packets(A, 2)
    stage.play(50, anna=packets)
    kept = len(stage.recorder.voices["anna"])
    stage.room.set_voices(frozenset({"bruno"}))
    stage.play(50, anna=packets[50:])
    assert len(stage.recorder.voices["anna"]) == kept
    assert amplitude(stage.recorder.mixed[50:], A) < 0.01
    decoder = Decoder()
    pcm = [decoder.decode(packet) for packet in stage.recorder.mixed]
    assert loudness(pcm[49], A) > 0.1
    assert np.abs(pcm[53]).max() < 0.02


def test_muting_makes_no_click(stage: Stage) -> None:
    packets = tone_packets(A, 2)
    stage.play(50, anna=packets)
    stage.room.set_voices(frozenset())
    stage.play(10, anna=packets[50:])
    decoder = Decoder()
    pcm = np.concatenate([decoder.decode(packet) for packet in stage.recorder.mixed])
    steps = np.abs(np.diff(pcm))
    assert steps[50 * FRAME :].max() < 2 * steps[25 * FRAME : 50 * FRAME].max()


def test_whoever_was_never_allowed_is_neither_mixed_nor_recorded(stage: Stage) -> None:
    stage.play(50, carla=tone_packets(A, 1))
    assert "carla" not in stage.recorder.voices
    assert amplitude(stage.recorder.mixed, A) < 0.01


def test_speaking_is_told_when_it_changes_and_not_otherwise(stage: Stage) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    stage.play(100)
    stage.play(50, anna=tone_packets(A, 1), bruno=tone_packets(B, 1))
    assert [event.participants for event in stage.news] == [
        frozenset({"anna"}),
        frozenset(),
        frozenset({"anna", "bruno"}),
    ]


def test_ten_who_shout_reach_the_encoder_without_clipping(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = []
    encode = Encoder.encode

    def watch(encoder: Encoder, pcm: Pcm) -> bytes:
        peaks.append(float(np.abs(pcm).max()))
        return encode(encoder, pcm)

    monkeypatch.setattr(Encoder, "encode", watch)
    names = [f"p{number}" for number in range(10)]
    packets = tone_packets(A, 1)
    peaks.clear()
    stage.room.set_voices(frozenset(names))
    stage.play(50, **dict.fromkeys(names, packets))
    assert 0.9 < max(peaks) <= 1.0
