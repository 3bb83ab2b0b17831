"""People with and without an account apply for the beta programme."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from accounts import operations
from accounts.errors import DomainError
from accounts.models import BetaApplication, User

Browser = Callable[[User], Client]
pytestmark = pytest.mark.django_db(transaction=True)

ANSWERS = {
    "kind": "journalist",
    "name": "Nellie Bly",
    "email": "Nellie@example.org",
    "why": "To talk with my readers.",
    "language": "en",
}


def apply(client: Client, **answers: str) -> str:
    """Send the form; return the page that follows."""
    return client.post("/beta/", ANSWERS | answers, follow=True).content.decode()


def link_in_mail() -> str:
    """The path of the status page, from the latest mail."""
    found = re.search(r"https?://[^/]+(/beta/status/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_somebody_without_an_account_sees_the_status_and_gets_its_link(client: Client) -> None:
    page = apply(client)
    assert "Thank you!" in page
    assert "Your application is waiting" in page
    application = BetaApplication.objects.get()
    assert (application.email, application.user) == ("nellie@example.org", None)
    assert application.kind == "journalist"
    assert mail.outbox[-1].to == ["nellie@example.org"]
    assert "Your application is waiting" in Client().get(link_in_mail()).content.decode()


def test_somebody_with_an_account_sees_the_status_on_the_same_page(
    browser_of: Browser, listener: User
) -> None:
    client = browser_of(listener)
    assert 'name="email"' not in client.get("/beta/").content.decode()
    page = apply(client, email="somebody.else@example.org")
    assert "Your application is waiting" in page
    application = BetaApplication.objects.get()
    assert (application.user, application.email) == (listener, listener.email)
    assert 'name="why"' not in client.get("/beta/").content.decode()


def test_an_approved_tester_is_led_to_starting_a_space(browser_of: Browser, host: User) -> None:
    page = browser_of(host).get("/beta/").content.decode()
    assert "You are in!" in page
    assert 'href="/spaces/new/"' in page


def test_applying_twice_without_an_account_mails_the_link_again(client: Client) -> None:
    apply(client)
    first = link_in_mail()
    page = apply(client, email="NELLIE@example.org", why="Once more.")
    assert "You have applied already." in page
    # What was decided is for the owner of the address only.
    assert "Your application is waiting" not in page
    assert link_in_mail() == first
    assert len(mail.outbox) == 2
    assert BetaApplication.objects.count() == 1


def test_applying_twice_with_an_account_shows_how_it_stands(
    browser_of: Browser, listener: User
) -> None:
    client = browser_of(listener)
    apply(client)
    page = apply(client)
    assert "You have applied already." in page
    assert "Your application is waiting" in page
    assert BetaApplication.objects.count() == 1


def test_applying_without_logging_in_counts_for_the_account_of_the_address(
    client: Client, browser_of: Browser, listener: User
) -> None:
    apply(client, email=listener.email)
    assert BetaApplication.objects.get().user == listener
    assert "Your application is waiting" in browser_of(listener).get("/beta/").content.decode()


def test_a_declined_person_may_apply_again(
    browser_of: Browser, listener: User, moderator: User
) -> None:
    client = browser_of(listener)
    apply(client)
    operations.decline(application=BetaApplication.objects.get(), by=moderator)
    page = client.get("/beta/").content.decode()
    assert "Not this time" in page
    assert "Apply again" in page
    assert "Your application is waiting" in apply(client)
    assert BetaApplication.objects.count() == 2


def test_an_approved_one_is_not_overwritten_by_a_later_wish(host: User) -> None:
    with pytest.raises(DomainError, match="applied_already"):
        operations.apply(
            user=host, email=host.email, name="H", kind="person", why="More", language="en"
        )


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "robot"},
        {"kind": ""},
        {"name": ""},
        {"name": "x" * 81},
        {"name": "\u202eylleN"},
        {"email": "no address"},
        {"email": ""},
        {"why": ""},
        {"why": "x" * 1001},
        {"language": "tlh"},
    ],
)
def test_bad_answers_are_explained_beside_the_field(client: Client, bad: dict[str, str]) -> None:
    page = apply(client, **bad)
    assert 'class="errorlist"' in page
    assert not BetaApplication.objects.exists()
    assert not mail.outbox


def test_a_status_link_cannot_be_guessed(client: Client) -> None:
    apply(client)
    pk = BetaApplication.objects.get().pk
    for token in (str(pk), f"{pk}:", f"{pk}:{'a' * 43}", link_in_mail().split("/")[-2] + "x"):
        assert client.get(f"/beta/status/{token}/").status_code == 404


def test_a_status_page_stays_out_of_caches_and_referrers(client: Client) -> None:
    apply(client)
    response = client.get(link_in_mail())
    assert response["Cache-Control"] == "private, no-store"
    assert response["Referrer-Policy"] == "no-referrer"


def test_one_address_gets_three_mails_a_day_at_most(client: Client) -> None:
    for _ in range(3):
        apply(client)
    response = client.post("/beta/", ANSWERS)
    assert response.status_code == 429
    assert "too many applications" in response.content.decode()
    assert len(mail.outbox) == 3


def test_one_computer_sends_ten_applications_an_hour_at_most(client: Client) -> None:
    for number in range(10):
        apply(client, email=f"nellie{number}@example.org")
    response = client.post("/beta/", ANSWERS)
    assert response.status_code == 429
    assert BetaApplication.objects.count() == 10


def test_a_mail_server_that_is_down_does_not_lose_the_application(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    assert "Your application is waiting" in apply(client)
    assert "not sent: no mail server" in caplog.text
    assert "Traceback" not in caplog.text
