"""Links and notes that the host pins for all to see."""

import pytest

from accounts.errors import DomainError
from accounts.models import User
from rooms import operations
from rooms.models import Participant, Room
from rooms.operations.pins import MAX_PINS
from tests.rooms.client import Client, Json

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    """The host, in the room."""
    return operations.join(room_id=room.pk, user=host, visitor="ada", connection="tab")


def shown(pins: list[Json]) -> list[str]:
    return [pin["host"] or pin["text"] for pin in pins]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/bees?page=2#hives",
        "http://example.org",
        "  https://example.org/  ",
        "https://bücher.example/",
        "https://example.org:8443/@bees",
    ],
)
def test_an_address_of_the_web_is_pinned(ada: Participant, url: str) -> None:
    operations.pin_link(participant_id=ada.pk, url=url)
    assert ada.room.pins.get().url == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)//https://example.org",
        "data:text/html,<script>alert(1)</script>",
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org/",
        "example.org",
        "https://bank.example@evil.example/",
        "https://user:secret@example.org/",
        "https://example.org/\u202egpj.exe",
        "https://example.org/ x",
        "https://exa\nmple.org/",
        "https://[::1/",
        "https://",
        "https://example.org/" + "x" * 500,
    ],
)
def test_nothing_else_is_pinned_as_a_link(ada: Participant, url: str) -> None:
    with pytest.raises(DomainError, match="bad_link"):
        operations.pin_link(participant_id=ada.pk, url=url)
    assert not ada.room.pins.exists()


def test_a_note_is_one_line(ada: Participant) -> None:
    operations.pin_note(participant_id=ada.pk, text=" Code:\n BEES20 ")
    assert ada.room.pins.get().text == "Code: BEES20"


@pytest.mark.parametrize("text", ["   ", "\u200b\u200b", "a\u202eb", "\x1b[2J", "x" * 281])
def test_what_nobody_can_read_is_no_note(ada: Participant, text: str) -> None:
    with pytest.raises(DomainError, match="bad_text"):
        operations.pin_note(participant_id=ada.pk, text=text)


def test_what_was_taken_down_is_kept_and_written_down(ada: Participant) -> None:
    operations.pin_note(participant_id=ada.pk, text="Hello")
    pin = ada.room.pins.get()
    operations.unpin(participant_id=ada.pk, pin=pin.public_id)
    pin.refresh_from_db()
    assert pin.unpinned_at is not None
    kinds = list(ada.room.events.values_list("kind", flat=True))
    assert kinds[-2:] == ["pinned", "unpinned"]


@pytest.mark.usefixtures("engine")
async def test_everybody_sees_what_is_pinned_at_once_and_who_comes_later_too(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob, Client(room) as guest:
        await ada.join()
        assert (await bob.join())["pins"] == []
        await ada.does("pin.link", url="https://bücher.example/bees")
        await bob.hears("pins.changed")
        await ada.does("pin.note", text="Code: BEES20")
        assert shown((await bob.hears("pins.changed"))["pins"]) == [
            "xn--bcher-kva.example",
            "Code: BEES20",
        ]
        (link, note) = (await guest.join())["pins"]
        assert (link["url"], link["text"]) == ("https://bücher.example/bees", None)
        assert (note["url"], note["host"]) == (None, None)
        await ada.does("pin.remove", pin=link["id"])
        assert shown((await guest.hears("pins.changed"))["pins"]) == ["Code: BEES20"]
        assert await ada.is_refused("pin.remove", pin=link["id"]) == "unknown_pin"


@pytest.mark.usefixtures("engine")
async def test_only_the_host_pins(room: Room, host: User, listener: User) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob, Client(room) as guest:
        for client in (ada, bob, guest):
            await client.join()
        await ada.does("pin.note", text="Mine")
        (pin,) = (await bob.hears("pins.changed"))["pins"]
        for client in (bob, guest):
            assert await client.is_refused("pin.link", url="https://spam.example/") == "not_allowed"
            assert await client.is_refused("pin.note", text="Spam") == "not_allowed"
            assert await client.is_refused("pin.remove", pin=pin["id"]) == "not_allowed"


@pytest.mark.usefixtures("engine")
async def test_there_is_room_for_five(room: Room, host: User) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        for number in range(MAX_PINS):
            await ada.does("pin.note", text=f"Note {number}")
        assert await ada.is_refused("pin.note", text="One more") == "pins_full"
        (first, *_) = (await ada.join())["pins"]
        await ada.does("pin.remove", pin=first["id"])
        await ada.does("pin.note", text="One more")


@pytest.mark.usefixtures("engine")
async def test_a_pin_of_another_space_is_out_of_reach(room: Room, host: User) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        assert await ada.is_refused("pin.remove", pin="AAAAAAAAAAAA") == "unknown_pin"
