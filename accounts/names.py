"""Which handles and names people may choose."""

import unicodedata

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
DIRECTION_MARKS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def handle_not_reserved(handle: str) -> None:
    """Raise ValidationError for a handle that the service keeps for itself."""
    if handle in RESERVED_HANDLES:
        raise ValidationError(_("This handle is reserved. Please choose another."), "reserved")


def readable_name(name: str) -> None:
    """Raise ValidationError for a name that shows nothing or that turns the text around it.

    Control characters and direction marks (Unicode Standard Annex 9, section 2) would let a name
    rearrange the page beside it; without a letter or a digit there is nothing to call somebody.
    """
    turning = any(
        unicodedata.category(sign) == "Cc" or unicodedata.bidirectional(sign) in DIRECTION_MARKS
        for sign in name
    )
    if turning or not any(sign.isalnum() for sign in name):
        raise ValidationError(_("Please write a name that people can read."), "unreadable")
