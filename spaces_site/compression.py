"""Pages are compressed on their way; files and recordings are not touched here."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_TEXT = ("text/", "application/json", "application/manifest+json")


class CompressPages(GZipMiddleware):
    """Gzip for whole texts only.

    What a page holds beside secrets of its own may be guessed from its length (BREACH): Django
    masks the CSRF token anew in each answer, and the length is blurred at random.
    Streams are left alone: players ask for parts of them.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress the response if it is text."""
        if "immutable" in response.get("Cache-Control", ""):
            # The same for everybody. With "Vary: Cookie", which reading the session adds, browsers
            # would ask again whenever a cookie changes.
            del response.headers["Vary"]
        is_text = response.get("Content-Type", "").startswith(_TEXT)
        if response.streaming or not is_text:
            return response
        return super().process_response(request, response)
