"""What can be done with accounts; rules live here, not in views."""

from django.db.models import Q
from django.utils import timezone

from accounts.models import BetaApplication, User


def is_beta_tester(user: User) -> bool:
    """Whether an application of the person, or of one of their verified addresses, is approved."""
    verified = user.emailaddress_set.filter(verified=True).values_list("email", flat=True)
    return BetaApplication.objects.filter(
        Q(user=user) | Q(user=None, email__in=list(verified)),
        status=BetaApplication.Status.APPROVED,
    ).exists()


def is_suspended(user: User) -> bool:
    """Whether a suspension of the person runs right now."""
    now = timezone.now()
    return user.suspensions.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now
    ).exists()
