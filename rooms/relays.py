"""TURN servers for browsers that reach the engine no other way.

The credentials are those of coturn's `use-auth-secret`: whoever shares the secret makes them up,
and the server checks them without knowing anybody. They hold the time they end.
"""

import hmac
from base64 import b64encode
from typing import TypedDict

from django.conf import settings


class IceServer(TypedDict):
    """What `RTCPeerConnection` takes as one of its `iceServers`."""

    urls: list[str]
    username: str
    credential: str


def ice_servers(name: str, now: float) -> list[IceServer]:
    """The configured servers with credentials for `TURN_TTL` seconds from `now`, in Unix time.

    `name` is for the server's log. Empty when there is no TURN server.
    """
    if not settings.TURN_URLS:
        return []
    username = f"{int(now) + settings.TURN_TTL}:{name}"
    digest = hmac.digest(settings.TURN_SECRET.encode(), username.encode(), "sha1")
    credential = b64encode(digest).decode()
    return [{"urls": settings.TURN_URLS, "username": username, "credential": credential}]
