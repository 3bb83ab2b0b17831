"""The language in which a WebSocket gets its sentences: the same as its page."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header


def language_of_scope(scope: Mapping[str, Any]) -> str:
    """The language of the profile, else of the cookie, else what the browser asks for."""
    wanted = [
        getattr(scope["user"], "language", ""),
        scope["cookies"].get(settings.LANGUAGE_COOKIE_NAME, ""),
    ]
    header = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    wanted += [language for language, _ in parse_accept_lang_header(header)]
    for language in filter(None, wanted):
        try:
            return get_supported_language_variant(language)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
