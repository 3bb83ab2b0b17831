"""What fields of several models have in common."""

from django.core.validators import RegexValidator
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from accounts.names import DISTURBING


def new_public_id() -> str:
    """An address that cannot be guessed: 62^12 is about 71 bits."""
    return get_random_string(12)


on_one_line = RegexValidator(
    DISTURBING.pattern, _("Use letters, digits and punctuation only."), inverse_match=True
)
