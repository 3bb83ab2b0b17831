"""Recordings and proofs of deletion in the admin: to look at, to retry, to export."""

import csv
from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import User
from recordings import operations
from recordings.models import PurgeRecord, Recording
from recordings.tasks import sweep_retention
from tests.conftest import person
from tests.recordings.conftest import ENDED

RECORDINGS = "/admin/recordings/recording/"
PROOFS = "/admin/recordings/purgerecord/"


@pytest.fixture
def desk(client: Client, moderator: User) -> Client:
    """The moderator's browser."""
    client.force_login(moderator)
    return client


@pytest.fixture
def proof(archived: Recording) -> PurgeRecord:
    with time_machine.travel(ENDED + timedelta(days=30), tick=False):
        sweep_retention()
    return PurgeRecord.objects.get()


def test_the_list_shows_the_state_and_the_clock(desk: Client, archived: Recording) -> None:
    html = desk.get(RECORDINGS).content.decode()
    assert archived.room.title in html
    assert "Ready" in html
    assert "Jan. 31, 2026" in html


def test_flagged_ones_are_found(desk: Client, archived: Recording) -> None:
    assert archived.room.title in desk.get(f"{RECORDINGS}?flagged=no").content.decode()
    operations.flag(room=archived.room)
    assert archived.room.title in desk.get(f"{RECORDINGS}?flagged=yes").content.decode()
    assert archived.room.title not in desk.get(f"{RECORDINGS}?flagged=no").content.decode()


def test_the_page_lists_the_files_and_who_listened(
    desk: Client, archived: Recording, moderator: User
) -> None:
    mix = archived.files.get(kind="mix")
    operations.log_access(file=mix, user=moderator, now=timezone.now())
    html = desk.get(f"{RECORDINGS}{archived.pk}/change/").content.decode()
    for file in archived.files.all():
        assert file.sha256 in html
        is_sound = file.kind in ("mix", "m4a", "track")
        assert (f'src="/recordings/files/{file.pk}/"' in html) == is_sound
        assert f"/recordings/files/{file.pk}/" in html
    assert "@moderator" in html


def test_a_failed_archive_is_tried_again(
    desk: Client, moderator: User, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("recordings.admin.send_recording", sent.append)
    Recording.objects.update(state=Recording.State.FAILED, attempts=8, error="Disk full")
    desk.post(RECORDINGS, {"action": "retry", "_selected_action": [recording.pk]})
    recording.refresh_from_db()
    assert (recording.state, recording.attempts) == (Recording.State.ARCHIVING, 0)
    assert sent == [recording.pk]
    assert LogEntry.objects.get().user == moderator


def test_what_did_not_fail_is_not_tried_again(desk: Client, archived: Recording) -> None:
    chosen = {"action": "retry", "_selected_action": [archived.pk]}
    html = desk.post(RECORDINGS, chosen, follow=True).content.decode()
    assert "Only a recording that failed can be tried again." in html
    archived.refresh_from_db()
    assert archived.state == Recording.State.READY


def test_proofs_are_exported_as_csv(desk: Client, proof: PurgeRecord) -> None:
    response = desk.post(PROOFS, {"action": "export", "_selected_action": [proof.pk]})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    [line] = csv.DictReader(response.content.decode().splitlines())
    assert line["room_public_id"] == proof.room_public_id
    assert line["rule"] == "standard"
    assert line["expired_at"] == "2026-01-31T12:00:00+00:00"
    assert line["total_bytes"] == str(proof.total_bytes)
    assert proof.files[0]["sha256"] in line["files"]


@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_changes_or_deletes_a_proof(
    superuser: bool, desk: Client, proof: PurgeRecord
) -> None:
    if superuser:
        desk.force_login(person("root", is_staff=True, is_superuser=True))
    assert desk.get(f"{PROOFS}{proof.pk}/change/").status_code == 200
    assert desk.post(f"{PROOFS}{proof.pk}/change/", {"total_bytes": 0}).status_code == 403
    assert desk.post(f"{PROOFS}{proof.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get(f"{PROOFS}add/").status_code == 403
    desk.post(PROOFS, {"action": "delete_selected", "_selected_action": [proof.pk], "post": "yes"})
    proof.refresh_from_db()
    assert proof.total_bytes > 0


@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_changes_or_deletes_a_recording(
    superuser: bool, desk: Client, archived: Recording
) -> None:
    if superuser:
        desk.force_login(person("root", is_staff=True, is_superuser=True))
    page = f"{RECORDINGS}{archived.pk}/"
    assert desk.post(f"{page}change/", {"state": "purged"}).status_code == 403
    assert desk.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    archived.refresh_from_db()
    assert archived.state == Recording.State.READY


@pytest.mark.parametrize("address", [RECORDINGS, PROOFS])
def test_plain_staff_sees_nothing(address: str, client: Client, db: None) -> None:
    client.force_login(person("staff", is_staff=True))
    assert client.get(address).status_code == 403
