"""The engine follows the database: who is heard, who is cut off, whatever happens in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from audio.fake import FakeEngine
from audio.protocol import (
    Connected,
    Lost,
    Network,
    Networks,
    RecordingFailed,
    RecordingResumed,
    Speaking,
)
from rooms import consumers, events, live
from rooms.live import LiveRooms
from rooms.models import Participant, Room
from tests.rooms.client import Client
from tests.rooms.offers import OFFER
from tests.rooms.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_recount(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms are not read again for the sake of the audience either."""
    monkeypatch.setattr(live, "AUDIENCE_SECONDS", 3600.0)


async def come_up(host: Client, speaker: Client) -> None:
    """From raising the hand to an open microphone."""
    await speaker.does("hand.raise")
    await host.does("hand.accept", participant=speaker.you["id"])
    await speaker.does("recording.accept")
    await speaker.does("mic.unmute")


@asynccontextmanager
async def on_stage(room: Room, host: User, speaker: User) -> AsyncIterator[tuple[Client, Client]]:
    """The host, muted, and a speaker with an open microphone."""
    async with Client(room, host) as ada, Client(room, speaker) as eve:
        await ada.join()
        await eve.join()
        await come_up(ada, eve)
        yield ada, eve


def voices(engine: FakeEngine, room: Room) -> set[str]:
    state = engine.rooms.get(room.public_id)
    return set(state.voices) if state else set()


def is_heard(engine: FakeEngine, room: Room, client: Client) -> bool:
    return client.you["id"] in voices(engine, room)


async def test_voices_follow_the_stage(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    async with on_stage(room, host, speaker) as (ada, eve):
        await until(lambda: voices(engine, room) == {eve.you["id"]})
        await ada.does("recording.accept")
        await ada.does("mic.unmute")
        await until(lambda: voices(engine, room) == {ada.you["id"], eve.you["id"]})
        await ada.does("participant.mute", participant=eve.you["id"])
        await until(lambda: voices(engine, room) == {ada.you["id"]})
        await eve.does("mic.unmute")
        await until(lambda: is_heard(engine, room, eve))
        await ada.does("participant.demote", participant=eve.you["id"])
        await until(lambda: voices(engine, room) == {ada.you["id"]})


async def test_who_asks_or_is_asked_to_speak_hears_without_delay_and_is_not_heard(
    engine: FakeEngine, room: Room, host: User, speaker: User, listener: User
) -> None:
    async with (
        Client(room, host) as ada,
        Client(room, speaker) as eve,
        Client(room, listener) as leo,
    ):
        for client in (ada, eve, leo):
            await client.join()
        hosts, eves, leos = (client.you["id"] for client in (ada, eve, leo))
        fake = engine.rooms[room.public_id]
        await until(lambda: fake.ready == {hosts})
        await eve.does("hand.raise")
        await until(lambda: fake.ready == {hosts, eves})
        await ada.does("speaker.invite", participant=leos)
        await until(lambda: fake.ready == {hosts, eves, leos})
        await leo.does("invitation.decline")
        await eve.does("hand.lower")
        await until(lambda: fake.ready == {hosts})
        assert fake.voices == frozenset()


async def test_an_offer_is_answered_once_more_after_another(engine: FakeEngine, room: Room) -> None:
    async with Client(room) as guest:
        await guest.join()
        for _ in range(2):
            assert (await guest.does("media.offer", sdp=OFFER))["sdp"].startswith("v=0")
        assert engine.rooms[room.public_id].participants == {guest.you["id"]}


async def test_a_removed_speaker_is_cut_off(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    async with on_stage(room, host, speaker) as (ada, eve):
        await eve.does("media.offer", sdp=OFFER)
        await until(lambda: is_heard(engine, room, eve))
        await ada.does("participant.remove", participant=eve.you["id"])
        fake = engine.rooms[room.public_id]
        await until(lambda: fake.voices == frozenset() and fake.participants == set())
        assert await eve.is_closed() == 4403


async def test_a_speaker_whose_socket_is_gone_is_muted_and_cut_off_all_the_same(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        async with Client(room, speaker) as eve:
            await eve.join()
            await come_up(ada, eve)
            await eve.does("media.offer", sdp=OFFER)
            await until(lambda: is_heard(engine, room, eve))
        await ada.hears_stage(host="muted", speaker="away")
        assert is_heard(engine, room, eve), "within the grace the voice goes on"
        await ada.does("participant.mute", participant=eve.you["id"])
        await until(lambda: not is_heard(engine, room, eve))
        await ada.does("participant.remove", participant=eve.you["id"])
        await until(lambda: engine.rooms[room.public_id].participants == set())


@pytest.mark.usefixtures("no_recount")
async def test_muting_does_not_depend_on_the_channel_layer(
    engine: FakeEngine, room: Room, host: User, speaker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_stage(room, host, speaker) as (ada, eve):
        await until(lambda: is_heard(engine, room, eve))
        monkeypatch.setattr(events, "_send", lambda group, message: None)
        await ada.does("participant.mute", participant=eve.you["id"])
        await until(lambda: not is_heard(engine, room, eve))


async def test_who_leaves_is_cut_off(engine: FakeEngine, room: Room, listener: User) -> None:
    async with Client(room, listener) as bob:
        await bob.join()
        await bob.does("media.offer", sdp=OFFER)
        await bob.does("leave")
        await until(lambda: engine.rooms[room.public_id].participants == set())


async def test_who_left_and_comes_back_hears_again(
    engine: FakeEngine, room: Room, listener: User
) -> None:
    for _ in range(2):
        async with Client(room, listener) as bob:
            await bob.join()
            await bob.does("media.offer", sdp=OFFER)
            assert engine.rooms[room.public_id].participants == {bob.you["id"]}
            await bob.does("leave")
            await until(lambda: engine.rooms[room.public_id].participants == set())


async def test_the_end_closes_the_room_at_the_engine(
    engine: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        await until(lambda: room.public_id in engine.rooms)
        await ada.does("room.end")
        await until(lambda: engine.closed == [room.public_id])
        assert await ada.is_closed() == 4410


@pytest.mark.usefixtures("no_recount")
async def test_a_restarted_engine_is_told_again(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    async with on_stage(room, host, speaker) as (_ada, eve):
        await until(lambda: is_heard(engine, room, eve))
        engine.go_away()
        await until(lambda: is_heard(engine, room, eve))
        assert (await eve.does("media.offer", sdp=OFFER))["sdp"]


async def test_after_a_restart_of_the_engine_everybody_is_asked_for_a_new_offer(
    engine: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        for person in (ada, guest):
            await person.join()
            await person.does("media.offer", sdp=OFFER)
        engine.emit(Speaking(room.public_id, frozenset({ada.you["id"]})))
        await guest.hears("speaking.changed", speaking=[ada.you["id"]])
        engine.go_away()
        for person in (ada, guest):
            await person.hears("media.lost")
        await guest.hears("speaking.changed", speaking=[])


async def test_an_engine_that_lost_only_the_connection_keeps_everybodys_sound(
    engine: FakeEngine, room: Room
) -> None:
    async with Client(room) as guest:
        await guest.join()
        await guest.does("media.offer", sdp=OFFER)
        before = engine.opened
        engine.hang_up()
        await until(lambda: engine.opened > before)
        engine.emit(Speaking(room.public_id, frozenset({"somebody"})))
        await guest.hears("speaking.changed", speaking=["somebody"])
        assert not guest.has_heard("media.lost")


async def test_a_new_web_process_silences_nobody_who_may_speak(
    engine: FakeEngine, room: Room, host: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        await ada.does("recording.accept")
        await ada.does("mic.unmute")
        await until(lambda: is_heard(engine, room, ada))
    engine.rooms[room.public_id].said_voices.clear()
    monkeypatch.setattr(consumers, "live_rooms", another := LiveRooms())
    async with Client(room, host) as ada:
        await ada.join()
        await until(lambda: bool(engine.rooms[room.public_id].said_voices))
        assert set(engine.rooms[room.public_id].said_voices) == {frozenset({ada.you["id"]})}
    await another.close()


@pytest.mark.usefixtures("quick_ticks")
async def test_who_left_while_no_web_process_ran_is_not_heard_for_ever(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    """The killed process could not note that the connection went."""
    stage = room.participants
    await stage.acreate(
        user=speaker, role="speaker", muted=False, recording_accepted_at=timezone.now(),
        visitor="2" * 32, connection="of the killed process", on_stage_since=timezone.now(),
    )  # fmt: skip
    async with Client(room, host) as ada:
        await ada.join()
        await until(lambda: len(voices(engine, room)) == 1)
        long_ago = timezone.now() - timedelta(seconds=61)
        await stage.filter(user=speaker).aupdate(last_seen_at=long_ago)
        await until(lambda: voices(engine, room) == set())
        await ada.hears_stage(host="muted")


@pytest.mark.usefixtures("no_recount")
async def test_an_engine_that_was_away_is_told_when_it_is_back(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    engine.available = False
    async with on_stage(room, host, speaker) as (_ada, eve):
        assert await eve.is_refused("media.offer", sdp=OFFER) == "engine_unavailable"
        engine.available = True
        await until(lambda: is_heard(engine, room, eve))
        assert (await eve.does("media.offer", sdp=OFFER))["sdp"]


async def test_everybody_sees_who_is_audible_in_the_mix(
    engine: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        ada_id = ada.you["id"]
        engine.emit(Speaking(room.public_id, frozenset({ada_id})))
        await ada.hears("speaking.changed", speaking=[ada_id])
        await guest.hears("speaking.changed", speaking=[ada_id])
        async with Client(room, visitor="1" * 32) as late:
            assert (await late.join())["speaking"] == [ada_id]
        engine.emit(Speaking(room.public_id, frozenset()))
        await guest.hears("speaking.changed", speaking=[])


async def test_only_the_person_hears_that_the_transport_is_lost(
    engine: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        engine.emit(Connected(room.public_id, guest.you["id"]))
        engine.emit(Lost(room.public_id, guest.you["id"]))
        await guest.hears("media.lost")
        await ada.does("ping")
        assert not ada.has_heard("media.lost")


async def test_only_the_host_hears_that_the_recording_failed_and_goes_on(
    engine: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        engine.emit(RecordingFailed(room.public_id, "the disk is full"))
        await ada.hears("recording.failed")
        engine.emit(RecordingResumed(room.public_id))
        await ada.hears("recording.resumed")
        await guest.does("ping")
        assert not guest.has_heard("recording.failed")
        assert not guest.has_heard("recording.resumed")


async def test_everybody_hears_of_their_own_network_alone(
    engine: FakeEngine, room: Room, host: User
) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        engine.emit(Networks(room.public_id, {guest.you["id"]: Network(0.05, 120)}))
        await guest.hears("you.network", loss=0.05, round_trip_ms=120)
        await ada.does("ping")
        assert not ada.has_heard("you.network")


async def test_news_of_a_room_without_people_here_are_nobodys(
    engine: FakeEngine, room: Room
) -> None:
    async with Client(room) as guest:
        await guest.join()
        engine.emit(Speaking("elsewhere", frozenset({"somebody"})))
        engine.emit(Speaking(room.public_id, frozenset({"somebody"})))
        await guest.hears("speaking.changed", speaking=["somebody"])


@pytest.mark.usefixtures("quick_ticks")
async def test_an_absent_speaker_is_not_heard_for_ever(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    async with Client(room, host) as ada:
        await ada.join()
        async with Client(room, speaker) as eve:
            await eve.join()
            await come_up(ada, eve)
            await until(lambda: is_heard(engine, room, eve))
        await ada.hears_stage(host="muted", speaker="away")
        long_ago = timezone.now() - timedelta(seconds=61)
        await Participant.objects.filter(user=speaker).aupdate(last_seen_at=long_ago)
        await until(lambda: not is_heard(engine, room, eve))
        await ada.hears_stage(host="muted")


@pytest.mark.usefixtures("quick_ticks")
async def test_a_change_behind_our_back_is_found_by_the_tick(
    engine: FakeEngine, room: Room, host: User, speaker: User
) -> None:
    async with on_stage(room, host, speaker) as (_ada, eve):
        await eve.hears("you.changed", why="unmuted")  # the last message is through
        await Participant.objects.filter(user=speaker).aupdate(role="listener", muted=True)
        await eve.becomes("listener", why="changed")
        await until(lambda: not is_heard(engine, room, eve))
