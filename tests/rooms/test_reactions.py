"""Reactions: shown to all in few messages, summed per minute for the host."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from accounts.models import User
from rooms import consumers, events, operations, reactions
from rooms.models import ReactionCount, Room
from rooms.reactions import BURST, KINDS
from tests.rooms.client import Client

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]

MINUTE = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)


async def shown_to(client: Client, **expected: int) -> Counter[str]:
    """All that is told until so many reactions in all were shown."""
    shown: Counter[str] = Counter()
    while shown.total() < expected["in_all"]:
        shown.update((await client.hears("reactions"))["counts"])
    return shown


async def test_everybody_may_react_and_everybody_sees_it(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob, Client(room) as guest:
        for client in (ada, bob, guest):
            await client.join()
        await ada.does("reaction.send", emoji="❤️")
        await bob.does("reaction.send", emoji="👏🏽")
        await guest.does("reaction.send", emoji="👏🏽")
        for client in (ada, bob, guest):
            assert await shown_to(client, in_all=3) == {"❤️": 1, "👏🏽": 2}


@pytest.mark.parametrize("emoji", ["🖕", "heart", "❤", "👏🏽👏🏽", "<b>", "😂🏽"])
async def test_nothing_but_the_set_is_a_reaction(room: Room, emoji: str) -> None:
    async with Client(room) as guest:
        await guest.join()
        assert await guest.is_refused("reaction.send", emoji=emoji) == "bad_argument"


async def test_one_person_reacts_only_so_fast(room: Room) -> None:
    async with Client(room) as guest, Client(room, visitor="e" * 32) as other:
        await guest.join()
        await other.join()
        for _ in range(BURST):
            await guest.does("reaction.send", emoji="💯")
        assert await guest.is_refused("reaction.send", emoji="💯") == "slow_down"
        await other.does("reaction.send", emoji="💯")
        await guest.does("ping")


async def test_many_reactions_at_once_are_one_message(room: Room) -> None:
    async with Client(room) as guest:
        await guest.join()
        live = await consumers.live_rooms.enter(room.pk, room.public_id)
        for _ in range(1000):
            live.reactions.add("😂")
        assert await guest.hears("reactions") == {"counts": {"😂": 1000}}


async def test_reactions_of_another_process_are_shown_once(room: Room) -> None:
    async with Client(room) as guest:
        await guest.join()
        await events.reacted(room.pk, "another process", {"🙌": 4})
        assert await shown_to(guest, in_all=4) == {"🙌": 4}
        await guest.does("reaction.send", emoji="❤️")
        assert await shown_to(guest, in_all=1) == {"❤️": 1}
        await events.reacted(room.pk, "another process", {"🙌": 1})
        assert await shown_to(guest, in_all=1) == {"🙌": 1}


@pytest.mark.usefixtures("quick_ticks")
async def test_the_host_reads_the_sums_whatever_the_skin_tone(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        for emoji in ("👏", "👏🏿", "❤️"):
            await bob.does("reaction.send", emoji=emoji)
        sums: Counter[str] = Counter()
        while sums != {"clap": 2, "heart": 1}:
            minutes = (await ada.does("reactions.read"))["minutes"]
            sums = sum((Counter(minute["counts"]) for minute in minutes), Counter())
        assert await bob.is_refused("reactions.read") == "not_allowed"


async def test_what_was_counted_is_saved_when_the_process_ends(room: Room) -> None:
    async with Client(room) as guest:
        await guest.join()
        await guest.does("reaction.send", emoji="✊🏾")
    await consumers.live_rooms.close()
    row = await ReactionCount.objects.aget()
    assert (row.kind, row.count) == ("fist", 1)


async def test_what_could_not_be_saved_is_saved_later(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_away(**_: object) -> None:
        raise OSError("no database")

    counted = reactions.Reactions(room.pk, {})
    counted.add("👍")
    with monkeypatch.context() as patched:
        patched.setattr(operations, "count_reactions", is_away)
        with pytest.raises(OSError, match="no database"):
            await counted.save()
    await counted.save()
    assert (await ReactionCount.objects.aget()).count == 1
    await counted.close()


def test_processes_add_up_in_one_row(room: Room) -> None:
    for _ in range(2):
        operations.count_reactions(room_id=room.pk, counts={(MINUTE, "heart"): 3})
    row = ReactionCount.objects.get()
    assert (row.minute, row.kind, row.count) == (MINUTE, "heart", 6)


def test_every_kind_has_its_emoji() -> None:
    assert set(KINDS.values()) == set(ReactionCount.Kind)
