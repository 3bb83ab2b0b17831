"""Make the people that a first look at Spaces needs."""

from argparse import ArgumentParser

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts import operations
from accounts.groups import MODERATORS
from accounts.models import BetaApplication, User

# handle, display name, what they can do
PEOPLE = [
    ("moderator", "Chiara Rossi", "moderates in /admin/, is no superuser"),
    ("host", "Marco Bianchi", "approved beta tester, may create Spaces"),
    ("speaker", "Ada Olsen", "an account like any other"),
    ("listener", "Tom Becker", "an account like any other"),
    ("outsider", "Giulia Conti", "an account like any other"),
]


class Command(BaseCommand):
    help = "Make the demo accounts with one password for all; safe to run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--password", required=True, help="the password of all of them")

    def handle(self, *, password: str, **options: object) -> None:
        if not password:
            raise CommandError("The password is empty: say demo --password PW")
        with transaction.atomic():
            made = {handle for handle, name, _ in PEOPLE if keep_person(handle, name, password)}
            moderator = User.objects.get(handle="moderator")
            moderator.is_staff = True
            moderator.save(update_fields=["is_staff"])
            moderator.groups.add(Group.objects.get(name=MODERATORS))
            keep_beta_tester(User.objects.get(handle="host"), moderator)
        self.stdout.write(f"{'handle':10}  {'name':14}  {'':20}  what they can do")
        for handle, name, note in PEOPLE:
            done = "made" if handle in made else "kept, password reset"
            self.stdout.write(f"{handle:10}  {name:14}  {done:20}  {note}")


def keep_person(handle: str, display_name: str, password: str) -> bool:
    """Make the person, or give them the password again; return whether they are new."""
    # example.org never gets mail (RFC 2606).
    email = f"{handle}@example.org"
    user = User.objects.filter(handle=handle).first()
    is_new = user is None
    if user is None:
        if User.objects.filter(email=email).exists():
            raise CommandError(f"{email} belongs to another account; nothing was changed.")
        user = User.objects.create_user(handle, email, display_name=display_name)
    user.set_password(password)
    user.is_active = True
    user.save(update_fields=["password", "is_active"])
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return is_new


def keep_beta_tester(host: User, moderator: User) -> None:
    """Let the host create Spaces, without mailing anybody."""
    if not operations.is_beta_tester(host):
        BetaApplication.objects.exclude(status=BetaApplication.Status.DECLINED).update_or_create(
            email=host.email,
            defaults={
                "user": host,
                "name": host.display_name,
                "kind": BetaApplication.Kind.PERSON,
                "why": "To show what Spaces can do.",
                "language": "en",
                "status": BetaApplication.Status.APPROVED,
                "decided_at": timezone.now(),
                "decided_by": moderator,
                "mailed_at": timezone.now(),
            },
        )
