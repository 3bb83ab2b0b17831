"""The sentences of the scripts, at an address that changes with them and may be kept for ever."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.i18n import JavaScriptCatalog


class _Ours(JavaScriptCatalog):
    """Without the sentences of the admin's scripts, which has a catalogue of its own."""

    def get_paths(self, packages: list[str]) -> list[str]:
        """Folders of translations."""
        return [str(path) for path in settings.LOCALE_PATHS]


_view = _Ours.as_view(packages=["ours"])


def address(language: str) -> str:
    """Where the catalogue of a language is now."""
    return reverse("javascript_catalog", args=[language, _version(language)])


@cache_control(public=True, max_age=31_536_000, immutable=True)
def catalogue(request: HttpRequest, language: str, version: str) -> HttpResponseBase:
    """The catalogue; whatever the version, it is the one of today."""
    with translation.override(language):
        return _view(request)


@cache
def _version(language: str) -> str:
    name = f"{translation.to_locale(language)}/LC_MESSAGES/djangojs.mo"
    files = [Path(folder) / name for folder in settings.LOCALE_PATHS]
    content = b"".join(file.read_bytes() for file in files if file.exists())
    return sha256(content).hexdigest()[:12]
