"""`scripts/keep-running`, which the Procfile puts before each process."""

import os
import signal
import subprocess
from pathlib import Path

from tests.browser.service import ROOT

KEEP_RUNNING = str(ROOT / "scripts/keep-running")


def run(folder: Path, script: str) -> tuple[int, list[str]]:
    """Keep a shell script running that notes its starts; its last exit code, and the notes."""
    notes = folder / "notes"
    done = subprocess.run(
        [KEEP_RUNNING, "sh", "-c", f"echo started >>{notes}; {script}", str(notes)],
        check=False,
        timeout=30,
        stderr=subprocess.DEVNULL,
    )
    return done.returncode, notes.read_text(encoding="utf-8").split()


def test_a_command_that_is_killed_is_started_again(tmp_path: Path) -> None:
    twice = "[ $(wc -l <$0) = 2 ] || kill -KILL $$"
    assert run(tmp_path, twice) == (0, ["started", "started"])


def test_a_command_that_fails_right_away_is_not(tmp_path: Path) -> None:
    assert run(tmp_path, "exit 3") == (3, ["started"])


def test_a_command_that_is_done_is_not(tmp_path: Path) -> None:
    assert run(tmp_path, "exit 0") == (0, ["started"])


def test_a_signal_to_the_group_ends_both_and_waits_for_the_command(tmp_path: Path) -> None:
    goodbye = tmp_path / "goodbye"
    script = f"trap 'echo bye >{goodbye}; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [KEEP_RUNNING, "sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert goodbye.exists()
