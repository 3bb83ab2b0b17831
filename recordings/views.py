"""The state of a recording, and its files."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from recordings import operations, policy, presentation
from recordings.models import Recording, RecordingFile
from recordings.streaming import file_response
from rooms.models import Room


@require_safe
def recording_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One file for its host or a moderator, in ranges; for others it does not exist."""
    file = get_object_or_404(
        RecordingFile.objects.select_related("recording__room", "participant__user"),
        pk=pk,
        recording__state=Recording.State.READY,
    )
    if not request.user.is_authenticated or not policy.can_listen(
        request.user, file.recording.room
    ):
        raise Http404
    try:
        response = file_response(request, file, presentation.file_name(file))
    except FileNotFoundError:
        raise Http404 from None
    if request.method == "GET":
        operations.log_access(file=file, user=request.user, now=timezone.now())
    return response


@never_cache
@require_safe
@vary_on_headers("X-Fragment")
def room_recording(request: HttpRequest, public_id: str) -> HttpResponse:
    """What has become of a room's recording: a page, or for `X-Fragment: 1` its inner part."""
    room = get_object_or_404(Room, public_id=public_id)
    context = presentation.recording_context(room, request.user)
    is_fragment = request.headers.get("X-Fragment") == "1"
    template = "recordings/_recording.html" if is_fragment else "recordings/recording.html"
    return render(request, template, {**context})
