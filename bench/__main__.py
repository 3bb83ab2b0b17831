"""`make bench`: the same work for the embedded engine and for Janus, in one run."""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from audio.dtls import Identity
from bench import floor, report, scenarios
from bench.scenarios import Audience, Figures, Sizes
from bench.servers import host_address, start_embedded, start_janus
from bench.signalling import Embedded, Janus

_RESULT = Path(__file__).parent / "results" / "latest.json"
_FIRST_FORWARD_PORT = 20_000


async def run_embedded(
    host: str, sizes: Sizes, workers: int, only: str
) -> tuple[Audience, Figures]:
    """All scenarios against our engine; also how late its ticks were."""
    with tempfile.TemporaryDirectory() as folder:
        server, url = await start_embedded(Path(folder), host, workers)
        try:
            async with Embedded(url, host, Identity()) as signalling:
                audience = await scenarios.audience(server, signalling, sizes)
                if only != "audience":
                    audience.figures |= await scenarios.latency(signalling)
                    audience.figures |= await scenarios.full_room(server, signalling, sizes.seconds)
                    audience.figures |= await scenarios.many_rooms(
                        server, signalling, sizes.rooms, sizes.seconds
                    )
                statistics = await signalling.engine.statistics()
                return audience, {key: float(n) for key, n in statistics.lateness.items()}
        finally:
            await server.stop()


async def run_janus(host: str, sizes: Sizes, only: str) -> Figures:
    """What can be compared, against Janus."""
    with tempfile.TemporaryDirectory() as folder:
        server, url = await start_janus(Path(folder), host)
        try:
            async with Janus(url, host, Identity(), _FIRST_FORWARD_PORT) as signalling:
                figures = (await scenarios.audience(server, signalling, sizes)).figures
                if only != "audience":
                    figures |= await scenarios.latency(signalling)
                    figures |= await scenarios.full_room(server, signalling, sizes.seconds)
                return figures
        finally:
            await server.stop()


def main() -> None:
    """Run, print, save."""
    arguments = _arguments()
    sizes = Sizes(arguments.listeners, arguments.seconds, rooms=arguments.rooms)
    host = host_address()
    audience, lateness = asyncio.run(run_embedded(host, sizes, arguments.workers, arguments.only))
    sent = audience.figures
    count = len(audience.addresses)
    bare = floor.us_per_packet(host, count, audience.packet_size, min(arguments.seconds, 5))
    sent["packet_cost_over_bare_sendmmsg"] = sent["cpu_us_per_packet"] / bare
    janus = {} if arguments.no_janus else asyncio.run(run_janus(host, sizes, arguments.only))
    result = {
        "measured": time.strftime("%Y-%m-%d %H:%M:%S"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "sizes": asdict(sizes) | {"workers": arguments.workers},
        "bare_sendmmsg_us_per_packet": bare,
        "embedded": sent,
        "janus": janus,
        "ratios": report.ratios(sent, janus),
        "tick_lateness_ms": lateness,
    }
    print(report.table(sent, janus))
    print(
        f"\nbare sendmmsg: {bare:.2f} us a packet; the engine takes "
        f"{sent['packet_cost_over_bare_sendmmsg']:.2f} times that"
    )
    print("ticks by lateness, ms:", ", ".join(f"{key}: {int(n)}" for key, n in lateness.items()))
    print(report.save(arguments.output, result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--workers", type=int, default=0, help="AUDIO_FANOUT_WORKERS")
    parser.add_argument("--no-janus", action="store_true")
    parser.add_argument("--only", choices=("audience", "all"), default="all")
    parser.add_argument("--output", type=Path, default=_RESULT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
