"""An edge: Streaming, from where a room's mix goes to those who listen."""

import contextlib
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from audio.janus.connection import Gateway, Handle, JanusError, whole_number
from audio.janus.forward import SUITE, Destination, Lock
from audio.janus.names import Names
from audio.janus.sdp import MID

_PLUGIN = "streaming"
_MOUNTPOINT_EXISTS = 456


class Edge:
    """Streaming at one gateway. Every method raises `JanusError` and `EngineUnavailable`.

    A mountpoint is a room's mix under one payload type, because Janus sends what it is given and
    browsers number Opus differently.
    """

    def __init__(
        self,
        gateway: tuple[str, str],
        admin_key: str,
        names: Names,
        went: Callable[["Edge"], None],
    ) -> None:
        url, api_secret = gateway
        self.load = 0
        """How many listeners were sent here and are not gone."""
        self.gateway = Gateway(url, api_secret, self._begin, lambda: went(self))
        self._host = urlsplit(url).hostname or ""
        self._admin_key = admin_key
        self._names = names
        self._control: Handle

    async def create(self, room: str, payload_type: int) -> Destination:
        """Make a mountpoint, anew when there is one; returns where its RTP has to go."""
        name = _name(room, payload_type)
        lock = Lock()
        media = {
            "type": "audio",
            "mid": MID,
            "port": 0,
            "pt": payload_type,
            "codec": "opus",
            "fmtp": "useinbandfec=1",
        }
        body = {
            "request": "create",
            "type": "rtp",
            "id": self._names.number(name),
            "description": self._names.description(name),
            "secret": self._names.password("secret", name),
            "pin": self._names.password("pin", name),
            "admin_key": self._admin_key,
            "is_private": True,
            "permanent": False,
            "srtpsuite": SUITE,
            "srtpcrypto": lock.encoded,
            "media": [media],
        }
        try:
            data, _ = await self._control.request(body)
        except JanusError as error:
            if error.number != _MOUNTPOINT_EXISTS:
                raise
            await self._destroy(name)
            data, _ = await self._control.request(body)
        port = whole_number(data, "stream", "ports", 0, "port")
        return Destination(self._host, port, payload_type, secrets.randbits(32), lock)

    async def destroy(self, room: str, payload_type: int) -> None:
        """End a mountpoint, and the transport of everybody who listens to it."""
        await self._destroy(_name(room, payload_type))

    async def watch(self, room: str, payload_type: int) -> tuple[Handle, str]:
        """Begin to listen; returns the handle and Janus' offer, to be answered with `start`."""
        name = _name(room, payload_type)
        handle = await self.gateway.attach(_PLUGIN)
        pin = self._names.password("pin", name)
        body = {"request": "watch", "id": self._names.number(name), "pin": pin}
        try:
            _, offer = await handle.request(body)
        except BaseException:
            await handle.detach()
            raise
        return handle, offer

    async def _destroy(self, name: str) -> None:
        secret = self._names.password("secret", name)
        body = {"request": "destroy", "id": self._names.number(name), "secret": secret}
        await self._control.request(body)

    async def _begin(self) -> None:
        """Clear away what an earlier life left behind."""
        self._control = await self.gateway.attach(_PLUGIN)
        data, _ = await self._control.request({"request": "list", "admin_key": self._admin_key})
        for name in self._names.listed(data, "id"):
            with contextlib.suppress(JanusError):
                await self._destroy(name)


def _name(room: str, payload_type: int) -> str:
    return f"{room}:{payload_type}"
