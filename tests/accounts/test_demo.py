"""`manage.py demo` makes the people for a first look."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import operations
from accounts.models import BetaApplication, User

pytestmark = pytest.mark.django_db
HANDLES = ["host", "listener", "moderator", "outsider", "speaker"]


def demo(password: str) -> str:
    """Run the command; return what it prints."""
    printed = StringIO()
    call_command("demo", password=password, stdout=printed)
    return printed.getvalue()


def test_it_makes_five_people_who_can_log_in(client: Client) -> None:
    printed = demo("pw")
    assert list(User.objects.order_by("handle").values_list("handle", flat=True)) == HANDLES
    for handle in HANDLES:
        assert handle in printed
        client.post("/accounts/login/", {"login": handle, "password": "pw"})
        user = User.objects.get(handle=handle)
        assert client.session["_auth_user_id"] == str(user.pk)
        assert user.email == f"{handle}@example.org"
        assert " " in user.display_name
        client.logout()


def test_each_may_what_the_name_says() -> None:
    demo("pw")
    moderator = User.objects.get(handle="moderator")
    assert moderator.is_staff
    assert not moderator.is_superuser
    assert moderator.has_perm("accounts.change_betaapplication")
    testers = [user.handle for user in User.objects.all() if operations.is_beta_tester(user)]
    assert testers == ["host"]
    assert not mail.outbox


def test_a_second_run_keeps_the_people_and_sets_the_password() -> None:
    assert demo("first").count("made") == 5
    User.objects.filter(handle="host").update(display_name="Somebody")
    printed = demo("second")
    assert printed.count("kept") == 5
    assert User.objects.count() == 5
    assert BetaApplication.objects.count() == 1
    assert User.objects.get(handle="host").display_name == "Somebody"
    assert authenticate(username="host", password="second")
    assert not authenticate(username="host", password="first")


def test_an_empty_password_is_refused() -> None:
    with pytest.raises(CommandError, match="password is empty"):
        demo("")
    assert not User.objects.exists()


def test_an_address_in_use_stops_it_before_anything_is_made() -> None:
    User.objects.create_user("somebody", "speaker@example.org", "pw")
    with pytest.raises(CommandError, match="belongs to another account"):
        demo("pw")
    assert User.objects.count() == 1
