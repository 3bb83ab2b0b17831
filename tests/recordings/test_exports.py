"""People download the data of a session."""

import csv
import hashlib
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import Storage
from django.test import Client
from django.utils import timezone

from accounts.models import User
from recordings import bundle, exports, files, purge
from recordings.models import Export, Recording, recordings_storage
from recordings.tasks import sweep_exports
from rooms.models import Participant, Pin, Question, ReactionCount, RoomEvent
from tests.recordings.conftest import ENDED, files_in

pytestmark = pytest.mark.django_db(transaction=True)
Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch, archived: Recording) -> None:
    """The messages of the broker are not needed: the sweep finds the rows."""
    monkeypatch.setattr("recordings.views.send_export", lambda export_id: None)
    monkeypatch.setattr(
        "recordings.tasks.send_export", lambda export_id: exports.build(export_id=export_id)
    )


@pytest.fixture
def browser_of() -> Browser:
    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return logged_in


def ask(client: Client, recording: Recording, scope: str) -> int:
    address = f"/spaces/{recording.room.public_id}/exports/"
    return client.post(address, {"scope": scope}).status_code


def fragment(client: Client, recording: Recording) -> str:
    address = f"/spaces/{recording.room.public_id}/recording/"
    return client.get(address, headers={"X-Fragment": "1"}).content.decode()


def download(client: Client) -> zipfile.ZipFile:
    export = Export.objects.get()
    answer = client.head(f"/recordings/exports/{export.pk}/", follow=True)
    assert (answer.status_code, answer["Content-Length"]) == (200, str(export.size))
    with recordings_storage().open(export.name) as file:
        content = file.read()
    assert hashlib.sha256(content).hexdigest() == export.sha256
    return zipfile.ZipFile(io.BytesIO(content))


def rows(zipped: zipfile.ZipFile, name: str) -> list[dict[str, object]]:
    return json.loads(zipped.read(name))  # type: ignore[no-any-return]


def test_the_host_gets_everything(browser_of: Browser, archived: Recording, host: User) -> None:
    room, client = archived.room, browser_of(host)
    speaker = room.participants.get(user__handle="speaker")
    RoomEvent.objects.create(room=room, at=ENDED, kind=RoomEvent.Kind.UNMUTED, actor=speaker)
    assert "Download everything" in fragment(client, archived)
    archived.chapters = [[0.0, 2.5, speaker.public_id]]
    archived.save(update_fields=["chapters"])
    assert ask(client, archived, "everything") == 302
    assert "data-pending" in fragment(client, archived)
    sweep_exports()

    zipped = download(client)
    names = zipped.namelist()
    assert {"README.txt", "manifest.json", "audio/everybody.ogg", "waveform.json"} < set(names)
    assert len([name for name in names if name.startswith("audio/")]) == 4
    assert [row["handle"] for row in rows(zipped, "participants.json")] == [
        "host",
        "speaker",
        "listener",
    ]
    (event,) = rows(zipped, "events.json")
    assert (event["what"], event["who_id"]) == ("unmuted", speaker.public_id)
    assert rows(zipped, "turns.json") == [
        {"start": 0.0, "end": 2.5, "who": "Speaker", "who_id": speaker.public_id}
    ]


def test_what_people_wrote_and_how_they_reacted_is_in_it(
    browser_of: Browser, archived: Recording, host: User, listener: User
) -> None:
    room = archived.room
    asker = room.participants.get(user=listener)
    Question.objects.create(room=room, participant=asker, text="=Why?", votes=3)
    Question.objects.create(room=room, participant=asker, text="Never mind", state="withdrawn")
    Pin.objects.create(room=room, pinned_by=asker, url="https://example.org/")
    ReactionCount.objects.create(room=room, minute=ENDED, kind="heart", count=12)
    client = browser_of(host)
    ask(client, archived, "everything")
    sweep_exports()
    zipped = download(client)
    assert [row["question"] for row in rows(zipped, "questions.json")] == ["=Why?"]
    assert rows(zipped, "pins.json")[0]["link"] == "https://example.org/"
    assert rows(zipped, "reactions.json")[0]["count"] == 12
    assert "'=Why?" in zipped.read("questions.csv").decode("utf-8-sig")


def test_a_cohost_gets_everything_too(
    browser_of: Browser, archived: Recording, speaker: User
) -> None:
    archived.room.participants.filter(user=speaker).update(role=Participant.Role.COHOST)
    client = browser_of(speaker)
    assert ask(client, archived, "everything") == 302
    sweep_exports()
    assert "participants.json" in download(client).namelist()


def test_the_manifest_has_the_hash_of_every_file(
    browser_of: Browser, archived: Recording, host: User
) -> None:
    client = browser_of(host)
    ask(client, archived, "everything")
    sweep_exports()
    zipped = download(client)
    manifest = json.loads(zipped.read("manifest.json"))
    listed = {file["name"]: file["sha256"] for file in manifest["files"]}
    assert set(listed) == set(zipped.namelist()) - {"manifest.json"}
    for name, sha256 in listed.items():
        assert hashlib.sha256(zipped.read(name)).hexdigest() == sha256


def test_a_long_file_goes_into_it_in_pieces(
    archived: Recording, kept_folder: Path, tmp_path: Path
) -> None:
    long = 64 << 20
    mix = archived.files.get(kind="mix")
    os.truncate(kept_folder / mix.name, long)
    archived.files.filter(pk=mix.pk).update(size=long)
    tracemalloc.start()
    try:
        bundle.write(bundle.Scope(archived), tmp_path / "all.zip", lambda _percent: None)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "all.zip").stat().st_size > long
    assert most < long // 8


def test_a_speaker_gets_their_own_part_and_nothing_else(
    browser_of: Browser, archived: Recording, host: User, speaker: User
) -> None:
    room, client = archived.room, browser_of(speaker)
    mine, others = (room.participants.get(user=user) for user in (speaker, host))
    kinds = RoomEvent.Kind
    RoomEvent.objects.create(room=room, kind=kinds.UNMUTED, actor=others)
    RoomEvent.objects.create(room=room, kind=kinds.MUTED, actor=others, target=mine)
    archived.chapters = [[0.0, 1.0, others.public_id], [1.0, 1.5, mine.public_id]]
    archived.save(update_fields=["chapters"])
    assert ask(client, archived, "own") == 302
    sweep_exports()
    zipped = download(client)
    assert [row["start"] for row in rows(zipped, "turns.json")] == [1.0]
    (sound,) = (name for name in zipped.namelist() if name.startswith("audio/"))
    track = archived.files.get(participant=mine)
    assert hashlib.sha256(zipped.read(sound)).hexdigest() == track.sha256
    assert [row["what"] for row in rows(zipped, "events.json")] == ["muted"]
    assert [row["handle"] for row in rows(zipped, "participants.json")] == ["speaker"]


def test_everything_is_for_the_host_alone(
    browser_of: Browser, archived: Recording, speaker: User, outsider: User
) -> None:
    assert ask(browser_of(speaker), archived, "everything") == 404
    assert ask(browser_of(outsider), archived, "own") == 404
    assert ask(Client(), archived, "own") == 404
    assert ask(browser_of(speaker), archived, "nonsense") == 404
    assert not Export.objects.exists()


def test_nobody_gets_a_download_of_somebody_else(
    browser_of: Browser, archived: Recording, host: User, speaker: User, listener: User
) -> None:
    ask(browser_of(speaker), archived, "own")
    sweep_exports()
    address = f"/recordings/exports/{Export.objects.get().pk}/"
    assert browser_of(speaker).head(address).status_code == 307
    for other in (host, listener):
        assert browser_of(other).head(address).status_code == 404
    assert Client().head(address).status_code == 404


def test_after_a_day_it_is_gone(browser_of: Browser, archived: Recording, host: User) -> None:
    client = browser_of(host)
    ask(client, archived, "everything")
    sweep_exports()
    export = Export.objects.get()
    Export.objects.update(ready_at=timezone.now() - timedelta(hours=24))
    assert client.head(f"/recordings/exports/{export.pk}/").status_code == 404
    sweep_exports()
    assert not Export.objects.exists()
    assert not recordings_storage().exists(export.name)


def test_asking_twice_builds_once(browser_of: Browser, archived: Recording, host: User) -> None:
    client = browser_of(host)
    ask(client, archived, "everything")
    ask(client, archived, "everything")
    assert Export.objects.count() == 1


def test_made_anew_the_old_one_goes(browser_of: Browser, archived: Recording, host: User) -> None:
    client = browser_of(host)
    ask(client, archived, "everything")
    sweep_exports()
    old = Export.objects.get()
    ask(client, archived, "everything")
    sweep_exports()
    assert not recordings_storage().exists(old.name)
    assert "manifest.json" in download(client).namelist()


def test_a_worker_that_was_killed_is_followed_by_another(archived: Recording) -> None:
    export = exports.ask(recording=archived, participant=None, language="en")
    Export.objects.update(
        state=Export.State.BUILDING, claim="gone", claimed_at=timezone.now() - timedelta(hours=1)
    )
    sweep_exports()
    export.refresh_from_db()
    assert export.state == Export.State.READY


def test_a_storage_that_errors_is_tried_again_and_the_host_told_at_last(
    browser_of: Browser, archived: Recording, host: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "save", refuse)
        exports.ask(recording=archived, participant=None, language="en")
        for _ in range(exports.MAX_ATTEMPTS):
            Export.objects.update(due_at=timezone.now())
            sweep_exports()
    assert Export.objects.get().state == Export.State.FAILED
    assert "That did not work." in fragment(browser_of(host), archived)
    ask(browser_of(host), archived, "everything")
    sweep_exports()
    assert Export.objects.get().state == Export.State.READY


def test_the_purge_takes_it_along(archived: Recording) -> None:
    exports.ask(recording=archived, participant=None, language="en")
    sweep_exports()
    name = Export.objects.get().name
    assert purge.purge(recording_id=archived.pk, now=ENDED + timedelta(days=31))
    assert not recordings_storage().exists(name)
    assert not Export.objects.exists()


def test_a_purge_in_the_middle_of_building_leaves_no_file(
    archived: Recording, kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def purged_meanwhile(source: Path, name: str) -> tuple[str, int, str]:
        stored = files.store(source, name)
        purge.purge(recording_id=archived.pk, now=ENDED + timedelta(days=31))
        return stored

    monkeypatch.setattr("recordings.exports.store", purged_meanwhile)
    exports.ask(recording=archived, participant=None, language="en")
    sweep_exports()
    assert files_in(kept_folder) == []


def test_a_name_cannot_become_a_formula(
    browser_of: Browser, archived: Recording, host: User
) -> None:
    User.objects.filter(handle="speaker").update(display_name='=HYPERLINK("x")')
    client = browser_of(host)
    ask(client, archived, "everything")
    sweep_exports()
    table = download(client).read("participants.csv").decode("utf-8-sig")
    names = [row["name"] for row in csv.DictReader(io.StringIO(table))]
    assert '\'=HYPERLINK("x")' in names
    assert not any(name.startswith("=") for name in names)
