"""From the parts of a room to files that play side by side."""

import json
import tracemalloc
from pathlib import Path

import pytest

from audio.archive import AssembledFile, Gap, assemble
from audio.ogg import read_packets
from audio.opus import SILENCE
from tests.audio.recordings import decode, tone_packets, tones_in, write_ogg

A, B, C = 440.0, 1000.0, 2500.0
START = 1_800_000_000.0


def record(
    room: Path, part: int, start: float, files: dict[str | None, tuple[float, list[bytes]]]
) -> Path:
    """A part as the recorder leaves it; for each file its start and its packets."""
    folder = room / f"{part:015d}"
    folder.mkdir(parents=True)
    lines = []
    for participant, (offset, packets) in files.items():
        name = f"{participant or 'mix'}.ogg"
        write_ogg(folder / name, packets)
        entry = {"file": name, "participant": participant, "start": start + offset}
        lines.append(json.dumps(entry) + "\n")
    (folder / "index.jsonl").write_text("".join(lines))
    return folder


def by_participant(room: Path, target: Path) -> dict[str | None, AssembledFile]:
    return {file.participant: file for file in assemble(room, target)}


def test_one_part_becomes_one_file_each_and_all_begin_together(tmp_path: Path) -> None:
    mix = tone_packets(A, 1) + tone_packets(B, 2)
    files: dict[str | None, tuple[float, list[bytes]]] = {
        None: (0, mix),
        "anna": (0, tone_packets(A, 1)),
        "bruno": (1, tone_packets(B, 2)),
    }
    record(tmp_path / "room", 1, START, files)
    made = by_participant(tmp_path / "room", tmp_path / "out")
    assert [file.participant for file in made.values()] == [None, "anna", "bruno"]
    assert {file.started_at for file in made.values()} == {START}
    assert made[None].seconds == pytest.approx(3, abs=0.02)
    assert made[None].gaps == ()
    bruno = decode(made["bruno"].path)
    assert tones_in(bruno, 0, 0.9, A, B) == set()
    assert tones_in(bruno, 1.1, 2.9, A, B) == {B}
    assert tones_in(decode(made["anna"].path), 0.1, 0.9, A, B) == {A}
    whole = decode(made[None].path)
    assert tones_in(whole, 0.1, 0.9, A, B) == {A}
    assert tones_in(whole, 1.1, 2.9, A, B) == {B}


def test_packets_are_copied_and_not_encoded_again(tmp_path: Path) -> None:
    packets = tone_packets(A, 1)
    record(tmp_path / "room", 1, START, {None: (0, packets)})
    made = by_participant(tmp_path / "room", tmp_path / "out")
    with made[None].path.open("rb") as file:
        assert list(read_packets(file)) == packets


def test_the_time_between_two_parts_is_silence_and_declared(tmp_path: Path) -> None:
    record(
        tmp_path / "room",
        1,
        START,
        {None: (0, tone_packets(A, 2)), "anna": (0, tone_packets(A, 2))},
    )
    record(
        tmp_path / "room",
        2,
        START + 5,
        {None: (0, tone_packets(B, 2)), "carla": (1, tone_packets(C, 1))},
    )
    made = by_participant(tmp_path / "room", tmp_path / "out")
    assert made[None].gaps == (Gap(2.0, 3.0),)
    assert made[None].seconds == pytest.approx(7, abs=0.02)
    whole = decode(made[None].path)
    assert tones_in(whole, 0.1, 1.9, A, B) == {A}
    assert tones_in(whole, 2.1, 4.9, A, B) == set()
    assert tones_in(whole, 5.1, 6.9, A, B) == {B}
    assert made["carla"].gaps == (Gap(2.0, 3.0),)
    assert tones_in(decode(made["carla"].path), 6.1, 6.9, C) == {C}
    assert made["anna"].gaps == ()


def test_a_part_cut_off_by_a_crash_gives_what_is_whole(tmp_path: Path) -> None:
    folder = record(tmp_path / "room", 1, START, {None: (0, tone_packets(A, 4))})
    whole = (folder / "mix.ogg").read_bytes()
    (folder / "mix.ogg").write_bytes(whole[: len(whole) * 6 // 10])
    with (folder / "index.jsonl").open("a") as index:
        index.write('{"file": "anna.ogg", "parti')
    record(tmp_path / "room", 2, START + 10, {None: (0, tone_packets(B, 1))})
    made = by_participant(tmp_path / "room", tmp_path / "out")
    assert list(made) == [None]
    (gap,) = made[None].gaps
    assert 1 <= gap.start <= 2.4
    assert gap.start + gap.seconds == pytest.approx(10, abs=0.02)
    assert tones_in(decode(made[None].path), 10.1, 10.9, A, B) == {B}


def test_what_is_damaged_in_the_middle_is_declared_and_the_rest_is_kept(tmp_path: Path) -> None:
    mix, voice = tone_packets(A, 4) + tone_packets(B, 4), tone_packets(C, 8)
    folder = record(tmp_path / "room", 1, START, {None: (0, mix), "anna": (0, voice)})
    damage(folder / "mix.ogg", at=2.5 / 8)
    damage(folder / "anna.ogg", at=5.5 / 8)
    made = by_participant(tmp_path / "room", tmp_path / "out")
    (in_mix,), (same, in_track) = made[None].gaps, made["anna"].gaps
    assert same == in_mix
    for gap, second in ((in_mix, 2.5), (in_track, 5.5)):
        assert 0 < gap.seconds <= 1.0
        assert gap.start - 0.3 < second < gap.start + gap.seconds + 0.3
    assert made[None].seconds == made["anna"].seconds == pytest.approx(8, abs=0.02)
    whole = decode(made[None].path)
    assert tones_in(whole, 4.1, 7.9, A, B) == {B}


def damage(path: Path, at: float) -> None:
    """Change one byte there, where 0 is the beginning of the file and 1 its end."""
    content = bytearray(path.read_bytes())
    content[round(at * len(content))] ^= 0xFF
    path.write_bytes(content)


def test_a_clock_that_was_set_back_loses_nothing(tmp_path: Path) -> None:
    record(tmp_path / "room", 1, START, {None: (0, tone_packets(A, 3))})
    record(tmp_path / "room", 2, START + 1, {None: (0, tone_packets(B, 1))})
    made = by_participant(tmp_path / "room", tmp_path / "out")
    assert made[None].seconds == pytest.approx(4, abs=0.02)
    assert made[None].gaps == ()


def test_a_room_without_sound_gives_nothing(tmp_path: Path) -> None:
    assert list(assemble(tmp_path / "nowhere", tmp_path / "out")) == []


def test_doing_it_again_gives_the_same(tmp_path: Path) -> None:
    record(tmp_path / "room", 1, START, {None: (0, tone_packets(A, 1))})
    first = by_participant(tmp_path / "room", tmp_path / "out")[None].path.read_bytes()
    second = by_participant(tmp_path / "room", tmp_path / "out")[None].path.read_bytes()
    assert first == second


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    packets = [SILENCE + bytes(100)] * 50 * 60 * 10
    record(tmp_path / "room", 1, START, {None: (0, packets)})
    record(tmp_path / "room", 2, START + 7200, {None: (0, packets[:50])})
    del packets
    tracemalloc.start()
    try:
        made = list(assemble(tmp_path / "room", tmp_path / "out"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made[0].seconds == pytest.approx(7201, abs=0.1)
    assert peak < 1_000_000
