"""What remains of a recording after its purge."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recordings.retention import Rule


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete what is written once."""


class AppendOnlyQuerySet(models.QuerySet["PurgeRecord"]):
    """Refuses everything but creating and reading."""

    def update(self, **kwargs: object) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("purge records are never changed")

    def bulk_update(self, *args: object, **kwargs: object) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("purge records are never changed")

    def delete(self) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("purge records are never deleted")


class PurgeRecord(models.Model):
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

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("purge record")
        verbose_name_plural = _("purge records")
        ordering = ["-purged_at"]
        # Nobody can be given the permission to add, change or delete one.
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.room_public_id} {self.purged_at:%Y-%m-%d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a second save of the same record is refused."""
        if not self._state.adding:
            raise AppendOnlyError("purge records are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("purge records are never deleted")
