"""`make run` as a newcomer uses it: it starts everything, and Ctrl-C ends everything."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.browser.service import ROOT, free_port


def test_make_run_starts_the_service_and_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    port, audio_port = free_port(), free_port(socket.SOCK_DGRAM)
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}", f"AUDIO_PORT={audio_port}"],  # noqa: S607
            cwd=ROOT,
            env={name: os.environ[name] for name in ("PATH", "HOME")}
            | {"VAR_DIR": str(tmp_path / "var")},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    group = os.getpgid(process.pid)
    try:
        wait_for_page(f"http://127.0.0.1:{port}/", process, log)
        wait_for_line("worker", process, log)
    finally:
        os.killpg(group, signal.SIGINT)
        process.wait(timeout=10)
    printed = log.read_text(encoding="utf-8")
    assert f"http://127.0.0.1:{port}" in printed
    assert "manage.py demo --password PW" in printed
    assert "Traceback" not in printed
    assert "SIGKILL" not in printed
    with socket.socket() as tcp:
        assert tcp.connect_ex(("127.0.0.1", port)) != 0
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("0.0.0.0", audio_port))  # noqa: S104  free again, or this raises


def wait_for_page(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """The home page answers within a minute, or the log says why not."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            assert answer.status == 200
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
            break
    raise AssertionError(log.read_text(encoding="utf-8"))


def wait_for_line(word: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """A line of this process stands in the log within ten seconds."""
    deadline = time.monotonic() + 10
    while f"{word}.1" not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
