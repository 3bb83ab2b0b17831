"""What people and moderators can do with accounts. The rules live here, not in views."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from allauth.account.models import EmailAddress
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import letters
from accounts.errors import DomainError
from accounts.models import BetaApplication, Block, Follow, Suspension, User
from accounts.signals import follow_changed, person_blocked, person_suspended

# --- profile -------------------------------------------------------------------------------


def change_picture(*, user: User, picture: "ContentFile[bytes] | None") -> None:
    """Replace the person's picture, or remove it with None; the old file goes after commit."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        old_name = locked.picture.name
        user.picture = picture or ""
        user.save(update_fields=["picture"])
        if old_name:
            transaction.on_commit(partial(default_storage.delete, old_name))


# --- follow and block ----------------------------------------------------------------------


def follow(*, by: User, person: User) -> None:
    """Follow somebody; following twice changes nothing. Raises DomainError."""
    if by == person:
        raise DomainError("follow_self", _("You cannot follow yourself."))
    if Block.objects.filter(Q(blocker=by, blocked=person) | Q(blocker=person, blocked=by)).exists():
        raise DomainError("blocked", _("You cannot follow this person."))
    Follow.objects.get_or_create(follower=by, followed=person)
    _tell_of_follow(by, person)


def unfollow(*, by: User, person: User) -> None:
    """Stop following; nothing happens where nobody followed."""
    Follow.objects.filter(follower=by, followed=person).delete()
    _tell_of_follow(by, person)


def block(*, by: User, person: User) -> None:
    """Keep somebody out of one's Spaces, and end the following in both directions."""
    if by == person:
        raise DomainError("block_self", _("You cannot block yourself."))
    with transaction.atomic():
        Block.objects.get_or_create(blocker=by, blocked=person)
        Follow.objects.filter(
            Q(follower=by, followed=person) | Q(follower=person, followed=by)
        ).delete()
        _tell_of_follow(by, person)
        _tell_of_follow(person, by)
        transaction.on_commit(
            partial(person_blocked.send, sender=Block, blocker_id=by.pk, blocked_id=person.pk)
        )


def unblock(*, by: User, person: User) -> None:
    """Take a block back; who followed whom before does not return."""
    Block.objects.filter(blocker=by, blocked=person).delete()


def _tell_of_follow(follower: User, followed: User) -> None:
    transaction.on_commit(
        partial(
            follow_changed.send, sender=Follow, follower_id=follower.pk, followed_id=followed.pk
        )
    )


# --- suspension ----------------------------------------------------------------------------


def running_suspensions(users: Collection[int]) -> QuerySet[Suspension]:
    """The suspensions that keep any of these people out right now."""
    now = timezone.now()
    running = Q(ends_at=None) | Q(ends_at__gt=now)
    return Suspension.objects.filter(running, user__in=users, starts_at__lte=now)


def kept_out(users: Collection[int]) -> set[int]:
    """Who of these people may not be anywhere right now: suspended, or the account is closed."""
    suspended = running_suspensions(users).values("user")
    barred = User.objects.filter(Q(is_active=False) | Q(pk__in=suspended), pk__in=users)
    return set(barred.values_list("pk", flat=True))


def is_suspended(user: User | AnonymousUser) -> bool:
    """Whether the person is kept out right now; visitors never are."""
    return isinstance(user, User) and bool(kept_out([user.pk]))


def check_suspension(*, user: User, by: User, ends_at: datetime | None) -> None:
    """Raise DomainError when `by` may not suspend `user` until `ends_at`."""
    if user == by:
        raise DomainError("suspend_self", _("You cannot suspend yourself."))
    if user.is_superuser and not by.is_superuser:
        raise DomainError("suspend_superuser", _("Only a superuser may suspend a superuser."))
    if ends_at is not None and ends_at <= timezone.now():
        raise DomainError("ends_in_the_past", _("The end must lie in the future."))


def suspend(*, user: User, by: User, reason: str, ends_at: datetime | None) -> Suspension:
    """Keep the person out from now on, until `ends_at` or (None) until lifted.

    Whoever hears `person_suspended` removes them from where they are. Raises DomainError.
    """
    check_suspension(user=user, by=by, ends_at=ends_at)
    with transaction.atomic():
        suspension = Suspension.objects.create(
            user=user, reason=reason, ends_at=ends_at, imposed_by=by
        )
        _log(by, suspension, ADDITION, gettext("Suspended: %s") % reason)
        transaction.on_commit(partial(person_suspended.send, sender=Suspension, user_id=user.pk))
    return suspension


def lift(*, user: User, by: User) -> int:
    """End all running suspensions of the person now; return how many there were."""
    with transaction.atomic():
        lifted = list(running_suspensions([user.pk]).select_for_update())
        for suspension in lifted:
            suspension.ends_at = timezone.now()
            suspension.save(update_fields=["ends_at"])
            _log(by, suspension, CHANGE, gettext("Lifted."))
    return len(lifted)


# --- beta programme ------------------------------------------------------------------------


def applications_of(user: User) -> QuerySet[BetaApplication]:
    """What the person applied for, with the account or with an address verified since."""
    verified = EmailAddress.objects.filter(user=user, verified=True)
    return BetaApplication.objects.filter(
        Q(user=user) | Q(user=None, email__in=verified.values("email"))
    )


def is_beta_tester(user: User | AnonymousUser) -> bool:
    """Whether the person may create Spaces: one of their applications is approved."""
    return (
        isinstance(user, User)
        and applications_of(user).filter(status=BetaApplication.Status.APPROVED).exists()
    )


def current_application(user: User) -> BetaApplication | None:
    """The application that counts: an approved or waiting one, else the last declined one."""
    found = applications_of(user).order_by("-created_at")
    return found.exclude(status=BetaApplication.Status.DECLINED).first() or found.first()


def adopt_applications(*, user: User) -> None:
    """Tie applications made with the person's verified addresses to the account.

    So that they outlive a later change of the address.
    """
    applications_of(user).filter(user=None).update(user=user)


def apply(
    *, user: User | None, email: str, name: str, kind: str, why: str, language: str
) -> BetaApplication:
    """Apply for the beta programme; `user` is None for people who are not logged in.

    The applicant gets a mail with the address of the status page. Raises DomainError
    `applied_already` while an earlier application waits or is approved; a declined one does
    not stand in the way.
    """
    refusal = DomainError("applied_already", _("You have applied already."))
    declined = BetaApplication.Status.DECLINED
    email = email.lower()
    applicant = (
        user
        or User.objects.filter(
            pk__in=EmailAddress.objects.filter(email=email, verified=True).values("user")
        ).first()
    )
    if applicant and applications_of(applicant).exclude(status=declined).exists():
        raise refusal
    try:
        with transaction.atomic():
            application = BetaApplication.objects.create(
                user=applicant, email=email, name=name, kind=kind, why=why, language=language
            )
            transaction.on_commit(partial(letters.send_receipt, application))
    except IntegrityError:
        raise refusal from None
    return application


def send_status(*, email: str) -> None:
    """Mail the address of the status page to somebody who applied with this address before."""
    application = BetaApplication.objects.filter(email__iexact=email).last()
    if application:
        letters.send_receipt(application)


def approve(*, application: BetaApplication, by: User) -> bool:
    """Let the applicant create Spaces; see `_decide`."""
    return _decide(application, by, BetaApplication.Status.APPROVED, gettext("Approved."))


def decline(*, application: BetaApplication, by: User) -> bool:
    """Tell the applicant that it is not possible now; see `_decide`."""
    return _decide(application, by, BetaApplication.Status.DECLINED, gettext("Declined."))


def _decide(
    application: BetaApplication, by: User, status: BetaApplication.Status, log_message: str
) -> bool:
    """Decide a waiting application, once; the letter goes out after commit.

    Returns whether this call decided it: False when it was decided like this before. Raises
    DomainError `decided_already` when it was decided the other way.
    """
    with transaction.atomic():
        # Of two moderators only one finds it waiting.
        decided = BetaApplication.objects.filter(
            pk=application.pk, status=BetaApplication.Status.PENDING
        ).update(status=status, decided_at=timezone.now(), decided_by=by)
        application.refresh_from_db()
        if decided:
            _log(by, application, CHANGE, log_message)
            transaction.on_commit(partial(letters.send_decision, application))
    if application.status != status:
        raise DomainError("decided_already", _("Somebody decided this application differently."))
    return bool(decided)


def _log(by: User, subject: Model, action: int, message: str) -> None:
    """Write into the admin's history, which moderators read."""
    LogEntry.objects.log_actions(by.pk, [subject], action, message, single_object=True)
