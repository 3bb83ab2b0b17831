"""All rooms of one engine: who is where, and what a tick or a datagram means to whom.

Single-threaded and without a clock or a socket of its own: the media thread drives it, and so
can a test.
"""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median_low

from audio import sdp
from audio.audience import FRAMES
from audio.dtls import Handshake, Identity
from audio.fanout_worker import FanoutWorker
from audio.opus import FRAME
from audio.peer import CNAME, Peer
from audio.protocol import (
    Connected,
    EngineEvent,
    Lost,
    Network,
    Networks,
    RecordingFailed,
    RecordingResumed,
    Statistics,
    UnknownRoom,
    Voices,
)
from audio.recorder import DiskThread, RoomRecorder
from audio.room import Room
from audio.rtp import CLOCK_RATE, RtpPacket
from audio.tap import Tap
from audio.transport import Outlet, Transport

_NETWORKS_TICKS = 150
_POLL_TICKS = 15  # reports can wait: made one by one, each costs several times as much
_RICH_ENCODES = 24  # in one tick; with more they are made cheaper, so that all are made in time

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clock:
    """One moment: on the monotonic clock, on the wall clock, and as the tick's number."""

    now: float
    wall: float
    tick: int

    def meets(self, every: int, count: int) -> bool:
        """Whether the number of one of `count` ticks, from this on, is a multiple of `every`."""
        return -self.tick % every < count


class Core:
    """The rooms and their transport. Every method belongs to the media thread."""

    def __init__(
        self,
        *,
        spool: Path,
        addresses: tuple[str, ...],
        port: int,
        outlet: Outlet,
        workers: Iterable[FanoutWorker] = (),
        emit: Callable[[EngineEvent], None],
    ) -> None:
        self._spool = spool
        self._addresses = addresses
        self._port = port
        self._emit = emit
        self._identity = Identity()
        self._rooms: dict[str, Room] = {}
        self._broken: set[str] = set()
        self._networks: dict[str, dict[str, Network]] = {}  # by room, what is to be told
        self._encodes = 0
        self._disk = DiskThread()
        self.transport = Transport(outlet, self, workers)

    def open_room(self, name: str, clock: Clock) -> str:
        """See `AudioEngine.open_room`."""
        if name in self._rooms:
            self._rooms[name].repeat_speaking()
            return self._rooms[name].life
        recorder = RoomRecorder(
            self._disk,
            self._spool / name,
            clock.tick,
            clock.wall,
            lambda reason: self._emit(RecordingFailed(name, reason)),
            lambda: self._emit(RecordingResumed(name)),
        )
        room = self._rooms[name] = Room(name, self.transport, recorder, self._emit)
        return room.life

    def answer(self, name: str, participant: str, offer: sdp.Offer, clock: Clock) -> str:
        """See `AudioEngine.answer`."""
        room = self._room(name)
        room.remove(participant)
        peer = Peer(
            room=name,
            participant=participant,
            handshake=Handshake(self._identity, offer.fingerprints),
            payload_type=offer.opus,
            remote_ufrag=offer.ufrag,
            last_consent=clock.now,
        )
        room.peers[participant] = peer
        self.transport.add(peer)
        local = sdp.LocalParameters(
            ufrag=peer.ufrag,
            pwd=peer.pwd,
            fingerprint=self._identity.fingerprint,
            addresses=self._addresses,
            port=self._port,
            ssrc=peer.ssrc,
            cname=CNAME,
        )
        return sdp.build_answer(offer, local)

    def set_voices(
        self, name: str, participants: frozenset[str], ready: frozenset[str] = frozenset()
    ) -> None:
        """See `AudioEngine.set_voices`."""
        self._room(name).set_voices(participants, ready)

    def drop(self, name: str, participant: str) -> None:
        """See `AudioEngine.drop`."""
        room = self._rooms.get(name)
        if room is not None:
            room.remove(participant)

    def tap(self, name: str, hand_over: Callable[[Voices | None], None]) -> Callable[[], None]:
        """Give each voice to `hand_over`, see `Tap`; returns what ends that."""
        room = self._room(name)
        tap = Tap(hand_over, room.recorder.time_of)
        room.taps.add(tap)
        return lambda: room.taps.discard(tap)

    def close_room(self, name: str) -> "Future[None]":
        """See `AudioEngine.close_room`; the future is done when the files are complete."""
        room = self._rooms.pop(name, None)
        self._broken.discard(name)
        if room is None:
            done: Future[None] = Future()
            done.set_result(None)
            return done
        for participant in list(room.peers):
            room.remove(participant)
        for tap in room.taps:
            tap.close()
        return room.recorder.close()

    def close(self) -> None:
        """Close all rooms; on return every file is complete."""
        for name in list(self._rooms):
            self.close_room(name)
        self._disk.stop()
        self.transport.fanout.close()

    def statistics(self, late_ticks: int, lateness: dict[str, int]) -> Statistics:
        """See `AudioEngine.statistics`."""
        peers = [peer for room in self._rooms.values() for peer in room.peers.values()]
        networks = [peer.reports.network for peer in peers if peer.reports.network is not None]
        trips = [each.round_trip_ms for each in networks if each.round_trip_ms is not None]
        return Statistics(
            rooms=len(self._rooms),
            participants=len(peers),
            late_ticks=late_ticks,
            lateness=lateness,
            dropped=dict(self.transport.dropped),
            loss=fmean(each.loss for each in networks) if networks else 0.0,
            round_trip_ms=median_low(trips) if trips else None,
        )

    def spare(self, tick: int) -> int:
        """How many ticks `tick` may wait for those after it without anybody hearing it later."""
        least = 0 if self.transport.connecting else FRAMES - 1
        for room in self._rooms.values():
            if not least:
                break
            least = min(least, room.spare(tick))
        return least

    def tick(self, clock: Clock, count: int = 1) -> None:
        """The next 20 ms in every room, `count` times; `clock` is that of the first.

        Room by room, because the state of its codecs is still in the cache for the second.
        """
        rich = self._encodes <= _RICH_ENCODES * count
        self._encodes = 0
        now = int(clock.now * CLOCK_RATE)
        for name, room in self._rooms.items():
            try:
                for number in range(count):
                    self._encodes += room.tick(clock.tick + number, now + number * FRAME, rich=rich)
            except Exception:
                # The other rooms go on. Said once, not fifty times a second.
                if name not in self._broken:
                    logger.exception("Room %s fails to tick", name)
                self._broken.add(name)
        self.transport.flush()
        if self.transport.connecting or clock.meets(_POLL_TICKS, count):
            self.transport.poll(clock.now, clock.wall, clock.tick * FRAME)
        if clock.meets(_NETWORKS_TICKS, count):
            self._tell_networks()

    def connected(self, peer: Peer) -> None:
        """The transport: a participant's handshake is done."""
        room = self._rooms.get(peer.room)
        if room is not None:
            room.connected(peer.participant)
        self._emit(Connected(peer.room, peer.participant))

    def lost(self, peer: Peer) -> None:
        """The transport: a participant has not been heard of for too long."""
        room = self._rooms.get(peer.room)
        if room is not None and room.peers.get(peer.participant) is peer:
            room.remove(peer.participant)
        self._emit(Lost(peer.room, peer.participant))

    def audio(self, peer: Peer, packet: RtpPacket, now: float) -> None:
        """The transport: a packet of Opus came from a participant."""
        room = self._rooms.get(peer.room)
        if room is not None:
            room.receive(peer.participant, packet, int(now * CLOCK_RATE))

    def reported(self, peer: Peer) -> None:
        """The transport: a participant's network has notably changed."""
        if peer.reports.network is not None:
            self._networks.setdefault(peer.room, {})[peer.participant] = peer.reports.network

    def _tell_networks(self) -> None:
        networks, self._networks = self._networks, {}
        for room, participants in networks.items():
            self._emit(Networks(room, participants))

    def _room(self, name: str) -> Room:
        room = self._rooms.get(name)
        if room is None:
            raise UnknownRoom(f"room {name} is not open")
        return room
