"""The stage as people at their browsers see it."""

import pytest

from accounts.models import User
from rooms.models import Room
from tests.rooms.client import Client

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


async def test_a_hand_goes_up_and_its_owner_comes_on_stage(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob, Client(room) as guest:
        for client in (ada, bob, guest):
            await client.join()
        await bob.does("hand.raise")
        hands = (await ada.hears("hand.raised"))["hands"]
        assert [(hand["handle"], "raised_at" in hand) for hand in hands] == [("listener", True)]
        await ada.does("hand.accept", participant=bob.you["id"])
        await bob.becomes("speaker", why="accepted")
        assert (await ada.hears("hand.lowered"))["hands"] == []
        await guest.hears_stage(host="muted", listener="muted")
        assert not guest.has_heard("hand.raised")


async def test_the_host_declines_and_the_listener_takes_back(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await bob.does("hand.raise")
        await ada.hears("hand.raised")
        await ada.does("hand.decline", participant=bob.you["id"], reason="none")
        assert not (await bob.hears("you.changed", why="declined"))["you"]["hand_raised"]
        await bob.does("hand.raise")
        await ada.hears("hand.raised")
        await bob.does("hand.lower")
        await bob.hears("you.changed", why="hand_lowered")


async def test_the_host_who_comes_back_sees_the_queue(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, listener) as bob:
        await bob.join()
        await bob.does("hand.raise")
        async with Client(room, host) as ada:
            assert [hand["handle"] for hand in (await ada.join())["hands"]] == ["listener"]


async def test_an_invitation_is_accepted(room: Room, host: User, listener: User) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await ada.does("speaker.invite", participant=bob.you["id"])
        assert (await bob.hears("you.changed", why="invited"))["you"]["invited"]
        await bob.does("invitation.accept")
        await ada.hears_stage(host="muted", listener="muted")


async def test_who_invited_hears_that_the_invitation_is_declined(
    room: Room, host: User, cohost: User, listener: User
) -> None:
    async with (
        Client(room, host) as ada,
        Client(room, cohost) as cleo,
        Client(room, listener) as bob,
    ):
        for client in (ada, cleo, bob):
            await client.join()
        await ada.does("cohost.invite", participant=cleo.you["id"])
        await cleo.does("invitation.accept")
        await cleo.becomes("cohost", why="cohost_made")
        await cleo.does("speaker.invite", participant=bob.you["id"])
        await bob.does("invitation.decline")
        assert await cleo.hears("invitation.declined") == {
            "participant": bob.you["id"],
            "name": bob.you["name"],
            "invited": "speaker",
        }
        assert await bob.is_refused("invitation.accept") == "not_invited"
        await ada.does("ping")
        assert not ada.has_heard("invitation.declined")


async def test_microphones_open_and_close(room: Room, host: User, speaker: User) -> None:
    async with Client(room, host) as ada, Client(room, speaker) as eve:
        await ada.join()
        await eve.join()
        await eve.does("hand.raise")
        await ada.does("hand.accept", participant=eve.you["id"])
        assert await eve.is_refused("mic.unmute") == "recording_not_accepted"
        await eve.does("recording.accept")
        await eve.does("mic.unmute")
        await ada.hears_stage(host="muted", speaker="open")
        await ada.does("participant.mute", participant=eve.you["id"])
        assert (await eve.hears("you.changed", why="muted"))["you"]["muted"]
        await ada.hears_stage(host="muted", speaker="muted")
        await eve.does("mic.unmute")
        await ada.hears_stage(host="muted", speaker="open")
        await eve.does("mic.mute")
        await ada.hears_stage(host="muted", speaker="muted")


async def test_speakers_go_back_to_the_audience(room: Room, host: User, speaker: User) -> None:
    async with Client(room, host) as ada, Client(room, speaker) as eve:
        await ada.join()
        await eve.join()
        for command, who, why in [
            ("stage.leave", eve, "left_stage"),
            ("participant.demote", ada, "demoted"),
        ]:
            await eve.does("hand.raise")
            await ada.does("hand.accept", participant=eve.you["id"])
            await ada.hears_stage(host="muted", speaker="muted")
            data = {"participant": eve.you["id"]} if who is ada else {}
            await who.does(command, **data)
            await eve.becomes("listener", why=why)
            await ada.hears_stage(host="muted")


async def test_a_removed_listener_cannot_come_back(room: Room, host: User, listener: User) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob, Client(room) as guest:
        for client in (ada, bob, guest):
            await client.join()
        await ada.does("participant.remove", participant=bob.you["id"])
        assert (await bob.hears_error()) == "removed"
        assert await bob.is_closed() == 4403
        for again in (
            Client(room, listener),
            Client(room, listener, visitor="b" * 32),
            Client(room, None, visitor=bob.visitor),
        ):
            async with again:
                assert await again.is_refused("join") == "removed"
                assert await again.is_closed() == 4403
        assert await guest.does("ping") == {}


async def test_a_removed_guest_cannot_come_back_with_an_account(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        await ada.does("participant.remove", participant=guest.you["id"])
        assert await guest.is_closed() == 4403
        async with Client(room, listener, visitor=guest.visitor) as again:
            assert await again.is_refused("join") == "removed"


async def test_a_removal_takes_along_who_else_is_there_from_the_same_browser(
    room: Room, host: User, listener: User
) -> None:
    bob = Client(room, listener)
    logged_out = Client(room, None, visitor=bob.visitor)
    async with Client(room, host) as ada, bob, logged_out, Client(room) as guest:
        for client in (ada, bob, logged_out, guest):
            await client.join()
        await ada.does("participant.remove", participant=bob.you["id"])
        assert await bob.is_closed() == 4403
        assert await logged_out.is_closed() == 4408
        async with Client(room, None, visitor=bob.visitor) as again:
            assert await again.is_refused("join") == "removed"
        assert await guest.does("ping") == {}


async def test_the_host_stays_after_removing_a_guest_of_the_own_browser(
    room: Room, host: User
) -> None:
    ada = Client(room, host)
    async with ada, Client(room, None, visitor=ada.visitor) as guest:
        await ada.join()
        await guest.join()
        await ada.does("participant.remove", participant=guest.you["id"])
        assert await guest.is_closed() == 4403
        assert (await ada.join())["you"]["role"] == "host"


async def test_the_host_ends_the_space_for_all(room: Room, host: User, listener: User) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob, Client(room) as guest:
        for client in (ada, bob, guest):
            await client.join()
        assert await bob.is_refused("room.end") == "not_allowed"
        await ada.does("room.end")
        for client in (ada, bob, guest):
            await client.hears("room.ended", reason="host")
            assert await client.is_closed() == 4410
        async with Client(room, listener) as late:
            assert await late.is_closed() == 4410


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("hand.raise", "account_required"),
        ("hand.lower", "no_raised_hand"),
        ("invitation.accept", "not_invited"),
        ("invitation.decline", "not_invited"),
        ("recording.accept", "not_on_stage"),
        ("mic.mute", "not_on_stage"),
        ("mic.unmute", "not_on_stage"),
        ("stage.leave", "not_on_stage"),
        ("room.end", "not_allowed"),
    ],
)
async def test_a_guest_only_listens(room: Room, command: str, code: str) -> None:
    async with Client(room) as guest:
        await guest.join()
        assert await guest.is_refused(command) == code


@pytest.mark.parametrize(
    "command",
    [
        "hand.accept",
        "speaker.invite",
        "cohost.invite",
        "cohost.dismiss",
        "room.hand_over",
        "successor.name",
        "participant.mute",
        "participant.demote",
        "participant.remove",
    ],
)
async def test_what_the_host_decides_is_not_for_listeners(
    room: Room, host: User, listener: User, command: str
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        assert await bob.is_refused(command, participant=ada.you["id"]) == "not_allowed"
        assert await ada.is_refused(command, participant="nobody") == "unknown_participant"
