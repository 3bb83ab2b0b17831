"""What a block means in a live Space, and what nobody is told of it."""

import pytest
from channels.db import database_sync_to_async

from accounts.models import Block, User
from accounts.operations import block
from rooms import operations
from rooms.models import Participant, Room
from tests.rooms.client import Client
from tests.rooms.test_running_a_space_together import appoint
from tests.rooms.test_stage import join, refusal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    return join(room, host)


@pytest.fixture
def bob(room: Room, listener: User) -> Participant:
    return join(room, listener)


@pytest.mark.usefixtures("engine")
async def test_whom_the_host_blocks_is_out_and_not_told_why(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await database_sync_to_async(block)(by=host, person=listener)
        assert await bob.is_closed() == 4408
    async with Client(room, listener) as again:
        assert await again.is_refused("join") == "refused"


def test_a_block_by_somebody_else_puts_nobody_out(
    room: Room, bob: Participant, speaker: User, listener: User
) -> None:
    block(by=speaker, person=listener)
    bob.refresh_from_db()
    assert bob.left_at is None


@pytest.mark.usefixtures("engine")
async def test_a_listener_is_warned_when_somebody_they_blocked_comes_on_stage(
    room: Room, host: User, speaker: User, listener: User
) -> None:
    await Block.objects.acreate(blocker=listener, blocked=speaker)
    async with (
        Client(room, host) as ada,
        Client(room, speaker) as eve,
        Client(room, listener) as bob,
        Client(room) as guest,
    ):
        for client in (ada, eve, bob, guest):
            await client.join()
        assert bob.you["blocked_on_stage"] == []
        await ada.does("speaker.invite", participant=eve.you["id"])
        await eve.does("invitation.accept")
        await bob.told(blocked_on_stage=[eve.you["id"]])
        await guest.hears_stage(host="muted", speaker="muted")
        assert (await guest.join())["you"]["blocked_on_stage"] == []
        assert (await eve.join())["you"]["blocked_on_stage"] == []


@pytest.mark.parametrize("invite", [operations.invite_to_speak, operations.invite_cohost])
def test_an_invitation_from_somebody_blocked_never_arrives(
    invite: object, ada: Participant, bob: Participant, host: User, listener: User
) -> None:
    assert callable(invite)
    Block.objects.create(blocker=listener, blocked=host)
    invite(participant_id=ada.pk, target=bob.public_id)  # as if nothing were
    assert refusal(operations.accept_invitation, bob) == "not_invited"


def test_a_cohost_somebody_blocked_does_not_reach_them_but_the_host_does(
    room: Room, ada: Participant, bob: Participant, cohost: User, listener: User
) -> None:
    cleo = join(room, cohost)
    appoint(ada, cleo)
    Block.objects.create(blocker=listener, blocked=cohost)
    operations.invite_to_speak(participant_id=cleo.pk, target=bob.public_id)
    assert refusal(operations.accept_invitation, bob) == "not_invited"
    operations.invite_to_speak(participant_id=ada.pk, target=bob.public_id)
    operations.accept_invitation(participant_id=bob.pk)
