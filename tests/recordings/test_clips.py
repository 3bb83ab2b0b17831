"""People cut clips out of a replay."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts import closing
from accounts.models import Suspension, User
from accounts.operations import suspend
from recordings import replays
from recordings.models import Clip, Recording, Replay

pytestmark = pytest.mark.django_db(transaction=True)
Browser = Callable[[User], Client]


@pytest.fixture
def browser_of() -> Browser:
    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return logged_in


@pytest.fixture
def published(archived: Recording, host: User) -> Recording:
    replays.publish(recording=archived, by=host, in_feed=False)
    return archived


def make(client: Client, recording: Recording, **data: str) -> str:
    address = f"/spaces/{recording.room.public_id}/clips/"
    form = {"title": "The <best> part", "start": "0.5", "seconds": "2", **data}
    return client.post(address, form, follow=True).content.decode()


def test_somebody_makes_one_and_everybody_hears_it(
    browser_of: Browser, published: Recording, listener: User
) -> None:
    page = make(browser_of(listener), published)
    assert "The &lt;best&gt; part" in page
    clip = Clip.objects.get()
    page = Client().get(f"/clips/{clip.public_id}/").content.decode()
    assert 'data-begin="0.5" data-end="2.5"' in page
    assert "Delete the clip" not in page


@pytest.mark.parametrize(
    "data", [{"seconds": "61"}, {"seconds": "0"}, {"start": "-1"}, {"title": ""}, {"start": "99"}]
)
def test_one_that_is_too_long_or_elsewhere_is_refused(
    browser_of: Browser, published: Recording, listener: User, data: dict[str, str]
) -> None:
    page = make(browser_of(listener), published, **data)
    assert "60 seconds" in page
    assert not Clip.objects.exists()


def test_it_takes_an_account_and_a_public_replay(
    browser_of: Browser, published: Recording, host: User, listener: User
) -> None:
    make(Client(), published)
    replays.unpublish(recording=published, by=host)
    make(browser_of(listener), published)
    assert not Clip.objects.exists()


def test_a_flood_of_clips_is_stopped(
    browser_of: Browser, published: Recording, listener: User
) -> None:
    client = browser_of(listener)
    for _ in range(replays.CLIPS_PER_HOUR):
        make(client, published)
    assert "Please wait a while." in make(client, published)
    assert Clip.objects.count() == replays.CLIPS_PER_HOUR


def test_its_maker_and_the_host_delete_it_and_nobody_else(
    browser_of: Browser, published: Recording, host: User, listener: User, outsider: User
) -> None:
    make(browser_of(listener), published)
    make(browser_of(listener), published)
    first, second = Clip.objects.all()
    assert browser_of(outsider).post(f"/clips/{first.public_id}/delete/").status_code == 404
    browser_of(listener).post(f"/clips/{first.public_id}/delete/")
    browser_of(host).post(f"/clips/{second.public_id}/delete/")
    assert not Clip.objects.exists()


def test_what_the_host_trims_away_is_no_clip_any_more(
    browser_of: Browser, published: Recording, host: User, listener: User
) -> None:
    make(browser_of(listener), published)
    clip = Clip.objects.get()
    replays.trim(recording=published, by=host, starts_at=1.0, ends_at=None)
    assert Client().get(f"/clips/{clip.public_id}/").status_code == 404


def test_it_goes_with_the_account_of_its_maker(
    browser_of: Browser, published: Recording, listener: User
) -> None:
    make(browser_of(listener), published)
    closing.close_account(user=listener)
    assert not Clip.objects.exists()


def test_a_host_who_deletes_their_account_shares_nothing_any_more(
    published: Recording, host: User
) -> None:
    closing.close_account(user=host)
    assert not Replay.objects.get().is_public


def is_to_be_had(clip: Clip, client: Client) -> bool:
    """Whether it is heard at its own page, and listed on that of the Space; both, or neither."""
    page = client.get(f"/clips/{clip.public_id}/")
    listed = client.get(f"/spaces/{clip.recording.room.public_id}/recording/").content.decode()
    assert (page.status_code == 200) == (f"/clips/{clip.public_id}/" in listed)
    return page.status_code == 200


def test_those_of_somebody_suspended_are_gone_while_that_lasts(
    browser_of: Browser, published: Recording, host: User, listener: User, moderator: User
) -> None:
    make(browser_of(listener), published)
    clip = Clip.objects.get()
    assert is_to_be_had(clip, Client())
    suspend(user=listener, by=moderator, reason="Abuse", ends_at=None)
    for who in (Client(), browser_of(host), browser_of(listener)):
        assert not is_to_be_had(clip, who)
    Suspension.objects.all().delete()
    assert is_to_be_had(clip, Client())


def test_a_moderator_withdraws_one_and_gives_it_back(
    browser_of: Browser, published: Recording, host: User, listener: User, moderator: User
) -> None:
    make(browser_of(listener), published)
    make(browser_of(listener), published, title="Another")
    clip, other = Clip.objects.all()
    desk = browser_of(moderator)

    def act(action: str) -> None:
        data = {"action": action, "_selected_action": [clip.pk]}
        assert desk.post("/admin/recordings/clip/", data).status_code == 302

    assert f"/clips/{clip.public_id}/" in desk.get("/admin/recordings/clip/").content.decode()
    act("withdraw")
    for who in (Client(), browser_of(host), browser_of(listener)):
        assert not is_to_be_had(clip, who)
    assert is_to_be_had(other, Client())
    act("restore")
    assert is_to_be_had(clip, Client())
    noted = LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message")
    assert list(noted) == [
        (moderator.pk, str(clip.pk), "Withdrawn."),
        (moderator.pk, str(clip.pk), "Given back."),
    ]
