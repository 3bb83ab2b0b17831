"""What the tests of accounts share besides the cast."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User


@pytest.fixture(autouse=True)
def _nobody_was_here_before() -> Iterator[None]:
    """Rate limits are counted in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """A browser in which the person is logged in."""

    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return logged_in


@pytest.fixture
def photo() -> Callable[..., SimpleUploadedFile]:
    """An upload with a picture in one colour."""

    def make(
        name: str = "me.png",
        format_: str = "PNG",
        size: tuple[int, int] = (300, 200),
        mode: str = "RGB",
        **options: object,
    ) -> SimpleUploadedFile:
        file = BytesIO()
        Image.new(mode, size).save(file, format_, **options)
        return SimpleUploadedFile(name, file.getvalue())

    return make
