"""Coming in, as somebody with an account or as a guest, and coming back."""

import pytest

from accounts.models import User
from rooms.models import Room
from tests.rooms.client import Client

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


async def test_a_guest_gets_the_whole_state(room: Room, host: User) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        state = await guest.join()
        assert state["room"]["title"] == "Bees in the city"
        assert [person["handle"] for person in state["stage"]] == ["host"]
        assert state["you"]["is_guest"]
        assert state["you"]["role"] == "listener"
        assert not state["you"]["may_raise_hand"]
        assert state["audience"]["count"] == 1
        assert state["hands"] == []
        assert state["heartbeat_seconds"] == 10
        await ada.hears("audience.changed", audience=state["audience"])
