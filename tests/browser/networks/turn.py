"""coturn, with a configuration of its own."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SECRET = "shared with the TURN server"
_PATIENCE = 20.0


@contextmanager
def running_turn(folder: Path, host: str, port: int) -> Iterator[Path]:
    """A TURN server at an address of this machine; gives the file it logs to."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.fail("This test needs coturn (Debian: apt-get install coturn).")
    log = folder / "turn.log"
    configuration = folder / "turn.conf"
    configuration.write_text(
        f"listening-ip={host}\nrelay-ip={host}\nlistening-port={port}\n"
        f"use-auth-secret\nstatic-auth-secret={SECRET}\nrealm=spaces\n"
        f"no-cli\nno-tls\nno-dtls\nno-rfc5780\nverbose\nsimple-log\nlog-file={log}\n"
        f"userdb={folder}/turndb\npidfile={folder}/turn.pid\n"
    )
    process = subprocess.Popen(
        [program, "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + _PATIENCE
        with socket.socket() as probe:
            while probe.connect_ex((host, port)) != 0:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, "coturn does not listen"
        yield log
    finally:
        process.terminate()
        process.wait(_PATIENCE)
