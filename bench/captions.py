"""`make captions`: how long after an utterance its caption is read, while 100 people listen.

The real processes `web`, `audio` and `captions` with the real model. Each of the listeners has a
WebSocket and hears the sound; a host says the human clips of `tests/data/speech`, with pauses. The
lag of a clip is from its last sound, as the host's client sends it, to its last caption on the
WebSocket of a listener.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from audio.dtls import Identity
from audio.opus import SILENCE
from audio.remote import RemoteEngine
from bench import joins, sdp
from bench.client import Client
from bench.crowd import Crowd, ticks
from bench.servers import TOKEN, Server, free_port, listening
from tests.speech.clips import CLIPS, Clip
from tests.speech.errors import word_errors, words

_PAUSE = 150  # ticks between two clips
_LOUD = 0.01
_PREPARE = """
from accounts.models import User
from django.http import HttpResponse
from django.test import Client
from rooms.models import Room
from rooms.visitors import COOKIE, new_visitor, remember_visitor
host = User.objects.create_user("host", "host@example.org")
print(Room.objects.create(host=host, title="Said and read", transcription=True).public_id)
browser = Client()
browser.force_login(host)
print(browser.cookies["sessionid"].value)
for _ in range({people}):
    response = HttpResponse()
    remember_visitor(response, new_visitor())
    print(response.cookies[COOKIE].value)
"""


@dataclass(slots=True)
class Saying:
    """One clip as it was said, in Unix time."""

    clip: Clip
    began: float = 0.0
    ended: float = 0.0
    """When its last sound was sent."""
    read: float = 0.0
    """When its last caption came."""
    lines: list[str] = field(default_factory=list)


async def measure(people: int, clips: int, model: Path) -> tuple[list[Saying], dict[str, float]]:
    """Say so many clips; returns them, and the percent of a core each process took meanwhile."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environment = _environment(folder, model)
        script = _PREPARE.format(people=people + 2)
        room, session, *cookies = await joins.prepare(environment, script)
        servers = {}
        for name, start in (("web", _web), ("audio", _audio), ("captions", _captions)):
            servers[name] = await start(environment)
            stack.push_async_callback(servers[name].stop)
        origin = f"http://127.0.0.1:{environment['PORT']}"
        path = f"ws://127.0.0.1:{environment['PORT']}/ws/spaces/{room}/"
        watchers = joins.Crowd(path, origin, iter(cookies))
        stack.push_async_callback(watchers.go)
        await watchers.fill(people)
        engine = RemoteEngine(f"ws://127.0.0.1:{environment['AUDIO_CONTROL_PORT']}", TOKEN)
        stack.push_async_callback(engine.close)
        crowd = Crowd()
        crowd.start()
        stack.push_async_callback(crowd.stop)
        await crowd.join(people, 50, lambda: _join(engine, room, f"listener-{time.monotonic_ns()}"))
        said = [Saying(clip) for clip in list(CLIPS.values())[:clips]]
        reading = asyncio.create_task(_read(path, origin, cookies[-1], said))
        host_client = await stack.enter_async_context(
            _host(path, origin, f"visitor={cookies[-2]}; sessionid={session}")
        )
        host_client.unwatch()
        crowd.talkers.append(host_client)  # which sends consent as browsers do
        await asyncio.sleep(3.0)
        before, began = {name: each.cpu() for name, each in servers.items()}, time.monotonic()
        await _say(host_client, said)
        elapsed = time.monotonic() - began
        cpu = {name: 100 * (each.cpu() - before[name]) / elapsed for name, each in servers.items()}
        await asyncio.sleep(5.0)
        reading.cancel()
        return said, cpu


async def _say(client: Client, said: list[Saying]) -> None:
    """One clip after the other, with silence between them."""
    plan: list[tuple[bytes, Saying | None, bool]] = []
    for saying in said:
        packets = saying.clip.packets
        last = _last_loud(saying.clip)
        plan += [(packet, saying, number == last) for number, packet in enumerate(packets)]
        plan += [(SILENCE, None, False)] * _PAUSE
    for number, due in enumerate(ticks()):
        if number == len(plan):
            return
        await asyncio.sleep(due - time.monotonic())
        packet, current, is_last = plan[number]
        client.play(packet, number)
        if current is not None and not current.began:
            current.began = time.time()
        if current is not None and is_last:
            current.ended = time.time()


def _last_loud(clip: Clip) -> int:
    """The last packet in which anything is heard."""
    pcm = clip.pcm
    frames = np.abs(pcm[: len(pcm) // 320 * 320]).reshape(-1, 320).max(axis=1)
    return int(np.flatnonzero(frames > _LOUD)[-1])


def _socket(path: str, origin: str, cookies: str) -> connect:
    return connect(
        path,
        origin=Origin(origin),
        subprotocols=[Subprotocol("spaces.v1")],
        additional_headers={"Cookie": cookies},
        compression=None,
        proxy=None,
    )


@asynccontextmanager
async def _host(path: str, origin: str, cookies: str) -> AsyncIterator[Client]:
    """The host, on stage with an open microphone, as a page would be."""
    async with _socket(path, origin, cookies) as connection:
        client = Client(Identity(), "127.0.0.1")
        offer = client.local.describe(direction="sendrecv")
        commands: list[tuple[str, dict[str, str]]] = [
            ("join", {}),
            ("recording.accept", {}),
            ("mic.unmute", {}),
            ("media.offer", {"sdp": offer}),
        ]
        for number, (command, data) in enumerate(commands):
            await connection.send(json.dumps({"type": command, "id": number, "data": data}))
            while (reply := json.loads(await connection.recv())).get("id") != number:
                pass
            assert reply["type"] == "reply", reply
        await client.connect(sdp.read(reply["data"]["sdp"]), controlling=True)
        tasks = [
            asyncio.create_task(joins.stay(connection)),
            asyncio.create_task(_ignore(connection)),
        ]
        try:
            yield client
        finally:
            for task in tasks:
                task.cancel()


async def _ignore(connection: ClientConnection) -> None:
    async for _ in connection:
        pass


async def _read(path: str, origin: str, cookie: str, said: list[Saying]) -> None:
    """A listener who notes when each line comes."""
    async with _socket(path, origin, f"visitor={cookie}") as connection:
        await connection.send('{"type": "join", "id": 1}')
        keeping = asyncio.create_task(joins.stay(connection))
        try:
            async for text in connection:
                message = json.loads(text)
                if message["type"] == "caption":
                    _note(message["data"], said)
        finally:
            keeping.cancel()


def _note(line: dict[str, Any], said: list[Saying]) -> None:
    started = datetime.fromisoformat(line["started_at"]).timestamp()
    for saying in said:
        if saying.began and saying.began - 1 < started < saying.began + 1 + _seconds(saying.clip):
            saying.read = time.time()
            saying.lines.append(line["text"])
            return


def _seconds(clip: Clip) -> float:
    return len(clip.packets) * 0.02


async def _join(engine: RemoteEngine, room: str, name: str) -> Client:
    client = Client(Identity(), "127.0.0.1")
    answer = await engine.answer(room, name, client.local.describe(direction="sendrecv"))
    await client.connect(sdp.read(answer), controlling=True)
    return client


def _environment(folder: str, model: Path) -> dict[str, str]:
    ports = [str(free_port(socket.SOCK_STREAM)) for _ in range(2)]
    return os.environ | {
        "DEBUG": "on",
        "PYTHONUNBUFFERED": "1",
        "VAR_DIR": folder,
        "PORT": ports[0],
        "AUDIO_HOST": "127.0.0.1",
        "AUDIO_PORT": str(free_port(socket.SOCK_DGRAM)),
        "AUDIO_CONTROL_PORT": ports[1],
        "AUDIO_CONTROL_TOKEN": TOKEN,
        "SPEECH_MODEL": str(model.resolve()),
    }


async def _web(environment: dict[str, str]) -> Server:
    return await joins.start_web(environment, int(environment["PORT"]))


async def _audio(environment: dict[str, str]) -> Server:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "runaudio"), env=environment
    )
    await listening(process, "127.0.0.1", int(environment["AUDIO_CONTROL_PORT"]))
    return Server(process)


async def _captions(environment: dict[str, str]) -> Server:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "runcaptions"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdout is not None:
        await process.stdout.readline()  # "Captions by ..."
    return Server(process)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.captions", description=__doc__)
    parser.add_argument("--listeners", type=int, default=100)
    parser.add_argument("--clips", type=int, default=len(CLIPS), help="how many are said")
    parser.add_argument("--model", type=Path, default=Path("var/models/base"))
    arguments = parser.parse_args()
    said, cpu = asyncio.run(measure(arguments.listeners, arguments.clips, arguments.model))
    for saying in said:
        lag = f"{saying.read - saying.ended:5.2f} s" if saying.read else " never"
        print(f"{lag}  {saying.clip.name:32} {' '.join(saying.lines)}")
    if not any(saying.read for saying in said):
        raise SystemExit("No caption came: is the machine busy? The captions process goes last.")
    lags = sorted(saying.read - saying.ended for saying in said if saying.read)
    wrong = sum(word_errors(each.clip.text, " ".join(each.lines)) for each in said)
    print(f"lag: median {statistics.median(lags):.2f} s, worst {lags[-1]:.2f} s")
    print(f"wrong words: {100 * wrong / sum(len(words(each.clip.text)) for each in said):.1f} %")
    print("CPU: " + ", ".join(f"{name} {percent:.0f} %" for name, percent in cpu.items()))


if __name__ == "__main__":
    main()
