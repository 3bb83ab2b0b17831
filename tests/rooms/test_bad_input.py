"""Whatever a client sends: a documented answer, nobody else touched, no traceback."""

import json
from collections.abc import Iterator

import pytest

from accounts.models import User
from rooms import consumers
from rooms.models import Room
from tests.rooms.client import Client
from tests.rooms.offers import OFFER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing here is worth a traceback."""
    yield
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    ("text", "command_id", "code"),
    [
        ("", None, "bad_json"),
        ("{", None, "bad_json"),
        ("[" * 20_000, None, "bad_json"),
        ("nonsense", None, "bad_json"),
        ("[]", None, "bad_message"),
        ("null", None, "bad_message"),
        ('"ping"', None, "bad_message"),
        ("{}", None, "bad_message"),
        ('{"type": "ping"}', None, "bad_message"),
        ('{"type": "ping", "id": null}', None, "bad_message"),
        ('{"type": "ping", "id": 1.5}', None, "bad_message"),
        ('{"type": "ping", "id": true}', None, "bad_message"),
        ('{"type": "ping", "id": 1e400}', None, "bad_message"),
        ('{"type": "ping", "id": 9007199254740992}', None, "bad_message"),
        ('{"type": "ping", "id": "%s"}' % ("x" * 65), None, "bad_message"),
        ('{"type": "ping", "id": "\\ud800"}', None, "bad_message"),
        ('{"type": 5, "id": 1}', 1, "bad_message"),
        ('{"id": 1}', 1, "bad_message"),
        ('{"type": "ping", "id": 1, "data": []}', 1, "bad_message"),
        ('{"type": "ping", "id": 1, "data": null}', 1, "bad_message"),
        ('{"type": "ping", "id": 1, "extra": 1}', 1, "bad_message"),
        ('{"type": "dance", "id": 1}', 1, "unknown_command"),
        ('{"type": "__init__", "id": 1}', 1, "unknown_command"),
        ('{"type": "ping", "id": 1, "data": {"extra": 1}}', 1, "bad_argument"),
        ('{"type": "join", "id": 1, "data": {"take_over": ""}}', 1, "bad_argument"),
        ('{"type": "join", "id": 1, "data": {"take_over": true}}', 1, "bad_argument"),
        ('{"type": "participant.mute", "id": 1}', 1, "bad_argument"),
        ('{"type": "participant.mute", "id": 1, "data": {"participant": 5}}', 1, "bad_argument"),
        ('{"type": "participant.mute", "id": 1, "data": {"participant": ""}}', 1, "bad_argument"),
        (
            '{"type": "participant.mute", "id": 1, "data": {"participant": "\\u0000"}}',
            1,
            "bad_argument",
        ),
        (
            '{"type": "participant.mute", "id": 1, "data": {"participant": "\\ud800"}}',
            1,
            "bad_argument",
        ),
        ('{"type": "media.offer", "id": 1, "data": {"sdp": {"v": 0}}}', 1, "bad_argument"),
    ],
)
async def test_a_broken_message_is_answered(
    room: Room, host: User, text: str, command_id: object, code: str
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        await ada.sends(text)
        assert (await ada.answer_to(command_id))["code"] == code
        assert await ada.does("ping") == {}


async def test_an_id_may_be_a_string(room: Room) -> None:
    async with Client(room) as guest:
        await guest.sends('{"type": "ping", "id": "a-1", "data": {}}')
        assert (await guest.answer_to("a-1"))["data"] == {}


async def test_ten_broken_messages_in_a_row_are_the_last(room: Room, host: User) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        for _ in range(9):
            await guest.sends("{")
        await guest.does("ping")  # makes it no row
        for _ in range(10):
            await guest.sends("{")
        assert await guest.is_closed() == 4400
        assert await ada.does("ping") == {}


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024])
async def test_a_large_message_closes(room: Room, host: User, size: int) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.sends("x" * size)
        assert await guest.hears_error() == "too_large"
        assert await guest.is_closed() == 4413
        assert await ada.does("ping") == {}


async def test_a_message_of_just_the_largest_size_is_read(room: Room) -> None:
    async with Client(room) as guest:
        message = json.dumps({"type": "ping", "id": 1, "data": {}})
        await guest.sends(message + " " * (64 * 1024 - len(message)))
        assert (await guest.answer_to(1))["data"] == {}


async def test_size_is_counted_in_bytes(room: Room) -> None:
    async with Client(room) as guest:
        await guest.sends("é" * (32 * 1024 + 1))
        assert await guest.is_closed() == 4413


async def test_a_binary_message_closes(room: Room) -> None:
    async with Client(room) as guest:
        await guest.sends(binary=b"\x00\x01")
        assert await guest.is_closed() == 4413


async def test_a_flood_is_slowed_down_and_then_closed(
    room: Room, host: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "PER_SECOND", 0.0)
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        for number in range(consumers.BURST + consumers.IGNORED):
            await guest.sends(json.dumps({"type": "ping", "id": number}))
        assert (await guest.answer_to(consumers.BURST - 1))["type"] == "reply"
        assert (await guest.answer_to(consumers.BURST))["code"] == "slow_down"
        assert await guest.hears_error() == "flood"
        assert await guest.is_closed() == 4429
        assert await ada.does("ping") == {}


@pytest.mark.parametrize(
    "sdp",
    [
        "not SDP",
        "v=0\r\n",
        OFFER.replace("m=audio", "m=video"),
        OFFER.replace("opus/48000/2", "PCMU/8000"),
        OFFER.replace("a=fingerprint", "a=footprint"),
    ],
)
async def test_an_offer_that_cannot_be_answered(room: Room, sdp: str) -> None:
    async with Client(room) as guest:
        await guest.join()
        assert await guest.is_refused("media.offer", sdp=sdp) == "bad_offer"
        assert (await guest.does("media.offer", sdp=OFFER))["sdp"].startswith("v=0")


@pytest.mark.parametrize("public_id", ["000000000000", "x", "a%00b", "é", "x" * 500])
async def test_an_unknown_space(public_id: str, db: None) -> None:
    async with Client(public_id) as guest:
        assert await guest.hears_error() == "unknown_room"
        assert await guest.is_closed() == 4404


async def test_an_ended_space(room: Room) -> None:
    await Room.objects.aupdate(ended_at=room.created_at, end_reason="host")
    async with Client(room) as guest:
        assert await guest.hears_error() == "room_ended"
        assert await guest.is_closed() == 4410


@pytest.mark.parametrize("visitor", ["", "not 32 hexadecimal digits"])
async def test_a_browser_that_never_saw_the_page(room: Room, visitor: str) -> None:
    async with Client(room, visitor=visitor) as guest:
        assert await guest.hears_error() == "no_visitor"
        assert await guest.is_closed() == 4401


async def test_a_client_of_another_protocol(room: Room) -> None:
    async with Client(room, subprotocol="spaces.v0") as guest:
        assert guest.subprotocol is None
        assert await guest.hears_error() == "bad_protocol"
        assert await guest.is_closed() == 4400


async def test_whatever_comes_after_the_close_is_not_read(room: Room) -> None:
    async with Client(room) as guest:
        await guest.sends(binary=b"")
        await guest.sends('{"type": "join", "id": 1}')
        assert await guest.is_closed() == 4413
        assert not await room.participants.aexists()


async def test_messages_are_in_the_language_of_the_browser(room: Room) -> None:
    async with Client(room, language="it-CH,it;q=0.9,en;q=0.1") as guest:
        await guest.sends('{"type": "hand.raise", "id": 1}')
        italian = await guest.answer_to(1)
    async with Client(room) as guest:
        await guest.sends('{"type": "hand.raise", "id": 1}')
        english = await guest.answer_to(1)
    assert english["message"] == "Join the Space first."
    assert italian["code"] == english["code"]
