"""`make many`: thousands of listeners in one room, and how late each tick was.

The engine has one core, and this client another. With `--workers` the engine's processes share
all cores, and what each of them takes is printed.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audio.dtls import Identity
from bench.crowd import Crowd, speech
from bench.servers import Server, host_address, start_embedded
from bench.signalling import Embedded

_ROOM = 1
_SETTLE = 6.0  # seconds: all have joined, and the talker is heard
_CLIENT_CORE = max(os.sched_getaffinity(0))
_ENGINE_CORE = min(os.sched_getaffinity(0))


async def main(listeners: int, seconds: float, workers: int, rate: float) -> None:
    """Join, listen, print."""
    host = host_address()
    with tempfile.TemporaryDirectory() as folder:
        with _on_core(_ENGINE_CORE, wanted=not workers):
            server, url = await start_embedded(Path(folder), host, workers)
        try:
            async with Embedded(url, host, Identity()) as signalling:
                with _on_core(_CLIENT_CORE, wanted=not workers):
                    await _listen(server, signalling, listeners, seconds, rate)
        finally:
            await server.stop()


async def _listen(
    server: Server, signalling: Embedded, listeners: int, seconds: float, rate: float
) -> None:
    await signalling.open_room(_ROOM)
    crowd = Crowd()
    crowd.start()
    try:
        await crowd.join(listeners, rate, lambda: signalling.listener(_ROOM))
        crowd.talk(await signalling.talker(_ROOM), speech())
        await asyncio.sleep(_SETTLE)
        crowd.count_anew()
        before = await signalling.engine.statistics()
        spent, started = server.cpu_by_process(), time.monotonic()
        await asyncio.sleep(seconds)
        elapsed = time.monotonic() - started
        after, total = await signalling.engine.statistics(), server.cpu_by_process()
        packets, _, lost = crowd.counted()
    finally:
        await crowd.stop()
    each = [1000 * (total[pid] - spent.get(pid, 0.0)) / elapsed for pid in total]
    late = {ms: after.lateness[ms] - count for ms, count in before.lateness.items()}
    unsent = after.dropped.get("send_failed", 0) - before.dropped.get("send_failed", 0)
    print(f"{listeners} listeners for {elapsed:.0f} s, load {os.getloadavg()[0]:.1f}")
    print(f"packets: {packets / elapsed:.0f} a second; not sent: {unsent}, not received: {lost}")
    print("CPU of each process, ms/s:", ", ".join(f"{cpu:.0f}" for cpu in each))
    print(f"CPU of a packet, us: {1000 * sum(each) * elapsed / max(packets, 1):.1f}")
    print("ticks by lateness, ms:", ", ".join(f"{ms}: {count}" for ms, count in late.items()))
    print("ticks that began more than 20 ms late:", after.late_ticks - before.late_ticks)


@contextmanager
def _on_core(core: int, *, wanted: bool) -> Iterator[None]:
    """Keep to one core meanwhile, and so do the processes that are started."""
    before = os.sched_getaffinity(0)
    try:
        if wanted:
            os.sched_setaffinity(0, {core})
        yield
    finally:
        os.sched_setaffinity(0, before)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.many", description=__doc__)
    parser.add_argument("--listeners", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=0, help="AUDIO_FANOUT_WORKERS")
    parser.add_argument("--rate", type=float, default=75.0, help="of joins, a second")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = _arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main(arguments.listeners, arguments.seconds, arguments.workers, arguments.rate))
