"""Recordings in an object storage (S3): kept, fetched from there, and deleted."""

import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from moto.server import ThreadedMotoServer

from accounts.models import User
from recordings import files, links
from recordings.models import Recording, recordings_storage
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


def test_the_purge_empties_it(archived: Recording) -> None:
    folder = archived.room.public_id
    assert any(recordings_storage().listdir(folder))
    with time_machine.travel(ENDED + timedelta(days=30), tick=False):
        sweep_retention()
    archived.refresh_from_db()
    assert archived.state == Recording.State.PURGED
    assert not any(recordings_storage().listdir(folder))
