"""The origin: AudioBridge, where those who speak are mixed. Its requests, by what they mean."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from audio.janus.connection import Gateway, Handle, JanusError, Json, whole_number
from audio.janus.forward import SUITE, Destination
from audio.janus.names import Names

_PLUGIN = "audiobridge"
_ROOM_EXISTS = 486
_ROOM = {
    "sampling_rate": 48_000,
    "default_prebuffering": 2,  # packets; the default of 6 adds 80 ms to every voice
    "default_expectedloss": 5,
    "default_bitrate": 32_000,
    "audiolevel_ext": True,
    "audiolevel_event": True,
    "audio_active_packets": 10,  # a fifth of a second
    "audio_level_average": 45,  # -dBov, as the embedded engine
    "permanent": False,
    "is_private": True,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One participant of AudioBridge."""

    handle: Handle
    number: int
    sdp: str
    """Janus' answer to the offer it joined with."""


class Origin:
    """AudioBridge at one gateway. Every method raises `JanusError` and `EngineUnavailable`."""

    def __init__(
        self,
        gateway: tuple[str, str],
        admin_key: str,
        names: Names,
        came: Callable[[], Awaitable[None]],
        went: Callable[[], None],
    ) -> None:
        url, api_secret = gateway
        self.gateway = Gateway(url, api_secret, self._begin, went)
        self._admin_key = admin_key
        self._names = names
        self._came = came
        self._control: Handle

    async def create(self, room: str) -> None:
        """Make the room, anew when there is one of that name."""
        names = self._names
        body = _ROOM | {
            "request": "create",
            "room": names.number(room),
            "description": names.description(room),
            "secret": names.password("secret", room),
            "pin": names.password("pin", room),
            "admin_key": self._admin_key,
        }
        try:
            await self._control.request(body)
        except JanusError as error:
            if error.number != _ROOM_EXISTS:
                raise
            await self.destroy(room)
            await self._control.request(body)

    async def destroy(self, room: str) -> None:
        """End the room, and the transport of everybody in it."""
        await self._administer(room, "destroy")

    async def watch(self, room: str, on_event: Callable[[Json], None]) -> Handle:
        """Hear of all that happens in the room, as a participant without a transport."""
        handle = await self.gateway.attach(_PLUGIN)
        handle.on_event = on_event
        await handle.request(self._join(room))
        return handle

    async def join(self, room: str, offer: str) -> Member:
        """Let somebody join, muted, with this offer."""
        handle = await self.gateway.attach(_PLUGIN)
        try:
            data, answer = await handle.request(self._join(room), {"type": "offer", "sdp": offer})
            return Member(handle, whole_number(data, "id"), answer)
        except BaseException:
            await handle.detach()
            raise

    async def mute(self, room: str, number: int, muted: bool) -> None:
        """Take somebody out of the mix, or put them back."""
        await self._administer(room, "mute" if muted else "unmute", id=number)

    async def forward(self, room: str, to: Destination) -> int:
        """Send the mix there, silence too; returns the number to stop it by."""
        data = await self._administer(
            room,
            "rtp_forward",
            admin_key=self._admin_key,
            host=to.host,
            port=to.port,
            ptype=to.payload_type,
            ssrc=to.ssrc,
            srtp_suite=SUITE,
            srtp_crypto=to.lock.encoded,
            always_on=True,
        )
        return whole_number(data, "stream_id")

    async def stop_forward(self, room: str, stream: int) -> None:
        """Stop what `forward` began."""
        await self._administer(
            room, "stop_rtp_forward", stream_id=stream, admin_key=self._admin_key
        )

    def _join(self, room: str) -> Json:
        pin = self._names.password("pin", room)
        return {"request": "join", "room": self._names.number(room), "pin": pin, "muted": True}

    async def _administer(self, room: str, request: str, **fields: object) -> Json:
        secret = self._names.password("secret", room)
        number = self._names.number(room)
        body = {"request": request, "room": number, "secret": secret, **fields}
        return (await self._control.request(body))[0]

    async def _begin(self) -> None:
        """Clear away what an earlier life left behind, then let the rooms be made again."""
        self._control = await self.gateway.attach(_PLUGIN)
        data, _ = await self._control.request({"request": "list", "admin_key": self._admin_key})
        for name in self._names.listed(data, "room"):
            with contextlib.suppress(JanusError):
                await self.destroy(name)
        await self._came()
