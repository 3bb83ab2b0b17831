"""From the engine's pieces to a copy that is kept."""

import hashlib
import json
from base64 import b64decode
from datetime import timedelta
from pathlib import Path

import av
import pytest

from accounts.models import User
from audio.ogg import read_packets
from audio.rendering import measure
from recordings import pipeline
from recordings.models import Recording, RecordingFile
from rooms.models import Room
from tests.audio.recordings import tone_packets, write_ogg
from tests.recordings.conftest import ENDED, Speak, advance, files_in

State = Recording.State
Kind = RecordingFile.Kind

LOUD = 440.0


@pytest.fixture
def conversation(recording: Recording, can_archive: Path, spool: Path, host: User) -> Recording:
    """Eight seconds in which the host is heard, and so is the mix; archived."""
    part = spool / recording.room.public_id / "0001"
    part.mkdir(parents=True)
    who = recording.room.participants.get(user=host).public_id
    start = ENDED.timestamp() - 8
    lines = []
    for participant, name in ((None, "mix"), (who, who)):
        write_ogg(part / f"{name}.ogg", tone_packets(LOUD, 8))
        line = {"file": f"{name}.ogg", "participant": participant, "start": start}
        lines.append(json.dumps(line) + "\n")
    (part / "index.jsonl").write_text("".join(lines), encoding="utf-8")
    return advance(recording)


def path_of(recording: Recording, kind: Kind, kept_folder: Path) -> Path:
    return kept_folder / recording.files.get(kind=kind).name


def test_the_copy_has_the_mix_and_a_file_for_each_speaker(
    archived: Recording, host: User, speaker: User
) -> None:
    assert (archived.state, archived.step, archived.progress) == (State.READY, "", 100)
    mix = archived.files.get(kind=Kind.MIX)
    assert mix.seconds == pytest.approx(3.0, abs=0.05)
    assert mix.participant is None
    tracks = archived.files.filter(kind=Kind.TRACK)
    assert tracks.count() == 2
    assert tracks.get(participant__user=host).seconds == pytest.approx(2.0, abs=0.05)
    assert tracks.get(participant__user=speaker).seconds == pytest.approx(1.0, abs=0.05)


def test_every_row_tells_the_size_and_hash_of_its_file(
    archived: Recording, kept_folder: Path
) -> None:
    for file in archived.files.all():
        content = (kept_folder / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
    assert len(files_in(kept_folder)) == archived.files.count()


def test_the_packets_are_those_that_were_recorded(
    conversation: Recording, kept_folder: Path
) -> None:
    for kind in (Kind.MIX, Kind.TRACK):
        with path_of(conversation, kind, kept_folder).open("rb") as file:
            assert list(read_packets(file)) == tone_packets(LOUD, 8)


@pytest.mark.parametrize("kind", [Kind.MIX, Kind.M4A])
def test_what_is_replayed_is_as_loud_as_replays_are(
    kind: Kind, conversation: Recording, kept_folder: Path
) -> None:
    with path_of(conversation, kind, kept_folder).open("rb") as file:
        heard = measure(file, 8.0, progress=lambda _done: None)
    assert heard.loudness == pytest.approx(-16.0, abs=0.5)


def test_the_loudness_noted_is_that_of_the_recording(conversation: Recording) -> None:
    assert conversation.loudness == pytest.approx(-14.0, abs=1.0)


def test_phones_that_know_no_opus_get_aac_of_the_same_length(
    conversation: Recording, kept_folder: Path
) -> None:
    with av.open(path_of(conversation, Kind.M4A, kept_folder)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(8.0, abs=0.1)


def test_the_waveforms_have_a_lane_for_each_speaker(
    conversation: Recording, kept_folder: Path, host: User
) -> None:
    drawn = json.loads(path_of(conversation, Kind.PEAKS, kept_folder).read_bytes())
    (lane,) = drawn["speakers"]
    assert lane["participant"] == conversation.room.participants.get(user=host).public_id
    assert len(b64decode(drawn["levels"])) == pytest.approx(8 / drawn["interval"], abs=1)
    assert len(b64decode(lane["levels"])) == pytest.approx(8 / drawn["speaker_interval"], abs=1)
    assert min(b64decode(drawn["levels"])) > 200


def test_whoever_has_the_floor_has_a_chapter(conversation: Recording, host: User) -> None:
    ((start, seconds, who),) = conversation.chapters
    assert who == conversation.room.participants.get(user=host).public_id
    assert start == pytest.approx(0.0, abs=1.0)
    assert start + seconds == pytest.approx(8.0, abs=0.1)


def test_the_manifest_tells_of_every_file_and_is_told_by_its_own_row(
    archived: Recording, kept_folder: Path
) -> None:
    manifest = json.loads(path_of(archived, Kind.MANIFEST, kept_folder).read_bytes())
    others = archived.files.exclude(kind=Kind.MANIFEST).order_by("pk")
    assert [(file["sha256"], file["bytes"], file["seconds"]) for file in manifest["files"]] == [
        (file.sha256, file.size, file.seconds) for file in others
    ]
    assert manifest["space"] == archived.room.public_id


def test_the_engine_is_asked_to_finish_the_files_first(
    archived: Recording, engine: list[Room]
) -> None:
    assert engine == [archived.room]


def test_the_pieces_are_gone_once_the_copy_is_safe(archived: Recording, spool: Path) -> None:
    assert files_in(spool) == []
    assert (archived.claim, archived.claimed_at) == ("", None)


def test_the_name_of_a_file_cannot_be_guessed(archived: Recording) -> None:
    room, secret, _ = archived.files.get(kind=Kind.MIX).name.split("/")
    assert room == archived.room.public_id
    assert len(secret) == 32


def test_archiving_twice_is_archiving_once(archived: Recording, kept_folder: Path) -> None:
    before = files_in(kept_folder)
    advance(archived)
    assert archived.state == State.READY
    assert files_in(kept_folder) == before


def test_a_room_without_sound_is_ready_and_has_no_files(
    recording: Recording, can_archive: Path
) -> None:
    advance(recording)
    assert recording.state == State.READY
    assert not recording.files.exists()


def test_a_recording_that_lasts_to_the_end_has_no_gap(archived: Recording) -> None:
    assert all(file.gaps == [] for file in archived.files.all())


def test_an_end_that_was_not_recorded_is_declared(
    recording: Recording, can_archive: Path, speak: Speak, host: User
) -> None:
    speak(recording.room, {None: 3.0, host: 2.0})
    Room.objects.update(ended_at=ENDED + timedelta(minutes=8))
    advance(recording)
    mix = recording.files.get(kind=Kind.MIX)
    ((start, seconds),) = mix.gaps
    assert start == pytest.approx(3.0, abs=0.05)
    assert seconds == pytest.approx(480.0, abs=0.05)
    assert recording.files.get(kind=Kind.TRACK).gaps == []
    manifest = json.loads(path_of(recording, Kind.MANIFEST, can_archive).read_bytes())
    assert manifest["gaps"] == [{"start": start, "seconds": seconds}]


def test_the_sound_can_be_heard_as_soon_as_it_is_sealed(
    recording: Recording, can_archive: Path, speak: Speak
) -> None:
    speak(recording.room, {None: 1.0})
    for step in (Recording.Step.ASSEMBLE, Recording.Step.RENDER, Recording.Step.SEAL):
        recording.refresh_from_db()
        assert (recording.step, recording.is_kept) == (step, False)
        pipeline.advance(recording_id=recording.pk)
    recording.refresh_from_db()
    assert (recording.state, recording.is_kept) == (State.ARCHIVING, True)


def test_progress_only_grows(recording: Recording, can_archive: Path, speak: Speak) -> None:
    speak(recording.room, {None: 1.0})
    seen = [recording.progress]
    while pipeline.advance(recording_id=recording.pk):
        recording.refresh_from_db()
        seen.append(recording.progress)
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert 0 < seen[1] < seen[-1] < 100
