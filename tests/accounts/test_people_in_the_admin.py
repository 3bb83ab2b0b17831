"""Moderators look at people in the admin; superusers change them."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from accounts.groups import PERMISSIONS
from accounts.models import User
from tests.conftest import person

Browser = Callable[[User], Client]
LIST = "/admin/accounts/user/"


@pytest.fixture
def root(db: None) -> User:
    return person("root", is_staff=True, is_superuser=True)


def test_the_group_of_moderators_may_what_its_work_needs(moderator: User) -> None:
    for app, codenames in PERMISSIONS.items():
        for codename in codenames:
            assert moderator.has_perm(f"{app}.{codename}"), codename
    for forbidden in ("change_user", "delete_user", "delete_betaapplication", "delete_suspension"):
        assert not moderator.has_perm(f"accounts.{forbidden}")


def test_a_further_migrate_gives_the_group_back_what_it_lost(db: None) -> None:
    group = Group.objects.get(name="moderators")
    allowed = set(group.permissions.values_list("codename", flat=True))
    group.permissions.clear()
    call_command("migrate", verbosity=0)
    assert set(group.permissions.values_list("codename", flat=True)) == allowed
    assert len(allowed) == sum(len(codenames) for codenames in PERMISSIONS.values())


@pytest.mark.parametrize(
    "where", ["", "accounts/user/", "accounts/betaapplication/", "accounts/suspension/"]
)
def test_moderators_reach_their_pages(browser_of: Browser, moderator: User, where: str) -> None:
    assert browser_of(moderator).get(f"/admin/{where}").status_code == 200


def test_outsiders_and_visitors_do_not_reach_the_admin(
    client: Client, browser_of: Browser, outsider: User
) -> None:
    for browser in (client, browser_of(outsider)):
        assert browser.get(LIST)["Location"].startswith("/admin/login/")


def test_a_moderator_sees_a_profile_without_password_and_permissions(
    browser_of: Browser, moderator: User, listener: User
) -> None:
    page = browser_of(moderator).get(f"{LIST}{listener.pk}/change/").content.decode()
    assert "listener@example.org" in page
    assert "md5" not in page
    assert "is_superuser" not in page
    assert 'name="_save"' not in page


def test_a_moderator_changes_nobody(browser_of: Browser, moderator: User, listener: User) -> None:
    client = browser_of(moderator)
    assert client.post(f"{LIST}{listener.pk}/change/", {"handle": "x"}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}{listener.pk}/delete/").status_code == 403
    assert client.get(f"{LIST}{listener.pk}/password/").status_code == 403


def test_a_permission_alone_does_not_open_the_way_to_superuser(
    browser_of: Browser, moderator: User
) -> None:
    group = Group.objects.get(name="moderators")
    group.permissions.add(*group.permissions.model.objects.filter(codename="change_user"))
    data = {"handle": "moderator", "email": moderator.email, "is_superuser": "on"}
    response = browser_of(moderator).post(f"{LIST}{moderator.pk}/change/", data)
    assert response.status_code == 403
    moderator.refresh_from_db()
    assert not moderator.is_superuser


def test_people_are_found_by_handle_name_and_address(
    browser_of: Browser, moderator: User, listener: User, host: User
) -> None:
    for words in ("listener", "Listener", "listener@example"):
        page = browser_of(moderator).get(LIST, {"q": words}).content.decode()
        assert "1 user" in page


def test_a_superuser_makes_and_changes_accounts(
    browser_of: Browser, root: User, listener: User
) -> None:
    client = browser_of(root)
    data = {
        "handle": "newcomer",
        "email": "newcomer@example.org",
        "display_name": "New Comer",
        "password1": "quite a long one",
        "password2": "quite a long one",
    }
    assert client.get(f"{LIST}add/").status_code == 200
    client.post(f"{LIST}add/", data)
    assert User.objects.get(handle="newcomer").check_password("quite a long one")

    page = client.get(f"{LIST}{listener.pk}/change/").content.decode()
    assert "is_superuser" in page
    data = {"handle": "listener", "email": listener.email, "display_name": "Renamed"}
    client.post(f"{LIST}{listener.pk}/change/", data)
    listener.refresh_from_db()
    assert listener.display_name == "Renamed"
    assert listener.check_password("pw")


def test_a_malformed_handle_is_refused_in_the_admin_too(browser_of: Browser, root: User) -> None:
    data = {
        "handle": "No Handle",
        "email": "x@example.org",
        "display_name": "X",
        "password1": "quite a long one",
        "password2": "quite a long one",
    }
    assert "errorlist" in browser_of(root).post(f"{LIST}add/", data).content.decode()
