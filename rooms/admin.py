"""Rooms, their people and what happened, for moderators: to read, and to end a Space."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import ReadOnlyAdmin
from rooms import operations
from rooms.models import Participant, Pin, Question, Room, RoomEvent


class ParticipantInline(ReadOnlyAdmin, admin.TabularInline):  # type: ignore[type-arg]  # generic in stubs alone
    model = Participant
    fields = ["name", "role", "joined_at", "left_at", "removed_at"]
    readonly_fields = ["name"]
    extra = 0
    show_change_link = True


@admin.register(Room)
class RoomAdmin(ReadOnlyAdmin, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    actions = ["end_spaces"]
    date_hierarchy = "created_at"
    inlines = [ParticipantInline]
    list_display = ["title", "host", "created_at", "ended_at", "end_reason", "flagged_at"]
    list_filter = [("ended_at", admin.EmptyFieldListFilter), "end_reason"]
    list_select_related = ["host"]
    search_fields = ["title", "public_id", "host__handle"]

    def has_end_permission(self, request: HttpRequest) -> bool:
        """For the action: who may only look does not end what others do."""
        return request.user.has_perm("rooms.change_room")

    @admin.action(description=_("End these Spaces now"), permissions=["end"])
    def end_spaces(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        """End the chosen Spaces that are live, and put it into the log."""
        ended = 0
        for room in queryset:
            if operations.end_room(room_id=room.pk, reason=Room.EndReason.MODERATOR):
                self.log_change(request, room, str(_("Ended the Space.")))
                ended += 1
        text = ngettext("%d Space was ended.", "%d Spaces were ended.", ended) % ended
        self.message_user(request, text, messages.SUCCESS)


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    date_hierarchy = "joined_at"
    list_display = ["name", "room", "user", "role", "joined_at", "left_at", "removed_at"]
    list_filter = ["role", ("removed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["room", "user"]
    search_fields = ["public_id", "user__handle", "user__display_name", "room__title"]
    exclude = ["visitor"]


@admin.register(RoomEvent)
class RoomEventAdmin(ReadOnlyAdmin, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    date_hierarchy = "at"
    list_display = ["at", "room", "kind", "actor", "target", "data"]
    list_filter = ["kind"]
    list_select_related = ["room", "actor__room", "actor__user", "target__room", "target__user"]
    search_fields = ["room__title", "room__public_id"]


@admin.register(Pin)
class PinAdmin(ReadOnlyAdmin, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    date_hierarchy = "pinned_at"
    list_display = ["url", "text", "room", "pinned_by", "pinned_at", "unpinned_at"]
    list_display_links = ["pinned_at"]
    list_select_related = ["room", "pinned_by__room", "pinned_by__user"]
    search_fields = ["url", "text", "room__title", "room__public_id"]


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in stubs alone
    date_hierarchy = "asked_at"
    list_display = ["text", "room", "participant", "votes", "state", "asked_at"]
    list_filter = ["state"]
    list_select_related = ["room", "participant__room", "participant__user"]
    search_fields = ["text", "room__title", "room__public_id", "participant__user__handle"]
