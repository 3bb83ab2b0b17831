"""TURN servers are handed to whoever joins, with credentials that end."""

import base64
import hashlib
import hmac
import time

import pytest
from pytest_django import Settings

from rooms.models import Room
from rooms.relays import ice_servers
from tests.rooms.client import Client

URLS = ["turn:turn.example.org:3478", "turns:turn.example.org:443?transport=tcp"]


@pytest.fixture
def turn(settings: Settings) -> None:
    settings.TURN_URLS, settings.TURN_SECRET, settings.TURN_TTL = URLS, "north", 600


@pytest.mark.usefixtures("turn")
def test_the_credentials_are_coturns_and_end_in_time() -> None:
    (server,) = ice_servers("p1", 1_800_000_000.9)
    assert server["urls"] == URLS
    assert server["username"] == "1800000600:p1"
    digest = hmac.new(b"north", b"1800000600:p1", hashlib.sha1).digest()
    assert base64.b64decode(server["credential"]) == digest


def test_without_turn_servers_there_are_none() -> None:
    assert ice_servers("p1", 1_800_000_000) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine", "turn")
async def test_whoever_joins_gets_them_and_joining_again_renews_them(
    room: Room, settings: Settings
) -> None:
    async with Client(room) as guest:
        state = await guest.join()
        (server,) = state["ice_servers"]
        assert state["ice_servers_seconds"] == 600
        ends, _, name = server["username"].partition(":")
        assert name == state["you"]["id"]
        assert 0 < int(ends) - time.time() <= 600
        settings.TURN_TTL = 1200
        (renewed,) = (await guest.join())["ice_servers"]
        assert int(renewed["username"].partition(":")[0]) > int(ends)
