"""Deleting one's account: what is the person's goes at once, the rest with the copies it is in.

The row stays, emptied, while a kept copy of a Space still refers to it; `forget` takes it away.
"""

from functools import partial

from allauth.account.models import EmailAddress
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from accounts import letters
from accounts.errors import DomainError
from accounts.models import BetaApplication, Block, Follow, User
from accounts.operations import applications_of
from accounts.signals import account_closed

_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789"


@transaction.atomic
def close_account(*, user: User) -> None:
    """Empty the account for good; nobody can log in with it again. Closing twice is closing once.

    Whoever hears `account_closed` ends what the person has going on. Raises `DomainError` with
    `staff`: what moderators decided stays signed with their name, so an administrator takes away
    their rights first.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    if person.is_staff or person.is_superuser:
        raise DomainError("staff", _("Ask an administrator to take away your staff rights first."))
    if person.closed_at is not None:
        return
    address, language = person.email, person.language
    _forget_others(person)
    _empty(person)
    transaction.on_commit(partial(letters.send_goodbye, address, language))
    transaction.on_commit(
        partial(account_closed.send_robust, sender=User, user_id=person.pk), robust=True
    )


def _forget_others(person: User) -> None:
    """Addresses, applications, and what the person and others decided about each other."""
    BetaApplication.objects.filter(pk__in=applications_of(person).values("pk")).delete()
    EmailAddress.objects.filter(user=person).delete()
    Follow.objects.filter(Q(follower=person) | Q(followed=person)).delete()
    Block.objects.filter(Q(blocker=person) | Q(blocked=person)).delete()


def _empty(person: User) -> None:
    if person.picture.name:
        transaction.on_commit(partial(default_storage.delete, person.picture.name), robust=True)
    person.handle = f"deleted_{get_random_string(12, _SIGNS)}"
    person.email = f"{person.handle}@deleted.invalid"
    person.display_name = person.bio = person.language = ""
    person.picture = ""
    person.last_login = None
    person.set_unusable_password()  # every session of the account ends with it
    person.is_active = False
    person.closed_at = timezone.now()
    person.save()
