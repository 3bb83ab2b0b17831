"""Coming in, as somebody with an account or as a guest, and coming back."""

import pytest
from pytest_django import Settings

from accounts.models import User
from rooms.models import Room
from tests.rooms.client import Client

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


async def test_a_guest_gets_the_whole_state(room: Room, host: User) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        state = await guest.join()
        assert state["room"] | {"id": "", "started_at": ""} == {
            "id": "",
            "title": "Bees in the city",
            "speaker_policy": "everyone",
            "transcription": False,
            "started_at": "",
            "speaker_limit": 10,
            "cohost_limit": 2,
            "stage_locked": False,
            "successor": None,
            "ends_at": None,
            "retention_days": 30,
        }
        assert [person["handle"] for person in state["stage"]] == ["host"]
        assert state["you"]["is_guest"]
        assert state["you"]["handle"] is None
        assert state["you"]["role"] == "listener"
        assert not state["you"]["may_raise_hand"]
        assert state["audience"]["count"] == 1
        assert state["hands"] == []
        assert state["speaking"] == []
        assert state["heartbeat_seconds"] == 10


async def test_the_host_is_the_host_and_muted(room: Room, host: User) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        assert ada.you["role"] == "host"
        assert ada.you["muted"]
        assert not ada.you["is_guest"]


async def test_those_inside_hear_of_who_comes_and_goes(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        async with Client(room, listener) as bob:
            await bob.join()
            audience = (await ada.hears("audience.changed"))["audience"]
            assert audience["count"] == 1
            assert audience["sample"][0]["name"] == "Listener"
        await ada.hears("audience.changed", audience={"count": 0, "sample": []})


async def test_joining_twice_says_the_state_once_more(room: Room, listener: User) -> None:
    async with Client(room, listener) as bob:
        first = await bob.join()
        assert (await bob.join())["you"] == first["you"]


async def test_nothing_but_join_and_ping_works_before_joining(room: Room, listener: User) -> None:
    async with Client(room, listener) as bob:
        assert await bob.is_refused("hand.raise") == "join_first"
        assert await bob.is_refused("media.offer", sdp="v=0") == "join_first"
        assert await bob.is_refused("leave") == "join_first"
        assert await bob.does("ping") == {}


async def test_a_lost_connection_keeps_role_and_hand(
    room: Room, host: User, speaker: User, listener: User
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        async with Client(room, speaker) as eve, Client(room, listener) as bob:
            await eve.join()
            await eve.does("hand.raise")
            await ada.does("hand.accept", participant=eve.you["id"])
            await bob.join()
            await bob.does("hand.raise")
        await ada.hears_stage(host="muted", speaker="away")
        async with Client(room, speaker) as eve, Client(room, listener) as bob:
            assert (await eve.join())["you"]["role"] == "speaker"
            assert (await bob.join())["you"]["hand_raised"]
            await ada.hears_stage(host="muted", speaker="muted")


async def test_after_the_grace_a_speaker_comes_back_as_a_listener(
    room: Room, host: User, speaker: User, settings: Settings
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        async with Client(room, speaker) as eve:
            await eve.join()
            await eve.does("hand.raise")
            await ada.does("hand.accept", participant=eve.you["id"])
        await ada.hears_stage(host="muted", speaker="away")
        settings.RESUME_GRACE_SECONDS = 0
        async with Client(room, speaker) as eve:
            assert (await eve.join())["you"]["role"] == "listener"


async def test_whoever_is_here_already_is_asked_before_moving(room: Room, listener: User) -> None:
    async with Client(room, listener) as old, Client(room, listener) as new:
        await old.join()
        assert await new.is_refused("join") == "already_here"
        assert await new.is_refused("join", take_over="another") == "already_here"
        assert await new.is_refused("hand.raise") == "join_first"
        await old.does("hand.raise")
        assert (await new.join(take_over="any"))["you"]["hand_raised"]
        assert await old.is_closed() == 4409


async def test_a_page_that_comes_back_replaces_its_own_connection(
    room: Room, listener: User
) -> None:
    async with Client(room, listener) as old, Client(room, listener) as new:
        lost = (await old.join())["connection"]
        assert (await new.join(take_over=lost))["connection"] != lost
        assert await old.is_closed() == 4409
        async with Client(room, listener) as late:
            assert await late.is_refused("join", take_over=lost) == "already_here"


async def test_a_connection_that_ended_is_in_nobodys_way(room: Room, listener: User) -> None:
    async with Client(room, listener) as old:
        await old.join()
    async with Client(room, listener) as new:
        await new.join()


async def test_a_newer_connection_takes_over(room: Room, listener: User) -> None:
    async with Client(room, listener) as old, Client(room, listener) as new:
        await old.join()
        await new.join(take_over="any")
        assert new.you["id"] == old.you["id"]
        assert await old.is_closed() == 4409
        await new.does("hand.raise")


async def test_the_end_of_an_old_connection_does_not_disturb_the_new_one(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, listener) as new:
        async with Client(room, listener) as old:
            await old.join()
            await new.join(take_over="any")
            assert await old.is_closed() == 4409
        assert (await new.join())["you"]["connected"]


async def test_two_tabs_of_a_guest_are_one_participant(room: Room) -> None:
    async with Client(room) as old, Client(room) as new:
        await old.join()
        await new.join(take_over="any")
        assert new.you["id"] == old.you["id"]
        assert await old.is_closed() == 4409


async def test_leaving_is_final_for_the_speaker(room: Room, host: User, speaker: User) -> None:
    async with Client(room, host) as ada, Client(room, speaker) as eve:
        await ada.join()
        await eve.join()
        await eve.does("hand.raise")
        await ada.does("hand.accept", participant=eve.you["id"])
        await ada.hears_stage(host="muted", speaker="muted")
        assert await eve.does("leave") == {}
        assert await eve.is_closed() == 1000
        await ada.hears_stage(host="muted")
        async with Client(room, speaker) as again:
            assert (await again.join())["you"]["role"] == "listener"


async def test_a_blocked_user_is_refused_without_a_reason(room: Room, blocked: User) -> None:
    async with Client(room, blocked) as client:
        assert await client.is_refused("join") == "refused"
        assert await client.is_closed() == 4403


async def test_a_suspended_user_is_told_so(room: Room, suspended: User) -> None:
    async with Client(room, suspended) as client:
        assert await client.is_refused("join") == "suspended"
        assert await client.is_closed() == 4403


async def test_a_moderator_listens_like_anybody(room: Room, moderator: User, host: User) -> None:
    async with Client(room, host) as ada, Client(room, moderator) as client:
        await ada.join()
        await client.join()
        assert await client.is_refused("room.end") == "not_allowed"
        assert (
            await client.is_refused("participant.remove", participant=ada.you["id"])
            == "not_allowed"
        )
