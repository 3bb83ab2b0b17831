"""The same sound to many: what leaves in batches is what each of them can open."""

import ctypes
import errno
import os
import secrets
import signal
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from audio import batch, rtp
from audio.batch import CAPACITY, Batch, sockaddr
from audio.fanout import Fanout
from audio.fanout_worker import FanoutWorker
from audio.srtp import CM, GCM, Keys, LibSrtpSession, Profile
from audio.transport import open_session


class Hearer:
    """Somebody with a slot, who opens what comes with libsrtp."""

    def __init__(self, fanout: Fanout, number: int, profile: Profile, *, alone: bool) -> None:
        size = profile.key_size + profile.salt_size
        keys = Keys(profile, secrets.token_bytes(size), secrets.token_bytes(size))
        self.address = (f"192.0.2.{number % 250}", 1000 + number)
        self.ssrc = 5000 + number
        self.packets: list[rtp.RtpPacket] = []
        self._srtp = LibSrtpSession(Keys(profile, keys.receiving, keys.sending))
        self.slot = fanout.add(
            ssrc=self.ssrc, payload_type=111, srtp=open_session(keys), send=self.take
        )
        fanout.aim(self.slot, None if alone else sockaddr(socket.AF_INET, *self.address))

    def take(self, datagram: bytes) -> None:
        self.packets.append(rtp.parse(self._srtp.unprotect(datagram)))


class Crowd:
    """A fan-out with people, and the wire between them."""

    def __init__(self) -> None:
        self.fanout = Fanout(self._carry)
        self.people: dict[tuple[str, int], Hearer] = {}
        self.batches: list[int] = []

    def add(self, count: int, profile: Profile = GCM, *, alone: bool = False) -> list[Hearer]:
        added = [
            Hearer(self.fanout, len(self.people) + number, profile, alone=alone)
            for number in range(count)
        ]
        self.people |= {hearer.address: hearer for hearer in added}
        return added

    def say(self, payload: bytes, timestamp: int, hearers: list[Hearer]) -> None:
        slots = np.array([hearer.slot for hearer in hearers], dtype=np.intp)
        self.fanout.queue(payload, timestamp, slots)

    def _carry(self, batch: Batch, count: int) -> None:
        self.batches.append(count)
        for datagram, address in batch.datagrams(count):
            self.people[address].take(datagram)


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.mark.parametrize(("profile", "alone"), [(GCM, False), (GCM, True), (CM, False)])
def test_everybody_gets_every_packet_also_after_the_numbers_wrapped(
    crowd: Crowd, profile: Profile, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audio.fanout.secrets.randbits", lambda _: 65_530)
    hearers = crowd.add(3, profile, alone=alone)
    for number in range(12):
        crowd.say(b"%d" % number, 960 * number, hearers[: 1 + number % 3])
        crowd.fanout.flush()
    got = hearers[0].packets
    assert [packet.payload for packet in got] == [b"%d" % number for number in range(12)]
    assert [packet.sequence for packet in got] == [*range(65_530, 65_536), *range(6)]
    assert [crowd.fanout.next_index(hearer.slot) for hearer in hearers] == [
        65_542,
        65_538,
        65_534,
    ]


def test_many_rooms_leave_in_one_batch(crowd: Crowd) -> None:
    rooms = [crowd.add(3) for _ in range(20)]
    for number, hearers in enumerate(rooms):
        crowd.say(b"room %d" % number * (number + 1), 960 * number, hearers)
    crowd.fanout.flush()
    assert crowd.batches == [60]
    for number, hearers in enumerate(rooms):
        for hearer in hearers:
            (packet,) = hearer.packets
            assert packet.payload == b"room %d" % number * (number + 1)
            assert (packet.timestamp, packet.ssrc) == (960 * number, hearer.ssrc)


def test_a_room_larger_than_a_batch_is_sent_in_several(crowd: Crowd) -> None:
    few, many = crowd.add(10), crowd.add(CAPACITY + 20)
    crowd.say(b"few", 0, few)
    crowd.say(b"many", 960, many)
    crowd.fanout.flush()
    assert crowd.batches == [CAPACITY, 30]
    assert {packet.payload for hearer in many for packet in hearer.packets} == {b"many"}
    assert [len(hearer.packets) for hearer in few + many] == [1] * (CAPACITY + 30)


def test_the_timestamp_wraps(crowd: Crowd) -> None:
    (anna,) = crowd.add(1)
    crowd.say(b"sound", 2**32 + 960, [anna])
    crowd.fanout.flush()
    assert anna.packets[0].timestamp == 960


def test_two_packets_for_somebody_in_one_tick_have_two_numbers(crowd: Crowd) -> None:
    anna, bruno = crowd.add(2)
    crowd.say(b"catch up", 0, [anna])
    crowd.say(b"now", 960, [anna, bruno])
    crowd.fanout.flush()
    assert [packet.payload for packet in anna.packets] == [b"catch up", b"now"]
    first, second = (packet.sequence for packet in anna.packets)
    assert second == first + 1


def test_as_many_batches_leave_as_anybody_has_packets(crowd: Crowd) -> None:
    rooms = [crowd.add(2) for _ in range(5)]
    for room in rooms:
        for number in range(3):
            crowd.say(b"%d" % number, 960 * number, room)
    crowd.fanout.flush()
    assert crowd.batches == [10, 10, 10]
    for hearer in crowd.people.values():
        assert [packet.payload for packet in hearer.packets] == [b"0", b"1", b"2"]
        first = hearer.packets[0].sequence
        assert [packet.sequence - first for packet in hearer.packets] == [0, 1, 2]


def test_batched_and_single_ones_may_share_a_packet(crowd: Crowd) -> None:
    hearers = crowd.add(2) + crowd.add(2, CM) + crowd.add(2, alone=True) + crowd.add(1)
    crowd.say(b"sound", 0, hearers)
    crowd.fanout.flush()
    assert [len(hearer.packets) for hearer in hearers] == [1] * 7
    assert crowd.batches == [3]


def test_a_slot_that_is_free_again_begins_anew(crowd: Crowd) -> None:
    (anna,) = crowd.add(1)
    crowd.say(b"for anna", 0, [anna])
    crowd.fanout.remove(anna.slot)
    (bruno,) = crowd.add(1)
    assert bruno.slot == anna.slot
    crowd.say(b"for bruno", 0, [bruno])
    crowd.fanout.flush()
    assert [packet.payload for packet in anna.packets] == [b"for anna"]
    assert [packet.payload for packet in bruno.packets] == [b"for bruno"]
    assert crowd.fanout.sent(bruno.slot) == rtp.SentCounters(1, len(b"for bruno"))


def filled(receiver: socket.socket, count: int) -> Batch:
    full = Batch()
    name = sockaddr(socket.AF_INET, *receiver.getsockname())
    for number in range(count):
        text = b"datagram %d" % number
        full.data[number, : len(text)] = np.frombuffer(text, dtype=np.uint8)
        full.sizes[number] = len(text)
        full.names[number] = np.frombuffer(name, dtype=np.uint8)
    return full


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_kernel_takes_a_batch(
    family: socket.AddressFamily, one_by_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if one_by_one:
        monkeypatch.setattr(batch, "_sendmmsg", None)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(family, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        full = filled(receiver, 5)
        name = np.frombuffer(sockaddr(family, *receiver.getsockname()), dtype=np.uint8)
        full.names[:5] = name
        assert full.send(sender, 5) == 0
        assert [receiver.recv(100) for _ in range(5)] == [b"datagram %d" % n for n in range(5)]


def test_a_datagram_that_cannot_be_sent_does_not_keep_back_the_others() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        full = filled(receiver, 5)
        nowhere = np.frombuffer(sockaddr(socket.AF_INET, "127.0.0.1", 0), dtype=np.uint8)
        for number in (0, 2, 4):
            full.names[number] = nowhere
        assert full.send(sender, 5) == 3
        assert [receiver.recv(100) for _ in range(2)] == [b"datagram 1", b"datagram 3"]


class Kernel:
    """Takes what it is told to, call by call: a number of datagrams, or an error."""

    def __init__(self, *results: int) -> None:
        self.results = list(results)
        self.asked: list[int] = []

    def __call__(self, fd: int, messages: int, count: int, flags: int) -> int:
        self.asked.append(count)
        result = self.results.pop(0)
        if result < 0:
            ctypes.set_errno(-result)
            return -1
        return result


def test_what_the_kernel_took_in_part_is_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(3, -errno.EINTR, 2, -errno.EAGAIN, 5)
    monkeypatch.setattr(batch, "_sendmmsg", kernel)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        assert Batch().send(sender, 10) == 0
    assert kernel.asked == [10, 7, 7, 5, 5]


def test_a_buffer_that_stays_full_costs_the_rest_of_the_batch_and_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Kernel(4, -errno.EAGAIN, -errno.EAGAIN)
    monkeypatch.setattr(batch, "_sendmmsg", kernel)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        assert Batch().send(sender, 10) == 6


@pytest.mark.parametrize("address", [("192.0.2.7", 4321), ("2001:db8::7", 4321)])
def test_an_address_survives_the_way_to_the_kernel(address: tuple[str, int]) -> None:
    assert batch.address_of(sockaddr(socket.AF_INET6, *address)) == address


class Town:
    """Real sockets at one end, a fan-out with workers at the other."""

    def __init__(self, people: int, workers: int) -> None:
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.workers = [FanoutWorker(self.udp) for _ in range(workers)]
        self.fanout = Fanout(self._send_here, self.workers)
        self.sent_here = 0
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(people)]
        self.people = []
        for number, sock in enumerate(self.sockets):
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(20)
            hearer = Hearer(self.fanout, number, GCM, alone=False)
            self.fanout.aim(hearer.slot, sockaddr(socket.AF_INET, *sock.getsockname()))
            self.people.append(hearer)

    def say(self, payload: bytes) -> list[bytes]:
        """Tell everybody; returns what each of them heard."""
        slots = np.array([hearer.slot for hearer in self.people], dtype=np.intp)
        self.fanout.queue(payload, 0, slots)
        self.fanout.flush()
        for hearer, sock in zip(self.people, self.sockets, strict=True):
            hearer.take(sock.recv(2048))
        return [hearer.packets[-1].payload for hearer in self.people]

    def close(self) -> None:
        self.fanout.close()
        for sock in (self.udp, *self.sockets):
            sock.close()

    def _send_here(self, full: Batch, count: int) -> None:
        self.sent_here += count
        assert full.send(self.udp, count) == 0


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town(people=20, workers=2)
    yield town
    town.close()


def test_workers_send_from_the_same_port_what_everybody_can_open(town: Town) -> None:
    for number in range(5):
        assert town.say(b"sound %d" % number) == [b"sound %d" % number] * 20
    assert town.sent_here == 0


def test_the_listeners_of_a_dead_worker_are_taken_back(town: Town) -> None:
    town.say(b"before")
    first, second = town.workers
    for worker in (first, second):
        os.kill(worker.pid, signal.SIGKILL)
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        assert town.say(b"after") == [b"after"] * 20
    assert town.sent_here > 0
    sequences = [[packet.sequence for packet in hearer.packets] for hearer in town.people]
    assert all(numbers == list(range(numbers[0], numbers[0] + 3)) for numbers in sequences)


def test_workers_end_with_their_engine(town: Town) -> None:
    pids = [worker.pid for worker in town.workers]
    town.fanout.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
