"""Where people report."""

from django.http import Http404, HttpRequest, HttpResponse


def report(request: HttpRequest, public_id: str) -> HttpResponse:
    """Report a room, or somebody in it."""
    raise Http404
