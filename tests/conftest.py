"""The cast: the same people in every test."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import SyncToAsync
from django.contrib.auth.models import Group
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, settings

from accounts.models import BetaApplication, Block, Suspension, User
from speech.recogniser import Recogniser
from tests.speech.model import FOLDER


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """The real speech model, as captions use it."""
    return Recogniser(FOLDER, beams=1)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """PostgreSQL drops no database that the thread of asynchronous code still holds."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def person(handle: str, **fields: object) -> User:
    """A user with a verified address who could log in with the password `pw`."""
    fields.setdefault("display_name", handle.capitalize())
    user = User.objects.create_user(handle, f"{handle}@example.org", "pw", **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def host(db: None) -> User:
    """An approved beta tester."""
    user = person("host")
    BetaApplication.objects.create(
        user=user,
        email=user.email,
        name="Host",
        kind=BetaApplication.Kind.PERSON,
        why="To talk.",
        language="en",
        status=BetaApplication.Status.APPROVED,
        decided_at=timezone.now(),
    )
    return user


@pytest.fixture
def cohost(db: None) -> User:
    """Somebody to run the Space with; what they may do is for the room to say."""
    return person("cohost")


@pytest.fixture
def speaker(db: None) -> User:
    return person("speaker")


@pytest.fixture
def listener(db: None) -> User:
    return person("listener")


@pytest.fixture
def outsider(db: None) -> User:
    """Has an account, was never in the room, and is no beta tester."""
    return person("outsider")


@pytest.fixture
def blocked(db: None, host: User) -> User:
    """Somebody whom the host blocked."""
    user = person("blocked")
    Block.objects.create(blocker=host, blocked=user)
    return user


@pytest.fixture
def suspended(db: None) -> User:
    user = person("suspended")
    Suspension.objects.create(
        user=user, reason="Abuse", starts_at=timezone.now() - timedelta(days=1)
    )
    return user


@pytest.fixture
def moderator(db: None) -> User:
    """Staff in the group of moderators, no superuser."""
    user = person("moderator", is_staff=True)
    user.groups.add(Group.objects.get(name="moderators"))
    return user
