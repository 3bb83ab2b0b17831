"""Nobody hears a click, whoever comes, goes, is muted, or is too quiet to be mixed."""

from typing import cast

import numpy as np
import pytest

from audio.opus import FRAME, Decoder, Encoder, Pcm
from audio.peer import Peer
from tests.audio.callers import RATE, tone
from tests.audio.scripted import encode, harshest
from tests.audio.stage import Guest, Stage

STEADY = 0.006
"""The chords bend by 0.005 at most, both together; a cut bends them by more than 0.05."""

CLICK = 2 * STEADY
QUIET = 0.0013
"""The peaks of a tone just below what is mixed."""

SECONDS = 6
SETTLED = 10  # frames; what begins is allowed to begin


def chord(*frequencies: float) -> list[bytes]:
    """Nothing above 1.1 kHz is in it: whatever is heard there is a click."""
    tones = [tone(frequency, SECONDS * RATE, level=0.1) for frequency in frequencies]
    return encode(np.sum(tones, axis=0, dtype=np.float32))


ANNAS, BRUNOS = chord(220, 440, 1100), chord(330, 550, 880)


@pytest.fixture
def stage() -> Stage:
    """Anna and Bruno may speak, Carla listens. Both have talked for two seconds."""
    stage = Stage("anna", "bruno", "carla")
    stage.room.set_voices(frozenset({"anna", "bruno"}))
    stage.play(100, anna=ANNAS, bruno=BRUNOS)
    return stage


def sound(packets: list[bytes]) -> Pcm:
    """What a decoder makes of them, from when the first sound has begun."""
    decoder = Decoder()
    return np.concatenate([decoder.decode(packet) for packet in packets])[SETTLED * FRAME :]


def worst(stage: Stage, *names: str) -> float:
    """The sharpest bend in the mix, and in what these people hear."""
    return max(harshest(sound(stage.ears.heard_by(name))) for name in ("carla", *names))


def test_a_cut_is_found_by_what_looks_for_it(stage: Stage) -> None:
    assert worst(stage, "anna", "bruno") < STEADY
    pcm = sound(stage.recorder.mixed)
    pcm[RATE:] = 0
    assert harshest(pcm) > 2 * CLICK


def test_whoever_is_muted_or_sent_back_while_talking_makes_no_click(stage: Stage) -> None:
    stage.room.set_voices(frozenset({"bruno"}))
    stage.play(50, anna=ANNAS[100:], bruno=BRUNOS[100:])
    stage.room.set_voices(frozenset())
    stage.play(50, anna=ANNAS[150:], bruno=BRUNOS[150:])
    assert worst(stage, "anna", "bruno") < CLICK


def test_whoever_is_removed_while_talking_makes_no_click(stage: Stage) -> None:
    stage.room.remove("anna")
    stage.play(100, bruno=BRUNOS[100:])
    assert worst(stage, "bruno") < CLICK


def test_whoever_stops_sending_makes_no_click_and_none_on_coming_back(stage: Stage) -> None:
    """As a browser whose user mutes the microphone, and opens it again."""
    stage.play(75, bruno=BRUNOS[100:])
    stage.play(75, anna=ANNAS[175:], bruno=BRUNOS[175:])
    assert worst(stage, "anna", "bruno") < CLICK


def test_whoever_is_unmuted_in_the_middle_of_a_word_makes_no_click(stage: Stage) -> None:
    stage.room.set_voices(frozenset({"bruno"}))
    stage.play(75, anna=ANNAS[100:], bruno=BRUNOS[100:])
    stage.room.set_voices(frozenset({"anna", "bruno"}))
    stage.play(75, anna=ANNAS[175:], bruno=BRUNOS[175:])
    assert worst(stage, "anna", "bruno") < CLICK


@pytest.mark.parametrize("at", range(100, 104))
def test_whoever_begins_to_talk_hears_no_click_in_the_others(at: int) -> None:
    """Bruno goes over to a stream of his own, and back to that of all a second after."""
    stage = Stage("anna", "bruno", "carla")
    stage.room.set_voices(frozenset({"anna", "bruno"}))
    stage.play(at, anna=ANNAS)
    stage.play(50, anna=ANNAS[at:], bruno=BRUNOS)
    stage.play(100, anna=ANNAS[at + 50 :])
    assert worst(stage, "bruno") < CLICK


def test_whoever_joins_while_others_talk_hears_no_click(stage: Stage) -> None:
    stage.ears.names.append("dario")
    stage.room.peers["dario"] = cast(Peer, Guest(3))
    stage.room.connected("dario")
    stage.play(50, anna=ANNAS[100:], bruno=BRUNOS[100:])
    decoder = Decoder()
    heard = [decoder.decode(packet) for packet in stage.ears.heard_by("dario")]
    assert harshest(np.concatenate(heard)) < CLICK


def test_a_voice_that_is_too_quiet_to_be_mixed_fades_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looked at before the encoder: its own noise is louder than such a cut."""
    mixed: list[Pcm] = []
    encode_one = Encoder.encode

    def watch(encoder: Encoder, pcm: Pcm) -> bytes:
        mixed.append(pcm)
        return encode_one(encoder, pcm)

    # It is cut near one of its peaks.
    quiet = encode(tone(300.0, 3 * RATE, start=20, level=QUIET).astype(np.float32))
    stage = Stage("anna")
    stage.room.set_voices(frozenset({"anna"}))
    stage.play(50, anna=ANNAS)
    monkeypatch.setattr(Encoder, "encode", watch)
    stage.play(100, anna=quiet)
    assert not mixed[-1].any(), "by now it is not mixed any more"
    assert harshest(np.concatenate(mixed[10:])) < QUIET / 5
