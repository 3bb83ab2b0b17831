"""What remains of a recording after its purge."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recordings.models.append_only import AppendOnly
from recordings.retention import Rule


class PurgeRecord(AppendOnly):
    """The proof of a deletion: what, when, under which rule. Never changed, never deleted.

    It outlives the room and the account, so it names them by value and not by reference.
    """

    room_public_id = models.CharField(_("Space"), max_length=12, unique=True)
    ended_at = models.DateTimeField(_("ended"))
    expired_at = models.DateTimeField(_("kept until"))
    rule = models.CharField(_("rule"), max_length=8, choices=Rule.choices)
    days = models.PositiveSmallIntegerField(_("days of the rule"))
    files = models.JSONField(_("files"), help_text=_("Name, bytes and SHA-256 of each file."))
    total_bytes = models.PositiveBigIntegerField(_("bytes in all"))
    purged_at = models.DateTimeField(_("deleted"), default=timezone.now)

    class Meta(AppendOnly.Meta):
        verbose_name = _("purge record")
        verbose_name_plural = _("purge records")
        ordering = ["-purged_at"]

    def __str__(self) -> str:
        return f"{self.room_public_id} {self.purged_at:%Y-%m-%d}"
