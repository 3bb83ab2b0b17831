"""Replays, clips and the podcast: what everybody may hear once a host published it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from accounts.models import User
from recordings import podcast, presentation, replaying, replays
from recordings.forms import ClipForm, TrimForm
from recordings.links import Way, redirect_to_file
from recordings.models import Clip, Recording, RecordingFile, Replay
from recordings.tasks import send_export

_KINDS = {
    "ogg": RecordingFile.Kind.MIX,
    "m4a": RecordingFile.Kind.M4A,
}


@require_safe
def replay_file(request: HttpRequest, public_id: str, suffix: str) -> HttpResponseBase:
    """The way to the sound of a public replay."""
    replay = _readable(request, public_id)
    kind = _KINDS[suffix]
    source = replays.source(replay, kind)
    if source is None:
        raise Http404
    name = f"{replaying.file_stem(replay)}.{suffix}"
    try:
        return redirect_to_file(request, source, Way.REPLAY, name, presentation.content_type(kind))
    except FileNotFoundError:
        raise Http404 from None


@require_safe
def replay_data(request: HttpRequest, public_id: str) -> HttpResponse:
    """Waveform, lanes, chapters and lines, on the clock of the replay."""
    replay = _readable(request, public_id)
    return JsonResponse(asdict(replaying.data(replay)), headers={"Cache-Control": "private"})


@require_safe
def replay_chapters(request: HttpRequest, public_id: str) -> HttpResponse:
    """Chapters as podcast players read them (JSON Chapters 1.2)."""
    replay = _readable(request, public_id)
    chapters = [
        {"startTime": turn.start, "endTime": turn.start + turn.seconds, "title": turn.name}
        for turn in replaying.chapters(replay)
    ]
    return JsonResponse(
        {"version": "1.2.0", "chapters": chapters}, content_type="application/json+chapters"
    )


@require_safe
def podcast_feed(request: HttpRequest, handle: str) -> HttpResponse:
    """The RSS feed of a host."""
    host = get_object_or_404(User, handle=handle.lower(), is_active=True)
    with translation.override(host.language or settings.LANGUAGE_CODE):
        return HttpResponse(podcast.feed_of(host), content_type=podcast.PodcastFeed.mime_type)


# --- the host --------------------------------------------------------------------------------


@login_required
@require_POST
def replay_change(request: HttpRequest, public_id: str) -> HttpResponse:
    """`action`: `publish` (with `in_feed`), `unpublish`, `trim` (with both times), `delete`."""
    recording = _recording(public_id)
    change = _CHANGES.get(request.POST.get("action", ""))
    if change is None:
        raise Http404
    try:
        messages.success(request, change(request, recording, cast(User, request.user)))
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    return redirect("room", public_id)


def _publish(request: HttpRequest, recording: Recording, host: User) -> str:
    in_feed = request.POST.get("in_feed") == "on"
    replays.publish(recording=recording, by=host, in_feed=in_feed)
    return _("Everybody can hear the replay now.")


def _unpublish(_request: HttpRequest, recording: Recording, host: User) -> str:
    replays.unpublish(recording=recording, by=host)
    return _("Only you can hear the recording now.")


def _trim(request: HttpRequest, recording: Recording, host: User) -> str:
    form = TrimForm(request.POST)
    if not form.is_valid():
        raise DomainError("bad_trim", _("Write times as 1:02:03 or 4:05."))
    replays.trim(recording=recording, by=host, **form.cleaned_data)
    for export in recording.exports.filter(state="waiting"):
        send_export(export.pk)
    return _("The replay is being cut. This takes a moment.")


def _delete(_request: HttpRequest, recording: Recording, host: User) -> str:
    replays.delete(recording=recording, by=host)
    return _("The replay is deleted.")


_CHANGES: dict[str, Callable[[HttpRequest, Recording, User], str]] = {
    "publish": _publish,
    "unpublish": _unpublish,
    "trim": _trim,
    "delete": _delete,
}


# --- clips -----------------------------------------------------------------------------------


@login_required
@require_POST
def clip_make(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a clip and show its page."""
    replay = _readable(request, public_id)
    form = ClipForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the clip a title, and at most 60 seconds."))
        return redirect("room", public_id)
    offset = replays.span(replay).start
    try:
        clip = replays.make_clip(
            replay=replay,
            by=cast(User, request.user),
            title=form.cleaned_data["title"],
            start=offset + form.cleaned_data["start"],
            seconds=form.cleaned_data["seconds"],
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
        return redirect("room", public_id)
    return redirect("clip", clip.public_id)


@require_safe
def clip(request: HttpRequest, public_id: str) -> HttpResponse:
    """A clip, for whoever may hear the replay it is from."""
    found, replay = _clip(request, public_id)
    may_delete = request.user.pk in (found.made_by_id, found.recording.room.host_id)
    context = {"clip": found, "room": found.recording.room, "may_delete": may_delete}
    context["has_m4a"] = replays.source(replay, RecordingFile.Kind.M4A) is not None
    return render(request, "recordings/clip.html", context | replaying.clip_times(found, replay))


@login_required
@require_POST
def clip_delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """For who made it, and for the host."""
    found = get_object_or_404(Clip.objects.select_related("recording__room"), public_id=public_id)
    try:
        replays.delete_clip(clip=found, by=cast(User, request.user))
    except DomainError:
        raise Http404 from None
    messages.success(request, _("The clip is deleted."))
    return redirect("room", found.recording.room.public_id)


def _clip(request: HttpRequest, public_id: str) -> tuple[Clip, Replay]:
    found = get_object_or_404(
        Clip.objects.select_related("recording__room__host", "made_by"), public_id=public_id
    )
    replay = _readable(request, found.recording.room.public_id)
    if found not in replays.clips(replay):
        raise Http404  # trimmed away, withdrawn, or its maker is kept out
    return found, replay


def _readable(request: HttpRequest, public_id: str) -> Replay:
    replay = replays.readable(_recording(public_id), request.user)
    if replay is None:
        raise Http404
    return replay


def _recording(public_id: str) -> Recording:
    found = Recording.objects.select_related("room__host")
    return get_object_or_404(found, room__public_id=public_id)
