"""Loudness, waveforms and AAC of a recording."""

import tracemalloc
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest

from audio.ogg import write_with_gain
from audio.opus import FRAME, SILENCE, Encoder, Pcm
from audio.rendering import TARGET_LUFS, Measured, encode_m4a, measure, speaker_levels
from tests.audio.callers import RATE, speech_like
from tests.audio.recordings import decode, tone_packets, tones_in, write_ogg


def nobody_looks(_done: float) -> None:
    """For those who do not ask how much is done."""


def packets_of(pcm: Pcm) -> list[bytes]:
    encoder = Encoder(bitrate=64_000)
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]


def sine(decibels: float, seconds: float) -> Pcm:
    """997 Hz, the tone loudness meters are checked with."""
    times = np.arange(round(seconds * RATE)) / RATE
    amplitude = 10 ** (decibels / 20)
    return (amplitude * np.sin(2 * np.pi * 997 * times)).astype(np.float32)


def measured(path: Path, seconds: float) -> Measured:
    with path.open("rb") as source:
        return measure(source, seconds, nobody_looks)


@pytest.mark.parametrize("decibels", [-6.0, -20.0, -33.0])
def test_a_tone_is_as_loud_as_the_standard_says(decibels: float, tmp_path: Path) -> None:
    # ITU-R BS.1770-4: 997 Hz at full scale in one channel is -3.01 LKFS.
    write_ogg(tmp_path / "tone.ogg", packets_of(sine(decibels, 5)))
    assert measured(tmp_path / "tone.ogg", 5).loudness == pytest.approx(decibels - 3.01, abs=0.2)


def test_pauses_do_not_make_it_quieter(tmp_path: Path) -> None:
    speech = packets_of(sine(-20.0, 5))
    write_ogg(tmp_path / "tone.ogg", speech + [SILENCE] * 1000 + speech)
    assert measured(tmp_path / "tone.ogg", 30).loudness == pytest.approx(-23.0, abs=0.3)


def test_silence_has_no_loudness_and_gets_no_gain(tmp_path: Path) -> None:
    write_ogg(tmp_path / "silence.ogg", [SILENCE] * 250)
    silence = measured(tmp_path / "silence.ogg", 5)
    assert (silence.loudness, silence.gain_db) == (None, 0.0)
    assert set(silence.levels) == {0}


def test_whispers_are_not_turned_up_without_end(tmp_path: Path) -> None:
    assert Measured(-60.0, b"").gain_db == 20.0
    assert Measured(-13.0, b"").gain_db == pytest.approx(-3.0)


@pytest.mark.parametrize("decibels", [-30.0, -9.0])
def test_the_replay_is_equally_loud_in_both_forms(decibels: float, tmp_path: Path) -> None:
    recorded, ogg, m4a = (tmp_path / name for name in ("mix.ogg", "louder.ogg", "mix.m4a"))
    write_ogg(recorded, packets_of(sine(decibels, 6)))
    gain = measured(recorded, 6).gain_db
    with recorded.open("rb") as source, ogg.open("wb") as target:
        write_with_gain(source, target, gain)
    with recorded.open("rb") as source:
        encode_m4a(source, m4a, gain, 6, nobody_looks)
    for replay in (ogg, m4a):
        assert measured(replay, 6).loudness == pytest.approx(TARGET_LUFS, abs=0.3), replay.name


def test_the_aac_has_the_same_clock_and_can_be_played_while_it_loads(tmp_path: Path) -> None:
    write_ogg(tmp_path / "mix.ogg", [SILENCE] * 50 + tone_packets(440, 2) + tone_packets(2500, 2))
    with (tmp_path / "mix.ogg").open("rb") as source:
        encode_m4a(source, tmp_path / "mix.m4a", 0.0, 5, nobody_looks)
    with av.open(tmp_path / "mix.m4a") as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(5.0, abs=0.05)
    pcm = decode(tmp_path / "mix.m4a")
    assert tones_in(pcm, 0.0, 0.97, 440, 2500) == set()
    assert tones_in(pcm, 1.05, 2.95, 440, 2500) == {440}
    assert tones_in(pcm, 3.05, 4.9, 440, 2500) == {2500}
    content = (tmp_path / "mix.m4a").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_no_peak_of_the_aac_is_clipped(tmp_path: Path) -> None:
    quiet, shout = sine(-32.0, 6), sine(-8.0, 0.2)
    write_ogg(tmp_path / "mix.ogg", packets_of(np.concatenate((quiet, shout, quiet))))
    with (tmp_path / "mix.ogg").open("rb") as source:
        encode_m4a(source, tmp_path / "mix.m4a", 14.0, 12.2, nobody_looks)
    assert 0.7 < np.abs(decode(tmp_path / "mix.m4a")).max() < 1.0


def true_peak(path: Path) -> float:
    """In dBTP, as FFmpeg measures it (ITU-R BS.1770-4, annex 2)."""
    with av.open(path) as container:
        graph = av.filter.Graph()
        steps = [
            graph.add_abuffer(template=container.streams.audio[0]),
            graph.add("ebur128", "metadata=1:framelog=quiet:peak=true"),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(*steps).configure()
        highest = 0.0
        for frame in container.decode(audio=0):
            graph.push(frame)
            with suppress(av.BlockingIOError):
                while True:
                    heard = graph.pull().metadata
                    highest = max(highest, float(heard.get("lavfi.r128.true_peak", 0.0)))
    return 20 * float(np.log10(highest))


@pytest.mark.parametrize("shout", [-8.0, -0.5])
def test_a_gain_raises_no_peak_of_the_replay_above_a_decibel_below_full_scale(
    shout: float, tmp_path: Path
) -> None:
    recorded, ogg, m4a = (tmp_path / name for name in ("mix.ogg", "louder.ogg", "mix.m4a"))
    speech = speech_like(300)
    speech *= 0.1 / np.abs(speech).max()
    write_ogg(recorded, packets_of(np.concatenate((speech, sine(shout, 0.005), speech))))
    heard = measured(recorded, 12.2)
    assert heard.gain_db > 5, "it is quiet, but for the shout"
    assert 0 <= heard.clean_gain_db < heard.gain_db
    with recorded.open("rb") as source, ogg.open("wb") as target:
        write_with_gain(source, target, heard.clean_gain_db)
    with recorded.open("rb") as source:
        encode_m4a(source, m4a, heard.gain_db, 12.2, nobody_looks)
    assert true_peak(ogg) <= max(-1.0, true_peak(recorded) + 0.05)
    assert true_peak(m4a) <= -1.0


def test_a_gain_that_makes_it_quieter_is_given_whole() -> None:
    assert Measured(-10.0, bytes([255])).clean_gain_db == pytest.approx(-6.0)


def test_the_waveform_shows_when_it_was_loud(tmp_path: Path) -> None:
    pcm = np.concatenate((sine(-40.0, 1), sine(-12.0, 1)))
    write_ogg(tmp_path / "mix.ogg", packets_of(pcm))
    levels = measured(tmp_path / "mix.ogg", 2).levels
    assert len(levels) == 20
    assert np.array(list(levels[2:9])) == pytest.approx(255 - 4 * 40, abs=4)
    assert np.array(list(levels[12:])) == pytest.approx(255 - 4 * 12, abs=4)


def test_the_levels_of_a_speaker_keep_pace_with_the_track(tmp_path: Path) -> None:
    voice = speech_like(100)
    voice *= 0.1 / np.abs(voice).max()
    broken = b"\x09" + bytes(41)  # two frames of the same size cannot have 41 bytes
    track = [SILENCE] * 100 + packets_of(voice) + [broken] * 20
    write_ogg(tmp_path / "anna.ogg", track)
    with (tmp_path / "anna.ogg").open("rb") as source:
        levels = list(speaker_levels(source))
    assert set(levels[:5]) == {0}
    assert np.median(levels[5:10]) > 80
    assert 255 - 4 * 28 < max(levels[5:10]) <= 255 - 4 * 18
    assert set(levels[10:]) == {0}
    assert len(levels) == 12


def test_progress_goes_from_the_beginning_to_the_end(tmp_path: Path) -> None:
    told: list[float] = []
    write_ogg(tmp_path / "mix.ogg", [SILENCE] * 2000)
    with (tmp_path / "mix.ogg").open("rb") as source:
        measure(source, 40, told.append)
    assert told == sorted(told)
    assert 0 < told[0] < 0.1
    assert 0.5 < told[-1] <= 1.0


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    write_ogg(tmp_path / "mix.ogg", [SILENCE] * 20_000)
    tracemalloc.start()
    with (tmp_path / "mix.ogg").open("rb") as source:
        measure(source, 400, nobody_looks)
    with (tmp_path / "mix.ogg").open("rb") as source:
        encode_m4a(source, tmp_path / "mix.m4a", 0.0, 400, nobody_looks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
