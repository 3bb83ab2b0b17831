"""The moderators' queue of reports."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.admin import ReadOnlyAdmin, StaffRequest
from accounts.errors import DomainError
from accounts.models import User
from moderation import operations, policy
from moderation.models import Report
from recordings import presentation, retention
from recordings.models import Recording, RecordingFile
from rooms.models import Participant

if TYPE_CHECKING:
    # Django's class takes a type argument in the stubs only.
    ReportAdminBase = admin.ModelAdmin[Report]
else:
    ReportAdminBase = admin.ModelAdmin


SUSPENSION_DAYS = {"1": 1, "7": 7, "30": 30, "": None}


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin, ReportAdminBase):
    """Read, listen, decide: decisions have their own buttons. A report itself is never edited."""

    change_form_template = "moderation/admin/report.html"
    list_display = ["reason", "space", "subject", "age", "state", "kept_until"]
    list_filter = ["state", "reason", "created_at"]
    list_select_related = ["room__recording", "room__host", "about__user"]
    list_per_page = 50
    search_fields = ["room__title", "room__public_id", "room__host__handle", "about__user__handle"]
    actions = ["uphold_selected", "dismiss_selected"]
    fieldsets = [
        (None, {"fields": ["reason", "subject", "text", "reporter_name", "created_at"]}),
        (_("Decision"), {"fields": ["state", "decided_at", "decided_by"]}),
        (_("Space"), {"fields": ["space", "host", "started", "ended", "flagged", "kept_until"]}),
    ]

    class Media:
        css = {"all": ["moderation/admin.css"]}

    # --- who may what ------------------------------------------------------------------------

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """For the actions and buttons."""
        return request.user.has_perm("moderation.change_report")

    # --- the queue ---------------------------------------------------------------------------

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        """Open first, of those the most serious, of those the newest."""
        is_open = Case(When(state=Report.State.OPEN, then=Value(0)), default=Value(1))
        ranks = enumerate(policy.MOST_SERIOUS_FIRST)
        severity = Case(*(When(reason=reason, then=Value(rank)) for rank, reason in ranks))
        return [is_open, severity, "-created_at"]

    def get_urls(self) -> list[URLPattern]:
        """One address more, for the buttons of the page."""
        decide = require_POST(self.admin_site.admin_view(self.decide_view))
        return [
            path("<int:pk>/decide/", decide, name="moderation_report_decide"),
            *super().get_urls(),
        ]

    @admin.action(description=_("Uphold the selected reports"), permissions=["decide"])
    def uphold_selected(self, request: StaffRequest, reports: QuerySet[Report]) -> None:
        """Many at once."""
        self._decide_many(request, reports, operations.uphold)

    @admin.action(description=_("Dismiss the selected reports"), permissions=["decide"])
    def dismiss_selected(self, request: StaffRequest, reports: QuerySet[Report]) -> None:
        """Many at once."""
        self._decide_many(request, reports, operations.dismiss)

    def _decide_many(
        self, request: StaffRequest, reports: QuerySet[Report], decide: Callable[..., None]
    ) -> None:
        decided = 0
        for report in reports.select_related("room", "about", "reporter"):
            try:
                decide(report=report, by=request.user)
            except DomainError as refusal:
                messages.warning(request, f"{report}: {refusal.message}")
            else:
                decided += 1
        text = ngettext("%d report was decided.", "%d reports were decided.", decided) % decided
        messages.success(request, text)

    # --- one report --------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of a report, with the sound and the buttons."""
        report = self.get_object(request, object_id)
        context = self._page_context(request, report) if report else {}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )

    def _page_context(self, request: HttpRequest, report: Report) -> dict[str, Any]:
        user = request.user
        may_listen = user.has_perm("recordings.review_recording")
        return {
            "title": capfirst(self.opts.verbose_name),
            "report": report,
            "may_listen": may_listen,
            "files": _files(report) if may_listen else [],
            "may_decide": policy.can_decide(user, report),
            "may_suspend": user.has_perm("accounts.add_suspension"),
            "person": policy.person_concerned(report),
            "days": retention.days(retention.Rule.STANDARD),
            "days_flagged": retention.days(retention.Rule.FLAGGED),
            "others": report.room.reports.exclude(pk=report.pk).select_related("about__user"),
        }

    def decide_view(self, request: StaffRequest, pk: int) -> HttpResponse:
        """Carry out the button that was pressed: `decision` names it."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        report = get_object_or_404(Report, pk=pk)
        try:
            done = _carry_out(report, request.user, request.POST)
        except DomainError as refusal:
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, done)
        return redirect("admin:moderation_report_change", pk)

    # --- columns -----------------------------------------------------------------------------

    @admin.display(description=_("Space"), ordering="room__title")
    def space(self, report: Report) -> str:
        """The title, leading to the Space's page."""
        return format_html(
            '<a href="{}">{}</a>', reverse("room", args=[report.room.public_id]), report.room
        )

    @admin.display(description=_("about"))
    def subject(self, report: Report) -> str:
        """The reported person, or the room as a whole."""
        if report.about is None:
            return gettext("The Space as a whole")
        return _named(report.about)

    @admin.display(description=_("reported by"))
    def reporter_name(self, report: Report) -> str:
        """Seen by moderators alone."""
        return _named(report.reporter) if report.reporter else "-"

    @admin.display(description=_("age"), ordering="created_at")
    def age(self, report: Report) -> str:
        """How long ago it came in."""
        return timesince(report.created_at, depth=1)

    @admin.display(description=_("host"))
    def host(self, report: Report) -> str:
        """Whose Space it is."""
        return f"{report.room.host.get_full_name()} ({report.room.host})"

    @admin.display(description=_("started"))
    def started(self, report: Report) -> str:
        """When the Space began."""
        return presentation.moment(report.room.created_at)

    @admin.display(description=_("ended"))
    def ended(self, report: Report) -> str:
        """When the Space ended."""
        ended_at = report.room.ended_at
        return presentation.moment(ended_at) if ended_at else gettext("It is live")

    @admin.display(description=_("flagged"), boolean=True)
    def flagged(self, report: Report) -> bool:
        """Whether the longer time holds."""
        return report.room.flagged_at is not None

    @admin.display(description=_("copy kept until"))
    def kept_until(self, report: Report) -> str:
        """The clock of the retention."""
        until = presentation.kept_until(report.room)
        return presentation.day(until) if until else gettext("It is live")


def _named(participant: Participant) -> str:
    """Display name, with the handle that cannot be made up."""
    return f"{participant.name} ({participant.user})" if participant.user else participant.name


def _files(report: Report) -> list[RecordingFile]:
    """The mix, and the track of the person the report is about."""
    wanted = Q(kind=RecordingFile.Kind.MIX)
    if report.about_id:
        wanted |= Q(participant=report.about_id)
    recording = Recording.objects.filter(room=report.room_id).first()
    if recording is None or not recording.is_kept:
        return []
    return list(recording.files.filter(wanted).select_related("participant__user").order_by("kind"))


def _carry_out(report: Report, by: User, form: QueryDict) -> str:
    """Do what the button says and return a sentence about it. Raises `DomainError`."""
    match form.get("decision"):
        case "uphold":
            operations.uphold(report=report, by=by)
            return gettext("The report is upheld. The copy is kept for the longer time.")
        case "dismiss":
            operations.dismiss(report=report, by=by)
            return gettext("The report is dismissed.")
        case "suspend" if (days := str(form.get("days"))) in SUSPENSION_DAYS:
            if not by.has_perm("accounts.add_suspension"):
                raise PermissionDenied
            operations.suspend_person(report=report, by=by, days=SUSPENSION_DAYS[days])
            return gettext("The account is suspended and out of every live Space.")
        case "end":
            operations.end_space(report=report, by=by)
            return gettext("The Space is ended.")
    raise SuspiciousOperation("no such decision")
