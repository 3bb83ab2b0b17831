"""Mutated packets against a live engine in this process: `make fuzz`, or `python -m bench.fuzz`.

Two people talk through a `Core`, with real handshakes and keys, while strangers, a third
participant and the addresses of the two themselves send what a mutator made of real packets.
Offers, control messages and TCP streams are mutated beside them. The run fails at the first
exception, when somebody unknown is answered, when a known address gets more bytes than it sent,
when a table or the memory grows, and when the two miss each other's sound.
"""

import argparse
import asyncio
import contextlib
import json
import random
import resource
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from audio import sdp, stun, wire
from audio.core import Clock, Core
from audio.dtls import Identity
from audio.fake import FakeEngine
from audio.opus import FRAME, Decoder, Encoder
from audio.protocol import BadOffer, EngineError, Lost
from audio.rtp import parse
from audio.tcp import MAX_FRAME, BadFraming, Frames, frame
from tests.audio import offers
from tests.audio.callers import holds, tone
from tests.audio.wires import DtlsClient, Wire, WireClient

PACKETS_PER_TICK = 500
HOME = {"anna": ("192.0.2.10", 5000), "bruno": ("198.51.100.20", 6000)}
TONES = {"anna": 440.0, "bruno": 1000.0}
STRANGERS = [("203.0.113.66", port) for port in range(7000, 7100)]
LURKER = ("203.0.113.1", 8000)
"""Where a third participant is who has proved the address, and sends garbage ever after."""

_GROWTH = 32 * 1024
"""KiB that the process may grow by after its first tenth."""


class Disturbed(AssertionError):
    """The engine did what it must not do."""


class Mutator:
    """Makes packets that are almost right."""

    def __init__(self, seed: int, corpus: list[bytes]) -> None:
        self.random = random.Random(seed)  # noqa: S311  a run can be repeated
        self._corpus = corpus

    def packet(self) -> bytes:
        """A packet of the corpus, damaged in up to three ways."""
        data = bytearray(self.random.choice(self._corpus))
        for _ in range(self.random.randint(1, 3)):
            self._damage(data)
        return bytes(data[:2048])

    def _damage(self, data: bytearray) -> None:
        at = self.random.randrange(len(data)) if data else 0
        match self.random.randrange(6):
            case 0 if data:
                data[at] ^= 1 << self.random.randrange(8)
            case 1 if data:
                data[at] = self.random.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                del data[at:]
            case 3:
                data[at:at] = self.random.randbytes(self.random.randrange(1, 40))
            case 4:
                other = self.random.choice(self._corpus)
                data[at:] = other[self.random.randrange(len(other)) :]
            case 5 if len(data) > 1:  # lengths are two bytes nearly everywhere
                data[at : at + 2] = self.random.randbytes(2)


@dataclass
class Talker:
    """One of the two, and what arrived of the other."""

    client: WireClient
    frequency: float
    encoder: Encoder = field(default_factory=Encoder)
    sequences: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    def speak(self, number: int) -> None:
        """Send the next 20 ms, and take what came."""
        payload = self.encoder.encode(tone(self.frequency, FRAME, number * FRAME))
        self.client.transport.receive(
            self.client.audio(payload), self.client.address, self.now(number)
        )
        for datagram in self.client.wire.take(self.client.address):
            if 128 <= datagram[0] < 192 and not 192 <= datagram[1] <= 223:
                packet = parse(self.client.open(datagram))
                self.sequences.append(packet.sequence)
                self.payloads = [*self.payloads[-19:], packet.payload]

    def hears(self, frequency: float) -> bool:
        decoder = Decoder()
        pcm = [decoder.decode(payload) for payload in self.payloads]
        return bool(pcm) and holds(np.concatenate(pcm), frequency)

    @staticmethod
    def now(number: int) -> float:
        return number * 0.02


class Session:
    """An engine without sockets, the two who talk, and whoever disturbs them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.events: list[object] = []
        self.wire = Wire()
        self.core = Core(
            spool=folder,
            addresses=("192.0.2.1",),
            port=40000,
            outlet=self.wire,
            emit=self.events.append,
        )
        self.number = 0
        self.spent = self.returned = 0
        """Bytes from the lurker, and to it."""
        self.core.open_room("room", self.clock())
        self.core.set_voices("room", frozenset(HOME))
        self.talkers = [self._talker(name) for name in HOME]
        self.lurker = self._client("lurker", LURKER)
        self.lurker.check()
        self.wire.take(LURKER)
        self.mutator = Mutator(seed, self._corpus())

    def clock(self) -> Clock:
        return Clock(self.number * 0.02, 1_800_000_000 + self.number * 0.02, self.number)

    def turn(self) -> None:
        """One tick with its share of garbage."""
        for _ in range(PACKETS_PER_TICK):
            source = self._source()
            packet = self.mutator.packet()
            self.spent += len(packet) if source == LURKER else 0
            self.core.transport.receive(packet, source, self.clock().now)
        for talker in self.talkers:
            talker.speak(self.number)
        if self.number % 50 == 0:
            for client in [talker.client for talker in self.talkers] + [self.lurker]:
                self.core.transport.receive(_check(client), client.address, self.clock().now)
        self.core.tick(self.clock())
        self.number += 1
        self._judge()

    def finish(self) -> None:
        """Judge what the two heard, and close."""
        for talker in self.talkers:
            (other,) = [each for each in self.talkers if each is not talker]
            steps = {(b - a) & 0xFFFF for a, b in pairwise(talker.sequences)}
            if steps != {1}:
                raise Disturbed(f"sequence numbers advanced by {steps}")
            if len(talker.sequences) < self.number - 100:
                raise Disturbed(f"{len(talker.sequences)} packets in {self.number} ticks")
            if not talker.hears(other.frequency) or talker.hears(talker.frequency):
                raise Disturbed("the two do not hear each other")
        if any(isinstance(event, Lost) for event in self.events):
            raise Disturbed("somebody was lost")
        self.core.close()

    def _source(self) -> stun.Address:
        kind = self.mutator.random.randrange(4)
        if kind == 0:
            return self.mutator.random.choice(list(HOME.values()))
        if kind == 1:
            return LURKER
        if kind == 2:
            return stun.TcpAddress(*self.mutator.random.choice(STRANGERS), connection=1)
        return self.mutator.random.choice(STRANGERS)

    def _judge(self) -> None:
        transport = self.core.transport
        self.returned += sum(map(len, self.wire.take(LURKER)))
        if self.returned > self.spent:
            raise Disturbed("a known address gets more than it sends")
        strangers = self.wire.sent.keys() - HOME.values()
        if strangers:
            raise Disturbed(f"strangers were answered: {strangers}")
        if len(transport._by_address) > 3 * 8 or len(transport._by_ufrag) != 3:
            raise Disturbed("tables of the transport grow")
        if len(transport.dropped) > 40:
            raise Disturbed(f"counters grow: {sorted(transport.dropped)}")

    def _talker(self, name: str) -> Talker:
        client = self._client(name, HOME[name])
        client.connect()
        return Talker(client, TONES[name])

    def _client(self, name: str, address: stun.Address) -> WireClient:
        identity = Identity()
        offer = offers.CHROMIUM.replace(offers.FINGERPRINT, identity.fingerprint)
        self.core.answer("room", name, sdp.parse_offer(offer), self.clock())
        peer = self.core._rooms["room"].peers[name]
        return WireClient(self.core.transport, self.wire, peer, identity, address)

    def _corpus(self) -> list[bytes]:
        """Real packets of each kind, none of which could still be replayed as it is."""
        anna = self.talkers[0].client
        hello = DtlsClient(Identity()).speak([])
        rtcp = bytes.fromhex("81c90007") + bytes(28)
        unknown = stun.build(1, bytes(12), [(stun.USERNAME, b"nobody:theirs")], "password")
        success = stun.build(0x0101, bytes(12), [(stun.XOR_MAPPED_ADDRESS, bytes(8))], "password")
        wrong = _check(anna, password="a wrong password")  # noqa: S106
        return [
            unknown,
            *(_without_fingerprint(message) for message in (unknown, success, wrong)),
            wrong,
            success,
            *hello,
            bytes([20, 254, 253]) + bytes(8) + b"\0\1\1",
            bytes([22, 254, 253]) + bytes(8) + b"\0\x0c" + bytes(12),
            bytes([23, 254, 253]) + bytes(8) + b"\0\x20" + bytes(32),
            b"\x80\x6f" + bytes(10) + bytes(range(64)),
            b"\x80\xc8" + bytes(26),
            rtcp,
            b"GET / HTTP/1.1\r\n\r\n",
            bytes(40),
        ]


def _check(client: WireClient, password: str | None = None) -> bytes:
    username = f"{client.peer.ufrag}:{client.peer.remote_ufrag}".encode()
    transaction = random.randbytes(12)  # noqa: S311
    attributes = [(stun.USERNAME, username), (stun.USE_CANDIDATE, b"")]
    return stun.build(stun.BINDING_REQUEST, transaction, attributes, password or client.peer.pwd)


def _without_fingerprint(message: bytes) -> bytes:
    """The checksum would catch nearly every mutation before anything else is looked at."""
    return message[:2] + (len(message) - 28).to_bytes(2, "big") + message[4:-8]


async def fuzz_texts(seed: int, count: int) -> None:
    """Mutated offers, control messages and streams: each is understood or refused."""
    control = {"id": 1, "call": "set_voices", "room": "room", "participants": ["anna"], "ready": []}
    answer = {"id": 2, "call": "answer", "room": "room", "participant": "anna", "offer": "v=0"}
    texts = [offers.CHROMIUM.encode(), offers.FIREFOX.encode(), offers.AUDIO_AND_VIDEO.encode()]
    messages = [json.dumps(message).encode() for message in (control, answer)]
    offer, message = Mutator(seed, texts), Mutator(seed, messages)
    stream = Mutator(seed, [frame(bytes(30)) * 5, frame(bytes(MAX_FRAME)), b"\0\0"])
    engine, frames = FakeEngine(), Frames()
    for _ in range(count):
        with contextlib.suppress(BadOffer):
            sdp.parse_offer(offer.packet().decode("utf-8", "replace"))
        with contextlib.suppress(EngineError):
            await wire.perform(engine, wire.decode(message.packet()))
        try:
            frames.feed(stream.packet())
        except BadFraming:
            frames = Frames()


def run(packets: int, seed: int, folder: Path) -> dict[str, int]:
    """Throw so many packets; returns what the engine counted. Raises `Disturbed`."""
    session = Session(folder, seed)
    ticks = max(packets // PACKETS_PER_TICK, 200)
    settled = _memory()
    for number in range(ticks):
        session.turn()
        if number == ticks // 10:
            settled = _memory()
    if _memory() - settled > _GROWTH:
        raise Disturbed(f"the memory grew by {_memory() - settled} KiB")
    session.finish()
    asyncio.run(fuzz_texts(seed, packets // 20))
    return dict(session.core.transport.dropped)


def _memory() -> int:
    """KiB in use at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=3_000_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(f"{options.packets} packets, seed {options.seed}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        dropped = run(options.packets, options.seed, Path(folder))
    for reason, count in sorted(dropped.items(), key=lambda item: -item[1]):
        print(f"{count:>10}  {reason}")
    print(f"Nobody was disturbed, in {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
