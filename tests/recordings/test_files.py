"""Who gets a file, in which pieces, and what is noted about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import time_machine
from django.conf import LazySettings
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import User
from recordings import links, streaming
from recordings.models import Recording, RecordingAccess, RecordingFile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mix(archived: Recording) -> RecordingFile:
    return archived.files.get(kind=RecordingFile.Kind.MIX)


@pytest.fixture
def content(mix: RecordingFile, kept_folder: Path) -> bytes:
    return (kept_folder / mix.name).read_bytes()


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Mapping[str, str]
    chunks: list[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


async def get(user: User | None, file: RecordingFile, query: str = "", **headers: str) -> Answer:
    client = AsyncClient()
    if user:
        await client.aforce_login(user)
    address = f"/recordings/files/{file.pk}/{query}"
    response = await client.get(address, headers=headers)
    if response.status_code == 307:
        response = await client.get(response["Location"], headers=headers)
    if response.streaming:
        chunks = [chunk async for chunk in cast(StreamingHttpResponse, response)]
    else:
        chunks = [response.content]
    return Answer(response.status_code, response.headers, chunks)


async def test_the_host_gets_the_whole_file(mix: RecordingFile, content: bytes, host: User) -> None:
    response = await get(host, mix)
    assert response.status == 200
    assert response.headers["Content-Type"] == "audio/ogg; codecs=opus"
    assert response.headers["Content-Length"] == str(len(content))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.body == content


async def test_a_moderator_gets_it_too(mix: RecordingFile, content: bytes, moderator: User) -> None:
    assert (await get(moderator, mix)).body == content


@pytest.mark.parametrize("who", ["speaker", "listener", "outsider", "staff"])
async def test_for_anybody_else_it_does_not_exist(
    who: str, mix: RecordingFile, speaker: User, listener: User, outsider: User
) -> None:
    staff = User(handle="staff", is_staff=True, email="staff@example.org")
    people = {"speaker": speaker, "listener": listener, "outsider": outsider, "staff": staff}
    if people[who].pk is None:
        await staff.asave()
    assert (await get(people[who], mix)).status == 404
    assert not await RecordingAccess.objects.aexists()


async def test_for_a_guest_it_does_not_exist(mix: RecordingFile) -> None:
    assert (await get(None, mix)).status == 404


async def test_an_unknown_file_is_not_found(mix: RecordingFile, host: User) -> None:
    mix.pk += 1000
    assert (await get(host, mix)).status == 404


async def test_a_file_that_vanished_is_not_found(
    mix: RecordingFile, host: User, kept_folder: Path
) -> None:
    (kept_folder / mix.name).unlink()
    assert (await get(host, mix)).status == 404


@pytest.mark.parametrize("state", [Recording.State.PURGING, Recording.State.PURGED])
async def test_a_file_being_deleted_is_not_served(
    state: str, mix: RecordingFile, host: User
) -> None:
    signed = await signed_address(host, mix)
    await Recording.objects.aupdate(state=state)
    assert (await get(host, mix)).status == 404
    assert (await AsyncClient().get(signed)).status_code == 404


async def signed_address(user: User, file: RecordingFile) -> str:
    client = AsyncClient()
    await client.aforce_login(user)
    return (await client.get(f"/recordings/files/{file.pk}/"))["Location"]


async def test_the_signed_address_works_without_cookies_for_some_minutes(
    mix: RecordingFile, content: bytes, host: User
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        signed = await signed_address(host, mix)
        clock.shift(links.GOOD_FOR - timedelta(minutes=1))
        response = await AsyncClient().get(signed, headers={"range": "bytes=0-9"})
        part = [chunk async for chunk in cast(StreamingHttpResponse, response)]
        assert (response.status_code, b"".join(part)) == (206, content[:10])
        clock.shift(timedelta(minutes=2))
        assert (await AsyncClient().get(signed)).status_code == 404


async def test_a_signed_address_is_of_no_use_once_its_person_may_not_listen_any_more(
    mix: RecordingFile, moderator: User, host: User
) -> None:
    of_moderator, of_host = await signed_address(moderator, mix), await signed_address(host, mix)
    await moderator.groups.aclear()
    await moderator.user_permissions.aclear()
    assert (await AsyncClient().head(of_moderator)).status_code == 404
    assert (await AsyncClient().head(of_host)).status_code == 200
    host.is_active = False
    await host.asave()
    assert (await AsyncClient().head(of_host)).status_code == 404


async def test_a_signed_address_cannot_be_made_up(mix: RecordingFile, host: User) -> None:
    signed = await signed_address(host, mix)
    value = signed.rpartition("/stored/")[2].partition(":")[0]
    for wrong in (signed.replace(value, value[::-1]), signed[:-3] + "xx/", "/recordings/stored/x/"):
        assert (await AsyncClient().get(wrong)).status_code == 404


async def test_behind_nginx_the_file_is_left_to_it(
    mix: RecordingFile, host: User, settings: LazySettings
) -> None:
    settings.ACCEL_LOCATION = "/kept/"
    response = await AsyncClient().get(await signed_address(host, mix))
    assert (response.status_code, response.content) == (200, b"")
    assert response["X-Accel-Redirect"] == f"/kept/{mix.name}"
    assert response["Content-Type"] == "audio/ogg; codecs=opus"


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-99", slice(0, 100)), ("bytes=50-", slice(50, None)), ("bytes=-7", slice(-7, None))],
)
async def test_a_range_is_served(
    asked: str, part: slice, mix: RecordingFile, content: bytes, host: User
) -> None:
    response = await get(host, mix, range=asked)
    start = range(len(content))[part].start
    expected = content[part]
    assert response.status == 206
    assert response.headers["Content-Length"] == str(len(expected))
    end = start + len(expected) - 1
    assert response.headers["Content-Range"] == f"bytes {start}-{end}/{len(content)}"
    assert response.body == expected


async def test_a_range_outside_of_the_file_says_how_long_it_is(
    mix: RecordingFile, content: bytes, host: User
) -> None:
    response = await get(host, mix, range=f"bytes={len(content)}-")
    assert response.status == 416
    assert response.headers["Content-Range"] == f"bytes */{len(content)}"


async def test_a_range_of_the_same_version_goes_on(mix: RecordingFile, host: User) -> None:
    etag = (await get(host, mix)).headers["ETag"]
    response = await get(host, mix, range="bytes=0-1", if_range=etag)
    assert response.status == 206


async def test_a_range_of_another_version_starts_over(mix: RecordingFile, host: User) -> None:
    response = await get(host, mix, range="bytes=0-1", if_range='"another"')
    assert response.status == 200


async def test_head_tells_the_length_alone(mix: RecordingFile, content: bytes, host: User) -> None:
    client = AsyncClient()
    await client.aforce_login(host)
    signed = await client.head(f"/recordings/files/{mix.pk}/")
    response = await client.head(signed["Location"])
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == str(len(content))
    assert not await RecordingAccess.objects.aexists()


async def test_a_long_file_is_read_in_chunks(
    mix: RecordingFile, content: bytes, host: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "CHUNK", 64)
    answer = await get(host, mix)
    assert max(len(chunk) for chunk in answer.chunks) == 64
    assert answer.body == content


async def test_playing_is_inline_and_downloading_has_a_name_that_speaks(
    archived: Recording, speaker: User, host: User
) -> None:
    track = await archived.files.aget(participant__user=speaker)
    assert (await get(host, track)).headers["Content-Disposition"].startswith("inline")
    disposition = (await get(host, track, "?download=1")).headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert "2026-01-01-what-is-left-to-say-speaker.ogg" in disposition


async def test_nothing_may_keep_a_copy_on_the_way(mix: RecordingFile, host: User) -> None:
    assert (await get(host, mix)).headers["Cache-Control"] == "private, no-store"


async def test_listening_is_noted_once_an_hour(mix: RecordingFile, moderator: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for asked in ("bytes=0-", "bytes=10-20", "bytes=30-"):
            await get(moderator, mix, range=asked)
        assert await RecordingAccess.objects.acount() == 1
        clock.shift(timedelta(minutes=61))
        await get(moderator, mix)
    accesses = [access async for access in RecordingAccess.objects.select_related("user")]
    assert [(access.user, access.file_name) for access in accesses] == [(moderator, mix.name)] * 2


def test_a_file_cannot_be_written_to(mix: RecordingFile, client: Client, host: User) -> None:
    client.force_login(host)
    assert client.post(f"/recordings/files/{mix.pk}/").status_code == 405
