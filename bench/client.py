"""One participant: ICE with credentials, DTLS, SRTP. Counts what comes; decodes only if asked."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Callable

from OpenSSL import SSL

from audio import rtcp, rtp, stun
from audio.dtls import Identity, flight
from audio.opus import FRAME
from audio.reports import Reception
from audio.srtp import PROFILES, Keys, LibSrtpSession, server_keys
from bench.sdp import Local, Remote

_ICE_CONTROLLED, _ICE_CONTROLLING = 0x8029, 0x802A
_PRIORITY = (2**31 - 1).to_bytes(4, "big")
_RETRANSMIT = 0.05  # seconds, as in browsers; OpenSSL alone would wait for a whole one
_BUFFER = bytearray(2048)


class Count:
    """Packets by their sequence numbers."""

    def __init__(self) -> None:
        self.received = self.octets = 0
        self._first: int | None = None
        self._highest = 0

    def add(self, sequence: int, size: int) -> None:
        """Another packet came."""
        if self._first is None:
            self._first = self._highest = sequence
        else:
            step = (sequence - self._highest + 2**15) % 2**16 - 2**15
            self._highest += max(step, 0)
        self.received += 1
        self.octets += size

    @property
    def lost(self) -> int:
        """Numbers between the first and the highest that never came."""
        return 0 if self._first is None else self._highest - self._first + 1 - self.received


class Client:
    """Joins in steps: `local` for the description, `connect` with the server's, then packets."""

    def __init__(self, identity: Identity, host: str) -> None:
        self._identity = identity
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.local = Local(self.socket.getsockname(), identity.fingerprint)
        self.count = Count()
        self.first_packet: float | None = None
        self.hears = asyncio.Event()
        self.on_audio: Callable[[rtp.RtpPacket], None] | None = None
        """Set this to have packets decrypted; else they are only counted."""
        self.connected = asyncio.Event()
        self.srtp: LibSrtpSession | None = None
        self._remote: Remote | None = None
        self._dtls: SSL.Connection | None = None
        self._flight: list[bytes] = []
        self._controlling = True
        self._first_sequence = secrets.randbits(15)
        self._watched = False

    async def connect(self, remote: Remote, *, controlling: bool) -> None:
        """Check, shake hands, export the keys; returns when packets may flow."""
        self._remote, self._controlling = remote, controlling
        self.watch()
        self._dtls = SSL.Connection(self._identity.context, None)
        self._dtls.set_connect_state()
        self._dtls.set_ciphertext_mtu(1200)
        for _ in range(200):
            self.check()
            self._send_all(self._flight)
            try:
                async with asyncio.timeout(_RETRANSMIT):
                    await self.connected.wait()
            except TimeoutError:
                continue
            return
        raise TimeoutError("the connection never came up")

    def watch(self) -> None:
        """Read packets as they come, from now on."""
        if not self._watched:
            asyncio.get_running_loop().add_reader(self.socket, self.drain)
            self._watched = True

    def unwatch(self) -> None:
        """Leave packets to `drain`: a thousand sockets in an event loop cost more than reading."""
        if self._watched:
            asyncio.get_running_loop().remove_reader(self.socket)
            self._watched = False

    def check(self) -> None:
        """A connectivity check; every few seconds it is our consent to more (RFC 7675)."""
        if self._remote is None:
            return
        role = _ICE_CONTROLLING if self._controlling else _ICE_CONTROLLED
        attributes = [
            (stun.USERNAME, f"{self._remote.ufrag}:{self.local.ufrag}".encode()),
            (stun.PRIORITY, _PRIORITY),
            (role, bytes(8)),
        ]
        attributes += [(stun.USE_CANDIDATE, b"")] if self._controlling else []
        self._send(
            stun.build(stun.BINDING_REQUEST, secrets.token_bytes(12), attributes, self._remote.pwd)
        )

    def play(self, payload: bytes, number: int) -> None:
        """Send the 20 ms of that number as an Opus packet; not in order, where the network is so
        minded, and without those that it loses."""
        if self.srtp is None or self._remote is None:
            return
        sequence = self._first_sequence + number
        packet = rtp.build(
            self._remote.payload_type, sequence, number * FRAME, self.local.ssrc, payload
        )
        self._send(self.srtp.protect(packet, sequence))

    def report(self, reception: Reception) -> None:
        """Tell the server what of its stream arrived, as browsers do every few seconds."""
        block = reception.block(time.monotonic())
        if self.srtp is not None and block is not None:
            report = rtcp.receiver_report(self.local.ssrc, "bench", (block,))
            self._send(self.srtp.protect_rtcp(report))

    def drain(self) -> None:
        """Take what the kernel holds for us."""
        try:
            while True:
                size = self.socket.recv_into(_BUFFER)
                first = _BUFFER[0]
                if 128 <= first < 192:
                    self._receive_media(size)
                elif first < 4:
                    self._receive_stun(bytes(_BUFFER[:size]))
                elif 20 <= first < 64:
                    self._receive_dtls(bytes(_BUFFER[:size]))
        except BlockingIOError:
            pass
        except ConnectionError:
            pass  # the server is gone; what is missing shows in the counts

    def close(self) -> None:
        """Go without a word."""
        self.unwatch()
        self.socket.close()

    def _receive_media(self, size: int) -> None:
        if 192 <= _BUFFER[1] <= 223:
            return
        if self.first_packet is None:
            self.first_packet = time.monotonic()
            self.hears.set()
        self.count.add(_BUFFER[2] << 8 | _BUFFER[3], size)
        if self.on_audio is not None and self.srtp is not None:
            self.on_audio(rtp.parse(self.srtp.unprotect(bytes(_BUFFER[:size]))))

    def _receive_stun(self, datagram: bytes) -> None:
        message = stun.parse(datagram)
        if message.kind == stun.BINDING_REQUEST and self._remote is not None:
            self._send(
                stun.binding_success(message.transaction, self._remote.address, self.local.pwd)
            )
        elif message.kind == stun.BINDING_SUCCESS and self.srtp is None:
            self._advance()

    def _receive_dtls(self, datagram: bytes) -> None:
        if self._dtls is not None:
            self._dtls.bio_write(datagram)
            self._advance()

    def _advance(self) -> None:
        if self._dtls is None:
            return
        try:
            self._dtls.do_handshake()
        except SSL.WantReadError:
            self._send_flight()
            return
        self._send_flight()
        name = self._dtls.get_selected_srtp_profile()
        profile = next(profile for profile in PROFILES if profile.name == name)
        exported = self._dtls.export_keying_material(b"EXTRACTOR-dtls_srtp", profile.exported_size)
        keys = server_keys(profile, exported)
        self.srtp = LibSrtpSession(Keys(profile, sending=keys.receiving, receiving=keys.sending))
        self._dtls = None
        self.connected.set()

    def _send_flight(self) -> None:
        assert self._dtls is not None
        datagrams = flight(self._dtls)
        if datagrams:
            self._flight = datagrams
            self._send_all(datagrams)

    def _send_all(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self._send(datagram)

    def _send(self, datagram: bytes) -> None:
        assert self._remote is not None
        with contextlib.suppress(OSError):  # lost, as on any network
            self.socket.sendto(datagram, self._remote.address[:2])
