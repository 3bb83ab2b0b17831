"""Recordings in an object storage (S3): kept, fetched from there, and deleted."""

import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

import boto3
import pytest
import time_machine
from django.conf import LazySettings
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from moto.server import ThreadedMotoServer

from accounts.models import User
from recordings import comparison, exports, files, links, replays
from recordings.models import (
    Discrepancy,
    Export,
    Recording,
    RecordingFile,
    recordings_storage,
)
from recordings.tasks import sweep_retention
from rooms.models import Room
from tests.recordings.conftest import ENDED, Speak, advance

BUCKET = "spaces"
KEYS = {"access_key": "an id", "secret_key": "a secret", "region_name": "eu-south-1"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An object storage with an empty bucket, at its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
        region_name=KEYS["region_name"],
    )
    where = {"LocationConstraint": KEYS["region_name"]}
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    yield address
    server.stop()


@pytest.fixture
def archived(
    endpoint: str,
    settings: LazySettings,
    recording: Recording,
    speak: Speak,
    engine: list[Room],
    host: User,
) -> Recording:
    """A second of everybody and of the host; ready, in the bucket."""
    options = {"bucket_name": BUCKET, "endpoint_url": endpoint, "addressing_style": "path"}
    settings.S3_BUCKET, settings.S3_ENDPOINT = BUCKET, endpoint
    settings.STORAGES = {
        **settings.STORAGES,
        "recordings": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {**options, **KEYS, "signature_version": "s3v4", "file_overwrite": False},
        },
    }
    speak(recording.room, {None: 1.0, host: 1.0})
    return advance(recording)


def test_it_is_archived_whole(archived: Recording) -> None:
    assert archived.state == Recording.State.READY
    assert {file.kind for file in archived.files.all()} == {
        "mix",
        "track",
        "m4a",
        "peaks",
        "manifest",
    }
    for file in archived.files.all():
        assert files.sha256_of(file.name) == file.sha256


def test_the_host_fetches_a_range_from_the_storage_itself(
    archived: Recording, client: Client, host: User, endpoint: str
) -> None:
    mix = archived.files.get(kind="mix")
    client.force_login(host, backend="django.contrib.auth.backends.ModelBackend")
    signed = client.get(f"/recordings/files/{mix.pk}/?download=1")
    assert signed.status_code == HTTPStatus.TEMPORARY_REDIRECT
    address = signed["Location"]
    assert address.startswith(f"{endpoint}/{BUCKET}/")
    said = parse_qs(urlsplit(address).query)
    assert said["X-Amz-Expires"] == [str(int(links.GOOD_FOR.total_seconds()))]
    assert len(said["X-Amz-Signature"][0]) == 64

    request = urllib.request.Request(address, headers={"Range": "bytes=0-3"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert (answer.status, answer.read()) == (206, b"OggS")
        assert answer.headers["Content-Type"] == "audio/ogg; codecs=opus"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_nobody_else_is_sent_there(archived: Recording, client: Client) -> None:
    mix = archived.files.get(kind="mix")
    assert client.get(f"/recordings/files/{mix.pk}/").status_code == 404


def test_a_download_is_made_of_what_is_there_and_kept_there(archived: Recording) -> None:
    export = exports.ask(recording=archived)
    exports.build(export_id=export.pk)
    export.refresh_from_db()
    assert export.state == Export.State.READY
    with files.opened(export.name) as stored, ZipFile(stored) as bundle:
        assert bundle.testzip() is None
        assert "audio/everybody.ogg" in bundle.namelist()


def test_a_replay_is_cut_out_of_it(archived: Recording, host: User) -> None:
    # The second that it lasts is the least a replay may: only its length is said to be more.
    archived.files.filter(kind="mix").update(seconds=3.0)
    replay = replays.trim(recording=archived, by=host, starts_at=0.0, ends_at=1.5)
    for export in archived.exports.all():
        exports.build(export_id=export.pk)
    cut = replays.source(replay, RecordingFile.Kind.MIX)
    assert cut is not None
    assert files.sha256_of(cut.name) == cut.sha256


def test_it_is_compared_with_the_rows(archived: Recording) -> None:
    storage = recordings_storage()
    lost = archived.files.get(kind="peaks").name
    storage.delete(lost)
    stray = storage.save("nobodys/mix.ogg", ContentFile(b"sound"))
    in_two_hours = timezone.now() + timedelta(hours=2)
    comparison.compare(now=in_two_hours)
    assert not storage.exists(stray)
    assert set(files.names(archived.room.public_id)) == files.listed(archived)
    found = Discrepancy.objects.values_list("kind", "name")
    # Other tests have left files there.
    assert {("lost_file", lost), ("stray_file", stray)} <= set(found)


def test_the_purge_empties_it(archived: Recording) -> None:
    folder = archived.room.public_id
    assert any(recordings_storage().listdir(folder))
    with time_machine.travel(ENDED + timedelta(days=30), tick=False):
        sweep_retention()
    archived.refresh_from_db()
    assert archived.state == Recording.State.PURGED
    assert not any(recordings_storage().listdir(folder))
