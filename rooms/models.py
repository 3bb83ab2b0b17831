"""A room and the people in it. People read "Space"; the code says room."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rooms.fields import new_public_id, on_one_line
from rooms.written import Caption, Pin, Question, QuestionVote, ReactionCount

__all__ = [
    "Caption",
    "Participant",
    "Pin",
    "Question",
    "QuestionVote",
    "ReactionCount",
    "Room",
    "RoomEvent",
]


class Room(models.Model):
    """One Space: live from its creation until `ended_at`."""

    class SpeakerPolicy(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        FOLLOWED = "followed", _("People I follow")
        INVITED = "invited", _("Only people I invite")

    class Captioning(models.TextChoices):
        """What has become of the host's wish for captions; empty while nobody looked at it."""

        ON = "on", _("Captions are written")
        BUSY = "busy", _("The server writes down as many Spaces as it can")
        UNAVAILABLE = "unavailable", _("This server cannot write captions")

    class EndReason(models.TextChoices):
        HOST = "host", _("The host ended it")
        HOST_GONE = "host_gone", _("The host did not come back")
        MODERATOR = "moderator", _("A moderator ended it")

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    host = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="rooms", verbose_name=_("host")
    )
    title = models.CharField(_("title"), max_length=70, validators=[on_one_line])
    speaker_policy = models.CharField(
        _("who may speak"),
        max_length=8,
        choices=SpeakerPolicy.choices,
        default=SpeakerPolicy.EVERYONE,
    )
    transcription = models.BooleanField(_("transcription"), default=False)
    stage_locked = models.BooleanField(
        _("microphones locked"),
        default=False,
        help_text=_("Only the host and co-hosts can turn a microphone on."),
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("started by"),
        help_text=_("Set once the Space was handed over; until then the host started it."),
    )
    successor = models.ForeignKey(
        "Participant",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("successor"),
        help_text=_("Becomes the host when the host leaves or does not come back."),
    )
    unattended_since = models.DateTimeField(
        _("unattended since"),
        null=True,
        blank=True,
        default=timezone.now,
        help_text=_("Since when neither the host nor a co-host is there; empty while one is."),
    )
    captioning = models.CharField(
        _("captions"), max_length=11, choices=Captioning.choices, blank=True, editable=False
    )
    created_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(
        _("why it ended"), max_length=9, choices=EndReason.choices, blank=True
    )
    flagged_at = models.DateTimeField(
        _("flagged"),
        null=True,
        blank=True,
        help_text=_("Set while a report about this Space is open or upheld."),
    )

    class Meta:
        verbose_name = _("Space")
        verbose_name_plural = _("Spaces")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(ended_at=None), name="live_rooms")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_live(self) -> bool:
        """Whether people can still join."""
        return self.ended_at is None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends unless somebody who runs it comes; None while one is there."""
        if self.unattended_since is None:
            return None
        return self.unattended_since + timedelta(seconds=settings.HOST_GRACE_SECONDS)


class ParticipantQuerySet(models.QuerySet["Participant"]):
    """Participants, with the questions that are asked in more than one place."""

    def here(self) -> Self:
        """Those with an open WebSocket right now."""
        return self.filter(left_at=None).exclude(connection="")

    def leading(self) -> Self:
        """The host and the co-hosts, wherever they are."""
        return self.filter(role__in=Participant.LEADING)


class Participant(models.Model):
    """One person in one room, kept over reloads and lost connections.

    Somebody with an account is known by `user`; a guest by `visitor`, the signed cookie of the
    browser. `visitor` is kept for both, so that somebody removed does not come back logged out.
    """

    class Role(models.TextChoices):
        HOST = "host", _("Host")
        COHOST = "cohost", _("Co-host")
        SPEAKER = "speaker", _("Speaker")
        LISTENER = "listener", _("Listener")

    LEADING = (Role.HOST, Role.COHOST)
    """The roles of those who run a room together."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="participants")
    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="participations"
    )
    visitor = models.CharField(max_length=32)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.LISTENER)
    muted = models.BooleanField(_("muted"), default=True)
    hand_raised_at = models.DateTimeField(_("hand raised"), null=True, blank=True)
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True)
    invited_as = models.CharField(_("invited as"), max_length=8, choices=Role.choices, blank=True)
    invited_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("invited by"),
    )
    recording_accepted_at = models.DateTimeField(_("accepted the recording"), null=True, blank=True)
    on_stage_since = models.DateTimeField(_("on stage since"), null=True, blank=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)
    connection = models.CharField(
        max_length=32,
        blank=True,
        editable=False,
        help_text="The WebSocket that speaks for this person now; empty while there is none.",
    )
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["joined_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["room", "user"], condition=Q(user__isnull=False), name="a_user_is_in_once"
            ),
            models.UniqueConstraint(
                fields=["room", "visitor"],
                condition=Q(user__isnull=True),
                name="a_guest_is_in_once",
            ),
            models.CheckConstraint(
                condition=~Q(role="host") | Q(user__isnull=False), name="a_host_has_an_account"
            ),
        ]
        # Whatever is asked on each join must not walk through all who are or were in.
        indexes = [
            models.Index(fields=["room", "role", "left_at", "joined_at"], name="people_by_role"),
            models.Index(fields=["room", "visitor"], name="people_by_browser"),
            models.Index(
                fields=["room", "left_at"], condition=Q(left_at__isnull=False), name="who_left"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.room}"

    @property
    def name(self) -> str:
        """What others read: the display name, or a guest's short mark."""
        if self.user:
            return self.user.get_full_name()
        return gettext("Guest %(mark)s") % {"mark": self.public_id[:4]}

    @property
    def connected(self) -> bool:
        """Whether a WebSocket is open for this person."""
        return self.connection != ""

    @property
    def is_guest(self) -> bool:
        """Whether this is somebody without an account."""
        return self.user_id is None

    @property
    def is_host(self) -> bool:
        """Whether this is the room's host."""
        return self.role == self.Role.HOST

    @property
    def leads(self) -> bool:
        """Whether this is the host or a co-host."""
        return self.role in self.LEADING

    @property
    def on_stage(self) -> bool:
        """Whether the person has a microphone here."""
        return self.role != self.Role.LISTENER


class RoomEvent(models.Model):
    """One thing that happened in a room: written once, by the operation that did it.

    For the session's data and for the audit; deleted together with the room's recording.
    """

    class Kind(models.TextChoices):
        # The room
        CREATED = "created", _("Space started")
        ENDED = "ended", _("Space ended")
        POLICY_CHANGED = "policy_changed", _("who may speak was changed")
        STAGE_LOCKED = "stage_locked", _("microphones were locked")
        STAGE_UNLOCKED = "stage_unlocked", _("microphones were unlocked")
        # Coming and going
        JOINED = "joined", _("came in")
        LEFT = "left", _("went")
        DROPPED = "dropped", _("lost the connection")
        PUT_OUT = "put_out", _("was put out")
        REMOVED = "removed", _("was removed")
        # The stage
        HAND_RAISED = "hand_raised", _("raised a hand")
        HAND_LOWERED = "hand_lowered", _("took the hand down")
        HAND_CANCELLED = "hand_cancelled", _("may not raise a hand any more")
        DECLINED = "declined", _("hand was declined")
        INVITED = "invited", _("was invited")
        INVITATION_DECLINED = "invitation_declined", _("declined the invitation")
        ACCEPTED = "accepted", _("came on stage")
        LEFT_STAGE = "left_stage", _("left the stage")
        DEMOTED = "demoted", _("was sent back to the audience")
        RECORDING_ACCEPTED = "recording_accepted", _("accepted the recording")
        UNMUTED = "unmuted", _("turned the microphone on")
        MUTED_SELF = "muted_self", _("turned the microphone off")
        MUTED = "muted", _("was muted")
        # Those who run it
        COHOST_MADE = "cohost_made", _("became a co-host")
        COHOST_DISMISSED = "cohost_dismissed", _("is no co-host any more")
        SUCCESSOR_NAMED = "successor_named", _("was named successor")
        HANDED_OVER = "handed_over", _("became the host")
        # What is written
        PINNED = "pinned", _("pinned something")
        UNPINNED = "unpinned", _("took a pin down")
        ASKED = "asked", _("asked a question")
        QUESTION_WITHDRAWN = "question_withdrawn", _("withdrew a question")
        QUESTION_ANSWERED = "question_answered", _("marked a question as answered")
        QUESTION_DISMISSED = "question_dismissed", _("dismissed a question")

    room = models.ForeignKey(
        Room, models.CASCADE, related_name="events", db_index=False, verbose_name=_("Space")
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    actor = models.ForeignKey(
        Participant,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("who did it"),
        help_text=_("Empty where the service or a moderator did."),
    )
    target = models.ForeignKey(
        Participant,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("to whom"),
        help_text=_("Empty where somebody did it for themselves."),
    )
    data = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["room", "at"], name="events_of_a_room")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M:%S}"
