"""A join costs the same however many are in: people are counted, sampled and told in batches."""

import asyncio

import pytest

from rooms import live
from rooms.models import Participant, Room
from tests.rooms.client import Client
from tests.rooms.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]

ANN, BEN, CID = (letter * 32 for letter in "abc")


async def fill(room: Room, count: int, name: str = "visitor") -> None:
    """So many people come in at once, by way of other processes."""
    await Participant.objects.abulk_create(
        Participant(room=room, visitor=f"{name} {number}", connection="tab")
        for number in range(count)
    )


async def test_the_sample_of_a_large_audience_names_fifty(room: Room) -> None:
    await fill(room, 51)
    async with Client(room) as guest:
        audience = (await guest.join())["audience"]
        assert audience["count"] == 52
        assert len(audience["sample"]) == 50


async def test_while_the_same_are_named_only_the_count_is_told(room: Room) -> None:
    await fill(room, 60)
    async with Client(room, visitor=ANN) as ann, Client(room, visitor=BEN) as ben:
        await ann.join()
        await fill(room, 5, "latecomer")
        await ben.join()
        audience = (await ann.hears("audience.changed"))["audience"]
        assert audience in ({"count": 66}, {"count": 67}), "the last one alone is no news"


async def test_one_more_of_hundreds_is_no_news(room: Room) -> None:
    await fill(room, 300)
    async with Client(room, visitor=ANN) as ann, Client(room, visitor=BEN) as ben:
        await ann.join()
        assert (await ben.join())["audience"]["count"] == 302
        await fill(room, 7, "latecomer")
        async with Client(room, visitor=CID) as cid:
            assert (await cid.join())["audience"]["count"] == 310
            heard = await ann.hears("audience.changed")
            assert heard["audience"].keys() == {"count"}
            assert heard["audience"]["count"] >= 309, "302 was not worth telling"


async def test_when_one_of_the_named_leaves_all_hear_who_is_named_now(room: Room) -> None:
    async with Client(room, visitor=ANN) as ann:
        await ann.join()
        await fill(room, 60)
        async with Client(room, visitor=BEN) as ben:
            await ben.join()
            named = (await ann.hears("audience.changed"))["audience"]["sample"]
            assert len(named) == 50
            first_visitor = Participant.objects.filter(visitor="visitor 0")
            await first_visitor.aupdate(connection="")
            await ben.does("leave")
            now_named = (await ann.hears("audience.changed"))["audience"]["sample"]
            assert now_named == [named[0], *named[2:], now_named[-1]]


@pytest.mark.usefixtures("quick_ticks")
async def test_in_a_large_room_everybody_is_noted_as_present_in_turn(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECKED_AT_ONCE", 1)
    async with Client(room, visitor=ANN) as ann, Client(room, visitor=BEN) as ben:
        await ann.join()
        await ben.join()
        seen = {person.pk: person.last_seen_at async for person in room.participants.all()}
        async with asyncio.timeout(PATIENCE):
            for key, before in seen.items():
                person = room.participants.filter(pk=key, last_seen_at__gt=before)
                while not await person.aexists():  # noqa: ASYNC110  it is the database that changes
                    await asyncio.sleep(0.01)
