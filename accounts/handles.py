"""Which handles people may choose."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import HANDLE_PATTERN

# Names that would pass for the service or for an office in it.
RESERVED = frozenset(
    "about abuse account accounts admin administrator api beta help home host info it_support "
    "italia legal login logout mail mod moderation moderator moderators news null official "
    "postmaster press privacy recordings report root security settings signup space spaces "
    "staff static status support system team terms undefined webmaster".split()
)


def not_reserved(handle: str) -> None:
    """Raise ValidationError for a handle that the service keeps for itself."""
    if handle.lower() in RESERVED:
        raise ValidationError(_("This handle is reserved. Please choose another."), "reserved")


well_formed = RegexValidator(
    HANDLE_PATTERN, _("Use 2 to 30 lower-case letters without accents, digits and underscores.")
)
