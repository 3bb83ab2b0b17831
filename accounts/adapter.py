"""What we decide differently from django-allauth."""

import logging
from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from django.contrib import messages
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import names, operations
from accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Handles instead of user names, messages in our own words, and mail that may fail."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "email_password_mismatch": _("This e-mail address and password do not fit together."),
        "email_taken": _("Somebody has an account with this e-mail address already."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_code": _("This is not the code we sent. Please look again."),
        "incorrect_password": _("This is not your password."),
        "rate_limited": _("That was a bit often. Please wait a moment and try again."),
        "same_as_current": _("This is what you have already."),
        "too_many_login_attempts": _("Too many attempts failed. Please try again later."),
        "username_password_mismatch": _("This handle and password do not fit together."),
        "username_taken": _("Somebody has this handle already. Please choose another."),
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Lower-case the handle, then check it; raises ValidationError."""
        handle = username.lower()
        User._meta.get_field("handle").run_validators(handle)
        names.handle_not_reserved(handle)
        checked: str = super().clean_username(handle, shallow)
        return checked

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """A verified address brings along what was applied for with it before."""
        confirmed: bool = super().confirm_email(request, email_address)
        if confirmed:
            operations.adopt_applications(user=email_address.user)
        return confirmed

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """A mail server that is down costs a message on the page, not an error page."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            logger.error("%s was not sent: %s", template_prefix, error)
            messages.error(
                allauth_context.request,
                _("We could not send the e-mail. Please try again in a few minutes."),
            )
