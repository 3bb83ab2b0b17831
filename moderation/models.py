"""What people report, and what moderators decide."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rooms.models import Participant, Room


class Report(models.Model):
    """One person's report about a room or about somebody in it."""

    class Reason(models.TextChoices):
        SELF_HARM = "self_harm", _("Self-harm")
        VIOLENCE = "violence", _("Violence")
        SEXUAL_CONTENT = "sexual_content", _("Sexual content")
        CHILD_SAFETY = "child_safety", _("Child safety")
        PRIVATE_INFORMATION = "private_info", _("Private information")
        ABUSE = "abuse", _("Abuse")
        SPAM = "spam", _("Spam")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        UPHELD = "upheld", _("Upheld")
        DISMISSED = "dismissed", _("Dismissed")

    room = models.ForeignKey(Room, models.CASCADE, related_name="reports", verbose_name=_("Space"))
    about = models.ForeignKey(
        Participant,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports_about",
        verbose_name=_("about"),
        help_text=_("Empty: about the Space as a whole."),
    )
    reporter = models.ForeignKey(
        Participant,
        models.SET_NULL,
        null=True,
        related_name="reports_made",
        verbose_name=_("reported by"),
    )
    reason = models.CharField(_("reason"), max_length=14, choices=Reason.choices)
    text = models.TextField(_("what happened"), max_length=2000, blank=True)
    created_at = models.DateTimeField(_("reported"), default=timezone.now)
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.OPEN, db_index=True
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["reporter", "about", "reason"],
                condition=Q(state="open", about__isnull=False),
                name="a_person_is_reported_once",
            ),
            models.UniqueConstraint(
                fields=["reporter", "room", "reason"],
                condition=Q(state="open", about=None),
                name="a_space_is_reported_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.room}"
