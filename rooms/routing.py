"""Addresses of WebSockets."""

from collections.abc import Callable
from typing import cast

from django.http import HttpResponse
from django.urls import path, re_path

from rooms.consumers import RoomConsumer

# Channels routes to ASGI applications with Django's patterns, whose type knows views alone.
_application = cast("Callable[..., HttpResponse]", RoomConsumer.as_asgi())

websocket_urlpatterns = [
    path("ws/spaces/<str:public_id>/", _application),
    # Any other address is that of no Space; without a route it would be a traceback.
    re_path(r"", _application, {"public_id": ""}),
]
