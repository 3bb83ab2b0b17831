"""A room's tick: how many encodes, who gets which, and what is kept."""

from typing import cast

import numpy as np
import pytest

from audio.limiter import CEILING
from audio.opus import FRAME, SILENCE, Decoder, Encoder, Pcm, Repacketizer, packet_samples
from audio.peer import Peer
from tests.audio.callers import RATE, loudness
from tests.audio.recordings import tone_packets
from tests.audio.stage import Guest, Stage

A, B = 440.0, 1000.0


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


def watch_encoders(monkeypatch: pytest.MonkeyPatch) -> list[Encoder]:
    """A list that grows by an encoder whenever it encodes."""
    encodes = []
    encode = Encoder.encode

    def watch(encoder: Encoder, pcm: Pcm) -> bytes:
        encodes.append(encoder)
        return encode(encoder, pcm)

    monkeypatch.setattr(Encoder, "encode", watch)
    return encodes


def test_there_is_one_encode_for_all_who_are_silent_and_one_for_each_who_talks(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bruno = tone_packets(A, 1), tone_packets(B, 1)
    encodes = watch_encoders(monkeypatch)
    stage.play(50, anna=anna, bruno=bruno)
    assert len(set(encodes[-30:])) == 3
    assert len(encodes) == pytest.approx(3 * 50, abs=20)


def test_who_may_speak_but_is_silent_shares_the_listeners_encode(stage: Stage) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    heard = [(payload, tick) for payload, tick, names in stage.ears.sent if "carla" in names]
    payload, tick = heard[-1]
    assert stage.ears.heard_by("bruno")[-3:] == stage.recorder.mixed[-3:]
    assert Repacketizer().join(stage.recorder.mixed[tick : tick + 3]) == [(0, payload)]


def test_the_shared_encode_is_what_is_recorded(stage: Stage) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    heard = stage.ears.heard_by("bruno")
    assert len(stage.recorder.mixed) == 50
    assert heard[-40:] == stage.recorder.mixed[-40:]


def test_those_who_only_listen_get_three_frames_in_a_packet(stage: Stage) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    lengths = {name: packet_samples(stage.ears.heard_by(name)[-1]) for name in stage.ears.names}
    assert lengths["bruno"] == FRAME
    assert lengths["carla"] == lengths["dario"] == 3 * FRAME


def test_three_frames_in_a_packet_are_the_same_sound(stage: Stage) -> None:
    stage.play(100, anna=tone_packets(A, 2))
    first, last = stage.ears.ticks_heard_by("carla")[0], stage.ears.ticks_heard_by("carla")[-1]
    decoder = Decoder()
    expected = np.concatenate([decoder.decode(p) for p in stage.recorder.mixed[first : last + 1]])
    decoder = Decoder()
    heard = np.concatenate([decoder.decode(p) for p in stage.ears.heard_by("carla")])
    assert np.array_equal(heard, expected)


@pytest.mark.parametrize("at", range(50, 53))
def test_a_listener_who_may_speak_gets_every_frame_once_and_so_does_one_who_goes_back(
    stage: Stage, at: int
) -> None:
    packets = tone_packets(A, 3)
    stage.play(at, anna=packets)
    stage.room.set_voices(frozenset({"anna", "bruno", "carla"}))
    stage.play(40, anna=packets[at:])
    assert packet_samples(stage.ears.heard_by("carla")[-1]) == FRAME
    stage.room.set_voices(frozenset({"anna", "bruno"}))
    stage.play(40, anna=packets[at + 40 :])
    assert packet_samples(stage.ears.heard_by("carla")[-1]) == 3 * FRAME
    ticks = stage.ears.ticks_heard_by("carla")
    assert ticks == list(range(ticks[0], ticks[-1] + 1))
    assert ticks[-1] >= stage.tick - 3


def test_who_is_about_to_speak_gets_every_frame_at_once_and_is_not_heard(stage: Stage) -> None:
    anna, carla = tone_packets(A, 2), tone_packets(B, 2)
    stage.play(50, anna=anna, carla=carla)
    stage.room.set_voices(frozenset({"anna", "bruno"}), frozenset({"carla"}))
    stage.play(40, anna=anna[50:], carla=carla[50:])
    assert packet_samples(stage.ears.heard_by("carla")[-1]) == FRAME
    assert packet_samples(stage.ears.heard_by("dario")[-1]) == 3 * FRAME
    assert amplitude(stage.recorder.mixed, B) < 0.01
    stage.room.set_voices(frozenset({"anna", "bruno"}))
    stage.play(9, anna=anna[90:])
    assert packet_samples(stage.ears.heard_by("carla")[-1]) == 3 * FRAME


def test_a_listener_who_starts_to_speak_hears_on_without_a_gap(stage: Stage) -> None:
    anna, carla = tone_packets(A, 3), tone_packets(B, 2)
    stage.play(50, anna=anna)
    stage.room.set_voices(frozenset({"anna", "bruno", "carla"}))
    stage.play(50, anna=anna[50:], carla=carla)
    ticks = stage.ears.ticks_heard_by("carla")
    assert ticks == list(range(ticks[0], stage.tick))
    decoder = Decoder()
    pcm = np.concatenate([decoder.decode(packet) for packet in stage.ears.heard_by("carla")])
    pieces = pcm[RATE // 2 :].reshape(-1, FRAME)
    assert min(loudness(piece, A) for piece in pieces) > 0.05


def test_whoever_connects_gets_the_next_frame(stage: Stage) -> None:
    packets = tone_packets(A, 1)
    stage.play(20, anna=packets)
    stage.ears.names.append("elena")
    stage.room.peers["elena"] = cast(Peer, Guest(4))
    stage.room.connected("elena")
    stage.play(1, anna=packets[20:])
    assert stage.ears.ticks_heard_by("elena") == [20]


def test_whoever_leaves_gets_nothing_more(stage: Stage) -> None:
    packets = tone_packets(A, 2)
    stage.play(20, anna=packets)
    for name in ("bruno", "carla"):
        stage.room.remove(name)
    before = [len(stage.ears.heard_by(name)) for name in ("bruno", "carla")]
    stage.play(20, anna=packets[20:])
    assert [len(stage.ears.heard_by(name)) for name in ("bruno", "carla")] == before


def sizes_of_packets(listeners: int) -> list[int]:
    """To how many each of the last packets for listeners went."""
    stage = Stage("anna", *(f"p{number}" for number in range(listeners)))
    stage.room.set_voices(frozenset({"anna"}))
    stage.play(50, anna=tone_packets(A, 1))
    sent = [(tick, names) for _, tick, names in stage.ears.sent if names != ["anna"]]
    return [len(names) for tick, names in sent if tick > 40]


def test_listeners_who_fit_into_one_batch_share_it() -> None:
    assert set(sizes_of_packets(30)) == {30}


def test_a_crowd_is_spread_over_the_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.audience.CAPACITY", 4)
    assert set(sizes_of_packets(5)) == {3, 2}  # with anna, four in the first batch
    assert set(sizes_of_packets(30)) == {10}


def longest_wait(stage: Stage) -> int:
    """The most ticks that any of the next three may wait for those after it."""
    return max(stage.room.spare(stage.tick + number) for number in range(3))


def test_ticks_wait_for_each_other_where_nobody_hears_them_any_later(stage: Stage) -> None:
    stage.room.set_voices(frozenset({"anna"}))
    stage.play(20, anna=tone_packets(A, 1))
    begins = stage.ears.ticks_heard_by("carla")[-3]
    assert [stage.room.spare(begins + number) for number in range(4)] == [2, 1, 0, 2]


def test_no_tick_waits_while_somebody_may_answer_or_has_just_come(stage: Stage) -> None:
    stage.play(20)
    assert longest_wait(stage) == 0  # anna and bruno may talk to each other
    stage.room.set_voices(frozenset({"anna"}), frozenset({"carla"}))
    stage.play(20)
    assert longest_wait(stage) == 0  # carla is about to
    stage.room.set_voices(frozenset({"anna"}))
    assert longest_wait(stage) == 0
    stage.play(20)
    assert longest_wait(stage) == 2
    stage.ears.names.append("elena")
    stage.room.peers["elena"] = cast(Peer, Guest(4))
    stage.room.connected("elena")
    assert longest_wait(stage) == 0


def test_whoever_talks_alone_costs_no_encode_of_their_own(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = tone_packets(A, 1)
    encodes = watch_encoders(monkeypatch)
    stage.play(50, anna=anna)
    assert len(set(encodes)) == 1
    assert set(stage.ears.heard_by("anna")[-2:]) == {SILENCE}


def test_a_silent_room_is_not_even_encoded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    stage.play(100)
    encodes = watch_encoders(monkeypatch)
    stage.play(100)
    assert encodes == []
    assert stage.recorder.mixed[-100:] == [SILENCE] * 100


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


def test_a_voice_that_paused_is_heard_again_from_its_first_sound(stage: Stage) -> None:
    stage.play(50, anna=tone_packets(A, 1))
    stage.play(150)
    stage.play(10, anna=tone_packets(A, 1))
    assert stage.ears.ticks_heard_by("bruno")[-10:] == list(range(stage.tick - 10, stage.tick))
    assert amplitude(stage.recorder.mixed[-8:], A) > 0.05


def test_the_shared_stream_carries_copies_while_a_listener_reports_losses(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = tone_packets(A, 2)
    encodes = watch_encoders(monkeypatch)
    protected = []
    for loss, seconds in ((0.0, 2), (0.05, 2), (0.0, 34)):
        stage.room.peers["carla"].reports.loss_down = loss
        for _ in range(seconds // 2):
            stage.play(100, anna=packets)
        protected.append(encodes[-1].protected)
    assert protected == [False, True, False]


def test_a_stream_of_ones_own_carries_copies_for_ones_own_losses(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.room.peers["anna"].reports.loss_down = 0.05
    stage.room.peers.update((f"p{n}", cast(Peer, Guest(n))) for n in range(10, 110))
    packets, other = tone_packets(A, 2), tone_packets(B, 2)
    encodes = watch_encoders(monkeypatch)
    stage.play(100, anna=packets, bruno=other)
    shared, *own = (encoder.protected for encoder in encodes[-3:])
    assert (shared, sorted(own)) == (False, [False, True])


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
    assert 0.6 < max(peaks) <= CEILING
