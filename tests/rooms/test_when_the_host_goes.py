"""Who runs a Space when the host hands it over, leaves or is lost, and how it ends without one."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import DomainError
from accounts.models import Block, User
from recordings import policy as recordings_policy
from rooms import operations, tasks
from rooms.models import Participant, Room
from rooms.signals import room_ended
from tests.rooms.client import Client
from tests.rooms.test_running_a_space_together import appoint
from tests.rooms.test_stage import join, refusal

Role = Participant.Role


@pytest.fixture
def ada(room: Room, host: User) -> Participant:
    return join(room, host)


@pytest.fixture
def cleo(room: Room, ada: Participant, cohost: User) -> Participant:
    cleo = join(room, cohost)
    appoint(ada, cleo)
    return cleo


@pytest.fixture
def eve(room: Room, ada: Participant, speaker: User) -> Participant:
    eve = join(room, speaker)
    operations.raise_hand(participant_id=eve.pk)
    operations.accept_hand(participant_id=ada.pk, target=eve.public_id)
    return eve


@pytest.fixture
def bob(room: Room, listener: User) -> Participant:
    return join(room, listener)


def lose(who: Participant, *, seconds_ago: float = 0) -> None:
    """The connection goes, and the last sign of life was that long ago."""
    operations.disconnect(participant_id=who.pk, connection="tab")
    then = timezone.now() - timedelta(seconds=seconds_ago)
    Participant.objects.filter(pk=who.pk).update(last_seen_at=then)
    Room.objects.filter(unattended_since__gt=then).update(unattended_since=then)


def now_of(room: Room) -> Room:
    return Room.objects.get(pk=room.pk)


def roles(room: Room) -> dict[str, str]:
    people = room.participants.select_related("user")
    return {who.user.handle: who.role for who in people if who.user}


# --- handing over --------------------------------------------------------------------------


def test_the_space_is_handed_over_once_the_other_accepts(
    room: Room, ada: Participant, eve: Participant, host: User, speaker: User
) -> None:
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    assert roles(room) == {"host": "host", "speaker": "speaker"}
    operations.accept_invitation(participant_id=eve.pk)
    assert roles(room) == {"host": "cohost", "speaker": "host"}
    assert now_of(room).host == speaker
    assert refusal(operations.end_room_as, ada) == "not_allowed"
    operations.end_room_as(participant_id=eve.pk)


def test_both_who_started_and_who_took_over_have_the_recording(
    room: Room, ada: Participant, eve: Participant, host: User, speaker: User, cohost: User
) -> None:
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    operations.accept_invitation(participant_id=eve.pk)
    may = {who.handle: recordings_policy.can_listen(who, now_of(room)) for who in (host, speaker)}
    assert may == {"host": True, "speaker": True}
    assert not recordings_policy.can_listen(cohost, now_of(room))


def test_only_somebody_on_stage_is_offered_the_space(ada: Participant, bob: Participant) -> None:
    assert refusal(operations.offer_host, ada, bob) == "not_on_stage"


def test_a_newer_offer_withdraws_the_older(
    ada: Participant, eve: Participant, cleo: Participant
) -> None:
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    operations.offer_host(participant_id=ada.pk, target=cleo.public_id)
    assert refusal(operations.accept_invitation, eve) == "not_invited"
    operations.accept_invitation(participant_id=cleo.pk)


def test_who_was_sent_back_does_not_become_the_host(ada: Participant, eve: Participant) -> None:
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    operations.demote(participant_id=ada.pk, target=eve.public_id)
    assert refusal(operations.accept_invitation, eve) == "not_invited"


def test_where_no_place_is_free_the_former_host_is_a_speaker(
    settings: Settings, room: Room, ada: Participant, cleo: Participant, eve: Participant
) -> None:
    settings.COHOST_LIMIT = 1
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    operations.accept_invitation(participant_id=eve.pk)
    assert roles(room) == {"host": "speaker", "cohost": "cohost", "speaker": "host"}


def test_whom_the_new_host_blocked_is_put_out(
    room: Room, ada: Participant, eve: Participant, bob: Participant, speaker: User, listener: User
) -> None:
    Block.objects.create(blocker=speaker, blocked=listener)
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    operations.accept_invitation(participant_id=eve.pk)
    bob.refresh_from_db()
    assert bob.left_at is not None
    with pytest.raises(DomainError, match="refused"):
        join(room, bob.user)


def test_a_handed_over_space_counts_for_who_started_it(
    settings: Settings, ada: Participant, eve: Participant, host: User
) -> None:
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    operations.accept_invitation(participant_id=eve.pk)
    settings.SPACES_PER_HOUR = 1
    with pytest.raises(DomainError, match="too_many_rooms"):
        operations.create_room(host=host, title="Again")


# --- successors ----------------------------------------------------------------------------


def test_the_successor_takes_over_when_the_host_leaves(
    room: Room, ada: Participant, eve: Participant
) -> None:
    operations.name_successor(participant_id=ada.pk, target=eve.public_id)
    operations.leave(participant_id=ada.pk)
    assert now_of(room).host == eve.user
    assert now_of(room).unattended_since is None


def test_the_successor_waits_for_a_host_who_was_lost(
    room: Room, ada: Participant, eve: Participant
) -> None:
    operations.name_successor(participant_id=ada.pk, target=eve.public_id)
    lose(ada, seconds_ago=179)
    tasks.sweep_rooms()
    assert now_of(room).host == ada.user
    lose(ada, seconds_ago=181)
    Participant.objects.filter(pk=ada.pk).update(
        last_seen_at=timezone.now() - timedelta(seconds=181)
    )
    tasks.sweep_rooms()
    assert now_of(room).host == eve.user
    assert now_of(room).is_live
    assert join(room, ada.user).role == Role.COHOST


def test_without_a_word_to_the_contrary_the_host_takes_a_successor_back(
    room: Room, ada: Participant, eve: Participant
) -> None:
    operations.name_successor(participant_id=ada.pk, target=eve.public_id)
    operations.name_successor(participant_id=ada.pk, target=ada.public_id)
    operations.leave(participant_id=ada.pk)
    assert now_of(room).host == ada.user


def test_an_absent_successor_takes_nothing_over(
    room: Room, ada: Participant, eve: Participant
) -> None:
    operations.name_successor(participant_id=ada.pk, target=eve.public_id)
    operations.leave(participant_id=eve.pk)
    operations.leave(participant_id=ada.pk)
    assert now_of(room).host == ada.user
    assert now_of(room).unattended_since is not None


# --- the countdown -------------------------------------------------------------------------


def test_a_cohost_carries_on(room: Room, ada: Participant, cleo: Participant) -> None:
    lose(ada, seconds_ago=3600)
    tasks.sweep_rooms()
    assert now_of(room).is_live
    assert now_of(room).unattended_since is None
    assert join(room, ada.user).role == Role.HOST


@pytest.mark.parametrize("goes", [operations.leave, operations.leave_stage])
def test_the_countdown_starts_when_the_last_cohost_goes(
    goes: object, room: Room, ada: Participant, cleo: Participant
) -> None:
    assert callable(goes)
    lose(ada, seconds_ago=3600)
    goes(participant_id=cleo.pk)
    tasks.sweep_rooms()
    assert now_of(room).is_live
    assert now_of(room).unattended_since is not None
    Room.objects.update(unattended_since=timezone.now() - timedelta(seconds=181))
    heard: list[int] = []
    room_ended.connect(lambda room_id, **_: heard.append(room_id), weak=False, dispatch_uid="test")
    tasks.sweep_rooms()
    room_ended.disconnect(dispatch_uid="test")
    assert now_of(room).end_reason == Room.EndReason.HOST_GONE


def test_a_lost_cohost_comes_back_as_one_while_a_place_is_free(
    room: Room, ada: Participant, cleo: Participant, eve: Participant, settings: Settings
) -> None:
    settings.COHOST_LIMIT = 1
    lose(cleo, seconds_ago=100)
    tasks.sweep_rooms()
    assert join(room, cleo.user).role == Role.COHOST
    lose(cleo, seconds_ago=100)
    tasks.sweep_rooms()
    appoint(ada, eve)
    assert join(room, cleo.user).role == Role.LISTENER


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine")
async def test_everybody_sees_the_deadline_come_and_go(room: Room, host: User) -> None:
    async with Client(room) as guest:
        assert (await guest.join())["room"]["ends_at"] is not None
        async with Client(room, host) as ada:
            await ada.join()
            assert (await guest.hears("room.changed"))["room"]["ends_at"] is None
        data = await guest.hears("room.changed")
        assert data["room"]["ends_at"] > data["now"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine", "quick_ticks")
async def test_a_space_ends_by_itself_for_those_who_are_in(room: Room, host: User) -> None:
    async with Client(room, host) as ada, Client(room) as guest:
        await ada.join()
        await guest.join()
        await ada.does("leave")
        await Room.objects.aupdate(unattended_since=timezone.now() - timedelta(seconds=181))
        await guest.hears("room.ended", reason="host_gone")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine")
async def test_the_new_host_is_told_and_has_the_powers(
    room: Room, host: User, speaker: User
) -> None:
    async with Client(room, host) as ada, Client(room, speaker) as eve:
        await ada.join()
        await eve.join()
        await ada.does("speaker.invite", participant=eve.you["id"])
        await eve.does("invitation.accept")
        await ada.does("room.hand_over", participant=eve.you["id"])
        assert (await eve.hears("you.changed", why="invited"))["you"]["invited"] in ("host", None)
        await eve.does("invitation.accept")
        await eve.becomes("host", why="handed_over")
        await ada.becomes("cohost", why="handed_over")
        assert await ada.is_refused("room.end") == "not_allowed"
        await eve.does("room.end")
