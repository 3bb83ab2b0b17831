"""The pages: what is live, starting a Space, and the Space itself."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError
from accounts.models import User
from rooms import operations
from rooms.errors import Code
from rooms.forms import RoomForm
from rooms.models import Room
from rooms.visitors import new_visitor, remember_visitor, visitor_of_request

SHOWN = 50
"""How many live Spaces the home page shows, the most recent first."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The live Spaces.

    Template `rooms/home.html`: `rooms`, each with `.host` and the `.people_count` of those who
    are there now.
    """
    return render(request, "rooms/home.html", {"rooms": operations.live_rooms()[:SHOWN]})


@require_http_methods(["GET", "HEAD", "POST"])
def room_new(request: HttpRequest) -> HttpResponse:
    """Start a Space.

    Template `rooms/new.html`: `form`, `retention_days`. Who may not: status 403 with
    `accounts/beta_needed.html`, or `rooms/suspended.html`, on GET and POST alike.
    """
    user = _user(request)
    refusal = operations.why_not_create(user=user)
    if user is None or refusal is not None:
        suspended = refusal is Code.SUSPENDED
        template = "rooms/suspended.html" if suspended else "accounts/beta_needed.html"
        return render(request, template, status=403)
    form = RoomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created = operations.create_room(host=user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            return redirect("room", public_id=created.public_id)
    context = {"form": form, "retention_days": settings.RETENTION_DAYS}
    return render(request, "rooms/new.html", context)


@never_cache
@require_safe
def room(request: HttpRequest, public_id: str) -> HttpResponse:
    """A Space, live or ended. Sets the cookie `visitor`, which the WebSocket asks for.

    - live: `rooms/room.html` with `room`, `is_host`, `websocket_path`, `retention_days`,
      `people_count` (who is there now), `speaker_policies` (value and label of each)
    - ended: `rooms/ended.html` with `room`, `is_host`
    - kept out (removed, suspended, blocked): `rooms/refused.html`, status 403, with `room` and
      the sentence `message`
    - unknown: `rooms/not_found.html`, status 404
    """
    found = operations.find_room(public_id)
    if found is None:
        return render(request, "rooms/not_found.html", status=404)
    visitor = visitor_of_request(request) or new_visitor()
    response = _room_page(request, found, visitor)
    remember_visitor(response, visitor)
    return response


def _room_page(request: HttpRequest, room: Room, visitor: str) -> HttpResponse:
    user = _user(request)
    context = {"room": room, "is_host": user == room.host}
    if not room.is_live:
        return render(request, "rooms/ended.html", context)
    refusal = operations.why_not_join(room=room, user=user, visitor=visitor)
    if refusal is not None:
        return render(
            request, "rooms/refused.html", {"room": room, "message": refusal.label}, status=403
        )
    context |= {
        "websocket_path": f"/ws/spaces/{room.public_id}/",
        "retention_days": settings.RETENTION_DAYS,
        "speaker_policies": Room.SpeakerPolicy.choices,
        "people_count": room.participants.here().count(),
    }
    return render(request, "rooms/room.html", context)


def _user(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None
