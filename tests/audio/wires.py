"""The client's side of the protocols, packet by packet, in memory."""

import secrets
import socket
from dataclasses import dataclass, field

from OpenSSL import SSL

from audio import rtp, srtp, stun
from audio.batch import Batch, sockaddr
from audio.dtls import Identity, split_records
from audio.peer import Peer
from audio.transport import Transport


class DtlsClient:
    """The other end: an identity, and what it has to say."""

    def __init__(self, identity: Identity) -> None:
        self.connection = SSL.Connection(identity.context, None)
        self.connection.set_connect_state()
        self.connection.set_ciphertext_mtu(1200)
        self.done = False

    def speak(self, heard: list[bytes]) -> list[bytes]:
        """Take datagrams, return those to send, one record each."""
        for datagram in heard:
            self.connection.bio_write(datagram)
        try:
            self.connection.do_handshake()
            self.done = True
        except SSL.WantReadError:
            pass
        try:
            return split_records(self.connection.bio_read(65536))
        except SSL.WantReadError:
            return []


@dataclass
class Wire:
    """Where a transport sends to: everything is kept, by address."""

    sent: dict[stun.Address, list[bytes]] = field(default_factory=dict)

    def send(self, datagram: bytes, address: stun.Address) -> None:
        self.sent.setdefault(address, []).append(datagram)

    def send_batch(self, batch: Batch, count: int) -> None:
        for datagram, address in batch.datagrams(count):
            self.send(datagram, address)

    def name(self, address: stun.Address) -> bytes | None:
        return sockaddr(socket.AF_INET, *address)

    def take(self, address: stun.Address) -> list[bytes]:
        """What arrived at an address since the last time."""
        return self.sent.pop(address, [])


@dataclass
class WireClient:
    """A client at one address, talking to a transport through a wire."""

    transport: Transport
    wire: Wire
    peer: Peer
    identity: Identity
    address: stun.Address
    sequence: int = 0
    _outbound: srtp.LibSrtpSession | None = None

    def check(
        self, *, nominate: bool = True, password: str | None = None, now: float = 0.0
    ) -> list[bytes]:
        """Send a connectivity check; returns what came back."""
        attributes = [(stun.USERNAME, f"{self.peer.ufrag}:{self.peer.remote_ufrag}".encode())]
        attributes += [(stun.USE_CANDIDATE, b"")] if nominate else []
        request = stun.build(
            stun.BINDING_REQUEST, secrets.token_bytes(12), attributes, password or self.peer.pwd
        )
        return self.send(request, now)

    def send(self, datagram: bytes, now: float = 0.0) -> list[bytes]:
        """Send a datagram; returns what came back."""
        self.transport.receive(datagram, self.address, now)
        return self.wire.take(self.address)

    def connect(self) -> None:
        """Checks and handshake."""
        self.check()
        client = DtlsClient(self.identity)
        flight = client.speak([])
        while flight:
            flight = client.speak([reply for record in flight for reply in self.send(record)])
        keys = self.peer.handshake.keys
        assert keys is not None
        self._outbound = srtp.LibSrtpSession(
            srtp.Keys(keys.profile, sending=keys.receiving, receiving=keys.sending)
        )

    def audio(self, payload: bytes, payload_type: int | None = None) -> bytes:
        """The next RTP packet, protected."""
        assert self._outbound is not None
        self.sequence += 1
        kind = self.peer.payload_type if payload_type is None else payload_type
        packet = rtp.build(kind, self.sequence, self.sequence * 960, 99, payload)
        return self._outbound.protect(packet, self.sequence)

    def control(self, packet: bytes) -> bytes:
        """An RTCP packet, protected."""
        assert self._outbound is not None
        return self._outbound.protect_rtcp(packet)

    def open(self, datagram: bytes) -> bytes:
        """What the engine sent, in the clear."""
        assert self._outbound is not None
        if rtp.is_rtcp(datagram):
            return self._outbound.unprotect_rtcp(datagram)
        return self._outbound.unprotect(datagram)
