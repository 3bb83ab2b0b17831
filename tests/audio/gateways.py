"""Real Janus processes: an origin and as many edges as a test wants, on free ports."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

API_SECRET, ADMIN_KEY, ROOM_SECRET = "api secret", "admin key", "room secret"

_PATIENCE = 20.0
_PLUGINS = ("audiobridge", "streaming")

_MAIN = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{modules}/plugins"
    transports_folder = "{modules}/transports"
    events_folder = "{folder}"
    loggers_folder = "{folder}"
    api_secret = "{api_secret}"
    event_loops = 1
    session_timeout = {session_timeout}
}}
nat: {{ ice_enforce_list = "{address}", ice_keepalive_conncheck = true }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_WEBSOCKETS = 'general: {{ json = "compact", ws = true, ws_ip = "127.0.0.1", ws_port = {port} }}\n'
_PLUGIN = 'general: {{ admin_key = "{admin_key}", lock_rtp_forward = true }}\n'


def own_address() -> str:
    """The address of this machine's way out: Janus offers none of the loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])


@dataclass
class Janus:
    """One gateway with a folder and a port of its own."""

    folder: Path
    session_timeout: int = 60
    """Seconds until a session ends that gives no sign of life."""
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Its WebSocket API."""
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, for the first time or again, and wait until it takes connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port()
        self._configure()
        with (self.folder / "log").open("ab") as log:
            command = ["janus", "--configs-folder", str(self.folder), "--disable-colors"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.02)
            if self.process.returncode is not None or time.monotonic() > deadline:
                raise ChildProcessError((self.folder / "log").read_text(errors="replace"))

    def kill(self) -> None:
        """Let it die as a machine does that loses its power."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it the polite way."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _configure(self) -> None:
        modules = _modules()
        text = _MAIN.format(
            folder=self.folder,
            modules=modules,
            api_secret=API_SECRET,
            session_timeout=self.session_timeout,
            address=own_address(),
            plugins=_others(modules / "plugins", _PLUGINS),
            transports=_others(modules / "transports", ("websockets",)),
        )
        (self.folder / "janus.jcfg").write_text(text)
        websockets = _WEBSOCKETS.format(port=self.port)
        (self.folder / "janus.transport.websockets.jcfg").write_text(websockets)
        for plugin in _PLUGINS:
            text = _PLUGIN.format(admin_key=ADMIN_KEY)
            (self.folder / f"janus.plugin.{plugin}.jcfg").write_text(text)


@contextmanager
def running(folder: Path, *names: str, session_timeout: int = 60) -> Iterator[dict[str, Janus]]:
    """These gateways, started; at the end those that run are stopped."""
    gateways = {name: Janus(folder / name, session_timeout) for name in names}
    try:
        for gateway in gateways.values():
            gateway.start()
        yield gateways
    finally:
        for gateway in gateways.values():
            gateway.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _modules() -> Path:
    """Where the plugins are: beside the program, below `lib` or Debian's `lib/<machine>`."""
    program = shutil.which("janus")
    if program is None:
        raise FileNotFoundError("janus is not installed: run scripts/ensure-janus")
    prefix = Path(program).resolve().parents[1]
    return next(
        folder for folder in sorted(prefix.glob("lib*/**/janus")) if (folder / "plugins").is_dir()
    )


def _others(folder: Path, wanted: tuple[str, ...]) -> str:
    """The names of all modules but those wanted."""
    keep = {f"libjanus_{name}.so" for name in wanted}
    return ",".join(sorted({path.name for path in folder.glob("*.so")} - keep))
