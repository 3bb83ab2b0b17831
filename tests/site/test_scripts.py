"""The page's modules that need no browser, tried with the Node that Playwright brings along."""

import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

ROOT = Path(__file__).resolve().parents[2]


def test_the_modules_of_the_room_do_what_their_tests_say() -> None:
    node, _cli = compute_driver_executable()
    tests = sorted(str(path) for path in (ROOT / "tests/js").glob("*.test.mjs"))
    assert tests
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
