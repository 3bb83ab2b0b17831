"""Style sheets of one page in one file, at an address that changes with them.

Browsers ask for a handful of files at once and wait a round trip for the next; a page is not
painted before it has all of its style sheets.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control

_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_NAMES = re.compile(r"[a-z]+(\+[a-z]+)*")


def address(names: str) -> str:
    """Where these are now: names in `static/css`, separated by `+`."""
    version = sha256(_joined(names).encode()).hexdigest()[:12]
    return reverse("stylesheets", args=[version, names])


@cache_control(public=True, max_age=31_536_000, immutable=True)
def stylesheets(request: HttpRequest, version: str, names: str) -> HttpResponse:
    """The sheets, one after the other; whatever the version, they are those of today."""
    if not _NAMES.fullmatch(names):
        raise Http404
    return HttpResponse(_joined(names), content_type="text/css")


def _joined(names: str) -> str:
    return "\n".join(map(_read if settings.DEBUG else _remembered, names.split("+")))


def _read(name: str) -> str:
    """Without comments. Raises `Http404`."""
    path = finders.find(f"css/{name}.css")
    if not isinstance(path, str):
        raise Http404(name)
    return _COMMENT.sub("", Path(path).read_text(encoding="utf-8"))


_remembered = cache(_read)
