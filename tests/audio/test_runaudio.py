"""The `audio` process: `manage.py runaudio`, started and stopped as an operator would."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from audio.archive import assemble
from audio.remote import RemoteEngine
from audio.sockets import open_port
from tests.audio.callers import PATIENCE, until

PROJECT = Path(__file__).parents[2]
TOKEN = "token"


def free_engine_port() -> int:
    """One that nobody uses, neither over UDP nor over TCP."""
    udp, tcp = open_port("::", 0)
    with udp, tcp:
        return int(udp.getsockname()[1])


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The settings of an installation of its own, whose database cannot even be opened."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "spaces_site.settings",
        "SECRET_KEY": "secret",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/no/such/folder/db.sqlite3",
        "AUDIO_HOST": "127.0.0.1",
        "AUDIO_PORT": str(free_engine_port()),
        "AUDIO_CONTROL_PORT": str(free_port(socket.SOCK_STREAM)),
        "AUDIO_CONTROL_TOKEN": TOKEN,
    }


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "manage.py",
        "runaudio",
        cwd=PROJECT,
        env=environment,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def first_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(3 * PATIENCE):
        return (await process.stdout.readline()).decode()


def engine_at(environment: dict[str, str]) -> RemoteEngine:
    return RemoteEngine(f"ws://127.0.0.1:{environment['AUDIO_CONTROL_PORT']}", TOKEN)


def recorded_mixes(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("spool/room/*/mix.ogg")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_finishes_the_recordings_and_ends_the_process(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    async with running(environment) as process:
        assert environment["AUDIO_PORT"] in await first_line(process)
        async with engine_at(environment) as engine:
            await engine.open_room("room")
            await until(lambda: bool(recorded_mixes(tmp_path)), "a recording begins")
            process.send_signal(number)
            async with asyncio.timeout(PATIENCE):
                _, errors = await process.communicate()
        assert process.returncode == 0
        assert errors == b""
    (mix,) = await asyncio.to_thread(recorded_mixes, tmp_path)
    assert mix.rpartition(b"OggS")[2][1] & 4  # the mark of the end


async def test_a_kill_leaves_a_recording_that_plays(
    environment: dict[str, str], tmp_path: Path
) -> None:
    def recorded() -> float:
        return sum(file.seconds for file in assemble(tmp_path / "spool/room", tmp_path / "out"))

    async with running(environment) as process:
        await first_line(process)
        async with engine_at(environment) as engine:
            await engine.open_room("room")
            await until(lambda: recorded() > 1, "a second is on disk while the room is open")
            process.kill()
            await process.wait()
    assert await asyncio.to_thread(recorded) > 1


@pytest.mark.parametrize("name", ["AUDIO_PORT", "AUDIO_CONTROL_PORT"])
async def test_a_port_in_use_is_said_in_one_line(environment: dict[str, str], name: str) -> None:
    kind = socket.SOCK_DGRAM if name == "AUDIO_PORT" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", int(environment[name])))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        async with running(environment) as process, asyncio.timeout(3 * PATIENCE):
            _, errors = await process.communicate()
            assert process.returncode == 1
            assert errors.count(b"\n") == 1
            assert environment[name].encode() in errors
