"""What is written in a room. A part of `rooms.models`, from where it is imported."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rooms.fields import new_public_id

MAX_LINK = 500
"""Characters of a pinned link."""

MAX_LINE = 280
"""Characters of a pinned note, and of a question."""


class Caption(models.Model):
    """One line of what somebody is saying, for the pages of those who are there.

    The last lines only, and only while the Space is live: a transcript that lasts is not kept
    here. The ids of a room's lines grow in the order in which they are shown.
    """

    room = models.ForeignKey("rooms.Room", models.CASCADE, related_name="captions")
    participant = models.ForeignKey("rooms.Participant", models.CASCADE, related_name="captions")
    text = models.TextField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["room", "id"], name="captions_in_order")]

    def __str__(self) -> str:
        return self.text


class Pin(models.Model):
    """A link or a note that the host shows to all; kept after it was taken down."""

    room = models.ForeignKey("rooms.Room", models.CASCADE, related_name="pins")
    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    pinned_by = models.ForeignKey(
        "rooms.Participant", models.SET_NULL, null=True, related_name="+", verbose_name=_("who")
    )
    url = models.CharField(_("link"), max_length=MAX_LINK, blank=True)
    text = models.CharField(_("note"), max_length=MAX_LINE, blank=True)
    pinned_at = models.DateTimeField(_("pinned"), default=timezone.now)
    unpinned_at = models.DateTimeField(_("taken down"), null=True, blank=True)

    class Meta:
        verbose_name = _("pin")
        verbose_name_plural = _("pins")
        ordering = ["pinned_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(url="", text__gt="") | Q(url__gt="", text=""),
                name="a_pin_is_a_link_or_a_note",
            )
        ]

    def __str__(self) -> str:
        return self.url or self.text


class Question(models.Model):
    """A question in writing, which others vote up; kept whatever becomes of it."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ANSWERED = "answered", _("answered")
        DISMISSED = "dismissed", _("dismissed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    room = models.ForeignKey("rooms.Room", models.CASCADE, related_name="questions")
    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    participant = models.ForeignKey(
        "rooms.Participant", models.CASCADE, related_name="questions", verbose_name=_("who")
    )
    text = models.CharField(_("question"), max_length=MAX_LINE)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    votes = models.PositiveIntegerField(_("votes"), default=0)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["-votes", "asked_at", "pk"]
        indexes = [models.Index(fields=["room", "state", "-votes"], name="top_questions")]

    def __str__(self) -> str:
        return self.text


class QuestionVote(models.Model):
    """One person's vote for one question; `Question.votes` counts them."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="votes_cast")
    participant = models.ForeignKey("rooms.Participant", models.CASCADE, related_name="votes_cast")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "participant"], name="one_vote_each")
        ]

    def __str__(self) -> str:
        return f"{self.participant} for {self.question}"


class ReactionCount(models.Model):
    """How often people reacted in one way within one minute."""

    class Kind(models.TextChoices):
        HEART = "heart", _("Heart")
        LAUGH = "laugh", _("Laughter")
        WOW = "wow", _("Wow")
        HUNDRED = "hundred", _("Hundred points")
        CLAP = "clap", _("Applause")
        HOORAY = "hooray", _("Hooray")
        THUMBS_UP = "thumbs_up", _("Thumbs up")
        FIST = "fist", _("Raised fist")

    room = models.ForeignKey("rooms.Room", models.CASCADE, related_name="reaction_counts")
    minute = models.DateTimeField(_("minute"))
    kind = models.CharField(_("reaction"), max_length=9, choices=Kind.choices)
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        ordering = ["minute", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["room", "minute", "kind"], name="one_sum_a_minute")
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.get_kind_display()}"
