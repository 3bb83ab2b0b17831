"""The port of the engine without an engine: what comes in, what goes out, and what is told."""

import numpy as np

from audio import rtp, stun
from audio.dtls import Handshake, Identity
from audio.peer import Peer
from audio.transport import Transport
from tests.audio.wires import Wire, WireClient

SERVER, CLIENT = Identity(), Identity()
HOME, CAFE, STRANGER = ("192.0.2.10", 5000), ("198.51.100.20", 6000), ("203.0.113.66", 7000)


class Witness:
    """Keeps what the transport reports."""

    def __init__(self) -> None:
        self.up: list[Peer] = []
        self.gone: list[Peer] = []
        self.payloads: list[tuple[Peer, bytes]] = []
        self.news: list[Peer] = []
        self.audience: set[int | None] = set()
        """The slots of those who are to be sent to."""

    def connected(self, peer: Peer) -> None:
        self.up.append(peer)
        self.audience.add(peer.slot)

    def lost(self, peer: Peer) -> None:
        self.gone.append(peer)
        self.audience.discard(peer.slot)

    def audio(self, peer: Peer, packet: rtp.RtpPacket, now: float) -> None:
        self.payloads.append((peer, packet.payload))

    def reported(self, peer: Peer) -> None:
        self.news.append(peer)


class Port:
    """A transport with its wire and its witness."""

    def __init__(self) -> None:
        self.wire, self.witness = Wire(), Witness()
        self.transport = Transport(self.wire, self.witness)

    def client(self, name: str = "anna", address: stun.Address = HOME) -> WireClient:
        peer = Peer(
            room="room",
            participant=name,
            handshake=Handshake(SERVER, frozenset({("sha-256", CLIENT.fingerprint)})),
            payload_type=111,
            remote_ufrag="theirs",
            last_consent=0.0,
        )
        self.transport.add(peer)
        return WireClient(self.transport, self.wire, peer, CLIENT, address)

    def play(self, payload: bytes, timestamp: int, *peers: Peer) -> None:
        """Broadcast to those of the peers who are connected."""
        slots = [peer.slot for peer in peers if peer.slot is not None]
        self.transport.broadcast(payload, timestamp, np.array(slots, dtype=np.intp))
        self.transport.flush()

    @property
    def dropped(self) -> dict[str, int]:
        return dict(self.transport.dropped)
