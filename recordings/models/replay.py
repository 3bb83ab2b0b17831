"""What a host lets others hear again, and what people cut out of it."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recordings.models.recording import Recording
from rooms.fields import new_public_id, on_one_line


class Replay(models.Model):
    """The part of a recording that everybody may hear, while the recording is kept.

    Times are seconds on the clock of the recording, also those of clips: a changed trim moves
    nothing.
    """

    recording = models.OneToOneField(Recording, models.CASCADE, related_name="replay")
    published_at = models.DateTimeField(_("published"), null=True)
    in_feed = models.BooleanField(_("in the podcast"), default=False)
    starts_at = models.FloatField(_("begins at"), default=0.0)
    ends_at = models.FloatField(_("ends at"), null=True, help_text=_("Empty: at the end."))
    deleted_at = models.DateTimeField(
        _("deleted by the host"), null=True, help_text=_("The copy for reviews stays its time.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn by a moderator"), null=True)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")

    def __str__(self) -> str:
        return str(self.recording)

    @property
    def is_public(self) -> bool:
        """Whether it is meant for everybody; the recording has to be there as well."""
        return self.published_at is not None and not (self.deleted_at or self.withdrawn_at)

    @property
    def is_trimmed(self) -> bool:
        """Whether it is less than the recording."""
        return self.starts_at > 0 or self.ends_at is not None


class Clip(models.Model):
    """Up to a minute of a replay, with a page of its own."""

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="clips")
    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    title = models.CharField(_("title"), max_length=70, validators=[on_one_line])
    start = models.FloatField(_("start"))
    seconds = models.FloatField(_("length in seconds"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="clips", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn by a moderator"), null=True)

    class Meta:
        verbose_name = _("clip")
        verbose_name_plural = _("clips")
        ordering = ["start", "pk"]

    def __str__(self) -> str:
        return self.title
