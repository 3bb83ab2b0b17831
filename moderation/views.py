"""Where people report."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from moderation import operations
from moderation.forms import ReportForm, reportable
from rooms.models import Room
from rooms.operations import participant_of
from rooms.visitors import visitor_of_request


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    """Report a room, or somebody in it (`?about=<participant>`); for those who were there."""
    room = get_object_or_404(Room, public_id=public_id)
    participant = participant_of(
        room=room,
        user=request.user if request.user.is_authenticated else None,
        visitor=visitor_of_request(request),
    )
    if participant is None:
        return render(request, "moderation/not_there.html", {"room": room}, status=403)
    about = request.GET.get("about", "")
    form = ReportForm(
        request.POST if request.method == "POST" else None,
        people=reportable(room, participant, about),
        initial={"about": about},
    )
    if form.is_valid():
        try:
            filed = operations.report(room=room, participant=participant, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal.message))
        else:
            messages.success(request, _thanks(filed))
            return redirect("room", public_id)
    status = 422 if form.errors else 200
    return render(request, "moderation/report.html", {"room": room, "form": form}, status=status)


def _thanks(filed: operations.Filed) -> str:
    if not filed.is_new:
        return _("You have told us this already, thank you. A moderator will look at it.")
    if not filed.copy_is_kept:
        return _(
            "Thank you. A moderator will read your report. The sound of this Space had been kept"
            " for its full time and is deleted."
        )
    return _("Thank you. A moderator will look at your report and listen to the recording.")
