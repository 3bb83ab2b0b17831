"""The kept copy of a room's audio, its files, and who listened."""

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recordings.retention import Rule
from rooms.models import Participant, Room


def recordings_storage() -> Storage:
    """The private storage; its files are reached through a view that asks the policy."""
    return storages["recordings"]


class Recording(models.Model):
    """The copy of one room's audio, from the room's end until its purge."""

    class State(models.TextChoices):
        RECORDING = "recording", _("Being recorded")
        ARCHIVING = "archiving", _("Being archived")
        TRANSCRIBING = "transcribing", _("Being transcribed")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Archiving failed")
        PURGING = "purging", _("Being deleted")
        PURGED = "purged", _("Deleted")

    class Step(models.TextChoices):
        ASSEMBLE = "assemble", _("Putting the sound together")
        RENDER = "render", _("Making it equally loud and ready for every phone")
        SEAL = "seal", _("Checking every file")
        TIDY = "tidy", _("Tidying up")
        TRANSCRIBE = "transcribe", _("Writing down what was said")

    room = models.OneToOneField(
        Room, models.CASCADE, related_name="recording", verbose_name=_("Space")
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.RECORDING, db_index=True
    )
    step = models.CharField(
        _("step"), max_length=10, choices=Step.choices, default=Step.ASSEMBLE, blank=True
    )
    progress = models.PositiveSmallIntegerField(
        _("progress"), default=0, help_text=_("Of all steps together, in percent.")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    due_at = models.DateTimeField(
        _("next try"), null=True, blank=True, help_text=_("Empty while the Space is live.")
    )
    claim = models.CharField(_("claim"), max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(
        _("claimed"),
        null=True,
        blank=True,
        help_text=_("When the worker that is at it was last heard of."),
    )
    archived_at = models.DateTimeField(
        _("kept since"),
        null=True,
        blank=True,
        help_text=_("From then on it can be listened to, transcribed or not."),
    )
    loudness = models.FloatField(
        _("loudness"), null=True, blank=True, help_text=_("Of the mix as it was recorded, in LUFS.")
    )
    chapters = models.JSONField(
        _("chapters"),
        default=list,
        blank=True,
        help_text=_("Who had the floor: [start, length, participant's public id], in seconds."),
    )
    not_before = models.DateTimeField(
        _("not deleted before"),
        null=True,
        blank=True,
        help_text=_("Some hours of grace after a report about the Space was dismissed."),
    )
    # The rule as it was when the deletion was claimed: a later report does not rewrite it.
    purge_rule = models.CharField(
        _("deleted under"), max_length=8, choices=Rule.choices, blank=True, editable=False
    )
    purge_expired_at = models.DateTimeField(_("was kept until"), null=True, editable=False)

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        permissions = [("review_recording", _("Can listen to any recording for a review"))]

    def __str__(self) -> str:
        return str(self.room)

    @property
    def is_kept(self) -> bool:
        """Whether it can be listened to; its transcript may be on the way, or have failed."""
        is_gone = self.state in (self.State.PURGING, self.State.PURGED)
        return self.archived_at is not None and not is_gone


class RecordingFile(models.Model):
    """One file of a recording; all sound begins at the same moment."""

    class Kind(models.TextChoices):
        MIX = "mix", _("Everybody")
        TRACK = "track", _("One speaker")
        M4A = "m4a", _("Everybody, as AAC")
        PEAKS = "peaks", _("Waveform")
        MANIFEST = "manifest", _("Manifest")

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="files")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    participant = models.ForeignKey(
        Participant, models.SET_NULL, null=True, blank=True, related_name="tracks"
    )
    file = models.FileField(_("file"), storage=recordings_storage, max_length=200)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    seconds = models.FloatField(_("length in seconds"))
    gaps = models.JSONField(
        _("gaps"),
        default=list,
        blank=True,
        help_text=_("Where nothing could be recorded: [start, length] in seconds."),
    )

    class Meta:
        verbose_name = _("recording file")
        verbose_name_plural = _("recording files")
        constraints = [
            models.UniqueConstraint(fields=["recording", "file"], name="a_file_is_listed_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Where the storage keeps it."""
        return str(self.file.name)


class RecordingAccess(models.Model):
    """Who listened to or downloaded which file, for the audit."""

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="accesses")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    file_name = models.CharField(_("file"), max_length=200)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("recording access")
        verbose_name_plural = _("recording accesses")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.user} {self.file_name} {self.at:%Y-%m-%d %H:%M}"
