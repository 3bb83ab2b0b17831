"""The engines under test as processes of our own, and what they cost."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from asyncio.subprocess import Process
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ROOT = Path(__file__).parent.parent
TOKEN = "bench"  # noqa: S105  a made-up one, for a server that lives for a minute


class Server:
    """A process with its children, and their meters."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def cpu(self) -> float:
        """Seconds of CPU so far, user and system, of all threads and children."""
        return sum(self.cpu_by_process().values())

    def cpu_by_process(self) -> dict[int, float]:
        """The same for each process."""
        return {pid: _cpu(pid) for pid in self.pids()}

    def rss(self) -> int:
        """Bytes of memory in use."""
        return sum(_rss(pid) for pid in self.pids())

    def pids(self) -> list[int]:
        """The process and all below it."""
        found = [self._process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    async def stop(self) -> None:
        """End it, politely at first."""
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def start_embedded(folder: Path, host: str, workers: int) -> tuple[Server, str]:
    """`manage.py runaudio` on free ports; returns it and the URL of its control connection."""
    media, control = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    environment = os.environ | {
        "DEBUG": "on",
        "VAR_DIR": str(folder / "var"),
        "AUDIO_HOST": host,
        "AUDIO_PORT": str(media),
        "AUDIO_CONTROL_PORT": str(control),
        "AUDIO_CONTROL_TOKEN": TOKEN,
        "AUDIO_FANOUT_WORKERS": str(workers),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", "runaudio", cwd=_ROOT, env=environment
    )
    await listening(process, "127.0.0.1", control)
    return Server(process), f"ws://127.0.0.1:{control}"


async def start_janus(folder: Path, host: str) -> tuple[Server, str]:
    """Debian's Janus in its best configuration; returns it and the URL of its WebSocket."""
    port = free_port(socket.SOCK_STREAM)
    configs = folder / "janus"
    configs.mkdir()
    for name, text in _janus_configs(host, port).items():
        (configs / name).write_text(text)
    log = (folder / "janus.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        shutil.which("janus") or "janus",
        f"--configs-folder={configs}",
        "--disable-colors",
        stdout=log,
        stderr=log,
    )
    log.close()
    await listening(process, "127.0.0.1", port)
    return Server(process), f"ws://127.0.0.1:{port}"


async def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command; returns what it prints. Raises RuntimeError when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", *arguments, env=environment, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"manage.py {arguments[0]} ended with {process.returncode}")
    return printed.decode()


def free_port(kind: socket.SocketKind) -> int:
    """A port nobody uses."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def host_address() -> str:
    """An address of this machine that is not loopback: Janus makes no candidates of that one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostbyname(socket.gethostname())


def _janus_configs(host: str, port: int) -> dict[str, str]:
    return {
        "janus.jcfg": f"""
general: {{ debug_level = 2  event_loops = 2  server_name = "bench" }}
nat: {{ ice_enforce_list = "{host}"  full_trickle = false }}
plugins: {{ disable = "libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,\
libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,\
libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so" }}
transports: {{ disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,\
libjanus_pfunix.so,libjanus_rabbitmq.so" }}
""",
        "janus.transport.websockets.jcfg": f"""
general: {{ json = "compact"  ws = true  ws_port = {port}  ws_ip = "127.0.0.1" }}
""",
        "janus.plugin.audiobridge.jcfg": "general: { }\n",
        "janus.plugin.streaming.jcfg": "general: { }\n",
    }


async def listening(process: Process, host: str, port: int) -> None:
    """Wait until the process accepts connections there. Raises when it ends or takes too long."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.returncode is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise TimeoutError("the server never listened")


def _cpu(pid: int) -> float:
    # After the command's name, which may hold anything, fields 14 and 15 of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
