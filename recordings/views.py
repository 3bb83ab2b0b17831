"""The state of a recording, and its files."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.errors import DomainError
from recordings import (
    access,
    exporting,
    exports,
    links,
    operations,
    policy,
    presentation,
    replaying,
    transcribed,
)
from recordings.links import BadLink, Way, redirect_to_file
from recordings.models import Export, Recording, RecordingFile
from recordings.streaming import file_response
from recordings.tasks import send_export
from rooms.models import Room


@require_safe
def recording_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The way to one file for its host or a moderator; for others it does not exist."""
    file = get_object_or_404(
        RecordingFile.objects.select_related("recording__room", "participant__user"),
        pk=pk,
    )
    if (
        not file.recording.is_kept
        or not request.user.is_authenticated
        or not policy.can_listen(request.user, file.recording.room)
    ):
        raise Http404
    try:
        response = redirect_to_file(
            request,
            file,
            Way.COPY,
            presentation.file_name(file),
            presentation.content_type(file.kind),
        )
    except FileNotFoundError:
        raise Http404 from None
    if request.method == "GET":
        operations.log_access(file=file, user=request.user, now=timezone.now())
    return response


@require_safe
def stored_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """A file at a signed address, in ranges, for whoever was sent there, while they may have it."""
    try:
        link = links.read(token)
        if not access.still_holds(link):
            raise Http404
        return file_response(request, link)
    except (BadLink, FileNotFoundError):
        raise Http404 from None


@require_POST
def export_ask(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask for the session's data: `scope=everything`, or `scope=own` for one's own part."""
    room = get_object_or_404(Room, public_id=public_id)
    offer = exporting.offer(room, request, request.POST.get("scope", ""))
    recording = Recording.objects.filter(room=room).first()
    if offer is None or recording is None:
        raise Http404
    try:
        export = exports.ask(
            recording=recording, participant=offer.participant, language=get_language()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        send_export(export.pk)
    return redirect("room", public_id)


@require_safe
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The ZIP, for whom it was made; for others it does not exist."""
    export = get_object_or_404(
        Export.objects.select_related("recording__room", "participant__user"), pk=pk
    )
    if not exporting.may_have(export, request) or not exports.is_there(export, timezone.now()):
        raise Http404
    name = exporting.file_name(export)
    try:
        response = redirect_to_file(request, export, Way.EXPORT, name, "application/zip")
    except FileNotFoundError:
        raise Http404 from None
    if request.method == "GET" and request.user.is_authenticated:
        operations.log_access(file=export, user=request.user, now=timezone.now())
    return response


@never_cache
@require_safe
@vary_on_headers("X-Fragment")
def room_recording(request: HttpRequest, public_id: str) -> HttpResponse:
    """What has become of a room's recording: a page, or for `X-Fragment: 1` its inner part."""
    room = get_object_or_404(Room, public_id=public_id)
    context = presentation.recording_context(room, request.user)
    more = {
        "exports": exporting.offers(room, request),
        "replay": replaying.replay_view(room, request.user),
        "transcript": transcribed.transcript_view(room, request.user),
    }
    is_fragment = request.headers.get("X-Fragment") == "1"
    template = "recordings/_recording.html" if is_fragment else "recordings/recording.html"
    return render(request, template, {**context, **more})
