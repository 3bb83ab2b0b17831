"""A scripted client with real sockets: it moves between networks when the test says so."""

import asyncio
import contextlib
import secrets
import socket
import struct
from types import TracebackType
from typing import Self

import numpy as np

from audio import rtp, srtp, stun
from audio.dtls import Identity, matches
from audio.opus import Decoder, Encoder
from audio.protocol import AudioEngine
from tests.audio import offers
from tests.audio.callers import FRAME, holds, tone, until
from tests.audio.wires import DtlsClient

_IDENTITY = Identity()


class Line:
    """One socket to the engine; datagrams in both directions, over TCP with RFC 4571 framing."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.tcp = sock.type == socket.SOCK_STREAM
        self.closed = False

    @classmethod
    async def open(cls, server: str, port: int, *, tcp: bool = False, host: str = "") -> Self:
        """A line to the engine's port, from the given address of this machine or any."""
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        sock.setblocking(False)
        if host:
            sock.bind((host, 0))
        await asyncio.get_running_loop().sock_connect(sock, (server, port))
        return cls(sock)

    @property
    def address(self) -> stun.Address:
        """Where this end is, as the engine should see it."""
        host, port = self.sock.getsockname()[:2]
        return host, port

    async def send(self, datagram: bytes) -> None:
        framed = struct.pack("!H", len(datagram)) + datagram if self.tcp else datagram
        await asyncio.get_running_loop().sock_sendall(self.sock, framed)

    async def receive(self) -> bytes:
        """The next datagram; empty when the engine hung up."""
        loop = asyncio.get_running_loop()
        if not self.tcp:
            return await loop.sock_recv(self.sock, 2048)
        return await self._exactly(int.from_bytes(await self._exactly(2), "big"))

    async def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = await asyncio.get_running_loop().sock_recv(self.sock, size - len(found))
            if not piece:
                return b""
            found += piece
        return found


class Phone:
    """A participant that plays a tone, or only listens, from wherever it is.

    Use it as `async with Phone(...)`.
    """

    def __init__(
        self, engine: AudioEngine, room: str, name: str, frequency: float | None = None
    ) -> None:
        self.line: Line | None = None
        self.answers: list[stun.Message] = []
        self.heard: list[rtp.RtpPacket] = []
        self._engine, self._room, self._name = engine, room, name
        self._frequency = frequency
        self._answer: dict[str, str] = {}
        self._dtls = DtlsClient(_IDENTITY)
        self._session: srtp.LibSrtpSession | None = None
        self._sequence = 0
        self._ear: asyncio.Task[None] | None = None
        self._mouth: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        offer = offers.CHROMIUM.replace(offers.FINGERPRINT, _IDENTITY.fingerprint)
        answer = await self._engine.answer(self._room, self._name, offer)
        lines = [line[2:].partition(":") for line in answer.split("\r\n")]
        self._answer = {name: value for name, _, value in lines}
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._mouth is not None:
            self._mouth.cancel()
            await asyncio.gather(self._mouth, return_exceptions=True)
        await self._hang_up()

    async def _hang_up(self) -> None:
        if self._ear is not None:
            self._ear.cancel()
            await asyncio.gather(self._ear, return_exceptions=True)
        if self.line is not None:
            self.line.sock.close()

    async def use(self, line: Line) -> None:
        """Be on this line from now on; the one before it is dead, nobody is told."""
        await self._hang_up()
        self.line, self._ear = line, asyncio.create_task(self._listen(line))
        await self.check()

    async def check(self, *, nominate: bool = True) -> None:
        """A connectivity check over the line, and its answer."""
        transaction = secrets.token_bytes(12)
        attributes = [(stun.USERNAME, f"{self._answer['ice-ufrag']}:Xq3+".encode())]
        attributes += [(stun.USE_CANDIDATE, b"")] if nominate else []
        await self.send(
            stun.build(stun.BINDING_REQUEST, transaction, attributes, self._answer["ice-pwd"])
        )
        await until(
            lambda: any(answer.transaction == transaction for answer in self.answers),
            "the check is answered",
        )

    async def connect(self) -> None:
        """The handshake, over the line it is on."""
        for record in self._dtls.speak([]):
            await self.send(record)
        await until(lambda: self._session is not None, "the handshake is done")
        if self._frequency is not None:
            self._mouth = asyncio.create_task(self._play(self._frequency))

    def hears(self, frequency: float) -> bool:
        """Whether a tone is in the last packets that arrived."""
        decoder = Decoder()
        pcm = [decoder.decode(packet.payload) for packet in self.heard[-20:]]
        return bool(pcm) and holds(np.concatenate(pcm), frequency)

    async def send(self, datagram: bytes) -> None:
        assert self.line is not None
        await self.line.send(datagram)

    async def _listen(self, line: Line) -> None:
        while datagram := await line.receive():
            if datagram[0] < 4:
                self.answers.append(stun.parse(datagram))
            elif datagram[0] < 64:
                await self._shake_hands(datagram)
            elif self._session is not None and not rtp.is_rtcp(datagram):
                self.heard.append(rtp.parse(self._session.unprotect(datagram)))
        line.closed = True

    async def _shake_hands(self, datagram: bytes) -> None:
        if self._session is not None:
            return
        for record in self._dtls.speak([datagram]):
            await self.send(record)
        if self._dtls.done:
            self._session = self._keys()

    def _keys(self) -> srtp.LibSrtpSession:
        connection = self._dtls.connection
        certificate = connection.get_peer_certificate(as_cryptography=True)
        name, _, digest = self._answer["fingerprint"].partition(" ")
        assert certificate is not None
        assert matches(certificate, frozenset({(name, digest)}))
        profile = srtp.PROFILES[0]
        assert connection.get_selected_srtp_profile() == profile.name
        exported = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", profile.exported_size)
        keys = srtp.server_keys(profile, exported)
        return srtp.LibSrtpSession(
            srtp.Keys(profile, sending=keys.receiving, receiving=keys.sending)
        )

    async def _play(self, frequency: float) -> None:
        encoder = Encoder()
        loop = asyncio.get_running_loop()
        start = loop.time()
        while True:
            payload = encoder.encode(tone(frequency, FRAME, self._sequence * FRAME))
            self._sequence += 1
            packet = rtp.build(111, self._sequence, self._sequence * FRAME, 99, payload)
            assert self._session is not None
            with contextlib.suppress(OSError):  # between two networks
                await self.send(self._session.protect(packet, self._sequence))
            await asyncio.sleep(start + self._sequence * 0.02 - loop.time())
