"""Mail of ours, in the language of whom it is for."""

import logging

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import BetaApplication

logger = logging.getLogger(__name__)
_signer = signing.Signer(salt="accounts.beta.status")


def status_token(application: BetaApplication) -> str:
    """What lets somebody without an account see the status of this application only."""
    return _signer.sign(str(application.pk))


def application_of_token(token: str) -> BetaApplication | None:
    """The application that the token was made for; None for anything else."""
    try:
        return BetaApplication.objects.filter(pk=_signer.unsign(token)).first()
    except signing.BadSignature:
        return None


def send_receipt(application: BetaApplication) -> bool:
    """Say that the application has arrived and where its status can be seen."""
    return _send(application, "received")


def send_decision(application: BetaApplication) -> bool:
    """Tell what was decided, and keep when this was told."""
    sent = _send(application, application.status)
    if sent:
        application.mailed_at = timezone.now()
        application.save(update_fields=["mailed_at"])
    return sent


def send_goodbye(address: str, language: str) -> bool:
    """Say that the account is deleted, to the address that it had."""
    return _deliver("closed", {"site_url": settings.SITE_URL}, address, language)


def _send(application: BetaApplication, kind: str) -> bool:
    context = {
        "application": application,
        "site_url": settings.SITE_URL,
        "status_url": settings.SITE_URL + reverse("beta_status", args=[status_token(application)]),
    }
    return _deliver(f"beta_{kind}", context, application.email, application.language)


def _deliver(letter: str, context: dict[str, object], address: str, language: str) -> bool:
    """Return whether the mail server took the mail; when not, one line is logged."""
    with translation.override(language or settings.LANGUAGE_CODE):
        subject = render_to_string(f"accounts/mail/{letter}_subject.txt", context)
        body = render_to_string(f"accounts/mail/{letter}.txt", context)
        try:
            send_mail(subject.strip(), body, None, [address])
        except OSError as error:
            logger.error("Mail %s not sent: %s", letter, error)
            return False
    return True
