"""A sweep compares storage and rows, both ways."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from recordings import comparison, exports
from recordings.models import Discrepancy, Export, Recording, RecordingFile, recordings_storage
from recordings.tasks import sweep_storage
from rooms.models import Room
from tests.recordings.conftest import files_in

pytestmark = pytest.mark.django_db(transaction=True)
Kind = Discrepancy.Kind
LATER = timedelta(hours=2)


def compare_later() -> None:
    """When nothing is young any more."""
    comparison.compare(now=timezone.now() + LATER)


def found() -> list[tuple[str, str]]:
    return list(Discrepancy.objects.order_by("kind").values_list("kind", "name"))


def test_what_fits_is_left_alone(archived: Recording, kept_folder: Path) -> None:
    export = exports.ask(recording=archived, language="en")
    exports.build(export_id=export.pk)
    before = files_in(kept_folder)
    compare_later()
    assert files_in(kept_folder) == before
    assert found() == []


@pytest.mark.parametrize("place", ["{room}/attempt", "exports/{room}", "nowhere", ""])
def test_a_file_without_a_row_is_deleted_and_reported(archived: Recording, place: str) -> None:
    folder = place.format(room=archived.room.public_id)
    name = recordings_storage().save(f"{folder}/stray.ogg".lstrip("/"), ContentFile(b"OggS"))
    sweep_storage()
    assert recordings_storage().exists(name), "it is young: its row may be about to be written"
    compare_later()
    assert not recordings_storage().exists(name)
    assert found() == [(Kind.STRAY_FILE, name)]


def test_a_row_without_its_file_is_removed_and_reported(archived: Recording) -> None:
    track = archived.files.filter(kind=RecordingFile.Kind.TRACK)[0]
    recordings_storage().delete(track.name)
    sweep_storage()
    assert not archived.files.filter(pk=track.pk).exists()
    assert found() == [(Kind.LOST_FILE, track.name)]
    assert Discrepancy.objects.get().sha256 == track.sha256


def test_a_download_without_its_file_can_be_asked_for_again(archived: Recording) -> None:
    export = exports.ask(recording=archived, language="en")
    exports.build(export_id=export.pk)
    recordings_storage().delete(Export.objects.get().name)
    sweep_storage()
    assert not Export.objects.exists()


def test_what_is_being_worked_on_is_left_to_those_who_do(recording: Recording) -> None:
    Recording.objects.update(state=Recording.State.ARCHIVING)
    name = f"{recording.room.public_id}/attempt/mix.ogg"
    recordings_storage().save(name, ContentFile(b"OggS"))
    compare_later()
    assert recordings_storage().exists(name)


def test_a_spool_that_nobody_needs_is_deleted_and_reported(
    archived: Recording, recording: Recording, spool: Path, host: User
) -> None:
    live = Room.objects.create(host=host, title="Still talking")
    for room in (archived.room.public_id, live.public_id, "nobodysroom1"):
        (spool / room / "0001").mkdir(parents=True)
        (spool / room / "0001" / "mix.ogg").write_bytes(b"OggS")
    sweep_storage()
    assert len(list(spool.iterdir())) == 3
    compare_later()
    assert [folder.name for folder in spool.iterdir()] == [live.public_id]
    assert {kind for kind, _ in found()} == {Kind.STRAY_SPOOL}
    assert all(Discrepancy.objects.values_list("size", flat=True))


def test_a_disk_that_is_not_mounted_costs_no_row(archived: Recording, kept_folder: Path) -> None:
    for number in range(comparison.FEW + 1):
        archived.files.create(
            kind="track", file=f"gone/{number}.ogg", size=1, sha256="0" * 64, seconds=1
        )
    kept_folder.rename(kept_folder.with_name("elsewhere"))
    kept_folder.mkdir()
    before = archived.files.count()
    with pytest.raises(comparison.StorageIsMissing):
        compare_later()
    assert archived.files.count() == before


def test_a_storage_that_errors_costs_nothing(
    archived: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("not now")

    monkeypatch.setattr(type(recordings_storage()), "listdir", refuse)
    before = archived.files.count()
    with pytest.raises(OSError, match="not now"):
        compare_later()
    assert archived.files.count() == before
