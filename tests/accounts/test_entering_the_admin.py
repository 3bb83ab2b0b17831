"""There is one way in for everybody: the login page, with its limits."""

from django.test import Client

from accounts.models import User

ADMIN_LOGIN = "/admin/login/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def test_the_admin_sends_visitors_to_the_login_page(client: Client, db: None) -> None:
    answer = client.get("/admin/moderation/report/", follow=True)
    address, _status = answer.redirect_chain[-1]
    assert address == "/accounts/login/?next=%2Fadmin%2Fmoderation%2Freport%2F"


def test_passwords_cannot_be_tried_at_the_admin(client: Client, moderator: User) -> None:
    right = {"username": moderator.handle, "password": "pw"}
    answer = client.post(ADMIN_LOGIN, right)
    assert answer["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_who_has_no_business_there_is_refused(client: Client, outsider: User) -> None:
    client.force_login(outsider, BACKEND)
    assert client.get("/admin/", follow=True).status_code == 403


def test_a_moderator_is_let_through(client: Client, moderator: User) -> None:
    client.force_login(moderator, BACKEND)
    assert client.get("/admin/").status_code == 200
    assert client.get(ADMIN_LOGIN)["Location"] == "/admin/"
