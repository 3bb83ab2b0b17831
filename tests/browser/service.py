"""The real service for a browser: the three processes of the Procfile on free ports."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.error import URLError

from audio.sockets import open_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a password for the demo"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_engine_port() -> int:
    """One that nobody uses, neither over UDP nor over TCP."""
    udp, tcp = open_port("::", 0)
    with udp, tcp:
        port: int = udp.getsockname()[1]
        return port


@dataclass
class Service:
    """A running service, its address and what its processes wrote."""

    folder: Path
    url: str
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def manage(self, *arguments: str) -> str:
        """Run a management command with the service's environment and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def start(self, name: str) -> None:
        """Start one process by its line in the Procfile."""
        lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
        command = dict(line.split(": ", 1) for line in lines)[name]
        # The interpreter that runs the tests may live elsewhere than the Procfile says.
        command = command.replace(".venv/bin", str(Path(sys.executable).parent))
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S602
                f"exec {command}",
                shell=True,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def pid(self, name: str) -> int:
        """The process that does the work: the only child of `scripts/keep-running`."""
        keeper = self.processes[name].pid
        children = Path(f"/proc/{keeper}/task/{keeper}/children")
        deadline = time.monotonic() + 10
        while not (found := children.read_text(encoding="ascii").split()):
            assert time.monotonic() < deadline, self.log(name)
        return int(found[0])

    def kill(self, name: str) -> None:
        """`kill -9`: no goodbye, nothing finished. Returns when the next one was started."""
        killed = self.pid(name)
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self.pid(name) == killed:
            assert time.monotonic() < deadline, self.log(name)

    def stop(self, name: str) -> None:
        """End one process the polite way; it must be gone within half a minute."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGTERM)  # as honcho does
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def log(self, name: str) -> str:
        """What the process wrote so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def wait_until_up(self) -> None:
        """Wait for the pages and for the control port of the engine; both within 30 s."""
        deadline = time.monotonic() + 30
        while not (self._web_answers() and self._engine_answers()):
            for name, process in self.processes.items():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.05)
                    raise ChildProcessError(f"{name} ended: {self.log(name)}")
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join(self.log(name) for name in self.processes))

    def _web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (URLError, ConnectionError):
            return False

    def _engine_answers(self) -> bool:
        control = int(self.environment["AUDIO_CONTROL_PORT"])
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", control)) == 0


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


@cache
def _first_data() -> Path:
    """What a service begins with: the tables and the demo accounts. Made once, then copied."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    service = Service(folder, "", _inherited() | {"VAR_DIR": str(folder)})
    service.manage("migrate", "--verbosity", "0")
    service.manage("demo", "--password", PASSWORD)
    return folder


@contextmanager
def running_service(
    folder: Path, host: str = "127.0.0.1", settings: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """Start web, audio and worker, with the demo accounts; at the end stop them all.

    `host` is the address of this machine it is reached at, `settings` what else it is told.
    """
    port = free_port()
    environment = _inherited() | {
        "VAR_DIR": str(folder / "var"),
        "PORT": str(port),
        "BIND": host,
        "SITE_URL": f"http://{host}:{port}",
        "ALLOWED_HOSTS": host,
        "AUDIO_PORT": str(free_engine_port()),
        "AUDIO_CONTROL_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
        "SPACES_PER_HOUR": "1000",
    }
    environment |= settings or {}
    service = Service(folder, environment["SITE_URL"], environment)
    shutil.copytree(_first_data(), folder / "var", dirs_exist_ok=True)
    try:
        for name in ("web", "audio", "worker"):
            service.start(name)
        service.wait_until_up()
        yield service
    finally:
        with ExitStack() as stopping:  # all of them, also when one has to be killed
            for name in service.processes:
                stopping.callback(service.stop, name)
