"""A room without a network or a clock: guests who talk tick by tick, and what everybody hears."""

from typing import cast

from audio.fanout import Slots
from audio.opus import FRAME, packet_samples
from audio.peer import Peer
from audio.protocol import Speaking
from audio.recorder import RoomRecorder
from audio.reports import Reports
from audio.room import Room
from audio.rtp import RtpPacket
from audio.transport import Transport


class Recorder:
    """Keeps what a room records."""

    def __init__(self) -> None:
        self.mixed: list[bytes] = []
        self.voices: dict[str, list[bytes]] = {}

    def mix(self, tick: int, packet: bytes) -> None:
        self.mixed.append(packet)

    def voice(self, participant: str, tick: int, packets: list[bytes]) -> None:
        self.voices.setdefault(participant, []).extend(packets)


class Ears:
    """A transport that keeps what it was told to send: packet, tick, and to whom."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sent: list[tuple[bytes, int, list[str]]] = []

    def broadcast(self, payload: bytes, timestamp: int, slots: Slots) -> None:
        names = sorted(self.names[slot] for slot in slots)
        if names:
            self.sent.append((payload, timestamp // FRAME, names))

    def remove(self, peer: Peer) -> None:
        """Nothing to hang up."""

    def heard_by(self, name: str) -> list[bytes]:
        return [payload for payload, _, names in self.sent if name in names]

    def ticks_heard_by(self, name: str) -> list[int]:
        """The number of every frame somebody got, in the order they came."""
        return [
            tick + number
            for payload, tick, names in self.sent
            if name in names
            for number in range(packet_samples(payload) // FRAME)
        ]


class Guest:
    """As much of a connected peer as a room looks at."""

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.reports = Reports(ssrc=slot)


class Stage:
    """A room with guests, and a clock to move by hand."""

    def __init__(self, *names: str) -> None:
        self.recorder, self.ears, self.news = Recorder(), Ears(), list[Speaking]()
        self.room = Room(
            "room",
            cast(Transport, self.ears),
            cast(RoomRecorder, self.recorder),
            self.news.append,
        )
        for slot, name in enumerate(names):
            self.ears.names.append(name)
            self.room.peers[name] = cast(Peer, Guest(slot))
            self.room.connected(name)
        self.tick = 0

    def play(self, ticks: int, **voices: list[bytes]) -> None:
        """Let these voices talk for some ticks, from the start of their packets."""
        for number in range(ticks):
            now = self.tick * FRAME
            for name, packets in voices.items():
                packet = RtpPacket(111, self.tick % 65536, now, 1, packets[number])
                self.room.receive(name, packet, now)
            self.room.tick(self.tick, now)
            self.tick += 1
