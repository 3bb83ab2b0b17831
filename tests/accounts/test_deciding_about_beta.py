"""Moderators approve and decline applications in the admin."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from accounts import operations
from accounts.errors import DomainError
from accounts.models import BetaApplication, User
from tests.conftest import person

Browser = Callable[[User], Client]
pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/accounts/betaapplication/"


@pytest.fixture
def application() -> BetaApplication:
    """Of somebody without an account."""
    return apply("nellie@example.org")


def apply(email: str, **answers: str) -> BetaApplication:
    """An application whose receipt has been read."""
    wish = {"name": "Nellie", "kind": "journalist", "why": "To talk.", "language": "en"} | answers
    application = operations.apply(user=None, email=email, **wish)
    mail.outbox.clear()
    return application


def act(client: Client, action: str, *applications: BetaApplication) -> str:
    """Choose an action for the ticked applications; return the page that follows."""
    data = {"action": action, "_selected_action": [one.pk for one in applications]}
    return client.post(LIST, data, follow=True).content.decode()


def test_with_a_button_on_its_page_an_application_is_approved(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    client = browser_of(moderator)
    page = client.get(f"{LIST}{application.pk}/change/").content.decode()
    assert f'formaction="{LIST}{application.pk}/decide/"' in page
    assert 'name="_save"' not in page
    response = client.post(f"{LIST}{application.pk}/decide/", {"approve": "Approve"}, follow=True)
    page = response.content.decode()
    assert "1 application decided." in page
    assert "formaction" not in page

    application.refresh_from_db()
    assert application.status == "approved"
    assert application.decided_by == moderator
    assert application.decided_at
    assert mail.outbox[-1].to == ["nellie@example.org"]
    assert mail.outbox[-1].subject == "You may start Spaces now"
    assert LogEntry.objects.get().change_message == "Approved."
    assert LogEntry.objects.get().user == moderator


def test_with_the_other_button_it_is_declined(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    browser_of(moderator).post(f"{LIST}{application.pk}/decide/", {"decline": "Decline"})
    application.refresh_from_db()
    assert application.status == "declined"
    assert "you may apply again" in mail.outbox[-1].body
    assert LogEntry.objects.get().change_message == "Declined."


@pytest.mark.parametrize(("action", "status"), [("approve", "approved"), ("decline", "declined")])
def test_many_are_decided_at_once(
    browser_of: Browser, moderator: User, action: str, status: str
) -> None:
    applications = [apply(f"reader{number}@example.org") for number in range(3)]
    page = act(browser_of(moderator), f"{action}_selected", *applications)
    assert "3 applications decided." in page
    assert BetaApplication.objects.filter(status=status).count() == 3
    assert {message.to[0] for message in mail.outbox} == {one.email for one in applications}
    assert LogEntry.objects.count() == 3


def test_deciding_twice_the_same_way_mails_once(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    client = browser_of(moderator)
    act(client, "approve_selected", application)
    page = act(client, "approve_selected", application)
    assert "0 applications decided." in page
    assert len(mail.outbox) == 1
    assert LogEntry.objects.count() == 1


def test_of_two_moderators_only_the_first_decides(
    moderator: User, application: BetaApplication
) -> None:
    other = person("other")
    seen_by_other = BetaApplication.objects.get(pk=application.pk)
    assert operations.approve(application=application, by=moderator)
    with pytest.raises(DomainError, match="decided_already"):
        operations.decline(application=seen_by_other, by=other)
    application.refresh_from_db()
    assert (application.status, application.decided_by) == ("approved", moderator)
    assert len(mail.outbox) == 1


def test_the_second_moderator_reads_that_it_was_decided_differently(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    operations.approve(application=application, by=person("other"))
    page = act(browser_of(moderator), "decline_selected", application)
    assert "Somebody decided this application differently." in page
    application.refresh_from_db()
    assert application.status == "approved"


def test_a_mail_server_that_is_down_costs_the_mail_and_not_the_decision(
    browser_of: Browser,
    moderator: User,
    application: BetaApplication,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("no mail server")

    client = browser_of(moderator)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        page = act(client, "approve_selected", application)
    assert "1 mail could not be sent." in page
    assert "not sent: no mail server" in caplog.text
    assert "Traceback" not in caplog.text
    application.refresh_from_db()
    assert application.status == "approved"
    assert application.mailed_at is None

    assert "1 mail sent." in act(client, "mail_selected_again", application)
    assert BetaApplication.objects.filter(pk=application.pk, mailed_at__isnull=False).exists()
    assert mail.outbox[-1].subject == "You may start Spaces now"


def test_what_waits_cannot_be_mailed_a_decision(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    assert "0 mails sent." in act(browser_of(moderator), "mail_selected_again", application)
    assert not mail.outbox


def test_the_form_of_the_admin_changes_nothing(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    raw = {"status": "approved", "email": "evil@example.org", "name": "Evil"}
    browser_of(moderator).post(f"{LIST}{application.pk}/change/", raw)
    application.refresh_from_db()
    assert (application.status, application.email) == ("pending", "nellie@example.org")
    assert browser_of(moderator).get(f"{LIST}add/").status_code == 403


def test_a_look_alone_decides_nothing(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    assert browser_of(moderator).get(f"{LIST}{application.pk}/decide/").status_code == 405
    assert browser_of(moderator).post(f"{LIST}999999/decide/").status_code == 404


def test_a_button_that_does_not_exist_decides_nothing(
    browser_of: Browser, moderator: User, application: BetaApplication
) -> None:
    browser_of(moderator).post(f"{LIST}{application.pk}/decide/", {"perhaps": "Perhaps"})
    application.refresh_from_db()
    assert application.status == "pending"


def test_people_without_the_permission_decide_nothing(
    client: Client, browser_of: Browser, outsider: User, application: BetaApplication
) -> None:
    staff = person("staff", is_staff=True)
    for browser in (client, browser_of(outsider)):
        response = browser.post(f"{LIST}{application.pk}/decide/", {"approve": "Approve"})
        assert response["Location"].startswith("/admin/login/")
        act(browser, "approve_selected", application)
    browser = browser_of(staff)
    assert (
        browser.post(f"{LIST}{application.pk}/decide/", {"approve": "Approve"}).status_code == 403
    )
    act(browser, "approve_selected", application)
    application.refresh_from_db()
    assert application.status == "pending"
    assert not mail.outbox


def test_who_signs_up_later_with_the_approved_address_is_a_tester_once_it_is_verified(
    client: Client, moderator: User, application: BetaApplication
) -> None:
    operations.approve(application=application, by=moderator)
    answers = {
        "email": "Nellie@example.org",
        "username": "nellie",
        "display_name": "Nellie Bly",
        "password1": "around the world",
    }
    client.post("/accounts/signup/", answers)
    nellie = User.objects.get(handle="nellie")
    assert not operations.is_beta_tester(nellie)
    client.post("/accounts/confirm-email/", {"code": mail.outbox[-1].subject.split()[0]})
    assert operations.is_beta_tester(nellie)
    application.refresh_from_db()
    assert application.user == nellie


def test_an_unverified_address_opens_nothing(moderator: User, application: BetaApplication) -> None:
    operations.approve(application=application, by=moderator)
    thief = User.objects.create_user("thief", "nellie@example.org", "pw")
    EmailAddress.objects.create(user=thief, email=thief.email, verified=False, primary=True)
    assert not operations.is_beta_tester(thief)


def test_waiting_and_declined_people_are_no_testers(
    moderator: User, listener: User, host: User
) -> None:
    application = apply(listener.email)
    assert not operations.is_beta_tester(listener)
    operations.decline(application=application, by=moderator)
    assert not operations.is_beta_tester(listener)
    assert operations.is_beta_tester(host)
