"""What a room's recorder leaves on the disk."""

import errno
import json
import resource
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audio.archive import assemble
from audio.ogg import OggOpusWriter, read_packets
from audio.opus import SILENCE
from audio.recorder import DiskThread, RoomRecorder
from tests.audio.recordings import decode, tone_packets, tones_in

A, B = 440.0, 1000.0
START = 1_800_000_000.0


@pytest.fixture
def disk() -> Iterator[DiskThread]:
    """The thread that writes; stopped by the test or after it."""
    thread = DiskThread()
    yield thread
    thread.stop()


def packets_in(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return list(read_packets(file))


def start(disk: DiskThread, folder: Path, news: list[str] | None = None) -> RoomRecorder:
    said = [] if news is None else news
    return RoomRecorder(disk, folder, 1000, START, said.append, lambda: said.append("resumed"))


def wait_for(disk: DiskThread) -> None:
    """Until all that was handed over is written."""
    written = threading.Event()
    disk.submit(written.set)
    assert written.wait(5)


def only_part(folder: Path) -> Path:
    (part,) = folder.iterdir()
    return part


def test_the_mix_holds_every_packet_in_order(disk: DiskThread, tmp_path: Path) -> None:
    recorder, packets = start(disk, tmp_path / "room"), tone_packets(A, 2)
    for tick, packet in enumerate(packets, 1000):
        recorder.mix(tick, packet)
    recorder.close().result(5)
    assert packets_in(only_part(tmp_path / "room") / "mix.ogg") == packets


def test_everything_older_than_half_a_second_is_on_disk(disk: DiskThread, tmp_path: Path) -> None:
    recorder, packets = start(disk, tmp_path / "room"), tone_packets(A, 2)
    for tick, packet in enumerate(packets, 1000):
        recorder.mix(tick, packet)
    wait_for(disk)
    assert len(packets_in(only_part(tmp_path / "room") / "mix.ogg")) >= len(packets) - 25
    recorder.close().result(5)


def test_a_voice_keeps_pace_with_the_mix_through_its_pauses(
    disk: DiskThread, tmp_path: Path
) -> None:
    recorder = start(disk, tmp_path / "room")
    voice = tone_packets(A, 1)
    for tick in range(1000, 1200):
        recorder.mix(tick, SILENCE)
        if 1050 <= tick < 1075:
            recorder.voice("anna", tick, [voice[tick - 1050]])
        if tick >= 1150:
            recorder.voice("anna", tick, [voice[(tick - 1150) % 50]])
    recorder.close().result(5)
    (_, anna) = assemble(tmp_path / "room", tmp_path / "out")
    pcm = decode(anna.path)
    assert tones_in(pcm, 0, 0.95, A) == set()
    assert tones_in(pcm, 1.05, 1.45, A) == {A}
    assert tones_in(pcm, 1.6, 2.9, A) == set()
    assert tones_in(pcm, 3.1, 3.9, A) == {A}


def test_the_index_tells_when_each_file_began(disk: DiskThread, tmp_path: Path) -> None:
    recorder = start(disk, tmp_path / "room")
    recorder.mix(1000, SILENCE)
    recorder.voice("anna", 1100, [SILENCE])
    recorder.close().result(5)
    lines = (only_part(tmp_path / "room") / "index.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"file": "mix.ogg", "participant": None, "start": START},
        {"file": "anna.ogg", "participant": "anna", "start": START + 2},
    ]


def test_a_room_opened_twice_in_a_moment_has_two_parts(disk: DiskThread, tmp_path: Path) -> None:
    for _ in range(2):
        recorder = start(disk, tmp_path / "room")
        recorder.mix(1000, SILENCE)
        recorder.close().result(5)
    assert len(list((tmp_path / "room").iterdir())) == 2


def test_a_disk_that_refuses_is_reported_once_and_nothing_is_raised(
    disk: DiskThread, tmp_path: Path
) -> None:
    (tmp_path / "room").write_text("a file where the folder should be")
    failures: list[str] = []
    recorder = start(disk, tmp_path / "room", failures)
    for tick in range(1000, 1100):
        recorder.mix(tick, SILENCE)
    recorder.close().result(5)
    assert failures == ["File exists"]


def test_a_full_disk_is_reported_once_and_what_was_written_stays(
    disk: DiskThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[str] = []
    recorder, packets = start(disk, tmp_path / "room", failures), tone_packets(A, 2)
    for tick, packet in enumerate(packets[:51], 1000):
        recorder.mix(tick, packet)
    wait_for(disk)

    def full(_: OggOpusWriter) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(OggOpusWriter, "flush", full)
    for tick, packet in enumerate(packets[51:], 1051):
        recorder.mix(tick, packet)
    recorder.close().result(5)
    assert failures == ["No space left on device"]
    assert packets_in(only_part(tmp_path / "room") / "mix.ogg") == packets[:51]


@pytest.fixture
def small_files() -> Iterator[Callable[[], None]]:
    """No file may grow beyond 8 KiB, until this is called: a full disk, as a process sees it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_recording_goes_on_as_another_part_when_there_is_room_again(
    disk: DiskThread, tmp_path: Path, small_files: Callable[[], None]
) -> None:
    news: list[str] = []
    recorder, packets = start(disk, tmp_path / "room", news), tone_packets(A, 12)
    for tick, packet in enumerate(packets[:200], 1000):
        recorder.mix(tick, packet)
    wait_for(disk)
    assert news == ["File too large"]
    small_files()
    for tick, packet in enumerate(packets[200:], 1200):
        recorder.mix(tick, packet)
    recorder.close().result(5)
    assert news == ["File too large", "resumed"]
    (mix,) = assemble(tmp_path / "room", tmp_path / "out")
    (gap,) = mix.gaps
    end = gap.start + gap.seconds
    assert mix.seconds == pytest.approx(12, abs=0.1)
    pcm = decode(mix.path)
    assert tones_in(pcm, 0.1, gap.start - 0.1, A) == {A}
    assert tones_in(pcm, gap.start + 0.1, end - 0.1, A) == set()
    assert tones_in(pcm, end + 0.1, 11.8, A) == {A}


def test_the_recording_does_not_go_on_for_a_moment_only(
    disk: DiskThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is only a little room it would soon stop once more, and so on for ever."""
    (tmp_path / "room").write_text("a file where the folder should be")
    news: list[str] = []
    recorder = start(disk, tmp_path / "room", news)
    wait_for(disk)
    (tmp_path / "room").unlink()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
    for tick in range(1000, 2000):
        recorder.mix(tick, SILENCE)
    wait_for(disk)
    assert (news, list((tmp_path / "room").iterdir())) == (["File exists"], [])
    monkeypatch.undo()
    for tick in range(2000, 2300):
        recorder.mix(tick, SILENCE)
    recorder.close().result(5)
    assert news == ["File exists", "resumed"]
