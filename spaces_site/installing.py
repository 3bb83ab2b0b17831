"""What lets a phone keep Spaces like an app: manifest, service worker, the page shown offline."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

PAPER = "#faf4ea"  # tokens.css

ICONS = [
    {"src": "img/icon-192.png", "sizes": "192x192", "purpose": "any"},
    {"src": "img/icon-512.png", "sizes": "512x512", "purpose": "any"},
    {"src": "img/icon-maskable-512.png", "sizes": "512x512", "purpose": "maskable"},
]


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest, language: str) -> HttpResponse:
    """The web app manifest; browsers fetch it without cookies, so the address says the language."""
    with translation.override(_known(language)):
        data = {
            "id": "/",
            "name": "Spaces",
            "short_name": "Spaces",
            "description": _("Talk live, in your own voice."),
            "lang": language,
            "start_url": reverse("home"),
            "scope": "/",
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [icon | {"src": static(icon["src"]), "type": "image/png"} for icon in ICONS],
            "shortcuts": [{"name": _("Start a Space"), "url": reverse("room_new")}],
        }
    return JsonResponse(data, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, because its place is its scope. `?language=` is read by the worker itself."""
    return render(request, "service_worker.js", content_type="text/javascript")


@require_safe
def offline(request: HttpRequest, language: str) -> HttpResponse:
    """The page that stands in for others while there is no network; the same for everybody."""
    with translation.override(_known(language)):
        return render(request, "offline.html")


def _known(language: str) -> str:
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return language
