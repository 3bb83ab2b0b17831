"""What is said appears as text on the pages of those who are there."""

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from accounts.models import User
from rooms import events, live_board, operations
from rooms.events import Message
from rooms.models import Caption, Participant, Room
from rooms.operations.captions import CAPTIONS_KEPT, MAX_CAPTION
from tests.rooms.client import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room(host: User) -> Room:
    """A live room whose words are written down."""
    return operations.create_room(host=host, title="Bees in the city", transcription=True)


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    """The host, in the room."""
    return operations.join(room_id=room.pk, user=host, visitor="ada", connection="tab")


def say(who: Participant, text: str) -> bool:
    now = timezone.now()
    return operations.publish_caption(
        room_public_id=who.room.public_id,
        participant_public_id=who.public_id,
        text=text,
        started_at=now - timedelta(seconds=2),
        ended_at=now,
    )


def lines(room: Room) -> list[str]:
    return list(room.captions.values_list("text", flat=True))


def test_a_line_is_one_line_and_not_endless(room: Room, ada: Participant) -> None:
    assert say(ada, "  Bees\nfly \u202e home\x00 ")
    assert say(ada, "x" * 2 * MAX_CAPTION)
    assert lines(room) == ["Bees fly home", "x" * MAX_CAPTION]


def test_silence_is_no_line(room: Room, ada: Participant) -> None:
    assert not say(ada, " \n ")
    assert lines(room) == []


def test_only_the_last_lines_are_kept(room: Room, ada: Participant) -> None:
    for number in range(CAPTIONS_KEPT + 3):
        say(ada, f"Line {number}")
    assert lines(room) == [f"Line {number}" for number in range(3, CAPTIONS_KEPT + 3)]


def test_nothing_is_kept_after_the_end(room: Room, ada: Participant) -> None:
    say(ada, "Good bye")
    operations.end_room_as(participant_id=ada.pk)
    assert lines(room) == []
    assert not say(ada, "Too late")
    assert lines(room) == []


def test_without_transcription_nothing_is_shown(room: Room, ada: Participant) -> None:
    Room.objects.filter(pk=room.pk).update(transcription=False)
    assert not say(ada, "Off the record")
    assert lines(room) == []


def test_somebody_removed_is_not_quoted(room: Room, ada: Participant, speaker: User) -> None:
    eve = operations.join(room_id=room.pk, user=speaker, visitor="eve", connection="tab")
    operations.remove(participant_id=ada.pk, target=eve.public_id)
    assert not say(eve, "And another thing")
    assert lines(room) == []


def test_an_unknown_room_has_no_captions(ada: Participant) -> None:
    ada.room.public_id = "nowhere"
    assert not say(ada, "Hello?")
    assert Caption.objects.count() == 0


@pytest.mark.usefixtures("engine")
async def test_a_line_reaches_everybody_with_the_name_of_who_said_it(
    room: Room, host: User
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        speaker = await room.participants.select_related("room").aget(role="host")
        await database_sync_to_async(say)(speaker, "Bees dance")
        for client in (ada, guest):
            line = await client.hears("caption")
            assert (line["name"], line["text"]) == ("Host", "Bees dance")
            assert line["participant"] == ada.you["id"]
            assert line["started_at"] < line["ended_at"]


@pytest.mark.usefixtures("engine")
async def test_who_joins_sees_what_was_just_said_and_what_follows_once(
    room: Room, ada: Participant
) -> None:
    for text in ("One", "Two"):
        await database_sync_to_async(say)(ada, text)
    async with Client(room) as early, Client(room, visitor="f" * 32) as late:
        assert [line["text"] for line in (await early.join())["captions"]] == ["One", "Two"]
        await database_sync_to_async(say)(ada, "Three")
        assert (await early.hears("caption"))["text"] == "Three"
        assert [line["text"] for line in (await late.join())["captions"]] == ["One", "Two", "Three"]
        await database_sync_to_async(say)(ada, "Four")
        for client in (early, late):
            assert (await client.hears("caption"))["text"] == "Four"


@pytest.mark.usefixtures("engine")
async def test_a_line_from_a_process_that_cannot_call_arrives_all_the_same(
    room: Room, ada: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unheard(group: str, message: Message) -> None:
        """The channel layer in memory ends at the border of the process."""

    monkeypatch.setattr(live_board, "CAPTIONS_SECONDS", 0.05)
    async with Client(room) as guest:
        await guest.join()
        monkeypatch.setattr(events, "_send", unheard)
        await database_sync_to_async(say)(ada, "Bees dance")
        assert (await guest.hears("caption"))["text"] == "Bees dance"
