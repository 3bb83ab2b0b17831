"""Who a browser is without an account: a signed cookie with a random name."""

import re
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "visitor"
SALT = "rooms.visitor"
MAX_AGE = 365 * 24 * 3600
"""Seconds; one year."""

_VISITOR = re.compile(r"[0-9a-f]{32}")


def visitor_of_request(request: HttpRequest) -> str | None:
    """The visitor of a page request; None without the cookie, or when it was tampered with."""
    return _visitor(request.COOKIES)


def visitor_of_scope(scope: Mapping[str, Any]) -> str | None:
    """The visitor of a WebSocket, whose scope went through Channels' CookieMiddleware."""
    return _visitor(scope["cookies"])


def new_visitor() -> str:
    """32 hexadecimal digits that nobody has."""
    return token_hex(16)


def remember_visitor(response: HttpResponse, visitor: str) -> None:
    """Set or renew the cookie."""
    response.set_cookie(
        COOKIE,
        _signer().sign(visitor),
        max_age=MAX_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _visitor(cookies: Mapping[str, str]) -> str | None:
    try:
        value = _signer().unsign(cookies[COOKIE], max_age=MAX_AGE)
    except (KeyError, signing.BadSignature):
        return None
    return value if _VISITOR.fullmatch(value) else None


def _signer() -> signing.TimestampSigner:
    # Not Django's signed cookies: how those derive their salt is private, and a WebSocket has
    # no request to read them from.
    return signing.get_cookie_signer(salt=COOKIE + SALT)
