"""A deleted account and the copies of the Spaces its person was in."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts import closing
from accounts.models import User
from recordings import forgetting, operations, purge
from recordings.models import PurgeRecord, Recording
from rooms.models import Participant, Room
from tests.recordings.conftest import ENDED

pytestmark = pytest.mark.django_db(transaction=True)


def days(number: int) -> timedelta:
    return timedelta(days=number, minutes=1)


def forget_who_is_due() -> None:
    for user_id in forgetting.due_to_be_forgotten():
        forgetting.forget(user_id=user_id)


def test_a_space_that_is_live_ends(host: User) -> None:
    room = Room.objects.create(host=host, title="Still talking")
    closing.close_account(user=host)
    room.refresh_from_db()
    assert room.end_reason == Room.EndReason.HOST


def test_a_flagged_copy_stays_its_time_and_is_then_gone_with_the_account(
    archived: Recording, host: User, moderator: User
) -> None:
    operations.flag(room=archived.room)
    closing.close_account(user=host)
    assert not purge.purge(recording_id=archived.pk, now=ENDED + days(89))
    forget_who_is_due()
    desk = Client()
    desk.force_login(moderator, backend="django.contrib.auth.backends.ModelBackend")
    mix = archived.files.get(kind="mix")
    assert desk.head(f"/recordings/files/{mix.pk}/").status_code == 307
    assert User.objects.filter(pk=host.pk).exists()

    assert purge.purge(recording_id=archived.pk, now=ENDED + days(90))
    forget_who_is_due()
    assert not User.objects.filter(pk=host.pk).exists()
    assert not Room.objects.exists()
    assert PurgeRecord.objects.get().room_public_id == archived.room.public_id


def test_until_then_the_page_names_nobody(archived: Recording, host: User, client: Client) -> None:
    closing.close_account(user=host)
    page = client.get(f"/spaces/{archived.room.public_id}/").content.decode()
    assert "Deleted account" in page
    assert "/@" not in page


def test_a_speaker_becomes_a_guest_when_the_copy_is_gone(
    archived: Recording, speaker: User
) -> None:
    closing.close_account(user=speaker)
    forget_who_is_due()
    person = Participant.objects.get(user=speaker)
    assert person.name == "Deleted account"

    purge.purge(recording_id=archived.pk, now=ENDED + days(30))
    forget_who_is_due()
    person.refresh_from_db()
    assert person.is_guest
    assert not User.objects.filter(pk=speaker.pk).exists()


def test_two_accounts_of_one_browser_are_both_forgotten(
    archived: Recording, speaker: User, listener: User
) -> None:
    archived.room.participants.update(visitor="0" * 32)
    closing.close_account(user=speaker)
    closing.close_account(user=listener)
    purge.purge(recording_id=archived.pk, now=ENDED + days(30))
    forget_who_is_due()
    assert set(User.objects.values_list("handle", flat=True)) == {"host"}


def test_who_was_in_no_space_is_forgotten_at_once(outsider: User) -> None:
    closing.close_account(user=outsider)
    forget_who_is_due()
    assert not User.objects.filter(pk=outsider.pk).exists()


def test_nobody_else_is_forgotten(archived: Recording) -> None:
    purge.purge(recording_id=archived.pk, now=ENDED + days(30))
    forget_who_is_due()
    assert User.objects.count() == 3
