"""What people take along of a session."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from recordings.models.recording import Recording, recordings_storage
from rooms.models import Participant


class Export(models.Model):
    """A file that is made from a recording when somebody asks for it.

    A bundle is a ZIP of the session's data, kept for a day: everything, or one participant's own
    part. The others are the trimmed sound of a replay, kept as long as it is trimmed like that.
    """

    class Kind(models.TextChoices):
        BUNDLE = "bundle", _("The session's data")
        REPLAY_OGG = "replay_ogg", _("Replay")
        REPLAY_M4A = "replay_m4a", _("Replay, as AAC")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        BUILDING = "building", _("Being put together")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="exports")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.BUNDLE)
    participant = models.ForeignKey(
        Participant,
        models.CASCADE,
        null=True,
        related_name="exports",
        help_text=_("Whose part it is. Empty: everything."),
    )
    language = models.CharField(_("language"), max_length=2, blank=True, choices=settings.LANGUAGES)
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.WAITING, db_index=True
    )
    progress = models.PositiveSmallIntegerField(_("progress"), default=0, help_text=_("Percent."))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    due_at = models.DateTimeField(_("next try"), default=timezone.now)
    claim = models.CharField(_("claim"), max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    file = models.FileField(_("file"), storage=recordings_storage, max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    ready_at = models.DateTimeField(_("ready since"), null=True)

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "participant"],
                condition=Q(participant__isnull=False),
                name="one_export_of_a_part",
            ),
            models.UniqueConstraint(
                fields=["recording", "kind"],
                condition=Q(participant=None),
                name="one_export_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recording}: {self.participant or gettext('everything')}"

    @property
    def name(self) -> str:
        """Where the storage keeps it."""
        return str(self.file.name)
