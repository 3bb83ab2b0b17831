"""Every e-mail reads as one whole in English and in Italian, its subject as well."""

from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage
from django.test import RequestFactory
from django.utils import timezone, translation

from accounts import letters
from accounts.models import BetaApplication

SAID = {
    "account_already_exists": {
        "en": ("You have an account already", "There is one already."),
        "it": ("Hai già un account", "Ne esiste già uno."),
    },
    "email_changed": {
        "en": ("Your e-mail address was changed", "was changed from old@e.org to new@e.org."),
        "it": ("Il tuo indirizzo email è cambiato", "è cambiato da old@e.org a new@e.org."),
    },
    "email_confirmation": {
        "en": ("AB-12 is your code for Spaces", "your e-mail address is confirmed"),
        "it": ("AB-12 è il tuo codice per Spaces", "per confermare il tuo indirizzo email"),
    },
    "email_confirmation_signup": {
        "en": ("AB-12 is your code for Spaces", "Welcome to Spaces!"),
        "it": ("AB-12 è il tuo codice per Spaces", "Ti diamo il benvenuto su Spaces!"),
    },
    "email_deleted": {
        "en": ("An e-mail address was removed", "old@e.org was removed from your account."),
        "it": ("Un indirizzo email è stato rimosso", "old@e.org è stato rimosso dal tuo account."),
    },
    "password_changed": {
        "en": ("Your password was changed", "The password of your account was changed."),
        "it": ("La tua password è cambiata", "La password del tuo account è cambiata."),
    },
    "password_reset": {
        "en": ("Your password was reset", "was reset with a code from an e-mail."),
        "it": ("La tua password è stata reimpostata", "con un codice ricevuto per email."),
    },
    "password_reset_code": {
        "en": ("AB-12 is your code for a new password", "choose a new password"),
        "it": ("AB-12 è il tuo codice per una nuova password", "scegli una nuova password"),
    },
    "password_set": {
        "en": ("Your account has a password now", "A password was set for your account."),
        "it": ("Ora il tuo account ha una password", "è stata scelta una password."),
    },
    "unknown_account": {
        "en": ("There is no account with this address", "There is none with this address."),
        "it": ("Non esiste un account con questo indirizzo", "non ne esiste nessuno."),
    },
    "beta_received": {
        "en": ("Your beta application has arrived", "Hello Nellie,"),
        "it": ("La tua richiesta per la beta è arrivata", "Ciao Nellie,"),
    },
    "beta_approved": {
        "en": ("You may start Spaces now", "welcome to the beta programme"),
        "it": ("Ora puoi aprire Spazi", "ti diamo il benvenuto nel programma beta"),
    },
    "beta_declined": {
        "en": ("Your beta application", "you may apply again"),
        "it": ("La tua richiesta per la beta", "fare di nuovo richiesta"),
    },
    "closed": {
        "en": ("Your account is deleted", "your account on Spaces is deleted, as you asked."),
        "it": ("Il tuo account è stato eliminato", "è stato eliminato, come hai chiesto."),
    },
}
"""The subject of each, and words from its body."""

STRANGERS = {"en": ("Ciao", "Spazi ", "indirizzo"), "it": ("Hello", "your", "address")}
"""Words that one language has and the other has not."""


def send_of_account(name: str, language: str) -> None:
    """As somebody who reads the site in this language gets it."""
    request = RequestFactory().get("/", HTTP_USER_AGENT="Browser")
    request.user = AnonymousUser()
    filled = {
        "code": "AB-12",
        "from_email": "old@e.org",
        "to_email": "new@e.org",
        "deleted_email": "old@e.org",
        "timestamp": timezone.now(),
        "ip": "192.0.2.1",
        "signup_url": "https://e.org/signup",
        "password_reset_url": "https://e.org/reset",
    }
    with context.request_context(request), translation.override(language):
        get_adapter().send_mail(f"account/email/{name}", "nellie@example.org", filled)


def send_of_ours(name: str, language: str) -> None:
    """As the one who applied, or closed the account, chose the language."""
    if name == "closed":
        letters.send_goodbye("nellie@example.org", language)
        return
    application = BetaApplication.objects.create(
        email="nellie@example.org",
        name="Nellie",
        kind=BetaApplication.Kind.PERSON,
        why="To talk.",
        language=language,
    )
    if name == "beta_received":
        letters.send_receipt(application)
        return
    application.status = BetaApplication.Status(name.removeprefix("beta_"))
    letters.send_decision(application)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("name", SAID)
def test_it_is_said_in_the_language_of_its_reader(
    name: str, language: str, mailoutbox: list[EmailMessage]
) -> None:
    ours = name.startswith("beta_") or name == "closed"
    (send_of_ours if ours else send_of_account)(name, language)
    (letter,) = mailoutbox
    subject, words = SAID[name][language]
    assert letter.subject == subject
    assert letter.to == ["nellie@example.org"]
    body = str(letter.body)
    assert words in " ".join(body.split())
    assert body.rstrip().splitlines()[-2] == "Spaces"
    assert not [stranger for stranger in STRANGERS[language] if stranger in body]


def test_no_letter_is_left_out() -> None:
    templates = Path(settings.BASE_DIR / "templates").rglob("*_subject.txt")
    assert {path.name.removesuffix("_subject.txt") for path in templates} == SAID.keys()
