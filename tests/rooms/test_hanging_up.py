"""When the server closes a connection that did nothing wrong just now."""

import asyncio

import pytest
from channels.db import database_sync_to_async

from accounts.models import Suspension, User
from accounts.operations import suspend
from audio.fake import FakeEngine
from rooms import consumers, operations
from rooms.models import Participant, Room
from tests.rooms.client import Client
from tests.rooms.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


async def test_a_client_without_a_heartbeat(
    room: Room, listener: User, host: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.1)
        async with Client(room, listener) as bob:
            await bob.join()
            assert await bob.hears_error() == "absent"
            assert await bob.is_closed() == 4408
        assert await ada.does("ping") == {}


async def test_a_client_that_never_joins(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.1)
    async with Client(room) as guest:
        assert await guest.is_closed() == 4408


async def test_a_heartbeat_keeps_the_connection(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.2)
    async with Client(room) as guest, Client(room, visitor="1" * 32) as silent:
        await guest.join()
        closing = asyncio.create_task(silent.is_closed())
        while not closing.done():
            await guest.does("ping")
            await asyncio.wait([closing], timeout=0.15)
        assert await guest.does("ping") == {}


async def test_a_suspension_puts_people_out_at_once(
    room: Room, host: User, speaker: User, moderator: User, engine: FakeEngine
) -> None:
    async with Client(room, host) as ada, Client(room, speaker) as eve:
        await ada.join()
        await eve.join()
        await eve.does("hand.raise")
        await ada.does("hand.accept", participant=eve.you["id"])
        await ada.hears_stage(host="muted", speaker="muted")
        await database_sync_to_async(suspend)(
            user=speaker, by=moderator, reason="Abuse", ends_at=None
        )
        assert await eve.hears_error() == "suspended"
        assert await eve.is_closed() == 4403
        await ada.hears_stage(host="muted")
        await until(lambda: eve.you["id"] in engine.rooms[room.public_id].dropped)


@pytest.mark.usefixtures("quick_ticks")
async def test_a_suspension_that_begins_later_is_found_by_the_tick(
    room: Room, listener: User
) -> None:
    async with Client(room, listener) as bob:
        await bob.join()
        await Suspension.objects.acreate(user=listener, reason="Abuse")
        assert await bob.hears_error() == "suspended"
        assert await bob.is_closed() == 4403


async def test_a_closed_account_is_put_out_by_the_tick(
    quick_ticks: None, room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await User.objects.filter(pk=listener.pk).aupdate(is_active=False)
        assert await bob.is_closed() == 4403
        assert await ada.does("ping") == {}


async def test_a_closed_account_does_nothing_more(room: Room, listener: User) -> None:
    async with Client(room, listener) as bob:
        await bob.join()
        await User.objects.filter(pk=listener.pk).aupdate(is_active=False)
        assert await bob.is_refused("hand.raise") == "suspended"
        assert await bob.is_closed() == 4403


async def test_a_suspended_host_ends_the_space(room: Room, host: User, moderator: User) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        await database_sync_to_async(suspend)(user=host, by=moderator, reason="Abuse", ends_at=None)
        await guest.hears("room.ended", reason="moderator")
        assert await guest.is_closed() == 4410
        assert await ada.is_closed() == 4410


@pytest.mark.usefixtures("quick_ticks")
async def test_an_end_of_which_no_message_came_is_found_by_the_tick(room: Room) -> None:
    async with Client(room) as guest:
        await guest.join()
        await Room.objects.aupdate(ended_at=room.created_at, end_reason=Room.EndReason.HOST_GONE)
        await guest.hears("room.ended", reason="host_gone")
        assert await guest.is_closed() == 4410


@pytest.mark.usefixtures("quick_ticks")
async def test_a_removal_of_which_no_message_came_is_found_by_the_tick(
    room: Room, listener: User
) -> None:
    async with Client(room, listener) as bob:
        await bob.join()
        await Participant.objects.aupdate(removed_at=room.created_at)
        assert await bob.hears_error() == "removed"
        assert await bob.is_closed() == 4403


@pytest.mark.usefixtures("quick_ticks")
async def test_somebody_taken_for_gone_who_is_not_is_asked_to_join_again(
    room: Room, listener: User
) -> None:
    async with Client(room, listener) as bob:
        await bob.join()
        await Participant.objects.aupdate(left_at=room.created_at)
        assert await bob.hears_error() == "absent"
        assert await bob.is_closed() == 4408


async def test_a_fault_of_ours_is_logged_once_and_answered(
    room: Room,
    host: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the disk fell off")

    monkeypatch.setattr(operations, "join", fail)
    async with Client(room, host) as ada:
        assert await ada.is_refused("join") == "internal"
        assert await ada.does("ping") == {}
    assert [record.exc_info is not None for record in caplog.records] == [True]
