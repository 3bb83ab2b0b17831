"""What was said, as it was understood, and what the host put right."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recordings.models.append_only import AppendOnly
from recordings.models.recording import Recording
from rooms.models import Participant


class TranscriptLine(models.Model):
    """What somebody said, as it was understood, and perhaps corrected by the host."""

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="lines")
    participant = models.ForeignKey(
        Participant, models.SET_NULL, null=True, blank=True, related_name="lines"
    )
    start = models.FloatField(_("start"), help_text=_("Seconds on the clock of the recording."))
    seconds = models.FloatField(_("length in seconds"))
    language = models.CharField(_("language"), max_length=2, help_text=_("ISO 639-1."))
    text = models.TextField(_("text"))
    corrected_text = models.TextField(
        _("corrected text"), blank=True, help_text=_("Of the last correction, unless taken back.")
    )

    class Meta:
        verbose_name = _("line of the transcript")
        verbose_name_plural = _("lines of the transcript")
        ordering = ["start", "pk"]
        indexes = [models.Index(fields=["recording", "start"], name="lines_by_time")]

    def __str__(self) -> str:
        return self.corrected_text or self.text


class Correction(AppendOnly):
    """One change of a line; it goes when its line goes, and not before."""

    line = models.ForeignKey(TranscriptLine, models.CASCADE, related_name="corrections")
    before = models.TextField(_("before"))
    after = models.TextField(_("after"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta(AppendOnly.Meta):
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.before} -> {self.after}"
