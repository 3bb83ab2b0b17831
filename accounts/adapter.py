"""What we decide differently from django-allauth."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Handles instead of user names, and messages in our own words."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "username_taken": _("Somebody has this handle already. Please choose another."),
        "email_password_mismatch": _("This e-mail address and password do not fit together."),
        "username_password_mismatch": _("This handle and password do not fit together."),
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Lower-case the handle, then check it; raises ValidationError."""
        handle: str = super().clean_username(username.lower(), shallow)
        return handle
