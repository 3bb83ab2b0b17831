"""Logging out ends what the account does in a live Space, and nothing else."""

import pytest
from channels.db import database_sync_to_async
from django.contrib.sessions.models import Session

from accounts.models import User
from rooms.models import Participant, Room
from tests.rooms.client import Client

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("engine", "quick_ticks"),
]


def log_out(user: User) -> None:
    """End the sessions of this person, as the page for logging out does with one."""
    for session in Session.objects.all():
        if session.get_decoded()["_auth_user_id"] == str(user.pk):
            session.delete()


async def test_who_logs_out_is_put_out_with_the_voice(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob, Client(room) as guest:
        for client in (ada, bob, guest):
            await client.join()
        await bob.does("hand.raise")
        await ada.does("hand.next")
        await bob.becomes("speaker", why="accepted")
        await database_sync_to_async(log_out)(listener)
        assert await bob.hears_error() == "logged_out"
        assert await bob.is_closed() == 4408
        assert await guest.does("ping") == await ada.does("ping") == {}
    gone = await Participant.objects.aget(user=listener)
    assert (gone.role, gone.left_at is None) == ("listener", False)
