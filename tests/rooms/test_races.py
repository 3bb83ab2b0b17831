"""Two at the same moment, with real threads and real transactions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.errors import DomainError
from accounts.models import User
from rooms import operations
from rooms.models import Participant, Room
from tests.conftest import person

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls: list[Callable[[], object]]) -> list[str]:
    """Start all calls at the same moment; their error codes, sorted, with `done` for success."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> str:
        barrier.wait()
        try:
            call()
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as threads:
        return sorted(threads.map(run, calls))


def join(room: Room, user: User) -> Participant:
    return operations.join(
        room_id=room.pk, user=user, visitor=user.handle, connection=f"tab of {user.handle}"
    )


def test_two_take_the_last_place_on_stage_and_one_gets_it(
    room: Room, host: User, settings: Settings
) -> None:
    settings.SPEAKER_LIMIT = 2
    ada = join(room, host)
    waiting = [join(room, person(f"waiting{number}")) for number in range(4)]
    for bob in waiting:
        operations.raise_hand(participant_id=bob.pk)

    def accept(bob: Participant) -> Callable[[], None]:
        return lambda: operations.accept_hand(participant_id=ada.pk, target=bob.public_id)

    assert at_once([accept(bob) for bob in waiting]) == ["done", "done", "stage_full", "stage_full"]
    assert room.participants.filter(role=Participant.Role.SPEAKER).count() == 2
    assert room.participants.exclude(hand_raised_at=None).count() == 2


def test_two_tabs_that_join_at_once_are_one_participant(room: Room, listener: User) -> None:
    outcome = at_once([lambda: join(room, listener)] * 4)
    assert outcome == ["done"] * 4
    assert room.participants.filter(user=listener).count() == 1


def test_a_room_ends_once(room: Room, host: User) -> None:
    reasons = [Room.EndReason.MODERATOR, Room.EndReason.HOST_GONE] * 2
    ended: list[bool] = []

    def end(reason: Room.EndReason) -> Callable[[], None]:
        return lambda: ended.append(operations.end_room(room_id=room.pk, reason=reason))

    at_once([end(reason) for reason in reasons])
    assert sorted(ended) == [False, False, False, True]


def test_the_limit_of_spaces_an_hour_holds_also_at_once(host: User) -> None:
    outcome = at_once([lambda: operations.create_room(host=host, title="Bees")] * 14)
    assert outcome.count("done") == 10
    assert outcome.count("too_many_rooms") == 4


def test_two_hosts_who_say_next_let_two_different_people_up(
    room: Room, host: User, cohost: User
) -> None:
    ada, cleo = join(room, host), join(room, cohost)
    operations.invite_cohost(participant_id=ada.pk, target=cleo.public_id)
    operations.accept_invitation(participant_id=cleo.pk)
    for number in range(3):
        waiting = join(room, person(f"waiting{number}"))
        operations.raise_hand(participant_id=waiting.pk)

    def next_of(who: Participant) -> Callable[[], None]:
        return lambda: operations.accept_next_hand(participant_id=who.pk)

    assert at_once([next_of(ada), next_of(cleo)]) == ["done", "done"]
    assert room.participants.filter(role=Participant.Role.SPEAKER).count() == 2


def test_of_many_who_accept_only_as_many_become_cohost_as_there_are_places(
    room: Room, host: User
) -> None:
    ada = join(room, host)
    invited = [join(room, person(f"invited{number}")) for number in range(4)]
    for each in invited:
        operations.invite_cohost(participant_id=ada.pk, target=each.public_id)

    def accept(who: Participant) -> Callable[[], None]:
        return lambda: operations.accept_invitation(participant_id=who.pk)

    outcome = at_once([accept(each) for each in invited])
    assert outcome == ["cohosts_full", "cohosts_full", "done", "done"]


def test_a_space_that_is_handed_over_and_left_at_once_has_one_host(room: Room, host: User) -> None:
    ada, eve = join(room, host), join(room, person("eve"))
    operations.invite_to_speak(participant_id=ada.pk, target=eve.public_id)
    operations.accept_invitation(participant_id=eve.pk)
    operations.name_successor(participant_id=ada.pk, target=eve.public_id)
    operations.offer_host(participant_id=ada.pk, target=eve.public_id)
    at_once(
        [
            lambda: operations.accept_invitation(participant_id=eve.pk),
            lambda: operations.leave(participant_id=ada.pk),
        ]
    )
    assert [who.user for who in room.participants.filter(role="host")] == [eve.user]
