"""What the comparison of storage and rows found."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Discrepancy(models.Model):
    """Something that was kept without a row, or a row that spoke of nothing. It names by value."""

    class Kind(models.TextChoices):
        STRAY_FILE = "stray_file", _("A file without a row, deleted")
        LOST_FILE = "lost_file", _("A row without its file, removed")
        STRAY_SPOOL = "stray_spool", _("Sound in the spool without a recording to make, deleted")

    kind = models.CharField(_("what"), max_length=11, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=300)
    size = models.PositiveBigIntegerField(_("bytes"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    found_at = models.DateTimeField(_("found"), default=timezone.now)

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        ordering = ["-found_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"
