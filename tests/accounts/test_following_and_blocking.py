"""People follow each other, and keep away from each other."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import operations
from accounts.errors import DomainError
from accounts.models import Block, Follow, User

Browser = Callable[[User], Client]


def test_following_and_unfollowing_with_the_button(
    browser_of: Browser, listener: User, host: User
) -> None:
    client = browser_of(listener)
    page = client.post("/@host/follow/", follow=True).content.decode()
    assert "1 follower" in page
    assert "Unfollow" in page
    assert Follow.objects.filter(follower=listener, followed=host).exists()
    client.post("/@host/unfollow/")
    assert not Follow.objects.exists()


def test_blocking_ends_the_following_in_both_directions(
    browser_of: Browser, listener: User, host: User
) -> None:
    operations.follow(by=listener, person=host)
    operations.follow(by=host, person=listener)
    page = browser_of(host).post("/@listener/block/", follow=True).content.decode()
    assert "You have blocked this person" in page
    assert "/@listener/follow/" not in page
    assert not Follow.objects.exists()


def test_unblocking_does_not_bring_the_following_back(
    browser_of: Browser, host: User, blocked: User
) -> None:
    browser_of(host).post("/@blocked/unblock/")
    assert not Block.objects.exists()
    assert not Follow.objects.exists()


def test_neither_side_of_a_block_can_follow_the_other(host: User, blocked: User) -> None:
    for by, other in ((host, blocked), (blocked, host)):
        with pytest.raises(DomainError, match="blocked"):
            operations.follow(by=by, person=other)
    assert not Follow.objects.exists()


def test_the_refusal_is_read_on_the_profile(browser_of: Browser, host: User, blocked: User) -> None:
    page = browser_of(blocked).post("/@host/follow/", follow=True).content.decode()
    assert "You cannot follow this person." in page


@pytest.mark.parametrize("verb", ["follow", "block"])
def test_nobody_follows_or_blocks_themselves(
    browser_of: Browser, listener: User, verb: str
) -> None:
    page = browser_of(listener).post(f"/@listener/{verb}/", follow=True).content.decode()
    assert f"You cannot {verb} yourself." in page
    assert not Follow.objects.exists()
    assert not Block.objects.exists()


def test_doing_it_twice_changes_nothing(listener: User, host: User) -> None:
    for _ in range(2):
        operations.follow(by=listener, person=host)
    assert Follow.objects.count() == 1
    for _ in range(2):
        operations.block(by=listener, person=host)
    assert Block.objects.count() == 1
    for _ in range(2):
        operations.unblock(by=listener, person=host)
        operations.unfollow(by=listener, person=host)


@pytest.mark.parametrize("verb", ["follow", "unfollow", "block", "unblock"])
def test_visitors_are_asked_to_log_in(client: Client, host: User, verb: str) -> None:
    response = client.post(f"/@host/{verb}/")
    assert response["Location"] == f"/accounts/login/?next=/%40host/{verb}/"


@pytest.mark.parametrize("verb", ["follow", "block"])
def test_a_link_alone_does_nothing(
    browser_of: Browser, listener: User, host: User, verb: str
) -> None:
    response = browser_of(listener).get(f"/@host/{verb}/")
    assert response["Location"] == "/@host/"
    assert not Follow.objects.exists()
    assert not Block.objects.exists()


def test_without_the_token_of_the_page_nothing_happens(listener: User, host: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(listener, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post("/@host/follow/").status_code == 403
    assert not Follow.objects.exists()


def test_somebody_who_does_not_exist_cannot_be_followed(
    browser_of: Browser, listener: User
) -> None:
    assert browser_of(listener).post("/@nobody/follow/").status_code == 404
