"""What hosts decide for all at once: next, mute all, lock, send back, who may speak."""

import pytest

from accounts.models import Follow, User
from accounts.operations import follow, unfollow
from rooms import operations
from rooms.models import Participant, Room
from tests.conftest import person
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
    talk(cleo)
    return cleo


@pytest.fixture
def eve(room: Room, ada: Participant, speaker: User) -> Participant:
    """A speaker with an open microphone."""
    eve = join(room, speaker)
    operations.raise_hand(participant_id=eve.pk)
    operations.accept_hand(participant_id=ada.pk, target=eve.public_id)
    talk(eve)
    return eve


@pytest.fixture
def bob(room: Room, listener: User) -> Participant:
    return join(room, listener)


def talk(who: Participant) -> None:
    operations.accept_recording(participant_id=who.pk)
    operations.unmute_self(participant_id=who.pk)


def open_microphones(room: Room) -> set[str]:
    people = room.participants.filter(muted=False).select_related("user")
    return {who.user.handle for who in people if who.user}


def test_next_is_who_waited_longest(room: Room, ada: Participant) -> None:
    first, second = join(room, person("first")), join(room, person("second"))
    for who in (second, first):
        operations.raise_hand(participant_id=who.pk)
    operations.accept_next_hand(participant_id=ada.pk)
    second.refresh_from_db()
    first.refresh_from_db()
    assert (second.role, first.role) == (Role.SPEAKER, Role.LISTENER)
    operations.accept_next_hand(participant_id=ada.pk)
    assert refusal(operations.accept_next_hand, ada) == "no_raised_hand"


def test_a_hand_is_declined_for_a_reason_that_exists(ada: Participant, bob: Participant) -> None:
    operations.raise_hand(participant_id=bob.pk)
    assert refusal(operations.decline_hand, ada, bob, reason="beard") == "bad_argument"
    operations.decline_hand(participant_id=ada.pk, target=bob.public_id, reason="topic")
    bob.refresh_from_db()
    assert bob.hand_raised_at is None
    assert bob.room.events.get(kind="declined").data == {"reason": "topic"}


def test_mute_all_mutes_whom_one_may_mute(
    room: Room, ada: Participant, cleo: Participant, eve: Participant
) -> None:
    talk(ada)
    operations.mute_all(participant_id=cleo.pk)
    assert open_microphones(room) == {"host", "cohost"}
    talk(eve)
    operations.mute_all(participant_id=ada.pk)
    assert open_microphones(room) == {"host"}


def test_a_locked_stage_keeps_speakers_muted_and_lets_hosts_talk(
    room: Room, ada: Participant, cleo: Participant, eve: Participant
) -> None:
    operations.lock_stage(participant_id=cleo.pk)
    assert "speaker" in open_microphones(room), "who talks is not cut off by the lock"
    operations.mute_all(participant_id=ada.pk)
    assert refusal(operations.unmute_self, eve) == "stage_locked"
    talk(cleo)
    operations.unlock_stage(participant_id=ada.pk)
    talk(eve)


def test_sending_all_back_leaves_the_cohosts(
    room: Room, ada: Participant, cleo: Participant, eve: Participant
) -> None:
    operations.clear_stage(participant_id=cleo.pk)
    for who in (ada, cleo, eve):
        who.refresh_from_db()
    assert (ada.role, cleo.role, eve.role) == (Role.HOST, Role.COHOST, Role.LISTENER)


@pytest.mark.parametrize(
    "operation",
    [
        operations.accept_next_hand,
        operations.mute_all,
        operations.clear_stage,
        operations.lock_stage,
        operations.unlock_stage,
    ],
)
def test_speakers_decide_nothing_for_the_stage(operation: object, eve: Participant) -> None:
    assert callable(operation)
    assert refusal(operation, eve) == "not_allowed"


def test_a_narrower_policy_lowers_the_hands_that_it_forbids(
    room: Room, host: User, ada: Participant, bob: Participant, outsider: User
) -> None:
    follow(by=host, person=outsider)
    friend = join(room, outsider)
    for who in (bob, friend):
        operations.raise_hand(participant_id=who.pk)
    operations.set_speaker_policy(participant_id=ada.pk, speaker_policy="followed")
    assert set(room.participants.exclude(hand_raised_at=None)) == {friend}
    operations.set_speaker_policy(participant_id=ada.pk, speaker_policy="invited")
    assert not room.participants.exclude(hand_raised_at=None).exists()
    assert refusal(operations.set_speaker_policy, ada, speaker_policy="friends") == "bad_argument"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine")
async def test_everybody_learns_at_once_who_may_raise_a_hand(
    room: Room, host: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await bob.does("hand.raise")
        await ada.hears("hand.raised")
        await ada.does("policy.set", policy="followed")
        you = (await bob.hears("you.changed", why="hand_cancelled"))["you"]
        assert not you["hand_raised"]
        assert not you["may_raise_hand"]
        assert (await bob.hears("room.changed"))["room"]["speaker_policy"] == "followed"
        await ada.hears("hand.lowered", hands=[])
        await ada.does("participant.follow", participant=bob.you["id"])
        assert await ada.does("participant.relation", participant=bob.you["id"]) == {
            "following": True
        }
        await bob.told(may_raise_hand=True)
        await bob.does("hand.raise")
        await ada.does("participant.unfollow", participant=bob.you["id"])
        await bob.hears("you.changed", why="hand_cancelled")
        await ada.does("policy.set", policy="everyone")
        await bob.told(may_raise_hand=True)


@pytest.mark.django_db(transaction=True)
def test_following_elsewhere_reaches_the_stage(
    room: Room, host: User, ada: Participant, bob: Participant, listener: User
) -> None:
    follow(by=host, person=listener)
    operations.set_speaker_policy(participant_id=ada.pk, speaker_policy="followed")
    operations.raise_hand(participant_id=bob.pk)
    unfollow(by=host, person=listener)
    bob.refresh_from_db()
    assert bob.hand_raised_at is None
    assert not Follow.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine")
async def test_the_lock_and_a_reason_are_told(room: Room, host: User, listener: User) -> None:
    async with Client(room, host) as ada, Client(room, listener) as bob:
        await ada.join()
        await bob.join()
        await bob.does("hand.raise")
        await ada.does("hand.decline", participant=bob.you["id"], reason="topic")
        await bob.hears("you.changed", why="declined_topic")
        await bob.does("hand.raise")
        await ada.does("hand.next")
        await bob.becomes("speaker", why="accepted")
        await bob.does("recording.accept")
        await ada.does("stage.lock")
        assert (await bob.hears("room.changed"))["room"]["stage_locked"]
        assert await bob.is_refused("mic.unmute") == "stage_locked"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine")
async def test_a_new_cohost_sees_the_hands_and_a_former_one_does_not(
    room: Room, host: User, cohost: User, listener: User
) -> None:
    async with Client(room, host) as ada, Client(room, cohost) as cleo, Client(room, listener) as b:
        for client in (ada, cleo, b):
            await client.join()
        await b.does("hand.raise")
        await ada.hears("hand.raised")
        assert not cleo.has_heard("hand.raised")
        await ada.does("cohost.invite", participant=cleo.you["id"])
        assert (await cleo.hears("you.changed", why="invited"))["you"]["invited"] == "cohost"
        await cleo.does("invitation.accept")
        await cleo.becomes("cohost", why="cohost_made")
        assert [hand["handle"] for hand in (await cleo.hears("hand.raised"))["hands"]] == [
            "listener"
        ]
        await ada.does("participant.demote", participant=cleo.you["id"])
        await cleo.becomes("listener", why="demoted")
        await b.does("hand.lower")
        await ada.hears("hand.lowered", hands=[])
        await cleo.does("ping")
        assert not cleo.has_heard("hand.lowered")
