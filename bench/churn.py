"""`make churn`: an hour of 200 listeners joining and leaving a minute, as fast as it goes.

Real participants, a real engine process with one room and somebody who talks. Its memory is
printed after each thousand and must not grow; the last is compared with that after the first two.
"""

import argparse
import asyncio
import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from audio.dtls import Identity
from audio.remote import RemoteEngine
from bench import sdp
from bench.client import Client
from bench.crowd import Crowd, speech
from bench.servers import TOKEN, Server, host_address, start_embedded

_ROOM, _TALKER = "churn", "talker"
_AT_ONCE = 8
_EVERY = 1000
_WARM = 2
_ALLOWED_KIB = 4096


async def churn(joins: int) -> list[int]:
    """KiB of memory after each thousand who came and went."""
    host, identity = host_address(), Identity()
    with tempfile.TemporaryDirectory() as folder:
        server, url = await start_embedded(Path(folder), host, workers=0)
        crowd = Crowd()
        crowd.start()
        try:
            async with RemoteEngine(url, TOKEN) as engine:
                await engine.open_room(_ROOM)
                await engine.set_voices(_ROOM, frozenset({_TALKER}))
                crowd.talk(await _join(engine, _TALKER, identity, host), speech())
                return await _come_and_go(engine, server, identity, host, joins)
        finally:
            await crowd.stop()
            await server.stop()


async def _come_and_go(
    engine: RemoteEngine, server: Server, identity: Identity, host: str, joins: int
) -> list[int]:
    memory: list[int] = []
    numbers = iter(range(joins))

    async def guests(numbers: Iterator[int]) -> None:
        for number in numbers:
            name = f"guest{number}"
            client = await _join(engine, name, identity, host)
            await asyncio.wait_for(client.hears.wait(), 10)
            await engine.drop(_ROOM, name)
            client.close()

    for _ in range(joins // _EVERY):
        thousand = itertools.islice(numbers, _EVERY)
        await asyncio.gather(*(guests(thousand) for _ in range(_AT_ONCE)))
        memory.append(server.rss() // 1024)
        print(f"{len(memory) * _EVERY:6} came and went: {memory[-1]} KiB", flush=True)
    return memory


async def _join(engine: RemoteEngine, name: str, identity: Identity, host: str) -> Client:
    client = Client(identity, host)
    answer = await engine.answer(_ROOM, name, client.local.describe(direction="sendrecv"))
    await client.connect(sdp.read(answer), controlling=True)
    return client


def main() -> None:
    """Run, print, and fail when memory grows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--joins", type=int, default=12_000)
    memory = asyncio.run(churn(parser.parse_args().joins))
    grown = memory[-1] - memory[min(_WARM, len(memory)) - 1]
    print(json.dumps({"rss_kib": memory, "grown_kib": grown}))
    if grown > _ALLOWED_KIB:
        raise SystemExit(f"memory grew by {grown} KiB")


if __name__ == "__main__":
    main()
