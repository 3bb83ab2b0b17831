"""Addresses of WebSockets."""

from typing import Any

from django.urls import path, re_path

from rooms.consumers import RoomConsumer

# Channels routes with Django's patterns, whose types know views alone.
_application: Any = RoomConsumer.as_asgi()

websocket_urlpatterns: list[Any] = [
    path("ws/spaces/<str:public_id>/", _application),
    # Any other address is that of no Space; without a route it would be a traceback.
    re_path(r"", _application, {"public_id": ""}),
]
