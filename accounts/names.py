"""Which handles and names people may choose."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Handles that would pass for the service itself or for an office in it, and the demo's cast.
# fmt: off
RESERVED_HANDLES = frozenset(
    {
        "about", "abuse", "account", "accounts", "admin", "administrator", "api", "beta",
        "contact", "help", "home", "host", "info", "legal", "listener", "login", "logout",
        "mail", "me", "mod", "moderation", "moderator", "moderators", "news", "null",
        "official", "outsider", "postmaster", "press", "privacy", "recordings", "report",
        "root", "security", "settings", "signup", "space", "spaces", "speaker", "staff",
        "static", "status", "support", "system", "team", "terms", "webmaster",
    }
)
# fmt: on

# Control characters, other ends of a line, and the marks that turn the direction of writing
# (Unicode Standard Annex 9, section 2): they disturb the text beside them.
DISTURBING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def handle_not_reserved(handle: str) -> None:
    """Raise ValidationError for a handle that the service keeps for itself."""
    if handle in RESERVED_HANDLES:
        raise ValidationError(_("This handle is reserved. Please choose another."), "reserved")


def readable_name(name: str) -> None:
    """Raise ValidationError for a name that shows nothing or that disturbs the text around it.

    Without a letter or a digit there is nothing to call somebody.
    """
    if DISTURBING.search(name) or not any(sign.isalnum() for sign in name):
        raise ValidationError(_("Please write a name that people can read."), "unreadable")
