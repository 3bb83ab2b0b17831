"""People and what they decide about each other."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

HANDLE_PATTERN = r"^[a-z0-9_]{2,30}$"


class UserManager(BaseUserManager["User"]):
    """Makes users; handles and e-mail addresses are kept in lower case."""

    def create_user(
        self, handle: str, email: str, password: str | None = None, **fields: object
    ) -> "User":
        """Save and return a user; `password=None` means that nobody can log in with one."""
        user = self.model(handle=handle.lower(), email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, handle: str, email: str, password: str) -> "User":
        """For `manage.py createsuperuser`."""
        return self.create_user(handle, email, password, is_staff=True, is_superuser=True)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account, known to others by handle and display name."""

    handle = models.CharField(
        _("handle"),
        max_length=30,
        unique=True,
        validators=[
            RegexValidator(
                HANDLE_PATTERN,
                _("Use 2 to 30 lower-case letters without accents, digits and underscores."),
            )
        ],
    )
    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("display name"), max_length=50)
    bio = models.CharField(_("bio"), max_length=160, blank=True)
    picture = models.ImageField(_("picture"), upload_to="users/", blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, blank=True)
    is_staff = models.BooleanField(_("may enter the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    closed_at = models.DateTimeField(
        _("closed"),
        null=True,
        editable=False,
        help_text=_("The person deleted the account. Its row goes with the last copy they are in."),
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return f"@{self.handle}"

    def get_full_name(self) -> str:
        """The name people read."""
        if self.closed_at is not None:
            return gettext("Deleted account")
        return self.display_name or self.handle

    def get_short_name(self) -> str:
        """What Django's admin greets with."""
        return self.get_full_name()


class Follow(models.Model):
    """`follower` wants to know when `followed` goes live, and lets hosts invite by following."""

    follower = models.ForeignKey(User, models.CASCADE, related_name="following")
    followed = models.ForeignKey(User, models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        constraints = [
            models.UniqueConstraint(fields=["follower", "followed"], name="follow_once"),
            models.CheckConstraint(
                condition=~Q(follower=F("followed")), name="follow_somebody_else"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.follower} -> {self.followed}"


class Block(models.Model):
    """`blocker` does not want to meet `blocked`: they cannot join the blocker's Spaces."""

    blocker = models.ForeignKey(User, models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(User, models.CASCADE, related_name="blocked_by")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.blocker} -/> {self.blocked}"


class Suspension(models.Model):
    """A time in which the person may neither create nor join a Space with the account."""

    user = models.ForeignKey(User, models.CASCADE, related_name="suspensions")
    reason = models.CharField(_("reason"), max_length=500)
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until (empty: until lifted)"), null=True, blank=True)
    imposed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")

    def __str__(self) -> str:
        return f"{self.user}: {self.reason}"


class BetaApplication(models.Model):
    """A wish to create Spaces, from somebody with or without an account."""

    class Kind(models.TextChoices):
        PERSON = "person", _("A person")
        BRAND = "brand", _("A brand")
        COMPANY = "company", _("A company")
        JOURNALIST = "journalist", _("A journalist")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")

    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="beta_applications"
    )
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("who you are"), max_length=10, choices=Kind.choices)
    why = models.TextField(_("why"), max_length=1000)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.PENDING
    )
    created_at = models.DateTimeField(_("applied"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    mailed_at = models.DateTimeField(_("decision mailed"), null=True, blank=True)

    class Meta:
        verbose_name = _("beta application")
        verbose_name_plural = _("beta applications")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=~Q(status="declined"), name="one_application_an_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"
