"""The state of a recording, and its files."""

from django.http import Http404, HttpRequest, HttpResponse


def recording_file(request: HttpRequest, pk: int) -> HttpResponse:
    """One file, for the host and for moderators."""
    raise Http404


def room_recording(request: HttpRequest, public_id: str) -> HttpResponse:
    """What has become of a room's recording."""
    raise Http404
