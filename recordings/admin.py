"""Recordings, their proofs of deletion, and who listened: for moderators, to look at."""

import csv
import json
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import ReadOnlyAdmin, StaffRequest
from accounts.errors import DomainError
from recordings import pipeline, presentation, replays
from recordings.models import (
    Clip,
    Discrepancy,
    PurgeRecord,
    Recording,
    RecordingAccess,
    RecordingFile,
    Replay,
)
from recordings.tasks import send_recording

if TYPE_CHECKING:
    # Django's classes take type arguments in the stubs only.
    RecordingAdminBase = admin.ModelAdmin[Recording]
    PurgeRecordAdminBase = admin.ModelAdmin[PurgeRecord]
    ReplayAdminBase = admin.ModelAdmin[Replay]
    ClipAdminBase = admin.ModelAdmin[Clip]
    DiscrepancyAdminBase = admin.ModelAdmin[Discrepancy]
    FilesBase = admin.TabularInline[RecordingFile, Recording]
    AccessesBase = admin.TabularInline[RecordingAccess, Recording]
else:
    RecordingAdminBase = PurgeRecordAdminBase = admin.ModelAdmin
    ReplayAdminBase = ClipAdminBase = DiscrepancyAdminBase = admin.ModelAdmin
    FilesBase = AccessesBase = admin.TabularInline


class ViewWithRecording(ReadOnlyAdmin):
    """Who sees the recording sees this part of it."""

    def has_view_permission(self, request: HttpRequest, *_args: object) -> bool:
        return request.user.has_perm("recordings.view_recording")


class Files(ViewWithRecording, FilesBase):
    """The files of one recording."""

    model = RecordingFile
    fields = readonly_fields = ("voice", "length", "size", "sha256", "listen")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecordingFile]:
        return super().get_queryset(request).select_related("participant__user", "recording")

    @admin.display(description=_("voice"))
    def voice(self, file: RecordingFile) -> str:
        return presentation.speaker_name(file)

    @admin.display(description=_("length"))
    def length(self, file: RecordingFile) -> str:
        return presentation.clock(file.seconds)

    @admin.display(description=_("sound"))
    def listen(self, file: RecordingFile) -> str:
        address = reverse("recording_file", args=[file.pk])
        if file.kind in (RecordingFile.Kind.PEAKS, RecordingFile.Kind.MANIFEST):
            return format_html('<a href="{}?download=1">{}</a>', address, gettext("Download"))
        return format_html('<audio controls preload="none" src="{}"></audio>', address)


class Accesses(ViewWithRecording, AccessesBase):
    """Who listened to one recording."""

    model = RecordingAccess
    fields = readonly_fields = ("who", "file_name", "at")

    @admin.display(description=_("who"))
    def who(self, access: RecordingAccess) -> str:
        return str(access.user or "-")


class FlaggedFilter(admin.SimpleListFilter):
    """By whether a report keeps the copy longer."""

    title = _("flagged")
    parameter_name = "flagged"

    def lookups(self, *_args: object) -> list[tuple[str, str]]:
        return [("yes", gettext("Yes")), ("no", gettext("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Recording]) -> QuerySet[Recording]:
        if self.value() is None:
            return queryset
        return queryset.filter(room__flagged_at__isnull=self.value() == "no")


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin, RecordingAdminBase):
    """What became of each room's sound."""

    list_display = ["room", "state", "step", "kept_until", "flagged", "error"]
    list_filter = ["state", FlaggedFilter]
    list_select_related = ["room"]
    search_fields = ["room__title", "room__public_id", "room__host__handle"]
    ordering = ["-room__ended_at"]
    fields = [
        "room",
        "state",
        "ended",
        "kept_until",
        "flagged",
        "step",
        "progress",
        "archived_at",
        "attempts",
        "due_at",
        "error",
    ]
    inlines = [Files, Accesses]
    actions = ["retry"]

    class Media:
        css = {"all": ["recordings/admin.css"]}
        js = [Script("js/replay/renew.js", type="module")]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """For the action."""
        return request.user.has_perm("recordings.review_recording")

    @admin.action(description=_("Try the step that failed again"), permissions=["retry"])
    def retry(self, request: StaffRequest, recordings: QuerySet[Recording]) -> None:
        """That step alone starts over, from its first attempt."""
        started = []
        for recording in recordings.select_related("room"):
            try:
                pipeline.retry(recording=recording)
            except DomainError as refusal:
                messages.warning(request, f"{recording}: {refusal.message}")
            else:
                send_recording(recording.pk)
                started.append(recording)
        LogEntry.objects.log_actions(
            request.user.pk, started, CHANGE, gettext("Asked to try the failed step again.")
        )
        text = ngettext(
            "%d recording is tried again.", "%d recordings are tried again.", len(started)
        )
        messages.success(request, text % len(started))

    @admin.display(description=_("ended"), ordering="room__ended_at")
    def ended(self, recording: Recording) -> str:
        """When the Space ended."""
        return presentation.day(recording.room.ended_at)

    @admin.display(description=_("kept until"))
    def kept_until(self, recording: Recording) -> str:
        """The clock of the retention."""
        return presentation.day(presentation.kept_until(recording.room))

    @admin.display(description=_("flagged"), boolean=True)
    def flagged(self, recording: Recording) -> bool:
        """Whether the longer time holds."""
        return recording.room.flagged_at is not None


@admin.register(PurgeRecord)
class PurgeRecordAdmin(ReadOnlyAdmin, PurgeRecordAdminBase):
    """Proofs of deletion: to be read and exported."""

    list_display = ["room_public_id", "ended_at", "rule", "expired_at", "purged_at", "total_bytes"]
    list_filter = ["rule", "purged_at"]
    search_fields = ["room_public_id"]
    date_hierarchy = "purged_at"
    actions = ["export"]

    @admin.action(description=_("Export the selected records as CSV"), permissions=["view"])
    def export(self, request: HttpRequest, records: QuerySet[PurgeRecord]) -> HttpResponse:
        """One line a record; the files as JSON in the last column."""
        response = HttpResponse(
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="purge-records.csv"'},
        )
        columns = [field.name for field in PurgeRecord._meta.fields if field.name != "id"]
        writer = csv.writer(response)
        writer.writerow(columns)
        writer.writerows([_cell(record, column) for column in columns] for record in records)
        return response


class WithdrawingAdmin(ReadOnlyAdmin):
    """What people published, for moderators to withdraw and to give back."""

    def has_review_permission(self, request: HttpRequest) -> bool:
        """For the actions."""
        return request.user.has_perm("recordings.review_recording")

    @admin.display(description=_("Space"))
    def space(self, what: Replay | Clip) -> str:
        """What it is of."""
        return str(what.recording)

    @admin.action(description=_("Withdraw what is selected"), permissions=["review"])
    def withdraw(self, request: StaffRequest, chosen: QuerySet[Replay] | QuerySet[Clip]) -> None:
        """Only the host hears a replay from then on, and nobody a clip."""
        for what in chosen:
            replays.withdraw(what=what)
        LogEntry.objects.log_actions(request.user.pk, chosen, CHANGE, gettext("Withdrawn."))

    @admin.action(description=_("Give back what is selected"), permissions=["review"])
    def restore(self, request: StaffRequest, chosen: QuerySet[Replay] | QuerySet[Clip]) -> None:
        """As it was published."""
        for what in chosen:
            replays.restore(what=what)
        LogEntry.objects.log_actions(request.user.pk, chosen, CHANGE, gettext("Given back."))


@admin.register(Replay)
class ReplayAdmin(WithdrawingAdmin, ReplayAdminBase):
    """What hosts published."""

    list_display = ["space", "public", "published_at", "in_feed", "withdrawn_at", "deleted_at"]
    list_filter = ["in_feed", "withdrawn_at"]
    list_select_related = ["recording__room"]
    search_fields = ["recording__room__title", "recording__room__host__handle"]
    ordering = ["-published_at"]
    actions = ["withdraw", "restore"]

    @admin.display(description=_("public"), boolean=True)
    def public(self, replay: Replay) -> bool:
        """Whether everybody may hear it."""
        return replay.is_public


@admin.register(Clip)
class ClipAdmin(WithdrawingAdmin, ClipAdminBase):
    """What people cut out of replays."""

    list_display = ["title", "page", "space", "made_by", "created_at", "withdrawn_at"]
    list_filter = ["created_at", "withdrawn_at"]
    list_select_related = ["recording__room", "made_by"]
    search_fields = ["title", "made_by__handle", "recording__room__title"]
    ordering = ["-created_at"]
    actions = ["withdraw", "restore"]

    @admin.display(description=_("page"))
    def page(self, clip: Clip) -> str:
        """Where it is heard."""
        return format_html(
            '<a href="{}">{}</a>', reverse("clip", args=[clip.public_id]), gettext("Open")
        )


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnlyAdmin, DiscrepancyAdminBase):
    """What the comparison of storage and rows found, to be read."""

    list_display = ["found_at", "kind", "name", "size"]
    list_filter = ["kind", "found_at"]
    search_fields = ["name"]


def _cell(record: PurgeRecord, column: str) -> object:
    value = getattr(record, column)
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, list) else value
