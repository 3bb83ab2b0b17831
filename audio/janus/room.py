"""One open room over Janus: who is where, who is heard, and what is built at which gateway."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from audio import sdp
from audio.janus import sdp as crossing
from audio.janus.connection import JanusError, Json
from audio.janus.edge import Edge
from audio.janus.origin import Origin
from audio.janus.recording import Recorders, Recording
from audio.janus.speaking import Speakers
from audio.janus.stage import Leg, Stage
from audio.protocol import (
    BadOffer,
    Connected,
    EngineError,
    EngineEvent,
    EngineUnavailable,
    Lost,
    RecordingFailed,
    RecordingResumed,
    Speaking,
)

_MAX_PAYLOAD_TYPES = 4  # browsers know two or three numbers for Opus; each costs a mountpoint


@dataclass(frozen=True, slots=True)
class Network:
    """What the rooms of an engine share."""

    origin: Origin
    edges: list[Edge]
    recorders: Recorders
    emit: Callable[[EngineEvent], None]
    """To be called on the event loop."""
    spawn: Callable[[Coroutine[None, None, None]], None]
    """Let something be done soon."""


class Room:
    """What changes the gateways holds the lock, so it happens in one order here and there."""

    def __init__(self, name: str, network: Network) -> None:
        self.life = secrets.token_hex(8)
        """Tells this room from one of the same name before or after it."""
        self.legs: dict[str, Leg] = {}
        """Whoever was answered and is not gone, by participant."""
        self._name = name
        self._network = network
        self._origin = network.origin
        self._lock = asyncio.Lock()
        self._stage: Stage | None = None
        self._voices: frozenset[str] = frozenset()
        self._attempts: dict[str, object] = {}
        self._closed = False
        self._speakers = Speakers(self._who_speaks, lambda who: network.emit(Speaking(name, who)))

    @property
    def built(self) -> bool:
        """Whether the origin knows the room."""
        return self._stage is not None

    def repeat_speaking(self) -> None:
        """Say who speaks, also if nothing has changed."""
        self._speakers.repeat()

    async def build(self) -> None:
        """Make the room at the origin, unless it is there."""
        async with self._lock:
            if self._stage is not None or self._closed:
                return
            await self._origin.create(self._name)
            stage = Stage(self._record())
            try:
                await self._origin.watch(self._name, lambda news: self._overheard(stage, news))
                destination = stage.recording.destination(self._origin.gateway.local_address)
                await self._origin.forward(self._name, destination)
            except EngineError:
                stage.recording.close()
                raise
            self._stage = stage

    async def close(self) -> None:
        """Drop everybody and finish the recording, for good."""
        self._closed = True
        self._attempts.clear()
        self._speakers.stop()
        await self._raze()

    async def answer(self, participant: str, offer: sdp.Offer, text: str) -> str:
        """Give somebody a new transport; `offer` is what was read of `text`."""
        stage = self._staged()
        attempt = self._attempts[participant] = object()
        try:
            if participant in self._voices:
                leg, answer = await self._join(participant, offer, text)
            else:
                leg, answer = await self._listen(stage, participant, offer, text)
            async with self._lock:
                newest = self._attempts.get(participant) is attempt and self._stage is stage
                if not newest or not leg.handle.attached:
                    await self._release(leg)
                    raise EngineUnavailable("the offer was overtaken by what happened since")
                older = self.legs.get(participant)
                self.legs[participant] = leg
                if older is not None:
                    await self._release(older)
                await self._apply_voices()
        finally:
            if self._attempts.get(participant) is attempt:
                del self._attempts[participant]
        return answer

    async def set_voices(self, voices: frozenset[str]) -> None:
        """Exactly these are heard."""
        self._voices = voices
        async with self._lock:
            await self._apply_voices()

    async def drop(self, participant: str) -> None:
        """Cut somebody's transport, or the one they are about to get."""
        self._attempts.pop(participant, None)
        async with self._lock:
            leg = self.legs.pop(participant, None)
            if leg is not None:
                await self._release(leg)

    def origin_went(self) -> None:
        """All sound is gone; everybody offers again, and the next stage is a new part."""
        lost = list(self.legs)
        self._network.spawn(self._raze())
        for participant in lost:
            self._network.emit(Lost(self._name, participant))

    def edge_went(self, edge: Edge) -> None:
        """Its listeners offer again, and are sent to another."""
        for participant, leg in list(self.legs.items()):
            if leg.edge is edge:
                del self.legs[participant]
                edge.load -= 1
                self._network.emit(Lost(self._name, participant))
        self._network.spawn(self._unmount(edge))

    # --- transports -----------------------------------------------------------------------

    async def _join(self, participant: str, offer: sdp.Offer, text: str) -> tuple[Leg, str]:
        described = crossing.for_janus(offer, text, "sendrecv")
        member = await self._origin.join(self._name, described)
        leg = Leg(member.handle, None, member.number)
        self._hear_of(participant, leg)
        try:
            side = crossing.side_of(member.sdp)
        except EngineError:
            await self._release(leg)
            raise
        return leg, crossing.for_browser(offer, side, offer.direction)

    async def _listen(
        self, stage: Stage, participant: str, offer: sdp.Offer, text: str
    ) -> tuple[Leg, str]:
        edges = [edge for edge in self._network.edges if edge.gateway.up]
        if not edges:
            raise EngineUnavailable("no edge is there")
        edge = min(edges, key=lambda edge: edge.load)
        await self._mount(stage, edge, offer.opus)
        handle, offered = await edge.watch(self._name, offer.opus)
        leg = Leg(handle, edge)
        edge.load += 1
        self._hear_of(participant, leg)
        try:
            side = crossing.side_of(offered)
            described = crossing.for_janus(offer, text, "recvonly")
            await handle.request({"request": "start"}, {"type": "answer", "sdp": described})
        except BaseException:
            await self._release(leg)
            raise
        direction = "sendonly" if offer.direction.startswith("send") else "inactive"
        return leg, crossing.for_browser(offer, side, direction)

    async def _release(self, leg: Leg) -> None:
        """Close a transport. One that is heard is silenced first, so that its track is whole."""
        if leg.edge is not None:
            leg.edge.load -= 1
        if leg.heard:
            with contextlib.suppress(EngineError):
                await self._silence(leg)
        await leg.handle.detach()

    def _hear_of(self, participant: str, leg: Leg) -> None:
        def happened(message: Json) -> None:
            if self.legs.get(participant) is not leg:
                return
            if message.get("janus") == "webrtcup":
                self._network.emit(Connected(self._name, participant))
            elif message.get("janus") == "hangup":
                del self.legs[participant]
                self._network.emit(Lost(self._name, participant))
                self._network.spawn(self._release(leg))

        leg.handle.on_event = happened

    # --- voices ---------------------------------------------------------------------------

    async def _apply_voices(self) -> None:
        """Make the gateways do what was said last; the silencing first. The lock is held."""
        silenced = [
            leg for name, leg in self.legs.items() if leg.heard and name not in self._voices
        ]
        await asyncio.gather(*(self._silence(leg) for leg in silenced))
        for participant in self._voices & self.legs.keys():
            leg = self.legs.get(participant)
            if leg is None:
                continue  # hung up meanwhile
            if leg.edge is not None:
                del self.legs[participant]
                await self._release(leg)
                self._network.emit(Lost(self._name, participant))
            elif not leg.heard:
                await self._let_speak(participant, leg)
        self._speakers.changed()

    async def _let_speak(self, participant: str, leg: Leg) -> None:
        recording = self._staged().recording
        with contextlib.suppress(JanusError):  # gone, and about to be lost
            track = await recording.begin_turn(participant)
            if track is not None:
                body = {"request": "configure", "record": True, "filename": track.told}
                await leg.handle.request(body)
                await recording.check(track)
            await self._origin.mute(self._name, leg.number, muted=False)
            leg.heard = True

    async def _silence(self, leg: Leg) -> None:
        leg.heard = False
        with contextlib.suppress(JanusError):
            await self._origin.mute(self._name, leg.number, muted=True)
            await leg.handle.request({"request": "configure", "record": False})

    def _overheard(self, stage: Stage, message: Json) -> None:
        if stage.overhear(message):
            self._speakers.changed()

    def _who_speaks(self) -> frozenset[str]:
        talking = self._stage.talking if self._stage else set()
        return frozenset(
            name for name, leg in self.legs.items() if leg.heard and leg.number in talking
        )

    def _record(self) -> Recording:
        name, emit = self._name, self._network.emit
        return self._network.recorders.begin(
            name,
            lambda reason: emit(RecordingFailed(name, reason)),
            lambda: emit(RecordingResumed(name)),
        )

    # --- what is built --------------------------------------------------------------------

    def _staged(self) -> Stage:
        if self._stage is None:
            raise EngineUnavailable(f"room {self._name} waits for its origin")
        return self._stage

    async def _mount(self, stage: Stage, edge: Edge, payload_type: int) -> None:
        """Let the mix of the room come to the edge, unless it does."""
        async with self._lock:
            if self._stage is not stage:
                raise EngineUnavailable(f"room {self._name} waits for its origin")
            if (edge, payload_type) in stage.mounts:
                return
            if sum(other is edge for other, _ in stage.mounts) >= _MAX_PAYLOAD_TYPES:
                raise BadOffer(f"too many payload types for Opus in one room: {payload_type}")
            destination = await edge.create(self._name, payload_type)
            stream = await self._origin.forward(self._name, destination)
            stage.mounts[edge, payload_type] = stream

    async def _unmount(self, edge: Edge) -> None:
        async with self._lock:
            mounts = self._stage.mounts if self._stage else {}
            for key in [key for key in mounts if key[0] is edge]:
                with contextlib.suppress(EngineError):
                    await self._origin.stop_forward(self._name, mounts.pop(key))

    def _raze(self) -> Coroutine[None, None, None]:
        """Nobody is here any more and nothing is built; what there was is still to be ended."""
        stage, self._stage = self._stage, None
        legs = list(self.legs.values())
        self.legs.clear()
        return self._take_down(stage, legs)

    async def _take_down(self, stage: Stage | None, legs: list[Leg]) -> None:
        """End it, as far as the gateways are there."""
        async with self._lock:
            await asyncio.gather(*(self._release(leg) for leg in legs))
            if stage is None:
                return
            for edge, payload_type in stage.mounts:
                with contextlib.suppress(EngineError):
                    await edge.destroy(self._name, payload_type)
            with contextlib.suppress(EngineError):
                await self._origin.destroy(self._name)
            await asyncio.wrap_future(stage.recording.close())
