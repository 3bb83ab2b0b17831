"""The transcript: its page, its files, and the host's corrections."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from accounts.models import User
from recordings import correcting, operations, policy, reading, replays, transcribed
from recordings.models import Recording, TranscriptLine
from recordings.transcripts import FORMS, Transcript


@require_safe
def transcript_file(request: HttpRequest, public_id: str, suffix: str) -> HttpResponse:
    """The transcript in one form, for whoever may hear the recording or its replay."""
    media_type, write = FORMS[suffix]
    recording = _recording(public_id)
    room = recording.room
    stem = f"{room.created_at:%Y-%m-%d}-{slugify(room.title, allow_unicode=True)}"
    response = HttpResponse(write(_transcript(request, recording)), content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(True, f"{stem}.{suffix}") or ""
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@require_safe
def transcript(request: HttpRequest, public_id: str) -> HttpResponse:
    """All lines, for the host and moderators; `?line=7` opens one for the host to correct."""
    recording = _recording(public_id)
    if not recording.is_kept or not policy.can_listen(request.user, recording.room):
        raise Http404
    _log(request, recording)
    opened = request.GET.get("line", "")
    context = {
        "room": recording.room,
        "entries": reading.entries(recording),
        "forms": list(FORMS),
        "may_correct": policy.can_correct(request.user, recording.room),
        "opened": int(opened) if opened.isdecimal() else None,
        "longest": correcting.LONGEST,
    }
    return render(request, "recordings/transcript.html", context)


@login_required
@require_POST
def transcript_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct one line, and go back to it."""
    line = get_object_or_404(TranscriptLine.objects.select_related("recording__room"), pk=pk)
    if not policy.can_listen(request.user, line.recording.room):
        raise Http404
    try:
        correcting.correct_line(
            line_id=pk, by=cast(User, request.user), text=request.POST.get("text", "")
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    page = reverse("transcript", args=[line.recording.room.public_id])
    return redirect(f"{page}#line-{pk}")


def _transcript(request: HttpRequest, recording: Recording) -> Transcript:
    if recording.is_kept and policy.can_listen(request.user, recording.room):
        _log(request, recording)
        return reading.complete(recording)
    replay = replays.readable(recording, request.user)
    if replay is None:
        raise Http404
    return transcribed.of_replay(replay)


def _log(request: HttpRequest, recording: Recording) -> None:
    operations.log_transcript(
        recording=recording, user=cast(User, request.user), now=timezone.now()
    )


def _recording(public_id: str) -> Recording:
    """Of a room whose host wished to have it written down."""
    return get_object_or_404(
        Recording.objects.select_related("room__host"),
        room__public_id=public_id,
        room__transcription=True,
    )
