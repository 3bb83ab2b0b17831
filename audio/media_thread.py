"""The thread that owns the sockets and the sound.

Everything that touches a packet or a sample happens here, one thing after the other: nothing is
locked, and neither a slow control client nor a slow disk can delay a tick. Codec and crypto
calls let go of Python's global lock, so the control loop lives beside it.

The tick is absolute: the n-th is due n * 20 ms after the start, however long the ones before
took. A thread that fell behind catches up; when it fell behind further than that makes sense,
it leaves ticks out, and the recording fills them with silence.

Where nobody would hear a tick any sooner, it waits for those after it, at most two: three in a row
cost less than three that each begin with a thread that wakes up and cold caches.

What those who are connected say is played with the next tick at the earliest, so it is read then:
to wake up for each datagram would cost more than to handle it. The kernel notes when it came.
While somebody connects, everything is read at once.
"""

import bisect
import contextlib
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from audio.audience import FRAMES
from audio.batch import Batch, sockaddr
from audio.core import Clock, Core
from audio.protocol import EngineUnavailable
from audio.sockets import Inbox, kernel_address
from audio.stun import Address, TcpAddress
from audio.tcp import TcpPort, most_connections

TICK = 0.02
"""Seconds."""

_LATE = TICK
_LATENESS_MS = (1, 2, 5, 10, 20, 50)
_CATCH_UP = 10  # ticks; beyond this the late ones are left out
_BATCH = 64  # datagrams read between two looks at the clock
_BATCH_AFTER_TICK = 512  # more than all talkers send in a tick, or those who join never get in
_TCP_POLL_TICKS = 50

T = TypeVar("T")
logger = logging.getLogger(__name__)


class MediaThread:
    """Drives a `Core` with datagrams, ticks, and calls from other threads."""

    def __init__(
        self,
        udp: socket.socket,
        tcp: socket.socket,
        make_core: Callable[["MediaThread"], Core],
    ) -> None:
        self.late_ticks = 0
        self._lateness = [0] * (len(_LATENESS_MS) + 1)
        self._udp = udp
        self._family = int(udp.family)  # asking the socket costs more than sending
        self._inbox = Inbox(udp)
        self._waking = False  # for each datagram
        self._flooded = False
        self._selector = selectors.DefaultSelector()
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._start = self._awaited = 0.0
        self._tick = 0
        self._stopping = False
        self._core = make_core(self)
        self._tcp = TcpPort(
            tcp,
            self._selector,
            receive=lambda datagram, source: self._receive(datagram, source, time.monotonic()),
            knows=self._core.transport.knows,
            dropped=self._core.transport.dropped,
            most=most_connections(),
        )
        self._thread = threading.Thread(target=self._run, name="media", daemon=True)

    @property
    def lateness(self) -> dict[str, int]:
        """See `Statistics.lateness`."""
        return dict(zip((*map(str, _LATENESS_MS), "more"), self._lateness, strict=True))

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def call(self, function: Callable[[Core, Clock], T]) -> "Future[T]":
        """Run a function on the media thread, before its next tick.

        Raises `EngineUnavailable` when the thread has stopped.
        """
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function(self._core, self._clock()))
            except BaseException as error:
                future.set_exception(error)

        self._calls.put(run)
        try:
            self._wake_writer.send(b"\0")
        except BlockingIOError:
            pass  # so many are waiting that it will wake up anyway
        except OSError as error:
            raise EngineUnavailable("the engine has stopped") from error
        return future

    def send(self, datagram: bytes, address: Address) -> None:
        """Send a datagram; what the kernel does not take is lost, as on any network."""
        if isinstance(address, TcpAddress):
            self._tcp.send(datagram, address)
            return
        try:
            self._udp.sendto(datagram, kernel_address(self._family, address))
        except OSError:
            self._core.transport.dropped["send_failed"] += 1

    def send_batch(self, batch: Batch, count: int) -> None:
        """See `Outlet.send_batch`."""
        failed = batch.send(self._udp, count)
        if failed:
            self._core.transport.dropped["send_failed"] += failed

    def name(self, address: Address) -> bytes | None:
        """See `Outlet.name`."""
        if isinstance(address, TcpAddress):
            return None
        return sockaddr(self._family, address[0], address[1])

    def stop(self) -> None:
        """Close the rooms, finish the files, end the thread; returns when all that is done."""
        self.call(lambda _core, _clock: self._stop())
        self._thread.join()
        self._run_calls()  # what came too late for the thread
        self._core.close()
        self._tcp.close()
        self._selector.close()
        for sock in (self._udp, self._wake_reader, self._wake_writer):
            sock.close()

    def _stop(self) -> None:
        self._stopping = True

    @property
    def _due(self) -> float:
        """When the next tick is, on the monotonic clock."""
        return self._start + self._tick * TICK

    def _clock(self) -> Clock:
        """Now; on the wall, the moment of the next tick."""
        now = time.monotonic()
        return Clock(now, time.time() + self._due - now, self._tick)

    def _run(self) -> None:
        self._start = time.monotonic()
        self._selector.register(self._wake_reader, selectors.EVENT_READ, self._run_calls)
        while not self._stopping:
            self._let_wait()
            if time.monotonic() >= self._awaited:
                self._read_datagrams()  # what this tick should play
                self._run_ticks()
                # However late it is: who is never read is lost, and calls are waited for.
                self._flooded = not self._read_datagrams(most=_BATCH_AFTER_TICK)
                self._run_calls()
                continue
            self._wake_for_datagrams()
            for key, events in self._selector.select(max(0.0, self._awaited - time.monotonic())):
                with _logged("socket"):
                    key.data(events)
                if time.monotonic() >= self._awaited:
                    break  # the rest is still there after the tick

    def _let_wait(self) -> None:
        """Settle when the next tick has to begin."""
        awaited = self._due + self._core.spare(self._tick) * TICK
        # What could wait until this moment, and no longer can, is not late.
        self._awaited = max(awaited, min(self._awaited, time.monotonic()))

    def _run_ticks(self) -> None:
        """The tick that is due, and those after it that are due as well."""
        began = time.monotonic()
        behind = began - self._due
        if behind > _CATCH_UP * TICK:
            skipped = int(behind / TICK)
            self.late_ticks += skipped
            self._tick += skipped
        count = min(int((began - self._due) / TICK) + 1, FRAMES)
        with _logged("tick"):
            # Each tick plays what was due then, not what is due when it catches up.
            late = began - self._due
            clock = Clock(self._due, time.time() - late, self._tick)
            self._core.tick(clock, count)
            if clock.meets(_TCP_POLL_TICKS, count):
                self._tcp.poll(time.monotonic())
        done = time.monotonic()
        for _ in range(count):
            awaited = max(self._awaited, self._due)
            self.late_ticks += began - awaited > _LATE
            self._lateness[bisect.bisect_left(_LATENESS_MS, 1000 * (done - awaited))] += 1
            self._tick += 1

    def _wake_for_datagrams(self) -> None:
        """Whether one that comes before the next tick is to be read at once."""
        wanted = self._flooded or self._core.transport.connecting or not self._inbox.stamped
        if wanted == self._waking:
            return
        self._waking = wanted
        if wanted:
            self._selector.register(self._udp, selectors.EVENT_READ, self._read_datagrams)
        else:
            self._selector.unregister(self._udp)

    def _read_datagrams(self, _events: int = selectors.EVENT_READ, most: int = _BATCH) -> bool:
        """Handle what has come; returns whether that was all of it."""
        for _ in range(most):
            try:
                datagram, source, arrival = self._inbox.read()
            except BlockingIOError:
                return True
            except OSError:
                continue  # an ICMP error of something sent earlier
            self._receive(datagram, source, arrival)
        return False

    def _receive(self, datagram: bytes, source: Address, arrival: float) -> None:
        try:
            self._core.transport.receive(datagram, source, arrival)
        except Exception:
            logger.exception("A datagram failed")

    def _run_calls(self, _events: int = selectors.EVENT_READ) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_reader.recv(4096)
        while not self._calls.empty():
            self._calls.get()()


@contextlib.contextmanager
def _logged(what: str) -> Iterator[None]:
    """An error in one socket or tick is for the log; everybody else's sound goes on."""
    try:
        yield
    except Exception:
        logger.exception("A %s failed", what)
